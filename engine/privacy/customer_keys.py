"""One key for each customer, kept outside the shop: whoever destroys it erases what was sealed with it, everywhere.

`customers.keys` in the shop's configuration folder is a SQLite file for its owner only. A key goes by a random name;
what is sealed carries that name and no customer's. A key that is destroyed leaves its name, so that rows of an erased
customer can be told from rows whose keys were lost, and no byte of itself (`secure_delete`).
"""

import hmac
import os
import secrets
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlite_utils.utils import sqlite3

from engine.errors import StoreProblem
from engine.privacy.outside import KEY_BYTES, folder_of
from engine.sentences import Sentence

NAME_BYTES = 8
_NONCE = 12
_WAIT_SECONDS = 30.0
_TABLES = (
    "CREATE TABLE IF NOT EXISTS keys (customer_id TEXT PRIMARY KEY, name BLOB NOT NULL, secret BLOB NOT NULL) "
    "WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS destroyed (name BLOB PRIMARY KEY) WITHOUT ROWID",
)


@dataclass(frozen=True, slots=True)
class CustomerKey:
    """A customer's key, and the random name that it goes by."""

    name: bytes
    secret: bytes

    def sealed(self, plain: bytes) -> bytes:
        """AES-256-GCM of a text. The same text gives the same bytes, and no nonce is ever used for two texts."""
        nonce = hmac.digest(self.secret, b"nonce" + plain, "sha256")[:_NONCE]
        return nonce + self._cipher().encrypt(nonce, plain, self.name)

    def opened(self, sealed: bytes) -> bytes:
        """The text again. Raises StoreProblem where a byte was changed."""
        try:
            return self._cipher().decrypt(sealed[:_NONCE], sealed[_NONCE:], self.name)
        except (InvalidTag, ValueError) as error:
            raise StoreProblem(Sentence("replayed.row_changed")) from error

    def _cipher(self) -> AESGCM:
        return AESGCM(hmac.digest(self.secret, b"rows", "sha256"))


def path_of(shop_id: str, config: Path) -> Path:
    return folder_of(shop_id, config) / "customers.keys"


def of_customers(shop_id: str, config: Path, customer_ids: Sequence[str]) -> list[CustomerKey]:
    """A key for each of these customers, in their order; made for those who have none yet."""
    if not customer_ids:
        return []
    with _changing(shop_id, config) as db:
        known = _keys(db, customer_ids)
        fresh = {one: CustomerKey(secrets.token_bytes(NAME_BYTES), secrets.token_bytes(KEY_BYTES))
                 for one in customer_ids if one not in known}  # fmt: skip
        db.executemany("INSERT INTO keys VALUES (?, ?, ?)", [(one, key.name, key.secret) for one, key in fresh.items()])
    return [(known | fresh)[one] for one in customer_ids]


def by_name(shop_id: str, config: Path, names: Collection[bytes]) -> tuple[dict[bytes, CustomerKey], set[bytes]]:
    """The keys of these names that there are, and the names whose keys were destroyed.

    Raises StoreProblem where the file, or a key that nobody destroyed, is gone.
    """
    path = path_of(shop_id, config)
    if not names:
        return {}, set()
    if not path.exists():
        raise StoreProblem(Sentence("replayed.keys_gone", {"file": str(path)}))
    wanted = set(names)
    with _problems(path), closing(_connected(path)) as db:
        rows = db.execute("SELECT name, secret FROM keys")
        found = {bytes(name): CustomerKey(bytes(name), bytes(secret)) for name, secret in rows if name in wanted}
        gone = {bytes(name) for (name,) in db.execute("SELECT name FROM destroyed")} & wanted
    if lost := len(wanted) - len(found) - len(gone):
        raise StoreProblem(Sentence("replayed.keys_lost", {"count": f"{lost:,}", "file": str(path)}))
    return found, gone


def held(shop_id: str, config: Path, customer_ids: Collection[str]) -> int:
    """How many of these customers have a key."""
    path = path_of(shop_id, config)
    if not path.exists():
        return 0
    with _problems(path), closing(_connected(path)) as db:
        return len(_keys(db, customer_ids))


def destroy(shop_id: str, config: Path, customer_ids: Collection[str]) -> int:
    """Destroys the keys of these customers for good; how many that were."""
    if not path_of(shop_id, config).exists():
        return 0
    with _changing(shop_id, config) as db:
        found = _keys(db, customer_ids)
        db.executemany("INSERT OR IGNORE INTO destroyed VALUES (?)", [(key.name,) for key in found.values()])
        db.executemany("DELETE FROM keys WHERE customer_id = ?", [(one,) for one in found])
    return len(found)


def _keys(db: sqlite3.Connection, customer_ids: Collection[str]) -> dict[str, CustomerKey]:
    query = "SELECT name, secret FROM keys WHERE customer_id = ?"
    found = ((one, db.execute(query, (one,)).fetchone()) for one in dict.fromkeys(customer_ids))
    return {one: CustomerKey(bytes(row[0]), bytes(row[1])) for one, row in found if row}


@contextmanager
def _changing(shop_id: str, config: Path) -> Iterator[sqlite3.Connection]:
    """A transaction: all of it is on disk when the block ends, or nothing."""
    path = path_of(shop_id, config)
    with _problems(path):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        with closing(_connected(path)) as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                for table in _TABLES:
                    db.execute(table)
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise


def _connected(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(str(path), timeout=_WAIT_SECONDS, isolation_level=None)
    # A write-ahead log would keep what was deleted until it is written back.
    for setting in ("journal_mode = DELETE", "secure_delete = ON", "synchronous = FULL"):
        db.execute(f"PRAGMA {setting}")
    return db


@contextmanager
def _problems(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.DatabaseError) as error:
        raise StoreProblem(Sentence("replayed.keys_unusable", {"file": str(path), "problem": str(error)})) from error
