import json
import os

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from engine.__main__ import main
from engine.errors import NotEnoughData
from engine.shop import store, trends
from engine.shop.trends import growing as of_growth
from engine.shop.trends import supply as of_demand
from engine.shop.trends.pricing import prices
from engine.shop.trends.searching import searches
from engine.shop.trends.seasons import season
from engine.shop.trends.weeks import Sold, sold
from tests.tiny import shop_of, tables

FULL = os.environ.get("OFFERLAB_FULL") == "1"
FIRST = pd.Timestamp("2024-01-01")


def of_units(by_week: np.ndarray, price: np.ndarray | None = None, categories: list[str] | None = None) -> Sold:
    """A shop's sales from units by product (rows) and week (columns), each unit an order of its own."""
    product, week = np.nonzero(by_week)
    times = by_week[product, week].astype(int)
    product, week = np.repeat(product, times), np.repeat(week, times)
    paid = np.full(len(product), 10.0) if price is None else price[product, week]
    lines = pd.DataFrame(
        {"order": np.arange(len(product)), "product": product, "day": 7 * week + np.arange(len(product)) % 7,
         "units": 1.0, "price": paid, "listed": paid}
    )  # fmt: skip
    names = np.array([f"p{number}" for number in range(len(by_week))], dtype=object)
    about = pd.Series(categories or [f"c{number}" for number in range(len(by_week))])
    return Sold(lines, names, about, FIRST, 7 * by_week.shape[1])


# --- growth ---


def test_a_category_that_grows_and_one_that_fades_are_found_and_the_steady_ones_left_alone():
    random, week = np.random.default_rng(0), np.arange(52)
    month = week / of_growth.WEEKS_A_MONTH
    means = [40 * 1.06**month, 60 * 0.93**month, *[np.full(52, 30.0)] * 10]
    units = random.poisson(np.array(means) * random.gamma(10, 0.1, (12, 52)))
    found = trends.growth(of_units(units), "category")
    table = found.table.set_index("name")
    assert table["verdict"].to_dict() == {"c0": "growing", "c1": "fading"} | {f"c{n}": "no_trend" for n in range(2, 12)}
    assert table.loc["c0", "low"] < 0.06 < table.loc["c0", "high"]
    assert table.loc["c1", "low"] < -0.07 < table.loc["c1", "high"]
    assert (found.weeks, found.season_removed, found.looked_at) == (52, False, 12)
    assert str(found.first.date()) == "2024-01-01"


def test_a_steady_category_is_rarely_said_to_change_and_ranges_hold_the_truth():
    random, runs, weeks = np.random.default_rng(1), 600 if FULL else 120, 52
    false, held, drift = 0, 0, np.log(1.04) / of_growth.WEEKS_A_MONTH
    for _ in range(runs):
        mean = 20 * random.gamma(8, 1 / 8, weeks)
        false += of_growth.trend(random.poisson(mean).astype("float64"))["p_value"] < 0.05
        grown = of_growth.trend(random.poisson(mean * np.exp(drift * (np.arange(weeks) - 26))).astype("float64"))
        held += grown["low"] <= 0.04 <= grown["high"]
    assert false / runs <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / runs)
    assert held / runs >= 0.95 - 2 * np.sqrt(0.05 * 0.95 / runs)


def test_two_years_take_the_season_out_and_one_year_says_it_does_not():
    wave = np.exp(0.7 * np.cos(2 * np.pi * np.arange(130) * 7 / 365.25))
    rising = np.random.default_rng(2).poisson(40 * wave, (20, 130))
    both = trends.growth(of_units(rising), "category")
    assert both.season_removed and set(both.table["verdict"]) == {"no_trend"}
    half = trends.growth(of_units(rising[:1, 26:52]), "category")
    assert not half.season_removed and half.table["verdict"].tolist() == ["growing"]  # towards the strong months


def test_one_wholesale_order_is_no_trend():
    units = np.random.default_rng(10).poisson(5, (1, 30))
    found = of_units(units)
    big = found.lines.tail(1).assign(units=5_000.0)
    with_it = Sold(pd.concat([found.lines.iloc[:-1], big]), found.products, found.category, found.first, found.days)
    assert trends.growth(with_it, "category").table["verdict"].tolist() == ["no_trend"]


def test_the_products_looked_at_are_those_that_sell_in_the_weeks_looked_back(monkeypatch):
    monkeypatch.setattr(of_growth, "MOST", 1)
    old = np.concatenate([np.full(26, 400), np.zeros(104)])  # sold more than all others, and long ago
    new = np.concatenate([np.zeros(26), np.random.default_rng(11).poisson(3, 104)])
    assert trends.growth(of_units(np.stack([old, new])), "product").table["name"].tolist() == ["p1"]


# --- season ---


