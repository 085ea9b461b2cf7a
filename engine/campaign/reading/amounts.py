"""Money and multiples in a text, each amount with what the words around it say it is the amount of."""

import functools
import re
from collections.abc import Iterator

from engine.campaign.reading import words
from engine.campaign.reading.claim import Claim
from engine.campaign.reading.numerals import CHINESE, EITHER, ENGLISH, FIGURES, value

SYMBOLS = {
    "us$": "USD", "hk$": "HKD", "a$": "AUD", "c$": "CAD", "$": "USD", "€": "EUR", "£": "GBP", "¥": "CNY", "₹": "INR",
}  # fmt: skip
CURRENCIES = {
    "usd": "USD", "us dollars": "USD", "dollars": "USD", "dollar": "USD", "bucks": "USD",
    "eur": "EUR", "euros": "EUR", "euro": "EUR", "gbp": "GBP", "pounds": "GBP", "quid": "GBP",
    "cny": "CNY", "rmb": "CNY", "yuan": "CNY", "jpy": "JPY", "yen": "JPY",
    "美元": "USD", "美金": "USD", "美刀": "USD", "刀": "USD", "欧元": "EUR", "英镑": "GBP",
    "港币": "HKD", "港元": "HKD", "日元": "JPY",
    "人民币": "CNY", "元": "CNY", "块钱": "CNY", "块": "CNY", "圆": "CNY",
}  # fmt: skip
DOLLARS = ("AUD", "CAD", "HKD", "SGD", "NZD")  # currencies whose shops write a bare $ too
SYMBOL = "us\\$|hk\\$|a\\$|c\\$|[$€£¥₹]"
WORD = "|".join(rf"{re.escape(word)}(?![a-z])" for word in sorted(CURRENCIES, key=len, reverse=True))
MONEY = re.compile(
    rf"(?:(?P<sign>{SYMBOL})\s*(?P<a>{FIGURES}|{CHINESE})(?:\s*(?:usd|美元|元))?"
    rf"|(?:(?P<before>usd|eur|gbp|cny|rmb)\s*)(?P<c>{FIGURES})"
    rf"|(?P<b>{EITHER})\s*-?\s*(?P<word>{WORD}|{SYMBOL}))",
    re.I,
)
CENTS = re.compile(rf"(?P<n>{FIGURES}|{ENGLISH})\s*(?:cents?|¢)(?!\w)", re.I)
# 满300减50, with the currency or without it.
TIER = re.compile(
    rf"满\s*(?:{SYMBOL})?\s*(?P<min>{FIGURES}|{CHINESE})\s*(?P<u1>{WORD})?\s*[，,]?\s*"
    rf"(?:即|可|就|再|立|直)*(?:减|返|省|抵|优惠|送)(?:免|去|现)?\s*(?:{SYMBOL})?\s*"
    rf"(?P<off>{FIGURES}|{CHINESE})(?!\d|\s*(?:件|份|个|瓶|%|折|积分|分))\s*(?P<u2>{WORD})?"
)
# A number that is money although no currency stands with it: "save 20", 满300.
BARE = re.compile(rf"(?P<n>{FIGURES}|{CHINESE})")
NOT_MONEY = re.compile(r"[\d.,]*\s*(?:%|折|[件份个瓶款天日月年次位盒套支杯人成倍点]|percent)", re.I)
OFF = re.compile(r"\s*off\b", re.I)

FILLER = (
    r"(?:(?:a|an|the|of|is|at|to|as|by|about|up|you|your|order|orders|value|total|price|another|extra|further"
    r"|了|是|为|价|到|您|可|再|还|即|就|约|共|[：:（(]|~)\s*){0,3}"
)
OFF_OR_LEAST = re.compile(rf"(?:满|减|立省|save|spend)\s*{FILLER}$", re.I)
SHARE_OFF = re.compile(
    r"(?:[\d%]|half|third|quarter|fifth|tenth) off (?:of )?(?:your |an? |any |orders? (?:of |over )?)?$", re.I
)

# From $80 to $64: what something costs before and after, or two prices.
_AMOUNT = rf"(?:(?:{SYMBOL})\s*)?(?:{FIGURES})\s*(?:{WORD})?"
_FALLS = r"(?:(?:all the way )?(?:down )?to|(?:直接)?(?:降|减|落|变)?(?:到|至|成|为))\s*(?:\w+ ){0,3}"
FALLS_FROM = re.compile(r"(?:\bfrom|从)\s*$", re.I)
FALLS_ON = re.compile(rf"\s*{_FALLS}{_AMOUNT}", re.I)
FALLS_TO = re.compile(rf"(?:\bfrom|从)\s*{_AMOUNT}\s*{_FALLS}$", re.I)
# Save $15 at $100, or $40 at $200.
OFF_AT = re.compile(rf"\b(?:saves?|get|or|and)\s*{_AMOUNT}\s*(?:off )?(?:at|on|when you (?:spend|hit|reach))\s*$", re.I)
POUNDS_HEAVY = re.compile(r"\b(?:weigh|heavy|lift|scales?)\w*[^.!?]{0,16}$", re.I)

