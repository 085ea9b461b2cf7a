"""Expected sales of a new product, from launches whose rule is planted."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from engine.campaign.launch import history, sales
from engine.campaign.launch.sales import Expected
from engine.campaign.launch.stock import break_even, stock
from tests.campaign.launches import PRICE, SPREAD, planted, product
from tests.tiny import shop_of


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return planted(tmp_path_factory.mktemp("launches") / "shop")


@pytest.fixture(scope="module")
def past(shop):
    return history.history(shop)


@pytest.fixture(scope="module")
def table(past):
    return history.launches(past, 30)


def expected(middle=30.0, reach=0.5, days=30):
    return Expected(
        days=days, middle=middle, reach=reach, usual=30.0, launches=25, in_category=9, by_first_order=0, season=None
    )


# --- what past launches sold ---


def test_a_launch_counts_once_its_first_days_are_over(past, table):
    assert len(table) == 30, "thirty were planted and the last began 78 days before the end"
    assert len(history.launches(past, 90)) == 29
    assert (table["day"].diff().dropna() == pd.Timedelta(days=18)).all()


def test_units_are_those_of_the_first_days_and_no_others(past, table):
    first = table.iloc[0]
    lines = past.lines[past.lines["product_id"].eq(first["product_id"])]
    inside = lines[(lines["day"] >= first["day"]) & (lines["day"] < first["day"] + pd.Timedelta(days=30))]
    assert first["units"] == inside["quantity"].sum() < len(lines)


def test_the_usual_product_is_what_the_category_sold_before_the_launch(table):
    # Six products of each category sell one a day, before any launch: 30 in 30 days.
    assert table["usual"].iloc[0] == pytest.approx(30.0)


def test_what_sold_from_the_first_weeks_on_is_no_launch(table):
    assert table["product_id"].str.startswith("new").all()


def test_without_launch_dates_the_first_order_counts_and_is_said_to(tmp_path):
    past = history.history(planted(tmp_path / "shop", launches=8, dated=False))
    table = history.launches(past, 30)
    assert set(table["product_id"]) == {f"new{n:02d}" for n in range(8)}
    assert not table["dated"].any()
    found = sales.expected(past, product(), 30, table)
    assert found.by_first_order == 8


def test_the_season_is_that_of_the_year_before():
    day = pd.date_range("2024-01-01", "2025-12-31")
    units = np.where(day.month == 12, 30, 10)
    daily = pd.DataFrame({"product": 0, "day": day, "quantity": units})
    past = history.History(pd.DataFrame(), daily, pd.DataFrame(), day[-1] + timedelta(days=1), day[0])
    assert history.season(past, pd.Timestamp("2025-12-01"), 30) == pytest.approx(3.0, rel=0.1)
    assert history.season(past, pd.Timestamp("2024-12-01"), 30) is None, "nothing is known of 2023"


# --- the forecast ---


def test_a_dearer_product_sells_less_as_planted(past, table):
    cheap, dear = (sales.expected(past, product(price=price), 30, table).middle for price in (PRICE / 1.5, PRICE * 1.5))
    # Planted: -1 in logs over two steps of log 1.5. A ridge draws it towards nothing.
    assert np.log(cheap / dear) == pytest.approx(2 * np.log(1.5), rel=0.35)


def test_the_forecast_at_the_usual_price_is_the_usual_sale(past, table):
    found = sales.expected(past, product(), 30, table)
    assert found.range.low < 30 < found.range.high
    assert found.middle == pytest.approx(30, rel=0.25)
    assert (found.launches, found.in_category) == (30, 15)


def test_ranges_hold_as_often_as_they_say_for_launches_to_come(tmp_path_factory):
    held = [
        sales.rolling(history.launches(history.history(planted(tmp_path_factory.mktemp("l") / "s", 30, 200, seed)), 30))
        for seed in range(1, 4)
    ]
    covered = pd.concat(held)["covered"]
    # About 66 launches: 80 % give or take two standard errors of 5 points, and what learning from few costs.
    assert len(covered) > 60
    assert 0.68 <= covered.mean() <= 0.93


def test_the_range_is_as_wide_as_launches_differ(past, table):
    reach = sales.learned(table).reach
    # 80 % of a normal with the planted spread and the luck of counting 30: 1.28 x sqrt(0.3^2 + 1/30).
    assert reach == pytest.approx(1.28 * np.hypot(SPREAD, np.sqrt(1 / 30)), rel=0.4)


@pytest.mark.parametrize(("count", "says"), [(4, False), (5, True)])
def test_below_five_launches_nothing_is_said(past, table, count, says):
    assert (sales.expected(past, product(), 30, table.head(count)) is not None) == says


def test_the_product_is_not_its_own_past(past, table):
    found = sales.expected(past, product(product_id="new00"), 30, table)
    assert found.launches == 29


def test_a_category_without_launches_gets_the_mean_of_the_others(past, table):
    teas = table[table["category"].eq("Tea")]
    known = sales.learned(teas)
    row = pd.DataFrame({"category": ["Soap"], "brand": [""], "price": [PRICE], "relative": [0.0]})
    # Only teas: the other category has no effect of its own, so the mean of all is what remains.
    assert known.against_usual(row)[0] == pytest.approx(known.regression.intercept_)


def test_the_middle_is_the_middle_and_the_range_has_its_chance():
    one = expected()
    assert one.units(0.5) == pytest.approx(30.0)
    assert one.chance_of(30.0) == pytest.approx(0.5)
    assert one.chance_of(one.range.high) == pytest.approx(0.1)
    assert one.range.high == pytest.approx(30.5 * np.exp(0.5) - 0.5)


# --- stock and break-even ---


def test_stock_lasts_as_long_as_the_pace_says():
    # 30 in 30 days, 60 more by day 90: 45 pieces are gone at day 45.
    found = stock(product(stock=45), expected(), expected(90.0, days=90))
    assert found.on == date(2025, 12, 1) + timedelta(days=45)
    assert found.weeks == pytest.approx(45 / 7)
    assert found.earliest < found.on < found.latest
    assert found.sold_out == pytest.approx(expected().chance_of(45))


def test_stock_beyond_a_year_has_no_date():
    found = stock(product(stock=5_000), expected(), None)
    assert (found.on, found.weeks) == (None, None)


def test_no_stock_is_sold_out_at_once_and_an_unknown_one_is_not_spoken_of():
    assert stock(product(stock=0), expected(), None).sold_out == 1.0
    assert stock(product(), expected(), None) is None


def test_break_even_counts_what_customers_really_pay():
    # 50 pieces at 8 cost 400; 20 less 10 % brings 18: 23 pieces pay for them.
    found = break_even(product(stock=50, unit_cost=8.0), expected(), paid_share=0.9)
    assert (found.units, found.margin) == (23, pytest.approx(10.0))
    assert found.chance == pytest.approx(expected().chance_of(23))
    assert break_even(product(stock=50), expected(), 0.9) is None


def test_a_product_sold_below_cost_never_pays_for_its_stock():
    # 50 pieces at 21 cost 1,050; at 20 each that is 53 pieces, and there are 50.
    found = break_even(product(stock=50, unit_cost=21.0), expected(), paid_share=1.0)
    assert (found.units, found.chance) == (53, 0.0)


def test_paid_share_is_what_is_left_after_discounts(tmp_path):
    goods = pd.DataFrame({"product_id": ["a", "b"], "name": ["A", "B"], "category": ["Tea", "Soap"], "price": [10, 10]})
    orders = pd.DataFrame(
        {
            "order_id": ["1", "2"], "customer_id": ["x", "x"], "ordered_at": "2025-01-01", "product_id": ["a", "b"],
            "quantity": 1, "unit_price": 10.0, "discount": [2.0, 0.0],
        }
    )  # fmt: skip
    past = history.history(shop_of(tmp_path / "s", {"products": goods, "orders": orders}))
    assert sales.paid_share(past, "Tea") == pytest.approx(0.8)
    assert sales.paid_share(past, "Cups") == pytest.approx(0.9)
