"""Part of Data: where the rows came from: every file with when, how many of its rows, its hash and how it was read."""

from typing import Any

import pandas as pd
import streamlit as st

from dashboard import widgets
from dashboard.text import t, table_name
from dashboard.views.data_parts.roles_in_words import short
from dashboard.views.data_parts.understood import mark_name
from dashboard.views.data_parts.written import format_name
from engine.shop import quality
from engine.shop.sources import SOURCES
from engine.shop.store import Shop

COUNTS = ("rows_in", "kept", "set_aside")
SHOWN = ("file", "table", "at", *COUNTS, "read_as", "sha256")
HASH = 12  # characters of it tell files of one shop apart


def source_files(shop: Shop) -> None:
    """Rows in = kept + set aside for each file, and how it was read."""
    files = quality.sources(shop)
    if files.empty:
        st.info(t("quality.files_none"), icon=":material/inbox:")
        return
    st.caption(t("quality.files_about"))
    shown = files.assign(
        table=files["table"].map(table_name),
        at=files["at"].fillna("").str[:16],
        sha256=files["sha256"].fillna("").str[:HASH],
        read_as=[read_as(row) for row in files.to_dict("records")],
    )
    config: dict[str, Any] = {name: t(f"quality.file_{name}") for name in SHOWN}
    config |= {n: st.column_config.NumberColumn(t(f"quality.file_{n}"), format="localized") for n in COUNTS}
    config["sha256"] = st.column_config.TextColumn(t("quality.file_sha256"), help=t("quality.file_sha256_help"))
    shown = shown[list(SHOWN)].iloc[::-1]  # the latest first
    st.dataframe(
        shown, column_config=config, hide_index=True, placeholder="–", key="quality.files", alt=t("quality.files")
    )
    unknown = int(files["rows_in"].isna().sum())
    if unknown:
        st.caption(t("quality.files_unknown", count=widgets.number(unknown)))


def read_as(row: dict[str, Any]) -> str:
    """How a file was read, in a few words: the export, its text, its decimal mark, its dates."""
    mapping = row["mapping"] if isinstance(row["mapping"], dict) else {}
    source = mapping.get("source")
    said = [
        SOURCES[source].title if source in SOURCES else "",
        words(row["encoding"]),
        mark_name(words(row["delimiter"])) if words(row["delimiter"]) else "",
        t("quality.file_decimal", mark=mapping["decimal"]) if mapping.get("decimal") == "," else "",
        *(f"{short(role)} {format_name(written)}" for role, written in mapping.get("dates", {}).items()),
    ]
    return " · ".join(filter(None, said))


def words(value: object) -> str:
    return "" if pd.isna(value) else str(value)  # type: ignore[call-overload]
