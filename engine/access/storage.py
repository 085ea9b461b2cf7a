"""The file `access.db` of the configuration folder: accounts, who is signed in, and tries that failed.

Opened as the approval history is (`engine.decision.database`): a connection per call, BEGIN IMMEDIATE, WAL where SQLite
is safe for it, `synchronous=FULL`. Only its owner may read it.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlite_utils import Database
from sqlite_utils.utils import sqlite3  # pysqlite3 where it is installed, else Python's own

from engine.errors import StoreProblem
from engine.sentences import Sentence

WAIT_SECONDS = 30.0
SAFE_WAL = (3, 51, 3)  # before it several writers could damage a file in WAL mode
_writing_here = threading.Lock()

_TABLES = (
    "CREATE TABLE accounts (person TEXT PRIMARY KEY, name TEXT NOT NULL, hash TEXT NOT NULL, role TEXT NOT NULL, "
    "disabled INTEGER NOT NULL DEFAULT 0, created_at TEXT NOT NULL, created_by TEXT NOT NULL)",
    # `token` is a hash: who reads this file can sign in as nobody.
    "CREATE TABLE sessions (token TEXT PRIMARY KEY, person TEXT NOT NULL, name TEXT NOT NULL, created REAL NOT NULL, "
    "last_seen REAL NOT NULL, revoked REAL)",
    "CREATE INDEX sessions_of_person ON sessions (person)",
    # `who` is a hash, too: some type their password where the name belongs.
    "CREATE TABLE tries (who TEXT NOT NULL, at REAL NOT NULL)",
)
MIGRATIONS = (_TABLES,)


def path_of(config: Path) -> Path:
    """The file that holds the accounts of an installation."""
    return config / "access.db"


@contextmanager
def reading(config: Path) -> Iterator[Database]:
    """A connection for one call; what it reads is one moment of the file."""
    with _sentences(config), closing(_connect(config)) as db:
        db.execute("BEGIN")
        yield db


@contextmanager
def writing(config: Path) -> Iterator[Database]:
    """A connection inside one transaction: all of it is saved when the block ends, or nothing."""
    with _sentences(config), _writing_here, closing(_connect(config)) as db:
        db.execute("BEGIN IMMEDIATE")
        try:
            yield db
            db.execute("COMMIT")
        except BaseException:
            if db.conn.in_transaction:
                db.execute("ROLLBACK")
            raise


def roles_of_accounts(config: Path) -> dict[str, str | None]:
    """The role of every account by person, None for a disabled one; empty where nobody has an account."""
    if not path_of(config).exists():
        return {}
    with reading(config) as db:
        rows = db.execute("SELECT person, role, disabled FROM accounts").fetchall()
    return {person: None if disabled else role for person, role, disabled in rows}


def _connect(config: Path) -> Database:
    path = path_of(config)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))  # SQLite gives its other files the same rights
    connection = sqlite3.connect(str(path), timeout=WAIT_SECONDS, isolation_level=None)
    try:
        safe = tuple(sqlite3.sqlite_version_info[:3]) >= SAFE_WAL
        connection.execute(f"PRAGMA journal_mode={'WAL' if safe else 'DELETE'}")
        connection.execute("PRAGMA synchronous=FULL")  # not stored in the file: needed on every connection
        _migrate(connection)
    except BaseException:
        connection.close()
        raise
    return Database(connection)


def _migrate(connection: sqlite3.Connection) -> None:
    def applied() -> int:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])

    if applied() > len(MIGRATIONS):
        raise StoreProblem(Sentence("access.newer_file"))
    if applied() == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for number, statements in enumerate(MIGRATIONS[applied() :], start=applied() + 1):
            for statement in statements:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version={number}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def _sentences(config: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.DatabaseError, OSError) as error:
        raise StoreProblem(
            Sentence("access.file_problem", {"path": str(path_of(config)), "why": str(error)})
        ) from error
