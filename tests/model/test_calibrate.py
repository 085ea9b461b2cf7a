"""Calibration finds a planted shift and slope, and a handful of successes cannot turn a model around."""

import numpy as np
import pytest
from scipy.special import expit

from engine.model.calibrate import Affine, fit


@pytest.mark.parametrize(("shift", "slope"), [(0.0, 1.0), (-0.8, 1.0), (0.5, 0.6), (-0.3, 1.7)])
def test_a_planted_shift_and_slope_are_recovered(shift, slope):
    random = np.random.default_rng(0)
    log_odds = random.normal(-2, 1, 200_000)
    successes = random.random(len(log_odds)) < expit(shift + slope * log_odds)
    found = fit(log_odds, np.ones(len(log_odds)), successes.astype(float))
    assert found.slope == pytest.approx(slope, abs=0.04)
    assert found.shift == pytest.approx(shift, abs=0.08)


def test_calibrated_counts_add_up_to_those_seen():
    random = np.random.default_rng(1)
    log_odds, trials = random.normal(-3, 1, 5_000), random.integers(1, 50, 5_000).astype(float)
    successes = random.binomial(trials.astype(int), expit(log_odds + 1)).astype(float)
    found = fit(log_odds, trials, successes)
    assert (trials * expit(found(log_odds))).sum() == pytest.approx(successes.sum(), rel=1e-3)


def test_rows_with_counts_and_the_same_single_rows_give_the_same_map():
    log_odds = np.array([-2.0, -1.0, 0.0])
    counts = fit(log_odds, np.array([100.0, 80.0, 60.0]), np.array([20.0, 30.0, 40.0]))
    label = np.concatenate([np.repeat([1.0, 0.0], [s, n - s]) for n, s in ((100, 20), (80, 30), (60, 40))])
    single = fit(np.repeat(log_odds, [100, 80, 60]), np.ones(240), label)
    assert single.slope == pytest.approx(counts.slope, abs=1e-4)
    assert single.shift == pytest.approx(counts.shift, abs=1e-4)


def test_a_handful_of_successes_hardly_bends_the_model():
    random = np.random.default_rng(2)
    log_odds = random.normal(-2, 1, 60)
    upside_down = (random.random(60) < expit(-log_odds - 4)).astype(float)
    assert 0.2 <= fit(log_odds, np.ones(60), upside_down).slope < 1.05
    assert fit(log_odds, np.ones(60), upside_down, prior=1e6).slope == pytest.approx(1.0, abs=0.01)


def test_order_is_kept_whatever_is_seen():
    log_odds = np.linspace(-3, 3, 1_000)
    found = fit(log_odds, np.ones(1_000), (log_odds < 0).astype(float))
    assert found.slope == 0.2
    assert (np.diff(found(log_odds)) > 0).all()


def test_no_calibration_changes_nothing():
    assert Affine()(np.array([-1.5]))[0] == -1.5
