"""Where customers stand with a shop: new, one-time, active, slipping, lapsed or VIP, by fixed rules.

"Long" is measured in the shop's own usual gap: the median of its customers' mean days between orders.

    vip       the top tenth by spend, more than one order, and not lapsed
    new       one order, not longer ago than two usual gaps
    one-time  one order, longer ago than that
    lapsed    several orders, the last longer ago than four usual gaps
    slipping  several orders, the last longer ago than two usual gaps
    active    several orders, the last within two usual gaps
    none      no order yet

The first that holds counts, in this order.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from engine.errors import NotEnoughData
from engine.shop.features import customers, features
from engine.shop.store import Shop

STAGES = ("new", "one-time", "active", "slipping", "lapsed", "vip", "none")
SLIPPING_GAPS, LAPSED_GAPS = 2, 4
VIP_SHARE = 0.9  # quantile of spend among those who ordered
USUAL_GAP = 60.0  # days; for a shop where nobody has ordered twice yet


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The limits of the stages. `vip_spend` in money, the others in days; gap_known: somebody ordered twice."""

    gap_days: float
    slipping_days: float
    lapsed_days: float
    vip_spend: float
    gap_known: bool


def thresholds(known: pd.DataFrame) -> Thresholds:
    """The limits for customers with these features (see engine.shop.features), those without an order ignored."""
    ordered = known[known["frequency"] > 0]
    gaps = ordered["gap_days"].dropna()
    gap = float(gaps.median()) if len(gaps) else USUAL_GAP
    spend = float(ordered["monetary"].quantile(VIP_SHARE)) if len(ordered) else np.nan
    return Thresholds(gap, SLIPPING_GAPS * gap, LAPSED_GAPS * gap, spend, bool(len(gaps)))


def of(known: pd.DataFrame) -> pd.Series:
    """The stage of each customer with these features, in their order and index."""
    limits = thresholds(known)
    recency, orders = known["recency_days"], known["frequency"]
    lapsed, slipping = recency > limits.lapsed_days, recency > limits.slipping_days
    vip = (known["monetary"] >= limits.vip_spend) & ~lapsed & (orders > 1)
    rules = [~(orders > 0), vip, (orders == 1) & ~slipping, orders == 1, lapsed, slipping]
    stages = np.select(rules, ["none", "vip", "new", "one-time", "lapsed", "slipping"], default="active")
    return pd.Series(stages, index=known.index, dtype="str")


def groups(shop: Shop, as_of: date, known: pd.DataFrame | None = None) -> pd.DataFrame:
    """One row per stage, in the order of STAGES, empty ones too: name, customers, share, spend_share, rule_text.

    share: of all customers; spend_share: of all they spent so far, after discounts and returns (missing without any).
    known: `features_of_all(shop, as_of)`, where it is at hand. Raises NotEnoughData for a shop without orders.
    """
    if not shop.rows("orders"):
        raise NotEnoughData("Stages need orders, and this shop has none yet. Import a file of orders.")
    known = features_of_all(shop, as_of) if known is None else known
    by_stage = known.groupby(of(known))["monetary"].agg(["size", "sum"]).reindex(list(STAGES), fill_value=0)
    spent = float(by_stage["sum"].sum())
    return pd.DataFrame(
        {
            "name": by_stage.index,
            "customers": by_stage["size"].to_numpy(),
            "share": (by_stage["size"] / max(len(known), 1)).to_numpy(),
            "spend_share": by_stage["sum"].to_numpy() / spent if spent > 0 else np.nan,
            "rule_text": [f"lifecycle = {name}" for name in by_stage.index],
        }
    )


def features_of_all(shop: Shop, as_of: date) -> pd.DataFrame:
    """Features (see engine.shop.features) of every customer the shop knows, as of a day."""
    return features(shop, pd.DataFrame({"customer_id": customers(shop), "as_of": pd.Timestamp(as_of)}))
