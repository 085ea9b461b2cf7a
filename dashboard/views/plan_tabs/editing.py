"""The copy of a message, to be edited: a field for each part, how long it is, and what the check says of it."""

import contextlib
from dataclasses import replace

import streamlit as st

from dashboard import cache, door, state, widgets
from dashboard.text import t
from dashboard.views.plan_tabs import (
    checking,
    choosing,
    clipboard,
    conflict,
    drafting,
    message,
    preview,
    saving,
    watching,
    worked,
)
from dashboard.views.plan_tabs.drafting import area, own
from dashboard.views.plan_tabs.saving import Open
from engine.campaign import claims, merge, planned, sms
from engine.campaign.plan import PARTS
from engine.campaign.worked import number
from engine.campaign.writer.facts import Facts
from engine.errors import AppError, StoreProblem
from engine.jobs import Job


def show(opened: Open, step: int) -> None:
    """The copy with its {slots}, what customers read beside it, and what the check says."""
    with widgets.problem_box():
        facts = saving.checked_facts(opened, step)
        job = drafting.latest_line(opened, step)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.subheader(t("copy.editor"), width="content")
        choosing.more_like(opened, step, planned.texts(opened.plan, step))
    saved = _texts(opened, step)
    state.fill(area(step), opened.stamp, saved)
    texts = state.values(area(step), saved)
    conflict.told(area(step))
    clash = st.container()
    left, right = st.columns(2, gap="large")
    with left:
        for part in saved:
            _field(opened, step, part, texts, facts, job)
        _line(opened, step, job)
        shown = {name: merge.shown(said, facts.language, code=merge.EXAMPLE_CODE) for name, said in facts.slots.items()}
        values = {name: message.plain(said) for name, said in shown.items()}
        slots = "  ·  ".join(f"`{{{name}}}` {value}" for name, value in values.items())
        st.caption(t("copy.slots", slots=slots))
    if state.touched(area(step)):
        try:
            opened = _save(opened, step, texts)
        except conflict.Clash as problem:
            with clash:
                conflict.show(area(step), opened, _begun(opened, step), texts, saved, problem)
        except StoreProblem as problem:
            widgets.show_problem(problem)
        else:
            if state.version(area(step)) != opened.saved.version:
                st.rerun()
    with right:
        filled = planned.filled(planned.with_texts(opened.plan, texts, step), facts, step)
        rules = cache.lint.rules(opened.shop)
        preview.show(opened.plan, step, filled, facts, opened.shop.settings)
        checking.show(texts, facts, rules)


def _texts(opened: Open, step: int) -> dict[str, str]:
    """The saved text of each part this channel has."""
    message = opened.plan.steps[step]
    return {part: message.texts.get(part, "") for part in PARTS[message.channel]}


def _begun(opened: Open, step: int) -> dict[str, str]:
    """The texts when the fields were filled; empty where that version, or the message in it, is not kept any more."""
    version = saving.begun(opened, area(step))
    if version is None or step >= len(version.plan.steps):
        return {}
    return _texts(replace(opened, saved=replace(opened.saved, plan=version.plan)), step)


# --- a field ---


def _field(opened: Open, step: int, part: str, texts: dict[str, str], facts: Facts, job: Job | None) -> None:
    """One part: its text, how much of the room it takes once filled, and buttons to redraw and to copy it."""
    label, key = t(f"plan.part_{part}"), f"{area(step)}.{part}"
    if part == "body":
        st.text_area(label, key=key, height=160, on_change=_changed, args=(step,))
    else:
        st.text_input(label, key=key, on_change=_changed, args=(step,))
    # What this run's widget says, which a key press may have changed since the values were read.
    texts[part] = state.values(area(step), texts)[part]
    filled = claims.fill({part: texts[part]}, facts)[part]
    with st.container(horizontal=True, vertical_alignment="center", key=f"{area(step)}.foot_{part}"):
        st.caption(count(len(filled), facts.limit(part)), width="stretch")
        again = st.button(
            t("copy.again"),
            key=f"{area(step)}.again_{part}",
            type="tertiary",
            icon=":material/refresh:",
            **door.for_who_may(
                "draft",
                disabled=not texts[part].strip() or (job is not None and not job.is_over),
                help_=t("copy.again_help"),
            ),
        )
        clipboard.button(
            for_tool(opened, step, filled, facts), t("copy.copy_filled", part=label), f"{area(step)}.copy_{part}"
        )
    if opened.plan.steps[step].channel == "sms":
        billed(opened, filled, facts.language)
    if again:
        _ask(opened, step, part)


