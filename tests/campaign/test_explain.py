"""Reasons add up to the rate they explain, of a plan, a customer, a group and an ad, and are said in words."""

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from engine.audience.reach import Limits, Others
from engine.campaign import explain, feature_words, past_sends, response, scene
from engine.campaign.explain import (
    BASE,
    OTHERS,
    RESULT,
    SPREAD,
    explain_ads,
    explain_customer,
    explain_group,
    explain_plan,
)
from engine.campaign.forecast import evaluate_steps
from engine.campaign.rows import of_campaign
from engine.campaign.score import score_ads
from engine.errors import DataProblem, NotEnoughData
from engine.model import fit
from engine.shop import store
from tests import tiny
from tests.model.test_fit import SHRUNK, interaction, messages

PLAN = {"plan_id": "p1", "channel": "email", "offer_kind": "percent", "discount": 0.2, "starts_at": "2026-06-08",
        "send_hour": 10, "goal": "launch"}  # fmt: skip
CHANGES = ({}, {"discount": 0.1}, {"offer_kind": "none", "discount": None}, {"send_hour": None})


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return tiny.trained(tmp_path_factory.mktemp("shop") / "golden")


@pytest.fixture(scope="module")
def models(shop):
    return response.load(shop)


@pytest.fixture(scope="module")
def linear(shop, models):
    """The same models with a linear one of orders and of clicks, learned from the same past."""
    past = past_sends.past_messages(shop, pd.Timestamp(models.card["as_of"]).date())
    learned = {}
    for target, column in (("order", "converted"), ("click", "clicked")):
        known = past.sent[column].notna()
        rows, _ = past_sends.training_rows(past.sent[known], past.features[known], column)
        learned[target] = fit.fit_candidates(rows, of_campaign(rows.features), 0, ("linear",))["linear"]
    return dataclasses.replace(models, responses=models.responses | learned)


def everyone_in(shop):
    return shop.table("customers")["customer_id"].tolist()


def explained(shop, target="order", language="en", **changed):
    models, plan = response.load(shop), PLAN | changed
    prepared = scene.scene(shop, plan, everyone_in(shop))
    return explain_plan(shop, models, prepared, plan, target, language), prepared, plan


def forecast_rate(shop, models, prepared, plan, target):
    """What the forecast of the plan says of this target, per message."""
    found = evaluate_steps(shop, models, [prepared], [plan], even_untried=True)
    if target == "anyway":
        return found.would_buy_anyway.value / found.recipients
    return {"order": found.order_rate, "click": found.ctr}[target].value


# --- of a plan ---


@pytest.mark.parametrize("target", ["order", "click", "anyway"])
@pytest.mark.parametrize("changed", CHANGES)
def test_contributions_add_up_to_the_rate_of_the_forecast(shop, models, target, changed):
    table, prepared, plan = explained(shop, target, **changed)
    rate = forecast_rate(shop, models, prepared, plan, target)
    assert table["contribution"].sum() == pytest.approx(logit(rate), abs=1e-6)
    assert table["feature"].is_unique
    assert (table["feature"].iloc[0], table["feature"].iloc[-1]) == (BASE, SPREAD)
    assert table["contribution"].iloc[1:-1].abs().is_monotonic_decreasing


def test_points_are_whole_and_add_up_to_the_way_from_the_base_to_the_rate(shop):
    table, _, _ = explained(shop)
    total = 100 * (table["contribution"].sum() - table["contribution"].iloc[0])
    assert table["points"].sum() == round(total)
    assert ((table["points"] - 100 * table["contribution"]).iloc[1:].abs() < 1).all()
    assert (table["points"].iloc[1:] * table["contribution"].iloc[1:] >= 0).all()  # none points the other way


def test_the_base_is_the_mean_log_odds_of_what_was_learned_from(shop, linear):
    past = past_sends.past_messages(shop, pd.Timestamp(linear.card["as_of"]).date())
    for target, column in (("order", "converted"), ("click", "clicked")):
        known = past.sent[column].notna()
        model = linear.responses[target]  # what trees start from is the mean of the rows they grew on
        base, _ = model.contributions(past.features[known])
        assert base == pytest.approx(model.log_odds(past.features[known]).mean(), abs=1e-9)


