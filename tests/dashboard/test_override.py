"""Never tried here: the page refuses money, says what is nearest, and shows it only to somebody who says why."""

import json

import pytest

from engine import settings
from engine.campaign import response
from engine.campaign.plan import Offer
from engine.decision import approvals, ledger, plans
from engine.shop import store
from tests.dashboard.plan_pages import COPY, NOW, page_of, said, saved_plan, stored
from tests.tiny import CAMPAIGN_TABLES, shop_of, tables

FORTY = Offer(kind="percent", discount=0.4, code="BIG40")
REASON = "the owner wants to see it"


def money(app) -> str:
    """What stands where the extra profit is."""
    return next(metric for metric in app.metric if metric.label == "Extra profit").value


def shown(open_app, shop, reason=REASON):
    """The Numbers tab of a plan of 40 % off, after somebody asked for its money."""
    saved_plan(shop, offer=FORTY, texts=COPY)
    app = page_of(open_app, shop, "numbers")
    app.text_input(key="override.reason").set_value(reason)
    return app.button(key="override.show").click().run()


def test_money_is_refused_and_the_nearest_campaign_is_named(open_app, trained_shop):
    saved_plan(trained_shop, offer=FORTY)
    app = page_of(open_app, trained_shop, "numbers")
    assert money(app) == "–"
    assert "40 % off was never tried by email; nearest is 30 %." in said(app)
    assert "The nearest past campaign, “202" in said(app)


def test_money_is_shown_to_somebody_who_says_why_and_is_marked(open_app, trained_shop):
    app = shown(open_app, trained_shop)
    assert money(app).replace("-", "").startswith("$")
    profit = next(metric for metric in app.metric if metric.label == "Extra profit")
    assert profit.delta.startswith("outside what was tried; 80 %")
    assert "never tried here" in said(app)
    assert f"“{REASON}”" in said(app)
    kept = stored(trained_shop).extras["override"]
    assert (kept["reason"], kept["why"]) == (REASON, "40 % off was never tried by email; nearest is 30 %.")
    assert kept["by"] and kept["at"]
    assert stored(trained_shop).plan.status == "draft"


def test_without_a_reason_nothing_is_shown(open_app, trained_shop):
    app = shown(open_app, trained_shop, reason=" ")
    assert "the reason is empty" in said(app)
    assert "override" not in stored(trained_shop).extras
    assert money(app) == "–"


def test_it_holds_for_what_was_refused_and_for_nothing_else(open_app, trained_shop):
    app = shown(open_app, trained_shop)
    app.slider(key="numbers.send_hour").set_value(3).run()
    app.run()
    assert money(app).replace("-", "").startswith("$"), "the same thing is refused first"
    app.session_state["numbers.percent"] = 50.0
    app.session_state["numbers:touched"] = True
    app.run()
    assert money(app) == "–"
    assert "50 % off was never tried by email" in said(app)


def test_it_can_be_taken_back(open_app, trained_shop):
    app = shown(open_app, trained_shop).button(key="override.hide").click().run()
    assert money(app) == "–"
    assert stored(trained_shop).extras["override"] is None


def test_who_decides_reads_it_and_the_history_keeps_it(open_app, trained_shop):
    shown(open_app, trained_shop)
    app = page_of(open_app, trained_shop, "approve")
    assert "outside what was tried: this range does not cover that" in said(app)
    app.button(key="approve.submit").click().run()
    assert not app.exception
    submitted = stored(trained_shop).extras["forecast"]
    assert (submitted["supported"], submitted["chance_of_loss"]) == (0, None)
    shop = store.open_shop(trained_shop)
    config = settings.read().config
    approvals.approve(trained_shop, shop.shop_id, "spring", "Bo", "Bo", "one try", NOW, config)
    history = ledger.entries(trained_shop, shop.shop_id, config, "spring")
    assert history[0].payload["forecast"]["override"]["reason"] == REASON
    assert history[1].payload["override"]["reason"] == REASON
    assert said(page_of(open_app, trained_shop, "approve")).count(f"“{REASON}”") == 3


def test_a_copy_of_the_plan_starts_without_it(open_app, trained_shop):
    shown(open_app, trained_shop)
    copied = plans.duplicate(trained_shop, "spring", "Second spring", "Ana", NOW)
    assert "override" not in stored(trained_shop, copied).extras


def test_the_curve_is_hatched_where_nothing_was_tried_and_the_money_a_hollow_point(open_app, trained_shop):
    app = shown(open_app, trained_shop)
    traces = json.loads(app.get("plotly_chart")[0].proto.spec)["data"]
    here = next(trace for trace in traces if trace["name"] == "these settings, outside what was tried")
    assert (here["marker"]["symbol"], here["x"]) == ("diamond-open", [40])
    assert any(trace["name"] == "never tried here" for trace in traces)


# --- what a shop does not record ---


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        (
            ["converted", "revenue"],
            "Past messages do not record who ordered, so only clicks can be said, and no money.",
        ),
        (["clicked"], "Past messages do not record clicks, so no click rate is given."),
    ],
)
def test_a_stage_that_is_missing_is_said_beside_the_numbers(open_app, tmp_path, missing, sentence):
    frames = tables(*CAMPAIGN_TABLES)
    frames["deliveries"] = frames["deliveries"].drop(columns=missing)
    shop = shop_of(tmp_path / "shop", frames)
    response.train(shop)
    people = frames["customers"]["customer_id"].tolist()
    plan = saved_plan(shop.path)
    audience = plan.audience.model_copy(update={"segment_ids": [], "customer_ids": people})
    plans.save(shop.path, plan.model_copy(update={"audience": audience}), {}, 1, NOW)
    app = page_of(open_app, shop.path, "numbers")
    assert sentence in said(app)
    assert [one.key for one in app.button if one.key == "override.show"] == []
