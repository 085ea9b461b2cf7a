"""Dates held against the days of the plan, and how long something lasts against the catalogue and the plan."""

import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from engine.campaign.reading import feasts
from engine.campaign.reading.claim import Claim
from engine.campaign.reading.days import MONTH
from engine.campaign.reading.read import ONLY
from engine.campaign.verdicts.amounts import amount
from engine.campaign.verdicts.text import Text
from engine.campaign.verdicts.verdict import Verdict, no_fact, refused, true

STARTING_BEFORE = re.compile(
    r"(?:from|starts?|starting|begins?|opens?|launch(?:es)?|kicks? off|arrives?|since|自|从)[\s\w]{0,16}$"
)
STARTING_AFTER = re.compile(r"\s*(?:起|开始|开启)")
STARTING = re.compile(r"start|begin|from|launch|arrive|起|开始|开抢|上线|发售")
WAITING = re.compile(
    r"(?:别|不要|莫|不用|何必)(?:再)?等到?$|(?:don't|do not|no need to|why) wait (?:until|till|for)\s*$", re.I
)
# "Tea until Halloween" is part of the scene where no offer is spoken of.
MONTH_NAME = re.compile(rf"\b(?:{MONTH})\b|月", re.I)
WEAK = re.compile(r"(?:\b(?:until|till|'til|by|to|from|since|before|through)\s*(?:the )?|[到至从自])$", re.I)
OFFER = re.compile(
    r"%|\boff\b|\bruns? (?:right )?(?:through|until|till|to)\b"
    r"|free|offer|sale|deal|code|discount|\bends?\b|valid|save|open|yours|gift|points"
    r"|优惠|活动|减|折|送|赠|包邮|免邮|截止|价|礼|有效|满|买|福利|开抢|上线|下单|止|收官|时间|持续",
    re.I,
)
LIMITED = re.compile(r"(?:for|only|just|within|lasts?|连着?|整整|共|为期)\s*$", re.I)
# What is said of an offer: beside it, a number of days is a promise.
OFFERED = ("percent", "money", "gift", "points", "date", "delivery", "code")
SCENE = ("hour", "minute", "night", "小时", "个小时", "分钟")


@dataclass(frozen=True, slots=True)
class Window:
    """The first and the last day of a plan."""

    starts: date
    ends: date

    @property
    def length(self) -> int:
        """Days from the first to the last."""
        return (self.ends - self.starts).days


def day(claim: Claim, around: Text) -> Verdict | None:
    """A date, a weekday, a month: true where the plan starts or ends on it, or lasts that long."""
    known, said = around.known, str(claim.value)
    if known.starts is None or known.ends is None:
        return amount(claim, around)
    if WAITING.search(around.before(claim)) or _is_a_scene(claim, around):
        return None
    if said == "clock":
        return refused(claim, "no_clock")
    right = DAYS.get(said.split()[0], _on_a_day)(claim, Window(known.starts, known.ends), around)
    if not right:
        return refused(claim, "other_date", starts=known.starts.isoformat(), ends=known.ends.isoformat())
    slot = right if right in ("starts_at", "ends_at") else None
    return true(claim, "brief: " + (slot or "starts_at, ends_at"), slot)


def _is_a_scene(claim: Claim, around: Text) -> bool:
    """Whether a feast is only part of the scene."""
    called = not re.search(r"\d", around.said(claim)) and str(claim.value).startswith(("feast", "0", "1"))
    is_feast = called and not MONTH_NAME.search(around.said(claim))
    return is_feast and bool(WEAK.search(around.before(claim))) and not OFFER.search(around.sentence(claim))


def _on_a_day(claim: Claim, window: Window, around: Text) -> str | None:
    """The slot of a day that is said in figures; "MM-last" is a month's last day."""
    for slot, day in _days_meant(claim, window):
        ways = {day.isoformat(), f"{day:%m-%d}"}
        if day.day == monthrange(day.year, day.month)[1]:
            ways.add(f"{day:%m}-last")
        if ways & set(str(claim.value).split("|")):
            return slot if claim.unit in ("", str(day.weekday())) else None
    return None


def _last_day(claim: Claim, window: Window, around: Text) -> str | None:
    """The last day of the month: that in which the plan ends."""
    last = monthrange(window.ends.year, window.ends.month)[1]
    return "ends_at" if window.ends.day == last and "start" not in claim.roles else None


def _feast(claim: Claim, window: Window, around: Text) -> str | None:
    """A feast that moves, or the day before or after it."""
    _, name, shift = str(claim.value).split()
    for slot, day in _days_meant(claim, window):
        feast = feasts.day_of(name, day.year)
        if feast and feast + timedelta(days=int(shift)) == day:
            return slot
    return None


def _part(claim: Claim, window: Window, around: Text) -> str | None:
    """Early June, mid-June, late June: the day that is meant lies in it."""
    _, month, part = str(claim.value).split()
    first, last = {"early": (1, 10), "mid": (10, 20), "late": (20, 31)}[part]
    days = [day for _, day in _days_meant(claim, window)]
    return "window" if any(day.month == int(month) and first <= day.day <= last for day in days) else None


def _days_meant(claim: Claim, window: Window) -> list[tuple[str, date]]:
    days = {"end": ("ends_at", window.ends), "start": ("starts_at", window.starts)}
    return [days[role] for role in claim.roles] or list(days.values())


