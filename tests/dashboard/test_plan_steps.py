"""A plan of several messages: written on its brief, shown to the second person, exported a line each."""

from dashboard import cache
from dashboard.views.plan_tabs import brief_form
from engine import settings
from engine.campaign.plan import Step
from engine.decision import approvals, cells
from engine.shop import store
from tests.dashboard.plan_pages import COPY, NOW, approved, at, page_of, said, saved_plan, stored

SMS, LAST = Step(day=3, channel="sms", copy={"body": "By SMS"}), Step(day=9, copy={"body": "Last call"})


def days_and_copy(shop) -> list[tuple]:
    return [(step.day, step.channel, step.texts.get("body")) for step in stored(shop).plan.steps[1:]]


def test_a_plan_of_one_message_shows_a_button_for_a_second_and_nothing_else(open_app, trained_shop):
    saved_plan(trained_shop)
    app = page_of(open_app, trained_shop, "brief")
    assert "Further messages" not in said(app)
    app.button(key="brief.add_message").click().run()
    [added] = stored(trained_shop).plan.steps[1:]
    assert (added.day, added.channel, added.language, added.condition) == (3, "email", "en", "stop_if_bought")
    assert "The first message goes out on 2026-06-08" in said(app)
    assert "Sent on 2026-06-11" in said(app)
    assert "the same 10 % get none of these messages" in said(app)


def test_messages_are_changed_and_removed_and_everything_is_there_after_a_visit_elsewhere(open_app, trained_shop):
    saved_plan(trained_shop, texts=COPY)
    app = page_of(open_app, trained_shop, "brief")
    app.button(key="brief.add_message").click().run()
    app.button(key="brief.add_message").click().run()
    at(app.selectbox, "brief.message_channel_0").set_value("sms").run()
    at(app.selectbox, "brief.message_language_1").set_value("zh").run()
    at(app.checkbox, "brief.message_condition_1").uncheck().run()
    app.button_group(key="plan.tab").set_value("result").run()
    app.button_group(key="plan.tab").set_value("brief").run()
    assert at(app.selectbox, "brief.message_channel_0").value == "sms"
    assert at(app.checkbox, "brief.message_condition_1").value is False
    first, second, third = stored(trained_shop).plan.steps
    assert first.texts == COPY
    assert (second.day, second.channel, second.condition) == (3, "sms", "stop_if_bought")
    assert (third.day, third.language, third.condition) == (6, "zh", None)
    at(app.button, "brief.message_remove_0").click().run()
    assert [step.day for step in stored(trained_shop).plan.steps] == [0, 6]


def test_a_message_on_a_later_day_moves_down_and_takes_its_copy_along(open_app, trained_shop):
    saved_plan(trained_shop, steps=[Step(copy=COPY), SMS, LAST])
    app = page_of(open_app, trained_shop, "brief")
    at(app.number_input, "brief.message_day_0").set_value(12).run()
    assert days_and_copy(trained_shop) == [(9, "email", "Last call"), (12, "sms", "By SMS")]
    assert at(app.number_input, "brief.message_day_0").value == 9
    at(app.number_input, "brief.message_day_0").set_value(20).run()
    assert days_and_copy(trained_shop) == [(12, "sms", "By SMS"), (20, "email", "Last call")]
    at(app.button, "brief.message_remove_0").click().run()
    assert days_and_copy(trained_shop) == [(20, "email", "Last call")]


def test_a_day_whose_run_was_cut_short_is_kept_by_the_next_one(open_app, trained_shop):
    saved_plan(trained_shop, steps=[Step(copy=COPY), SMS, LAST])
    app = page_of(open_app, trained_shop, "brief")
    # The next click ended the run before its callback had kept the day: the widget says it, the plan does not.
    app.session_state["brief.message_day_0"] = 12
    app.run()
    assert days_and_copy(trained_shop) == [(9, "email", "Last call"), (12, "sms", "By SMS")]


def test_a_second_click_on_a_place_that_another_message_has_by_then_removes_nothing(open_app, trained_shop):
    saved_plan(trained_shop, steps=[Step(copy=COPY), SMS, LAST])
    app = page_of(open_app, trained_shop, "brief")
    # As when somebody clicks twice before the page has answered the first click.
    app.session_state["brief.messages"] = app.session_state["brief.messages"][1:]
    at(app.button, "brief.message_remove_0").click().run()
    assert at(app.number_input, "brief.message_day_0").value == LAST.day


