"""What people looked for and did not buy: searches without an order of a matching product in the days after."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from engine.model.rates import wilson
from engine.sentences import Sentence
from engine.shop import sales
from engine.shop.store import Shop

DAYS = 7  # after a search in which an order answers it
MOST = 50  # queries
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class Searches:
    """table: query, searches, searchers (customers), bought (searches followed by an order of a matching product within
    DAYS days), bought_anything, without (share not followed by a matching one), low, high (95 %), products (that match
    by name, category or brand), in_stock (of them; missing stock counts as in stock).

    Searches after which fewer than DAYS days of orders are known are left out. searches: all that count. missing: why
    there is nothing.
    """

    table: pd.DataFrame
    searches: int
    queries: int
    first: pd.Timestamp | None
    last: pd.Timestamp | None
    missing: Sentence | None = None


def searches(shop: Shop) -> Searches:
    """The queries with most searches that led to no matching order, those first."""
    rows = _searched(shop)
    if not len(rows):
        return Searches(pd.DataFrame(), 0, 0, None, None, Sentence("trends.needs_searches"))
    if not shop.rows("orders") or not shop.rows("products"):
        return Searches(pd.DataFrame(), len(rows), 0, None, None, Sentence("trends.searches_need"))
    orders = shop.table("orders", ["customer_id", "ordered_at", "product_id", "quantity"])
    orders = orders[orders["quantity"] > 0]
    known_until = orders["ordered_at"].max().normalize() + pd.Timedelta(days=1)
    rows = rows.assign(occurred_at=sales.moments(rows["occurred_at"], orders["ordered_at"]))
    rows = rows[rows["occurred_at"] <= known_until - pd.Timedelta(days=DAYS)]
    if not len(rows):
        return Searches(pd.DataFrame(), 0, 0, None, None, Sentence("trends.needs_searches"))
    catalogue = _catalogue(shop)
    top = rows["query"].value_counts().head(MOST).index
    by_query = {query: own for query, own in rows[rows["query"].isin(top)].groupby("query")}
    bought = _Bought(orders, rows["customer_id"])
    found = [_one(query, by_query[query], catalogue, bought) for query in top]
    table = pd.DataFrame(found)
    low, high = wilson((table["searches"] - table["bought"]).to_numpy("float64"), table["searches"].to_numpy("float64"))
    table = table.assign(without=1 - table["bought"] / table["searches"], low=low, high=high)
    table["unanswered"] = table["searches"] - table["bought"]
    table = table.sort_values(["unanswered", "query"], ascending=[False, True], ignore_index=True)
    first, last = rows["occurred_at"].min(), rows["occurred_at"].max()
    return Searches(table.drop(columns="unanswered"), len(rows), rows["query"].nunique(), first, last)


def _searched(shop: Shop) -> pd.DataFrame:
    if not {"kind", "query"} <= set(shop.columns("events")):
        return pd.DataFrame()
    rows = shop.table("events", ["customer_id", "occurred_at", "kind", "query"])
    rows = rows[rows["kind"].eq("search") & rows["query"].notna()]
    query = rows["query"].astype("str").str.strip().str.lower().str.replace(r"\s+", " ", regex=True)
    return rows.assign(query=query)[query.ne("")]


def _catalogue(shop: Shop) -> pd.DataFrame:
    """product_id, text (name, category and brand in small letters), in_stock."""
    present = shop.columns("products")
    table = shop.table(
        "products", [one for one in ("product_id", "name", "category", "brand", "stock") if one in present]
    )
    table = table.drop_duplicates("product_id")
    told = [table[one].astype("str").fillna("") for one in ("name", "category", "brand") if one in table]
    text = told[0].str.cat(told[1:], sep=" ").str.lower() if told else pd.Series("", table.index)
    stock = table["stock"].fillna(1.0) if "stock" in table else pd.Series(1.0, table.index)
    return pd.DataFrame({"product_id": table["product_id"], "text": text, "in_stock": stock > 0})


def matching(query: str, texts: pd.Series) -> np.ndarray:
    """Which texts have every word of a query, whole words with or without a plural's s; Chinese anywhere in the text.

    >>> matching("linen sheets", pd.Series(["linen sheet set", "linens", "sheets"])).tolist()
    [True, False, False]
    """
    found = np.ones(len(texts), dtype=bool)
    for word in query.split():
        if _CHINESE.search(word):
            found &= texts.str.contains(word, regex=False).to_numpy()
        else:
            stem = re.escape(word.removesuffix("s") if len(word) > 3 else word)
            found &= texts.str.contains(rf"\b{stem}(?:s|es)?\b", regex=True).to_numpy()
    return found


class _Bought:
    """Order lines by customer and time, to be asked who bought what within DAYS days."""

    def __init__(self, orders: pd.DataFrame, searchers: pd.Series) -> None:
        orders = orders[orders["customer_id"].isin(searchers.unique())]
        self.customers = pd.Index(searchers.unique())
        self.first = orders["ordered_at"].min() if len(orders) else pd.Timestamp(0)
        self.product = orders["product_id"].to_numpy(dtype=object)
        self.span = 10**10  # seconds, more than 300 years
        keys = self._keys(orders["customer_id"], orders["ordered_at"])
        sort = np.argsort(keys, kind="stable")
        self.keys, self.product = keys[sort], self.product[sort]

    def _keys(self, customers: pd.Series, at: pd.Series) -> np.ndarray:
        seconds = ((at - self.first) // pd.Timedelta(seconds=1)).to_numpy("int64")
        return np.asarray(self.customers.get_indexer(customers).astype("int64") * self.span + self.span // 2 + seconds)

    def within(self, rows: pd.DataFrame, products: set[str] | None) -> int:
        """How many searches were followed by an order, of these products or of any."""
        keys = self.keys
        if products is not None:
            keys = keys[np.isin(self.product, list(products))] if products else keys[:0]
        asked = self._keys(rows["customer_id"], rows["occurred_at"])
        low, high = np.searchsorted(keys, asked), np.searchsorted(keys, asked + DAYS * 86_400)
        return int((high > low).sum())


def _one(query: str, rows: pd.DataFrame, catalogue: pd.DataFrame, bought: _Bought) -> dict[str, object]:
    own = catalogue[matching(query, catalogue["text"])]
    return {
        "query": query,
        "searches": len(rows),
        "searchers": rows["customer_id"].nunique(),
        "bought": bought.within(rows, set(own["product_id"])),
        "bought_anything": bought.within(rows, None),
        "products": len(own),
        "in_stock": int(own["in_stock"].sum()),
    }
