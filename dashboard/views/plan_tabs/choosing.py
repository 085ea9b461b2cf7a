"""Which draft? Three at a time, as they are written; the first one can be chosen before the others are done."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dashboard import cache, door, state, widgets
from dashboard.text import language, t
from dashboard.views.plan_tabs import drafting, message, saving, watching
from dashboard.views.plan_tabs.drafting import OWN, own
from dashboard.views.plan_tabs.saving import Open
from engine import settings
from engine.campaign import claims, planned
from engine.campaign.plan import PARTS
from engine.campaign.writer import files
from engine.errors import AppError
from engine.jobs import Job

BASIC = files.trusted("default").filename


def show(opened: Open, step: int) -> None:
    """What can be asked of the writer, its last drafts, and those before them."""
    with widgets.problem_box():
        job = drafting.latest(opened, step)
    if job is not None and not job.is_over:
        _watched(opened, step, job.job_id)
    else:
        _head(opened, step, job)
        _cards(opened, step, drafting.kept(opened, step))
    busy = job is not None and not job.is_over
    if not busy and (left := drafting.kept_left(opened, step)):
        label = t("copy.drafts_left", count=len(left))
        with st.expander(label, key="copy.drafts_left", icon=":material/filter_list:", on_change="rerun") as panel:
            if panel.open:
                _left(opened, step, left)
    if before := drafting.kept_before(opened, step):
        label = t("copy.drafts_before", count=len(before))
        with st.expander(label, key="copy.drafts_before", icon=":material/history:", on_change="rerun") as panel:
            if panel.open:
                for first in range(0, len(before), drafting.COUNT):
                    _cards(opened, step, before[first : first + drafting.COUNT], first + drafting.COUNT, busy)


def _head(opened: Open, step: int, job: Job | None) -> None:
    """What can be asked for, while nothing is being written."""
    drafts, texts = drafting.kept(opened, step), planned.texts(opened.plan, step)
    if not drafts:
        st.write(t("copy.purpose"))
        if not texts:
            drafting.read_ahead(opened, step)
    if job is not None and job.state == "cancelled":
        st.caption(t("copy.stopped"))
    elif job is not None and job.state == "failed" and (job.detail.get("like") or not drafts):
        st.warning(message.plain(job.error), icon=":material/error:")
    with st.container(horizontal=True):
        label = t("copy.draft_again") if drafts else t("copy.draft")
        icon, may = ":material/stylus_note:", door.for_who_may("draft")
        asked = st.button(label, key="copy.draft", type="secondary" if drafts else "primary", icon=icon, **may)
        many = _is_modelled() and st.button(
            _many(opened, step),
            key="copy.draft_many",
            icon=":material/filter_3:",
            **door.for_who_may("draft", help_=t("copy.draft_many_help")),
        )
        write = not texts and st.button(t("copy.own"), key="copy.own", type="tertiary", icon=":material/edit:", **may)
    runs_where()
    if asked or many:
        ask(opened, step, many=many)
    if write:
        with widgets.problem_box():
            saving.save(opened, opened.plan, {own("chosen", step): OWN})
        st.rerun()


def _is_modelled() -> bool:
    """Whether a language model writes here: of templates nobody has to wait for eight."""
    return cache.writer.whereabouts().model is not None


def _many(opened: Open, step: int) -> str:
    """What the choice of three among eight is called, with the seconds it takes where drafts were written before."""
    seconds = cache.writer.seconds(opened.plan.steps[step].channel, drafting.MANY)
    if seconds is None:
        return t("copy.draft_many")
    return t("copy.draft_many_about", seconds=f"{seconds:.0f}")


def ask(opened: Open, step: int, like: Mapping[str, str] | None = None, many: bool = False) -> None:
    """Starts the writing of three drafts, like the given copy if any, and has the page show them come in.

    `many`: the best three of eight.
    """
    with widgets.problem_box():
        saving.checked_facts(opened, step)  # a brief that contradicts the shop is told at once
        with st.spinner(t("copy.starting")):
            drafting.start(opened, step, like, many)
    st.rerun()


# --- while they are written ---


def _watched(opened: Open, step: int, job_id: str) -> None:
    """The three cards while their words come in."""

    def cards(job: Job) -> bool:
        if job.detail.get("like"):
            st.caption(t("copy.alike"))
        count = job.detail.get("candidates", drafting.COUNT)
        if count > drafting.COUNT:
            done = sum("done" in said for said in job.detail.get("drafts", {}).values())
            st.caption(t("copy.choosing_among", done=done, count=count, best=drafting.COUNT))
        for first in range(0, count, drafting.COUNT):
            for number, column in enumerate(st.columns(drafting.COUNT), start=first):
                with column:
                    if number < count:
                        _coming(opened, step, job, number)
        return st.button(t("copy.stop"), key="copy.stop", icon=":material/stop_circle:", **door.for_who_may("draft"))

    runs_where()
    watching.watch(opened, job_id, cards)


def _coming(opened: Open, step: int, job: Job, number: int) -> None:
    said = job.detail.get("drafts", {}).get(str(number), {})
    with st.container(border=True, key=f"copy.card_{number}"):
        if "done" in said:
            _draft(opened, step, said["done"])
            _choice(opened, step, said["done"], number)
        elif said.get("text"):
            st.badge(t("copy.writing"), icon=":material/edit:")
            st.markdown(message.plain(said["text"]).replace("\n", "\n\n"))
        elif said.get("place") == 0:
            st.badge(t("copy.writing"), icon=":material/edit:")
        elif said.get("place"):
            st.badge(t("writer.in_line", place=said["place"]), icon=":material/groups:", color="gray")
        else:
            st.caption(t("copy.waiting"))


def runs_where() -> None:
    """One line: which model writes, where it runs and how fast."""
    line = cache.writer.whereabouts().sentence.text(language())
    st.caption(f":material/memory: {message.plain(line)}")


# --- when they are done ---


def _cards(opened: Open, step: int, drafts: list[dict[str, Any]], first: int = 0, busy: bool = False) -> None:
    """Drafts side by side, numbered from `first`."""
    if not drafts:
        return
    thumbs = drafting.thumbs(opened)
    for number, (column, draft) in enumerate(zip(st.columns(drafting.COUNT), drafts, strict=False), start=first):
        with column, st.container(border=True, key=f"copy.card_{number}"):
            _draft(opened, step, draft)
            _thumb(step, draft, number, thumbs.get(draft["draft_id"]))
            with st.container(horizontal=True, vertical_alignment="center"):
                _choice(opened, step, draft, number)
                like = st.button(
                    t("copy.like"),
                    key=f"copy.like_{number}",
                    type="tertiary",
                    icon=":material/auto_awesome_motion:",
                    **door.for_who_may("draft", disabled=busy),
                )
            if like:
                ask(opened, step, draft["slots"])


def _left(opened: Open, step: int, drafts: list[dict[str, Any]]) -> None:
    """What was written and not chosen, each saying why; one that may not be sent cannot be chosen."""
    for number, draft in enumerate(drafts):
        with st.container(border=True, key=f"copy.card_left_{number}"):
            _draft(opened, step, draft)
            if draft["choice"]["likeness"] is not None:
                _choice(opened, step, draft, f"left_{number}")


def _thumb(step: int, draft: dict[str, Any], number: int, up: bool | None) -> None:
    """Thumbs up or down; what is kept shows again."""
    key = f"copy.thumb_{number}.{draft['draft_id']}"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(t("copy.thumb"), width="content", help=t("copy.thumb_help"))
        usual = None if up is None else int(up)
        off = door.for_who_may("draft")["disabled"]
        st.feedback("thumbs", key=key, default=usual, on_change=_judge, args=(step, draft, key), disabled=off)


def _judge(step: int, draft: dict[str, Any], key: str) -> None:
    try:
        said = state.says(key)
        drafting.thumb(saving.reopened(), step, draft, None if said is None else bool(said))
    except AppError as problem:
        widgets.show_problem(problem)


def _is_writing(opened: Open, step: int) -> bool:
    job = drafting.latest(opened, step)
    return job is not None and not job.is_over


def _choice(opened: Open, step: int, draft: dict[str, Any], number: int | str) -> None:
    if draft["draft_id"] == opened.saved.extras.get(own("chosen", step)):
        st.badge(t("copy.chosen"), icon=":material/check:", color="green")
    else:
        # A callback: the run that this click starts may find the work over and end before it comes to this button.
        key, may = f"copy.choose_{number}", door.for_who_may("draft")
        st.button(t("copy.choose"), key=key, on_click=_choose, args=(step, draft), **may)


def _draft(opened: Open, step: int, draft: dict[str, Any]) -> None:
    """One draft as a customer reads it, and who wrote it."""
    if draft["writer"] == "template":
        st.badge(t("copy.by_template"), icon=":material/description:", color="gray")
        note = draft.get("note_zh") if language() == "zh" else None
        st.caption(message.plain(t("copy.because", reason=note or draft.get("note") or "")))
    elif settings.read().llm_url:
        st.caption(f":material/neurology: {message.plain(t('copy.by_server', model=draft.get('model') or ''))}")
    elif draft.get("model") in (None, BASIC):
        st.caption(f":material/neurology: {t('copy.by_model')}")
    else:
        st.caption(f":material/neurology: {message.plain(t('copy.by_server', model=draft['model']))}")
    facts = saving.facts_of(opened.shop, opened.plan, step)
    # Filled anew: the discount or the dates may have changed since it was written.
    filled = claims.fill(draft["slots"], facts) if facts else draft["filled"]
    shown = opened.plan.steps[step]
    message.show(filled, shown.channel, shown.language, opened.plan.offer.personal_codes)
    if choice := draft.get("choice"):
        st.caption(message.plain(choice["reason_zh" if language() == "zh" else "reason"]))


def _choose(step: int, draft: dict[str, Any]) -> None:
    try:
        opened = saving.reopened()
        texts = {part: draft["slots"].get(part, "") for part in PARTS[opened.plan.steps[step].channel]}
        drafting.take(opened, step, texts, draft["draft_id"])
    except AppError as problem:
        widgets.show_problem(problem)
        return
    st.rerun()  # the whole page, also from inside the fragment


def more_like(opened: Open, step: int, texts: Mapping[str, str]) -> None:
    """The button that asks for three drafts like the copy there is."""
    asked = st.button(
        t("copy.like"),
        key="copy.like",
        icon=":material/auto_awesome_motion:",
        **door.for_who_may(
            "draft", disabled=not any(texts.values()) or _is_writing(opened, step), help_=t("copy.like_help")
        ),
    )
    if asked:
        ask(opened, step, texts)
