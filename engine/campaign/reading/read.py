"""All claims of a text."""

import functools
import re
from collections.abc import Iterable, Sequence

from engine.campaign.reading import amounts, days, names, terms
from engine.campaign.reading.claim import Claim
from engine.campaign.reading.numerals import CHINESE, ENGLISH, FIGURES, plainer, value

SENTENCE_END = re.compile(r"(?<=[!?。！？；\n])|(?<=[.;])(?=\s)")
CLAUSE_END = re.compile(r"[，；：。！？\n—]|[,;:.!?](?!\d)")

MEASURES = {
    "ml": ("ml", 1), "millilit": ("ml", 1), "毫升": ("ml", 1), "cl": ("ml", 10), "l": ("ml", 1000), "lit": ("ml", 1000), "升": ("ml", 1000), "oz": ("oz", 1), "ounce": ("oz", 1),
    "g": ("g", 1), "gram": ("g", 1), "克": ("g", 1), "kg": ("g", 1000), "kilo": ("g", 1000), "公斤": ("g", 1000), "千克": ("g", 1000), "斤": ("g", 500), "lb": ("lb", 1), "pound": ("lb", 1),
    "mm": ("cm", 0.1), "毫米": ("cm", 0.1), "cm": ("cm", 1), "centimet": ("cm", 1), "厘米": ("cm", 1), "公分": ("cm", 1), "m": ("cm", 100), "met": ("cm", 100), "米": ("cm", 100), "inch": ("inch", 1), "寸": ("inch", 1), "英寸": ("inch", 1),
    "degree": ("degree", 1), "°": ("degree", 1), "℃": ("degree", 1), "度": ("degree", 1), "watt": ("w", 1), "w": ("w", 1), "瓦": ("w", 1), "mm²": ("cm2", 0.01), "姆米": ("momme", 1), "支": ("count", 1), "gsm": ("gsm", 1), "mah": ("mah", 1),
}  # fmt: skip
MEASURE = re.compile(
    rf"(?:(?P<first>{FIGURES})\s*[x×*]\s*)?(?P<n>{FIGURES}|{CHINESE}|{ENGLISH})[\s-]*(?P<unit>毫升|毫米|公斤|千克|厘米|公分|英寸|姆米|升|克|斤|米(?!线|饭|粉|色|白)|寸|度(?![假过日数])|瓦|℃|°|mah\b|gsm\b|millilit\w*|centimet\w*|met(?:er|re)s?\b|lit(?:er|re)s?\b|inch(?:es)?\b|ounces?\b|grams?\b|kilo(?:gram)?s?\b|degrees?\b|watts?\b|pounds?\b(?! off)|ml\b|cl\b|kg\b|mm\b|cm\b|oz\b|lbs?\b|l\b|g\b|m\b|w\b)",
    re.I,
)
SPF = re.compile(r"\b(?:SPF|UPF|PA)\s?(?P<n>\d+\+?|\+{1,4})", re.I)

# Nouns that make a number in words a claim; the shop's own nouns join them.
COUNTED = frozenset(
    ["product", "item", "piece", "favourite", "favorite", "thing", "find", "classic", "essential", "staple", "set", "pack", "bag", "tin", "box", "bottle", "jar", "tube", "tablet", "capsule", "sheet", "towel", "colour", "color", "size", "shade", "style", "pair", "layer", "ingredient", "vitamin", "herb", "oil", "time", "customer", "people", "review", "home", "shop", "store", "day", "hour", "week", "month", "year", "star", "point", "cup", "wash", "use", "tier", "threshold", "step", "level", "serving", "portion", "pan", "board", "tea", "cream", "pillowcase", "button", "degree"]
)  # fmt: skip
COUNTED_CHINESE = "件款包片支瓶盒罐袋套只条双张把块床饼种色码层代枚粒颗枝箱桶道克重"
COUNT = re.compile(
    rf"(?<![\w.,-])(?!\w+ times out of)(?P<n>{FIGURES}|{ENGLISH})(?:[- ](?P<w1>[A-Za-z][a-z]+))?(?:[- ](?P<w2>[A-Za-z][a-z]+))?",
    re.I,
)
COUNT_CHINESE = re.compile(rf"(?P<n>{FIGURES}|{CHINESE})\s*(?:小|大)?(?P<unit>[{COUNTED_CHINESE}人位家个次年天]?)")
PROMISES = ("stock", "delivery", "guarantee", "gift", "points", "rating", "comparison", "superlative")
OFFERED = {"percent", "money", "gift", "delivery", "points"}
NEEDS_AN_OFFER = {"today", "tomorrow", "weekend", "week", "month", "weekday"}
ONLY = re.compile(
    r"\b(?:only|postage|shipping|preview|starts?|begins?|from|until|till|by|ends?|end of|valid|through|deal|sale|offer|special|discount|last)\b|有效|截止|结束|限|优惠|活动|特价|折|止|开始|起|底前|末前",
    re.I,
)