def test_reasons_name_what_the_plan_sets_with_units(shop):
    value = explained(shop, discount=5, offer_kind="amount", min_spend=30)[0].set_index("feature")["value"]
    assert (value["discount"], value["send_hour"], value["season"]) == ("$5", "10:00", "June")
    assert value["goal"] == "Launch something new"
    assert value["recency_days"].endswith(" days") and value["aov"].startswith("$")
    assert explained(shop)[0].set_index("feature")["value"]["discount"] == "20%"


def test_a_reason_is_higher_or_lower_as_its_sign_says(shop):
    table, _, _ = explained(shop)
    for row in table.iloc[1:-1].itertuples():
        said = "Higher chance" if row.points > 0 else "Lower chance" if row.points < 0 else "Hardly a difference"
        assert said in row.sentence
        assert f"{row.points:+d} point" in row.sentence if row.points else "0 points" in row.sentence
    assert table["sentence"].iloc[0] == f"A typical past message: {expit(table['contribution'].iloc[0]):.2%}."


def test_reasons_are_said_in_chinese_without_a_word_of_english_but_the_shops_own(shop):
    table, _, _ = explained(shop, language="zh", headline="面霜上新")
    own = {"tier", "campaign theme"}
    ours = table[~table["feature"].isin(own)]
    assert table["sentence"].str.contains(r"[\u4e00-\u9fff]").all()
    assert not ours["sentence"].str.contains("[A-Za-z]{2}").any(), ours["sentence"].tolist()


def test_a_rate_of_the_past_is_told_as_it_was_and_not_as_it_is_learned_from(shop, models):
    table, prepared, _ = explained(shop)
    known = prepared.known
    told = known["clicked"][known["sent"] > 0] / known["sent"][known["sent"] > 0]
    assert table.set_index("feature")["value"]["click_rate"] == feature_words.share(told.median())


def test_the_same_number_is_told_for_those_whom_a_second_message_reaches_only(shop, models):
    steps = [PLAN, PLAN | {"channel": "sms", "day": 3}]
    both = scene.scenes(shop, steps, everyone_in(shop))
    assert 0 < both[1].reached.sum() < len(both[1].reached)
    table = explain_plan(shop, models, both[1], steps[1], "click")
    chance = models.responses["click"].predict(scene.plan_features(shop, both[1], steps[1]))[both[1].reached].mean()
    assert expit(table["contribution"].sum()) == pytest.approx(chance, abs=1e-9)


# --- of a customer ---


@pytest.mark.parametrize("target", ["order", "click", "anyway"])
def test_contributions_of_a_customer_add_up_to_their_own_chance(shop, models, target):
    prepared = scene.scene(shop, PLAN, everyone_in(shop))
    chances = explain._chances(models, scene.setting(shop, prepared, PLAN), target)
    for customer_id, log_odds in list(zip(prepared.known["customer_id"], chances, strict=True))[::7]:
        table = explain_customer(shop, models, prepared, [PLAN], customer_id, target)
        assert table["contribution"].sum() == pytest.approx(log_odds, abs=1e-6)
        assert SPREAD not in set(table["feature"])


def test_a_customer_who_is_no_representative_is_explained_alike(shop, models, monkeypatch):
    steps = [PLAN, PLAN | {"day": 3}]
    whole = scene.scenes(shop, steps, everyone_in(shop))[1]
    chances = explain._chances(models, scene.setting(shop, whole, steps[1]), "order")
    monkeypatch.setattr(scene, "REPRESENTATIVES", 5)
    few = scene.scenes(shop, steps, everyone_in(shop))[1]
    others = [one for one in whole.known["customer_id"] if one not in set(few.known["customer_id"])]
    assert len(few.known) == 5
    for customer_id in others[:3]:
        table = explain_customer(shop, models, few, steps, customer_id, step=1)
        own = chances[whole.known["customer_id"].eq(customer_id).to_numpy()]
        assert table["contribution"].sum() == pytest.approx(own[0], abs=1e-6)


