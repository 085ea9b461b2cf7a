"""Percentages, money and counts in a text, each with what the words around it say it is the amount of."""

import re
from collections.abc import Iterator

from engine.campaign.reading.claim import Claim
from engine.campaign.reading.numerals import CHINESE, EITHER, ENGLISH, FIGURES, value

N = EITHER
SYMBOLS = {
    "us$": "USD", "hk$": "HKD", "a$": "AUD", "c$": "CAD", "$": "USD", "€": "EUR", "£": "GBP", "¥": "CNY", "₹": "INR",
}  # fmt: skip
WORDS = {
    "usd": "USD", "us dollars": "USD", "dollars": "USD", "dollar": "USD", "bucks": "USD", "eur": "EUR", "euros": "EUR", "euro": "EUR",
    "gbp": "GBP", "pounds": "GBP", "quid": "GBP", "cny": "CNY", "rmb": "CNY", "yuan": "CNY", "jpy": "JPY", "yen": "JPY",
    "美元": "USD", "美金": "USD", "美刀": "USD", "刀": "USD", "欧元": "EUR", "英镑": "GBP", "港币": "HKD", "港元": "HKD", "日元": "JPY",
    "人民币": "CNY", "元": "CNY", "块钱": "CNY", "块": "CNY", "圆": "CNY",
}  # fmt: skip
SYMBOL = "us\\$|hk\\$|a\\$|c\\$|[$€£¥₹]"
WORD = "|".join(rf"{re.escape(word)}(?![a-z])" for word in sorted(WORDS, key=len, reverse=True))
MONEY = re.compile(
    rf"(?:(?P<sign>{SYMBOL})\s*(?P<a>{FIGURES}|{CHINESE})(?:\s*(?:usd|美元|元))?|(?:(?P<before>usd|eur|gbp|cny|rmb)\s*)(?P<c>{FIGURES})"
    rf"|(?P<b>{N})\s*-?\s*(?P<word>{WORD}|{SYMBOL}))",
    re.I,
)
CENTS = re.compile(rf"(?P<n>{FIGURES}|{ENGLISH})\s*(?:cents?|¢)(?!\w)", re.I)

# Shares of the price. Chinese counts what is left to pay in tenths (八五折), and the tenths taken off as 成.
PERCENT = re.compile(
    rf"(?P<n>{FIGURES}|{ENGLISH})\s*-?\s*(?:%(?!\d)|percent|per cent|pct\b)|百分之(?P<zh>{CHINESE}|{FIGURES})|(?P<zp>{CHINESE})个(?:百分)?点",
    re.I,
)
TENTHS = re.compile(rf"(?P<n>\d+(?:\.\d+)?|{CHINESE})\s*折(?!叠|射|痕|腾|磨|中|返|旧)(?P<half>半)?")
TENTHS_OFF = re.compile(
    rf"(?P<n>{CHINESE}|\d)成(?=优惠|折扣|的?价)|(?:省|减|降|便宜|优惠|让利)(?:了|价)?(?P<m>{CHINESE}|\d)成(?P<rest>[一二三四五六七八九\d]|半)?"
)
LOOKALIKE = re.compile(r"(?<![A-Za-z0-9])(?=[\dOolI]*\d)(?=[\dOolI]*[OolI])[\dOolI]{2,}\s*(?:%|percent|元|折|off)")
HALVES = re.compile(
    r"\bhalf[- ](?:the )?(?:price|off)\b|\bby half\b|\bhalf the (?:usual |regular )?price\b|\b50/50\b|半价|对折|五折(?=起)",
    re.I,
)
FRACTIONS = re.compile(
    r"\b(?P<by>by )?(?P<n>an?|one|two|three)?[- ]?(?P<part>third|quarter|fifth|tenth)s?(?(by)|[- ](?:off|discount|less|cheaper))\b|\bhalf (?:off|discount)\b",
    re.I,
)
PARTS = {"third": 3, "quarter": 4, "fifth": 5, "tenth": 10}
TIMES = re.compile(
    r"\b(?P<w>double|twice|triple|thrice|quadruple|quintuple)(?= (?:the |your |our )?(?:points|discounts?|savings?|value|amount|the|as))"
    rf"|(?P<n>{N})\s*(?:倍|[- ]?fold\b|x\b|times (?:the|more|as|your))|(?P<z>双倍|翻倍|加倍|三倍)",
    re.I,
)

