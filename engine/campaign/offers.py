"""Kinds of offer and what each costs per order that uses it."""

from dataclasses import dataclass
from typing import get_args

import numpy as np
import pandas as pd
from scipy import stats

from engine.campaign.plan import OfferKind
from engine.errors import DataProblem
from engine.shop.store import Shop

# Equally likely points of an order's value around its mean: enough for a minimum spend to bite where it does.
_GRID = stats.norm.ppf((np.arange(21) + 0.5) / 21)


def _order_values(mean: float, spread: float) -> np.ndarray:
    """Equally likely order values with this mean, log-normal with log-sd `spread`."""
    values = np.exp(spread * _GRID)
    return mean * values / values.mean()


@dataclass(frozen=True, slots=True)
class Cost:
    """Money off per order and share of orders that get it. `assumed` names a cost that no data supports, else ""."""

    per_order: float
    used_share: float
    assumed: str = ""


def cost(shop: Shop, offer: dict, order_value: float, spread: float) -> Cost:
    """What an offer gives away per order with mean list value `order_value` and log-sd `spread`.

    offer: kind, discount, min_spend, tiers, max_discount, gift_product_id. Raises DataProblem for an unknown kind.
    """
    kind = offer.get("kind") or "none"
    values = _order_values(order_value, spread)
    eligible = values >= float(offer.get("min_spend") or 0.0)
    size = float(offer.get("discount") or 0.0)
    assumed = ""
    if kind in ("none", "early_access"):
        given = np.zeros_like(values)
    elif kind == "percent":
        given = values * size
    elif kind == "amount":
        given = np.minimum(size, values)
    elif kind == "spend_save":
        given = _tiers(offer, values)
        eligible = given > 0
    elif kind == "gift":
        given = np.full_like(values, gift_cost(shop, offer.get("gift_product_id")))
    elif kind in ("free_shipping", "points", "buy_x_get_y"):
        # The shop's own figure where it has one; else what it says the offer is worth, else a labelled guess.
        stated = shop.settings.offer_cost.get(kind)
        given = np.full_like(values, float(stated if stated is not None else 0.1 * order_value))
        assumed = "" if stated is not None else kind
    else:
        raise DataProblem(f"offer kind {kind!r} is not known. Kinds are: {', '.join(get_args(OfferKind))}.")
    if offer.get("max_discount"):
        given = np.minimum(given, float(offer["max_discount"]))
    given = np.where(eligible, given, 0.0)
    return Cost(float(given.mean()), float((given > 0).mean()), assumed)


def _tiers(offer: dict, values: np.ndarray) -> np.ndarray:
    tiers = sorted(offer.get("tiers") or [(offer.get("min_spend") or 0.0, offer.get("discount") or 0.0)])
    given = np.zeros_like(values)
    for least, off in tiers:
        given = np.where(values >= least, off, given)
    return given


def gift_cost(shop: Shop, product_id: str | None) -> float:
    """What the gift costs the shop: its unit cost, else its price less the shop's margin. 0 for an unknown product."""
    products = shop.optional("products").set_index("product_id")
    if product_id not in products.index:
        return 0.0
    row = products.loc[product_id]
    if pd.notna(row.get("unit_cost")):
        return float(row["unit_cost"])
    price = float(row.get("price") or 0.0)
    return price * (1 - shop.settings.gross_margin.get("default", 0.4))


@dataclass(frozen=True, slots=True)
class Margin:
    """Share of list revenue above unit cost; `measured` is False where it is the shop's setting."""

    share: float
    measured: bool


def margin(shop: Shop, product_ids: list[str], category: str | None) -> Margin:
    """Margin of what a plan sells: from unit costs of its products, weighted by what they sold, else the setting.

    A message to everyone sells the whole range: without products or category the whole shop's margin counts.
    """
    fallback = shop.settings.gross_margin.get(category or "", shop.settings.gross_margin.get("default", 0.4))
    products = shop.optional("products")
    if not {"price", "unit_cost"} <= set(products) or not shop.rows("orders"):
        return Margin(fallback, False)
    lines = shop.table("orders", ["product_id", "quantity", "unit_price"])
    costs = products.set_index("product_id")["unit_cost"]
    lines = lines.assign(unit_cost=lines["product_id"].map(costs))
    # Buyers of a campaign fill the basket with other things too; only the products named shift the mix.
    named = set(product_ids) or set(
        products.loc[products.get("category", pd.Series(dtype="str")).eq(category or ""), "product_id"]
    )
    chosen = (
        lines[lines["product_id"].isin(named) & (lines["quantity"] > 0) & lines["unit_cost"].notna()]
        if named
        else lines.iloc[:0]
    )
    if len(chosen) < 30:
        chosen = lines[(lines["quantity"] > 0) & lines["unit_cost"].notna()]
    revenue = float((chosen["quantity"] * chosen["unit_price"]).sum())
    if revenue <= 0:
        return Margin(fallback, False)
    return Margin(1 - float((chosen["quantity"] * chosen["unit_cost"]).sum()) / revenue, True)
