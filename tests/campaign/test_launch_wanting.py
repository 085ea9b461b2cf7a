"""Who will want a new product: planted fans are found, the level is that of the expected sales, and plans are made."""

import re
from datetime import date

import numpy as np
import pandas as pd
import pytest

from engine.campaign.launch import form, history, report, wanting
from engine.campaign.launch.wanting import HeldOut
from engine.errors import NotEnoughData
from engine.shop import store
from tests.campaign.launches import planted, product


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return planted(tmp_path_factory.mktemp("launches") / "shop", launches=30)


@pytest.fixture(scope="module")
def launch(shop):
    return report.forecast(shop, product(stock=40, unit_cost=8.0))


def held_out(*bought: list[int]) -> list[HeldOut]:
    return [HeldOut(f"p{n}", np.array(one), np.zeros(len(one))) for n, one in enumerate(bought)]


# --- who wants it ---


def test_those_who_like_its_category_come_first(launch):
    # Even customers like tea, odd ones soap.
    first = launch.wanting.scored.head(100)["customer_id"].str[1:].astype(int)
    assert (first % 2 == 0).mean() > 0.95


def test_everyone_who_ordered_has_a_chance_and_each_once(launch, shop):
    scored = launch.wanting.scored
    assert sorted(scored["customer_id"]) == sorted(shop.table("orders")["customer_id"].unique())
    assert scored["p_buy"].between(0, 1).all()
    assert scored["times_average"].mean() == pytest.approx(1.0)


def test_chances_add_up_to_the_expected_sales(shop, launch):
    # Some customers buy twice: a unit stands for as many buyers as in past launches.
    units = history.launches(history.history(shop), 30)["units"].sum()
    expected = launch.first.middle * launch.wanting.buyers / units
    assert launch.wanting.scored["p_buy"].sum() == pytest.approx(expected)
    assert expected == pytest.approx(launch.first.middle, rel=0.15)


def test_held_out_launches_show_how_much_likelier_the_first_half_is(launch):
    # Nine of ten buyers are drawn from the fans and one from all: 95 % come from half of the customers, 1.9 times.
    found = wanting.lift(launch.wanting.tested, 0.5)
    assert found.launches > 20
    assert found.times.value == pytest.approx(1.9, abs=0.1)
    assert found.times.low < 1.9 < found.times.high + 0.1


def test_lift_by_hand():
    # The first two of four: 3 of 4 buyers in half of the customers, 1.5 times.
    tested = held_out([1, 1, 1, 0], [0, 1, 0, 0])
    found = wanting.lift(tested, 0.5)
    assert (found.times.value, found.launches, found.buyers) == (1.5, 2, 4)


def test_without_buyers_no_lift_is_claimed():
    assert wanting.lift(held_out([0, 0, 0]), 0.5).times is None


def test_buyers_range_holds_the_luck_of_counting():
    # Poisson of 4 without any doubt about the launch: 80 % of counts lie from 2 to 7 (tables).
    found = wanting.buyers(np.full(40, 0.1), None)
    assert (found.value, found.low, found.high) == (pytest.approx(4.0), 2, 7)


def test_likeness_is_of_words_and_of_chinese_characters():
    assert re.findall(wanting.WORDS, "玫瑰茶 rose x") == [
        "玫", "瑰", "茶", "rose",
    ]  # fmt: skip


def test_below_five_launches_nobody_is_picked(tmp_path):
    shop = planted(tmp_path / "few", launches=4, people=60)
    found = report.forecast(shop, product())
    assert (found.verdict, found.first, found.wanting) == ("refused", None, None)
    said = " ".join(note.text() for note in found.notes)
    assert "shows 4 past launches" in said and "at least 5 are needed" in said
    assert report.chosen(shop, found) is None
    assert report.customers_table(shop, found, None).empty
    assert report.as_json(found, None)["expected"] == []


def test_a_shop_without_orders_says_what_it_needs(tmp_path):
    empty = store.create_shop(tmp_path / "empty", {})
    with pytest.raises(NotEnoughData, match="no products yet"):
        report.forecast(empty, product())


# --- the whole, and the plan ---


