"""What a shop holds: each table with its rows and the days it spans."""

import pandas as pd
import pyarrow.parquet as pq

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
