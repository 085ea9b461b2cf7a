from pathlib import Path

import pandas as pd
import pytest

from engine import settings
from engine.access import roles
from engine.shop import duplicates, store, vault
from tests.tiny import shop_of, tables

CONTACTS = {
    "customer_id": ["c001", "c002", "c005", "c006"],
    "email": ["ana@example.com", "Ana@example.com", "ben@example.com", None],
    "phone": [None, None, None, "13812345678"],
}


@pytest.fixture
def shop(tmp_path) -> Path:
    """A small shop with contacts, two of which are one person's."""
    made = shop_of(tmp_path / "shops" / "small", tables("customers", "orders"), {"name": "Small"})
    vault.add(made.path, made.shop_id, settings.read().config, pd.DataFrame(CONTACTS))
    return made.path


def opened(shop):
    return store.open_shop(shop)


def test_the_page_says_how_many_contacts_are_kept_that_they_are_encrypted_and_where_the_key_is(open_app, shop, words):
    app = open_app(shop, "people")
    assert not app.exception
    assert [metric.value for metric in app.metric] == ["4", "3", "1"]
    assert "encrypted" in words(app)
    assert app.code[0].value == str(settings.read().config / opened(shop).shop_id / "vault.key")
    assert "ana@example.com" not in words(app)


def test_nothing_is_ticked_and_nothing_is_merged_until_it_is(open_app, shop, words):
    app = open_app(shop, "people")
    assert [box.value for box in app.checkbox] == [False]
    assert not [button for button in app.button if button.key == "people.merge"]
    assert app.dataframe[0].value["customer_id"].tolist() == ["c002", "c001"]
    app.checkbox(key="people.merge.c001").check().run()
    assert "c001 → c002" in words(app) and "final" in words(app)
    assert opened(shop).rows("customers") == 60
    app.button(key="people.merge").click().run()
    assert not app.exception
    assert "Customers merged into another: 1" in words(app)
    assert opened(shop).rows("customers") == 59
    assert duplicates.proposals(opened(shop), settings.read().config).empty
    assert not app.checkbox


def test_a_customer_is_erased_only_when_typed_twice(open_app, shop, words):
    app = open_app(shop, "people")
    app.text_input(key="people.who").set_value("BEN@example.com").run()
    lines = opened(shop).table("orders")["customer_id"].eq("c005").sum()
    assert "Customers: rows removed: 1" in words(app)
    assert f"{lines} lines stay" in words(app)
    assert app.button(key="people.erase").disabled
    app.text_input(key="people.again").set_value("ben@other.com").run()
    assert app.button(key="people.erase").disabled
    app.text_input(key="people.again").set_value("BEN@example.com").run()
    app.button(key="people.erase").click().run()
    assert not app.exception
    assert f"Rows removed: 1. Order lines that stay without a name: {lines}." in words(app)
    assert "c005" not in set(opened(shop).table("orders")["customer_id"])
    assert app.text_input(key="people.who").value == ""
    assert "no import brings back: 1" in words(app)


def test_a_name_that_nobody_has_is_said(open_app, shop, words):
    app = open_app(shop, "people")
    app.text_input(key="people.who").set_value("c00").run()
    assert "No customer of this shop has exactly this" in words(app)
    assert not [button for button in app.button if button.key == "people.erase"]


def test_who_may_not_administer_is_told_and_nothing_happens(open_app, shop, words):
    app = open_app(shop, "people")
    app.checkbox(key="people.merge.c001").check().run()
    (settings.read().config / "roles.toml").write_text(f'[people]\n"{roles.os_user()}" = "marketer"\n')
    app.button(key="people.merge").click().run()  # it was drawn before
    assert "may not administer" in words(app)
    assert app.button(key="people.merge").disabled
    assert opened(shop).rows("customers") == 60


def test_a_lost_key_is_said_in_a_sentence(open_app, shop, words):
    (settings.read().config / opened(shop).shop_id / "vault.key").unlink()
    app = open_app(shop, "people")
    assert not app.exception
    assert "is missing. Restore it from a backup" in words(app)


def test_the_page_speaks_chinese(open_app, shop):
    app = open_app(shop, "people", language="zh")
    assert app.title[0].value == "隐私"
    assert "并入" in app.checkbox[0].label
