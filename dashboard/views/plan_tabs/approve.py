"""Who decided? One person submits the plan, a second one approves or rejects it."""

import contextlib
import functools
from typing import Any

import streamlit as st

from dashboard import cache, door, signing, state, widgets
from dashboard.text import t
from dashboard.views.plan_tabs import (
    comments,
    drafting,
    evidence,
    forecasting,
    message,
    override,
    pack,
    proposed,
    replayed,
    saving,
    standing,
)
from dashboard.views.plan_tabs.saving import Open
from engine import settings
from engine.access import acting
from engine.campaign import checked, planned
from engine.decision import approvals, ledger, moments, plans
from engine.errors import AppError

AREA = "approve"
SHOWN = "approve.shown"  # content and submission that stood on the page when a button of it was pressed
HALF_TYPED = "half_typed"  # extra of a plan: names and a reason that nobody has sent yet
ICONS = {
    "submitted": "send", "approved": "check_circle", "rejected": "cancel", "exported": "download",
    "results_in": "flag", "commented": "comment", "changes_requested": "rate_review",
    "winner_chosen": "emoji_events", "concluded": "lightbulb",
}  # fmt: skip


def show(opened: Open) -> None:
    """What the plan's status asks for, then its history, and its numbers made again."""
    status = opened.plan.status
    st.subheader(t(f"approve.head_{status}"))
    if words := state.told(AREA) or (_came_late(opened) if status != "submitted" else None):
        st.info(words, icon=":material/info:")
    stands = standing.show(opened)
    if status == "draft" or (status in ("approved", "exported") and not stands):
        _submit(opened)
    elif status == "submitted":
        _decide(opened, stands)
    else:
        st.write(t(f"approve.about_{status}"))
        proposed.submitted(opened, proposed.submission(opened))
    comments.show(opened)
    _history(opened)
    replayed.show(opened)


# --- what is typed before it counts: kept with the plan, so that a reload in the middle loses nothing ---


def _fill(opened: Open) -> None:
    usual = {"reason": ""} if signing.name() else {"author": opened.plan.owner, "approver": "", "reason": ""}
    state.fill("approve", opened.stamp, usual | (opened.saved.extras.get(HALF_TYPED) or {}))


def _who(name: str, outside: bool = False) -> str:
    """The name that counts for the author or the approver: of who is signed in; typed in single-user mode, and for a
    decision that was taken outside Offerlab."""
    if (signed_in := signing.name()) and not outside:
        st.caption(t(f"approve.as_{name}", person=message.plain(signed_in)))
        return signed_in
    return st.text_input(t(f"approve.{name}"), key=f"approve.{name}", width=280, on_change=_typed)


def _typed() -> None:
    names = {"author": None, "approver": None, "reason": None}
    typed = {name: said for name, said in state.values("approve", names).items() if said}
    with contextlib.suppress(AppError):  # what was typed stays in its field, also of somebody who may not write
        opened = saving.reopened()
        # Not `saving.save`, which fills the copy anew: a price that moved meanwhile would make the plan a draft again.
        extras = opened.saved.extras | {HALF_TYPED: typed}
        plans.save(opened.shop.path, opened.plan, extras, opened.saved.version, widgets.now())


# --- submit ---


def _submit(opened: Open) -> None:
    if blocked := _blocked(opened):
        for sentence in blocked:
            st.warning(sentence, icon=":material/block:")
        return
    try:
        forecast = forecasting.record(opened, forecasting.of_plan(opened))
    except AppError as problem:
        widgets.show_problem(problem)
        return
    proposed.of_draft(opened, forecast)
    _fill(opened)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        author = _who("author")
        may, icon = door.for_who_may("submit"), ":material/send:"
        asked = st.button(t("approve.submit"), key="approve.submit", type="primary", icon=icon, **may)
    door.say_who_may("submit")
    if asked and _done(lambda: _send(opened, forecast, author)):
        st.rerun()


def _blocked(opened: Open) -> list[str]:
    """What has to be mended before the plan can be submitted."""
    rules = cache.lint.rules(opened.shop)
    stops = checked.stops(
        opened.plan, lambda step, language: saving.facts_of(opened.shop, opened.plan, step, language), rules, whole=True
    )
    refused = {(stop.step, stop.language) for stop in stops}
    said = []
    if opened.plan.audience.is_empty:
        said.append(t("approve.no_audience"))
    if opened.saved.extras.get("unfinished"):
        said.append(t("approve.unfinished"))
    for number, step in enumerate(opened.plan.steps):
        for language in step.languages:
            if problem := _problem_of_copy(opened, number, language, (number, language) in refused):
                if language != step.language:
                    problem = t("approve.in_language", spoken=t(f"plan.language_{language}"), problem=problem)
                several = len(opened.plan.steps) > 1
                said.append(t("approve.of_message", number=number + 1, problem=problem) if several else problem)
    return list(dict.fromkeys(said))


