"""Plans that are on their way to customers, and whom they take."""

from dataclasses import dataclass, field

from engine.campaign import planned
from engine.campaign.plan import Plan
from engine.campaign.planned import Selected
from engine.decision import database, plans
from engine.decision.assign import assign
from engine.decision.plans import SavedPlan
from engine.errors import DataProblem, NotEnoughData
from engine.shop.store import Shop

LIVE = ("approved", "exported")


def overlap(one: Plan, other: Plan) -> bool:
    """Whether two plans run on a day together."""
    return one.starts_at <= other.ends_at and other.starts_at <= one.ends_at


def before(shop: Shop, plan: Plan) -> list[SavedPlan]:
    """Other live plans that run at the same time and were approved before this one (all, while it is not approved).

    The first to be approved keeps its customers: two plans never leave out each other's.
    """
    stored = _live(shop)
    return _earlier(plan, stored, approvals(shop)) if stored else []


def taken(shop: Shop, plan: Plan, selected: Selected | None = None) -> frozenset[str]:
    """Customers of `before`, those held out included: they are left alone on purpose.

    Whom an earlier plan had taken already is no customer of a later one, and free where only the later one runs.
    `selected` as in planned.customers.
    """
    stored = _live(shop)
    return _Takings(shop, stored, approvals(shop), selected).before(plan) if stored else frozenset()


def standing(shop: Shop) -> tuple[tuple[str, str, int], ...]:
    """What decides, beside the shop's tables, whom live plans take: each plan's content and place in the history.

    A draft that is saved changes nothing here.
    """
    stored = _live(shop)
    approved = approvals(shop) if stored else {}
    found = ((saved.plan.plan_id, saved.content_sha256, approved.get(saved.plan.plan_id, 0)) for saved in stored)
    return tuple(sorted(found))


def _live(shop: Shop) -> list[SavedPlan]:
    return [saved for saved in plans.saved_plans(shop.path) if saved.plan.status in LIVE]


def _earlier(plan: Plan, stored: list[SavedPlan], approved: dict[str, int]) -> list[SavedPlan]:
    others = [saved for saved in stored if saved.plan.plan_id != plan.plan_id and overlap(saved.plan, plan)]
    mine = approved.get(plan.plan_id) if plan.status in LIVE else None
    return [saved for saved in others if mine is None or approved[saved.plan.plan_id] < mine]


@dataclass(frozen=True, slots=True)
class _Takings:
    """Whom each of the live plans has, kept because several may ask. Ends: each asks only those approved before it."""

    shop: Shop
    stored: list[SavedPlan]
    approved: dict[str, int]
    selected: Selected | None
    known: dict[str, frozenset[str]] = field(default_factory=dict)

    def before(self, plan: Plan) -> frozenset[str]:
        """Customers of the live plans that come before this one."""
        found: set[str] = set()
        for saved in _earlier(plan, self.stored, self.approved):
            other = saved.plan
            if other.plan_id not in self.known:
                self.known[other.plan_id] = self._customers(other)
            found |= self.known[other.plan_id]
        return frozenset(found)

    def _customers(self, plan: Plan) -> frozenset[str]:
        """Whom a live plan writes to or holds out, drawn as at its export."""
        try:
            reached = planned.reachable_customers(self.shop, plan, self.before(plan), self.selected)
        except (DataProblem, NotEnoughData):
            return frozenset()  # its groups were made anew and it names nobody any more: it takes nobody either
        drawn = assign(plan.plan_id, reached, plan.holdout, plan.variants, plan.audience_share, seed=0)
        return frozenset(drawn["customer_id"])


def approvals(shop: Shop) -> dict[str, int]:
    """Place in the history of each plan's latest approval."""
    query = "SELECT plan_id, max(seq) AS seq FROM entries WHERE action = 'approved' GROUP BY plan_id"
    with database.reading(shop.path) as db:
        return {row["plan_id"]: int(row["seq"]) for row in db.query(query)}
