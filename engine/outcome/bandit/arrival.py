"""Conversions that are still to come: what was shown lately counts for as much as has had time to come in.

A day's conversions are those that came in so far of what was shown that day. Delays are taken as exponential (Chapelle
2014); their mean is the one under which the last days look like those before, arm by arm.
"""

from dataclasses import dataclass

import numpy as np

MEANS = np.concatenate([[0.0], np.geomspace(0.25, 21.0, 40)])  # days; 0: everything comes in at once
MIN_CONVERSIONS = 50  # fewer say nothing about delays
WORTH_SAYING = 1.92  # log-likelihood by which a delay must beat none: half of chi-squared's 95 % with one degree
MIDDAY = 0.5  # what was shown on a day was shown around its middle


@dataclass(frozen=True, slots=True)
class Delay:
    """mean: days from showing to conversion, 0 where none is seen. is_given: somebody said so."""

    mean: float
    is_given: bool = False

    def arrived(self, age: np.ndarray) -> np.ndarray:
        """Share of conversions that have come in, of what was shown `age` days ago (1: yesterday)."""
        if self.mean <= 0:
            return np.ones(np.shape(age))
        return -np.expm1(-np.maximum(np.asarray(age) - MIDDAY, 0.0) / self.mean)


def estimate(arm: np.ndarray, age: np.ndarray, shown: np.ndarray, converted: np.ndarray) -> Delay:
    """The mean delay under which rates within each arm are steady. arm: (n,) numbers from 0 on; age: days.

    Poisson counts with one rate per arm, maximum likelihood over MEANS. A real fall of the rate in the last days looks
    just the same: who knows the delay should say it.
    """
    if converted.sum() < MIN_CONVERSIONS:
        return Delay(0.0)
    share = np.stack([Delay(float(mean)).arrived(age) for mean in MEANS])  # (M, n)
    exposed = share * shown
    own = np.zeros((len(MEANS), int(arm.max()) + 1))
    for number, part in enumerate(exposed):
        own[number] = np.bincount(arm, weights=part, minlength=own.shape[1])
    events = np.bincount(arm, weights=converted, minlength=own.shape[1])
    # With the best rate of each arm, events / exposure, what is expected in all is what came, for every mean.
    fit = (converted * np.log(np.maximum(share, 1e-300))).sum(axis=1)
    fit -= (events * np.log(np.maximum(own, 1e-300))).sum(axis=1)
    best = int(np.argmax(fit))
    return Delay(float(MEANS[best])) if fit[best] - fit[0] > WORTH_SAYING else Delay(0.0)
