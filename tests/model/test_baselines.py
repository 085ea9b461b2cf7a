"""A tree small enough to be read finds what was planted; thinning keeps what it must."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from engine.model import baselines, fit
from engine.model.baselines import Condition
from engine.model.thin import thin


def planted(count=6_000, seed=0):
    """Six in ten respond where `days` is at most 30 and the channel is sms, one in twenty elsewhere."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {"days": random.integers(0, 100, count).astype(float), "noise|sin": random.normal(0, 1, count)}
    )
    frame["channel"] = random.choice(["email", "sms"], count)
    rate = np.where((frame["days"] <= 30) & (frame["channel"] == "sms"), 0.6, 0.05)
    came = (random.random(count) < rate).astype(float)
    where = np.arange(count) % 6
    return fit.Rows(frame, np.ones(count), came, where, np.array([f"k{n}" for n in where]))


def test_the_small_tree_finds_the_rule_in_its_own_units():
    rows = planted()
    predicted, leaves = baselines.predict(rows, rows, {"noise|sin"}, 0)
    best = leaves[0]
    columns = {(one.column, one.above): one.value for one in best.conditions}
    assert columns["days", False] == pytest.approx(30.5, abs=1.01)
    assert ("channel=sms", True) in columns or ("channel=email", False) in columns
    assert 0.55 < best.rate < 0.75  # leaves within the rule differ by chance, and this is the highest
    assert sum(leaf.trials for leaf in leaves) == pytest.approx(len(rows.trials))
    assert [leaf.rate for leaf in leaves] == sorted((leaf.rate for leaf in leaves), reverse=True)
    assert not [one for leaf in leaves for one in leaf.conditions if one.column == "noise|sin"]
    assert set(predicted["small_tree"].round(9)) == {round(leaf.rate, 9) for leaf in leaves}


def test_a_row_follows_the_rule_it_is_forecast_by():
    rows = planted()
    predicted, leaves = baselines.predict(rows, rows, set(), 0)

    def holds(one: Condition, row):
        column, _, level = one.column.partition("=")
        value = float(row[column] == level) if level else row[column]
        return (value > one.value) == one.above

    for position in range(0, 200, 7):
        row = rows.features.iloc[position]
        met = [leaf for leaf in leaves if all(holds(one, row) for one in leaf.conditions)]
        assert len(met) == 1
        assert predicted["small_tree"][position] == met[0].rate


def test_the_plain_regression_finds_a_straight_line_and_the_constant_is_the_rate():
    random = np.random.default_rng(1)
    frame = pd.DataFrame({"x": random.normal(0, 1, 8_000)})
    came = (random.random(8_000) < expit(-2 + frame["x"])).astype(float)
    rows = fit.Rows(frame, np.ones(8_000), came, np.zeros(8_000), np.zeros(8_000))
    predicted, _ = baselines.predict(rows, rows, set(), 0)
    np.testing.assert_allclose(predicted["logistic"], expit(-2 + frame["x"]), atol=0.06)
    assert (predicted["constant"] == came.mean()).all()


def test_nobody_is_forecast_at_zero_by_a_rule_without_a_success():
    rows = planted()
    never = fit.Rows(
        rows.features, rows.trials, np.where(rows.features["channel"] == "email", 0.0, rows.successes), rows.unit,
        rows.campaign,
    )  # fmt: skip
    _, leaves = baselines.predict(never, never, set(), 0)
    assert 0 < leaves[-1].rate < 0.001


def test_thinning_keeps_every_success_and_the_trials_of_every_group():
    random = np.random.default_rng(2)
    came = (random.random(20_000) < 0.03).astype(float)
    group = random.choice(["a", "b", "c"], 20_000, p=[0.7, 0.29, 0.01])
    trials = random.integers(1, 4, 20_000).astype(float)
    kept, stands_for = thin(trials, came, group, 3_000, 0)
    assert set(np.flatnonzero(came)) <= set(kept)
    assert len(kept) == pytest.approx(3_000, abs=5)
    assert (np.diff(kept) > 0).all()
    for one in "abc":
        assert stands_for[group[kept] == one].sum() == pytest.approx(trials[group == one].sum())
    assert (stands_for[came[kept] > 0] == trials[kept][came[kept] > 0]).all()
    again = thin(trials, came, group, 3_000, 0)
    assert (again[0] == kept).all() and (again[1] == stands_for).all()


def test_few_rows_are_not_thinned():
    kept, trials = thin(np.ones(10), np.zeros(10), np.zeros(10), 10, 0)
    assert kept.tolist() == list(range(10)) and trials.tolist() == [1.0] * 10
