"""Part of Data: how many rows each table has over time."""

import pandas as pd
import streamlit as st

from dashboard import cache, charts, widgets
from dashboard.text import t, table_name
from engine.shop.store import Shop

DAILY = ("orders", "events", "ads")  # a shop does not send a campaign, or add a product, every week


def volumes(shop: Shop) -> None:
    """A chart of rows over time for each table, and holes in words."""
    rows = cache.tables.volumes(shop)
    dated = rows[rows["start"].notna()]
    if dated.empty:
        st.info(t("quality.volumes_none"), icon=":material/inbox:")
    else:
        unit = str(dated["unit"].iloc[0])
        st.caption(t("quality.volumes_week" if unit == "week" else "quality.volumes_month"))
        names = {name: table_name(name) for name in dict.fromkeys(dated["table"])}
        alt = t("quality.volumes_alt", tables=t("common.trait_separator").join(names.values()))
        widgets.chart(charts.rows_over_time(dated, names), "quality.volumes", alt)
        _holes(dated, unit)
        for name, count in rows[rows["start"].isna()].set_index("table")["rows"].items():
            st.caption(t("quality.volumes_undated", table=table_name(str(name)), count=widgets.number(count)))


def _holes(dated: pd.DataFrame, unit: str) -> None:
    """Periods without a row, of the tables that have some every day."""
    key = "quality.volumes_empty_week" if unit == "week" else "quality.volumes_empty_month"
    for name in DAILY:
        empty = dated.loc[(dated["table"] == name) & (dated["rows"] == 0), "start"]
        if len(empty):
            count = widgets.number(len(empty))
            st.caption(t(key, table=table_name(name), count=count, first=f"{empty.min():%Y-%m-%d}"))