def for_tool(opened: Open, step: int, filled: str, facts: Facts) -> str:
    """A part to be pasted into the tool that sends it: with its tags, a text message whole."""
    settings = opened.shop.settings
    if opened.plan.steps[step].channel == "sms":
        filled = sms.sent(filled, settings, facts.language)
    return merge.for_tool(filled, settings.mail_tool, facts.language, opened.plan.plan_id)


def billed(opened: Open, filled: str, language: str) -> None:
    """How many parts a text message is billed as, what that costs, and why it is not fewer."""
    settings = opened.shop.settings
    found = sms.of_shop(filled, settings, language)
    price = worked.shown(number(settings.send_cost.get("sms", 0.0), "fee"), settings.currency)
    key = "copy.billed_one" if found.parts == 1 else "copy.billed"
    st.caption(t(key, parts=found.parts, price=message.plain(price), used=found.units))
    if found.odd and language == "en":
        odd = message.plain(" ".join(found.odd[:5]))
        st.caption(f":orange[:material/info: {t('copy.billed_odd', characters=odd)}]")


def count(used: int, most: int) -> str:
    """How much of the room a part takes."""
    if used <= most:
        return t("copy.count", used=used, most=most)
    return f":red[:material/error: {t('copy.count_over', used=used, most=most, over=used - most)}]"


def _ask(opened: Open, step: int, part: str) -> None:
    with widgets.problem_box(), st.spinner(t("copy.starting")):
        drafting.start_line(opened, step, part)
    st.rerun()


def _changed(step: int) -> None:
    """Saves before anything is drawn, as the brief does."""
    state.touch(area(step))
    with contextlib.suppress(AppError):  # the page says why it could not be saved
        opened = saving.reopened()
        _save(opened, step, state.values(area(step), _texts(opened, step)))


def _save(opened: Open, step: int, texts: dict[str, str]) -> Open:
    found = conflict.merged(area(step), opened, _begun(opened, step), texts, _texts(opened, step))
    texts, before = found.values, opened
    if _texts(opened, step) != texts:
        changed = planned.with_texts(opened.plan, texts, step)
        by = {own("written_by", step): state.person()}
        opened = saving.save(opened, changed, by)
    state.settle(area(step), opened.stamp)
    if found.taken:  # the fields show it from the next run on
        conflict.tell(area(step), before, found.taken)
        state.take_theirs(area(step), opened.plan.plan_id)
    return opened


# --- one line again ---


def _line(opened: Open, step: int, job: Job | None) -> None:
    """The line that is being written again, or what became of the last one."""
    if job is None:
        return
    if not job.is_over:
        _watched(opened, job.job_id)
    elif job.state in ("failed", "lost"):
        st.warning(message.plain(job.error), icon=":material/error:")
    elif job.state == "done":
        part, text, _ = drafting.line_of(job)
        if opened.saved.extras.get(own("line_left", step)):
            name = t(f"plan.part_{part}")
            st.info(message.plain(t("copy.line_left", part=name, text=text)), icon=":material/info:")
        elif planned.texts(opened.plan, step).get(part) == text and drafting.line_is_template(job):
            st.caption(t("copy.line_template", part=t(f"plan.part_{part}")))


def _watched(opened: Open, job_id: str) -> None:
    def line(job: Job) -> bool:
        words = job.detail.get("drafts", {}).get("0", {}).get("text", "")
        with st.container(horizontal=True, vertical_alignment="center"):
            st.badge(t("copy.line_writing"), icon=":material/edit:")
            may, icon = door.for_who_may("draft"), ":material/stop_circle:"
            stop = st.button(t("copy.stop"), key="copy.stop_line", icon=icon, type="tertiary", **may)
        if words:
            st.caption(message.plain(words))
        return stop

    watching.watch(opened, job_id, line)
