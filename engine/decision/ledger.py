"""The approval history: encrypted entries that only grow, chained by a key kept outside the shop folder.

One entry is made in sealed.py, the whole is judged in verdict.py; here entries are added and read.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from engine.access import acting
from engine.access.roles import Action
from engine.decision import database, moments, sealed, verdict
from engine.decision.database import fitness
from engine.decision.keys import (
    START,
    Head,
    Keys,
    canonical,
    first_keys,
    folder_of,
    move_head,
    read_head,
    read_keys,
    write_head,
)
from engine.decision.sealed import Entry
from engine.decision.verdict import RESTORED, Point, Verdict
from engine.errors import StoreProblem
from engine.sentences import Sentence

__all__ = [
    "ACTIONS", "EVIDENCE", "Entry", "Head", "Verdict", "Writer", "append", "canonical", "chosen", "entries", "fitness",
    "head", "proved", "reading", "right_to", "still_there", "verify", "writing",
]  # fmt: skip

EVIDENCE = "evidence"  # under which an entry names the file that shows a decision taken outside Offerlab
_RIGHTS: dict[str, Action] = {
    "commented": "view", "submitted": "submit", "approved": "approve", "rejected": "reject",
    "changes_requested": "reject", "exported": "export", "results_in": "draft", "model_chosen": "submit",
    "concluded": "submit", "split_confirmed": "submit", "winner_chosen": "export", RESTORED: "administer",
}  # fmt: skip
ACTIONS = tuple(_RIGHTS)  # every kind of entry there is: each has its words wherever a history is shown


def right_to(action: str) -> Action:
    """What somebody must be allowed to do who adds an entry of this kind."""
    return _RIGHTS[action]


def append(
    shop_dir: Path,
    shop_id: str,
    *,
    plan_id: str,
    action: str,
    actor: str,
    recorded_by: str,
    payload: dict[str, Any],
    now: datetime,
    config: Path,
) -> Entry:
    """The new last entry, on disk when this returns. Raises StoreProblem when it could not be saved."""
    with writing(shop_dir, shop_id, config, right_to(action)) as writer:
        return writer.append(plan_id, action, actor, recorded_by, payload, now)


def entries(shop_dir: Path, shop_id: str, config: Path, plan_id: str | None = None) -> list[Entry]:
    """All entries, or those of one plan, oldest first. Raises StoreProblem for one that does not decrypt, and where
    entries are missing.
    """
    still_there(shop_dir, shop_id, config)
    if not database.path_of(shop_dir).exists():
        return []
    with reading(shop_dir, shop_id, config) as db:
        return read(db, shop_id, config, plan_id)


@contextmanager
def reading(shop_dir: Path, shop_id: str, config: Path) -> Iterator[Database]:
    """A connection to a history that has a row for every entry, up to the one known outside; StoreProblem otherwise.

    That takes no time at any length; whether each row is the one that was written, only `verify` says.
    """
    folder = folder_of(shop_id, config)
    head = read_head(folder)  # before the file: it may then lag behind what is read, never lead
    _still_there(database.path_of(shop_dir), head)
    with database.reading(shop_dir) as db:
        if head and not _is_gapless(db, head):
            raise StoreProblem(Sentence("ledger.misfit", {"count": head.entries, "folder": str(folder)}))
        yield db


def read(db: Database, shop_id: str, config: Path, plan_id: str | None = None) -> list[Entry]:
    """`entries` on a connection that is already open."""
    query = "SELECT * FROM entries" + (" WHERE plan_id = :plan_id" if plan_id is not None else "") + " ORDER BY seq"
    rows = list(db.query(query, {"plan_id": plan_id} if plan_id is not None else {}))
    keys = read_keys(folder_of(shop_id, config)) if rows else None
    return [sealed.opened(keys, row) for row in rows] if keys else []


def still_there(shop_dir: Path, shop_id: str, config: Path) -> None:
    """Raises StoreProblem where entries of a shop are known but its file is gone."""
    _still_there(database.path_of(shop_dir), read_head(folder_of(shop_id, config)))


def chosen(db: Database, shop_id: str, config: Path, where: str, values: Mapping[str, Any]) -> list[Entry]:
    """The entries that SQL chooses, oldest first, on a connection that is already open; `where` is never of a user."""
    rows = list(db.query(f"SELECT * FROM entries WHERE {where} ORDER BY seq", dict(values)))
    keys = read_keys(folder_of(shop_id, config)) if rows else None
    return [sealed.opened(keys, row) for row in rows] if keys else []


def head(shop_dir: Path) -> Head:
    """Number and hash of the last entry in the file; 0 and START before the first."""
    if not database.path_of(shop_dir).exists():
        return Head(0, START, "")
    with database.reading(shop_dir) as db:
        last = next(iter(db.query("SELECT seq, hash, at FROM entries ORDER BY seq DESC LIMIT 1")), None)
    return Head(last["seq"], last["hash"], last["at"]) if last else Head(0, START, "")


@contextmanager
def writing(shop_dir: Path, shop_id: str, config: Path, right: Action = "draft") -> Iterator["Writer"]:
    """One transaction on the shop's plans and history, for who has this right; the outside head follows after it is on
    disk."""
    folder = folder_of(shop_id, config)
    _still_there(database.path_of(shop_dir), read_head(folder))
    with database.writing(shop_dir, right) as db:
        last = next(iter(db.query("SELECT * FROM entries ORDER BY seq DESC LIMIT 1")), None)
        keys = read_keys(folder) if last else first_keys(folder)
        _trusted(db, last, folder, keys)
        writer = Writer(db, shop_id, config, keys, last["seq"] if last else 0, last["hash"] if last else START)
        yield writer
    if writer.added:
        move_head(folder, Head(writer.last_seq, writer.last_hash, writer.added[-1].at))


@dataclass(slots=True)
class Writer:
    """What a transaction on the history may do. `db` is open for the plans of the same file."""

    db: Database
    shop_id: str
    config: Path
    keys: Keys
    last_seq: int
    last_hash: str
    added: list[Entry] = field(default_factory=list)

    def append(
        self, plan_id: str, action: str, actor: str, recorded_by: str, payload: dict[str, Any], now: datetime
    ) -> Entry:
        """The new last entry; on disk when the transaction ends. Raises NotAllowed for who may not do what it says.

        Nobody who is signed in writes under another's name: what somebody else decided outside is theirs by its
        evidence, and recorded by who is signed in.
        """
        acting.require(right_to(action), self.config)
        acting.require_self(recorded_by)
        if EVIDENCE not in payload:
            acting.require_self(actor)
        row: dict[str, Any] = {
            "seq": self.last_seq + 1,
            "at": moments.stored(now),
            "shop_id": self.shop_id,
            "plan_id": plan_id,
            "action": action,
            "actor": actor,
            "recorded_by": recorded_by,
            "prev": self.last_hash,
        }
        row = sealed.sealed(self.keys, row, payload)
        columns = ", ".join(row)
        self.db.execute(f"INSERT INTO entries ({columns}) VALUES ({', '.join(':' + name for name in row)})", row)
        self.last_seq, self.last_hash = row["seq"], row["hash"]
        self.added.append(sealed.opened(self.keys, row))
        return self.added[-1]

    def entries(self, plan_id: str) -> list[Entry]:
        """The entries of one plan as this transaction sees them, oldest first."""
        return read(self.db, self.shop_id, self.config, plan_id)


def verify(shop_dir: Path, shop_id: str, config: Path, printed: Point | None = None) -> Verdict:
    """Whether every entry is the one that was written, in order, with none cut off.

    `printed` is (ledger_entries, ledger_head) from an exported file: proves that this history contains that export's.
    """
    return proved(shop_dir, shop_id, config, [printed] if printed else [])


def proved(shop_dir: Path, shop_id: str, config: Path, printed: Sequence[Point]) -> Verdict:
    """`verify` with all that exported files print."""
    folder = folder_of(shop_id, config)
    head = read_head(folder)  # before the file: it may then lag behind what is read, never lead
    path = database.path_of(shop_dir)
    if path.exists():
        with database.reading(shop_dir) as db:
            return verdict.judged(db, folder, head, printed)
    if known := max([head.entries if head else 0, *(number for number, _ in printed)]):
        return Verdict(False, 0, database.gone(path, known), 1, head)
    return Verdict(True, 0, Sentence("ledger.empty"), head=head)


def _trusted(db: Database, last: dict[str, Any] | None, folder: Path, keys: Keys) -> None:
    """Raises StoreProblem when nothing may be added after `last`: cut off, rewritten, or without its outside head."""
    head = read_head(folder)
    count = last["seq"] if last else 0
    if head is None:
        if count:
            raise StoreProblem(verdict.no_head(folder))
        write_head(folder, Head(0, START, ""))
        return
    is_last_own = last is None or sealed.is_own_hash(keys, tuple(last[name] for name in sealed.COLUMNS))
    if head.entries and not (is_last_own and _is_gapless(db, head)):
        raise StoreProblem(Sentence("ledger.misfit", {"count": head.entries, "folder": str(folder)}))


def _is_gapless(db: Database, head: Head) -> bool:
    """Whether there is a row for every number, and the one noted outside is that one."""
    count, last = db.execute("SELECT count(*), max(seq) FROM entries").fetchone()
    known = db.execute("SELECT hash FROM entries WHERE seq = ?", [head.entries]).fetchone()
    return count == (last or 0) and (not head.entries or (known is not None and known[0] == head.hash))


def _still_there(path: Path, head: Head | None) -> None:
    if head and head.entries and not path.exists():
        raise StoreProblem(database.gone(path, head.entries))
