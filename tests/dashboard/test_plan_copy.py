"""The Copy tab: drafts in the background, a draft to choose, and copy that is checked as it is edited."""

import json
import sys
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from dashboard.views.plan_tabs import drafting
from dashboard.views.plan_tabs.saving import Open
from engine import jobs, settings
from engine.campaign.plan import Offer, Step
from engine.campaign.writer import opinions
from engine.campaign.writer.server import WriterServer
from engine.campaign.writer.turn import Turn
from engine.decision import plans
from engine.jobs import Job
from engine.shop import store
from tests.campaign.fake_writer import FakeServer
from tests.dashboard.plan_pages import COPY, page_of, said, saved_plan, stored

JOB = Job(
    job_id="j1", kind="draft-spring", state="lost", progress=None, message="", detail={}, result="",
    error="It stopped.", log="", started_at=datetime(2026, 6, 1, tzinfo=UTC), ended_at=None,
)  # fmt: skip


def opened(shop) -> Open:
    return Open(store.open_shop(shop), stored(shop))


def shown(app) -> str:
    """What the preview draws, as HTML."""
    return "\n".join(element.proto.body for element in app.get("html"))


def opened_panel(app, key):
    """The page after a folded part of it was opened."""
    app.session_state[key] = True
    return app.run()


def wait_for_drafts(shop, kind="draft-spring", seconds=60):
    """Until the latest drafting, or other writing, is over."""
    until = time.monotonic() + seconds
    while (job := jobs.latest(shop, kind)) is None or not job.is_over:
        assert time.monotonic() < until
        time.sleep(0.1)
    return job


def test_without_a_model_three_template_drafts_come_and_say_what_they_are(open_app, trained_shop):
    saved_plan(trained_shop)
    app = page_of(open_app, trained_shop, "copy")
    app.button(key="copy.draft").click().run()
    assert wait_for_drafts(trained_shop).state == "done"
    # A page opened anew, as after a reload in the middle of the work.
    app = page_of(open_app, trained_shop, "copy")
    text = said(app)
    assert text.count("From a template because") == 3
    assert "SPRING15" in text
    assert "15% off" in text
    assert len(stored(trained_shop).extras["drafts"]) == 3


def test_choosing_a_draft_gives_its_text_with_slots_to_edit(open_app, trained_shop):
    saved_plan(trained_shop)
    app = page_of(open_app, trained_shop, "copy")
    app.button(key="copy.draft").click().run()
    wait_for_drafts(trained_shop)
    app = page_of(open_app, trained_shop, "copy")
    app.button(key="copy.choose_1").click().run()
    saved = stored(trained_shop)
    assert saved.extras["chosen"] == saved.extras["drafts"][1]["draft_id"]
    assert "{discount}" in app.text_area(key="copy.body").value
    assert "15% off" in saved.extras["filled"]["body"]
    assert "The copy may be submitted: everything it claims" in said(app)


@pytest.mark.parametrize("state", ["lost", "failed"])
def test_where_the_writer_dies_templates_stand_in_for_what_is_missing(trained_shop, state):
    saved_plan(trained_shop)
    finished = {"draft_id": "d1", "writer": "model", "slots": COPY, "filled": COPY, "note": None}
    job = replace(JOB, state=state, detail={"drafts": {"0": {"draft": 0, "done": finished}, "1": {"text": "Hel"}}})
    found = drafting._drafts(opened(trained_shop), job)
    assert [draft["writer"] for draft in found] == ["model", "template", "template"]
    assert found[1]["note"] == "It stopped."


def test_work_that_was_stopped_keeps_only_what_was_finished(trained_shop):
    saved_plan(trained_shop)
    assert drafting._drafts(opened(trained_shop), replace(JOB, state="cancelled")) == []