def test_a_strong_month_is_found_only_where_it_was_seen_twice():
    days = pd.date_range(FIRST, "2025-12-31")
    mean = np.where(days.month == 11, 12.0, 5.0)
    orders = np.random.default_rng(3).poisson(mean)
    day = np.repeat(np.arange(len(days)), orders)
    lines = pd.DataFrame({"order": np.arange(len(day)), "product": 0, "day": day, "units": 1.0, "price": 1.0})
    found = season(Sold(lines, np.array(["p"], dtype=object), pd.Series(["Gifts"]), FIRST, len(days)))
    table = found.table.set_index("month")
    assert list(table.index[table["low"] > 1]) == [11]
    usual = np.exp((np.log(12) + 11 * np.log(5)) / 12)
    assert table.loc[11, "low"] < 12 / usual < table.loc[11, "high"]
    assert (found.months, table["years"].tolist()) == (24, [2] * 12)
    short = season(Sold(lines[lines["day"] < 500], np.array(["p"], dtype=object), pd.Series(["Gifts"]), FIRST, 500))
    assert "24 are needed" in short.missing.text() and not len(short.table)


# --- searches ---


def test_searches_without_a_matching_order_in_the_days_after_are_counted(tmp_path):
    goods = pd.DataFrame(
        {"product_id": ["t", "s", "c"], "name": ["Green Tea", "Linen Sheets", "红茶"], "stock": [5, 0, 9]}
    )
    events = pd.DataFrame(
        [("a", "2026-01-01", "teas"), ("b", "2026-01-01", " TEA"), ("c", "2026-01-01", "tea"),
         ("d", "2026-01-01", "tea"),
         ("a", "2026-01-02", "linen sheet"), ("a", "2026-01-02", "kettle"), ("a", "2026-01-02", "茶"),
         ("b", "2026-01-31", "tea"), ("b", "2026-03-05", "tea")],
        columns=["customer_id", "occurred_at", "query"],
    ).assign(kind="search")  # fmt: skip
    bought = pd.DataFrame(
        [("a", "2026-01-03", "t"), ("b", "2026-01-09", "t"), ("c", "2025-12-31", "t"), ("d", "2026-01-02", "s"),
         ("z", "2026-02-01", "s")],
        columns=["customer_id", "ordered_at", "product_id"],
    ).assign(quantity=1, unit_price=1.0)  # fmt: skip
    bought["order_id"] = bought.index.astype(str)
    found = searches(shop_of(tmp_path / "shop", {"products": goods, "events": events, "orders": bought}))
    table = found.table.set_index("query")
    assert table.loc["tea", ["searches", "bought", "bought_anything"]].tolist() == [3, 0, 1]  # b too late, c too early
    assert table.loc["teas", ["searches", "bought", "products"]].tolist() == [1, 1, 1]
    assert table.loc["linen sheet", ["products", "in_stock"]].tolist() == [1, 0]
    assert table.loc["kettle", "products"] == 0 and table.loc["茶", "products"] == 1
    assert found.searches == 7  # nobody knows yet what follows searches later than a week before the last order
    assert table.loc["tea", "low"] < 1 and table.loc["tea", "without"] == 1


def test_a_shop_that_records_no_searches_says_so(tmp_path):
    assert "No searches" in searches(shop_of(tmp_path / "shop", tables("orders", "products", "events"))).missing.text()


# --- prices ---


