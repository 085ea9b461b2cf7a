"""Is the approval history whole? What each part sees: the chain a changed entry, its key a chain computed anew, the
head outside a cut tail, SQLite's own check an index that leads past entries.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from engine.decision import moments, schema, sealed
from engine.decision.keys import START, Head, Keys, read_keys
from engine.sentences import Sentence

RESTORED = "restored"  # the action of the entry that tells of a restore from a backup
Point = tuple[int, str]  # entry number, hash: as noted outside or printed in an export


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the history is whole. `bad_seq` is the first entry that is not, if one can be named."""

    ok: bool
    entries: int
    said: Sentence
    bad_seq: int | None = None
    head: Head | None = None

    @property
    def sentence(self) -> str:
        """What is said, in English."""
        return self.said.text("en")


@dataclass(frozen=True, slots=True)
class _Walk:
    """What one reading of all entries, oldest first, found."""

    count: int
    bad: int | None  # the first entry that is not the one that was written
    hashes: dict[int, str]  # of the entries that were asked for
    restores: list[tuple[Any, ...]]  # rows that tell of a restore, as sealed.COLUMNS


def judged(db: Database, folder: Path, head: Head | None, printed: Sequence[Point] = ()) -> Verdict:
    """The verdict on an open file. folder: of its key. `printed`: what exports say, which must be in it too."""
    walk = _walk(db, folder, {number for number, _ in _points(head, printed)})
    if walk.bad:
        return Verdict(False, walk.count, Sentence("ledger.bad_entry", {"seq": walk.bad}), walk.bad, head)
    for number, value in _points(head, printed):
        if number and walk.hashes.get(number) != value:
            return _disproved(walk, number, head, folder)
    if walk.count and head is None:
        return Verdict(False, walk.count, no_head(folder))
    if names := schema.changed(db.conn):
        return Verdict(False, walk.count, Sentence("ledger.no_protection", {"names": ", ".join(names)}), head=head)
    # Entries of a plan are found by an index, which no hash covers.
    found = [str(row[0]) for row in db.execute("PRAGMA integrity_check('entries')")]
    if found != ["ok"]:
        return Verdict(False, walk.count, Sentence("ledger.inconsistent", {"found": found[0]}), head=head)
    whole = {"count": walk.count}
    if walk.restores:
        last = _restore(walk.restores[-1], folder)
        return Verdict(True, walk.count, Sentence("ledger.whole_restored", {**whole, "restored": last}), head=head)
    return Verdict(True, walk.count, Sentence("ledger.whole", whole), head=head)


def no_head(folder: Path) -> Sentence:
    """The sentence for a history whose outside note is missing."""
    return Sentence("ledger.no_head", {"path": str(folder / "ledger.head")})


def _points(head: Head | None, printed: Sequence[Point]) -> list[Point]:
    return ([(head.entries, head.hash)] if head else []) + list(printed)


def _walk(db: Database, folder: Path, wanted: set[int]) -> _Walk:
    """One row in memory at a time."""
    rows: Iterable[tuple[Any, ...]] = db.execute(f"SELECT {', '.join(sealed.COLUMNS)} FROM entries ORDER BY seq")
    keys: Keys | None = None
    count, last = 0, START
    hashes: dict[int, str] = {}
    restores: list[tuple[Any, ...]] = []
    for row in rows:
        keys = keys or read_keys(folder)
        expected, (prev, seq, *_, its_hash) = count + 1, row
        if seq != expected or prev != last or not sealed.is_own_hash(keys, row):
            return _Walk(count, expected, hashes, restores)
        count, last = expected, its_hash
        if count in wanted:
            hashes[count] = last
        if row[5] == RESTORED:
            restores.append(row)
    return _Walk(count, None, hashes, restores)


def _disproved(walk: _Walk, number: int, head: Head | None, folder: Path) -> Verdict:
    """The verdict where an entry known outside is not in the history, or is another one."""
    for row in reversed(walk.restores):
        entry = sealed.opened(read_keys(folder), dict(zip(sealed.COLUMNS, row, strict=True)))
        if entry.payload["entries"] < number <= entry.payload["entries"] + (entry.payload["lost"] or 0):
            values = {"known": number, "at": moments.in_utc(entry.at), "seq": entry.seq}
            return Verdict(False, walk.count, Sentence("ledger.lost_in_restore", values), number, head)
    if number > walk.count:
        values = {"count": walk.count, "known": number}
        return Verdict(False, walk.count, Sentence("ledger.cut_off", values), walk.count + 1, head)
    return Verdict(False, walk.count, Sentence("ledger.written_anew", {"seq": number}), number, head)


def _restore(row: tuple[Any, ...], folder: Path) -> Sentence:
    entry = sealed.opened(read_keys(folder), dict(zip(sealed.COLUMNS, row, strict=True)))
    lost = entry.payload["lost"]
    kind = "unknown" if lost is None else "some" if lost else "none"
    values = {"seq": entry.seq, "at": moments.in_utc(entry.at), "lost": lost, "kept": entry.payload["entries"]}
    return Sentence(f"ledger.restored_{kind}", values)
