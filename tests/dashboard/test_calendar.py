import json
from datetime import UTC, date, datetime, timedelta

from engine.audience import segments
from engine.audience.reach import NO_OTHERS
from engine.campaign.plan import Offer, Plan, Step
from engine.decision import live, plans
from engine.shop import store
from tests.dashboard.plan_pages import approved, saved_plan


def test_past_campaigns_stand_in_the_lane_of_their_channel(open_app, demo_shop_dir):
    app = open_app(demo_shop_dir, "calendar")
    assert not app.exception
    assert len(app.get("plotly_chart")) == 1
    assert set(app.dataframe[0].value["channel"]) == {"E-mail", "SMS", "Push", "Social"}
    app.segmented_control(key="calendar.span").set_value("all").run()
    assert len(app.dataframe[0].value) == 60


def test_a_saved_plan_stands_beside_them_with_its_status(open_app, demo_shop):
    plan = Plan(plan_id="june", name="June sale", starts_at=date(2026, 6, 8), ends_at=date(2026, 6, 14), owner="Ana")
    plans.save(demo_shop, plan, {}, None, datetime(2026, 6, 1, tzinfo=UTC))
    table = open_app(demo_shop, "calendar").dataframe[0].value
    assert table.iloc[0]["name"] == "June sale"
    assert table.iloc[0]["status"] == "plan: draft"
    assert str(table.iloc[0]["ends_at"]) == "2026-06-14 23:59:00"


def test_filters_stand_in_the_address_and_an_address_opens_with_them(open_app, demo_shop_dir):
    app = open_app(demo_shop_dir, "calendar")
    app.pills(key="calendar.channel").set_value(["sms", "push"]).run()
    app.segmented_control(key="calendar.span").set_value("all").run()
    assert app.query_params["channel"] == ["sms", "push"]
    assert app.query_params["span"] == "all"
    shared = open_app(demo_shop_dir)
    shared.query_params["channel"], shared.query_params["span"] = ["sms"], "all"
    shared.switch_page("views/calendar.py").run()
    assert set(shared.dataframe[0].value["channel"]) == {"SMS"}
    assert shared.segmented_control(key="calendar.span").value == "all"


def test_an_address_with_nonsense_opens_with_the_usual(open_app, demo_shop_dir):
    app = open_app(demo_shop_dir)
    app.query_params["channel"], app.query_params["span"] = ["pigeon"], "for ever"
    app.switch_page("views/calendar.py").run()
    assert not app.exception
    assert app.segmented_control(key="calendar.span").value == "year"
    assert app.pills(key="calendar.channel").value == []


def test_filters_that_leave_nothing_say_so(open_app, demo_shop_dir, words):
    app = open_app(demo_shop_dir, "calendar")
    app.segmented_control(key="calendar.span").set_value("ahead").run()
    assert not app.exception
    assert "No campaign and no plan is like this" in words(app)


def test_plans_in_each_others_way_are_said_and_marked_and_lead_to_both(open_app, trained_shop, words):
    today = datetime.now(UTC).date()
    when = {"starts_at": today + timedelta(days=3), "ends_at": today + timedelta(days=9)}
    saved_plan(trained_shop, "one", name="One", **when)
    saved_plan(trained_shop, "other", name="Other", offer=Offer(kind="percent", discount=0.3), **when)
    app = open_app(trained_shop, "calendar")
    assert not app.exception
    shop = store.open_shop(trained_shop)
    both = [live.drawn(shop, plans.load(trained_shop, one).plan, NO_OTHERS).written_to for one in ("one", "other")]
    people = len(both[0] & both[1])
    assert 0 < people < len(segments.members(shop, ["s1"])), "not all can be reached, and some are held out"
    # The one saved last is listed first.
    assert f"{people:,} customers would get messages of both" in words(app)
    assert "The plan that is approved first keeps them" in words(app)
    assert "change the price of the same 120 products" in words(app)
    traces = json.loads(app.get("plotly_chart")[0].proto.spec)["data"]
    assert [trace["name"] for trace in traces] == ["past campaign", "plan: draft", "days with a collision", "message"]
    assert {one[0] for one in traces[2]["customdata"]} == {"one", "other"}
    links = {link.proto.query_string for link in app.get("page_link")}
    assert {"plan=one&tab=brief", "plan=other&tab=brief"} <= links
    assert app.dataframe[0].value["shared"].iloc[0] == people


def test_whom_an_approved_plan_keeps_does_not_get_both(open_app, trained_shop, words):
    today = datetime.now(UTC).date()
    when = {"starts_at": today + timedelta(days=3), "ends_at": today + timedelta(days=9), "holdout": 0.0}
    saved_plan(trained_shop, "one", name="One", **when)
    saved_plan(trained_shop, "other", name="Other", **when)
    approved(trained_shop, "other")
    app = open_app(trained_shop, "calendar")
    shop = store.open_shop(trained_shop)
    kept = len(live.drawn(shop, plans.load(trained_shop, "other").plan, NO_OTHERS).customers)
    assert f"“Other” was approved first and keeps {kept:,} customers" in words(app)
    assert "would get messages of both" not in words(app)
    traces = json.loads(app.get("plotly_chart")[0].proto.spec)["data"]
    assert "days with a collision" not in [trace["name"] for trace in traces]


def test_one_plan_alone_is_in_nobodys_way(open_app, trained_shop, words):
    saved_plan(trained_shop)
    assert "other's way" not in [element.value for element in open_app(trained_shop, "calendar").subheader]


def test_every_message_of_a_plan_is_a_mark(open_app, trained_shop):
    today = datetime.now(UTC).date()
    plan = Plan(plan_id="two", name="Two", starts_at=today, ends_at=today + timedelta(days=9), owner="Ana",
                steps=[Step(), Step(day=4)])  # fmt: skip
    plans.save(trained_shop, plan, {}, None, datetime.now(UTC))
    traces = json.loads(open_app(trained_shop, "calendar").get("plotly_chart")[0].proto.spec)["data"]
    assert traces[-1]["name"] == "message"
    assert [at[:10] for at in traces[-1]["x"]] == [str(today), str(today + timedelta(days=4))]


def test_a_shop_without_campaigns_is_led_to_a_first_plan(open_app, shop_without_campaigns, words):
    app = open_app(shop_without_campaigns, "calendar")
    assert not app.exception
    assert "Nothing ran" in words(app)
    assert app.button(key="calendar.to_plans")
