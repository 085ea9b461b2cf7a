"""Two arms' conversion rates compared: p-value, interval of the ratio, interval of the difference.

All three are one test, the score test with the rates held to what is asked (Koopman 1984 for the ratio, Mee 1984 for
the difference): an interval leaves out "no difference" exactly where p < 0.05. At no difference it is the chi-squared
test without correction, statsmodels' proportions_ztest. The ratio's interval is statsmodels' confint_proportions_2indep
with method="score", correction=False, which takes one pair at a time: thousands are solved at once here. The
difference's is not: in statsmodels (0.15.0) the cubic of the held rates has conversions where Miettinen and Nurminen
(1985) have people, and its rates are not the likeliest ones.

Where few converted, or few did not, the test is corrected for continuity (Yates 1934, scipy's chi2_contingency), and
both intervals with it: the plain test then finds differences in more than 5 of 100 tests of two equal arms.
"""

from collections.abc import Callable

import numpy as np
from scipy import stats

from engine.model.rates import Z

# Expected in the smaller arm, conversions or people without one. From there on at most 5.2 of 100 tests of equal arms
# come out as different, at rates of 1 % to 30 % and arms from 1:1 to 1:9 (exact sums over both binomials).
FEW = 20
_STEPS = 80  # halvings of an interval of about 40: far below what a float can tell apart


def few(conversions: np.ndarray, visitors: np.ndarray, base_conversions: np.ndarray, base: np.ndarray) -> np.ndarray:
    """Whether fewer than FEW conversions, or people without one, are expected in an arm."""
    share = np.minimum(visitors, base) / np.maximum(visitors + base, 1)
    done = conversions + base_conversions
    return np.minimum(done, visitors + base - done) * share < FEW


def p_value(
    conversions: np.ndarray, visitors: np.ndarray, base_conversions: np.ndarray, base: np.ndarray
) -> np.ndarray:
    """Two-sided p of "both convert at one rate"; NaN where an arm is empty, 1 where nobody or everybody converted."""
    x, n, x0, n0 = (np.asarray(one, dtype="float64") for one in (conversions, visitors, base_conversions, base))
    with np.errstate(divide="ignore", invalid="ignore"):
        pooled = (x + x0) / (n + n0)
        error = np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / n0))
        apart = np.maximum(np.abs(x / n - x0 / n0) - _continuity(x, n, x0, n0, 1.0), 0)
        p = 2 * stats.norm.sf(np.where(error > 0, apart / error, 0.0))
    return np.where((n > 0) & (n0 > 0), p, np.nan)


def lift_interval(
    conversions: np.ndarray, visitors: np.ndarray, base_conversions: np.ndarray, base: np.ndarray, z: float = Z
) -> tuple[np.ndarray, np.ndarray]:
    """Interval of rate / base rate - 1; its top is infinite where nobody of the base converted."""
    x, n, x0, n0 = (np.asarray(one, dtype="float64") for one in (conversions, visitors, base_conversions, base))

    def score(log_ratio: np.ndarray) -> np.ndarray:
        ratio = np.exp(log_ratio)
        with np.errstate(divide="ignore", invalid="ignore"):
            # The base's rate under this ratio, by maximum likelihood: the root of a quadratic.
            a, b, c = (n + n0) * ratio, -(n * ratio + x + n0 + x0 * ratio), x + x0
            rate_0 = (-b - np.sqrt(np.maximum(b * b - 4 * a * c, 0))) / (2 * a)
            rate = np.minimum(rate_0 * ratio, 1)
            error = np.sqrt(rate * (1 - rate) / n + ratio**2 * rate_0 * (1 - rate_0) / n0)
            return _shrunk(x / n - ratio * x0 / n0, _continuity(x, n, x0, n0, ratio)) / error

    low, high = _where_crossed(score, z, -20.0, 20.0, x.shape)
    known = (n > 0) & (n0 > 0) & (x + x0 > 0)
    low = np.where(x > 0, np.expm1(low), -1.0)
    high = np.where(x0 > 0, np.expm1(high), np.inf)
    return np.where(known, low, np.nan), np.where(known, high, np.nan)


def difference_interval(
    conversions: np.ndarray, visitors: np.ndarray, base_conversions: np.ndarray, base: np.ndarray, z: float = Z
) -> tuple[np.ndarray, np.ndarray]:
    """Interval of rate - base rate, in fractions."""
    x, n, x0, n0 = (np.asarray(one, dtype="float64") for one in (conversions, visitors, base_conversions, base))

    def score(difference: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore", invalid="ignore"):
            rate_0 = _base_rate(x, n, x0, n0, difference)
            rate = np.clip(rate_0 + difference, 0, 1)
            error = np.sqrt(rate * (1 - rate) / n + rate_0 * (1 - rate_0) / n0)
            return _shrunk(x / n - x0 / n0 - difference, _continuity(x, n, x0, n0, 1.0)) / error

    low, high = _where_crossed(score, z, -1.0, 1.0, x.shape)
    known = (n > 0) & (n0 > 0)
    return np.where(known, low, np.nan), np.where(known, high, np.nan)


def _base_rate(x: np.ndarray, n: np.ndarray, x0: np.ndarray, n0: np.ndarray, difference: np.ndarray) -> np.ndarray:
    """The base's rate under this difference, by maximum likelihood: a cubic's root (Miettinen and Nurminen 1985)."""
    total, done = n + n0, x + x0
    third = ((n + 2 * n0) * difference - total - done) / (3 * total)
    slope = (n0 * difference - total - 2 * x0) * difference + done
    q = third**3 - slope * third / (2 * total) + x0 * difference * (1 - difference) / (2 * total)
    p = np.where(q < 0, -1.0, 1.0) * np.sqrt(np.maximum(third**2 - slope / (3 * total), 0))
    angle = (np.pi + np.arccos(np.clip(np.nan_to_num(q / p**3), -1, 1))) / 3
    return np.clip(2 * p * np.cos(angle) - third, 0, 1)


def _continuity(x: np.ndarray, n: np.ndarray, x0: np.ndarray, n0: np.ndarray, ratio: np.ndarray | float) -> np.ndarray:
    """Half a conversion of each arm, in rates, where few converted; else 0."""
    with np.errstate(divide="ignore"):
        return np.where(few(x, n, x0, n0), 0.5 / n + ratio * 0.5 / n0, 0.0)


def _shrunk(apart: np.ndarray, by: np.ndarray) -> np.ndarray:
    """Nearer to 0 by so much, and never across it."""
    return np.sign(apart) * np.maximum(np.abs(apart) - by, 0)


def _where_crossed(
    score: Callable[[np.ndarray], np.ndarray], z: float, bottom: float, top: float, shape: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Where a falling score passes z and -z, by halving."""
    ends = []
    for level in (z, -z):
        low, high = np.full(shape, bottom), np.full(shape, top)
        for _ in range(_STEPS):
            middle = (low + high) / 2
            above = np.nan_to_num(score(middle)) > level  # 0 / 0: nothing apart
            low, high = np.where(above, middle, low), np.where(above, high, middle)
        ends.append((low + high) / 2)
    return ends[0], ends[1]
