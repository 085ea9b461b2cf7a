"""A person confirms a split; it stands in the approval history with the probabilities that hold from then on."""

from datetime import datetime
from pathlib import Path

from engine.access import acting
from engine.decision import database, ledger
from engine.decision.ledger import Entry
from engine.errors import NotAllowed
from engine.outcome.bandit.proposal import Proposal
from engine.sentences import Sentence
from engine.shop.store import Shop

ACTION = "split_confirmed"


def confirm(
    shop: Shop, found: Proposal, person: str, recorded_by: str, reason: str, now: datetime, config: Path
) -> Entry:
    """The entry, on disk when this returns. The very same split confirmed again is one entry.

    Raises NotAllowed without a reason, or for who may not submit plans.
    """
    acting.require_as(person, "submit", config)
    if not reason.strip():
        raise NotAllowed(Sentence("bandit.needs_reason"))
    payload = {"reason": reason.strip(), **found.report()}
    with ledger.writing(shop.path, shop.shop_id, config, "submit") as writer:
        before = [entry for entry in writer.entries(_key(found.name)) if entry.action == ACTION]
        if before and {**before[-1].payload, "reason": ""} == {**payload, "reason": ""}:
            return before[-1]
        return writer.append(_key(found.name), ACTION, person, recorded_by, payload, now)


def last(shop: Shop, name: str, config: Path) -> Entry | None:
    """The split of these arms that was confirmed last; None before."""
    return next(reversed(history(shop, name, config)), None)


def history(shop: Shop, name: str, config: Path) -> list[Entry]:
    """Every split of these arms that was confirmed, the oldest first."""
    if not database.begun(shop.path):
        return []
    return [entry for entry in ledger.entries(shop.path, shop.shop_id, config, _key(name)) if entry.action == ACTION]


def _key(name: str) -> str:
    """Under which the history keeps a choice; no plan has an id with a space."""
    return f"split {name}"
