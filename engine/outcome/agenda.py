"""What needs somebody now, the most urgent first."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from sqlite_utils.utils import sqlite3 as sqlite

from engine import jobs
from engine.access.roles import person_key
from engine.campaign import response
from engine.campaign.plan import Plan
from engine.decision import approvals, plans
from engine.decision.collisions import audiences_of, collisions
from engine.decision.plans import SavedPlan
from engine.errors import AppError, NotEnoughData
from engine.shop.features import default_as_of
from engine.shop.store import Shop

Kind = Literal[
    "work_failed", "work_lost", "late", "send_soon", "approve", "waiting", "no_audience", "collision", "draft_late",
    "draft_soon", "rejected", "no_results", "never_sent", "old_data", "old_forecasts", "unreadable",
]  # fmt: skip
Urgency = Literal["now", "soon", "sometime"]
Page = Literal["plan", "calendar", "data", "model", "customers", "history"]

SOON_DAYS, EXPORT_DAYS = 3, 7  # a draft needs a second person still; an approved plan only its export
OLD_DATA_DAYS = 35  # a month's files and a few days to bring them in
OLD_WORK_DAYS = 7  # work that went wrong longer ago is no news
FORGOTTEN_DAYS = 30  # a plan whose day went by longer ago was dropped
ORDER: tuple[Urgency, ...] = ("now", "soon", "sometime")


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to do. `values` fill in the sentence of its kind; `page` and `tab` are where it is done."""

    kind: Kind
    urgency: Urgency
    page: Page
    plan_id: str | None = None
    tab: str | None = None
    values: dict[str, str | int] = field(default_factory=dict)


def agenda(shop: Shop, now: datetime, config: Path, person: str = "") -> list[Item]:
    """What waits for somebody in this shop at this time; for `person`, where a plan waits for anyone but its owner.

    A part that cannot be read is an item itself and hides none of the others.
    """
    today = now.astimezone(ZoneInfo(shop.settings.time_zone)).date()
    found, stored = [], []
    with_plans: list[Callable[[], Iterator[Item]]] = []
    try:
        stored = plans.saved_plans(shop.path)
    except _UNREADABLE as problem:
        found.append(_unreadable("plans", problem))
    if stored:
        with_plans = [
            lambda: _approvals(stored, today, person),
            lambda: _drafts(stored, today),
            lambda: _rejected(shop, stored, today, config),
            lambda: _without_audience(shop, stored, today),
            lambda: _collisions(shop, stored, today),
            lambda: _without_results(shop, stored, today),
        ]
    parts = [lambda: _work(shop, now), *with_plans, lambda: _data(shop, today), lambda: _forecasts(shop)]
    for name, part in zip(["work", *["plans"] * len(with_plans), "data", "forecasts"], parts, strict=True):
        try:
            found += part()
        except _UNREADABLE as problem:
            found.append(_unreadable(name, problem))
    distinct = list({repr(item): item for item in found}.values())
    return sorted(distinct, key=lambda item: ORDER.index(item.urgency))


# A file of the shop that another program damaged: whatever its reader makes of that.
_UNREADABLE = (AppError, OSError, ValueError, LookupError, TypeError, sqlite3.Error, sqlite.Error)
_LOOKED_AFTER: dict[str, Page] = {"work": "data", "plans": "history", "data": "data", "forecasts": "model"}


def _unreadable(name: str, problem: BaseException) -> Item:
    said = str(problem) if isinstance(problem, AppError) else ""
    return Item("unreadable", "now", _LOOKED_AFTER[name], values={"part": name, "problem": said})


# --- plans ---


def _about(plan: Plan) -> dict[str, str | int]:
    return {"name": plan.name, "starts": plan.starts_at.isoformat(), "ends": plan.ends_at.isoformat()}


def _is_over(plan: Plan, today: date) -> bool:
    return plan.ends_at < today


def _is_forgotten(plan: Plan, today: date) -> bool:
    return plan.starts_at < today - timedelta(days=FORGOTTEN_DAYS)


def _approvals(stored: list[SavedPlan], today: date, person: str) -> Iterator[Item]:
    """Plans that wait for a second person, and approved ones that nobody exported yet."""
    for plan in (saved.plan for saved in stored):
        near = plan.starts_at <= today + timedelta(days=SOON_DAYS)
        if plan.status == "submitted" and not _is_over(plan, today):
            own = person_key(plan.owner) == person_key(person)
            values = {**_about(plan), "owner": plan.owner}
            urgency: Urgency = "now" if near else "soon"
            yield Item("waiting" if own else "approve", urgency, "plan", plan.plan_id, "approve", values)
        elif plan.status == "approved" and _is_over(plan, today):
            if not _is_forgotten(plan, today):
                yield Item("never_sent", "sometime", "plan", plan.plan_id, "brief", _about(plan))
        elif plan.status == "approved" and plan.starts_at < today:
            yield Item("late", "now", "plan", plan.plan_id, "export", _about(plan))
        elif plan.status == "approved" and plan.starts_at <= today + timedelta(days=EXPORT_DAYS):
            yield Item("send_soon", "now" if near else "soon", "plan", plan.plan_id, "export", _about(plan))


