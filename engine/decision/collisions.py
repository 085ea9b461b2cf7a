"""Plans that get in each other's way: the same customers, too many messages in a week, two discounts on one product.

Counted are the people who would really get messages of both, as their exports would draw them today.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations

import numpy as np
import pandas as pd

from engine.audience.reach import CAP_DAYS, NO_OTHERS, Send
from engine.campaign import planned
from engine.campaign.plan import Plan
from engine.campaign.planned import send_days
from engine.decision import live
from engine.decision.live import Drawn
from engine.errors import AppError, NotEnoughData
from engine.shop import store
from engine.shop.features import default_as_of
from engine.shop.store import Shop

COLUMNS = [
    "plan_a", "plan_b", "shared", "share_of_smaller", "starts_at", "ends_at", "days_together", "same_channel",
    "over_cap", "discounts_differ", "products", "keeps", "kept",
]  # fmt: skip
PRICED = ("percent", "amount", "spend_save", "buy_x_get_y")  # kinds of offer that change what a product costs


@dataclass(frozen=True, slots=True)
class _Sends:
    """Messages of one plan, or of one past campaign on one day. `members`: True for each customer who gets them."""

    members: np.ndarray
    days: tuple[date, ...]


def collisions(shop: Shop, plans: Sequence[Plan]) -> pd.DataFrame:
    """One row per pair of plans with something between them, COLUMNS, the pair with the most customers first.

    shared: customers who would really get messages of both (who can be reached, is not excluded, held out or left to an
    earlier live plan), where the plans run at the same time or write within seven days of each other; share_of_smaller:
    their fraction of the fewer people who are written to. starts_at, ends_at, days_together: the days both run (0:
    none). over_cap: shared customers who would get more messages in seven days than the shop allows, all of these
    plans and what was sent already counted. discounts_differ: both change the price of so many `products`
    (0: of everything, where the shop lists none) at the same time, and not alike. keeps: the plan that was approved
    first; '' while none is approved. kept: customers whom the other plan would write to, and leaves to `keeps`. A plan
    whose audience cannot be found is left out. Dates are those of `plans` alone: pass the plans that are still to come.
    """
    shop = store.read_once(shop)
    alive = live.Live.of(shop, live.kept_rules(shop))
    reached = {plan.plan_id: found for plan in plans if (found := _reached(shop, plan, alive)) is not None}
    named = [plan for plan in plans if plan.plan_id in reached]
    ids, members = _members([reached[plan.plan_id].real.sends for plan in named])
    sends = [_Sends(row, (day,)) for row, day in zip(members, _days(named), strict=True)]
    crowded = ids[_crowded([*sends, *_already_sent(shop, ids, sends, reached)], shop.settings.frequency_cap)]
    priced, too_many = _priced_products(shop, plans), frozenset(crowded)
    rows = []
    for one, other in combinations(plans, 2):
        both: frozenset[str] = frozenset()
        kept: frozenset[str] = frozenset()
        if one.plan_id in reached and other.plan_id in reached and _near(one, other):
            first, second = reached[one.plan_id], reached[other.plan_id]
            both = first.real.written_to & second.real.written_to
            kept = _kept(one, other, reached, alive)
            both = both if both & too_many or live.overlap(one, other) else frozenset()
        products = _two_discounts(one, other, priced)
        if both or kept or products is not None:
            smaller = min(len(reached[p.plan_id].real.written_to) if p.plan_id in reached else 0 for p in (one, other))
            over = len(both & too_many)
            rows.append(_row(one, other, _Shared(len(both), smaller, over, len(kept)), products, alive.approved))
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.sort_values(["shared", "over_cap", "kept"], ascending=False, kind="stable", ignore_index=True)


@dataclass(frozen=True, slots=True)
class _Reached:
    """Whom a plan has, and whom it would write to if no other plan was on its way."""

    real: Drawn
    alone: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Shared:
    """Customers between two plans. smaller: how many the plan of fewer people writes to."""

    both: int
    smaller: int
    over: int
    kept: int


def _reached(shop: Shop, plan: Plan, alive: live.Live) -> _Reached | None:
    """None where the audience cannot be found (groups made anew, a wrong rule) or is not chosen yet."""
    try:
        as_of = default_as_of(shop)
    except NotEnoughData:
        as_of = plan.starts_at  # a list of customers can be reached where nothing is known of what they did
    try:
        others = alive.others(plan)
        real = live.drawn(shop, plan, others, alive.selected, as_of)
        if others == NO_OTHERS:
            return _Reached(real, real.written_to)
        return _Reached(real, live.drawn(shop, plan, NO_OTHERS, alive.selected, as_of).written_to)
    except AppError:
        return None


def _kept(one: Plan, other: Plan, reached: dict[str, _Reached], alive: live.Live) -> frozenset[str]:
    """Customers whom the plan approved first has, and whom the other would write to if it was alone."""
    first = _first(one, other, alive.approved)
    if not first or not live.overlap(one, other):
        return frozenset()
    loses = other if first == one.plan_id else one
    return reached[first].real.customers & reached[loses.plan_id].alone


def _first(one: Plan, other: Plan, order: dict[str, int]) -> str:
    """Which of two plans was approved first; '' while neither is."""
    approved = [plan.plan_id for plan in (one, other) if plan.status in live.LIVE and plan.plan_id in order]
    return min(approved, key=order.__getitem__) if approved else ""


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


def _days(plans: Sequence[Plan]) -> list[date]:
    """The day of each message of these plans."""
    return [day for plan in plans for day in send_days(plan)]


def _near(one: Plan, other: Plan) -> bool:
    """Whether two plans run on a day together or write within the days that the frequency cap looks at."""
    if live.overlap(one, other):
        return True
    return any(abs((a - b).days) < CAP_DAYS for a in send_days(one) for b in send_days(other))


def _members(sends: list[tuple[Send, ...]]) -> tuple[pd.Index, np.ndarray]:
    """Every customer once, and a row per message: True where the customer gets it."""
    every = [send.customer_ids for of_plan in sends for send in of_plan]
    ids = pd.Index(sorted(frozenset().union(*every)), dtype="object")
    return ids, np.stack([ids.isin(people) for people in every]) if every else np.zeros((0, 0), dtype=bool)


# --- more messages than the shop allows ---


def _already_sent(shop: Shop, ids: pd.Index, sends: list[_Sends], plans: Collection[str]) -> Iterator[_Sends]:
    """What these customers got in the days before and between the messages, a day of a campaign at a time.

    Deliveries of the plans themselves (by plan_id) are the very messages.
    """
    days = [day for one in sends for day in one.days]
    if not days or not shop.rows("deliveries"):
        return
    wanted = {"campaign_id", "customer_id", "sent_at", "treated"}
    sent = shop.table("deliveries", [column for column in shop.columns("deliveries") if column in wanted])
    first, last = pd.Timestamp(min(days)) - timedelta(days=CAP_DAYS), pd.Timestamp(max(days)) + timedelta(days=CAP_DAYS)
    sent = sent[(sent["sent_at"] >= first) & (sent["sent_at"] < last)]
    if "treated" in sent:
        sent = sent[sent["treated"].fillna(1.0).eq(1.0)]  # a held-out customer got no message
    sent = sent[~sent["campaign_id"].isin(plans)]
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


def _row(one: Plan, other: Plan, people: _Shared, products: int | None, order: dict[str, int]) -> list:
    start, end = max(one.starts_at, other.starts_at), min(one.ends_at, other.ends_at)
    together = max((end - start).days + 1, 0)
    channels = {step.channel for step in one.steps} & {step.channel for step in other.steps}
    share = people.both / people.smaller if people.smaller else 0.0
    first, last = (start, end) if together else (None, None)
    return [
        one.plan_id, other.plan_id, people.both, share, first, last, together,
        bool(channels), people.over, products is not None, products or 0, _first(one, other, order), people.kept,
    ]  # fmt: skip
