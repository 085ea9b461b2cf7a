"""Days told without a date: this weekend, until Friday, in June, 今天截止, 本周五; and times of day."""

import functools
import re
from collections.abc import Iterator

from engine.campaign.reading import words
from engine.campaign.reading.claim import Claim
from engine.campaign.reading.days import MONTH, MONTHS, WEEKDAYS, roles_of_a_day, weekday_number
from engine.campaign.reading.numerals import CHINESE, value

# "may" and "march" are words too: a month alone counts where the words around it make it one.
MONTH_ALONE = re.compile(
    r"\b(?:in|until|till|through|throughout|this|all|by|during|for|since|of|every|end of|mid-?|early|late|next)\s+"
    rf"(?P<month>{MONTH})\b(?!\s+(?:i|we|you|the)\b|\.?\s+(?:the )?\d)",
    re.I,
)
MONTH_ALONE_CHINESE = re.compile(
    r"(?P<month>十[一二]|[一二三四五六七八九十]|1[0-2]|[1-9])\s*月"
    r"(?:份|内|里|中旬|上旬|下旬|初|前|全月)?(?![亮光色饼])"
)
PART_OF_MONTH = re.compile(
    rf"\b(?P<part>mid|early|late|beginning of|middle of|start of)[- ](?P<month>{MONTH})\b"
    r"|(?P<zh>十[一二]|[一二三四五六七八九十]|1[0-2]|[1-9])\s*月(?P<cn>初|中旬?|上旬|下旬)",
    re.I,
)
PARTS = {"mid": "mid", "middle of": "mid", "中": "mid", "中旬": "mid", "late": "late", "下旬": "late"}
YEAR_ALONE = re.compile(r"(?<![\d.,$€£¥])(?P<year>20\d\d)(?:年|\b(?!\s*(?:%|ml|g\b|customers|people|reviews)))")
WEEKDAY = re.compile(
    r"\b(?:until|till|by|ends?|on|before|through|from|starts?|starting|this|next|to|and)\s+(?:this |next |on )?"
    rf"(?P<name>{'|'.join(WEEKDAYS)})\b"
    r"(?!s|\s+(?:morning|evening|afternoon|night|brunch|lunch|dinner|breakfast|feeling|roast|coffee|walk|mood))",
    re.I,
)
# "Sat" and "Sun" are words too: in capitals, and where something ends, starts or goes on.
WEEKDAY_SHORT = re.compile(
    r"(?:(?i:\b(?:until|till?|'til|by|ends?|closes?|on|before|through|thru|from|starts?|starting|this|to)\s+)|[-/&]\s*)"
    r"(?P<name>Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun)\b(?!-)"
    r"|\b(?P<name2>Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun)(?=\s*(?:-|to|till?|thru|&)\s*(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b)"
)
WEEKDAY_CHINESE = re.compile(
    r"(?:本|这|下|这个|下个)?(?:周|星期|礼拜)(?P<name>[一二三四五六日天])"
    r"(?=(?:才|就|正式|准时|晚上?|早上?|中午|零点|\d+点)?(?:前|止|截|结束|开|起|到|至|之前|上线|收)|晚|内|24|零点|，|。|！|$)"
    r"|(?<=[到至前于])(?:本|这)?(?:周|星期|礼拜)(?P<name2>[一二三四五六日天])"
)
CLOCK = re.compile(
    r"\b(?P<h>\d{1,2})(?::(?P<m>\d\d))?\s*(?:am|pm|a\.m\.|p\.m\.)(?!\w)"
    r"|\b(?:at|by|until|before|from|to)\s+(?P<h2>\d{1,2}):(?P<m2>\d\d)\b|24/7"
    rf"|(?P<zh>\d{{1,2}}|{CHINESE})\s*点(?:整|半|钟)?(?=前|截|结束|开抢|开|准时|止|上线)"
    r"|(?P<h3>\d{1,2}):(?P<m3>\d\d)(?!\d)",
    re.I,
)


def read(text: str) -> Iterator[Claim]:
    """The days and times of a text in plain signs that are no dates: "month 6", "weekday 4", "today", "clock"."""
    for pattern in (MONTH_ALONE, MONTH_ALONE_CHINESE):
        for match in pattern.finditer(text):
            month = MONTHS.get(match["month"].lower()) or int(value(match["month"]) or 0)
            yield Claim(match.start("month"), match.end(), "date", f"month {month}")
    for match in PART_OF_MONTH.finditer(text):
        month = MONTHS[match["month"].lower()] if match["month"] else int(value(match["zh"]) or 0)
        part = PARTS.get((match["part"] or match["cn"]).lower(), "early")
        yield Claim(*match.span(), "date", f"part {month} {part}", "", roles_of_a_day(text, match))
    for match in YEAR_ALONE.finditer(text):
        yield Claim(*match.span(), "date", f"year {match['year']}")
    for match in WEEKDAY.finditer(text):
        yield Claim(*match.span("name"), "date", f"weekday {weekday_number(match['name'])}")
    for match in WEEKDAY_SHORT.finditer(text):
        group = "name" if match["name"] else "name2"
        number = next(one for name, one in WEEKDAYS.items() if name.startswith(match[group].lower()))
        yield Claim(*match.span(group), "date", f"weekday {number}")
    for match in WEEKDAY_CHINESE.finditer(text):
        yield Claim(*match.span(), "date", f"weekday {weekday_number(match['name'] or match['name2'])}")
    for name, pattern in _relative().items():
        for match in pattern.finditer(text):
            yield Claim(*match.span(), "date", name)
    for match in CLOCK.finditer(text):
        yield Claim(*match.span(), "date", "clock")


@functools.cache
def _relative() -> dict[str, re.Pattern[str]]:
    """The days that are told from the day of reading, as listed; English ones as whole words."""
    section = "relative_days"
    return {
        name: re.compile(rf"\b(?:{words.choices(section, name, 'en')})\b|{words.choices(section, name, 'zh')}", re.I)
        for name in words.names(section)
    }
