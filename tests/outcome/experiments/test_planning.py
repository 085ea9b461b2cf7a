"""A test's size finds what it says it finds; its worth is what deciding by it earns."""

import numpy as np
import pytest

from engine.errors import DataProblem
from engine.outcome import experiments
from engine.outcome.experiments import planning
from engine.outcome.experiments.planning import Question
from engine.outcome.experiments.size import visitors_needed
from tests.outcome.experiments.planted import totals


def test_the_size_is_that_of_a_worked_example():
    # Fleiss, Levin and Paik (2003), Statistical Methods for Rates and Proportions, 3rd edition, table A.4: rates .20
    # and .30, alpha .05, power .80: 313 with the correction for continuity; 293 without (formula 4.14).
    found = planning.plan(Question(base=0.2, lift=0.5))
    assert found.visitors_per_arm == 294  # 293.15 and up
    assert found.power == pytest.approx(0.8, abs=0.003)


@pytest.mark.parametrize(("base", "lift", "arms"), [(0.05, 0.1, 2), (0.01, 0.5, 2), (0.3, -0.1, 2), (0.05, 0.3, 4)])
def test_a_lift_is_found_as_often_as_the_plan_says(base, lift, arms):
    found = planning.plan(Question(base, lift, arms=arms))
    rates = (*(base,) * (arms - 1), base * (1 + lift))
    told = experiments.read(totals(1_500, rates, found.visitors_per_arm, seed=arms))
    last = told[told["variant"] == f"v{arms - 1}"]
    # Bonferroni sizes the first step of Holm: with several arms a little more is found.
    assert 0.77 < last["verdict"].isin(["won", "lost"]).mean() < 0.85


def test_a_test_so_small_that_it_is_corrected_for_continuity_still_finds_its_lift():
    per_arm = int(visitors_needed(np.array(0.005), 3.0))
    assert 0.005 * per_arm * 2.5 < 20
    told = experiments.read(totals(2_000, (0.005, 0.02), per_arm, seed=5))
    assert (told["verdict"] == "won").sum() / 2_000 > 0.77


def test_days_audience_and_daily_looks():
    found = planning.plan(Question(0.05, 0.1, daily=5_000, audience=40_000))
    assert found.total == 2 * found.visitors_per_arm
    assert found.days == -(-found.total // 5_000)
    assert found.daily_looks > 1.5 * found.visitors_per_arm
    assert found.enough is False
    again = planning.plan(Question(0.05, found.smallest_lift))
    assert again.visitors_per_arm == pytest.approx(20_000, rel=0.001)
    assert planning.plan(Question(0.05, 0.1, audience=4)).smallest_lift is None


def test_knowing_the_better_of_two_is_worth_what_draws_say():
    asked = Question(0.05, 0.2, audience=200_000, value=20, cost=1_000)
    found = planning.plan(asked)
    lifts = np.random.default_rng(1).normal(0, asked.spread, 400_000)
    assert found.decision.perfect == pytest.approx(np.maximum(lifts, 0).mean() * 200_000 * 0.05 * 20, rel=0.01)
    n = found.visitors_per_arm
    measured = lifts + np.random.default_rng(2).normal(0, (2 * 0.95 / (0.05 * n)) ** 0.5, len(lifts))
    earned = np.where(measured > 0, lifts, 0).mean() * (200_000 - 2 * n) * 0.05 * 20
    assert found.decision.test == pytest.approx(earned, rel=0.02)
    assert found.decision.test <= found.decision.best <= found.decision.perfect
    assert found.decision.verdict == "worth testing"


def test_a_test_that_costs_more_than_it_can_earn_is_not_worth_it():
    asked = Question(0.05, 0.2, audience=5_000, value=20, cost=1_000)
    found = planning.plan(asked)
    assert found.decision.perfect < 1_000 and found.decision.verdict == "not worth testing"
    said = [one.text("en") for one in planning.reasons(asked, found)]
    assert said[-1].startswith("Not worth testing")
    assert all(one.text("zh") for one in planning.reasons(asked, found))


def test_where_only_a_smaller_test_pays_the_plan_says_so():
    found = planning.plan(Question(0.05, 0.1, audience=40_000, value=30, cost=500))
    assert found.decision.verdict == "smaller test" and found.decision.best_per_arm < found.visitors_per_arm


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"base": 3.0}, "The base rate is 3.0"),
        ({"base": 0.0}, "The base rate is 0.0"),
        ({"base": float("nan")}, "The base rate is nan"),
        ({"lift": 0.0}, "The lift is 0.0"),
        ({"lift": 30.0}, "the raised rate must stay below 1"),
        ({"arms": 1}, "The number of arms is 1"),
        ({"power": 1.0}, "The power is 1.0"),
        ({"alpha": 0.0}, "alpha) is 0.0"),
        ({"daily": 0.0}, "Visitors per day are 0.0"),
        ({"audience": 1}, "The audience is 1"),
        ({"value": -1.0, "audience": 100}, "The value of a conversion is -1.0"),
        ({"value": 1.0}, "say --audience"),
        ({"cost": -5.0}, "The cost of testing is -5.0"),
        ({"spread": 0.0}, "The spread of lifts is 0.0"),
        ({"base": 1.0}, "The base rate is 1.0"),
        ({"lift": float("inf")}, "The lift is inf"),
        ({"lift": float("nan")}, "The lift is nan"),
        ({"daily": float("inf")}, "Visitors per day are inf"),
        ({"audience": 10**11}, "no more than 10,000,000,000"),
        ({"value": float("inf"), "audience": 100}, "The value of a conversion is inf"),
        ({"cost": float("nan")}, "The cost of testing is nan"),
        ({"cost": float("inf")}, "The cost of testing is inf"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(wrong, said):
    with pytest.raises(DataProblem) as refused:
        Question(**({"base": 0.05, "lift": 0.1} | wrong))
    assert said in str(refused.value)
    assert refused.value.text("zh") != str(refused.value)


@pytest.mark.parametrize(
    "beyond",
    [
        {"lift": 1e-9},
        {"lift": -1e-9},
        {"lift": 1e-300},
        {"base": 1e-300},
        {"base": 1e-300, "lift": 1e-12},
        {"base": 1 - 1e-16, "lift": -1e-17},
    ],
)
def test_what_no_number_of_people_would_show_is_refused_in_one_sentence(beyond):
    asked = Question(**({"base": 0.05, "lift": 0.1, "audience": 200_000, "value": 9.0} | beyond))
    with pytest.raises(DataProblem) as refused:
        planning.plan(asked)
    assert str(refused.value).startswith("No test would show a lift of") and len(refused.value.texts("zh")) == 1


@pytest.mark.parametrize(
    "extreme",
    [
        {"alpha": 1e-320},
        {"power": 1 - 1e-16},
        {"audience": 10**10},
        {"base": 0.999_999_999_999, "lift": -0.9},
        {"base": 1 - 1e-16, "lift": -0.999},
        {"value": 1e15, "cost": 1e15},
        {"spread": 1e-300},
    ],
)
def test_what_is_extreme_and_can_be_is_planned(extreme):
    asked = Question(**({"base": 0.05, "lift": 0.1, "audience": 200_000, "value": 9.0, "daily": 1.0} | extreme))
    found = planning.plan(asked)
    assert found.visitors_per_arm >= 1 and np.isfinite([found.power, found.decision.best]).all()
    assert all(one.text("zh") for one in planning.reasons(asked, found))
