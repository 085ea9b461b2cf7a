"""A rate from what was typed and from few campaigns: weights by hand, and closer to the truth than either alone."""

import numpy as np
import pytest
from scipy.special import expit

from engine.model.mixing import TYPED, TYPED_SD, Estimate, Level, log_odds, mix, next_campaign, observed, pooled

SEEN = Estimate(-2.0, 0.01)  # one campaign; with the usual 0.3 between campaigns its variance is 0.09 + 0.01 = 0.1


def levels(other=(), channel=(), offer=()):
    return [Level("other", other, 0.6), Level("channel", channel, 0.3), Level("offer", offer)]


def test_nothing_typed_and_no_campaign_is_no_rate():
    assert mix(None, levels()) is None


def test_a_typed_rate_alone_stands_as_it_was_typed():
    found = mix(Estimate(-3.0, 0.36), levels())
    assert (found.mean, found.variance, found.weights, found.own_share) == (-3.0, 0.36, {TYPED: 1.0}, 0.0)


def test_one_campaign_like_the_plan_weighs_by_its_precision():
    # Precisions 1 / 0.36 and 1 / 0.1: the campaign weighs 0.36 / 0.46.
    found = mix(Estimate(-3.0, 0.36), levels(offer=[SEEN]))
    assert found.own_share == pytest.approx(0.36 / 0.46)
    assert found.mean == pytest.approx(-3.0 + 0.36 / 0.46)
    assert found.variance == pytest.approx(0.36 * 0.1 / 0.46)


def test_a_campaign_weighs_less_the_less_it_is_like_the_plan():
    # By the same channel 0.1 + 0.09, by another 0.1 + 0.36 + 0.09.
    shares = [mix(Estimate(-3.0, 0.36), levels(**{name: [SEEN]})).own_share for name in ("offer", "channel", "other")]
    assert shares == pytest.approx([0.36 / (0.36 + v) for v in (0.1, 0.19, 0.55)])


def test_levels_are_each_the_prior_of_the_next_one():
    # Other channels: 0.1, seen from this channel 0.46. This channel adds 0.1: gain 0.46 / 0.56, variance 0.46 / 5.6,
    # seen from this offer + 0.09. The typed rate then weighs that / (that + 0.36).
    found = mix(Estimate(-3.0, 0.36), levels(other=[Estimate(-4.0, 0.01)], channel=[SEEN]))
    gain, own = 0.46 / 0.56, 0.46 / 5.6 + 0.09
    typed = own / (own + 0.36)
    assert found.weights == pytest.approx(
        {"other": (1 - gain) * (1 - typed), "channel": gain * (1 - typed), TYPED: typed}
    )
    assert found.mean == pytest.approx((1 - typed) * (-4.0 + gain * 2.0) + typed * -3.0)
    assert sum(found.weights.values()) == pytest.approx(1.0)


def test_every_campaign_narrows_the_range_and_leaves_less_to_what_was_typed():
    found = [mix(Estimate(-3.0, 0.36), levels(offer=[SEEN] * count)) for count in range(6)]
    spreads, shares = [next_campaign(one, 0.0) for one in found], [one.own_share for one in found]
    assert spreads == sorted(spreads, reverse=True)
    assert len(set(spreads)) == 6
    assert shares == sorted(shares)
    assert spreads[0] == pytest.approx(np.sqrt(0.36 + 0.09))


def test_campaigns_are_pooled_by_precision():
    # Variances 0.09 + 0.01 and 0.09 + 0.31: weights 4 to 1.
    found = pooled([Estimate(-2.0, 0.01), Estimate(-3.0, 0.31)])
    assert found.mean == pytest.approx(-2.2)
    assert found.variance == pytest.approx(1 / (10 + 2.5))


@pytest.mark.parametrize(("successes", "trials"), [(0, 50), (50, 50), (3, 50)])
def test_rates_of_none_and_all_have_log_odds_too(successes, trials):
    found = observed(successes, trials)
    assert found.mean == pytest.approx(log_odds((successes + 0.5) / (trials + 1)))
    assert 0 < found.variance < 2.1


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("where", ["offer", "channel", "other"])
def test_the_mix_is_closer_to_the_truth_than_what_was_typed_and_than_own_campaigns(count, where):
    random, errors = np.random.default_rng(count), {"mixed": [], "typed": [], "own": []}
    apart = {"offer": 0.0, "channel": 0.3, "other": np.hypot(0.3, 0.6)}[where]
    for _ in range(400):
        truth = random.normal(-3.5, 0.7)
        typed = truth + random.normal(0.0, TYPED_SD)
        alike = truth + random.normal(0.0, apart)
        rates = expit(alike + random.normal(0.0, 0.3, count))
        own = levels(**{where: [observed(one, 400) for one in random.binomial(400, rates)]})
        found = {"mixed": mix(Estimate(typed, TYPED_SD**2), own), "own": mix(None, own)}
        errors["typed"].append(typed - truth)
        for name, one in found.items():
            errors[name].append(one.mean - truth)
    rmse = {name: float(np.sqrt(np.mean(np.square(each)))) for name, each in errors.items()}
    assert rmse["mixed"] < min(rmse["typed"], rmse["own"])
