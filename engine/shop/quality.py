"""Can the figures be believed? Net sales by month with what may set them apart from the shop system's own, the rows of
every table over time, and what became of the rows of each file.

A month's figures are kept in cells: sums over lines that are alike in what may be counted or left out. What any choice
of lines comes to can then be said exactly (engine.shop.gap), overlaps included: the tax of cancelled lines.
"""

import json
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from engine.errors import StoreProblem
from engine.shop import sales
from engine.shop.store import Shop
from engine.shop.tables import TABLES, typed

MONEY = ("gross", "discounts", "returns", "refunds", "net", "tax", "shipping")
COUNTED = ("lines", "duplicates", "free_lines")
COLUMNS = [
    "month", "gross", "discounts", "returns", "net", "orders", "customers", "tax", "shipping", "refunds", "lines",
    "duplicates", "duplicates_value", "free_lines", "set_aside_rows", "set_aside_value", "set_aside_unread", "cells",
]  # fmt: skip
STATUS, SET_ASIDE = "status|", "set_aside|"  # a column for each status and for each reason
WEEKS_UP_TO = 400  # days: longer than that, months are counted, not weeks
_BLANK = ("", "nan", "None", "<NA>", "NaN", "NaT")  # how an empty cell is written in the text of a row


@dataclass(frozen=True, slots=True)
class Cell:
    """Lines of one month that are alike: kept (reason "") or set aside for a reason, of a status, copies or not.

    Money; returns hold the refunds, net = gross - discounts - returns.
    """

    reason: str
    status: str
    is_copy: bool
    gross: float
    discounts: float
    returns: float
    refunds: float
    net: float
    tax: float
    shipping: float


# --- money by month ---


def reconciliation(shop: Shop) -> pd.DataFrame:
    """One row per month with COLUMNS, a column "status|NAME" per status and "set_aside|REASON" per reason (net values).

    month: its first day; months without a line between the first and the last are there with zeros. Orders, customers
    and money as in engine.shop.sales; tax, shipping and refunds are missing where the shop records none. duplicates:
    lines equal to an earlier one in every column (kept; the value is that of the copies). free_lines: of price 0.
    set_aside_value: quantity x unit price - discount - refunded of rows set aside from orders. Rows whose month or
    value cannot be read stand in a row of their own, whose month is missing; set_aside_unread counts those without a
    value. Empty for a shop without order lines.
    """
    orders = shop.table("orders") if shop.rows("orders") else pd.DataFrame(columns=list(TABLES["orders"].columns))
    kept, aside = _kept(orders), set_aside_lines(shop)
    every = pd.concat([part for part in (kept, aside) if len(part)]) if len(kept) or len(aside) else kept
    table = pd.DataFrame(index=_months(kept["month"], aside["month"]))
    sums = kept.groupby("month")[[*MONEY, *COUNTED]].sum()
    table = table.join(sums).fillna(0.0)
    sold = kept[kept["sold"]].groupby("month")
    for name, column in (("orders", "order_id"), ("customers", "customer_id")):
        table[name] = sold[column].nunique().reindex(table.index).fillna(0)
    for name, column in (("tax", "tax"), ("shipping", "shipping"), ("refunds", "refunded")):
        if column not in orders or not orders[column].notna().any():
            table[name] = float("nan")
    table["duplicates_value"] = _by_month(kept[kept["is_copy"]], table.index)
    table = table.assign(**_aside_columns(aside, table.index), cells=_cells(every, table.index))
    table = table.join(_pivoted(kept[kept["status"] != ""], "status", STATUS, table.index))
    table = table.join(_pivoted(aside, "reason", SET_ASIDE, table.index))
    counts = ["orders", "customers", "lines", "duplicates", "free_lines", "set_aside_rows", "set_aside_unread"]
    table = table.astype(dict.fromkeys(counts, "int64"))
    table.index.name = "month"
    return table.reset_index()[[*COLUMNS, *(c for c in table if str(c).startswith((STATUS, SET_ASIDE)))]]


def by_month(table: pd.DataFrame) -> list[dict]:
    """`reconciliation` as JSON: money to a hundredth of a cent; months as 2026-01, None for the row without one."""
    found = []
    for row in table.drop(columns="cells").to_dict("records"):
        month = None if pd.isna(row["month"]) else f"{row['month']:%Y-%m}"
        own = {name: _plain(row[name]) for name in COLUMNS if name in row and name != "month"}
        parts = {"by_status": _under(row, STATUS), "set_aside_by_reason": _under(row, SET_ASIDE)}
        found.append({"month": month, **own, **parts})
    return found


def _under(row: dict, start: str) -> dict[str, float | None]:
    """The columns whose names begin so, by the rest of their names."""
    return {name.removeprefix(start): _plain(value) for name, value in row.items() if str(name).startswith(start)}


def _plain(value: float) -> float | None:
    return None if pd.isna(value) else round(value, 4)


