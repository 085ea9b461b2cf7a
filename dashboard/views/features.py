"""What is known of a customer, and where does each number come from?"""

from typing import Any

import pandas as pd
import streamlit as st

from dashboard import cache, widgets
from dashboard.text import language, t
from engine.shop.features import Snapshot

SEARCHED = ("feature", "name", "unit", "formula", "window")
COMMAND = "python -m engine features --as-of 2026-03-31 --out features.csv"


def headline(known: Snapshot) -> None:
    """How much of how many, up to when."""
    facts = {"customers": widgets.number(len(known.table)), "features": len(known.columns)}
    st.subheader(t("dictionary.headline", **facts))
    st.caption(t("dictionary.basis", date=known.as_of))


def found(words: pd.DataFrame) -> pd.DataFrame:
    """The rows with the searched text anywhere in their words."""
    text = st.text_input(
        t("dictionary.search"), placeholder=t("dictionary.search_placeholder"), key="features.search"
    ).strip()
    texts = words[list(SEARCHED)].agg(" ".join, axis="columns").str.lower()
    table = words[texts.str.contains(text.lower(), regex=False)]
    if table.empty:
        st.info(t("dictionary.none_found", text=text), icon=":material/search_off:")
    return table


def listing(table: pd.DataFrame) -> None:
    """One row per feature."""
    number = st.column_config.NumberColumn
    columns: dict[str, Any] = {
        "name": st.column_config.TextColumn(t("dictionary.name"), pinned=True),
        "unit": t("dictionary.unit"),
        "mean": number(t("dictionary.mean"), format="%.3g", help=t("dictionary.mean_help")),
        "spread": number(t("dictionary.spread"), format="%.3g", help=t("dictionary.spread_help")),
        "known": number(t("dictionary.known"), format="percent", help=t("dictionary.known_help")),
        "window": t("dictionary.window"),
        "formula": t("dictionary.formula"),
        "feature": t("dictionary.feature"),
    }
    widgets.table(table, columns, "features.table", t("dictionary.title"))


widgets.page_head("dictionary.title", "dictionary.purpose")

with widgets.problem_box():
    shop = widgets.need_shop()
    with st.spinner(t("dictionary.working"), show_time=True):
        known = cache.customers.features(shop)

headline(known)
words = known.described(shop.settings.currency, language())
table = found(words)
if not table.empty:
    listing(table)
    widgets.download(t("dictionary.download"), lambda: table, f"features-{known.as_of}.csv", "features.download")
st.caption(t("dictionary.elsewhere", command=f"`{COMMAND}`"))
