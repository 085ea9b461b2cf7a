"""Points, as many as the offer or the policy gives."""

import re

from engine.campaign.reading.claim import Claim
from engine.campaign.reading.numerals import CHINESE, ENGLISH, FIGURES, value
from engine.campaign.verdicts import policy
from engine.campaign.verdicts.amounts import MONEY_EPSILON
from engine.campaign.verdicts.lines import line_says, lines_of
from engine.campaign.verdicts.text import Text
from engine.campaign.verdicts.verdict import Verdict, no_fact, refused, true

MANY_BEFORE = re.compile(rf"(?P<n>{FIGURES}|{ENGLISH}|{CHINESE})\s*(?:\w+ )?(?:bonus |loyalty |extra )?$", re.I)
MANY_AFTER = re.compile(rf"\s*(?P<n>{FIGURES}|{CHINESE})(?!\s*(?:个月|年|天|日|周))")
MULTIPLIED = re.compile(r"double|triple|quadruple|[双多翻加\d一二两三四五六七八九十]倍|翻番", re.I)
LOUD = re.compile(r"bonus|loyalty|reward|extra|积分", re.I)
EACH = re.compile(r"\b(?:every|each|per)\b", re.I)


def points(claim: Claim, around: Text) -> Verdict | None:
    """Points: as many as the offer gives; else what the policy says of them, an amount only with what it is for."""
    offer = around.known.offer
    if claim.value == "member":
        return true(claim, "brief: offer") if offer.kind == "early_access" else no_fact(claim)
    if claim.value == "points_forever":
        return policy.promise(claim, around)
    if MULTIPLIED.search(_with_before(claim, around)):
        return no_fact(claim)
    number = how_many(claim, around)
    if offer.kind == "points" and (number is None or number == offer.discount):
        return true(claim, "brief: offer", "offer" if number is None else None)
    return _without_a_number(claim, around) if number is None else _of_the_policy(claim, number, around)


def _with_before(claim: Claim, around: Text) -> str:
    return around.plain[max(0, claim.start - 16) : claim.end]


def _without_a_number(claim: Claim, around: Text) -> Verdict | None:
    lines = lines_of(claim, around)
    if lines:
        return true(claim, lines[0].row)
    return no_fact(claim) if LOUD.search(around.sentence(claim)) else None


def _of_the_policy(claim: Claim, number: float, around: Text) -> Verdict:
    """So many points, held against the policy: those for what is spent, or what they are worth."""
    lines, money = lines_of(claim, around), around.in_clause(claim, "money")
    if lines and number in _with_those_of_the_offer(claim, around):
        return true(claim, lines[0].row)
    each = number == 1 and EACH.search(around.sentence(claim))
    for line in lines:
        figures = {float(one.value) for one in line.claims if one.kind == "number"}
        figures |= {figure for one in line.claims for figure in one.figures}
        if number in figures and (each or any(line_says(line, one) for one in money)):
            return true(claim, line.row)
    if lines and any(worth(claim, one, around) for one in money):
        return true(claim, lines[0].row)
    return refused(claim, "other_policy", policy=lines[0].text, row=lines[0].row) if lines else no_fact(claim)


def _with_those_of_the_offer(claim: Claim, around: Text) -> set[float]:
    """Those of the offer and one for each unit spent, by what the sentence says is spent."""
    offer = around.known.offer
    if offer.kind != "points" or "bonus" in _with_before(claim, around).lower():
        return set()
    return {(offer.discount or 0.0) + float(one.value) for one in around.in_sentence(claim, "money")}


def how_many(claim: Claim, around: Text) -> float | None:
    """How many points: the number before the word, or after it."""
    said = MANY_BEFORE.search(around.before(claim)) or MANY_AFTER.match(around.after(claim))
    return value(said["n"]) if said else None


def worth(claim: Claim, money: Claim, around: Text) -> str | None:
    """The policy by which so many points are worth, or are collected for, this much money."""
    number = how_many(claim, around) or 0.0
    for line in around.known.lines:
        if line.policy and any(one.value == "points" for one in line.claims):
            figures = [float(one.value) for one in line.claims if one.kind == "number"]
            worth = [float(one.value) for one in line.claims if one.kind == "money" and one.unit == money.unit]
            each = number / figures[0] * worth[0] if figures and worth and figures[0] else None
            if each is not None and abs(each - float(money.value)) < MONEY_EPSILON:
                return line.row
    return None
