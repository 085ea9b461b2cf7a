"""Ranges hold as often as they say on campaigns that vary by a planted amount, and are wide when there are few."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit, logit

from engine.model import coverage, ranges
from engine.model.ranges import UNKNOWN, Prior, Variation, interval, learned, variation


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


def width(found):
    return found[1] - found[0]


def test_few_held_out_campaigns_make_a_wide_range():
    few, enough, many = (width(interval(0.03, 5_000, Variation(0.3, count))) for count in (0, 10, 100))
    assert few > 1.2 * enough > 1.2 * many
    assert width(interval(0.03, 5_000, UNKNOWN)) > 2 * few


def test_the_same_residuals_of_fewer_campaigns_leave_a_wider_range():
    """Precise campaigns a sixth off either way: twenty of them say how far campaigns vary, four do not."""
    few, many = (learned(np.resize([0.15, -0.15], count), np.full(count, 0.001), Prior(0.3)) for count in (4, 20))
    assert width(interval(0.03, 50_000, few)) > 1.3 * width(interval(0.03, 50_000, many))


def test_fewer_than_three_campaigns_do_not_pretend_to_know():
    assert variation(campaigns(0, 0.0, 0)).sd == pytest.approx(UNKNOWN.sd)
    two, three = (variation(campaigns(count, 0.0, 0, trials=50_000)) for count in (2, 3))
    assert two.sd > 1.5 * three.sd, "two that happen to agree do not make a narrow range"
    assert two.campaigns == 2


def test_four_campaigns_that_happen_to_agree_still_leave_a_range():
    calm = pd.DataFrame({"trials": [10_000.0] * 4, "successes": [300, 301, 299, 300], "predicted": 0.03})
    low, high = interval(0.03, 1e9, variation(calm))
    assert low < 0.025 < 0.036 < high


def test_campaigns_without_a_single_expected_success_say_nothing():
    table = campaigns(10, 0.2, 0).assign(predicted=1e-5, successes=0)
    assert (variation(table).sd, variation(table).campaigns) == (pytest.approx(UNKNOWN.sd), 0)


def test_a_small_send_and_a_small_sample_widen_the_range_around_the_same_value():
    wide, narrow = interval(0.03, 100, Variation(0.2, 20)), interval(0.03, 100_000, Variation(0.2, 20))
    assert wide[0] < narrow[0] < 0.03 < narrow[1] < wide[1]
    sampled = interval(0.03, 100_000, Variation(0.2, 20), sampling_sd=0.01)
    assert sampled[0] < narrow[0] < narrow[1] < sampled[1]


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_a_certain_rate_has_no_range(rate):
    assert interval(rate, 10, UNKNOWN) == (rate, rate)


def test_the_scaled_residual_that_eight_of_ten_do_not_pass_sets_the_range():
    """By hand. Nine campaigns 0.1 off and one 0.5, without noise; usual sd 0.1, which counts as 2 campaigns.

    The sd of all: sqrt((9 x 0.01 + 0.25 + 2 x 0.01) / 12) = 0.1732. Expected from the others: of a 0.1 residual
    sqrt((8 x 0.01 + 0.25 + 0.02) / 11) = 0.1784, so it scores 0.5606; of the 0.5 sqrt(0.11 / 11) = 0.1, so 5.
    Of 10 scores the ceil(11 x 0.8) = 9th is 0.5606. Student's t with 12 degrees has 1.3562 at 90 %:
    0.1732 x 0.5606 / 1.3562 = 0.0716.
    """
    found = learned(np.array([0.1, -0.1, 0.1, -0.1, 0.1, -0.1, 0.1, -0.1, 0.1, 0.5]), np.full(10, 1e-12), Prior(0.1))
    assert found.sd == pytest.approx(0.0716, abs=0.0001)
    low, high = interval(0.5, 1e12, found)
    reach = 0.1732 * 0.5606  # in log-odds
    assert (low, high) == pytest.approx((expit(-reach), expit(reach)), abs=0.0005)


def test_with_nine_campaigns_the_odd_one_still_widens_the_range():
    """As by hand above with one calm campaign fewer: too few to leave out the two worst."""
    found = learned(np.array([0.1] * 8 + [0.5]), np.full(9, 1e-12), Prior(0.1))
    assert found.sd == pytest.approx(np.sqrt((8 * 0.01 + 0.25 + 0.02) / 11), rel=1e-6)


def test_campaigns_that_tell_little_are_worth_few():
    """Twenty holdouts whose luck is as large as the usual variation are worth a quarter each: five in all."""
    found = learned(np.resize([0.42, -0.42], 20), np.full(20, 0.09), Prior(0.3))
    sd = np.sqrt((20 * 0.25 * (0.42**2 - 0.09) + 2 * 0.09) / (20 * 0.25 + 2))
    assert found.sd * found.quantile(0.9) == pytest.approx(sd * stats.t.ppf(0.9, 7), rel=1e-6)


def test_a_campaign_that_tells_nothing_changes_nothing():
    precise = learned(np.array([0.2, -0.3, 0.1]), np.full(3, 0.001), Prior(0.3))
    with_noise = learned(np.array([0.2, -0.3, 0.1, 5.0]), np.array([0.001] * 3 + [1e4]), Prior(0.3))
    assert with_noise.sd * with_noise.quantile(0.9) == pytest.approx(precise.sd * precise.quantile(0.9), rel=1e-3)


def test_where_nothing_is_said_what_is_usual_is_drawn_as_it_was_learned():
    """A prior of its own degrees stays what it is, and one that counts for many campaigns hardly moves."""
    none = np.array([])
    assert learned(none, none, Prior(0.3, 14, 14)).sd == pytest.approx(0.3)
    noisy = learned(np.array([0.9, -0.1]), np.array([1.0, 1.0]), Prior(0.3, 14, 14))
    assert noisy.sd == pytest.approx(0.3, rel=0.02)
    weak, strong = (learned(np.full(4, 0.8), np.full(4, 0.01), Prior(0.3, worth, 14)).sd for worth in (2, 14))
    assert weak > strong > 0.3


def test_a_channel_with_ten_campaigns_has_its_own_variation_and_one_with_few_has_not():
    calm = campaigns(12, 0.05, 1, trials=50_000).assign(channel="email")
    wild = campaigns(12, 0.7, 2, trials=50_000).assign(channel="sms")
    rare = campaigns(3, 0.7, 3, trials=50_000).assign(channel="push")
    found = variation(pd.concat([calm, wild, rare], ignore_index=True))
    assert set(found.by_channel) == {"email", "sms"}
    assert found.of("email").sd < 0.6 * found.sd < 0.6 * found.of("sms").sd
    assert found.of("push") is found
    assert variation(calm).by_channel == {}, "one channel alone is the shop"


def test_a_variation_is_the_same_after_it_was_stored():
    found = Variation(0.3, 24, {"email": Variation(0.2, 12)})
    assert ranges.stored(found.to_json()) == found
    assert ranges.stored([0.3, 24]) == Variation(0.3, 24), "as models of before stored it"


def test_a_handful_of_expected_orders_may_be_none_and_the_range_says_so():
    """Of 50 messages at 2 % one order is expected; none comes 36 times of 100, three or more 8 times."""
    low, high = interval(0.02, 50, Variation(0.05, 50))
    assert low == 0.0
    assert 2 <= 50 * high < 3


@pytest.mark.parametrize(("trials", "rate"), [(200, 0.03), (400, 0.03), (3_000, 0.002), (50_000, 0.03)])
def test_luck_alone_is_the_binomials(trials, rate):
    """Without variation between campaigns the range is that of the binomial, to half a success."""
    low, high = interval(rate, trials, Variation(1e-9, 50))
    binomial = stats.binom(trials, rate)
    assert low * trials == pytest.approx(binomial.ppf(0.1), abs=0.75)
    assert high * trials == pytest.approx(binomial.ppf(0.9), abs=0.75)


@pytest.mark.parametrize(("count", "trials"), [(4, 300), (12, 300), (12, 20_000), (30, 20_000)])
def test_ranges_hold_for_small_and_large_audiences_alike(count, trials):
    """Shops that differ in how far their campaigns vary, as shops do; three campaigns to come for each."""
    inside = []
    for seed in range(100):
        tau = np.random.default_rng(seed).uniform(0.1, 0.5)
        found = variation(campaigns(count, tau, seed))
        for row in campaigns(3, tau, 5_000 + seed, trials).itertuples():
            low, high = interval(row.predicted, row.trials, found)
            inside.append(low <= row.successes / row.trials <= high)
    assert 0.74 <= np.mean(inside) <= 0.88


# --- how often they held ---


def test_a_campaign_is_judged_by_the_range_of_the_others():
    calm = pd.DataFrame({"trials": [10_000.0] * 8, "successes": [290, 300, 310] * 2 + [300, 900], "predicted": 0.03})
    found = coverage.card(coverage.of_rates(calm.assign(campaign=list("abcdefgh"))))
    assert (found["inside"], found["of"]) == (7, 8)
    odd = found["rows"][-1]
    assert (odd["campaign"], odd["actual"], odd["predicted"]) == ("h", 0.09, 0.03)
    assert odd["high"] < 0.09


def test_eight_of_ten_held_out_campaigns_land():
    many = campaigns(40, 0.3, 1).assign(campaign="a", channel="email")
    found = coverage.card(coverage.of_rates(many))
    assert found["inside"] == pytest.approx(32, abs=5)
    assert found["by_channel"]["email"] == {name: found[name] for name in ("inside", "of", "low", "high")}


def test_a_share_of_forecasts_that_held_has_its_own_uncertainty():
    """Clopper and Pearson (1934): 8 of 10 may be 44 % to 97 %; 10 of 10 may be as few as 69 %."""
    found = coverage.held(8, 10)
    assert (found.low, found.high) == pytest.approx((0.4439, 0.9748), abs=0.0001)
    assert coverage.held(10, 10).low == pytest.approx(0.025 ** (1 / 10))
    assert (coverage.held(0, 0).low, coverage.held(0, 0).high) == (0.0, 1.0)


def test_the_latest_forecasts_are_the_last_rows():
    rows = [{"low": 0.0, "high": 1.0, "actual": 2.0}] * 5 + [{"low": 0.0, "high": 1.0, "actual": 0.5}] * 9
    assert (coverage.latest(rows, 10).inside, coverage.latest(rows, 10).of) == (9, 10)
    assert coverage.latest(rows[-3:], 10).of == 3


def test_extra_orders_are_judged_with_the_luck_of_their_holdout():
    """A holdout of a hundred people shows differences that say little: its range is wide and holds them."""
    table = pd.DataFrame({"campaign": list("abcdef"), "channel": "email", "predicted": 0.02, "order_rate": 0.05})
    seen = [0.02, 0.03, 0.01, 0.02, 0.025, 0.06]
    sure = coverage.of_differences(table.assign(seen=seen, variance=1e-7), Prior(0.2))
    unsure = coverage.of_differences(table.assign(seen=seen, variance=0.001), Prior(0.2))
    assert not sure["actual"].between(sure["low"], sure["high"]).iloc[-1]
    assert unsure["actual"].between(unsure["low"], unsure["high"]).all()


def test_extra_orders_are_judged_by_the_rule_that_is_used():
    """Each range is that of the prior that forecasts are drawn with: of many degrees it is narrower."""
    table = pd.DataFrame({"campaign": list("abc"), "channel": "email", "predicted": 0.02, "order_rate": 0.05})
    judged = table.assign(seen=0.02, variance=0.001)
    few, many = (coverage.of_differences(judged, Prior(0.2, worth, worth)) for worth in (3, 30))
    assert ((few["high"] - few["low"]) > 1.1 * (many["high"] - many["low"])).all()
