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


def begin(config: Path, name: str, now: datetime) -> None:
    """Counts a try of this name before its password is looked at: of tries at the same moment each sees those before.

    Raises NotAllowed with the seconds to wait, and counts nothing, while too many tries failed. Who gets in calls
    `forget`.
    """
    at = now.timestamp()
    since = at - REMEMBERED
    with storage.writing(config) as db:
        own = db.execute("SELECT count(*), max(at) FROM tries WHERE who = ? AND at > ?", [_who(name), since]).fetchone()
        everybody = db.execute("SELECT count(*), max(at) FROM tries WHERE at > ?", [since]).fetchone()
        wait = max(
            _left(own[0], own[1], FREE, MOST_WAIT, at),
            _left(everybody[0], everybody[1], FREE_OVERALL, MOST_WAIT_OVERALL, at),
        )
        if wait > 0:
            raise NotAllowed(Sentence("access.wait", {"seconds": int(wait) + 1}))
        db.execute("DELETE FROM tries WHERE at <= ?", [since])
        db.execute("INSERT INTO tries VALUES (?, ?)", [_who(name), at])


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
