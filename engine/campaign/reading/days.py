"""Dates in a text: 30 June, June 1st to 15th, 2026-06-30, 6月30日, the end of June, Christmas."""

import calendar
import functools
import re
from collections.abc import Iterator
from dataclasses import replace

from engine.campaign.reading import words
from engine.campaign.reading.claim import Claim
from engine.campaign.reading.numerals import CHINESE, value

MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_name) if name}
MONTHS |= {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name} | {"sept": 9}
MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
WEEKDAYS = {name.lower(): number for number, name in enumerate(calendar.day_name)}

_TO_NINE = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
_TO_TWENTY = (
    "tenth", "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth",
    "nineteenth", "twentieth",
)  # fmt: skip
_DAYS = (*_TO_NINE, *_TO_TWENTY, *(f"twenty-{unit}" for unit in _TO_NINE), "thirtieth", "thirty-first")
ORDINALS = {word: number for number, word in enumerate(_DAYS, start=1)}
ORDINAL = "|".join(sorted((word.replace("-", "[- ]") for word in ORDINALS), key=len, reverse=True))
DAY = rf"(?:\d{{1,2}}(?:st|nd|rd|th)?|{ORDINAL})(?!\w)"

YEAR = r"(?:,?\s*(?P<year>(?:19|20)\d\d)\b)?"
TO = r"\s*(?:-|to|and|until|till|through)\s*(?:the )?"
ENGLISH_DATES = (
    re.compile(rf"\b(?P<day>{DAY}){TO}(?P<day2>{DAY})\s+(?:of )?(?P<month>{MONTH})\b\.?{YEAR}", re.I),
    re.compile(
        rf"\b(?P<month>{MONTH})\b\.?\s+(?:the )?(?P<day>{DAY}){TO}(?P<day2>{DAY})(?!\s+(?:of )?(?:{MONTH}))(?!%){YEAR}",
        re.I,
    ),
    re.compile(rf"\b(?P<day>{DAY})\s+(?:of )?(?P<month>{MONTH})\b\.?{YEAR}", re.I),
    re.compile(rf"\b(?P<month>{MONTH})\b\.?\s+(?:the )?(?P<day>{DAY})(?!%|:\d){YEAR}", re.I),
)
NUMERIC = (
    re.compile(r"(?<![\d/.-])(?P<year>(?:19|20)\d\d)[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})(?![\d/]|[-.]\d)"),
    re.compile(r"(?<![\d/.-])(?P<a>\d{1,2})[/](?P<b>\d{1,2})(?:[/](?P<year>(?:20)?\d\d))?(?![\d/])"),
    re.compile(r"(?<![\d/.$€£¥-])(?P<a>\d{1,2})\.(?P<b>\d{1,2})\.(?P<year>(?:20)\d\d)?(?![\d])"),
)
CN = rf"(?:{CHINESE}|\d{{1,2}})"
YEAR_CHINESE = r"(?:(?P<year>(?:19|20)\d\d|二[零〇][一二三四五六七八九零〇]{2})\s*年\s*)?"
MONTH_DAY = rf"(?P<month>{CN})\s*月\s*(?P<day>{CN})"
CHINESE_DATES = (
    re.compile(rf"{YEAR_CHINESE}{MONTH_DAY}\s*[日号]?\s*(?:至|到|-|~|—)\s*(?P<day2>{CN})\s*[日号]"),
    re.compile(rf"{YEAR_CHINESE}{MONTH_DAY}\s*[日号]"),
    re.compile(rf"(?:(?P<year>(?:19|20)\d\d)\s*年\s*)?(?P<month>{CN})\s*月(?P<last>底|末|最后一[天日])"),
)
ALONE = (
    re.compile(
        r"(?<!\w)the (?P<day>\d{1,2}(?:st|nd|rd|th))\b(?! (?:century|birthday|anniversary|time|one|cup|row|piece))",
        re.I,
    ),
    re.compile(
        r"(?<![月年\d\-~至到、一二三四五六七八九十个])"
        r"(?P<day>\d{1,2}|十[一二三四五六七八九]?|二十[一二三四五六七八九]?|三十一?)[日号](?=[)）前止截到起，。！])"
    ),
)
MONTH_END = re.compile(rf"\b(?:the )?(?:end|last day) of (?P<month>{MONTH})\b", re.I)

