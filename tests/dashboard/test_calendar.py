from datetime import UTC, date, datetime

from engine.campaign.plan import Plan
from engine.decision import plans


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


def test_a_shop_without_campaigns_is_led_to_customers(open_app, shop_without_campaigns, words):
    app = open_app(shop_without_campaigns, "calendar")
    assert not app.exception
    assert "Nothing ran" in words(app)
    assert app.button(key="calendar.to_customers")
