"""What the shop sold: key figures of a period, its products, and net sales by week.

    gross     = quantity x unit price of what was bought
    discounts = discount of the same lines
    returns   = what was paid for the lines sent back (quantity below 0) + refunds without a return
    net       = gross - discounts - returns

A return counts on the day of the return; a refund, which has no date, on the day of the order.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from engine import terms
from engine.errors import NotEnoughData
from engine.shop.store import Shop

COLUMNS = ["order_id", "customer_id", "ordered_at", "product_id", "quantity", "unit_price", "discount", "refunded"]
IDS = ["order_id", "customer_id", "product_id"]
TOP = 10  # products listed


@dataclass(frozen=True, slots=True)
class Figures:
    """Sales of the days first..last, both included. Money in the shop's currency; rates are fractions.

    A customer is new who had no order before `first`, else returning. repeat_rate: of the customers who bought, those
    who had bought before `first` or in two orders or more since. discount_rate, return_rate: shares of gross sales.
    """

    first: date
    last: date
    net_sales: float
    gross_sales: float
    discounts: float
    returns: float
    orders: int
    aov: float | None
    new_customers: int
    returning_customers: int
    repeat_customers: int
    repeat_rate: float | None
    discount_rate: float | None
    return_rate: float | None


@dataclass(frozen=True, slots=True)
class Products:
    """top: the products that earned most. sold: how many different ones were bought or came back.

    Columns product_id, name, category, net_sales, share (of all net sales; missing where those are not above 0), units
    (bought), returned_units, orders.
    """

    top: pd.DataFrame
    sold: int


def lines(shop: Shop) -> pd.DataFrame:
    """Order lines by time: ids (as categories), ordered_at, quantity, and money as gross, discounts, returns, net.

    `since`: when the customer first bought; missing for one who never did. Raises NotEnoughData without orders.
    """
    present = shop.columns("orders")
    orders = shop.table("orders", [name for name in COLUMNS if name in present])
    if orders.empty:
        raise NotEnoughData("This shop has no orders yet. Import a file of orders and come back.")
    orders = orders.sort_values("ordered_at", kind="stable", ignore_index=True)
    orders[IDS] = orders[IDS].astype("category")  # counted many times over: numbers are counted faster than texts
    bought_at = orders["ordered_at"].where(orders["quantity"] > 0)
    since = bought_at.groupby(orders["customer_id"].cat.codes).transform("min")
    money = parts(orders)[["gross", "discounts", "returns", "net"]]
    return orders[[*IDS, "ordered_at", "quantity"]].join(money).assign(since=since)


def parts(orders: pd.DataFrame) -> pd.DataFrame:
    """Per order line, in money: gross, discounts, returns (refunds among them), refunds, net.

    net = gross - discounts - returns, as in `lines`. A column the shop does not record counts as 0.
    """
    value, sold = orders["quantity"] * orders["unit_price"], orders["quantity"] > 0
    off, refunds = (
        orders[name].fillna(0.0) if name in orders else pd.Series(0.0, orders.index)
        for name in ("discount", "refunded")
    )
    return pd.DataFrame(
        {
            "gross": value.where(sold, 0.0),
            "discounts": off.where(sold, 0.0),
            "returns": (off - value).where(~sold, 0.0) + refunds,
            "refunds": refunds,
            "net": value - off - refunds,
        }
    )


def moments(at: pd.Series, ordered_at: pd.Series) -> pd.Series:
    """The instants from which orders count as later than `at`.

    Where the shop's orders say a day and no hour, every one is at 00:00, before what was sent or searched on its own
    day: there whole days are compared, and that day's orders count as later.
    """
    by_day = ordered_at.dropna().eq(ordered_at.dropna().dt.normalize()).all()
    return at.dt.normalize() if by_day else at


def between(rows: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp, at: str = "ordered_at") -> pd.DataFrame:
    """The rows from `start` until before `end`, of rows that are sorted by `at`."""
    first, last = rows[at].searchsorted([start, end])
    return rows.iloc[first:last]


def figures(lines: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp) -> Figures:
    """Key figures of the lines ordered from `start` until before `end`."""
    inside = between(lines, start, end)
    gross, discounts, returns = (float(inside[name].sum()) for name in ("gross", "discounts", "returns"))
    bought = inside[inside["quantity"] > 0]
    orders = bought.drop_duplicates(["customer_id", "order_id"])
    # `since` is the same in all rows of a customer.
    _, first_row, placed = np.unique(orders["customer_id"].cat.codes, return_index=True, return_counts=True)
    is_returning = (orders["since"].iloc[first_row] < start).to_numpy()
    repeat = int((is_returning | (placed >= 2)).sum())
    net, ordered = gross - discounts - returns, int(bought["order_id"].nunique())
    return Figures(
        first=start.date(),
        last=(end - pd.Timedelta(days=1)).date(),
        net_sales=net,
        gross_sales=gross,
        discounts=discounts,
        returns=returns,
        orders=ordered,
        aov=terms.aov(net, ordered),
        new_customers=int((~is_returning).sum()),
        returning_customers=int(is_returning.sum()),
        repeat_customers=repeat,
        repeat_rate=terms.ratio(repeat, len(placed)),
        discount_rate=terms.ratio(discounts, gross),
        return_rate=terms.ratio(returns, gross),
    )


def products(shop: Shop, lines: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp) -> Products:
    """What was sold from `start` until before `end`, by product, those that earned most first."""
    inside = between(lines, start, end)
    is_bought = inside["quantity"] > 0
    table = (
        inside.assign(
            units=inside["quantity"].where(is_bought, 0.0),
            returned_units=-inside["quantity"].mask(is_bought, 0.0),
            bought=inside["order_id"].where(is_bought),
        )
        .groupby("product_id", observed=True)
        .agg(
            net_sales=("net", "sum"),
            units=("units", "sum"),
            returned_units=("returned_units", "sum"),
            orders=("bought", "nunique"),
        )
        .reset_index()
        .astype({"product_id": "str"})
    )
    whole = float(table["net_sales"].sum())
    table["share"] = table["net_sales"] / (whole if whole > 0 else float("nan"))
    table = table.sort_values(["net_sales", "product_id"], ascending=[False, True], ignore_index=True)
    top = _named(shop, table.head(TOP))
    wanted = ["product_id", "name", "category", "net_sales", "share", "units", "returned_units", "orders"]
    return Products(top[wanted], len(table))


def _named(shop: Shop, table: pd.DataFrame) -> pd.DataFrame:
    """With name and category of each product; its id where the shop has no name for it."""
    present = [name for name in shop.columns("products") if name in ("product_id", "name", "category")]
    known = shop.table("products", present) if present else pd.DataFrame({"product_id": pd.Series(dtype="str")})
    known = (
        known.drop_duplicates("product_id").set_index("product_id").reindex(columns=["name", "category"]).astype("str")
    )
    named = table.join(known, on="product_id")
    return named.assign(name=named["name"].fillna(named["product_id"]))


def weekly(lines: pd.DataFrame, week_starts: str) -> pd.DataFrame:
    """week (its first day), net_sales, orders; only weeks wholly between the first and the last order."""
    ends = "SAT" if week_starts == "sunday" else "SUN"
    starts = lines["ordered_at"].dt.to_period(f"W-{ends}").dt.start_time
    bought = lines["order_id"].where(lines["quantity"] > 0)
    weeks = pd.DataFrame({"week": starts, "net": lines["net"], "bought": bought})
    table = weeks.groupby("week").agg(net_sales=("net", "sum"), orders=("bought", "nunique"))
    table = table.asfreq("7D", fill_value=0).reset_index()
    first, last = lines["ordered_at"].min().normalize(), lines["ordered_at"].max().normalize()
    whole = (table["week"] >= first) & (table["week"] + timedelta(days=6) <= last)
    return table[whole].reset_index(drop=True)
