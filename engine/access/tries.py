"""Sign-ins that failed: after some of them the next one waits, per name and over all names.

Whether a name has an account changes nothing here. A wait is short enough that nobody can lock a colleague out for
long, and long enough that guessing takes years: 12 tries an hour of one name.
"""

import hashlib
from datetime import datetime
from pathlib import Path

from engine.access import storage
from engine.access.roles import person_key
from engine.errors import NotAllowed
from engine.sentences import Sentence

REMEMBERED = 3600.0  # seconds a failed try counts
FREE, MOST_WAIT = 5, 300.0  # of one name: tries without waiting, then 1, 2, 4 ... seconds, at most this
FREE_OVERALL, MOST_WAIT_OVERALL = 50, 10.0  # many names tried one after another


def wait_is_over(config: Path, name: str, now: datetime) -> None:
    """Returns when this name may be tried now. Raises NotAllowed with the seconds to wait otherwise."""
    if not storage.path_of(config).exists():
        return
    since = now.timestamp() - REMEMBERED
    with storage.reading(config) as db:
        own = db.execute("SELECT count(*), max(at) FROM tries WHERE who = ? AND at > ?", [_who(name), since]).fetchone()
        everybody = db.execute("SELECT count(*), max(at) FROM tries WHERE at > ?", [since]).fetchone()
    wait = max(
        _left(own[0], own[1], FREE, MOST_WAIT, now.timestamp()),
        _left(everybody[0], everybody[1], FREE_OVERALL, MOST_WAIT_OVERALL, now.timestamp()),
    )
    if wait > 0:
        raise NotAllowed(Sentence("access.wait", {"seconds": int(wait) + 1}))


def failed(config: Path, name: str, now: datetime) -> None:
    """Counts a try that failed."""
    with storage.writing(config) as db:
        db.execute("DELETE FROM tries WHERE at <= ?", [now.timestamp() - REMEMBERED])
        db.execute("INSERT INTO tries VALUES (?, ?)", [_who(name), now.timestamp()])


def forget(config: Path, name: str) -> None:
    """Somebody signed in: the failed tries of this name count no longer."""
    with storage.writing(config) as db:
        db.execute("DELETE FROM tries WHERE who = ?", [_who(name)])


def _left(count: int, last: float | None, free: int, most: float, now: float) -> float:
    """Seconds that are left to wait after so many failed tries."""
    if last is None or count < free:
        return 0.0
    # A clock that was set back must not make the wait longer than it is.
    return min(most, 2.0 ** min(count - free, 30)) - max(0.0, now - last)


def _who(name: str) -> str:
    return hashlib.sha256(person_key(name).encode()).hexdigest()
