"""Whether groups came out as they were meant to be drawn (sample ratio mismatch), asked everywhere alike."""

import numpy as np
import pandas as pd
from scipy import stats

BELOW = 0.002  # p of groups so uneven that something went wrong: it comes up in 2 of 1,000 sound tests


def p_of_counts(counts: pd.Series, expected: pd.Series, test: pd.Series) -> pd.Series:
    """Chi-squared p of goodness of fit for each test (index). counts, expected: of each group, rows alike.

    NaN for a test with one group, or with a group of which either number is not known or nothing was expected.
    """
    squares = (counts - expected) ** 2 / expected.where(expected > 0)
    known, size = squares.groupby(test).count(), squares.groupby(test).size()
    p = pd.Series(stats.chi2.sf(squares.groupby(test).sum(), size - 1), index=size.index)
    return p.where((size > 1) & (known == size))


def p_of_draws(treated: np.ndarray, propensity: np.ndarray) -> float:
    """The same for two groups whose customers were drawn each with a chance of their own, (n,) each; NaN where one is
    not known or nothing was left to chance. With one chance for all it is that of the counts."""
    spread = float((propensity * (1 - propensity)).sum())
    if np.isnan(spread) or spread <= 0:
        return float("nan")
    return float(stats.chi2.sf((treated.sum() - propensity.sum()) ** 2 / spread, 1))
