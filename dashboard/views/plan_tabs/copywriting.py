"""What will customers read?"""

from typing import Any

import streamlit as st

from dashboard import state, widgets
from dashboard.text import t
from dashboard.views.plan_tabs import conflict, drafting, message, saving
from dashboard.views.plan_tabs.saving import Open
from engine import jobs, settings
from engine.campaign import planned
from engine.campaign.claims import Finding
from engine.campaign.plan import PARTS
from engine.campaign.writer.facts import Facts
from engine.errors import StoreProblem
from engine.jobs import Job

AREA = "copy"
CARD = 330
OWN = "own"


def show(opened: Open) -> None:
    """Three drafts, and the chosen one to edit."""
    with widgets.problem_box():
        job = drafting.latest(opened)
        opened = drafting.collected(opened)
    running = job is not None and not job.is_over
    _head(opened, running)
    if running and job is not None:
        _watched(opened, job.job_id)
    else:
        _cards(opened)
    if planned.texts(opened.plan) or opened.saved.extras.get("chosen"):
        _editor(opened)


def _head(opened: Open, running: bool) -> None:
    drafts = opened.saved.extras.get("drafts")
    if not drafts and not running:
        st.write(t("copy.purpose"))
    with st.container(horizontal=True):
        label = t("copy.draft_again") if drafts else t("copy.draft")
        asked = st.button(
            label,
            key="copy.draft",
            type="secondary" if drafts else "primary",
            disabled=running,
            icon=":material/stylus_note:",
        )
        own = (
            st.button(t("copy.own"), key="copy.own", type="tertiary", disabled=running)
            if not planned.texts(opened.plan)
            else False
        )
    if asked:
        with widgets.problem_box():
            saving.checked_facts(opened)  # a brief that contradicts the shop is told at once
            with st.spinner(t("copy.starting")):
                drafting.start(opened)
        st.rerun()
    if own:
        with widgets.problem_box():
            saving.save(opened, opened.plan, {"chosen": OWN})
        st.rerun()


# --- drafts ---


def _watched(opened: Open, job_id: str) -> None:
    """The three cards while their words come in; the page runs again when the work is over."""

    @st.fragment(run_every=0.5)
    def watch() -> None:
        with widgets.problem_box():
            job = jobs.status(opened.shop.path, job_id)
        if job.is_over:
            st.rerun()
        with st.container(horizontal=True):
            for number in range(drafting.COUNT):
                _coming(opened, job, number)
        if st.button(t("copy.stop"), key="copy.stop", icon=":material/stop_circle:"):
            with widgets.problem_box():
                jobs.cancel(opened.shop.path, job_id)
            st.rerun()

    watch()


def _coming(opened: Open, job: Job, number: int) -> None:
    said = job.detail.get("drafts", {}).get(str(number), {})
    with st.container(border=True, width=CARD, key=f"copy.card_{number}"):
        if "done" in said:
            _draft(said["done"], opened.plan.channel)
        elif said.get("text"):
            st.badge(t("copy.writing"), icon=":material/edit:")
            st.markdown(message.plain(said["text"]).replace("\n", "\n\n"))
        else:
            st.caption(t("copy.waiting"))


def _cards(opened: Open) -> None:
    drafts = opened.saved.extras.get("drafts") or []
    chosen = opened.saved.extras.get("chosen")
    with st.container(horizontal=True):
        for number, draft in enumerate(drafts):
            with st.container(border=True, width=CARD, key=f"copy.card_{number}"):
                _draft(draft, opened.plan.channel)
                if draft["draft_id"] == chosen:
                    st.badge(t("copy.chosen"), icon=":material/check:", color="green")
                elif st.button(t("copy.choose"), key=f"copy.choose_{number}"):
                    _choose(opened, draft)


def _draft(draft: dict[str, Any], channel: str) -> None:
    """One draft as a customer reads it, and who wrote it."""
    if draft["writer"] == "template":
        st.badge(t("copy.by_template"), icon=":material/description:", color="gray")
        st.caption(message.plain(t("copy.because", reason=draft.get("note") or "")))
    elif settings.read().llm_url:
        st.badge(t("copy.by_server", model=draft.get("model") or ""), icon=":material/neurology:", color="blue")
    else:
        st.badge(t("copy.by_model"), icon=":material/neurology:", color="blue")
    message.show(draft["filled"], channel)


def _choose(opened: Open, draft: dict[str, Any]) -> None:
    texts = {part: draft["slots"].get(part, "") for part in PARTS[opened.plan.channel]}
    with widgets.problem_box():
        stored = saving.save(opened, planned.with_texts(opened.plan, texts), {"chosen": draft["draft_id"]})
    state.take_theirs(AREA, stored.plan.plan_id)
    st.rerun()


# --- the chosen copy ---


def _editor(opened: Open) -> None:
    """The copy with its {slots}, what customers read beside it, and what the check says."""
    st.subheader(t("copy.editor"))
    with widgets.problem_box():
        facts = saving.checked_facts(opened)
    written = opened.plan.steps[0].texts
    saved = {part: written.get(part, "") for part in PARTS[opened.plan.channel]}
    state.fill(AREA, opened.stamp, saved)
    left, right = st.columns(2, gap="large")
    with left:
        for part in saved:
            _field(part)
        slots = "  ·  ".join(f"`{{{name}}}` {message.plain(value)}" for name, value in facts.slots.items())
        st.caption(t("copy.slots", slots=slots))
    texts = state.values(AREA, saved)
    if state.touched(AREA):
        opened = _autosave(opened, texts, saved)
    with right:
        st.caption(t("copy.preview"))
        with st.container(border=True, key="copy.preview"):
            message.show(planned.filled(planned.with_texts(opened.plan, texts), facts), opened.plan.channel)
        findings(texts, facts)


def _field(part: str) -> None:
    widget, more = (st.text_area, {"height": 160}) if part == "body" else (st.text_input, {})
    widget(t(f"plan.part_{part}"), key=f"copy.{part}", on_change=state.touch, args=(AREA,), **more)


def _autosave(opened: Open, texts: dict[str, str], saved: dict[str, str]) -> Open:
    changed = planned.with_texts(opened.plan, texts)
    try:
        stored = saving.save(opened, changed, {}, state.version(AREA))
    except StoreProblem as problem:
        conflict.show(AREA, opened, texts, saved, problem)
        return opened
    state.settle(AREA, stored.stamp)
    if stored.plan.status != opened.plan.status:
        st.rerun()  # the head of the page shows it
    return stored


def findings(texts: dict[str, str], facts: Facts) -> bool:
    """What the fact check says of the copy; True when nothing is refused."""
    found = planned.findings(texts, facts)
    refused = [finding for finding in found if finding.verdict == "refused"]
    for finding in refused:
        st.error(_refusal(finding), icon=":material/cancel:")
    matches = sorted({finding.text for finding in found if finding.verdict == "match"})
    if matches:
        st.success(t("copy.facts_right", facts=message.plain("  ·  ".join(matches))), icon=":material/check_circle:")
    if not refused:
        st.caption(t("copy.all_right"))
    return not refused


def _refusal(finding: Finding) -> str:
    part = t(f"plan.part_{finding.part}") if finding.part else t("copy.whole")
    quoted = f" “{finding.text}”" if finding.text and len(finding.text) < 60 else ""
    return message.plain(f"{part}{quoted}: {finding.reason}")