def test_when_the_offer_changes_the_copy_follows_and_says_what_changed(open_app, trained_shop):
    saved_plan(trained_shop, texts={**COPY, "subject": "Only for you: 15% off"})
    page_of(open_app, trained_shop, "brief").number_input(key="brief.percent").set_value(20.0).run()
    assert stored(trained_shop).plan.steps[0].texts["subject"] == "Only for you: {discount}"
    app = page_of(open_app, trained_shop, "copy")
    (table,) = [one.value for one in app.table if "Before" in one.value.columns]
    subject = table[table["Part"] == "Subject"].iloc[0]
    assert (subject["Before"], subject["Now"]) == ("Only for you: 15% off", "Only for you: 20% off")
    app.button(key="copy.refilled_seen").click().run()
    assert not [one for one in app.table if "Before" in one.value.columns]
    assert stored(trained_shop).extras["refilled"] == []


def test_edited_copy_is_saved_with_its_facts_filled(open_app, trained_shop):
    saved_plan(trained_shop, texts=COPY)
    app = page_of(open_app, trained_shop, "copy")
    app.text_input(key="copy.subject").set_value("Only for you: {discount}").run()
    saved = stored(trained_shop)
    assert saved.plan.steps[0].texts["subject"] == "Only for you: {discount}"
    assert saved.extras["filled"]["subject"] == "Only for you: 15% off"


@pytest.mark.parametrize(
    ("part", "text", "refused"),
    [
        ("subject", "Get 40% off", "“40%”: the offer says 15% off"),
        ("call_to_action", "", "is empty"),
        ("subject", "With {gift}", "{gift}"),
        ("preheader", "x" * 200, "characters"),
    ],
)
def test_copy_that_says_something_else_than_the_brief_is_refused(open_app, trained_shop, part, text, refused):
    saved_plan(trained_shop, texts=COPY)
    app = page_of(open_app, trained_shop, "copy")
    app.text_input(key=f"copy.{part}").set_value(text).run()
    assert any(refused in element.value.replace("\\", "") for element in app.error)
    assert "may be submitted" not in said(app)
    approve = said(page_of(open_app, trained_shop, "approve"))
    assert "The check refuses something in the copy" in approve


def test_a_typed_fact_that_equals_the_brief_is_right(open_app, trained_shop):
    saved_plan(trained_shop, texts={**COPY, "subject": "Enjoy 15% off"})
    text = said(page_of(open_app, trained_shop, "copy"))
    assert "The copy may be submitted: everything it claims" in text
    assert "15% off" in text


def test_copy_can_be_written_without_any_draft(open_app, trained_shop):
    saved_plan(trained_shop)
    app = page_of(open_app, trained_shop, "copy")
    app.button(key="copy.own").click().run()
    app.text_input(key="copy.subject").set_value("Hello from {shop}").run()
    assert stored(trained_shop).plan.steps[0].texts["subject"] == "Hello from {shop}"


def test_another_discount_in_the_brief_fills_the_copy_anew(open_app, trained_shop):
    saved_plan(trained_shop, texts=COPY)
    app = page_of(open_app, trained_shop, "brief")
    app.number_input(key="brief.percent").set_value(25.0).run()
    assert "25% off" in stored(trained_shop).extras["filled"]["body"]


def test_a_brief_that_names_a_product_the_shop_lacks_is_told(open_app, trained_shop):
    saved_plan(trained_shop, product_ids=["nothing"], offer=Offer())
    app = page_of(open_app, trained_shop, "copy")
    app.button(key="copy.draft").click().run()
    assert "names the product nothing, which this shop does not have" in said(app)


def test_a_message_shows_money_stars_and_tags_as_they_are_typed(open_app, trained_shop):
    saved_plan(trained_shop, texts={**COPY, "headline": "Now *yours* for $5 or <b>$6</b>"})
    app = page_of(open_app, trained_shop, "copy")
    assert "Now *yours* for $5 or &lt;b&gt;$6&lt;/b&gt;" in shown(app)
    app.text_input(key="copy.headline").set_value("Simply yours").run()
    app = opened_panel(app, "copy.earlier")
    assert any(r"\*yours\* for \$5 or \<b\>" in element.value for element in app.markdown)


# --- a writer at an address ---


def answer(word: str) -> str:
    """A valid e-mail, told from others by one word."""
    return json.dumps(
        {
            "subject": f"{word} evenings for you",
            "preheader": f"{word} times are here.",
            "headline": f"{word} hours at home",
            "body": f"{word} are the days of {word.lower()} people. Enjoy {word.lower()} things.",
            "call_to_action": "See more",
        }
    )


