"""What was planted in the demo shop lies inside the ranges that its forecasts give."""

import json
from datetime import date
from types import SimpleNamespace

import pandas as pd
import pytest

from engine.campaign import response, track_record
from engine.campaign.forecast import evaluate
from engine.campaign.scene import scene
from engine.shop import store

# The customers and the e-mail that truth.json's reference table is about (sample_data/demo/truth.py).
DAY = date(2025, 10, 1)
PLAN = {
    "plan_id": "reference", "channel": "email", "send_hour": 12, "language": "en", "goal": "sale_day",
    "type": "campaign", "starts_at": pd.Timestamp(DAY),
}  # fmt: skip


@pytest.fixture(scope="module")
def demo(trained_shop_dir):
    """The shop, its models, what was planted, and a forecast for each discount of the reference table."""
    shop = store.open_shop(trained_shop_dir)
    models, truth = response.load(shop), json.loads((shop.path / "truth.json").read_text())
    customers = shop.table("customers")
    asked = customers[customers["email_consent"].eq(1) & (customers["joined_at"] < pd.Timestamp("2025-08-25"))]
    seen = scene(shop, PLAN, list(asked["customer_id"]), DAY)
    planted = truth["reference"]["by_discount"]
    found = [
        evaluate(shop, models, seen, PLAN | {"discount": d, "offer_kind": "percent" if d else "none"})
        for d in (row["discount"] for row in planted)
    ]
    return SimpleNamespace(shop=shop, models=models, truth=truth, planted=planted, found=found)


def test_the_planted_order_rate_of_every_discount_is_inside_the_range(demo):
    for row, found in zip(demo.planted, demo.found, strict=True):
        assert found.order_rate.low <= row["order_rate"] <= found.order_rate.high, row["discount"]


def test_the_planted_extra_orders_of_every_discount_are_inside_the_range(demo):
    for row, found in zip(demo.planted, demo.found, strict=True):
        low, high = (end / found.recipients for end in (found.extra_orders.low, found.extra_orders.high))
        assert low <= row["extra_order_rate"] <= high, row["discount"]


def test_the_ranges_are_not_so_wide_that_they_could_not_fail(demo):
    """A range from no extra orders to all orders would hold any truth."""
    for found in demo.found:
        assert found.order_rate.high < 3 * found.order_rate.low
        assert found.extra_orders.high - found.extra_orders.low < found.orders.value


def test_orders_rise_with_the_discount_about_as_planted(demo):
    first, last = demo.planted[0], demo.planted[-1]
    planted = last["order_rate"] / first["order_rate"]
    learned = demo.found[-1].order_rate.value / demo.found[0].order_rate.value
    assert learned == pytest.approx(planted, rel=0.25)


def test_the_effect_against_those_held_out_is_inside_the_ranges_of_its_campaigns(demo):
    """Extra orders of every held-out campaign together: the planted ones between the sums of what was predicted."""
    planted = pd.DataFrame(demo.truth["campaigns"]).set_index("campaign_id")
    card = demo.models.card["targets"]["anyway"]
    judged = pd.DataFrame(card["coverage"]["rows"]).set_index("campaign").join(planted)
    true = (judged["true_expected_extra_orders"] / judged["sent"]).to_numpy()
    inside = ((judged["low"] <= true) & (true <= judged["high"])).mean()
    # Their ranges are of what the small holdouts show, luck included: the truth itself lies inside more often.
    assert inside >= 0.8
    assert (judged["predicted"] * judged["sent"]).sum() == pytest.approx(
        judged["true_expected_extra_orders"].sum(), rel=0.35
    )


def test_the_card_says_how_often_the_ranges_held_by_channel(demo):
    for target in ("click", "order", "unsubscribe", "anyway"):
        coverage = demo.models.card["targets"][target]["coverage"]
        rows = pd.DataFrame(coverage["rows"])
        inside = rows["actual"].between(rows["low"], rows["high"])
        assert (coverage["inside"], coverage["of"]) == (inside.sum(), len(rows))
        assert coverage["low"] < coverage["inside"] / coverage["of"] <= coverage["high"]
        assert sum(one["of"] for one in coverage["by_channel"].values()) == coverage["of"]
        assert coverage["low"] < 0.8 < coverage["high"] or coverage["inside"] / coverage["of"] > 0.8, target


def test_the_forecasts_that_landed_are_said_in_words(demo):
    said = [one.text() for one in track_record.sentences(demo.models.card, "push")]
    assert any(one.endswith("of our last 10 forecasts of orders landed in the range.") for one in said)
    assert all("区间" in one.text("zh") for one in track_record.sentences(demo.models.card, "email"))
