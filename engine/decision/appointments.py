"""The days of plans for a calendar program, as iCalendar (RFC 5545): when messages go out, by when a plan must be
decided, when its offer starts and ends.

An event keeps its UID for good and counts its approvals in SEQUENCE, so that a file brought in again moves what it
brought before. The same approvals give the same bytes: the stamp is that of the approval, not of today.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event

from engine.campaign import links, planned
from engine.campaign.plan import Plan
from engine.decision import approvals, ledger, standing
from engine.decision.plans import SavedPlan
from engine.decision.standing import TodaysForecast
from engine.sentences import Language, Sentence, say
from engine.shop.shop_settings import ShopSettings
from engine.shop.store import Shop

LASTS = timedelta(minutes=30)  # of a message going out, so that a calendar shows it
A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Dated:
    """A plan with the decision that its days rest on: its approval, or its submission while it waits for one."""

    plan: Plan
    decision: approvals.Decision

    @property
    def is_approved(self) -> bool:
        return self.decision.action == "approved"


def dated(stored: Sequence[SavedPlan], history: Sequence[ledger.Entry]) -> list[Dated]:
    """The plans that are approved as they stand, and those that wait for it, by plan_id. history: of all plans."""
    by_plan: dict[str, list[ledger.Entry]] = {}
    for entry in history:
        by_plan.setdefault(entry.plan_id, []).append(entry)
    found = []
    for saved in sorted(stored, key=lambda saved: saved.plan.plan_id):
        entries = by_plan.get(saved.plan.plan_id, [])
        if saved.plan.status == "submitted":
            found += [Dated(saved.plan, one) for one in approvals.of_entries(entries)[-1:] if one.action == "submitted"]
        elif approval := approvals.approval_of(saved, entries):
            found.append(Dated(saved.plan, approval))
    return found


def still_standing(
    shop: Shop,
    stored: Sequence[SavedPlan],
    history: Sequence[ledger.Entry],
    today: date | None = None,
    forecasts: TodaysForecast = standing.forecast_today,
) -> tuple[list[Dated], dict[str, Sentence]]:
    """`dated` without the plans whose approval holds no more, and by plan_id why those do not.

    today: of plans that were over before, nobody asks: their days were what they were.
    """
    entries: dict[str, list[ledger.Entry]] = {}
    for entry in history:
        entries.setdefault(entry.plan_id, []).append(entry)
    saved = {one.plan.plan_id: one for one in stored}
    kept, void = [], {}
    for one in dated(stored, history):
        plan_id = one.plan.plan_id
        if one.is_approved and (today is None or one.plan.ends_at >= today):
            found = standing.today(shop, saved[plan_id], entries[plan_id], forecasts)
            if not found.stands:
                void[plan_id] = standing.refusal(one.plan, found)
                continue
        kept.append(one)
    return kept, void


def ics(found: Sequence[Dated], shop_id: str, settings: ShopSettings, language: Language) -> bytes:
    """The calendar of these plans: of an approved one every message, the offer and when it was approved by when; of one
    that waits, the deadline alone. Times are the shop's, with the rules of its time zone in the file.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//Offerlab//Offerlab//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    zone = ZoneInfo(settings.time_zone)
    for one in found:
        for event in _events(one, shop_id, zone, language):
            calendar.add_component(event)
    if found:
        years = [day.year for one in found for day in (one.plan.starts_at - A_DAY, *planned.send_days(one.plan))]
        calendar.add_missing_timezones(date(min(years) - 1, 1, 1), date(max(years) + 2, 1, 1))
    return bytes(calendar.to_ical())


def deadline(plan: Plan, zone: ZoneInfo) -> datetime:
    """Until when a second person has to decide: a day before the first message."""
    return _at(planned.send_days(plan)[0] - A_DAY, plan.send_hour, zone)


def _events(one: Dated, shop_id: str, zone: ZoneInfo, language: Language) -> Iterator[Event]:
    plan = one.plan

    def event(what: str, starts: date, ends: date, about: str = "", **values: object) -> Event:
        made = Event()
        made.add("uid", f"{plan.plan_id}-{what}@{shop_id}.offerlab")
        made.add("dtstamp", datetime.fromisoformat(one.decision.at).astimezone(UTC))
        made.add("sequence", one.decision.seq)
        made.add("summary", say(f"appointments.{what.split('-')[0]}", language, name=plan.name, **values))
        made.add("dtstart", starts)
        made.add("dtend", ends)
        if about:
            made.add("description", about)
        return made

    by = deadline(plan, zone)
    about = say("appointments.approved_by", language, by=one.decision.by) if one.is_approved else ""
    yield event("deadline", by, by + LASTS, about)
    if not one.is_approved:
        return
    for number, (step, day) in enumerate(zip(plan.steps, planned.send_days(plan), strict=True), start=1):
        starts = _at(day, plan.send_hour, zone)
        channel = say(f"plan.channel_{step.channel}", language)
        where = links.of_step(plan, number - 1) or ""
        yield event(f"message-{number}", starts, starts + LASTS, where, number=number, channel=channel)
    if plan.offer.kind != "none":
        offer = say(f"plan.offer_{plan.offer.kind}", language)
        yield event("starts", plan.starts_at, plan.starts_at + A_DAY, offer=offer)
        yield event("ends", plan.ends_at, plan.ends_at + A_DAY, offer=offer)


def _at(day: date, hour: int, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(hour), zone)
