"""Who decided what, and is the record whole?"""

import streamlit as st

from dashboard import cache, widgets
from dashboard.text import t
from dashboard.views.history_parts import backups, detail, exports, filters, listing, whole
from engine.decision import search
from engine.errors import AppError
from engine.shop.store import Shop


def entries(shop: Shop) -> None:
    """What was done, as far as the filters ask for it, and one entry in full."""
    known = cache.history.register(shop)
    if known.rows.empty:
        st.info(t("history.empty"), icon=":material/history:")
        return
    query = filters.show(shop, known)
    said = filters.words(shop, known) if query.text.strip() else None
    chosen = listing.show(shop, known, search.find(known, query, said))
    if chosen is not None:
        detail.show(shop, chosen)


widgets.page_head("history.title", "history.purpose")

with widgets.problem_box():
    shop = widgets.need_shop()
    whole.show(shop)
    try:
        entries(shop)
    except AppError as problem:  # a damaged history is when a backup is looked for
        widgets.show_problem(problem)
    backups.show(shop)
    exports.show(shop)
