"""Plans that are on their way to customers, and whom they take."""

from engine.campaign import planned
from engine.campaign.plan import Plan
from engine.decision import database, plans
from engine.decision.assign import assign
from engine.decision.plans import SavedPlan
from engine.errors import AppError
from engine.shop.store import Shop

LIVE = ("approved", "exported")


def overlap(one: Plan, other: Plan) -> bool:
    """Whether two plans run on a day together."""
    return one.starts_at <= other.ends_at and other.starts_at <= one.ends_at


def before(shop: Shop, plan: Plan) -> list[SavedPlan]:
    """Other live plans that run at the same time and were approved before this one (all, while it is not approved).

    The first to be approved keeps its customers: two plans never leave out each other's.
    """
    stored = [saved for saved in plans.saved_plans(shop.path) if saved.plan.plan_id != plan.plan_id]
    others = [saved for saved in stored if saved.plan.status in LIVE and overlap(saved.plan, plan)]
    if not others:
        return []
    approved = _approvals(shop)
    mine = approved.get(plan.plan_id) if plan.status in LIVE else None
    return [saved for saved in others if mine is None or approved.get(saved.plan.plan_id, 0) < mine]


def taken(shop: Shop, plan: Plan) -> frozenset[str]:
    """Customers of other live plans at the time of this one, their holdouts included: those are left alone on purpose."""
    found: set[str] = set()
    for saved in before(shop, plan):
        try:
            reached = planned.reachable_customers(shop, saved.plan)
        except AppError:
            continue  # its groups were made anew and it names nobody any more: it takes nobody either
        other = saved.plan
        drawn = assign(other.plan_id, reached, other.holdout, other.variants, other.audience_share, seed=0)
        found |= set(drawn["customer_id"])
    return frozenset(found)


def _approvals(shop: Shop) -> dict[str, int]:
    """Place in the history of each plan's latest approval."""
    query = "SELECT plan_id, max(seq) AS seq FROM entries WHERE action = 'approved' GROUP BY plan_id"
    with database.reading(shop.path) as db:
        return {row["plan_id"]: int(row["seq"]) for row in db.query(query)}