def _kept(orders: pd.DataFrame) -> pd.DataFrame:
    """The shop's order lines with month, MONEY, COUNTED, sold, is_copy, status and reason ("")."""
    money = sales.parts(orders.astype({"quantity": "float64", "unit_price": "float64"}))
    copies = copied(orders)
    return money.assign(
        tax=_known(orders, "tax"),
        shipping=_known(orders, "shipping"),
        month=first_of_month(orders["ordered_at"]),
        order_id=orders["order_id"],
        customer_id=orders["customer_id"],
        status=_status(orders),
        reason="",
        is_copy=copies,
        sold=orders["quantity"].astype("float64") > 0,
        lines=1,
        duplicates=copies.astype("int64"),
        free_lines=(orders["unit_price"].astype("float64") == 0).astype("int64"),
    )


def copied(orders: pd.DataFrame) -> pd.Series:
    """True for each order line that equals an earlier one in every column."""
    copies = pd.Series(False, orders.index)
    # Few lines share order and product: only those are compared in full.
    alike = orders[orders.duplicated(["order_id", "product_id"], keep=False)]
    copies[alike.index[alike.duplicated()]] = True
    return copies


def first_of_month(times: pd.Series) -> pd.Series:
    return times.astype("datetime64[us]").dt.to_period("M").dt.start_time.astype("datetime64[us]")


def _known(lines: pd.DataFrame, column: str) -> pd.Series:
    return lines[column].astype("float64").fillna(0.0) if column in lines else pd.Series(0.0, lines.index)


def _status(lines: pd.DataFrame) -> pd.Series:
    if "status" not in lines:
        return pd.Series("", lines.index, dtype="str")
    status = lines["status"].astype("str").str.strip()
    return status.where(lines["status"].notna() & ~status.isin(_BLANK), "")


def _months(kept: pd.Series, aside: pd.Series) -> pd.DatetimeIndex:
    """Every month from the first line to the last, those of rows set aside, and a missing one for what has none."""
    whole = pd.date_range(kept.min(), kept.max(), freq="MS") if kept.notna().any() else pd.DatetimeIndex([])
    months = whole.union(pd.DatetimeIndex(aside.dropna().unique())).sort_values().as_unit("us")
    return months.append(pd.DatetimeIndex([pd.NaT]).as_unit("us")) if aside.isna().any() else months


def _by_month(lines: pd.DataFrame, months: pd.Index, column: str = "net") -> pd.Series:
    return lines.groupby("month", dropna=False)[column].sum().reindex(months).fillna(0.0)


def _aside_columns(aside: pd.DataFrame, months: pd.Index) -> dict[str, pd.Series]:
    rows, unread = aside.assign(one=1.0), aside.assign(one=aside["unread"].astype("float64"))
    return {
        "set_aside_rows": _by_month(rows, months, "one"),
        "set_aside_value": _by_month(aside, months),
        "set_aside_unread": _by_month(unread, months, "one"),
    }


def _pivoted(lines: pd.DataFrame, column: str, start: str, months: pd.Index) -> pd.DataFrame:
    """Net value of each value of `column`, the largest first, by month."""
    sums = lines.groupby(["month", column], dropna=False)["net"].sum().unstack()
    order = sums.abs().sum().sort_values(ascending=False, kind="stable").index
    return sums[order].reindex(months).fillna(0.0).rename(columns=lambda name: f"{start}{name}")


def _cells(lines: pd.DataFrame, months: pd.Index) -> pd.Series:
    """The cells of each month as a tuple."""
    found: dict[pd.Timestamp, list[Cell]] = {}
    sums = lines.groupby(["month", "reason", "status", "is_copy"])[list(MONEY)].sum()
    for (month, reason, status, is_copy), row in zip(sums.index, sums.to_dict("records"), strict=True):
        found.setdefault(month, []).append(Cell(reason, status, bool(is_copy), **row))
    return pd.Series([tuple(found.get(month, ())) for month in months], months, dtype="object")


# --- rows set aside ---


def set_aside_lines(shop: Shop) -> pd.DataFrame:
    """Rows set aside from orders, in their own words read again: month, MONEY, status, reason, is_copy, unread.

    Where month or value cannot be read the month is missing, and without a value the money is 0 and `unread` True. A
    row that stands in several files counts once, as it would have done had it been kept.
    """
    aside = _once(_aside_file(shop))
    rows = pd.DataFrame([_row(text) for text in aside["row"]], index=aside.index)
    rows = rows.reindex(columns=list(TABLES["orders"].columns)).astype("str")
    rows = rows.where(~rows.isin(_BLANK), "")
    read, problems = typed("orders", rows, shop.settings.time_zone)
    # 0 and beyond the largest are readable numbers, though no usable quantities.
    read["quantity"] = pd.to_numeric(rows["quantity"], errors="coerce").astype("float64")
    amounts = ("discount", "refunded", "tax", "shipping")
    garbled = {index for index, column, *_ in problems if column in amounts}
    unread = read["quantity"].isna() | read["unit_price"].isna() | read.index.isin(garbled)
    money = sales.parts(read).assign(tax=_known(read, "tax"), shipping=_known(read, "shipping"))
    money[unread] = 0.0
    return money.assign(
        month=first_of_month(read["ordered_at"]).where(~unread),
        status=_status(rows),
        reason=aside["reason"],
        is_copy=aside.duplicated(["file", "row"]) & ~unread,
        unread=unread,
    )


