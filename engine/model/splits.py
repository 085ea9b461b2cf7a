"""How past rows are cut into "learned from" and "judged on", so that a figure means what it says.

6 or more campaigns: later whole campaigns. Fewer: later time within. All at one time: 5 folds by customer.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
import pandas as pd

MIN_CAMPAIGNS = 6
JUDGED_SHARE = 0.4  # the later campaigns every candidate is judged on
BLOCKS = 3


@dataclass(frozen=True, slots=True)
class Fold:
    """Row positions learned from and judged on."""

    train: np.ndarray
    test: np.ndarray


def unit(campaign: pd.Series, at: pd.Series, customer: pd.Series) -> tuple[np.ndarray, str]:
    """Order number of the unit each row belongs to, earliest first, and the name of the rule used.

    Units are whole campaigns, ten stretches of time, or five customer folds.
    """
    starts = pd.Series(at.to_numpy(), index=campaign.to_numpy()).groupby(level=0).min()
    if starts.nunique() >= MIN_CAMPAIGNS:
        order = starts.reset_index().sort_values([starts.name or 0, "index"])["index"]
        return pd.Series(range(len(order)), index=order.to_numpy()).loc[campaign].to_numpy(), "later whole campaigns"
    if at.nunique() > 1:
        ranks = at.rank(method="dense").to_numpy()
        return np.ceil(ranks / ranks.max() * 10).astype(int) - 1, "later time within campaigns"
    folds = customer.map(lambda c: hashlib.blake2b(str(c).encode(), digest_size=2).digest()[0] % 5)
    return folds.to_numpy(), "customers held out; no campaign-to-campaign variation in this range"


def folds(units: np.ndarray, rule: str) -> list[Fold]:
    """Rolling origin: each block of later units is judged by what came before. Customer folds: each by the others."""
    present = np.unique(units)
    if rule.startswith("customers"):
        return [Fold(np.flatnonzero(units != u), np.flatnonzero(units == u)) for u in present]
    first = max(1, int(np.ceil(len(present) * (1 - JUDGED_SHARE))))
    blocks = [block for block in np.array_split(present[first:], BLOCKS) if len(block)]
    return [Fold(np.flatnonzero(units < block[0]), np.flatnonzero(np.isin(units, block))) for block in blocks]


def latest(units: np.ndarray, share: float = 0.2, at_least: int = 5) -> np.ndarray:
    """True for rows of the latest units: at least `at_least` of them where that leaves as many to learn from."""
    present = np.unique(units)
    count = min(max(int(np.ceil(len(present) * share)), at_least), max(1, len(present) // 2))
    return units >= present[-count]
