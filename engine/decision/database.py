"""The file `ledger.db`: how it is opened, and what a connection of ours refuses; what it holds says `schema`.

Measured: a deferred transaction that reads first lost 91 % of approvals between 8 processes, BEGIN IMMEDIATE none;
`synchronous=NORMAL` lost told approvals in 434 of 500 power cuts, FULL none; triggers alone let 5 of 12 ways of
rewriting a row through, triggers and an authorizer none.
"""

import re
import tempfile
import threading
import tomllib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlite_utils import Database
from sqlite_utils.utils import sqlite3  # pysqlite3 where it is installed, else Python's own

from engine import settings
from engine.access import acting
from engine.access.roles import Action, person_key
from engine.decision import schema
from engine.decision.keys import folder_of, read_head
from engine.decision.schema import GUARDS, MIGRATIONS
from engine.errors import AppError, NotAllowed, StoreProblem
from engine.sentences import Sentence, all_texts

WAIT_SECONDS = 30.0  # how long a writer waits for another; 1 s failed 11 of 1600 approvals, 5 s none
_writing_here = threading.Lock()  # between threads a lock is 3 times as fast as SQLite's own waiting


def fitness(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> tuple[bool, Sentence]:
    """Whether this SQLite library is safe for several writers, and a sentence for `doctor`."""
    name = "SQLite " + ".".join(map(str, version[:3]))
    fit = not (3, 7, 0) <= tuple(version[:3]) <= (3, 51, 2)
    return fit, Sentence("ledger.fit" if fit else "ledger.unfit", {"name": name})


def trial(shop_dir: Path | None = None) -> Sentence | None:
    """What keeps approvals from being saved safely on this machine, or None: looked at when the app starts.

    Opens the shop's file, or one of a moment where there is none: each connection asks SQLite whether it waits for
    the disk.
    """
    fit, sentence = fitness()
    if not fit:
        return sentence
    try:
        if shop_dir is not None and path_of(shop_dir).exists():
            with reading(shop_dir):
                return None
        with tempfile.TemporaryDirectory() as folder, reading(Path(folder)):
            return None
    except StoreProblem as problem:
        return Sentence("ledger.trial", {"problem": problem.said[0]})


def path_of(shop_dir: Path) -> Path:
    """The file of a shop that holds its plans and its approval history."""
    return shop_dir / "ledger.db"


def begun(shop_dir: Path) -> bool:
    """Whether the shop has its file. Raises StoreProblem where there was one: entries of it are known outside."""
    path = path_of(shop_dir)
    if path.exists():
        return True
    if known := _known_outside(shop_dir):
        raise StoreProblem(gone(path, known))
    return False


def _known_outside(shop_dir: Path) -> int:
    """How many entries the note outside knows of this shop; 0 where nothing is known."""
    try:
        shop_id = str(tomllib.loads((shop_dir / "shop.toml").read_text(encoding="utf-8"))["shop_id"])
        head = read_head(folder_of(shop_id, settings.read().config))
    except (OSError, ValueError, KeyError):  # no shop with a name of its own
        return 0
    return head.entries if head else 0


def gone(path: Path, entries: int) -> Sentence:
    """The sentence for a file that was there."""
    return Sentence("ledger.gone", {"path": str(path), "count": entries})


@contextmanager
def reading(shop_dir: Path) -> Iterator[Database]:
    """A connection for one call; what it reads is one moment of the file."""
    with sentences(path_of(shop_dir)), closing(_connect(shop_dir)) as db:
        db.execute("BEGIN")
        yield db


@contextmanager
def writing(shop_dir: Path, right: Action = "draft") -> Iterator[Database]:
    """A connection inside one transaction: all of it is saved when the block ends, or nothing. `right`: to do what is
    written; raises NotAllowed for who acts without it.

    A file that was deleted or replaced meanwhile takes what was written with it, unseen by SQLite: looked for when
    the transaction has begun and once more when it is on disk, before anybody is told that it is. Nothing is saved in a
    file that another program rebuilt.
    """
    acting.require(right)
    path = path_of(shop_dir)
    with sentences(path), _writing_here:
        begun(shop_dir)
        before = _identity(path)
        with closing(_connect(shop_dir)) as db:
            opened = before or _identity(path)
            with _transaction(db):
                _still(path, opened, "ledger.moved")
                yield db
                _sound(db, shop_dir)
            _still(path, opened, "ledger.moved_after")


def hold(shop_dir: Path) -> Database:
    """A connection that keeps every other writer waiting until it is closed, with all that is saved in the one file."""
    with sentences(path_of(shop_dir)):
        db = _connect(shop_dir)
        try:
            db.conn.set_authorizer(None)
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            db.execute("BEGIN IMMEDIATE")
        except BaseException:
            db.close()
            raise
        return db


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _still(path: Path, opened: tuple[int, int] | None, key: str) -> None:
    if _identity(path) != opened:
        raise StoreProblem(Sentence(key, {"path": str(path)}))


def _sound(db: Database, shop_dir: Path) -> None:
    """Raises StoreProblem for a file that protects its rows no more, or has fewer entries than are known outside."""
    if names := schema.changed(db.conn):
        raise StoreProblem(Sentence("ledger.rebuilt", {"path": str(path_of(shop_dir)), "names": ", ".join(names)}))
    known = _known_outside(shop_dir)
    if (db.execute("SELECT max(seq) FROM entries").fetchone()[0] or 0) < known:
        raise StoreProblem(Sentence("ledger.entries_gone", {"path": str(path_of(shop_dir)), "count": known}))


@contextmanager
def _transaction(db: Database) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.conn.in_transaction:
            db.execute("ROLLBACK")
        raise


def text(content: bytes) -> str:
    """Stored text. Bytes that are none must reach the check of their entry's hash, which names the entry."""
    return content.decode(errors="surrogateescape")


def _connect(shop_dir: Path) -> Database:
    connection = sqlite3.connect(str(path_of(shop_dir)), timeout=WAIT_SECONDS, isolation_level=None)
    try:
        connection.text_factory = text
        db = Database(connection)
        connection.execute(f"PRAGMA journal_mode={'WAL' if fitness()[0] else 'DELETE'}")
        connection.execute("PRAGMA synchronous=FULL")  # not stored in the file: needed on every connection
        if connection.execute("PRAGMA synchronous").fetchone()[0] != 2:
            raise StoreProblem(Sentence("ledger.no_sync"))
        connection.execute("PRAGMA secure_delete=ON")  # what is erased is overwritten, not only let go
        connection.create_function("person_key", 1, person_key, deterministic=True)
        _migrate(db)
        connection.set_authorizer(_permitted)
    except BaseException:
        connection.close()
        raise
    return db


def _migrate(db: Database) -> None:
    """Bring an older or new file to the newest form, in one transaction."""

    def applied() -> int:
        return int(db.execute("PRAGMA user_version").fetchone()[0])

    if applied() > len(MIGRATIONS):
        raise StoreProblem(Sentence("ledger.newer"))
    if applied() == len(MIGRATIONS):
        return
    with _transaction(db):
        for number, script in enumerate(MIGRATIONS[applied() :], start=applied() + 1):
            for statement in schema.statements(script):
                db.execute(statement)
            db.execute(f"PRAGMA user_version={number}")


_READS = {"table_info", "table_xinfo", "index_list", "index_info", "foreign_key_list", "integrity_check"}
_ALLOWED = {20, 21, 22, 31, 32, 33}  # SQLITE_READ, SELECT, TRANSACTION, FUNCTION, SAVEPOINT, RECURSIVE


def _permitted(action: int, first: str | None, second: str | None, database: str | None, trigger: str | None) -> int:
    """SQLite asks before each statement: rows may be added, plans changed, codes given away, and nothing else. Versions
    of plans are written by the triggers alone.

    Triggers do not stop `transform()`, DROP or writable_schema; this does, for connections of ours.
    """
    if action in _ALLOWED:
        return int(sqlite3.SQLITE_OK)
    if action == sqlite3.SQLITE_INSERT and first in ("entries", "plans"):
        return int(sqlite3.SQLITE_OK)
    if action in (sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE) and first == "plans":
        return int(sqlite3.SQLITE_OK)
    if action in (sqlite3.SQLITE_INSERT, sqlite3.SQLITE_DELETE) and first == "plan_versions" and trigger in GUARDS:
        return int(sqlite3.SQLITE_OK)
    if action == sqlite3.SQLITE_INSERT and first == "plan_authors":
        return int(sqlite3.SQLITE_OK)
    if action in (sqlite3.SQLITE_INSERT, sqlite3.SQLITE_DELETE) and first == "codes":
        return int(sqlite3.SQLITE_OK)
    if action == sqlite3.SQLITE_UPDATE and first == "codes" and second in ("customer_id", "given_at"):
        return int(sqlite3.SQLITE_OK)
    if action == sqlite3.SQLITE_PRAGMA and (first in _READS or second is None):
        return int(sqlite3.SQLITE_OK)
    return int(sqlite3.SQLITE_DENY)


@contextmanager
def sentences(path: Path) -> Iterator[None]:
    """What SQLite says of this file inside is said as a sentence."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _problem(error, path) from error
    except UnicodeDecodeError as error:  # of SQLite's own message, which quotes the damaged file
        raise StoreProblem(Sentence("ledger.damaged", {"path": str(path)})) from error


# What SQLite says of a file without our tables, or whose count of migrations was set back.
_OF_ANOTHER_SHAPE = re.compile(r"no such (table|column|trigger)|(table|index|trigger) \S+ already exists")
_SAID = (
    (("SQLITE_FULL", "SQLITE_IOERR"), "ledger.full"),
    (("SQLITE_BUSY", "SQLITE_LOCKED"), "ledger.busy"),
    (("SQLITE_READONLY",), "ledger.read_only"),
    (("SQLITE_CANTOPEN",), "ledger.cannot_open"),
    (("SQLITE_NOTADB", "SQLITE_CORRUPT"), "ledger.damaged"),
)


def _problem(error: Exception, path: Path) -> AppError:
    """What a database error means to the person whose decision it was."""
    code = getattr(error, "sqlite_errorname", "") or ""
    if _OF_ANOTHER_SHAPE.match(str(error)):
        return StoreProblem(Sentence("ledger.damaged", {"path": str(path)}))
    if isinstance(error, sqlite3.IntegrityError):  # what our triggers say is a sentence already
        return NotAllowed(_of_a_trigger(str(error)))
    if code == "SQLITE_AUTH":
        return NotAllowed(Sentence("ledger.only_grows"))
    values = {"path": str(path), "name": path.name, "seconds": f"{WAIT_SECONDS:.0f}", "error": str(error)}
    return StoreProblem(
        Sentence(next((key for codes, key in _SAID if code.startswith(codes)), "ledger.unusable"), values)
    )


def _of_a_trigger(said: str) -> Sentence | str:
    """What a trigger says, which is English, as the sentence of that text."""
    names = [
        key.partition("_")[2]
        for key, text in all_texts().items()
        if key.startswith("ledger.guard_") and text["en"] == said
    ]
    return Sentence(f"ledger.guard_{names[0]}") if names else said
