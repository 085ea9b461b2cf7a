"""Two people changed the same plan: both versions, side by side, until one is chosen."""

from typing import Any

import streamlit as st

from dashboard import state
from dashboard.text import known, t
from dashboard.views.plan_tabs.saving import Open
from engine.errors import StoreProblem


def show(area: str, opened: Open, mine: dict[str, Any], theirs: dict[str, Any], problem: StoreProblem) -> None:
    """What was typed here beside what is saved, for the widgets of an area that differ."""
    st.error(str(problem), icon=":material/error:")
    different = [name for name in mine if mine[name] != theirs.get(name)]
    rows = [
        {"field": _field(area, name), "mine": _shown(mine[name]), "theirs": _shown(theirs.get(name))}
        for name in different
    ]
    headings = {name: t(f"plan.conflict_{name}") for name in ("field", "mine", "theirs")}
    st.dataframe(rows, column_config=headings, hide_index=True, key=f"{area}.conflict", alt=t("plan.conflict_alt"))
    with st.container(horizontal=True):
        st.button(t("plan.keep_mine"), key=f"{area}.keep_mine", on_click=state.keep_mine, args=(area, opened.stamp))
        forget, plan_id = state.take_theirs, opened.plan.plan_id
        st.button(t("plan.take_theirs"), key=f"{area}.take_theirs", on_click=forget, args=(area, plan_id))


def _field(area: str, name: str) -> str:
    """The label of a widget."""
    key = f"plan.part_{name}" if area == "copy" else f"brief.{name}"
    return t(key, currency="", count="") if known(key) else name.replace("_", " ")


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
