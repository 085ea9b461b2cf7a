"""The rule by which a test is judged, fixed before anybody looks, and its reasons in words."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from engine.errors import DataProblem
from engine.outcome.experiments.rows import Tallies
from engine.outcome.experiments.size import DAILY_LOOKS, visitors_needed
from engine.sentences import Language, Sentence

Verdict = Literal["won", "lost", "no difference worth having", "inconclusive", "invalid"]
VERDICTS: tuple[Verdict, ...] = ("won", "lost", "no difference worth having", "inconclusive", "invalid")


@dataclass(frozen=True, slots=True)
class Rule:
    """smallest_lift: the smallest lift worth having, as a fraction. alpha, power: of the corrected test."""

    smallest_lift: float = 0.05
    alpha: float = 0.05
    power: float = 0.8

    def __post_init__(self) -> None:
        if not 0 < self.smallest_lift < 10:
            raise DataProblem(Sentence("experiments.rule_lift", {"value": f"{self.smallest_lift:g}"}))


def judge(results: pd.DataFrame, found: Tallies, rule: Rule, language: Language) -> pd.DataFrame:
    """The rows with verdict, reason and n_more. In this order, and the first that holds:

    1. invalid: the file has a problem with the test, or visitors fell into the arms unevenly (srm_p < 0.002).
    2. won, lost: p, corrected for the number of arms (Holm), is below 0.05. With days it is the always-valid p, so
       that one may look every day and stop at will; without, the p of one look at the end.
    3. no difference worth having: the 95 % interval of the lift lies within +- the smallest lift worth having. With
       days it is the always-valid interval.
    4. inconclusive: else, with n_more visitors per arm to see the smallest lift in 8 of 10 tests.

    The base's row has no verdict of its own, but is invalid with its test.
    """
    results = results.copy()
    base = results["baseline"] == results.index
    daily = results["days"] > 0
    p = results["always_valid_adjusted"].where(daily, results["p_adjusted"])
    low = results["always_valid_low"].where(daily, results["low"])
    high = results["always_valid_high"].where(daily, results["high"])
    results["n_more"] = _more(results, p, low, high, rule)
    invalid = results["experiment"].isin([test for test, said in found.problems.items() if said])
    invalid |= results["srm_flag"] == 1
    told = p < rule.alpha
    within = (low > -rule.smallest_lift) & (high < rule.smallest_lift)
    cases = [invalid, base, told & (results["difference"] > 0), told, within]
    results["verdict"] = np.select(cases, ["invalid", "", "won", "lost", VERDICTS[2]], "inconclusive")
    results["n_more"] = results["n_more"].where(results["verdict"] == "inconclusive")
    rows = results.assign(p_decides=p, decides_low=low, decides_high=high)
    base_rows = rows.loc[rows["baseline"], ["variant", "conversions", "visitors"]].to_numpy()
    reasons = []
    for row, against in zip(rows.to_dict("records"), base_rows, strict=True):
        reasons.append(joined(_said(row, against, found, rule), language))
    results["reason"] = reasons
    return results


def _more(results: pd.DataFrame, p: pd.Series, low: pd.Series, high: pd.Series, rule: Rule) -> pd.Series:
    """Visitors more per arm. Where the smallest lift would have been seen already: until the interval fits within it,
    or, where the lift looks larger, until it would be told apart."""
    base = results.loc[results["baseline"], ["conversions", "visitors"]].to_numpy()
    arms = results["p_value"].notna().groupby(results["experiment"]).transform("sum").clip(lower=1)
    done, people = results["conversions"] + base[:, 0], results["visitors"] + base[:, 1]
    rate = np.where(base[:, 0] > 0, base[:, 0] / np.maximum(base[:, 1], 1), done / people.clip(lower=1))
    looks = np.where(results["days"] > 0, DAILY_LOOKS, 1.0)
    needed = visitors_needed(rate, rule.smallest_lift, (rule.alpha / arms).to_numpy(), rule.power) * looks
    have = np.minimum(results["visitors"], base[:, 1])
    room = rule.smallest_lift - results["lift"].abs()
    fits = ((high - low) / 2 / room) ** 2
    z = stats.norm.isf(results["p_value"] / 2).clip(min=0.1)
    told = looks * (stats.norm.isf(rule.alpha / arms / 2) / z) ** 2
    times = np.where(room > 0, fits, told).clip(min=1.05)
    more = np.ceil(np.where(needed > have, needed - have, have * (times - 1)))
    return pd.Series(np.where(np.isnan(needed), np.nan, more), index=results.index)


def _said(row: dict, base: np.ndarray, found: Tallies, rule: Rule) -> list[Sentence]:
    """Why, and what else has to be known."""
    said = list(found.problems.get(row["experiment"], []))
    if row["srm_flag"] == 1:
        said.append(Sentence("experiments.uneven", {"p": p_words(row["srm_p"])}))
    notes = list(found.notes.get(row["experiment"], []))
    if said or row["verdict"] == "":
        return [*(said or [Sentence("experiments.base")]), *notes]
    if not np.isnan(row.get("revenue_difference", np.nan)):
        notes.append(_revenue_words(row))
    if row.get("revenue_enough") == 0.0:
        notes.append(Sentence("experiments.revenue_thin", {"n": f"{row['revenue_visitors_needed']:,.0f}"}))
    return [*_verdict_words(row, base, rule), *notes]


def _verdict_words(row: dict, base: np.ndarray, rule: Rule) -> list[Sentence]:
    counts = {
        "base": base[0], "conversions": f"{row['conversions']:,.0f}", "visitors": f"{row['visitors']:,.0f}",
        "base_conversions": f"{base[1]:,.0f}", "base_visitors": f"{base[2]:,.0f}",
    }  # fmt: skip
    daily = row["days"] > 0
    p = Sentence("experiments.p_daily" if daily else "experiments.p_once", {"p": p_words(row["p_decides"])})
    smallest, span = _share(rule.smallest_lift, sign=False), _range(row["decides_low"], row["decides_high"])
    if row["verdict"] in ("won", "lost"):
        if np.isnan(row["lift"]):
            return [Sentence("experiments.from_nothing", counts | {"p": p})]
        facts = counts | {"lift": _share(row["lift"]), "range": span, "p": p}
        small = -rule.smallest_lift < row["decides_low"] and row["decides_high"] < rule.smallest_lift
        extra = [Sentence("experiments.small", {"smallest": smallest})] if small else []
        return [Sentence(f"experiments.{row['verdict']}", facts), *extra]
    if row["verdict"] == "no difference worth having":
        return [Sentence("experiments.no_difference", {"range": span, "smallest": smallest} | counts)]
    if np.isnan(row["n_more"]):
        return [Sentence("experiments.nobody_converted", counts)]
    facts = {"n": f"{row['n_more']:,.0f}", "smallest": smallest, "range": span, "p": p}
    return [Sentence("experiments.inconclusive", counts | facts)]


def _revenue_words(row: dict) -> Sentence:
    facts = {name: f"{row[f'revenue_{name}']:+,.2f}" for name in ("difference", "low", "high")}
    if np.isnan(row["revenue_low"]):
        return Sentence("experiments.revenue_alone", {"difference": facts["difference"]})
    return Sentence("experiments.revenue", facts | {"p": p_words(row["revenue_p_adjusted"])})


def joined(said: list[Sentence], language: Language) -> str:
    return ("" if language == "zh" else " ").join(one.text(language) for one in said)


def _share(value: float, sign: bool = True) -> str:
    return f"{value * 100:+.1f} %" if sign else f"{value * 100:g} %"


def _range(low: float, high: float) -> Sentence:
    """An interval in words; open at the top where the base has no conversion."""
    if np.isnan(low):
        return Sentence("experiments.range_unknown")
    if np.isnan(high):
        return Sentence("experiments.range_open", {"low": _share(low)})
    return Sentence("experiments.range", {"low": _share(low), "high": _share(high)})


def p_words(value: float) -> str:
    return "p < 0.0001" if value < 0.0001 else f"p = {value:.4f}"


def summary(results: pd.DataFrame, rule: Rule) -> dict:
    """How many tests and arms there were, and how many arms of each verdict; the base is no arm of its own here."""
    judged = results.loc[results["verdict"] != "", ["experiment_id", "verdict"]]
    invalid = judged["verdict"] == "invalid"
    counts = judged["verdict"][~invalid].value_counts()
    return {
        "tests": int(results["experiment_id"].nunique()),
        "arms": len(results),
        "invalid_tests": int(judged.loc[invalid, "experiment_id"].nunique()),
        "verdicts": {name: int(counts.get(name, 0)) for name in VERDICTS if name != "invalid"},
        "smallest_lift": rule.smallest_lift,
        "alpha": rule.alpha,
    }
