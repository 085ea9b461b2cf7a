"""Two arms read from a table of single people: with what was known of each before, with amounts capped, by group.

CUPED is tea-tasting's, Welch's test scipy's, the test of interaction statsmodels'.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import tea_tasting
from scipy import stats
from statsmodels.stats.contingency_tables import StratifiedTable

from engine.errors import DataProblem, NotEnoughData
from engine.outcome.experiments import proportions
from engine.outcome.experiments.correction import holm
from engine.outcome.experiments.revenue import people_for
from engine.outcome.experiments.rows import BASELINE
from engine.sentences import Sentence

CAPPED = 0.99  # amounts above what 99 of 100 people spend count as that amount
FEWEST_IN_GROUP = 100  # people of an arm in a group below which a rate says nothing of it


@dataclass(frozen=True, slots=True)
class Difference:
    """Mean per person of an arm minus that of the base, with its 95 % interval, in the unit of the value.

    needed: people in each arm from whom on the interval holds as said, where values are as skewed as these
        (revenue.people_for); NaN where that was not looked at.
    """

    value: float
    low: float
    high: float
    p_value: float
    people: int
    needed: float = float("nan")


@dataclass(frozen=True, slots=True)
class Adjusted:
    """The difference as it is, and after what each person did before was taken out (CUPED).

    variance_saved: share of the difference's variance that went with it; people needed fall by as much.
    """

    plain: Difference
    adjusted: Difference
    variance_saved: float


@dataclass(frozen=True, slots=True)
class Capped:
    """The difference with the largest amounts cut to `cap`: how many people's were, and the money that was left out."""

    plain: Difference
    capped: Difference
    cap: float
    people_capped: int
    left_out: float


def with_before(people: pd.DataFrame, value: str, before: str) -> Adjusted:
    """The difference in `value` with the pre-period covariate `before` taken out (Deng et al. 2013, by tea-tasting).

    people: variant (two of them), value, before; one row a person. `before` must have been settled before the test.
    """
    base, _ = _two_arms(people, (value, before))
    told = people[["variant", value, before]].astype({value: "float64", before: "float64"})
    # tea-tasting works out a relative lift as well, which ends in an OverflowError where the base's mean is near 0. All
    # values are moved alike: no difference between arms changes.
    told[value] += 100 * (told[value].std() or 1.0) - told[value].mean()
    test = tea_tasting.Experiment(
        {"plain": tea_tasting.Mean(value), "adjusted": tea_tasting.Mean(value, covariate=before)}, variant="variant"
    )
    found = test.analyze(told, control=base)
    plain, adjusted = (_difference(found[name], len(people)) for name in ("plain", "adjusted"))
    widths = [one.high - one.low for one in (plain, adjusted)]
    saved = 1 - (widths[1] / widths[0]) ** 2 if widths[0] > 0 else 0.0
    return Adjusted(plain, adjusted, saved)


def cap_of(amounts: pd.Series, share: float = CAPPED) -> float:
    """What `share` of those who spent anything stay below; 0 where nobody spent.

    Among those who bought: with 98 of 100 spending nothing, a quantile of all would cut every order to 0.
    """
    spent = amounts[amounts > 0].astype("float64")
    return float(spent.quantile(share)) if len(spent) else 0.0


def with_cap(people: pd.DataFrame, value: str, cap: float | None = None) -> Capped:
    """The difference in `value` by Welch's t-test, as it is and with amounts above `cap` counted as `cap`.

    Without one the cap is that of both arms together, so that no arm sets its own. It answers another question than
    the plain mean: what changes for all but the largest buyers. people: variant (two of them), value; one row a person.
    """
    base, arm = _two_arms(people, (value,))
    amounts = people[value].astype("float64")
    cap = cap_of(amounts) if cap is None else cap
    cut = amounts.clip(upper=cap)
    plain, capped = (_welch(one[people["variant"] == arm], one[people["variant"] == base]) for one in (amounts, cut))
    return Capped(plain, capped, cap, int((amounts > cap).sum()), float((amounts - cut).sum()))