def _number(claim: Claim) -> int:
    """That of "month 6", "weekday 4", "day 25"."""
    return int(str(claim.value).split()[1])


def _month(claim: Claim, window: Window, around: Text) -> str | None:
    if claim.value == "month":
        return _this_month(claim, window, around)
    until = re.search(r"(?:until|till|by)\s*\w*$", around.plain[: claim.start + 8].lower())
    months = {window.ends.month} if until else {window.starts.month, window.ends.month}
    return "window" if _number(claim) in months else None


def _this_month(claim: Claim, window: Window, around: Text) -> str | None:
    last = monthrange(window.ends.year, window.ends.month)[1]
    ending = re.search(r"end|rest|月底|月末", around.said(claim), re.I)
    same = (window.starts.year, window.starts.month) == (window.ends.year, window.ends.month)
    return "window" if same and (not ending or window.ends.day == last) else None


def _year(claim: Claim, window: Window, around: Text) -> str | None:
    return "window" if _number(claim) in (window.starts.year, window.ends.year) else None


def _weekday(claim: Claim, window: Window, around: Text) -> str | None:
    """The weekday of the first or the last day; of a long plan only beside a date or words of the offer."""
    dated = any("-" in str(one.value) and one is not claim for one in around.in_sentence(claim, "date"))
    if window.length >= 7 and not dated and not ONLY.search(around.sentence(claim)):
        return None
    before, after = around.plain[: claim.end].lower(), around.after(claim)
    starting = STARTING_BEFORE.search(before) or STARTING_AFTER.match(after)
    goes_on = re.match(r"\s*(?:to|until|-|至|到)", after)
    ending = re.search(r"(?:to|until|till|至|到)[\s\w]*$", before)
    day = window.starts if goes_on or (starting and not ending) else window.ends
    return "window" if day.weekday() == _number(claim) else None


def _today(claim: Claim, window: Window, around: Text) -> str | None:
    """Copy is read on the day of its send, which is the plan's first day."""
    if STARTING.search(around.said(claim).lower()):
        return "starts_at"
    return "ends_at" if window.length == 0 else None


def _one_day(claim: Claim, window: Window, around: Text) -> str | None:
    """Today only, the last day: of a plan of one day, or beside the day it ends."""
    dates = [one for one in around.in_sentence(claim, "date") if "-" in str(one.value)]
    ends = any(_on_a_day(one, window, around) == "ends_at" for one in dates)
    return "ends_at" if window.length == 0 or (ends and claim.value == "last") else None


def _tomorrow(claim: Claim, window: Window, around: Text) -> str | None:
    return "window" if window.length == 1 else None


def _weekend(claim: Claim, window: Window, around: Text) -> str | None:
    days = window.starts.weekday() >= 3 and window.ends.weekday() in (5, 6, 0)
    return "window" if days and window.length <= 3 else None


def _week(claim: Claim, window: Window, around: Text) -> str | None:
    monday, last = (one - timedelta(days=one.weekday()) for one in (window.starts, window.ends))
    if re.match("all|the whole|整", around.said(claim), re.I):
        return "window" if window.length in (6, 7) else None
    return "window" if monday == last or window.length in (6, 7) else None


def _day_alone(claim: Claim, window: Window, around: Text) -> str | None:
    days = [one for one in (window.ends, window.starts) if one.day == _number(claim)]
    return "window" if any(claim.unit in ("", str(one.weekday())) for one in days) else None


DAYS: dict[str, Callable[[Claim, Window, Text], str | None]] = {
    "last-day": _last_day,
    "feast": _feast,
    "part": _part,
    "day": _day_alone,
    "month": _month,
    "year": _year,
    "weekday": _weekday,
    "today": _today,
    "today_only": _one_day,
    "last": _one_day,
    "tomorrow": _tomorrow,
    "weekend": _weekend,
    "week": _week,
}


def duration(claim: Claim, around: Text) -> Verdict | None:
    """So many days: true where the catalogue says as many, or the plan lasts them; part of the scene otherwise."""
    lasting = [(line, one) for line in around.own_lines(claim) for one in line.claims if one.kind == "duration"]
    for line, one in lasting:
        if one.value == claim.value:
            return true(claim, line.row)
    if any(one.unit == claim.unit for _, one in lasting):
        return no_fact(claim)
    if _is_scene(claim, around):
        return None
    return true(claim, "brief: starts_at, ends_at") if _lasts(claim, around) else no_fact(claim)


def _is_scene(claim: Claim, around: Text) -> bool:
    """In words, a while is part of the scene unless an offer is spoken of; a single hour or day always is."""
    said, days = around.said(claim).lower(), float(claim.value)
    if re.search(r"\d", said) or (claim.unit in ("year", "年") and days > 365):
        return False
    if claim.unit in SCENE or said.startswith(("one ", "一", "半")):
        return True
    limited = days > 1 and LIMITED.search(around.before(claim))
    return not (limited or ONLY.search(around.sentence(claim)) or around.in_sentence(claim, *OFFERED))


def _lasts(claim: Claim, around: Text) -> bool:
    """Whether the plan lasts so many days, its first and last day counted or not; a month is 28 to 31."""
    known, days = around.known, float(claim.value)
    if known.starts is None or known.ends is None:
        return False
    length = Window(known.starts, known.ends).length
    is_month = claim.unit in ("month", "个月") and days == 30 and 28 <= length + 1 <= 31
    return days in (length, length + 1) or is_month
