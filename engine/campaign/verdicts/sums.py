"""Amounts that follow from the prices and the offer, where copy says them as what they are.

What several things come to, what is short of a minimum, how much dearer one thing is than another, what a bag of a
box costs, what a discount would be without its cap.
"""

import itertools
import re
from collections.abc import Iterator

from engine.campaign.known import FEW_PRODUCTS, MOST_PIECES, after
from engine.campaign.reading.claim import Claim
from engine.campaign.verdicts import conditions
from engine.campaign.verdicts.text import Text, numbers_in

MOST_KINDS = 4  # products whose sums are worked out
EPSILON = 0.005
AS_GOOD_AS = re.compile(
    r"等于|相当于|算下来|折合|合下来|差不多|works? out|equivalent|effectively|same as|like (?:paying|getting|having|a)"
    r"|that's|paying|pay |amounts? to|as good as",
    re.I,
)
SAID_OF_PIECES = re.compile(r"三|两|二|双|买|take|three|two|both|buy|tins|pieces|all|everything", re.I)
ABOUT = re.compile(r"about|around|roughly|nearly|just (?:over|under)|约|左右|不到|差不多|才", re.I)
BASKET = re.compile(r"basket|cart|bag (?:is|stands)|subtotal|so far|购物车|已(?:选|加|凑)|凑了", re.I)
EACH_PIECE = re.compile(r"\b(?:each|every|per) \w+|[每单]\s*[包片杯袋泡克天件支张次小]", re.I)
EACH = re.compile(
    r"\s*(?:a|an|per|each|every|for each|/)\s*(?P<noun>[a-z]+)?|\s*(?:一|每|/)(?P<zh>[\u4e00-\u9fff])", re.I
)


def follows(claim: Claim, around: Text) -> str:
    """The row that an amount follows from; empty where it follows from none."""
    if claim.kind == "percent":
        return _as_good_as(claim, around)
    if claim.kind != "money":
        return ""
    amount = float(claim.value)
    return next((row for worked_out, row in _worked_out(claim, around) if abs(worked_out - amount) < EPSILON), "")


def _as_good_as(claim: Claim, around: Text) -> str:
    """Buy two, get one: a third less for three."""
    offer, sentence = around.known.offer, around.sentence(claim)
    if offer.kind != "buy_x_get_y" or not offer.tiers or not AS_GOOD_AS.search(sentence):
        return ""
    buy, free = offer.tiers[0]
    return "brief: offer" if abs(float(claim.value) - free / (buy + free)) < EPSILON else ""


def _worked_out(claim: Claim, around: Text) -> Iterator[tuple[float, str]]:
    """(amount, row) of all that the words around the claim may mean."""
    prices, roles = _meant(claim, around), claim.roles
    if claim.unit != around.known.currency:
        return
    yield from _with_what_is_there(claim, around)
    if "short" in roles:
        for least, row in _minimums(around):
            yield from ((least - total, row) for total in _totals(prices, claim, around, alone=True))
    if "gap" in roles:
        for one, other in itertools.combinations(prices.values(), 2):
            yield abs(one - other), "products: difference of prices"
    if "off" in roles:
        yield from _by_choosing(claim, around)
    if roles & {"sum", "now"}:
        yield from _together(prices, claim, around)
    if "unit" in roles or EACH_PIECE.search(around.clause(claim)):
        yield from _each(claim, prices, around)
    if "would" in roles:
        yield from _uncapped(prices, around)


def _by_choosing(claim: Claim, around: Text) -> Iterator[tuple[float, str]]:
    """What is saved by taking the cheaper of two things, where both prices are said just before."""
    said = [one for one in around.between(0, claim.start, "money") if not one.roles & {"off", "min", "cap"}][-2:]
    known = set(conditions.prices_of(around).values())
    if len(said) == 2 and all(float(one.value) in known for one in said):
        yield abs(float(said[0].value) - float(said[1].value)), "products: difference of prices"


def _meant(claim: Claim, around: Text) -> dict[str, float]:
    """The price of each product that the sentence names, or of the brief's few where it does not name several."""
    prices, known = conditions.prices_of(around), around.known
    named = [name for name in around.products(claim) if name in prices and name != known.gift]
    few = [name for name in prices if name != known.gift] if len(known.names) <= FEW_PRODUCTS else []
    wanted = named if named and not ({"gap", "sum"} & claim.roles and len(named) < 2) else few
    return {name: prices[name] for name in wanted}


def _totals(prices: dict[str, float], claim: Claim, around: Text, alone: bool = False) -> Iterator[float]:
    """What one or more of the products come to, in the numbers of pieces that the text says."""
    said = {int(one) for one in numbers_in(around.plain) if one == int(one) and 2 <= one <= MOST_PIECES}
    ways = sorted({0, 1, *said})
    if len(prices) > MOST_KINDS:
        yield from (sum(pair) for count in (1, 2) for pair in itertools.combinations(prices.values(), count) if alone)
        return
    for counts in itertools.product(ways, repeat=len(prices)):
        if sum(counts) >= (1 if alone else 2):
            yield sum(count * price for count, price in zip(counts, prices.values(), strict=True))


