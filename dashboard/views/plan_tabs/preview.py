"""How a message looks where it arrives: in the list of a mailbox, opened, on a phone.

Drawn with the page's own text colour and shades of it, so that it suits the light and the dark theme.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from html import escape

import streamlit as st

from dashboard.text import t
from engine.campaign import lint, merge, sms
from engine.campaign.plan import PARTS, Plan
from engine.campaign.writer.facts import Facts
from engine.shop.shop_settings import ShopSettings

# Where a channel's messages are looked at; the first one is shown first.
VIEWS = {"email": ("opened", "inbox", "phone"), "sms": ("phone",), "push": ("phone",), "wecom": ("phone",)}
ELSEWHERE = ("opened", "phone")

LINE = "color-mix(in srgb, currentColor 22%, transparent)"
SHADE = "color-mix(in srgb, currentColor 8%, transparent)"
QUIET = "color: color-mix(in srgb, currentColor 72%, transparent); font-size: 0.85rem"
ONE_LINE = "white-space: nowrap; overflow: hidden; text-overflow: ellipsis"
FRAME = f"border: 1px solid {LINE}; border-radius: 0.75rem; overflow: hidden; overflow-wrap: anywhere"
PHONE = f"border: 6px solid {LINE}; border-radius: 1.75rem; width: 20rem; max-width: 100%; box-sizing: border-box"


def show(plan: Plan, step: int, filled: dict[str, str], facts: Facts, settings: ShopSettings) -> None:
    """A message as its reader sees it, in the view that was chosen last."""
    channel = plan.steps[step].channel
    views = VIEWS.get(channel, ELSEWHERE)
    view = views[0]
    if len(views) > 1:
        label = t("copy.preview")
        chosen = st.segmented_control(
            label,
            views,
            default=views[0],
            required=True,
            format_func=lambda name: t(f"copy.view_{name}"),
            key="copy.view" if channel == "email" else "copy.view_elsewhere",
            persist_state="session",
        )
        view = chosen or view
    else:
        st.caption(t("copy.preview"))
    if not any(filled.get(part, "").strip() for part in PARTS[channel]):
        st.caption(t("copy.nothing_yet"))
        return
    name = _name(filled, facts.language)
    code = merge.EXAMPLE_CODE if plan.offer.personal_codes else None
    filled = {part: merge.shown(text, facts.language, name, code) for part, text in filled.items()}
    if channel == "sms":
        filled["body"] = sms.sent(filled["body"], settings, facts.language)
    under = lint.under(channel, facts.language, settings.legal_lines)
    day = plan.starts_at + timedelta(days=plan.steps[step].day)
    at = datetime.combine(day, time(plan.send_hour))
    with st.container(key="copy.preview"):
        st.html(drawn(view, channel, filled, facts.slots["shop"], at, under))


def _name(filled: dict[str, str], language: str) -> str | None:
    """The example name to show; None for a reader whose name is not known, or where no name is asked for."""
    if not any(merge.SLOT in text for text in filled.values()):
        return None
    example = t(f"copy.name_{language}")
    return example if st.toggle(t("copy.with_name", name=example), key="copy.with_name") else None


def drawn(view: str, channel: str, filled: dict[str, str], sender: str, at: datetime, under: Sequence[str] = ()) -> str:
    """The message as HTML, with a name for screen readers. What it says is escaped."""
    said = {part: escape(text.strip()).replace("\n", "<br>") for part, text in filled.items()}
    said["under"] = "<br>".join(map(escape, under))
    sender, hour = escape(sender), f"{at:%H:%M}"
    if view == "inbox":
        content = _inbox(said, sender, hour)
    elif channel in ("sms", "wecom"):
        content = _phone(_sms(said, sender, f"{at:%Y-%m-%d %H:%M}"))
    elif channel == "push":
        content = _phone(_push(said, sender, hour))
    elif view == "phone" and channel == "product_page":
        content = _phone(_box("padding: 1rem 0.9rem", _page(said)))
    elif view == "phone":
        content = _phone(_box("padding: 1rem 0.9rem", _mail(said, sender, hour)))
    elif channel == "product_page":
        content = _box(f"{FRAME}; padding: 1.25rem", _page(said))
    else:
        content = _box(f"{FRAME}; padding: 1.25rem", _mail(said, sender, f"{at:%Y-%m-%d %H:%M}"))
    name = escape(t(f"copy.alt_{view}", channel=t(f"plan.channel_{channel}")), quote=True)
    return f'<div role="group" aria-label="{name}">{content}</div>'


def _box(style: str, *inside: str, hidden: bool = False) -> str:
    return f'<div style="{style}"{" aria-hidden=true" * hidden}>{"".join(inside)}</div>'


# --- e-mail, and what looks like it ---


def _inbox(said: dict[str, str], sender: str, hour: str) -> str:
    """The message between two others in a mailbox, of which only the outlines are drawn."""
    subject = said.get("subject") or t("copy.no_subject")
    top = _box("display: flex; gap: 0.5rem", _box(f"flex: 1; font-weight: 600; {ONE_LINE}", sender), _box(QUIET, hour))
    lines = _box(f"font-weight: 600; {ONE_LINE}", subject) + _box(f"{QUIET}; {ONE_LINE}", said.get("preheader", ""))
    mine = _row(sender[:1], top + lines, f"background: {SHADE}; border-left: 3px solid currentColor")
    other = _row("", _bar("35%") + _bar("75%") + _bar("60%"), "border-left: 3px solid transparent")
    return _box(FRAME, _box("", other, hidden=True), mine, _box("", other, hidden=True))


def _row(initial: str, lines: str, style: str) -> str:
    round_ = f"flex: none; width: 2.25rem; height: 2.25rem; border-radius: 50%; background: {LINE}"
    middle = "display: flex; align-items: center; justify-content: center; font-weight: 600"
    return _box(
        f"display: flex; gap: 0.75rem; padding: 0.75rem; {style}",
        _box(f"{round_}; {middle}", initial, hidden=True),
        _box("flex: 1; min-width: 0", lines),
    )


def _bar(width: str) -> str:
    return _box(f"height: 0.6rem; width: {width}; margin: 0.35rem 0; border-radius: 0.3rem; background: {SHADE}")


def _mail(said: dict[str, str], sender: str, at: str) -> str:
    """The message opened: who and when, then headline, text and button."""
    head = _box("font-size: 1.1rem; font-weight: 600", said["subject"]) if said.get("subject") else ""
    sent = _box(
        f"display: flex; flex-wrap: wrap; gap: 0 0.5rem; padding-bottom: 0.75rem; border-bottom: 1px solid {LINE}",
        _box("flex: 1; font-weight: 600", sender),
        _box(QUIET, at),
    )
    title = _box(
        "font-size: 1.35rem; font-weight: 700; line-height: 1.25; margin: 1rem 0 0.5rem", said.get("headline", "")
    )
    button = "display: inline-block; margin-top: 1rem; padding: 0.5rem 1.1rem; border-radius: 0.5rem; font-weight: 600"
    act = (
        _box(f"{button}; border: 2px solid currentColor", said["call_to_action"]) if said.get("call_to_action") else ""
    )
    style = f"{QUIET}; margin-top: 1.25rem; padding-top: 0.75rem; border-top: 1px solid {LINE}"
    foot = _box(style, said["under"]) if said["under"] else ""
    return head + sent + title + _box("line-height: 1.55; margin-top: 0.5rem", said.get("body", "")) + act + foot


def _page(said: dict[str, str]) -> str:
    """The introduction on a product's page, beside the outline of its picture."""
    picture = _box(f"flex: none; width: 8rem; height: 8rem; border-radius: 0.75rem; background: {SHADE}", hidden=True)
    title = _box("font-size: 1.35rem; font-weight: 700; line-height: 1.25", said.get("headline", ""))
    text = _box("line-height: 1.55; margin-top: 0.5rem", said.get("body", ""))
    return _box("display: flex; flex-wrap: wrap; gap: 1rem", picture, _box("flex: 1; min-width: 12rem", title, text))


