"""Public data sets that people try a tool with."""

import pandas as pd

from engine.shop import dates
from engine.shop.sources import lines
from engine.shop.sources.taken import Source, Taken
from engine.shop.store import ShopSettings

BEHAVIOUR = ("user_id", "item_id", "category_id", "behavior_type", "timestamp")
KINDS = {"pv": "view", "fav": "wishlist", "cart": "cart", "buy": "purchase"}


def retail(frame: pd.DataFrame, settings: ShopSettings) -> Taken:
    """UCI Online Retail: a row without a customer's number cannot be told from a guest's, and is set aside."""
    return lines.take(frame, settings)


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
