"""Shares of a price: 15% off, half price, a third off, 八五折, 省两成.

Chinese counts what is left to pay in tenths (八五折), and the tenths taken off as 成.
"""

import re
from collections.abc import Iterator

from engine.campaign.reading.claim import Claim
from engine.campaign.reading.numerals import CHINESE, ENGLISH, FIGURES, value

PERCENT = re.compile(
    rf"(?P<n>{FIGURES}|{ENGLISH})\s*-?\s*(?:%(?!\d)|percent|per cent|pct\b)"
    rf"|百分之(?P<zh>{CHINESE}|{FIGURES})|(?P<zp>{CHINESE})个(?:百分)?点",
    re.I,
)
TENTHS = re.compile(rf"(?P<n>\d+(?:\.\d+)?|{CHINESE})\s*折(?!叠|射|痕|腾|磨|中|返|旧)(?P<half>半)?")
TENTHS_OFF = re.compile(
    rf"(?P<n>{CHINESE}|\d)成(?=优惠|折扣|的?价)"
    rf"|(?:省|减|降|便宜|优惠|让利)(?:了|价)?(?P<m>{CHINESE}|\d)成(?P<rest>[一二三四五六七八九\d]|半)?"
)
LOOKALIKE = re.compile(r"(?<![A-Za-z0-9])(?=[\dOolI]*\d)(?=[\dOolI]*[OolI])[\dOolI]{2,}\s*(?:%|percent|元|折|off)")
HALVES = re.compile(
    r"\bhalf[- ](?:the )?(?:price|off)\b|\bby half\b|\bhalf the (?:usual |regular )?price\b|\b50/50\b"
    r"|半价|对折|五折(?=起)",
    re.I,
)
FRACTIONS = re.compile(
    r"\b(?P<by>by )?(?P<n>an?|one|two|three)?[- ]?(?P<part>third|quarter|fifth|tenth)s?"
    r"(?(by)|[- ](?:off|discount|less|cheaper))\b|\bhalf (?:off|discount)\b",
    re.I,
)
PARTS = {"third": 3, "quarter": 4, "fifth": 5, "tenth": 10}
PAYS = re.compile(r"(?:pay|for)(?: only| just)?\s*$", re.I)
OF_THE_PRICE = re.compile(r" of (?:the|its|our)", re.I)


def read(text: str) -> Iterator[Claim]:
    """The shares that a text in plain signs says, as fractions taken off."""
    for match in PERCENT.finditer(text):
        number = value(match["n"] or match["zh"] or match["zp"])
        if number is not None:
            yield _share(match, 1 - number / 100 if _is_left_to_pay(text, match) else number / 100)
    yield from _tenths(text)
    for match in LOOKALIKE.finditer(text):
        yield Claim(*match.span(), "percent", "letters among the figures")
    for match in HALVES.finditer(text):
        yield _share(match, 0.5)
    for match in FRACTIONS.finditer(text):
        if match["part"]:
            number = {"two": 2, "three": 3}.get((match["n"] or "").lower(), 1)
            yield _share(match, number / PARTS[match["part"].lower()])


def _tenths(text: str) -> Iterator[Claim]:
    for match in TENTHS.finditer(text):
        number = value(match["n"])
        if number:
            number += 0.5 if match["half"] else 0.0
            yield _share(match, 1 - number / (10 if number < 10 else 100))
    for match in TENTHS_OFF.finditer(text):
        number = value(match["n"] or match["m"])
        if number is not None:
            rest = 0.5 if match["rest"] == "半" else (value(match["rest"] or "零") or 0.0) / 10
            yield _share(match, (number + rest) / 10)


def _share(match: re.Match[str], off: float) -> Claim:
    return Claim(*match.span(), "percent", round(off, 4))


def _is_left_to_pay(text: str, match: re.Match[str]) -> bool:
    """Whether a percentage says what is left to pay: "pay 80% of the price"."""
    before, after = text[: match.start()][-24:], text[match.end() :][:24]
    return bool(PAYS.search(before) and OF_THE_PRICE.match(after))
