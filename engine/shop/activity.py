"""How the shop is doing lately: key figures of its orders, messages, ads and visits, beside earlier days."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Literal

import numpy as np
import pandas as pd

from engine import terms
from engine.shop import compare, sales
from engine.shop.big_days import keeps_chinese_days
from engine.shop.compare import DAYS, Comparison, Span
from engine.shop.features import totals_at
from engine.shop.store import Shop

Source = Literal["orders", "messages", "ads", "visits"]
Unit = Literal["count", "money", "price", "fraction"]  # a price is money to the cent

UNITS: dict[str, Unit] = {
    "net_sales": "money", "orders": "count", "aov": "price", "new_customers": "count", "returning_customers": "count",
    "repeat_rate": "fraction", "gross_sales": "money", "discount_rate": "fraction", "returns": "money",
    "return_rate": "fraction", "messages": "count", "click_rate": "fraction", "order_rate": "fraction",
    "unsubscribe_rate": "fraction", "impressions": "count", "ad_clicks": "count", "ad_ctr": "fraction",
    "ad_cost": "money", "ad_revenue": "money", "visits": "count", "visitors": "count", "carts": "count",
}  # fmt: skip
OF_ORDERS = tuple(UNITS)[:10]
# Who is new is told by the orders before: a period that the records begin with would have new customers only.
OF_HISTORY = ("new_customers", "returning_customers", "repeat_rate")
HISTORY_DAYS = 91
COUNTED = ("orders", "messages", "impressions", "visits")
# Days of a step of the line beside a figure, and how many steps: a period of one point would be no line.
TRENDS: dict[Span, tuple[int, int]] = {"week": (7, 8), "month": (7, 8), "year": (28, 26)}

When = Literal["now", "before", "last_year"]
Values = dict[str, float | None]
Describe = Callable[[pd.Timestamp, pd.Timestamp], Values]


@dataclass(frozen=True, slots=True)
class Measure:
    """One key figure: of the period, of the days before it and of last year (None: not recorded); and its trend.

    trend: of each step of Activity.step_days up to the end of the period, the oldest first.
    """

    name: str
    unit: Unit
    now: float | None
    before: float | None
    last_year: float | None
    trend: tuple[float | None, ...]

    def change(self, earlier: float | None) -> float | None:
        """Against an earlier value: relative, 0.1 is 10 % more; of a fraction the difference, 0.1 is 10 points."""
        if self.now is None or earlier is None:
            return None
        return self.now - earlier if self.unit == "fraction" else terms.lift(earlier, self.now)


@dataclass(frozen=True, slots=True)
class Activity:
    """Key figures of the days first..last beside earlier ones, all included.

    begins: the first day on record. last_year: None where the days before are last year. short_history: which of the
    three have fewer than HISTORY_DAYS, or than the period is long, on record before them; OF_HISTORY of earlier days
    is then None, as nobody can say who was new.
    """

    source: Source
    span: Span
    first: date
    last: date
    begins: date
    before: Comparison
    last_year: Comparison | None
    step_days: int
    short_history: frozenset[When]
    measures: tuple[Measure, ...]

    @property
    def recorded_days(self) -> int:
        """Days of the period that the records cover: fewer where they begin within it."""
        return (self.last - max(self.first, self.begins)).days + 1

    @property
    def history_days(self) -> int:
        """Days that must be on record before a period, for anybody in it to be called new."""
        return max(DAYS[self.span], HISTORY_DAYS)

    @property
    def counted(self) -> Measure:
        """The number of what the figures are about: orders, messages, impressions, visits."""
        return next(one for one in self.measures if one.name in COUNTED)


@dataclass(frozen=True, slots=True)
class _Recorded:
    """When things were recorded, and the figures of those from one time until another."""

    source: Source
    at: pd.Series
    describe: Describe


def activity(shop: Shop, lines: pd.DataFrame | None = None) -> dict[Span, list[Activity]]:
    """Key figures of each span by what the shop records, its orders first; empty lists where it records nothing yet.

    Each period ends with the last row of its source. lines: as `sales.lines` gives them, where they were read already.
    """
    if lines is None and shop.rows("orders"):
        lines = sales.lines(shop)
    built = [_orders(lines), *(build(shop) for build in (_messages, _ads, _visits))]
    recorded, chinese = [one for one in built if one is not None], keeps_chinese_days(shop)
    return {span: [_compared(one, span, chinese) for one in recorded] for span in DAYS}


def _compared(recorded: _Recorded, span: Span, chinese: bool) -> Activity:
    end = recorded.at.max().normalize() + pd.Timedelta(days=1)
    first, last, begins = _day(end, DAYS[span]), _day(end, 1), recorded.at.min().date()
    before = compare.before(first, last, begins, chinese)
    last_year = None if span == "year" else compare.last_year(first, last, begins, chinese)
    starts: dict[When, date] = {"now": first, "before": before.first}
    if last_year is not None:
        starts["last_year"] = last_year.first
    needed = max(DAYS[span], HISTORY_DAYS)
    short = frozenset(when for when, start in starts.items() if (start - begins).days < needed)
    now = recorded.describe(pd.Timestamp(first), end)
    then, year = _of(before, recorded, "before" in short), _of(last_year, recorded, "last_year" in short)
    trend = _trend(recorded, end, *TRENDS[span])
    measures = tuple(
        Measure(name, UNITS[name], value, then.get(name), year.get(name), tuple(one.get(name) for one in trend))
        for name, value in now.items()
    )
    step, _ = TRENDS[span]
    return Activity(recorded.source, span, first, last, begins, before, last_year, step, short, measures)


def _trend(recorded: _Recorded, end: pd.Timestamp, step: int, steps: int) -> list[Values]:
    """The figures of each step of days up to `end`; nothing for one that the records do not cover wholly."""
    edges = [end - pd.Timedelta(days=step * back) for back in range(steps, -1, -1)]
    begins, trend = recorded.at.min().normalize(), list[Values]()
    for start, following in pairwise(edges):
        values = recorded.describe(start, following) if start >= begins else {}
        is_short = (start - begins).days < HISTORY_DAYS
        trend.append(_known(values, is_short))
    return trend


def _known(values: Values, is_short: bool) -> Values:
    """Without who was new, where the records begin shortly before."""
    return {name: value for name, value in values.items() if not (is_short and name in OF_HISTORY)}


def _day(end: pd.Timestamp, days: int) -> date:
    return (end - pd.Timedelta(days=days)).date()


def _of(comparison: Comparison | None, recorded: _Recorded, is_short: bool) -> Values:
    """The figures of earlier days; none where the records do not reach back over all of them."""
    if comparison is None or not comparison.is_recorded:
        return {}
    end = pd.Timestamp(comparison.last) + pd.Timedelta(days=1)
    return _known(recorded.describe(pd.Timestamp(comparison.first), end), is_short)


def _orders(lines: pd.DataFrame | None) -> _Recorded | None:
    if lines is None:
        return None

    def describe(start: pd.Timestamp, end: pd.Timestamp) -> Values:
        found = sales.figures(lines, start, end)
        return {name: getattr(found, name) for name in OF_ORDERS}

    return _Recorded("orders", lines["ordered_at"], describe)


def _messages(shop: Shop) -> _Recorded | None:
    """Of single deliveries; of a mail tool's totals where there are none."""
    rows = _sent(shop) if shop.rows("deliveries") else _totals(shop)
    if rows.empty:
        return None
    rows = rows.sort_values("at", kind="stable")

    def describe(start: pd.Timestamp, end: pd.Timestamp) -> Values:
        inside = sales.between(rows, start, end, "at")
        values: Values = {"messages": float(inside["messages"].sum())}
        for name, column in (("click_rate", "clicked"), ("order_rate", "ordered"), ("unsubscribe_rate", "left")):
            if rows[column].notna().any():  # a stage that nobody recorded is no figure
                known = inside[inside[column].notna()]
                values[name] = terms.ratio(float(known[column].sum()), float(known["messages"].sum()))
        return values

    return _Recorded("messages", rows["at"], describe)


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


