"""Who wrote a plan: everybody who changed its content or handed it in, not only whose name stands on it.

None of them decides on it. The database keeps them beside the plan and refuses such a decision by itself; a person who
was an author once stays one, or a change taken back would open the way.
"""

from collections.abc import Iterable
from pathlib import Path

from sqlite_utils import Database

from engine.access.roles import person_key
from engine.decision import database


def add(db: Database, plan_id: str, people: Iterable[str]) -> None:
    """These wrote part of the plan, too; once each. Part of the transaction that saves what they wrote."""
    for person in {person_key(name) for name in people} - {""}:
        db.execute("INSERT OR IGNORE INTO plan_authors VALUES (?, ?)", [plan_id, person])


def includes(db: Database, plan_id: str, person: str) -> bool:
    """Whether this person wrote part of the plan."""
    found = db.execute("SELECT 1 FROM plan_authors WHERE plan_id = ? AND person = ?", [plan_id, person_key(person)])
    return found.fetchone() is not None


def wrote(shop_dir: Path, plan_id: str, person: str) -> bool:
    """`includes`, of the plan as it is saved."""
    if not database.begun(shop_dir):
        return False
    with database.reading(shop_dir) as db:
        return includes(db, plan_id, person)
