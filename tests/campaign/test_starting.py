"""Starting plans: on the demo shop, and on shops planted so that the right audience is known."""

from datetime import date, timedelta

import pandas as pd
import pytest

from engine.campaign import forecast, planned, response, starting, support
from engine.campaign.plan import GOALS, Plan
from engine.shop import store
from tests.tiny import shop_of

TODAY = date(2026, 6, 1)


def propose(shop, goal, **more):
    return starting.propose(shop, goal, "new", "New", "Ana", TODAY, **more)


def orders_of(people: dict[str, list[int]], price: float = 10.0) -> pd.DataFrame:
    """One order of one p1 per customer and day of 2026 given."""
    lines = [
        (f"{customer}-{day}", customer, (date(2026, 1, 1) + timedelta(days=day)).isoformat(), "p1", 1, price)
        for customer, days in people.items()
        for day in days
    ]
    columns = ["order_id", "customer_id", "ordered_at", "product_id", "quantity", "unit_price"]
    return pd.DataFrame(lines, columns=columns)


@pytest.fixture(scope="module")
def trained(trained_shop_dir):
    return store.open_shop(trained_shop_dir)


@pytest.fixture(scope="module")
def facts(trained):
    return starting.known(trained)


SOME_GOALS = ("win_back", "launch", "sunset")  # the others in the full run


@pytest.mark.parametrize(
    "goal", [pytest.param(goal, marks=() if goal in SOME_GOALS else pytest.mark.full) for goal in GOALS]
)
def test_each_goal_gives_a_whole_plan_that_can_be_forecast(trained, facts, goal):
    models = response.load(trained)
    proposal = propose(trained, goal, models=models, facts=facts)
    plan = Plan.model_validate(proposal.plan.model_dump(by_alias=True))
    assert proposal.enough
    assert proposal.customers >= proposal.reachable > 0
    assert len(planned.reach(trained, plan, plan.channel).customer_ids) == proposal.reachable
    assert plan.starts_at >= TODAY + timedelta(days=planned.DAYS_AHEAD)
    assert (plan.offer.kind == "none") or plan.offer.code
    expected = forecast.evaluate_steps(
        trained, models, planned.prepared(trained, plan), planned.messages(plan, {}), seed=0
    )
    assert expected.supported, expected.reason()


@pytest.mark.parametrize("goal", GOALS)
def test_every_field_has_its_reason_in_both_languages(trained, facts, goal):
    proposal = propose(trained, goal, facts=facts)
    keys = [reason.key.split(".")[1].split("_")[0] for reason in proposal.reasons]
    assert {"who", "channel", "language", "hour", "offer", "holdout"} <= set(keys)
    for reason in proposal.reasons:
        assert "{" not in reason.text("en") + reason.text("zh")


@pytest.mark.parametrize("goal", GOALS)
def test_an_offer_is_never_outside_what_was_tried(trained, facts, goal):
    plan = propose(trained, goal, facts=facts).plan
    tried = response.load(trained).tried
    assert support.check(tried, plan.channel, plan.offer.kind, plan.offer.discount, plan.send_hour, None) is None


def test_win_back_is_for_good_customers_who_stay_away_twice_their_usual_gap(tmp_path):
    weekly = {f"here{n}": list(range(n % 3, 140, 7)) for n in range(10)}
    gone = {f"gone{n}": list(range(0, 70, 7)) for n in range(10)}
    once = {f"once{n}": [n] for n in range(10)}
    shop = shop_of(tmp_path / "shop", {"orders": orders_of({**weekly, **gone, **once})})
    proposal = propose(shop, "win_back")
    assert set(planned.customers(shop, proposal.plan.audience)) == set(gone)
    assert "twice the 7 days" in proposal.reasons[0].text()


def test_second_purchase_is_for_those_with_one_order_in_the_usual_time(tmp_path):
    twice = {f"twice{n}": [0, 20 + n] for n in range(20)}
    once = {"fresh": [149], "ready": [120], "late": [10]}
    shop = shop_of(tmp_path / "shop", {"orders": orders_of({**twice, **once, "last": [0, 149]})})
    assert planned.customers(shop, propose(shop, "second_purchase").plan.audience) == ["ready"]


def test_vip_is_the_top_tenth_by_spend_who_still_buy(tmp_path):
    people = {f"c{n:02d}": list(range(0, 140, 70)) for n in range(18)}
    best = {"best": list(range(0, 140, 10)), "good": list(range(0, 140, 14)), "quick": list(range(14))}
    shop = shop_of(tmp_path / "shop", {"orders": orders_of({**people, **best, "edge": [149]})})
    audience = propose(shop, "vip").plan.audience
    # Their usual gap is 70 days, so the one who stopped after two weeks still counts as here.
    assert planned.customers(shop, audience) == ["best", "good", "quick"]


def products(**columns) -> pd.DataFrame:
    usual = {"product_id": ["p1", "p2", "p3"], "name": ["Cup", "Pot", "Soap"], "category": ["Tea", "Tea", "Bath"]}
    return pd.DataFrame({**usual, **columns})