_WEEKDAY_NAME = rf"(?:{'|'.join(WEEKDAYS)})"
_WEEKDAY_CHINESE = r"(?:周|星期|礼拜)"
WEEKDAY_BEFORE = re.compile(rf"(?P<name>{_WEEKDAY_NAME}),?\s+(?:the\s+|on\s+)?$", re.I)
WEEKDAY_BEFORE_CHINESE = re.compile(
    rf"(?:本|这|下)?(?:个)?{_WEEKDAY_CHINESE}(?P<name>[一二三四五六日天])\s*[（(，,]?\s*$"
)
WEEKDAY_AFTER = re.compile(
    rf"\s*(?:[（(，,]|是|就是|那天是)?\s*{_WEEKDAY_CHINESE}(?P<name>[一二三四五六日天])(?:[)）]|(?![）)]))"
)
WEEKDAY_BETWEEN = re.compile(rf"^\s*[（(]?\s*{_WEEKDAY_CHINESE}[一二三四五六日天][)）]?")


def read(text: str) -> Iterator[Claim]:
    """The dates of a text in plain signs, with the weekday said beside each. "MM-DD" where no year is said."""
    dated = [
        one for pattern in (*ENGLISH_DATES, *CHINESE_DATES) for m in pattern.finditer(text) for one in _dated(text, m)
    ]
    dated += [one for pattern in ALONE for match in pattern.finditer(text) for one in _alone(text, match)]
    dated += _festival_days(text)
    dated += [one for pattern in NUMERIC for match in pattern.finditer(text) for one in _numeric(text, match)]
    yield from (_with_weekday(text, claim) for claim in dated)
    for match in MONTH_END.finditer(text):
        yield _date(text, match, f"{MONTHS[match['month'].lower()]:02}-last")


def weekday_number(name: str) -> int:
    """Monday and 一 are 0, Sunday, 日 and 天 are 6."""
    return WEEKDAYS[name.lower()] if name.lower() in WEEKDAYS else "一二三四五六日".index(name.replace("天", "日"))


def _date(text: str, match: re.Match[str], day: str) -> Claim:
    return Claim(*match.span(), "date", day, "", _roles(text, match))


def _dated(text: str, match: re.Match[str]) -> Iterator[Claim]:
    """The day of a match, both days of a range, or the last one of a month."""
    found = match.groupdict()
    month = MONTHS.get(found["month"].lower()) or int(value(found["month"]) or 0)
    year = _year(found.get("year"))
    if found.get("last"):
        yield _date(text, match, f"{month:02}-last")
    elif found.get("day2"):
        first, last = _written(year, month, found["day"]), _written(year, month, found["day2"])
        yield Claim(match.start(), match.start("day2"), "date", first, "", frozenset({"start"}))
        yield Claim(match.start("day2"), match.end(), "date", last, "", frozenset({"end"}))
    else:
        yield _date(text, match, _written(year, month, found["day"]))


def _written(year: int | None, month: int, day: str) -> str:
    return f"{year}-{month:02}-{_day(day):02}" if year else f"{month:02}-{_day(day):02}"


def _day(written: str) -> int:
    lower = written.lower()
    return ORDINALS.get(lower.replace(" ", "-")) or int(value(re.sub(r"(?:st|nd|rd|th)$", "", lower)) or 0)


def _year(written: str | None) -> int | None:
    number = value(written) if written else None
    return int(number + 2000 if number < 100 else number) if number else None


def _alone(text: str, match: re.Match[str]) -> Iterator[Claim]:
    """A day without its month: "the 25th", 11日."""
    number = _day(match["day"])
    if 1 <= number <= 31:
        yield _date(text, match, f"day {number}")


