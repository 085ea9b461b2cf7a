"""What data is there, what was set aside, and what is missing?"""

import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import cache, state, widgets
from dashboard.text import t, table_name
from engine.errors import AppError
from engine.shop import gate, intake, store
from engine.shop.store import Shop
from engine.shop.tables import TABLES

BROUGHT_IN = [name for name in TABLES if name != "contacts"]
# What works once the shop has one table out of each of these sets.
NEEDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "sales": (("orders",),),
    "groups": (("orders",),),
    "categories": (("orders",), ("products",)),
    "forecasts": (("campaigns",), ("deliveries", "campaign_results")),
    "reachable": (("customers",),),
    "writing": (("products",),),
    "ads": (("ads",),),
}


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


def readiness(shop: Shop | None) -> None:
    """What the data allows, and what is missing for the rest."""
    st.subheader(t("data.readiness"))
    for what, sets in NEEDS.items():
        missing = [one for one in sets if shop is None or not any(shop.rows(name) for name in one)]
        if not missing:
            st.markdown(f":material/check_circle: {t(f'data.can_{what}')}")
            continue
        names = t("data.and").join(t("data.or").join(map(table_name, one)) for one in missing)
        st.markdown(f":material/do_not_disturb_on: {t(f'data.can_{what}')}: {t('data.missing', tables=names)}")


def bring_in(shop: Shop | None) -> None:
    """Upload files, say into which table, import them; the report is shown when the page runs again."""
    st.subheader(t("data.bring_in"))
    name = "" if shop else st.text_input(t("data.shop_name"), key="data.shop_name", max_chars=60)
    types = [ending.removeprefix(".") for ending in gate.FORMATS]
    files = st.file_uploader(
        t("data.files"), types, accept_multiple_files=True, key="data.files", help=t("data.files_help")
    )
    table = st.selectbox(
        t("data.into_table"),
        ["", *BROUGHT_IN],
        format_func=lambda choice: table_name(choice) if choice else t("data.by_name"),
        key="data.into_table",
    )
    if st.button(
        t("data.import"), key="data.import", type="primary", disabled=not files, icon=":material/upload_file:"
    ):
        if shop is None and not name.strip():
            st.error(t("data.name_needed"), icon=":material/error:")
            return
        into = shop.path if shop else state.home() / store.safe_name(name)
        try:
            state.set_import_report(into, imported(files, into, table or None))
        except AppError as problem:
            widgets.show_problem(problem)
            return
        if shop is None:
            state.set_shop_path(into)
        st.rerun()


def imported(files: list, into: Path, table: str | None) -> dict:
    """The report of an import. Uploads lie in a folder of our own for as long as it takes, and then nowhere."""
    bar = st.progress(0.0, text=t("common.job_import"))
    with tempfile.TemporaryDirectory(prefix="offerlab-") as folder:
        paths = []
        for number, file in enumerate(files):
            # A table is recognised by the file's stem; nothing else of the name given by the browser is used.
            given = Path(file.name)
            path = Path(folder) / str(number) / f"{store.safe_name(given.stem)}{given.suffix.lower()}"
            path.parent.mkdir()
            path.write_bytes(file.getbuffer())
            paths.append(path)

        def show(share: float, said: str) -> None:
            bar.progress(share, text=t("common.job_import"))

        return intake.import_files(paths, into, table=table, now=widgets.now(), progress=show)


def report(done: dict) -> None:
    """What the last import kept and set aside; rows in = rows kept + rows set aside."""
    st.success(t("data.imported"), icon=":material/check_circle:")
    for name, entry in done["tables"].items():
        counts = {key: widgets.number(entry[key]) for key in ("rows_in", "kept", "set_aside")}
        st.write(t("data.report_line", table=table_name(name), **counts))
        for reason, count in entry["flagged"].items():
            st.text(t("data.reason", count=widgets.number(count), reason=reason))
    if done["unchanged_files"]:
        st.write(t("data.unchanged", files=", ".join(done["unchanged_files"])))


widgets.page_head("data.title", "data.purpose")

with widgets.problem_box():
    shop = cache.shop()
    if shop is None:
        st.info(t("data.no_shop"), icon=":material/storefront:")
    elif done := state.import_report(shop.path):
        report(done)
    if shop is not None:
        overview(shop)
    bring_in(shop)
    readiness(shop)