@pytest.fixture
def writer(monkeypatch):
    """writer(*answers): a language model's server that the app uses from now on."""
    running = []

    def start(*answers):
        running.append(FakeServer(*answers))
        monkeypatch.setenv("OFFERLAB_LLM_URL", running[-1].url)
        return running[-1]

    yield start
    for one in running:
        one.close()


def until(true, seconds=60):
    """The first truth a question gives."""
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end
        time.sleep(0.1)
    return found


def test_the_first_draft_is_chosen_and_edited_while_the_others_are_written(open_app, trained_shop, writer):
    writer(answer("Soft"), {"text": answer("Calm"), "delay": 0.15}, answer("Quiet"))
    saved_plan(trained_shop)
    app = page_of(open_app, trained_shop, "copy")
    app.button(key="copy.draft").click().run()
    until(lambda: "done" in jobs.latest(trained_shop, "draft-spring").detail.get("drafts", {}).get("0", {}))
    app = page_of(open_app, trained_shop, "copy")  # anew, as after a reload
    app.button(key="copy.choose_0").click().run()
    assert not jobs.latest(trained_shop, "draft-spring").is_over
    app.text_input(key="copy.subject").set_value("My own subject").run()
    wait_for_drafts(trained_shop)
    app.run()
    assert app.text_input(key="copy.subject").value == "My own subject"
    assert app.text_input(key="copy.headline").value == "Soft hours at home"
    saved = stored(trained_shop)
    assert saved.plan.steps[0].texts["subject"] == "My own subject"
    assert [draft["writer"] for draft in saved.extras["drafts"]] == ["model"] * 3
    assert saved.extras["chosen"] == saved.extras["drafts"][0]["draft_id"]


def test_more_like_a_draft_gives_three_others_and_keeps_the_first_ones(open_app, trained_shop, writer):
    running = writer(*map(answer, ("Soft", "Calm", "Quiet", "Mild", "Gentle", "Warm")))
    saved_plan(trained_shop)
    app = page_of(open_app, trained_shop, "copy")
    app.button(key="copy.draft").click().run()
    wait_for_drafts(trained_shop)
    app = page_of(open_app, trained_shop, "copy")
    app.button(key="copy.like_1").click().run()
    wait_for_drafts(trained_shop)
    app = page_of(open_app, trained_shop, "copy")
    extras = stored(trained_shop).extras
    words = [[draft["slots"]["subject"].split()[0] for draft in extras[name]] for name in ("drafts", "drafts_before")]
    assert words == [["Mild", "Gentle", "Warm"], ["Soft", "Calm", "Quiet"]]
    assert "Calm evenings for you" in running.requests[-1]["messages"][2]["content"]
    app = opened_panel(app, "copy.drafts_before")
    app.button(key="copy.choose_3").click().run()
    assert stored(trained_shop).plan.steps[0].texts["subject"] == "Soft evenings for you"


def test_one_line_is_written_again_and_the_rest_stays(open_app, trained_shop, writer):
    running = writer(json.dumps({"subject": "Quiet evenings ahead"}))
    saved_plan(trained_shop, texts=COPY)
    app = page_of(open_app, trained_shop, "copy")
    app.button(key="copy.again_subject").click().run()
    wait_for_drafts(trained_shop, "line-spring")
    app = page_of(open_app, trained_shop, "copy")
    assert app.text_input(key="copy.subject").value == "Quiet evenings ahead"
    saved = stored(trained_shop)
    assert saved.plan.steps[0].texts == COPY | {"subject": "Quiet evenings ahead"}
    assert saved.extras["filled"]["subject"] == "Quiet evenings ahead"
    assert len(running.requests) == 1
    app.button(key="plan.undo").click().run()
    assert app.text_input(key="copy.subject").value == COPY["subject"]
    app.run()
    assert app.text_input(key="copy.subject").value == COPY["subject"], "the line is put in once"


