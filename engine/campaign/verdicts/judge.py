"""All claims of a text, each with its verdict."""

import re
from collections.abc import Callable, Iterable

from engine.campaign.known import World
from engine.campaign.reading import names
from engine.campaign.reading.claim import Claim
from engine.campaign.reading.numerals import plainer
from engine.campaign.reading.read import PROMISES, read
from engine.campaign.reading.spans import is_inside, overlap
from engine.campaign.verdicts.amounts import amount
from engine.campaign.verdicts.beside import with_a_promise
from engine.campaign.verdicts.comparisons import comparison
from engine.campaign.verdicts.conditions import minimum
from engine.campaign.verdicts.counts import measure, number
from engine.campaign.verdicts.days import day, duration
from engine.campaign.verdicts.gifts import gift
from engine.campaign.verdicts.names import code, product
from engine.campaign.verdicts.points import points
from engine.campaign.verdicts.policy import promise
from engine.campaign.verdicts.properties import attribute
from engine.campaign.verdicts.stock import rating, stock
from engine.campaign.verdicts.text import Text
from engine.campaign.verdicts.verdict import Verdict, no_fact

Judge = Callable[[Claim, Text], Verdict | None]


def _never(claim: Claim, around: Text) -> Verdict:
    """Superlatives: nothing that a shop knows makes them true."""
    return no_fact(claim)


# Each may find that a claim is none after all, and give None.
JUDGES: dict[str, Judge] = {
    "percent": amount,
    "money": amount,
    "number": number,
    "measure": measure,
    "date": day,
    "duration": duration,
    "code": code,
    "minimum": minimum,
    "attribute": attribute,
    "delivery": promise,
    "guarantee": promise,
    "points": points,
    "gift": gift,
    "stock": stock,
    "rating": rating,
    "comparison": comparison,
    "superlative": _never,
}


def judge(text: str, known: World) -> list[Verdict]:
    """The claims of a text in which slots are masked, each with its verdict, in order of place."""
    plain = plainer(text)
    named = _named(plain, known)
    found = _outside_names(read(text, known.currency, known.nouns), named, plain, known)
    around = Text(plain, known, found)
    promises = {one: JUDGES[one.kind](one, around) for one in found if one.kind in PROMISES}
    verdicts = [product(one, known) for one in named] + [one for one in promises.values() if one]
    for claim in found:
        if claim.kind not in PROMISES:
            verdict = with_a_promise(claim, around, promises) or JUDGES[claim.kind](claim, around)
            verdicts += [verdict] if verdict else []
    return sorted(verdicts, key=lambda verdict: (verdict.claim.start, verdict.claim.end))


def _named(plain: str, known: World) -> list[Claim]:
    """The names of products, right ones first; of others that overlap only the first."""
    every = (*known.names, *known.others)
    named = list(names.products(plain, every))
    for claim in names.misspelt(plain, every, known.words):
        if not any(overlap(claim, other) for other in named):
            named.append(claim)
    return named


def _outside_names(claims: Iterable[Claim], named: Iterable[Claim], plain: str, known: World) -> list[Claim]:
    """Without what is part of a name, in full or for short."""
    taken = [(one.start, one.end) for one in named]
    taken += [match.span() for head in known.heads for match in re.finditer(re.escape(head), plain, re.I)]
    return [one for one in claims if not is_inside(one.start, one.end, taken)]
