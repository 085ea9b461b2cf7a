"""Which variant of a first test goes to the rest, as it stands in the approval history: decided once, for good.

Who wins is worked out in engine.outcome.winner, by the rule that was approved with the plan.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.access import acting
from engine.decision import ledger, plans
from engine.decision.ledger import Entry
from engine.errors import NotAllowed
from engine.sentences import Sentence

ACTION = "winner_chosen"


def begun(history: Sequence[Entry], content: str) -> Entry | None:
    """The first export of the test of this content. history: of the plan."""
    return next((one for one in history if _is(one, "exported", content) and one.payload.get("stage") == "test"), None)


def recorded(history: Sequence[Entry], content: str) -> Entry | None:
    """The entry that says which variant the rest of this content gets."""
    return next((one for one in history if _is(one, ACTION, content)), None)


def record(
    shop_dir: Path,
    shop_id: str,
    plan_id: str,
    send: str | None,
    found: Mapping[str, Any],
    reason: str,
    person: str,
    now: datetime,
    config: Path,
) -> Entry:
    """The decision, on disk when this returns; where there is one already, that one: the rule is applied once.

    send: the variant for the rest, None for nothing. found: the numbers it was decided by. Raises NotAllowed where the
    plan is not the one whose test was exported.
    """
    acting.require_as(person, "export", config)
    plans.require_begun(shop_dir, plan_id)
    with ledger.writing(shop_dir, shop_id, config, "export") as writer:
        stored = plans.stored(writer.db, plan_id)
        history = writer.entries(plan_id)
        if stored.plan.test is None or begun(history, stored.content_sha256) is None:
            raise NotAllowed(Sentence("staged.not_begun", {"plan": plans.called(stored.plan)}))
        if already := recorded(history, stored.content_sha256):
            return already
        rule = stored.plan.test.model_dump(mode="json")
        about = {"rule": rule, "content_sha256": stored.content_sha256}
        payload = {"reason": reason, "send": send, "found": dict(found), **about}
        return writer.append(plan_id, ACTION, person, person, payload, now)


def _is(entry: Entry, action: str, content: str) -> bool:
    return entry.action == action and entry.payload.get("content_sha256") == content
