"""Part of Data: the table in which somebody says what each column of a file stands for."""

from typing import Any

import pandas as pd
import streamlit as st

from dashboard.text import t
from dashboard.views.data_parts.roles_in_words import OWN, role_name
from dashboard.views.data_parts.written import format_name, formats_of
from engine.shop import dates
from engine.shop.mapping import TableMapping
from engine.shop.proposal import Proposal
from engine.shop.sources import SOURCES, roles
from engine.shop.tables import TABLES

MISSING = ("keep", "drop", "fill 0")
LOOKED_AT = 300  # rows in which examples are looked for


def editor(key: str, proposal: Proposal) -> dict[str, Any]:
    """Shows the table; gives what it says now as parts of a mapping: columns, dates, missing."""
    mapping = proposal.mapping
    edited = st.data_editor(
        columns_of(proposal),
        column_config={
            "column": st.column_config.TextColumn(t("data.column"), disabled=True),
            "example": st.column_config.TextColumn(t("data.example"), disabled=True, width="medium"),
            "role": st.column_config.SelectboxColumn(
                t("data.stands_for"), options=options_of(mapping), format_func=role_name, required=True, width="medium"
            ),
            "written": st.column_config.SelectboxColumn(
                t("data.written"), options=written_of(proposal), format_func=format_name, help=t("data.written_help")
            ),
            "missing": st.column_config.SelectboxColumn(
                t("data.if_empty"),
                options=MISSING,
                format_func=lambda one: t(f"data.empty_{str(one).split()[0]}"),
                required=True,
            ),
        },
        column_order=["column", "role", "example", "written", "missing"],
        hide_index=True,
        placeholder="–",
        alt=t("data.change"),
        key=f"data.columns.{key}.{mapping.table}",
    )
    return from_table(edited, mapping)


def columns_of(proposal: Proposal) -> pd.DataFrame:
    """column, example (the first cells that say something), role, written (format of a date), missing, by column."""
    mapping, frame = proposal.mapping, proposal.sheet.frame.head(LOOKED_AT)
    unsaid = OWN if TABLES[mapping.table].attributes and not mapping.source else roles.IGNORED
    rows = []
    for column in frame.columns:
        cells = frame[column].dropna().astype("str").str.strip()
        role = mapping.columns.get(column, roles.IGNORED if column in proposal.unused else unsaid)
        rows.append(
            {
                "column": column,
                "example": ", ".join(cells[cells != ""].unique()[:3])[:80],
                "role": role,
                "written": mapping.dates.get(role, dates.ISO) if is_time(mapping, role) else "",
                "missing": mapping.missing.get(role, "keep"),
            }
        )
    return pd.DataFrame(rows, columns=["column", "example", "role", "written", "missing"])


def is_time(mapping: TableMapping, role: str) -> bool:
    return roles.kind(mapping.table, role) == "time"


def options_of(mapping: TableMapping) -> list[str]:
    """What a column of this table may stand for: nothing first, then its own columns."""
    of_source = list(SOURCES[mapping.source].columns) if mapping.source else []
    own = [OWN] if TABLES[mapping.table].attributes else []
    known = [role for role in roles.known(mapping.table) if role != roles.IGNORED]
    return list(dict.fromkeys([*own, roles.IGNORED, *known, *of_source, *mapping.columns.values()]))


def written_of(proposal: Proposal) -> list[str]:
    """The formats in which a column of dates may be written: those that read its first cells."""
    mapping, frame = proposal.mapping, proposal.sheet.frame.head(LOOKED_AT)
    times = [column for column, role in mapping.columns.items() if column in frame and is_time(mapping, role)]
    found = [one for column in times for one in formats_of(frame[column])]
    return list(dict.fromkeys([*found, *mapping.dates.values(), dates.ISO]))


def named_twice(columns: dict[str, str]) -> list[str]:
    """What several columns are said to stand for, where only one can."""
    said = [role for role in columns.values() if role != roles.IGNORED]
    return [role for role in dict.fromkeys(said) if said.count(role) > 1]


def from_table(edited: pd.DataFrame, mapping: TableMapping) -> dict[str, Any]:
    """What the edited table of columns says, as parts of a mapping."""
    named = edited[edited["role"] != OWN]
    times = named[[is_time(mapping, role) for role in named["role"]]]
    written = {row.role: row.written for row in times.itertuples() if row.written and row.written != dates.ISO}
    agreed = {row.role: row.missing for row in named.itertuples() if row.missing and row.missing != "keep"}
    return {"columns": dict(zip(named["column"], named["role"], strict=True)), "dates": written, "missing": agreed}
