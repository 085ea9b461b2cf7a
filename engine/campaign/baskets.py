"""Past orders that stand for those of a plan: what was in them, what came off already, what shipping cost.

They are read once for an audience, so that a slider does not read order lines each time it moves.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from engine.errors import DataProblem
from engine.sentences import Sentence
from engine.shop import sales
from engine.shop.features import connected
from engine.shop.features.order_lines import instant
from engine.shop.store import Shop

YEAR = 365  # days back: prices and habits of before say little
ENOUGH = 100  # orders; with fewer of the audience the shop's count, with fewer of the shop a log-normal shape
FEW = 30  # orders that hold a product, to say what share of an order it is
MOST_ORDERS = 4_000  # at hand: with so many a share is known to one point, and a slider is answered in a millisecond
MOST_CUSTOMERS = 2_000  # of a shop
_COLUMNS = (
    "order_id", "customer_id", "ordered_at", "product_id", "quantity", "unit_price", "discount", "discount_code",
    "refunded", "tax", "shipping",
)  # fmt: skip
# Equally likely points of an order's value around its mean: enough for a minimum spend to bite where it does.
_GRID = stats.norm.ppf((np.arange(21) + 0.5) / 21)


@dataclass(frozen=True, slots=True, eq=False)
class Baskets:
    """Orders, one value each in `value`, `other`, `code`, `rank` and `shipping`, and their lines by order and price.

    value: list value of the goods, money, without what was given free. other: money off already, by a code (`code`) or
    otherwise, of no campaign. rank: the customer's first, second ... order within one window. shipping: as charged, NaN
    where unknown. line_order, line_product: positions of a line's order and product. tax_share: of what is paid; 0
    where prices are without tax, None: unknown. returned: share of sales that came back, None: none is on record.
    """

    whose: Literal["audience", "shop", "assumed"]
    orders: int  # behind it
    last: str  # day of the last one
    value: np.ndarray
    other: np.ndarray
    code: np.ndarray
    rank: np.ndarray
    shipping: np.ndarray
    line_order: np.ndarray
    line_product: np.ndarray
    line_units: np.ndarray
    line_price: np.ndarray
    products: np.ndarray
    categories: np.ndarray  # of `products`
    tax_share: float | None
    returned: float | None
    goods: pd.DataFrame  # by product_id: category, price, unit_cost, stock

    def shaped(self, spread: float) -> "Baskets":
        """Itself, or where it holds too few orders a log-normal shape with this log-sd in their place."""
        if len(self.value):
            return self
        value = np.exp(spread * _GRID)
        none, blank = np.zeros(len(value)), np.full(len(value), "", dtype=object)
        unknown = np.full(len(value), np.nan)
        return replace(self, value=value, other=none, code=blank, rank=none + 1, shipping=unknown)

    def worth(self, applies_to: Collection[str]) -> np.ndarray | None:
        """List value per order of the products and categories an offer applies to, of all where it names none.

        None where too few orders hold one to say. Raises DataProblem for a name the shop does not have.
        """
        if not applies_to:
            return self.value
        self._check(applies_to)
        value = self.line_units * self.line_price * self._named(applies_to)
        worth = np.bincount(self.line_order, value, minlength=len(self.value))
        return worth if (worth > 0).sum() >= FEW else None

    def free_units(self, buy: float, free: float, applies_to: Collection[str]) -> tuple[np.ndarray, np.ndarray]:
        """Per order: list value of units it holds that "buy, get free" makes free, and of units it takes along then.

        The cheapest are free, `free` of each full set of buy + free. An order that holds `buy` of a further set takes
        along what is missing of it, at the price of its cheapest.
        """
        units = self.line_units * (self._named(applies_to) if applies_to else 1.0)
        orders = len(self.value)
        held = np.bincount(self.line_order, units, minlength=orders)
        full, rest = np.divmod(held, buy + free)
        along = np.where(rest >= buy, buy + free - rest, 0.0)
        due = full * free + np.where(rest >= buy, rest - buy, 0.0)
        before = np.cumsum(units) - units  # lines stand by order, cheapest first
        first = np.concatenate([[0.0], np.cumsum(held)[:-1]])
        taken = np.clip(due[self.line_order] - (before - first[self.line_order]), 0.0, units)
        off = np.bincount(self.line_order, taken * self.line_price, minlength=orders)
        cheapest = np.full(orders, np.inf)
        own = units > 0
        np.minimum.at(cheapest, self.line_order[own], self.line_price[own])
        return off, np.where(along > 0, along, 0.0) * np.where(np.isfinite(cheapest), cheapest, 0.0)

    def share(self, applies_to: Collection[str]) -> float:
        """Part of an order's value that an offer applies to; all of it where that is not known."""
        worth = self.worth(applies_to)
        return 1.0 if worth is None or worth is self.value else float(worth.sum() / self.value.sum())

    def _named(self, applies_to: Collection[str]) -> np.ndarray:
        """Per line whether the offer applies to it."""
        wanted = set(applies_to)
        pairs = zip(self.products, self.categories, strict=True)
        return np.fromiter((one in wanted or kind in wanted for one, kind in pairs), bool, len(self.products))[
            self.line_product
        ]

    def _check(self, applies_to: Collection[str]) -> None:
        for name in applies_to if len(self.goods) else ():
            sold = (self.products == name).any() or (self.categories == name).any()
            if not (sold or name in self.goods.index or self.goods["category"].eq(name).any()):
                raise DataProblem(Sentence("refused.applies_to_unknown", {"name": name}))


