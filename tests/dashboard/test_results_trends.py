import json

import pytest

from engine.decision import plans
from engine.shop import store, trends
from tests.tiny import shop_of, tables

PARTS = ("categories", "products", "searches", "season", "prices", "demand")


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("part", PARTS)
def test_every_trend_opens_in_both_languages(open_app, demo_shop_dir, words, part, language):
    app = open_app(demo_shop_dir, "results", language=language, look="trends", trend=part)
    assert not app.exception
    assert app.subheader and (app.dataframe or app.get("plotly_chart"))


def test_a_plan_for_overstock_begins_with_the_products_picked(open_app, demo_shop):
    shop = store.open_shop(demo_shop)
    too_much = trends.demand(shop, trends.sold(shop)).table.query("overstock")
    picked = too_much.iloc[3]
    app = open_app(demo_shop, "results", look="trends", trend="demand")
    app.multiselect(key="trends.pick").set_value([picked["product_id"]]).run()
    app.button(key="trends.plan").click().run()
    assert not app.exception
    [saved] = plans.saved_plans(demo_shop)
    assert saved.plan.objective == "overstock" and saved.plan.product_ids == [picked["product_id"]]
    assert saved.plan.category == picked["category"]


def test_money_in_stock_is_said_with_its_currency_and_sorts_as_a_number(open_app, demo_shop):
    app = open_app(demo_shop, "results", look="trends", trend="demand")
    column = json.loads(app.dataframe[0].proto.columns)["tied_up"]
    assert column["type_config"]["format"] == "$%,d" and "USD" in column["help"]
    assert app.dataframe[0].value["tied_up"].dtype.kind == "f"


def test_trends_of_a_shop_without_orders_say_what_to_import(open_app, tmp_path, words):
    shop = shop_of(tmp_path / "shop", tables("products", "customers"))
    app = open_app(shop.path, "results", look="trends")
    assert not app.exception
    assert "Import orders" in app.error[0].value


def test_a_shop_without_stock_shows_what_will_be_sold(open_app, tmp_path, words):
    app = open_app(shop_of(tmp_path / "shop", tables("orders")).path, "results", look="trends", trend="demand")
    assert not app.exception
    assert "Stock is not recorded" in words(app) and "stock" not in app.dataframe[0].value
