"""Results teach the forecasts what changed, and never a worse model."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from bench import learning
from engine.campaign import promotion, recalibrate, response, versions
from engine.campaign.promotion import Compared
from engine.errors import NotEnoughData
from engine.model import fit
from engine.model.calibrate import Affine
from engine.model.encode import learn
from engine.model.fit import Rows
from engine.outcome import relearned
from tests.tiny import CAMPAIGN_TABLES, shop_of, simulated


def campaigns(
    random: np.random.Generator, count: int = 6, each: int = 400, mood: float = 0.15
) -> tuple[Rows, np.ndarray]:
    """Messages of some campaigns, and their log-odds without the campaign's mood: what a good model says."""
    campaign = np.repeat([f"k{number}" for number in range(count)], each)
    keen = random.normal(size=count * each)
    said = -2.5 + 0.6 * keen
    chance = expit(said + np.repeat(random.normal(0, mood, count), each))
    came = (random.random(len(said)) < chance).astype("float64")
    return Rows(pd.DataFrame({"keen": keen}), np.ones(len(said)), came, np.zeros(len(said)), campaign), said


def verdict(rows: Rows, new: np.ndarray, old: np.ndarray) -> promotion.Verdict:
    return promotion.on_later("old", {"order": promotion.on_rows(rows, expit(new), expit(old))})


@pytest.mark.parametrize("spoilt", ["shifted", "noisy", "flat"])
def test_a_worse_candidate_is_never_promoted(spoilt):
    for seed in range(200):
        random = np.random.default_rng(seed)
        rows, good = campaigns(random, count=int(random.integers(3, 9)), each=150)
        worse = {
            "shifted": good + 0.5 * random.choice([-1, 1]),
            "noisy": good + random.normal(0, 0.7, len(good)),
            "flat": np.full(len(good), good.mean()),
        }[spoilt]
        assert not verdict(rows, worse, good).promoted, seed


def test_a_candidate_that_only_differs_by_chance_is_hardly_ever_promoted():
    promoted = 0
    for seed in range(300):
        random = np.random.default_rng(seed)
        rows, good = campaigns(random, each=150)
        draws = (good + random.normal(0, 0.1, len(good)) for _ in range(2))
        promoted += verdict(rows, *draws).promoted
    assert promoted <= 9  # 3 expected at 1 %; 10 or more by chance: 0.1 %


def test_the_right_candidate_takes_over_where_the_one_in_use_says_twice_too_much():
    rows, good = campaigns(np.random.default_rng(0))
    assert verdict(rows, good, good + np.log(2)).why == "better"
    assert verdict(rows, good + np.log(2), good).why == "worse"
    assert promotion.on_later("old", {"order": None}).why == "few_later"


def used(rows: Rows, weights: np.ndarray, intercept: float) -> fit.Response:
    encoder = learn(rows.features, rows.trials, {})
    assert encoder.columns == ["keen", "channel=email", "channel=sms"][: len(weights)]
    return fit.Response("linear", encoder, intercept, weights, None, Affine())


def two_channels(seed: int, shifts: dict[str, float]) -> Rows:
    rows, said = campaigns(np.random.default_rng(seed), count=16, each=1_000, mood=0.05)
    channel = np.where(np.unique(rows.campaign, return_inverse=True)[1] % 2 == 0, "email", "sms")
    chance = expit(said + np.vectorize(shifts.get)(channel))
    came = (np.random.default_rng(seed + 1).random(len(said)) < chance).astype("float64")
    return Rows(rows.features.assign(channel=channel), rows.trials, came, rows.unit, rows.campaign)


def test_recalibration_finds_what_each_channel_is_off_by_and_contributions_still_add_up():
    rows = two_channels(5, {"email": -0.5, "sms": 0.3})
    mean, sd = learn(rows.features, rows.trials, {}).numbers["keen"]
    model = used(rows, np.array([0.6 * sd, 0.0, 0.0]), -2.5 + 0.6 * mean)
    found = recalibrate.of(model, rows)
    assert found is not None and found.campaigns == 16
    moved = found.model.log_odds(rows.features) - model.log_odds(rows.features)
    by_channel = pd.Series(moved).groupby(rows.features["channel"].to_numpy()).mean()
    assert by_channel["email"] == pytest.approx(-0.5, abs=0.12)
    assert by_channel["sms"] == pytest.approx(0.3, abs=0.12)
    base, parts = found.model.contributions(rows.features)
    assert base + parts.sum(axis=1).to_numpy() == pytest.approx(found.model.log_odds(rows.features))