def test_a_line_that_was_edited_meanwhile_is_left_alone(open_app, trained_shop, writer):
    writer({"text": json.dumps({"subject": "Quiet evenings ahead"}), "delay": 0.1})
    saved_plan(trained_shop, texts=COPY)
    app = page_of(open_app, trained_shop, "copy")
    app.button(key="copy.again_subject").click().run()
    app.text_input(key="copy.subject").set_value("My own").run()
    wait_for_drafts(trained_shop, "line-spring")
    app = page_of(open_app, trained_shop, "copy")
    assert app.text_input(key="copy.subject").value == "My own"
    assert "Quiet evenings ahead" in said(app)


def test_without_a_model_a_line_comes_from_a_template_and_that_is_said(open_app, trained_shop):
    saved_plan(trained_shop, texts=COPY)
    app = page_of(open_app, trained_shop, "copy")
    app.button(key="copy.again_headline").click().run()
    wait_for_drafts(trained_shop, "line-spring")
    app = page_of(open_app, trained_shop, "copy")
    assert app.text_input(key="copy.headline").value != COPY["headline"]
    assert "Headline: from a template" in said(app)


def test_writing_that_is_stopped_keeps_what_is_finished(open_app, trained_shop, writer):
    writer(answer("Soft"), {"text": answer("Calm"), "delay": 0.3})
    saved_plan(trained_shop)
    app = page_of(open_app, trained_shop, "copy")
    app.button(key="copy.draft").click().run()
    until(lambda: "done" in jobs.latest(trained_shop, "draft-spring").detail.get("drafts", {}).get("0", {}))
    app = page_of(open_app, trained_shop, "copy")
    app.button(key="copy.stop").click().run()
    assert jobs.latest(trained_shop, "draft-spring").state == "cancelled"
    app = page_of(open_app, trained_shop, "copy")
    assert [draft["slots"]["subject"] for draft in stored(trained_shop).extras["drafts"]] == ["Soft evenings for you"]
    assert "What was finished is kept" in said(app)


def test_the_place_in_the_line_is_shown_while_another_window_writes(open_app, trained_shop, tmp_path, monkeypatch):
    own = tmp_path / "own.gguf"
    own.write_bytes(b"GGUF my own")
    program = (sys.executable, "-m", "tests.campaign.fake_child")
    with WriterServer(own, settings.read(), program=program) as child, closing(Turn(child.endpoint(), "b")) as other:
        assert list(other.places()) == []  # the other window writes
        monkeypatch.setenv("OFFERLAB_LLM_URL", child.url)
        monkeypatch.setenv("OFFERLAB_LLM_KEY", child.key)
        saved_plan(trained_shop)
        page_of(open_app, trained_shop, "copy").button(key="copy.draft").click().run()
        until(lambda: "place" in jobs.latest(trained_shop, "draft-spring").detail.get("drafts", {}).get("0", {}))
        app = page_of(open_app, trained_shop, "copy")
        assert "number 1 in line" in said(app)
        app.button(key="copy.stop").click().run()


# --- counters, previews, earlier copies ---


def test_each_field_counts_what_customers_read(open_app, trained_shop):
    saved_plan(trained_shop, texts=COPY | {"subject": "Enjoy {discount}", "preheader": "x" * 95})
    text = said(page_of(open_app, trained_shop, "copy"))
    assert "13 of 60 characters" in text  # Enjoy 15% off
    assert "95 of 90 characters: 5 too many" in text


def test_each_field_can_be_copied_as_customers_read_it(open_app, trained_shop):
    saved_plan(trained_shop, texts=COPY)
    app = page_of(open_app, trained_shop, "copy")
    buttons = [element.proto for element in app.get("bidi_component")]
    assert len(buttons) == 5
    assert "Enter SPRING15 at checkout and get 15% off, until 15 June." in str(buttons[3])
    assert "Copy: Text, as customers read it" in str(buttons[3])


def test_the_preview_stays_the_one_that_was_chosen(open_app, trained_shop):
    saved_plan(trained_shop, texts=COPY)
    app = page_of(open_app, trained_shop, "copy")
    assert "E-mail as it looks when opened" in shown(app)
    assert "12 Garden Street, Springfield<br>You can unsubscribe at any time." in shown(app)
    app.button_group(key="copy.view").set_value("inbox").run()
    assert "in the list of a mailbox" in shown(app)
    assert "It is waiting for you" in shown(app)
    app.switch_page("views/plans.py").run()
    app.switch_page("views/plan.py").run()
    assert "in the list of a mailbox" in shown(app)


