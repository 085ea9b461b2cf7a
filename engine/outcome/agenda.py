"""What needs somebody now, the most urgent first."""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from sqlite_utils.utils import sqlite3 as sqlite

from engine import jobs
from engine.access import roles
from engine.access.roles import person_key
from engine.campaign import response, window
from engine.campaign.plan import Plan
from engine.decision import approvals, plans
from engine.decision.collisions import audiences_of, collisions
from engine.decision.plans import SavedPlan
from engine.errors import AppError, NotEnoughData
from engine.outcome import news
from engine.outcome.fallen import Fallen
from engine.sentences import Sentence
from engine.shop.features import default_as_of
from engine.shop.store import Shop

Kind = Literal[
    "work_failed", "work_lost", "late", "send_soon", "approve", "waiting", "no_audience", "collision", "draft_late",
    "draft_soon", "rejected", "no_results", "never_sent", "old_data", "old_forecasts", "unreadable",
    "changes_requested", "commented", "approved", "void", "void_waiting", "results_in",
]  # fmt: skip
Urgency = Literal["now", "soon", "sometime"]
Page = Literal["plan", "calendar", "data", "model", "customers", "history"]

SOON_DAYS, EXPORT_DAYS = 3, 7  # a draft needs a second person still; an approved plan only its export
OLD_DATA_DAYS = 35  # a month's files and a few days to bring them in
OLD_WORK_DAYS = 7  # work that went wrong longer ago is no news
NEWS_DAYS = 14  # results that are in are news for so long
FORGOTTEN_DAYS = 30  # a plan whose day went by longer ago was dropped
NOT_WAITING = ("waiting", "never_sent")  # of the parts that `waiting` asks: what another person is to do, or nobody
# Of a plan that does not stand: what would have somebody approve or export it.
GOES_ON: tuple[Kind, ...] = ("approve", "waiting", "late", "send_soon", "approved")
ORDER: tuple[Urgency, ...] = ("now", "soon", "sometime")


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to do. `values` fill in the sentence of its kind; `page` and `tab` are where it is done."""

    kind: Kind
    urgency: Urgency
    page: Page
    plan_id: str | None = None
    tab: str | None = None
    values: dict[str, str | int | Sentence] = field(default_factory=dict)
    mark: str = ""  # what of a plan it is about: its content, or an entry of its history

    @property
    def key(self) -> str:
        """Says whether it is the thing that was there before, or a new one."""
        return "|".join((self.kind, self.plan_id or "", self.mark))


def agenda(shop: Shop, now: datetime, config: Path, person: str = "") -> list[Item]:
    """What waits for somebody in this shop at this time; for `person`, where a plan waits for anyone but its owner.

    A part that cannot be read is an item itself and hides none of the others. Which approvals hold no more is added by
    `with_fallen`.
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
            lambda: _approvals(stored, today, person, _may_decide(person, config)),
            lambda: _news(shop, stored, today, config, person),
            lambda: _results(stored, now, person),
            lambda: _drafts(stored, today),
            lambda: _rejected(shop, stored, today, config),
            lambda: _without_audience(shop, stored, today),
            lambda: _collisions(shop, stored, today),
            lambda: _without_results(shop, stored, today),
        ]
    parts = [lambda: _work(shop, now), *with_plans, lambda: _data(shop, today), lambda: _forecasts(shop)]
    names = ["work", *["plans"] * len(with_plans), "data", "forecasts"]
    return _in_order(found + _gathered(zip(names, parts, strict=True)))


def waiting(shop: Shop, now: datetime, config: Path, person: str) -> list[Item]:
    """Of the agenda, what waits for this person: plans to decide on, what was said of the own ones, and exports.

    No table of the shop is read for it, so that every page can show it.
    """
    today = now.astimezone(ZoneInfo(shop.settings.time_zone)).date()
    try:
        stored = plans.saved_plans(shop.path)
    except _UNREADABLE as problem:
        return [_unreadable("plans", problem)]
    parts: list[Callable[[], Iterable[Item]]] = [
        lambda: _approvals(stored, today, person, _may_decide(person, config)),
        lambda: _news(shop, stored, today, config, person),
        lambda: _results(stored, now, person),
        lambda: _rejected(shop, _of(person, stored), today, config),
    ]
    return _in_order([item for item in _gathered(("plans", part) for part in parts) if item.kind not in NOT_WAITING])


def with_fallen(
    items: list[Item], stored: list[SavedPlan], fallen: Fallen, today: date, config: Path, person: str
) -> list[Item]:
    """The items with the plans that do not stand, as engine.outcome.fallen finds them: nobody is to approve or export
    those, and their authors and all who may decide are told why."""
    kept = [item for item in items if not (item.plan_id in fallen and item.kind in GOES_ON)]
    may_decide = _may_decide(person, config)
    for saved in stored:
        plan = saved.plan
        if plan.plan_id in fallen and (may_decide or person_key(plan.owner) == person_key(person)):
            near = plan.starts_at <= today + timedelta(days=SOON_DAYS) and plan.status != "exported"
            kind: Kind = "void_waiting" if plan.status == "submitted" else "void"
            values = {**_about(plan), "reason": fallen[plan.plan_id]}
            mark = saved.content_sha256[:12]
            kept.append(Item(kind, "now" if near else "soon", "plan", plan.plan_id, "approve", values, mark))
    return _in_order(kept)


