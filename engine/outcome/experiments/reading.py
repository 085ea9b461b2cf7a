"""A file of tests, read: one row per arm with every statistic, a verdict and its reason."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from engine.outcome.experiments import bayes, effects, people_rows, proportions, revenue, sequential, uneven
from engine.outcome.experiments.correction import holm
from engine.outcome.experiments.effects import Effects
from engine.outcome.experiments.rows import MOST_ARMS, Tallies, tally
from engine.outcome.experiments.verdicts import Rule, judge
from engine.sentences import Language

COLUMNS = [
    "experiment_id", "variant", "srm_p", "srm_flag", "lift", "low", "high", "p_value", "p_adjusted", "always_valid_p",
    "prob_best", "verdict", "reason", "visitors", "conversions", "rate", "days", "difference", "difference_low",
    "difference_high", "srm_always_valid_p", "always_valid_adjusted", "always_valid_low", "always_valid_high",
    "expected_loss", "n_more", "test",
]  # fmt: skip
REVENUE_COLUMNS = [
    "revenue_per_visitor", "revenue_difference", "revenue_low", "revenue_high", "revenue_p_value",
    "revenue_p_adjusted", "revenue_visitors_needed", "revenue_enough",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reading:
    """results: COLUMNS (and REVENUE_COLUMNS where there was revenue), a row per arm in the file's order.

    by_day: experiment_id, variant, day, always_valid_p, of the arms but the base, where the file has days.
    effects: what only a file with a row per person tells; None for a file of counts.
    """

    results: pd.DataFrame
    by_day: pd.DataFrame
    effects: Effects | None = None


def read(table: pd.DataFrame, rule: Rule | None = None, language: Language = "en") -> pd.DataFrame:
    """One row per test and variant: the results of `analyse`."""
    return analyse(table, rule, language).results


def analyse(
    table: pd.DataFrame, rule: Rule | None = None, language: Language = "en", lines: np.ndarray | None = None
) -> Reading:
    """A table of tests, read: see COLUMNS. Rates and lifts are fractions; the base's own statistics are empty.

    table: counts, with experiment_id, variant, visitors, conversions, [day, revenue, revenue_sq, expected_share]; or a
    row per person, with variant, customer_id, converted (0, 1) or revenue or both, [experiment, before, group, day,
    expected_share]. People are counted, and the counts read by the same rule. lines: where in the file its rows stand.

    Raises DataProblem where the table has no rows or lacks a column; one bad test is `invalid`, with its reason.
    """
    if not people_rows.is_people(table):
        return _judged(tally(table), "revenue" in table, rule, language)
    people = people_rows.checked(table, lines)
    counted = _judged(people_rows.tallied(people), "revenue" in table, rule, language)
    return replace(counted, effects=effects.measured(people, language))


def _judged(found: Tallies, with_revenue: bool, rule: Rule | None, language: Language) -> Reading:
    arms = found.arms
    looks = _looks(found)
    results = arms.assign(rate=arms["conversions"] / arms["visitors"].where(arms["visitors"] > 0))
    results = results.join(_groups(arms)).join(_compared(arms)).join(_best(arms))
    if found.days.empty:
        results["srm_always_valid_p"] = np.nan
    else:
        by_look = sequential.uneven_groups(looks)
        with_days = arms["days"].groupby(arms["experiment"]).transform("max") > 0
        results["srm_always_valid_p"] = arms["experiment"].map(by_look).where(with_days)
    daily = _peeked(arms, looks)
    results = results.join(_last_look(daily, arms))
    if with_revenue:
        results = results.join(_spent(arms))
    results = _emptied(results)
    for column, adjusted in (("p_value", "p_adjusted"), ("always_valid_p", "always_valid_adjusted"),
                             ("revenue_p_value", "revenue_p_adjusted")):  # fmt: skip
        if column in results:
            results[adjusted] = holm(results[column], results["experiment"])
    results = judge(results, found, rule or Rule(), language)
    results = results.astype(dict.fromkeys(("visitors", "conversions", "n_more"), "Int64"))
    wanted = [*COLUMNS, *(name for name in REVENUE_COLUMNS if name in results)]
    return Reading(results[wanted], _named(daily, found))


def _groups(arms: pd.DataFrame) -> pd.DataFrame:
    """Whether visitors fell into the arms as intended: chi-squared goodness of fit at the last look."""
    tests = arms.groupby("experiment")["visitors"]
    total = tests.transform("sum").where(tests.transform("count") == tests.transform("size"))
    expected = arms["share"] * total.where(total > 0)
    srm = arms["experiment"].map(uneven.p_of_counts(arms["visitors"], expected, arms["experiment"]))
    return pd.DataFrame({"srm_p": srm, "srm_flag": (srm < uneven.BELOW).astype("int64")})


def _counts(arms: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """conversions, visitors of each arm, and of its base."""
    x, n, base = (arms[name].to_numpy() for name in ("conversions", "visitors", "baseline"))
    known = ~np.isnan(x) & ~np.isnan(n)
    x, n = np.where(known, x, 0.0), np.where(known, n, 0.0)  # an arm that cannot be read is an empty one
    return x, n, x[base], n[base]


def _compared(arms: pd.DataFrame) -> pd.DataFrame:
    """Each arm's rate against its base's."""
    counts = _counts(arms)
    x, n, x0, n0 = counts
    low, high = proportions.lift_interval(*counts)
    difference_low, difference_high = proportions.difference_interval(*counts)
    with np.errstate(divide="ignore", invalid="ignore"):
        lift = np.where(x0 > 0, x / n / (x0 / n0) - 1, np.nan)
        difference = x / n - x0 / n0
    corrected = proportions.few(*counts)
    return pd.DataFrame(
        {
            "lift": lift, "low": low, "high": np.where(np.isfinite(high), high, np.nan),
            "p_value": proportions.p_value(*counts), "difference": difference, "difference_low": difference_low,
            "difference_high": difference_high,
            "test": np.where(corrected, "score, corrected for continuity", "score"),
        }, index=arms.index,
    )  # fmt: skip


def _best(arms: pd.DataFrame) -> pd.DataFrame:
    """prob_best among all arms of the test, the base included, and expected_loss (a rate); empty beyond MOST_ARMS."""
    found = pd.DataFrame({"prob_best": np.nan, "expected_loss": np.nan}, index=arms.index)
    readable = arms[["conversions", "visitors"]].notna().all(axis=1).groupby(arms["experiment"]).transform("all")
    size = arms.groupby("experiment")["variant"].transform("size")
    for count in size[readable & (size > 1) & (size <= MOST_ARMS)].unique():
        at = arms.index[readable & (size == count)]
        x, n = (arms.loc[at, name].to_numpy().reshape(-1, count) for name in ("conversions", "visitors"))
        chance, loss = bayes.best(x, n)
        found.loc[at] = np.column_stack([chance.ravel(), loss.ravel()])
    return found


def _looks(found: Tallies) -> pd.DataFrame:
    """arm, experiment, day, visitors, conversions, share: a row per arm and day on which its test had anybody, in
    order; a test without days has one look."""
    arms = found.arms
    whole = arms[arms["days"] == 0].assign(day=0.0)[["experiment", "day", "visitors", "conversions"]]
    counted = pd.concat([found.days, whole.assign(arm=whole.index)], ignore_index=True)
    tests = counted[["experiment", "day"]].drop_duplicates()
    every = tests.merge(arms[["experiment", "share"]].assign(arm=arms.index), on="experiment")
    looks = every.merge(counted, on=["experiment", "day", "arm"], how="left").fillna({"visitors": 0, "conversions": 0})
    return looks.sort_values(["experiment", "day", "arm"], kind="stable").reset_index(drop=True)


def _peeked(arms: pd.DataFrame, looks: pd.DataFrame) -> pd.DataFrame:
    """pair (row of arms), day, and what sequential.always_valid says, for the arms but the base."""
    own = looks[arms["baseline"].to_numpy()[looks["arm"]] != looks["arm"]]
    base = looks[arms["baseline"].to_numpy()[looks["arm"]] == looks["arm"]]
    base = base[["experiment", "day", "visitors", "conversions"]]
    pairs = own.merge(base, on=["experiment", "day"], suffixes=("", "_0"))
    pairs = pairs.sort_values(["arm", "day"], kind="stable").rename(
        columns={"arm": "pair", "conversions": "x", "visitors": "n", "conversions_0": "x0", "visitors_0": "n0"}
    )
    pairs = pairs[["pair", "experiment", "day", "x", "n", "x0", "n0"]].reset_index(drop=True)
    return pairs.join(sequential.always_valid(pairs)) if len(pairs) else pairs.assign(p=np.nan)


def _last_look(daily: pd.DataFrame, arms: pd.DataFrame) -> pd.DataFrame:
    """always_valid_p and the lifts that no look so far has ruled out, per arm."""
    names = ["always_valid_p", "always_valid_low", "always_valid_high"]
    if daily.empty:
        return pd.DataFrame(np.nan, index=arms.index, columns=names)
    x, n, x0, n0 = (daily.groupby("pair")[name].cumsum().to_numpy("float64") for name in ("x", "n", "x0", "n0"))
    low, high = sequential.lift_interval(daily["log_e"].to_numpy(), (x, n, x0, n0), 0.05)
    every = pd.DataFrame({"pair": daily["pair"], "p": daily["p"], "low": low, "high": high}).groupby("pair")
    last, inner = every.last(), every.agg({"low": "max", "high": "min"})
    # What all looks agree on; where effects moved so that they agree on nothing, what the last one says.
    agreed = inner["low"] < inner["high"]
    last["low"], last["high"] = inner["low"].where(agreed, last["low"]), inner["high"].where(agreed, last["high"])
    readable = arms[["conversions", "visitors"]].notna().all(axis=1)
    last = last.reindex(arms.index).where(readable & readable.to_numpy()[arms["baseline"]])
    return last.set_axis(names, axis=1)


def _spent(arms: pd.DataFrame) -> pd.DataFrame:
    names = ["visitors", "revenue", "revenue_sq"]
    own = revenue.Sums(*(arms[name].to_numpy("float64") for name in names))
    base = revenue.Sums(*(arms[name].to_numpy("float64")[arms["baseline"]] for name in names))
    needed = np.ceil(np.fmax(revenue.fewest_visitors(own), revenue.fewest_visitors(base)))
    enough = np.where(np.isnan(needed), np.nan, np.minimum(own.visitors, base.visitors) >= needed)
    facts = {"revenue_per_visitor": own.mean(), **revenue.welch(own, base)}
    return pd.DataFrame({**facts, "revenue_visitors_needed": needed, "revenue_enough": enough}, index=arms.index)


def _emptied(results: pd.DataFrame) -> pd.DataFrame:
    """Without the base's comparison with itself."""
    base = results["baseline"] == results.index
    own = [
        "lift", "low", "high", "p_value", "always_valid_p", "always_valid_low", "always_valid_high", "prob_best",
        "difference", "difference_low", "difference_high", "expected_loss", "revenue_difference", "revenue_low",
        "revenue_high", "revenue_p_value", "revenue_visitors_needed", "revenue_enough",
    ]  # fmt: skip
    own = [name for name in own if name in results]
    results[own] = results[own].mask(base)
    results["test"] = results["test"].mask(base, "")
    return results


def _named(daily: pd.DataFrame, found: Tallies) -> pd.DataFrame:
    """The days of tests that have any, as the file writes them."""
    named = daily[found.arms["days"].to_numpy()[daily["pair"]] > 0].merge(found.day_texts, on=["experiment", "day"])
    ids = found.arms[["experiment_id", "variant"]].take(named["pair"]).reset_index(drop=True)
    return ids.assign(day=named["written"].to_numpy(), always_valid_p=named["p"].to_numpy())
