"""What a plan may not break: budget, margin floor, chance of loss, stock, and what was tried."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from engine.campaign.expected import Forecast
from engine.errors import DataProblem
from engine.sentences import Said, Sentence
from engine.shop.store import Shop

Objective = Literal["expected", "careful"]  # the expected extra profit, or the lower end of its range
Limit = Literal[
    "budget", "margin floor", "chance of loss", "stock", "tried range", "consent", "frequency cap", "other plan",
    "global holdout", "none",
]  # fmt: skip
ENOUGH_ORDERS = 30  # past orders with a product, from which on its units per order are taken from them
ROUNDING = 1e-9  # relative: a plan that costs the whole budget is within it
# Why people of an audience get no message (engine.audience.reach), as a limit of the plan.
OF_REASON: dict[str, Limit] = {
    "no_consent": "consent", "unsubscribed": "consent", "suppressed": "consent", "never_contact": "consent",
    "frequency_cap": "frequency cap", "recent_buyer": "other plan", "in_other_plan": "other plan",
    "global_holdout": "global holdout",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Limits:
    """budget: money for discount given and sending, expected. margin_floor: smallest profit / revenue after discount.
    max_loss: largest chance of loss of each plan. None: no limit. untried: what was never tried may be proposed."""

    budget: float | None = None
    margin_floor: float | None = None
    max_loss: float | None = None
    untried: bool = False

    def __post_init__(self) -> None:
        problems: list[Said] = []
        if self.budget is not None and not 0 <= self.budget < float("inf"):
            problems.append(Sentence("refused.budget", {"given": self.budget}))
        for key, share in (("refused.margin_floor", self.margin_floor), ("refused.max_loss", self.max_loss)):
            if share is not None and not 0 <= share < 1:
                problems.append(Sentence(key, {"given": share}))
        if problems:
            raise DataProblem(problems)


def broken(
    limits: Limits, forecast: Forecast, cost: float, units: Mapping[str, float], stock: Mapping[str, float]
) -> Limit:
    """The first limit that a plan breaks, "none" where it keeps all.

    cost: discount given and sending, expected; units, stock: by product.
    """
    if not forecast.recipients:
        return "consent"
    if not forecast.supported and not limits.untried:
        return "tried range"
    if limits.budget is not None and cost > limits.budget * (1 + ROUNDING):
        return "budget"
    margin = forecast.margin_after_discount
    if limits.margin_floor is not None and (margin is None or margin < limits.margin_floor - ROUNDING):
        return "margin floor"
    if limits.max_loss is not None and (forecast.chance_of_loss or 0.0) > limits.max_loss:
        return "chance of loss"
    if any(count > stock[product] * (1 + ROUNDING) for product, count in units.items() if product in stock):
        return "stock"
    return "none"


@dataclass(frozen=True, slots=True)
class Shelf:
    """Stock of the shop's products, and how many units an order takes of what a message is about."""

    shop: Shop
    stock: dict[str, float]
    _known: dict[tuple, dict[str, float]] = field(default_factory=dict, repr=False, compare=False)

    @staticmethod
    def of(shop: Shop) -> "Shelf":
        """A product whose stock nobody keeps has no limit."""
        products = shop.optional("products")
        if "stock" not in products:
            return Shelf(shop, {})
        kept = products.drop_duplicates("product_id").dropna(subset=["stock"])
        left = kept["stock"].astype("float64").clip(lower=0.0)  # what is oversold is sold out
        return Shelf(shop, dict(zip(kept["product_id"], left, strict=True)))

    def units(self, about: tuple, orders: float) -> dict[str, float]:
        """Units that so many orders take of each product a message is about; nothing where it is about everything."""
        if about not in self._known:
            self._known[about] = self._per_order(*about)
        return {product: orders * count for product, count in self._known[about].items()}

    def _per_order(self, product_ids: tuple[str, ...], category: str | None) -> dict[str, float]:
        """Units per past order that held any of them: every order of the plan counts as such a one, to be safe.

        With too few such orders, one unit in all, evenly. Orders of a category take what is on the shelf:
        one product that is sold out does not keep the others from being sold, and one that nobody counts has no end.
        """
        named = list(product_ids) or self._in(category)
        if not named:
            return {}
        units, count = self._past(named)
        each = units / count if count >= ENOUGH_ORDERS else pd.Series(1 / len(named), named)
        return each.to_dict() if product_ids else (each.sum() * self._on_shelf(named)).to_dict()

    def _past(self, named: list[str]) -> tuple[pd.Series, int]:
        """Units of each of these products in past orders, and the number of orders that held any."""
        if not self.shop.rows("orders"):
            return pd.Series(0.0, named), 0
        lines = self.shop.table("orders", ["order_id", "product_id", "quantity"])
        lines = lines[lines["product_id"].isin(named) & (lines["quantity"] > 0)]
        units = lines.groupby("product_id")["quantity"].sum().reindex(named).fillna(0.0)
        return units, int(lines["order_id"].nunique())

    def _on_shelf(self, named: list[str]) -> pd.Series:
        """Share of each product in what there is to sell of them: all of them run out together."""
        left = pd.Series({product: self.stock.get(product, np.inf) for product in named})
        if np.isinf(left).any():  # there is always some of a product whose stock nobody keeps
            left = np.isinf(left).astype("float64")
        return left / left.sum() if left.sum() > 0 else pd.Series(1 / len(named), named)

    def _in(self, category: str | None) -> list[str]:
        products = self.shop.optional("products")
        if not category or "category" not in products:
            return []
        return products.loc[products["category"].eq(category), "product_id"].drop_duplicates().tolist()
