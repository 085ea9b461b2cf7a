"""Sent against left out, one difference at a time."""

import numpy as np
import pandas as pd
import pytest
import tea_tasting as tt
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from engine.outcome import difference


def drawn(sent: int, held: int) -> tuple[np.ndarray, difference.Groups]:
    treated = np.arange(sent + held) < sent
    return treated, difference.groups(treated, np.full(len(treated), sent / (sent + held)))


def test_without_strata_and_past_it_is_welch_as_statsmodels_has_it():
    random = np.random.default_rng(0)
    treated, groups = drawn(300, 300)
    # The same spread in both groups: then no group's own is below that of both.
    noise = random.normal(0, 2, 300)
    values = np.concatenate([noise - noise.mean() + 5, noise[::-1] - noise.mean() + 4.5])
    found = difference.differences(values[:, None], groups)[0]
    peer = CompareMeans(DescrStatsW(values[treated]), DescrStatsW(values[~treated]))
    assert (found.low, found.high) == pytest.approx(peer.tconfint_diff(usevar="unequal"))
    assert found.mean == pytest.approx(0.5)
    assert 2 * found.chance_below(0.0) == pytest.approx(peer.ttest_ind(usevar="unequal")[1])


def test_a_group_is_not_taken_to_vary_less_than_both_together():
    treated, groups = drawn(900, 100)
    values = np.where(treated & (np.arange(1000) % 20 == 0), 100.0, 0.0)  # nobody left out ordered, by chance
    found = difference.differences(values[:, None], groups)[0]
    spread = np.sqrt(np.concatenate([values[treated] - 5.0, values[~treated]]).var() * 1000 / 998)
    assert found.se >= spread * np.sqrt(1 / 900 + 1 / 100) * 0.999
    assert found.se > 1.5 * values[treated].std() / np.sqrt(900)  # all that Welch would have seen


def test_with_the_past_it_agrees_with_tea_tasting_where_groups_are_equal():
    random = np.random.default_rng(1)
    treated, groups = drawn(2_000, 2_000)
    past = random.gamma(2.0, 10.0, 4_000)
    values = 2 * past + random.normal(0, 5, 4_000) + treated
    found = difference.differences(values[:, None], groups, past[:, None])[0]
    table = pd.DataFrame({"variant": treated.astype(int), "value": values, "past": past})
    peer = tt.Experiment(value=tt.Mean("value", covariate="past")).analyze(table)["value"]
    assert (found.mean, found.low, found.high) == pytest.approx(
        (peer.effect_size, peer.effect_size_ci_lower, peer.effect_size_ci_upper), abs=0.02
    )
    plain = difference.differences(values[:, None], groups)[0]
    assert found.se < 0.3 * plain.se and found.adjusted and not plain.adjusted


def test_exports_with_different_shares_are_compared_each_for_itself():
    # Buyers were mostly in the second export, which left out half; pooled, the message would seem to harm.
    sizes = {(0.9, True): 900, (0.9, False): 100, (0.5, True): 500, (0.5, False): 500}
    treated = np.concatenate([np.full(n, sent) for (_, sent), n in sizes.items()])
    propensity = np.concatenate([np.full(n, share) for (share, _), n in sizes.items()])
    rate = np.where(propensity == 0.5, 0.5, 0.1) + 0.02 * treated
    place = np.concatenate([np.arange(n) / n for n in sizes.values()])
    values = (place < rate - 1e-9).astype(float)
    found = difference.differences(values[:, None], difference.groups(treated, propensity))[0]
    assert values[treated].mean() - values[~treated].mean() < -0.1
    assert found.mean == pytest.approx(0.02, abs=1e-9)
    assert found.sent_mean == pytest.approx((900 * 0.12 + 500 * 0.52) / 1400)


def test_an_export_without_anybody_left_out_is_not_compared():
    treated = np.array([True] * 50 + [True] * 40 + [False] * 10)
    propensity = np.array([1.0] * 50 + [0.8] * 50)
    groups = difference.groups(treated, propensity)
    assert (groups.sent, groups.held) == (40, 10)
    values = np.where(propensity == 1.0, 1000.0, 1.0)
    assert difference.differences(values[:, None], groups)[0].mean == 0.0


