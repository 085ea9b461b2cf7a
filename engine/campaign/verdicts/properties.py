"""Materials, origins and what else the catalogue says of a product."""

import re

from engine.campaign.known import Line
from engine.campaign.reading import lexicon
from engine.campaign.reading.claim import Claim
from engine.campaign.reading.numerals import plainer
from engine.campaign.verdicts.lines import EXACT
from engine.campaign.verdicts.text import Text, stands
from engine.campaign.verdicts.verdict import Verdict, no_fact, true

LEADING = re.compile(
    r"^(?:(?:comes?|available|sold|in|for|fits?|on|cut|made|a|an|your|any|the|is|are|not|be|of|with) )+"
)
SINGULAR = re.compile(r"(?<=[a-z]{3})s$")
GOES = re.compile(r"deliver|ship|\bpost|send|配送|寄|发货|送到|送往", re.I)
DELIVERED = re.compile(r"deliver|ship|配送|发货", re.I)
DENIED_BEFORE = re.compile(
    r"(?:\b(?:not|never|isn't|aren't|wasn't|no|without|zero|free of|can't|cannot|don't|doesn't"
    r"|nothing)(?! (?:only|just|merely))"
    r"(?: (?:a|an|any|the|be|in|on|made|of|from|to|put|it|them|single|drop|trace|bit|hint|contain|safe|suitable"
    r"|for)){0,4} ?"
    r"|(?:不是|没有|不含|不带|不能|不可以?|无法|不支持|并非|绝非|不适合|不适用|谢绝|禁止|切勿|不得)(?:用|上|进|在|于|任何|含|使用|放|采用)?)$",
    re.I,
)
DENIED_AFTER = re.compile(
    r"(?:灶)?(?:上|里)?(?:就|都|也|是|均|暂)?(?:不能|不可|不行|不支持|不适用|不适合|不建议|用不了|没法|无法|除外|禁用|免谈)"
    r"|s?(?:\s|-)(?:is|are)(?:n't| not) (?:possible|allowed|suitable|recommended|an option)\b",
    re.I,
)
PART_OF_IT = re.compile(r"free|不|无|without|\bno\b", re.I)
SIZES = ("xxs", "xs", "s", "m", "l", "xl", "xxl", "xxxl")
SIZE_RANGE = re.compile(r"(?<!\w)(x{0,3}[sml])\s*[-–~至到]\s*(x{0,3}[sml])(?!\w)", re.I)


def attribute(claim: Claim, around: Text) -> Verdict | None:
    """A property: true where a line of the catalogue or a product's own name has it."""
    said, name = around.said(claim).lower(), str(claim.value)
    if name.startswith(lexicon.PREFIX):
        return _listed(claim, around)
    if name.startswith("made of "):
        return _made_of(claim, around, name.removeprefix("made of "))
    for line in (*around.lines_meant(claim), *_where_it_goes(claim, around)):
        listed = any(other.kind == "attribute" and other.value == name for other in line.claims)
        ranged = name == "garment_size" and _in_range(said, line.text)
        if (listed and name not in EXACT) or ranged or stands(said, line.text):
            return no_fact(claim) if _is_denied(claim, around) else true(claim, line.row)
    if _is_a_kind(claim, around):
        return true(claim, f"products: {said}")
    named = around.products(claim)
    own = next((one for one in around.known.names if said in one.lower()), None)
    return true(claim, f"products: {own}") if own and (not named or own in named) else no_fact(claim)


def _listed(claim: Claim, around: Text) -> Verdict | None:
    """A listed word: a claim where the catalogue says something of its group, of the products that are meant."""
    said = SINGULAR.sub("", LEADING.sub("", around.said(claim).lower()))
    lines = around.own_lines(claim, close=True)
    for line in (*lines, *(around.own_lines(claim) if around.products(claim) else ())):
        if said in line.text.lower() or stands(said, line.text):
            return no_fact(claim) if _is_denied(claim, around) else true(claim, line.row)
    if any(said in name.lower() for name in around.known.names):
        return None
    is_group = not str(claim.value).startswith(f"{lexicon.PREFIX}place") and any(
        line.row.startswith("products ") and str(claim.value) in lexicon.groups(plainer(line.text)) for line in lines
    )
    return no_fact(claim) if is_group and not _is_denied(claim, around) else None


def _where_it_goes(claim: Claim, around: Text) -> list[Line]:
    """The lines on delivery, where the sentence speaks of that: a place in it is no origin."""
    if not GOES.search(around.sentence(claim)):
        return []
    return [line for line in around.known.lines if line.policy and DELIVERED.search(line.text)]


def _is_denied(claim: Claim, around: Text) -> bool:
    """Whether the words right before or after say that what the catalogue says is not so."""
    start = around.clause_start(claim)
    denied = DENIED_BEFORE.search(around.plain[start : claim.start]) or DENIED_AFTER.match(around.after(claim))
    return bool(denied and not PART_OF_IT.search(around.said(claim)))


def _is_a_kind(claim: Claim, around: Text) -> bool:
    """Whether the words are what one product is, in a clause of figures that names none: 红茶7条评价."""
    said = around.said(claim).lower()
    short = said in {**around.known.tails, **around.known.kinds} or (
        f"the {said}" in around.known.tails and re.search(r"\b(?:the|our|your|this) $", around.before(claim), re.I)
    )
    return bool(short) and bool(around.in_clause(claim, "rating", "stock", "money"))


def _in_range(said: str, text: str) -> bool:
    """Whether a garment size lies in a range such as XS-XL."""
    found = SIZE_RANGE.search(text)
    if not found or not {said, found[1].lower(), found[2].lower()} <= set(SIZES):
        return False
    return SIZES.index(found[1].lower()) <= SIZES.index(said) <= SIZES.index(found[2].lower())


def _made_of(claim: Claim, around: Text, material: str) -> Verdict | None:
    """Materials and places of no list: true where the catalogue has the word."""
    if material in around.known.words:
        return None
    pieces = re.findall(r"[a-z]{3,}", material)[-1:] or [material[at : at + 2] for at in range(len(material) - 1)]
    lines = around.own_lines(claim)
    for line in lines:
        if any(piece in line.text.lower() for piece in pieces):
            return true(claim, line.row)
    return no_fact(claim) if lines else None
