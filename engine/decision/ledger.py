"""The approval history: encrypted entries that only grow, chained by a key kept outside the shop folder.

What each part sees: the chain sees a changed entry; the key sees a chain computed anew; the head, a note of the last
entry kept beside the key, sees entries cut off the end. Entries hash their ciphertext, so that destroying a key can
erase without breaking the chain.
"""

import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlite_utils import Database

from engine.decision import database
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
from engine.errors import StoreProblem

__all__ = ["Entry", "Head", "Verdict", "Writer", "append", "canonical", "entries", "fitness", "verify", "writing"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the approval history, decrypted. Order is `seq`; `at` is only what the clock said."""

    seq: int
    at: str
    shop_id: str
    plan_id: str
    action: str
    actor: str
    recorded_by: str
    payload: dict[str, Any]
    hash: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the history is whole. `bad_seq` is the first entry that is not, if one can be named."""

    ok: bool
    entries: int
    sentence: str
    bad_seq: int | None = None
    head: Head | None = None


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
    with writing(shop_dir, shop_id, config) as writer:
        return writer.append(plan_id, action, actor, recorded_by, payload, now)


def entries(shop_dir: Path, shop_id: str, config: Path, plan_id: str | None = None) -> list[Entry]:
    """All entries, or those of one plan, oldest first. Raises StoreProblem for one that does not decrypt."""
    path, head = database.path_of(shop_dir), read_head(folder_of(shop_id, config))
    _still_there(path, head)
    if not path.exists():
        return []
    with database.reading(shop_dir) as db:
        return read(db, shop_id, config, plan_id)


def read(db: Database, shop_id: str, config: Path, plan_id: str | None = None) -> list[Entry]:
    """`entries` on a connection that is already open."""
    query = "SELECT * FROM entries" + (" WHERE plan_id = :plan_id" if plan_id is not None else "") + " ORDER BY seq"
    rows = list(db.query(query, {"plan_id": plan_id} if plan_id is not None else {}))
    keys = read_keys(folder_of(shop_id, config)) if rows else None
    return [_entry(row, keys) for row in rows] if keys else []


@contextmanager
def writing(shop_dir: Path, shop_id: str, config: Path) -> Iterator["Writer"]:
    """One transaction on the shop's plans and history; the outside head follows after it is on disk."""
    folder = folder_of(shop_id, config)
    _still_there(database.path_of(shop_dir), read_head(folder))
    with database.writing(shop_dir) as db:
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
        """The new last entry; on disk when the transaction ends."""
        row: dict[str, Any] = {
            "seq": self.last_seq + 1,
            "at": now.isoformat(timespec="seconds"),
            "shop_id": self.shop_id,
            "plan_id": plan_id,
            "action": action,
            "actor": actor,
            "recorded_by": recorded_by,
            "prev": self.last_hash,
        }
        row["payload"] = _encrypted(self.keys, row, canonical(payload))
        row["hash"] = _hash(self.keys, row)
        columns = ", ".join(row)
        self.db.execute(f"INSERT INTO entries ({columns}) VALUES ({', '.join(':' + name for name in row)})", row)
        self.last_seq, self.last_hash = row["seq"], row["hash"]
        self.added.append(_entry(row, self.keys))
        return self.added[-1]

    def entries(self, plan_id: str) -> list[Entry]:
        """The entries of one plan as this transaction sees them, oldest first."""
        return read(self.db, self.shop_id, self.config, plan_id)


def verify(shop_dir: Path, shop_id: str, config: Path, printed: tuple[int, str] | None = None) -> Verdict:
    """Whether every entry is the one that was written, in order, with none cut off.

    `printed` is (ledger_entries, ledger_head) from an exported file: proves that this history contains that export's.
    """
    folder = folder_of(shop_id, config)
    head = read_head(folder)  # before the file: it may then lag behind what is read, never lead
    path = database.path_of(shop_dir)
    if not path.exists():
        if head and head.entries:
            return Verdict(False, 0, _gone(path, head), 1, head)
        return Verdict(True, 0, "The approval history is empty.", head=head)
    with database.reading(shop_dir) as db:
        guards = {row["name"] for row in db.query("SELECT name FROM sqlite_master WHERE type = 'trigger'")}
        rows = db.query("SELECT * FROM entries ORDER BY seq")
        first = next(rows, None)
        keys = read_keys(folder) if first else None
        count, bad, hashes = _walk(first, rows, keys, {n for n, _ in _points(head, printed)})
    if bad:
        return Verdict(False, count, f"Entry {bad} of the approval history was changed, removed or forged.", bad, head)
    for number, value in _points(head, printed):
        if number > count:
            sentence = f"The approval history ends at entry {count}, but entry {number} is known: entries were cut off."
            return Verdict(False, count, sentence, count + 1, head)
        if number and hashes[number] != value:
            sentence = f"Entry {number} is not the one noted outside: the approval history was written anew."
            return Verdict(False, count, sentence, number, head)
    if count and head is None:
        return Verdict(False, count, _no_head(folder), head=None)
    missing = [name for name in database.GUARDS if name not in guards]
    if missing:
        return Verdict(False, count, f"The file's own protection was removed ({', '.join(missing)}).", head=head)
    return Verdict(True, count, f"All {count} entries of the approval history are whole.", head=head)


def _walk(
    first: dict[str, Any] | None, rest: Iterator[dict[str, Any]], keys: Keys | None, wanted: set[int]
) -> tuple[int, int | None, dict[int, str]]:
    """(entries read, first bad entry, hashes of the wanted entries), one row in memory at a time."""
    count, prev = 0, START
    hashes: dict[int, str] = {}
    row = first
    while row is not None and keys is not None:
        expected = count + 1
        if row["seq"] != expected or row["prev"] != prev or not _is_own_hash(keys, row):
            return count, expected, hashes
        count, prev = expected, row["hash"]
        if count in wanted:
            hashes[count] = prev
        row = next(rest, None)
    return count, None, hashes


def _points(head: Head | None, printed: tuple[int, str] | None) -> list[tuple[int, str]]:
    return ([(head.entries, head.hash)] if head else []) + ([printed] if printed else [])


def _trusted(db: Database, last: dict[str, Any] | None, folder: Path, keys: Keys) -> None:
    """Raises StoreProblem when nothing may be added after `last`: cut off, rewritten, or without its outside head."""
    head = read_head(folder)
    count = last["seq"] if last else 0
    if head is None:
        if count:
            raise StoreProblem(_no_head(folder))
        write_head(folder, Head(0, START, ""))
        return
    known = next(iter(db.query("SELECT hash FROM entries WHERE seq = ?", [head.entries])), None)
    if head.entries and (known is None or known["hash"] != head.hash or (last and not _is_own_hash(keys, last))):
        raise StoreProblem(
            f"The approval history does not fit the note of its entry {head.entries} in {folder}: entries were changed "
            "or cut off, so nothing is added to it. Run  ledger verify  and restore ledger.db from a backup."
        )


def _still_there(path: Path, head: Head | None) -> None:
    if head and head.entries and not path.exists():
        raise StoreProblem(_gone(path, head))


def _gone(path: Path, head: Head) -> str:
    return (
        f"{path} is gone, but {head.entries} entries of the approval history are known. Restore it from a backup; "
        "nothing is written until then."
    )


def _no_head(folder: Path) -> str:
    return (
        f"{folder / 'ledger.head'}, the outside note of the last entry, is missing, so entries could have been cut off "
        "unseen. Restore it from a backup, or set ledger.db aside to begin a new history."
    )


# --- one entry: its bytes, its cipher, its hash ---


def _bound(row: dict[str, Any]) -> list[Any]:
    return [row[name] for name in ("prev", "seq", "at", "shop_id", "plan_id", "action", "actor", "recorded_by")]


def _hash(keys: Keys, row: dict[str, Any]) -> str:
    return hmac.digest(keys.chain, canonical([*_bound(row), row["payload"].hex()]), "sha256").hex()


def _is_own_hash(keys: Keys, row: dict[str, Any]) -> bool:
    try:
        return hmac.compare_digest(_hash(keys, row), row["hash"])
    except (AttributeError, TypeError, UnicodeEncodeError):  # a value of another type, or text that is not text
        return False


def _encrypted(keys: Keys, row: dict[str, Any], content: bytes) -> bytes:
    # The nonce follows from the content and its place in the chain: never used for two texts, and the same
    # history gives the same bytes.
    bound = canonical(_bound(row))
    nonce = hmac.digest(keys.payload, b"nonce" + bound + hashlib.sha256(content).digest(), "sha256")[:12]
    return nonce + AESGCM(keys.payload).encrypt(nonce, content, bound)


def _entry(row: dict[str, Any], keys: Keys) -> Entry:
    try:
        sealed = row["payload"]
        payload = json.loads(AESGCM(keys.payload).decrypt(sealed[:12], sealed[12:], canonical(_bound(row))))
    except (InvalidTag, ValueError, TypeError) as error:
        raise StoreProblem(
            f"Entry {row['seq']} of the approval history was changed. Run  ledger verify  and restore ledger.db from a "
            "backup."
        ) from error
    named = {name: row[name] for name in Entry.__slots__ if name != "payload"}
    return Entry(payload=payload, **named)
