"""Which variant of a first test goes to the rest: read when its hours are over, by the rule fixed with the plan.

What counts is customers who ordered (or clicked) within the hours after the send, of those in the test, whether the
message reached them or not. Orders say when, and a tool's totals may say the day; deliveries do not, so that with them
all that is on record counts, later clicks too, and the reading says so. The leader wins where it is told apart from
each other variant and is ahead of the second by at least the smallest lift; p-values are those of `experiments`,
corrected by Holm over all pairs, because which variant leads is seen in the same numbers. Everything else is the rule's
"otherwise".
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from scipy import stats

from engine.campaign.plan import FirstTest, Plan
from engine.decision import assignments, ledger, moments, plans, winners
from engine.decision.evenly import STAGE, TEST
from engine.decision.ledger import Entry
from engine.errors import NotAllowed, NotEnoughData
from engine.outcome.experiments import holm, proportions, uneven
from engine.sentences import Sentence
from engine.shop import sales
from engine.shop.store import Shop

ALPHA = 0.05
Source = Literal["orders", "deliveries", "totals"]


@dataclass(frozen=True, slots=True)
class Tally:
    """One variant of the test: customers drawn into it, whose outcome is known, and who of those ordered or clicked."""

    variant: str
    drawn: int
    known: int
    done: int

    @property
    def rate(self) -> float:
        return self.done / self.known if self.known else float("nan")


@dataclass(frozen=True, slots=True)
class Found:
    """What the test says. winner: None where nobody won; send: what the rest gets by the rule, None for nothing.

    lift: of the leader against the second, (a - b) / b, None where the second has none; lift_low, lift_high: its range,
    None where it has no limit; p: the largest corrected p of the leader against another; uneven_p: of the groups'
    sizes. Groups that came out uneven have no lift.
    """

    tallies: tuple[Tally, ...]
    winner: str | None
    send: str | None
    leader: str | None
    lift: float | None
    lift_low: float | None
    lift_high: float | None
    p: float | None
    uneven_p: float
    why: Sentence


@dataclass(frozen=True, slots=True)
class Reading:
    """Where a test stands. over_at: the end of its hours on the shop's clock. missing: why it cannot be read yet.

    found: what it says, None where it cannot be read; source: of which table. timed: whether that table says when, so
    that only what came within the hours (or their days, where it says days) is in it.
    """

    sent_at: datetime
    over_at: datetime
    missing: Sentence | None = None
    found: Found | None = None
    source: Source | None = None
    timed: bool = True


def decide(rule: FirstTest, tallies: Sequence[Tally]) -> Found:
    """The rule, applied. tallies: in the order of the plan's variants, which decides between equals."""
    uneven_p = _uneven(tallies)
    ranked = sorted(tallies, key=lambda one: -one.rate)
    leader, second = ranked[0], ranked[1]
    values: dict[str, Any] = {"leader": leader.variant, "second": second.variant}
    if uneven_p < uneven.BELOW:
        why = Sentence("staged.uneven", values)
        return Found(tuple(tallies), None, _otherwise(rule, None), None, None, None, None, None, uneven_p, why)
    p = _largest_p(leader, tallies)
    lift = leader.rate / second.rate - 1 if second.rate else None
    low, high = _lift_range(leader, second, tallies)
    values |= {
        "lift": "–" if low is None else f"{_percent(lift)} (95 %: {_percent(low)} – {_percent(high)})",
        "smallest": f"{rule.smallest_lift:.1%}",
        "p": "< 0.001" if p < 0.001 else f"= {p:.3f}",
    }
    if leader.done == second.done == 0:
        why, wins = Sentence("staged.nobody_did", values), False
    elif p >= ALPHA:
        why, wins = Sentence("staged.by_chance", values), False
    elif lift is not None and lift < rule.smallest_lift:
        why, wins = Sentence("staged.too_little", values), False
    else:
        why, wins = Sentence("staged.won", values), True
    send = leader.variant if wins else _otherwise(rule, leader.variant if leader.done else None)
    won = leader.variant if wins else None
    return Found(tuple(tallies), won, send, leader.variant, lift, low, high, p, uneven_p, why)


def _otherwise(rule: FirstTest, ahead: str | None) -> str | None:
    """What the rest gets where nobody won. Nobody is ahead where groups came out uneven, or nobody did anything."""
    return {"ahead": ahead, "variant": rule.fallback, "nothing": None}[rule.otherwise]


def _uneven(tallies: Sequence[Tally]) -> float:
    """Chi-squared p that so many of each variant have a known outcome, by how many were drawn into each."""
    known, drawn = (np.array([getattr(one, name) for one in tallies], dtype=float) for name in ("known", "drawn"))
    if not known.sum() or not drawn.all():
        return 1.0 if not known.sum() else 0.0
    counts, expected = pd.Series(known), pd.Series(drawn / drawn.sum() * known.sum())
    return float(uneven.p_of_counts(counts, expected, pd.Series(0, counts.index))[0])


