"""All claims of a text."""

import functools
import re
from collections.abc import Iterable
from dataclasses import replace

from engine.campaign.reading import amounts, codes, counts, days, durations, measures, relative, shares, terms
from engine.campaign.reading.claim import Claim
from engine.campaign.reading.numerals import ANY, plainer, value
from engine.campaign.reading.spans import clause_of, overlap, sentence_of

PROMISES = ("stock", "delivery", "guarantee", "gift", "points", "rating", "comparison", "superlative")
OFFERED = {"percent", "money", "gift", "delivery", "points"}
NEEDS_AN_OFFER = {"today", "tomorrow", "weekend", "week", "month", "weekday", "part"}
RANK = ("product", "code", "date", "percent", "money", "measure", "number", "duration")
# Words by which a sentence speaks of an offer and its days.
ONLY = re.compile(
    r"\b(?:only|postage|shipping|preview|starts?|begins?|from|until|till|by|ends?|end of|valid|through"
    r"|deal|sale|offer|special|discount|last)\b"
    r"|有效|截止|结束|限|优惠|活动|特价|折|止|开始|起|底前|末前|[到至](?:本月|这个月)?月[底末]|开到|延到",
    re.I,
)


@functools.lru_cache(maxsize=20_000)
def read(text: str, currency: str, nouns: frozenset[str] = frozenset()) -> tuple[Claim, ...]:
    """Every claim of a text but for names of products, in order; of claims that overlap only the one that says most.

    `nouns`: the shop's own, in small letters, for which a number in words is a claim.
    """
    plain = plainer(text)
    found = [*days.read(plain), *relative.read(plain), *durations.read(plain)]
    found += [*amounts.tiers(plain, currency), *shares.read(plain), *amounts.read(plain, currency)]
    found += [*measures.read(plain), *codes.read(plain), *terms.read(plain)]
    taken = [(claim.start, claim.end) for claim in found if claim.kind not in PROMISES]
    found += counts.read(plain, nouns, [*taken, *days.festival_places(plain)])
    kept = _longest(_in_context(plain, found))
    return tuple(_with_figures(claim, plain, kept) if claim.kind in PROMISES else claim for claim in kept)


def _in_context(text: str, found: list[Claim]) -> list[Claim]:
    """Without days that are only part of the scene: "this weekend" counts where an offer or its end is spoken of."""
    return [claim for claim in found if not _needs_an_offer(claim) or _offer_is_spoken_of(text, claim, found)]


def _needs_an_offer(claim: Claim) -> bool:
    return claim.kind == "date" and str(claim.value).split()[0] in NEEDS_AN_OFFER


def _offer_is_spoken_of(text: str, claim: Claim, found: Iterable[Claim]) -> bool:
    first, last = sentence_of(text, claim.start)
    return bool(ONLY.search(text[first:last])) or any(
        other.kind in OFFERED and first <= other.start < last for other in found
    )


def _longest(found: list[Claim]) -> list[Claim]:
    """Of amounts that overlap, the one that says most; promises and properties stand beside the amounts in them."""
    said = [claim for claim in found if claim.kind in PROMISES or claim.kind == "attribute"]
    exact = [claim for claim in found if claim.kind not in PROMISES and claim.kind != "attribute"]
    return sorted([*_apart(exact), *_apart(said)], key=lambda claim: (claim.start, claim.end))


def _apart(claims: list[Claim]) -> list[Claim]:
    kept: list[Claim] = []
    for claim in sorted(claims, key=_says_most):
        if _has_room(claim, [other for other in kept if overlap(claim, other)]):
            kept.append(claim)
    return kept


def _says_most(claim: Claim) -> tuple[int, int, int]:
    rank = RANK.index(claim.kind) if claim.kind in RANK else len(RANK) + 1
    return claim.start - claim.end, rank, -len(claim.roles)


def _has_room(claim: Claim, others: list[Claim]) -> bool:
    """Whether a claim may stand beside longer ones: a promise beside those of other kinds that reach over its end."""
    if not others:
        return True
    if claim.kind not in PROMISES or any(other.kind == claim.kind for other in others):
        return False
    return not any(other.start <= claim.start and claim.end <= other.end for other in others)


def _with_figures(claim: Claim, text: str, claims: Iterable[Claim]) -> Claim:
    """The promise with the numbers of its clause, and those in its own words."""
    first, last = clause_of(text, claim.start, claim.end)
    beside = [one for one in claims if first <= one.start and one.end <= last]
    figures = [
        one.figures[-1] if one.kind == "duration" else float(one.value)
        for one in beside
        if one.kind in ("number", "duration", "money")
    ]
    inside = [value(match.group()) for match in ANY.finditer(text[claim.start : claim.end])]
    every = [*figures, *(number for number in inside if number is not None)]
    return replace(claim, figures=tuple(dict.fromkeys(every)))
