"""Undo, earlier versions, and two windows on one plan."""

import pytest

from dashboard.views.plan_tabs import wording
from engine.campaign import planned
from engine.campaign.plan import Step
from engine.decision import plans
from engine.shop import store
from tests.dashboard.plan_pages import COPY, NOW, approved, page_of, resize, said, saved_plan, stored


def undo_button(app):
    return app.button(key="plan.undo")


def test_undo_says_what_it_takes_back_and_every_field_shows_it(open_app, trained_shop):
    saved_plan(trained_shop)
    app = page_of(open_app, trained_shop, "brief")
    assert undo_button(app).disabled
    app.number_input(key="brief.percent").set_value(20.0).run()
    assert undo_button(app).label == "Undo: Percent off 15 % → 20 %"
    undo_button(app).click().run()
    assert stored(trained_shop).plan.offer.discount == 0.15
    assert app.number_input(key="brief.percent").value == 15.0
    assert undo_button(app).disabled
    assert not app.error


def test_undo_survives_a_reload_and_goes_further_back(open_app, trained_shop):
    saved_plan(trained_shop)
    app = page_of(open_app, trained_shop, "brief")
    for name in ("Second", "Third"):
        app.text_input(key="brief.name").set_value(name).run()
    for name in ("Second", "Spring"):
        app = page_of(open_app, trained_shop, "brief")
        undo_button(app).click().run()
        assert app.text_input(key="brief.name").value == name
    app.text_input(key="brief.name").set_value("Fourth").run()
    assert stored(trained_shop).plan.name == "Fourth"
    assert undo_button(app).label == "Undo: Name of the plan Spring → Fourth"


def test_undo_brings_copy_and_half_typed_values_back(open_app, trained_shop):
    saved_plan(trained_shop, texts=COPY)
    app = page_of(open_app, trained_shop, "copy")
    app.text_input(key="copy.subject").set_value("Another subject").run()
    assert undo_button(app).label == "Undo: Subject"
    undo_button(app).click().run()
    assert app.text_input(key="copy.subject").value == COPY["subject"]
    app = page_of(open_app, trained_shop, "brief")
    app.number_input(key="brief.percent").set_value(None).run()
    assert undo_button(app).label == "Undo: Percent off 15 % → nothing"
    undo_button(app).click().run()
    assert app.number_input(key="brief.percent").value == 15.0


def test_an_undo_in_the_other_window_stays_and_is_told_beside_a_change_of_another_field(open_app, trained_shop):
    saved_plan(trained_shop)
    first, second = (page_of(open_app, trained_shop, "brief") for _ in range(2))
    first.text_input(key="brief.name").set_value("First").run()
    second.run()
    undo_button(second).click().run()
    first.text_input(key="brief.code").set_value("NEW").run()
    assert "taken in from theirs: Name of the plan" in said(first)
    assert (stored(trained_shop).plan.name, stored(trained_shop).plan.offer.code) == ("Spring", "NEW")


def test_undo_of_an_approved_plan_says_that_it_has_to_be_approved_anew(open_app, trained_shop):
    saved_plan(trained_shop)
    before = stored(trained_shop)
    plans.save(trained_shop, before.plan.model_copy(update={"name": "Approved"}), before.extras, before.version, NOW)
    approved(trained_shop)
    app = page_of(open_app, trained_shop, "approve")
    assert "approved anew" in undo_button(app).help
    undo_button(app).click().run()
    assert (stored(trained_shop).plan.name, stored(trained_shop).plan.status) == ("Spring", "draft")


def test_an_earlier_version_can_be_brought_back(open_app, trained_shop):
    saved_plan(trained_shop)
    app = page_of(open_app, trained_shop, "brief")
    app.text_input(key="brief.name").set_value("Second").run()
    app.number_input(key="brief.percent").set_value(30.0).run()
    app.session_state["plan.versions"] = True
    app.run()
    assert "Name of the plan: Spring → Second" in said(app)
    assert "Percent off: 15 % → 30 %" in said(app)
    app.button(key="plan.restore_1").click().run()
    assert (stored(trained_shop).plan.name, stored(trained_shop).plan.offer.discount) == ("Spring", 0.15)
    assert app.text_input(key="brief.name").value == "Spring"
    undo_button(app).click().run()
    assert stored(trained_shop).plan.name == "Second"


def test_a_further_message_reads_as_day_channel_and_condition(trained_shop):
    before = saved_plan(trained_shop)
    later = Step(day=3, channel="sms", condition="stop_if_bought")
    after = before.model_copy(update={"steps": [*before.steps, later]})
    (change,) = wording.changes(before, after, store.open_shop(trained_shop))
    assert (change.before, change.after) == ("nothing", "day 3 · SMS · English · not to those who bought")


