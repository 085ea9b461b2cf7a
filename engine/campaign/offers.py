"""Kinds of offer and what each costs per order, from past orders where they tell, else from a labelled assumption.

What is taken off prices is less by the tax in it and by what comes back; what is handed over on top (a gift, shipping,
points, free goods that the customer adds) is paid in full.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

import numpy as np
import pandas as pd

from engine.campaign.baskets import FEW, Baskets
from engine.campaign.plan import OfferKind
from engine.errors import DataProblem
from engine.sentences import Sentence
from engine.shop.shop_settings import ShopSettings
from engine.shop.store import Shop

TERMS = (
    "discount", "min_spend", "tiers", "max_discount", "gift_product_id", "applies_to", "per_customer_limit",
    "stackable_with",
)  # fmt: skip
WITH_SIZE = ("percent", "amount")  # kinds whose response was learned by their size
_ASSUMED = ("engine.cost_not_modelled", "money.gift_assumed", "money.points_assumed")
UNKNOWN_COST = 0.1  # of an order's value, where neither the shop nor its orders tell


@dataclass(frozen=True, slots=True)
class Cost:
    """What an offer costs per order, mean over all orders, those that do not use it included. Money.

    off: taken off list prices, tax in it. handed: paid on top. used_share: of orders, that use it. most_uses: as many
    as there are gifts. eligible_share: of an order's value, that it applies to. notes: what was measured or assumed.
    """

    off: float
    handed: float
    used_share: float
    most_uses: float = math.inf
    eligible_share: float = 1.0
    source: Sentence = field(default_factory=lambda: Sentence("money.from_plan"))
    notes: tuple[Sentence, ...] = ()

    @property
    def per_order(self) -> float:
        return self.off + self.handed

    @property
    def is_assumed(self) -> bool:
        """Whether what is handed over has a cost that no data supports."""
        return self.source.key in _ASSUMED


@dataclass(frozen=True, slots=True)
class _Given:
    """Per basket: money off, money handed over, and whose word the size is; notes as in Cost."""

    off: np.ndarray | float = 0.0
    handed: np.ndarray | float = 0.0
    source: Sentence = field(default_factory=lambda: Sentence("money.from_plan"))
    notes: tuple[Sentence, ...] = ()
    most_uses: float = math.inf


@dataclass(frozen=True, slots=True)
class _Order:
    """Orders of a plan: past ones, stretched to the value expected of it."""

    shop: Shop
    baskets: Baskets
    offer: Mapping[str, Any]
    value: float  # list value of one, mean
    stretch: float
    worth: np.ndarray  # list value of what the offer applies to, per order; of all of it where that is unknown
    is_known: bool
    margin: float  # share of list value without tax

    @property
    def settings(self) -> ShopSettings:
        return self.shop.settings

    @property
    def size(self) -> float:
        return float(self.offer.get("discount") or 0.0)

    @property
    def tax_share(self) -> float:
        return self.baskets.tax_share or 0.0


def offer_of(plan: Mapping[str, Any]) -> dict[str, Any]:
    """The terms of a plan's offer, and its kind; None or empty is left out."""
    return {name: plan[name] for name in TERMS if has(plan.get(name))} | {"kind": str(plan.get("offer_kind") or "none")}


def has(value: object) -> bool:
    """Whether a cell of a plan says anything."""
    if isinstance(value, (list, tuple)):
        return bool(value)
    return value is not None and value != "" and value == value


def cost(shop: Shop, offer: Mapping[str, Any], baskets: Baskets, order_value: float, margin: float = 0.4) -> Cost:
    """What an offer gives away per order, over orders shaped like `baskets` with mean list value `order_value`.

    offer: see `offer_of`. An order that carries another discount keeps the better of both, unless that one's code is
    among `stackable_with`. Raises DataProblem for an unknown kind, product or category.
    """
    kind = offer.get("kind") or "none"
    if kind not in get_args(OfferKind):
        raise DataProblem(Sentence("refused.unknown_kind", {"kind": kind, "kinds": get_args(OfferKind)}))
    stretch = order_value / float(baskets.value.mean())
    worth = baskets.worth(offer.get("applies_to") or ())
    stretched = (baskets.value if worth is None else worth) * stretch
    order = _Order(shop, baskets, offer, order_value, stretch, stretched, worth is not None, margin)
    given = _KINDS[kind](order)
    off, handed = np.broadcast_to(given.off, order.worth.shape), np.broadcast_to(given.handed, order.worth.shape)
    if offer.get("max_discount"):
        off = np.minimum(off, float(offer["max_discount"]))
    used = (order.worth > 0) & (order.worth >= float(offer.get("min_spend") or 0.0)) & (off + handed > 0)
    within = _within_limit(order)
    better = _has_better(order, off + handed)
    uses = used & within & ~better
    return Cost(
        float(off[uses].sum() / len(uses)),
        float(handed[uses].sum() / len(uses)),
        float(uses.mean()),
        given.most_uses,
        float(order.worth.sum() / (baskets.value.sum() * stretch)),
        given.source,
        (*given.notes, *_notes(order, used, within, better)),
    )


