"""The Numbers and Approve tabs of a plan before anything was learned from campaigns."""

import json

import pandas as pd
import pytest

from dashboard import charts
from engine.campaign import response
from engine.campaign.plan import Audience, Step
from engine.decision import ledger, plans
from engine.settings import read
from engine.shop import store
from tests.dashboard.plan_pages import COPY, NOW, approved, page_of, said, saved_plan, stored
from tests.tiny import shop_of, tables

EVERYONE = Audience(rule="orders >= 1")
# What an e-mail must say at its end: without it no plan is submitted.
LEGAL = {"sender_name": "Maple", "legal_lines": ["Maple Ltd, 1 Mill Lane, Springfield", "Unsubscribe at any time."]}


@pytest.fixture
def shop(tmp_path):
    """The golden shop before its first campaign."""
    return shop_of(tmp_path / "shop", tables("customers", "products", "orders"), LEGAL).path


@pytest.fixture
def begun(tmp_path):
    """The same with its first campaign."""
    names = ("customers", "products", "orders", "campaigns", "deliveries")
    found = tables(*names)
    for name in ("campaigns", "deliveries"):
        found[name] = found[name][found[name]["campaign_id"] == "k01"]
    return shop_of(tmp_path / "begun", found).path


def numbers(app):
    return {metric.label: metric.value for metric in app.metric}


def typed(app, name, value):
    app.number_input(key=f"first.{name}").set_value(value).run()
    assert not app.exception
    return app


def test_what_is_known_without_a_campaign_stands_first_and_nothing_is_filled_in(open_app, shop):
    saved_plan(shop, audience=EVERYONE)
    app = page_of(open_app, shop, "numbers")
    text = said(app)
    assert "would buy within 7 days anyway (80 %" in text
    assert "It pays from" in text
    assert numbers(app)["Pays from"].endswith(" extra")
    assert [field.value for field in app.number_input] == [None, None]
    assert not app.get("plotly_chart")
    assert "Past campaigns on record: 0" in text


def test_a_typed_rate_gives_scenarios_in_the_colour_of_an_assumption_and_stays_with_the_plan(open_app, shop):
    saved_plan(shop, audience=EVERYONE)
    app = typed(page_of(open_app, shop, "numbers"), "extra_rate", 100.0)
    assert stored(shop).extras["assumed"] == {"extra_rate": 0.1}
    [chart] = app.get("plotly_chart")
    [bars] = json.loads(chart.proto.spec)["data"]
    assert bars["y"] == ["Low", "Expected", "High"]
    assert bars["marker"]["line"]["color"] == charts.ASSUMED
    assert bars["x"]["bdata"] if isinstance(bars["x"], dict) else sorted(bars["x"]) == bars["x"]
    text = said(app)
    assert "chance of a loss, if your rates are right" in text
    assert ":orange-badge" in text
    again = page_of(open_app, shop, "numbers")
    assert again.number_input(key="first.extra_rate").value == 100.0


def test_the_other_way_of_saying_it_takes_the_place_of_the_first(open_app, shop):
    saved_plan(shop, audience=EVERYONE)
    app = typed(page_of(open_app, shop, "numbers"), "extra_rate", 100.0)
    app.segmented_control(key="first.way").set_value("order_rate").run()
    typed(app, "order_rate", 20.0)
    assert stored(shop).extras["assumed"] == {"order_rate": 0.2}


def test_a_rate_taken_out_again_leaves_nothing(open_app, shop):
    saved_plan(shop, audience=EVERYONE)
    app = typed(page_of(open_app, shop, "numbers"), "extra_rate", 100.0)
    typed(app, "extra_rate", None)
    assert stored(shop).extras["assumed"] == {}
    assert not app.get("plotly_chart")


def test_the_proposed_holdout_is_taken_with_a_click(open_app, shop):
    saved_plan(shop, audience=EVERYONE, holdout=0.3)
    app = page_of(open_app, shop, "numbers")
    assert "too few to see a difference" in said(app)
    app.button(key="first.holdout").click().run()
    assert stored(shop).plan.holdout == 0.0
    assert "as proposed" in said(app)


def test_the_first_campaign_counts_for_its_part(open_app, begun):
    saved_plan(begun, audience=EVERYONE)
    plan = stored(begun)
    plans.save(begun, plan.plan, plan.extras | {"assumed": {"order_rate": 0.1}}, plan.version, NOW)
    app = page_of(open_app, begun, "numbers")
    [bar] = app.get("progress")
    assert "of the rate used is this shop's own experience (past campaigns: 1" in bar.proto.text
    assert 20 < bar.proto.value < 80
    assert "Past campaigns on record: 1" in said(app)