def _ads(shop: Shop) -> _Recorded | None:
    if not shop.rows("ads"):
        return None
    wanted = ("date", "impressions", "clicks", "cost", "revenue")
    present = [name for name in shop.columns("ads") if name in wanted]
    rows = shop.table("ads", present).sort_values("date", kind="stable")

    def describe(start: pd.Timestamp, end: pd.Timestamp) -> Values:
        inside = sales.between(rows, start, end, "date")
        shown, clicks = float(inside["impressions"].sum()), float(inside["clicks"].sum())
        values: Values = {"impressions": shown, "ad_clicks": clicks, "ad_ctr": terms.ctr(clicks, shown)}
        money = {"ad_cost": "cost", "ad_revenue": "revenue"}
        return values | {name: float(inside[column].sum()) for name, column in money.items() if column in rows}

    return _Recorded("ads", rows["date"], describe)


def _visits(shop: Shop) -> _Recorded | None:
    if not shop.rows("events"):
        return None
    rows = shop.table("events", ["customer_id", "occurred_at", "kind"]).sort_values("occurred_at", kind="stable")
    rows["customer_id"] = rows["customer_id"].astype("category")

    def describe(start: pd.Timestamp, end: pd.Timestamp) -> Values:
        inside = sales.between(rows, start, end, "occurred_at")
        carts = float(inside["kind"].eq("cart").sum())
        return {"visits": float(len(inside)), "visitors": float(inside["customer_id"].nunique()), "carts": carts}

    return _Recorded("visits", rows["occurred_at"], describe)
