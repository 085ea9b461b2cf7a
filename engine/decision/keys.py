"""What is kept outside the shop folder: the key of the approval history, and a note of its last entry (the head)."""

import hmac
import json
import logging
import math
import secrets
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from filelock import FileLock
from pydantic import TypeAdapter

from engine.errors import StoreProblem
from engine.privacy import folder_of, replace
from engine.sentences import Sentence

__all__ = [
    "START", "Head", "Keys", "canonical", "first_keys", "folder_of", "move_head", "read_head", "read_keys", "replace",
    "write_head",
]  # fmt: skip

START = "0" * 64  # what the first entry follows
_WAIT_SECONDS = 30.0
_LOOK_SECONDS = 0.005  # the head is written in a few ms; the usual 50 made eight writers wait for one another's sleep
_spell = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Head:
    """The note kept outside: entry number `entries` had this hash. It may lag behind, never lead."""

    entries: int
    hash: str
    at: str


@dataclass(frozen=True, slots=True)
class Keys:
    """One key for hashes and one for texts, both made from the 32 bytes of `ledger.key`."""

    chain: bytes
    payload: bytes


def canonical(value: object) -> bytes:
    """The one JSON spelling of a value: sorted keys, no spaces, UTF-8; NaN is null; numpy numbers are numbers."""
    return spelled(_plain(value))


def spelled(value: object) -> bytes:
    """`canonical` of what holds nothing but JSON's own kinds of value: several times as fast."""
    return _spell(value).encode(errors="backslashreplace")  # half a surrogate pair becomes JSON's own \\u escape


def read_keys(folder: Path) -> Keys:
    """The keys of a history that has entries. Raises StoreProblem when they are missing."""
    path = folder / "ledger.key"
    try:
        secret = path.read_bytes()
    except OSError as error:
        raise StoreProblem(Sentence("ledger.no_key", {"path": str(path)})) from error
    if len(secret) != 32:
        raise StoreProblem(Sentence("ledger.not_a_key", {"path": str(path)}))
    chain, payload = (hmac.digest(secret, purpose, "sha256") for purpose in (b"chain", b"payload"))
    return Keys(chain, payload)


def first_keys(folder: Path) -> Keys:
    """The keys of a history that has no entry yet; the key file is made on first use."""
    path = folder / "ledger.key"
    if not path.exists():
        replace(path, secrets.token_bytes(32))
    return read_keys(folder)


_HEAD = TypeAdapter(Head)


def read_head(folder: Path) -> Head | None:
    """The note of the last entry, or None where there is none yet."""
    path = folder / "ledger.head"
    try:
        return _HEAD.validate_json(path.read_bytes(), strict=True)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:  # pydantic's ValidationError is a ValueError
        raise StoreProblem(Sentence("ledger.head_unreadable", {"path": str(path)})) from error


def move_head(folder: Path, head: Head) -> None:
    """Move the outside head forward. The entry is on disk already, so a failure here is logged and never raised:
    the head then lags until the next entry, and a person must not be told that a saved decision was lost."""
    try:
        with FileLock(folder / "ledger.head.lock", timeout=_WAIT_SECONDS, poll_interval=_LOOK_SECONDS):
            known = read_head(folder)
            if known is None or known.entries < head.entries:
                write_head(folder, head)
    except (OSError, StoreProblem) as error:
        _log.warning("The approval was saved; its note in %s could not be: %s", folder, error)


def write_head(folder: Path, head: Head) -> None:
    """Replace the outside head."""
    replace(folder / "ledger.head", canonical({"entries": head.entries, "hash": head.hash, "at": head.at}))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if hasattr(value, "item") and hasattr(value, "dtype"):  # one number of numpy
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value.isoformat() if isinstance(value, date) else value
