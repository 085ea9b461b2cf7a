"""What `ledger.db` holds: its numbered migrations, and triggers by which the file itself refuses what must not be."""

import functools
from collections.abc import Iterator
from contextlib import closing

from sqlite_utils.utils import sqlite3

from engine.access.roles import person_key

_ENTRIES = """
CREATE TABLE entries (
    seq INTEGER PRIMARY KEY, at TEXT NOT NULL, shop_id TEXT NOT NULL, plan_id TEXT NOT NULL, action TEXT NOT NULL,
    actor TEXT NOT NULL, recorded_by TEXT NOT NULL, payload BLOB NOT NULL, prev TEXT NOT NULL, hash TEXT NOT NULL
);
CREATE INDEX entries_of_plan ON entries (plan_id, seq);
CREATE TRIGGER entries_no_update BEFORE UPDATE ON entries BEGIN
    SELECT RAISE(ABORT, 'The approval history only grows: an entry cannot be changed.'); END;
CREATE TRIGGER entries_no_delete BEFORE DELETE ON entries BEGIN
    SELECT RAISE(ABORT, 'The approval history only grows: an entry cannot be deleted.'); END;
-- REPLACE INTO passes both triggers above; a new entry must therefore be the next one.
CREATE TRIGGER entries_in_order BEFORE INSERT ON entries
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM entries) BEGIN
    SELECT RAISE(ABORT, 'The approval history only grows: a new entry comes after the last one.'); END;
"""

_PLANS = """
CREATE TABLE plans (
    plan_id TEXT PRIMARY KEY, version INTEGER NOT NULL, status TEXT NOT NULL, owner TEXT NOT NULL,
    content_sha256 TEXT NOT NULL, body TEXT NOT NULL, extras TEXT NOT NULL,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL,
    CHECK (status IN ('draft', 'submitted', 'approved', 'rejected', 'exported'))
);
CREATE TRIGGER entries_four_eyes BEFORE INSERT ON entries WHEN NEW.action IN ('approved', 'rejected') AND NOT EXISTS (
    SELECT 1 FROM plans WHERE plan_id = NEW.plan_id AND status = 'submitted'
    AND person_key(owner) <> person_key(NEW.actor) AND person_key(NEW.actor) <> ''
) BEGIN SELECT RAISE(ABORT, 'A submitted plan is decided by a second person, not by the one who wrote it.'); END;
CREATE TRIGGER plans_start BEFORE INSERT ON plans WHEN NEW.status <> 'draft' BEGIN
    SELECT RAISE(ABORT, 'A plan starts as a draft.'); END;
CREATE TRIGGER plans_content BEFORE UPDATE ON plans
WHEN NEW.status <> 'draft' AND (NEW.content_sha256 <> OLD.content_sha256 OR NEW.owner <> OLD.owner) BEGIN
    SELECT RAISE(ABORT, 'A changed plan is a draft again.'); END;
CREATE TRIGGER plans_status BEFORE UPDATE ON plans WHEN NEW.status <> OLD.status AND NOT coalesce(
    (NEW.status = 'draft' AND NEW.content_sha256 <> OLD.content_sha256)
    OR ((OLD.status || '>' || NEW.status)
            IN ('draft>submitted', 'submitted>approved', 'submitted>rejected', 'approved>exported')
        AND NEW.status = (SELECT action FROM entries WHERE plan_id = NEW.plan_id ORDER BY seq DESC LIMIT 1)), 0
) BEGIN SELECT RAISE(ABORT, 'The status of a plan changes only together with its entry in the approval history.'); END;
"""

# Filled by triggers, so that no way of saving a plan can forget it. `restores` names the version that an undo brought
# back; it is empty for any other save. OR IGNORE: a body changed without a new version is no version.
_VERSIONS = """
ALTER TABLE plans ADD COLUMN restores INTEGER;
CREATE TABLE plan_versions (
    plan_id TEXT NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL, extras TEXT NOT NULL, saved_at TEXT NOT NULL,
    restores INTEGER, PRIMARY KEY (plan_id, version)
);
INSERT INTO plan_versions SELECT plan_id, version, body, extras, updated_at, NULL FROM plans;
CREATE TRIGGER versions_of_new_plans AFTER INSERT ON plans BEGIN
    INSERT OR IGNORE INTO plan_versions
    VALUES (NEW.plan_id, NEW.version, NEW.body, NEW.extras, NEW.updated_at, NEW.restores); END;
CREATE TRIGGER versions_of_changes AFTER UPDATE OF body, extras ON plans BEGIN
    INSERT OR IGNORE INTO plan_versions
    VALUES (NEW.plan_id, NEW.version, NEW.body, NEW.extras, NEW.updated_at, NEW.restores);
    DELETE FROM plan_versions WHERE plan_id = NEW.plan_id AND version IN (
        SELECT version FROM plan_versions WHERE plan_id = NEW.plan_id ORDER BY version DESC LIMIT -1 OFFSET 200); END;
CREATE TRIGGER versions_of_gone_plans AFTER DELETE ON plans BEGIN
    DELETE FROM plan_versions WHERE plan_id = OLD.plan_id; END;
CREATE TRIGGER versions_no_update BEFORE UPDATE ON plan_versions BEGIN
    SELECT RAISE(ABORT, 'An earlier version of a plan stays as it was saved.'); END;
"""

