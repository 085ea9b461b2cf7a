"""Every order of a shop with what it earned, net of what came back: what a message is measured by.

    line      value = quantity x unit price (list price, before discount; a line sent back is negative)
    keeps     (value - refunded) without tax - quantity x unit cost        gross profit
    discount  discount without tax
    profit    gross profit - discount

Goods sent back go to the shelf again at their cost; a refund without a return is lost. A return belongs to the order it
is of, whenever it came: the one with its order_id, else it stands for itself on its own day.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from engine import terms
from engine.campaign import baskets, offers
from engine.errors import NotEnoughData
from engine.sentences import Sentence
from engine.shop import sales
from engine.shop.store import Shop

COLUMNS = (
    "order_id",
    "customer_id",
    "ordered_at",
    "product_id",
    "quantity",
    "unit_price",
    "discount",
    "refunded",
    "tax",
)
MONEY = ("gross_profit", "discount", "profit", "revenue", "returned")
PRACTICALLY_ALL = 0.995  # of what was sold has a unit cost


@dataclass(frozen=True, slots=True)
class Orders:
    """Orders until `until` (a day: everything strictly before its 00:00), by time.

    customers: the ids, whose place is their code. customer (codes), at (ns since 1970), is_order (1; 0 for a return
    whose order is not there), and MONEY (n, 5), per order. notes: where a number in the money comes from, if it is not
    the orders themselves.
    """

    customers: pd.Index
    customer: np.ndarray
    at: np.ndarray
    is_order: np.ndarray
    money: np.ndarray
    until: date
    notes: tuple[Sentence, ...]

    def between(self, start: np.datetime64, end: np.datetime64) -> slice:
        """The orders from start until before end."""
        first, last = np.searchsorted(self.at, [start, end])
        return slice(int(first), int(last))


def orders(shop: Shop, as_of: date | None = None) -> Orders:
    """What customers ordered before `as_of`, or until the day after the last order where that is earlier.

    Raises NotEnoughData without orders.
    """
    present = shop.columns("orders")
    lines = shop.table("orders", [name for name in COLUMNS if name in present])
    if as_of is not None:
        lines = lines[lines["ordered_at"] < pd.Timestamp(as_of)]
    if lines.empty:
        raise NotEnoughData(Sentence("measured.no_orders"))
    until = lines["ordered_at"].max().date() + timedelta(days=1)
    customer, customers = pd.factorize(lines["customer_id"])
    order, _ = pd.factorize(lines["order_id"])
    money, notes = _money(shop, lines)
    keys, which = np.unique(customer.astype("int64") * (order.max() + 1) + order, return_inverse=True)
    bought = (lines["quantity"] > 0).to_numpy()
    at = _first(lines["ordered_at"].to_numpy("datetime64[us]"), bought, which, len(keys))
    whole = np.stack([np.bincount(which, money[name], len(keys)) for name in MONEY], axis=1)
    is_order = np.bincount(which, bought, len(keys)) > 0
    by_time = np.argsort(at, kind="stable")
    return Orders(
        pd.Index(customers), (keys // (order.max() + 1))[by_time], at[by_time], is_order[by_time].astype("float64"),
        whole[by_time], until, notes,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of money of which no order line is known: margin, a share of list price without tax; kept, the share
    of what was paid that is neither tax nor comes back; notes: what both rest on."""

    margin: float
    kept: float
    notes: tuple[Sentence, ...]


def left(shop: Shop) -> Left:
    """Of an order of this shop, for revenue that only an ad platform or a sending tool tells of."""
    tax: float = 0.0
    notes: tuple[Sentence, ...] = ()
    if shop.rows("orders"):
        present = shop.columns("orders")
        lines = shop.table("orders", [name for name in COLUMNS if name in present])
        tax, notes = _tax_share(shop, lines, sales.parts(lines))
    elif shop.settings.prices_include_tax:
        notes = (Sentence("money.tax_unknown"),)
    margin, kept = offers.margin(shop, [], None, tax).share, terms.kept_share(tax, shop.settings.return_rate)
    said = Sentence("measured.note_left", {"margin": f"{margin:.0%}", "kept": f"{kept:.0%}"})
    return Left(margin, kept, (said, *notes))


