"""Did it work?"""

from collections.abc import Callable

import streamlit as st

from dashboard import state, widgets
from dashboard.text import t
from dashboard.views.results_parts import forecasts, measured, past
from engine.shop.store import Shop

LOOKS: dict[str, Callable[[Shop], None]] = {
    "measured": measured.show,
    "past": past.show,
    "forecasts": forecasts.show,
}


def look() -> str:
    """What of the results is looked at; nothing to choose where there is but one."""
    names = list(LOOKS)
    if len(names) < 2:
        return names[0]
    state.keep("results.look", names[0], names, address="look")
    chosen = st.segmented_control(
        t("results.look"), names, required=True, format_func=lambda one: t(f"results.look_{one}"), key="results.look"
    )
    return chosen or names[0]


widgets.page_head("results.title", "results.purpose")

with widgets.problem_box():
    shop = widgets.need_shop()
    LOOKS[look()](shop)
