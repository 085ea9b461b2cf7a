"""What past campaigns usually did, on tables small enough to count by hand."""

import pandas as pd
import pytest

from engine.campaign import habits
from tests.tiny import shop_of


def past(**columns: list) -> pd.DataFrame:
    """Campaigns by e-mail with 1,000 messages each, 50 of them clicked, where nothing else is said."""
    rows = len(next(iter(columns.values())))
    usual = {
        "campaign_id": [f"k{n}" for n in range(rows)], "channel": "email", "goal": "win_back", "offer_kind": "none",
        "discount": None, "min_spend": None, "gift_product_id": None, "starts_at": pd.Timestamp("2025-03-03 10:00"),
        "send_hour": 10.0, "weekday": 0, "days": 7, "sent": 1000, "clicks": 50, "click_trials": 1000, "orders": 10,
        "order_trials": 1000,
    }  # fmt: skip
    return pd.DataFrame({**usual, **columns}, index=range(rows))


def test_the_best_hour_is_the_one_clicked_most_by_enough_campaigns():
    table = past(send_hour=[9.0, 9.0, 15.0, 15.0, 19.0, 19.0], clicks=[40, 40, 40, 40, 90, 90])
    best = habits.best_hour(table, "email", [22, 8])
    assert (best.value, best.measure, best.messages) == (19, "click", 2000)
    assert (best.rate, best.usual) == (pytest.approx(0.09), pytest.approx(340 / 6000))


def test_one_lucky_campaign_is_no_best_hour():
    table = past(send_hour=[9.0, 9.0, 19.0], clicks=[50, 50, 300])
    assert habits.best_hour(table, "email", []).value == 9


def test_a_quiet_hour_is_never_the_best():
    table = past(send_hour=[9.0, 9.0, 23.0, 23.0], clicks=[40, 40, 90, 90])
    assert habits.best_hour(table, "email", [22, 8]).value == 9
    assert habits.best_hour(table, "email", []).value == 23


def test_without_clicks_the_hour_is_judged_by_orders():
    table = past(send_hour=[9.0, 9.0, 19.0, 19.0], clicks=[0] * 4, click_trials=[0] * 4, orders=[10, 10, 30, 30])
    best = habits.best_hour(table, "email", [])
    assert (best.value, best.measure) == (19, "order")


def test_too_few_messages_know_no_best_hour():
    table = past(send_hour=[9.0, 19.0], click_trials=[100, 100], clicks=[5, 20])
    assert habits.best_hour(table, "email", []) is None
    assert habits.best_hour(table, "sms", []) is None


@pytest.mark.parametrize(
    ("hour", "quiet", "is_quiet"),
    [
        (23, [22, 8], True),
        (7, [22, 8], True),
        (8, [22, 8], False),
        (13, [12, 14], True),
        (14, [12, 14], False),
        (3, [], False),
    ],
)
def test_quiet_hours_may_go_over_midnight(hour, quiet, is_quiet):
    assert habits.is_quiet(hour, quiet) is is_quiet


def test_offers_are_those_of_the_goal_and_channel_the_commonest_first():
    table = past(
        channel=["email"] * 4 + ["sms"],
        goal=["win_back", "win_back", "win_back", "launch", "win_back"],
        offer_kind=["percent"] * 5,
        discount=[0.1, 0.2, 0.2, 0.3, 0.5],
    )
    tried = habits.offers_tried(table, "email", "win_back", set())
    assert [(one.discount, one.count, one.campaigns) for one in tried] == [(0.2, 2, 3), (0.1, 1, 3)]


def test_a_goal_never_tried_takes_the_offers_of_other_goals_and_says_so():
    table = past(goal=["launch"], offer_kind=["percent"], discount=[0.1])
    (tried,) = habits.offers_tried(table, "email", "vip", set())
    assert (tried.discount, tried.same_goal) == (0.1, False)


def test_an_offer_that_cannot_be_made_again_is_not_proposed():
    table = past(
        offer_kind=["gift", "percent", "none"], gift_product_id=["gone", None, None], discount=[None, 15.0, None]
    )
    assert habits.offers_tried(table, "email", "win_back", {"p1"}) == []


def test_totals_of_a_mail_tool_count_where_there_are_no_deliveries(tmp_path):
    campaigns = pd.DataFrame({"campaign_id": ["a"], "channel": ["email"], "starts_at": ["2025-03-04"]})
    totals = pd.DataFrame({"campaign_id": ["a"], "recipients": [500], "clicked": [25], "orders": [5]})
    table = habits.campaigns(shop_of(tmp_path / "shop", {"campaigns": campaigns, "campaign_results": totals}))
    assert table[["sent", "clicks", "orders", "weekday", "offer_kind"]].iloc[0].tolist() == [500, 25, 5, 1, "none"]


def test_a_shop_without_campaigns_has_no_habits(tmp_path):
    assert len(habits.campaigns(shop_of(tmp_path / "shop", {}))) == 0
