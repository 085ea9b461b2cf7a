"""What is left in stock, and how the customers rate it."""

import re
from collections.abc import Mapping
from dataclasses import replace

from engine.campaign.known import FEW_LEFT, Line
from engine.campaign.reading.claim import Claim
from engine.campaign.reading.numerals import CHINESE, ENGLISH, FIGURES, value
from engine.campaign.verdicts.text import Text, numbers_in
from engine.campaign.verdicts.verdict import Verdict, no_fact, refused, true

MANY_BEFORE = re.compile(rf"(?P<n>{FIGURES}|{ENGLISH}|{CHINESE})\s*(?:of (?:them|these)\s*)?$", re.I)
RATED = re.compile(r"评|打|给|留言|review|rat(?:ed|ing)|star", re.I)
NEEDS_A_NUMBER = ("stars", "reviews")  # words that are said of other things too
BEST = 5.0  # stars; "out of five" is no claim of its own


def stock(claim: Claim, around: Text) -> Verdict | None:
    """What is said to be left: true where the stock of a product that the sentence names, or of any, is so."""
    left = _stock_of(claim, around)
    figures = _figures(claim, around)
    if figures:
        right = [name for name, pieces in left.items() if pieces in figures]
        exact = right and len(figures) == 1
        return true(claim, f"products: stock of {right[0]}") if exact else refused(claim, "other_stock")
    if claim.value == "left":
        return _so_many_left(claim, left, around)
    least = min(left, key=lambda name: left[name], default="")
    if least and claim.value == "in_stock" and left[least] > 0:
        return true(claim, "products: stock")
    most = {"sold_out": 0, "low": FEW_LEFT}.get(str(claim.value), -1)
    return true(claim, f"products: stock of {least}") if least and left[least] <= most else no_fact(claim)


def _stock_of(claim: Claim, around: Text) -> Mapping[str, float]:
    known = around.known.stock or {}
    named = [name for name in around.products(claim) if name in known]
    return {name: known[name] for name in named} if named else known


def _so_many_left(claim: Claim, left: Mapping[str, float], around: Text) -> Verdict | None:
    """A number right before "left" that is no claim of its own: one of them, 一."""
    before = MANY_BEFORE.search(around.before(claim))
    if not before:
        return None
    whole = replace(claim, start=before.start())
    right = value(before["n"]) in left.values()
    return true(whole, "products: stock") if right else refused(whole, "other_stock")


def rating(claim: Claim, around: Text) -> Verdict | None:
    """Stars and reviews: true where the shop's own reviews have these figures; praise without one never is."""
    figures = _figures(claim, around) | numbers_in(around.said(claim))
    if claim.value in NEEDS_A_NUMBER and not figures:
        return None
    praise = claim.value == "loved" and not RATED.search(around.sentence(claim))
    if not figures or claim.value == "voted" or praise:
        return no_fact(claim)
    lines = [line for line in around.own_lines(claim) if line.row.startswith("reviews of ")]
    right = next((line for line in lines if figures - {BEST} <= _review_figures(line)), None)
    if right and (figures - {BEST} or BEST in _review_figures(right)):
        return true(claim, right.row)
    return refused(claim, "other_rating", rating=lines[0].text.split(", 评")[0]) if lines else no_fact(claim)


def _figures(claim: Claim, around: Text) -> set[float]:
    """The numbers of the claim's clause that are neither money nor a share."""
    return {float(one.value) for one in around.in_clause(claim, "number")}


def _review_figures(line: Line) -> set[float]:
    """The average and the number of reviews in the line of a product's reviews."""
    return {float(number) for number in re.findall(r"\d+(?:\.\d+)?", line.text.replace("out of 5", ""))}
