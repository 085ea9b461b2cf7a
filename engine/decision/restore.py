"""A backup put back in place of a ledger.db that is gone or damaged, without hiding what it does not know, and with it
the files that its entries name, where the shop lacks them.

The old file is set aside, never deleted. The restored history begins with the backup and goes on with an entry that
tells of the restore and of how many known entries were lost; the head outside is moved to that entry, so that the
history can be checked and goes on. Who holds an export of a lost entry is told so by the check.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from engine.access import acting
from engine.decision import backup, carried, database, ledger
from engine.decision.keys import Head, first_keys, folder_of, read_head, read_keys, write_head
from engine.decision.verdict import RESTORED
from engine.errors import AppError, StoreProblem
from engine.sentences import Said, Sentence


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back: `entries` of the backup, how many known ones after it were lost (None: nothing is known outside),
    the number of the entry that tells of it, and where the old file was put, if there was one. files: that entries name
    and the shop lacked, put back; missing: what is wrong with those that the backup lacks, too."""

    entries: int
    lost: int | None
    seq: int
    set_aside: Path | None
    files: int = 0
    missing: tuple[Said, ...] = ()


def restore(
    shop_dir: Path,
    shop_id: str,
    config: Path,
    file: Path,
    person: str,
    now: datetime,
    *,
    losing: int = 0,
) -> Restored:
    """The shop's ledger.db as it was in the backup `file`, with one entry more.

    `losing`: how many known entries may be lost; fewer than would be is refused, so that nobody loses any unseen.
    Raises NotAllowed for who is no admin, and StoreProblem for a backup that is not whole, another shop's, a newer
    Offerlab's, made with another key, or no part of the history that is in place. Nothing is changed then.
    """
    acting.require_as(person, "administer", config)
    _usable(file, shop_id, config)
    try:
        new = _copied(shop_dir, file)
        try:
            with _nobody_writes(shop_dir):
                count, last = _end_of(new)
                known = _known(shop_dir, shop_id, config, (count, last))
                lost = None if known is None else max(0, known - count)
                if (lost or 0) > losing:
                    raise StoreProblem(Sentence("backup.would_lose", {"kept": count, "lost": lost, "known": known}))
                head = _told(new, shop_id, config, (count, last), lost, file, person, now)
                aside = _set_aside(shop_dir, now)
                os.replace(database.path_of(new), database.path_of(shop_dir))
                backup.sync(shop_dir)
                write_head(folder_of(shop_id, config), head)
        finally:
            shutil.rmtree(new, ignore_errors=True)
    except OSError as error:
        raise StoreProblem(
            Sentence("backup.not_restored", {"path": str(file), "error": error.strerror or str(error)})
        ) from error
    files, missing = carried.put_back(shop_dir, shop_id, config, file.absolute().parent)
    return Restored(count, lost, head.entries, aside, files, tuple(missing))


def _usable(file: Path, shop_id: str, config: Path) -> None:
    if not file.is_file():
        raise StoreProblem(Sentence("backup.no_file", {"path": str(file)}))
    found = backup.checked(file, shop_id, config)
    if found.ok:
        return
    values = {"path": str(file), "verdict": found.said, "folder": str(folder_of(shop_id, config))}
    raise StoreProblem(Sentence("backup.other_key" if found.bad_seq == 1 else "backup.restore_not_whole", values))


def _copied(shop_dir: Path, file: Path) -> Path:
    """A folder within the shop's with the backup in it: what is made there can take its place in one step."""
    new = shop_dir / ".restoring"
    shutil.rmtree(new, ignore_errors=True)  # of a restore that was interrupted
    new.mkdir()
    shutil.copyfile(file, database.path_of(new))
    return new


@contextmanager
def _nobody_writes(shop_dir: Path) -> Iterator[None]:
    """Other writers wait, and find the file replaced when it is their turn. Where the file is gone or damaged there
    is nothing to wait for."""
    path = database.path_of(shop_dir)
    try:
        held = database.hold(shop_dir) if path.exists() else None
    except StoreProblem as problem:
        if getattr(problem.said[0], "key", "") not in ("ledger.damaged", "ledger.cannot_open"):
            raise
        held = None
    if held is None:
        yield
        return
    with closing(held):
        yield


def _end_of(folder: Path) -> tuple[int, str]:
    with database.reading(folder) as db:
        return backup.last_entry(db)


def _known(shop_dir: Path, shop_id: str, config: Path, end: tuple[int, str]) -> int | None:
    """How many entries of this history are known: by the file in place where it is whole, and by the note outside."""
    head = read_head(folder_of(shop_id, config))
    known = head.entries if head else None
    try:
        in_place = ledger.verify(shop_dir, shop_id, config)
    except AppError:  # what cannot be read is what is restored
        return known
    if not in_place.ok or not database.path_of(shop_dir).exists():
        return known
    if end[0] and end[0] <= in_place.entries and not ledger.verify(shop_dir, shop_id, config, printed=end).ok:
        raise StoreProblem(Sentence("backup.other_history", {"count": end[0]}))
    return in_place.entries


def _told(
    new: Path,
    shop_id: str,
    config: Path,
    end: tuple[int, str],
    lost: int | None,
    file: Path,
    person: str,
    now: datetime,
) -> Head:
    """The head of the restored history, whose last entry now tells of the restore."""
    outside = folder_of(shop_id, config)
    known = read_head(outside)
    payload = {
        "reason": "", "backup": file.name, "entries": end[0], "lost": lost, "lost_head": known.hash if known else None,
    }  # fmt: skip
    keys = read_keys(outside) if end[0] else first_keys(outside)
    with database.writing(new, "administer") as db:
        entry = ledger.Writer(db, shop_id, config, keys, *end).append("", RESTORED, person, person, payload, now)
    return Head(entry.seq, entry.hash, entry.at)


def _set_aside(shop_dir: Path, now: datetime) -> Path | None:
    """The folder that the old file now lies in, with what SQLite keeps beside it."""
    path = database.path_of(shop_dir)
    old = [one for one in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))) if one.exists()]
    if not old:
        return None
    aside, number = shop_dir / f"ledger-set-aside-{now:%Y%m%dT%H%M%S}", 1
    while aside.exists():
        number += 1
        aside = shop_dir / f"ledger-set-aside-{now:%Y%m%dT%H%M%S}-{number}"
    aside.mkdir()
    for one in old:  # the file first: SQLite throws a log away that has no file, and never reads it into another
        os.rename(one, aside / one.name)
    return aside