# Words before or after an amount that say what it is the amount of.
BEFORE = {
    "min": r"over|above|from|exceeding|spend(?:ing)?|spend at least|worth|at least|minimum(?: order| spend)?(?: of)?|orders? of|beyond|buy|reach|reaches|hit|once you spend"
    r"|(?<!不)满(?:额)?|达到?|消费满?|超过?|购物?满",
    "off": r"save|saves|saving|savings of|off|minus|less|deduct|discount of|knock|take|立减|直减|减(?:免)?|立省|省(?:下)?|便宜|优惠|抵扣?|返|减去|少付|折扣|直降|降",
    "was": r"(?:falls?|drops?|goes|comes|came|went|down|reduced|cut|marked down) from|was|were|instead of|down from|regular(?:ly)?(?: price)?|usual(?:ly)?(?: price)?|original(?:ly)?(?: price)?|list(?:ed)?(?: price)?(?: at| of)?|normal(?:ly)?|before|rrp|原价|平时|日常价|吊牌价|原售价|市场价|不再是|而不是",
    "now": r"用完?券后?|now|just|only|pay|pays|for only|for just|yours for|as low as|现价|到手价?|仅需?|只要|只需|只卖|券后价?|折后价?|活动价|特惠价|优惠价|现在|现仅|低至|只售|付|实付",
    "price": r"price[ds]?(?: at| of| is)?|costs?|sells? for|retail(?:s|ing)?(?: at| for)?|at|售价|标价|定价|单价|卖|价格",
    "cap": r"(?:stops|tops out|ends) at|(?<!add )(?<!adds )(?<!comes )(?<!come )up to|(?:never|not|no) more than|maximum(?: of)?|max\.?(?: of)?|capped at|at most|to a maximum of|limit(?:ed)? to|最高|最多|封顶|上限|至多|不超过",
}
AFTER = {
    "off": r"(?:\w+ ){0,1}?(?:off|discount|savings?|cheaper|less|reduction|voucher|coupon|credit)|折扣|优惠|的?(?:优惠券|代金券|券|红包|立减)",
    "min": r"gets you|buys you|or more|\+|minimum|in (?:the|your) basket|and (?:up|over|above|more)|or (?:above|over)|plus\b|以上|起(?!见)|及以上",
    "cap": r"(?:at )?(?:most|maximum|max)\b|cap\b|封顶|为限|上限",
    "price": r"(?:a )?(?:piece|each|apiece)\b|buys|gets you|takes (?:it |them )?home|(?:就|便|即)?(?:能|可|可以)?(?:带走|拿下|抱回家|入手|买到|带回家)|(?:一|每|/)(?:件|瓶|个|盒|套|支)",
}
FILLER = r"(?:(?:a|an|the|of|is|at|to|as|by|about|up|you|your|order|orders|value|total|price|another|extra|further|了|是|为|价|到|您|可|再|还|即|就|约|共|[：:（(]|~)\s*){0,3}"
_ROLES_BEFORE = {role: re.compile(rf"(?:{words})\s*{FILLER}[-\s]*$", re.I) for role, words in BEFORE.items()}
_ROLES_AFTER = {role: re.compile(rf"\s*-?\s*(?:{words})", re.I) for role, words in AFTER.items()}

# 满300减50, with the currency or without it.
TIER = re.compile(
    rf"满\s*(?:{SYMBOL})?\s*(?P<min>{FIGURES}|{CHINESE})\s*(?P<u1>{WORD})?\s*[，,]?\s*(?:即|可|就|再|立|直)*(?:减|返|省|抵|优惠|送)(?:免|去|现)?\s*(?:{SYMBOL})?\s*(?P<off>{FIGURES}|{CHINESE})(?!\d|\s*(?:件|份|个|瓶|%|折|积分|分))\s*(?P<u2>{WORD})?"
)
BARE = re.compile(rf"(?P<n>{FIGURES}|{CHINESE})")


def read(text: str, currency: str) -> Iterator[Claim]:
    """The amounts of a text that is in plain signs; `currency` is that of amounts written without one."""
    yield from _tiers(text, currency)
    yield from _shares(text)
    yield from _money(text, currency)
    yield from _times(text)


def _tiers(text: str, currency: str) -> Iterator[Claim]:
    for match in TIER.finditer(text):
        for name, unit, role in (("min", "u1", "min"), ("off", "u2", "off")):
            amount = value(match[name])
            if amount is not None:
                start = match.start() if role == "min" else match.start(name)
                end = match.end(unit) if match[unit] else match.end(name)
                written = WORDS.get((match[unit] or "").lower(), "")
                yield Claim(start, end, "money", amount, written or currency, frozenset({role}))


