"""Does the message say the same in English and in Chinese? Every message of the plan in both, side by side."""

from typing import Any, get_args

import streamlit as st

from dashboard import cache, door, state, widgets
from dashboard.text import t
from dashboard.views.plan_tabs import checking, clipboard, drafting, editing, message, saving, watching
from dashboard.views.plan_tabs.drafting import area
from dashboard.views.plan_tabs.saving import Open
from engine.campaign import claims, planned, sms
from engine.campaign.plan import PARTS, Language
from engine.campaign.writer.facts import Facts
from engine.jobs import Job

LANGUAGES: tuple[Language, ...] = get_args(Language)


def show(opened: Open, step: int) -> None:
    """What is missing in the two languages and the button that writes it; what there is, side by side."""
    with widgets.problem_box():
        job = drafting.latest_each(opened)
    st.subheader(t("copy.both"))
    if job is not None and not job.is_over:
        _watched(opened, job.job_id)
    else:
        if job is not None and job.state in ("failed", "lost"):
            st.warning(message.plain(job.error), icon=":material/error:")
        _ask(opened)
    if len(opened.plan.steps[step].languages) > 1:
        _side_by_side(opened, step, busy=job is not None and not job.is_over)


def missing(opened: Open) -> list[tuple[int, Language]]:
    """The messages without copy in a language."""
    steps = enumerate(opened.plan.steps)
    return [(number, one) for number, step in steps for one in LANGUAGES if not step.texts_in(one)]


def _ask(opened: Open) -> None:
    wanted = missing(opened)
    asked = st.button(
        t("copy.write_both"),
        key="copy.write_both",
        icon=":material/translate:",
        **door.for_who_may("draft", disabled=not wanted, help_=t("copy.write_both_help")),
    )
    if not wanted:
        st.caption(t("copy.both_written"))
    if asked:
        _start(opened, wanted)


def _start(opened: Open, wanted: list[tuple[int, Language]]) -> None:
    with widgets.problem_box(), st.spinner(t("copy.starting")):
        for step, language in wanted:  # a brief that contradicts the shop is told at once
            saving.checked_facts(opened, step, language)
        drafting.start_each(opened, wanted)
    st.rerun()


def _watched(opened: Open, job_id: str) -> None:
    def progress(job: Job) -> bool:
        st.progress(job.progress or 0.0, text=t("copy.writing_both"))
        may, icon = door.for_who_may("draft"), ":material/stop_circle:"
        return st.button(t("copy.stop"), key="copy.stop_both", icon=icon, type="tertiary", **may)

    watching.watch(opened, job_id, progress)


# --- side by side ---


def _side_by_side(opened: Open, step: int, busy: bool) -> None:
    plan, own = opened.plan, opened.plan.steps[step].language
    with widgets.problem_box():
        facts = {language: saving.checked_facts(opened, step, language) for language in plan.steps[step].languages}
    texts = {language: planned.texts(plan, step, language) for language in facts}
    for other in plan.steps[step].languages[1:]:
        _same_facts(own, other, planned.compare_facts(texts[own], facts[own], texts[other], facts[other]))
        left, right = st.columns(2, gap="large")
        with left:
            _read(opened, step, own, texts[own], facts[own])
        with right:
            _read(opened, step, other, texts[other], facts[other])
            checking.show(texts[other], facts[other], cache.lint.rules(opened.shop), f"copy.{other}")
            _edited(opened, step, other, facts[other], busy)


def _read(opened: Open, step: int, language: Language, texts: dict[str, str], facts: Facts) -> None:
    """A message as it is sent in one language; of a text message what that is billed as."""
    channel, filled = opened.plan.steps[step].channel, claims.fill(texts, facts)
    if channel == "sms":
        filled = {part: sms.sent(text, opened.shop.settings, language) for part, text in filled.items()}
    st.caption(t(f"plan.language_{language}"))
    with st.container(border=True, key=f"copy.both_{language}"):
        message.show(filled, channel, language, opened.plan.offer.personal_codes)
    if channel == "sms":
        editing.billed(opened, filled.get("body", ""), language)


def _same_facts(one: Language, other: Language, found: planned.SaidFacts) -> None:
    """One line: that both say the same facts, or what only one of them says."""
    if found.are_same:
        st.success(t("copy.same_facts", facts=_slots(found.both)), icon=":material/check_circle:")
        return
    for language, names in ((one, found.only_one), (other, found.only_other)):
        if names:
            words = t("copy.only_says", spoken=t(f"plan.language_{language}"), facts=_slots(names))
            st.warning(words, icon=":material/difference:")


def _slots(names: tuple[str, ...]) -> str:
    return "  ·  ".join(f"`{{{name}}}`" for name in names) or "–"


# --- the other language, to be edited ---


def _area(step: int, language: Language) -> str:
    return f"{area(step)}:{language}"


def _saved(opened: Open, step: int, language: Language) -> dict[str, str]:
    """The saved text of each part this channel has."""
    texts = planned.texts(opened.plan, step, language)
    return {part: texts.get(part, "") for part in PARTS[opened.plan.steps[step].channel]}


def _edited(opened: Open, step: int, language: Language, facts: Facts, busy: bool) -> None:
    """Fields for the copy in the other language, saved as one types, and what else can be done with it."""
    saved, name = _saved(opened, step, language), _area(step, language)
    state.fill(name, opened.stamp, saved)
    for part, text in saved.items():
        how: dict[str, Any] = {"key": f"{name}.{part}", "on_change": _changed, "args": (step, language, part)}
        label, filled = t(f"plan.part_{part}"), claims.fill({part: text}, facts)[part]
        if part == "body":
            st.text_area(label, height=140, **how)
        else:
            st.text_input(label, **how)
        with st.container(horizontal=True, vertical_alignment="center", key=f"{name}.foot_{part}"):
            st.caption(editing.count(len(filled), facts.limit(part)), width="stretch")
            for_tool = editing.for_tool(opened, step, filled, facts)
            clipboard.button(for_tool, t("copy.copy_filled", part=label), f"{name}.copy_{part}")
    with st.container(horizontal=True):
        may, gone_icon = door.for_who_may("draft"), ":material/close:"
        off = may | {"disabled": may["disabled"] or busy}
        again = st.button(t("copy.again"), key=f"{name}.again", icon=":material/refresh:", type="tertiary", **off)
        gone = st.button(t("copy.remove_language"), key=f"{name}.remove", icon=gone_icon, type="tertiary", **may)
    if again or gone:
        with widgets.problem_box():
            empty = planned.with_texts(opened.plan, dict.fromkeys(saved, ""), step, language)
            opened = saving.save(opened, empty, {})
        if again:
            _start(opened, [(step, language)])
        st.rerun()


def _changed(step: int, language: Language, part: str) -> None:
    """Saves this part alone: what somebody else wrote in the others meanwhile stays."""
    with widgets.problem_box():
        opened = saving.reopened()
        saved = _saved(opened, step, language)
        text = state.values(_area(step, language), saved)[part]
        if text != saved[part]:
            written = {drafting.own("written_by", step): state.person()}
            saving.save(opened, planned.with_texts(opened.plan, {part: text}, step, language), written)