@functools.cache
def _festivals() -> dict[str, re.Pattern[str]]:
    """The words for each day that is called by its feast, by "MM-DD"."""
    return {day: re.compile(words.choices("festivals", day), re.I) for day in words.names("festivals")}


def _festival_days(text: str) -> Iterator[Claim]:
    """Days that are called by their feasts; part of the scene unless something ends or begins then."""
    found = [(match, day) for day, said in _festivals().items() for match in said.finditer(text)]
    for match, day in found:
        # Of two feasts in one place the longer name is meant: Christmas Eve is not Christmas.
        if not any(_is_inside(match, other) for other, _ in found) and _roles(text, match):
            yield _date(text, match, day)


def _is_inside(one: re.Match[str], other: re.Match[str]) -> bool:
    return one.span() != other.span() and other.start() <= one.start() and one.end() <= other.end()


def _numeric(text: str, match: re.Match[str]) -> Iterator[Claim]:
    """A date in figures; 6/7 is read both ways where both are days: it is right when one of them is."""
    found = match.groupdict()
    year = _year(found.get("year"))
    if "month" in found:
        yield _date(text, match, _written(year, int(found["month"]), found["day"]))
        return
    first, second = int(found["a"]), int(found["b"])
    ways = [_written(year, m, str(d)) for m, d in ((first, second), (second, first)) if 1 <= m <= 12 and 1 <= d <= 31]
    if ways:
        yield _date(text, match, "|".join(ways))


def _with_weekday(text: str, claim: Claim) -> Claim:
    """The date with the weekday beside it, "0" to "6", as its unit."""
    before = text[: claim.start]
    ahead = WEEKDAY_BEFORE.search(before) or WEEKDAY_BEFORE_CHINESE.search(before)
    if ahead:
        return replace(claim, start=ahead.start(), unit=str(weekday_number(ahead["name"])))
    after = WEEKDAY_AFTER.match(text[claim.end :])
    if after:
        return replace(claim, end=claim.end + after.end(), unit=str(weekday_number(after["name"])))
    return claim


@functools.cache
def _before() -> dict[str, re.Pattern[str]]:
    """What ends right before a day on which something ends or starts."""
    fillers = {"end": r"the |on |midnight on |midnight,? |\w+day,? |(?:the )?end of ", "start": r"the |on |\w+day,? "}
    english = {role: rf"(?:{words.choices('day_before', role, 'en')})\s*(?:{fillers[role]})*$" for role in fillers}
    chinese = {role: rf"(?:{words.choices('day_before', role, 'zh')})\s*$" for role in fillers}
    return {role: re.compile(f"{english[role]}|{chinese[role]}", re.I) for role in fillers}


@functools.cache
def _after() -> dict[str, re.Pattern[str]]:
    """What begins right after a day on which something ends or starts; a range starts with its first day."""
    ends, starts = words.choices("day_after", "end"), words.choices("day_after", "start")
    clock = r"(?:\d+点|24:00|23:59|24点|零点|午夜|晚)?"
    goes_on = r"\s*(?:-|–|to|until|till|through|至|到|~)\s*(?:\d|\w+ \d|the \d)"
    return {
        "end": re.compile(rf"\s*[（(]?{clock}(?:{ends})", re.I),
        "start": re.compile(rf"\s*(?:\d+点)?(?:{starts})|{goes_on}", re.I),
    }


def _roles(text: str, match: re.Match[str]) -> frozenset[str]:
    """Whether something ends or starts on a day; neither where the words around it say both."""
    before = WEEKDAY_BEFORE.sub("", text[: match.start()][-40:])
    after = WEEKDAY_BETWEEN.sub("", text[match.end() :][:20])
    roles = {role for role in ("end", "start") if _before()[role].search(before) or _after()[role].match(after)}
    return frozenset(roles) if len(roles) == 1 else frozenset()