def measured(shop: Shop, customers: Sequence[str], as_of: date, window_days: int) -> Baskets:
    """The orders of these customers in the year before `as_of`, or the shop's where they placed fewer than ENOUGH."""
    goods = _goods(shop)
    if not shop.rows("orders"):
        return _of(_no_lines(), goods, "assumed", shop, as_of, window_days)
    lines = _lines(shop, customers, as_of)
    whose: Literal["audience", "shop"] = "audience"
    if _orders_in(lines) < ENOUGH:
        lines, whose = _lines(shop, None, as_of), "shop"
    return _of(lines, goods, whose if _orders_in(lines) >= ENOUGH else "assumed", shop, as_of, window_days)


def lognormal(spread: float) -> Baskets:
    """Orders of which nothing is known but how far they spread around their mean."""
    none, blank = np.zeros(0), np.zeros(0, dtype=object)
    ids = np.zeros(0, dtype=int)
    goods = pd.DataFrame(columns=["category", "price", "unit_cost", "stock"])
    empty = Baskets(
        "assumed", 0, "", none, none, blank, none, none, ids, ids, none, none, blank, blank, None, None, goods
    )
    return empty.shaped(spread)


def _goods(shop: Shop) -> pd.DataFrame:
    wanted = ["category", "price", "unit_cost", "stock"]
    present = [name for name in ("product_id", *wanted) if name in shop.columns("products")]
    table = shop.table("products", present) if present else pd.DataFrame({"product_id": pd.Series(dtype="str")})
    return table.drop_duplicates("product_id").set_index("product_id").reindex(columns=wanted)


def _no_lines() -> pd.DataFrame:
    kinds = dict.fromkeys(_COLUMNS, "float64") | dict.fromkeys(("order_id", "customer_id", "product_id"), "str")
    kinds |= {"ordered_at": "datetime64[us]", "discount_code": "str"}
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})


def _lines(shop: Shop, customers: Sequence[str] | None, as_of: date) -> pd.DataFrame:
    """A year's order lines of customers; without any named, of up to MOST_CUSTOMERS of the shop's."""
    with connected() as connection:
        lines = connection.read_parquet(shop.file("orders"))
        lines = lines.filter(lines.ordered_at >= instant(as_of, YEAR), lines.ordered_at < instant(as_of))
        if customers is None:
            every = np.sort(lines.customer_id.as_table().distinct().execute()["customer_id"].to_numpy(dtype=object))
            customers = list(every[_spread_over(len(every), MOST_CUSTOMERS)])
        asked = pd.DataFrame({"customer_id": pd.Series(list(customers), dtype="str")})
        lines = lines.semi_join(connection.create_table("asked", asked), "customer_id")
        found = lines.select([name for name in _COLUMNS if name in lines.columns]).execute()
    return found.reindex(columns=list(_COLUMNS))


def _spread_over(count: int, most: int) -> np.ndarray:
    """Positions of at most `most` of `count` things, evenly spread."""
    return np.arange(count) if count <= most else np.arange(most) * count // most


