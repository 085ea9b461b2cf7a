"""Promises of delivery, return and guarantee: true where the offer or the shop's policy makes them."""

import re

from engine.campaign.known import Line
from engine.campaign.reading.claim import Claim
from engine.campaign.verdicts import conditions
from engine.campaign.verdicts.lines import line_says, lines_of
from engine.campaign.verdicts.text import Text
from engine.campaign.verdicts.verdict import Verdict, no_fact, refused, true

POLICED = ("delivery", "guarantee", "points")  # promises that the shop's policy files may make
# What is said to hold for life where these words are not is a saying: friends for life.
ASSURED = re.compile(
    r"guarant|warrant|repair|replac|return|refund|service|support|cover|free|last|keep|built|made|sharp|yours|buy|own",
    re.I,
)
NEEDS_A_NUMBER = ("delivery_time", "returns")  # words that are said of other things too


def promise(claim: Claim, around: Text) -> Verdict | None:
    """A promise: true with the amounts and the condition that its line has."""
    beside = around.in_clause(claim, "duration", "number")
    if claim.value in NEEDS_A_NUMBER and not beside and not around.in_clause(claim, "date"):
        return None
    if around.said(claim).lower() in ("for life", "for ever") and not ASSURED.search(around.sentence(claim)):
        return None
    own = lines_of(claim, around)
    if not own:
        return no_fact(claim)
    unsaid = _unsaid(claim, beside, own, around)
    fitting = [line for line in own if all(line_says(line, one) for one in unsaid)]
    if not fitting:
        return refused(claim, "other_policy", policy=own[0].text, row=own[0].row)
    free = [line for line in fitting if _condition_is_said(line, around, claim)]
    if not free:
        return refused(claim, "condition", policy=fitting[0].text, row=fitting[0].row)
    best = min(free, key=lambda line: not line.row.startswith("brief"))
    return true(claim, best.row, "offer" if best.row.startswith("brief: offer") else None)


def _unsaid(claim: Claim, beside: list[Claim], own: list[Line], around: Text) -> list[Claim]:
    """The amounts of the clause that neither another promise in it nor the length of the plan accounts for."""
    others = [line for one in around.in_clause(claim, *POLICED) for line in lines_of(one, around) if line not in own]
    unsaid = [one for one in beside if not any(line_says(line, one) for line in others)]
    starts, ends = around.known.starts, around.known.ends
    if starts and ends and any(line.row.startswith("brief") for line in own):
        length = (ends - starts).days
        unsaid = [one for one in unsaid if one.kind != "duration" or one.value not in (length, length + 1)]
    return unsaid


def _condition_is_said(line: Line, around: Text, claim: Claim) -> bool:
    """A promise from a certain order value on is true only with that value in the sentence."""
    if claim.value != "free_delivery":
        return True
    if line.row.startswith("brief"):
        return not conditions.unmet(claim, around)
    least = conditions.least_of(line)
    if least and (
        conditions.reached_by_each(least, claim, around) or conditions.reached_by_a_sum(least, claim, around)
    ):
        return True
    if any("short" in one.roles for one in around.in_sentence(claim, "money")):
        return True  # what is short of it says that there is a minimum
    asked = {(one.value, one.unit) for one in line.claims if one.kind == "money" and "min" in one.roles}
    said = {(one.value, one.unit) for one in around.in_sentence(claim, "money")}
    return not asked or bool(asked & said)
