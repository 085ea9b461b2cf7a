"""Audiences under a name: kept in the shop, one of a name, and never lost to a mistake."""

from datetime import datetime

import pytest

from engine.audience import saved
from engine.errors import DataProblem, StoreProblem
from engine.shop.store import open_shop
from tests.tiny import shop_of, tables

NOW = datetime(2026, 6, 1, 9, 30, 15, 123456)


@pytest.fixture
def shop(tmp_path):
    return shop_of(tmp_path / "shop", tables("customers", "orders"))


def test_an_audience_is_read_back_as_it_was_saved(shop):
    made = saved.save(shop, "  Quiet   buyers ", "orders>=2 AND (recency_days > 90)", NOW, "ana")
    assert saved.saved(open_shop(shop.path)) == [made]
    assert (made.name, made.rule) == ("Quiet buyers", "orders >= 2 and recency_days > 90")
    assert (made.created_at, made.created_by) == (NOW.replace(microsecond=0), "ana")
    assert saved.find(shop, "quiet buyers") == made


def test_audiences_are_listed_by_name(shop):
    for name in ("b", "C", "a", "春季"):
        saved.save(shop, name, "orders >= 1", NOW, "ana")
    assert [one.name for one in saved.saved(shop)] == ["a", "b", "C", "春季"]


def test_an_audience_is_changed_renamed_and_deleted(shop):
    saved.save(shop, "one", "orders >= 1", NOW, "ana")
    saved.save(shop, "two", "orders >= 2", NOW, "ben")
    assert saved.change(shop, "one", "orders = 1").rule == "orders = 1"
    renamed = saved.rename(shop, "one", "ONE")
    assert (renamed.name, renamed.rule, renamed.created_by) == ("ONE", "orders = 1", "ana")
    saved.delete(shop, "two")
    assert saved.saved(shop) == [renamed]


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (lambda shop: saved.save(shop, "ONE", "orders > 1", NOW, "ben"), 'There is already an audience "ONE". Choose '),
        (lambda shop: saved.rename(shop, "two", "Ｏne"), "There is already an audience"),
        (lambda shop: saved.save(shop, "  ", "orders > 1", NOW, "ben"), "A saved audience needs a name."),
        (
            lambda shop: saved.save(shop, "x" * 101, "orders > 1", NOW, "ben"),
            "The name has 101 characters; at most",
        ),
        (lambda shop: saved.save(shop, "new", "ordrs > 1", NOW, "ben"), 'Position 1: there is no field "ordrs".'),
        (lambda shop: saved.change(shop, "one", "orders >"), "The rule ends too early"),
        (lambda shop: saved.rename(shop, "gone", "x"), 'There is no saved audience "gone". Somebody may have renamed'),
        (lambda shop: saved.delete(shop, "gone"), 'There is no saved audience "gone".'),
        (lambda shop: saved.find(shop, "gone"), 'There is no saved audience "gone".'),
    ],
)
def test_what_cannot_be_done_is_refused_and_changes_nothing(shop, act, sentence):
    saved.save(shop, "one", "orders >= 1", NOW, "ana")
    saved.save(shop, "two", "orders >= 2", NOW, "ana")
    before = saved.saved(shop)
    with pytest.raises(DataProblem) as refused:
        act(shop)
    assert str(refused.value).startswith(sentence)
    assert saved.saved(shop) == before


@pytest.mark.parametrize("content", ["", "[{]", '{"name": "x"}', '[{"name": "x"}]', "\x00"])
def test_a_damaged_file_is_said_to_be_so_and_not_overwritten(shop, content):
    file = shop.path / "audiences.json"
    file.write_text(content)
    for act in (lambda: saved.saved(shop), lambda: saved.save(shop, "new", "orders > 1", NOW, "ana")):
        with pytest.raises(StoreProblem, match=r"audiences\.json cannot be read: it is damaged\. Put a copy"):
            act()
    assert file.read_text() == content