def test_examples_are_the_most_the_middle_and_the_least_likely(shop, models):
    prepared = scene.scene(shop, PLAN, everyone_in(shop))
    found = explain.examples(shop, models, prepared, PLAN, "order")
    chance = dict(
        zip(prepared.known["customer_id"], explain._chances(models, scene.setting(shop, prepared, PLAN), "order"),
            strict=True)
    )  # fmt: skip
    values = [chance[found[name]] for name in ("most", "typical", "least")]
    assert values[0] == max(chance.values()) and values[2] == min(chance.values())
    assert values[1] == sorted(chance.values(), reverse=True)[len(chance) // 2]


@pytest.mark.parametrize(
    ("customer", "audience", "raised", "words"),
    [
        ("nobody", None, DataProblem, "Customer nobody is not among the 60 customers this plan is for."),
        ("c002", ["c001", "c003"], DataProblem, "Customer c002 is not among the 2 customers this plan is for."),
        ("c006", None, NotEnoughData, "by e-mail: 0 of 1 have consent."),
    ],
)
def test_a_customer_who_does_not_get_the_message_is_refused_with_the_reason(
    shop, models, customer, audience, raised, words
):
    prepared = scene.scene(shop, PLAN, audience or everyone_in(shop))
    with pytest.raises(raised) as refused:
        explain_customer(shop, models, prepared, [PLAN], customer)
    assert words in str(refused.value)


def test_what_keeps_a_customer_from_the_plan_keeps_them_from_its_reasons(shop, models):
    prepared = scene.scene(shop, PLAN, everyone_in(shop))
    customer = prepared.customer_ids[0]
    prepared = dataclasses.replace(prepared, reached=np.zeros(len(prepared.known), dtype=bool))
    taken = Limits(others=Others(taken=frozenset([customer])))
    with pytest.raises(NotEnoughData):
        explain_customer(shop, models, prepared, [PLAN], customer, limits=taken)


# --- of a group against everyone ---


@pytest.mark.parametrize("target", ["order", "click", "anyway"])
def test_what_a_group_differs_in_adds_up_from_everyones_rate_to_its_own(shop, models, target):
    half = everyone_in(shop)[:25]
    group, whole = scene.scene(shop, PLAN, half), scene.everyone(shop, [PLAN])[0]
    table = explain_group(shop, models, group, whole, PLAN, target)
    rates = [forecast_rate(shop, models, one, PLAN, target) for one in (whole, group)]
    assert table["contribution"].iloc[0] == pytest.approx(logit(rates[0]), abs=1e-6)
    assert table["contribution"].sum() == pytest.approx(logit(rates[1]), abs=1e-6)


def test_everyone_differs_from_everyone_in_nothing(shop, models):
    whole = scene.everyone(shop, [PLAN])[0]
    table = explain_group(shop, models, whole, whole, PLAN)
    assert table["feature"].tolist() == [BASE, SPREAD]
    assert table["contribution"].iloc[1] == pytest.approx(0, abs=1e-12)


def test_a_group_chosen_by_its_tier_differs_in_its_tier(shop, linear):
    customers = shop.table("customers")
    group = scene.scene(shop, PLAN, customers.loc[customers["tier"].eq("gold"), "customer_id"].tolist())
    table = explain_group(shop, linear, group, scene.everyone(shop, [PLAN])[0], PLAN)
    told = table.set_index("feature")["sentence"]["tier"]
    assert told.startswith("Tier: gold for 100% of them, and for ")
    assert not {"channel", "goal", "season"} & set(table["feature"])  # the same message for all: a linear model


# --- of an ad ---


def test_contributions_of_an_ad_add_up_to_its_score(shop, models, tmp_path):
    file = tiny.GOLDEN / "score" / "ads.csv"
    learned = [target for target in ("ad_click", "ad_conversion") if target in models.responses]
    assert learned
    for target in learned:
        table = explain_ads(shop, models, file, target)
        scored = score_ads(shop, models, file)["p_click" if target == "ad_click" else "p_conversion"]
        found = expit(table.groupby("row")["contribution"].sum())
        np.testing.assert_allclose(found, scored, rtol=0, atol=1e-6)


# --- the model's part: every kind, trees included ---


@pytest.fixture(scope="module")
def kinds():
    rows = messages(campaigns=6, each=500, response=interaction)
    return fit.fit_candidates(rows, SHRUNK, 0), rows


@pytest.mark.parametrize("kind", fit.KINDS)
@pytest.mark.parametrize("seed", range(5))
def test_mean_contributions_and_spread_add_up_whatever_the_rows(kinds, kind, seed):
    model, rows = kinds[0][kind], kinds[1].features
    random = np.random.default_rng(seed)
    some = rows.iloc[random.integers(0, len(rows), random.integers(1, 300))].reset_index(drop=True)
    some = some.mask(random.random(some.shape) < 0.2).assign(tier=random.choice(["gold", "never seen"], len(some)))
    parts = explain._mean(model, model.encoder.matrix(some))
    mean = model.predict(some).mean()
    assert parts.base + parts.mean.sum() + parts.spread == pytest.approx(logit(mean), abs=1e-6)
    assert abs(parts.spread) < 1e-9 or len(some) > 1


# --- steps of a chart ---


def test_a_waterfall_goes_from_the_base_to_the_rate_in_points_that_add_up(shop):
    table, _, _ = explained(shop)
    steps = explain.waterfall(table, most=4)
    assert steps["feature"].tolist() == [BASE, *table["feature"].iloc[1:5], OTHERS, SPREAD, RESULT]
    assert steps["contribution"].iloc[:-1].sum() == pytest.approx(steps["contribution"].iloc[-1])
    assert steps["points"].iloc[1:-1].sum() == table["points"].sum()
    assert steps["rate"].iloc[[0, -1]].tolist() == pytest.approx(expit(steps["contribution"].iloc[[0, -1]]).tolist())


def test_a_waterfall_of_few_features_has_no_others(shop, models):
    whole = scene.everyone(shop, [PLAN])[0]
    steps = explain.waterfall(explain_group(shop, models, whole, whole, PLAN))
    assert steps["feature"].tolist() == [BASE, SPREAD, RESULT]


# --- refusals ---


def test_what_was_never_learned_has_no_reasons(shop, models):
    with pytest.raises(NotEnoughData, match=r"Nothing was learned about unsubscribes in this shop"):
        explain_plan(shop, models, scene.scene(shop, PLAN, ["c001"]), PLAN, "unsubscribe")
    assert explain.targets(models) == ["order", "click", "anyway"]


def test_nobody_reachable_has_no_reasons(shop, models):
    with pytest.raises(NotEnoughData, match=r"by e-mail: 0 of 1 have consent\."):
        explain_plan(shop, models, scene.scene(shop, PLAN, ["c006"]), PLAN)


def test_models_that_do_not_know_their_average_are_refused(shop, models, tmp_path):
    from engine.model import manifest

    copy = store.open_shop(Path(shutil.copytree(shop.path, tmp_path / "older")))
    folder = copy.path / "models" / models.version
    older = {p.name: p.read_bytes() for p in folder.iterdir() if p.name != manifest.NAME}
    older["order.json"] = older["order.json"].replace(b'"centre"', b'"else"')
    for name, content in older.items():
        (folder / name).write_bytes(content)
    (folder / manifest.NAME).write_bytes(manifest.manifest(older, manifest.about(folder)))
    with pytest.raises(NotEnoughData, match=r"Learn them again: python -m engine train"):
        explain_plan(copy, response.load(copy), scene.scene(copy, PLAN, ["c001"]), PLAN)