def _together(prices: dict[str, float], claim: Claim, around: Text) -> Iterator[tuple[float, str]]:
    offer, row = around.known.offer, "products: prices together"
    for total in _totals(prices, claim, around):
        yield total, row
        # What an offer on a part of the shop takes off several products is not worked out.
        if not offer.applies_to:
            yield after(offer, total), f"{row} - discount"
    if offer.max_discount and not offer.applies_to:
        yield from ((after(offer, price), f"{row} - discount") for price in prices.values())


def _minimums(around: Text) -> Iterator[tuple[float, str]]:
    """The order values from which the offer or free delivery holds."""
    offer = around.known.offer
    if offer.min_spend:
        yield offer.min_spend, "brief: min_spend"
    if offer.kind == "spend_save":
        yield from ((spend, "brief: offer") for spend, _ in offer.tiers)
    for line in around.known.lines:
        if line.policy and (least := conditions.least_of(line)):
            yield least, line.row


def _each(claim: Claim, prices: dict[str, float], around: Text) -> Iterator[tuple[float, str]]:
    """What one of the pieces in a box costs, by the numbers in the product's lines; and one of three for two."""
    for line in around.known.lines:
        if line.product in prices and line.row.startswith("products "):
            numbers = {float(one.value) for one in line.claims if one.kind == "number" and float(one.value) > 1}
            numbers |= {figure for one in line.claims if one.kind == "measure" for figure in one.figures if figure > 1}
            for number in numbers:
                about = ABOUT.search(around.clause(claim))
                for price in (prices[line.product], _paid_for_one(prices[line.product], around)):
                    yield from (
                        (round(price / number, digits), f"{line.row}, price")
                        for digits in ((2, 1, 0) if about else (2,))
                    )


def _paid_for_one(price: float, around: Text) -> float:
    """What one piece costs with the offer; of three for two, a third of two."""
    offer = around.known.offer
    if offer.kind == "buy_x_get_y" and offer.tiers:
        buy, free = offer.tiers[0]
        return price * buy / (buy + free)
    return price if offer.applies_to else after(offer, price)


def _with_what_is_there(claim: Claim, around: Text) -> Iterator[tuple[float, str]]:
    """A basket and what it is short of a minimum: together they are as much."""
    if not BASKET.search(around.sentence(claim)):
        return
    for other in around.in_sentence(claim, "money"):
        if other is not claim and ("short" in other.roles) != ("short" in claim.roles):
            yield from ((least - float(other.value), row) for least, row in _minimums(around))


def _uncapped(prices: dict[str, float], around: Text) -> Iterator[tuple[float, str]]:
    """A discount as it would be without its cap, and what would be left to pay."""
    offer = around.known.offer
    if offer.kind == "percent" and offer.discount:
        for off in [price * offer.discount for price in (*prices.values(), sum(prices.values()))]:
            yield off, "brief: discount without its cap"
        for price in (*prices.values(), sum(prices.values())):
            yield price * (1 - offer.discount), "brief: discount without its cap"


def share_of_a_measure(claim: Claim, around: Text) -> str:
    """The row of a measure that is one piece's share of a box: 120克 and 20包 give 6克 a 包."""
    if isinstance(claim.value, str):
        return ""
    before, after_it = around.before(claim)[-6:], around.after(claim)[:12]
    if not (re.search(r"[一每单]\s*[\u4e00-\u9fff]{1,2}$|\b(?:each|every|per)\b.*$", before) or EACH.match(after_it)):
        return ""
    for name in around.products(claim) or around.known.names:
        own = [line for line in around.known.lines if line.product == name]
        numbers = {
            float(one.value) for line in own for one in line.claims if one.kind == "number" and float(one.value) > 1
        }
        for line in own:
            sizes = [float(one.value) for one in line.claims if one.kind == "measure" and one.unit == claim.unit]
            if any(abs(size / number - float(claim.value)) < EPSILON for size in sizes for number in numbers):
                return line.row
    return ""


def is_sum_of_points(claim: Claim, around: Text) -> bool:
    """Whether a number in a sentence about points is what is collected for a product: one for each unit of money."""
    if not around.in_sentence(claim, "points") or not re.search(r"积|分|point", around.sentence(claim), re.I):
        return False
    rate = any(
        line.policy and any(one.value == "points" for one in line.claims) and 1.0 in _figures(line.claims)
        for line in around.known.lines
    )
    return rate and float(claim.value) in conditions.prices_of(around).values()


def _figures(claims: tuple[Claim, ...]) -> set[float]:
    return {figure for one in claims for figure in one.figures} | {
        float(one.value) for one in claims if one.kind == "number"
    }
