"""The approval history: nothing told is lost, nothing changed goes unseen."""

import json
import multiprocessing
import os
import resource
import sqlite3 as other_library
import stat
import threading
from pathlib import Path

import pytest
from sqlite_utils.utils import sqlite3

from engine import sentences
from engine.decision import database, keys, ledger, schema
from engine.errors import AppError, StoreProblem

FORK = multiprocessing.get_context("fork")  # children start in milliseconds: everything is imported already


def outsider(shop, *statements):
    """What somebody with the file and no manners does: no guards, no authorizer."""
    raw = sqlite3.connect(str(shop.dir / "ledger.db"), isolation_level=None)
    raw.create_function("person_key", 1, str, deterministic=True)
    for name in schema.GUARDS:
        raw.execute(f"DROP TRIGGER IF EXISTS {name}")
    for statement in statements:
        raw.execute(*statement) if isinstance(statement, tuple) else raw.execute(statement)
    raw.close()


def filled(shop, count=5):
    for number in range(1, count + 1):
        shop.append(number=number)
    return shop


def test_an_entry_is_read_back_as_it_was_written(shop):
    written = shop.append("p1", "results_in", reason="合适 👍", value=0.1, unknown=float("nan"))
    read = shop.entries()
    assert read == [written]
    assert (read[0].seq, read[0].at, read[0].actor, read[0].recorded_by) == (
        1,
        "2026-06-01T12:00:00+00:00",
        "ana",
        "root",
    )
    assert read[0].payload == {"reason": "合适 👍", "value": 0.1, "unknown": None}


def test_entries_of_one_plan_are_those_of_that_plan(shop):
    for plan_id in ("p1", "p2", "p1"):
        shop.append(plan_id)
    assert [entry.seq for entry in shop.entries("p1")] == [1, 3]
    assert shop.entries("nobody") == []


def test_what_was_said_cannot_be_read_in_the_file(shop):
    shop.append(reason="canary-4711")
    content = b"".join(path.read_bytes() for path in shop.dir.iterdir())
    assert b"canary" not in content
    assert b"results_in" in content


def test_key_and_head_are_for_their_owner_only_and_outside_the_shop(shop):
    shop.append()
    for name in ("ledger.key", "ledger.head"):
        assert stat.S_IMODE((shop.config / "shop-1" / name).stat().st_mode) == 0o600
    assert {path.name for path in shop.dir.iterdir()} <= {"ledger.db", "ledger.db-wal", "ledger.db-shm"}


def test_the_head_names_the_last_entry(shop):
    last = [shop.append() for _ in range(3)][-1]
    head = json.loads((shop.config / "shop-1" / "ledger.head").read_text())
    assert head == {"entries": 3, "hash": last.hash, "at": "2026-06-01T12:00:00+00:00"}


def test_an_untouched_history_is_whole(shop):
    assert shop.verify().ok
    verdict = filled(shop).verify()
    assert (verdict.ok, verdict.entries, verdict.bad_seq) == (True, 5, None)
    assert verdict.sentence == "All 5 entries of the approval history are whole."


@pytest.mark.parametrize(
    ("statement", "bad_seq"),
    [
        ("UPDATE entries SET actor = 'eve' WHERE seq = 3", 3),
        ("UPDATE entries SET at = '2020-01-01T00:00:00' WHERE seq = 1", 1),
        ("UPDATE entries SET plan_id = 'p9' WHERE seq = 2", 2),
        ("UPDATE entries SET payload = payload || x'00' WHERE seq = 4", 4),
        ("UPDATE entries SET payload = 'text' WHERE seq = 4", 4),
        ("UPDATE entries SET hash = lower(hex(randomblob(32))) WHERE seq = 2", 2),
        ("UPDATE entries SET seq = 9 WHERE seq = 5", 5),
        ("DELETE FROM entries WHERE seq = 2", 2),
        ("DELETE FROM entries WHERE seq = 1", 1),
        ("INSERT INTO entries SELECT 6, at, shop_id, plan_id, action, actor, recorded_by, payload, hash, hash "
         "FROM entries WHERE seq = 5", 6),
    ],
)  # fmt: skip
def test_a_changed_entry_is_found_and_named(shop, statement, bad_seq):
    outsider(filled(shop), statement)
    verdict = shop.verify()
    assert (verdict.ok, verdict.bad_seq) == (False, bad_seq)
    assert f"ntry {bad_seq} " in verdict.sentence


