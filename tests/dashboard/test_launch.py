"""The page of a new product: asked, answered, saved, and made a plan."""

import json
import shutil

import pytest

from engine.campaign.launch import form
from engine.decision import plans
from engine.shop import store
from engine.shop.vouched import vouched
from tests.campaign.launches import planted
from tests.dashboard.plan_pages import said


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    return planted(tmp_path_factory.mktemp("launch-page") / "shop", launches=24, people=120).path


@pytest.fixture
def shop(template, tmp_path):
    return shutil.copytree(template, tmp_path / "shop")


def ask(app, name="Rose Tea", price=20.0, facts="", **numbers):
    """The form filled in and sent."""
    app.text_input(key="launch.name").set_value(name)
    app.selectbox(key="launch.category").set_value("Tea")
    app.number_input(key="launch.price").set_value(price)
    app.text_area(key="launch.facts").set_value(facts)
    for field, value in numbers.items():
        app.number_input(key=f"launch.{field}").set_value(value)
    return app.button(key="launch.ask").click().run()


def test_before_anything_is_asked_it_says_what_to_do(open_app, shop):
    app = open_app(shop, "launch")
    assert "press Forecast" in said(app)
    assert not app.get("plotly_chart")


def test_the_answer_has_sales_stock_break_even_and_customers(open_app, shop):
    app = ask(open_app(shop, "launch"), stock=40, unit_cost=8.0)
    text = said(app)
    assert [one.label for one in app.metric] == [
        "Pieces in 30 days", "Sales in 30 days, after discounts",
        "Pieces in 90 days", "Sales in 90 days, after discounts",
    ]  # fmt: skip
    assert all("80 %" in one.delta for one in app.metric)
    assert "Supported by past launches" in text and "Rests on 24 past launches" in text
    assert "40 pieces last about" in text and "16 pieces sold have paid for the stock" in text
    assert "times as likely to buy as an average customer" in text and "E-mail: 12" in text
    chart = json.loads(app.get("plotly_chart")[0].proto.spec)
    assert [trace["name"] for trace in chart["data"]] == [
        "Past launches of other categories", "Past launches of its category", "This product, with its 80 % range",
    ]  # fmt: skip
    assert "rose-tea" not in set(store.open_shop(shop).table("products")["product_id"]), "asking saves nothing"


def test_what_is_lacking_is_said_field_by_field(open_app, shop):
    app = open_app(shop, "launch")
    app.button(key="launch.ask").click().run()
    assert [one.value for one in app.error] == [
        "Give the product a name.",
        "Give its price: without one nothing can be compared with past launches.",
    ]


def test_a_saved_product_may_be_spoken_of_by_its_facts_and_is_changed_on_purpose(open_app, shop):
    app = ask(open_app(shop, "launch"), facts="vegan\n24 h hydration")
    app.button(key="launch.save").click().run()
    assert "Rose Tea is among your products" in said(app)
    opened = store.open_shop(shop)
    assert [fact.text for fact in vouched(opened)["rose-tea"]] == ["vegan", "24 h hydration"]
    app.selectbox(key="launch.which").set_value("rose-tea").run()
    assert app.number_input(key="launch.price").value == 20.0
    ask(app, price=24.0, facts="vegan").button(key="launch.save").click().run()
    changed = form.stored(store.open_shop(shop), "rose-tea")
    assert (changed.price, [fact.text for fact in changed.facts]) == (24.0, ["vegan"])


def test_an_id_in_use_is_refused_for_a_new_product(open_app, shop):
    app = open_app(shop, "launch")
    app.text_input(key="launch.product_id").set_value("tea0")
    ask(app).button(key="launch.save").click().run()
    assert "already has a product tea0" in app.error[0].value


def test_one_click_makes_the_launch_plan_and_opens_it(open_app, shop):
    app = ask(open_app(shop, "launch"))
    app.number_input(key="launch.size").set_value(30).run()
    app.button(key="launch.plan").click().run()
    assert not app.exception
    (saved,) = plans.saved_plans(shop)
    plan = saved.plan
    assert (plan.objective, plan.offer.kind, plan.product_ids) == ("launch", "none", ["rose-tea"])
    assert len(plan.audience.customer_ids) == 30
    assert app.title[0].value == "Rose Tea"


def test_too_few_launches_give_no_number_and_say_what_is_needed(open_app, tmp_path):
    app = ask(open_app(planted(tmp_path / "few", launches=3, people=60).path, "launch"))
    text = said(app)
    assert not app.metric
    assert "Too few past launches for a number" in text and "at least 5 are needed" in text
    assert app.button(key="launch.plan").disabled


def test_it_speaks_chinese(open_app, shop):
    text = said(ask(open_app(shop, "launch", "zh")))
    assert "依据 24 次过去的新品上架" in text and "预计" in text


def test_a_shop_without_products_says_what_to_import(open_app, empty_shop):
    app = open_app(empty_shop, "launch")
    app.text_input(key="launch.name").set_value("Rose Tea")
    app.number_input(key="launch.price").set_value(20.0)
    app.button(key="launch.ask").click().run()
    assert "no products yet" in app.error[0].value