def _problem_of_copy(opened: Open, number: int, language: str, is_refused: bool) -> str | None:
    """What keeps one message from being sent in a language."""
    if saving.facts_of(opened.shop, opened.plan, number, language) is None:
        return t("approve.brief_wrong")
    if not planned.texts(opened.plan, number, language):
        return t("approve.no_copy")
    return t("approve.copy_refused") if is_refused else None


def _send(opened: Open, forecast: dict[str, Any], author: str) -> None:
    plan = opened.plan.model_copy(update={"owner": author.strip() or opened.plan.owner})
    state.set_person(plan.owner)
    approvals.submit(
        opened.shop.path,
        opened.shop.shop_id,
        plan,
        forecast,
        author.strip(),
        widgets.now(),
        settings.read().config,
        extras={"filled": saving.filled(opened.shop, plan), HALF_TYPED: {}},
        expected_version=opened.saved.version,
        snapshot=lambda: replayed.keep(opened, forecast),
    )
    drafting.keep_edits(opened)


# --- decide ---


def _decide(opened: Open, stands: bool) -> None:
    """The second person's answer; where that can be no approval, first how the author submits the plan again."""
    entry = proposed.submission(opened)
    if stands:
        st.write(t("approve.waits", author=opened.plan.owner))
        proposed.submitted(opened, entry)
    else:
        _submit(opened)
        st.divider()
    _fill(opened)
    names = st.container(horizontal=True, vertical_alignment="bottom")
    proof = evidence.field(opened, acting.person())
    with names:
        approver = _who("approver", outside=proof is not None)
        reason = st.text_input(t("approve.reason"), key="approve.reason", width=420, on_change=_typed)
    with st.container(horizontal=True):
        # Told to the click, whose own run draws what is stored by then: it counts for what was on the page.
        shown: dict[str, Any] = {
            "on_click": state.put,
            "args": (SHOWN, (opened.saved.content_sha256, entry.seq if entry else None)),
        }
        may, icon = door.for_who_may("approve", disabled=not stands), ":material/check:"
        yes = st.button(t("approve.approve"), key="approve.approve", type="primary", icon=icon, **shown, **may)
        may, icon = door.for_who_may("reject"), ":material/close:"
        no = st.button(t("approve.reject"), key="approve.reject", icon=icon, **shown, **may)
    door.say_who_may("approve")
    act = functools.partial(approvals.approve, forecasts=cache.standing.forecast_today) if yes else approvals.reject
    if (yes or no) and _done(lambda: _record(opened, act, approver, reason, proof)):
        st.rerun()
    if stands:
        pack.show(opened)


def _record(opened: Open, act: Any, approver: str, reason: str, proof: bytes | None) -> None:
    content, submission = state.says(SHOWN)
    state.put(SHOWN, None)
    decision = act(
        opened.shop.path,
        opened.shop.shop_id,
        opened.plan.plan_id,
        approver,
        acting.person(),
        reason,
        widgets.now(),
        settings.read().config,
        content_sha256=content,
        submission=submission,
        proof=proof,
    )
    if words := approvals.stands_already(decision, approver):
        state.tell(AREA, message.plain(words.text(state.language())))


def _came_late(opened: Open) -> str | None:
    """Whose decision stands, where a button was pressed on a page that showed the plan as it waited."""
    if state.says(SHOWN) is None:
        return None
    state.put(SHOWN, None)
    by = signing.name() or str(state.says("approve.approver") or "")
    try:
        steps = approvals.decisions(opened.shop.path, opened.shop.shop_id, settings.read().config, opened.plan.plan_id)
    except AppError:
        return None  # what is wrong with the history is said below
    words = approvals.stands_already(steps[-1], by) if steps else None
    return message.plain(words.text(state.language())) if words else None


def _done(action: Any) -> bool:
    """Whether the action went through; if not, its problem is shown and the rest of the page stays."""
    try:
        with widgets.saving():
            action()
    except AppError as problem:
        widgets.show_problem(problem)
        return False
    return True


# --- what was decided ---


def _history(opened: Open) -> None:
    """Every step of this plan, the latest first."""
    st.subheader(t("approve.history"))
    with widgets.problem_box():
        entries = ledger.entries(opened.shop.path, opened.shop.shop_id, settings.read().config, opened.plan.plan_id)
    zone = opened.shop.settings.time_zone
    st.caption(t("approve.times", zone=zone) if entries else t("approve.no_history"))
    for entry in reversed(entries):
        said = t(
            f"approve.did_{entry.action}",
            who=message.plain(entry.actor),
            when=moments.shown(entry.at, opened.shop),
        )
        reason = str(entry.payload.get("reason") or "")
        icon = ICONS.get(entry.action, "circle")
        st.markdown(f":material/{icon}: {said}" + (f" — {message.plain(reason)}" if reason else ""))
        if shown := override.recorded(entry.payload):
            st.caption(override.words(opened, shown))
        evidence.shown(opened.shop, entry)
    st.page_link(
        "views/history.py", label=t("approve.to_history"), icon=":material/history:",
        query_params={"of": opened.plan.plan_id},
    )  # fmt: skip