def test_every_changed_byte_of_a_payload_is_found(shop):
    filled(shop, 2)
    for place in range(1, 30):
        outsider(shop, f"UPDATE entries SET payload = CAST(substr(payload, 1, {place - 1}) || "
                       f"x'ff' || substr(payload, {place} + 1) AS BLOB) WHERE seq = 2 "
                       f"AND hex(substr(payload, {place}, 1)) <> 'FF'")  # fmt: skip
        assert shop.verify().bad_seq == 2


def test_a_cut_tail_is_found_by_the_head_outside(shop):
    outsider(filled(shop), "DELETE FROM entries WHERE seq > 3")
    verdict = shop.verify()
    assert (verdict.ok, verdict.bad_seq) == (False, 4)
    assert "cut off" in verdict.sentence
    with pytest.raises(StoreProblem, match="changed or cut off"):
        shop.append()


def test_a_history_written_anew_with_another_key_is_found(shop, tmp_path):
    filled(shop)
    forger = type(shop)(tmp_path / "forged", "shop-1", tmp_path / "forger")
    forger.dir.mkdir()
    filled(forger)
    (shop.dir / "ledger.db").write_bytes((forger.dir / "ledger.db").read_bytes())
    assert shop.verify().bad_seq == 1


def test_a_history_written_anew_with_the_stolen_key_is_found_by_the_head(shop, tmp_path):
    filled(shop)
    forger = type(shop)(tmp_path / "forged", "shop-1", tmp_path / "forger")
    forger.dir.mkdir()
    (forger.config / "shop-1").mkdir(parents=True)
    (forger.config / "shop-1" / "ledger.key").write_bytes((shop.config / "shop-1" / "ledger.key").read_bytes())
    for number in range(6):
        forger.append(number=number * 10)
    (shop.dir / "ledger.db").write_bytes((forger.dir / "ledger.db").read_bytes())
    verdict = shop.verify()
    assert (verdict.ok, verdict.bad_seq) == (False, 5)
    assert "written anew" in verdict.sentence
    with pytest.raises(StoreProblem, match=r"restore ledger\.db from a backup"):
        shop.append()


def test_an_older_export_proves_that_its_history_is_still_there(shop):
    filled(shop)
    third = shop.entries()[2]
    assert shop.verify(printed=(3, third.hash)).ok
    assert shop.verify(printed=(3, "0" * 64)).bad_seq == 3
    assert shop.verify(printed=(7, third.hash)).bad_seq == 6


def test_removed_protection_is_reported(shop):
    outsider(filled(shop))
    verdict = shop.verify()
    assert not verdict.ok
    assert "protection was removed" in verdict.sentence


def test_a_guard_that_keeps_its_name_and_refuses_nothing_is_reported_and_nothing_more_is_saved(shop):
    filled(shop)
    raw = sqlite3.connect(str(shop.dir / "ledger.db"), isolation_level=None)
    raw.execute("DROP TRIGGER entries_no_update")
    raw.execute("CREATE TRIGGER entries_no_update BEFORE UPDATE ON entries WHEN 0 BEGIN SELECT 1; END")
    raw.execute("CREATE TRIGGER another AFTER INSERT ON entries BEGIN DELETE FROM plans; END")
    raw.close()
    assert "(trigger another, trigger entries_no_update)" in shop.verify().sentence
    with pytest.raises(StoreProblem, match="another program changed trigger another"):
        shop.append()
    assert len(shop.entries()) == 5


@pytest.mark.parametrize("where", ["seq = 3", "seq > 3"])
def test_a_shortened_history_is_neither_read_nor_added_to(shop, where):
    outsider(filled(shop), f"DELETE FROM entries WHERE {where}")
    for act in (shop.entries, lambda: shop.entries("p1"), shop.append):
        with pytest.raises(StoreProblem, match="changed or cut off"):
            act()


@pytest.mark.parametrize("done", ["DROP TABLE entries", "PRAGMA user_version = 0"])
def test_a_file_without_its_tables_is_called_damaged_and_never_safe(shop, done):
    raw = sqlite3.connect(str(filled(shop).dir / "ledger.db"), isolation_level=None)
    raw.execute(done)
    raw.close()
    for act in (shop.verify, shop.entries, shop.append):
        with pytest.raises(StoreProblem, match="Restore it from a backup"):
            act()