def test_an_earlier_copy_is_shown_and_brought_back(open_app, trained_shop):
    saved_plan(trained_shop, texts=COPY)
    app = page_of(open_app, trained_shop, "copy")
    app.text_input(key="copy.subject").set_value("Another").run()
    app.text_area(key="copy.body").set_value("With {code} you get {discount} until {ends_at}.").run()
    app = opened_panel(app, "copy.earlier")
    assert "edited by hand" in said(app)
    app.button(key="copy.bring_back_1").click().run()
    saved = stored(trained_shop)
    assert saved.plan.steps[0].texts == COPY
    assert "15% off" in saved.extras["filled"]["body"]
    assert app.text_input(key="copy.subject").value == COPY["subject"]


# --- a plan of several messages ---

SMS = {"body": "{shop}: {discount} with {code} until {ends_at}."}


def test_each_message_has_its_own_copy(open_app, trained_shop):
    saved_plan(trained_shop, steps=[Step(copy=COPY), Step(day=3, channel="sms", copy=SMS)])
    app = page_of(open_app, trained_shop, "copy")
    messages = app.button_group(key="copy.step.spring")
    assert messages.options == ["1 · day 0 · E-mail", "2 · day 3 · SMS"]
    messages.set_value(1).run()
    assert "SMS as it looks on a phone" in shown(app)
    app.text_area(key="copy:1.body").set_value("{shop}: only {discount}, with {code}, until {ends_at}.").run()
    saved = stored(trained_shop)
    assert saved.plan.steps[0].texts == COPY
    assert saved.plan.steps[1].texts["body"].startswith("{shop}: only")
    assert "only 15% off" in saved.extras["filled"]["1:body"]
    app.switch_page("views/plans.py").run()
    app.switch_page("views/plan.py").run()
    assert app.text_area(key="copy:1.body").value.startswith("{shop}: only")


def test_drafts_of_a_later_message_are_kept_apart(open_app, trained_shop):
    saved_plan(trained_shop, steps=[Step(copy=COPY), Step(day=3, channel="sms")])
    app = page_of(open_app, trained_shop, "copy")
    app.button_group(key="copy.step.spring").set_value(1).run()
    app.button(key="copy.draft").click().run()
    wait_for_drafts(trained_shop, "draft-spring:1")
    app.run()
    app.button(key="copy.choose_0").click().run()
    saved = stored(trained_shop)
    assert "drafts" not in saved.extras
    assert saved.extras["chosen:1"] == saved.extras["drafts:1"][0]["draft_id"]
    assert saved.plan.steps[0].texts == COPY
    assert "15% off" in saved.extras["filled"]["1:body"]


def test_a_message_that_is_gone_is_not_asked_for(open_app, trained_shop):
    saved_plan(trained_shop, steps=[Step(copy=COPY), Step(day=3, channel="sms", copy=SMS), Step(day=5, copy=COPY)])
    app = page_of(open_app, trained_shop, "copy")
    app.button_group(key="copy.step.spring").set_value(2).run()
    saved = stored(trained_shop)
    shorter = saved.plan.model_copy(update={"steps": saved.plan.steps[:2]})
    plans.save(trained_shop, shorter, saved.extras, saved.version, datetime(2026, 6, 2, tzinfo=UTC))
    app.run()
    assert not app.exception
    assert app.button_group(key="copy.step.spring").value in (0, 1)


# --- text messages, first names ---

ENGLISH = {**COPY, "subject": "A word from {shop}"}
WHOLE_SMS = {
    "body": "{shop}: {discount} with {code} until {ends_at}. " + "A quiet evening at home is a good thing. " * 3
}


