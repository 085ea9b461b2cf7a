"""What copy compares: two prices, and the fewest stars that anybody gave. Nothing else a shop knows can be compared."""

import re

from engine.campaign.reading.claim import Claim
from engine.campaign.reading.numerals import ANY, value
from engine.campaign.verdicts import conditions
from engine.campaign.verdicts.text import Text
from engine.campaign.verdicts.verdict import Verdict, no_fact, true

DEARER = re.compile(r"dearer|pricier|costlier|more (?:expensive|than)|costs? more|贵|高", re.I)
CHEAPER = re.compile(r"cheaper|less (?:expensive|than)|costs? (?:\w+ )?less|便宜|低|实惠|划算|省", re.I)
OF_MONEY = re.compile(r"dear|pric|cost|expensive|cheap|less than|more than|[$€£¥]|元|贵|便宜|价", re.I)
NOBODY = re.compile(r"\b(?:nobody|no one|none|never|not one)\b|没有?人|没有一", re.I)
FEWER = re.compile(r"(?:fewer|less|lower|worse) than|低于|少于", re.I)


def comparison(claim: Claim, around: Text) -> Verdict:
    """A comparison: true of two prices where they are so, and of stars where nobody gave fewer."""
    row = _of_prices(claim, around) or _of_stars(claim, around)
    return true(claim, row) if row else no_fact(claim)


def _of_prices(claim: Claim, around: Text) -> str:
    """One product that the clause names before the comparison, and one in it or after it."""
    said = around.said(claim)
    clause = around.clause(claim)
    prices = conditions.prices_of(around)
    start = around.clause_start(claim)
    first = [name for name in around.named_in(around.plain[start : claim.start]) if name in prices]
    rest = around.plain[claim.start : start + len(clause)]
    second = [name for name in around.named_in(rest) if name in prices and name not in first]
    if len(first) != 1 or len(second) != 1 or not OF_MONEY.search(clause):
        return ""
    gap = prices[first[0]] - prices[second[0]]
    right = gap > 0 if DEARER.search(said) and not CHEAPER.search(said) else gap < 0 if CHEAPER.search(said) else False
    return "products: prices" if right else ""


def _of_stars(claim: Claim, around: Text) -> str:
    sentence = around.sentence(claim)
    said = ANY.search(around.after(claim)[:20])
    number = value(said.group()) if said else None
    if not (NOBODY.search(sentence) and FEWER.search(sentence) and number and around.in_sentence(claim, "rating")):
        return ""
    for line in around.own_lines(claim, close=True):
        fewest = re.search(r"none fewer than (\d)", line.text) if line.row.startswith("stars of ") else None
        if fewest and float(fewest[1]) >= number:
            return line.row
    return ""
