"""Which plans rest on what is not so any more: approvals that hold no more, and plans that wait and cannot be approved.

To find out takes a second or so for each plan, so it is done apart from the agenda, which is told the answer.
"""

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

from engine.decision import ledger
from engine.decision.ledger import Entry
from engine.decision.plans import SavedPlan
from engine.decision.standing import Standing
from engine.sentences import Sentence
from engine.shop.store import Shop

Fallen = Mapping[str, Sentence]  # by plan_id, the first reason
STATUSES = ("submitted", "approved", "exported")
Stands = Callable[[Shop, SavedPlan, list[Entry]], Standing]


def asked(stored: list[SavedPlan], today: date) -> list[SavedPlan]:
    """The plans of which it matters: of STATUSES, and not over."""
    return [one for one in stored if one.plan.status in STATUSES and one.plan.ends_at >= today]


def fallen(shop: Shop, stored: list[SavedPlan], today: date, config: Path, stands: Stands) -> Fallen:
    """The first reason of each that does not stand. stands: engine.decision.standing.today with the forecasts kept, or
    a caller's own answers."""
    found = {}
    for saved in asked(stored, today):
        history = ledger.entries(shop.path, shop.shop_id, config, saved.plan.plan_id)
        if reasons := stands(shop, saved, history).reasons:
            found[saved.plan.plan_id] = reasons[0].sentence
    return found
