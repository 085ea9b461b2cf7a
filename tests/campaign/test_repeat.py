"""A past campaign or plan once more."""

from datetime import date

import pandas as pd
import pytest

from engine.campaign import planned, repeat
from engine.campaign.plan import Audience, Offer, Plan, Step
from engine.decision import live
from engine.errors import DataProblem
from engine.shop import store
from engine.shop.shop_settings import ShopSettings
from tests.tiny import shop_of

TODAY = date(2026, 6, 1)


def again(shop, campaign_id, today=TODAY):
    return repeat.repeat(shop, campaign_id, "new", "New", "Ana", today)


@pytest.mark.parametrize(
    ("starts", "expected"),
    [
        ("2025-11-28", "2026-11-27"),
        ("2024-11-29", "2026-11-27"),
        ("2025-06-02", "2027-05-31"),
        ("2025-06-03", "2026-06-02"),
    ],
)
def test_next_year_is_the_same_weekday_and_lies_ahead(starts, expected):
    day = date.fromisoformat(starts)
    moved, until = repeat.next_year(day, day, TODAY)
    assert moved.isoformat() == expected
    assert moved.weekday() == day.weekday()
    assert until == moved


@pytest.mark.parametrize(
    ("starts", "expected"),
    [
        ("2026-07-01", "2026-07-01"),
        ("2026-05-11", "2026-06-08"),
        ("2026-06-01", "2026-06-08"),
        ("2025-07-10", "2026-07-09"),
    ],
)
def test_a_copy_of_a_plan_lies_ahead_soon_or_in_its_season(starts, expected):
    day = date.fromisoformat(starts)
    assert repeat.moved_ahead(day, day, TODAY)[0].isoformat() == expected


def test_a_plan_of_last_year_moves_with_its_code():
    plan = Plan(
        plan_id="old", name="Old", owner="Ana", starts_at=date(2025, 7, 10), ends_at=date(2025, 7, 17),
        offer=Offer(kind="percent", discount=0.1, code="SUN2025"), audience=Audience(segment_ids=["s1"]),
    )  # fmt: skip
    moved = repeat.ahead(plan, TODAY)
    assert (moved.starts_at, moved.ends_at, moved.offer.code) == (date(2026, 7, 9), date(2026, 7, 16), "SUN2026")
    assert repeat.ahead(moved, TODAY) is moved


@pytest.mark.parametrize(
    ("steps", "window_days", "today", "starts"),
    [
        ([Step()], None, "2026-06-01", "2026-06-22"),  # orders count until 15 June
        ([Step()], 14, "2026-06-01", "2026-06-29"),
        ([Step(), Step(day=10)], None, "2026-06-01", "2026-07-06"),
        ([Step()], None, "2026-06-30", "2026-07-13"),  # over by then: as any other
    ],
)
def test_the_plan_after_a_plan_begins_a_week_or_more_after_its_last_order(steps, window_days, today, starts):
    plan = Plan(
        plan_id="p", name="P", owner="Ana", starts_at=date(2026, 6, 8), ends_at=date(2026, 6, 14), steps=steps,
        window_days=window_days,
    )  # fmt: skip
    moved = repeat.following(plan, ShopSettings(shop_id="s", name="Shop"), date.fromisoformat(today))
    assert moved.starts_at.isoformat() == starts and (moved.ends_at - moved.starts_at).days == 6
    assert not live.overlap(plan, moved)


def test_last_years_campaign_comes_back_whole(demo_shop_dir):
    shop = store.open_shop(demo_shop_dir)
    then = shop.table("campaigns").set_index("campaign_id").loc["k45"]
    proposal = again(shop, "k45")
    plan = proposal.plan
    assert (plan.objective, plan.channel, plan.category, plan.send_hour) == (
        then["goal"], then["channel"], then["category"], then["send_hour"],
    )  # fmt: skip
    assert (plan.offer.kind, plan.offer.discount) == ("percent", then["discount"])
    assert plan.offer.code == "STYLE15-45-26"
    assert plan.starts_at == date(2026, 11, 28)
    pairs = shop.table("campaign_products")
    assert plan.product_ids == pairs.loc[pairs["campaign_id"].eq("k45"), "product_id"].tolist()


def test_facts_in_the_words_of_last_time_become_slots(demo_shop_dir):
    step = again(store.open_shop(demo_shop_dir), "k45").plan.steps[0]
    assert "{discount}" in step.texts["body"]
    assert "{code}" in step.texts["body"]
    assert "STYLE15" not in step.texts["body"]


def test_a_first_name_in_the_words_of_last_time_is_left_out(demo_shop_dir):
    step = again(store.open_shop(demo_shop_dir), "k58").plan.steps[0]
    assert "first_name" not in "".join(step.texts.values())


def test_the_audience_is_who_was_written_to_then(demo_shop_dir):
    shop = store.open_shop(demo_shop_dir)
    proposal = again(shop, "k45")
    sent = shop.table("deliveries")
    got = set(sent.loc[sent["campaign_id"].eq("k45") & sent["treated"].eq(1), "customer_id"])
    assert set(planned.customers(shop, proposal.plan.audience)) == got
    assert proposal.customers == len(got)


def test_without_deliveries_the_audience_is_that_of_the_goal(tmp_path):
    campaigns = pd.DataFrame(
        [("k", "email", "sale_day", "2025-11-28", "percent", 15)],
        columns=["campaign_id", "channel", "goal", "starts_at", "offer_kind", "discount"],
    )
    orders = pd.DataFrame(
        [("o", "a", "2026-05-01", "p", 1, 5)],
        columns=["order_id", "customer_id", "ordered_at", "product_id", "quantity", "unit_price"],
    )
    proposal = again(shop_of(tmp_path / "shop", {"campaigns": campaigns, "orders": orders}), "k")
    assert proposal.customers == 1
    assert proposal.plan.offer.kind == "none"
    assert "not recorded in full" in " ".join(reason.text() for reason in proposal.reasons)


def test_campaigns_whose_season_comes_next_are_listed_first(demo_shop_dir):
    table = repeat.repeatable(store.open_shop(demo_shop_dir), date(2026, 10, 25))
    assert table["next"].is_monotonic_increasing
    assert (table["next"] > date(2026, 10, 25)).all()
    assert table["goal"].head(3).eq("sale_day").all()


def test_an_unknown_campaign_is_refused(demo_shop_dir):
    with pytest.raises(DataProblem, match="no campaign nope"):
        again(store.open_shop(demo_shop_dir), "nope")
