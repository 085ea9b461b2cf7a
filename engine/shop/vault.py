"""Contacts of customers, encrypted, and the ids of those who were erased: `vault/` of the shop folder.

Contacts are AES-256-GCM under the key outside the shop (engine.privacy.shop_key) and are in no table, model, prompt,
log or cache. `vault/contacts` begins with one readable line, how many there are; the rest is one Parquet file,
encrypted as a whole, so that a reader sees the old or the new contacts and a changed byte is noticed.

Erased ids are kept as keyed hashes: enough to keep them out of every later import, not enough to say who it was.
"""

import hashlib
import io
import json
import secrets
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

import pandas as pd
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from engine import privacy
from engine.errors import DataProblem, StoreProblem
from engine.shop import store

COLUMNS = ["customer_id", "email", "phone", "external_id"]
_NONCE = 12  # bytes, drawn anew for each writing


def add(shop_dir: Path, shop_id: str, config: Path, contacts: pd.DataFrame) -> int:
    """Take contacts (COLUMNS, text; all but customer_id may lack) into the vault. Returns how many it then holds.

    One row a customer: a later value that is not empty takes the place of the earlier. Who was erased stays out.
    Raises DataProblem for a row without customer_id, StoreProblem where key or disk refuse; then nothing is changed.
    """
    fresh = _typed(contacts)
    with store.writing(shop_dir):
        fresh, _ = without_erased(shop_dir, shop_id, config, fresh)
        together = pd.concat([_read(shop_dir, shop_id, config), fresh], ignore_index=True)
        merged = together.groupby("customer_id", sort=False, as_index=False).last()  # the last that is not missing
        put(shop_dir, shop_id, config, merged)
        return len(merged)


def contacts(shop_dir: Path, shop_id: str, config: Path) -> pd.DataFrame:
    """COLUMNS of every customer in the vault, in the order they came; empty without a vault.

    For matching and for what is sent on at a marketer's wish. Never for a table, a cache, a log or a prompt.
    """
    return _read(shop_dir, shop_id, config)


def count(shop_dir: Path, column: str = "customer_id") -> int:
    """Contacts that have this column filled, from the readable line: needs no key."""
    path = _file(shop_dir)
    return int(_header(path, path.read_bytes().split(b"\n", 1)[0])[column]) if path.exists() else 0


def put(shop_dir: Path, shop_id: str, config: Path, contacts: pd.DataFrame) -> None:
    """Put these contacts (COLUMNS, one row a customer) in the place of all that were there."""
    key = privacy.shop_key(shop_dir, shop_id, config)
    filled = {column: int(contacts[column].notna().sum()) for column in COLUMNS}
    header, nonce = json.dumps(filled).encode(), secrets.token_bytes(_NONCE)
    sealed = _cipher(key).encrypt(nonce, contacts[COLUMNS].to_parquet(index=False), _bound(header, shop_id))
    privacy.replace(_file(shop_dir), header + b"\n" + nonce + sealed)


def remember(shop_dir: Path, shop_id: str, config: Path, customer_ids: Collection[str], now: datetime) -> None:
    """Keep these ids out of every later import."""
    key = privacy.shop_key(shop_dir, shop_id, config)
    hashes = privacy.tokens(key, pd.Series(list(customer_ids), dtype="str"), "erased")
    kept = _erased(shop_dir)
    for one in hashes:
        kept.setdefault(one, now.isoformat(timespec="seconds"))
    privacy.replace(_erased_file(shop_dir), json.dumps({"erased": kept}, indent=1).encode())


def without_erased(shop_dir: Path, shop_id: str, config: Path, frame: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """The rows whose customer_id was not erased, with their index, and how many were. To be asked of every import.

    customer_id as it is stored: after an export's addresses were made pseudonyms. A frame without the column, and any
    frame while nobody was erased, comes back as it is.
    """
    kept = _erased(shop_dir)
    if not kept or "customer_id" not in frame:
        return frame, 0
    key = privacy.shop_key(shop_dir, shop_id, config)
    ids = frame["customer_id"].astype("str").str.strip()
    gone = privacy.tokens(key, ids, "erased").isin(set(kept))
    return frame[~gone], int(gone.sum())


def erased_count(shop_dir: Path) -> int:
    """How many ids were erased and are kept out."""
    return len(_erased(shop_dir))


def _file(shop_dir: Path) -> Path:
    return shop_dir / "vault" / "contacts"


def _erased_file(shop_dir: Path) -> Path:
    return shop_dir / "vault" / "erased"


def _typed(contacts: pd.DataFrame) -> pd.DataFrame:
    """COLUMNS as trimmed text, empty is missing."""
    if "customer_id" not in contacts:
        raise DataProblem("Contacts need a column customer_id.")
    found = contacts.reindex(columns=COLUMNS).astype("str").apply(lambda column: column.str.strip())
    found = found.where(found.ne("")).astype("str")
    if found["customer_id"].isna().any():
        raise DataProblem(f"Contacts: customer_id is empty in {int(found['customer_id'].isna().sum())} rows.")
    return found


def _read(shop_dir: Path, shop_id: str, config: Path) -> pd.DataFrame:
    path = _file(shop_dir)
    if not path.exists():
        return pd.DataFrame(columns=COLUMNS, dtype="str")
    key = privacy.shop_key(shop_dir, shop_id, config)
    try:
        header, _, rest = path.read_bytes().partition(b"\n")
        plain = _cipher(key).decrypt(rest[:_NONCE], rest[_NONCE:], _bound(header, shop_id))
    except (OSError, InvalidTag, ValueError) as error:
        raise StoreProblem(_damaged(path)) from error
    return pd.read_parquet(io.BytesIO(plain))


def _header(path: Path, line: bytes) -> dict[str, int]:
    try:
        return dict(json.loads(line))
    except (ValueError, TypeError) as error:
        raise StoreProblem(_damaged(path)) from error


def _damaged(path: Path) -> str:
    return f"{path} was changed or is damaged, so the contacts cannot be read. Restore it from a backup."


def _cipher(key: bytes) -> AESGCM:
    return AESGCM(hashlib.blake2b(key=key, person=b"contacts", digest_size=32).digest())


def _bound(header: bytes, shop_id: str) -> bytes:
    return header + b"\n" + shop_id.encode()


def _erased(shop_dir: Path) -> dict[str, str]:
    """When each id was erased, by its keyed hash."""
    path = _erased_file(shop_dir)
    try:
        return dict(json.loads(path.read_bytes())["erased"])
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise StoreProblem(
            f"{path}, the list of who was erased, cannot be read. Restore it from a backup: without it they could come "
            "back with the next import."
        ) from error
