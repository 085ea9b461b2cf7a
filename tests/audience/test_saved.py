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


def test_whom_an_audience_leaves_out_is_kept_with_it(shop):
    made = saved.save(shop, "quiet", "ORDERS >= 2", NOW, "ana", "Recency_days<-0 or orders > 9", 30)
    assert saved.saved(open_shop(shop.path)) == [made]
    assert (made.rule, made.exclude_rule, made.skip_buyers_days) == (
        "orders >= 2", "recency_days < 0 or orders > 9", 30,
    )  # fmt: skip
    changed = saved.change(shop, "quiet", "orders >= 3", "orders > 8", 7)
    assert saved.find(shop, "quiet") == changed
    assert (changed.rule, changed.exclude_rule, changed.skip_buyers_days) == ("orders >= 3", "orders > 8", 7)


def test_an_audience_saved_before_it_could_leave_anybody_out_is_still_read(shop):
    (shop.path / "audiences.json").write_text(
        '[{"name": "old", "rule": "orders >= 2", "created_at": "2026-01-05T09:00:00", "created_by": "ana"}]'
    )
    old = saved.find(shop, "old")
    assert (old.rule, old.exclude_rule, old.skip_buyers_days) == ("orders >= 2", None, 0)
    saved.save(shop, "new", "orders >= 3", NOW, "ben", "orders > 9", 5)
    assert [one.name for one in saved.saved(shop)] == ["new", "old"]
    assert saved.find(shop, "old") == old


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
        (
            lambda shop: saved.save(shop, "new", "orders > 1", NOW, "ben", "ordrs > 1"),
            'The rule that leaves customers out: Position 1: there is no field "ordrs".',
        ),
        (
            lambda shop: saved.save(shop, "new", "orders > 1", NOW, "ben", None, -1),
            "Leave out who bought in the last days: -1 is no number of days here. Write a whole number from 0 to 365",
        ),
        (lambda shop: saved.change(shop, "one", "orders > 1", None, 366), "Leave out who bought in the last days: 366"),
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
