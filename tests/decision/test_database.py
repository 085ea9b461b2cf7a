"""The file itself refuses what no function of ours does."""

import pytest
from sqlite_utils.utils import sqlite3

from engine.decision import authors, database, ledger, plans, schema
from engine.errors import AppError, NotAllowed, StoreProblem
from tests.decision.test_approvals import bring_to

ROW = "at, shop_id, plan_id, action, actor, recorded_by, payload, prev, hash"
PAST_THE_GUARDS = {
    "update": "UPDATE entries SET actor = 'eve' WHERE seq = 1",
    "delete": "DELETE FROM entries WHERE seq = 2",
    "replace": f"REPLACE INTO entries SELECT 1, {ROW} FROM entries WHERE seq = 2",
    "insert or replace": f"INSERT OR REPLACE INTO entries SELECT 2, {ROW} FROM entries WHERE seq = 1",
    "upsert": f"INSERT INTO entries SELECT 1, {ROW} FROM entries WHERE seq = 2 "
    "ON CONFLICT (seq) DO UPDATE SET actor = 'eve'",
    "gap": f"INSERT INTO entries SELECT 9, {ROW} FROM entries WHERE seq = 2",
    "no number": f"INSERT INTO entries SELECT NULL, {ROW} FROM entries WHERE seq = 2",
}
PAST_THE_SCHEMA = {
    "drop table": "DROP TABLE entries",
    "drop trigger": "DROP TRIGGER entries_no_update",
    "new trigger": "CREATE TEMP TRIGGER t AFTER INSERT ON entries BEGIN DELETE FROM plans; END",
    "add column": "ALTER TABLE entries ADD COLUMN extra TEXT",
    "rename": "ALTER TABLE entries RENAME TO old_entries",
    "attach": "ATTACH ':memory:' AS other",
    "change an earlier version": "UPDATE plan_versions SET body = '{}'",
    "remove an earlier version": "DELETE FROM plan_versions",
    "invent an earlier version": "INSERT INTO plan_versions VALUES ('p1', 9, '{}', '{}', '', NULL)",
    "no waiting for the disk": "PRAGMA synchronous = OFF",
}


@pytest.mark.parametrize(
    ("version", "ok"),
    [((3, 6, 23), True), ((3, 7, 0), False), ((3, 40, 1), False), ((3, 51, 2), False), ((3, 51, 3), True),
     ((3, 53, 4), True)],
)  # fmt: skip
def test_fitness_knows_the_versions_that_can_damage_a_file(version, ok):
    fit, sentence = database.fitness(version)
    assert fit is ok
    assert ".".join(map(str, version)) in sentence.text()


def test_the_installed_sqlite_is_fit():
    assert database.fitness()[0]


def test_every_connection_waits_for_the_disk_and_uses_the_log(shop):
    shop.append()
    with database.reading(shop.dir) as db:
        assert db.execute("PRAGMA synchronous").fetchone() == (2,)
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_all_guards_are_there_after_migration(shop):
    shop.append()
    with database.reading(shop.dir) as db:
        found = {row["name"] for row in db.query("SELECT name FROM sqlite_master WHERE type = 'trigger'")}
    assert found == set(schema.GUARDS)


@pytest.mark.parametrize("way", [*PAST_THE_GUARDS, *PAST_THE_SCHEMA])
def test_a_connection_of_ours_cannot_rewrite_history(shop, way):
    shop.append()
    shop.append()
    before = shop.entries()
    with pytest.raises(NotAllowed, match="only grows"), database.writing(shop.dir) as db:
        db.execute({**PAST_THE_GUARDS, **PAST_THE_SCHEMA}[way])
    assert shop.entries() == before
    assert shop.verify().ok


def test_transform_and_writable_schema_are_refused(shop):
    shop.append()
    with pytest.raises(AppError), database.writing(shop.dir) as db:
        db.table("entries").transform(drop={"recorded_by"})
    with pytest.raises(AppError), database.writing(shop.dir) as db:
        db.execute("PRAGMA writable_schema = ON")
    with pytest.raises(AppError), database.writing(shop.dir) as db:
        db.execute("UPDATE sqlite_master SET sql = '' WHERE name = 'entries_no_update'")
    test_all_guards_are_there_after_migration(shop)


def test_all_twelve_ways_round_the_rule_are_refused(shop):
    shop.append()
    shop.append()
    before = shop.entries()
    schema = ("drop table", "drop trigger", "add column")
    ways = [lambda db, sql=sql: db.execute(sql) for sql in PAST_THE_GUARDS.values()]
    ways += [lambda db, sql=PAST_THE_SCHEMA[name]: db.execute(sql) for name in schema]
    ways += [lambda db: db.table("entries").transform(drop={"recorded_by"})]
    ways += [lambda db: db.execute("PRAGMA writable_schema = ON")]
    refused = []
    for way in ways:
        with pytest.raises(NotAllowed), database.writing(shop.dir) as db:
            way(db)
        refused.append(way)
    assert len(refused) == 12
    assert shop.entries() == before
    test_all_guards_are_there_after_migration(shop)


@pytest.mark.parametrize("way", PAST_THE_GUARDS)
def test_another_programs_connection_meets_the_guards(shop, way):
    shop.append()
    shop.append()
    raw = sqlite3.connect(str(shop.dir / "ledger.db"), isolation_level=None)
    raw.create_function("person_key", 1, str, deterministic=True)
    with pytest.raises(sqlite3.IntegrityError, match="only grows"):
        raw.execute(PAST_THE_GUARDS[way])
    raw.close()
    assert shop.verify().ok