def _largest_p(leader: Tally, tallies: Sequence[Tally]) -> float:
    return float(max(found for pair, _, found in _compared(tallies) if leader in pair))


def _compared(tallies: Sequence[Tally]) -> list[tuple[tuple[Tally, Tally], float, float]]:
    """Each pair of variants with its p, as it is and corrected."""
    pairs = list(itertools.combinations(tallies, 2))
    one, other = (np.array([[pair[side].done, pair[side].known] for pair in pairs]).T for side in (0, 1))
    p = pd.Series(proportions.p_value(*one, *other))
    return list(zip(pairs, p, holm(p, pd.Series(0, p.index)), strict=True))


def _lift_range(leader: Tally, second: Tally, tallies: Sequence[Tally]) -> tuple[float | None, float | None]:
    """Of the leader against the second, (a - b) / b; None for an end without a limit, and for both where nobody did it.

    At the level of which the correction left 95 %: it leaves out "no difference" exactly where the corrected p < 0.05.
    """
    asked = next((fixed / p for pair, p, fixed in _compared(tallies) if {*pair} == {leader, second} and p), 1.0)
    z = float(stats.norm.isf(ALPHA / asked / 2))
    x, n, x0, n0 = (np.array([count]) for one in (leader, second) for count in (one.done, one.known))
    ends = proportions.lift_interval(x, n, x0, n0, z)
    low, high = (float(end[0]) if np.isfinite(end[0]) else None for end in ends)
    return low, high


def _percent(value: float | None) -> str:
    """Nothing to compare with has no limit."""
    return "∞" if value is None else f"{value:.1%}"


# --- reading a test ---


def read(shop: Shop, plan: Plan, history: Sequence[Entry], content: str, now: datetime) -> Reading | None:
    """Where the plan's test stands; None before its first export, and for a plan without one. history: of the plan."""
    first = winners.begun(history, content)
    if plan.test is None or first is None:
        return None
    zone = ZoneInfo(shop.settings.time_zone)
    left = datetime.fromisoformat(first.at).astimezone(zone)
    planned = datetime.combine(plan.starts_at, datetime.min.time(), zone).replace(hour=plan.send_hour)
    sent_at = max(left, planned)
    over_at = sent_at + timedelta(hours=plan.test.wait_hours)
    moment = now if now.tzinfo else now.replace(tzinfo=zone)
    if moment < over_at:
        return Reading(sent_at, over_at, Sentence("staged.too_early", {"from": moments.with_zone(over_at, shop)}))
    drawn = assignments.of_export(shop.path, plan.plan_id, first.seq)
    people = drawn[drawn[STAGE].eq(TEST)]
    naive = (sent_at.replace(tzinfo=None), over_at.replace(tzinfo=None))
    for source, tallies, timed in _tallies(shop, plan, plan.test, people, *naive):
        if tallies:
            return Reading(sent_at, over_at, found=decide(plan.test, tallies), source=source, timed=timed)
    return Reading(sent_at, over_at, _missing(shop, plan, plan.test, over_at))


def announce(shop: Shop, plan_id: str, person: str, now: datetime, config: Path) -> Entry:
    """The winner on record: read, decided by the rule and kept with its numbers; the first time for good.

    Raises NotAllowed before the hours are over and where the test was never exported, NotEnoughData where the results
    are not there.
    """
    saved = plans.load(shop.path, plan_id)
    history = ledger.entries(shop.path, shop.shop_id, config, plan_id)
    if already := winners.recorded(history, saved.content_sha256):
        return already
    reading = read(shop, saved.plan, history, saved.content_sha256, now)
    if reading is None:
        key = "staged.not_begun" if saved.plan.test else "staged.no_test"
        raise NotAllowed(Sentence(key, {"plan": plans.called(saved.plan)}))
    if reading.found is None:
        problem = reading.missing or Sentence("staged.not_begun", {"plan": plans.called(saved.plan)})
        raise (NotAllowed if problem.key == "staged.too_early" else NotEnoughData)(problem)
    found = reading.found
    numbers = as_json(found) | {"source": reading.source, "timed": reading.timed}
    numbers |= {"sent_at": reading.sent_at.isoformat(), "over_at": reading.over_at.isoformat()}
    return winners.record(
        shop.path, shop.shop_id, plan_id, found.send, numbers, found.why.text("en"), person, now, config
    )


def as_json(found: Found) -> dict[str, Any]:
    """The numbers as they are kept; why with its values, to be said in any language."""
    plain = asdict(found) | {"why": {"key": found.why.key, "values": found.why.values}}
    return plain | {"tallies": [asdict(one) | {"rate": one.rate if one.known else None} for one in found.tallies]}


