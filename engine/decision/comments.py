"""What people say about a plan without deciding on it, and the changes they ask for: entries of its history."""

from datetime import datetime
from pathlib import Path

from engine.access import acting
from engine.access.roles import person_key
from engine.decision import ledger, plans
from engine.decision.ledger import Entry
from engine.errors import NotAllowed
from engine.sentences import Sentence

LONGEST = 2_000  # characters of a comment or of a wish for changes


def comment(
    shop_dir: Path, shop_id: str, plan_id: str, by: str, recorded_by: str, text: str, now: datetime, config: Path
) -> Entry:
    """The comment, on disk when this returns. Anyone who may look at plans may comment.

    The same words by the same person, with nothing of the plan's history in between, are one comment: a second click
    adds nothing, whichever window or process it comes from. Raises NotAllowed for no words, or too many.
    """
    by, text = by.strip(), text.strip()
    acting.require_as(by, "view", config)
    if not text:
        raise NotAllowed(Sentence("comments.empty"))
    check_length(text)
    plans.require_begun(shop_dir, plan_id)
    with ledger.writing(shop_dir, shop_id, config, "view") as writer:
        plans.stored(writer.db, plan_id)
        history = writer.entries(plan_id)
        if history and _is_same(history[-1], by, text):
            return history[-1]
        return writer.append(plan_id, "commented", by, recorded_by, {"reason": text}, now)


def check_length(text: str) -> None:
    """Raises NotAllowed for more words than anybody reads in a history."""
    if len(text) > LONGEST:
        values = {"length": f"{len(text):,}", "most": f"{LONGEST:,}"}
        raise NotAllowed(Sentence("comments.too_long", values))


def _is_same(last: Entry, by: str, text: str) -> bool:
    same_person = person_key(last.actor) == person_key(by)
    return last.action == "commented" and same_person and last.payload.get("reason") == text


def open_request(history: list[Entry]) -> Entry | None:
    """The changes that somebody asked for and that are not submitted yet, or None. `history`: the plan's entries."""
    steps = [one for one in history if one.action in ("submitted", "changes_requested")]
    return steps[-1] if steps and steps[-1].action == "changes_requested" else None