@pytest.mark.parametrize("note", ['{"entries": "5", "hash": "a", "at": "b"}', '{"entries": 5}', "[]", "5", "{"])
def test_a_note_of_another_form_is_a_sentence(shop, note):
    folder = filled(shop).config / "shop-1"
    (folder / "ledger.head").write_text(note, encoding="utf-8")
    for act in (shop.verify, shop.append):
        with pytest.raises(StoreProblem, match="cannot be read"):
            act()


def test_a_crash_between_commit_and_head_is_not_tampering(shop, monkeypatch):
    filled(shop, 2)
    with monkeypatch.context() as crash:
        crash.setattr(ledger, "move_head", lambda folder, head: None)
        shop.append()
    verdict = shop.verify()
    assert verdict.ok
    assert (verdict.entries, verdict.head.entries) == (3, 2)
    assert shop.append().seq == 4
    assert shop.verify().head.entries == 4


def test_a_crash_before_the_very_first_head_is_not_tampering(shop, monkeypatch):
    monkeypatch.setattr(ledger, "move_head", lambda folder, head: None)
    shop.append()
    assert shop.verify().ok


def test_a_slower_process_never_moves_the_head_back(shop):
    first, second = shop.append(), shop.append()
    folder = keys.folder_of("shop-1", shop.config)
    keys.move_head(folder, keys.Head(1, first.hash, first.at))
    assert keys.read_head(folder) == keys.Head(2, second.hash, second.at)


def test_a_saved_entry_is_not_called_lost_when_only_its_note_fails(shop, monkeypatch, caplog):
    shop.append()

    def full(path, content):
        raise StoreProblem("disk full")

    monkeypatch.setattr(keys, "replace", full)
    assert shop.append().seq == 2
    assert "was saved" in caplog.text
    assert len(shop.entries()) == 2


def test_a_deleted_ledger_is_noticed_and_not_begun_anew(shop):
    filled(shop, 2)
    for path in shop.dir.iterdir():
        path.unlink()
    for use in (shop.append, shop.entries):
        with pytest.raises(StoreProblem, match="is gone, but 2 entries"):
            use()
    assert not shop.verify().ok
    assert list(shop.dir.iterdir()) == []


def test_a_missing_key_is_a_sentence_and_no_new_key(shop):
    shop.append()
    (shop.config / "shop-1" / "ledger.key").unlink()
    for use in (shop.append, shop.entries, shop.verify):
        with pytest.raises(StoreProblem, match=r"key of the approval history.*backup"):
            use()
    assert not (shop.config / "shop-1" / "ledger.key").exists()


def test_a_missing_head_is_reported_and_stops_new_entries(shop):
    shop.append()
    (shop.config / "shop-1" / "ledger.head").unlink()
    assert "could have been cut off" in shop.verify().sentence
    with pytest.raises(StoreProblem, match="outside note"):
        shop.append()


@pytest.mark.parametrize("shop_id", ["", "../x", "a/b", ".hidden", "x" * 101])
def test_a_shop_id_is_never_a_path(shop, shop_id):
    shop.shop_id = shop_id
    with pytest.raises(StoreProblem, match="shop_id"):
        shop.append()


def test_a_missing_shop_folder_is_a_sentence(shop):
    shop.dir = shop.dir / "nowhere"
    with pytest.raises(StoreProblem, match=r"cannot be opened\. Check that the shop folder exists"):
        shop.append()


def test_a_damaged_file_is_a_sentence(shop):
    shop.append()
    (shop.dir / "ledger.db").write_bytes(b"no database at all" * 300)
    with pytest.raises(StoreProblem, match="damaged"):
        shop.verify()