def test_a_text_message_says_how_many_parts_are_paid_for_each_customer(open_app, trained_shop):
    chinese = {"body": "输入{code}享{discount}，{ends_at}前有效。"}
    saved_plan(trained_shop, steps=[Step(channel="sms", copy=WHOLE_SMS, translations={"zh": chinese})])
    app = page_of(open_app, trained_shop, "copy")
    assert "2 parts, 2 × $0.05 per customer; 195 characters" in said(app)
    assert "1 part, 1 × $0.05 per customer" in said(app)  # the Chinese one
    assert sum("拒收请回复R" in one.value for one in app.markdown) == 1  # as it is sent, beside the English one
    assert "Reply STOP to opt out" in shown(app)
    app.text_area(key="copy.body").set_value("{shop}: {discount} with {code} until {ends_at}. It’s here.").run()
    assert "’ is not in the plain alphabet of text messages" in said(app)


def test_the_first_name_is_shown_by_a_word_or_an_example_and_copied_as_the_tools_tag(open_app, trained_shop):
    store.save_settings(store.open_shop(trained_shop), {"mail_tool": "klaviyo"})
    saved_plan(trained_shop, texts={**ENGLISH, "headline": "Hi {first_name}, something new"})
    app = page_of(open_app, trained_shop, "copy")
    assert "Hi there, something new" in shown(app)
    assert "The copy may be submitted" in said(app)
    app.toggle(key="copy.with_name").set_value(True).run()
    assert "Hi Anna, something new" in shown(app)


def test_a_channel_without_names_refuses_the_first_name(open_app, trained_shop):
    note = {"headline": "Hi {first_name}", "body": "Get {discount} with {code}, until {ends_at}."}
    saved_plan(trained_shop, steps=[Step(channel="xiaohongshu", copy=note)])
    app = page_of(open_app, trained_shop, "copy")
    assert any("this brief has no {first_name}" in error.value.replace("\\", "") for error in app.error)


@pytest.mark.parametrize(
    ("channel", "copy", "alt"),
    [
        ("wecom", {"body": "A quiet evening, from {shop}."}, "WeCom as it looks on a phone"),
        ("product_page", {"headline": "For evenings", "body": "Made for evenings."}, "Product page as it looks when"),
    ],
)
def test_the_newer_channels_are_written_and_shown(open_app, trained_shop, channel, copy, alt):
    saved_plan(trained_shop, steps=[Step(channel=channel, copy=copy)], offer=Offer())
    app = page_of(open_app, trained_shop, "copy")
    assert alt in shown(app)
    assert "The copy may be submitted" in said(app)


# --- both languages ---


def test_one_click_writes_every_message_in_both_languages_and_leaves_what_is_there(open_app, trained_shop):
    saved_plan(trained_shop, steps=[Step(copy=COPY), Step(day=3, channel="sms")])
    app = page_of(open_app, trained_shop, "copy")
    app.button(key="copy.write_both").click().run()
    assert wait_for_drafts(trained_shop, "each-spring").state == "done"
    app = page_of(open_app, trained_shop, "copy")
    saved = stored(trained_shop)
    email, text_message = saved.plan.steps
    assert email.texts == COPY
    assert email.languages == text_message.languages == ("en", "zh")
    assert "8.5折" in saved.extras["filled"]["0:zh:body"]
    assert "SPRING15" in saved.extras["filled"]["1:zh:body"]
    assert "Both say the same facts: `{discount}`  ·  `{code}`  ·  `{ends_at}`" in said(app)
    assert "Every message of this plan is there in both languages." in said(app)


def bilingual(shop):
    chinese = {
        "subject": "广告：{shop}的小心意", "preheader": "等您来看", "headline": "新的一季",
        "body": "结账时输入{code}，可享{discount}，{ends_at}前有效。", "call_to_action": "去看看",
    }  # fmt: skip
    return saved_plan(shop, steps=[Step(copy=ENGLISH, translations={"zh": chinese})])


def test_what_only_one_language_says_is_named(open_app, trained_shop):
    bilingual(trained_shop)
    app = page_of(open_app, trained_shop, "copy")
    assert "Both say the same facts" in said(app)
    app.text_area(key="copy:zh.body").set_value("输入{code}，{ends_at}前有效。").run()
    assert "Only the English copy says `{discount}`" in said(app)
    assert stored(trained_shop).plan.steps[0].translations["zh"]["body"] == "输入{code}，{ends_at}前有效。"