def _within_limit(order: _Order) -> np.ndarray:
    """Orders that are not beyond what one customer may use the offer for inside the window."""
    limit = order.offer.get("per_customer_limit")
    return order.baskets.rank <= (float(limit) if limit else math.inf)


def _has_better(order: _Order, given: np.ndarray) -> np.ndarray:
    """Orders whose own discount is worth more and does not go together with the offer: they keep it."""
    together = [str(code).casefold() for code in order.offer.get("stackable_with") or ()]
    stacks = np.isin(order.baskets.code, together) if together else np.zeros(len(given), dtype=bool)
    # A cent more is the rounding of the same discount.
    return (order.baskets.other * order.stretch > 1.005 * given + 0.01) & ~stacks


def _notes(order: _Order, used: np.ndarray, within: np.ndarray, better: np.ndarray) -> tuple[Sentence, ...]:
    """What of the past decides who uses the offer."""
    said, names = [], tuple(str(name) for name in order.offer.get("applies_to") or ())
    if names and not order.is_known:
        said.append(Sentence("money.applies_unknown", {"names": names}))
    elif names:
        share = float(order.worth.sum() / (order.baskets.value.sum() * order.stretch))
        key = "money.applies_to" if order.offer["kind"] in WITH_SIZE else "money.applies_to_unlike"
        said.append(Sentence(key, {"names": names, "share": f"{share:.0%}"} | past(order.baskets)))
    if (beyond := float((used & ~within).mean())) >= 0.005:
        said.append(Sentence("money.beyond_limit", {"share": f"{beyond:.0%}"} | past(order.baskets)))
    if (kept := float((used & within & better).mean())) >= 0.005:
        said.append(Sentence("money.keeps_other", {"share": f"{kept:.0%}"} | past(order.baskets)))
    return tuple(said)


def _past(order: _Order) -> dict[str, object]:
    return past(order.baskets)


def past(baskets: Baskets) -> dict[str, object]:
    """Whose past orders, how many, up to which day: values of a sentence."""
    return {"whose": Sentence(f"money.whose_{baskets.whose}"), "orders": f"{baskets.orders:,}", "date": baskets.last}


# --- kinds ---


def _nothing(order: _Order) -> _Given:
    return _Given()


def _percent(order: _Order) -> _Given:
    return _Given(off=order.worth * order.size)


def _amount(order: _Order) -> _Given:
    return _Given(off=np.minimum(order.size, order.worth))


def _spend_save(order: _Order) -> _Given:
    """The highest tier that the order reaches."""
    offer = order.offer
    off = np.zeros_like(order.worth)
    for least, size in sorted(offer.get("tiers") or [(offer.get("min_spend") or 0.0, order.size)]):
        off = np.where(order.worth >= float(least), float(size), off)
    return _Given(off=np.minimum(off, order.worth))


def _gift(order: _Order) -> _Given:
    """Its unit cost, else its price less tax and margin; as many as are in stock."""
    product = str(order.offer.get("gift_product_id"))
    if product not in order.baskets.goods.index:
        return _assumed(order, "gift")
    row = order.baskets.goods.loc[product]
    stock = math.inf if pd.isna(row["stock"]) else max(float(row["stock"]), 0.0)
    if pd.notna(row["unit_cost"]):
        return _Given(handed=float(row["unit_cost"]), source=Sentence("money.gift_cost"), most_uses=stock)
    if pd.isna(row["price"]):
        return _assumed(order, "gift")
    margins = order.settings.gross_margin
    margin = margins.get(str(row["category"]), margins.get("default", 0.4))
    taken = float(row["price"]) * max(1 - order.tax_share - margin, 0.0)
    said = Sentence("money.gift_assumed", {"cost": _money(order, taken), "margin": f"{margin:.0%}"})
    return _Given(handed=taken, source=said, notes=(said,), most_uses=stock)


def _free_shipping(order: _Order) -> _Given:
    """What the shop says it pays, else what past orders of that value were charged."""
    if (stated := _stated(order)) is not None:
        return stated
    charged = order.baskets.shipping
    known = ~np.isnan(charged)
    if known.sum() < FEW:
        return _assumed(order, "free_shipping")
    said = Sentence("money.shipping_measured", past(order.baskets))
    return _Given(handed=np.where(known, charged, float(charged[known].mean())), source=said)


def _points(order: _Order) -> _Given:
    """What the points are worth, less those that are never redeemed."""
    if (stated := _stated(order)) is not None:
        return stated
    if not order.size:
        return _assumed(order, "points")
    settings = order.settings
    worth = order.size * settings.point_value * settings.points_redeemed
    values = {
        "points": f"{order.size:,.0f}", "value": f"{settings.point_value:g} {settings.currency}",
        "share": f"{settings.points_redeemed:.0%}",
    }  # fmt: skip
    is_known = all(settings.source(name) == "stated" for name in ("point_value", "points_redeemed"))
    said = Sentence("money.points_stated" if is_known else "money.points_assumed", values)
    return _Given(handed=worth, source=said, notes=() if is_known else (said,))