# SQLite cannot change a CHECK: the table is made anew around its rows, and its triggers with it. A plan whose approval
# is void is submitted again as it is, so `submitted` follows an approval too; approvals.submit asks whether it is.
_WORKFLOW = """
DROP TRIGGER entries_four_eyes;
CREATE TABLE plans_kept AS SELECT * FROM plans;
DROP TABLE plans;
CREATE TABLE plans (
    plan_id TEXT PRIMARY KEY, version INTEGER NOT NULL, status TEXT NOT NULL, owner TEXT NOT NULL,
    content_sha256 TEXT NOT NULL, body TEXT NOT NULL, extras TEXT NOT NULL,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL, restores INTEGER,
    CHECK (status IN ('draft', 'submitted', 'approved', 'rejected', 'exported', 'results_in'))
);
INSERT INTO plans SELECT * FROM plans_kept;
DROP TABLE plans_kept;
CREATE TRIGGER entries_four_eyes BEFORE INSERT ON entries
WHEN NEW.action IN ('approved', 'rejected', 'changes_requested') AND NOT EXISTS (
    SELECT 1 FROM plans WHERE plan_id = NEW.plan_id AND status = 'submitted'
    AND person_key(owner) <> person_key(NEW.actor) AND person_key(NEW.actor) <> ''
) BEGIN SELECT RAISE(ABORT, 'A submitted plan is decided by a second person, not by the one who wrote it.'); END;
CREATE TRIGGER plans_start BEFORE INSERT ON plans WHEN NEW.status <> 'draft' BEGIN
    SELECT RAISE(ABORT, 'A plan starts as a draft.'); END;
CREATE TRIGGER plans_content BEFORE UPDATE ON plans
WHEN NEW.status <> 'draft' AND (NEW.content_sha256 <> OLD.content_sha256 OR NEW.owner <> OLD.owner) BEGIN
    SELECT RAISE(ABORT, 'A changed plan is a draft again.'); END;
CREATE TRIGGER plans_status BEFORE UPDATE ON plans WHEN NEW.status <> OLD.status AND NOT coalesce(
    (NEW.status = 'draft' AND NEW.content_sha256 <> OLD.content_sha256)
    OR (OLD.status || '>' || NEW.status || ' by ' || (
        SELECT action FROM entries WHERE plan_id = NEW.plan_id ORDER BY seq DESC LIMIT 1)
    ) IN ('draft>submitted by submitted', 'submitted>approved by approved', 'submitted>rejected by rejected',
          'submitted>draft by changes_requested', 'approved>exported by exported', 'exported>results_in by results_in',
          'approved>submitted by submitted', 'exported>submitted by submitted'), 0
) BEGIN SELECT RAISE(ABORT, 'The status of a plan changes only together with its entry in the approval history.'); END;
CREATE TRIGGER versions_of_new_plans AFTER INSERT ON plans BEGIN
    INSERT OR IGNORE INTO plan_versions
    VALUES (NEW.plan_id, NEW.version, NEW.body, NEW.extras, NEW.updated_at, NEW.restores); END;
CREATE TRIGGER versions_of_changes AFTER UPDATE OF body, extras ON plans BEGIN
    INSERT OR IGNORE INTO plan_versions
    VALUES (NEW.plan_id, NEW.version, NEW.body, NEW.extras, NEW.updated_at, NEW.restores);
    DELETE FROM plan_versions WHERE plan_id = NEW.plan_id AND version IN (
        SELECT version FROM plan_versions WHERE plan_id = NEW.plan_id ORDER BY version DESC LIMIT -1 OFFSET 200); END;
CREATE TRIGGER versions_of_gone_plans AFTER DELETE ON plans BEGIN
    DELETE FROM plan_versions WHERE plan_id = OLD.plan_id; END;
"""

