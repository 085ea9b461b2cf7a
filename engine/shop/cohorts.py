"""Do customers come back? By the month of their first order, how many ordered again in each month after it."""

import numpy as np
import pandas as pd

from engine import terms


def by_month(lines: pd.DataFrame) -> pd.DataFrame:
    """One row per month of first orders and month after it that is over, of `engine.shop.sales.lines`.

    month (its first day), customers (how many first ordered in it), after (1 is the month that follows), ordered (how
    many of them ordered in that month), share (ordered / customers). `after` is 0, with nothing about returning, once
    for each month: so a month that nothing follows yet has its size all the same. Months on record without a first
    order are left out. A month is over when the records reach its last day.
    """
    bought = lines[lines["quantity"] > 0]
    if bought.empty:
        return pd.DataFrame(columns=["month", "customers", "after", "ordered", "share"])
    end = lines["ordered_at"].max().normalize() + pd.Timedelta(days=1)
    over = end.year * 12 + end.month - 2  # the last month that is over, counted as _number does
    pairs = pd.DataFrame(
        {
            "customer": bought["customer_id"].cat.codes,
            "first": _number(bought["since"]),
            "at": _number(bought["ordered_at"]),
        }
    ).drop_duplicates()
    sizes = pairs.drop_duplicates("customer")["first"].value_counts().sort_index()
    counts = pairs.assign(after=pairs["at"] - pairs["first"]).groupby(["first", "after"]).size()
    return _table(sizes, counts, over)


def _table(sizes: pd.Series, counts: pd.Series, over: int) -> pd.DataFrame:
    rows: list[tuple] = []
    for first, customers in sizes.items():
        rows.append((first, customers, 0, np.nan, np.nan))
        for after in range(1, over - first + 1):
            ordered = int(counts.get((first, after), 0))
            rows.append((first, customers, after, ordered, terms.ratio(ordered, customers)))
    table = pd.DataFrame(rows, columns=["first", "customers", "after", "ordered", "share"])
    months = [pd.Timestamp(year=int(n) // 12, month=int(n) % 12 + 1, day=1) for n in table["first"]]
    table.insert(0, "month", pd.Series(months, index=table.index, dtype="datetime64[us]"))
    return table.drop(columns="first")


def _number(at: pd.Series) -> pd.Series:
    """Months counted from year 0: January 2026 is 2026 x 12."""
    return at.dt.year * 12 + at.dt.month - 1
