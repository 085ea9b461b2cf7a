"""A disk, a file or a clock that fails: a sentence in the reader's language, and nothing lost."""

import threading
from datetime import datetime, timedelta

import pytest
import time_machine
from sqlite_utils.utils import sqlite3

from engine.decision import approvals, database, plans
from engine.errors import StoreProblem


def test_a_file_that_may_only_be_read_is_a_sentence_and_still_read(shop, plan, monkeypatch):
    shop.submit(plan)
    connect = database._connect

    def read_only(shop_dir):
        db = connect(shop_dir)
        db.conn.set_authorizer(None)
        db.execute("PRAGMA query_only = ON")  # an account without the right to write, also where root runs the tests
        return db

    monkeypatch.setattr(database, "_connect", read_only)
    with pytest.raises(StoreProblem, match="may be read but not written") as problem:
        shop.approve()
    assert "只能读取，不能写入" in problem.value.text("zh")
    assert [entry.action for entry in shop.entries()] == ["submitted"]


@pytest.mark.parametrize("replaced", [False, True])
def test_a_file_that_goes_while_something_is_saved_is_not_told_as_saved(shop, plan, replaced):
    shop.append()
    path = database.path_of(shop.dir)
    content = path.read_bytes()
    said = "deleted or replaced by another program while this was saved"
    with pytest.raises(StoreProblem, match=said) as problem, database.writing(shop.dir) as db:
        plans.put(db, plan, {}, None, shop.now)
        path.unlink()
        if replaced:
            path.write_bytes(content)
    assert "可能没有保留" in problem.value.text("zh")


def test_a_file_that_went_before_the_transaction_began_takes_nothing(shop, plan, monkeypatch):
    shop.submit(plan)
    path, connect = database.path_of(shop.dir), database._connect
    copy = path.read_bytes()

    def and_it_goes(shop_dir):
        db = connect(shop_dir)
        path.unlink()
        path.write_bytes(copy)
        return db

    with monkeypatch.context() as other_program:
        other_program.setattr(database, "_connect", and_it_goes)
        with pytest.raises(StoreProblem, match=r"deleted or replaced by another program just now\. Nothing was saved"):
            shop.approve()
    assert [entry.action for entry in shop.entries()] == ["submitted"]
    assert shop.approve().action == "approved"


def test_a_deleted_file_is_never_begun_anew_by_saving_or_listing_plans(shop, plan, monkeypatch):
    monkeypatch.setenv("OFFERLAB_CONFIG", str(shop.config))
    (shop.dir / "shop.toml").write_text('shop_id = "shop-1"\n', encoding="utf-8")
    assert plans.saved_plans(shop.dir) == []  # a shop without plans yet
    shop.submit(plan)
    for path in shop.dir.glob("ledger.db*"):
        path.unlink()
    for use in (
        lambda: plans.save(shop.dir, plan, {}, None, shop.now),
        lambda: plans.saved_plans(shop.dir),
        lambda: plans.load(shop.dir, "p1"),
        lambda: approvals.approve(shop.dir, "shop-1", "p1", "ben", "ben", "fits", shop.now, shop.config),
    ):
        with pytest.raises(StoreProblem, match="is gone, but 1 entries") as problem:
            use()
        assert "请从备份恢复" in problem.value.text("zh")
    assert not database.path_of(shop.dir).exists()


def held(shop):
    other = sqlite3.connect(str(database.path_of(shop.dir)), isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    return other


def test_a_decision_waits_for_another_program_and_is_then_saved_once(shop, plan):
    shop.submit(plan)
    other = held(shop)
    free = threading.Timer(0.3, lambda: other.execute("ROLLBACK"))
    free.start()
    assert shop.approve().action == "approved"
    free.join()
    other.close()
    assert [entry.action for entry in shop.entries()] == ["submitted", "approved"]


def test_a_decision_that_waited_in_vain_is_refused_and_can_be_made_again(shop, plan, monkeypatch):
    assert database.WAIT_SECONDS == 30
    shop.submit(plan)
    other = held(shop)
    with monkeypatch.context() as patience:
        patience.setattr(database, "WAIT_SECONDS", 0.1)
        with pytest.raises(StoreProblem, match=r"kept ledger\.db busy for 0 seconds.*Nothing was saved") as problem:
            shop.approve()
    assert "请稍后重试" in problem.value.text("zh")
    other.close()
    assert shop.approve().action == "approved"
    assert len(shop.entries()) == 2


def test_a_full_disk_is_said_in_chinese_too(tmp_path):
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorname = "SQLITE_FULL"
    assert "磁盘已满" in database._problem(error, tmp_path / "ledger.db").text("zh")


def test_the_order_of_decisions_is_that_of_the_history_when_the_clock_goes_back(shop, make_plan):
    with time_machine.travel(datetime(2026, 6, 2, 12), tick=False) as clock:
        shop.now = datetime.now()
        shop.submit(make_plan("late"))
        clock.shift(timedelta(days=-1))
        shop.now = datetime.now()
        shop.approve("late")
        shop.submit(make_plan("early"))
    entries = shop.entries()
    assert [(entry.seq, entry.action, entry.at[:10]) for entry in entries] == [
        (1, "submitted", "2026-06-02"), (2, "approved", "2026-06-01"), (3, "submitted", "2026-06-01"),
    ]  # fmt: skip
    assert shop.verify().ok
    assert shop.is_approved(plans.load(shop.dir, "late").plan)


def test_what_a_trigger_says_is_said_in_the_readers_language():
    said = database._of_a_trigger("A plan starts as a draft.")
    assert said.text("zh") == "方案必须从草稿开始。"
    assert database._of_a_trigger("something new") == "something new"


def test_every_sentence_of_the_triggers_has_its_translation():
    scripts = "\n".join(database.MIGRATIONS[:3])
    said = [part.split("')")[0] for part in scripts.split("RAISE(ABORT, '")[1:]]
    assert len(said) == 8
    assert [text for text in said if isinstance(database._of_a_trigger(text), str)] == []


def test_a_machine_whose_sqlite_is_unfit_or_does_not_wait_for_the_disk_is_known_at_the_start(shop, monkeypatch):
    assert database.trial() is None
    shop.append()
    assert database.trial(shop.dir) is None
    with monkeypatch.context() as old:
        known = database.fitness
        old.setattr(database, "fitness", lambda: known((3, 40, 1)))
        assert "can damage a file" in database.trial(shop.dir).text()
    connect = database.sqlite3.connect

    class Careless:
        def __init__(self, *arguments, **more):
            self.inner = connect(*arguments, **more)

        def execute(self, sql, *more):
            return self.inner.execute("SELECT 1" if sql == "PRAGMA synchronous" else sql, *more)

        def __getattr__(self, name):
            return getattr(self.inner, name)

    monkeypatch.setattr(database.sqlite3, "connect", Careless)
    assert "does not wait for the disk" in database.trial(shop.dir).text()
    assert "不等待数据写入磁盘" in database.trial().text("zh")
