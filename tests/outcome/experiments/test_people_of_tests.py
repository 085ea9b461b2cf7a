"""Tables of people: what was known before takes noise out, caps say what they cut, groups differ only if shown."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from engine.errors import DataProblem, NotEnoughData
from engine.outcome.experiments import people


def spenders(size, effect, seed, related=0.8):
    """variant, before, after: what each spent before and in the test; `related` is their correlation."""
    chance = np.random.default_rng(seed)
    before = chance.normal(100, 20, size)
    variant = np.where(chance.random(size) < 0.5, "control", "b")
    noise = chance.normal(0, 20 * (1 - related**2) ** 0.5, size)
    after = 100 + related * (before - 100) + noise + effect * (variant == "b")
    return pd.DataFrame({"variant": variant, "before": before, "after": after})


def test_what_was_spent_before_saves_the_share_of_variance_that_it_explains():
    found = people.with_before(spenders(4_000, 1.0, seed=1), "after", "before")
    assert found.variance_saved == pytest.approx(0.64, abs=0.03)
    assert found.adjusted.high - found.adjusted.low < 0.65 * (found.plain.high - found.plain.low)
    assert found.adjusted.low <= 1.0 <= found.adjusted.high


def test_the_plain_difference_is_welchs():
    drawn = spenders(500, 2.0, seed=2)
    arms = [drawn.loc[drawn["variant"] == name, "after"] for name in ("b", "control")]
    plain = people.with_before(drawn, "after", "before").plain
    assert plain.p_value == pytest.approx(stats.ttest_ind(*arms, equal_var=False).pvalue, rel=0.01)
    assert plain.value == pytest.approx(arms[0].mean() - arms[1].mean())


def test_adjusting_raises_no_more_false_alarms():
    p = [people.with_before(spenders(300, 0.0, seed=seed), "after", "before").adjusted.p_value for seed in range(100)]
    assert np.mean(np.array(p) < 0.05) <= 0.11  # 5 of 100 and 2.8 standard errors


def orders(size, extra, seed):
    """variant, revenue: 5 of 100 order, few of them for thousands; `extra` is added to each order of arm b."""
    chance = np.random.default_rng(seed)
    variant = np.where(np.arange(size) % 2, "b", "control")
    spent = np.where(chance.random(size) < 0.05, chance.pareto(1.6, size) * 30 + 20 + extra * (variant == "b"), 0)
    return pd.DataFrame({"variant": variant, "revenue": spent})


def test_a_cap_says_how_much_it_cut_and_narrows_the_interval():
    drawn = orders(20_000, 30.0, seed=3)
    found = people.with_cap(drawn, "revenue")
    spent = drawn.loc[drawn["revenue"] > 0, "revenue"]
    assert found.cap == pytest.approx(spent.quantile(0.99))
    assert found.people_capped == (spent > found.cap).sum()
    assert found.left_out == pytest.approx((spent - spent.clip(upper=found.cap)).sum())
    assert found.capped.high - found.capped.low < found.plain.high - found.plain.low
    assert found.capped.p_value < 0.05


def test_capped_amounts_of_equal_arms_raise_no_more_false_alarms():
    p = np.array([people.with_cap(orders(1_500, 0.0, seed=seed), "revenue").capped.p_value for seed in range(200)])
    assert (p < 0.05).mean() <= 0.095  # 5 of 100 and 2.9 standard errors


def converted(rates, size, seed):
    """variant, group, converted: rates per group of control and b."""
    chance = np.random.default_rng(seed)
    rows = [
        pd.DataFrame({"variant": arm, "group": group, "converted": chance.binomial(1, rate, size)})
        for group, both in rates.items()
        for arm, rate in zip(("control", "b"), both, strict=True)
    ]
    return pd.concat(rows, ignore_index=True)


def test_an_effect_in_one_group_only_differs_by_group():
    found = people.by_group(converted({"new": (0.05, 0.10), "old": (0.10, 0.10)}, 4_000, seed=5), "group")
    assert found["differs_by_group"].all() and found["interaction_p"].iloc[0] < 0.001
    assert (found["p_adjusted"] < 0.05).tolist() == [True, False]


def test_the_same_effect_in_a_large_and_a_small_group_does_not_differ_by_group():
    both = [converted({name: (0.05, 0.07)}, size, seed=6) for name, size in (("large", 9_000), ("small", 400))]
    found = people.by_group(pd.concat(both), "group")
    assert found["p_adjusted"].iloc[0] < 0.05 < found["p_adjusted"].iloc[1]
    assert not found["differs_by_group"].any()


def test_groups_of_equal_arms_seldom_differ():
    rates = dict.fromkeys("abcdef", (0.05, 0.05))
    told = [people.by_group(converted(rates, 800, seed=seed), "group") for seed in range(60)]
    assert np.mean([(one["p_adjusted"] < 0.05).any() for one in told]) <= 0.14
    assert np.mean([one["differs_by_group"].any() for one in told]) <= 0.14


def test_tables_that_cannot_be_read_are_refused():
    drawn = orders(1_000, 0, seed=7)
    for broken, said in (
        (drawn.drop(columns="revenue"), "lacks revenue"),
        (drawn.assign(variant="a"), "names 1 variants"),
        (drawn.assign(revenue=np.nan), "unknown for 1000 people"),
    ):
        with pytest.raises(DataProblem, match=said):
            people.with_cap(broken, "revenue")
    with pytest.raises(NotEnoughData, match="No group of group has 100 people"):
        people.by_group(converted({"a": (0.1, 0.1)}, 50, seed=8), "group")
