"""Revenue per visitor of two arms, from sums alone: Welch's t-test, and whether so many visitors carry it."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

# A mean's interval holds as said from 355 x skewness squared people on (Kohavi et al. 2014, rule 7).
_PEOPLE_PER_SKEWNESS = 355.0


@dataclass(frozen=True, slots=True)
class Sums:
    """Visitors, and the sums of what each spent and of its square; an array each, an element per arm."""

    visitors: np.ndarray
    revenue: np.ndarray
    squares: np.ndarray

    def mean(self) -> np.ndarray:
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.revenue / np.where(self.visitors > 0, self.visitors, np.nan)

    def variance(self) -> np.ndarray:
        """Sample variance per visitor; NaN below two visitors, or where squares are below what the sums need."""
        n = np.where(self.visitors > 1, self.visitors, np.nan)
        left = self.squares - n * self.mean() ** 2
        # Sums written with few digits may fall short of 0 by rounding, by no more.
        return np.where(left >= -1e-6 * np.abs(self.squares), np.maximum(left, 0), np.nan) / (n - 1)


def welch(arm: Sums, base: Sums, level: float = 0.95) -> dict[str, np.ndarray]:
    """revenue_difference per visitor with low and high, and revenue_p_value (scipy's ttest_ind_from_stats, which
    gives no interval, in arrays)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = [one.variance() / one.visitors for one in (arm, base)]
        error = np.sqrt(parts[0] + parts[1])
        freedom = (parts[0] + parts[1]) ** 2 / (
            parts[0] ** 2 / (arm.visitors - 1) + parts[1] ** 2 / (base.visitors - 1)
        )
        apart = arm.mean() - base.mean()
        half = stats.t.isf((1 - level) / 2, freedom) * error
        p = 2 * stats.t.sf(np.abs(apart) / error, freedom)
    return {
        "revenue_difference": apart,
        "revenue_low": apart - half,
        "revenue_high": apart + half,
        "revenue_p_value": p,
    }


def people_for(skewness: float) -> float:
    """People in an arm from whom on the interval of a mean of so skewed amounts holds as said; NaN stays NaN."""
    return float(np.ceil(_PEOPLE_PER_SKEWNESS * skewness**2))


def fewest_visitors(arm: Sums) -> np.ndarray:
    """Visitors without whom an interval of mean revenue is surely not to be trusted: a lower bound.

    Sums do not tell the skewness, but of amounts from 0 up it is at least c - 1 / c, with c the coefficient of
    variation (by Cauchy and Schwarz, E[x^3] E[x] >= E[x^2]^2). Real shops are more skewed: passing proves nothing.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        c = np.sqrt(arm.variance()) / arm.mean()
        skewness = np.maximum(c - 1 / c, 0)
    return _PEOPLE_PER_SKEWNESS * skewness**2
