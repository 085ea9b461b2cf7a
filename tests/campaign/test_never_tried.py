"""On the demo shop, whose generator says what was ever tried: money is refused outside of it, and given inside."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from bench import support as planted
from engine.campaign import response, support
from engine.shop import store
from engine.shop.features import default_as_of

PLANS = 200
PROMISED = 0.95


@pytest.fixture(scope="module")
def demo(trained_shop_dir):
    shop = store.open_shop(trained_shop_dir)
    models = response.load(shop)
    inside, outside = planted.shares(shop, models, PLANS)
    return shop, models, inside, outside


def test_plans_near_past_campaigns_have_money(demo):
    _, _, inside, _ = demo
    given = inside["supported"].mean()
    print(f"inside: money given to {given:.1%} of {len(inside)}")
    assert given >= PROMISED, inside.loc[~inside["supported"], "reason"].value_counts()


def test_plans_outside_what_was_tried_have_none(demo):
    _, _, _, outside = demo
    refused = 1 - outside["supported"].mean()
    print(f"outside: money refused to {refused:.1%} of {len(outside)}")
    assert refused >= PROMISED, outside.loc[outside["supported"], "what"].value_counts()
    assert outside["what"].nunique() >= 6, "every way to be outside was drawn"


@pytest.mark.parametrize(("channel", "highest"), [("sms", 0.20), ("push", 0.15), ("social", 0.25)])
def test_each_channel_is_answered_up_to_the_highest_discount_it_ever_had(demo, channel, highest):
    """truth.json of the shop: never_tried."""
    shop, models, _, _ = demo
    day = pd.Timestamp(default_as_of(shop)) + pd.Timedelta(days=14)
    sizes = np.round(np.arange(0.05, 0.61, 0.01), 2)
    plan = {"channel": channel, "offer_kind": "percent", "send_hour": 12.0, "starts_at": day, "mailed": 1.0}
    found = support.inside(models.tried, pd.DataFrame([plan | {"discount": size} for size in sizes]))
    assert found.tolist() == [size <= highest + support.NEAR_FRACTION + 1e-9 for size in sizes]


def test_a_customer_list_that_nobody_ever_wrote_to_is_refused_whatever_the_offer(demo):
    _, _, _, outside = demo
    never = outside[outside["what"] == "never written to"]
    assert set(never["reason"]) == {"engine.audience_never_mailed"}


def test_past_recipients_are_like_themselves(demo):
    shop, models, _, _ = demo
    mailed = planted.Past.of(shop).mailed
    scene = planted.scene(shop, {"plan_id": "p", "channel": "email"}, mailed)
    assert support.alike_share(models.tried, scene.columns).share > 0.9


def test_the_same_answers_come_from_the_stored_models(demo):
    _, models, _, _ = demo
    again = support.Tried.from_json(models.tried.to_json())
    assert dataclasses.replace(again) == models.tried
    assert again.past.limit == models.tried.past.limit