def _orders_in(lines: pd.DataFrame) -> int:
    return int(lines.loc[lines["quantity"] > 0, "order_id"].nunique())


def _of(
    lines: pd.DataFrame,
    goods: pd.DataFrame,
    whose: Literal["audience", "shop", "assumed"],
    shop: Shop,
    as_of: date,
    window_days: int,
) -> Baskets:
    money = sales.parts(lines)
    bought = lines.assign(gross=money["gross"], off=money["discounts"])
    # What was given free is not part of what an order is worth: a gift stands there at its list price.
    bought = bought[(money["gross"] - money["discounts"] > 0) & (lines["quantity"] > 0)]
    bought = bought.sort_values(["ordered_at", "order_id"], kind="stable", ignore_index=True)
    position, _ = pd.factorize(bought["order_id"])
    own = bought["discount_code"].astype("str").str.casefold().isin(_campaign_codes(shop))
    of_order = bought.assign(other=bought["off"].mask(own, 0.0).clip(lower=0.0)).groupby(position)
    orders = of_order.agg(
        value=("gross", "sum"), other=("other", "sum"), code=("discount_code", "first"),
        customer=("customer_id", "first"), at=("ordered_at", "min"),
    ).assign(shipping=of_order["shipping"].sum(min_count=1))  # fmt: skip
    window = (pd.Timestamp(as_of) - orders["at"]).dt.days // window_days
    rank = orders.groupby([orders["customer"], window]).cumcount().to_numpy() + 1
    chosen = _spread_over(len(orders) if whose != "assumed" else 0, MOST_ORDERS)
    at_hand = orders.iloc[chosen]
    product, products, line = _own_lines(bought, position, chosen, len(orders))
    return Baskets(
        whose=whose,
        orders=len(orders),
        last=str(orders["at"].max().date()) if len(orders) else "",
        value=at_hand["value"].to_numpy("float64"),
        other=at_hand["other"].to_numpy("float64"),
        code=at_hand["code"].astype("str").fillna("").str.casefold().to_numpy(dtype=object),
        rank=rank[chosen],
        shipping=at_hand["shipping"].to_numpy("float64"),
        line_order=line["position"].to_numpy(),
        line_product=product,
        line_units=line["quantity"].to_numpy("float64"),
        line_price=line["unit_price"].to_numpy("float64"),
        products=products,
        categories=goods["category"].reindex(products).astype("str").fillna("").to_numpy(dtype=object),
        tax_share=tax_share(lines, money, shop),
        returned=_returned(money),
        goods=goods,
    )


def _own_lines(
    bought: pd.DataFrame, position: np.ndarray, chosen: np.ndarray, orders: int
) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
    """Lines of the chosen orders by order and price, with each one's product among the products."""
    renumbered = np.full(orders, -1)
    renumbered[chosen] = np.arange(len(chosen))
    line = bought.assign(position=renumbered[position])
    line = line[line["position"] >= 0].sort_values(["position", "unit_price"], kind="stable")
    product, products = pd.factorize(line["product_id"])
    return product, np.asarray(products, dtype=object), line


def _campaign_codes(shop: Shop) -> list[str]:
    """Codes of past campaigns: what they took off will not be there beside a new one."""
    if "code" not in shop.columns("campaigns"):
        return []
    return list(shop.table("campaigns", ["code"])["code"].dropna().astype("str").str.casefold().unique())


def tax_share(lines: pd.DataFrame, money: pd.DataFrame, shop: Shop) -> float | None:
    """Part of what was paid that is tax: 0 where prices are without it, None where no order says."""
    if not shop.settings.prices_include_tax:
        return 0.0
    known = lines["tax"].notna() & (lines["quantity"] > 0)
    paid = float((money["gross"] - money["discounts"])[known].sum())
    return float(np.clip(lines["tax"][known].sum() / paid, 0.0, 0.9)) if paid > 0 else None


def _returned(money: pd.DataFrame) -> float | None:
    """Part of sales that came back as returned lines or refunds; None where no line did."""
    paid, back = float((money["gross"] - money["discounts"]).sum()), float(money["returns"].sum())
    return float(np.clip(back / paid, 0.0, 0.95)) if back > 0 and paid > 0 else None
