"""One entry of the approval history: its bytes, its cipher, its hash.

Entries hash their ciphertext, so that destroying a key can erase without breaking the chain.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from engine.decision.keys import Keys, canonical, spelled
from engine.errors import StoreProblem
from engine.sentences import Sentence

BOUND = ("prev", "seq", "at", "shop_id", "plan_id", "action", "actor", "recorded_by")  # in the order of the hash
COLUMNS = (*BOUND, "payload", "hash")


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


def sealed(keys: Keys, row: dict[str, Any], payload: dict[str, Any]) -> dict[str, Any]:
    """The row with its payload encrypted and its hash: what is stored. row: BOUND."""
    row = {**row, "payload": _encrypted(keys, row, canonical(payload))}
    return {**row, "hash": _hash(keys, [row[name] for name in BOUND], row["payload"])}


def is_own_hash(keys: Keys, values: tuple[Any, ...]) -> bool:
    """Whether a stored entry is the one that was written. values: COLUMNS."""
    *bound, payload, its_hash = values
    try:
        return hmac.compare_digest(_hash(keys, bound, payload), its_hash)
    except (AttributeError, TypeError, ValueError):  # a value of another type, or text that is not text
        return False


def opened(keys: Keys, row: dict[str, Any]) -> Entry:
    """The entry of a stored row. Raises StoreProblem for one that does not decrypt."""
    try:
        content = row["payload"]
        bound = canonical([row[name] for name in BOUND])
        payload = json.loads(AESGCM(keys.payload).decrypt(content[:12], content[12:], bound))
    except (InvalidTag, ValueError, TypeError) as error:
        raise StoreProblem(Sentence("ledger.entry_changed", {"seq": row["seq"]})) from error
    named = {name: row[name] for name in Entry.__slots__ if name != "payload"}
    return Entry(payload=payload, **named)


def _hash(keys: Keys, bound: list[Any], payload: bytes) -> str:
    return hmac.digest(keys.chain, spelled([*bound, payload.hex()]), "sha256").hex()


def _encrypted(keys: Keys, row: dict[str, Any], content: bytes) -> bytes:
    # The nonce follows from the content and its place in the chain: never used for two texts, and the same
    # history gives the same bytes.
    bound = canonical([row[name] for name in BOUND])
    nonce = hmac.digest(keys.payload, b"nonce" + bound + hashlib.sha256(content).digest(), "sha256")[:12]
    return nonce + AESGCM(keys.payload).encrypt(nonce, content, bound)
