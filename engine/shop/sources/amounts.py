"""Amounts of orders, exact to the cent: what belongs to a whole order shared out over its lines; other currencies."""

import numpy as np
import pandas as pd

from engine.shop.sources import cells
from engine.shop.sources.cells import filled, number
from engine.shop.sources.roles import ORDER_LEVEL
from engine.shop.store import ShopSettings
from engine.shop.tables import Problem

MONEY = (
    "unit_price",
    "discount",
    "line_total",
    "unit_discount",
    "refunded",
    "tax",
    "shipping",
    "cost",
    "revenue",
    *ORDER_LEVEL,
)
CENT = 100
HALF_A_CENT = 0.005
ODD = 0.05  # in money: more than rounding


def price(rows: pd.DataFrame) -> None:
    """unit_price and discount from what the export has instead: the line's total, or money off one unit."""
    quantity = number(rows, "quantity")
    if "unit_discount" in rows:
        rows["discount"] = number(rows, "discount") + number(rows, "unit_discount") * quantity
    if "line_total" not in rows:
        return
    total = pd.to_numeric(rows["line_total"], errors="coerce")
    if "unit_price" not in rows:
        # A line without a unit has no price of one; it is set aside for its quantity.
        whole = total + number(rows, "discount")
        rows["unit_price"] = (whole / quantity.where(quantity != 0)).where(quantity != 0, 0.0).where(total.notna())
    elif "discount" not in rows:
        gross = number(rows, "unit_price") * quantity
        rows["discount"] = (gross - total).round(4).where(total.notna(), 0.0)


def spread(rows: pd.DataFrame) -> dict[str, int]:
    """The order's discount, shipping, tax and refund on its lines, by what they cost; counts of orders worth a look.

    tax and shipping are as the order was charged, refunds or not. `returned` (true or false) says which lines came
    back: a refund is theirs first.
    """
    if not {*ORDER_LEVEL, "returned"} & set(rows):
        return {}
    order, flagged = cells.codes(rows["order_id"]), {}
    whole = {column: _once(rows, column, order) for column in ORDER_LEVEL}
    gross, own = number(rows, "quantity") * number(rows, "unit_price"), number(rows, "discount")
    if "order_subtotal" in rows or "order_discount" in rows:
        rest = whole["order_discount"]
        if "order_subtotal" in rows:
            goods = (gross - own).groupby(order).transform("sum")
            told = filled(_first(rows, "order_subtotal", order))
            odd = told & ((goods - whole["order_subtotal"]) < -ODD)
            flagged["order whose lines come to less than its subtotal (the subtotal holds)"] = order[odd].nunique()
            rest = (goods - whole["order_subtotal"]).where(told, rest)
        rows["discount"] = (own + shared(rest, gross - own, order)).round(4)
    net = gross - number(rows, "discount")
    for column in ("tax", "shipping"):
        if f"order_{column}" in rows and column not in rows:
            rows[column] = shared(whole[f"order_{column}"], net, order)
    if "order_refund" in rows or "returned" in rows:
        flagged |= _refund(rows, order, whole, net)
    return {reason: int(count) for reason, count in flagged.items() if count}


def _first(rows: pd.DataFrame, column: str, order: pd.Series) -> pd.Series:
    said = rows[column].where(filled(rows[column]))
    return said.groupby(order, sort=False).transform("first")


def _once(rows: pd.DataFrame, column: str, order: pd.Series) -> pd.Series:
    """An order's amount on each of its rows, from the first that has it."""
    if column not in rows:
        return pd.Series(0.0, rows.index)
    return pd.to_numeric(_first(rows, column, order), errors="coerce").fillna(0.0).astype("float64")


