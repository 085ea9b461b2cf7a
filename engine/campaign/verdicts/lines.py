"""The lines of catalogue, policy and offer that bear a promise out."""

import re

from engine.campaign.known import Line
from engine.campaign.reading.claim import Claim
from engine.campaign.verdicts.text import Text

# True only in the very words of the line.
EXACT = ("tested", "certified", "patented", "award", "official", "garment_size", "carrier", "buttons")
DENIED = re.compile(r"\b(?:no|not|never|without)\b|不|没有|无(?!理由)", re.I)
DENIES_NOTHING = re.compile(r"不满|无理由|without giving")


def lines_of(promise: Claim, around: Text) -> list[Line]:
    """The lines that speak of what a promise speaks of, and do not deny it."""
    said = around.said(promise).lower()
    return [
        line
        for line in around.known.lines
        if (line.policy or promise.kind == "points")
        and any(other.kind == promise.kind and other.value == promise.value for other in line.claims)
        and _applies(line, around, promise)
        and (promise.value not in EXACT or said in line.text.lower())
    ]


def _applies(line: Line, around: Text, promise: Claim) -> bool:
    """Whether a line speaks of what the copy speaks of, and denies what the copy denies."""
    if line.denies and not DENIES_NOTHING.search(line.text) and not DENIED.search(around.clause(promise)):
        return False
    categories = set((around.known.categories or {}).values())
    sentence = around.sentence(promise).lower()
    if not line.about or any(one.lower() in sentence for one in line.about):
        return True
    return bool(line.about & categories) and len(categories) <= len(line.about)


def line_says(line: Line, claim: Claim) -> bool:
    """Whether a line says the amount: a duration in days, the longer end of a range; a number; money."""
    for other in line.claims:
        same = other.kind == claim.kind and other.value == claim.value
        if same and (claim.kind in ("duration", "number") or other.unit == claim.unit):
            return len(claim.figures) < 2 or claim.figures[0] == other.figures[0]
        # "Four pillowcases" are not the four days of a line about delivery.
        counts_another = claim.unit.isascii() and claim.unit and claim.unit not in line.text.lower()
        if claim.kind == "number" and claim.value in other.figures and not counts_another:
            return True
    return False
