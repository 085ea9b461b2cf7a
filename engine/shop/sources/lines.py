"""Order lines out of an export: order-level cells on every line, amounts to the cent, whom and what the lines name."""

from collections.abc import Callable

import pandas as pd

from engine.shop.sources import amounts, cells
from engine.shop.sources.cells import filled
from engine.shop.sources.roles import CONTACT
from engine.shop.sources.taken import Taken
from engine.shop.store import ShopSettings
from engine.shop.tables import TABLES, Problem

_OF_THE_LINE = (
    "order_id", "product_id", "product_name", "quantity", "unit_price", "discount", "line_total", "unit_discount",
    "tax", "shipping", "refunded", "line_status", "line_gross", "price_before", "quantity_kept", "product_code",
    "returned",
)  # fmt: skip
Reject = Callable[[pd.DataFrame], list[Problem]]


def take(frame: pd.DataFrame, settings: ShopSettings, reject: Reject | None = None) -> Taken:
    """Orders, with the customers, products and contacts their rows name.

    `reject` gives the rows that are no sale (unpaid, cancelled before it was paid, a test), after order-level cells
    were filled in on every row of the order. Where the export has no customer's number, the e-mail address is the
    key, else the phone number; an order with neither is kept as a guest's.
    """
    rows = frame.copy()
    fill_orders(rows)
    aside = reject(rows) if reject is not None else []
    rows = rows.drop(index=[row for row, *_ in aside])
    foreign = amounts.without_rate(rows, settings)
    rows = rows.drop(index=[row for row, *_ in foreign])
    personal, flagged = _key_customers(rows)
    amounts.price(rows)
    flagged |= amounts.spread(rows)
    rows = amounts.converted(rows, settings)  # after the spread: an order adds up in the currency it was paid in
    if "product_name" in rows:
        own = rows["product_id"] if "product_id" in rows else rows["product_name"]
        rows["product_id"] = own.where(filled(own), rows["product_name"])
    lines = rows[[column for column in TABLES["orders"].columns if column in rows]]
    return Taken("orders", lines, aside + foreign, derived(rows), personal, flagged)


def fill_orders(rows: pd.DataFrame) -> None:
    """Order-level cells on every row of their order: exports write them on its first row only."""
    if "order_id" not in rows:
        return
    order = cells.codes(rows["order_id"])
    for column in rows.columns.difference(list(_OF_THE_LINE)):
        if str(column).startswith("product."):
            continue
        empty = ~filled(rows[column])
        if empty.any():
            first = rows[column].where(~empty).groupby(order, sort=False).transform("first")
            rows[column] = rows[column].where(~empty, first)


def _key_customers(rows: pd.DataFrame) -> tuple[frozenset[str], dict[str, int]]:
    """Gives every order a customer_id; returns which ids are personal, and how many orders are of nobody known.

    Where some rows have the customer's number and others only an address, the number that an address had holds for it.
    """
    if not {"email", "phone"} & set(rows) or "order_id" not in rows:
        return frozenset(), {}
    contact, own = cells.contact(rows), pd.Series(None, rows.index, dtype="object")
    if "customer_id" in rows:
        own = rows["customer_id"].where(filled(rows["customer_id"]), None).astype("object")
        numbers = own[own.notna() & contact.notna()].groupby(contact).last()
        own = own.where(own.notna(), contact.map(numbers))
    key = own.where(own.notna(), contact)
    personal = frozenset(key[own.isna()].dropna().astype("str").unique())
    nobody = key.isna()
    rows["customer_id"] = key.where(~nobody, "guest-" + rows["order_id"].astype("str"))
    guests = int(rows.loc[nobody, "order_id"].nunique())
    return personal, {"order of a guest without e-mail or phone (kept)": guests} if guests else {}


def derived(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Customers, products and contacts that the rows tell of, one row each, by the last row that says something."""
    tables: dict[str, pd.DataFrame] = {}
    in_time = rows.sort_values("ordered_at", kind="stable") if "ordered_at" in rows else rows
    if "customer_id" in rows:
        own = [column for column in TABLES["customers"].columns if column in rows]
        tables["customers"] = last_said(in_time, "customer_id", own, "customer.")
        reached = [column for column in CONTACT if column in rows]
        if reached:
            contacts = last_said(in_time, "customer_id", reached, "")
            tables["contacts"] = contacts[contacts[reached].notna().any(axis=1)].reset_index(drop=True)
    if "product_id" in rows and "product_name" in rows:
        renamed = in_time.rename(columns={"product_name": "name"})
        if "unit_price" in in_time:
            renamed["price"] = pd.to_numeric(in_time["unit_price"], errors="coerce")
        products = last_said(renamed, "product_id", [c for c in ("name", "price") if c in renamed], "product.")
        # One that no row names is a product all the same: its lines are sales.
        tables["products"] = products.assign(name=products["name"].fillna(products["product_id"]))
    return tables


def last_said(rows: pd.DataFrame, key: str, columns: list[str], prefix: str) -> pd.DataFrame:
    """One row for each key with the last filled value of every column; columns with the prefix lose it."""
    own = [column for column in rows if prefix and str(column).startswith(prefix)]
    kept = rows.loc[filled(rows[key]), [key, *(c for c in columns if c != key), *own]]
    values = {column: kept[column].where(filled(kept[column])) for column in kept.columns if column != key}
    table = pd.DataFrame({key: kept[key], **values}).groupby(key, sort=False).last().reset_index()
    return table.rename(columns={column: column.removeprefix(prefix) for column in own})
