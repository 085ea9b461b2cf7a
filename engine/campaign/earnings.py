"""What orders are worth: the discount, the sending and the profit of one outcome, or of every draw of it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from engine import terms


@dataclass(frozen=True, slots=True)
class Terms:
    """What is fixed while outcomes are drawn. off_share: part of a basket's list value given away."""

    recipients: int
    off_share: float
    margin: float
    send_cost: float
    minimum_spend: float


def money(p: Any, q: Any, value: Any, given: Terms) -> dict[str, Any]:
    """Orders and money at order rates p (written to) and q (not; None = unknown); numbers, or arrays of draws."""
    orders = given.recipients * p
    extra = orders if q is None else given.recipients * (p - q)
    discount_cost = orders * value * given.off_share
    profit = terms.extra_profit(terms.gross_profit(extra * value, given.margin), discount_cost, given.send_cost)
    return {
        "orders": orders,
        "would_buy_anyway": None if q is None else given.recipients * q,
        "extra_orders": extra,
        "revenue": orders * value - discount_cost,
        "discount_cost": discount_cost,
        "discount_on_anyway": None if q is None else given.recipients * q * value * given.off_share,
        "extra_profit": profit,
        "roi": _roi(profit, discount_cost, given),
    }


def _roi(profit: Any, discount_cost: Any, given: Terms) -> Any:
    """terms.roi of one outcome, or of every draw (NaN where it is unknown)."""
    if np.ndim(profit) == 0:
        return terms.roi(profit, discount_cost, given.send_cost, given.minimum_spend)
    spend = discount_cost + given.send_cost
    known = (spend > 0) & (spend >= given.minimum_spend)
    return np.divide(profit, spend, out=np.full(len(profit), np.nan), where=known)
