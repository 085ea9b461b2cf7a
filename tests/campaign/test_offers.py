"""What each kind of offer costs, on examples done by hand."""

import math
from datetime import date

import pandas as pd
import pytest

from engine.campaign import offers
from engine.campaign.baskets import measured
from engine.errors import DataProblem
from engine.shop.store import create_shop
from tests.tiny import shop_of

DAY = date(2026, 3, 1)
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


def cost(shop, offer, value=80.0, spread=0.0, margin=0.4):
    """Of a shop without orders: all alike, or log-normal with this log-sd."""
    return offers.cost(shop, offer, measured(shop, [], DAY, 7).shaped(spread), value, margin)


def keys(found):
    return [note.key for note in found.notes]


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
        ({"kind": "gift", "gift_product_id": "p1", "min_spend": 90.0}, 0.0, 0.0),
    ],
)
def test_the_cost_of_an_order_of_eighty(shop, offer, per_order, used):
    found = cost(shop, offer)
    assert found.per_order == pytest.approx(per_order)
    assert (found.used_share, found.notes) == (used, ())


def test_a_gift_without_a_unit_cost_costs_its_price_less_the_margin_and_says_that_this_is_assumed(shop):
    found = cost(shop, {"kind": "gift", "gift_product_id": "p3"})
    assert found.per_order == pytest.approx(60.0)  # price 100 less the shop's margin of 40 %
    assert found.notes[0].text() == ("The gift has no unit cost: 60.00 USD is assumed, its price less a margin of 40%.")


def test_there_are_no_more_gifts_than_in_stock(tmp_path):
    shop = shop_of(tmp_path / "shop", {"products": PRODUCTS.assign(stock=[7, -2, None])})
    most = [cost(shop, {"kind": "gift", "gift_product_id": one}).most_uses for one in ("p1", "p2", "p3")]
    assert most == [7.0, 0.0, math.inf]


@pytest.mark.parametrize(
    "offer",
    [
        {"kind": "free_shipping"},
        {"kind": "points"},
        {"kind": "buy_x_get_y", "tiers": [(2, 1)]},
        {"kind": "gift", "gift_product_id": "unknown"},
    ],
)
def test_a_cost_that_nothing_tells_is_a_tenth_of_the_order_and_said_to_be_assumed(shop, offer):
    found = cost(shop, offer, spread=0.3)
    assert (found.per_order, found.used_share) == (pytest.approx(8.0), 1.0)
    assert keys(found) == ["engine.cost_not_modelled"]
    assert "is taken as 8.00 USD per order" in found.notes[0].text()


@pytest.mark.parametrize("kind", ["free_shipping", "points", "buy_x_get_y"])
def test_a_cost_that_the_shop_states_counts_before_all_else(tmp_path, kind):
    stated = create_shop(tmp_path / "stated", {"offer_cost": {kind: 4.5}})
    found = cost(stated, {"kind": kind, "discount": 500.0, "tiers": [(2, 1)]}, spread=0.3)
    assert (found.per_order, found.used_share, found.notes) == (pytest.approx(4.5), 1.0, ())


def test_points_cost_what_those_redeemed_are_worth(tmp_path):
    # 500 points of 0.02, of which 60 % are redeemed: 500 x 0.02 x 0.6 = 6.00
    stated = create_shop(tmp_path / "stated", {"point_value": 0.02, "points_redeemed": 0.6})
    found = cost(stated, {"kind": "points", "discount": 500.0})
    assert (found.per_order, found.notes) == (pytest.approx(6.0), ())
    # 500 points of the usual 0.01, of which the usual 80 % are redeemed: 4.00, and both are named
    assumed = cost(create_shop(tmp_path / "silent", {}), {"kind": "points", "discount": 500.0})
    assert assumed.per_order == pytest.approx(4.0)
    assert assumed.notes[0].text() == (
        "Assumed, nobody confirmed it: 500 points are worth 0.01 USD each, and 80% of them are redeemed."
    )


@pytest.mark.parametrize("spread", [0.0, 0.4, 0.8, 1.2])
def test_a_percentage_costs_that_share_of_revenue_however_orders_vary(shop, spread):
    assert cost(shop, {"kind": "percent", "discount": 0.25}, spread=spread).per_order == pytest.approx(20.0)


def test_a_minimum_spend_is_reached_by_the_share_of_orders_above_it(shop):
    # Log-normal with mean 80 and log-sd 0.5: median 80 exp(-0.125) = 70.6, so half of the orders reach 70.6.
    found = cost(shop, {"kind": "amount", "discount": 10.0, "min_spend": 70.6}, spread=0.5)
    assert found.used_share == pytest.approx(0.5, abs=0.04)
    assert found.per_order == pytest.approx(10 * found.used_share)