def _shares(text: str) -> Iterator[Claim]:
    for match in PERCENT.finditer(text):
        number = value(match["n"] or match["zh"] or match["zp"])
        if number is not None:
            yield _share(match, number / 100, _left(text, match))
    for match in TENTHS.finditer(text):
        number = value(match["n"])
        if number:
            number += 0.5 if match["half"] else 0.0
            yield Claim(match.start(), match.end(), "percent", round(1 - number / (10 if number < 10 else 100), 4))
    for match in TENTHS_OFF.finditer(text):
        number = value(match["n"] or match["m"])
        if number is not None:
            rest = 0.5 if match["rest"] == "半" else (value(match["rest"] or "零") or 0.0) / 10
            yield _share(match, (number + rest) / 10, False)
    for match in LOOKALIKE.finditer(text):
        yield Claim(match.start(), match.end(), "percent", "letters among the figures")
    for match in HALVES.finditer(text):
        yield Claim(match.start(), match.end(), "percent", 0.5)
    for match in FRACTIONS.finditer(text):
        if match["part"]:
            number = {"two": 2, "three": 3}.get((match["n"] or "").lower(), 1)
            yield _share(match, number / PARTS[match["part"].lower()], False)


def _share(match: re.Match[str], share: float, left: bool) -> Claim:
    return Claim(match.start(), match.end(), "percent", round(1 - share if left else share, 4))


def _left(text: str, match: re.Match[str]) -> bool:
    """Whether a percentage says what is left to pay."""
    before, after = text[: match.start()][-24:], text[match.end() :][:24]
    pays = re.search(r"(?:pay|for)(?: only| just)?\s*$", before, re.I) and re.match(r" of (?:the|its|our)", after, re.I)
    return bool(pays)


def _money(text: str, currency: str) -> Iterator[Claim]:
    for match in CENTS.finditer(text):
        number = value(match["n"])
        if number is not None:
            yield Claim(match.start(), match.end(), "money", number / 100, currency, _roles(text, match))
    for match in MONEY.finditer(text):
        number = value(match["a"] or match["b"] or match["c"])
        written = match["sign"] or match["word"] or match["before"]
        if number is None or _idiom(text, match):
            continue
        unit = SYMBOLS.get(written.lower()) or WORDS[written.lower()]
        if unit == "CNY" and currency == "JPY" and "¥" in match.group():
            unit = "JPY"
        if unit == "USD" and written == "$" and currency in ("AUD", "CAD", "HKD", "SGD", "NZD"):
            unit = currency
        yield Claim(match.start(), match.end(), "money", number, unit, _roles(text, match))
    for match in BARE.finditer(text):
        roles = _roles(text, match)
        strong = re.search(rf"(?:满|减|立省|save|spend)\s*{FILLER}$", text[: match.start()], re.I) or re.match(
            r"\s*off\b", text[match.end() :], re.I
        )
        number = value(match["n"])
        follows = re.match(
            r"[\d.,]*\s*(?:%|折|[件份个瓶款天日月年次位盒套支杯人成倍点]|percent)", text[match.end() :], re.I
        )
        if strong and roles & {"min", "off"} and number is not None and not follows:
            yield Claim(match.start(), match.end(), "money", number, currency, roles & {"min", "off", "cap"})


def _idiom(text: str, match: re.Match[str]) -> bool:
    """一元 in 多元, 一块 for "a piece" or "together"."""
    word = match["word"] or ""
    if word == "块" and re.search(r"(?:剩|余|还有|只有|仅有)\s*$", text[: match.start()]):
        return True
    if word in ("块", "元", "圆", "刀") and re.search(r"[多单二]$", text[: match.start()]):
        return True
    return word == "块" and bool(re.fullmatch(r"[一两几]", match["b"] or ""))


def _roles(text: str, match: re.Match[str]) -> frozenset[str]:
    before, after = text[: match.start()][-40:], text[match.end() :][:24]
    if re.search(
        r"(?:[\d%]|half|third|quarter|fifth|tenth) off (?:of )?(?:your |an? |any |orders? (?:of |over )?)?$",
        before,
        re.I,
    ):
        return frozenset({"min", "price"})
    later = {role for role, pattern in _ROLES_AFTER.items() if pattern.match(after)}
    if later:
        return frozenset(later | ({"cap"} if _ROLES_BEFORE["cap"].search(before) else set()))
    earlier = {role for role, pattern in _ROLES_BEFORE.items() if pattern.search(before)}
    return frozenset(earlier)


def _times(text: str) -> Iterator[Claim]:
    for match in TIMES.finditer(text):
        word = (match["w"] or match["z"] or "").lower()
        number = {
            "double": 2.0,
            "twice": 2.0,
            "triple": 3.0,
            "thrice": 3.0,
            "quadruple": 4.0,
            "quintuple": 5.0,
            "三倍": 3.0,
        }.get(word, 2.0)
        if match["n"]:
            found = value(match["n"])
            if found is None:
                continue
            number = found
        yield Claim(match.start(), match.end(), "number", number, "times")