def _refund(rows: pd.DataFrame, order: pd.Series, whole: dict[str, pd.Series], net: pd.Series) -> dict[str, int]:
    goods = net.groupby(order).transform("sum")
    part = refunded_goods(goods, *(whole[f"order_{name}"] for name in ("refund", "tax", "shipping", "total")))
    back = net.where(rows["returned"], 0.0) if "returned" in rows else net * 0.0
    first = back.groupby(order).transform("sum")
    rest = (part - first).clip(lower=0.0)
    rows["refunded"] = (shared(first, back, order) + shared(rest, net - back, order)).round(4)
    some = (whole["order_refund"] > 0) & (part < goods - HALF_A_CENT)
    return {"refund of a part of an order, taken as goods and their tax (kept)": order[some].nunique()}


def refunded_goods(
    goods: pd.Series, refund: pd.Series, tax: pd.Series, shipping: pd.Series, total: pd.Series
) -> pd.Series:
    """The part of a refund that was paid for goods, in whole cents; all amounts are of one order each.

    A refund of the whole order gives back goods, tax and shipping, each as it was paid. A part of it is taken to be for
    goods and the tax on top of them, in their proportion, up to all the goods: a shop keeps the shipping.
    """
    on_top = tax.where((total - goods - shipping - tax).abs() <= (total - goods - shipping).abs(), 0.0)
    part = (refund * goods / (goods + on_top).replace(0.0, np.nan)).fillna(0.0).round(2)
    part = np.minimum(part, goods.clip(lower=0.0))
    return goods.where((total > 0) & (refund >= total - HALF_A_CENT), part)


def shared(amount: pd.Series, weight: pd.Series, order: pd.Series) -> pd.Series:
    """An order's amount (the same on each of its rows) shared out in cents by weight; the shares add up to it exactly.

    Largest remainder (Hamilton's method); equal parts where nothing weighs anything. What is less than a cent, from
    prices with more than two decimals, goes with the last cent.
    """
    positive = weight.clip(lower=0.0)
    whole = positive.groupby(order).transform("sum")
    even = 1.0 / order.groupby(order).transform("size")
    share = (positive / whole.replace(0.0, np.nan)).fillna(even)
    cents = (amount * CENT).round(6).round()
    exact = (share * cents.abs()).round(6)
    floor = np.floor(exact)
    left = cents.abs() - floor.groupby(order).transform("sum")
    rank = (exact - floor).groupby(order).rank(method="first", ascending=False)
    crumb = (amount - cents / CENT).round(4).where(rank == 1, 0.0)
    return ((floor + (rank <= left)) * np.sign(cents) / CENT + crumb).round(4)


# --- currencies ---


def without_rate(rows: pd.DataFrame, settings: ShopSettings) -> list[Problem]:
    """One problem for every row in a currency that the shop's settings have no rate for."""
    if "currency" not in rows:
        return []
    codes = rows["currency"].fillna("").astype("str").str.strip().str.upper()
    unknown = {code for code in codes.unique() if code and settings.rate(code) is None}
    return [
        (int(row), "currency", codes[row], f"currency {codes[row]} has no rate in the shop's settings")
        for row in rows.index[codes.isin(unknown)]
    ]


def converted(rows: pd.DataFrame, settings: ShopSettings) -> pd.DataFrame:
    """Amounts in the shop's currency, by the rates in shop.toml, to a hundredth of a cent."""
    if "currency" not in rows:
        return rows
    codes = rows["currency"].fillna("").astype("str").str.strip().str.upper()
    factor = codes.map({code: settings.rate(code) or 1.0 for code in codes.unique()}).astype("float64")
    if (factor == 1.0).all():
        return rows
    rows = rows.copy()
    for column in set(MONEY) & set(rows):
        amounts = pd.to_numeric(rows[column], errors="coerce")
        rows[column] = (amounts * factor).round(4).where(amounts.notna(), rows[column])
    return rows


def in_shop_currency(rows: pd.DataFrame, settings: ShopSettings) -> tuple[pd.DataFrame, list[Problem]]:
    """Amounts in the shop's currency; rows in a currency without a rate are set aside."""
    aside = without_rate(rows, settings)
    return converted(rows.drop(index=[row for row, *_ in aside]), settings), aside
