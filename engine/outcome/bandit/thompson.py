"""How likely each arm is the best, and the split that follows from it: Thompson sampling (Thompson 1933)."""

import numpy as np

from engine.outcome.experiments import bayes

SURE = 4.0
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
    """(..., K) probability that each arm's rate is the highest, as tests are read (experiments.bayes)."""
    arms = a.shape[-1]
    return bayes.highest_of(a.reshape(-1, arms), b.reshape(-1, arms))[0].reshape(a.shape)


def split(a: np.ndarray, b: np.ndarray, least: float) -> np.ndarray:
    """Shares (..., K) that add up to 1, none below `least`, so that none ever gets all.

    As likely as each arm would be the best if the evidence were SURE times as much: posterior reshaping with alpha =
    0.5 (Chapelle and Li 2011). Plain Thompson sampling goes on trying arms that are hardly worth it, and in a month of
    a shop's conversions loses more by that (bench/results/bandit.txt).
    """
    best = chance_best(a * SURE, b * SURE)
    return least + (1 - least * best.shape[-1]) * best
