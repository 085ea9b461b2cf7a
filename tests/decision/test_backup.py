"""Backups count once they are checked, and a restore hides nothing of what it lost."""

import json
import multiprocessing
import os
import threading
from datetime import UTC, timedelta
from pathlib import Path

import pytest
from sqlite_utils.utils import sqlite3

from engine.decision import backup, database, keys, ledger, plans, restore
from engine.errors import NotAllowed, StoreProblem

FORK = multiprocessing.get_context("fork")


@pytest.fixture
def place(shop):
    return backup.folder(shop.shop_id, shop.config)


def take(shop, place, **later):
    return backup.take(shop.dir, shop.shop_id, shop.config, place, shop.now + timedelta(**later))


def put_back(shop, one, losing=0, person="root"):
    path = one if isinstance(one, Path) else one.path
    return restore.restore(shop.dir, shop.shop_id, shop.config, path, person, shop.now, losing=losing)


def damage(shop):
    path = shop.dir / "ledger.db"
    path.write_bytes(b"no database at all" * 300)


def head_of(shop):
    return keys.read_head(keys.folder_of(shop.shop_id, shop.config))


# --- a backup ---


def test_a_backup_is_named_by_its_time_and_head_and_is_one_file_that_is_whole(shop, place):
    last = [shop.append() for _ in range(3)][-1]
    made = take(shop, place)
    assert made.path.parent == place
    assert not place.is_relative_to(shop.dir)
    assert (made.number, made.entries, made.head) == (1, 3, last.hash[:12])
    assert made.at == shop.now.astimezone(UTC)
    assert backup.backups(place) == [made]
    assert {path.name for path in place.iterdir()} <= {made.path.name, ".lock"}
    assert backup.checked(made.path, shop.shop_id, shop.config).ok
    assert oct(made.path.stat().st_mode & 0o777) == "0o600"


def test_a_backup_is_due_when_the_last_one_is_an_hour_old_or_the_clock_went_back(shop, place):
    assert not backup.is_due(shop.dir, place, shop.now)  # there is nothing yet
    shop.append()
    assert backup.is_due(shop.dir, place, shop.now)
    take(shop, place)
    assert not backup.is_due(shop.dir, place, shop.now + timedelta(minutes=59))
    assert backup.is_due(shop.dir, place, shop.now + timedelta(minutes=60))
    assert backup.is_due(shop.dir, place, shop.now - timedelta(days=1))
    take(shop, place, days=-1)
    assert not backup.is_due(shop.dir, place, shop.now - timedelta(days=1))
    assert [one.number for one in backup.backups(place)] == [2, 1]


def test_backups_may_lie_on_another_disk_by_the_id_of_the_shop(shop, tmp_path):
    assert backup.folder(shop.shop_id, shop.config, tmp_path / "disk") == tmp_path / "disk" / "shop-1"
    assert backup.same_disk(shop.dir, tmp_path / "disk")


def test_the_last_24_backups_and_the_last_one_of_30_days_are_kept(shop, place, monkeypatch):
    shop.append()
    first = take(shop, place)
    content = first.path.read_bytes()
    for number in range(2, 40 * 24):
        at = shop.now.astimezone(UTC) + timedelta(hours=number)
        (place / f"ledger-{number:06}-{at:%Y%m%dT%H%M%SZ}-1-{first.head}.db").write_bytes(b"")
    (place / "notes.txt").write_bytes(content)
    made = take(shop, place, days=41)
    kept = backup.backups(place)
    assert kept[0] == made
    assert [one.number for one in kept[:24]] == list(range(960, 936, -1))
    assert len({one.at.date() for one in kept}) == 30
    assert len(kept) == 24 + 30 - 3  # the last 24 hours touch three days
    assert (place / "notes.txt").exists()


def test_an_older_backup_is_kept_where_the_new_one_is_not_whole(shop, place, monkeypatch):
    shop.append()
    shop.append()
    good = take(shop, place)
    monkeypatch.setattr(backup, "KEPT", 0)
    monkeypatch.setattr(backup, "KEPT_DAYS", 0)
    raw = sqlite3.connect(str(shop.dir / "ledger.db"), isolation_level=None)
    raw.execute("DROP TRIGGER entries_no_update")
    raw.execute("UPDATE entries SET actor = 'eve' WHERE seq = 2")
    raw.close()
    with pytest.raises(StoreProblem, match=r"No backup was made, and no older one was removed: Entry 2"):
        take(shop, place, hours=1)
    assert backup.backups(place) == [good]


def test_a_backup_that_fails_is_logged_and_does_not_undo_a_decision(shop, place, caplog):
    entry = shop.append()
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("a file where the folder should be")
    assert backup.take_if_due(shop.dir, shop.shop_id, shop.config, place, shop.now) is None
    assert "was not made" in caplog.text
    assert "OFFERLAB_BACKUPS" in caplog.text
    assert shop.entries() == [entry]