# --- a phone ---


def _phone(screen: str) -> str:
    return _box(f"{PHONE}; overflow: hidden; overflow-wrap: anywhere; margin: 0 auto", screen)


def _sms(said: dict[str, str], sender: str, at: str) -> str:
    bubble = f"background: {SHADE}; border-radius: 1.1rem 1.1rem 1.1rem 0.25rem; padding: 0.6rem 0.85rem"
    return _box(
        "padding: 1rem 0.9rem 2.5rem",
        _box(f"text-align: center; font-weight: 600; padding-bottom: 0.6rem; border-bottom: 1px solid {LINE}", sender),
        _box(f"text-align: center; {QUIET}; margin: 0.75rem 0", at),
        _box(f"{bubble}; max-width: 88%; width: fit-content; line-height: 1.45", said.get("body", "")),
    )


def _push(said: dict[str, str], sender: str, hour: str) -> str:
    top = _box(
        f"display: flex; gap: 0.5rem; {QUIET}", _box(f"flex: 1; {ONE_LINE}", sender), _box("flex: none", t("copy.now"))
    )
    return _box(
        "padding: 1.75rem 0.75rem 3rem",
        _box("text-align: center; font-size: 2.5rem; font-weight: 300; line-height: 1.1", hour),
        _box(
            f"background: {SHADE}; border-radius: 1rem; padding: 0.7rem 0.85rem; margin-top: 1.5rem; line-height: 1.4",
            top,
            _box("font-weight: 600", said.get("headline", "")),
            said.get("body", ""),
        ),
    )