def _tallies(
    shop: Shop, plan: Plan, rule: FirstTest, people: pd.DataFrame, sent_at: datetime, over_at: datetime
) -> list[tuple[Source, list[Tally], bool]]:
    """What each table says and whether it says when, the one to be trusted most first: the shop's own orders,
    deliveries, a tool's totals."""
    of_orders = _from_orders(shop, plan, people, sent_at, over_at) if rule.metric == "orders" else []
    column = {"orders": "converted", "clicks": "clicked"}[rule.metric]
    total = {"orders": "orders", "clicks": "clicked"}[rule.metric]
    of_deliveries = _from_deliveries(shop, plan, people, column)
    of_totals, dated = _from_totals(shop, plan, people, total, sent_at, over_at)
    return [("orders", of_orders, True), ("deliveries", of_deliveries, False), ("totals", of_totals, dated)]


def _drawn_into(plan: Plan, people: pd.DataFrame) -> Mapping[str, int]:
    return people["variant"].value_counts().reindex(plan.variants, fill_value=0).astype(int).to_dict()


def _from_orders(shop: Shop, plan: Plan, people: pd.DataFrame, sent_at: datetime, over_at: datetime) -> list[Tally]:
    """Customers who ordered within the hours; none where the orders in the shop end before those do.

    Orders that say a day and no hour count by whole days: from that of the send to the last one.
    """
    if not shop.rows("orders"):
        return []
    lines = shop.table("orders", ["customer_id", "ordered_at", "quantity"])
    lines = lines[lines["quantity"] > 0]
    at = lines["ordered_at"]
    first, last = sales.moments(pd.Series([pd.Timestamp(sent_at), pd.Timestamp(over_at)]), at)
    if at.max() < last:
        return []
    buyers = set(lines.loc[at.ge(first) & at.le(last), "customer_id"])
    did = people["customer_id"].isin(buyers).groupby(people["variant"]).sum()
    return [Tally(one, n, n, int(did.get(one, 0))) for one, n in _drawn_into(plan, people).items()]


def _from_deliveries(shop: Shop, plan: Plan, people: pd.DataFrame, column: str) -> list[Tally]:
    """Of those in the test, whose delivery says whether they did; none where a variant has no such delivery."""
    if not shop.rows("deliveries") or column not in shop.columns("deliveries"):
        return []
    rows = shop.table("deliveries", ["campaign_id", "customer_id", column])
    rows = rows[rows["campaign_id"].eq(plan.plan_id) & rows[column].notna()].drop_duplicates("customer_id")
    joined = people[["customer_id", "variant"]].merge(rows, on="customer_id")
    by = joined.groupby("variant")[column].agg(["size", "sum"])
    known = [
        Tally(one, n, int(by["size"].get(one, 0)), int(by["sum"].get(one, 0)))
        for one, n in _drawn_into(plan, people).items()
    ]
    return known if all(one.known for one in known) else []


def _from_totals(
    shop: Shop, plan: Plan, people: pd.DataFrame, column: str, sent_at: datetime, over_at: datetime
) -> tuple[list[Tally], bool]:
    """A tool's totals of each variant within the hours, and whether all of them are dated: one without a date counts.

    None where a variant is missing, or totals name no variants.
    """
    columns = shop.columns("campaign_results")
    if not shop.rows("campaign_results") or column not in columns or "variant" not in columns:
        return [], False
    wanted = ["campaign_id", "variant", "recipients", column, *(["date"] if "date" in columns else [])]
    rows = shop.table("campaign_results", wanted)
    rows = rows[rows["campaign_id"].eq(plan.plan_id) & rows[column].notna()]
    dated = "date" in rows and bool(rows["date"].notna().all())
    if "date" in rows:
        first, last = sales.moments(pd.Series([pd.Timestamp(sent_at), pd.Timestamp(over_at)]), rows["date"])
        rows = rows[rows["date"].isna() | rows["date"].between(first, last)]
    by = rows.groupby("variant")[["recipients", column]].sum()
    known = [
        Tally(one, n, int(by["recipients"].get(one, 0)), int(by[column].get(one, 0)))
        for one, n in _drawn_into(plan, people).items()
    ]
    return known if all(one.known and one.done <= one.known for one in known) else [], dated


def _missing(shop: Shop, plan: Plan, rule: FirstTest, over_at: datetime) -> Sentence:
    """What has to be imported before the test can be read."""
    values = {"plan_id": plan.plan_id, "variants": ", ".join(plan.variants), "until": moments.shown(over_at, shop)}
    return Sentence(f"staged.missing_{rule.metric}", values)
