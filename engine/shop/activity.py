"""How the shop is doing lately: key figures of its orders, messages, ads and visits, beside the days before."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Literal

import numpy as np
import pandas as pd

from engine import terms
from engine.shop import sales
from engine.shop.features import totals_at
from engine.shop.store import Shop

Source = Literal["orders", "messages", "ads", "visits"]
Unit = Literal["count", "money", "price", "fraction"]  # a price is money to the cent

DAYS = sales.DAYS
WEEKS = 2 * DAYS // 7

UNITS: dict[str, Unit] = {
    "net_sales": "money", "orders": "count", "aov": "price", "new_customers": "count", "returning_customers": "count",
    "messages": "count", "click_rate": "fraction", "order_rate": "fraction", "unsubscribe_rate": "fraction",
    "impressions": "count", "ad_clicks": "count", "ad_ctr": "fraction", "ad_cost": "money", "ad_revenue": "money",
    "visits": "count", "visitors": "count", "carts": "count",
}  # fmt: skip

Values = dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Measure:
    """One key figure: of the period, of the one before (None: not recorded), and of each week of both, oldest first."""

    name: str
    unit: Unit
    now: float | None
    before: float | None
    weeks: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Activity:
    """Key figures of the days first..last beside as many days before, earlier_first..earlier_last, all included.

    is_whole: False where the records begin within the days before, which then compare with nothing. The first measure
    counts what the others are about.
    """

    source: Source
    first: date
    last: date
    earlier_first: date
    earlier_last: date
    is_whole: bool
    measures: tuple[Measure, ...]


def activity(shop: Shop) -> list[Activity]:
    """Key figures by what the shop records, its orders first; empty for a shop that records nothing yet."""
    found = [build(shop) for build in (_orders, _messages, _ads, _visits)]
    return [one for one in found if one is not None]


def _compared(source: Source, at: pd.Series, describe: Callable[[pd.Timestamp, pd.Timestamp], Values]) -> Activity:
    """`describe` gives the figures of the rows from one time until another; the last period ends with the last row."""
    end = at.max().normalize() + pd.Timedelta(days=1)
    middle, start = end - pd.Timedelta(days=DAYS), end - pd.Timedelta(days=2 * DAYS)
    is_whole = bool(at.min() < start + pd.Timedelta(days=1))
    now, before = describe(middle, end), describe(start, middle)
    edges = [start + pd.Timedelta(days=7 * week) for week in range(WEEKS + 1)]
    weeks = [describe(one, other) if other > at.min() else {} for one, other in pairwise(edges)]
    measures = tuple(
        Measure(name, UNITS[name], value, before[name] if is_whole else None, tuple(week.get(name) for week in weeks))
        for name, value in now.items()
    )
    day = timedelta(days=1)
    return Activity(source, middle.date(), end.date() - day, start.date(), middle.date() - day, is_whole, measures)


def _orders(shop: Shop) -> Activity | None:
    if not shop.rows("orders"):
        return None
    lines = sales.lines(shop)

    def describe(start: pd.Timestamp, end: pd.Timestamp) -> Values:
        found = sales.figures(lines, start, end)
        names = ("net_sales", "orders", "aov", "new_customers", "returning_customers")
        return {name: getattr(found, name) for name in names}

    return _compared("orders", lines["ordered_at"], describe)


def _messages(shop: Shop) -> Activity | None:
    """Of single deliveries; of a mail tool's totals where there are none."""
    rows = _sent(shop) if shop.rows("deliveries") else _totals(shop)
    if rows.empty:
        return None

    def describe(start: pd.Timestamp, end: pd.Timestamp) -> Values:
        inside = rows[(rows["at"] >= start) & (rows["at"] < end)]
        values: Values = {"messages": float(inside["messages"].sum())}
        for name, column in (("click_rate", "clicked"), ("order_rate", "ordered"), ("unsubscribe_rate", "left")):
            if rows[column].notna().any():  # a stage that nobody recorded is no figure
                known = inside[inside[column].notna()]
                values[name] = terms.ratio(float(known[column].sum()), float(known["messages"].sum()))
        return values

    return _compared("messages", rows["at"], describe)


def _sent(shop: Shop) -> pd.DataFrame:
    wanted = ("sent_at", "treated", "clicked", "converted", "unsubscribed")
    rows = shop.table("deliveries", [column for column in shop.columns("deliveries") if column in wanted])
    if "treated" in rows:
        rows = rows[rows["treated"].fillna(1.0).eq(1.0)]  # a held-out customer got no message
    stages = {"clicked": "clicked", "ordered": "converted", "left": "unsubscribed"}
    table = pd.DataFrame({ours: rows.get(theirs, np.nan) for ours, theirs in stages.items()}, index=rows.index)
    return table.assign(at=rows["sent_at"], messages=1.0).dropna(subset="at")


def _totals(shop: Shop) -> pd.DataFrame:
    if not (shop.rows("campaign_results") and shop.rows("campaigns")):
        return pd.DataFrame()
    rows = shop.table("campaign_results")
    sent = rows["delivered"].fillna(rows["recipients"]) if "delivered" in rows else rows["recipients"]
    stages = {"clicked": "clicked", "ordered": "orders", "left": "unsubscribed"}
    table = pd.DataFrame({ours: rows.get(theirs, np.nan) for ours, theirs in stages.items()}, index=rows.index)
    return table.assign(at=totals_at(rows, shop.table("campaigns")), messages=sent).dropna(subset="at")


def _ads(shop: Shop) -> Activity | None:
    if not shop.rows("ads"):
        return None
    rows = shop.table("ads")

    def describe(start: pd.Timestamp, end: pd.Timestamp) -> Values:
        inside = rows[(rows["date"] >= start) & (rows["date"] < end)]
        shown, clicks = float(inside["impressions"].sum()), float(inside["clicks"].sum())
        values: Values = {"impressions": shown, "ad_clicks": clicks, "ad_ctr": terms.ctr(clicks, shown)}
        money = {"ad_cost": "cost", "ad_revenue": "revenue"}
        return values | {name: float(inside[column].sum()) for name, column in money.items() if column in rows}

    return _compared("ads", rows["date"], describe)


def _visits(shop: Shop) -> Activity | None:
    if not shop.rows("events"):
        return None
    rows = shop.table("events", ["customer_id", "occurred_at", "kind"])

    def describe(start: pd.Timestamp, end: pd.Timestamp) -> Values:
        inside = rows[(rows["occurred_at"] >= start) & (rows["occurred_at"] < end)]
        carts = float(inside["kind"].eq("cart").sum())
        return {"visits": float(len(inside)), "visitors": float(inside["customer_id"].nunique()), "carts": carts}

    return _compared("visits", rows["occurred_at"], describe)
