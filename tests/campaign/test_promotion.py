"""A model learned anew takes over by a stated rule, and not where it would make forecasts worse."""

import shutil
from datetime import date

import numpy as np
import pandas as pd
import pytest

from engine.campaign import promotion, response, versions
from engine.campaign.promotion import Compared, Facts
from engine.errors import ModelFileProblem
from engine.model.evaluate import Difference
from engine.shop import store
from tests.tiny import CAMPAIGN_TABLES, shop_of, simulated, trained

ABOUT = {
    "data": {"shop_version": "1", "as_of": "2026-01-01", "rows": {"orders": 5}},
    "code": {"engine": "x"},
    "seed": 0,
}
WORSE, BETTER = Difference(0.02, 0.01, 0.03, 5), Difference(-0.02, -0.03, -0.01, 5)
NOISE, ALONE = Difference(0.02, -0.01, 0.05, 5), Difference(0.02, None, None, 1)


def facts(version="new", as_of=date(2026, 1, 1), protected=("gender",), about=ABOUT, forecasts=("click", "order")):
    return Facts(version, as_of, frozenset(protected), about, frozenset(forecasts))


OLD = facts("old", about=ABOUT | {"data": {"shop_version": "0"}})


@pytest.mark.parametrize(
    ("why", "promoted", "old", "new", "said"),
    [
        ("first", True, None, facts(), {}),
        ("again", True, facts("new"), facts("new"), {"click": WORSE}),
        ("earlier", True, facts("old", as_of=date(2026, 2, 1)), facts(), {"click": WORSE}),
        ("protected", True, OLD, facts(protected=("gender", "age")), {"click": WORSE}),
        ("lost", False, OLD, facts(forecasts=("click",)), {"click": BETTER}),
        ("worse", False, OLD, facts(), {"click": WORSE, "order": BETTER}),
        ("not_worse", True, OLD, facts(), {"click": NOISE, "order": NOISE}),
        ("not_worse", True, OLD, facts(), {"click": BETTER}),
        ("not_worse", True, OLD, facts(), {"click": ALONE}),
        ("nothing_to_compare", True, OLD, facts(), {"click": None}),
        ("same", False, facts("old"), facts(about=ABOUT | {"seed": 7}), {"click": NOISE}),
        ("not_worse", True, facts("old"), facts(about=ABOUT | {"seed": 7}), {"click": BETTER}),
        ("not_worse", True, facts("old"), facts(about=ABOUT | {"code": {"engine": "y"}}), {"click": NOISE}),
    ],
)
def test_the_rule(why, promoted, old, new, said):
    asked = {target: one and Compared(one, unseen=True) for target, one in said.items()}
    verdict = promotion.decide(old, True, new, asked)
    assert (verdict.why, verdict.promoted) == (why, promoted)
    for language in ("en", "zh"):
        assert promotion.sentence(verdict.why, verdict.targets).text(language)


def test_a_model_that_cannot_be_read_is_followed_by_whatever_was_learned():
    assert promotion.decide(None, False, facts(), {}).why == "unreadable"


def test_what_is_worse_is_named_in_both_languages():
    verdict = promotion.decide(OLD, True, facts(), {"click": Compared(WORSE, True), "order": Compared(WORSE, True)})
    assert "forecasts of clicks, orders were worse" in verdict.to_json()["reason"]
    assert "点击、下单" in promotion.sentence(verdict.why, verdict.targets).text("zh")
    assert verdict.to_json()["compared"]["click"] == {
        "mean": 0.02, "low": 0.01, "high": 0.03, "units": 5, "unseen": True,
    }  # fmt: skip


CUT = date(2025, 7, 15)  # six of the fourteen campaigns are over, the seventh has not begun
LATER = date(2026, 4, 1)


def past_turned_round(frames):
    """The same tables, but the campaigns before CUT have their buyers and the others exchanged: a broken import."""
    deliveries = frames["deliveries"].copy()
    early = pd.to_datetime(deliveries["sent_at"]) < pd.Timestamp(CUT)
    for column in ("clicked", "converted"):
        turned = 1 - deliveries[column].astype(float)
        deliveries[column] = np.where(early, turned, deliveries[column].astype(float))
    return frames | {"deliveries": deliveries}


@pytest.fixture(scope="module")
def shops(tmp_path_factory):
    """A shop that learned at CUT and whose tables then went on as they were (sound) or with a broken past (broken)."""
    folder = tmp_path_factory.mktemp("promotion")
    frames = {name: simulated(seed=4, people=150, campaigns=14)[name] for name in CAMPAIGN_TABLES}
    first = response.train(shop_of(folder / "begun", frames), CUT)
    found = {}
    for name, later in (("sound", frames), ("broken", past_turned_round(frames))):
        shop = store.open_shop(shutil.copytree(folder / "begun", folder / name))
        assert not any(store.save_tables(shop, later).values())
        found[name] = (store.open_shop(shop.path), first, response.train(store.open_shop(shop.path), LATER))
    return found


def test_a_retrain_on_newer_sound_data_is_used(shops):
    shop, first, second = shops["sound"]
    assert first.card["promoted"] and first.card["promotion"]["why"] == "first"
    assert second.card["promotion"]["why"] == "not_worse"
    order = second.card["promotion"]["compared"]["order"]
    assert order["unseen"] and order["units"] == 8  # the campaigns since CUT, which neither had seen
    assert response.current_version(shop) == second.version
    assert versions.waiting_version(shop) is None


def test_a_retrain_that_is_worse_on_campaigns_neither_has_seen_is_kept_and_not_used(shops):
    shop, first, second = shops["broken"]
    assert second.card["promoted"] is False
    assert second.card["promotion"]["why"] == "worse"
    assert "order" in second.card["promotion"]["targets"]
    assert response.current_version(shop) == first.version == response.load(shop).version
    assert versions.waiting_version(shop) == second.version
    assert [(one.version, one.in_use, one.waiting) for one in versions.versions(shop)] == [
        (second.version, False, True),
        (first.version, True, False),
    ]


def test_a_model_that_was_not_used_can_be_used_all_the_same(shops):
    shop, _, second = shops["broken"]
    versions.use(shop, second.version)
    assert response.load(shop).version == second.version
    assert versions.waiting_version(shop) is None


def test_the_same_data_with_another_seed_stays_unused_and_the_same_seed_is_the_same_model(tmp_path):
    shop = trained(tmp_path / "shop", *CAMPAIGN_TABLES)
    first = response.load(shop)
    other, again = (response.train(shop, seed=seed) for seed in (1, 0))
    assert other.card["promotion"]["why"] in ("same", "not_worse")
    assert other.card["promoted"] == any(
        one["high"] is not None and one["high"] < 0 for one in other.card["promotion"]["compared"].values()
    )
    assert again.version == first.version
    assert not next(iter(other.card["promotion"]["compared"].values()))["unseen"]


def test_an_unreadable_model_does_not_keep_a_shop_from_learning_again(tmp_path):
    shop = trained(tmp_path / "shop", "ads")
    first = response.load(shop)
    (versions.folder(shop, first.version) / "card.json").write_text("{}")
    with pytest.raises(ModelFileProblem, match=r"card.json was changed"):
        response.load(shop)
    assert response.train(shop, seed=1).card["promotion"]["why"] == "unreadable"
    assert response.load(shop).card["seed"] == 1
