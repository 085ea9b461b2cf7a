"""Public data sets that people try a tool with.

UCI Online Retail and Online Retail II: one row a line, times without a zone. An invoice that begins with C is a
cancellation, with negative quantities and a number of its own: it counts as a return on its day. A quarter of the rows
has no customer: what they are cannot be told, and they are set aside. POST, D, M and the like are postage, discounts
and corrections: money the customer paid or got, kept and counted. Invoices with A are the book-keeper's, below 0.

Taobao's user behaviour (Tianchi's UserBehavior.csv): no header; user, item, category, what was done (pv, fav, cart,
buy) and when, in seconds since 1970. Nothing has a price.
"""

import pandas as pd

from engine.shop import dates
from engine.shop.sources import lines
from engine.shop.sources.taken import Source, Taken
from engine.shop.store import ShopSettings

NO_GOODS = ("POST", "DOT", "C2", "D", "M", "S", "B", "BANK CHARGES", "AMAZONFEE", "CRUK", "ADJUST", "ADJUST2")
BEHAVIOUR = ("user_id", "item_id", "category_id", "behavior_type", "timestamp")
KINDS = {"pv": "view", "fav": "wishlist", "cart": "cart", "buy": "purchase"}


def retail(frame: pd.DataFrame, settings: ShopSettings) -> Taken:
    """Order lines; those that are no product are counted."""
    rows = frame.copy()
    # Spreadsheets and their copies have the number of a customer as 17850.0, as some are missing.
    rows["customer_id"] = rows["customer_id"].astype("str").str.strip().str.removesuffix(".0")
    taken = lines.take(rows, settings)
    codes = taken.frame["product_id"].fillna("").astype("str").str.strip().str.upper()
    odd = int(codes.isin(NO_GOODS).sum())
    if odd:
        taken.flagged["line of postage, a discount or a correction (kept)"] = odd
    return taken


def is_behaviour(first: list[str]) -> bool:
    """Whether a row is one of Taobao's user behaviour: three numbers, what was done, a time in seconds."""
    if len(first) != len(BEHAVIOUR) or first[3] not in KINDS:
        return False
    return all(first[place].isdigit() for place in (0, 1, 2, 4))


def behaviour(frame: pd.DataFrame, settings: ShopSettings) -> Taken:
    """Taobao's user behaviour: what was looked at, put in the cart and bought. Without prices it makes no orders."""
    rows = frame.copy()
    said = rows["kind"].astype("str").str.strip()
    rows["kind"] = said.map(KINDS).fillna(said)
    bought = int(rows["kind"].eq("purchase").sum())
    notes = [f"{bought:,} purchases have no price here: they are kept as events, and money needs a file of orders."]
    columns = ["customer_id", "occurred_at", "kind", "product_id"]
    products = rows[["product_id", "product.category"]].drop_duplicates("product_id")
    products = products.rename(columns={"product.category": "category"}).assign(name=products["product_id"])
    return Taken("events", rows[columns], derived={"products": products}, notes=notes if bought else [])


SOURCES = (
    Source(
        "uci_online_retail",
        "UCI Online Retail",
        "orders",
        {
            "order_id": ("Invoice", "InvoiceNo"),
            "product_id": ("StockCode",),
            "product_name": ("Description",),
            "quantity": ("Quantity",),
            "ordered_at": ("InvoiceDate",),
            "unit_price": ("Price", "UnitPrice"),
            "customer_id": ("Customer ID", "CustomerID"),
            "customer.country": ("Country",),
        },
        ("order_id", "product_id", "product_name", "quantity", "ordered_at", "unit_price", "customer_id"),
        retail,
    ),
    Source(
        "taobao_behaviour",
        "Taobao: user behaviour",
        "events",
        {
            "customer_id": ("user_id",),
            "product_id": ("item_id",),
            "product.category": ("category_id",),
            "kind": ("behavior_type",),
            "occurred_at": ("timestamp",),
        },
        ("customer_id", "product_id", "product.category", "kind", "occurred_at"),
        behaviour,
        header=BEHAVIOUR,
        dates={"occurred_at": dates.EPOCH},
    ),
)
