"""Best offers on the Numbers tab, and a budget split over groups on the Plans page."""

import json
import re
import shutil

import pytest

from engine.campaign.plan import Audience, Offer
from engine.decision import plans
from engine.shop import store
from tests.conftest import engine
from tests.dashboard.plan_pages import page_of, said, saved_plan
from tests.tiny import trained


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shops") / "golden"
    shop = trained(folder)
    engine("segments", "--shop", str(folder), "--k", "3", "--out", str(folder.with_name("segments.csv")))
    return shop.path


@pytest.fixture
def shop(template, tmp_path):
    return store.open_shop(shutil.copytree(template, tmp_path / "golden")).path


@pytest.fixture
def best(open_app, shop):
    saved_plan(shop, audience=Audience(rule="orders >= 0"), offer=Offer(kind="percent", discount=0.12, code="TWELVE"))
    app = page_of(open_app, shop, "numbers")
    app.button_group(key="numbers.view").set_value("best").run()
    return app


def bars(app) -> list[str]:
    """What stands beside the bars, best first."""
    spec = json.loads(app.get("plotly_chart")[-1].proto.spec)
    return spec["layout"]["yaxis"]["categoryarray"]


def test_offers_come_in_order_beside_sending_nothing_and_full_price(best):
    text = said(best)
    assert "First comes" in text
    assert "may be just as good: no difference can be told" in text
    assert "for never tried here" in text, "84 messages at full price are too few"
    assert "Send nothing" in bars(best)
    table = best.table[0].value
    assert any("No offer" in cell for cell in table["Offer"]), "full price is there with the reason it has no money"
    assert any("violet-badge" in cell for cell in table["What limits it"])


def test_where_no_offer_keeps_the_limits_the_page_says_so(best):
    best.number_input(key="best.budget").set_value(0.0).run()
    assert "Only sending nothing is left: no offer keeps within what is said below." in said(best)
    assert "for budget" in said(best)


def test_a_budget_leaves_out_what_costs_more(best):
    best.number_input(key="best.budget").set_value(20.0).run()
    assert "for budget" in said(best)
    costs = best.table[0].value["Given away and sending"].str.replace("[\\\\$,–]", "", regex=True)
    assert (costs[costs.ne("")].astype(float) <= 20).all()


def test_taking_an_offer_over_moves_the_sliders_and_saves_nothing(best, shop):
    version = plans.load(shop, "spring").version
    first = re.search(r"(\d+) ?%", best.table[0].value["Offer"].iloc[0])
    assert first, "the first offer is a percentage"
    best.button(key="best.take_over").click().run()
    assert best.session_state["numbers.percent"] == int(first[1])
    assert "Only tried, not saved." in said(best)
    assert plans.load(shop, "spring").version == version
    assert plans.load(shop, "spring").plan.offer.discount == 0.12


def test_the_view_speaks_chinese(open_app, shop):
    saved_plan(shop, audience=Audience(rule="orders >= 0"))
    app = open_app(shop, "today", "zh")
    app.query_params["plan"], app.query_params["tab"], app.query_params["view"] = "spring", "numbers", "best"
    app.switch_page("views/plan.py").run()
    assert "无法判断差别" in said(app)


def test_a_budget_is_split_over_groups_and_becomes_one_draft_each(open_app, shop):
    app = open_app(shop, "plans")
    assert "All plans together" not in said(app)
    app.number_input(key="split.budget").set_value(100.0)
    app.button(key="split.find").click().run()
    text = said(app)
    assert "All plans together: extra profit" in text
    assert len(app.table[0].value) == 3, "one row a group"
    before = len(plans.saved_plans(shop))
    app.button(key="split.create").click().run()
    assert "drafts were made" in said(app)
    made = plans.saved_plans(shop)
    sent = [cell for cell in app.table[0].value["Offer"] if "Send nothing" not in cell]
    assert len(made) - before == len(sent) > 0
    for saved in made:
        assert saved.plan.status == "draft"
        assert len(saved.plan.audience.segment_ids) == 1
        assert saved.plan.offer.kind != "percent" or saved.plan.offer.code
        assert saved.extras["reasons"][0]["key"] == "optimise.reason_split"


def test_without_a_budget_the_split_says_what_is_missing(open_app, shop):
    app = open_app(shop, "plans")
    app.number_input(key="split.budget").set_value(0.0)
    app.button(key="split.find").click().run()
    assert "Say a budget" in said(app)


def test_a_shop_that_learned_nothing_is_told_how(open_app, shop):
    shutil.rmtree(shop / "models")
    assert "Nothing was learned from past campaigns yet" in said(open_app(shop, "plans"))
