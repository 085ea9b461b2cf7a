"""The frame that all pages share: warm-up, languages, shops, numbers in words."""

import gc
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

from dashboard import widgets
from engine.campaign.expected import Range
from engine.shop import store
from tests.dashboard.plan_pages import page_of, saved_plan


@pytest.mark.warm_up
def test_warm_up_takes_the_libraries_out_of_the_garbage_collectors_sight(open_app, tmp_path):
    open_app(tmp_path / "none")
    assert gc.get_freeze_count() > 100_000


def test_a_visitor_may_change_the_language_in_the_sidebar(open_app, demo_shop_dir, words):
    app = open_app(demo_shop_dir)
    assert app.title[0].value == "Today"
    app.segmented_control(key="app.lang").set_value("zh").run()
    assert app.title[0].value == "今日"
    assert "净销售额" in {metric.label for metric in app.metric}


def test_the_page_where_files_are_brought_in_changes_its_language_too(open_app, demo_shop_dir):
    app = open_app(demo_shop_dir, "data")
    app.segmented_control(key="app.lang").set_value("zh").run()
    assert not app.exception
    assert app.title[0].value == "数据"


def test_language_and_shop_stay_when_a_button_opens_another_page(open_app, demo_shop_dir, trained_shop_dir):
    app = open_app(demo_shop_dir)
    app.selectbox(key="app.shop").set_value("trained").run()
    app.segmented_control(key="app.lang").set_value("zh").run()
    app.button(key="today.next").click().run()
    assert app.title[0].value == "活动方案"
    assert app.query_params["shop"] == "trained"
    assert app.selectbox(key="app.shop").value == "trained"


def test_an_address_with_a_language_opens_in_it(open_app, demo_shop_dir):
    assert open_app(demo_shop_dir, "data", language="zh").title[0].value == "数据"


PAGES = [
    "today", "customers", "plans", "calendar", "results", "model", "features", "history", "people", "settings", "data",
    "shops",
]  # fmt: skip


@pytest.mark.parametrize("page", PAGES)
def test_every_page_without_a_shop_says_how_to_get_one(open_app, tmp_path, words, page):
    app = open_app(tmp_path / "shops" / "none", page)
    assert not app.exception
    assert any(button.key in ("common.make.demo", "data.look") for button in app.button)


@pytest.mark.parametrize("page", PAGES)
def test_every_page_of_an_empty_shop_explains_itself(open_app, empty_shop, words, page):
    app = open_app(empty_shop, page)
    assert not app.exception
    assert app.info or app.error or app.warning or page in ("settings", "data", "shops")


def test_settings_that_cannot_be_read_are_named_in_a_sentence(open_app, empty_shop, words):
    (empty_shop / "shop.toml").write_text('shop_id = "a"\ncurrency = "dollars"\n')
    app = open_app(empty_shop)
    assert not app.exception
    assert "shop.toml: currency" in words(app)


def test_another_shop_beside_this_one_can_be_opened(open_app, demo_shop_dir, trained_shop_dir):
    app = open_app(demo_shop_dir)
    # Both call themselves the same, so the folder is added.
    options = app.selectbox(key="app.shop").options
    assert set(options) >= {"Petal & Pine (demo) · demo", "Petal & Pine (demo) · trained"}
    app.selectbox(key="app.shop").set_value("trained").run()
    app.switch_page("views/settings.py").run()
    assert app.code[0].value == str(Path(trained_shop_dir).resolve() / "shop.toml")


# --- choices ---

# Every choice on a page that is no form of a plan: page, kind of widget, key, another value, its place in the address.
CHOICES = [
    ("today", "segmented_control", "today.source", "messages", ("figures", "messages")),
    ("customers", "segmented_control", "customers.way", "own", ("groups", "own")),
    ("customers", "segmented_control", "customers.view", "number", ("view", "number")),
    ("customers", "multiselect", "customers.picked", ["s2"], ("pick", "s2")),
    ("customers", "selectbox", "customers.goal", "vip", ("goal", "vip")),
    ("calendar", "segmented_control", "calendar.span", "all", ("span", "all")),
    ("calendar", "pills", "calendar.channel", ["sms"], ("channel", "sms")),
    ("results", "segmented_control", "results.look", "past", ("look", "past")),
    ("results", "segmented_control", "results.days", 30, ("after", "30")),
    ("results", "pills", "results.channel", ["sms"], ("channel", "sms")),
    ("model", "segmented_control", "model.target", "order", ("about", "order")),
    ("model", "segmented_control", "model.look", "compared", ("look", "compared")),
    ("data", "segmented_control", "data.see", "work", ("see", "work")),
    ("shops", "selectbox", "shops.currency", "EUR", None),
]

WITHIN = {"results.channel": {"look": "past"}}  # what the address says beside a choice, for the page to offer it


@pytest.mark.parametrize(("page", "kind", "key", "value", "address"), CHOICES)
def test_a_choice_is_there_again_after_another_page_and_in_the_address(
    open_app, trained_shop_dir, page, kind, key, value, address
):
    app = open_app(trained_shop_dir, page, **WITHIN.get(key, {}))
    getattr(app, kind)(key=key).set_value(value).run()
    if address:
        assert app.query_params[address[0]] == address[1]
    app.query_params.clear()  # as the navigation does
    app.switch_page("views/settings.py").run()
    app.switch_page(f"views/{page}.py").run()
    assert not app.exception
    assert getattr(app, kind)(key=key).value == value
    if address:
        assert app.query_params[address[0]] == address[1]  # the address of a reload


