"""Who is signed in, in a row of our own: it ends when we say so, whatever a browser still holds.

A row is found by the hash of a secret that only the browser has. It ends 30 minutes after it was used last, 10 hours
after it began, and at once when the person signs out anywhere, is disabled, or gets another password.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from engine.access import storage
from engine.access.roles import person_key
from engine.errors import NotAllowed
from engine.sentences import Sentence

IDLE, ABSOLUTE = 30 * 60.0, 10 * 3600.0  # seconds
TOUCHED = 20.0  # a page that is used says so at most this often: each time is a write to the disk
KEPT = 40 * 86400.0  # a row that ended is kept for longer than any login cookie is accepted (31 days)


class SignedOut(NotAllowed):
    """Nobody is signed in here, or no longer."""


@dataclass(frozen=True, slots=True)
class Session:
    """A person who is signed in, as they wrote their name."""

    name: str
    created: float
    last_seen: float


def begin(config: Path, name: str, now: datetime) -> str:
    """The secret of a new session, to be given to the browser and kept nowhere else."""
    token = secrets.token_urlsafe(32)  # 256 bits
    _insert(config, token, name, now.timestamp(), now.timestamp())
    return token


def of_login(config: Path, login: str, name: str, issued: float | None, now: datetime, used: bool = True) -> Session:
    """The session of a login that an identity provider vouches for, begun where it is new.

    `login` tells this login from every other one of the same person; `issued` is when the provider made it. A login
    that was made before the person signed out here is no new one, however it comes.
    """
    if issued is None:
        raise SignedOut(Sentence("access.no_issue_time"))
    with storage.reading(config) as db:
        row = db.execute("SELECT 1 FROM sessions WHERE token = ?", [_hash(login)]).fetchone()
        ended = db.execute("SELECT max(revoked) FROM sessions WHERE person = ?", [person_key(name)]).fetchone()[0]
    if row is None:
        if now.timestamp() - issued >= ABSOLUTE or (ended is not None and issued < int(ended)):
            raise SignedOut(Sentence("access.over"))
        _insert(config, login, name, min(issued, now.timestamp()), now.timestamp())
    return check(config, login, now, used)


def check(config: Path, token: str | None, now: datetime, used: bool = True) -> Session:
    """The session of a browser's secret; it counts as used now, unless a page only looks again by itself.

    Raises SignedOut where there is none any more.
    """
    if not token:
        raise SignedOut(Sentence("access.nobody"))
    if not storage.path_of(config).exists():
        raise SignedOut(Sentence("access.over"))
    with storage.reading(config) as db:
        row = db.execute(
            "SELECT name, created, last_seen, revoked FROM sessions WHERE token = ?", [_hash(token)]
        ).fetchone()
    at = now.timestamp()
    if row is None or row[3] is not None or at - row[2] >= IDLE or at - row[1] >= ABSOLUTE:
        raise SignedOut(Sentence("access.over"))
    if used and at - row[2] >= TOUCHED:
        with storage.writing(config) as db:
            db.execute("UPDATE sessions SET last_seen = max(last_seen, ?) WHERE token = ?", [at, _hash(token)])
    return Session(row[0], row[1], row[2])


def revoke_all(config: Path, name: str, now: datetime) -> int:
    """Ends every session of a person, in this browser and in all others; how many that were."""
    with storage.writing(config) as db:
        return db.execute(
            "UPDATE sessions SET revoked = ? WHERE person = ? AND revoked IS NULL", [now.timestamp(), person_key(name)]
        ).rowcount


def _insert(config: Path, token: str, name: str, created: float, now: float) -> None:
    with storage.writing(config) as db:
        db.execute("DELETE FROM sessions WHERE created < ?", [now - KEPT])
        db.execute(
            "INSERT OR IGNORE INTO sessions VALUES (?, ?, ?, ?, ?, NULL)",  # two tabs may be opened at once
            [_hash(token), person_key(name), name, created, now],
        )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
