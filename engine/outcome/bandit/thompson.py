"""How likely each arm is the best, and the split that shows it as often: Thompson sampling (Thompson 1933)."""

import numpy as np
from scipy import special

POINTS, REACH = 61, 7.0  # of the quadrature: points of each arm, within so many standard deviations
PRIOR_CONVERSIONS = 1.0  # the prior is worth so many conversions at the overall rate: nothing at 10 %, little at 1 %


def posterior(converted: np.ndarray, exposed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Beta parameters a, b (..., K) of each arm's rate.

    exposed: (..., K) what was shown, as far as its conversions had time to come in. The prior lies at the overall rate:
    a flat one would take every arm of a 1 % world for one of 50 % until hundreds were shown.
    """
    total = np.maximum(exposed.sum(axis=-1, keepdims=True), 1.0)
    overall = np.clip((converted.sum(axis=-1, keepdims=True) + 0.5) / (total + 1.0), 1e-6, 0.5)
    a = PRIOR_CONVERSIONS + converted
    b = PRIOR_CONVERSIONS * (1 - overall) / overall + np.maximum(exposed - converted, 0.0)
    return a, b


def chance_best(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(..., K) probability that each arm's rate is the highest: the propensity with which Thompson sampling draws it.

    Integral of one arm's density times the others' distributions, by the trapezium rule. Its points are those of each
    arm on log-odds, where a Beta's mean and spread are known: arms a hair apart are told apart beside a wide one.
    """
    middle = special.digamma(a) - special.digamma(b)
    spread = np.sqrt(special.polygamma(1, a) + special.polygamma(1, b))
    grid = (middle[..., None] + spread[..., None] * np.linspace(-REACH, REACH, POINTS)).reshape(*a.shape[:-1], -1)
    rate = special.expit(np.sort(grid, axis=-1))[..., None, :]
    below = special.betainc(a[..., None], b[..., None], rate)  # (..., K, G)
    # Steps of the distribution itself, so that no density near 0 is lost; between two points the others' middle.
    step = np.diff(below, axis=-1)
    logs = np.log(np.maximum(below, 1e-300))
    others = np.exp(logs.sum(axis=-2, keepdims=True) - logs)
    found = (step * (others[..., 1:] + others[..., :-1]) / 2).sum(axis=-1)
    return found / found.sum(axis=-1, keepdims=True)


def split(best: np.ndarray, least: float) -> np.ndarray:
    """Shares (..., K) that add up to 1: as likely as best, but none below `least`, so that none ever gets all."""
    return least + (1 - least * best.shape[-1]) * best
