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
RATED = re.compile(r"评|打|给|留言|[均分]|review|rat(?:ed|ing)|star", re.I)
MARKS = re.compile(r"(?:top|full) marks|满分", re.I)
PLENTY = 2 * FEW_LEFT  # pieces; copy may call that plenty
HUNDREDS = 100.0
SO_MANY = re.compile("hundred|[百千万]", re.I)
NEEDS_A_NUMBER = ("stars", "reviews")  # words that are said of other things too
BEST_GIVEN = re.compile(
    rf"(?P<n>{FIGURES}|{ENGLISH})(?: of (?:them|these|those|you))?(?: (?:people|customers|buyers|reviewers"
    rf"|owners|reviews))?"
    r"(?: (?:have|has|even|all))? (?:gave|given|give|left|awarded|gives)\b(?: (?:it|them|us|our|the|this|full|a"
    r"|all)){0,3}"
    r"(?: \w+)? (?:five|5)(?:[- ]stars?|\b)(?! of)"
    rf"|(?P<cn>{FIGURES}|{CHINESE})\s*(?:个|位|条|人|名)(?:人|顾客|买家|评价|姐妹|茶友)?(?:都|也)?(?:给|打|评|是)?(?:了|出"
    rf"|的)?(?:满分)?(?:五|5)(?:颗)?星",
    re.I,
)
BEST = 5.0  # stars; "out of five" is no claim of its own


def stock(claim: Claim, around: Text) -> Verdict | None:
    """What is said to be left: true where the stock of a product that the sentence names, or of any, is so."""
    left = _stock_of(claim, around)
    figures = _figures(claim, around)
    least = min(left, key=lambda name: left[name], default="")
    if claim.value == "many":
        enough = HUNDREDS if SO_MANY.search(around.said(claim)) else PLENTY
        return true(claim, f"products: stock of {least}") if least and left[least] >= enough else no_fact(claim)
    if figures:
        right = [name for name, pieces in left.items() if pieces in figures]
        exact = right and len(figures) == 1
        return true(claim, f"products: stock of {right[0]}") if exact else refused(claim, "other_stock")
    if claim.value == "left":
        return _so_many_left(claim, left, around)
    if least and claim.value == "in_stock" and left[least] > 0:
        return true(claim, "products: stock")
    most = {"sold_out": 0, "low": FEW_LEFT}.get(str(claim.value), -1)
    return true(claim, f"products: stock of {least}") if least and left[least] <= most else no_fact(claim)


def _stock_of(claim: Claim, around: Text) -> Mapping[str, float]:
    known = around.known.stock or {}
    named = [name for name in around.meant(claim) if name in known]
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
    best = _gave_the_best(claim, around)
    if claim.value == "all_best" or best is not None:
        return _by_stars(claim, around, best)
    if claim.value in NEEDS_A_NUMBER and not figures:
        return None
    if MARKS.match(around.said(claim)) and not (RATED.search(around.sentence(claim)) or around.meant(claim)):
        return None  # what a mirror or a school gives
    praise = claim.value == "loved" and not RATED.search(around.sentence(claim))
    if not figures or claim.value == "voted" or praise:
        return no_fact(claim)
    lines = [line for line in around.own_lines(claim, close=True) if line.row.startswith("reviews of ")]
    right = next((line for line in lines if figures - {BEST} <= _review_figures(line)), None)
    if right and (figures - {BEST} or BEST in _review_figures(right)):
        return true(claim, right.row)
    return refused(claim, "other_rating", rating=lines[0].text.split(", 评")[0]) if lines else no_fact(claim)


def _gave_the_best(claim: Claim, around: Text) -> float | None:
    """How many gave five stars, where a clause says so: eight of them."""
    said = BEST_GIVEN.search(around.clause(claim))
    return value(said["n"] or said["cn"]) if said else None


def _by_stars(claim: Claim, around: Text, said: float | None) -> Verdict:
    """How many gave five stars, or that all did: true where the reviews have as many."""
    for line in around.own_lines(claim, close=True):
        if line.row.startswith("stars of "):
            best, every = (float(number) for number in re.findall(r"\d+", line.text)[:2])
            if (said is None and best == every) or said == best:
                return true(claim, line.row)
    return no_fact(claim)


def _figures(claim: Claim, around: Text) -> set[float]:
    """The numbers of the claim's clause that are neither money nor a share."""
    return {float(one.value) for one in around.in_clause(claim, "number")}


def _review_figures(line: Line) -> set[float]:
    """The average and the number of reviews in the line of a product's reviews."""
    return {float(number) for number in re.findall(r"\d+(?:\.\d+)?", line.text.replace("out of 5", ""))}