def _buy_x_get_y(order: _Order) -> _Given:
    """Free units of past orders that held enough, and those that such an order would take along."""
    if (stated := _stated(order)) is not None:
        return stated
    tiers = order.offer.get("tiers")
    if not tiers or not order.is_known or not len(order.baskets.line_order):
        return _assumed(order, "buy_x_get_y")
    (buy, free), *_ = tiers
    if not (buy > 0 and free > 0):
        raise DataProblem(Sentence("refused.buy_get_numbers", {"buy": buy, "free": free}))
    off, along = order.baskets.free_units(float(buy), float(free), order.offer.get("applies_to") or ())
    made = along * order.stretch * (1 - order.tax_share) * (1 - order.margin)
    return _Given(off=off * order.stretch, handed=made, source=Sentence("money.free_units", past(order.baskets)))


_KINDS: dict[str, Callable[[_Order], _Given]] = {
    "none": _nothing, "early_access": _nothing, "percent": _percent, "amount": _amount, "spend_save": _spend_save,
    "gift": _gift, "free_shipping": _free_shipping, "points": _points, "buy_x_get_y": _buy_x_get_y,
}  # fmt: skip


def _stated(order: _Order) -> _Given | None:
    """The shop's own figure for an order with such an offer."""
    figure = order.settings.offer_cost.get(str(order.offer["kind"]))
    return None if figure is None else _Given(handed=float(figure), source=Sentence("money.cost_stated"))


def _assumed(order: _Order, kind: str) -> _Given:
    """A labelled guess, where neither the shop nor its orders tell what an offer costs."""
    guess = UNKNOWN_COST * order.value
    said = Sentence("engine.cost_not_modelled", {"kind": Sentence(f"plan.offer_{kind}"), "cost": _money(order, guess)})
    return _Given(handed=guess, source=said, notes=(said,))


def _money(order: _Order, amount: float) -> str:
    return f"{amount:,.2f} {order.settings.currency}"


# --- margin ---


@dataclass(frozen=True, slots=True)
class Margin:
    """Share of list value without tax that is above unit cost. `measured`: share of what was sold whose unit cost is
    known, 0 where all of it is the shop's setting. lines, last: order lines behind it, and the day of the last."""

    share: float
    measured: float
    lines: int = field(default=0, compare=False)
    last: str = field(default="", compare=False)

    @property
    def is_measured(self) -> bool:
        """Whether practically all that was sold has a unit cost."""
        return self.measured > 0.995


def margin(shop: Shop, product_ids: list[str], category: str | None, tax_share: float = 0.0) -> Margin:
    """Margin of what a plan sells: from unit costs of its products, weighted by what they sold.

    A product without a unit cost counts with the shop's setting of its category. A message to everyone sells the whole
    range: without products or category the whole shop's margin counts. tax_share: tax in prices; the setting is a
    share of the price with tax.
    """
    settings, products = shop.settings.gross_margin, shop.optional("products")
    usual = settings.get("default", 0.4)
    fallback = Margin(min(settings.get(category or "", usual) / (1 - tax_share), 1.0), 0.0)
    if not {"price", "unit_cost"} <= set(products) or not shop.rows("orders"):
        return fallback
    lines = shop.table("orders", ["product_id", "quantity", "unit_price", "ordered_at"])
    lines = lines[(lines["quantity"] > 0) & (lines["unit_price"] > 0)]
    sold = (lines["quantity"] * lines["unit_price"]).to_numpy("float64")
    known = products.drop_duplicates("product_id").set_index("product_id").reindex(columns=["category", "unit_cost"])
    known["set"] = known["category"].map(settings).astype("float64")
    known = known[["unit_cost", "set"]].reindex(lines["product_id"])
    unit_cost, set_margin = known["unit_cost"].to_numpy("float64"), known["set"].fillna(usual).to_numpy("float64")
    costs = np.where(
        np.isnan(unit_cost), sold * (1 - tax_share - set_margin), lines["quantity"].to_numpy("float64") * unit_cost
    )
    # Buyers of a campaign fill the basket with other things too; only the products named shift the mix.
    named = set(product_ids) or set(
        products.loc[products["category"].eq(category or ""), "product_id"] if "category" in products else ()
    )
    chosen = lines["product_id"].isin(named).to_numpy() if named else np.zeros(len(lines), dtype=bool)
    if chosen.sum() < FEW:
        chosen = np.ones(len(lines), dtype=bool)
    revenue, measured = float(sold[chosen].sum()), float(sold[chosen & ~np.isnan(unit_cost)].sum())
    if revenue <= 0:
        return fallback
    share = 1 - float(costs[chosen].sum()) / (revenue * (1 - tax_share))
    return Margin(share, measured / revenue, int(chosen.sum()), str(lines["ordered_at"].max().date()))
