"""What orders are worth: the discount, the sending and the profit of one outcome, or of every draw of it."""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from engine import terms
from engine.campaign import offers


@dataclass(frozen=True, slots=True)
class Terms:
    """What is fixed while outcomes are drawn; of an offer, means over all orders, those that do not use it included.

    off_share: part of a basket's list value taken off its price; a bigger basket gets more off in the same proportion.
    kept: part of list value that stays once tax and what comes back are off. handed: money per order paid on top, as
    for a gift; most_handed: at most so much in all.
    """

    recipients: int
    off_share: float
    margin: float
    send_cost: float
    minimum_spend: float
    kept: float = 1.0
    handed: float = 0.0
    most_handed: float = math.inf

    def with_handed(self, cost: float) -> "Terms":
        """The same where what is handed over costs so much per order; as many uses at most."""
        most = self.most_handed * cost / self.handed if self.handed else self.most_handed
        return replace(self, handed=cost, most_handed=most)


def terms_of(
    cost: offers.Cost, value: float, recipients: int, margin: float, send_cost: float, minimum_spend: float, kept: float
) -> Terms:
    """The terms of a plan whose orders have this list value and whose offer costs so much."""
    per_use = cost.handed / cost.used_share if cost.used_share else 0.0
    most = cost.most_uses * per_use if math.isfinite(cost.most_uses) else math.inf
    return Terms(recipients, cost.off / value, margin, send_cost, minimum_spend, kept, cost.handed, most)


def money(p: Any, q: Any, value: Any, given: Terms) -> dict[str, Any]:
    """Orders and money at order rates p (written to) and q (not; None = unknown); numbers, or arrays of draws.

    value: list value of an order, with tax. All money is without tax and without what comes back.
    """
    orders = given.recipients * p
    extra = orders if q is None else given.recipients * (p - q)
    worth = value * given.kept
    off = worth * given.off_share
    discount_cost = orders * off + np.minimum(orders * given.handed, given.most_handed)
    profit = terms.extra_profit(terms.gross_profit(extra * worth, given.margin), discount_cost, given.send_cost)
    return {
        "orders": orders,
        "would_buy_anyway": None if q is None else given.recipients * q,
        "extra_orders": extra,
        "revenue": orders * (worth - off),
        "discount_cost": discount_cost,
        "discount_on_anyway": None if q is None else given.recipients * q * _each(orders, off, given),
        "extra_profit": profit,
        "roi": _roi(profit, discount_cost, given),
    }


def _each(orders: Any, off: Any, given: Terms) -> Any:
    """Cost of the offer per order; where there is not a gift for each, everyone is as likely to get one."""
    if not math.isfinite(given.most_handed):
        return off + given.handed
    return off + np.minimum(given.handed, given.most_handed / np.maximum(orders, 1e-12))


def break_even(anyway: float, value: float, given: Terms) -> float | None:
    """Extra orders at which the plan earns nothing, see terms.break_even_orders; gifts as if there were enough."""
    worth = value * given.kept
    return terms.break_even_orders(anyway, worth, given.margin, _given_share(worth, given), given.send_cost)


def margin_after_discount(value: float, given: Terms) -> float | None:
    """Profit / revenue of an order, once the offer is paid for."""
    worth = value * given.kept
    handed = _given_share(worth, given) - given.off_share
    return terms.margin_after_discount(given.margin - handed, given.off_share)


def _given_share(worth: float, given: Terms) -> float:
    return given.off_share + (given.handed / worth if worth else 0.0)


def _roi(profit: Any, discount_cost: Any, given: Terms) -> Any:
    """terms.roi of one outcome, or of every draw (NaN where it is unknown)."""
    if np.ndim(profit) == 0:
        return terms.roi(profit, discount_cost, given.send_cost, given.minimum_spend)
    spend = discount_cost + given.send_cost
    known = (spend > 0) & (spend >= given.minimum_spend)
    return np.divide(profit, spend, out=np.full(len(profit), np.nan), where=known)
