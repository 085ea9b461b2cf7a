"""Order lines out of an export: order-level amounts spread over the lines to the cent; whom and what they name."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from engine import privacy
from engine.shop.sources.roles import CONTACT, ORDER_LEVEL
from engine.shop.sources.taken import Taken
from engine.shop.store import ShopSettings
from engine.shop.tables import TABLES, Problem

MONEY = ("unit_price", "discount", "line_total", "unit_discount", "refunded", "tax", "shipping", *ORDER_LEVEL)
CENT = 100
GUEST = "guest-"


def take(
    frame: pd.DataFrame, settings: ShopSettings, reject: Callable[[pd.DataFrame], list[Problem]] | None = None
) -> Taken:
    """Orders, with the customers, products and contacts their rows name.

    `reject` gives the rows that are no sale (unpaid, cancelled before it was paid, a test), after order-level cells
    were filled in on every row of the order. Where the export has no customer's number, the e-mail address is the
    key, else the phone number; an order with neither is kept as a guest's.
    """
    rows = frame.copy()
    _fill_orders(rows)
    aside = reject(rows) if reject is not None else []
    rows, foreign = in_shop_currency(rows.drop(index=[row for row, *_ in aside]), settings)
    aside += foreign
    personal: frozenset[str] = frozenset()
    if "customer_id" not in rows and set(CONTACT) & set(rows):
        personal = key_customers(rows)
    _price(rows)
    _spread(rows)
    if "product_id" in rows and "product_name" in rows:
        rows["product_id"] = rows["product_id"].where(filled(rows["product_id"]), rows["product_name"])
    lines = rows[[column for column in TABLES["orders"].columns if column in rows]]
    return Taken("orders", lines, aside, _derived(rows), personal, _guests(rows))


def _guests(rows: pd.DataFrame) -> dict[str, int]:
    if "customer_id" not in rows:
        return {}
    own = rows["customer_id"].astype("str") == GUEST + rows["order_id"].astype("str")
    count = int(rows.loc[own, "order_id"].nunique())
    return {"order of a guest without e-mail or phone (kept)": count} if count else {}


def filled(column: pd.Series) -> pd.Series:
    """Where a column says something."""
    return column.notna() & column.astype("str").str.strip().ne("")


def number(rows: pd.DataFrame, column: str) -> pd.Series:
    """A column as numbers; 0 where it is absent, empty or no number."""
    if column not in rows:
        return pd.Series(0.0, rows.index)
    return pd.to_numeric(rows[column], errors="coerce").fillna(0.0).astype("float64")


def _fill_orders(rows: pd.DataFrame) -> None:
    """Order-level cells on every row of their order: exports write them on its first row only."""
    if "order_id" not in rows:
        return
    of_the_line = {
        "order_id", "product_id", "product_name", "quantity", "unit_price", "discount", "line_total", "unit_discount",
        "tax", "shipping", "refunded",
    }  # fmt: skip
    for column in rows.columns.difference(list(of_the_line)):
        if column.startswith("product."):
            continue
        empty = ~filled(rows[column])
        if empty.any():
            first = rows[column].where(~empty).groupby(rows["order_id"], sort=False).transform("first")
            rows[column] = rows[column].where(~empty, first)


def in_shop_currency(rows: pd.DataFrame, settings: ShopSettings) -> tuple[pd.DataFrame, list[Problem]]:
    """Amounts in the shop's currency, by the rates in shop.toml; rows in a currency without one are set aside."""
    if "currency" not in rows:
        return rows, []
    codes = rows["currency"].astype("str").str.strip().str.upper()
    rates = {code: settings.rate(code) for code in codes[filled(codes)].unique()}
    unknown = codes.isin([code for code, rate in rates.items() if rate is None])
    aside: list[Problem] = [
        (int(row), "currency", codes[row], f"currency {codes[row]} has no rate in the shop's settings")
        for row in rows.index[unknown]
    ]
    rows, codes = rows[~unknown].copy(), codes[~unknown]
    factor = codes.map(rates).fillna(1.0).astype("float64")
    if (factor != 1.0).any():
        for column in set(MONEY) & set(rows):
            amounts = pd.to_numeric(rows[column], errors="coerce")
            rows[column] = (amounts * factor).round(4).where(amounts.notna(), rows[column])
    return rows, aside


def key_customers(rows: pd.DataFrame) -> frozenset[str]:
    """Gives every row a customer_id by e-mail, else phone, else as a guest's; returns the ids that are personal."""
    key = pd.Series(None, rows.index, dtype="object")
    for column, normal in (("email", privacy.normal_email), ("phone", privacy.normal_phone)):
        if column in rows:
            spelled = {said: normal(said) for said in rows[column].dropna().astype("str").unique()}
            found = rows[column].astype("str").map(spelled)
            key = key.where(key.notna(), found.where(filled(found), None))
    nobody = key.isna()
    order = rows["order_id"].astype("str") if "order_id" in rows else pd.Series(rows.index, rows.index).astype("str")
    rows["customer_id"] = key.where(~nobody, GUEST + order)
    return frozenset(key.dropna().astype("str").unique())