def _aside_file(shop: Shop) -> pd.DataFrame:
    path = shop.path / "set_aside" / "orders.csv"
    columns = ["file", "line", "reason", "row"]
    if not path.exists():
        return pd.DataFrame(columns=columns, dtype="str")
    try:
        aside = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise StoreProblem(f"{path} cannot be read ({error}). Import the orders again.") from error
    return aside.reindex(columns=columns).fillna("").reset_index(drop=True)


def _once(aside: pd.DataFrame) -> pd.DataFrame:
    """Each row as often as the file that holds it most often: exports that overlap bring the same rows again."""
    if aside["file"].nunique() < 2:
        return aside
    often = aside.groupby(["row", "file"], sort=False)["line"].transform("size")
    ranked = aside.assign(often=often).sort_values("often", ascending=False, kind="stable")
    own = ranked.groupby("row", sort=False)["file"].transform("first")
    return aside.loc[ranked.index[ranked["file"] == own].sort_values()].reset_index(drop=True)


def _row(text: str) -> dict:
    try:
        row = json.loads(text)
    except ValueError:
        return {}
    return row if isinstance(row, dict) else {}


# --- rows over time ---


def volumes(shop: Shop) -> pd.DataFrame:
    """table, unit ("week" or "month", one for all), start (first day), rows: periods without a row are there with 0.

    A row counts in the period of its table's first time column. Rows without a date stand in a period of their own,
    whose start is missing. Weeks where all dates lie within WEEKS_UP_TO days; they begin as the shop's weeks do.
    """
    times = {name: times for name in TABLES if (times := _times(shop, name)) is not None}
    dated = [one for one in times.values() if one.notna().any()]
    if not dated:
        return pd.DataFrame({"table": [], "unit": [], "start": pd.Series(dtype="datetime64[us]"), "rows": []})
    span = max(one.max() for one in dated) - min(one.min() for one in dated)
    unit: Literal["week", "month"] = "week" if span.days <= WEEKS_UP_TO else "month"
    week = "W-SAT" if shop.settings.week_starts == "sunday" else "W-SUN"
    counted = [_counted(one, week if unit == "week" else "M").assign(table=name) for name, one in times.items()]
    return pd.concat(counted, ignore_index=True).assign(unit=unit)[["table", "unit", "start", "rows"]]


def _times(shop: Shop, name: str) -> pd.Series | None:
    """When each row of a table was, by its first time column; None without rows or without such a column."""
    column = next((column for column, kind in TABLES[name].columns.items() if kind == "time"), None)
    if column is None or not shop.rows(name) or column not in shop.columns(name):
        return None
    return shop.table(name, [column])[column]


def _counted(times: pd.Series, freq: str) -> pd.DataFrame:
    periods = times.dropna().dt.to_period(freq)
    counts = periods.value_counts().sort_index()
    if len(counts):
        counts = counts.reindex(pd.period_range(counts.index[0], counts.index[-1], freq=freq), fill_value=0)
    found = pd.DataFrame({"start": pd.PeriodIndex(counts.index, freq=freq).start_time, "rows": counts.to_numpy()})
    undated = int(times.isna().sum())
    missing = pd.DataFrame({"start": [pd.NaT], "rows": [undated]}) if undated else found.head(0)
    return pd.concat([found.astype({"start": "datetime64[us]"}), missing.astype({"start": "datetime64[us]"})])


# --- rows in = kept + set aside ---


def counts(shop: Shop) -> pd.DataFrame:
    """table, file, at, rows_in, kept, set_aside of every file brought in; a count nobody recorded is missing."""
    return sources(shop)[["table", "file", "at", "rows_in", "kept", "set_aside"]]


def sources(shop: Shop) -> pd.DataFrame:
    """`counts` with sha256 of each file, and encoding, delimiter and mapping (a dict) that it was read by."""
    path = shop.path / "sources.json"
    try:
        files = json.loads(path.read_text(encoding="utf-8"))["files"] if path.exists() else {}
        rows = [{"table": one["table"], "file": one["name"], **one} for one in files.values()]
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise StoreProblem(f"{path} cannot be read ({error}). Bring the files in again.") from error
    columns = ["table", "file", "at", "rows_in", "kept", "set_aside", "sha256", "encoding", "delimiter", "mapping"]
    found = pd.DataFrame(rows).reindex(columns=columns)
    return found.astype(dict.fromkeys(("rows_in", "kept", "set_aside"), "Int64"))
