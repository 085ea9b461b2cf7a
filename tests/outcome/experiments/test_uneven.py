"""One test of uneven groups for experiments, first tests and plans."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from engine.outcome import measured, winner
from engine.outcome.experiments import read, uneven
from engine.outcome.winner import Tally


def test_the_same_counts_have_the_same_p_wherever_they_are_asked_about():
    expected = stats.chisquare([930, 1070]).pvalue
    assert winner.decide(
        winner.FirstTest(), [Tally("A", 1070, 930, 50), Tally("B", 1070, 1070, 60)]
    ).uneven_p == pytest.approx(expected)
    people = pd.DataFrame({"treated": np.arange(2_000) < 930, "propensity": 0.5}).astype("float64")
    assert measured.ratio_check(people) == pytest.approx(expected)
    arms = {"experiment_id": ["1"] * 2, "variant": ["a", "b"], "visitors": ["930", "1070"], "conversions": ["9", "9"]}
    assert read(pd.DataFrame(arms))["srm_p"].iloc[0] == pytest.approx(expected)
    assert measured.UNEVEN == uneven.BELOW


def test_counts_are_tested_for_each_test_and_what_is_not_known_has_no_p():
    counts = pd.Series([90.0, 110.0, 30.0, np.nan, 50.0, 10.0, 5.0])
    test = pd.Series([1, 1, 2, 2, 3, 4, 4])
    found = uneven.p_of_counts(counts, pd.Series([100.0, 100.0, 50.0, 50.0, 50.0, 15.0, 0.0]), test)
    assert found[1] == pytest.approx(stats.chisquare([90, 110], [100, 100]).pvalue)
    assert found[[2, 3, 4]].isna().all()


def test_draws_with_a_chance_each_are_as_often_uneven_as_p_says():
    random = np.random.default_rng(0)
    propensity = random.uniform(0.2, 0.95, 800)
    p = [uneven.p_of_draws(random.random(800) < propensity, propensity) for _ in range(2_000)]
    assert np.mean(np.array(p) < 0.1) == pytest.approx(0.1, abs=4 * np.sqrt(0.09 / 2_000))
    assert np.isnan(uneven.p_of_draws(np.ones(3, dtype=bool), np.ones(3)))
    assert np.isnan(uneven.p_of_draws(np.ones(3, dtype=bool), np.array([0.5, np.nan, 0.5])))
