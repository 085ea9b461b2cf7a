"""Nothing is judged by what came after it."""

import numpy as np
import pandas as pd
import pytest

from engine.model import splits


def sends(campaigns, days, customers=50):
    """One row per campaign, day and customer."""
    rows = [(f"k{(k * 7) % 10}", pd.Timestamp("2026-01-01") + pd.Timedelta(days=30 * k + d), f"c{n}")
            for k in range(campaigns) for d in range(days) for n in range(customers)]  # fmt: skip
    return pd.DataFrame(rows, columns=["campaign", "at", "customer"])


def units(table):
    return splits.unit(table["campaign"], table["at"], table["customer"])


@pytest.mark.parametrize("campaigns", [6, 10])
def test_from_six_campaigns_on_whole_later_campaigns_are_held_out(campaigns):
    table = sends(campaigns, days=3)
    unit, rule = units(table)
    assert rule == "later whole campaigns"
    assert table.groupby("campaign")["at"].min().sort_values().index.tolist() == (
        table.assign(unit=unit).drop_duplicates("campaign").sort_values("unit")["campaign"].tolist()
    )
    for fold in splits.folds(unit, rule):
        assert not set(table["campaign"].iloc[fold.train]) & set(table["campaign"].iloc[fold.test])
        assert table["at"].iloc[fold.train].max() < table["at"].iloc[fold.test].min()


def test_below_six_campaigns_later_time_is_held_out():
    table = sends(2, days=10)
    unit, rule = units(table)
    assert rule == "later time within campaigns"
    folds = splits.folds(unit, rule)
    assert folds
    for fold in folds:
        assert table["at"].iloc[fold.train].max() < table["at"].iloc[fold.test].min()


def test_at_one_time_customers_are_held_out_and_the_rule_says_what_that_lacks():
    table = sends(1, days=1, customers=400)
    unit, rule = units(table)
    assert rule == "customers held out; no campaign-to-campaign variation in this range"
    folds = splits.folds(unit, rule)
    assert sorted(np.concatenate([fold.test for fold in folds])) == list(range(400))
    assert len(folds) == 5
    for fold in folds:
        assert 40 < len(fold.test) < 120
        assert not set(table["customer"].iloc[fold.train]) & set(table["customer"].iloc[fold.test])


def test_a_customer_is_always_in_the_same_fold():
    table = sends(1, days=1, customers=40)
    shuffled = table.sample(frac=1, random_state=0)
    by_customer = dict(zip(table["customer"], units(table)[0], strict=True))
    assert [by_customer[c] for c in shuffled["customer"]] == units(shuffled)[0].tolist()


@pytest.mark.parametrize("count", [6, 7, 10, 25, 60])
def test_the_later_two_fifths_are_judged_and_each_once(count):
    folds = splits.folds(np.repeat(np.arange(count), 4), "later whole campaigns")
    judged = np.concatenate([fold.test for fold in folds])
    assert len(judged) == len(set(judged))
    assert sorted(set(judged // 4)) == list(range(int(np.ceil(count * 0.6)), count))


@pytest.mark.parametrize(("count", "expected"), [(1, 1), (2, 1), (4, 2), (10, 5), (20, 5), (60, 12)])
def test_the_latest_units_leave_as_many_to_learn_from(count, expected):
    units = np.repeat(np.arange(count), 3)
    assert sorted(set(units[splits.latest(units)])) == list(range(count - expected, count))
