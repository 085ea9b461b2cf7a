"""The list of plans, and the ways to begin one."""

from datetime import UTC, date, datetime

import pandas as pd

from engine.campaign.plan import GOALS
from engine.decision import plans
from tests.dashboard.plan_pages import approved, said, saved_plan


def test_a_new_plan_is_saved_with_its_group_and_goal(open_app, trained_shop):
    app = open_app(trained_shop, "plans")
    app.text_input(key="plans.name").set_value("Winter launch")
    app.selectbox(key="plans.goal").set_value("launch")
    app.multiselect(key="plans.groups").set_value(["s2"])
    app.button(key="plans.start").click().run()
    assert not app.exception
    plan = plans.load(trained_shop, "winter-launch").plan
    assert (plan.name, plan.objective, plan.audience.segment_ids) == ("Winter launch", "launch", ["s2"])
    assert plan.ends_at > plan.starts_at
    assert app.title[0].value == "Winter launch", "the page of the new plan is opened"


def test_a_plan_without_a_name_is_not_started(open_app, trained_shop):
    app = open_app(trained_shop, "plans")
    app.button(key="plans.start").click().run()
    assert "Give the plan a name" in said(app)
    assert len(plans.listed(trained_shop)) == 0


def test_the_list_says_what_a_plan_is_and_where_it_stands(open_app, trained_shop):
    saved_plan(trained_shop)
    approved(trained_shop)
    text = said(open_app(trained_shop, "plans"))
    for words in ("Spring", "approved", "E-mail", "15% off", "2026-06-08 to 2026-06-15", "Ana"):
        assert words in text


def test_the_filter_shows_only_plans_of_the_chosen_status(open_app, trained_shop):
    saved_plan(trained_shop)
    saved_plan(trained_shop, "autumn", name="Autumn")
    approved(trained_shop, "autumn")
    app = open_app(trained_shop, "plans")
    app.pills(key="plans.filter").set_value(["approved"]).run()
    assert "**Autumn**" in said(app)
    assert "**Spring**" not in said(app)


def test_a_copy_of_a_plan_is_a_draft_with_the_same_content(open_app, trained_shop):
    saved_plan(trained_shop)
    approved(trained_shop)
    app = open_app(trained_shop, "plans")
    app.button(key="plans.duplicate.spring").click().run()
    copies = [saved for saved in plans.saved_plans(trained_shop) if saved.plan.plan_id != "spring"]
    assert [(saved.plan.status, saved.plan.offer.code) for saved in copies] == [("draft", "SPRING15")]


def test_without_groups_the_list_says_to_make_them(open_app, empty_shop):
    app = open_app(empty_shop, "plans")
    assert "no customer groups yet" in said(app)


def test_without_a_shop_the_list_says_how_to_get_one(open_app):
    assert "No shop is open yet" in said(open_app(None, "plans"))


def test_an_address_of_a_plan_that_is_gone_says_so(open_app, trained_shop):
    app = open_app(trained_shop)
    app.query_params["plan"] = "gone"
    assert "no plan gone" in said(app.switch_page("views/plan.py").run())


def test_the_list_is_chinese_where_the_page_is(open_app, trained_shop):
    saved_plan(trained_shop)
    text = said(open_app(trained_shop, "plans", language="zh"))
    assert "活动方案" in text
    assert "8.5折" in text


# --- starting plans and past campaigns ---


def test_one_click_makes_a_whole_plan_and_opens_it(open_app, trained_shop):
    app = open_app(trained_shop, "plans")
    app.button(key="plans.begin.win_back").click().run()
    assert not app.exception
    (saved,) = plans.saved_plans(trained_shop)
    plan = saved.plan
    assert plan.objective == "win_back"
    assert "recency_days" in plan.audience.rule
    assert plan.offer.code
    assert app.title[0].value.startswith("Win back")
    reasons = saved.extras["reasons"]
    assert reasons[0]["key"] == "starting.who_win_back"
    assert int(reasons[0]["values"]["customers"].replace(",", "")) > 0


def test_two_plans_of_one_goal_have_two_codes(open_app, trained_shop):
    for _ in range(2):
        open_app(trained_shop, "plans").button(key="plans.begin.win_back").click().run()
    codes = {saved.plan.offer.code for saved in plans.saved_plans(trained_shop)}
    assert len(codes) == 2


def test_each_card_says_to_how_many_it_would_write_and_why_now(open_app, trained_shop):
    app = open_app(trained_shop, "plans")
    text = said(app)
    for goal in GOALS:
        assert not app.button(key=f"plans.begin.{goal}").disabled
    assert "have not ordered for more than" in text
    assert "customers · E-mail · from" in text


def test_a_goal_the_shop_has_no_data_for_says_what_it_needs(open_app, demo_shop):
    products = demo_shop / "tables" / "products.parquet"
    pd.read_parquet(products).drop(columns="stock").to_parquet(products)
    app = open_app(demo_shop, "plans")
    assert app.button(key="plans.begin.overstock").disabled
    assert "needs the stock of products" in said(app)
    assert not app.button(key="plans.begin.win_back").disabled


def test_a_shop_without_data_says_so_once(open_app, empty_shop):
    text = said(open_app(empty_shop, "plans"))
    assert text.count("no orders and no messages yet") == 1
    assert "no past campaign yet" in text


def test_a_past_campaign_becomes_a_plan_again(open_app, trained_shop):
    app = open_app(trained_shop, "plans")
    app.selectbox(key="plans.past").set_value("k45").run()
    assert "extra orders per 1,000" in said(app)
    app.button(key="plans.repeat").click().run()
    assert not app.exception
    (saved,) = plans.saved_plans(trained_shop)
    assert saved.plan.audience.rule == "was sent k45"
    assert saved.plan.offer.discount == 0.15
    assert saved.plan.offer.code in saved.extras["filled"]["body"]


def test_a_copy_of_a_plan_that_is_over_lies_ahead(open_app, trained_shop):
    saved_plan(trained_shop, starts_at=date(2024, 6, 7), ends_at=date(2024, 6, 14))
    open_app(trained_shop, "plans").button(key="plans.duplicate.spring").click().run()
    (copy,) = [saved.plan for saved in plans.saved_plans(trained_shop) if saved.plan.plan_id != "spring"]
    assert copy.starts_at > datetime.now(UTC).date()
    assert copy.starts_at.weekday() == date(2024, 6, 7).weekday()
    assert (copy.ends_at - copy.starts_at).days == 7


# --- looking for a plan ---


def test_plans_are_found_by_name_and_sorted(open_app, trained_shop):
    saved_plan(trained_shop, "b", name="Bravo")
    saved_plan(trained_shop, "a", name="Alpha")
    app = open_app(trained_shop, "plans")
    app.segmented_control(key="plans.sort").set_value("name").run()
    text = said(app)
    assert text.index("**Alpha**") < text.index("**Bravo**")
    app.text_input(key="plans.search").set_value("brav").run()
    assert "**Alpha**" not in said(app)
    app.text_input(key="plans.search").set_value("zzz").run()
    assert "No plan looks like that" in said(app)


def test_the_filter_survives_another_page(open_app, trained_shop):
    saved_plan(trained_shop)
    app = open_app(trained_shop, "plans")
    app.pills(key="plans.filter").set_value(["approved"]).run()
    app.switch_page("views/calendar.py").run()
    app.switch_page("views/plans.py").run()
    assert app.pills(key="plans.filter").value == ["approved"]
