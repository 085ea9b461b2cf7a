"""Who would buy anyway, from orders alone: near a planted truth, and refused where orders are few."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from engine.campaign.first import anyway
from engine.campaign.first.anyway import Anyway
from engine.sentences import Sentence
from sample_data.demo import customers, dates, orders
from sample_data.demo.groups import NAMES
from tests.tiny import shop_of

DAY = 690  # of the demo shop's 730: its last weeks are then still to come
START = date.fromisoformat(str(dates.START)[:10])


def order_table(customer, second):
    ids = customers.customer_ids()
    return pd.DataFrame(
        {
            "order_id": [f"o{number}" for number in range(len(customer))],
            "customer_id": ids[customer],
            "ordered_at": pd.Series(dates.moment(second)).astype("str"),
            "product_id": "p",
            "quantity": 1,
            "unit_price": 20.0,
        }
    )


@pytest.fixture(scope="module")
def organic(tmp_path_factory):
    """The demo shop's people with only the orders that nobody asked for, and the generator's own knowledge of them."""
    random = np.random.default_rng(0)
    who = customers.people(random)
    placed = orders.organic(random, who)
    shop = shop_of(
        tmp_path_factory.mktemp("shop") / "organic",
        {"orders": order_table(placed["customer"].to_numpy(), placed["second"].to_numpy())},
    )
    return shop, who


@pytest.fixture(scope="module")
def learned(organic) -> Anyway:
    found = anyway.learn(organic[0], 7, as_of=START + timedelta(days=DAY))
    assert isinstance(found, Anyway)
    return found


def expected_chance(who, window=7):
    """P(at least one order in the window) of every customer, as planted."""
    first, last = np.full(customers.COUNT, float(DAY)), np.full(customers.COUNT, float(DAY + window))
    return pd.Series(-np.expm1(-who.organic_orders(first, last)), customers.customer_ids())


def test_the_planted_chance_of_each_group_is_found(organic, learned):
    who = organic[1]
    truth = expected_chance(who).reindex(learned.chance.index)
    group = pd.Series(np.array(NAMES)[who.group], customers.customer_ids()).reindex(learned.chance.index)
    found = pd.DataFrame({"said": learned.chance, "true": truth}).groupby(group).mean()
    for name in ("vip", "regular", "quiet_loyal", "deal_hunter"):
        assert found.loc[name, "said"] == pytest.approx(found.loc[name, "true"], rel=0.3), name
    for name in ("one_time", "lapsed"):  # gone: the orders show it only by their silence
        assert found.loc[name, "said"] < 0.6 * found["said"]["regular"], name
    assert learned.chance.mean() == pytest.approx(truth.mean(), rel=0.12)
    assert found["said"].rank().corr(found["true"].rank()) > 0.85


def test_its_range_holds_what_came_next(organic, learned):
    ids = learned.chance.index
    bought = organic[0].table("orders")
    start = pd.Timestamp(learned.as_of)
    later = bought[(bought["ordered_at"] >= start) & (bought["ordered_at"] < start + pd.Timedelta(days=7))]
    share = pd.Index(ids).isin(later["customer_id"]).mean()
    ranged = learned.rate(ids, len(ids))
    assert ranged.low < share < ranged.high
    assert ranged.high < 2 * ranged.low
    assert learned.rate(ids, 50).low < ranged.low, "few people vary more by chance"


def test_later_days_are_judged_by_what_came_before_them(learned):
    assert len(learned.checked) >= 3
    assert learned.checked["day"].min() > learned.first_day.isoformat()
    assert learned.checked["predicted"].sum() == pytest.approx(learned.checked["ordered"].sum(), rel=0.2)


def test_the_day_after_nothing_is_known_of(organic, learned):
    """Orders at or after the day do not exist: a shop that ends there says the same."""
    table = organic[0].table("orders")
    assert (table["ordered_at"] >= pd.Timestamp(learned.as_of)).any()
    assert learned.buyers == sum(_ordered(table, learned))


def _ordered(table, learned):
    for number in range(learned.days):
        start = pd.Timestamp(learned.as_of) - pd.Timedelta(days=7 * (number + 1))
        inside = table[(table["ordered_at"] >= start) & (table["ordered_at"] < start + pd.Timedelta(days=7))]
        before = table.loc[table["ordered_at"] < start, "customer_id"]
        yield inside.loc[inside["customer_id"].isin(before), "customer_id"].nunique()


def test_a_customer_nothing_is_known_of_counts_as_buying_nothing(learned):
    ids = list(learned.chance.index[:10])
    alone, joined = learned.rate(ids, 10), learned.rate([*ids, *(f"new{n}" for n in range(10))], 20)
    assert joined.value == pytest.approx(alone.value / 2)
    assert learned.known([*ids, "new1"]) == 10


# --- small shops ---


def weekly_shop(folder, people=60, weeks=20, seed=0, joined=0):
    """Every week each customer orders with a chance of a fifth; `joined` more never order, but are there."""
    random = np.random.default_rng(seed)
    lines = [
        (
            f"o{person}-{week}",
            f"c{person:03d}",
            f"{pd.Timestamp('2026-01-01') + pd.Timedelta(days=7 * week + 3):%Y-%m-%d}",
        )
        for person in range(people)
        for week in range(weeks)
        if random.random() < 0.2
    ]
    table = pd.DataFrame(lines, columns=["order_id", "customer_id", "ordered_at"]).assign(
        product_id="p", quantity=1, unit_price=10.0
    )
    tables = {"orders": table}
    if joined:
        ids = [f"c{person:03d}" for person in range(people)] + [f"j{n:03d}" for n in range(joined)]
        tables["customers"] = pd.DataFrame({"customer_id": ids, "joined_at": "2025-12-01"})
    return shop_of(folder, tables)


@pytest.fixture(scope="module")
def weekly(tmp_path_factory):
    shop = weekly_shop(tmp_path_factory.mktemp("shop") / "weekly", people=150)
    return shop, anyway.learn(shop, 7)


def test_a_chance_of_a_fifth_a_week_is_found(weekly):
    assert weekly[1].chance.mean() == pytest.approx(0.2, abs=0.03)


def test_the_same_shop_gives_the_same_answer(weekly):
    again = anyway.learn(weekly[0], 7)
    pd.testing.assert_series_equal(again.chance, weekly[1].chance, rtol=1e-12)
    assert again.variation == weekly[1].variation


def test_who_joined_and_never_ordered_is_told_from_who_orders(tmp_path):
    found = anyway.learn(weekly_shop(tmp_path / "shop", people=100, joined=100), 7)
    quiet = found.chance.index.str.startswith("j")
    assert quiet.sum() == 100
    assert found.chance[quiet].mean() < 0.03
    assert found.chance[~quiet].mean() == pytest.approx(0.2, abs=0.04)


def test_a_sample_of_many_customers_answers_for_all(weekly, monkeypatch):
    monkeypatch.setattr(anyway, "LEARNED_FROM", 60)
    found = anyway.learn(weekly[0], 7)
    assert found.chance.index.equals(weekly[1].chance.index)
    assert found.buyers < 0.5 * weekly[1].buyers
    assert found.chance.mean() == pytest.approx(0.2, abs=0.06)


@pytest.mark.parametrize(
    ("people", "weeks", "key", "values"),
    [
        (60, 5, "first.anyway_short", {"have": 29, "need": 42, "days": 7}),
        (4, 20, "first.anyway_few", {"need": 30, "days": 7, "windows": 12}),
    ],
)
def test_too_few_orders_are_refused_with_what_is_needed(tmp_path, people, weeks, key, values):
    found = anyway.learn(weekly_shop(tmp_path / "shop", people, weeks), 7)
    assert isinstance(found, Sentence)
    assert found.key == key
    assert values.items() <= found.values.items()
    assert str(values["need"]) in found.text("en")
    assert str(values["need"]) in found.text("zh")


def test_a_shop_without_orders_is_told_so(tmp_path):
    shop = shop_of(tmp_path / "shop", {"customers": pd.DataFrame({"customer_id": ["a", "b"]})})
    assert anyway.learn(shop, 7).key == "first.anyway_no_orders"