def by_group(people: pd.DataFrame, group: str, converted: str = "converted") -> pd.DataFrame:
    """Whether an arm does better in one group than in another. people: variant (two), group, converted (0, 1).

    One row per group: group, visitors, conversions, base_visitors, base_conversions, lift, low, high, p_value,
    p_adjusted (Holm over groups), and on every row interaction_p (do odds differ between groups: Tarone's corrected
    Breslow-Day test) and differs_by_group, which is True only where that is below 0.05: a group that is significant
    beside one that is not shows no difference between them. A group with fewer than FEWEST_IN_GROUP people in an arm
    is left out. Raises NotEnoughData where none remains.
    """
    base, arm = _two_arms(people, (converted,))
    counts = people.assign(_done=people[converted].astype("float64")).groupby([group, "variant"])["_done"]
    counts = counts.agg(["size", "sum"]).unstack("variant")
    counts = counts[(counts["size"] >= FEWEST_IN_GROUP).all(axis=1)]
    if counts.empty:
        raise NotEnoughData(Sentence("experiments.small_groups", {"fewest": FEWEST_IN_GROUP, "group": group}))
    x, n, x0, n0 = (counts[(what, which)].to_numpy("float64") for which in (arm, base) for what in ("sum", "size"))
    low, high = proportions.lift_interval(x, n, x0, n0)
    p = proportions.p_value(x, n, x0, n0)
    with np.errstate(divide="ignore", invalid="ignore"):
        lift = np.where(x0 > 0, x / n / (x0 / n0) - 1, np.nan)
    together = _interaction(x, n, x0, n0)
    return pd.DataFrame(
        {
            group: counts.index, "visitors": n, "conversions": x, "base_visitors": n0, "base_conversions": x0,
            "lift": lift, "low": low, "high": np.where(np.isfinite(high), high, np.nan), "p_value": p,
            "p_adjusted": holm(pd.Series(p), pd.Series(0, index=range(len(p)))).to_numpy(), "interaction_p": together,
            "differs_by_group": together < 0.05,
        }
    )  # fmt: skip


def _interaction(x: np.ndarray, n: np.ndarray, x0: np.ndarray, n0: np.ndarray) -> float:
    """p of "the odds ratio is the same in every group"; NaN with one group."""
    tables = [np.array([[a, b - a], [c, d - c]]) for a, b, c, d in zip(x, n, x0, n0, strict=True) if a + c > 0]
    if len(tables) < 2:
        return float("nan")
    return float(StratifiedTable(tables).test_equal_odds(adjust=True).pvalue)


def _two_arms(people: pd.DataFrame, numbers: tuple[str, ...]) -> tuple[str, str]:
    """The base's name and the other's. Raises DataProblem where there are not two, or a number is missing."""
    missing = tuple(name for name in ("variant", *numbers) if name not in people)
    if missing:
        raise DataProblem(Sentence("experiments.people_column", {"missing": missing}))
    names = list(dict.fromkeys(people["variant"]))
    if len(names) != 2:
        raise DataProblem(Sentence("experiments.two_arms", {"count": len(names)}))
    for name in numbers:
        unknown = int((~np.isfinite(pd.to_numeric(people[name], errors="coerce").astype("float64"))).sum())
        if unknown:
            raise DataProblem(Sentence("experiments.people_unknown", {"column": name, "count": unknown}))
    base = BASELINE if BASELINE in names else names[0]
    return base, next(name for name in names if name != base)


def _difference(found: object, people: int) -> Difference:
    control, treatment = found.control, found.treatment  # type: ignore[attr-defined]
    low, high = found.effect_size_ci_lower, found.effect_size_ci_upper  # type: ignore[attr-defined]
    return Difference(treatment - control, low, high, found.pvalue, people)  # type: ignore[attr-defined]


def _welch(arm: pd.Series, base: pd.Series) -> Difference:
    found = stats.ttest_ind(arm, base, equal_var=False)
    reach = found.confidence_interval(0.95)
    needed = max(people_for(float(stats.skew(one))) if one.nunique() > 1 else 0.0 for one in (arm, base))
    apart = float(arm.mean() - base.mean())
    return Difference(apart, float(reach.low), float(reach.high), float(found.pvalue), len(arm) + len(base), needed)
