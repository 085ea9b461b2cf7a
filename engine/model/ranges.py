"""How far a rate may fall from its forecast: campaigns that were held out say it, and counting says the rest.

A campaign's effect on log-odds: random effects by the method of moments (DerSimonian and Laird 1986), every campaign
counting for what it can tell, drawn towards what is usual where they tell little. Where they are worth FEW campaigns
it is scaled so that ranges would have held as often as they say: split conformal prediction (Vovk et al. 2005) on
residuals scaled by their expected standard deviation, each expected from the others. A range joins that effect with
the luck of so many messages.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import expit

from engine.model.calibrate import USUAL_SD

LEVEL = 0.8  # of every range
USUAL_CAMPAIGNS = 2  # the usual variation counts as much as that many held-out campaigns
FEW = 10  # with fewer held-out campaigns the range is wide, and said to be; a channel with as many has its own
POINTS = 1_024  # of the lattice on which a range is computed


@dataclass(frozen=True, slots=True)
class Variation:
    """sd of a campaign's effect on log-odds, and the number of held-out campaigns it was learned from.

    by_channel: the same for channels with enough held-out campaigns of their own.
    """

    sd: float
    campaigns: int
    by_channel: Mapping[str, "Variation"] = field(default_factory=dict, hash=False)

    @property
    def degrees(self) -> int:
        """Of Student's t: held-out campaigns, and those that the usual variation counts for."""
        return self.campaigns + USUAL_CAMPAIGNS

    def quantile(self, level: float) -> float:
        """Standard deviations to go for a quantile of a future campaign's effect."""
        return float(stats.t.ppf(level, self.degrees))

    def of(self, channel: str) -> "Variation":
        """What is known of this channel, else of all together."""
        return self.by_channel.get(channel, self)

    def to_json(self) -> dict:
        """As `stored` reads it."""
        channels = {channel: [own.sd, own.campaigns] for channel, own in self.by_channel.items()}
        return {"sd": self.sd, "campaigns": self.campaigns, "by_channel": channels}


def stored(facts: dict | list) -> Variation:
    """The variation that `to_json` wrote; models of before channels had their own hold a list of sd and campaigns."""
    if isinstance(facts, list):
        return Variation(*facts)
    channels = {channel: Variation(*own) for channel, own in facts["by_channel"].items()}
    return Variation(facts["sd"], facts["campaigns"], channels)


@dataclass(frozen=True, slots=True)
class Prior:
    """What is usual: an sd, and the number of campaigns it counts for. degrees: of Student's t that the sd learned from
    it is used with; None: those of its own `Variation`."""

    sd: float
    worth: float = USUAL_CAMPAIGNS
    degrees: int | None = None


# Below three held-out campaigns the range is drawn towards twice what mail campaigns usually show: it does not pretend.
UNKNOWN = Variation(sd=0.6, campaigns=0)


def variation(held_out: pd.DataFrame) -> Variation:
    """Variation of a rate, of all campaigns and of each channel that has FEW of them or more.

    `held_out` has one row per held-out campaign: trials, successes, predicted (mean probability), and may say channel.
    """
    usable = held_out[held_out["trials"] * held_out["predicted"] >= 1]
    spread = (usable["predicted"] * (1 - usable["predicted"])).to_numpy()
    residual = (usable["successes"] / usable["trials"] - usable["predicted"]).to_numpy() / spread
    noise = 1.0 / (usable["trials"].to_numpy() * spread)
    every = learned(residual, noise, Prior(USUAL_SD if len(usable) >= 3 else UNKNOWN.sd))
    channels = usable["channel"].to_numpy() if "channel" in usable else np.array([])
    found, count = np.unique(channels, return_counts=True)
    enough = [channel for channel, n in zip(found, count, strict=True) if FEW <= n < len(usable)]
    # A channel's own variation is drawn towards the shop's, not towards the usual one.
    own = {str(c): learned(residual[channels == c], noise[channels == c], Prior(every.sd)) for c in enough}
    return Variation(every.sd, every.campaigns, own)


def learned(residual: np.ndarray, noise: np.ndarray, usual: Prior) -> Variation:
    """Variation from one residual per held-out campaign with sampling variance `noise`, drawn towards what is usual."""
    count = len(residual)
    tells = (usual.sd**2 / (usual.sd**2 + noise)) ** 2  # a campaign's information about the variance, 1 without noise
    excess = residual**2 - noise
    sd = float(_drawn((tells * excess).sum(), tells.sum(), usual))
    degrees = count + USUAL_CAMPAIGNS if usual.degrees is None else usual.degrees
    usual_reach = float(stats.t.ppf(0.5 + LEVEL / 2, degrees))
    if round(tells.sum()) < FEW:
        # Campaigns that tell little are worth few: Student's t of as many as they are worth.
        reach = float(stats.t.ppf(0.5 + LEVEL / 2, tells.sum() + usual.worth))
        return Variation(sd * reach / usual_reach, count)
    expected = _drawn((tells * excess).sum() - tells * excess, tells.sum() - tells, usual)  # from the others
    score = np.sort(np.abs(residual) / np.sqrt(expected**2 + noise))
    reach = float(score[int(np.ceil((count + 1) * LEVEL)) - 1])
    # The luck of counting is known; what is scaled is the campaigns' effect.
    return Variation(sd * reach / usual_reach, count)


def _drawn(excess: np.ndarray, tells: np.ndarray, usual: Prior) -> np.ndarray:
    """sd from a weighted sum of squares above noise and the usual one, which counts as some campaigns.

    By the method of moments alone four campaigns often show no variation at all, and a range without width.
    """
    return np.sqrt((np.maximum(excess, 0.0) + usual.worth * usual.sd**2) / (tells + usual.worth))


def interval(
    probability: float, trials: float, variation: Variation, sampling_sd: float = 0.0, level: float = LEVEL
) -> tuple[float, float]:
    """Range of the observed rate of `trials` future messages with expected rate `probability`.

    `sampling_sd` is the standard error of the mean over representatives, on the probability scale.
    """
    if not 0 < probability < 1:
        return probability, probability
    effect, luck = _lattice(variation.degrees)
    sd = np.hypot(variation.sd, sampling_sd / (probability * (1 - probability)))
    rates = expit(np.log(probability / (1 - probability)) + sd * effect)
    low, high = np.quantile(seen(rates, trials, luck), [0.5 - level / 2, 0.5 + level / 2])
    return float(low), float(min(high, 1.0))


@lru_cache(maxsize=32)
def _lattice(degrees: int) -> tuple[np.ndarray, np.ndarray]:
    """Campaign effects (Student's t) and luck (normal) at points that fill the plane evenly: a Fibonacci lattice."""
    number = np.arange(POINTS)
    golden = (np.sqrt(5) - 1) / 2
    return stats.t.ppf((number + 0.5) / POINTS, degrees), stats.norm.ppf((number * golden + 0.5 / POINTS) % 1)


def seen(rate: np.ndarray, trials: float, luck: np.ndarray) -> np.ndarray:
    """Rates that `trials` messages show when each succeeds with chance `rate` and luck is so many standard deviations.

    Binomial quantiles by Cornish and Fisher (1938), not below nothing: of five expected orders none is possible.
    """
    trials = max(trials, 1.0)
    skewed = (luck**2 - 1) * (1 - 2 * rate) / (6 * trials)
    return np.maximum(rate + luck * np.sqrt(rate * (1 - rate) / trials) + skewed, 0.0)
