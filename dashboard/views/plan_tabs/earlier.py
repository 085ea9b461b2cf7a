"""What did the copy of this message say before? Every text it had, who wrote it, and the way back."""

from dataclasses import dataclass

import streamlit as st

from dashboard import door, widgets
from dashboard.text import t
from dashboard.views.plan_tabs import drafting, message, saving
from dashboard.views.plan_tabs.drafting import OWN, own
from dashboard.views.plan_tabs.saving import Open
from engine.campaign import claims, planned
from engine.campaign.plan import PARTS
from engine.decision import moments, plans
from engine.decision.plans import Version

SHOWN = 10
LOOKED_AT = 50  # versions of the plan


@dataclass(frozen=True, slots=True)
class Copy:
    """A text that the message had. `by`: who saved it, None where that was not kept."""

    texts: dict[str, str]
    saved_at: str
    by: str | None


def show(opened: Open, step: int) -> None:
    """The earlier copies of a message, the newest first; nothing while there is none."""
    with widgets.problem_box():
        found = copies(opened, step)[:SHOWN]
    if not found:
        return
    label = t("copy.earlier", count=len(found))
    with st.expander(label, key="copy.earlier", icon=":material/history:", on_change="rerun") as panel:
        if not panel.open:
            return
        for number, copy in enumerate(found):
            with st.container(border=True, key=f"copy.earlier_{number}"):
                _copy(opened, step, copy, number)


def copies(opened: Open, step: int) -> list[Copy]:
    """Every copy the message had and has no longer, the newest first, as it was when it was first saved."""
    now = planned.texts(opened.plan, step)
    found: dict[tuple, Copy] = {}
    for version in plans.versions(opened.shop.path, opened.plan.plan_id, LOOKED_AT):
        texts = _texts(version, step)
        if texts and texts != now:
            # Versions come newest first: an older one with the same copy was there earlier.
            found[tuple(texts.items())] = Copy(texts, version.saved_at, version.extras.get(own("written_by", step)))
    return list(found.values())


def _texts(version: Version, step: int) -> dict[str, str]:
    return planned.texts(version.plan, step) if step < len(version.plan.steps) else {}


def _copy(opened: Open, step: int, copy: Copy, number: int) -> None:
    channel, language = opened.plan.steps[step].channel, opened.plan.steps[step].language
    at = moments.shown(copy.saved_at, opened.shop)
    source = _source(opened, step, copy)
    said = t("copy.earlier_by", at=at, by=message.plain(copy.by)) if copy.by else at
    st.caption(f"{said} · {t(f'copy.from_{source}')}")
    facts = saving.facts_of(opened.shop, opened.plan, step)
    filled = claims.fill(copy.texts, facts) if facts else copy.texts
    message.show(filled, channel, language, opened.plan.offer.personal_codes)
    key, icon = f"copy.bring_back_{number}", ":material/settings_backup_restore:"
    if st.button(t("copy.bring_back"), key=key, icon=icon, **door.for_who_may("draft")):
        texts = {part: copy.texts.get(part, "") for part in PARTS[channel]}
        with widgets.problem_box():
            drafting.take(opened, step, texts, _draft_of(opened, step, copy).get("draft_id", OWN))
        st.rerun()


def _source(opened: Open, step: int, copy: Copy) -> str:
    """model or template for a draft that nobody changed, else hand."""
    return _draft_of(opened, step, copy).get("writer", "hand")


def _draft_of(opened: Open, step: int, copy: Copy) -> dict:
    return next((draft for draft in drafting.every_draft(opened, step) if draft["slots"] == copy.texts), {})