def _drafts(stored: list[SavedPlan], today: date) -> Iterator[Item]:
    """Drafts whose first day is near or past."""
    for plan in (saved.plan for saved in stored if saved.plan.status == "draft"):
        if plan.starts_at < today and not _is_forgotten(plan, today):
            yield Item("draft_late", "sometime", "plan", plan.plan_id, "brief", _about(plan))
        elif today <= plan.starts_at <= today + timedelta(days=SOON_DAYS):
            yield Item("draft_soon", "soon", "plan", plan.plan_id, "approve", _about(plan))


def _rejected(shop: Shop, stored: list[SavedPlan], today: date, config: Path) -> Iterator[Item]:
    """Rejected plans that could still run, with who said no and why."""
    waiting = [s.plan for s in stored if s.plan.status == "rejected" and not _is_over(s.plan, today)]
    if not waiting:
        return
    said = {d.plan_id: d for d in approvals.decisions(shop.path, shop.shop_id, config) if d.action == "rejected"}
    for plan in waiting:
        decision = said.get(plan.plan_id)
        values = {"by": decision.by if decision else "–", "reason": decision.reason if decision else "–"}
        yield Item("rejected", "soon", "plan", plan.plan_id, "approve", {**_about(plan), **values})


def to_come(stored: list[SavedPlan], today: date) -> list[Plan]:
    """Plans that are not over, and that nobody rejected."""
    return [s.plan for s in stored if s.plan.status != "rejected" and not _is_over(s.plan, today)]


def _without_audience(shop: Shop, stored: list[SavedPlan], today: date) -> Iterator[Item]:
    """Plans that name groups or a rule which this shop does not have any more."""
    coming = to_come(stored, today)
    for plan in coming:
        if audiences_of(shop, [plan])[plan.plan_id] is None:
            urgency: Urgency = "soon" if plan.status == "draft" else "now"
            yield Item("no_audience", urgency, "plan", plan.plan_id, "brief", _about(plan))


def _collisions(shop: Shop, stored: list[SavedPlan], today: date) -> Iterator[Item]:
    """One item for all pairs of plans that share customers, naming the one with the most.

    Two discounts at once for different customers are for the calendar to show, not for today to act on.
    """
    coming = {plan.plan_id: plan for plan in to_come(stored, today)}
    table = collisions(shop, list(coming.values()))
    table = table[table["shared"] > 0]
    if len(table):
        worst = table.iloc[0]
        values: dict[str, str | int] = {
            "pairs": len(table), "shared": int(worst["shared"]),
            "one": coming[worst["plan_a"]].name, "other": coming[worst["plan_b"]].name,
        }  # fmt: skip
        yield Item("collision", "soon", "calendar", values=values)


def _without_results(shop: Shop, stored: list[SavedPlan], today: date) -> Iterator[Item]:
    """Exported plans whose last order is in by now, and that no table knows of."""

    def is_done(plan: Plan) -> bool:
        days = plan.window_days or shop.settings.window(plan.channel)
        return plan.status == "exported" and plan.ends_at + timedelta(days=days) < today

    done = [saved.plan for saved in stored if is_done(saved.plan)]
    tables = [t for t in ("deliveries", "campaign_results", "ads") if "campaign_id" in shop.columns(t)] if done else []
    known = {one for table in tables for one in shop.table(table, ["campaign_id"])["campaign_id"].dropna().unique()}
    for plan in done:
        if plan.plan_id not in known:
            yield Item("no_results", "soon", "plan", plan.plan_id, "result", _about(plan))


# --- the shop ---


def _work(shop: Shop, now: datetime) -> Iterator[Item]:
    """The last work of each kind, where it did not end well and not long ago."""
    seen = set()
    for job in jobs.recent(shop.path, limit=50):
        if job.kind in seen:
            continue
        seen.add(job.kind)
        if job.state not in ("failed", "lost") or now - job.started_at > timedelta(days=OLD_WORK_DAYS):
            continue
        kind, _, plan_id = job.kind.partition("-")
        started = job.started_at.astimezone(ZoneInfo(shop.settings.time_zone)).strftime("%Y-%m-%d %H:%M")
        values: dict[str, str | int] = {"work": kind, "started": started}
        page: Page = "plan" if plan_id else "model" if kind == "train" else "data"
        yield Item(
            "work_lost" if job.state == "lost" else "work_failed", "now", page, plan_id or None,
            "copy" if plan_id else None, values,
        )  # fmt: skip


def _data(shop: Shop, today: date) -> Iterator[Item]:
    """Data whose last day is long gone."""
    last = _last_day(shop)
    if last is not None and (today - last).days > OLD_DATA_DAYS:
        yield Item("old_data", "soon", "data", values={"last": last.isoformat(), "days": (today - last).days})


def _last_day(shop: Shop) -> date | None:
    try:
        return default_as_of(shop) - timedelta(days=1)
    except NotEnoughData:
        return None


def _forecasts(shop: Shop) -> Iterator[Item]:
    """Forecasts that do not know the shop's last days."""
    version, last = response.current_version(shop), _last_day(shop)
    if version is None or last is None:
        return
    card = json.loads((shop.path / "models" / version / "card.json").read_text(encoding="utf-8"))
    learned = date.fromisoformat(card["as_of"]) - timedelta(days=1)
    if learned < last:
        yield Item(
            "old_forecasts", "sometime", "model", values={"learned": learned.isoformat(), "last": last.isoformat()}
        )
