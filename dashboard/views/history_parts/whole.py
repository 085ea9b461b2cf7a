"""Whether the history is whole, and every file that it names the one that it names."""

import streamlit as st

from dashboard import widgets
from dashboard.text import language, t
from engine import settings
from engine.decision import attached, ledger
from engine.errors import StoreProblem
from engine.shop.store import Shop


def show(shop: Shop) -> None:
    """The button, and what it found."""
    if not st.button(t("history.verify"), key="history.verify", icon=":material/verified:"):
        return
    config = settings.read().config
    with st.spinner(t("history.verifying"), show_time=True):
        verdict = ledger.verify(shop.path, shop.shop_id, config)
    if not verdict.ok:
        widgets.show_problem(StoreProblem(verdict.said))
        return
    with st.spinner(t("history.verifying_files"), show_time=True):
        problems = attached.problems(shop.path, shop.shop_id, config)
    st.success(t("history.whole", count=verdict.entries), icon=":material/verified:")
    for problem in problems:
        st.error(problem.text(language()), icon=":material/error:")