def test_a_plan_is_submitted_only_when_both_its_languages_are_right(open_app, trained_shop):
    bilingual(trained_shop)
    app = page_of(open_app, trained_shop, "copy")
    app.text_area(key="copy:zh.body").set_value("可享5折，{code}，{ends_at}前有效。").run()
    blocked = said(page_of(open_app, trained_shop, "approve"))
    assert "Chinese: The check refuses something in the copy" in blocked
    app.text_area(key="copy:zh.body").set_value("可享{discount}，{code}，{ends_at}前有效。").run()
    assert "可享8.5折，SPRING15" in said(page_of(open_app, trained_shop, "approve"))


def test_a_language_can_be_removed_again(open_app, trained_shop):
    bilingual(trained_shop)
    app = page_of(open_app, trained_shop, "copy")
    app.button(key="copy:zh.remove").click().run()
    assert stored(trained_shop).plan.steps[0].languages == ("en",)
    assert "0:zh:body" not in stored(trained_shop).extras["filled"]


def test_another_language_in_the_brief_takes_its_translation_with_it(open_app, trained_shop):
    bilingual(trained_shop)
    app = page_of(open_app, trained_shop, "brief")
    app.selectbox(key="brief.language").set_value("zh").run()
    step = stored(trained_shop).plan.steps[0]
    assert (step.language, step.texts["headline"], step.translations["en"]) == ("zh", "新的一季", ENGLISH)


def test_the_best_three_of_eight_are_shown_and_the_others_can_be_looked_at(open_app, trained_shop, writer):
    words = ("Soft", "Calm", "Quiet", "Mild", "Gentle", "Warm", "Slow", "Fresh")
    writer(*map(answer, words))
    saved_plan(trained_shop)
    app = page_of(open_app, trained_shop, "copy")
    assert app.button(key="copy.draft_many").label == "Write eight and choose the best three"
    app.button(key="copy.draft_many").click().run()
    wait_for_drafts(trained_shop)
    app = page_of(open_app, trained_shop, "copy")
    extras = stored(trained_shop).extras
    assert (len(extras["drafts"]), len(extras["drafts_left"])) == (3, 5)
    assert said(app).count("Chosen: at most") == 3
    assert "(about " in app.button(key="copy.draft_many").label  # by the eight that were written
    app = opened_panel(app, "copy.drafts_left")
    assert said(app).count("Not chosen: ") == 5
    app.button(key="copy.choose_left_0").click().run()
    subject = extras["drafts_left"][0]["slots"]["subject"]
    assert stored(trained_shop).plan.steps[0].texts["subject"] == subject


def test_thumbs_and_the_edits_of_a_submitted_plan_are_kept_with_the_shop(open_app, trained_shop):
    saved_plan(trained_shop)
    app = page_of(open_app, trained_shop, "copy")
    app.button(key="copy.draft").click().run()
    wait_for_drafts(trained_shop)
    app = page_of(open_app, trained_shop, "copy", language="zh")
    draft_ids = [draft["draft_id"] for draft in stored(trained_shop).extras["drafts"]]
    app.feedback(key=f"copy.thumb_0.{draft_ids[0]}").set_value(1).run()
    app.feedback(key=f"copy.thumb_1.{draft_ids[1]}").set_value(0).run()
    assert not app.exception
    assert opinions.thumbs(trained_shop) == {draft_ids[0]: True, draft_ids[1]: False}
    app = page_of(open_app, trained_shop, "copy")  # as after a reload
    assert app.feedback(key=f"copy.thumb_0.{draft_ids[0]}").value == 1
    app.feedback(key=f"copy.thumb_1.{draft_ids[1]}").set_value(None).run()
    assert opinions.thumbs(trained_shop) == {draft_ids[0]: True}
    app.button(key="copy.choose_0").click().run()
    app.text_input(key="copy.subject").set_value("My own subject").run()
    drafting.keep_edits(opened(trained_shop))
    (kept,) = opinions.opinions(trained_shop, "en", ["edited"], 9)
    assert (kept.draft_id, kept.slots["subject"]) == (draft_ids[0], "My own subject")