def _first(at: np.ndarray, bought: np.ndarray, which: np.ndarray, count: int) -> np.ndarray:
    """When each order was placed: its first line that was bought, or its first at all."""
    numbers = at.astype("int64")
    never = np.iinfo("int64").max
    first = np.full(count, never)
    np.minimum.at(first, which[bought], numbers[bought])
    alone = first == never
    anyway = np.full(count, never)
    np.minimum.at(anyway, which[~bought], numbers[~bought])
    return np.where(alone, anyway, first).astype("datetime64[us]")


def _money(shop: Shop, lines: pd.DataFrame) -> tuple[dict[str, np.ndarray], tuple[Sentence, ...]]:
    """MONEY per line, and the notes."""
    parts = sales.parts(lines)
    tax, notes = _tax_share(shop, lines, parts)
    untaxed, quantity = 1 - tax, lines["quantity"].to_numpy("float64")
    value = quantity * lines["unit_price"].fillna(0.0).to_numpy("float64")
    refunds = parts["refunds"].to_numpy("float64")
    off = value - refunds - parts["net"].to_numpy("float64")
    cost, said = _costs(shop, lines, value, quantity, tax)
    gross, discount = (value - refunds) * untaxed - cost, off * untaxed
    money = {
        "gross_profit": gross,
        "discount": discount,
        "profit": gross - discount,
        "revenue": parts["net"].to_numpy("float64") * untaxed,
        "returned": parts["returns"].to_numpy("float64") * untaxed,
    }
    rate = shop.settings.return_rate
    if not money["returned"].any() and rate:
        kept = terms.kept_share(0.0, rate)
        money = {name: part * kept for name, part in money.items()}
        said = (*said, Sentence("measured.note_return_rate", {"rate": f"{rate:.1%}"}))
    return money, (*notes, *said)


def _tax_share(shop: Shop, lines: pd.DataFrame, parts: pd.DataFrame) -> tuple[float, tuple[Sentence, ...]]:
    if not shop.settings.prices_include_tax:
        return 0.0, ()
    share = baskets.tax_share(lines if "tax" in lines else lines.assign(tax=np.nan), parts, shop)
    return (0.0, (Sentence("money.tax_unknown"),)) if share is None else (share, ())


def _costs(
    shop: Shop, lines: pd.DataFrame, value: np.ndarray, quantity: np.ndarray, tax: float
) -> tuple[np.ndarray, tuple[Sentence, ...]]:
    """What the goods of each line cost: by unit cost, else so that the shop's margin of the category is left."""
    present = [name for name in shop.columns("products") if name in ("product_id", "category", "unit_cost")]
    products = shop.table("products", present) if present else pd.DataFrame({"product_id": pd.Series(dtype="str")})
    products = products.drop_duplicates("product_id").set_index("product_id").reindex(columns=["category", "unit_cost"])
    settings = shop.settings.gross_margin
    usual = settings.get("default", 0.4)
    margin = products["category"].map(settings).astype("float64").fillna(usual)
    place = products.index.get_indexer(lines["product_id"])
    known = products["unit_cost"].to_numpy("float64", na_value=np.nan)
    unit_cost = np.where(place >= 0, np.append(known, np.nan)[place], np.nan)
    assumed = np.where(place >= 0, np.append(margin.to_numpy("float64"), usual)[place], usual)
    is_known = ~np.isnan(unit_cost)
    cost = np.where(is_known, quantity * np.nan_to_num(unit_cost), value * np.maximum(1 - tax - assumed, 0.0))
    sold = np.maximum(value, 0.0)
    share = float(sold[is_known].sum() / sold.sum()) if sold.sum() > 0 else 0.0
    if share > PRACTICALLY_ALL:
        return cost, ()
    said = Sentence("measured.note_margin", {"share": f"{1 - share:.0%}", "margin": f"{usual:.0%}"})
    return cost, (said,)
