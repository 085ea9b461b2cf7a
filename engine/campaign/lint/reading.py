"""What a text says that law or brand forbid, wherever it stands."""

import functools
import re
from collections.abc import Iterator

from engine.campaign.claims import SLOT, Finding
from engine.campaign.lint import truth, was
from engine.campaign.lint.book import Entry, book, low
from engine.campaign.lint.rules import OWN, Rules
from engine.campaign.needs import read
from engine.campaign.never_said import HOLE
from engine.campaign.writer.facts import Facts
from engine.sentences import Said, Sentence

OWN_NAMES = ("shop", "product", "products", "product_a", "product_b", "product_c", "gift", "category", "code", "link")
CAPITALS = re.compile(r"[A-Z][A-Z'&-]+(?:[ ,]+[A-Z][A-Z'&-]*)+")
BEGINNING = 2  # letters; a Chinese name may have no more
Place = tuple[int, int, str, Said, str]  # start, end, rule, reason, row


def says(text: str, facts: Facts, rules: Rules, part: str = "") -> list[Finding]:
    """What this text, with {slots} or filled, says wrongly: findings of kind "lint", in reading order.

    A whole part or one sentence alone, of which `part` may be unknown. Places count characters of `text`.
    """
    plain = read(text)
    around = _without_names(SLOT.sub(lambda match: HOLE * len(match.group()), plain), facts)
    found = [
        *_by_patterns(plain, around, facts, rules, part),
        *(_shouted(around, facts) if rules.is_on("shouting") else ()),
        *(was.prices(plain, facts, rules) if rules.is_on("was_price") else ()),
        *_own_words(plain, rules),
    ]
    return [
        Finding(part, text[start:end], start, end, "lint", "refused", None, reason, row, rule)
        for start, end, rule, reason, row in sorted(_widest(found), key=lambda place: place[:3])
    ]


def reason(rule: str, language: str, about: Said | None = None) -> Sentence:
    """What is wrong, what to write instead, and the law for copy in a language; `about`: what exactly is wrong."""
    said = about if about is not None else Sentence(f"lint.says_{rule}")
    return Sentence("lint.refused", {"says": said, "law": Sentence(f"lint.law_{rule}_{language}")})


def _by_patterns(plain: str, around: str, facts: Facts, rules: Rules, part: str) -> Iterator[Place]:
    lowered, is_title = low(around), _is_title(around)
    for entry in book(facts.language).entries:
        elsewhere = (entry.parts and part not in entry.parts) or (is_title and not entry.titles)
        if elsewhere or not rules.is_on(entry.rule):
            continue
        text = around if entry.case else lowered
        first = entry.refused.search(text)
        if first is None:
            continue
        harmless = [match.span() for match in entry.allowed.finditer(text)] if entry.allowed else []
        for match in _found(entry, text, first):
            overlaps = any(start < match.end() and match.start() < end for start, end in harmless)
            if overlaps or truth.holds(entry.unless, plain, match, facts, rules):
                continue
            yield match.start(), match.end(), entry.rule, reason(entry.rule, facts.language), ""


def _found(entry: Entry, text: str, first: re.Match[str]) -> Iterator[re.Match[str]]:
    """Every match, those too that begin inside another: a harmless one may hide one that is not."""
    match: re.Match[str] | None = first
    while match:
        if match.end() > match.start():
            yield match
        match = entry.refused.search(text, match.start() + 1)


def _shouted(around: str, facts: Facts) -> Iterator[Place]:
    """Words in capitals beside each other, but for what the catalogue writes so; short ones may be abbreviations."""
    for match in CAPITALS.finditer(around):
        words = re.findall(r"[A-Z]+", match.group())
        is_long = sum(map(len, words)) >= 6 and (len(words) > 2 or max(map(len, words)) > 3)
        if is_long and not any(match.group() in product.description for product in facts.products):
            yield match.start(), match.end(), "shouting", reason("shouting", facts.language), ""


def _is_title(text: str) -> bool:
    """Whether most of the longer words begin with a capital letter, so that it marks no name."""
    words = re.findall(r"[A-Za-z]{4,}", text)
    return len(words) > 2 and sum(word[0].isupper() for word in words) > 0.7 * len(words)


def _own_words(plain: str, rules: Rules) -> Iterator[Place]:
    """The shop's own words: in a script with spaces only as whole words."""
    for words, why in rules.own_words:
        wanted = re.escape(read(words.strip()))
        if not wanted or not rules.is_on(OWN):
            continue
        said = Sentence("lint.own_why", {"why": why}) if why else Sentence("lint.own")
        for match in re.finditer(rf"(?<![A-Za-z0-9_]){wanted}(?![A-Za-z0-9_])", plain, re.IGNORECASE):
            yield match.start(), match.end(), OWN, said, ""


def _without_names(text: str, facts: Facts) -> str:
    """The text with the shop's own names out of sight: what a product is called makes no claim."""
    lowered, hidden = low(text), text
    own = tuple(facts.slots.get(name, "") for name in OWN_NAMES)
    beginnings = {lowered[start : start + BEGINNING] for start in range(len(text))}
    indices = [_by_beginning(facts.names), _by_beginning(own)]
    near = {name for index in indices for beginning in beginnings & index.keys() for name in index[beginning]}
    for name in sorted((name for name in near if name in lowered), key=lambda name: (-len(name), name)):
        start = lowered.find(name)
        while start >= 0:
            end = start + len(name)
            hole = HOLE * len(name)
            hidden, lowered = hidden[:start] + hole + hidden[end:], lowered[:start] + hole + lowered[end:]
            start = lowered.find(name, end)
    return hidden


@functools.lru_cache(maxsize=16)
def _by_beginning(names: tuple[str, ...]) -> dict[str, list[str]]:
    """Names as they are looked for, by their first letters: a shop may have tens of thousands."""
    index: dict[str, list[str]] = {}
    for name in map(low, map(read, names)):
        if len(name) > 1:
            index.setdefault(name[:BEGINNING], []).append(name)
    return index


def _widest(found: list[Place]) -> list[Place]:
    """Of one rule's places that overlap, the widest."""
    kept: list[Place] = []
    for place in sorted(found, key=lambda one: (one[0] - one[1], one[0])):
        start, end, rule = place[:3]
        if not any(rule == other[2] and start < other[1] and other[0] < end for other in kept):
            kept.append(place)
    return kept
