"""Money and shares of the price: those of the brief and the catalogue, and those that follow from them."""

import re

from engine.campaign.known import FEW_PRODUCTS, Known, Line, after
from engine.campaign.reading.claim import Claim
from engine.campaign.reading.numerals import plainer
from engine.campaign.verdicts import sums
from engine.campaign.verdicts.text import Text, numbers_in
from engine.campaign.verdicts.verdict import Verdict, no_fact, refused, true

MONEY_EPSILON = 0.005
# Roles that one word may stand for: "pay $34" and "$40 before" are prices, a cap is money off too.
ALSO = {("price", "was"), ("price", "now"), ("now", "price"), ("cap", "off"), ("off", "cap")}
# What a policy's amounts are for.
TOPICS = (
    re.compile(r"deliver|shipping|postage|运费|邮费|配送费|快递费", re.I),
    re.compile(r"return|send\w* (?:\w+ )?back|退货|退换", re.I),
)
SOME_MORE = re.compile(r"[多余](?![买送])")
SHARE_OF = re.compile(r"\s*(?:of\s+|pure\s+|的)?([A-Za-z]+|[\u4e00-\u9fff]{2})")


def amount(claim: Claim, around: Text) -> Verdict:
    """Money or a share: true where a known amount is as much, of the same thing, and in the role that is said."""
    named = around.products(claim)
    if named:
        named = list(dict.fromkeys([*named, *around.named_in(around.clause(claim))]))
    step = _step_of_some_more(claim, around)
    own = [one for one in around.known.amounts if is_equal(one, claim) or _is_some_more(one, claim, step)]
    meant = [one for one in own if _has_role(one, claim)]
    about = [one for one in meant if _is_about(one, named, claim, around)]
    if about:
        best = min(about, key=lambda one: (one.slot is None, bool(one.product)))
        return true(claim, best.row, best.slot)
    row = _together(claim, named, around) if claim.kind == "money" else _share_in_lines(claim, around)
    row = row or sums.follows(claim, around) or _of_a_policy(claim, around)
    return true(claim, row) if row else _refused(claim, own, meant, named, around)


def _refused(claim: Claim, own: list[Known], meant: list[Known], named: list[str], around: Text) -> Verdict:
    """Why an amount is refused: another role, another product, another amount, or none."""
    if own and not meant:
        return refused(claim, "other_role", row=own[0].row)
    if meant and named and meant[0].product and meant[0].count == 1:
        return refused(claim, "other_products_price", product=meant[0].product)
    facts = sorted({_said(one) for one in around.known.amounts if one.kind == claim.kind and one.slot})
    return refused(claim, f"other_{claim.kind}", facts=tuple(facts)) if facts else no_fact(claim)


def is_equal(known: Known, claim: Claim) -> bool:
    """Whether a claim says a known amount or day, whatever its role."""
    if known.kind != claim.kind:
        return False
    if isinstance(known.value, str) or isinstance(claim.value, str):
        return known.value == claim.value
    if claim.kind == "money":
        return known.unit == claim.unit and abs(known.value - claim.value) < MONEY_EPSILON
    return abs(known.value - claim.value) < MONEY_EPSILON / 100


def _step_of_some_more(claim: Claim, around: Text) -> float:
    """How much more an amount may be that is said as 13块多: less than one of its last figure; 0 otherwise."""
    number = 0.0 if isinstance(claim.value, str) else float(claim.value)
    if claim.kind != "money" or not SOME_MORE.match(around.after(claim)) or number != int(number) or not number:
        return 0.0
    return next((step for step in (1000.0, 100.0, 10.0) if number % step == 0), 1.0)


def _is_some_more(known: Known, claim: Claim, step: float) -> bool:
    same = step and known.kind == claim.kind and known.unit == claim.unit
    return bool(same) and float(claim.value) < float(known.value) < float(claim.value) + step


def _of_a_policy(claim: Claim, around: Text) -> str:
    """The row of a policy that says as much money of what the sentence speaks of: what delivery or a return costs."""
    if claim.kind != "money":
        return ""
    sentence = around.sentence(claim)
    topics = [topic for topic in TOPICS if topic.search(sentence)]
    for line in around.known.lines if topics else ():
        if line.policy and any(topic.search(line.text) for topic in topics):
            for other in line.claims:
                same = other.kind == "money" and other.unit == claim.unit and other.value == claim.value
                wrong = claim.roles & {"off", "min", "now", "price"} and not claim.roles & _roles_in(other)
                if same and not wrong:
                    return line.row
    return ""


def _roles_in(other: Claim) -> frozenset[str]:
    """What an amount of a policy may be said to be: one that is no minimum is a price."""
    return other.roles if "min" in other.roles else other.roles | {"price", "now", "off"}


def _has_role(known: Known, claim: Claim) -> bool:
    if known.role in ("price", "now", "was") and claim.roles & {"sum", "unit", "would"}:
        return True
    if known.role == "off" and "would" in claim.roles:
        return True
    if not claim.roles or not known.role or known.role in claim.roles:
        return True
    return any((known.role, role) in ALSO for role in claim.roles)


def _is_about(one: Known, named: list[str], claim: Claim, around: Text) -> bool:
    """Whether an amount of a product is what the sentence speaks of: of one it names, or of one of the brief's few."""
    known = around.known
    if not one.product:
        return True
    if one.count > 1 and one.count not in numbers_in(around.sentence(claim)):
        return False
    if one.product == known.gift:
        return one.product in named or around.speaks_of_gift(claim)
    bought = [name for name in named if name != known.gift]
    if bought:
        return one.product in bought
    return len(known.names) <= FEW_PRODUCTS and (bool(known.briefed) or not claim.roles & {"min", "off"})


def _together(claim: Claim, named: list[str], around: Text) -> str:
    """The row of what the products a sentence names cost together, before or after the offer."""
    prices = {
        one.product: float(one.value)
        for one in around.known.amounts
        if one.product in named and one.role == "price" and one.count == 1 and one.unit == claim.unit
    }
    if len(prices) < 2:
        return ""
    total, offer, row = sum(prices.values()), around.known.offer, "products: prices together"
    # What an offer on a part of the shop takes off several products is not worked out.
    paid = total if offer.applies_to else after(offer, total)
    ways = [(total, row), (paid, f"{row} - discount")]
    return next((row for paid, row in ways if abs(paid - float(claim.value)) < MONEY_EPSILON), "")


def _said(known: Known) -> str:
    if isinstance(known.value, str):
        return known.value
    return f"{known.value * 100:g}%" if known.kind == "percent" else f"{known.value:g} {known.unit}"


def _share_in_lines(claim: Claim, around: Text) -> str:
    """The row of a line that says the same share of the same thing: 100% wool."""
    if claim.kind != "percent":
        return ""
    rest = around.after(claim)[:24]
    for line in around.own_lines(claim):
        if _says_share(line, claim, rest) or (claim.value == 1.0 and _is_all_of_it(line, rest)):
            return line.row
    return ""


def _says_share(line: Line, claim: Claim, rest: str) -> bool:
    said, thing = plainer(line.text), _thing(rest)
    same = [one for one in line.claims if one.kind == "percent" and one.value == claim.value]
    return bool(thing) and any(_thing(said[one.end : one.end + 24]) == thing for one in same)


def _thing(text: str) -> str:
    found = SHARE_OF.match(text)
    return found.group(1).lower() if found else ""


def _is_all_of_it(line: Line, rest: str) -> bool:
    """A material column that holds one word and nothing else is all of it."""
    return line.row.endswith("material") and rest.strip().lower().startswith(line.text.strip().lower())
