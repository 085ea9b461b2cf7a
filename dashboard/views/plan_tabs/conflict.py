"""Two people changed the same plan: both versions, side by side, until one is chosen."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import state, widgets
from dashboard.text import t
from dashboard.views.plan_tabs import saving, wording
from dashboard.views.plan_tabs.message import plain
from dashboard.views.plan_tabs.saving import Open
from engine.errors import AppError, StoreProblem


def show(
    area: str,
    opened: Open,
    mine: dict[str, Any],
    theirs: dict[str, Any],
    problem: StoreProblem,
    keep: Callable[[Open], None] | None = None,
) -> None:
    """What was typed here beside what is saved, for the widgets of an area that differ.

    An area that saves as one types keeps what was typed in its next run; another says how, with `keep`.
    """
    st.error(str(problem), icon=":material/error:")
    different = [name for name in mine if mine[name] != theirs.get(name)]
    rows = [
        {
            "field": wording.field(area, name, opened.shop),
            "mine": wording.value(name, mine[name], opened.shop),
            "theirs": wording.value(name, theirs.get(name), opened.shop),
        }
        for name in different
    ]
    if rows:
        headings = {name: t(f"plan.conflict_{name}") for name in ("field", "mine", "theirs")}
        shown = pd.DataFrame(rows).map(plain).rename(columns=headings).set_index(headings["field"])
        # A static table wraps long copy and is read aloud; a data grid cuts it off.
        with st.container(key=f"{area}.conflict"):
            st.table(shown, alt=t("plan.conflict_alt"))
    else:
        st.write(t("plan.conflict_elsewhere"))
    with st.container(horizontal=True):
        st.button(t("plan.keep_mine"), key=f"{area}.keep_mine", on_click=_keep, args=(area, opened, keep))
        st.button(t("plan.take_theirs"), key=f"{area}.take_theirs", on_click=_take, args=(area, opened))


def _keep(area: str, opened: Open, keep: Callable[[Open], None] | None) -> None:
    state.keep_mine(area, opened.stamp)
    if keep is not None:
        try:
            keep(saving.reopened())
        except AppError as problem:  # changed once more, or the disk is full
            widgets.show_problem(problem)
            return
    st.rerun()  # the whole page, also from inside a fragment, which holds the plan as it was


def _take(area: str, opened: Open) -> None:
    state.take_theirs(area, opened.plan.plan_id)
    st.rerun()
