"""A page to send to somebody without Offerlab, and how their answer comes in."""

import streamlit as st

from dashboard import cache, widgets
from dashboard.text import language, t
from dashboard.views.plan_tabs.saving import Open
from engine.errors import AppError

MIME = {"pdf": "application/pdf", "png": "image/png"}


def show(opened: Open) -> None:
    """Made only when it is asked for: it takes a blink or two."""
    with st.expander(t("pack.ask"), icon=":material/outgoing_mail:", key="pack.ask", on_change="rerun") as asked:
        if not asked.open:
            return
        try:
            made = cache.packs.made(opened.shop, opened.plan.plan_id, language())
        except AppError as problem:
            widgets.show_problem(problem)
            return
        for number in (1, 2, 3):
            st.markdown(f"{number}. {t(f'pack.step_{number}', code=made.code)}")
        with st.container(horizontal=True):
            for form, content in made.files.items():
                st.download_button(
                    t(f"pack.download_{form}"),
                    content,
                    f"{opened.plan.plan_id}-{made.code}.{form}",
                    MIME[form],
                    key=f"pack.{form}",
                    icon=":material/download:",
                    on_click="ignore",
                )
        st.image(made.files["png"], width=520, alt=t("pack.alt"))
