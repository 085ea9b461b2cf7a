"""From what order value on an offer or a promise holds: said, met by what the copy speaks of, or left out."""

import re
from dataclasses import dataclass

from engine.campaign.known import Line
from engine.campaign.reading.claim import Claim
from engine.campaign.verdicts.text import Text
from engine.campaign.verdicts.verdict import Verdict, refused, true

# One piece and no more: what it costs must reach the minimum.
ALONE = re.compile(
    r"\b(?:a single|just (?:a|one)|only one|one single|any single|buy one(?! (?:more|extra|get|of|and)\b)"
    r"|by itself|on its own)\b"
    r"|(?:只|单|就|光|随便|任意|哪怕)(?:买|拿|带|要|入|点)?(?:一|1)[件瓶罐盒只把块条包套口个床]|单买|单件|单独买|单入",
    re.I,
)
MONEY_EPSILON = 0.005


@dataclass(frozen=True, slots=True)
class Least:
    """An order value from which something holds, and where that stands."""

    amount: float
    text: str
    row: str


def minimum(claim: Claim, around: Text) -> Verdict | None:
    """ "No minimum" is true where there is none; "one is enough" also where nothing the copy speaks of costs less."""
    delivered = any(one.value == "free_delivery" for one in around.in_sentence(claim, "delivery"))
    if not delivered and around.known.offer.kind == "none":
        return None
    least = _of_delivery(around) if delivered else of_the_offer(around)
    if not least:
        return true(claim, "brief: offer")
    if claim.value == "one_is_enough" and reached_by_each(least.amount, claim, around):
        return true(claim, least.row)
    return refused(claim, "condition", policy=least.text, row=least.row)


def of_the_offer(around: Text) -> Least | None:
    """The order value from which the offer holds."""
    offer = around.known.offer
    least = min((spend for spend, _ in offer.tiers), default=0.0) if offer.kind == "spend_save" else offer.min_spend
    return Least(least, f"{least:g} {around.known.currency}", "brief: min_spend") if least else None


def _of_delivery(around: Text) -> Least | None:
    if around.known.offer.kind == "free_shipping":
        return of_the_offer(around)
    for line in around.known.lines:
        if line.policy and (least := least_of(line)):
            return Least(least, line.text, line.row)
    return None


def least_of(line: Line) -> float | None:
    """From what order value on a line promises free delivery."""
    if not any(one.value == "free_delivery" for one in line.claims):
        return None
    return next((float(one.value) for one in line.claims if one.kind == "money" and "min" in one.roles), None)


def reached_by_each(least: float, claim: Claim, around: Text) -> bool:
    """Whether each product that the sentence names, or each of the brief's where it names none, costs as much."""
    prices, named = prices_of(around), [name for name in around.products(claim) if name != around.known.gift]
    asked = named or [name for name in around.known.names if name != around.known.gift]
    return bool(asked) and all(prices.get(name, 0.0) >= least for name in asked)


def reached_by_a_sum(least: float, claim: Claim, around: Text) -> bool:
    """Whether the sentence says what is paid, and that is as much; an amount that is wrong is refused by itself."""
    said = [one for one in around.in_sentence(claim, "money") if not one.roles & {"min", "off", "cap", "short", "gap"}]
    return any(float(one.value) >= least for one in said)


def prices_of(around: Text) -> dict[str, float]:
    """The price of one piece by product name."""
    return {
        one.product: float(one.value)
        for one in around.known.amounts
        if one.kind == "money" and one.role == "price" and one.count == 1 and one.product
    }


def unmet(claim: Claim, around: Text) -> Least | None:
    """The offer's minimum where the sentence promises it for one piece that costs less."""
    least = of_the_offer(around)
    if not least or not ALONE.search(around.sentence(claim)):
        return None
    if any(abs(float(one.value) - least.amount) < MONEY_EPSILON for one in around.in_sentence(claim, "money")):
        return None
    return None if reached_by_each(least.amount, claim, around) else least
