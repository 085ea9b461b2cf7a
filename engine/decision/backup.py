"""Backups of ledger.db: plans, their versions and the approval history, hourly while the app or commands are used, with
the files of the shop that entries name (`carried`).

A backup is taken by SQLite itself while others write, opened again, checked entry by entry against the head outside,
and only then given its name; older ones go after that. It lies outside the shop folder, so that a deleted or broken
shop does not take it along, and on another disk where OFFERLAB_BACKUPS or --into names one.

The key is not in it: what must be kept with it is the shop's folder in the configuration folder.
"""

import hashlib
import logging
import os
import re
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from filelock import FileLock, Timeout
from sqlite_utils import Database
from sqlite_utils.utils import sqlite3

from engine.access import acting
from engine.decision import carried, database, schema, verdict
from engine.decision.keys import START, folder_of, read_head
from engine.decision.verdict import Verdict
from engine.errors import AppError, StoreProblem
from engine.sentences import Sentence

EVERY = timedelta(hours=1)
KEPT, KEPT_DAYS = 24, 30  # the last 24 backups, and of each of the last 30 days that have any the last one
_NAME = re.compile(r"ledger-(\d{6,})-(\d{8}T\d{6}Z)-(\d+)-([0-9a-f]{12})\.db")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup, as its name says: its running number, when it was made, how many entries it has, and their head.

    The order is that of `number`: a clock may be set back.
    """

    path: Path
    number: int
    at: datetime
    entries: int
    head: str  # the first 12 letters

    @property
    def bytes(self) -> int:
        return self.path.stat().st_size

    @property
    def files(self) -> int:
        """How many files of the shop it needs beside it."""
        return len(carried.files_of(self.path))


def folder(shop_id: str, config: Path, into: Path | None = None) -> Path:
    """Where a shop's backups lie: beside its keys, or in `into` under the shop's id."""
    own = folder_of(shop_id, config)
    return into / own.name if into else own / "backups"


def backups(place: Path) -> list[Backup]:
    """The backups in a folder, the last one first."""
    found = []
    for path in place.glob("ledger-*.db"):
        if named := _NAME.fullmatch(path.name):
            number, at, entries, head = named.groups()
            when = datetime.strptime(at, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            found.append(Backup(path, int(number), when, int(entries), head))
    return sorted(found, key=lambda one: one.number, reverse=True)


def is_due(shop_dir: Path, place: Path, now: datetime) -> bool:
    """Whether the last backup is an hour old, by whichever way the clock went; a shop without plans needs none."""
    if not database.path_of(shop_dir).exists():
        return False
    last = next(iter(backups(place)), None)
    return last is None or abs(_utc(now) - last.at) >= EVERY


def take(shop_dir: Path, shop_id: str, config: Path, place: Path, now: datetime) -> Backup:
    """A new backup, checked; then those are removed that are no longer kept.

    Raises StoreProblem, and removes none, where it could not be made or what it holds is not whole; NotAllowed for who
    may only look: an older backup goes for it.
    """
    acting.require("draft", config)
    return _taken(shop_dir, shop_id, config, place, now)


def _taken(shop_dir: Path, shop_id: str, config: Path, place: Path, now: datetime) -> Backup:
    if not database.begun(shop_dir):
        raise StoreProblem(Sentence("backup.nothing"))
    try:
        with _alone(place):
            made = _made(shop_dir, shop_id, config, place, _utc(now))
            _remove_old(place)
            return made
    except OSError as error:
        raise StoreProblem(
            Sentence("backup.not_written", {"folder": str(place), "error": error.strerror or str(error)})
        ) from error


def take_if_due(shop_dir: Path, shop_id: str, config: Path, place: Path, now: datetime) -> Backup | None:
    """A new backup where the last one is an hour old, whoever is there. What goes wrong is logged and never raised: the
    decision that was saved just before stands without it."""
    try:
        return _taken(shop_dir, shop_id, config, place, now) if is_due(shop_dir, place, now) else None
    except (AppError, OSError) as problem:
        _log.warning("The hourly backup of %s was not made: %s", database.path_of(shop_dir), problem)
        return None


def take_beside(shop_dir: Path, shop_id: str, config: Path, place: Path, now: datetime) -> threading.Thread | None:
    """`take_if_due` in a thread, which no page waits for; None where none is due."""
    if not is_due(shop_dir, place, now):
        return None
    thread = threading.Thread(target=take_if_due, args=(shop_dir, shop_id, config, place, now), name="backup")
    thread.start()
    return thread


def checked(path: Path, shop_id: str, config: Path) -> Verdict:
    """Whether a backup is whole, this shop's, and of the history that is known outside; it may end earlier.

    Raises StoreProblem where it cannot be read, or is another shop's, a newer Offerlab's or made with another key.
    """
    with _opened(path) as db:
        _of_this_shop(db, path, shop_id)
        outside = read_head(folder_of(shop_id, config))
        count, last = last_entry(db)
        head = outside if outside and outside.entries <= count else verdict.Head(count, last, "")
        return verdict.judged(db, folder_of(shop_id, config), head)


def last_entry(db: Database) -> tuple[int, str]:
    """Number and hash of the last entry; (0, START) where there is none."""
    row = db.execute("SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
    return (int(row[0]), str(row[1])) if row else (0, START)


def same_disk(shop_dir: Path, place: Path) -> bool:
    """Whether a broken disk would take the shop and its backups together."""
    nearest = next(path for path in [place, *place.absolute().parents] if path.exists())
    return nearest.stat().st_dev == shop_dir.stat().st_dev


def mark_of(shop_id: str) -> int:
    """What a backup says of the shop it is of, in SQLite's field for that: also one without entries then has a shop."""
    return int.from_bytes(hashlib.sha256(shop_id.encode()).digest()[:4]) >> 1 or 1