def test_a_page_does_not_wait_for_its_backup(shop, place):
    shop.append()
    thread = backup.take_beside(shop.dir, shop.shop_id, shop.config, place, shop.now)
    assert thread is not None
    thread.join(30)
    assert len(backup.backups(place)) == 1
    assert backup.take_beside(shop.dir, shop.shop_id, shop.config, place, shop.now) is None


def _append(shop, count):
    for _ in range(count):
        shop.append()


def test_backups_are_whole_while_others_write(shop, place):
    shop.append()
    writers = [FORK.Process(target=_append, args=(shop, 25)) for _ in range(2)]
    for writer in writers:
        writer.start()
    made = [take(shop, place, hours=number) for number in range(4)]
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert all(backup.checked(one.path, shop.shop_id, shop.config).ok for one in made)
    assert shop.verify().entries == 51


# --- a restore ---


def test_a_damaged_file_comes_back_from_its_backup_and_the_history_tells_of_it(shop, place, plan):
    shop.submit(plan)
    shop.approve()
    made = take(shop, place)
    damage(shop)
    with pytest.raises(StoreProblem, match="damaged"):
        shop.entries()
    done = put_back(shop, made)
    assert (done.entries, done.lost, done.seq) == (2, 0, 3)
    assert (done.set_aside / "ledger.db").read_bytes().startswith(b"no database")
    assert [entry.action for entry in shop.entries()] == ["submitted", "approved", "restored"]
    assert shop.is_approved(plan)
    verdict = shop.verify()
    assert verdict.ok
    assert "by which no known entry was lost" in verdict.sentence
    assert (head_of(shop).entries, head_of(shop).hash) == (3, shop.entries()[-1].hash)
    assert shop.append().seq == 4
    assert not (shop.dir / ".restoring").exists()


def test_a_deleted_file_comes_back(shop, place, plan):
    shop.submit(plan)
    made = take(shop, place)
    for path in shop.dir.iterdir():
        path.unlink()
    done = put_back(shop, made)
    assert (done.lost, done.set_aside) == (0, None)
    assert plans.load(shop.dir, "p1").plan.status == "submitted"
    assert shop.verify().ok


def test_what_was_decided_after_the_backup_is_counted_and_has_to_be_accepted(shop, place):
    for _ in range(3):
        shop.append()
    made = take(shop, place)
    lost = [shop.append(), shop.append()]
    damage(shop)
    with pytest.raises(StoreProblem, match=r"ends at entry 3, but 5 entries are known: 2 would be lost"):
        put_back(shop, made)
    assert (shop.dir / "ledger.db").read_bytes().startswith(b"no database")
    assert head_of(shop).entries == 5
    done = put_back(shop, made, losing=2)
    assert (done.entries, done.lost, done.seq) == (3, 2, 4)
    told = shop.entries()[-1]
    assert told.payload["lost_head"] == lost[-1].hash
    verdict = shop.verify()
    assert verdict.ok
    assert "2 known entries after entry 3 were lost" in verdict.sentence
    # Who holds an export of a lost entry learns that it was lost, and not that somebody forged the history.
    for entry in lost:
        proof = shop.verify(printed=(entry.seq, entry.hash))
        assert (proof.ok, proof.bad_seq) == (False, entry.seq)
        assert "lost when the approval history was restored" in proof.sentence
    assert shop.verify(printed=(3, made_hash(shop, 3))).ok
    assert "written anew" in shop.verify(printed=(2, "0" * 64)).sentence


def made_hash(shop, seq):
    return shop.entries()[seq - 1].hash


def test_a_restore_is_told_in_chinese_too(shop, place):
    shop.append()
    made = take(shop, place)
    put_back(shop, made)
    assert "第 2 条记录了" in shop.verify().said.text("zh")


def test_a_whole_history_in_place_says_what_would_be_lost(shop, place):
    shop.append()
    made = take(shop, place)
    shop.append()
    before = shop.entries()
    with pytest.raises(StoreProblem, match="1 would be lost"):
        put_back(shop, made)
    assert shop.entries() == before
    put_back(shop, made, losing=1)
    old = sqlite3.connect(str(next(shop.dir.glob("ledger-set-aside-*")) / "ledger.db"))
    assert old.execute("SELECT count(*) FROM entries").fetchone() == (2,)
    old.close()


def test_without_the_note_outside_nobody_says_that_nothing_was_lost(shop, place):
    shop.append()
    made = take(shop, place)
    (shop.config / "shop-1" / "ledger.head").unlink()
    damage(shop)
    assert put_back(shop, made).lost is None
    assert "how many entries after entry 1 were lost then is not known" in shop.verify().sentence


def test_an_interrupted_restore_is_simply_done_again(shop, place, monkeypatch):
    for _ in range(2):
        shop.append()
    made = take(shop, place)
    shop.append()
    damage(shop)
    with monkeypatch.context() as crash:
        crash.setattr(restore, "write_head", lambda folder, head: (_ for _ in ()).throw(OSError(5, "power")))
        with pytest.raises(StoreProblem, match="could not be restored"):
            put_back(shop, made, losing=1)
    assert not shop.verify().ok
    assert put_back(shop, made, losing=1).lost == 1
    assert shop.verify().ok


