"""The page of replies: behind its switch; a question is answered with its rows; nothing is sent from it."""

import shutil
from pathlib import Path

import pytest

from engine.shop import store
from tests.campaign.replying import reply_shop
from tests.dashboard.plan_pages import said


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    return reply_shop(tmp_path_factory.mktemp("replies-page") / "shop", replies=True).path


@pytest.fixture
def shop(template, tmp_path):
    return Path(shutil.copytree(template, tmp_path / "shop"))


def ask(app, message, order=""):
    app.text_area(key="replies.question").set_value(message)
    app.text_input(key="replies.order").set_value(order)
    app.button(key="replies.draft").click().run()
    assert not app.exception
    return app


def test_the_switch_in_the_settings_brings_the_page(open_app, shop):
    off = store.save_settings(store.open_shop(shop), {"replies": False})
    app = open_app(off.path, "settings")
    app.segmented_control(key="settings.replies").set_value(True).run()
    app.button(key="settings.save_topics").click().run()
    assert not app.exception
    assert store.open_shop(shop).settings.replies is True
    assert app.switch_page("views/replies.py").run().title[0].value == "Replies"


def test_the_page_is_off_until_it_is_switched_on(open_app, shop):
    store.save_settings(store.open_shop(shop), {"replies": None})
    assert store.open_shop(shop).settings.replies is False
    assert all(title.value != "Replies" for title in open_app(shop, "replies").title)


def test_before_anything_is_asked_it_says_what_to_do(open_app, shop):
    app = open_app(shop, "replies")
    assert "press Draft an answer" in said(app)


def test_an_answer_shows_the_rows_it_stands_on_and_that_a_person_sends_it(open_app, shop):
    app = ask(open_app(shop, "replies"), "Is the wool throw in stock?")
    assert "Wool Throw is out of stock" in app.text_area(key="replies.answer").value
    assert "products p04" in said(app)
    assert "Offered with it: **Cotton Towel**" in said(app)
    assert "A person sends it." in said(app)


def test_an_order_is_answered_from_its_lines_and_a_wrong_number_is_said(open_app, shop):
    app = ask(open_app(shop, "replies"), "Where is my order?", "o0012")
    assert "it has been shipped" in app.text_area(key="replies.answer").value
    ask(app, "Where is my order?", "o12")
    assert "has no order o12" in app.error[0].value


def test_what_is_not_known_says_whom_to_ask_and_what_is_near(open_app, shop):
    app = ask(open_app(shop, "replies"), "How many points do I have? I need it today!")
    assert "I don't know" in app.text_area(key="replies.answer").value
    assert "Ask whoever decides on this" in app.warning[0].value
    assert "Near it, but no answer" in said(app)
    assert "urgent" in said(app)


def test_an_own_promise_in_an_edited_answer_is_pointed_out_and_taken_back(open_app, shop):
    app = ask(open_app(shop, "replies"), "Can I return the mug?")
    app.text_area(key="replies.answer").set_value("You can return it within 90 days.").run()
    assert "90. Check it before you send." in app.warning[0].value
    app.button(key="replies.back").click().run()
    assert "30 days" in app.text_area(key="replies.answer").value
    assert not app.warning


def test_a_new_question_replaces_the_edited_answer(open_app, shop):
    app = ask(open_app(shop, "replies"), "Can I return the mug?")
    app.text_area(key="replies.answer").set_value("Mine").run()
    assert "$89" in ask(app, "How much is the table lamp?").text_area(key="replies.answer").value


def test_a_shop_without_rules_says_where_to_write_them(open_app, shop):
    shutil.rmtree(shop / "policy")
    app = open_app(shop, "replies")
    assert "has no rules for customers yet" in said(app)
    assert str(shop / "policy") in [one.value for one in app.get("code")]


def test_it_speaks_chinese_and_answers_each_message_in_its_own_language(open_app, shop):
    app = ask(open_app(shop, "replies", "zh"), "How much is the table lamp?")
    assert app.title[0].value == "回复"
    assert "Table Lamp costs $89." in app.text_area(key="replies.answer").value
    assert "由人发送" in said(app)
    assert "台灯售价$89。" in ask(app, "台灯多少钱？").text_area(key="replies.answer").value