@functools.lru_cache(maxsize=20_000)
def read(text: str, currency: str, nouns: frozenset[str] = frozenset()) -> tuple[Claim, ...]:
    """Every claim of a text but for names of products, in order; of claims that overlap only the one that says most.

    `nouns`: the shop's own, in small letters, for which a number in words is a claim.
    """
    plain = plainer(text)
    terms_said = list(terms.read(plain))
    found = [*days.read(plain), *amounts.read(plain, currency), *_measures(plain), *names.codes(plain), *terms_said]
    found += _counts(plain, nouns, found)
    kept = _longest(_in_context(plain, found))
    return tuple(with_figures(claim, plain, kept) if claim.kind in PROMISES else claim for claim in kept)


def sentence_of(text: str, start: int) -> tuple[int, int]:
    """(start, end) of the sentence that a place of a text is in."""
    return _between(SENTENCE_END, text, start)


def clause_of(text: str, start: int, end: int) -> tuple[int, int]:
    """(start, end) of the clause around a place of a text: between commas and the like."""
    before = [match.end() for match in CLAUSE_END.finditer(text, 0, start)]
    after = CLAUSE_END.search(text, end)
    return (before[-1] if before else 0, after.start() if after else len(text))


def _between(pattern: re.Pattern[str], text: str, place: int) -> tuple[int, int]:
    cuts = [0, *(match.start() for match in pattern.finditer(text)), len(text)]
    first = max(cut for cut in cuts if cut <= place)
    return first, min((cut for cut in cuts if cut > place), default=len(text))


def with_figures(claim: Claim, text: str, claims: Iterable[Claim]) -> Claim:
    """The promise with the numbers of its clause."""
    first, last = clause_of(text, claim.start, claim.end)
    figures = [
        float(other.value) if other.kind != "duration" else other.figures[-1]
        for other in claims
        if first <= other.start
        and other.end <= last
        and other.kind in ("number", "duration", "money")
        and not isinstance(other.value, str)
    ]
    inside = [
        number
        for match in re.finditer(rf"{FIGURES}|{ENGLISH}|{CHINESE}", text[claim.start : claim.end], re.I)
        if (number := value(match.group())) is not None
    ]
    return Claim(
        claim.start,
        claim.end,
        claim.kind,
        claim.value,
        claim.unit,
        claim.roles,
        tuple(dict.fromkeys([*figures, *inside])),
    )


def _measures(text: str) -> Iterable[Claim]:
    for match in MEASURE.finditer(text):
        unit = match["unit"].lower()
        known = MEASURES.get(unit) or next(
            (
                MEASURES[name]
                for name in sorted(MEASURES, key=len, reverse=True)
                if len(name) > 1 and unit.startswith(name)
            ),
            None,
        )
        number = value(match["n"])
        if known and number is not None:
            figures = tuple(x for x in (value(match["first"]) if match["first"] else None, number) if x is not None)
            yield Claim(
                match.start(), match.end(), "measure", round(number * known[1], 6), known[0], frozenset(), figures
            )
    for match in SPF.finditer(text):
        yield Claim(match.start(), match.end(), "measure", match.group().upper().replace(" ", ""), "spf")