def with_prices(random, elasticity, products=12, weeks=60, spread=0.15):
    """Prices of a product change every few weeks; sales follow, with product levels and a season of their own."""
    log = np.repeat(random.normal(0, spread, (products, weeks // 4 + 1)), 4, axis=1)[:, :weeks]
    level = random.normal(1.5, 0.5, (products, 1))
    season = 0.4 * np.sin(2 * np.pi * np.arange(weeks) / 52)
    mean = np.exp(level + season + elasticity * log) * random.gamma(6, 1 / 6, (products, weeks))
    return of_units(random.poisson(mean), 20 * np.exp(log), ["Tea"] * products)


def test_a_planted_price_response_lies_within_its_range():
    random, runs, inside, sure = np.random.default_rng(4), 200 if FULL else 25, 0, 0
    for _ in range(runs):
        row = prices(with_prices(random, -1.8)).table.iloc[0]
        inside += row["low"] <= -1.8 <= row["high"]
        sure += row["verdict"] == "elastic"
    assert inside / runs >= 0.95 - 2 * np.sqrt(0.05 * 0.95 / runs)
    assert sure / runs > 0.8


def test_where_prices_hardly_varied_nothing_is_said():
    row = prices(with_prices(np.random.default_rng(5), -1.8, spread=0.01)).table.iloc[0]
    assert np.isnan(row["elasticity"]) and "hardly varied" in row["missing"].text()
    few = prices(with_prices(np.random.default_rng(5), -1.8, products=2)).table.iloc[0]
    assert "2 products" in few["missing"].text()


def test_where_the_price_depends_on_who_buys_nothing_is_said():
    found = with_prices(np.random.default_rng(6), 0.0, spread=0.001)
    own = found.lines.assign(price=np.where(np.arange(len(found.lines)) % 3 == 0, 15.0, 20.0))
    row = prices(Sold(own, found.products, found.category, found.first, found.days)).table.iloc[0]
    assert np.isnan(row["elasticity"]) and "who bought" in row["missing"].text()


def test_the_prices_that_were_tried_leave_gifts_out():
    found = with_prices(np.random.default_rng(7), -1.0)
    lines = found.lines.copy()
    lines.loc[lines.index[::50], "price"] = 0.01
    row = prices(Sold(lines, found.products, found.category, found.first, found.days)).table.iloc[0]
    assert 0.5 < row["lowest"] < 1 < row["highest"] < 1.7
    assert row["low"] < -1.0 < row["high"]


# --- demand ---


def test_ranges_of_demand_hold_what_is_sold(tmp_path):
    random = np.random.default_rng(8)
    rate = random.gamma(1.5, 0.3, (400, 1)) * random.gamma(10, 0.1, (400, 1))
    daily = random.poisson(rate, (400, 300)).astype("float32")
    past, coming = daily[:, :270], daily[:, 270:].sum(axis=1)
    trials = [(day, {name: way(past[:, :day]) for name, way in of_demand.ways(day).items()}) for day in (180, 210, 240)]
    seen = [(guess["mean"], past[:, day : day + 30].sum(axis=1)) for day, guess in trials]
    low, high = of_demand.between(of_demand.ways(270)["mean"](past), of_demand.dispersion(seen))
    assert 0.78 < np.mean((coming >= low) & (coming <= high)) < 0.97  # whole units hold a little more than 80 %


def test_the_way_that_errs_least_in_the_past_is_used_and_beats_the_naive_one(demo_shop_dir):
    shop = store.open_shop(demo_shop_dir)
    found = trends.demand(shop, sold(shop))
    assert found.errors[found.method] == min(found.errors.values()) < found.errors["naive"]
    assert 0.7 < found.held <= 1.0 and found.origins == 4
    goods = found.table[found.table["overstock"]]
    assert (goods["stock"] > goods["need_high"]).all() and (
        goods["beyond"] == goods["stock"] - goods["need_high"]
    ).all()


def test_sales_that_come_now_and_then_are_forecast_by_how_often_and_how_many():
    daily = np.zeros((2, 210), dtype="float32")
    daily[0, ::14] = 6  # every second week six
    daily[1, :28] = 3  # no longer sold
    often, gone = of_demand.now_and_then(daily)
    assert often == pytest.approx(6 / 14 * 30, rel=0.15)
    assert gone < 0.3 * 3 * 30 * 28 / 210


def test_too_much_stock_is_found_and_what_is_new_is_not_called_so(tmp_path):
    days = pd.date_range("2026-01-01", periods=120)
    bought = pd.DataFrame({"ordered_at": days, "product_id": "slow", "quantity": 1})
    bought = pd.concat([bought, bought.assign(product_id="fast", quantity=5), bought.tail(10).assign(product_id="new")])
    bought = bought.assign(order_id=np.arange(len(bought)).astype(str), customer_id="a", unit_price=10.0)
    goods = pd.DataFrame(
        {"product_id": ["slow", "fast", "new", "idle"], "name": ["Slow", "Fast", "New", "Idle"],
         "stock": [400, 400, 400, 7], "unit_cost": [2.0, 2.0, 2.0, 2.0],
         "launched_at": ["2025-01-01", "2025-01-01", "2026-04-15", "2025-01-01"]}
    )  # fmt: skip
    shop = shop_of(tmp_path / "shop", {"orders": bought, "products": goods})
    table = trends.demand(shop, sold(shop)).table.set_index("product_id")
    assert table["overstock"].to_dict() == {"slow": True, "fast": False, "new": False, "idle": True}
    assert table.loc["slow", "expected"] == pytest.approx(30, rel=0.05)
    assert table.loc["slow", "days_of_cover"] == pytest.approx(400, rel=0.05)
    assert table.loc["slow", "tied_up"] == 2 * table.loc["slow", "beyond"]


# --- shops that lack something, and the command ---


def test_a_shop_without_orders_or_with_few_weeks_is_refused(tmp_path):
    with pytest.raises(NotEnoughData, match="Import orders"):
        trends.trends(shop_of(tmp_path / "none", tables("products", "customers")))
    few = tables("orders")["orders"].assign(ordered_at="2026-01-01")
    with pytest.raises(NotEnoughData, match="13 are needed"):
        trends.trends(shop_of(tmp_path / "few", {"orders": few}))


def test_orders_alone_are_enough_for_trends(tmp_path):
    found = trends.trends(shop_of(tmp_path / "shop", tables("orders")))
    assert found.demand.table["stock"].isna().all() and not found.demand.table["overstock"].any()
    assert found.searches.missing is not None and found.season.missing is not None
    assert "no category" in found.categories.missing.text() and "no category" in found.prices.missing.text()


def test_the_command_writes_one_table_and_prints_what_stands_out(demo_shop_dir, tmp_path):
    out = tmp_path / "demand.csv"
    arguments = ["trends", "--shop", str(demo_shop_dir), "--table", "demand", "--out", str(out)]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert answer["demand"]["overstock"] and answer["categories"]["season_removed"]
    assert pd.read_csv(out)["overstock"].sum() >= len(answer["demand"]["overstock"])
    alone = CliRunner().invoke(main, ["trends", "--shop", str(demo_shop_dir), "--table", "demand"])
    assert alone.exit_code == 2 and "go together" in alone.stderr
