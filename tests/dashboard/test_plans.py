"""The list of plans."""

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
