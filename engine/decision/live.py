"""Plans that are on their way to customers, and whom they take.

A plan whose approval is void keeps its customers until it is submitted again or changed: what others may have must not
come and go with a day's stock, and whether an approval stands hangs on a forecast, which hangs on this.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache

import pandas as pd

from engine.audience import rules
from engine.audience.reach import CAP_DAYS, Others, Send
from engine.campaign import planned
from engine.campaign.plan import APPROVED, Plan
from engine.campaign.planned import Selected
from engine.decision import bands, database, evenly, plans
from engine.decision.assign import assign
from engine.decision.plans import SavedPlan
from engine.errors import DataProblem, NotEnoughData
from engine.shop.features import default_as_of
from engine.shop.store import Shop

LIVE = APPROVED


def overlap(one: Plan, other: Plan) -> bool:
    """Whether two plans run on a day together."""
    return one.starts_at <= other.ends_at and other.starts_at <= one.ends_at


def before(shop: Shop, plan: Plan) -> list[SavedPlan]:
    """Other live plans that run at the same time and were approved before this one (all, while it is not approved).

    The first to be approved keeps its customers: two plans never leave out each other's.
    """
    stored = _live(shop)
    return _earlier(plan, stored, approvals(shop)) if stored else []


def others(shop: Shop, plan: Plan, selected: Selected | None = None) -> Others:
    """What live plans that were approved before this one (all, while it is not) leave of the customers for it.

    taken: customers of `before`, those held out included: they are left alone on purpose. Whom an earlier plan had
    taken already is no customer of a later one, and free where only the later one runs. sends: messages around the
    first one of this plan, which nobody can have more of than the shop allows. `selected` as in planned.customers.
    """
    return Live.of(shop, selected).others(plan)


def standing(shop: Shop) -> tuple[tuple[str, str, int], ...]:
    """What decides, beside the shop's tables, whom live plans take: each plan's content and place in the history.

    A draft that is saved changes nothing here.
    """
    stored = _live(shop)
    approved = approvals(shop) if stored else {}
    found = ((saved.plan.plan_id, saved.content_sha256, approved.get(saved.plan.plan_id, 0)) for saved in stored)
    return tuple(sorted(found))


def kept_rules(shop: Shop) -> Selected:
    """Answers to rules, each worked out once: the channels of a plan, and often several plans, have one audience."""

    @cache
    def facts() -> pd.DataFrame:
        return rules.facts(shop, default_as_of(shop))

    @cache
    def selected(text: str) -> list[str]:
        return rules.select(shop, text, default_as_of(shop), facts())

    return selected


def _live(shop: Shop) -> list[SavedPlan]:
    return [saved for saved in plans.saved_plans(shop.path) if saved.plan.status in LIVE]


def _earlier(plan: Plan, stored: Sequence[SavedPlan], approved: Mapping[str, int]) -> list[SavedPlan]:
    return [saved for saved in _first(plan, stored, approved) if overlap(saved.plan, plan)]


def _first(plan: Plan, stored: Sequence[SavedPlan], approved: Mapping[str, int]) -> list[SavedPlan]:
    """Other live plans that were approved before this one; all of them while it is not approved.

    A plan whose status another program set without an approval takes nobody.
    """
    mine = approved.get(plan.plan_id) if plan.status in LIVE else None
    found = [saved for saved in stored if saved.plan.plan_id != plan.plan_id and saved.plan.plan_id in approved]
    return [saved for saved in found if mine is None or approved[saved.plan.plan_id] < mine]


@dataclass(frozen=True, slots=True)
class Drawn:
    """Whom a plan has. customers: written to or held out; sends: who gets each of its messages, in order."""

    customers: frozenset[str]
    sends: tuple[Send, ...]

    @property
    def written_to(self) -> frozenset[str]:
        """Who gets at least one message."""
        return frozenset().union(*(send.customer_ids for send in self.sends))


NOBODY = Drawn(frozenset(), ())


@dataclass(frozen=True, slots=True)
class Live:
    """The live plans of a shop, and whom each of them has: kept, because several may ask.

    Ends: each asks only those approved before it.
    """

    shop: Shop
    stored: tuple[SavedPlan, ...]
    approved: dict[str, int]
    selected: Selected | None = None
    known: dict[str, Drawn] = field(default_factory=dict)

    @staticmethod
    def of(shop: Shop, selected: Selected | None = None) -> "Live":
        """Those of a shop as they are stored now."""
        stored = tuple(_live(shop))
        return Live(shop, stored, approvals(shop) if stored else {}, selected)

    def others(self, plan: Plan) -> Others:
        """See `others`."""
        taken: set[str] = set()
        sends: list[Send] = []
        day = planned.send_days(plan)[0]
        for saved in _first(plan, self.stored, self.approved):
            near = [abs((other - day).days) <= CAP_DAYS for other in planned.send_days(saved.plan)]
            if overlap(saved.plan, plan):
                taken |= self._of(saved.plan).customers
            elif any(near):
                upcoming = zip(near, self._of(saved.plan).sends, strict=False)
                sends += [send for is_near, send in upcoming if is_near and not self._is_recorded(saved.plan, send)]
        return Others(frozenset(taken), tuple(sends))

    def _of(self, plan: Plan) -> Drawn:
        if plan.plan_id not in self.known:
            try:
                self.known[plan.plan_id] = drawn(self.shop, plan, self.others(plan), self.selected)
            except (DataProblem, NotEnoughData):
                # Its groups were made anew and it names nobody any more: it takes nobody either.
                self.known[plan.plan_id] = NOBODY
        return self.known[plan.plan_id]

    def _is_recorded(self, plan: Plan, send: Send) -> bool:
        """Whether the deliveries of a message are in the shop's tables and count there."""
        if not self.shop.rows("deliveries"):
            return False
        sent = self.shop.table("deliveries", ["campaign_id", "sent_at"])
        last = sent.loc[sent["campaign_id"].eq(plan.plan_id), "sent_at"].max()
        return bool(pd.notna(last) and send.day <= last.date())


def drawn(shop: Shop, plan: Plan, others: Others, selected: Selected | None = None, as_of: date | None = None) -> Drawn:
    """Whom a plan writes to and holds out, drawn as at its export. `selected`, `as_of` as in planned."""
    reached = planned.reaching_channels(shop, plan, others, selected, as_of)
    if plan.test:
        table = bands.drawn(shop, plan, list(reached), as_of=as_of)
        is_sent = table[evenly.STAGE].ne("")
    else:
        table = assign(plan.plan_id, list(reached), plan.holdout, plan.variants, plan.audience_share, seed=0)
        is_sent = table["treated"].eq(1)
    written_to = table.loc[is_sent, "customer_id"].tolist()
    sends = (
        Send(day, frozenset(one for one in written_to if step.channel in reached[one]))
        for step, day in zip(plan.steps, planned.send_days(plan), strict=True)
    )
    return Drawn(frozenset(table["customer_id"]), tuple(sends))


def approvals(shop: Shop) -> dict[str, int]:
    """Place in the history of each plan's latest approval."""
    query = "SELECT plan_id, max(seq) AS seq FROM entries WHERE action = 'approved' GROUP BY plan_id"
    with database.reading(shop.path) as db:
        return {row["plan_id"]: int(row["seq"]) for row in db.query(query)}