def test_recalibration_is_drawn_to_no_change_where_little_is_known():
    rows = two_channels(5, {"email": 0.0, "sms": 0.0})
    few = rows.take(np.flatnonzero(rows.campaign == "k0")[:150])
    mean, sd = learn(rows.features, rows.trials, {}).numbers["keen"]
    model = used(rows, np.array([0.6 * sd, 0.0, 0.0]), -2.5 + 0.6 * mean - 1.0)  # says far too little
    moved = recalibrate.of(model, few)
    assert moved is not None and 0.0 < moved.shift < 0.9 and not moved.by_channel
    nothing = few.take(np.flatnonzero(few.successes == 0))
    assert recalibrate.of(model, nothing) is None


@pytest.fixture(scope="module")
def months(tmp_path_factory):
    """A shop whose customers answer half as often from the first month after it learned; two imports."""
    folder = tmp_path_factory.mktemp("learning") / "shop"
    world = learning.World(people=800, monthly=6, months=learning.FIRST + 2, fallen=0.5)
    return folder, learning.run(folder, world, seed=1, search_seconds=1.0)


def test_forecasts_follow_customers_who_answer_half_as_often_within_two_imports(months):
    folder, found = months
    assert found[0].bias["click"] > 0.35
    assert any(one.promoted for one in found)
    shop = learning.store.open_shop(folder)
    tables = learning.generated(learning.World(people=800, months=learning.FIRST + 3, fallen=0.5), seed=1)
    learning.imported(folder, tables)
    after = learning.bias(learning.store.open_shop(folder), learning.month_of(9), learning.month_of(learning.FIRST + 2))
    assert abs(after["click"]) < 0.25 and abs(after["click"]) < found[0].bias["click"] / 2
    assert relearned.log(shop)[-1]["in_use_after"] == versions.current_version(shop)


def test_the_recalibrated_model_is_a_version_like_any_other_that_says_what_it_comes_from(months):
    folder, _ = months
    shop = learning.store.open_shop(folder)
    [moved] = [one for one in relearned.log(shop) if one["promoted"] == "recalibrated"][:1]
    kept = {one.version: one for one in versions.versions(shop)}
    card = kept[moved["in_use_after"]].card
    assert card["recalibrated_from"] == moved["in_use_before"]
    assert card["recalibrated"]["click"]["shift"] < -0.2
    assert card["promotion"]["why"] == "better" and card["promotion"]["targets"]
    assert response.model_in_use(shop).learned["click"] > set()


def test_what_came_of_each_time_is_kept_and_is_json(months):
    folder, found = months
    log = relearned.log(learning.store.open_shop(folder))
    assert len(log) == len(found)
    assert json.loads(json.dumps(log)) == log
    assert {one["candidate"] for one in log[0]["candidates"]} == {"recalibrated", "retrained"}


def test_with_too_few_campaigns_since_nothing_changes_and_the_reason_is_said(tmp_path):
    frames = {name: simulated(seed=4, people=150, campaigns=10)[name] for name in CAMPAIGN_TABLES}
    shop = shop_of(tmp_path / "shop", frames)
    first = response.train(shop, pd.Timestamp("2025-10-20").date(), search_seconds=1.0)
    found = relearned.relearn(shop)
    assert found.promoted is None and response.current_version(shop) == first.version
    assert {one.verdict.why for one in found.candidates} == {"few_later"}
    assert "too few campaigns" in found.to_json()["candidates"][0]["reason"]


def test_before_the_first_training_it_says_so(tmp_path):
    with pytest.raises(NotEnoughData):
        relearned.relearn(shop_of(tmp_path / "shop", {name: simulated()[name] for name in CAMPAIGN_TABLES}))


def test_one_campaign_alone_judges_nothing():
    rows, good = campaigns(np.random.default_rng(0), count=1)
    one = promotion.on_rows(rows, expit(good), expit(good + 1))
    assert isinstance(one, Compared) and promotion.on_later("old", {"order": one}).why == "not_better"
