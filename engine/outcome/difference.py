"""What changed because of a message: means of those sent against those left out by chance, with a range.

The draw is what is compared, not what was delivered or opened: everybody counts as they were drawn. In one stratum of
equal spread without adjustment this is Welch's test, as statsmodels has it (a test holds them equal). What neither
statsmodels nor tea-tasting does is strata of different propensity, weighted to those sent, an adjustment chosen for
very unequal groups, and a range that holds where few are left out and money has a heavy tail; so that much is here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

LEVEL = 0.95  # of every range of a result
ENOUGH_TO_ADJUST = 100  # customers in the smaller group, below which nothing is learned about the past's part
STRATA = 5  # of neighbouring propensities, where they differ between customers (Cochran 1968)


@dataclass(frozen=True, slots=True)
class Difference:
    """Mean of one outcome, sent less left out, per customer sent. Strata without both groups are not in it.

    sent, held: customers compared. low, high: range of LEVEL. chance_below: the chance that the difference is below 0,
    as the same t distribution says. adjusted: whether the time before the send was taken into account.
    """

    mean: float
    low: float
    high: float
    se: float
    df: float
    sent: int
    held: int
    sent_mean: float
    held_mean: float
    adjusted: bool

    def chance_below(self, threshold: float) -> float:
        """The chance that the true difference is below this, given these data and no opinion beforehand."""
        if not np.isfinite(self.se) or self.se <= 0:
            return float("nan")
        return float(stats.t.cdf((threshold - self.mean) / self.se, self.df))


@dataclass(frozen=True, slots=True)
class Groups:
    """Who was drawn how: treated (n,) bool, stratum (n,) int codes of equal, or of neighbouring, propensity.

    usable: rows of strata in which there are at least two of both. weights: of each stratum, its share of those sent.
    each: (n,) what a customer counts for in the mean of their group, 1 where all of the stratum had one chance.
    """

    treated: np.ndarray
    stratum: np.ndarray
    usable: np.ndarray
    weights: np.ndarray
    each: np.ndarray

    @property
    def sent(self) -> int:
        return int((self.treated & self.usable).sum())

    @property
    def held(self) -> int:
        return int((~self.treated & self.usable).sum())

    @property
    def apart(self) -> int:
        """Customers in no comparison: nobody, or one, of the other group had a chance like theirs."""
        return int((~self.usable).sum())


def groups(treated: np.ndarray, propensity: np.ndarray) -> Groups:
    """treated (n,) bool, propensity (n,) float: NaN, where nobody recorded it, is a stratum of its own.

    Each propensity is a stratum, compared for itself. Where some have no two of both groups, as with a chance for every
    customer, neighbouring ones make up a stratum, and those left out weigh p / (1 - p) in it, over the sum of these
    weights: what they did then stands for those sent (the weights of Hajek 1971, for the effect on the treated).
    """
    own = np.round(np.nan_to_num(propensity, nan=-1.0), 9)
    stratum, values = pd.factorize(own)
    both = _has_both(treated, stratum)
    each = np.ones(len(treated))
    drawn = (own > 0) & (own < 1)
    if not both[(values > 0) & (values < 1)].all():
        # By the mean rank of each value: one that many share stays alone, and the draw has no part in the borders.
        rank = pd.Series(propensity[drawn]).rank(pct=True).to_numpy()
        near = np.where(drawn, 0.0, own)
        near[drawn] = 1.0 + np.ceil(rank * STRATA)
        stratum, _ = pd.factorize(near)
        both = _has_both(treated, stratum)
        weighed = drawn & ~treated
        each[weighed] = propensity[weighed] / (1 - propensity[weighed])
        largest = np.zeros(len(both))
        np.maximum.at(largest, stratum[weighed], each[weighed])
        each[weighed] /= largest[stratum[weighed]]  # so that a stratum with one chance weighs by exactly 1
    weights = np.where(both, np.bincount(stratum[treated], minlength=len(both)), 0.0)
    return Groups(treated, stratum, both[stratum], weights / max(weights.sum(), 1.0), each)


def _has_both(treated: np.ndarray, stratum: np.ndarray) -> np.ndarray:
    count = int(stratum.max()) + 1 if len(stratum) else 0
    sent, held = (np.bincount(stratum[which], minlength=count) for which in (treated, ~treated))
    return (sent >= 2) & (held >= 2)


def differences(
    outcomes: np.ndarray, drawn: Groups, before: np.ndarray | None = None, spread_of: Sequence[int] | None = None
) -> list[Difference]:
    """One Difference per column of outcomes (n, m). before (n, k): what was known of each customer at the send.

    With `before`, each group's mean is moved to where it would be had both begun alike (CUPED, Deng et al. 2013): the
    slopes are those that make the variance of this very difference least, from deviations within group and stratum,
    which is what Lin (2013) shows to be safe whatever the truth: it can only be useless, not wrong. The degrees of
    freedom that the slopes cost are taken off.
    Variance: sum over strata of weight^2 (s2_sent / n_sent + s2_held / n_held), degrees of freedom as Satterthwaite.
    s2 of a group is its own, but never below that of both groups of the stratum together: where few are left out and
    few of them order, their own may be near 0 by chance, and the range with it. spread_of: for each column the one
    whose s2 of both together counts, itself where not given; profit takes that of gross profit, as a discount makes
    profits of those sent vary less than what those left out might have brought. Ranges are a little wide by this.
    Where customers weigh differently, s2 is of squares by squared weights and n = (sum of weights)^2 / sum of squared
    weights (Kish 1965), which is the linearised variance of a ratio.
    """
    rows = drawn.usable
    treated, stratum, each = drawn.treated[rows], drawn.stratum[rows], drawn.each[rows]
    values = outcomes[rows].astype("float64")
    cell = 2 * stratum + treated
    count = 2 * len(drawn.weights)
    total, squared = np.bincount(cell, each, count), np.bincount(cell, each**2, count)
    sizes = total**2 / np.maximum(squared, np.finfo(float).tiny)
    raw = _means(values, cell, each, total)
    moved, slopes = values, 0
    if before is not None and min(drawn.sent, drawn.held) >= ENOUGH_TO_ADJUST:
        known = before[rows].astype("float64")
        known = known[:, known.std(axis=0) > 0]
        if known.shape[1]:
            moved, slopes = _adjusted(values, known, cell, each, total, drawn.weights), known.shape[1]
    means = _means(moved, cell, each, total)
    squares = _sums((each[:, None] * (moved - means[cell])) ** 2, cell, count)
    squares *= (sizes / np.maximum(squared, np.finfo(float).tiny))[:, None]
    free = np.maximum(sizes - 1 - slopes, 1.0)
    own = squares / free[:, None]
    both = squares.reshape(-1, 2, squares.shape[1]).sum(axis=1) / free.reshape(-1, 2).sum(axis=1)[:, None]
    common = np.repeat(both, 2, axis=0)[:, list(spread_of or range(values.shape[1]))]
    errors = np.maximum(own, common) / np.maximum(sizes, 1.0)[:, None]
    used = np.flatnonzero(drawn.weights)
    found = []
    for column in range(values.shape[1]):
        parts = errors[:, column]
        weight = drawn.weights[used]
        difference = float((weight * (means[2 * used + 1, column] - means[2 * used, column])).sum())
        terms = np.concatenate([weight**2 * parts[2 * used + 1], weight**2 * parts[2 * used]])
        freedom = np.concatenate([free[2 * used + 1], free[2 * used]])
        variance = float(terms.sum())
        df = variance**2 / float((terms**2 / freedom).sum()) if variance > 0 else 1.0
        half = float(stats.t.ppf(0.5 + LEVEL / 2, df)) * np.sqrt(variance)
        found.append(
            Difference(
                difference, difference - half, difference + half, float(np.sqrt(variance)), df, drawn.sent, drawn.held,
                float((weight * raw[2 * used + 1, column]).sum()), float((weight * raw[2 * used, column]).sum()),
                slopes > 0,
            )
        )  # fmt: skip
    return found


def _adjusted(
    values: np.ndarray, before: np.ndarray, cell: np.ndarray, each: np.ndarray, total: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """The values less what the time before says of them."""
    own = before - _means(before, cell, each, total)[cell]
    rest = values - _means(values, cell, each, total)[cell]
    # Weights under which the residual sum of squares is the variance of the difference.
    root = ((np.repeat(weights, 2) / np.maximum(total, np.finfo(float).tiny))[cell] * each)[:, None]
    weighted = own * root**2
    slopes = np.linalg.pinv(weighted.T @ own) @ (weighted.T @ rest)
    # Not by @: on tables as narrow as these BLAS takes four times as long.
    return values - np.einsum("nk,kj->nj", before - before.mean(axis=0), slopes)


def _sums(values: np.ndarray, cell: np.ndarray, count: int) -> np.ndarray:
    columns = [np.bincount(cell, values[:, column], count) for column in range(values.shape[1])]
    return np.stack(columns, axis=1) if columns else np.zeros((count, 0))


def _means(values: np.ndarray, cell: np.ndarray, each: np.ndarray, total: np.ndarray) -> np.ndarray:
    """(cells, k) means by what each row counts for; total: the sum of that, by cell."""
    return _sums(values * each[:, None], cell, len(total)) / np.maximum(total, np.finfo(float).tiny)[:, None]
