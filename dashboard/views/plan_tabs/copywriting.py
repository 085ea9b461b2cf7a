"""What will customers read?"""

import contextlib
from typing import Any

import streamlit as st

from dashboard import state, widgets
from dashboard.text import t
from dashboard.views.plan_tabs import conflict, drafting, message, saving
from dashboard.views.plan_tabs.saving import Open
from engine import jobs, settings
from engine.campaign import claims, planned
from engine.campaign.claims import Finding
from engine.campaign.plan import PARTS
from engine.campaign.writer.facts import Facts
from engine.errors import AppError, StoreProblem
from engine.jobs import Job

AREA = "copy"
OWN = "own"


def show(opened: Open) -> None:
    """Three drafts, and the chosen one to edit."""
    with widgets.problem_box():
        job = drafting.latest(opened)
        opened = drafting.collected(opened)
    if job is not None and not job.is_over:
        _watched(opened, job.job_id)
    else:
        _head(opened)
        _cards(opened)
    if planned.texts(opened.plan) or opened.saved.extras.get("chosen"):
        _editor(opened)


def _head(opened: Open) -> None:
    """What can be asked for, while nothing is being written."""
    drafts, texts = opened.saved.extras.get("drafts"), planned.texts(opened.plan)
    if not drafts:
        st.write(t("copy.purpose"))
    with st.container(horizontal=True):
        label = t("copy.draft_again") if drafts else t("copy.draft")
        icon = ":material/stylus_note:"
        asked = st.button(label, key="copy.draft", type="secondary" if drafts else "primary", icon=icon)
        own = not texts and st.button(t("copy.own"), key="copy.own", type="tertiary", icon=":material/edit:")
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
        for number, column in enumerate(st.columns(drafting.COUNT)):
            with column:
                _coming(opened, job, number)
        if st.button(t("copy.stop"), key="copy.stop", icon=":material/stop_circle:"):
            with widgets.problem_box():
                jobs.cancel(opened.shop.path, job_id)
            st.rerun()

    watch()


def _coming(opened: Open, job: Job, number: int) -> None:
    said = job.detail.get("drafts", {}).get(str(number), {})
    with st.container(border=True, key=f"copy.card_{number}"):
        if "done" in said:
            _draft(opened, said["done"])
        elif said.get("text"):
            st.badge(t("copy.writing"), icon=":material/edit:")
            st.markdown(message.plain(said["text"]).replace("\n", "\n\n"))
        else:
            st.caption(t("copy.waiting"))


def _cards(opened: Open) -> None:
    drafts = opened.saved.extras.get("drafts") or []
    chosen = opened.saved.extras.get("chosen")
    if not drafts:
        return
    for number, (column, draft) in enumerate(zip(st.columns(len(drafts)), drafts, strict=True)):
        with column, st.container(border=True, key=f"copy.card_{number}"):
            _draft(opened, draft)
            if draft["draft_id"] == chosen:
                st.badge(t("copy.chosen"), icon=":material/check:", color="green")
            elif st.button(t("copy.choose"), key=f"copy.choose_{number}"):
                _choose(opened, draft)


def _draft(opened: Open, draft: dict[str, Any]) -> None:
    """One draft as a customer reads it, and who wrote it."""
    if draft["writer"] == "template":
        st.badge(t("copy.by_template"), icon=":material/description:", color="gray")
        st.caption(message.plain(t("copy.because", reason=draft.get("note") or "")))
    elif settings.read().llm_url:
        st.caption(f":material/neurology: {message.plain(t('copy.by_server', model=draft.get('model') or ''))}")
    else:
        st.caption(f":material/neurology: {t('copy.by_model')}")
    facts = saving.facts_of(opened.shop, opened.plan)
    # Filled anew: the discount or the dates may have changed since it was written.
    message.show(claims.fill(draft["slots"], facts) if facts else draft["filled"], opened.plan.channel)


def _choose(opened: Open, draft: dict[str, Any]) -> None:
    texts = {part: draft["slots"].get(part, "") for part in PARTS[opened.plan.channel]}
    with widgets.problem_box():
        stored = saving.save(opened, planned.with_texts(opened.plan, texts), {"chosen": draft["draft_id"]})
    state.take_theirs(AREA, stored.plan.plan_id)
    st.rerun()


# --- the chosen copy ---


def _texts(opened: Open) -> dict[str, str]:
    """The saved text of each part this channel has."""
    written = opened.plan.steps[0].texts
    return {part: written.get(part, "") for part in PARTS[opened.plan.channel]}


def _editor(opened: Open) -> None:
    """The copy with its {slots}, what customers read beside it, and what the check says."""
    st.subheader(t("copy.editor"))
    with widgets.problem_box():
        facts = saving.checked_facts(opened)
    saved = _texts(opened)
    state.fill(AREA, opened.stamp, saved)
    left, right = st.columns(2, gap="large")
    with left:
        for part in saved:
            _field(part)
        slots = "  ·  ".join(f"`{{{name}}}` {message.plain(value)}" for name, value in facts.slots.items())
        st.caption(t("copy.slots", slots=slots))
    texts = state.values(AREA, saved)
    if state.touched(AREA):
        try:
            opened = _save(opened, texts)
        except StoreProblem as problem:
            conflict.show(AREA, opened, texts, saved, problem)
    with right:
        st.caption(t("copy.preview"))
        with st.container(border=True, key="copy.preview"):
            message.show(planned.filled(planned.with_texts(opened.plan, texts), facts), opened.plan.channel)
        findings(texts, facts)


def _field(part: str) -> None:
    label = t(f"plan.part_{part}")
    if part == "body":
        st.text_area(label, key="copy.body", height=160, on_change=_changed)
    else:
        st.text_input(label, key=f"copy.{part}", on_change=_changed)


def _changed() -> None:
    """Saves before anything is drawn, as the brief does."""
    state.touch(AREA)
    with contextlib.suppress(AppError):  # the page says why it could not be saved
        opened = saving.reopened()
        _save(opened, state.values(AREA, _texts(opened)))


def _save(opened: Open, texts: dict[str, str]) -> Open:
    changed = planned.with_texts(opened.plan, texts)
    if _texts(opened) != texts:
        opened = saving.save(opened, changed, {}, state.version(AREA))
    state.settle(AREA, opened.stamp)
    return opened


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
