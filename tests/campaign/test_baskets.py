"""Past orders that stand for a plan's: whose they are, what was in them, what came off already."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from engine.campaign import baskets, offers
from engine.errors import DataProblem
from tests.tiny import shop_of

AS_OF = date(2026, 3, 2)
COLUMNS = ["order_id", "customer_id", "ordered_at", "product_id", "quantity", "unit_price", "discount", "discount_code"]


def shop(folder, lines, settings=None, **tables):
    return shop_of(folder, {"orders": pd.DataFrame(lines, columns=COLUMNS), **tables}, settings)


def many(count, customer="c1", day="2026-02-01", lines=(("tea", 1, 20.0, 0.0, ""),), name="o"):
    """So many equal orders."""
    return [(f"{name}{n}", customer, day, *line) for n in range(count) for line in lines]


def test_the_orders_are_those_of_the_customers_where_there_are_enough_and_else_of_the_shop(tmp_path):
    sold = many(100) + many(30, "c2", lines=[("tea", 1, 80.0, 0.0, "")], name="p")
    here = shop(tmp_path / "shop", sold)
    own = baskets.measured(here, ["c1"], AS_OF, 7)
    assert (own.whose, own.orders, own.value.mean(), own.last) == ("audience", 100, 20.0, "2026-02-01")
    few = baskets.measured(here, ["c2"], AS_OF, 7)
    assert (few.whose, few.orders) == ("shop", 130)
    assert few.value.mean() == pytest.approx((100 * 20 + 30 * 80) / 130)


def test_too_few_orders_take_a_shape_and_say_that_it_is_assumed(tmp_path):
    few = baskets.measured(shop(tmp_path / "shop", many(99)), ["c1"], AS_OF, 7)
    assert (few.whose, few.orders, len(few.value)) == ("assumed", 99, 0)
    assert len(few.shaped(0.5).value) == 21
    assert str(offers.past(few)["whose"].text()) == "(too few: how orders spread is assumed)"


def test_orders_of_more_than_a_year_ago_and_of_the_day_itself_do_not_count(tmp_path):
    sold = many(100) + many(50, day="2025-03-01", name="p") + many(50, day="2026-03-02", name="q")
    assert baskets.measured(shop(tmp_path / "shop", sold), ["c1"], AS_OF, 7).orders == 100


def test_what_was_given_free_is_no_part_of_what_an_order_is_worth(tmp_path):
    sold = many(100, lines=[("tea", 1, 20.0, 0.0, ""), ("gift", 1, 15.0, 15.0, "")])
    assert baskets.measured(shop(tmp_path / "shop", sold), ["c1"], AS_OF, 7).value.tolist() == [20.0] * 100


def test_the_discount_of_a_past_campaign_will_not_be_there_beside_a_new_one(tmp_path):
    sold = many(60, lines=[("tea", 1, 20.0, 4.0, "spring")]) + many(60, lines=[("tea", 1, 20.0, 2.0, "CLUB")], name="p")
    campaigns = pd.DataFrame({"campaign_id": ["k"], "channel": "email", "starts_at": "2026-02-01", "code": "SPRING"})
    found = baskets.measured(shop(tmp_path / "shop", sold, campaigns=campaigns), ["c1"], AS_OF, 7)
    assert sorted(set(zip(found.code, found.other, strict=True))) == [("club", 2.0), ("spring", 0.0)]


def test_a_large_past_is_stood_for_by_some_of_it_spread_over_time(tmp_path, monkeypatch):
    monkeypatch.setattr(baskets, "MOST_ORDERS", 50)
    sold = [(f"o{n:03d}", "c1", f"2026-01-{1 + n % 28:02d}", "tea", 1, float(10 + n % 28), 0.0, "") for n in range(280)]
    found = baskets.measured(shop(tmp_path / "shop", sold), ["c1"], AS_OF, 7)
    assert (found.orders, len(found.value)) == (280, 50)
    assert found.value.mean() == pytest.approx(np.mean([10 + n % 28 for n in range(280)]), rel=0.03)


def test_a_product_or_category_that_the_shop_does_not_have_is_named(tmp_path):
    products = pd.DataFrame({"product_id": ["tea", "new"], "name": ["Tea", "New"], "category": ["Food", "Toys"]})
    found = baskets.measured(shop(tmp_path / "shop", many(100), products=products), ["c1"], AS_OF, 7)
    with pytest.raises(DataProblem, match="The offer applies to 'Fod', which is neither a product_id nor a category"):
        found.worth(["Fod"])
    assert found.worth(["Food"]).sum() == 2000.0
    assert found.worth(["Toys"]) is None, "nobody bought one so far: what part of an order it is, is not known"


def test_an_offer_on_what_was_hardly_sold_is_counted_on_the_whole_order_and_says_so(tmp_path):
    products = pd.DataFrame({"product_id": ["tea", "new"], "name": ["Tea", "New"], "category": ["Food", "Toys"]})
    here = shop(tmp_path / "shop", many(100), products=products)
    found = baskets.measured(here, ["c1"], AS_OF, 7)
    cost = offers.cost(here, {"kind": "percent", "discount": 0.1, "applies_to": ["new"]}, found, 20.0)
    assert (cost.per_order, [note.key for note in cost.notes]) == (pytest.approx(2.0), ["money.applies_unknown"])


@pytest.mark.parametrize(
    ("held", "buy", "free", "off", "along"),
    [
        ([10.0], 2, 1, 0.0, 0.0),  # one unit: not enough
        ([10.0, 30.0], 2, 1, 0.0, 10.0),  # two: a third comes along, at the price of the cheapest
        ([10.0, 30.0, 50.0], 2, 1, 10.0, 0.0),  # three: the cheapest is free
        ([10.0, 30.0, 50.0, 70.0, 90.0, 95.0], 2, 1, 40.0, 0.0),  # two full sets: the two cheapest
        ([10.0, 30.0, 50.0, 70.0, 90.0], 2, 1, 10.0, 10.0),  # a full set, and two of the next
        ([10.0, 30.0], 1, 2, 10.0, 10.0),  # one bought, one of its two free ones is there, one comes along
    ],
)
def test_which_units_are_free(tmp_path, held, buy, free, off, along):
    lines = [(f"p{price}", 1, price, 0.0, "") for price in held]
    found = baskets.measured(shop(tmp_path / "shop", many(100, lines=lines)), ["c1"], AS_OF, 7)
    given, taken = found.free_units(buy, free, ())
    assert given.tolist() == [off] * 100
    assert taken.tolist() == [along] * 100


def test_tax_is_measured_only_where_prices_include_it(tmp_path):
    sold = pd.DataFrame(many(100), columns=COLUMNS).assign(tax=4.0)
    with_it = shop_of(tmp_path / "with", {"orders": sold}, {"prices_include_tax": True})
    assert baskets.measured(with_it, ["c1"], AS_OF, 7).tax_share == pytest.approx(0.2)
    without = shop_of(tmp_path / "without", {"orders": sold}, {"prices_include_tax": False})
    assert baskets.measured(without, ["c1"], AS_OF, 7).tax_share == 0.0
    silent = shop_of(tmp_path / "silent", {"orders": sold.drop(columns="tax")}, {"prices_include_tax": True})
    assert baskets.measured(silent, ["c1"], AS_OF, 7).tax_share is None


def test_a_shop_without_returns_on_record_knows_no_rate(tmp_path):
    assert baskets.measured(shop(tmp_path / "shop", many(100)), ["c1"], AS_OF, 7).returned is None
