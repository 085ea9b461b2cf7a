"""Dates in a text: 30 June, June 1st to 15th, 2026-06-30, 6月30日, the end of June, Christmas."""

import calendar
import functools
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

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
WEEKDAY_NAMES = rf"(?:(?:{'|'.join(WEEKDAYS)}|mon|tues?|wed|thu(?:rs?)?|fri|sat|sun),? (?:the )?)?"
ENGLISH_DATES = (
    re.compile(
        rf"(?<![$€£¥])\b(?P<day>{DAY}){TO}{WEEKDAY_NAMES}(?P<day2>{DAY})\s+(?:of )?(?P<month>{MONTH})\b\.?{YEAR}",
        re.I,
    ),
    re.compile(
        rf"\b(?P<month>{MONTH})\b\.?\s+(?:the )?(?P<day>{DAY}){TO}{WEEKDAY_NAMES}(?P<day2>{DAY})"
        rf"(?!\s+(?:of )?(?:{MONTH}))(?!%){YEAR}",
        re.I,
    ),
    re.compile(rf"(?<![$€£¥])\b(?P<day>{DAY})\s+(?:of )?(?P<month>{MONTH})\b\.?{YEAR}", re.I),
    re.compile(rf"\b(?P<month>{MONTH})\b\.?\s+(?:the )?(?P<day>{DAY})(?!%|:\d){YEAR}", re.I),
)
NUMERIC = (
    re.compile(r"(?<![\d/.-])(?P<year>(?:19|20)\d\d)[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})(?![\d/]|[-.]\d)"),
    re.compile(r"(?<![\d/.-])(?P<a>\d{1,2})[/](?P<b>\d{1,2})(?:[/](?P<year>(?:20)?\d\d))?(?![\d/])"),
    re.compile(r"(?<![\d/.$€£¥-])(?P<a>\d{1,2})\.(?P<b>\d{1,2})\.(?P<year>(?:20)\d\d)?(?![\d])"),
)
DATED = re.compile(
    r"\b(?:until|till|til|by|from|on|to|through|before|ends?|starts?|since|dated?|and|-)\s+$|[-~至到自从]\s*$", re.I
)
# 5.18-5.24
POINTED = re.compile(
    r"(?<![\d/.$€£¥-])(?P<a>1[0-2]|[1-9])\.(?P<b>[0-3]?\d)\s*(?:-|~|至|到)\s*(?P<a2>1[0-2]|[1-9])\.(?P<b2>[0-3]?\d)"
    r"(?![\d.%]|\s*(?:元|克|米|厘米|折|cm|kg|l\b|g\b))"
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
        r"(?<![月年\d\-~、一二三四五六七八九十个])"
        r"(?P<day>\d{1,2}|十[一二三四五六七八九]?|二十[一二三四五六七八九]?|三十一?)[日号](?=[)）前止截到起，。！才就]|[（(]?(?:周|星期|礼拜)[一二三四五六日天])"
    ),
)
MONTH_END = re.compile(
    rf"\b(?:the )?(?:very )?(?:end|last day) of (?P<month>{MONTH})\b|\b(?P<month2>{MONTH})'s (?:end|last day)\b", re.I
)
LAST_DAY = re.compile(
    r"\b(?:the )?(?:very )?(?:last day of|end of) (?:the|this) month\b|\bmonth'?s[- ]end\b|\bmonth-end\b"
    r"|(?:本月|这个月|当月|月)的?最后一[天日]",
    re.I,
)

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
    dated += [one for match in POINTED.finditer(text) for one in _pointed(text, match)]
    dated += [one for pattern in NUMERIC for match in pattern.finditer(text) for one in _numeric(text, match)]
    yield from (_with_weekday(text, claim) for claim in dated)
    for match in MONTH_END.finditer(text):
        yield _date(text, match, f"{MONTHS[(match['month'] or match['month2']).lower()]:02}-last")
    for match in LAST_DAY.finditer(text):
        yield _date(text, match, "last-day")


def weekday_number(name: str) -> int:
    """Monday and 一 are 0, Sunday, 日 and 天 are 6."""
    return WEEKDAYS[name.lower()] if name.lower() in WEEKDAYS else "一二三四五六日".index(name.replace("天", "日"))


def _date(text: str, match: re.Match[str], day: str) -> Claim:
    return Claim(*match.span(), "date", day, "", roles_of_a_day(text, match))


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


# A day told from a feast: the day before it, its eve; and what only says that the day itself is meant.
NEXT_TO = re.compile(
    r"\s*(?:的)?(?:(?P<before>前一[天日晚]|前夕|前夜|头一天)|(?P<after>后一天|次日|第二天)|(?:当|这|那)[天日晚])"
)
BEFORE_IT = re.compile(r"(?:the )?(?P<way>day before|eve of|night before|day after)\s+$", re.I)


