"""How many visitors a test needs: the approximation of statsmodels' power_proportions_2indep, solved for arrays."""

import numpy as np
from scipy import stats

from engine.outcome.experiments.proportions import FEW

# Looked at daily, an always-valid p-value needs so many times the visitors of one look at the end to find a lift as
# often: measured at 30 looks, base rates 0.2 % to 30 %, lifts 2 % to 100 % (bench/experiments.py).
DAILY_LOOKS = 2.1


def visitors_needed(rate: np.ndarray, lift: float, alpha: np.ndarray | float = 0.05, power: float = 0.8) -> np.ndarray:
    """Visitors in each of two equal arms, so that a rate of rate x (1 + lift) is told apart so often; two-sided alpha.

    Fleiss, Levin and Paik (2003), formula 4.14; where so few convert that the test is corrected for continuity, 4.18.
    NaN where the rate is 0 or the raised rate not below 1.
    """
    rate = np.asarray(rate, dtype="float64")
    raised = rate * (1 + lift)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        middle, apart = (rate + raised) / 2, np.abs(raised - rate)
        told = stats.norm.isf(np.asarray(alpha) / 2) * np.sqrt(2 * middle * (1 - middle))
        seen = stats.norm.isf(1 - power) * np.sqrt(rate * (1 - rate) + raised * (1 - raised))
        n = ((told + seen) / apart) ** 2
        corrected = n / 4 * (1 + np.sqrt(1 + 4 / (n * apart))) ** 2
        n = np.where(n * np.minimum(middle, 1 - middle) < FEW, corrected, n)
    return np.where((rate > 0) & (raised > 0) & (raised < 1), np.ceil(n), np.nan)