def test_a_launch_is_about_the_newest_product_that_is_in_stock(tmp_path):
    goods = products(launched_at=["2025-01-01", "2026-04-01", "2026-05-01"], stock=[5, 5, 0])
    shop = shop_of(tmp_path / "shop", {"products": goods, "orders": orders_of({"a": [0, 9], "b": [3]})})
    proposal = propose(shop, "launch")
    assert (proposal.plan.product_ids, proposal.plan.category) == (["p2"], "Tea")
    assert planned.customers(shop, proposal.plan.audience) == ["a", "b"]
    assert "Pot" in proposal.reasons[0].text()


def test_overstock_is_about_what_lies_longest(tmp_path):
    goods = products(stock=[100, 900, 90])
    shop = shop_of(tmp_path / "shop", {"products": goods, "orders": orders_of({"a": [0], "b": [100, 140]})})
    proposal = propose(shop, "overstock")
    assert proposal.plan.product_ids[0] == "p2"
    assert planned.customers(shop, proposal.plan.audience) == ["a"], "who bought one of them just now has it"


@pytest.mark.parametrize(
    ("goal", "word"),
    [("overstock", "stock"), ("launch", "launch date"), ("sunset", "deliveries"), ("second_purchase", "ordered twice")],
)
def test_what_a_shop_lacks_is_said(tmp_path, goal, word):
    shop = shop_of(tmp_path / "shop", {"products": products(), "orders": orders_of({"a": [0], "b": [3]})})
    proposal = propose(shop, goal)
    assert not proposal.enough
    assert word in proposal.missing.text()


def test_an_empty_shop_says_what_to_import(tmp_path):
    assert "Import" in propose(shop_of(tmp_path / "shop", {}), "sale_day").missing.text()


def test_a_shop_without_campaigns_gets_no_offer_and_is_told_why(tmp_path):
    shop = shop_of(tmp_path / "shop", {"orders": orders_of({f"c{n}": [n, n + 30] for n in range(12)})})
    proposal = propose(shop, "sale_day")
    assert (proposal.plan.offer.kind, proposal.plan.channel, proposal.plan.send_hour) == ("none", "email", 10)
    assert "no past campaign to learn from" in " ".join(reason.text() for reason in proposal.reasons)


def test_a_shop_that_keeps_no_clicks_has_all_plans_that_need_none(tmp_path):
    frames = {name: pd.read_csv(path, dtype=str, keep_default_na=False) for name, path in _golden().items()}
    frames["deliveries"] = frames["deliveries"].drop(columns="clicked")
    shop = shop_of(tmp_path / "shop", frames)
    made = {goal: propose(shop, goal) for goal in GOALS}
    assert made["win_back"].enough
    assert made["sale_day"].enough
    assert "clicks" not in made["sale_day"].plan.audience.rule


def _golden():
    from tests.tiny import GOLDEN

    return {path.stem: path for path in (GOLDEN / "shop").glob("*.csv")}


def test_a_chosen_group_takes_the_place_of_the_suggested_audience(trained, facts):
    proposal = propose(trained, "win_back", facts=facts, segment_ids=("s1",))
    assert proposal.plan.audience.segment_ids == ["s1"]
    assert proposal.plan.audience.rule is None
    assert proposal.plan.offer.kind == "percent"
    assert "groups you chose" in proposal.reasons[0].text()


def test_a_code_in_use_is_not_given_out_again(trained, facts):
    proposal = propose(trained, "win_back", facts=facts)
    again = starting.renamed(proposal, "two", "Two", "Bo", [proposal.plan.offer.code])
    assert again.plan.offer.code == f"{proposal.plan.offer.code}B"
    assert (again.plan.plan_id, again.plan.name, again.plan.owner) == ("two", "Two", "Bo")


def test_sale_days_follow_the_customers_of_the_shop(tmp_path):
    people = orders_of({"a": [0, 9], "b": [3]})
    chinese = shop_of(tmp_path / "zh", {"orders": people}, {"currency": "CNY"})
    assert propose(chinese, "sale_day").plan.ends_at == date(2026, 6, 18)
    western = shop_of(tmp_path / "en", {"orders": people}, {"currency": "USD"})
    assert propose(western, "sale_day").plan.starts_at == date(2026, 11, 27)


def test_an_overstock_plan_may_be_for_products_that_somebody_named(demo_shop_dir):
    shop = store.open_shop(demo_shop_dir)
    usual = starting.propose(shop, "overstock", "o", "o", "ana", TODAY).plan
    goods = shop.table("products")
    other = goods[goods["stock"].gt(0) & goods["category"].ne(usual.category)]["product_id"].iloc[:2].tolist()
    named = starting.propose(shop, "overstock", "o", "o", "ana", TODAY, product_ids=other[::-1]).plan
    assert named.product_ids[0] == other[1] and named.category == goods.set_index("product_id")["category"][other[1]]
    sold_out = starting.propose(shop, "overstock", "o", "o", "ana", TODAY, product_ids=["nothing of ours"])
    assert not sold_out.enough
