"""Do a submission's numbers and copy come to the same when they are made again from what was kept of it?"""

import json
from collections.abc import Mapping
from typing import Any

import streamlit as st

from dashboard import cache, widgets
from dashboard.text import known, language, t
from dashboard.views.plan_tabs import forecasting
from dashboard.views.plan_tabs.message import plain
from dashboard.views.plan_tabs.saving import Open
from engine import jobs, settings
from engine.campaign import response
from engine.decision import ledger, overrides, replay, replayed_texts, snapshots
from engine.decision.ledger import Entry
from engine.errors import AppError
from engine.sentences import spoken

VERDICTS = {"exact": "check_circle", "equal": "check_circle", "different": "difference", "impossible": "help"}


def keep(opened: Open, forecast: Mapping[str, Any]) -> str | None:
    """Keeps what the forecast of a plan that is being submitted was computed from; None where it has none."""
    if not forecast:
        return None
    models = cache.forecasts.models(opened.shop) if response.current_version(opened.shop) else None
    question = cache.kept.question(
        opened.shop,
        models,
        opened.plan,
        forecasting.copy(opened),
        forecasting.assumed(opened),
        overrides.KEY in forecast,
    )
    drafts = replayed_texts.chosen(opened.plan, opened.saved.extras)
    return snapshots.keep(question, settings.read().config, drafts)


def show(opened: Open) -> None:
    """Buttons that make the numbers and the copy of the latest submission again, and what came of it."""
    submission = _submission(opened)
    if submission is None:
        return
    st.subheader(t("replayed.title"))
    st.caption(t("replayed.purpose"))
    with st.container(horizontal=True):
        numbers = st.button(t("replayed.recompute"), key="replayed.numbers", icon=":material/calculate:")
        copy = st.button(t("replayed.rewrite"), key="replayed.copy", icon=":material/edit_note:")
    if numbers:
        _numbers(opened, submission)
    _copy(opened, submission, copy)


def _submission(opened: Open) -> Entry | None:
    """The latest submission that something was kept of."""
    try:
        config = settings.read().config
        entries = ledger.entries(opened.shop.path, opened.shop.shop_id, config, opened.plan.plan_id)
    except AppError:
        return None  # the history above says what is wrong with it
    submitted = [entry for entry in entries if entry.action == "submitted"]
    return submitted[-1] if submitted and submitted[-1].payload.get("snapshot") else None


# --- numbers ---


def _numbers(opened: Open, submission: Entry) -> None:
    """Takes about a second."""
    with widgets.problem_box(), st.spinner(t("replayed.computing")):
        found = replay.numbers(opened.shop, settings.read().config, submission)
    said = plain(" ".join(spoken(one, language()) for one in found.said))
    if found.verdict == "exact":
        st.success(said, icon=":material/check_circle:")
        return
    st.warning(said, icon=":material/difference:")
    rows = [
        {
            t("replayed.figure"): replay.figure(name).text(language()),
            t("replayed.kept"): _shown(kept),
            t("replayed.now"): _shown(now),
        }
        for name, (kept, now) in found.differs.items()
    ]
    with st.container(key="replayed.table"):
        st.table(rows, alt=t("replayed.figure"))


def _shown(value: object) -> str:
    """All its digits: two numbers may differ in the last."""
    return "–" if value is None else plain(str(value))


# --- copy ---


def _copy(opened: Open, submission: Entry, asked: bool) -> None:
    """The copy written again as work of its own: a model that is started anew takes its time."""
    kind = f"replay-{opened.plan.plan_id}"
    if asked:
        command = ["replay", str(submission.seq), "--language", language(), "--shop", str(opened.shop.path)]
        with widgets.problem_box():
            jobs.start(opened.shop.path, kind, command, widgets.now())
        st.rerun()
    if widgets.job_panel(opened.shop.path, kind):
        return
    job = jobs.latest(opened.shop.path, kind)
    if job is None or job.state != "done":
        return
    told = json.loads(job.result)
    if told["entry"] == submission.seq:
        for text in told["texts"]:
            _text(text)


def _text(text: Mapping[str, Any]) -> None:
    """One message: whether its draft comes out again, and where it differs."""
    icon = VERDICTS[text["verdict"]]
    said = t("replayed.message", number=text["message"], said=text["sentence"])
    st.markdown(f":material/{icon}: {plain(said)}")
    if text["edited_before_submission"]:
        parts = ", ".join(_part(part) for part in text["edited_before_submission"])
        st.caption(t("replayed.edited", parts=parts))
    if text["differs"]:
        rows = [
            {
                t("replayed.part"): _part(part),
                t("replayed.kept"): plain(both["kept"]),
                t("replayed.now"): plain(both["now"]),
            }
            for part, both in text["differs"].items()
        ]
        st.table(rows, alt=t("replayed.part"))


def _part(name: str) -> str:
    key = f"plan.part_{name}"
    return t(key) if known(key) else plain(name)
