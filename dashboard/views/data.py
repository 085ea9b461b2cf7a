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
from dashboard.views.data_parts import reasons
from dashboard.views.data_parts.bringing import bring_in
from dashboard.views.data_parts.readiness import readiness
from dashboard.views.data_parts.reconciliation import reconciliation
from dashboard.views.data_parts.source_files import source_files
from dashboard.views.data_parts.volumes import volumes
from dashboard.views.plan_tabs.message import plain
from engine import jobs
from engine.decision import cells
from engine.shop import incoming, intake
from engine.shop.store import Shop

SHOWN = 8  # pieces of work
CLOSER = ("months", "volumes", "files", "work")


def overview(shop: Shop) -> None:
    """Every table with its rows, dates and what was set aside."""
    aside = cache.tables.set_aside(shop)
    facts = cache.tables.facts(shop)
    lost = aside.groupby("table")["rows"].sum()
    facts = facts.assign(set_aside=facts["table"].map(lost).fillna(0).astype("int64"))
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
    set_aside(aside, shop)


def set_aside(aside: pd.DataFrame, shop: Shop) -> None:
    """Rows that could not be used: how many for which reason, and each table's as a download."""
    if aside.empty:
        st.caption(t("data.nothing_aside"))
        return
    with st.expander(t("data.aside_head", count=widgets.number(aside["rows"].sum())), key="data.aside"):
        shown = aside.assign(table=aside["table"].map(table_name), reason=aside["reason"].map(reasons.in_words))
        columns: dict[str, Any] = {
            "table": t("data.table"),
            "reason": t("data.why"),
            "rows": st.column_config.NumberColumn(t("data.rows"), format="localized"),
        }
        st.dataframe(shown, column_config=columns, hide_index=True, key="data.reasons", alt=t("data.why"))
        st.caption(t("data.aside_about"))
        with st.container(horizontal=True):
            for name in dict.fromkeys(aside["table"]):
                st.download_button(
                    t("data.download_aside", table=table_name(name)),
                    partial(aside_file, shop, name),
                    f"set_aside_{name}.csv",
                    "text/csv",
                    on_click="ignore",
                    key=f"data.aside.{name}",
                    icon=":material/download:",
                )


def aside_file(shop: Shop, table: str) -> bytes:
    """The rows set aside from a table: file, line, column, value, reason, row."""
    return cells.to_csv(intake.set_aside(shop)[table])


def last_import(shop: Shop) -> None:
    """What the last import kept and set aside; rows in = rows kept + rows set aside."""
    job = jobs.latest(shop.path, incoming.KIND)
    if job is None or job.state != "done" or job.ended_at is None:
        return
    done = json.loads(job.result)
    lines = [t("data.imported", at=on_its_clock(job.ended_at, shop))]
    for file, entry in done.get("joined_files", {}).items():
        counts = {key: widgets.number(entry[key]) for key in ("rows_in", "used", "set_aside")}
        lines.append(t("data.joined_line", file=plain(file), **counts))
    for name, entry in done["tables"].items():
        counts = {key: widgets.number(entry[key]) for key in ("rows_in", "kept", "set_aside")}
        lines.append(t("data.report_line", table=table_name(name), **counts))
    if done["unchanged_files"]:
        lines.append(t("data.unchanged", files=plain(", ".join(done["unchanged_files"]))))
    st.success("\n\n".join(lines), icon=":material/check_circle:")
    notes(done)


def notes(done: dict) -> None:
    """What is worth knowing of an import: rows kept and counted, what its files were read as, columns left out."""
    flagged = [
        t("data.reason", count=widgets.number(count), reason=plain(reasons.in_words(reason)))
        for entry in done["tables"].values()
        for reason, count in entry["flagged"].items()
    ]
    left_out = [
        t("data.left_out_of", file=plain(file), names=plain(", ".join(columns)))
        for file, columns in done.get("columns_left_out", {}).items()
    ]
    said = [*flagged, *map(plain, done.get("notes", [])), *left_out]
    if said:
        with st.expander(t("data.notes", count=len(said)), key="data.notes"):
            st.markdown("\n".join(f"- {one}" for one in said))


def work(shop: Shop) -> None:
    """The long work of this shop, the newest first: what, when, how it ended."""
    done = jobs.recent(shop.path, SHOWN)
    if not done:
        st.info(t("data.no_work"), icon=":material/inbox:")
        return
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


def closer(shop: Shop) -> None:
    """One closer look at the data, as chosen: nothing of the others is worked out."""
    st.subheader(t("data.closer"))
    state.keep("data.see", CLOSER[0], CLOSER, address="see")
    seen = st.segmented_control(
        t("data.see"),
        CLOSER,
        required=True,
        format_func=lambda one: t(f"data.see_{one}"),
        key="data.see",
        label_visibility="collapsed",
    )
    {"months": reconciliation, "volumes": volumes, "files": source_files, "work": work}[seen or CLOSER[0]](shop)


widgets.page_head("data.title", "data.purpose")

with widgets.problem_box():
    shop = cache.shops.opened()
    if shop is None and (made := state.shop_that_came()):
        state.set_shop_path(made)
        st.rerun()
    if shop is not None:
        last_import(shop)
    else:
        st.info(t("data.no_shop"), icon=":material/storefront:")
    bring_in(shop)
    if shop is not None:
        overview(shop)
    readiness(shop)
    if shop is not None:
        closer(shop)
