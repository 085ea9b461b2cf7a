"""What the shop sold: key figures of a period and net sales by week.

Net = after discounts, returns and refunds, on the day of the order; a return line counts on the day of the return.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from engine import terms
from engine.errors import NotEnoughData
from engine.shop.store import Shop

COLUMNS = ["order_id", "customer_id", "ordered_at", "quantity", "unit_price"]
DAYS = 28  # whole weeks: a period with one Saturday more than the other would look like a change


@dataclass(frozen=True, slots=True)
class Figures:
    """Sales of the days first..last, both included. A customer is new who had no order before `first`."""

    first: date
    last: date
    net_sales: float
    orders: int
    aov: float | None
    new_customers: int
    returning_customers: int


def weekly(shop: Shop) -> pd.DataFrame:
    """week (its first day), net_sales, orders; only weeks wholly between the first and the last order."""
    sold = lines(shop)
    ends = "SAT" if shop.settings.week_starts == "sunday" else "SUN"
    days = sold["ordered_at"].dt.to_period(f"W-{ends}")
    weeks = sold.assign(week=days.dt.start_time, bought=sold["order_id"].where(sold["quantity"] > 0))
    table = weeks.groupby("week").agg(net_sales=("net", "sum"), orders=("bought", "nunique"))
    table = table.asfreq("7D", fill_value=0).reset_index()
    first, last = sold["ordered_at"].min().normalize(), sold["ordered_at"].max().normalize()
    whole = (table["week"] >= first) & (table["week"] + timedelta(days=6) <= last)
    return table[whole].reset_index(drop=True)


def lines(shop: Shop) -> pd.DataFrame:
    """Order lines with what the customer paid for each as `net`, and when that customer first bought as `since`."""
    orders = shop.table("orders")
    if orders.empty:
        raise NotEnoughData("This shop has no orders yet. Import a file of orders and come back.")
    given = [orders[name].fillna(0.0) for name in ("discount", "refunded") if name in orders]
    since = orders["ordered_at"].where(orders["quantity"] > 0).groupby(orders["customer_id"]).transform("min")
    return orders[COLUMNS].assign(net=orders["quantity"] * orders["unit_price"] - sum(given), since=since)


def figures(lines: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp) -> Figures:
    """Key figures of the lines ordered from `start` until before `end`."""
    inside = lines[(lines["ordered_at"] >= start) & (lines["ordered_at"] < end)]
    bought = inside[inside["quantity"] > 0]
    buyers = int(bought["customer_id"].nunique())
    returning = int(bought.loc[bought["since"] < start, "customer_id"].nunique())
    net, orders = float(inside["net"].sum()), int(bought["order_id"].nunique())
    last = (end - pd.Timedelta(days=1)).date()
    return Figures(start.date(), last, net, orders, terms.aov(net, orders), buyers - returning, returning)
