"""One plan at several sizes of its discount: the curve, and the table for the argument."""

import numpy as np
import pytest

from engine.campaign import argument, response
from engine.campaign.forecast import evaluate
from engine.campaign.scene import scene
from tests.tiny import trained

PLAN = {"plan_id": "p1", "channel": "email", "offer_kind": "percent", "discount": 0.15, "starts_at": "2026-06-08",
        "send_hour": 10, "holdout": 0.1}  # fmt: skip


class Tiny:
    def __init__(self, shop):
        self.shop, self.models = shop, response.load(shop)
        self.scene = scene(shop, PLAN, shop.table("customers")["customer_id"].tolist())

    def forecast(self, **changed):
        return evaluate(self.shop, self.models, self.scene, PLAN | changed)

    def table(self, sizes, **changed):
        return argument.table(self.shop, self.models, [self.scene], [PLAN | changed], sizes).set_index("option")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return Tiny(trained(tmp_path_factory.mktemp("shop") / "golden"))


def test_the_curve_is_the_forecast_at_each_size(tiny):
    found = argument.curve(tiny.shop, tiny.models, [tiny.scene], [PLAN], [0.1, 0.2, 0.6])
    assert found["supported"].tolist() == [True, True, False]
    expected = tiny.forecast(discount=0.2)
    assert found["extra_profit"].iloc[1] == expected.extra_profit.value
    assert found["roi_high"].iloc[1] == expected.roi.high
    assert found["chance_of_loss"].iloc[1] == expected.chance_of_loss
    assert found["verdict"].tolist()[1:] == [expected.verdict, "never_tried"]
    assert found["extra_profit"].isna().tolist() == [False, False, True]


def test_the_curve_begins_at_full_price_as_the_table_does(tiny):
    start = argument.curve(tiny.shop, tiny.models, [tiny.scene], [PLAN], [0.0, 0.1]).iloc[0]
    full = tiny.table([0.1]).loc["full_price"]
    assert start["supported"] == full["supported"]
    np.testing.assert_equal(start["extra_profit"], full["extra_profit"])


def test_sending_nothing_costs_and_brings_nothing(tiny):
    nothing = tiny.table([0.1]).loc["nothing"]
    assert [nothing[c] for c in ("extra_orders", "extra_profit", "discount_cost", "chance_of_loss")] == [0, 0, 0, 0]


def test_each_size_is_its_own_forecast(tiny):
    row = tiny.table([0.1]).loc["discount"]
    expected = tiny.forecast(discount=0.1)
    assert row["extra_orders"] == expected.extra_orders.value
    assert row["extra_profit_low"] == expected.extra_profit.low
    assert row["discount_on_anyway"] == expected.discount_on_anyway.value
    assert row["chance_of_loss"] == expected.chance_of_loss


def test_full_price_gives_nothing_away(tiny):
    full = tiny.table([0.1]).loc["full_price"]
    expected = tiny.forecast(offer_kind="none", discount=None)
    assert full["supported"] == expected.supported
    if expected.supported:
        assert full["discount_cost"] == 0
        assert full["margin_after_discount"] == pytest.approx(expected.margin)


def test_what_was_never_tried_has_a_reason_and_no_money(tiny):
    row = tiny.table([0.6]).loc["discount"]
    assert not row["supported"]
    assert np.isnan(row["extra_profit"])
    assert "never tried" in row["reason"]


def test_an_offer_without_a_size_is_compared_with_percentages(tiny):
    row = tiny.table([0.1], offer_kind="free_shipping", discount=None).loc["discount"]
    assert (row["kind"], row["supported"]) == ("percent", True)


def test_at_the_break_even_the_plan_earns_nothing(tiny):
    """Put the extra orders it asks for into the definition of extra profit, and nothing is left."""
    f = tiny.forecast(discount=0.1)
    assert f.break_even_orders is not None
    value = f.discount_cost.value / f.orders.value / 0.1  # list value of an order
    given = 0.1 * value * (f.break_even_orders + f.would_buy_anyway.value)
    assert f.break_even_orders * value * f.margin - given - f.send_cost == pytest.approx(0, abs=1e-6)


def test_more_extra_orders_than_the_break_even_is_a_gain_and_fewer_a_loss(tiny):
    for discount in (0.1, 0.15, 0.2):
        f = tiny.forecast(discount=discount)
        if f.break_even_orders is not None:
            assert (f.extra_orders.value > f.break_even_orders) == (f.extra_profit.value > 0)
