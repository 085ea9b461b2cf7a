"""Each trait's effect on a result, beside what else differs between campaigns, with ranges and one correction for all.

A campaign's result (log-odds of a rate, log of revenue, or a difference against its holdout) is regressed on the trait
and the columns beside it, each campaign weighted by one over what it varies by: chance, and how much campaigns differ
anyway (random effects, DerSimonian and Laird 1986). The range scales with how the campaigns really scatter and takes t
with the degrees of freedom left (Hartung and Knapp 2001), which is statsmodels' WLS with an estimated scale. Where rows
come in groups, as the ads of one test, each is compared within its group only, and errors are robust to the group by
leaving each out (Bell and McCaffrey 2002; statsmodels has not that correction). All traits are corrected together: the
false discovery rate of Benjamini and Hochberg (1995).
"""

from dataclasses import dataclass

import numpy as np
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.multitest import multipletests
from threadpoolctl import threadpool_limits

from engine.outcome.what_worked.traits import Trait

LEAST_ROWS = 16  # campaigns or ads
LEAST_WITH = 4  # of them with the trait, and without
FALSE = 0.05  # share of what is told that may be wrong
LEVEL = 0.95
LEAST_GROUPS = 20  # from which on errors robust to groups can be trusted (Cameron and Miller 2015)


@dataclass(frozen=True, slots=True)
class Results:
    """A result by row: value and the variance chance gives it. group: rows are compared within it; None: all."""

    value: np.ndarray
    chance: np.ndarray
    group: np.ndarray | None = None


@dataclass(frozen=True, slots=True)
class Association:
    """effect, low, high (95 %) in units of the result; p_adjusted: over all traits; rows with and without it."""

    trait: Trait
    effect: float
    low: float
    high: float
    p_value: float
    p_adjusted: float
    with_it: int
    without: int

    @property
    def is_told(self) -> bool:
        """Whether it stands out of all traits that were looked at."""
        return self.p_adjusted <= FALSE


def associations(found: dict[Trait, np.ndarray], results: Results, beside: dict[str, np.ndarray]) -> list[Association]:
    """One per trait that both sides have enough rows of, the clearest first; the others are left out."""
    singles = []
    with threadpool_limits(1, "blas"):  # tables this small are slower with two threads
        for trait, column in found.items():
            one = _one(trait, column, results, _controls(trait, column, beside))
            if one is not None:
                singles.append(one)
    if not singles:
        return []
    adjusted = multipletests([one.p_value for one in singles], method="fdr_bh")[1]
    corrected = [
        Association(one.trait, one.effect, one.low, one.high, one.p_value, float(q), one.with_it, one.without)
        for one, q in zip(singles, adjusted, strict=True)
    ]
    return sorted(corrected, key=lambda one: (one.p_value, str(one.trait)))


def sides(trait: Trait, column: np.ndarray) -> np.ndarray:
    """1.0 for rows that have the trait, 0.0 for those that lack it; of an amount those above the middle have it."""
    if not trait.is_amount:
        return column
    middle = np.nanmedian(column)
    return np.where(np.isnan(column), np.nan, column > middle)


def _controls(trait: Trait, column: np.ndarray, beside: dict[str, np.ndarray]) -> np.ndarray:
    """The columns beside a trait: not those that say the same, and a fifth of the rows at most."""
    own = {"channel": "channel ", "offer": "offer "}.get(trait.family, "-")
    if trait.name == "language":
        own = "language "
    # The discount of a percentage goes with whether there is one: an offer's own size is not taken out of it.
    names = [name for name in beside if not name.startswith(own)]
    names = names[: max(int((~np.isnan(column)).sum()) // 5 - 2, 0)]
    return np.column_stack([np.empty((len(column), 0)), *(beside[name] for name in names)])


def _one(trait: Trait, column: np.ndarray, results: Results, controls: np.ndarray) -> Association | None:
    use = ~np.isnan(column) & np.isfinite(results.value) & (results.chance > 0)
    if results.group is not None:
        use &= _with_company(results.group, use)
    if use.sum() < LEAST_ROWS:
        return None
    column, value, chance, controls = column[use], results.value[use], results.chance[use], controls[use]
    having = sides(trait, column)
    with_it, without = int((having == 1).sum()), int((having == 0).sum())
    if min(with_it, without) < LEAST_WITH or np.ptp(column) == 0:
        return None
    controls = controls[:, (controls != controls[:1]).any(axis=0)]
    if results.group is None:
        answer = _fitted(column, value, chance, controls)
    else:
        answer = _within(column, value, chance, results.group[use])
    if answer is None:
        return None
    effect, error, free = answer
    wide = float(stats.t.ppf((1 + LEVEL) / 2, free)) * error
    p = float(2 * stats.t.sf(abs(effect / error), free))
    return Association(trait, effect, effect - wide, effect + wide, p, p, with_it, without)


def _fitted(
    column: np.ndarray, value: np.ndarray, chance: np.ndarray, controls: np.ndarray
) -> tuple[float, float, int] | None:
    """Effect, its standard error and degrees of freedom over all rows."""
    design = np.column_stack([column, np.ones(len(column)), controls])
    if np.linalg.matrix_rank(design) < design.shape[1]:
        design = design[:, :2]  # what is beside it says the same as the trait
        if np.linalg.matrix_rank(design) < 2:
            return None
    fitted = sm.WLS(value, design, weights=1 / (chance + between(value, design, chance))).fit()
    return float(fitted.params[0]), float(fitted.bse[0]), int(fitted.df_resid)


def between(value: np.ndarray, design: np.ndarray, chance: np.ndarray) -> float:
    """How much rows differ beyond chance and the columns: the variance by moments (DerSimonian and Laird 1986)."""
    weight = 1 / chance
    fitted = sm.WLS(value, design, weights=weight).fit()
    q = float(np.sum(weight * fitted.resid**2))
    cross = np.linalg.solve((design.T * weight) @ design, (design.T * weight**2) @ design)
    spare = float(weight.sum() - np.trace(cross))
    return max(0.0, (q - fitted.df_resid) / spare) if spare > 0 else 0.0


def _within(
    column: np.ndarray, value: np.ndarray, chance: np.ndarray, group: np.ndarray
) -> tuple[float, float, int] | None:
    """The same within groups: each row less the weighted mean of its group."""
    codes = np.unique(group, return_inverse=True)[1]
    weight = 1 / chance
    both = np.column_stack([column, value])
    means = np.column_stack([np.bincount(codes, weight * one) for one in both.T]) / np.bincount(codes, weight)[:, None]
    inside, outcome = (both - means[codes]).T
    share = np.bincount(codes, weight * inside**2)
    whole, varied = float(share.sum()), int((share > 1e-12).sum())
    if varied < LEAST_GROUPS:
        return None
    effect = float(np.sum(weight * inside * outcome)) / whole
    # What each group pulls, as if it had been left out (CR3): the usual robust error is too small for tens of groups.
    pull = np.bincount(codes, weight * inside * (outcome - effect * inside)) / (1 - share / whole)
    return effect, float(np.sqrt(np.sum(pull**2))) / whole, varied - 1


def _with_company(group: np.ndarray, use: np.ndarray) -> np.ndarray:
    """Rows whose group has another row that can be used."""
    codes = np.unique(group, return_inverse=True)[1]
    return np.asarray(np.bincount(codes, use.astype("float64"))[codes] > 1)