# A code has one owner for good: most checkouts take "Home15" for "HOME15", so it is told from others by `spelled`.
# REPLACE would remove a row past the trigger against that, so a new row must be new, and an owner have no other code.
_CODES = """
CREATE TABLE codes (
    number INTEGER PRIMARY KEY, code TEXT NOT NULL, spelled TEXT NOT NULL UNIQUE, plan_id TEXT NOT NULL,
    made_here INTEGER NOT NULL, loaded_at TEXT NOT NULL, customer_id TEXT, given_at TEXT,
    UNIQUE (plan_id, customer_id), CHECK (customer_id IS NULL OR given_at IS NOT NULL)
);
CREATE TRIGGER codes_come_free BEFORE INSERT ON codes WHEN NEW.given_at IS NOT NULL
OR EXISTS (SELECT 1 FROM codes WHERE spelled = NEW.spelled OR number = NEW.number) BEGIN
    SELECT RAISE(ABORT, 'A code is loaded once, and belongs to nobody at first.'); END;
CREATE TRIGGER codes_stay BEFORE UPDATE ON codes WHEN NOT (
    (OLD.given_at IS NULL AND NEW.customer_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM codes WHERE plan_id = NEW.plan_id AND customer_id = NEW.customer_id))
    OR (OLD.given_at IS NEW.given_at AND NEW.customer_id IS NULL)
) BEGIN SELECT RAISE(ABORT, 'A code that was given to somebody stays theirs.'); END;
CREATE TRIGGER codes_given_stay BEFORE DELETE ON codes WHEN OLD.given_at IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'A code that was given to somebody stays theirs.'); END;
"""

# Whose name stands on a plan may be another than who typed it in or handed it in: none of them decides on it.
_AUTHORS = """
CREATE TABLE plan_authors (plan_id TEXT NOT NULL, person TEXT NOT NULL, PRIMARY KEY (plan_id, person)) WITHOUT ROWID;
INSERT INTO plan_authors
    SELECT plan_id, person_key(owner) FROM plans
    UNION SELECT plan_id, person_key(actor) FROM entries WHERE action = 'submitted';
CREATE TRIGGER authors_no_update BEFORE UPDATE ON plan_authors BEGIN
    SELECT RAISE(ABORT, 'Who wrote part of a plan stays one of its authors.'); END;
CREATE TRIGGER authors_no_delete BEFORE DELETE ON plan_authors BEGIN
    SELECT RAISE(ABORT, 'Who wrote part of a plan stays one of its authors.'); END;
DROP TRIGGER entries_four_eyes;
CREATE TRIGGER entries_four_eyes BEFORE INSERT ON entries
WHEN NEW.action IN ('approved', 'rejected', 'changes_requested') AND (NOT EXISTS (
    SELECT 1 FROM plans WHERE plan_id = NEW.plan_id AND status = 'submitted'
    AND person_key(owner) <> person_key(NEW.actor) AND person_key(NEW.actor) <> ''
) OR EXISTS (
    SELECT 1 FROM plan_authors WHERE plan_id = NEW.plan_id AND person = person_key(NEW.actor)
)) BEGIN SELECT RAISE(ABORT, 'A submitted plan is decided by a second person, not by the one who wrote it.'); END;
"""

# Applied in order, once each; `PRAGMA user_version` counts those applied.
MIGRATIONS = (_ENTRIES, _PLANS, _VERSIONS, _WORKFLOW, _CODES, _AUTHORS)
GUARDS = (
    "entries_no_update", "entries_no_delete", "entries_in_order", "entries_four_eyes",
    "plans_start", "plans_content", "plans_status",
    "versions_of_new_plans", "versions_of_changes", "versions_of_gone_plans", "versions_no_update",
    "codes_come_free", "codes_stay", "codes_given_stay", "authors_no_update", "authors_no_delete",
)  # fmt: skip

_SHAPE = "SELECT type || ' ' || name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite~_%' ESCAPE '~'"


def statements(script: str) -> Iterator[str]:
    """Single statements: executescript would commit the transaction they belong to."""
    statement = ""
    for line in script.splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def changed(connection: sqlite3.Connection) -> list[str]:
    """What of the file's tables, indexes and triggers is missing, other than we made it, or not ours; by name.

    A trigger of the right name that refuses nothing is no protection: what each says is compared.
    """
    found = dict(connection.execute(_SHAPE).fetchall())
    ours = _ours(connection.execute("PRAGMA user_version").fetchone()[0])
    return sorted(name for name in found.keys() | ours.keys() if found.get(name) != ours.get(name))


@functools.cache
def _ours(applied: int) -> dict[str, str]:
    """The shape of a file after so many migrations: name -> how it was made."""
    with closing(sqlite3.connect(":memory:")) as fresh:
        fresh.create_function("person_key", 1, person_key, deterministic=True)
        for script in MIGRATIONS[:applied]:
            for statement in statements(script):
                fresh.execute(statement)
        return dict(fresh.execute(_SHAPE).fetchall())
