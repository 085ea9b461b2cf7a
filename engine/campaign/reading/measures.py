"""Sizes, weights and the like: 120 ml, 30 x 40 cm, 500克, SPF 50."""

import re
from collections.abc import Iterator

from engine.campaign.reading.claim import Claim
from engine.campaign.reading.numerals import CHINESE, ENGLISH, FIGURES, value

# How a unit is written, or begins, to the unit it is counted in and how many of those it is.
UNITS = {
    "ml": ("ml", 1), "millilit": ("ml", 1), "毫升": ("ml", 1), "cl": ("ml", 10),
    "l": ("ml", 1000), "lit": ("ml", 1000), "升": ("ml", 1000), "oz": ("oz", 1), "ounce": ("oz", 1),
    "g": ("g", 1), "gram": ("g", 1), "克": ("g", 1), "kg": ("g", 1000), "kilo": ("g", 1000),
    "公斤": ("g", 1000), "千克": ("g", 1000), "斤": ("g", 500), "lb": ("lb", 1), "pound": ("lb", 1),
    "mm": ("cm", 0.1), "毫米": ("cm", 0.1), "cm": ("cm", 1), "centimet": ("cm", 1),
    "厘米": ("cm", 1), "公分": ("cm", 1),
    "m": ("cm", 100), "met": ("cm", 100), "米": ("cm", 100),
    "inch": ("inch", 1), "寸": ("inch", 1), "英寸": ("inch", 1),
    "degree": ("degree", 1), "°": ("degree", 1), "℃": ("degree", 1), "度": ("degree", 1),
    "watt": ("w", 1), "w": ("w", 1), "瓦": ("w", 1), "姆米": ("momme", 1), "gsm": ("gsm", 1), "mah": ("mah", 1),
}  # fmt: skip
_BEGINNINGS = sorted((name for name in UNITS if len(name) > 1), key=len, reverse=True)
_CHINESE_UNIT = r"毫升|毫米|公斤|千克|厘米|公分|英寸|姆米|升|克|斤|米(?!线|饭|粉|色|白)|寸|度(?![假过日数])|瓦|℃|°"
_ENGLISH_UNIT = (
    r"mah\b|gsm\b|millilit\w*|centimet\w*|met(?:er|re)s?\b|lit(?:er|re)s?\b|inch(?:es)?\b|ounces?\b|grams?\b"
    r"|kilo(?:gram)?s?\b|degrees?\b|watts?\b|pounds?\b(?! off)|ml\b|cl\b|kg\b|mm\b|cm\b|oz\b|lbs?\b|l\b|g\b|m\b"
    r"|w\b(?!/)"
)
MEASURE = re.compile(
    rf"(?:(?P<first>{FIGURES})\s*[x×*]\s*)?(?P<n>{FIGURES}|{CHINESE}|{ENGLISH}|半|\bhalf(?: an?)?\b)[\s-]*"
    rf"(?P<unit>{_CHINESE_UNIT}|{_ENGLISH_UNIT})",
    re.I,
)
FACTOR = re.compile(r"\b(?:SPF|UPF|PA)\s?(?P<n>\d+\+?|\+{1,4})", re.I)


def read(text: str) -> Iterator[Claim]:
    """The measures of a text in plain signs, in one unit of each kind; the figures of all sides."""
    for match in MEASURE.finditer(text):
        known, number = _unit(match["unit"].lower()), 0.5 if match["n"][:1] in "半hH" else value(match["n"])
        if known and number is not None:
            unit, factor = known
            first = value(match["first"]) if match["first"] else None
            figures = (number,) if first is None else (first, number)
            yield Claim(*match.span(), "measure", round(number * factor, 6), unit, frozenset(), figures)
    for match in FACTOR.finditer(text):
        yield Claim(*match.span(), "measure", match.group().upper().replace(" ", ""), "spf")


def _unit(written: str) -> tuple[str, float] | None:
    return UNITS.get(written) or next((UNITS[name] for name in _BEGINNINGS if written.startswith(name)), None)
