from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd

from engine.campaign.plan import Plan, Step
from engine.decision import plans
from engine.outcome.timetable import clashes, messages, timetable
from tests.tiny import shop_of

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def test_plans_and_past_campaigns_stand_in_one_table(tmp_path: Path):
    campaigns = pd.DataFrame(
        {"campaign_id": ["k1", "k2"], "channel": ["email", "sms"], "name": ["May", None], "starts_at": "2026-05-01"}
    )
    shop = shop_of(tmp_path / "shop", {"campaigns": campaigns})
    plans.save(shop.path, a_plan("june"), {}, None, NOON)
    table = timetable(shop, plans.saved_plans(shop.path)).set_index("id")
    assert list(table["status"]) == ["draft", "past", "past"]
    assert table.loc["june", "ends_at"] == pd.Timestamp("2026-06-14 23:59")
    assert table.loc["k1", "ends_at"] == pd.Timestamp("2026-05-08")  # without an end: its window of a week
    assert table.loc["k2", "ends_at"] == pd.Timestamp("2026-05-04")  # three days for a text message
    assert table.loc["k2", "name"] == "k2"


def test_a_campaign_with_the_id_of_a_plan_is_that_plan(tmp_path: Path):
    campaigns = pd.DataFrame({"campaign_id": ["june"], "channel": ["email"], "starts_at": ["2026-06-08"]})
    shop = shop_of(tmp_path / "shop", {"campaigns": campaigns})
    plans.save(shop.path, a_plan("june"), {}, None, NOON)
    assert list(timetable(shop, plans.saved_plans(shop.path))["status"]) == ["draft"]


def test_what_runs_at_one_time_lies_in_lanes_of_its_own(tmp_path: Path):
    campaigns = pd.DataFrame(
        {
            "campaign_id": ["a", "b", "c", "d"],
            "channel": ["email", "email", "email", "sms"],
            "starts_at": ["2026-05-01", "2026-05-03", "2026-05-09", "2026-05-01"],
            "ends_at": ["2026-05-08", "2026-05-10", "2026-05-12", "2026-05-08"],
        }
    )
    table = timetable(shop_of(tmp_path / "shop", {"campaigns": campaigns}), [])
    assert table.set_index("id")["lane"].to_dict() == {"a": 0, "b": 1, "c": 0, "d": 0}


def test_an_empty_shop_has_an_empty_table(tmp_path: Path):
    assert timetable(shop_of(tmp_path / "shop", {}), []).empty
    assert messages([]).empty


def test_each_message_stands_on_its_day_and_hour(tmp_path: Path):
    shop = shop_of(tmp_path / "shop", {})
    plan = a_plan("june", steps=[Step(), Step(day=3, channel="sms")])
    plans.save(shop.path, plan, {}, None, NOON)
    sent = messages(plans.saved_plans(shop.path))
    assert list(sent["at"]) == [pd.Timestamp("2026-06-08 10:00"), pd.Timestamp("2026-06-11 10:00")]
    assert list(sent["channel"]) == ["email", "sms"]


def a_plan(plan_id: str, **changes: object) -> Plan:
    return Plan.model_validate(
        {"plan_id": plan_id, "name": "June", "owner": "Ana", "starts_at": date(2026, 6, 8),
         "ends_at": date(2026, 6, 14), **changes}
    )  # fmt: skip


def test_days_in_the_way_of_several_plans_are_one_stretch_where_they_touch():
    pairs = pd.DataFrame(
        [
            # the stretches of "b" overlap but for the last; "e" keeps all common customers
            ("a", "b", 10, False, 3, "2026-06-01", "2026-06-03"),
            ("b", "c", 0, True, 4, "2026-06-02", "2026-06-05"),
            ("b", "d", 5, False, 1, "2026-06-03", "2026-06-03"),
            ("b", "d", 5, False, 1, "2026-06-09", "2026-06-09"),
            ("b", "e", 0, False, 9, "2026-05-01", "2026-05-09"),
        ],
        columns=["plan_a", "plan_b", "shared", "discounts_differ", "days_together", "starts_at", "ends_at"],
    )
    found = clashes(pairs)
    stretches = [(one.id, f"{one.starts_at:%m-%d}", f"{one.ends_at:%m-%d %H:%M}") for one in found.itertuples()]
    assert stretches == [
        ("a", "06-01", "06-03 23:59"),
        ("b", "06-01", "06-05 23:59"),
        ("b", "06-09", "06-09 23:59"),
        ("c", "06-02", "06-05 23:59"),
        ("d", "06-03", "06-03 23:59"),
        ("d", "06-09", "06-09 23:59"),
    ]
    assert clashes(pairs.head(0)).empty
