"""Which of two things works better: how many visitors would it take, and what did the tests say?"""

import streamlit as st

from dashboard import state, widgets
from dashboard.text import t
from dashboard.views.experiments_parts import planner, results

LOOKS = {"results": results.show, "plan": planner.show}

widgets.page_head("experiments_page.title", "experiments_page.purpose")
state.keep("experiments.look", "results", list(LOOKS), address="look")
look = (
    st.segmented_control(
        t("experiments_page.look"),
        list(LOOKS),
        required=True,
        format_func=lambda name: t(f"experiments_page.look_{name}"),
        key="experiments.look",
    )
    or "results"
)
with widgets.problem_box():
    LOOKS[look]()
