"""The frame that all pages share: warm-up, languages, shops, numbers in words."""

import gc
from pathlib import Path

import pytest

from dashboard import widgets
from engine.campaign.forecast import Range


def test_warm_up_takes_the_libraries_out_of_the_garbage_collectors_sight(open_app, tmp_path):
    open_app(tmp_path / "none")
    assert gc.get_freeze_count() > 100_000


def test_a_visitor_may_change_the_language_in_the_sidebar(open_app, demo_shop_dir, words):
    app = open_app(demo_shop_dir)
    assert app.title[0].value == "Today"
    app.segmented_control(key="app.lang").set_value("zh").run()
    assert app.title[0].value == "今日"
    assert "净销售额" in {metric.label for metric in app.metric}


def test_language_and_shop_stay_when_a_button_opens_another_page(open_app, demo_shop_dir, trained_shop_dir):
    app = open_app(demo_shop_dir)
    app.selectbox(key="app.shop").set_value("trained").run()
    app.segmented_control(key="app.lang").set_value("zh").run()
    app.button(key="today.next").click().run()
    assert app.title[0].value == "客户"
    assert app.query_params["shop"] == "trained"
    app.switch_page("views/settings.py").run()
    assert app.code[0].value == str(Path(trained_shop_dir).resolve() / "shop.toml")


def test_an_address_with_a_language_opens_in_it(open_app, demo_shop_dir):
    assert open_app(demo_shop_dir, "data", language="zh").title[0].value == "数据"


@pytest.mark.parametrize("page", ["today", "customers", "calendar", "results", "model", "history", "settings", "data"])
def test_every_page_without_a_shop_says_how_to_get_one(open_app, tmp_path, words, page):
    app = open_app(tmp_path / "shops" / "none", page)
    assert not app.exception
    assert any(button.key in ("common.make.demo", "data.import") for button in app.button)


@pytest.mark.parametrize("page", ["today", "customers", "calendar", "results", "model", "history", "settings", "data"])
def test_every_page_of_an_empty_shop_explains_itself(open_app, empty_shop, words, page):
    app = open_app(empty_shop, page)
    assert not app.exception
    assert app.info or app.error or app.warning or page in ("settings", "data")


def test_settings_that_cannot_be_read_are_named_in_a_sentence(open_app, empty_shop, words):
    (empty_shop / "shop.toml").write_text('shop_id = "a"\ncurrency = "dollars"\n')
    app = open_app(empty_shop)
    assert not app.exception
    assert "shop.toml: currency" in words(app)


def test_another_shop_beside_this_one_can_be_opened(open_app, demo_shop_dir, trained_shop_dir):
    app = open_app(demo_shop_dir)
    assert set(app.selectbox(key="app.shop").options) >= {"demo", "trained"}
    app.selectbox(key="app.shop").set_value("trained").run()
    app.switch_page("views/settings.py").run()
    assert app.code[0].value == str(Path(trained_shop_dir).resolve() / "shop.toml")


@pytest.mark.parametrize(
    ("value", "currency", "digits", "words"),
    [
        (1234.5, "USD", 0, "$1,234"),
        (-1234.56, "EUR", 2, "-€1,234.56"),
        (-0.2, "USD", 0, "$0"),
        (12.0, "CHF", 0, "12 CHF"),
        (None, "USD", 0, "–"),
        (float("nan"), "USD", 0, "–"),
    ],
)
def test_money_is_written_in_the_shops_currency(value, currency, digits, words):
    assert widgets.money(value, currency, digits) == words


def test_a_number_travels_with_its_range():
    assert widgets.ranged(Range(34.2, 12.0, 60.0), widgets.number).startswith("34 (")
    assert widgets.ranged(None, widgets.number) == "–"
    assert widgets.percent(0.0234) == "2.3 %"