MULTIPLES = {"double": 2.0, "twice": 2.0, "triple": 3.0, "thrice": 3.0, "quadruple": 4.0, "quintuple": 5.0}
MULTIPLES |= {"双倍": 2.0, "翻倍": 2.0, "加倍": 2.0, "三倍": 3.0}
TIMES = re.compile(
    r"\b(?P<w>double|twice|triple|thrice|quadruple|quintuple)"
    r"(?= (?:the |your |our )?(?:points|discounts?|savings?|value|amount|the|as))"
    rf"|(?P<n>{EITHER})\s*(?:倍|[- ]?fold\b|x\b|times (?:the|more|as|your))|(?P<z>双倍|翻倍|加倍|三倍)",
    re.I,
)


def tiers(text: str, currency: str) -> Iterator[Claim]:
    """The two amounts of each 满300减50."""
    for match in TIER.finditer(text):
        least, off = value(match["min"]), value(match["off"])
        if least is not None:
            end = match.end("u1") if match["u1"] else match.end("min")
            yield Claim(match.start(), end, "money", least, _currency_of(match["u1"], currency), frozenset({"min"}))
        if off is not None:
            end = match.end("u2") if match["u2"] else match.end("off")
            unit = _currency_of(match["u2"], currency)
            yield Claim(match.start("off"), end, "money", off, unit, frozenset({"off"}))


def _currency_of(word: str | None, currency: str) -> str:
    return CURRENCIES.get((word or "").lower(), currency)


def read(text: str, currency: str) -> Iterator[Claim]:
    """The money and the multiples of a text in plain signs; `currency` is that of amounts written without one."""
    for match in CENTS.finditer(text):
        number = value(match["n"])
        if number is not None:
            yield Claim(*match.span(), "money", number / 100, currency, _roles(text, match))
    for match in MONEY.finditer(text):
        number = value(match["a"] or match["b"] or match["c"])
        if number is not None and not _is_idiom(text, match):
            yield Claim(*match.span(), "money", number, _unit(match, currency), _roles(text, match))
    yield from _bare(text, currency)
    yield from _times(text)


def _unit(match: re.Match[str], currency: str) -> str:
    """The currency of an amount; ¥ and $ are the shop's own where its currency is written so."""
    written = match["sign"] or match["word"] or match["before"]
    unit = SYMBOLS.get(written.lower()) or CURRENCIES[written.lower()]
    if unit == "CNY" and currency == "JPY" and "¥" in match.group():
        return "JPY"
    return currency if written == "$" and currency in DOLLARS else unit


def _is_idiom(text: str, match: re.Match[str]) -> bool:
    """一元 in 多元, 一块 for "a piece" or "together", pounds that something weighs."""
    word, before = match["word"] or "", text[: match.start()]
    if word.lower() == "pounds" and POUNDS_HEAVY.search(before[-30:]):
        return True
    if word == "块" and re.search(r"(?:剩|余|还有|只有|仅有)\s*$", before):
        return True
    spelled = not (match["b"] or "")[:1].isdigit()
    if spelled and word in ("块", "元", "圆", "刀") and re.search(r"[多单二]$", before):
        return True
    return word == "块" and bool(re.fullmatch(r"[一两几]", match["b"] or ""))


def _bare(text: str, currency: str) -> Iterator[Claim]:
    for match in BARE.finditer(text):
        number, before, after = value(match["n"]), text[: match.start()][-60:], text[match.end() :]
        if number is None or not (OFF_OR_LEAST.search(before) or OFF.match(after)) or NOT_MONEY.match(after):
            continue
        roles = _roles(text, match)
        if roles & {"min", "off"}:
            yield Claim(*match.span(), "money", number, currency, roles & {"min", "off", "cap"})


@functools.cache
def _before() -> dict[str, re.Pattern[str]]:
    """What ends right before an amount, by role."""
    section = "amount_before"
    return {
        role: re.compile(rf"(?:{words.choices(section, role)})\s*{FILLER}[-\s]*$", re.I)
        for role in words.names(section)
    }


@functools.cache
def _after() -> dict[str, re.Pattern[str]]:
    """What begins right after an amount, by role."""
    section = "amount_after"
    return {role: re.compile(rf"\s*-?\s*(?:{words.choices(section, role)})", re.I) for role in words.names(section)}


def _roles(text: str, match: re.Match[str]) -> frozenset[str]:
    """What an amount may be the amount of; the words after it say it more surely than those before."""
    before, after = text[: match.start()][-40:], text[match.end() :][:24]
    if SHARE_OFF.search(before) or OFF_AT.search(before):
        return frozenset({"min", "price"})
    if FALLS_FROM.search(before) and FALLS_ON.match(text, match.end()):
        return frozenset({"was", "price"})
    if FALLS_TO.search(before):
        return frozenset({"now", "price"})
    later = {role for role, pattern in _after().items() if pattern.match(after)}
    if later:
        return frozenset(later | ({"cap"} if _before()["cap"].search(before) else set()))
    return frozenset(role for role, pattern in _before().items() if pattern.search(before))


def _times(text: str) -> Iterator[Claim]:
    for match in TIMES.finditer(text):
        word = match["w"] or match["z"]
        number = MULTIPLES[word.lower()] if word else value(match["n"])
        if number is not None:
            yield Claim(*match.span(), "number", number, "times")
