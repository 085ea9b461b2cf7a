"""A test planned before it begins: how many visitors, how many days, and whether it is worth its cost."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import integrate, optimize, stats
from statsmodels.stats.proportion import power_proportions_2indep

from engine.errors import DataProblem
from engine.outcome.experiments.size import DAILY_LOOKS, visitors_needed
from engine.sentences import Sentence

USUAL_SPREAD = 0.1  # lifts of tested ideas: two thirds within 10 % either way, unless somebody knows better
MOST_PEOPLE = 10**10  # more than there are: a test of more is none, and an audience of more is a typing error
MOST_MONEY = 10**15  # in any currency; sums of more lose what is told apart here
Worth = Literal["worth testing", "smaller test", "not worth testing"]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. base: conversions per visitor of the baseline. lift: the smallest worth seeing, a fraction.

    daily: visitors a day, all arms. audience: people there are, the test's included. value: money that one conversion
    earns. cost: money that testing costs. spread: standard deviation of true lifts before the test, whose mean is 0.
    """

    base: float
    lift: float
    arms: int = 2
    power: float = 0.8
    alpha: float = 0.05
    daily: float | None = None
    audience: int | None = None
    value: float | None = None
    cost: float = 0.0
    spread: float = USUAL_SPREAD

    def __post_init__(self) -> None:
        """Raises DataProblem, one sentence for each value that cannot be."""
        fine = {
            "base": 0 < self.base < 1,
            "lift": self.lift > -1 and self.lift != 0 and self.base * (1 + self.lift) < 1,
            "arms": 2 <= self.arms <= 100,
            "power": 0.05 < self.power < 1,
            "alpha": 0 < self.alpha < 0.5,
            "daily": self.daily is None or 1 <= self.daily < math.inf,
            "audience": self.audience is None or self.arms <= self.audience <= MOST_PEOPLE,
            "value": self.value is None or 0 <= self.value <= MOST_MONEY,
            "cost": 0 <= self.cost <= MOST_MONEY,
            "spread": 0 < self.spread < 10,
        }
        wrong = [
            Sentence(f"experiment_plan.bad_{name}", {"value": getattr(self, name)})
            for name, ok in fine.items()
            if not ok
        ]
        if self.value is not None and self.audience is None:
            wrong.append(Sentence("experiment_plan.no_audience"))
        if wrong:
            raise DataProblem(wrong)

    @property
    def alpha_each(self) -> float:
        """For each arm against the base, so that all of them together are wrong in alpha of tests (Bonferroni: what
        the first step of Holm asks)."""
        return self.alpha / (self.arms - 1)


@dataclass(frozen=True, slots=True)
class Decision:
    """What deciding better is worth, in money. perfect: with the lifts known; test: with the planned visitors, best:
    with those that would earn the most, each without its cost, and sending the better arm to everyone else."""

    perfect: float
    test: float | None
    best_per_arm: int
    best: float
    verdict: Worth


@dataclass(frozen=True, slots=True)
class Planned:
    """visitors per arm and in all; days where `daily` is known. power is that of the test at this size.

    daily_looks: visitors per arm where the test is looked at every day. smallest_lift: what a whole audience could
    show, None without one or where even a doubling could not be seen.
    """

    visitors_per_arm: int
    total: int
    days: int | None
    power: float
    daily_looks: int
    daily_looks_days: int | None
    smallest_lift: float | None
    enough: bool | None
    decision: Decision | None


