"""What past launches sold in their first weeks, beside what a usual product of their category sold at that time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from engine.errors import NotEnoughData
from engine.sentences import Sentence
from engine.shop.features import default_as_of
from engine.shop.store import Shop

FIRST_DAYS = 56  # of the shop's orders: what sells in them may have been there before
USUAL_DAYS = 90  # before a launch, over which the usual product of its category is looked at
MOST_LAUNCHES = 1_000  # more say little more, and take longer
FEWEST_UNITS = 100  # a season is read off no fewer


@dataclass(frozen=True, slots=True)
class History:
    """The shop's sales before `as_of`; gifts and returns are no sales.

    lines: customer_id, product_id, day, quantity, paid (after discount), list_value.
    daily: units by product (position in `products`) and day, of products that the shop describes.
    products: by product_id: name, category ("" unknown), brand ("" unknown), price, launched_at, description.
    """

    lines: pd.DataFrame
    daily: pd.DataFrame
    products: pd.DataFrame
    as_of: pd.Timestamp
    begins: pd.Timestamp


def history(shop: Shop, as_of: date | None = None) -> History:
    """Everything launches are read from. Raises NotEnoughData for a shop without products or orders."""
    table = shop.table("products").drop_duplicates("product_id", keep="last").set_index("product_id")
    end = pd.Timestamp(as_of or default_as_of(shop))
    columns = ["customer_id", "product_id", "ordered_at", "quantity", "unit_price", "discount"]
    lines = shop.table("orders", [name for name in columns if name in shop.columns("orders")])
    value = lines["quantity"] * lines["unit_price"]
    paid = value - (lines["discount"].fillna(0.0) if "discount" in lines else 0.0)
    sold = (lines["quantity"] > 0) & (lines["ordered_at"] < end) & (paid > 0)
    if not sold.any():
        raise NotEnoughData(Sentence("refused.no_orders"))
    kept = lines.loc[sold, ["customer_id", "product_id", "quantity"]]
    kept = kept.assign(day=lines["ordered_at"].dt.normalize(), paid=paid, list_value=value).reset_index(drop=True)
    products = _products(table, lines)
    return History(kept, _daily(kept, products), products, end, kept["day"].min())


def _daily(lines: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    described = lines[["day", "quantity"]].assign(product=products.index.get_indexer(lines["product_id"]))
    described = described[described["product"] >= 0]
    return described.groupby(["product", "day"], as_index=False)["quantity"].sum()


def _products(table: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    def column(name: str) -> pd.Series:
        return table[name] if name in table else pd.Series(index=table.index, dtype="object")

    texts = {name: column(name).astype("object").fillna("").astype(str) for name in _TEXTS}
    price = pd.to_numeric(column("price"), errors="coerce")
    usual = lines[lines["unit_price"] > 0].groupby("product_id")["unit_price"].median().reindex(table.index)
    launched = pd.to_datetime(column("launched_at"), errors="coerce")
    return pd.DataFrame({**texts, "price": price.where(price > 0, usual), "launched_at": launched})


_TEXTS = ("name", "category", "brand", "description")


def launches(past: History, days: int, most: int = MOST_LAUNCHES) -> pd.DataFrame:
    """The shop's launches whose first `days` days are over, the oldest first; of more than `most`, some of every time.

    Columns product_id, name, day, dated (the shop's own date, else the day of the first order), category, brand, price,
    units, usual (what a usual product of its category could be expected to sell in those days), relative (price
    over the median price of its category, in logs). What began in the first FIRST_DAYS of orders is left out.
    """
    first = past.lines.groupby("product_id")["day"].min().reindex(past.products.index)
    own = past.products["launched_at"].dt.normalize()
    day = own.where(own.notna(), first)
    earliest = past.begins + pd.Timedelta(days=FIRST_DAYS)
    over = day + pd.Timedelta(days=days) <= past.as_of
    chosen = day[(day >= earliest) & over].sort_values(kind="stable")
    if len(chosen) > most:
        chosen = chosen.iloc[np.linspace(0, len(chosen) - 1, most).round().astype(int)]
    found = past.products.loc[chosen.index, ["name", "category", "brand", "price"]].assign(
        day=chosen, dated=own.notna()
    )
    found["units"] = _units(past, chosen, days)
    found["usual"] = [
        usual for _, same in found.groupby("day", sort=True) for usual in _usual_of(past, same["category"], days, same)
    ]
    found["relative"] = relative_price(past, found["category"], found["price"])
    return found.reset_index(names="product_id")


def _units(past: History, day: pd.Series, days: int) -> np.ndarray:
    lines = past.lines[past.lines["product_id"].isin(day.index)]
    age = (lines["day"] - lines["product_id"].map(day)).dt.days
    inside = lines[(age >= 0) & (age < days)]
    return inside.groupby("product_id")["quantity"].sum().reindex(day.index).fillna(0.0).to_numpy()


def _usual_of(past: History, categories: pd.Series, days: int, rows: pd.DataFrame) -> Iterator[float]:
    known = Usual(past, rows["day"].iloc[0], days)
    yield from (known.units(category) for category in categories)


class Usual:
    """What a usual product of a category sells in the `days` days from `day` on, as it could be known on that day.

    Units in the USUAL_DAYS before, per product that sold in them, times the season where orders reach back far enough.
    """

    def __init__(self, past: History, day: pd.Timestamp, days: int):
        base = min(day, past.as_of)
        start = max(base - pd.Timedelta(days=USUAL_DAYS), past.begins)
        window = past.daily[(past.daily["day"] >= start) & (past.daily["day"] < base)]
        share = days / max((base - start).days, 1)
        self.season = season(past, day, days)
        sold = window.groupby("product")["quantity"].sum()
        kind = past.products["category"].to_numpy()[sold.index]
        self._by_category = sold.groupby(kind).mean() * share * (self.season or 1.0)
        self._all = float(sold.mean() if len(sold) else 0.5) * share * (self.season or 1.0)

    def units(self, category: str | None) -> float:
        """Of a category; of all products where it sold nothing or is unknown."""
        return float(self._by_category.get(category, self._all)) if category else self._all


def season(past: History, day: pd.Timestamp, days: int) -> float | None:
    """How much the shop sold in these days a year before, against the weeks that `Usual` looks at, a year before.

    None where its orders do not cover both, or hold too few units to say.
    """
    base, year = min(day, past.as_of), pd.Timedelta(days=364)  # the same days of the week
    start, end = base - pd.Timedelta(days=USUAL_DAYS) - year, day + pd.Timedelta(days=days) - year
    if start < past.begins or end > past.as_of:
        return None
    lines = past.daily
    before = lines.loc[(lines["day"] >= start) & (lines["day"] < base - year), "quantity"].sum()
    then = lines.loc[(lines["day"] >= day - year) & (lines["day"] < end), "quantity"].sum()
    if min(before, then) < FEWEST_UNITS:
        return None
    return float(then / days / (before / USUAL_DAYS))


def relative_price(past: History, category: pd.Series, price: pd.Series) -> np.ndarray:
    """log(price / median price of the category's products); 0 where either is unknown."""
    usual = past.products.groupby("category")["price"].median()
    known = category.map(usual).astype("float64")
    return np.log(price.astype("float64") / known).replace([np.inf, -np.inf], np.nan).fillna(0.0).to_numpy()