def test_two_messages_on_one_day_are_refused_in_a_sentence_and_kept(open_app, trained_shop):
    saved_plan(trained_shop, steps=[Step(copy=COPY), SMS, LAST])
    app = page_of(open_app, trained_shop, "brief")
    at(app.number_input, "brief.message_day_0").set_value(9).run()
    assert "Two messages come on the same day" in said(app)
    assert days_and_copy(trained_shop) == [(3, "sms", "By SMS"), (9, "email", "Last call")]
    app.button_group(key="plan.tab").set_value("result").run()
    app.button_group(key="plan.tab").set_value("brief").run()
    assert at(app.number_input, "brief.message_day_1").value == 9
    at(app.number_input, "brief.message_day_1").set_value(10).run()
    assert sorted(days_and_copy(trained_shop)) == [(9, "sms", "By SMS"), (10, "email", "Last call")]


def test_a_message_after_the_end_of_the_plan_is_said(open_app, trained_shop):
    saved_plan(trained_shop, steps=[Step(copy=COPY), SMS])
    app = page_of(open_app, trained_shop, "brief")
    assert "after the plan's last day" not in said(app)
    at(app.number_input, "brief.message_day_0").set_value(8).run()
    assert "after the plan's last day, 2026-06-15" in said(app)


def test_no_more_than_six_messages(open_app, trained_shop):
    steps = [Step(copy=COPY), *(Step(day=day) for day in range(1, brief_form.MOST_MESSAGES - 1))]
    saved_plan(trained_shop, steps=steps)
    app = page_of(open_app, trained_shop, "brief")
    app.button(key="brief.add_message").click().run()
    assert len(stored(trained_shop).plan.steps) == 6
    assert not [button for button in app.button if button.key == "brief.add_message"]


def test_every_message_needs_copy_before_the_plan_is_submitted(open_app, trained_shop):
    saved_plan(trained_shop, steps=[Step(copy=COPY), Step(day=3), LAST])
    app = page_of(open_app, trained_shop, "approve")
    assert "Message 2: There is no copy yet" in said(app)
    assert "Message 1" not in said(app)


def test_the_second_person_sees_every_message_and_the_export_has_a_line_for_each(open_app, trained_shop):
    plan = saved_plan(trained_shop, steps=[Step(copy=COPY), SMS.model_copy(update={"condition": "stop_if_bought"})])
    filled = {"subject": "Hello", "body": "First body", "1:body": "By SMS: reply STOP"}
    shop_id, config = store.open_shop(trained_shop).shop_id, settings.read().config
    approvals.submit(trained_shop, shop_id, plan, {}, "Ana", NOW, config, extras={"filled": filled})
    app = page_of(open_app, trained_shop, "approve")
    for words in ("Message 1: E-mail on 2026-06-08", "Message 2: SMS on 2026-06-11", "First body", "reply STOP"):
        assert words in said(app)
    assert "Not to those who bought" in said(app)


def test_the_files_on_the_export_tab_are_of_all_messages_and_say_who_was_left_out(open_app, trained_shop):
    saved_plan(trained_shop, steps=[Step(copy=COPY), SMS])
    approved(trained_shop)
    app = page_of(open_app, trained_shop, "export")
    shop, saved = store.open_shop(trained_shop), stored(trained_shop)
    reached = cache.audience.reach(shop, saved.plan)
    numbers = {metric.label: int(metric.value.replace(",", "")) for metric in app.metric}
    assert numbers["Get the message"] + numbers["Left out on purpose"] == len(reached.reachable)
    assert numbers["May not be written to"] == reached.size - len(reached.reachable) > 0
    assert len(app.get("progress")) == 2, "one line for each channel of the plan"
    result = cache.plans.exported(shop, saved, "Ana")
    plans, audience = cells.read_back(result.plans_csv), cells.read_back(result.audience_csv)
    assert plans[["step", "channel", "send_day"]].to_numpy().tolist() == [
        ["1", "email", "2026-06-08"], ["2", "sms", "2026-06-11"],
    ]  # fmt: skip
    assert audience["customer_id"].tolist() == reached.reachable
    by_email = audience["channels"].str.split("|").map(lambda by: "email" in by)
    assert int(by_email.sum()) == int(plans["audience_size"][0]) == len(reached.by_channel["email"].customer_ids)