def test_a_plan_with_typed_rates_is_submitted_as_what_it_is(open_app, shop):
    saved_plan(shop, audience=EVERYONE, texts=COPY)
    typed(page_of(open_app, shop, "numbers"), "extra_rate", 100.0)
    app = page_of(open_app, shop, "approve")
    assert "if your rates are right" in said(app)
    assert "Typed rates: extra orders per 1,000: 100" in said(app)
    app.text_input(key="approve.author").set_value("Ana").run()
    app.button(key="approve.submit").click().run()
    assert stored(shop).plan.status == "submitted", said(app)
    [entry] = ledger.entries(shop, store.open_shop(shop).shop_id, read().config, "spring")
    forecast = entry.payload["forecast"]
    assert (forecast["basis"], forecast["assumed"]) == ("assumption", {"extra_rate": 0.1})
    assert forecast["extra_profit"] is not None


def test_without_a_typed_rate_a_plan_is_submitted_without_money(open_app, shop):
    saved_plan(shop, audience=EVERYONE, texts=COPY)
    app = page_of(open_app, shop, "approve")
    assert "no money is forecast" in said(app)
    assert app.button(key="approve.submit")


def test_a_rate_typed_later_leaves_an_approval_as_it_was(open_app, shop):
    saved_plan(shop, audience=EVERYONE)
    approved(shop)
    typed(page_of(open_app, shop, "numbers"), "extra_rate", 50.0)
    assert stored(shop).plan.status == "approved"


def test_a_shop_of_customers_alone_is_asked_for_what_it_lacks(open_app, tmp_path):
    shop = shop_of(tmp_path / "people", tables("customers")).path
    saved_plan(shop, audience=Audience(customer_ids=[f"c{n:03d}" for n in range(10, 40)]))
    app = page_of(open_app, shop, "numbers")
    assert "no orders on record" in said(app)
    assert {field.key for field in app.number_input} == {
        "first.click_rate", "first.order_rate", "first.extra_rate", "first.order_value",
    }  # fmt: skip
    typed(typed(typed(app, "order_rate", 10.0), "extra_rate", 40.0), "order_value", 50.0)
    assert len(app.get("plotly_chart")) == 1


def test_more_extra_orders_than_orders_are_told_and_not_kept(open_app, tmp_path):
    shop = shop_of(tmp_path / "people", tables("customers")).path
    saved_plan(shop, audience=Audience(customer_ids=[f"c{n:03d}" for n in range(10, 40)]))
    app = typed(typed(page_of(open_app, shop, "numbers"), "order_rate", 1.0), "extra_rate", 40.0)
    assert "extra orders are a part of all orders" in said(app)
    assert stored(shop).extras["assumed"] == {"order_rate": 0.01}


def test_what_is_refused_is_refused_in_chinese_where_the_page_is(open_app, tmp_path):
    shop = shop_of(tmp_path / "people", tables("customers")).path
    saved_plan(shop, audience=Audience(customer_ids=[f"c{n:03d}" for n in range(10, 40)]))
    app = typed(typed(page_of(open_app, shop, "numbers", language="zh"), "order_rate", 1.0), "extra_rate", 40.0)
    assert "额外订单是全部订单的一部分" in said(app)
    assert "extra orders" not in said(app)


def test_an_audience_nobody_can_be_reached_in_is_told_so(open_app, shop):
    saved_plan(shop, audience=EVERYONE, steps=[Step(channel="push")])
    customers = pd.read_parquet(shop / "tables" / "customers.parquet").assign(push_consent=0)
    customers.to_parquet(shop / "tables" / "customers.parquet")
    assert "Nobody in this audience can be reached by push" in said(page_of(open_app, shop, "numbers"))


def test_the_page_is_chinese_where_the_language_is(open_app, shop):
    saved_plan(shop, audience=EVERYONE)
    plan = stored(shop)
    plans.save(shop, plan.plan, plan.extras | {"assumed": {"extra_rate": 0.1}}, plan.version, NOW)
    app = page_of(open_app, shop, "numbers", language="zh")
    text = said(app)
    assert "本来就会在 7 天内购买" in text
    for english in ("would buy", "assumed", "Low", "extra"):
        assert english not in text


def test_bars_of_an_assumption_are_hatched_and_hold_the_zero_line():
    shown = pd.DataFrame({"label": ["a", "b", "c"], "extra_profit": [-5.0, 1.0, 9.0], "text": ["", "", ""]})
    figure = charts.assumed_profit(shown, "money")
    assert figure.data[0].marker.pattern.shape == "/"
    low, high = figure.layout.xaxis.range
    assert low < -5 < 9 < high


def test_a_learned_forecast_without_a_holdout_says_how_many_buy_as_things_were(open_app, tmp_path):
    found = tables("customers", "products", "orders", "campaigns", "deliveries")
    found["deliveries"]["treated"] = "1"
    shop = shop_of(tmp_path / "shop", found)
    response.train(shop)
    saved_plan(shop.path, audience=EVERYONE)
    text = said(page_of(open_app, shop.path, "numbers"))
    assert "As things were, about" in text
    assert "so how many of this plan's orders are extra is not known" in text
