"""A rate from little experience: what somebody said it is, and own campaigns, each weighed by how much it tells.

Normal-normal in log-odds (Gelman et al., Bayesian Data Analysis, 3rd ed., 5.4): an estimate counts by its precision.
Own campaigns come in from broad to narrow, each level the prior of the next, whose rate lies `apart` from it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import log, sqrt

from engine.model.calibrate import USUAL_SD
from engine.model.ranges import UNKNOWN

TYPED_SD = UNKNOWN.sd  # how far a rate that somebody typed may lie from the truth, in log-odds: an allowance
TYPED = "typed"


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean and its variance, on one scale with those it is mixed with."""

    mean: float
    variance: float


@dataclass(frozen=True, slots=True)
class Level:
    """Campaigns that are alike to the same degree. apart: sd by which the next narrower level's rate differs."""

    name: str
    campaigns: Sequence[Estimate]
    apart: float = 0.0


@dataclass(frozen=True, slots=True)
class Mixed:
    """mean and variance of the rate itself; weights: share of each source in the mean, by name, together 1."""

    mean: float
    variance: float
    weights: dict[str, float] = field(default_factory=dict)

    @property
    def own_share(self) -> float:
        """Share of the mean that own campaigns give."""
        return sum(weight for name, weight in self.weights.items() if name != TYPED)


def log_odds(rate: float) -> float:
    return log(rate / (1 - rate))


def observed(successes: float, trials: float) -> Estimate:
    """Log-odds of a rate with its binomial variance, also where nobody or everybody responded.

    Half a success and half a failure are added (Gart and Zweifel 1967).

    >>> observed(0, 9)
    Estimate(mean=-2.9444389791664403, variance=2.1052631578947367)
    """
    yes, no = successes + 0.5, trials - successes + 0.5
    return Estimate(log(yes / no), 1 / yes + 1 / no)


def pooled(campaigns: Sequence[Estimate], between: float = USUAL_SD) -> Estimate:
    """Mean of campaigns that differ from each other by the sd `between` beside their own variance."""
    precision = [1 / (between**2 + one.variance) for one in campaigns]
    mean = sum(weight * one.mean for weight, one in zip(precision, campaigns, strict=True)) / sum(precision)
    return Estimate(mean, 1 / sum(precision))


def mix(typed: Estimate | None, levels: Sequence[Level], between: float = USUAL_SD) -> Mixed | None:
    """The rate of the narrowest level, from what was typed about it and from campaigns, the broadest level first.

    None where nothing was typed and there is no campaign.
    """
    own: Mixed | None = None
    for level in levels:
        if level.campaigns:
            own = _with(own, level.name, pooled(level.campaigns, between))
        if own is not None:
            own = Mixed(own.mean, own.variance + level.apart**2, own.weights)
    # A typed rate is about this very plan: at the top of the levels a few campaigns of another kind would drown it.
    return own if typed is None else _with(own, TYPED, typed)


def _with(before: Mixed | None, name: str, seen: Estimate) -> Mixed:
    """What was known before, corrected by one more estimate."""
    if before is None:
        return Mixed(seen.mean, seen.variance, {name: 1.0})
    gain = before.variance / (before.variance + seen.variance)
    weights = {source: weight * (1 - gain) for source, weight in before.weights.items()} | {name: gain}
    return Mixed(before.mean + gain * (seen.mean - before.mean), before.variance * (1 - gain), weights)


def next_campaign(known: Mixed, noise: float, between: float = USUAL_SD) -> float:
    """sd of what one more campaign will show: the rate is not known exactly, campaigns differ, and chance plays."""
    return sqrt(known.variance + between**2 + noise)
