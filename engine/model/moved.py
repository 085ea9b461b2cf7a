"""Do people answer as the model in use says, or has that moved since it was learned?

Campaigns it forecast without having seen them, once when it was learned (its hold-out) and once since: how far each
fell from its forecast, in log-odds. Campaigns differ by more than counting, and forecasts miss the campaigns of one
stretch of time together (a season, what grows with a shop's age), so the two means are compared with random effects of
both (DerSimonian and Laird 1986), by Student's t with the degrees of freedom of Welch and Satterthwaite.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import logit

from engine.model.calibrate import USUAL_SD

USUAL_STRETCH_SD = 0.07  # how far the campaigns of some months together miss their forecast, in log-odds
USUAL_STRETCHES = 2  # the usual one counts as much as that many stretches
MIN_NEW = 2
MIN_HELD = 3


@dataclass(frozen=True, slots=True)
class Moved:
    """log_odds: mean distance of campaigns since then from their forecast, less that of the hold-out; low, high: 95 %.

    ratio: actual over predicted successes since then. None where there are too few campaigns: p is 1.
    """

    log_odds: float | None
    low: float | None
    high: float | None
    p: float
    ratio: float | None
    campaigns: int


def moved(held_out: pd.DataFrame, since: pd.DataFrame) -> Moved:
    """Both tables have one row per campaign, the earliest first: trials, successes, predicted (mean probability)."""
    ratio = _ratio(since)
    if len(since) < MIN_NEW or len(held_out) < MIN_HELD:
        return Moved(None, None, None, 1.0, ratio, len(since))
    (then, noise_then), (now, noise_now) = _distances(held_out), _distances(since)
    between = _between(np.concatenate([then, now]), np.concatenate([noise_then, noise_now]), len(then))
    weights = [1 / (between + noise) for noise in (noise_then, noise_now)]
    means = [float(np.average(one, weights=w)) for one, w in zip((then, now), weights, strict=True)]
    own = float(sum(1 / w.sum() for w in weights))
    together, stretches = _together(then, weights[0], len(now))
    shared = together * (1 + 1 / stretches)
    error = float(np.sqrt(own + shared))
    own_degrees, shared_degrees = len(then) + len(now) - 2, stretches - 1 + USUAL_STRETCHES
    degrees = (own + shared) ** 2 / (own**2 / own_degrees + shared**2 / shared_degrees)
    difference = means[1] - means[0]
    reach = float(stats.t.ppf(0.975, degrees)) * error
    p = float(2 * stats.t.sf(abs(difference) / error, degrees))
    return Moved(difference, difference - reach, difference + reach, p, ratio, len(since))


def _ratio(since: pd.DataFrame) -> float | None:
    expected = float((since["trials"] * since["predicted"]).sum())
    return float(since["successes"].sum()) / expected if expected > 0 else None


def _distances(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Observed less predicted log-odds of each campaign, and its sampling variance as the forecast implies it.

    One message that answers as forecast is added: a campaign without any success is no infinity.
    """
    n, p = table["trials"].to_numpy("float64"), table["predicted"].clip(1e-9, 1 - 1e-9).to_numpy("float64")
    s = table["successes"].to_numpy("float64") + p
    return logit(s / (n + 1)) - logit(p), 1 / ((n + 1) * p * (1 - p))


def _between(distance: np.ndarray, noise: np.ndarray, then: int) -> float:
    """Variance between campaigns around the mean of their side, drawn to the usual one as by two campaigns."""
    is_then = np.arange(len(distance)) < then
    centre = np.where(is_then, distance[is_then].mean(), distance[~is_then].mean())
    excess = float((np.square(distance - centre) - noise).sum()) * len(distance) / (len(distance) - 2)
    return (max(excess, 0.0) + 2 * USUAL_SD**2) / (len(distance) + 2)


def _together(distance: np.ndarray, weight: np.ndarray, size: int) -> tuple[float, int]:
    """Variance between stretches of `size` campaigns beyond that of their campaigns, and how many stretches there are.

    Drawn to the usual one: a hold-out has but a few.
    """
    stretches = max(1, len(distance) // size)
    parts = np.array_split(np.arange(len(distance)), stretches)
    means = np.array([np.average(distance[part], weights=weight[part]) for part in parts])
    noise = np.array([1 / weight[part].sum() for part in parts])
    excess = float((np.square(means - means.mean()) - noise * (1 - 1 / stretches)).sum())
    if stretches > 1:
        excess *= stretches / (stretches - 1)
    usual = USUAL_STRETCHES * USUAL_STRETCH_SD**2
    return (max(excess, 0.0) + usual) / (stretches + USUAL_STRETCHES), stretches
