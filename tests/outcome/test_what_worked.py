import json
import os

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from engine.__main__ import main
from engine.errors import NotEnoughData
from engine.model.shrunk import log_odds
from engine.outcome import what_worked
from engine.outcome.what_worked.associations import FALSE, Results, associations
from engine.outcome.what_worked.settling import settling
from engine.outcome.what_worked.traits import Trait
from engine.shop import store
from tests.tiny import shop_of, tables

FULL = bool(os.environ.get("OFFERLAB_FULL"))
NULLS = 20


def simulated(random, campaigns=60, planted=0.5, people=2000):
    """Traits drawn by coin, of which the first alone moves the click rate; audience and channel move it too."""
    has = random.integers(0, 2, (campaigns, NULLS + 1)).astype("float64")
    audience, channel = random.normal(0, 1, campaigns), random.integers(0, 2, campaigns)
    odds = -3 + planted * has[:, 0] + 0.4 * audience + 0.5 * channel + random.normal(0, 0.25, campaigns)
    clicked = random.binomial(people, 1 / (1 + np.exp(-odds)))
    found = {Trait("headline", f"t{number}"): has[:, number] for number in range(NULLS + 1)}
    beside = {"audience": audience, "channel b": channel.astype("float64")}
    return found, Results(*log_odds(clicked, np.full(campaigns, people))), beside


def of_tests(random, count=80, planted=0.12):
    """Tests of four headlines each, as a newspaper makes them: each test has a rate of its own."""
    arms = 4 * count
    group = np.repeat(np.arange(count), 4)
    has = random.integers(0, 2, (arms, NULLS + 1)).astype("float64")
    odds = -4 + random.normal(0, 0.6, count)[group] + planted * has[:, 0] + random.normal(0, 0.1, arms)
    clicked = random.binomial(4000, 1 / (1 + np.exp(-odds)))
    found = {Trait("headline", f"t{number}"): has[:, number] for number in range(NULLS + 1)}
    return found, Results(*log_odds(clicked, np.full(arms, 4000)), group), {}


@pytest.mark.parametrize("world", [simulated, of_tests])
def test_a_planted_trait_is_found_and_what_is_told_is_seldom_wrong(world):
    random, found, wrong, held = np.random.default_rng(0), 0, [], 0
    runs = 400 if FULL else 40
    planted = {simulated: 0.5, of_tests: 0.12}[world]
    for _ in range(runs):
        lines = associations(*world(random))
        told = [one for one in lines if one.is_told]
        found += any(one.trait.name == "t0" for one in told)
        wrong.append(sum(one.trait.name != "t0" for one in told) / max(len(told), 1))
        own = next(one for one in lines if one.trait.name == "t0")
        held += own.low <= planted <= own.high
    assert found / runs > 0.8
    assert held / runs > 0.88
    error = np.std(wrong) / np.sqrt(runs)
    assert np.mean(wrong) <= FALSE + 2 * error


def test_where_no_trait_does_anything_something_is_told_in_one_world_of_twenty_at_most():
    random, runs = np.random.default_rng(1), 400 if FULL else 60
    told = sum(any(one.is_told for one in associations(*simulated(random, planted=0.0))) for _ in range(runs))
    assert told / runs <= FALSE + 2 * np.sqrt(FALSE * (1 - FALSE) / runs)


def test_a_trait_that_only_goes_with_a_better_audience_is_not_told_once_that_is_taken_out():
    random = np.random.default_rng(2)
    audience = random.normal(0, 1, 80)
    has = (audience + random.normal(0, 1, 80) > 0).astype("float64")
    clicked = random.binomial(5000, 1 / (1 + np.exp(3 - 0.6 * audience)))
    results, trait = Results(*log_odds(clicked, np.full(80, 5000))), {Trait("headline", "emoji"): has}
    assert associations(trait, results, {})[0].is_told
    assert not associations(trait, results, {"audience": audience})[0].is_told


def test_traits_that_few_campaigns_have_are_left_out():
    _, results, beside = simulated(np.random.default_rng(3))
    rare = {Trait("headline", "rare"): np.array([1.0] * 3 + [0.0] * 57)}
    assert associations(rare, results, beside) == []


def test_the_test_that_would_settle_it_is_planned_for_half_of_what_was_seen():
    plan = settling(0.05, -0.02, per_day=500.0, window_days=7)
    assert (plan.per_arm, plan.difference) == (7600, 0.01)  # 16 p (1 - p) / d squared, Lehr (1992)
    assert plan.days == 2 * 7600 / 500 + 7 + 0.6  # the last day is not over earlier
    assert settling(0.05, 0.02, None, 7).days is None
    assert settling(0.05, 0.0, 10.0, 7) is None


def test_the_demo_shops_planted_truths_lie_within_their_ranges(demo_shop_dir):
    answers = {(one.kind, one.measure): one for one in what_worked.answer(store.open_shop(demo_shop_dir))}
    clicks = {one.trait: one for one in answers["messages", "clicks"].lines}
    question = clicks[Trait("headline", "question")]
    assert question.low < np.expm1(0.15) < question.high and question.low > 0  # 0.15 log-odds were planted
    extra = answers["messages", "extra"].lines[0]
    assert (extra.trait, extra.told) == (Trait("offer", "discount", is_amount=True), True)
    assert extra.with_it + extra.without == 34 and extra.settling.per_arm > 1000  # campaigns with a percentage
    assert answers["ads", "clicks"].missing.text().startswith("4 ads")


def test_ads_of_one_campaign_are_compared_within_it(tmp_path):
    random, rows = np.random.default_rng(4), []
    for test in range(60):
        rate = 0.02 * np.exp(random.normal(0, 0.7))
        for arm in range(4):
            asks = arm % 2 == 0
            clicks = random.binomial(8000, rate * (1.25 if asks else 1.0))
            rows.append(
                (f"t{test}-{arm}", "2026-01-01", f"t{test}", 8000, clicks, "Why not?" if asks else "Here it is")
            )
    names = ["ad_id", "date", "campaign_id", "impressions", "clicks", "headline"]
    ads = pd.DataFrame(rows, columns=names)
    shop = shop_of(tmp_path / "shop", {"ads": ads})
    found = next(one for one in what_worked.answer(shop) if one.measure == "clicks")
    line = found.lines[0]
    assert found.corrected == ("group",) and line.trait.name in ("question", "length") and line.told
    question = next(one for one in found.lines if one.trait == Trait("headline", "question"))
    assert question.low < 0.25 < question.high


def test_too_few_campaigns_are_said(tmp_path):
    found = what_worked.answer(shop_of(tmp_path / "shop", tables("campaigns", "deliveries", "customers")))
    assert found and all(not one.lines for one in found)
    assert "16 are needed" in found[0].missing.text()


def test_without_campaigns_and_ads_it_is_refused(tmp_path):
    with pytest.raises(NotEnoughData):
        what_worked.answer(shop_of(tmp_path / "shop", tables("orders", "products", "customers")))


def test_the_command_lists_every_trait_with_its_test(demo_shop_dir, tmp_path):
    out = tmp_path / "worked.csv"
    result = CliRunner().invoke(main, ["what-worked", "--shop", str(demo_shop_dir), "--out", str(out)])
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert "association" in answer["note"]
    table = pd.read_csv(out)
    row = table[(table["measure"] == "clicks") & (table["name"] == "question")].iloc[0]
    assert row["low"] < row["effect"] < row["high"] and row["test_per_arm"] > 0
    assert (table["p_adjusted"] >= table["p_value"] - 1e-12).all()
