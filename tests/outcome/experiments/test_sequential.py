"""Always-valid p-values: what they are made of is exact, and looking daily costs no more false alarms than promised."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from engine.outcome.experiments import sequential
from tests.outcome.experiments.planted import daily


def log_mean(done, n, n0):
    """log E[exp(factor K)], K hypergeometric, summed from scipy's probabilities."""
    k = np.arange(max(0, done - n0), min(done, n) + 1)
    logs = stats.hypergeom.logpmf(k, n + n0, n, done)[:, None] + k[:, None] * sequential.FACTORS
    return np.logaddexp.reduce(logs, axis=0)


@pytest.mark.parametrize(
    ("done", "n", "n0", "off"),
    [(0, 10, 10, 1e-9), (7, 300, 100, 1e-9), (40, 3000, 2000, 1e-9), (95, 60, 40, 1e-9), (500, 20_000, 9_000, 1e-4),
     (200, 400, 400, 1e-4)],
)  # fmt: skip
def test_a_days_evidence_is_the_likelihood_ratio_of_hypergeometric_distributions(done, n, n0, off):
    low, high = max(0, done - n0), min(done, n)
    x = (low + high) // 2
    found = sequential.always_valid(pd.DataFrame({"pair": [0], "x": [x], "n": [n], "x0": [done - x], "n0": [n0]}))
    by_hand = np.logaddexp.reduce(x * sequential.FACTORS - log_mean(done, n, n0) + sequential._LOG_WEIGHTS)
    assert found["log_e"].iloc[0] == pytest.approx(by_hand, abs=off)


def test_evidence_of_equal_arms_has_a_mean_of_one():
    # The martingale's mean over every outcome of a day, weighted by its chance.
    n, n0, done = 50, 80, 9
    x = np.arange(done + 1)
    days = pd.DataFrame({"pair": x, "x": x, "n": n, "x0": done - x, "n0": n0})
    e = np.exp(sequential.always_valid(days)["log_e"])
    assert (e * stats.hypergeom.pmf(x, n + n0, n, done)).sum() == pytest.approx(1)


def test_p_never_rises_and_days_without_visitors_change_nothing():
    days = daily(20, (0.05, 0.06), 300, 12, seed=3)
    found = sequential.always_valid(days)
    assert (found["p"].groupby(days["pair"]).diff().dropna() <= 0).all()
    assert found["p"].max() <= 1
    gaps = pd.concat([days, days.drop_duplicates("pair").assign(x=0, n=0, x0=0, n0=0)])
    gaps = gaps.sort_values("pair", kind="stable").reset_index(drop=True)
    last = sequential.always_valid(gaps)["p"].groupby(gaps["pair"]).last()
    np.testing.assert_allclose(last, found["p"].groupby(days["pair"]).last())


@pytest.mark.parametrize(("rate", "visitors"), [(0.05, 400), (0.005, 300), (0.4, 100)])
def test_looking_daily_at_equal_arms_alarms_in_fewer_than_five_of_a_hundred(rate, visitors):
    days = daily(1_500, (rate, rate), visitors, 30, seed=5)
    ended = sequential.always_valid(days)["p"].groupby(days["pair"]).last()
    assert (ended < 0.05).mean() < 0.05


@pytest.mark.full
@pytest.mark.parametrize(("rate", "visitors"), [(0.05, 400), (0.005, 300), (0.002, 1_000), (0.4, 100)])
def test_looking_daily_alarms_in_fewer_than_five_of_a_hundred_of_ten_thousand(rate, visitors):
    days = daily(10_000, (rate, rate), visitors, 30, seed=6)
    ended = sequential.always_valid(days)["p"].groupby(days["pair"]).last()
    assert (ended < 0.05).mean() < 0.05


def test_a_planted_lift_is_found_while_looking_daily():
    days = daily(300, (0.05, 0.06), 1_000, 30, seed=7)
    ended = sequential.always_valid(days)["p"].groupby(days["pair"]).last()
    assert (ended < 0.05).mean() > 0.95


def test_conversions_that_come_days_after_the_visit_raise_no_alarm():
    # All visitors on the first day; who converts does so over ten days.
    chance = np.random.default_rng(8)
    runs, visitors = 400, 4_000
    late = {name: chance.multinomial(visitors, [0.005] * 10 + [0.95], runs)[:, :10] for name in ("x", "x0")}
    people = np.tile([visitors] + [0] * 9, runs)
    days = pd.DataFrame({"pair": np.repeat(np.arange(runs), 10), "n": people, "n0": people}
                        | {name: counts.ravel() for name, counts in late.items()})  # fmt: skip
    ended = sequential.always_valid(days)["p"].groupby(days["pair"]).last()
    assert (ended < 0.05).mean() < 0.05


def test_the_interval_leaves_out_no_lift_exactly_where_the_last_look_does():
    days = daily(400, (0.05, 0.056), 600, 20, seed=9)
    last = sequential.always_valid(days).groupby(days["pair"]).last()
    sums = days.groupby("pair")[["x", "n", "x0", "n0"]].sum()
    counts = tuple(sums[name].to_numpy("float64") for name in ("x", "n", "x0", "n0"))
    low, high = sequential.lift_interval(last["log_e"].to_numpy(), counts, 0.05)
    out = (low > 0) | (high < 0)
    assert 20 < out.sum() < 380
    np.testing.assert_array_equal(out, last["log_e"] > np.log(20))


def test_the_interval_holds_a_planted_lift_at_every_look():
    days = daily(300, (0.05, 0.06), 800, 20, seed=10)
    found = sequential.always_valid(days)
    sums = days.groupby("pair")[["x", "n", "x0", "n0"]].cumsum()
    counts = tuple(sums[name].to_numpy("float64") for name in ("x", "n", "x0", "n0"))
    low, high = sequential.lift_interval(found["log_e"].to_numpy(), counts, 0.05)
    missed = pd.Series((low > 0.2) | (high < 0.2)).groupby(days["pair"]).any()
    assert missed.mean() < 0.05


def visits(shares, days, visitors, runs, seed):
    """experiment, day, arm, visitors, share: visitors fall by `shares`, and were meant to fall evenly."""
    chance = np.random.default_rng(seed)
    counts = chance.multinomial(visitors, shares, (runs, days))
    rows = pd.MultiIndex.from_product(
        [range(runs), range(days), range(len(shares))], names=["experiment", "day", "arm"]
    )
    return pd.DataFrame({"visitors": counts.ravel(), "share": 1 / len(shares)}, index=rows).reset_index()


def test_groups_that_come_out_evenly_are_seldom_called_uneven_however_often_one_looks():
    assert (sequential.uneven_groups(visits((1 / 3,) * 3, 30, 600, 1_000, 11)) < 0.05).mean() < 0.05


def test_groups_that_come_out_unevenly_are_found():
    assert (sequential.uneven_groups(visits((0.47, 0.53), 30, 600, 100, 12)) < 0.002).mean() > 0.95


def test_one_look_at_groups_is_a_dirichlet_multinomial_against_a_multinomial():
    one = visits((0.5, 0.5), 1, 100, 1, 13)
    counts = one["visitors"].to_numpy()
    ratio = stats.dirichlet_multinomial.logpmf(counts, [50, 50], 100) - stats.multinomial.logpmf(
        counts, 100, [0.5, 0.5]
    )
    assert sequential.uneven_groups(one).iloc[0] == pytest.approx(min(1, np.exp(-ratio)))