def test_an_older_file_gains_what_is_new_and_keeps_its_rows(shop, monkeypatch):
    with monkeypatch.context() as earlier:
        earlier.setattr(database, "MIGRATIONS", database.MIGRATIONS[:1])
        shop.append(number=1)
    assert [entry.payload for entry in shop.entries()] == [{"number": 1}]
    assert shop.append().seq == 2
    test_all_guards_are_there_after_migration(shop)


def test_plans_of_an_older_file_can_go_back_to_what_they_were_then(shop, plan, make_plan):
    raw = sqlite3.connect(str(shop.dir / "ledger.db"), isolation_level=None)
    raw.create_function("person_key", 1, str, deterministic=True)
    for script in database.MIGRATIONS[:2]:
        raw.executescript(script)
    raw.execute("PRAGMA user_version = 2")
    values = (
        "p1",
        7,
        "draft",
        "ana",
        "hash",
        plan.model_dump_json(by_alias=True),
        '{"filled": {"body": "Hi"}}',
        "t",
        "t",
    )
    raw.execute("INSERT INTO plans VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
    raw.close()
    assert plans.load(shop.dir, "p1").plan == plan
    plans.save(shop.dir, make_plan(name="Other"), {}, 7, shop.now)
    assert plans.undo(shop.dir, "p1", 8, shop.now) == 9
    assert (plans.load(shop.dir, "p1").plan, plans.load(shop.dir, "p1").extras) == (plan, {"filled": {"body": "Hi"}})
    test_all_guards_are_there_after_migration(shop)


@pytest.mark.parametrize("status", ["draft", "submitted", "rejected", "exported"])
def test_plans_of_a_file_without_results_keep_their_status_their_versions_and_their_guards(
    shop, plan, monkeypatch, status
):
    with monkeypatch.context() as earlier:
        earlier.setattr(database, "MIGRATIONS", database.MIGRATIONS[:3])
        earlier.setattr(authors, "add", lambda db, plan_id, people: None)
        earlier.setattr(authors, "includes", lambda db, plan_id, person: False)
        bring_to(shop, plan, status)
        with database.reading(shop.dir) as db:
            before = [list(db.query(f"SELECT * FROM {table}")) for table in ("plans", "plan_versions", "entries")]
    with database.reading(shop.dir) as db:
        after = [list(db.query(f"SELECT * FROM {table}")) for table in ("plans", "plan_versions", "entries")]
        assert set(db.table_names()) == {"entries", "plans", "plan_versions", "codes", "plan_authors"}
        assert authors.includes(db, "p1", "Ana")
    assert after == before
    assert shop.verify().ok
    test_all_guards_are_there_after_migration(shop)


@pytest.mark.parametrize(
    ("before", "after", "by"),
    [
        ("exported", "results_in", None), ("approved", "results_in", "results_in"),
        ("approved", "submitted", "commented"), ("submitted", "draft", "rejected"),
        ("rejected", "submitted", "submitted"),
        ("results_in", "exported", "exported"),
    ],
)  # fmt: skip
def test_a_status_that_does_not_follow_from_the_last_entry_is_refused(shop, plan, before, after, by):
    bring_to(shop, plan, "exported" if before == "results_in" else before)
    with pytest.raises(NotAllowed), ledger.writing(shop.dir, shop.shop_id, shop.config) as writer:
        if before == "results_in":
            writer.append("p1", "results_in", "root", "root", {}, shop.now)
            plans.set_status(writer.db, "p1", "results_in", shop.now)
        if by:
            writer.append("p1", by, "ben", "ben", {}, shop.now)
        plans.set_status(writer.db, "p1", after, shop.now)
    assert plans.load(shop.dir, "p1").plan.status == ("exported" if before == "results_in" else before)


def test_another_program_cannot_change_an_earlier_version_of_a_plan(shop, plan):
    plans.save(shop.dir, plan, {}, None, shop.now)
    raw = sqlite3.connect(str(shop.dir / "ledger.db"), isolation_level=None)
    with pytest.raises(sqlite3.IntegrityError, match="stays as it was saved"):
        raw.execute("UPDATE plan_versions SET body = '{}'")
    raw.close()


def test_a_removed_plan_takes_its_versions_with_it(shop, plan):
    plans.save(shop.dir, plan, {}, None, shop.now)
    with database.writing(shop.dir) as db:
        db.execute("DELETE FROM plans")
    with database.reading(shop.dir) as db:
        assert db.table("plan_versions").count == 0
    assert plans.save(shop.dir, plan, {}, None, shop.now) == 1


def test_a_failed_migration_changes_nothing(shop, monkeypatch):
    shop.append()
    with database.reading(shop.dir) as db:
        before = set(db.table_names())
    with monkeypatch.context() as broken:
        broken.setattr(database, "MIGRATIONS", (*database.MIGRATIONS, "CREATE TABLE half (a);\nCREATE TABLE half (a);"))
        with pytest.raises(StoreProblem):
            shop.append()
    assert shop.append().seq == 2
    with database.reading(shop.dir) as db:
        assert set(db.table_names()) == before >= {"entries", "plans", "plan_versions"}


def test_a_file_of_a_newer_version_is_left_alone(shop):
    shop.append()
    raw = sqlite3.connect(str(shop.dir / "ledger.db"), isolation_level=None)
    raw.execute("PRAGMA user_version = 99")
    raw.close()
    with pytest.raises(StoreProblem, match="newer Offerlab"):
        shop.append()


def test_an_unfit_library_uses_the_slower_journal(shop, monkeypatch):
    monkeypatch.setattr(database, "fitness", lambda: (False, "old"))
    shop.append()
    with database.reading(shop.dir) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert shop.verify().ok
