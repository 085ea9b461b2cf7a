"""How far is the work? Drawn again every half second until it is over, and ended by its Stop button."""

from collections.abc import Callable

import streamlit as st

from dashboard import door, widgets
from dashboard.views.plan_tabs.saving import Open
from engine import jobs
from engine.jobs import Job


def watch(opened: Open, job_id: str, draw: Callable[[Job], bool]) -> None:
    """Has `draw` show the work, which says whether Stop was pressed; the page runs again when the work is over."""

    @door.fragment(run_every=0.5)
    def shown() -> None:
        with widgets.problem_box():
            job = jobs.status(opened.shop.path, job_id)
        if job.is_over:
            st.rerun()
        if draw(job):
            with widgets.problem_box():
                jobs.cancel(opened.shop.path, job_id)
            st.rerun()

    shown()