def test_few_people_are_not_adjusted():
    _, groups = drawn(500, 50)
    past = np.arange(550.0)
    assert not difference.differences(past[:, None], groups, past[:, None])[0].adjusted


def own_chances(random, people=1_000, effect=0.1):
    """Everybody with a chance of their own: those who buy most are sent most often. Outcomes, groups, the past, and
    the mean effect on those sent, which grows with the chance too."""
    fond = random.gamma(2.0, 0.5, people)
    propensity = np.clip(0.35 + 0.25 * fond + random.uniform(-0.1, 0.1, people), 0.3, 0.95)
    treated = random.random(people) < propensity
    lift = np.minimum(effect * fond, 1.0)
    anyway, because = random.random(people) < np.minimum(0.2 * fond, 0.9), random.random(people) < lift
    worth = random.lognormal(3.0, 0.8, people)
    done = np.column_stack([anyway | (because & treated), (anyway | (because & treated)) * worth]).astype(float)
    free = (~anyway & because).astype(float)[:, None] * np.column_stack([np.ones(people), worth])
    past = np.log1p(random.poisson(2 * fond))[:, None]
    return done, difference.groups(treated, propensity), past, free[treated].mean(axis=0)


def test_customers_with_a_chance_of_their_own_are_all_compared():
    done, groups, _, truth = own_chances(np.random.default_rng(2), people=20_000)
    assert groups.sent + groups.held == 20_000
    sent = groups.treated
    found = difference.differences(done, groups)
    assert [one.low < true < one.high for one, true in zip(found, truth, strict=True)] == [True, True]
    # As if nobody's chance mattered, the buyers among those sent would count as won.
    assert done[sent, 0].mean() - done[~sent, 0].mean() > found[0].high
    assert found[0].sent_mean == pytest.approx(done[sent, 0].mean())


@pytest.mark.parametrize("effect", [0.1, pytest.param(0.0, marks=pytest.mark.full)])
def test_ranges_hold_where_everybody_had_a_chance_of_their_own(effect):
    """500 draws of 1,000 customers each: 95 of 100 ranges hold the truth, with and without the past, but for 4 standard
    errors. Those of money are wider than they need be, as a group is not taken to vary less than both together."""
    random, held = np.random.default_rng(3), []
    for _ in range(500):
        done, groups, past, truth = own_chances(random, effect=effect)
        found = [*difference.differences(done, groups), *difference.differences(done, groups, past)]
        held.append([one.low <= true <= one.high for one, true in zip(found, [*truth, *truth], strict=True)])
    shares = np.mean(held, axis=0)
    assert (shares > 0.95 - 4 * np.sqrt(0.95 * 0.05 / 500)).all() and (shares[[0, 2]] < 0.985).all(), shares


def test_those_whom_nobody_left_out_resembles_are_counted_apart():
    random = np.random.default_rng(4)
    propensity = np.concatenate([random.uniform(0.5, 0.7, 1_000), np.ones(300)])
    treated = random.random(1_300) < propensity
    groups = difference.groups(treated, propensity)
    assert (groups.apart, groups.sent + groups.held) == (300, 1_000)
    values = np.where(propensity == 1.0, 1000.0, treated)
    assert difference.differences(values[:, None], groups)[0].mean == pytest.approx(1.0)


def test_a_share_of_its_own_stays_a_group_of_its_own_beside_a_few_odd_ones():
    # 0.5 and 0.9 have both groups; three customers of 0.7 have not, and those two are still not mixed.
    propensity = np.repeat([0.5, 0.7, 0.9], [1_000, 3, 1_000])
    treated = np.concatenate([np.arange(1_000) < 500, [True] * 3, np.arange(1_000) < 900])
    values = np.where(propensity == 0.5, 10.0, 1.0) + treated
    groups = difference.groups(treated, propensity)
    found = difference.differences(values[:, None], groups)[0]
    assert (found.mean, found.se) == (pytest.approx(1.0), pytest.approx(0.0)) and groups.apart == 3
