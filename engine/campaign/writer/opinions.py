"""What people of the shop thought of drafts: thumbs, and how a draft was edited before it was submitted.

Kept in `copy.db` of the shop folder as texts with {slots}, each with the brief it was written for. A liked or edited
text is shown to the writer as its worked example; what had a thumb down is not written again.
"""

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import ValidationError
from sqlite_utils import Database
from sqlite_utils.utils import sqlite3

from engine.campaign import claims
from engine.campaign.plan import Brief
from engine.campaign.writer import wish
from engine.campaign.writer.facts import Facts, Liked, facts
from engine.errors import DataProblem, StoreProblem
from engine.sentences import Sentence
from engine.shop.store import Shop

FILE = "copy.db"
LOOKED_AT = 50  # of the last opinions that may become an example
MOST_DISLIKED = 300
_TABLE = (
    "CREATE TABLE IF NOT EXISTS opinions (draft_id TEXT NOT NULL, kind TEXT NOT NULL, language TEXT NOT NULL, "
    "channel TEXT NOT NULL, brief TEXT NOT NULL, number INTEGER NOT NULL, before TEXT NOT NULL, slots TEXT NOT NULL, "
    "at TEXT NOT NULL, PRIMARY KEY (draft_id, kind), CHECK (kind IN ('up', 'down', 'edited')))"
)

Kind = Literal["up", "down", "edited"]


@dataclass(frozen=True, slots=True)
class Opinion:
    """One text with {slots}, by part. `before`: the draft it was edited from; the same where it was not."""

    draft_id: str
    kind: Kind
    brief: Brief
    number: int  # of the draft, among those asked for at once: it says how it was to begin
    before: Mapping[str, str]
    slots: Mapping[str, str]
    at: str


# --- kept ---


def thumb(
    shop_dir: Path, draft_id: str, up: bool | None, brief: Brief, number: int, slots: Mapping[str, str], now: datetime
) -> None:
    """Keeps a thumb up or down, in place of an earlier one on the same draft; None takes it back."""
    with _database(shop_dir) as db, db.conn:
        db.execute("DELETE FROM opinions WHERE draft_id = ? AND kind IN ('up', 'down')", [draft_id])
        if up is not None:
            _insert(db, Opinion(draft_id, "up" if up else "down", brief, number, slots, slots, now.isoformat()))


def edited(
    shop_dir: Path,
    draft_id: str,
    brief: Brief,
    number: int,
    before: Mapping[str, str],
    texts: Mapping[str, str],
    known: Facts,
    now: datetime,
) -> bool:
    """Keeps the text a draft was submitted as, its typed facts as slots again; False where nobody had changed it."""
    slots = {part: claims.to_slots(text, known) for part, text in texts.items() if part in known.parts}
    if all(slots.get(part, "") == before.get(part, "") for part in known.parts):
        return False
    with _database(shop_dir) as db, db.conn:
        db.execute("DELETE FROM opinions WHERE draft_id = ? AND kind = 'edited'", [draft_id])
        _insert(db, Opinion(draft_id, "edited", brief, number, before, slots, now.isoformat()))
    return True


def thumbs(shop_dir: Path) -> dict[str, bool]:
    """Every thumb by draft_id: True is up."""
    if not (shop_dir / FILE).exists():
        return {}
    with _database(shop_dir) as db:
        rows = db.query("SELECT draft_id, kind FROM opinions WHERE kind IN ('up', 'down')")
        return {row["draft_id"]: row["kind"] == "up" for row in rows}


def opinions(shop_dir: Path, language: str, kinds: Sequence[Kind], limit: int) -> list[Opinion]:
    """Those of a language, the newest first. One whose brief cannot be read any more says nothing."""
    marks = ", ".join("?" for _ in kinds)
    with _database(shop_dir) as db:
        found = list(
            db.query(
                f"SELECT * FROM opinions WHERE language = ? AND kind IN ({marks}) ORDER BY at DESC, rowid DESC LIMIT ?",
                [language, *kinds, limit],
            )
        )
    read = []
    for row in found:
        with contextlib.suppress(ValidationError):  # a kind of offer or a channel that is no more
            brief = Brief.model_validate_json(row["brief"])
            before, slots = json.loads(row["before"]), json.loads(row["slots"])
            read.append(Opinion(row["draft_id"], row["kind"], brief, row["number"], before, slots, row["at"]))
    return read


def _insert(db: Database, one: Opinion) -> None:
    db.table("opinions").insert(
        {
            "draft_id": one.draft_id,
            "kind": one.kind,
            "language": one.brief.language,
            "channel": one.brief.channel,
            "brief": one.brief.model_dump_json(),
            "number": one.number,
            "before": json.dumps(dict(one.before), ensure_ascii=False),
            "slots": json.dumps(dict(one.slots), ensure_ascii=False),
            "at": one.at,
        }
    )


@contextlib.contextmanager
def _database(shop_dir: Path) -> Iterator[Database]:
    path = shop_dir / FILE
    try:
        with contextlib.closing(sqlite3.connect(str(path), timeout=30)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(_TABLE)
            yield Database(connection)
    except sqlite3.Error as error:
        raise StoreProblem(Sentence("choosing.not_kept", {"file": str(path), "error": str(error)})) from error


# --- used ---


def recalled(shop: Shop, brief: Brief, known: Facts) -> Facts:
    """The facts with what the shop thought of earlier drafts: an example where it wants one, and what to leave out.

    Measured with the default model, four briefs in two languages, three drafts each: 15 of 26 texts refused, 11 of 12
    drafts by the model with a liked text as the example, 18 of 28 and 10 of 12 with the general one.
    """
    if not (shop.path / FILE).exists():
        return known
    down = opinions(shop.path, brief.language, ["down"], MOST_DISLIKED)
    liked = liked_for(shop, brief) if shop.settings.liked_examples else None
    return replace(known, liked=liked, disliked=tuple(one.slots for one in down))


def liked_for(shop: Shop, brief: Brief) -> Liked | None:
    """The text that serves as the writer's example for a brief: of the same channel, language and number of products.

    Of another thing than the brief is about, because a small model repeats what it is shown: what is about the same
    is asked for by "more like this". Those of the same goal come first, then the newest.
    """
    candidates = [
        one
        for one in opinions(shop.path, brief.language, ["up", "edited"], LOOKED_AT)
        if one.brief.channel == brief.channel and _is_like(one.brief, brief) and not _is_same(one.brief, brief)
    ]
    for one in sorted(candidates, key=lambda one: one.brief.goal != brief.goal):
        if found := as_example(shop, one.brief, one.slots, one.number):
            return found
    return None


def as_example(shop: Shop, brief: Brief, slots: Mapping[str, str], number: int) -> Liked | None:
    """A text as an example; None where the shop has its product no more, or the check refuses it as a draft today."""
    try:
        own = facts(shop, brief)
    except DataProblem:
        return None
    told = wish.told(slots, own)
    if set(told) != set(own.parts):
        return None
    refused = any(claims.check_slots(text, own, own.language, part) for part, text in told.items())
    return None if refused else Liked(brief, own, dict(slots), number)


def _is_like(one: Brief, other: Brief) -> bool:
    """Whether the same slots say what both are about."""
    return min(len(one.product_ids), 2) == min(len(other.product_ids), 2) and bool(one.category) == bool(other.category)


def _is_same(one: Brief, other: Brief) -> bool:
    if one.product_ids or other.product_ids:
        return bool(set(one.product_ids) & set(other.product_ids))
    return (one.category, one.goal) == (other.category, other.goal)
