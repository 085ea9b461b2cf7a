"""What another choice would have earned per row: five estimates, each with its interval and the gain over the log.

    IPS    mean(w r)                            no model; right on average where propensities are
    SNIPS  sum(w r) / sum(w)                    the same, less moved by a few heavy rows
    DM     mean over rows of the model's word for what the policy would choose; right where the model is
    DR     mean(model + w (r - model))          right where either is (Dudik, Langford and Li 2011)
    SNDR   DR with weights that sum to n

w = probability of the logged action under the policy / its propensity; r = reward.
"""

import math
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from engine.outcome.offpolicy.intervals import NONE, Estimate, Spread, Z, clustered, difference, interval
from engine.outcome.offpolicy.log import Log
from engine.outcome.offpolicy.rewards import Expected

Name = Literal["IPS", "SNIPS", "DM", "DR", "SNDR"]
NAMES: tuple[Name, ...] = get_args(Name)


@dataclass(frozen=True, slots=True)
class Found:
    """value: reward per row under the policy. gain: over what the log earned, on the same rows."""

    name: Name
    value: Estimate
    gain: Estimate


@dataclass(frozen=True, slots=True)
class _Parts:
    """A value, per row by how much it moves the value (n,), and the variance that rows do not show."""

    value: float
    moved: np.ndarray
    weight: np.ndarray  # with which a row's reward counts
    doubt: float = 0.0


def logged(log: Log) -> Estimate:
    """What the log earned per row: the value of the choice that was made."""
    every = np.ones(len(log))
    return _with_interval(log, _Parts(float(log.reward.mean()), log.reward, every), every)


def estimates(log: Log, weight: np.ndarray, model: Expected) -> list[Found]:
    """All of NAMES. weight: (n,) as above."""
    is_empty = not log.reward.any()
    usual = np.ones(len(log)) if is_empty else np.maximum(model.logged, 0.0)
    found = []
    for name, parts in _parts(log.reward, weight, model).items():
        value = gain = NONE
        if np.isfinite(parts.value):
            if is_empty:  # no model of nothing: its interval is that of the weights
                parts = replace(parts, weight=weight)
            value, gain = _with_interval(log, parts, usual), _gain(log, parts, usual)
        found.append(Found(name, value, gain))
    return found


def _parts(reward: np.ndarray, weight: np.ndarray, model: Expected) -> dict[Name, _Parts]:
    mean = float(weight.mean())
    scaled = weight / mean if mean else np.full(len(weight), np.nan)
    rest = reward - model.logged
    plain, normed = float(np.mean(weight * reward)), float(np.mean(scaled * reward))
    doubly = model.chosen + weight * rest
    correction = float(np.mean(scaled * rest))
    chosen = float(model.chosen.mean())
    direct = float(model.direct.mean())
    return {
        "IPS": _Parts(plain, weight * reward, weight),
        "SNIPS": _Parts(normed, normed + scaled * (reward - normed), scaled),
        "DM": _Parts(direct, model.direct + model.leverage * rest, model.leverage, model.doubt),
        "DR": _Parts(float(doubly.mean()), doubly, weight),
        "SNDR": _Parts(chosen + correction, model.chosen + scaled * (rest - correction), scaled),
    }


def _with_interval(log: Log, parts: _Parts, usual: np.ndarray) -> Estimate:
    """usual: (n,) expected reward of each row as logged: heavy rows that earned nothing might have earned something."""
    sd = float(np.hypot(clustered(parts.moved, log.cluster), np.sqrt(parts.doubt)))
    if log.never_negative:
        return interval(parts.value, Spread(sd, _one_more(log, parts.weight, usual)))
    amount = parts.weight * log.reward
    return _lopsided(log, parts.value, sd, [_side(amount), _side(-amount)])


def _gain(log: Log, parts: _Parts, usual: np.ndarray) -> Estimate:
    """Over the log's own mean: what rows that count for more add, less what those that count for less take away."""
    sd = float(np.hypot(clustered(parts.moved - log.reward, log.cluster), np.sqrt(parts.doubt)))
    more = parts.weight - 1
    if log.never_negative:
        sides = [(weight * log.reward, _one_more(log, weight, usual)) for weight in (more.clip(0), (-more).clip(0))]
    else:
        sides = [_side(more * log.reward), _side(-more * log.reward)]
    return _lopsided(log, parts.value - float(log.reward.mean()), sd, sides)


def _lopsided(log: Log, value: float, sd: float, sides: list[tuple[np.ndarray, float]]) -> Estimate:
    """The interval of a sum of what adds and what takes away, each (n,) never negative, with its one more.

    The two are of different rows, so that their errors are apart. Where rewards are rare both are sums of few events,
    and their difference is as lopsided as they are. Its interval is scaled to the error `sd` that a model leaves.
    """
    spreads = [Spread(clustered(amount, log.cluster), more) for amount, more in sides]
    both = math.hypot(*(one.sd for one in spreads))
    if not both:
        return Estimate(value, value - Z * sd, value + Z * sd)
    adds, takes = (interval(float(amount.mean()), one) for (amount, _), one in zip(sides, spreads, strict=True))
    plain, scale = difference(adds, takes), sd / both
    return Estimate(value, value - scale * (plain.value - plain.low), value + scale * (plain.high - plain.value))


def _one_more(log: Log, weight: np.ndarray, usual: np.ndarray) -> float:
    """By how much one more reward of usual size, on a row of the weight that rewarded rows have, lifts the mean."""
    size = float(np.sum(log.reward**2) / np.sum(log.reward)) if log.reward.any() else 1.0
    weighted = float(np.sum(weight * usual))
    return size * float(np.sum(weight**2 * usual)) / weighted / len(log) if weighted > 0 else 0.0


def _side(amount: np.ndarray) -> tuple[np.ndarray, float]:
    """What of (n,) adds, and by how much one more lifts it: as seen, since with losses no model says what is earned."""
    own = np.maximum(amount, 0.0)
    total = float(own.sum())
    return own, float(np.sum(own**2)) / total / len(own) if total > 0 else 0.0
