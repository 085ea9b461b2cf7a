"""A test on a part before the rest: set up on Brief, sent in two stages on Export, decided on Result."""

from datetime import UTC, date, datetime, timedelta

import pytest

from dashboard import widgets
from engine import settings
from engine.campaign.plan import Audience, FirstTest
from engine.decision import export, ledger
from engine.shop import store
from tests.dashboard.plan_pages import NOW, approved, at, clicks, page_of, said, saved_plan, stored

RULE = FirstTest(share=0.5, wait_hours=12, metric="clicks")


@pytest.fixture
def staged(demo_shop):
    """An approved plan for everybody who ordered, whose two variants are tried on half of them."""
    saved_plan(
        demo_shop, audience=Audience(rule="orders >= 1"), variants=["A", "B"], test=RULE, holdout=0.1,
        starts_at=date(2026, 6, 1),
    )  # fmt: skip
    approved(demo_shop)
    return demo_shop


def leave(shop_dir, days=0):
    shop = store.open_shop(shop_dir)
    return export.export_plans(
        shop.path, shop.shop_id, None, lambda plan: export.audience(shop, plan), NOW + timedelta(days=days),
        settings.read().config, plan_ids=["spring"],
    )  # fmt: skip


def test_the_brief_takes_variants_and_the_rule_and_says_what_it_would_see(open_app, demo_shop):
    saved_plan(demo_shop, audience=Audience(rule="orders >= 1"))
    app = page_of(open_app, demo_shop, "brief")
    at(app.toggle, "brief.test_first").set_value(True).run()
    assert "at least two variants" in said(app)
    at(app.multiselect, "brief.variants").set_value(["Short", "Long"]).run()
    assert "What Short, Long say is not in Offerlab" in said(app)
    # 346 customers per variant, of whom 2 % order.
    assert "too few to ever see anything" in said(app)
    assert stored(demo_shop).plan.test == FirstTest()
    at(app.selectbox, "brief.test_metric").set_value("clicks").run()
    at(app.slider, "brief.test_share").set_value(95).run()
    assert "would see a lift of" in said(app) and "customers per variant" in said(app)
    at(app.number_input, "brief.test_hours").set_value(48).run()
    at(app.selectbox, "brief.test_otherwise").set_value("nothing").run()
    plan = stored(demo_shop).plan
    assert (plan.variants, plan.test.wait_hours, plan.test.otherwise) == (["Short", "Long"], 48, "nothing")
    at(app.toggle, "brief.test_first").set_value(False).run()
    assert stored(demo_shop).plan.test is None and not app.exception


def test_the_export_tab_leads_through_both_stages(open_app, staged):
    app = page_of(open_app, staged, "export")
    words = said(app)
    counts = export.cut_today(
        store.open_shop(staged), stored(staged).plan, settings.read().config,
        export.audience(store.open_shop(staged), stored(staged).plan),
    )  # fmt: skip
    assert f"{len(counts.waiting):,}" in words
    names = [one.proto.label for one in app.get("download_button")]
    assert sum("Do not send" in name for name in names) >= 2
    first = leave(staged)
    clicks(staged)
    result = page_of(open_app, staged, "result")
    assert not result.exception
    at(result.button, "winner.decide").click().run()
    assert "B" in said(result)
    shop = store.open_shop(staged)
    entry = next(
        one for one in ledger.entries(shop.path, shop.shop_id, settings.read().config, "spring")
        if one.action == "winner_chosen"
    )  # fmt: skip
    assert "winner of the test decided by the rule" in said(page_of(open_app, staged, "approve"))
    assert entry.payload["send"] == "B" and entry.payload["rule"]["metric"] == "clicks"
    at(result.button, "winner.to_export").click().run()
    assert not result.exception
    second = leave(staged, days=2).recipients[0].people
    waited = next(one.people for one in first.recipients if "YET" in one.file_name)
    assert set(second["customer_id"]) <= set(waited["customer_id"]) and set(second["variant"]) == {"B"}


def test_before_its_hours_are_over_the_result_says_from_when(open_app, staged, monkeypatch):
    leave(staged)
    monkeypatch.setattr(widgets, "now", lambda: datetime(2026, 6, 1, 12, tzinfo=UTC))
    assert "现在判定为时过早" in said(page_of(open_app, staged, "result", language="zh"))
    app = page_of(open_app, staged, "result")
    assert "too early to decide" in said(app) and "2026-06-01 22:00" in said(app)
    assert not [one for one in app.button if one.key == "winner.decide"]


def test_the_approval_shows_the_rule(open_app, staged):
    text = said(page_of(open_app, staged, "approve"))
    assert "Test on 50% of those written to, wait 12 hours" in text
    assert "A, B. What differs between them is not in Offerlab" in text  # who decides sees one text of the two
