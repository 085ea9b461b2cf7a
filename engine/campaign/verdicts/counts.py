"""Numbers of things, sizes and weights."""

import re
from collections.abc import Iterator

from engine.campaign.known import FEW_PRODUCTS, Line
from engine.campaign.reading.claim import Claim
from engine.campaign.reading.numerals import CHINESE, ENGLISH, FIGURES, plainer, value
from engine.campaign.verdicts import sums
from engine.campaign.verdicts.amounts import is_equal
from engine.campaign.verdicts.text import Text
from engine.campaign.verdicts.verdict import Verdict, no_fact, true

TIERS = ("tier", "threshold", "step", "level", "档")
# What a shop calls whatever it sells.
GENERAL = {
    "product", "item", "piece", "set", "style", "", "件", "款", "种", "样", "个", "只", "favourite", "favorite",
    "thing", "find", "classic", "essential", "staple",
}  # fmt: skip
ROUND = re.compile(r"直径|口径|diameter|across", re.I)
# How many of the second unit one of the first is.
CONVERTED = {("lb", "g"): 453.592, ("oz", "g"): 28.3495, ("oz", "ml"): 29.5735, ("inch", "cm"): 2.54}
OF_THEM = re.compile(r"\s*of (?:them|these)\b", re.I)
HOLDS = re.compile(r"[装盛容]|重|holds?|capacity|contains?|takes|weigh", re.I)
COUNTED = re.compile(rf"(?:{FIGURES}|{ENGLISH})[- ](?P<noun>[a-z]+(?: [a-z]+)?)")
# Words by which a clause says what comes with something.
INCLUDES = re.compile(
    r"includ|contain|comes? with|set of|box of|pack of|with (?:the|a|our|your)|inside|holds|in stock|left|free"
    r"|\bget\b|every|each"
    r"|含|配|附|送|赠|内有|内含|套|装|带|剩|余|库存|共|每|款|到手",
    re.I,
)
SCENERY = {
    "cup",
    "step",
    "layer",
    "level",
    "home",
    "time",
    "thing",
    "find",
    "portion",
    "serving",
    "people",
    "use",
    "owner",
    "shopper",
    "buyer",
}
COUNTED_AFTER = re.compile("[\u4e00-\u9fff]{1,2}")
COUNTED_CHINESE = re.compile("[\u4e00-\u9fff]{2}$")


def number(claim: Claim, around: Text) -> Verdict | None:
    """A number: true where the offer, the stock, the brief or a line of the catalogue counts as many of the same."""
    if claim.unit == "times":
        return no_fact(claim)
    if _is_of_products(claim, around) and _is_the_category(claim, around):
        return true(claim, "brief: product_ids")
    counted = _counted(claim, around)
    if counted is not None:
        numbers, row = counted
        right = float(claim.value) in {bundle * number for bundle in _bundles(around) for number in numbers}
        return true(claim, row) if right else no_fact(claim)
    if claim.unit in TIERS and around.known.offer.kind != "spend_save" and not re.match(r"\d", around.said(claim)):
        return None
    if _is_scene(claim, around):
        return None
    if claim.unit in TIERS and not _is_of_the_bundle(claim, around):
        right = float(claim.value) == len(around.known.offer.tiers)
        return true(claim, "brief: offer") if right else no_fact(claim)
    if sums.is_sum_of_points(claim, around):
        return true(claim, "products: price")
    found = "brief: product_ids" if _is_of_products(claim, around) else next(_rows(claim, around), None)
    return true(claim, found) if found else no_fact(claim)


def _is_scene(claim: Claim, around: Text) -> bool:
    """In words, cups and the like that the catalogue does not know, in a clause about no product: 一把壶，两只杯."""
    said, clause = around.said(claim), around.clause(claim)
    if re.search(r"\d", said) or INCLUDES.search(clause) or around.named_in(clause):
        return False
    if claim.unit.isascii():
        return claim.unit in SCENERY and claim.unit not in around.known.nouns
    thing = COUNTED_AFTER.match(around.after(claim))
    known = "".join((*around.known.names, *(line.text for line in around.known.lines if not line.policy)))
    return thing is not None and thing.group() not in known and thing.group() not in "".join(GENERAL)


def measure(claim: Claim, around: Text) -> Verdict | None:
    """A size or weight: true where a line of the catalogue has it, all its sides or the last one."""
    for line in around.lines_meant(claim):
        for other in line.claims:
            same = other.kind == "measure" and other.unit == claim.unit
            exact = other.figures == claim.figures if claim.figures else other.value == claim.value
            if (same and (exact or _is_a_side(claim, other, around))) or _is_converted(claim, other):
                return true(claim, line.row)
    if row := sums.share_of_a_measure(claim, around):
        return true(claim, row)
    if re.match(r"(?:one|an?|一|半|half)", around.said(claim), re.I) and not _is_contents(claim, around):
        return None  # "a metre away", 一米阳光: no figure
    return no_fact(claim)


def _is_converted(claim: Claim, other: Claim) -> bool:
    """Whether a size in inches, pounds or ounces is the catalogue's in other units, as exactly as it is said."""
    factor = CONVERTED.get((claim.unit, other.unit))
    if other.kind != "measure" or factor is None or len(claim.figures) != len(other.figures):
        return False
    scale = float(other.value) / other.figures[-1] if other.figures[-1] else 1.0
    pairs = zip(claim.figures, other.figures, strict=True)
    return all(abs(said - own * scale / factor) <= _last_place(said) / 2 + 1e-9 for said, own in pairs)


