"""Plans that are on their way to customers, and whom they take."""

from engine.campaign import planned
from engine.campaign.plan import Plan
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


def taken(shop: Shop, plan: Plan) -> frozenset[str]:
    """Customers of `before`, those held out included: they are left alone on purpose.

    Whom an earlier plan had taken already is no customer of a later one, and free where only the later one runs.
    """
    stored = _live(shop)
    return _taken(shop, plan, stored, approvals(shop), {}) if stored else frozenset()


def _live(shop: Shop) -> list[SavedPlan]:
    return [saved for saved in plans.saved_plans(shop.path) if saved.plan.status in LIVE]


def _earlier(plan: Plan, stored: list[SavedPlan], approved: dict[str, int]) -> list[SavedPlan]:
    others = [saved for saved in stored if saved.plan.plan_id != plan.plan_id and overlap(saved.plan, plan)]
    mine = approved.get(plan.plan_id) if plan.status in LIVE else None
    return [saved for saved in others if mine is None or approved[saved.plan.plan_id] < mine]


def _taken(
    shop: Shop, plan: Plan, stored: list[SavedPlan], approved: dict[str, int], known: dict[str, frozenset[str]]
) -> frozenset[str]:
    """`known` keeps whom each plan has, as several may ask. Ends: each plan asks only those approved before it."""
    found: set[str] = set()
    for saved in _earlier(plan, stored, approved):
        other = saved.plan
        if other.plan_id not in known:
            known[other.plan_id] = _customers(shop, other, _taken(shop, other, stored, approved, known))
        found |= known[other.plan_id]
    return frozenset(found)


def _customers(shop: Shop, plan: Plan, taken: frozenset[str]) -> frozenset[str]:
    """Whom a live plan writes to or holds out, drawn as at its export."""
    try:
        reached = planned.reachable_customers(shop, plan, taken)
    except (DataProblem, NotEnoughData):
        return frozenset()  # its groups were made anew and it names nobody any more: it takes nobody either
    drawn = assign(plan.plan_id, reached, plan.holdout, plan.variants, plan.audience_share, seed=0)
    return frozenset(drawn["customer_id"])


def approvals(shop: Shop) -> dict[str, int]:
    """Place in the history of each plan's latest approval."""
    query = "SELECT plan_id, max(seq) AS seq FROM entries WHERE action = 'approved' GROUP BY plan_id"
    with database.reading(shop.path) as db:
        return {row["plan_id"]: int(row["seq"]) for row in db.query(query)}
