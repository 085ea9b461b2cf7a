"""What was sold week by week, read once for every question about trends."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from engine.errors import NotEnoughData
from engine.sentences import Sentence
from engine.shop.store import Shop

FEWEST_WEEKS = 13  # a quarter: in less, one good week is a trend


@dataclass(frozen=True, slots=True)
class Sold:
    """lines: order and product (as numbers), day (days since `first`), units, price (paid per unit, after discount),
    listed (per unit, before it), of lines that sell something. products: product_id of each number. category: of each
    number, missing where unknown. first: the day of the first order, `days` whole days of data, up to `as_of`.
    """

    lines: pd.DataFrame
    products: np.ndarray
    category: pd.Series
    first: pd.Timestamp
    days: int

    @property
    def as_of(self) -> pd.Timestamp:
        """The first instant that nothing is known of."""
        return self.first + pd.Timedelta(days=self.days)

    @property
    def weeks(self) -> int:
        """Whole weeks, counted back from `as_of`: a week that has begun is no week yet."""
        return self.days // 7

    def week_of(self, day: np.ndarray) -> np.ndarray:
        """0 for the first whole week; below 0 for days before it."""
        return np.asarray((day - (self.days - 7 * self.weeks)) // 7)


def sold(shop: Shop) -> Sold:
    """Raises NotEnoughData without orders, or with fewer than FEWEST_WEEKS weeks of them."""
    if not shop.rows("orders"):
        raise NotEnoughData(Sentence("trends.needs_orders"))
    wanted = ("order_id", "ordered_at", "product_id", "quantity", "unit_price", "discount")
    rows = shop.table("orders", [one for one in shop.columns("orders") if one in wanted])
    rows = rows[(rows["quantity"] > 0) & (rows["unit_price"] >= 0)]
    if not len(rows):
        raise NotEnoughData(Sentence("trends.needs_orders"))
    first, last = rows["ordered_at"].min().normalize(), rows["ordered_at"].max().normalize()
    days = int((last - first).days) + 1
    if days // 7 < FEWEST_WEEKS:
        raise NotEnoughData(Sentence("trends.few_weeks", {"weeks": days // 7, "needed": FEWEST_WEEKS}))
    order, _ = pd.factorize(rows["order_id"])
    product, products = pd.factorize(rows["product_id"])
    off = rows["discount"].fillna(0.0).to_numpy("float64") if "discount" in rows else np.zeros(len(rows))
    units, listed = rows["quantity"].to_numpy("float64"), rows["unit_price"].to_numpy("float64")
    lines = pd.DataFrame(
        {
            "order": order, "product": product, "units": units, "listed": listed,
            "day": ((rows["ordered_at"] - first) // pd.Timedelta(days=1)).to_numpy("int64"),
            "price": np.maximum(listed - off / units, 0.0),
        }
    )  # fmt: skip
    return Sold(lines, np.asarray(products, dtype=object), _categories(shop, np.asarray(products)), first, days)


def _categories(shop: Shop, products: np.ndarray) -> pd.Series:
    if "category" not in shop.columns("products"):
        return pd.Series(None, index=range(len(products)), dtype="object")
    known = shop.table("products", ["product_id", "category"]).drop_duplicates("product_id")
    return known.set_index("product_id")["category"].reindex(products).reset_index(drop=True)


def names(shop: Shop) -> pd.Series:
    """Names of products by product_id; empty where the shop has none."""
    if "name" not in shop.columns("products"):
        return pd.Series(dtype="object")
    known = shop.table("products", ["product_id", "name"]).drop_duplicates("product_id")
    return known.set_index("product_id")["name"].dropna()


def orders_by_week(found: Sold, of: pd.Series) -> pd.DataFrame:
    """Orders with something of each value of `of` (by product number), one row per value, one column per whole week.

    Orders, not units: one wholesale order is no trend.
    """
    week = found.week_of(found.lines["day"].to_numpy())
    about = of.to_numpy(dtype=object)[found.lines["product"].to_numpy()]
    rows = pd.DataFrame({"about": about, "week": week, "order": found.lines["order"]})
    rows = rows[(rows["week"] >= 0) & rows["about"].notna()].drop_duplicates()
    table = rows.groupby(["about", "week"]).size().unstack(fill_value=0)
    return table.reindex(columns=range(found.weeks), fill_value=0)