def test_numbers_say_what_they_rest_on(launch):
    assert launch.verdict == "supported"
    said = [note.text() for note in launch.notes]
    assert said[0].startswith("Rests on 30 past launches (2024-04-10 to 2025-09-14), 15 of them in this category.")
    assert any("not what a message adds" in note for note in said)
    assert launch.revenue.value == pytest.approx(20 * launch.first.middle)
    assert launch.later.middle > launch.first.middle


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"price": 99.0}, "No launch was ever priced like this"),
        ({"stock": 40}, "more than the 40 pieces in stock are not sold"),
        ({"unit_cost": 21.0}, "a piece brings in less than it costs"),
        ({"category": "Cups"}, "No past launch in “Cups”"),
        ({"launched_at": date(2026, 12, 1)}, "more than half a year after the last data"),
    ],
)
def test_what_the_past_cannot_tell_is_said(shop, changes, says):
    assert says in " ".join(note.text() for note in report.forecast(shop, product(**changes)).notes)


def test_the_audience_is_as_large_as_asked_and_its_reach_is_known(shop, launch):
    who = report.chosen(shop, launch, 80)
    assert who.customer_ids == launch.wanting.scored["customer_id"].head(80).tolist()
    assert (who.reach["email"], who.reach["sms"]) == (80, 0)
    assert who.buyers.low < who.buyers.value < who.buyers.high
    assert who.buyers.value > 1.5 * who.average


def test_the_plan_writes_to_them_without_an_offer(shop, launch):
    who = report.chosen(shop, launch, 80)
    made = report.plan(shop, launch, who, "Ana", date(2025, 11, 20)).plan
    assert (made.objective, made.offer.kind, made.product_ids) == ("launch", "none", ["rose"])
    assert made.audience.customer_ids == who.customer_ids
    assert (made.starts_at, made.channel, made.holdout) == (date(2025, 12, 1), "email", shop.settings.holdout)
    late = report.plan(shop, launch, who, "Ana", date(2025, 11, 29)).plan
    assert late.starts_at == date(2025, 12, 6), "a week is left to approve it"


def test_every_customer_is_in_the_file_with_the_channels_that_reach_them(shop, launch):
    table = report.customers_table(shop, launch, report.chosen(shop, launch, 80))
    assert table["chosen"].sum() == 80
    assert (table["email_reachable"].all(), table["sms_reachable"].any()) == (True, False)
    assert table["p_buy"].is_monotonic_decreasing


def test_a_saved_product_is_forecast_as_before(shop, launch, tmp_path):
    copy = planted(tmp_path / "again", launches=30)
    saved = form.save(copy, launch.product, date(2025, 11, 20))
    again = report.forecast(saved, launch.product)
    assert again.first.middle == pytest.approx(launch.first.middle, rel=0.02)
    assert (
        pd.Series(again.wanting.scored["customer_id"].head(50))
        .isin(launch.wanting.scored["customer_id"].head(80))
        .all()
    )


# --- the demo shop, whose launches and fans are planted ---


def test_the_demo_shops_launches_are_those_its_generator_planted(demo_shop_dir):
    shop = store.open_shop(demo_shop_dir)
    past = history.history(shop)
    table = history.launches(past, 30)
    inside = shop.table("products").set_index("product_id")["launched_at"] > past.begins
    assert set(table["product_id"]) == set(inside.index[inside]), "NEW_PRODUCTS of sample_data/demo/catalogue.py"
    assert table["dated"].all() and len(table) == 10
    skin = product(category="Skin Care", price=40.0, launched_at=past.as_of.date())
    found = wanting.wanting(past, skin, None, table)
    # Half of every line is from a customer's favourite category, the others from all eight alike: a fan is 9 times as
    # likely as another to buy in it, so that a tenth picked well holds far more than twice its share of buyers.
    assert wanting.lift(found.tested, 0.1).times.low > 2
    fans = shop.table("orders").merge(shop.table("products")[["product_id", "category"]], on="product_id")
    share = fans["category"].eq("Skin Care").groupby(fans["customer_id"]).mean()
    first = found.scored["customer_id"]
    assert share.reindex(first.head(400)).mean() > 3 * share.reindex(first.tail(4000)).mean()