def _utc(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(microsecond=0)


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with FileLock(place / ".lock", timeout=database.WAIT_SECONDS):
            yield
    except Timeout as error:
        raise StoreProblem(Sentence("backup.busy", {"folder": str(place)})) from error


def _made(shop_dir: Path, shop_id: str, config: Path, place: Path, now: datetime) -> Backup:
    part = place / ".part.db"
    outside = read_head(folder_of(shop_id, config))  # before the file: it may then lag behind, never lead
    try:
        part.unlink(missing_ok=True)
        copy(shop_dir, part, shop_id)
        with _opened(part) as db:
            found = verdict.judged(db, folder_of(shop_id, config), outside)
            count, head = last_entry(db)
            damage = [row[0] for row in db.execute("PRAGMA integrity_check")]
        if not found.ok or damage != ["ok"]:
            said = found.said if not found.ok else Sentence("ledger.inconsistent", {"found": damage[0]})
            raise StoreProblem(Sentence("backup.not_whole", {"verdict": said}))
        number = max((one.number for one in backups(place)), default=0) + 1
        path = place / f"ledger-{number:06}-{now:%Y%m%dT%H%M%SZ}-{count}-{head[:12]}.db"
        with _opened(part) as db:
            carried.write_list(path, carried.carry(db, shop_dir, shop_id, config, place))
        os.replace(part, path)
        sync(place)
    finally:
        part.unlink(missing_ok=True)
    return Backup(path, number, now, count, head[:12])


def copy(shop_dir: Path, target: Path, shop_id: str) -> None:
    """ledger.db as it is at this moment, as one file on disk, while others may write to it."""
    with database.reading(shop_dir) as source, database.sentences(target):
        descriptor = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        os.close(descriptor)
        with closing(sqlite3.connect(str(target), isolation_level=None)) as db:
            source.conn.backup(db)
            db.execute("PRAGMA journal_mode=DELETE")  # nothing beside it: one file can be carried away
            db.execute(f"PRAGMA application_id={mark_of(shop_id)}")
    with target.open("rb") as file:
        os.fsync(file.fileno())


def sync(place: Path) -> None:
    """The names in a folder, on disk."""
    descriptor = os.open(place, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _opened(path: Path) -> Iterator[Database]:
    """A file that nobody writes to, for reading."""
    with database.sentences(path):
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None)
        connection.text_factory = database.text
        with closing(connection):
            yield Database(connection)


def _of_this_shop(db: Database, path: Path, shop_id: str) -> None:
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    if version > len(schema.MIGRATIONS):
        raise StoreProblem(Sentence("backup.newer", {"path": str(path)}))
    tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if version == 0 or "entries" not in tables:
        raise StoreProblem(Sentence("backup.no_ledger", {"path": str(path)}))
    shops = {row[0] for row in db.execute("SELECT DISTINCT shop_id FROM entries")}
    mark = int(db.execute("PRAGMA application_id").fetchone()[0])
    if shops - {shop_id} or (not shops and mark != mark_of(shop_id)):
        raise StoreProblem(Sentence("backup.other_shop", {"path": str(path), "shop": ", ".join(sorted(shops)) or "?"}))


def _remove_old(place: Path) -> None:
    found = backups(place)
    last_of_day: dict[str, Backup] = {}
    for one in found:
        last_of_day.setdefault(f"{one.at:%Y-%m-%d}", one)
    kept = {*found[:KEPT], *list(last_of_day.values())[:KEPT_DAYS]}
    for one in found:
        if one not in kept:
            one.path.unlink(missing_ok=True)
    carried.let_go(place, [one.path for one in kept])
