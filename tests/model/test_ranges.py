"""Ranges hold as often as they say on campaigns that vary by a planted amount, and are wide when there are few."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from engine.model.ranges import UNKNOWN, Variation, coverage, interval, variation


def campaigns(count, tau, seed, trials=3_000, rate=0.03):
    """Held-out campaigns whose log-odds fall around the forecast with sd tau."""
    random = np.random.default_rng(seed)
    predicted = expit(logit(rate) + random.normal(0, 0.5, count))
    seen = expit(logit(predicted) + random.normal(0, tau, count))
    return pd.DataFrame({"trials": float(trials), "successes": random.binomial(trials, seen), "predicted": predicted})


@pytest.mark.parametrize("tau", [0.0, 0.2, 0.5])
def test_a_planted_variation_is_recovered(tau):
    found = [variation(campaigns(60, tau, seed)).sd for seed in range(20)]
    # Large effects come out up to a sixth larger (residuals are on a straight line), none as a little (the usual one).
    assert tau - 0.06 < np.mean(found) < 1.16 * tau + 0.08


@pytest.mark.parametrize(("count", "tau"), [(8, 0.3), (25, 0.15), (25, 0.5), (60, 0.3)])
def test_eight_of_ten_future_campaigns_fall_inside_the_range(count, tau):
    inside = []
    for seed in range(60):
        learned = variation(campaigns(count, tau, seed))
        for row in campaigns(20, tau, 1_000 + seed).itertuples():
            low, high = interval(row.predicted, row.trials, learned)
            inside.append(low <= row.successes / row.trials <= high)
    assert 0.74 < np.mean(inside) < 0.90


def test_few_held_out_campaigns_make_a_wide_range():
    def width(held_out):
        low, high = interval(0.03, 5_000, Variation(0.3, held_out))
        return high - low

    assert width(3) > 1.2 * width(10) > 1.2 * width(100)
    nothing = interval(0.03, 5_000, UNKNOWN)
    assert nothing[1] - nothing[0] > 1.5 * width(10)


def test_fewer_than_three_campaigns_do_not_pretend_to_know():
    assert variation(campaigns(2, 0.0, 0)) == Variation(UNKNOWN.sd, 2)
    assert variation(campaigns(0, 0.0, 0)).campaigns == 0


def test_four_campaigns_that_happen_to_agree_still_leave_a_range():
    calm = pd.DataFrame({"trials": [10_000.0] * 4, "successes": [300, 301, 299, 300], "predicted": 0.03})
    low, high = interval(0.03, 1e9, variation(calm))
    assert low < 0.025 < 0.036 < high


def test_campaigns_without_a_single_expected_success_say_nothing():
    table = campaigns(10, 0.2, 0).assign(predicted=1e-5, successes=0)
    assert variation(table) == Variation(UNKNOWN.sd, 0)


def test_a_small_send_and_a_small_sample_widen_the_range_around_the_same_value():
    wide, narrow = interval(0.03, 100, Variation(0.2, 20)), interval(0.03, 100_000, Variation(0.2, 20))
    assert wide[0] < narrow[0] < 0.03 < narrow[1] < wide[1]
    sampled = interval(0.03, 100_000, Variation(0.2, 20), sampling_sd=0.01)
    assert sampled[0] < narrow[0] < narrow[1] < sampled[1]


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_a_certain_rate_has_no_range(rate):
    assert interval(rate, 10, UNKNOWN) == (rate, rate)


def test_a_campaign_is_judged_by_the_range_of_the_others():
    calm = pd.DataFrame({"trials": [10_000.0] * 8, "successes": [290, 300, 310] * 2 + [300, 900], "predicted": 0.03})
    assert coverage(calm) == (7, 8)
    assert coverage(campaigns(40, 0.3, 1))[0] == pytest.approx(32, abs=5)
