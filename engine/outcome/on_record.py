"""Forecasts as they were put on record: read from the approval history, whose entries nobody can change unseen.

What counts for a plan is the submission that was approved last before anything went out, or where nobody approved one,
the last submission before that. One whose data go on after the send knew more than a forecast may, and none is ever
made anew here: what the models would say today is no forecast of what is over.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from engine.campaign import window
from engine.campaign.plan import Plan
from engine.decision import grounds, ledger, moments, proposal
from engine.decision.ledger import Entry
from engine.errors import StoreProblem
from engine.shop.store import Shop


@dataclass(frozen=True, slots=True)
class OnRecord:
    """One plan's forecast. seq: its entry in the approval history. forecast: the row of the forecast table, as it was.

    last_day: the last on which an order counts. model: the version that made it, data_until: the last day of the data
    behind it; "" where the entry does not say.
    """

    plan_id: str
    name: str
    channel: str
    starts_at: date
    last_day: date
    seq: int
    submitted_at: str
    is_approved: bool
    model: str
    data_until: str
    forecast: dict[str, Any]

    @property
    def over_from(self) -> date:
        """The day from which everything that counts has happened."""
        return self.last_day + timedelta(days=1)


def forecasts(shop: Shop, config: Path) -> list[OnRecord]:
    """One per plan that has a forecast on record, by the day it was to go out.

    Raises StoreProblem where the history is not the one that was written: nothing in it is then a forecast on record.
    """
    verdict = ledger.verify(shop.path, shop.shop_id, config)
    if not verdict.ok:
        raise StoreProblem(verdict.said)
    entries = sorted(ledger.entries(shop.path, shop.shop_id, config), key=lambda entry: (entry.plan_id, entry.seq))
    of_plans = (list(own) for _, own in groupby(entries, key=lambda entry: entry.plan_id))
    found = [one for own in of_plans if (one := _of_plan(shop, own)) is not None]
    return sorted(found, key=lambda one: (one.starts_at, one.plan_id))


def _of_plan(shop: Shop, history: list[Entry]) -> OnRecord | None:
    counting = _counting(shop, history)
    if counting is None:
        return None
    entry, is_approved = counting
    forecast = dict(entry.payload.get("forecast") or {})
    plan = _plan(entry)
    if plan is None or not forecast:
        return None
    rests_on = entry.payload.get(grounds.KEY) or {}
    as_of = rests_on.get("as_of")
    return OnRecord(
        plan_id=entry.plan_id,
        name=plan.name,
        channel=plan.channel,
        starts_at=plan.starts_at,
        last_day=window.last_day(shop.settings, plan),
        seq=entry.seq,
        submitted_at=moments.shown(entry.at, shop),
        is_approved=is_approved,
        model=str(rests_on.get("model") or ""),
        data_until=str(date.fromisoformat(as_of) - timedelta(days=1)) if as_of else "",
        forecast=forecast,
    )


def _plan(entry: Entry) -> Plan | None:
    """The plan of a submission; None of an Offerlab whose plans were made otherwise."""
    try:
        return Plan.model_validate(entry.payload["plan"])
    except (KeyError, ValidationError):
        return None


def _counting(shop: Shop, history: list[Entry]) -> tuple[Entry, bool] | None:
    """The submission that counts, and whether somebody approved it."""
    early = list(_before_sending(shop, history))
    approvals = [entry for entry in early if entry.action == "approved"]
    if approvals and (approved := proposal.submission_of(approvals[-1], early)) is not None:
        return approved, True
    submissions = [entry for entry in early if entry.action == "submitted"]
    return (submissions[-1], False) if submissions else None


def _before_sending(shop: Shop, history: Iterable[Entry]) -> Iterator[Entry]:
    """The entries until the plan's first export, without submissions whose data went on after the send."""
    for entry in history:
        if entry.action in ("exported", "results_in"):
            return
        plan = _plan(entry) if entry.action == "submitted" else None
        if plan is None or _known_until(shop, entry) <= plan.starts_at:
            yield entry


def _known_until(shop: Shop, entry: Entry) -> date:
    """The last day of which a submission's forecast can have known: that on which it was made, or up to which the data
    behind it went, whichever came first. A plan may be handed in late by somebody whose data are still of before."""
    as_of = (entry.payload.get(grounds.KEY) or {}).get("as_of")
    day = _day(shop, entry)
    return min(day, date.fromisoformat(as_of)) if as_of else day


def _day(shop: Shop, entry: Entry) -> date:
    """On the shop's clock."""
    return date.fromisoformat(moments.shown(entry.at, shop)[:10])