def test_copy_of_a_translation_that_changed_is_named_with_its_language(trained_shop):
    before = saved_plan(trained_shop, steps=[Step(copy=COPY, translations={"zh": {"subject": "你好"}})])
    after = planned.with_texts(before, {"subject": "您好"}, 0, "zh")
    (change,) = wording.changes(before, after, store.open_shop(trained_shop))
    assert (change.field, change.before, change.after) == ("Subject, Chinese", "你好", "您好")


# --- two windows ---


def both_versions(app) -> list[list[str]]:
    """What the page shows of two versions: field, what was typed here, what is saved."""
    return [[str(one).replace("\\", "") for one in row] for row in app.table[0].value.reset_index().to_numpy()]


@pytest.mark.parametrize(("button", "kept"), [("brief.keep_mine", 25.0), ("brief.take_theirs", 20.0)])
def test_of_two_windows_on_a_brief_the_second_save_shows_both_in_words(open_app, trained_shop, button, kept):
    saved_plan(trained_shop)
    first, second = (page_of(open_app, trained_shop, "brief") for _ in range(2))
    first.number_input(key="brief.percent").set_value(20.0).run()
    first.multiselect(key="brief.groups").set_value([]).run()
    second.number_input(key="brief.percent").set_value(25.0).run()
    assert stored(trained_shop).plan.offer.discount == 0.2
    assert both_versions(second) == [["Percent off", "15 %", "25 %", "20 %"]], "the groups were changed by one only"
    second.button(key=button).click().run()
    assert stored(trained_shop).plan.offer.discount == kept / 100
    assert second.number_input(key="brief.percent").value == kept
    assert stored(trained_shop).plan.audience.segment_ids == []
    first.run()
    assert first.number_input(key="brief.percent").value == kept


@pytest.mark.parametrize(("button", "kept"), [("copy.keep_mine", "Second"), ("copy.take_theirs", "First")])
def test_of_two_windows_on_the_copy_the_second_save_shows_both(open_app, trained_shop, button, kept):
    saved_plan(trained_shop, texts=COPY)
    first, second = (page_of(open_app, trained_shop, "copy") for _ in range(2))
    first.text_input(key="copy.subject").set_value("First").run()
    second.text_input(key="copy.subject").set_value("Second").run()
    assert both_versions(second) == [["Subject", COPY["subject"], "Second", "First"]]
    assert stored(trained_shop).plan.steps[0].texts["subject"] == "First"
    second.button(key=button).click().run()
    assert stored(trained_shop).plan.steps[0].texts["subject"] == kept
    assert second.text_input(key="copy.subject").value == kept


@pytest.mark.parametrize(("button", "kept"), [("numbers.keep_mine", 0.25), ("numbers.take_theirs", 0.20)])
def test_of_two_windows_on_the_numbers_the_second_save_shows_both(open_app, trained_shop, button, kept):
    saved_plan(trained_shop)
    first, second = (page_of(open_app, trained_shop, "numbers") for _ in range(2))
    for app, percent in ((first, 20), (second, 25)):
        resize(app, percent)
    first.button(key="numbers.use").click().run()
    second.button(key="numbers.use").click().run()
    assert both_versions(second) == [["Percent off", "15 %", "25 %", "20 %"]]
    assert stored(trained_shop).plan.offer.discount == 0.2
    second.button(key=button).click().run()
    assert stored(trained_shop).plan.offer.discount == kept
    assert second.session_state["numbers.percent"] == 100 * kept


def test_settings_go_into_a_plan_that_somebody_else_changed_elsewhere(open_app, trained_shop):
    saved_plan(trained_shop)
    app = page_of(open_app, trained_shop, "numbers")
    resize(app, 20)
    saved = stored(trained_shop)
    theirs = saved.plan.model_copy(update={"holdout": 0.2})
    plans.save(trained_shop, theirs, {**saved.extras, "session": "another"}, saved.version, NOW)
    app.button(key="numbers.use").click().run()
    plan = stored(trained_shop).plan
    assert (plan.offer.discount, plan.holdout) == (0.2, 0.2)
    assert "taken in from theirs: Left out on purpose" in said(app)


def test_a_change_reads_in_the_language_of_the_page(trained_shop, monkeypatch):
    monkeypatch.setattr("dashboard.state.language", lambda: "zh")
    before = saved_plan(trained_shop)
    offer = before.offer.model_copy(update={"code": None, "min_spend": 30.0})
    after = before.model_copy(update={"objective": "vip", "offer": offer, "send_hour": 18})
    said = {one.field: (one.before, one.after) for one in wording.changes(before, after, store.open_shop(trained_shop))}
    assert said == {
        "目标": ("唤回老客户", "回馈重要客户"),
        "订单满多少可用，USD（留空为不限）": ("无", "$30"),
        "优惠码": ("SPRING15", "无"),
        "发送时间": ("10:00", "18:00"),
    }
