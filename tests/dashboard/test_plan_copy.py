"""The Copy tab: drafts in the background, a draft to choose, and copy that is checked as it is edited."""

import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from dashboard.views.plan_tabs import drafting
from dashboard.views.plan_tabs.saving import Open
from engine import jobs
from engine.campaign.plan import Offer
from engine.jobs import Job
from engine.shop import store
from tests.dashboard.plan_pages import COPY, page_of, said, saved_plan, stored

JOB = Job(
    job_id="j1", kind="draft-spring", state="lost", progress=None, message="", detail={}, result="",
    error="It stopped.", log="", started_at=datetime(2026, 6, 1, tzinfo=UTC), ended_at=None,
)  # fmt: skip


def opened(shop) -> Open:
    return Open(store.open_shop(shop), stored(shop))


def wait_for_drafts(shop, seconds=60):
    """Until the latest drafting is over."""
    until = time.monotonic() + seconds
    while (job := jobs.latest(shop, "draft-spring")) is None or not job.is_over:
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
    assert "The copy may be submitted." in said(app)


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
        ("subject", "Get 40% off", "“40”: a typed figure"),
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
    assert "The copy may be submitted." in text
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


def test_a_message_shows_money_and_stars_as_they_are_typed(open_app, trained_shop):
    saved_plan(trained_shop, texts={**COPY, "headline": "Now *yours* for $5 or $6"})
    app = page_of(open_app, trained_shop, "copy")
    assert any(r"\*yours\* for \$5 or \$6" in element.value for element in app.markdown)
