"""What data is there, what was set aside, and what is missing?"""

import json
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from dashboard import cache, state, widgets
from dashboard.text import t, table_name
from dashboard.views.data_parts.bringing import bring_in
from dashboard.views.data_parts.readiness import readiness
from dashboard.views.data_parts.reconciliation import reconciliation
from dashboard.views.data_parts.volumes import volumes
from dashboard.views.plan_tabs.message import plain
from engine import jobs
from engine.shop import incoming, intake
from engine.shop.store import Shop

SHOWN = 8  # pieces of work


def overview(shop: Shop) -> None:
    """Every table with its rows, dates and what was set aside."""
    aside = intake.set_aside(shop)
    facts = cache.table_facts(shop)
    facts = facts.assign(set_aside=[len(aside[name]) if name in aside else 0 for name in facts["table"]])
    shown = facts.assign(table=facts["table"].map(table_name))
    columns: dict[str, Any] = {
        "table": t("data.table"),
        "rows": st.column_config.NumberColumn(t("data.rows"), format="localized"),
        "first": st.column_config.DateColumn(t("data.first"), format="YYYY-MM-DD"),
        "last": st.column_config.DateColumn(t("data.last"), format="YYYY-MM-DD"),
        "set_aside": st.column_config.NumberColumn(t("data.set_aside"), format="localized"),
    }
    st.subheader(t("data.tables"))
    st.dataframe(
        shown, column_config=columns, hide_index=True, placeholder="–", key="data.tables", alt=t("data.tables")
    )
    set_aside(aside)


def set_aside(aside: dict[str, pd.DataFrame]) -> None:
    """Rows that could not be used: how many for which reason, and each table's as a download."""
    if not any(len(rows) for rows in aside.values()):
        st.caption(t("data.nothing_aside"))
        return
    with st.expander(t("data.aside_head", count=widgets.number(sum(map(len, aside.values())))), expanded=True):
        for name, rows in aside.items():
            st.markdown(f"**{table_name(name)}**")
            for reason, count in rows["reason"].value_counts().items():
                st.text(t("data.reason", count=widgets.number(count), reason=reason))
            st.download_button(
                t("data.download_aside", table=table_name(name)),
                partial(as_csv, rows),
                f"set_aside_{name}.csv",
                "text/csv",
                on_click="ignore",
                key=f"data.aside.{name}",
                icon=":material/download:",
            )


def as_csv(rows: pd.DataFrame) -> bytes:
    return rows.to_csv(index=False).encode("utf-8-sig")


def last_import(shop: Shop) -> None:
    """What the last import kept and set aside; rows in = rows kept + rows set aside."""
    job = jobs.latest(shop.path, incoming.KIND)
    if job is None or job.state != "done" or job.ended_at is None:
        return
    done = json.loads(job.result)
    st.success(t("data.imported", at=on_its_clock(job.ended_at, shop)), icon=":material/check_circle:")
    for file, entry in done.get("joined_files", {}).items():
        counts = {key: widgets.number(entry[key]) for key in ("rows_in", "used", "set_aside")}
        st.write(t("data.joined_line", file=plain(file), **counts))
    for name, entry in done["tables"].items():
        counts = {key: widgets.number(entry[key]) for key in ("rows_in", "kept", "set_aside")}
        st.write(t("data.report_line", table=table_name(name), **counts))
        for reason, count in entry["flagged"].items():
            st.text(t("data.reason", count=widgets.number(count), reason=reason))
    if done["unchanged_files"]:
        st.write(t("data.unchanged", files=plain(", ".join(done["unchanged_files"]))))
    for file, columns in done.get("columns_left_out", {}).items():
        st.caption(t("data.left_out_of", file=plain(file), names=plain(", ".join(columns))))
    for note in done.get("notes", []):
        st.caption(plain(note))


def work(shop: Shop) -> None:
    """The long work of this shop, the newest first: what, when, how it ended."""
    done = jobs.recent(shop.path, SHOWN)
    if not done:
        return
    st.subheader(t("data.work"))
    rows = [
        {
            "work": widgets.work_name(job),
            "state": t(f"data.work_{job.state}"),
            "started": on_its_clock(job.started_at, shop),
            "said": job.error,
        }
        for job in done
    ]
    headings = {name: t(f"data.work_{name}") for name in ("work", "state", "started", "said")}
    st.dataframe(rows, column_config=headings, hide_index=True, key="data.work", alt=t("data.work"))


def on_its_clock(moment: datetime, shop: Shop) -> str:
    """A moment on the shop's clock: "2026-06-01 09:30"."""
    return moment.astimezone(ZoneInfo(shop.settings.time_zone)).strftime("%Y-%m-%d %H:%M")


widgets.page_head("data.title", "data.purpose")

with widgets.problem_box():
    shop = cache.shop()
    if shop is None and (made := state.shop_that_came()):
        state.set_shop_path(made)
        st.rerun()
    if shop is None:
        st.info(t("data.no_shop"), icon=":material/storefront:")
    else:
        last_import(shop)
        overview(shop)
    bring_in(shop)
    if shop is not None:
        reconciliation(shop)
        volumes(shop)
    readiness(shop)
    if shop is not None:
        work(shop)