def _last_place(number: float) -> float:
    """What one of the last figure of a number is worth."""
    return 10.0 ** -len(f"{number:g}".partition(".")[2])


def _is_a_side(claim: Claim, other: Claim, around: Text) -> bool:
    """Whether a single figure is one side of a size, in whatever unit; a diameter is of what is round."""
    if isinstance(other.value, str) or isinstance(claim.value, str) or len(claim.figures) != 1:
        return False
    if len(other.figures) > 1 and ROUND.search(around.clause(claim)):
        return False
    factor = other.value / other.figures[-1] if other.figures and other.figures[-1] else 1.0
    return any(abs(figure * factor - claim.value) < 1e-6 for figure in other.figures or (other.value,))


def _is_contents(claim: Claim, around: Text) -> bool:
    """Half a litre that something holds, beside a line that says what it holds."""
    holds = HOLDS.search(around.before(claim)[-12:]) and claim.unit in ("ml", "g")
    return bool(holds) and any(one.unit == claim.unit for line in around.own_lines(claim) for one in line.claims)


def _bundle(around: Text) -> tuple[float, ...]:
    """Of buy one, get one: those to buy, those for free, and both."""
    offer = around.known.offer
    if offer.kind != "buy_x_get_y" or not offer.tiers:
        return ()
    buy, free = offer.tiers[0]
    return (buy, free, buy + free)


def _bundles(around: Text) -> set[float]:
    return {1.0, *_bundle(around)}


def _is_of_the_bundle(claim: Claim, around: Text) -> bool:
    return float(claim.value) in _bundle(around)


def _rows(claim: Claim, around: Text) -> Iterator[str]:
    """Where as many are counted, the surest place first."""
    known, said = around.known, float(claim.value)
    if _is_of_the_bundle(claim, around):
        yield "brief: offer"
    for name, left in (known.stock or {}).items():
        if claim.unit and left == said and claim.unit in name.lower():
            yield f"products: stock of {name}"
    if OF_THEM.match(around.after(claim)):
        yield from (f"products: stock of {name}" for name, left in (known.stock or {}).items() if left == said)
    money = around.in_sentence(claim, "money")
    yield from (one.row for one in known.amounts if one.count == said and any(is_equal(one, sum_) for sum_ in money))
    yield from (line.row for line in around.own_lines(claim) if _counts_as_many(line, claim, around))


def _of_the_brief(around: Text) -> int:
    """How many products the brief names, or its category has where they are few."""
    known = around.known
    few = len(known.names) - bool(known.gift) if len(known.names) <= FEW_PRODUCTS else 0
    return known.briefed or few


def _is_of_products(claim: Claim, around: Text) -> bool:
    """Whether a number is how many products the copy is about: two teas."""
    said = float(claim.value)
    return said > 1 and said == _of_the_brief(around) and bool(_counts_products(claim, around))


def _is_the_category(claim: Claim, around: Text) -> bool:
    return any(claim.unit and claim.unit in name.lower() for name in (around.known.categories or {}).values())


def _counts_products(claim: Claim, around: Text) -> bool:
    names = (*around.known.names, *(around.known.categories or {}).values())
    return claim.unit in GENERAL or any(claim.unit in name.lower() for name in names)


def _counts_as_many(line: Line, claim: Claim, around: Text) -> bool:
    """Whether a line has the number, alone or by the bundle; one that does not say of what is taken for the same."""
    if claim.unit and claim.unit not in line.text.lower():
        return False
    own = {float(one.value) for one in line.claims if one.kind in ("number", "duration") or _is_figure(one)}
    figures = own | {figure for one in line.claims for figure in one.figures}
    return float(claim.value) in {bundle * figure for figure in figures for bundle in _bundles(around)}


def _is_figure(claim: Claim) -> bool:
    return claim.kind == "measure" and not isinstance(claim.value, str)


def _counted(claim: Claim, around: Text) -> tuple[set[float], str] | None:
    """How many of the same thing the catalogue counts, and where; None where it counts none."""
    pattern = _counts_the_same(claim, around)
    for line in around.own_lines(claim) if pattern else ():
        found = re.findall(pattern, plainer(line.text).lower())
        read = [value("one" if one in ("a", "an") else one) for one in found]
        numbers = {number for number in read if number is not None}
        if numbers:
            return numbers, line.row
    return None


def _counts_the_same(claim: Claim, around: Text) -> str:
    """The pattern of how lines count what the claim counts; empty where it does not say what that is."""
    chinese = COUNTED_CHINESE.search(around.before(claim))
    if chinese and claim.unit:
        return rf"{chinese.group()}({FIGURES}|{CHINESE})\s*{claim.unit}"
    english = COUNTED.match(f"{around.said(claim)}{around.after(claim)[:16]}".lower())
    if not english:
        return ""
    # "a flat sheet" counts; "in a tin" does not.
    article = "an?|" if re.fullmatch(r"\w+ \w+s", english["noun"]) else ""
    noun = re.escape(re.sub(r"s$", "", english["noun"]))
    return rf"\b({article}{FIGURES}|{ENGLISH})[- ]{noun}"