@functools.cache
def _festivals() -> dict[str, re.Pattern[str]]:
    """The words for each day that is called by its feast: by "MM-DD", or by the name of one that moves."""
    fixed = {day: words.choices("festivals", day) for day in words.names("festivals")}
    said = {name: words.choices("feasts", name) for name in words.names("feasts")} | fixed
    return {name: re.compile(rf"(?<![A-Za-z])(?:{choices})(?![A-Za-z])", re.I) for name, choices in said.items()}


@functools.cache
def _any_festival() -> re.Pattern[str]:
    return re.compile("|".join(said.pattern for said in _festivals().values()), re.I)


def _festival_days(text: str) -> Iterator[Claim]:
    """Days that are called by their feasts; part of the scene unless something ends or begins then."""
    if not _any_festival().search(text):  # one pattern for the many texts that name none
        return
    found = [(match, day) for day, said in _festivals().items() for match in said.finditer(text)]
    for match, day in found:
        # Of two feasts in one place the longer name is meant: Christmas Eve is not Christmas.
        if not any(_is_inside(match, other) for other, _ in found):
            yield from _festival(text, match, day)


def is_a_feast(said: str) -> bool:
    """Whether these words are the name of a feast and nothing more."""
    return bool(_any_festival().fullmatch(said))


def festival_places(text: str) -> Iterator[tuple[int, int]]:
    """Where feasts are named, whatever is said of them: the figures in 双11 and 520 count nothing."""
    for match in _any_festival().finditer(text):
        yield match.span()


def _is_inside(one: re.Match[str], other: re.Match[str]) -> bool:
    return one.span() != other.span() and other.start() <= one.start() and one.end() <= other.end()


def _festival(text: str, match: re.Match[str], name: str) -> Iterator[Claim]:
    """The day of a feast, or the one next to it."""
    beside, ahead = NEXT_TO.match(text[match.end() :]), BEFORE_IT.search(text[: match.start()])
    start = ahead.start() if ahead else match.start()
    end = match.end() + beside.end() if beside else match.end()
    roles = _roles_between(text, start, end)
    if not roles:
        return
    shift = 0
    if ahead:
        shift = 1 if ahead["way"].lower() == "day after" else -1
    elif beside:
        shift = -1 if beside["before"] else 1 if beside["after"] else 0
    day = _moved(name, shift) if "-" in name else f"feast {name} {shift}"
    yield Claim(start, end, "date", day, "", roles)


def _moved(day: str, days: int) -> str:
    """ "MM-DD" so many days later."""
    month, number = day.split("-")
    return f"{date(2025, int(month), int(number)) + timedelta(days=days):%m-%d}"


def _numeric(text: str, match: re.Match[str]) -> Iterator[Claim]:
    """A date in figures; 6/7 is read both ways where both are days: it is right when one of them is."""
    found = match.groupdict()
    year = _year(found.get("year"))
    if match.re is NUMERIC[-1] and not year and not DATED.search(text[: match.start()]):
        return  # "They average 4.7." ends a sentence
    if "month" in found:
        yield _date(text, match, _written(year, int(found["month"]), found["day"]))
        return
    first, second = int(found["a"]), int(found["b"])
    ways = [_written(year, m, str(d)) for m, d in ((first, second), (second, first)) if 1 <= m <= 12 and 1 <= d <= 31]
    if ways:
        yield _date(text, match, "|".join(ways))


def _pointed(text: str, match: re.Match[str]) -> Iterator[Claim]:
    """Both days of 5.18-5.24."""
    first, last = (f"{int(match[month]):02}-{int(match[day]):02}" for month, day in (("a", "b"), ("a2", "b2")))
    yield Claim(match.start(), match.start("a2"), "date", first, "", frozenset({"start"}))
    yield Claim(match.start("a2"), match.end(), "date", last, "", frozenset({"end"}))


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


def roles_of_a_day(text: str, match: re.Match[str]) -> frozenset[str]:
    """Whether something ends or starts on a day; neither where the words around it say both."""
    return _roles_between(text, *match.span())


def _roles_between(text: str, start: int, end: int) -> frozenset[str]:
    before = WEEKDAY_BEFORE.sub("", text[:start][-40:])
    after = WEEKDAY_BETWEEN.sub("", text[end:][:20])
    roles = {role for role in ("end", "start") if _before()[role].search(before) or _after()[role].match(after)}
    return frozenset(roles) if len(roles) == 1 else frozenset()
