"""Did it work?"""

from collections.abc import Callable

import streamlit as st

from dashboard import state, widgets
from dashboard.text import t
from dashboard.views.results_parts import channels, forecasts, learnings, measured, past, trends, worked
from engine.shop.store import Shop

LOOKS: dict[str, Callable[[Shop], None]] = {
    "measured": measured.show,
    "forecasts": forecasts.show,
    "channels": channels.show,
    "worked": worked.show,
    "learnings": learnings.show,
    "trends": trends.show,
    "past": past.show,
}


def look() -> str:
    """What of the results is looked at."""
    names = list(LOOKS)
    state.keep("results.look", names[0], names, address="look")
    chosen = st.segmented_control(
        t("results.look"), names, required=True, format_func=lambda one: t(f"results.look_{one}"), key="results.look"
    )
    return chosen or names[0]


widgets.page_head("results.title", "results.purpose")

with widgets.problem_box():
    shop = widgets.need_shop()
    LOOKS[look()](shop)
