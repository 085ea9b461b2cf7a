"""What each kind of offer costs, on examples done by hand."""

import pandas as pd
import pytest

from engine.campaign import offers
from engine.errors import DataProblem
from engine.shop.store import create_shop
from tests.tiny import shop_of

PRODUCTS = pd.DataFrame(
    {
        "product_id": ["p1", "p2", "p3"],
        "name": ["Tea", "Cup", "Pot"],
        "category": ["Kitchen", "Kitchen", "Garden"],
        "price": [10.0, 40.0, 100.0],
        "unit_cost": [4.0, 30.0, None],
    }
)


@pytest.fixture
def shop(tmp_path):
    return shop_of(tmp_path / "shop", {"products": PRODUCTS}, {"gross_margin": {"default": 0.4, "Kitchen": 0.3}})


@pytest.mark.parametrize(
    ("offer", "per_order", "used"),
    [
        ({"kind": "none"}, 0.0, 0.0),
        ({}, 0.0, 0.0),
        ({"kind": "early_access", "discount": 0.5}, 0.0, 0.0),
        ({"kind": "percent", "discount": 0.2}, 16.0, 1.0),  # 20 % of 80
        ({"kind": "percent", "discount": 0.2, "max_discount": 10.0}, 10.0, 1.0),  # 16, but at most 10
        ({"kind": "percent", "discount": 0.2, "min_spend": 80.0}, 16.0, 1.0),  # reached exactly
        ({"kind": "percent", "discount": 0.2, "min_spend": 81.0}, 0.0, 0.0),  # never reached
        ({"kind": "amount", "discount": 5.0}, 5.0, 1.0),
        ({"kind": "amount", "discount": 100.0}, 80.0, 1.0),  # never more than the order
        ({"kind": "spend_save", "tiers": [(50, 5), (75, 12), (100, 20)]}, 12.0, 1.0),  # the highest tier reached
        ({"kind": "spend_save", "tiers": [[100, 20], [50, 5]]}, 5.0, 1.0),  # in any order
        ({"kind": "spend_save", "discount": 8.0, "min_spend": 60.0}, 8.0, 1.0),
        ({"kind": "spend_save", "discount": 8.0, "min_spend": 90.0}, 0.0, 0.0),
        ({"kind": "gift", "gift_product_id": "p1"}, 4.0, 1.0),  # its unit cost, not its price
        ({"kind": "gift", "gift_product_id": "p3"}, 60.0, 1.0),  # price 100 less the shop's margin of 40 %
        ({"kind": "gift", "gift_product_id": "p1", "min_spend": 90.0}, 0.0, 0.0),
        ({"kind": "gift", "gift_product_id": "unknown"}, 0.0, 0.0),
    ],
)
def test_the_cost_of_an_order_of_eighty(shop, offer, per_order, used):
    found = offers.cost(shop, offer, 80.0, 0.0)
    assert found.per_order == pytest.approx(per_order)
    assert (found.used_share, found.assumed) == (used, "")


@pytest.mark.parametrize("kind", ["free_shipping", "points", "buy_x_get_y"])
def test_a_cost_no_data_supports_is_said_to_be_assumed_unless_the_shop_states_it(shop, tmp_path, kind):
    assert offers.cost(shop, {"kind": kind}, 80.0, 0.3) == offers.Cost(pytest.approx(8.0), 1.0, kind)
    stated = create_shop(tmp_path / "stated", {"offer_cost": {kind: 4.5}})
    assert offers.cost(stated, {"kind": kind}, 80.0, 0.3) == offers.Cost(pytest.approx(4.5), 1.0, "")


@pytest.mark.parametrize("spread", [0.0, 0.4, 0.8, 1.2])
def test_a_percentage_costs_that_share_of_revenue_however_orders_vary(shop, spread):
    assert offers.cost(shop, {"kind": "percent", "discount": 0.25}, 80.0, spread).per_order == pytest.approx(20.0)


def test_a_minimum_spend_is_reached_by_the_share_of_orders_above_it(shop):
    # Log-normal with mean 80 and log-sd 0.5: median 80 exp(-0.125) = 70.6, so half of the orders reach 70.6.
    found = offers.cost(shop, {"kind": "amount", "discount": 10.0, "min_spend": 70.6}, 80.0, 0.5)
    assert found.used_share == pytest.approx(0.5, abs=0.04)
    assert found.per_order == pytest.approx(10 * found.used_share)


def test_a_higher_minimum_spend_never_costs_more(shop):
    given = [
        offers.cost(shop, {"kind": "percent", "discount": 0.2, "min_spend": m}, 80.0, 0.5).per_order
        for m in range(0, 300, 20)
    ]
    assert given == sorted(given, reverse=True)


def test_an_unknown_kind_is_refused_with_the_kinds_there_are(shop):
    with pytest.raises(DataProblem, match=r"offer kind 'lottery' is not known. Kinds are: percent, amount, .*, none\."):
        offers.cost(shop, {"kind": "lottery"}, 80.0, 0.0)


def orders(*lines):
    """product, quantity, price of 40 equal orders each."""
    rows = [(f"o{n}-{p}", "c1", "2026-01-01", p, q, price) for p, q, price in lines for n in range(40)]
    return pd.DataFrame(rows, columns=["order_id", "customer_id", "ordered_at", "product_id", "quantity", "unit_price"])


def test_the_margin_is_measured_from_unit_costs_weighted_by_what_was_sold(tmp_path):
    # Tea 2 x 10, cost 8; cup 1 x 40, cost 30: 1 - 38 / 60. The pot has no cost and is left out.
    sold = orders(("p1", 2, 10.0), ("p2", 1, 40.0), ("p3", 1, 100.0))
    shop = shop_of(tmp_path / "shop", {"products": PRODUCTS, "orders": sold})
    assert offers.margin(shop, [], None) == offers.Margin(pytest.approx(1 - 38 / 60), True)
    assert offers.margin(shop, ["p1"], None) == offers.Margin(pytest.approx(1 - 4 / 10), True)
    assert offers.margin(shop, [], "Kitchen") == offers.Margin(pytest.approx(1 - 38 / 60), True)


def test_returns_do_not_lower_the_margin_and_few_sales_fall_back_on_the_range(tmp_path):
    sold = pd.concat([orders(("p1", 1, 10.0), ("p2", 1, 40.0)), orders(("p2", -1, 40.0))])
    shop = shop_of(tmp_path / "shop", {"products": PRODUCTS, "orders": sold})
    assert offers.margin(shop, [], None).share == pytest.approx(1 - 34 / 50)
    assert offers.margin(shop, ["p3"], None) == offers.Margin(pytest.approx(1 - 34 / 50), True)


def test_without_unit_costs_or_orders_the_margin_is_the_setting_and_says_so(shop, tmp_path):
    assert offers.margin(shop, [], None) == offers.Margin(0.4, False)
    assert offers.margin(shop, [], "Kitchen") == offers.Margin(0.3, False)
    assert offers.margin(shop, [], "Garden") == offers.Margin(0.4, False)
    no_cost = shop_of(
        tmp_path / "other", {"products": PRODUCTS.drop(columns="unit_cost"), "orders": orders(("p1", 1, 9.0))}
    )
    assert offers.margin(no_cost, [], None) == offers.Margin(0.4, False)
    blank = shop_of(tmp_path / "blank", {"products": PRODUCTS.assign(unit_cost=""), "orders": orders(("p1", 1, 9.0))})
    assert offers.margin(blank, [], None) == offers.Margin(0.4, False)