def test_a_busy_file_is_a_sentence_and_nothing_is_saved(shop, monkeypatch):
    shop.append()
    other = sqlite3.connect(str(shop.dir / "ledger.db"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with monkeypatch.context() as patience:
        patience.setattr(database, "WAIT_SECONDS", 0.2)
        with pytest.raises(StoreProblem, match="busy"):
            shop.append()
    other.execute("ROLLBACK")
    other.close()
    assert len(shop.entries()) == 1


def _append_many(shop, count, told):
    for number in range(count):
        told.put(shop.append(number=number).seq)


def test_four_processes_lose_nothing_on_a_new_file(shop):
    told = FORK.Queue()
    workers = [FORK.Process(target=_append_many, args=(shop, 50, told)) for _ in range(4)]
    for worker in workers:
        worker.start()
    heard = [told.get(timeout=60) for _ in range(200)]
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0] * 4
    assert sorted(heard) == list(range(1, 201))
    verdict = shop.verify()
    assert (verdict.ok, verdict.entries, verdict.head.entries) == (True, 200, 200)


def test_eight_threads_lose_nothing(shop):
    failed = []

    def work():
        try:
            for _ in range(10):
                shop.append()
        except AppError as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert shop.verify().entries == 80


def test_a_full_database_is_a_sentence_and_loses_nothing(shop, monkeypatch):
    filled(shop, 3)
    connect = database._connect

    def small(shop_dir):
        db = connect(shop_dir)
        db.conn.set_authorizer(None)
        db.execute("PRAGMA max_page_count = 12")
        return db

    told = 3
    with monkeypatch.context() as full:
        full.setattr(database, "_connect", small)
        with pytest.raises(StoreProblem, match=r"full or cannot be written.*Nothing was saved this time"):
            while told < 500:
                shop.append(text="x" * 2000)
                told += 1
    assert told < 500
    assert (shop.verify().ok, len(shop.entries())) == (True, told)
    assert shop.append().seq == told + 1


def _append_until_refused(shop, limit, told):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))  # a write past it fails, as on a full disk
    try:
        for _ in range(500):
            told.send(shop.append(text="x" * 2000).seq)
    except StoreProblem as error:
        told.send(str(error))


def test_a_full_disk_is_a_sentence_and_loses_nothing(shop):
    filled(shop, 2)
    here, there = FORK.Pipe(duplex=False)
    worker = FORK.Process(target=_append_until_refused, args=(shop, 90_000, there))
    worker.start()
    told = [2]
    while isinstance(told[-1], int) and here.poll(60):
        told.append(here.recv())
    worker.join(60)
    assert "full or cannot be written" in told[-1]
    assert (shop.verify().ok, len(shop.entries())) == (True, told[-2])


def test_pythons_own_sqlite_still_reads_the_file(shop):
    filled(shop, 2)
    copy = shop.dir.parent / "copy.db"
    copy.write_bytes((shop.dir / "ledger.db").read_bytes())  # two libraries on one file would lose each other's locks
    with other_library.connect(f"file:{copy}?mode=ro", uri=True) as db:
        assert db.execute("SELECT count(*) FROM entries").fetchone() == (2,)


def test_the_same_history_gives_the_same_bytes(shop, tmp_path):
    folder = shop.config / "shop-1"
    folder.mkdir(parents=True)
    (folder / "ledger.key").write_bytes(bytes(32))
    twin = type(shop)(tmp_path / "twin", "shop-1", tmp_path / "twin-config")
    twin.dir.mkdir()
    (twin.config / "shop-1").mkdir(parents=True)
    (twin.config / "shop-1" / "ledger.key").write_bytes(bytes(32))
    assert filled(shop).entries()[-1].hash == filled(twin).entries()[-1].hash


def test_no_file_is_made_by_reading(shop):
    assert shop.entries() == []
    assert shop.verify().ok
    assert list(shop.dir.iterdir()) == []
    assert not Path(shop.config).exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_file_is_a_sentence(shop):
    shop.append()
    (shop.dir / "ledger.db").chmod(0o444)
    with pytest.raises(StoreProblem, match="may be read but not written"):
        shop.append()


@pytest.mark.parametrize("action", ledger.ACTIONS)
def test_every_kind_of_entry_has_its_words_on_both_pages_that_show_a_history(action):
    for key in (f"approve.did_{action}", f"history.action_{action}"):
        said = {language: sentences.say(key, language, who="Ana", when="1 June") for language in ("en", "zh")}
        assert said["en"] != said["zh"]


def test_an_entry_of_a_kind_that_is_not_listed_is_never_written(shop):
    with pytest.raises(KeyError):
        shop.append("p1", "never heard of")
    assert not shop.entries()
