"""Drift is found where it was planted, in the channel it was planted in, and hardly ever where there is none."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from engine.model import fit, recency

RULE = "later whole campaigns"
SHRUNK = {"discount|curve", "headline|urgent"}


def past(seed, fall=0.0, campaigns=40, each=1_500):
    """A campaign's total per row: rates hang on offer, channel and chance; e-mail falls by `fall` after two thirds."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "channel": random.choice(["email", "sms"], campaigns, p=[0.6, 0.4]),
            "discount|curve": random.choice([0.0, 0.4, 0.8], campaigns),
            "headline|urgent": random.choice([0.0, 1.0], campaigns),
        }
    )
    later = np.arange(campaigns) >= campaigns * 2 / 3
    log_odds = -3 + 0.6 * frame["discount|curve"] + 0.2 * frame["headline|urgent"] + random.normal(0, 0.15, campaigns)
    log_odds = log_odds - fall * (frame["channel"].eq("email") & later)
    clicks = random.binomial(each, expit(log_odds)).astype(float)
    names = np.array([f"k{number:02d}" for number in range(campaigns)])
    return fit.Rows(frame, np.full(campaigns, float(each)), clicks, np.arange(campaigns), names)


@pytest.mark.parametrize("campaigns", [12, pytest.param(40, marks=pytest.mark.full)])
def test_without_drift_it_is_found_about_as_often_as_promised(campaigns):
    found = [recency.drift(past(seed, campaigns=campaigns), RULE, SHRUNK).found for seed in range(100)]
    # One in twenty is promised; with a true share of 5 %, more than 11 of 100 come about once in 200 times.
    assert sum(found) <= 11


def test_a_big_drift_is_mostly_found_and_named_with_its_channel():
    drifts = [recency.drift(past(seed, fall=0.8), RULE, SHRUNK) for seed in range(30)]
    assert sum(drift.found for drift in drifts) >= 27
    for channel, least, most in (("email", -1.3, -0.6), ("sms", -0.2, 0.2)):
        assert least < np.mean([drift.trends[channel][0] for drift in drifts]) < most


def test_customers_held_out_at_one_time_have_no_drift_to_ask_for():
    drift = recency.drift(
        past(0, fall=2.0), "customers held out; no campaign-to-campaign variation in this range", set()
    )
    assert (drift.found, drift.p) == (False, None)


def test_with_few_campaigns_nothing_is_claimed():
    drift = recency.drift(past(0, fall=2.0, campaigns=5), RULE, SHRUNK)
    assert (drift.found, drift.p) == (False, None)
    assert drift.reason == "no channel with 6 campaigns or stretches of time"


def test_a_half_life_halves_what_is_that_much_older():
    rows = past(0, campaigns=5)
    np.testing.assert_allclose(rows.weighted(2.0).trials / rows.trials, [0.25, 0.5**1.5, 0.5, 0.5**0.5, 1.0])
    np.testing.assert_allclose(rows.weighted(2.0).successes / rows.weighted(2.0).trials, rows.successes / rows.trials)
    assert rows.weighted(None) is rows


def test_where_responses_drift_the_past_fades_and_forecasts_follow():
    rows = past(3, fall=1.2, campaigns=40, each=4_000)
    model, judged = fit.train(rows, RULE, SHRUNK, 0)
    assert judged.drift.found
    assert 5 <= judged.search.settings.half_life <= 20
    steady, calm = fit.train(past(3, campaigns=40, each=4_000), RULE, SHRUNK, 0)
    assert not calm.drift.found
    assert calm.search.settings.half_life is None
    late = np.flatnonzero((rows.unit >= 34) & rows.features["channel"].eq("email").to_numpy())
    said = model.predict(rows.features.iloc[late]).mean()
    assert said == pytest.approx((rows.successes[late] / rows.trials[late]).mean(), rel=0.2)
    assert said < 0.6 * steady.predict(rows.features.iloc[late]).mean()