def _gathered(parts: Iterable[tuple[str, Callable[[], Iterable[Item]]]]) -> list[Item]:
    found: list[Item] = []
    for name, part in parts:
        try:
            found += part()
        except _UNREADABLE as problem:
            found.append(_unreadable(name, problem))
    return found


def _in_order(found: list[Item]) -> list[Item]:
    distinct = list({repr(item): item for item in found}.values())
    return sorted(distinct, key=lambda item: ORDER.index(item.urgency))


# A file of the shop that another program damaged: whatever its reader makes of that.
_UNREADABLE = (AppError, OSError, ValueError, LookupError, TypeError, sqlite3.Error, sqlite.Error)
_LOOKED_AFTER: dict[str, Page] = {"work": "data", "plans": "history", "data": "data", "forecasts": "model"}


def _unreadable(name: str, problem: BaseException) -> Item:
    said = str(problem) if isinstance(problem, AppError) else ""
    return Item("unreadable", "now", _LOOKED_AFTER[name], values={"part": name, "problem": said})


# --- plans ---


def _about(plan: Plan) -> dict[str, str | int | Sentence]:
    return {"name": plan.name, "starts": plan.starts_at.isoformat(), "ends": plan.ends_at.isoformat()}


def _is_over(plan: Plan, today: date) -> bool:
    return plan.ends_at < today


def _is_forgotten(plan: Plan, today: date) -> bool:
    return plan.starts_at < today - timedelta(days=FORGOTTEN_DAYS)


def _may_decide(person: str, config: Path) -> bool:
    role = roles.role_of(person, config)
    return role is not None and "approve" in roles.MAY[role]


def _of(person: str, stored: list[SavedPlan]) -> list[SavedPlan]:
    return [saved for saved in stored if person_key(saved.plan.owner) == person_key(person)]


def _approvals(stored: list[SavedPlan], today: date, person: str, may_decide: bool) -> Iterator[Item]:
    """Plans that wait for a second person, and approved ones that nobody exported yet."""
    for plan, content in ((saved.plan, saved.content_sha256[:12]) for saved in stored):
        own = person_key(plan.owner) == person_key(person)
        near = plan.starts_at <= today + timedelta(days=SOON_DAYS)
        if plan.status == "submitted" and not _is_over(plan, today):
            values = {**_about(plan), "owner": plan.owner}
            urgency: Urgency = "now" if near else "soon"
            if own or may_decide:
                kind: Kind = "waiting" if own else "approve"
                yield Item(kind, urgency, "plan", plan.plan_id, "approve", values, content)
        elif plan.status == "approved" and _is_over(plan, today):
            if not _is_forgotten(plan, today):
                yield Item("never_sent", "sometime", "plan", plan.plan_id, "brief", _about(plan))
        elif plan.status == "approved" and plan.starts_at < today:
            yield Item("late", "now", "plan", plan.plan_id, "export", _about(plan), content)
        elif plan.status == "approved" and plan.starts_at <= today + timedelta(days=EXPORT_DAYS):
            yield Item("send_soon", "now" if near else "soon", "plan", plan.plan_id, "export", _about(plan), content)
        elif plan.status == "approved" and own:
            yield Item("approved", "sometime", "plan", plan.plan_id, "export", _about(plan), content)


def _news(shop: Shop, stored: list[SavedPlan], today: date, config: Path, person: str) -> Iterator[Item]:
    """What others said of this person's plans that are not over."""
    own = {saved.plan.plan_id: saved.plan for saved in _of(person, stored) if not _is_over(saved.plan, today)}
    for note in news.notes(shop, config, person, own.values()):
        values = {**_about(own[note.plan_id]), "by": note.by, "text": note.text}
        urgency: Urgency = "now" if note.about == "changes_requested" else "soon"
        yield Item(note.about, urgency, "plan", note.plan_id, "approve", values, str(note.seq))


def _results(stored: list[SavedPlan], now: datetime, person: str) -> Iterator[Item]:
    """This person's plans whose results came in lately."""
    for saved in _of(person, stored):
        lately = now - datetime.fromisoformat(saved.updated_at) <= timedelta(days=NEWS_DAYS)
        if saved.plan.status == "results_in" and lately:
            mark = saved.updated_at
            yield Item("results_in", "soon", "plan", saved.plan.plan_id, "result", _about(saved.plan), mark)


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
        mark = str(decision.seq) if decision else ""
        yield Item("rejected", "soon", "plan", plan.plan_id, "approve", {**_about(plan), **values}, mark)


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
        values: dict[str, str | int | Sentence] = {
            "pairs": len(table), "shared": int(worst["shared"]),
            "one": coming[worst["plan_a"]].name, "other": coming[worst["plan_b"]].name,
        }  # fmt: skip
        yield Item("collision", "soon", "calendar", values=values)


def _without_results(shop: Shop, stored: list[SavedPlan], today: date) -> Iterator[Item]:
    """Exported plans whose last order is in by now, and that no table knows of."""

    def is_done(plan: Plan) -> bool:
        days = timedelta(days=window.of_plan(shop.settings, plan))  # of who is exported on the last day
        return plan.status == "exported" and plan.ends_at + days < today

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
        values: dict[str, str | int | Sentence] = {"work": kind, "started": started}
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
