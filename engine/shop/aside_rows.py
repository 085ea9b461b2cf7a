"""Rows that could not be used: each with its file, line, reason and values, in `set_aside/<table>.csv`."""

import json

import pandas as pd

from engine import privacy
from engine.shop import store
from engine.shop.gate import Sheet
from engine.shop.proposal import Proposal, renamed
from engine.shop.sources import roles
from engine.shop.tables import Checked, Problem

COLUMNS = ["file", "line", "column", "value", "reason", "row"]


def of_check(rows: pd.DataFrame, checked: Checked) -> list[Problem]:
    """What a check set aside, by the row of the file."""
    places = rows.index.to_numpy()[checked.set_aside["row"].astype("int64")]
    said = checked.set_aside[["column", "value", "reason"]].itertuples(index=False)
    return [(int(place), *row) for place, row in zip(places, said, strict=True)]


def of(proposal: Proposal, problems: list[Problem]) -> pd.DataFrame:
    """Every row of the file that is not kept: file, line (the header is line 1), column, value, reason, and the row."""
    sheet, name = proposal.sheet, proposal.mapping.table
    # What is set aside lies open beside the tables: whose row it was is not for it to tell.
    ours = renamed(sheet.frame.drop(columns=proposal.personal), proposal.mapping)
    ours = ours.drop(columns=[column for column in ours if column in (*roles.CONTACT, roles.IGNORED)])
    lost = sorted(problems, key=lambda problem: problem[0])
    places = [row for row, *_ in lost]
    ours = pd.DataFrame({column: _nobodys(name, column, ours[column].iloc[places]) for column in ours})
    columns = [str(column) for _, column, _, _ in lost]
    said = pd.Series(["" if value is None or value != value else str(value) for _, _, value, _ in lost], dtype="str")
    masked = privacy.masked(said)
    open_ones = [_is_open(name, column) for column in columns]
    return pd.DataFrame(
        {
            "file": sheet.name,
            "line": sheet.lines[places],
            "column": columns,
            "value": said.where(open_ones, masked).to_numpy(),
            "reason": [reason for *_, reason in lost],
            "row": [json.dumps(row, ensure_ascii=False) for row in ours.to_dict("records")],
        },
        columns=COLUMNS,
    )


def _is_open(table: str, column: str) -> bool:
    """Whether a column may be shown as it is: ids are needed to find the row again, and look like phone numbers."""
    return roles.kind(table, column) == "id" and column != "customer_id"


def _nobodys(table: str, column: str, cells: pd.Series) -> pd.Series:
    """Cells as text in which nobody is named."""
    texts = cells.astype("str").fillna("")
    return texts if _is_open(table, column) else privacy.masked(texts)


def ragged(sheet: Sheet) -> pd.DataFrame:
    """Rows of which nobody can tell which field is which column."""
    width = sheet.frame.shape[1]
    return pd.DataFrame(
        [
            (sheet.name, line, "", "", f"{'more' if len(fields) > width else 'fewer'} fields than the header",
             json.dumps({"fields": privacy.masked(pd.Series(fields, dtype="str")).tolist()}, ensure_ascii=False))
            for line, fields in zip(sheet.ragged["line"], sheet.ragged["fields"], strict=True)
        ],
        columns=COLUMNS,
    )  # fmt: skip


def with_older(shop: store.Shop, name: str, frames: list[pd.DataFrame], again: set[str]) -> pd.DataFrame:
    """What a table's list of rows set aside becomes with these; the same row of the same file is told once.

    `again` names files that were read before and now in another way: what was told of them then no longer holds.
    """
    path = shop.path / "set_aside" / f"{name}.csv"
    old = [pd.read_csv(path, dtype=str, keep_default_na=False)] if path.exists() else []
    old = [rows[~rows["file"].isin(again)] for rows in old]
    rows = pd.concat([*old, *frames], ignore_index=True).astype({"line": "str"})
    return rows.drop_duplicates(ignore_index=True)


def set_aside(shop: store.Shop) -> dict[str, pd.DataFrame]:
    """What was set aside, by table: columns file, line, column, value, reason, row."""
    return {
        path.stem: pd.read_csv(path, dtype=str, keep_default_na=False)
        for path in sorted((shop.path / "set_aside").glob("*.csv"))
    }


def reasons(shop: store.Shop) -> pd.DataFrame:
    """table, reason, rows of what was set aside, the most frequent of each table first."""
    found = [pd.DataFrame(columns=["table", "reason", "rows"])]
    for path in sorted((shop.path / "set_aside").glob("*.csv")):
        counts = pd.read_csv(path, usecols=["reason"], dtype=str, keep_default_na=False)["reason"].value_counts()
        found.append(pd.DataFrame({"table": path.stem, "reason": counts.index, "rows": counts.to_numpy()}))
    return pd.concat(found, ignore_index=True).astype({"rows": "int64"})
