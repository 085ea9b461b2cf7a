"""What a showing of each arm earns: its rate times the value of a conversion, less what the showing costs.

    profit per showing = value per conversion x rate - cost per showing

The rate is known as its Beta distribution. Of values only each day's sum is known: how much single ones vary is told
from how days miss their arm's mean, and the mean itself is drawn towards that of all arms by one conversion, as rates
are. The cost of a showing is what was paid for it.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from engine.outcome.bandit import thompson

COUNTED = ("shown", "converted", "cost", "value")
DRAWS = 100_000  # of which a chance is known to 0.2 points


@dataclass(frozen=True, slots=True)
class Worth:
    """Per arm (K,), money: mean value of a conversion and its standard error; cost of a showing."""

    value: np.ndarray
    error: np.ndarray
    cost: np.ndarray

    def drawn(self, a: np.ndarray, b: np.ndarray, seed: int, sure: float = 1.0) -> np.ndarray:
        """(DRAWS, K) profits per showing, the evidence taken `sure` times. a, b: (K,) of the rates."""
        random = np.random.default_rng(seed)
        rates = random.beta(a * sure, b * sure, (DRAWS, len(a)))
        return rates * random.normal(self.value, self.error / np.sqrt(sure), rates.shape) - self.cost


def of_arms(rows: pd.DataFrame, arm: np.ndarray, count: int) -> Worth:
    """rows: shown, converted, cost, value; arm: (n,) number of each row's."""
    sums = {name: np.bincount(arm, rows[name].to_numpy("float64"), count) for name in COUNTED}
    events, total = sums["converted"], max(float(sums["converted"].sum()), 1.0)
    overall = float(sums["value"].sum()) / total
    mean = (sums["value"] + overall) / (events + 1)
    there = rows["converted"].to_numpy("float64") > 0
    of_day, own = rows["converted"].to_numpy("float64")[there], mean[arm[there]]
    missed = (rows["value"].to_numpy("float64")[there] - of_day * own) ** 2 / of_day
    spare = int(there.sum()) - len(np.unique(arm[there]))
    # With a day per arm nothing shows how single values vary: as much as exponential ones do.
    spread = missed.sum() / spare if spare > 0 else overall**2
    paid = sums["cost"].sum() / max(float(sums["shown"].sum()), 1.0)  # of an arm that was never shown
    cost = np.where(sums["shown"] > 0, sums["cost"] / np.maximum(sums["shown"], 1.0), paid)
    return Worth(mean, np.sqrt(spread / (events + 1)), cost)


def chance_best(drawn: np.ndarray) -> np.ndarray:
    """(K,) share of draws (N, K) in which each arm is the highest."""
    return np.bincount(drawn.argmax(axis=1), minlength=drawn.shape[1]) / len(drawn)


def split(worth: Worth, a: np.ndarray, b: np.ndarray, least: float, seed: int) -> np.ndarray:
    """Shares (K,) by the chance to earn most, as `thompson.split` has them by the chance of the highest rate."""
    best = chance_best(worth.drawn(a, b, seed, thompson.SURE))
    return least + (1 - least * len(best)) * best
