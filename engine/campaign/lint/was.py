"""Prices that a text says were higher before, against the shop's own lowest price."""

import re
from collections.abc import Iterator

from engine.campaign.lint.book import book
from engine.campaign.lint.rules import Rules, Sold
from engine.campaign.lint.truth import meant
from engine.campaign.writer.as_read import money
from engine.campaign.writer.facts import Facts
from engine.sentences import Said, Sentence

NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
CENT = 0.005


def prices(plain: str, facts: Facts, rules: Rules) -> Iterator[tuple[int, int, str, Said, str]]:
    """(start, end, rule, reason, row) of each earlier price above what the product lately cost.

    A slot counts with its value. Of several products that may be meant, the dearest decides; where the shop sold
    nothing yet, the price in its catalogue. Without either nobody can say, and nothing is found.
    """
    for match in book(facts.language).was.finditer(plain):
        said = _amount(match.group(), facts)
        known = [(key, one, _reference(one)) for key, one in meant(plain, facts, rules)]
        proven = [(reference, key, one) for key, one, reference in known if reference is not None]
        if said is None or not proven or len(proven) < len(known):
            continue
        reference, key, one = max(proven, key=lambda place: place[0])
        if said > reference + CENT:
            row = f"orders {key} {one.lowest_on}: unit_price - discount" if one.lowest_on else f"products {key}: price"
            yield match.start(), match.end(), "was_price", _reason(said, reference, one, facts, rules), row


def _reference(product: Sold) -> float | None:
    return product.price if product.lowest is None else product.lowest


def _amount(words: str, facts: Facts) -> float | None:
    """The amount in what was found: the last figure, or the value of the slot that stands there."""
    for slot in ("price", "price_after"):
        words = words.replace("{" + slot + "}", facts.slots.get(slot, ""))
    figures = NUMBER.findall(words)
    return float(figures[-1].replace(",", "")) if figures else None


def _reason(said: float, reference: float, product: Sold, facts: Facts, rules: Rules) -> Sentence:
    amounts = [money(one, rules.currency, facts.language) for one in (said, reference)]
    values = {"said": amounts[0], "lowest": amounts[1], "product": product.name}
    key = "lint.was_above_lowest" if product.lowest_on else "lint.was_above_list"
    about = Sentence(key, values | ({"on": product.lowest_on.isoformat()} if product.lowest_on else {}))
    return Sentence("lint.refused", {"says": about, "law": Sentence(f"lint.law_was_price_{facts.language}")})
