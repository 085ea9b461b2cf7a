"""Does the approval still stand? What differs since the plan was submitted, and what to do."""

import pandas as pd
import streamlit as st

from dashboard import cache, state, widgets
from dashboard.text import t
from dashboard.views.plan_tabs.message import plain
from dashboard.views.plan_tabs.saving import Open
from engine import settings
from engine.campaign.plan import APPROVED
from engine.decision import approvals, ledger
from engine.decision.ledger import Entry
from engine.decision.standing import Difference, Standing
from engine.errors import AppError
from engine.sentences import Said, spoken


def show(opened: Open) -> bool:
    """What differs from what was submitted; False where that voids the approval. Nothing is said of a first draft."""
    try:
        history = ledger.entries(opened.shop.path, opened.shop.shop_id, settings.read().config, opened.plan.plan_id)
        if not _was_submitted(opened, history):
            return True
        found = cache.standing.standing(opened.shop, opened.saved, history)
    except AppError as problem:
        widgets.show_problem(problem)
        return False
    _void(opened, found)
    _moved(opened, found)
    if found.unchecked and opened.plan.status != "draft":
        with st.expander(t("standing.unchecked"), icon=":material/help:"):
            st.markdown("\n".join(f"- {plain(one.text(state.language()))}" for one in found.unchecked))
    return found.stands


def _was_submitted(opened: Open, history: list[Entry]) -> bool:
    """Whether there is something to hold today against: a plan that waits or is approved, or a draft that was."""
    if opened.plan.status in ("submitted", *APPROVED):
        return True
    steps = [one.action for one in history if one.action in approvals.ACTS]
    return opened.plan.status == "draft" and steps[-1:] == ["approved"]


def _void(opened: Open, found: Standing) -> None:
    if found.stands:
        return
    status = opened.plan.status
    kind = {"submitted": "submitted", "draft": "draft", "results_in": "results"}.get(status, "approved")
    with st.container(border=True, key="standing.void"):
        st.error(t(f"standing.void_{kind}"), icon=":material/event_busy:")
        if status != "draft":
            st.markdown("\n".join(f"- {plain(one.sentence.text(state.language()))}" for one in found.reasons))
        _table(found.reasons)
        if kind == "approved":
            st.write(t("standing.what_to_do"))


def _table(reasons: tuple[Difference, ...]) -> None:
    rows = [{"what": _name(one), "before": _cell(one.before), "now": _cell(one.now)} for one in reasons]
    columns = {name: t(f"standing.column_{name}") for name in ("what", "before", "now")}
    alt = t("standing.title")
    st.dataframe(pd.DataFrame(rows), column_config=columns, hide_index=True, key="standing.table", alt=alt)


def _name(one: Difference) -> str:
    about = spoken(one.about, state.language())
    if one.what == "content":
        return about
    what = t(f"standing.what_{one.what}")
    return t("standing.of_product", what=what, product=about) if about else what


def _cell(said: Said | None) -> str:
    return "–" if said is None else spoken(said, state.language())


def _moved(opened: Open, found: Standing) -> None:
    """What is otherwise today and voids nothing, as a quiet note."""
    if not found.moved or opened.plan.status == "draft":
        return
    head = t("standing.moved" if found.stands and opened.plan.status != "submitted" else "standing.moved_submitted")
    said = [plain(one.sentence.text(state.language())) for one in found.moved]
    st.caption(f":material/trending_flat: {' '.join([head, *said])}")
