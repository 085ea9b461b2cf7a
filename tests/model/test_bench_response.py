"""What the bench of the forecast made us change: models drawn to log-odds, campaigns that count for what they tell."""

import numpy as np
import pandas as pd
import pytest

from engine.model import calibrate, fit


def _rows(count: int, shift: float, effect: float) -> fit.Rows:
    """Responses at log-odds said + shift + effect x taste."""
    random = np.random.default_rng(3)
    table = pd.DataFrame({"said": random.normal(-1.0, 0.8, count), "taste": random.normal(0.0, 1.0, count)})
    chance = 1 / (1 + np.exp(-(table["said"] + shift + effect * table["taste"])))
    hit = (random.random(count) < chance).astype("float64").to_numpy()
    return fit.Rows(table, np.ones(count), hit, np.zeros(count, dtype=int), np.repeat("k1", count))


def test_a_model_drawn_to_log_odds_repeats_them_where_little_is_known():
    rows = _rows(20, 0.0, 0.0)
    model = fit.around(rows, "said", {"said": 0.001}, 0.001)
    moved = model.log_odds(rows.features) - rows.features["said"]
    assert np.ptp(moved) < 0.01


def test_a_model_drawn_to_log_odds_moves_by_what_many_responses_say():
    rows = _rows(60_000, 0.5, 0.3)
    model = fit.around(rows, "said", {}, 1.0)
    at = pd.DataFrame({"said": [0.0, 0.0, 1.0], "taste": [0.0, 1.0, 0.0]})
    zero, tasting, one = model.log_odds(at)
    assert zero == pytest.approx(0.5, abs=0.05)
    assert tasting - zero == pytest.approx(0.3, abs=0.05)
    assert one - zero == pytest.approx(1.0, abs=0.05)


def test_one_large_odd_campaign_moves_a_calibration_less_when_campaigns_are_named():
    trials = np.array([20_000.0, *[500.0] * 8])
    rate = np.array([0.2, *[0.1] * 8])
    said = np.full(9, np.log(0.1 / 0.9))
    together = calibrate.fit(said, trials, trials * rate).shift
    named = calibrate.fit(said, trials, trials * rate, unit=np.arange(9)).shift
    apart = calibrate.fit(said[1:], trials[1:], trials[1:] * rate[1:]).shift
    assert apart == pytest.approx(0.0, abs=0.02)
    assert abs(named) < 0.5 * abs(together)
