"""How long something takes, lasts or is valid: three days, 2-4 working days, 半年, 三十天."""

import re
from collections.abc import Iterator

from engine.campaign.reading.claim import Claim
from engine.campaign.reading.numerals import CHINESE, ENGLISH, FIGURES, value

# In days.
UNITS = {
    "minute": 1 / 1440, "h": 1 / 24, "hour": 1 / 24, "day": 1, "night": 1, "week": 7, "fortnight": 14, "month": 30,
    "year": 365,
    "分钟": 1 / 1440, "小时": 1 / 24, "个小时": 1 / 24, "钟头": 1 / 24, "天": 1, "日": 1, "个工作日": 1, "工作日": 1,
    "周": 7, "个星期": 7, "星期": 7, "个月": 30, "年": 365,
}  # fmt: skip
DURATION = re.compile(
    rf"(?:(?P<low>{FIGURES}|{ENGLISH})\s*(?:-|to|or)\s*)?(?P<n>{FIGURES}|{ENGLISH})[- ]*"
    r"(?:(?:working|business|full|whole|more|short|calendar)[- ])*"
    r"(?P<unit>minute|hour|day|night|week|fortnight|month|year|h(?=\b))s?(?!\w)",
    re.I,
)
DURATION_CHINESE = re.compile(
    rf"(?:(?P<low>{FIGURES}|{CHINESE})\s*(?:-|~|到|至))?\s*(?P<n>{FIGURES}|{CHINESE}|半)\s*"
    r"(?P<unit>分钟|个?小时|钟头|个?工作日|天|日(?!元)|周(?!年|[一二三四五六日末边到全围末])|个?星期|个月"
    r"|年(?!轻|龄|[前代味货夜糕初末底])(?:期|内|质保|保修)?)"
)

HISTORY = re.compile(
    r"[^，。]{0,4}(?:历史|传承|老店|老字号|工艺|手艺|窑|经验|质保|保修|古)|\s*(?:of|old|history|warranty|guarantee)",
    re.I,
)
AGES = 100  # years in words; so many are a manner of speaking unless a history is told


def read(text: str) -> Iterator[Claim]:
    """The durations of a text in plain signs, in days; `figures`: both ends of a range as they are written."""
    for pattern in (DURATION, DURATION_CHINESE):
        for match in pattern.finditer(text):
            unit = match["unit"].lower()
            number = 0.5 if match["n"] == "半" else value(match["n"])
            if _is_idiom(text, match, number):
                continue
            low = value(match["low"]) if match["low"] else None
            if number is not None:
                figures = (number,) if low is None else (low, number)
                days = UNITS.get(unit) or UNITS[re.sub(r"(?:期|内|质保|保修)$", "", unit)]
                yield Claim(*match.span(), "duration", round(number * days, 5), unit, frozenset(), figures)


def _is_idiom(text: str, match: re.Match[str], number: float | None) -> bool:
    """八百年, a thousand years: very long."""
    if match["n"][:1].isdigit() or not number or not match["unit"].lower().startswith(("year", "年")):
        return False
    return number >= AGES and not HISTORY.match(text[match.end() :])