def _price(rows: pd.DataFrame) -> None:
    """unit_price and discount from what the export has instead: the line's total, or money off one unit."""
    quantity = number(rows, "quantity")
    if "unit_price" not in rows and "line_total" in rows:
        total = pd.to_numeric(rows["line_total"], errors="coerce")
        # A line without a unit has no price of one; it is set aside for its quantity.
        rows["unit_price"] = (total / quantity.where(quantity != 0)).where(quantity != 0, 0.0).where(total.notna())
    elif "line_total" in rows and "discount" not in rows:
        gross = number(rows, "unit_price") * quantity
        total = pd.to_numeric(rows["line_total"], errors="coerce")
        rows["discount"] = (gross - total).round(4).where(total.notna(), 0.0)
    if "unit_discount" in rows:
        rows["discount"] = number(rows, "discount") + number(rows, "unit_discount") * quantity


def _spread(rows: pd.DataFrame) -> None:
    """The order's discount, shipping, tax and refund, each shared out over its lines by what they cost."""
    if not set(ORDER_LEVEL) & set(rows):
        return
    order = rows["order_id"]
    gross = number(rows, "quantity") * number(rows, "unit_price")
    own = number(rows, "discount")
    if "order_subtotal" in rows or "order_discount" in rows:
        rest = number(rows, "order_discount")
        if "order_subtotal" in rows:
            goods = (gross - own).groupby(order).transform("sum")
            rest = (goods - number(rows, "order_subtotal")).where(filled(rows["order_subtotal"]), rest)
        rows["discount"] = (own + shared(rest, gross - own, order)).round(4)
    net = gross - number(rows, "discount")
    for column, whole in (("tax", "order_tax"), ("shipping", "order_shipping")):
        if whole in rows and column not in rows:
            rows[column] = shared(number(rows, whole), net, order)
    if "order_refund" in rows:
        _refund(rows, net, order)


def _refund(rows: pd.DataFrame, net: pd.Series, order: pd.Series) -> None:
    """`refunded` is the part of a refund that was paid for goods.

    A refund of the whole order gives back goods, tax and shipping, each as it was paid. A part of it is taken to be for
    goods and the tax on top of them, in their proportion: a shop keeps the shipping.
    """
    refund, goods = number(rows, "order_refund"), net.groupby(order).transform("sum")
    tax, shipping = number(rows, "order_tax"), number(rows, "order_shipping")
    total = number(rows, "order_total")
    on_top = tax.where((total - goods - shipping - tax).abs() <= (total - goods - shipping).abs(), 0.0)
    whole = (total > 0) & (refund >= total - 0.005)
    part = (refund * goods / (goods + on_top).replace(0.0, np.nan)).fillna(0.0)
    rows["refunded"] = shared(goods.where(whole, part.round(2)), net, order)
    for column in ("tax", "shipping"):
        if column in rows:
            given_back = whole if column == "shipping" else whole | False
            rows[column] = rows[column].where(~given_back, 0.0)


def shared(amount: pd.Series, weight: pd.Series, order: pd.Series) -> pd.Series:
    """An order's amount (the same on each of its rows) shared out in cents by weight; the shares add up to it exactly.

    Largest remainder (Hamilton's method); equal parts where nothing weighs anything.
    """
    positive = weight.clip(lower=0.0)
    whole = positive.groupby(order).transform("sum")
    even = 1.0 / order.groupby(order).transform("size")
    share = (positive / whole.replace(0.0, np.nan)).fillna(even)
    cents = (amount * CENT).round()
    exact = (share * cents.abs()).round(6)
    floor = np.floor(exact)
    left = cents.abs() - floor.groupby(order).transform("sum")
    rank = (exact - floor).groupby(order).rank(method="first", ascending=False)
    return ((floor + (rank <= left)) * np.sign(cents) / CENT).round(2)


def _derived(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Customers, products and contacts that the rows tell of, one row each, by the last row that says something."""
    derived: dict[str, pd.DataFrame] = {}
    in_time = rows.sort_values("ordered_at", kind="stable") if "ordered_at" in rows else rows
    if "customer_id" in rows:
        consents = [column for column in TABLES["customers"].columns if column in rows]
        derived["customers"] = last_said(in_time, "customer_id", consents, "customer.")
        contacts = [column for column in CONTACT if column in rows]
        if contacts:
            derived["contacts"] = last_said(in_time, "customer_id", ["customer_id", *contacts], "")
    if "product_id" in rows and "product_name" in rows:
        renamed = in_time.rename(columns={"product_name": "name"})
        renamed["price"] = pd.to_numeric(in_time["unit_price"], errors="coerce")
        products = last_said(renamed, "product_id", ["product_id", "name", "price"], "product.")
        derived["products"] = products.assign(name=products["name"].fillna(products["product_id"]))
    return {name: table for name, table in derived.items() if len(table.columns) > 1 or name == "customers"}


def last_said(rows: pd.DataFrame, key: str, columns: list[str], prefix: str) -> pd.DataFrame:
    """One row for each key with the last filled value of every column; columns with the prefix lose it."""
    own = [column for column in rows if prefix and column.startswith(prefix)]
    kept = rows.loc[filled(rows[key]), [key, *(c for c in columns if c != key), *own]]
    values = {column: kept[column].where(filled(kept[column])) for column in kept.columns if column != key}
    table = pd.DataFrame({key: kept[key], **values}).groupby(key, sort=False).last().reset_index()
    return table.rename(columns={column: column.removeprefix(prefix) for column in own})