def plan(asked: Question) -> Planned:
    """Size, length and worth of a test. Raises DataProblem where no number of people would be enough."""
    needed = float(visitors_needed(np.array(asked.base), asked.lift, asked.alpha_each, asked.power))
    if not needed <= MOST_PEOPLE:  # or unknown: a base so near 0 or 1 that the raised rate is the same number
        raise DataProblem([Sentence("experiment_plan.no_test", {"lift": f"{asked.lift:g}", "base": f"{asked.base:g}"})])
    per_arm = int(needed)
    longer = math.ceil(per_arm * DAILY_LOOKS)
    return Planned(
        visitors_per_arm=per_arm,
        total=per_arm * asked.arms,
        days=_days(per_arm, asked),
        power=power(asked, asked.lift, per_arm),
        daily_looks=longer,
        daily_looks_days=_days(longer, asked),
        smallest_lift=None if asked.audience is None else smallest_lift(asked, asked.audience // asked.arms),
        enough=None if asked.audience is None else per_arm * asked.arms <= asked.audience,
        decision=None if asked.value is None else _decision(asked, per_arm),
    )


def power(asked: Question, lift: float, per_arm: int) -> float:
    """Share of tests of this size that tell such a lift apart (statsmodels, normal approximation, both tails)."""
    found = power_proportions_2indep(
        asked.base * lift, asked.base, per_arm, alpha=asked.alpha_each, return_results=False
    )
    return float(found)


def smallest_lift(asked: Question, per_arm: int) -> float | None:
    """The smallest rise, from a millionth on, that so many visitors per arm show with the power asked for.

    None where no rise would.
    """
    highest = 1 / asked.base - 1

    def short(lift: float) -> float:
        return float(visitors_needed(np.array(asked.base), lift, asked.alpha_each, asked.power)) - per_arm

    top = highest * (1 - 1e-6)
    if not short(top) <= 0:  # NaN too: a base so near 1 that no rate fits between
        return None
    least = min(1e-6, top)
    return least if short(least) <= 0 else float(optimize.brentq(short, least, top, xtol=1e-6))


def _days(per_arm: int, asked: Question) -> int | None:
    return None if asked.daily is None else math.ceil(per_arm * asked.arms / asked.daily)


def _decision(asked: Question, per_arm: int) -> Decision:
    """Value of information (Raiffa and Schlaifer 1961). True lifts are normal around 0, so that without a test the
    baseline is as good as anything; what the arms share of the base's error is left out, which flatters tests of
    several small arms a little.
    """
    assert asked.value is not None and asked.audience is not None, "checked with the question"
    money = asked.base * asked.value
    audience = asked.audience

    def earned(n: float) -> float:
        error = 2 * (1 - asked.base) / (asked.base * n)  # variance of a measured lift
        known = asked.spread**2 / math.sqrt(asked.spread**2 + error)  # spread of what one believes afterwards
        return max(audience - asked.arms * n, 0) * money * known * _highest(asked.arms - 1)

    found = optimize.minimize_scalar(
        lambda log_n: -earned(math.exp(log_n)),
        bounds=(0, math.log(max(audience / asked.arms, 1.001))),
        method="bounded",
    )
    best_per_arm = max(round(math.exp(found.x)), 1)
    fits = per_arm * asked.arms <= audience
    planned = earned(per_arm) if fits else None
    best = earned(best_per_arm)
    verdict: Worth = "not worth testing" if best <= asked.cost else "smaller test"
    if planned is not None and planned > asked.cost:
        verdict = "worth testing"
    perfect = audience * money * asked.spread * _highest(asked.arms - 1)
    return Decision(perfect, planned, best_per_arm, best, verdict)


def _highest(arms: int) -> float:
    """Expected best of 0 and so many independent standard normals.

    >>> round(_highest(1), 4)
    0.3989
    """
    return float(integrate.quad(lambda x: 1 - stats.norm.cdf(x) ** arms, 0, 10)[0])


def reasons(asked: Question, found: Planned) -> list[Sentence]:
    """The plan in sentences, for a page and the command alike."""
    size = {
        "per_arm": f"{found.visitors_per_arm:,}", "total": f"{found.total:,}", "arms": asked.arms,
        "base": f"{asked.base * 100:g} %", "lift": f"{asked.lift * 100:+g} %", "power": f"{asked.power * 100:g} %",
        "alpha": f"{asked.alpha * 100:g} %",
    }  # fmt: skip
    said = [Sentence("experiment_plan.size", size)]
    if found.days is not None:
        said.append(Sentence("experiment_plan.days", {"days": f"{found.days:,}", "daily": f"{asked.daily:,.0f}"}))
        if found.days < 7:
            said.append(Sentence("experiment_plan.whole_weeks"))
    said.append(Sentence("experiment_plan.daily_looks", {"per_arm": f"{found.daily_looks:,}"}))
    if found.enough is False:
        audience = f"{asked.audience:,}"
        if found.smallest_lift is None:
            said.append(Sentence("experiment_plan.far_too_few", {"audience": audience}))
        else:
            smallest = f"{found.smallest_lift * 100:.1f} %"
            said.append(Sentence("experiment_plan.too_few", {"audience": audience, "smallest": smallest}))
    if found.decision is not None:
        said.append(_worth(asked, found.decision))
    return said


def _worth(asked: Question, found: Decision) -> Sentence:
    facts = {
        "perfect": f"{found.perfect:,.0f}", "best": f"{found.best:,.0f}", "cost": f"{asked.cost:,.0f}",
        "best_per_arm": f"{found.best_per_arm:,}", "spread": f"{asked.spread * 100:g} %",
        "test": f"{found.test or 0:,.0f}",
    }  # fmt: skip
    return Sentence(f"experiment_plan.{found.verdict.replace(' ', '_')}", facts)
