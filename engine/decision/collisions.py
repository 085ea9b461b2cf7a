"""Plans that get in each other's way: the same customers, too many messages in a week, two discounts on one product."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations

import numpy as np
import pandas as pd

from engine.audience.reach import CAP_DAYS
from engine.campaign import planned
from engine.campaign.plan import Plan
from engine.decision import live
from engine.errors import AppError
from engine.shop.store import Shop

COLUMNS = [
    "plan_a", "plan_b", "shared", "share_of_smaller", "starts_at", "ends_at", "days_together", "same_channel",
    "over_cap", "discounts_differ", "products", "keeps",
]  # fmt: skip
PRICED = ("percent", "amount", "spend_save", "buy_x_get_y")  # kinds of offer that change what a product costs


@dataclass(frozen=True, slots=True)
class _Sends:
    """Messages of one plan, or of one past campaign on one day. `members`: True for each customer who gets them."""

    members: np.ndarray
    days: tuple[date, ...]


def collisions(shop: Shop, plans: Sequence[Plan]) -> pd.DataFrame:
    """One row per pair of plans with something between them, COLUMNS, the pair with the most customers first.

    shared: customers in both audiences, where the plans run at the same time or write within seven days of each other;
    share_of_smaller: their fraction of the smaller audience. starts_at, ends_at, days_together: the days both run (0:
    none). over_cap: shared customers who would get more messages in seven days than the shop allows, all of these
    plans and what was sent already counted. discounts_differ: both change the price of so many `products`
    (0: of everything, where the shop lists none) at the same time, and not alike. keeps: the plan that was approved
    first and therefore keeps the customers; '' while none is approved. A plan whose audience cannot be found is left
    out. Dates are those of `plans` alone: pass the plans that are still to come.
    """
    audiences = audiences_of(shop, plans)
    named = [plan for plan in plans if audiences.get(plan.plan_id)]
    ids, members = _members([audiences[plan.plan_id] or [] for plan in named])
    sends = [_Sends(row, send_days(plan)) for row, plan in zip(members, named, strict=True)]
    crowded = _crowded([*sends, *_already_sent(shop, ids, sends)], shop.settings.frequency_cap)
    priced = _priced_products(shop, plans)
    order = live.approvals(shop) if any(plan.status in live.LIVE for plan in plans) else {}
    rows = []
    place = {plan.plan_id: number for number, plan in enumerate(named)}
    for one, other in combinations(plans, 2):
        shared = over = 0
        if one.plan_id in place and other.plan_id in place and _near(one, other):
            both = members[place[one.plan_id]] & members[place[other.plan_id]]
            over = int((both & crowded).sum())
            shared = int(both.sum()) if over or live.overlap(one, other) else 0
        products = _two_discounts(one, other, priced)
        if shared or products is not None:
            smaller = min(len(audiences[plan.plan_id] or ()) for plan in (one, other))
            rows.append(_row(one, other, shared, smaller, over, products, order))
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.sort_values(["shared", "over_cap"], ascending=False, kind="stable", ignore_index=True)


def audiences_of(shop: Shop, plans: Sequence[Plan]) -> dict[str, list[str] | None]:
    """Everyone each plan names, by plan_id; None where its audience cannot be found (groups made anew, a wrong rule).

    A plan without an audience yet names nobody.
    """
    found: dict[str, list[str] | None] = {}
    known: dict[str, list[str] | None] = {}  # plans often have one audience
    for plan in plans:
        key = plan.audience.model_dump_json()
        if key not in known:
            known[key] = [] if plan.audience.is_empty else _customers(shop, plan)
        found[plan.plan_id] = known[key]
    return found


def _customers(shop: Shop, plan: Plan) -> list[str] | None:
    try:
        return planned.customers(shop, plan.audience)
    except AppError:
        return None


def send_days(plan: Plan) -> tuple[date, ...]:
    """The day of each message of a plan."""
    return tuple(plan.starts_at + timedelta(days=step.day) for step in plan.steps)


def _near(one: Plan, other: Plan) -> bool:
    """Whether two plans run on a day together or write within the days that the frequency cap looks at."""
    if live.overlap(one, other):
        return True
    return any(abs((a - b).days) < CAP_DAYS for a in send_days(one) for b in send_days(other))


def _members(audiences: list[list[str]]) -> tuple[pd.Index, np.ndarray]:
    """Every customer once, and a row per audience: True where the customer is in it."""
    ids = pd.Index(pd.unique(np.concatenate([np.asarray(a, dtype=object) for a in audiences]))) if audiences else None
    if ids is None:
        return pd.Index([]), np.zeros((0, 0), dtype=bool)
    return ids, np.stack([ids.isin(audience) for audience in audiences])


# --- more messages than the shop allows ---


def _already_sent(shop: Shop, ids: pd.Index, sends: list[_Sends]) -> Iterator[_Sends]:
    """What these customers got in the days before and between the messages, a day of a campaign at a time."""
    days = [day for one in sends for day in one.days]
    if not days or not shop.rows("deliveries"):
        return
    wanted = {"campaign_id", "customer_id", "sent_at", "treated"}
    sent = shop.table("deliveries", [column for column in shop.columns("deliveries") if column in wanted])
    first, last = pd.Timestamp(min(days)) - timedelta(days=CAP_DAYS), pd.Timestamp(max(days)) + timedelta(days=CAP_DAYS)
    sent = sent[(sent["sent_at"] >= first) & (sent["sent_at"] < last)]
    if "treated" in sent:
        sent = sent[sent["treated"].fillna(1.0).eq(1.0)]  # a held-out customer got no message
    for (_, day), rows in sent.groupby(["campaign_id", sent["sent_at"].dt.date]):
        yield _Sends(ids.isin(rows["customer_id"]), (day,))


def _crowded(sends: list[_Sends], cap: int) -> np.ndarray:
    """True for each customer who would get more than `cap` messages on some seven days."""
    if not sends:
        return np.zeros(0, dtype=bool)
    # Customers of the same plans get the same messages: only the few kinds of them are counted, not every customer.
    kinds, kind_of = np.unique(np.stack([one.members for one in sends]), axis=1, return_inverse=True)
    over = [
        _most_in_a_week([day for one, gets in zip(sends, kind, strict=True) if gets for day in one.days]) > cap
        for kind in kinds.T
    ]
    return np.array(over, dtype=bool)[kind_of.ravel()]


def _most_in_a_week(days: list[date]) -> int:
    """The most messages on any CAP_DAYS days in a row."""
    return max((sum(0 <= (later - day).days < CAP_DAYS for later in days) for day in days), default=0)


# --- two discounts on one product ---


def _priced_products(shop: Shop, plans: Sequence[Plan]) -> dict[str, frozenset[str] | None]:
    """The products whose price each plan changes, by plan_id; None where it is everything and nothing is listed.

    Plans that change no price are absent.
    """
    products = shop.optional("products").drop_duplicates("product_id").reindex(columns=["product_id", "category"])
    everything = frozenset(products["product_id"]) or None
    found: dict[str, frozenset[str] | None] = {}
    for plan in plans:
        if plan.offer.kind not in PRICED:
            continue
        names = plan.offer.applies_to or plan.product_ids or ([plan.category] if plan.category else [])
        inside = products["product_id"].isin(names) | products["category"].isin(names)
        found[plan.plan_id] = (
            (frozenset(products.loc[inside, "product_id"]) | _unlisted(names)) if names else everything
        )
    return found


def _unlisted(names: Sequence[str]) -> frozenset[str]:
    """The names themselves, so that plans of a shop without a list of products can be compared too."""
    return frozenset(f"named:{name}" for name in names)


def _two_discounts(one: Plan, other: Plan, priced: dict[str, frozenset[str] | None]) -> int | None:
    """How many products two plans change the price of at one time, and not alike; None when they do not."""
    if not (one.plan_id in priced and other.plan_id in priced and live.overlap(one, other)):
        return None
    if _price(one) == _price(other):
        return None
    first, second = priced[one.plan_id], priced[other.plan_id]
    if first is None or second is None:
        return len(_listed(first or second or frozenset()))
    both = first & second
    return len(_listed(both)) if both else None


def _listed(products: frozenset[str]) -> list[str]:
    return [product for product in products if not product.startswith("named:")]


def _price(plan: Plan) -> tuple:
    """What an offer does to a price: two plans with the same are one sale to a customer."""
    offer = plan.offer
    return offer.kind, offer.discount, offer.min_spend, tuple(offer.tiers), offer.max_discount


def _row(
    one: Plan, other: Plan, shared: int, smaller: int, over: int, products: int | None, order: dict[str, int]
) -> list:
    start, end = max(one.starts_at, other.starts_at), min(one.ends_at, other.ends_at)
    together = max((end - start).days + 1, 0)
    approved = [plan.plan_id for plan in (one, other) if plan.status in live.LIVE and plan.plan_id in order]
    first = min(approved, key=order.__getitem__) if approved else ""
    channels = {step.channel for step in one.steps} & {step.channel for step in other.steps}
    share = shared / smaller if smaller else 0.0
    return [
        one.plan_id, other.plan_id, shared, share, start if together else None, end if together else None, together,
        bool(channels), over, products is not None, products or 0, first,
    ]  # fmt: skip
