"""Affine calibration in log-odds: z -> a + b z, so that contributions still add up."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

USUAL_SD = 0.3  # how far mail campaigns usually differ from their forecast, in log-odds


@dataclass(frozen=True, slots=True)
class Affine:
    """Calibrated log-odds = shift + slope x log-odds."""

    shift: float = 0.0
    slope: float = 1.0

    def __call__(self, log_odds: np.ndarray) -> np.ndarray:
        return self.shift + self.slope * log_odds


def fit(
    log_odds: np.ndarray,
    trials: np.ndarray,
    successes: np.ndarray,
    prior: float = 10.0,
    unit: np.ndarray | None = None,
) -> Affine:
    """The affine map that makes `log_odds` fit the counts best, drawn towards "no change" as by `prior` successes.

    Platt (1999) on log-odds, with a ridge towards (0, 1) so that a handful of successes cannot turn a model around.
    With `unit` (the campaign of each row) a large campaign counts for no more than it can tell about others.
    """
    if unit is not None:
        share = _told_of_others(log_odds, trials, unit)
        trials, successes = trials * share, successes * share
    centre = float(np.average(log_odds, weights=trials))
    z = log_odds - centre

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        shift, slope = parameters
        value = centre + shift + slope * z
        residual = trials * expit(value) - successes
        likelihood = np.sum(trials * np.logaddexp(0.0, value) - successes * value)
        penalty = 0.5 * prior * (slope - 1.0) ** 2 + 0.5 * shift**2
        return likelihood + penalty, np.array([residual.sum() + shift, (residual * z).sum() + prior * (slope - 1.0)])

    shift, slope = minimize(loss, np.array([0.0, 1.0]), jac=True, method="BFGS").x
    slope = float(np.clip(slope, 0.2, 3.0))
    return Affine(float(centre + shift - slope * centre), slope)


def _told_of_others(log_odds: np.ndarray, trials: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """Weight of each row: information of a campaign's mean when campaigns differ by USUAL_SD, over that without.

    The precision 1 / (USUAL_SD^2 + 1 / information) of a mean with a random effect (DerSimonian and Laird 1986).
    """
    p = expit(log_odds)
    _, which = np.unique(unit, return_inverse=True)
    information = np.bincount(which, weights=trials * p * (1 - p))
    return (1.0 / (1.0 + USUAL_SD**2 * information))[which]
