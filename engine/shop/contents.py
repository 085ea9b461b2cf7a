"""What a shop holds: in a few numbers, and each table with its rows and the days it spans."""

from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd
import pyarrow.parquet as pq

from engine.errors import NotEnoughData
from engine.shop import features
from engine.shop.store import Shop
from engine.shop.tables import TABLES


def contents(shop: Shop) -> pd.DataFrame:
    """table, rows, first, last of every table the shop has; first and last are missing where a table has no dates."""
    rows = []
    for name, table in TABLES.items():
        if not shop.has(name):
            continue
        # The first time column says when a row happened; later ones (ends_at, unsubscribed_at) are consequences.
        column = next((c for c, kind in table.columns.items() if kind == "time"), None)
        first = last = pd.NaT
        if column is not None and shop.rows(name) and column in pq.read_schema(shop.file(name)).names:
            dates = shop.table(name, [column])[column]
            first, last = dates.min(), dates.max()
        rows.append((name, shop.rows(name), first, last))
    frame = pd.DataFrame(rows, columns=["table", "rows", "first", "last"])
    return frame.astype({"first": "datetime64[us]", "last": "datetime64[us]"})


@dataclass(frozen=True, slots=True)
class Holdings:
    """How much a shop holds. last_day: of its last order, event, delivery or ad; None where there is none."""

    orders: int
    customers: int
    last_day: date | None


def holdings(shop: Shop) -> Holdings:
    """Orders that sold something (not lines, not returns alone), customers known, and the last day of the data."""
    lines = shop.table("orders", ["order_id", "quantity"]) if shop.has("orders") else None
    orders = int(lines.loc[lines["quantity"] > 0, "order_id"].nunique()) if lines is not None else 0
    try:
        customers = len(features.customers(shop))
    except NotEnoughData:
        customers = 0
    try:
        last = features.default_as_of(shop) - timedelta(days=1)
    except NotEnoughData:
        last = None
    return Holdings(orders, customers, last)