@pytest.mark.parametrize(("page", "kind", "key", "value", "address"), [one for one in CHOICES if one[4]])
def test_an_address_opens_a_page_as_it_was_shared(open_app, trained_shop_dir, page, kind, key, value, address):
    app = open_app(trained_shop_dir, "settings")
    for name, said in (*WITHIN.get(key, {}).items(), address):
        app.query_params[name] = said
    app.switch_page(f"views/{page}.py").run()
    assert not app.exception
    assert getattr(app, kind)(key=key).value == value


def test_every_choice_of_the_pages_is_kept():
    """A widget that takes a choice and is not in CHOICES, nor part of a form that is saved, is forgotten on leaving."""
    folder, asked = Path(__file__).parents[2] / "dashboard" / "views", set()
    for page in ("today", "customers", "calendar", "results", "model", "features", "history", "settings", "shops"):
        source = (folder / f"{page}.py").read_text(encoding="utf-8")
        widget = r"st\.(?:selectbox|multiselect|segmented_control|pills|radio|slider|toggle|checkbox|number_input)\("
        asked |= {(page, key) for key in re.findall(widget + r"[^§]*?key=f?\"([\w.{}]+)\"", source)}
    known = {(page, key) for page, _, key, _, _ in CHOICES}
    # The first is tested below; the others are channel and status, channel and source.
    others = {("customers", "customers.k"), ("calendar", "calendar.{name}"), ("results", "results.{column}")}
    assert asked - known - others == set()


def test_the_number_of_groups_is_kept_too(open_app, trained_shop_dir):
    app = open_app(trained_shop_dir, "customers")
    app.segmented_control(key="customers.way").set_value("own").run()
    app.slider(key="customers.k").set_value(3).run()
    assert app.query_params["k"] == "3"
    app.query_params.clear()
    app.switch_page("views/settings.py").run()
    app.switch_page("views/customers.py").run()
    assert app.slider(key="customers.k").value == 3


def test_another_shop_has_its_own_choices_and_no_plan_of_the_first(open_app, demo_shop_dir, trained_shop_dir):
    app = open_app(trained_shop_dir, "calendar")
    app.query_params["plan"] = "spring"
    app.segmented_control(key="calendar.span").set_value("all").run()
    app.selectbox(key="app.shop").set_value("demo").run()
    assert not app.exception
    assert app.segmented_control(key="calendar.span").value == "year"
    assert "span" not in app.query_params
    assert "plan" not in app.query_params
    app.selectbox(key="app.shop").set_value("trained").run()
    assert app.segmented_control(key="calendar.span").value == "all"


def test_a_plan_of_the_same_id_in_another_shop_is_not_filled_from_this_one(open_app, trained_shop, demo_shop_dir):
    beside = Path(shutil.copytree(demo_shop_dir, trained_shop.with_name("demo")))
    for shop, name in ((trained_shop, "Ours"), (beside, "Theirs")):
        saved_plan(shop, name=name)
    app = page_of(open_app, trained_shop, "brief")
    assert app.text_input(key="brief.name").value == "Ours"
    app.selectbox(key="app.shop").set_value("demo").run()
    app.query_params["plan"] = "spring"
    app.switch_page("views/plan.py").run()
    assert not app.exception
    assert app.text_input(key="brief.name").value == "Theirs"


# --- shops ---


def test_the_open_shop_is_named_in_the_sidebar_even_when_it_is_the_only_one(open_app, demo_shop):
    app = open_app(demo_shop, "results")
    assert app.selectbox(key="app.shop").options == ["Petal & Pine (demo)"]
    assert app.selectbox(key="app.shop").value == "demo"


def test_an_own_shop_is_made_beside_the_others_and_opened(open_app, demo_shop):
    app = open_app(demo_shop, "shops")
    app.text_input(key="shops.name").set_value("Tea & Tales")
    app.selectbox(key="shops.currency").set_value("EUR")
    app.button(key="shops.make").click().run()
    assert not app.exception
    made = store.open_shop(demo_shop.parent / "tea-tales")
    assert (made.settings.name, made.settings.currency) == ("Tea & Tales", "EUR")
    assert made.settings.assumed == ["time_zone", "prices_include_tax", "gross_margin", "send_cost"]
    assert app.title[0].value == "Settings", "what nobody told is asked before the first file"
    assert app.selectbox(key="app.shop").value == "tea-tales"


def test_each_shop_is_listed_with_what_it_holds_and_that_customers_cannot_be_matched(open_app, demo_shop, words):
    shop = store.create_shop(demo_shop.parent / "new", {"name": "New"})
    store.write_tables(shop, {})
    app = open_app(demo_shop, "shops")
    assert not app.exception
    orders = pd.read_parquet(demo_shop / "tables" / "orders.parquet")
    sold = orders.loc[orders["quantity"] > 0, "order_id"].nunique()
    customers = len(pd.read_parquet(demo_shop / "tables" / "customers.parquet"))
    assert f"{sold:,} orders, {customers:,} customers, data up to 20" in words(app)
    assert "No data yet: bring in its files on Data." in words(app)
    assert "Customers of two shops cannot be matched" in words(app)


def test_a_shop_without_a_name_is_not_made(open_app, demo_shop, words):
    app = open_app(demo_shop, "shops")
    app.button(key="shops.make").click().run()
    assert "Give the shop a name" in words(app)


def test_a_shop_is_opened_from_the_list_of_shops(open_app, demo_shop_dir, trained_shop_dir):
    app = open_app(demo_shop_dir, "shops")
    app.button(key="shops.open.trained").click().run()
    assert not app.exception
    assert app.title[0].value == "Today"
    assert app.query_params["shop"] == "trained"


# --- numbers in words ---


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
