"""What others said of somebody's plans: changes they asked for, and comments that were not answered yet."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Literal, cast

from engine.access.roles import person_key
from engine.campaign.plan import Plan
from engine.decision import database, ledger
from engine.decision.ledger import Entry
from engine.shop.store import Shop

About = Literal["commented", "changes_requested"]
ABOUT = ("commented", "changes_requested")
MOVES_ON = ("submitted", "approved", "rejected")  # steps of a plan after which what was said before is settled


@dataclass(frozen=True, slots=True)
class Note:
    """The last thing of its kind that somebody else said of a plan, as an entry of the history."""

    plan_id: str
    about: About
    by: str
    text: str
    seq: int


def notes(shop: Shop, config: Path, person: str, own: Collection[Plan]) -> list[Note]:
    """What waits for the author of these plans, the latest first of each plan; what was answered is left out."""
    ids = {plan.plan_id for plan in own}
    talked = ids & _talked_of(shop.path) if ids else set()
    found = [
        note
        for plan_id in sorted(talked)
        for note in _open(ledger.entries(shop.path, shop.shop_id, config, plan_id), person)
    ]
    return sorted(found, key=lambda note: -note.seq)


def _talked_of(shop_dir: Path) -> set[str]:
    if not database.path_of(shop_dir).exists():
        return set()
    with database.reading(shop_dir) as db:
        rows = db.query("SELECT DISTINCT plan_id FROM entries WHERE action IN (?, ?)", list(ABOUT))
        return {row["plan_id"] for row in rows}


def _open(history: list[Entry], person: str) -> Iterator[Note]:
    """The latest of each kind, since the plan moved on or its author spoke."""

    def is_news(entry: Entry) -> bool:
        return entry.action not in MOVES_ON and not (
            entry.action in ABOUT and person_key(entry.actor) == person_key(person)
        )

    latest: dict[str, Entry] = {}
    for entry in takewhile(is_news, reversed(history)):
        if entry.action in ABOUT:
            latest.setdefault(entry.action, entry)
    for entry in latest.values():
        text = str(entry.payload.get("reason") or "")
        yield Note(entry.plan_id, cast(About, entry.action), entry.actor, text, entry.seq)
