"""Reasons add up to the forecast they explain, and are said in words."""

import numpy as np
import pytest

from engine.campaign import response
from engine.campaign.explain import BASE, SPREAD, explain_plan, words
from engine.campaign.scene import plan_features, scene
from engine.errors import NotEnoughData
from engine.sentences import known
from tests.tiny import trained

PLAN = {"plan_id": "p1", "channel": "email", "offer_kind": "percent", "discount": 0.2, "starts_at": "2026-06-08",
        "send_hour": 10, "goal": "launch"}  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return trained(tmp_path_factory.mktemp("shop") / "golden")


def explained(shop, target="order", language="en", **changed):
    models, plan = response.load(shop), PLAN | changed
    prepared = scene(shop, plan, shop.table("customers")["customer_id"].tolist())
    rate = models.responses[target].predict(plan_features(shop, prepared, plan)).mean()
    return explain_plan(shop, models, prepared, plan, target, language), rate


@pytest.mark.parametrize("target", ["order", "click"])
@pytest.mark.parametrize(
    "changed", [{}, {"discount": 0.1}, {"offer_kind": "none", "discount": None}, {"send_hour": None}]
)
def test_contributions_add_up_to_the_log_odds_of_the_forecast(shop, target, changed):
    table, rate = explained(shop, target, **changed)
    assert table["contribution"].sum() == pytest.approx(np.log(rate / (1 - rate)), abs=1e-9)
    assert table["feature"].is_unique
    assert (table["feature"].iloc[0], table["feature"].iloc[-1]) == (BASE, SPREAD)
    sizes = table["contribution"].iloc[1:-1].abs()
    assert sizes.is_monotonic_decreasing


def test_reasons_name_what_the_plan_sets(shop):
    table, _ = explained(shop)
    value = table.set_index("feature")["value"]
    assert value["discount"] == "20%"
    assert value["send_hour"] == "10:00"
    assert value["goal"] == "launch"


def test_a_reason_raises_or_lowers_as_its_sign_says(shop):
    table, _ = explained(shop)
    for row in table.iloc[1:-1].itertuples():
        assert ("raises the chance" if row.contribution >= 0 else "lowers the chance") in row.sentence
        assert f"{100 * row.contribution:+.0f} points" in row.sentence
    base = table["contribution"].iloc[0]
    assert table["sentence"].iloc[0] == f"Average past message: {1 / (1 + np.exp(-base)):.2%}"


def test_reasons_are_said_in_chinese_too(shop):
    table, _ = explained(shop, language="zh")
    assert table["sentence"].str.contains(r"[\u4e00-\u9fff]").all()


def test_a_feature_of_ours_has_words_and_an_own_column_keeps_its_name(shop):
    table, _ = explained(shop)
    own = {"tier", "campaign theme"}
    unnamed = [f for f in table["feature"].iloc[1:-1] if not known(f"features.{f}")]
    assert set(unnamed) <= own
    assert words("campaign theme") == "theme"
    assert words("city_tier") == "city tier"


def test_what_was_never_learned_has_no_reasons(shop):
    with pytest.raises(NotEnoughData, match=r"Nothing was learned about unsubscribes in this shop"):
        models = response.load(shop)
        explain_plan(shop, models, scene(shop, PLAN, ["c001"]), PLAN, "unsubscribe")


def test_nobody_reachable_has_no_reasons(shop):
    with pytest.raises(NotEnoughData, match=r"by e-mail: 0 of 1 have consent\."):
        explain_plan(shop, response.load(shop), scene(shop, PLAN, ["c006"]), PLAN)
