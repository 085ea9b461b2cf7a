"""Part of Data: how many rows each table has over time, and what became of the rows of each file."""

from typing import Any

import pandas as pd
import streamlit as st

from dashboard import cache, charts, widgets
from dashboard.text import t, table_name
from engine.shop import quality
from engine.shop.store import Shop

DAILY = ("orders", "events", "ads")  # a shop does not send a campaign, or add a product, every week


def volumes(shop: Shop) -> None:
    """A chart of rows over time for each table, holes in words, and rows in = kept + set aside for each file."""
    rows = cache.volumes(shop)
    dated = rows[rows["start"].notna()]
    if len(dated):
        st.subheader(t("quality.volumes"))
        unit = str(dated["unit"].iloc[0])
        st.caption(t("quality.volumes_week" if unit == "week" else "quality.volumes_month"))
        names = {name: table_name(name) for name in dict.fromkeys(dated["table"])}
        alt = t("quality.volumes_alt", tables=t("common.trait_separator").join(names.values()))
        widgets.chart(charts.rows_over_time(dated, names), "quality.volumes", alt)
        _holes(dated, unit)
        for name, count in rows[rows["start"].isna()].set_index("table")["rows"].items():
            st.caption(t("quality.volumes_undated", table=table_name(str(name)), count=widgets.number(count)))
    _files(quality.counts(shop))


def _holes(dated: pd.DataFrame, unit: str) -> None:
    """Periods without a row, of the tables that have some every day."""
    key = "quality.volumes_empty_week" if unit == "week" else "quality.volumes_empty_month"
    for name in DAILY:
        empty = dated.loc[(dated["table"] == name) & (dated["rows"] == 0), "start"]
        if len(empty):
            count = widgets.number(len(empty))
            st.caption(t(key, table=table_name(name), count=count, first=f"{empty.min():%Y-%m-%d}"))


def _files(files: pd.DataFrame) -> None:
    if files.empty:
        return
    st.subheader(t("quality.files"))
    st.caption(t("quality.files_about"))
    shown = files.assign(table=files["table"].map(table_name), at=files["at"].fillna("").str[:16])
    counts = ("rows_in", "kept", "set_aside")
    config: dict[str, Any] = {name: t(f"quality.file_{name}") for name in shown}
    config |= {n: st.column_config.NumberColumn(t(f"quality.file_{n}"), format="localized") for n in counts}
    st.dataframe(
        shown, column_config=config, hide_index=True, placeholder="–", key="quality.files", alt=t("quality.files")
    )
    unknown = int(files["rows_in"].isna().sum())
    if unknown:
        st.caption(t("quality.files_unknown", count=widgets.number(unknown)))