def _counts(text: str, nouns: frozenset[str], others: Sequence[Claim]) -> Iterable[Claim]:
    """Numbers that are nothing else: figures always, words where they count something a shop sells."""
    taken = [(claim.start, claim.end) for claim in others if claim.kind not in PROMISES]
    for match in COUNT.finditer(text):
        number = value(match["n"])
        if number is None or _inside(match.start("n"), match.end("n"), taken):
            continue
        noun = next((word for word in (match["w1"], match["w2"]) if word and _singular(word) in nouns | COUNTED), "")
        written = match["n"][:1].isdigit()
        if written or (noun and match["n"].lower() not in ("one",)):
            end = match.end("w2") if noun and noun == match["w2"] else match.end("w1") if noun else match.end("n")
            yield Claim(match.start("n"), end, "number", number, _singular(noun))
    for match in COUNT_CHINESE.finditer(text):
        number = value(match["n"])
        if number is None or _inside(match.start("n"), match.end("n"), taken):
            continue
        written = match["n"][:1].isdigit()
        if written:
            if re.match(r"[A-Za-z]", text[match.end("n") :]) or re.search(r"[A-Za-z]-?$", text[: match.start("n")]):
                continue
            yield Claim(match.start("n"), match.end(), "number", number, match["unit"])
        elif (
            match["unit"] in COUNTED_CHINESE and match["unit"] and match["n"] not in ("一",) and not _idiom(text, match)
        ):
            yield Claim(match.start("n"), match.end(), "number", number, match["unit"])


def _idiom(text: str, match: re.Match[str]) -> bool:
    """三五, 两三: a few. 千, 万, 十 alone: very. 三只 of 三只松鼠 is a name all the same."""
    written = match["n"]
    few = len(written) == 2 and all(ch in "一二两三四五六七八九" for ch in written)
    round_ = bool(re.fullmatch("一[百千万亿]", written)) and match["unit"] in "种次遍个"
    return few or round_ or written in ("千", "万", "百", "亿") or bool(re.search(r"[第初十]$", text[: match.start()]))


def _singular(word: str) -> str:
    word = word.lower()
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith(("ches", "shes", "xes", "sses")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def singular(word: str) -> str:
    """An English noun without its plural ending, in small letters."""
    return _singular(word)


def _inside(start: int, end: int, taken: Sequence[tuple[int, int]]) -> bool:
    return any(first <= start and end <= last for first, last in taken)


def _in_context(text: str, found: list[Claim]) -> list[Claim]:
    """Without days that are only part of the scene: "this weekend" counts where an offer or its end is spoken of."""
    kept = []
    for claim in found:
        if claim.kind == "date" and str(claim.value).split()[0] in NEEDS_AN_OFFER:
            first, last = sentence_of(text, claim.start)
            offered = any(other.kind in OFFERED and first <= other.start < last for other in found)
            if not offered and not ONLY.search(text[first:last]):
                continue
        kept.append(claim)
    return kept


RANK = ("product", "code", "date", "percent", "money", "measure", "number", "duration")


def _longest(found: list[Claim]) -> list[Claim]:
    """Of amounts that overlap, the one that says most; promises and properties stand beside the amounts in them."""
    said = [claim for claim in found if claim.kind in PROMISES or claim.kind == "attribute"]
    exact = [claim for claim in found if claim not in said]
    return sorted([*_apart(exact), *_apart(said)], key=lambda claim: (claim.start, claim.end))


def _apart(claims: list[Claim]) -> list[Claim]:
    kept: list[Claim] = []
    ranked = sorted(
        claims, key=lambda c: (-(c.end - c.start), RANK.index(c.kind) if c.kind in RANK else 9, -len(c.roles))
    )
    for claim in ranked:
        same_kind = [other for other in kept if other.start < claim.end and claim.start < other.end]
        if not same_kind or (
            claim.kind in PROMISES
            and all(o.kind != claim.kind for o in same_kind)
            and not any(o.start <= claim.start and claim.end <= o.end for o in same_kind)
        ):
            kept.append(claim)
    return kept