def test_plans_without_any_decision_come_back_too(shop, place, plan):
    plans.save(shop.dir, plan, {}, None, shop.now)
    made = take(shop, place)
    plans.save(shop.dir, plan.model_copy(update={"name": "Other"}), {}, 1, shop.now)
    put_back(shop, made)
    assert plans.load(shop.dir, "p1").plan.name == "Spring"
    assert shop.verify().ok


def change(made, statement):
    raw = sqlite3.connect(str(made.path), isolation_level=None)
    for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        if not statement.startswith("PRAGMA"):
            raw.execute(f"DROP TRIGGER {name}")
    raw.execute(statement)
    raw.close()


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE entries SET actor = 'eve' WHERE seq = 2", "is not whole, and was not restored: Entry 2"),
        ("UPDATE entries SET shop_id = 'shop-9'", "is not of this shop, but of shop-9"),
        ("DROP TABLE entries", "is no backup of plans and approvals"),
        ("PRAGMA user_version = 99", "was written by a newer Offerlab"),
    ],
)
def test_a_backup_that_is_not_right_is_refused_and_nothing_changes(shop, place, statement, said):
    shop.append()
    shop.append()
    made = take(shop, place)
    change(made, statement)
    with pytest.raises(StoreProblem, match=said):
        put_back(shop, made)
    assert shop.verify().ok
    assert list(shop.dir.glob("ledger-set-aside-*")) == []


def test_a_file_that_is_no_database_or_is_not_there_is_refused(shop, place, tmp_path):
    shop.append()
    (tmp_path / "x.db").write_bytes(b"x" * 5000)
    with pytest.raises(StoreProblem, match="damaged"):
        put_back(shop, tmp_path / "x.db")
    with pytest.raises(StoreProblem, match="There is no file"):
        put_back(shop, tmp_path / "y.db")


def test_a_backup_made_with_another_key_is_refused(shop, place):
    shop.append()
    made = take(shop, place)
    (shop.config / "shop-1" / "ledger.key").write_bytes(b"k" * 32)
    with pytest.raises(StoreProblem, match="made with another key"):
        put_back(shop, made)


def test_another_shops_plans_are_refused_although_nothing_was_decided_in_them(shop, place, plan, tmp_path):
    other = type(shop)(tmp_path / "other", "shop-2", shop.config)
    other.dir.mkdir()
    plans.save(other.dir, plan, {}, None, shop.now)
    made = take(other, backup.folder("shop-2", shop.config))
    with pytest.raises(StoreProblem, match="is not of this shop"):
        put_back(shop, made)


def test_a_history_that_a_restore_left_is_no_part_of_the_one_in_place(shop, place):
    shop.append()
    early = take(shop, place)
    shop.append(number=1)
    late = take(shop, place)
    put_back(shop, early, losing=1)
    with pytest.raises(StoreProblem, match="is not whole, and was not restored"):
        put_back(shop, late, losing=9)
    assert shop.verify().ok


def test_only_an_admin_restores(shop, place):
    shop.append()
    made = take(shop, place)
    (shop.config / "roles.toml").write_text('[people]\nana = "approver"\n')
    with pytest.raises(NotAllowed, match="may not administer"):
        put_back(shop, made, person="ana")


def test_a_writer_that_waits_during_a_restore_is_not_told_that_it_saved(shop, place):
    shop.append()
    made = take(shop, place)
    refused, begun = [], threading.Event()
    told = restore._told

    def slowly(*arguments):
        writer.start()
        begun.wait(10)
        return told(*arguments)

    def write():
        raw = database._connect(shop.dir)  # another process: it has the file open and waits for its turn
        opened = database._identity(shop.dir / "ledger.db")
        begun.set()
        try:
            with database._transaction(raw):
                database._still(shop.dir / "ledger.db", opened, "ledger.moved")
        except StoreProblem as problem:
            refused.append(str(problem))
        raw.close()

    writer = threading.Thread(target=write)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(restore, "_told", slowly)
        put_back(shop, made)
    writer.join(30)
    assert "was deleted or replaced" in refused[0]
    assert [entry.action for entry in shop.entries()] == ["results_in", "restored"]
    assert shop.verify().ok


@pytest.mark.skipif(os.name != "posix", reason="needs fork")
def test_what_is_restored_is_what_a_new_process_reads(shop, place):
    shop.append()
    put_back(shop, take(shop, place))
    here, there = FORK.Pipe(duplex=False)
    child = FORK.Process(target=lambda: there.send(json.dumps([entry.action for entry in shop.entries()])))
    child.start()
    assert json.loads(here.recv()) == ["results_in", "restored"]
    child.join(30)
    assert ledger.verify(shop.dir, shop.shop_id, shop.config).ok
