"""What copy compares: two prices, and the fewest stars that anybody gave. Nothing else a shop knows can be compared."""

import re

from engine.campaign.reading.claim import Claim
from engine.campaign.reading.numerals import ANY, value
from engine.campaign.verdicts import conditions
from engine.campaign.verdicts.text import Text
from engine.campaign.verdicts.verdict import Verdict, no_fact, true

DEARER = re.compile(
    r"above|higher|less (?:affordable|economical)|costly|dearer|pricier|costlier|more (?:expensive|than)|costs? more"
    r"|贵|高",
    re.I,
)
CHEAPER = re.compile(
    r"below|under|lower|more (?:affordable|economical)|less costly|cheaper|less (?:expensive|than)"
    r"|costs? (?:\w+ )?less|便宜|低|实惠|划算|省",
    re.I,
)
OF_MONEY = re.compile(r"afford|econom|cost|dear|pric|expensive|cheap|less than|more than|[$€£¥]|元|贵|便宜|价", re.I)
NOBODY = re.compile(r"\b(?:nobody|no one|none|never|not one)\b|没有?人|没有一", re.I)
FEWER = re.compile(r"(?:fewer|less|lower|worse) than|低于|少于", re.I)


def comparison(claim: Claim, around: Text) -> Verdict | None:
    """A comparison: true of two prices where they are so, and of stars where nobody gave fewer."""
    if claim.value == "price" and not around.named_in(around.sentence(claim)):
        return None  # the cheaper way of something that no shop sells
    row = _of_prices(claim, around) or _of_the_brief(claim, around) or _of_stars(claim, around)
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
    return "products: prices" if _fits(said, prices[first[0]] - prices[second[0]]) else ""


def _of_the_brief(claim: Claim, around: Text) -> str:
    """The cheaper one: of the brief's products, the one that the clause names costs less than every other."""
    prices = conditions.prices_of(around)
    prices.pop(around.known.gift, None)
    named = [name for name in around.named_in(around.clause(claim)) if name in prices]
    others = [price for name, price in prices.items() if name not in named]
    if claim.value != "price" or len(named) != 1 or not others:
        return ""
    said = around.said(claim)
    return "products: prices" if all(_fits(said, prices[named[0]] - price) for price in others) else ""


def _fits(said: str, gap: float) -> bool:
    """Whether a price that is so much higher than another is what is said of it."""
    if CHEAPER.search(said):
        return gap < 0
    return gap > 0 and bool(DEARER.search(said))


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