def test_a_higher_minimum_spend_never_costs_more(shop):
    asked = [{"kind": "percent", "discount": 0.2, "min_spend": m} for m in range(0, 300, 20)]
    given = [cost(shop, offer, spread=0.5).per_order for offer in asked]
    assert given == sorted(given, reverse=True)


def test_an_unknown_kind_is_refused_with_the_kinds_there_are(shop):
    with pytest.raises(DataProblem, match=r"offer kind 'lottery' is not known. Kinds are: percent, amount, .*, none\."):
        cost(shop, {"kind": "lottery"})


def test_free_goods_need_numbers_above_nothing(tmp_path):
    shop = shop_of(tmp_path / "shop", {"orders": orders(("p1", 1, 9.0), ("p2", 1, 9.0), ("p3", 1, 9.0))})
    with pytest.raises(DataProblem, match=r"An offer “buy 2, get 0 free” needs both numbers above 0"):
        offers.cost(shop, {"kind": "buy_x_get_y", "tiers": [(2, 0)]}, measured(shop, ["c1"], DAY, 7), 80.0)


def orders(*lines):
    """product, quantity, price of 40 equal orders each."""
    rows = [(f"o{n}-{p}", "c1", "2026-01-01", p, q, price) for p, q, price in lines for n in range(40)]
    return pd.DataFrame(rows, columns=["order_id", "customer_id", "ordered_at", "product_id", "quantity", "unit_price"])


def test_the_margin_is_measured_from_unit_costs_weighted_by_what_was_sold(tmp_path):
    # Tea 2 x 10, cost 8; cup 1 x 40, cost 30. The pot at 100 has no cost: 60 of it by the usual margin of 40 %.
    sold = orders(("p1", 2, 10.0), ("p2", 1, 40.0), ("p3", 1, 100.0))
    shop = shop_of(tmp_path / "shop", {"products": PRODUCTS, "orders": sold})
    assert offers.margin(shop, [], None) == offers.Margin(pytest.approx(1 - 98 / 160), pytest.approx(60 / 160))
    assert offers.margin(shop, ["p1"], None) == offers.Margin(pytest.approx(1 - 4 / 10), 1.0)
    assert offers.margin(shop, [], "Kitchen") == offers.Margin(pytest.approx(1 - 38 / 60), 1.0)
    assert offers.margin(shop, ["p3"], None) == offers.Margin(pytest.approx(0.4), 0.0)


def test_tax_in_the_prices_is_no_margin(tmp_path):
    # Of 60 paid a sixth is tax: 50 are the shop's, of which 38 went into the goods. The setting is a share of the price
    # with tax, with the tax off: 30 of 100 are 30 of the 83.33 without tax.
    sold = orders(("p1", 2, 10.0), ("p2", 1, 40.0))
    shop = shop_of(tmp_path / "shop", {"products": PRODUCTS, "orders": sold}, {"gross_margin": {"default": 0.3}})
    assert offers.margin(shop, [], None, tax_share=1 / 6).share == pytest.approx(1 - 38 / 50)
    bare = shop_of(tmp_path / "bare", {"orders": sold}, {"gross_margin": {"default": 0.3}})
    assert offers.margin(bare, [], None, tax_share=1 / 6) == offers.Margin(pytest.approx(0.36), 0.0)


def test_returns_do_not_lower_the_margin_and_few_sales_fall_back_on_the_range(tmp_path):
    sold = pd.concat([orders(("p1", 1, 10.0), ("p2", 1, 40.0)), orders(("p2", -1, 40.0))])
    shop = shop_of(tmp_path / "shop", {"products": PRODUCTS, "orders": sold})
    assert offers.margin(shop, [], None).share == pytest.approx(1 - 34 / 50)
    assert offers.margin(shop, ["p3"], None) == offers.Margin(pytest.approx(1 - 34 / 50), 1.0)


def test_without_unit_costs_or_orders_the_margin_is_the_setting_and_says_so(shop, tmp_path):
    assert offers.margin(shop, [], None) == offers.Margin(0.4, 0.0)
    assert offers.margin(shop, [], "Kitchen") == offers.Margin(0.3, 0.0)
    assert offers.margin(shop, [], "Garden") == offers.Margin(0.4, 0.0)
    no_cost = shop_of(
        tmp_path / "other", {"products": PRODUCTS.drop(columns="unit_cost"), "orders": orders(("p1", 1, 9.0))}
    )
    assert offers.margin(no_cost, [], None) == offers.Margin(0.4, 0.0)
    blank = shop_of(tmp_path / "blank", {"products": PRODUCTS.assign(unit_cost=""), "orders": orders(("p1", 1, 9.0))})
    assert offers.margin(blank, [], None) == offers.Margin(pytest.approx(0.4), 0.0)
