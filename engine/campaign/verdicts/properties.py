"""Materials, origins and what else the catalogue says of a product."""

import re

from engine.campaign.reading.claim import Claim
from engine.campaign.verdicts.lines import EXACT
from engine.campaign.verdicts.text import Text, stands
from engine.campaign.verdicts.verdict import Verdict, no_fact, true

SIZES = ("xxs", "xs", "s", "m", "l", "xl", "xxl", "xxxl")
SIZE_RANGE = re.compile(r"(?<!\w)(x{0,3}[sml])\s*[-–~至到]\s*(x{0,3}[sml])(?!\w)", re.I)


def attribute(claim: Claim, around: Text) -> Verdict | None:
    """A property: true where a line of the catalogue or a product's own name has it."""
    said, name = around.said(claim).lower(), str(claim.value)
    if name.startswith("made of "):
        return _made_of(claim, around, name.removeprefix("made of "))
    for line in around.own_lines(claim):
        listed = any(other.kind == "attribute" and other.value == name for other in line.claims)
        ranged = name == "garment_size" and _in_range(said, line.text)
        if (listed and name not in EXACT) or ranged or stands(said, line.text):
            return true(claim, line.row)
    named = around.products(claim)
    own = next((one for one in around.known.names if said in one.lower()), None)
    return true(claim, f"products: {own}") if own and (not named or own in named) else no_fact(claim)


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
