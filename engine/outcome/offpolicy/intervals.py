"""How sure a mean of weighted rewards is, where most rewards are nothing and a few rows weigh much."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

LEVEL = 0.95
Z = float(stats.norm.ppf(0.5 + LEVEL / 2))


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its interval at LEVEL; all three missing (NaN) where it cannot be had."""

    value: float
    low: float
    high: float


NONE = Estimate(np.nan, np.nan, np.nan)


@dataclass(frozen=True, slots=True)
class Spread:
    """What an interval rests on. sd: standard error of the value. one_more: by how much one more rewarded row, of the
    weight that these usually have, would lift it."""

    sd: float
    one_more: float


def clustered(part: np.ndarray, cluster: np.ndarray | None) -> float:
    """Standard error of the mean of `part` (n,), whose rows of one cluster move together."""
    centred = part - part.mean()
    sums = centred if cluster is None else np.bincount(cluster, weights=centred)
    return float(np.sqrt(np.sum(sums**2) * len(sums) / max(len(sums) - 1, 1)) / len(part))


def interval(value: float, spread: Spread) -> Estimate:
    """The value, of rewards that are never negative, with its interval.

    The gamma interval of Fay and Feuer (1997) for weighted sums of rare events, with one more event above. They let it
    have the largest weight of all, which here makes intervals three times as wide; the usual weight of a rewarded row
    is enough: with an uneven log of rare rewards, where a normal or a bootstrap interval holds the truth in 77 to 82 of
    100 logs, this one holds it in 97 to 99 (bench/results/offpolicy.txt).
    """
    tail = (1 - LEVEL) / 2
    value, square, more = max(value, 0.0), spread.sd**2, spread.one_more
    low = float(stats.gamma.ppf(tail, value**2 / square, scale=square / value)) if value and square else value
    top, wide = value + more, square + more**2
    high = float(stats.gamma.ppf(1 - tail, top**2 / wide, scale=wide / top)) if top and wide else value
    return Estimate(value, min(low, value), max(high, value))


def difference(one: Estimate, other: Estimate) -> Estimate:
    """one - other, of different rows, with the interval that follows from both of theirs.

    Zou and Donner (2008): keeps what is lopsided about either, which a normal interval of the difference loses.
    """
    value = one.value - other.value
    below = float(np.hypot(one.value - one.low, other.high - other.value))
    above = float(np.hypot(one.high - one.value, other.value - other.low))
    return Estimate(value, value - below, value + above)
