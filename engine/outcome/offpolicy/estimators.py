"""What another choice would have earned per row: five estimates, each with its interval and the gain over the log.

    IPS    mean(w r)                            no model; right on average where propensities are
    SNIPS  sum(w r) / sum(w)                    the same, less moved by a few heavy rows
    DM     mean over rows of the model's word for what the policy would choose; right where the model is
    DR     mean(model + w (r - model))          right where either is (Dudik, Langford and Li 2011)
    SNDR   DR with weights that sum to n

w = probability of the logged action under the policy / its propensity; r = reward.
"""

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from engine.outcome.offpolicy.intervals import NONE, Estimate, Spread, clustered, difference, interval
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
    return _with_interval(log, _Parts(float(log.reward.mean()), log.reward, every), every, len(log))


def estimates(log: Log, weight: np.ndarray, model: Expected, sample: float) -> list[Found]:
    """All of NAMES. weight: (n,) as above; sample: effective sample size of the weights."""
    baseline = logged(log)
    is_empty = not log.reward.any()
    usual = np.ones(len(log)) if is_empty else np.maximum(model.logged, 0.0)
    found = []
    for name, parts in _parts(log.reward, weight, model).items():
        value = gain = NONE
        if np.isfinite(parts.value):
            if is_empty:  # no model of nothing: its interval is that of the weights
                parts = replace(parts, weight=weight)
            value = _with_interval(log, parts, usual, sample)
            gain = difference(value, baseline, _together(log, parts))
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


def _with_interval(log: Log, parts: _Parts, usual: np.ndarray, sample: float) -> Estimate:
    """usual: (n,) expected reward of each row as logged: heavy rows that earned nothing might have earned something."""
    sd = float(np.hypot(clustered(parts.moved, log.cluster), np.sqrt(parts.doubt)))
    size = float(np.sum(log.reward**2) / np.sum(log.reward)) if log.reward.any() else 1.0  # of what is earned at once
    weighted = parts.weight * usual
    more = size * float(np.sum(parts.weight * weighted)) / max(float(np.sum(weighted)), 1e-12) / len(log)
    return interval(parts.value, Spread(sd, more), log.never_negative, sample - 1)


def _together(log: Log, parts: _Parts) -> float:
    """How far the estimate and the log's own mean go up and down together."""
    if np.ptp(parts.moved) == 0 or np.ptp(log.reward) == 0:
        return 0.0
    return float(np.clip(np.corrcoef(parts.moved, log.reward)[0, 1], -1, 1))
