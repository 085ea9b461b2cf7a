"""A person says what became of a plan; the list of learnings and the next brief show it."""

from datetime import date

import pandas as pd
import pytest

from dashboard import widgets
from engine import settings
from engine.decision import cells, conclusions, export, ledger, live, plans
from engine.shop import store
from tests.dashboard.plan_pages import NOW, approved, at, page_of, said, saved_plan, stored


@pytest.fixture
def sent(demo_shop):
    """The demo shop with a plan that left."""
    saved_plan(demo_shop)
    approved(demo_shop)
    shop = store.open_shop(demo_shop)
    config = settings.read().config
    export.export_plans(shop.path, shop.shop_id, None, lambda _: ["c00001"], NOW, config, plan_ids=["spring"])
    return demo_shop


def conclude(shop_dir, plan_id="spring", choice="change", reason="Too dear for lapsed customers."):
    shop = store.open_shop(shop_dir)
    conclusions.conclude(
        shop.path, shop.shop_id, plan_id, choice, "Bo", "Bo", reason, NOW, settings.read().config,
        measured={"basis": "incremental", "window_days": 7, "sent": 900, "held_out": 100, "orders": 40,
                  "extra_orders": 12.0, "extra_orders_low": 3.0, "extra_orders_high": 21.0,
                  "known_until": "2026-06-20"},
    )  # fmt: skip


def test_a_person_chooses_and_says_why_and_nothing_is_chosen_beforehand(open_app, sent):
    app = page_of(open_app, sent, "result")
    assert "Nothing was measured of this plan yet" in said(app)
    assert at(app.radio, "conclude.choice").value is None
    at(app.button, "conclude.save").click().run()
    assert "Choose one of the four first" in said(app)
    at(app.radio, "conclude.choice").set_value("again").run()
    at(app.text_area, "conclude.reason").set_value("We sent it too late.").run()
    at(app.button, "conclude.save").click().run()
    assert "We sent it too late." in said(app)
    shop = store.open_shop(sent)
    last = ledger.entries(shop.path, shop.shop_id, settings.read().config, "spring")[-1]
    assert (last.action, last.payload["choice"], last.payload["suggested"]) == ("concluded", "again", None)
    assert at(app.radio, "conclude.choice").value is None and at(app.text_area, "conclude.reason").value == ""


def test_a_draft_has_nothing_to_conclude(open_app, demo_shop):
    saved_plan(demo_shop)
    assert "What next?" not in said(page_of(open_app, demo_shop, "result"))


def test_the_next_plan_shows_what_was_learned_of_the_one_before(open_app, sent, monkeypatch):
    monkeypatch.setattr(widgets, "now", lambda: NOW)
    conclude(sent)
    app = page_of(open_app, sent, "result")
    assert "12 extra orders because we wrote (95 %: 3 to 21), 900 sent against 100 left out" in said(app)
    at(app.button, "conclude.next").click().run()
    assert not app.exception
    made = next(one for one in plans.saved_plans(sent) if one.plan.plan_id != "spring")
    assert made.extras[plans.MADE_FROM] == "spring" and made.plan.status == "draft"
    assert made.plan.starts_at == date(2026, 6, 22) and stored(sent).plan.status == "exported"
    assert not live.overlap(stored(sent).plan, made.plan)  # whose customers would be left to the one before
    brief = page_of(open_app, sent, "brief", made.plan.plan_id)
    assert "Too dear for lapsed customers." in said(brief)


@pytest.mark.parametrize(("language", "words"), [("en", "concluded by Bo"), ("zh", "Bo 于")])
def test_the_approve_tab_tells_of_a_conclusion(open_app, sent, language, words):
    conclude(sent)
    told = said(page_of(open_app, sent, "approve", language=language))
    assert words in told and "Too dear for lapsed customers." in told


@pytest.mark.parametrize("language", ["en", "zh"])
def test_learnings_are_listed_searched_and_downloaded(open_app, sent, language):
    conclude(sent)
    app = open_app(sent, "results", language, look="learnings")
    assert not app.exception
    assert list(app.dataframe[0].value["name"]) == ["Spring"]
    at(app.text_input, "learnings.text").set_value("coffee").run()
    assert not app.dataframe and not app.exception
    at(app.text_input, "learnings.text").set_value("lapsed").run()
    assert list(app.dataframe[0].value["by"]) == ["Bo"]
    assert app.get("download_button")


def test_without_any_conclusion_the_list_says_where_to_make_one(open_app, demo_shop, words):
    app = open_app(demo_shop, "results", look="learnings")
    assert not app.exception and "Nothing was concluded yet" in words(app)


def test_the_file_is_safe_in_a_spreadsheet(sent):
    conclude(sent, reason="=1+1")
    from dashboard import printed
    from engine.outcome import concluding

    shop = store.open_shop(sent)
    table = concluding.as_table(conclusions.learned(shop, settings.read().config))
    content = printed.spreadsheet(table)
    assert b'"=1+1' not in content and b"'=1+1" in content
    assert cells.read_back(content).loc[0, "reason"] == "=1+1"
    assert pd.notna(table.loc[0, "extra_orders"])
