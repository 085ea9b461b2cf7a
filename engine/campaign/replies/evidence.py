"""Which lines answer what is asked. A near line is no answer: every topic and every word asked for must be covered.

"Do you wrap gifts?" is near "Gift cards come in $25" and is not answered by it; "Does the kettle work on induction?" is
near the kettle's line and near the pan's, and answered by neither.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from engine.campaign.replies.lines import Line
from engine.campaign.replies.question import Ask, Question
from engine.campaign.replies.words import lexicon, normal, read

MOST = 3  # lines that answer one thing
_NO = re.compile(r"\b(?:not|cannot|can't|never|no)\b|不|没|无法|勿")


@dataclass(frozen=True, slots=True)
class Evidence:
    """A line that answers. `missing`: what is asked for by name and is not in its list, which has others.

    `fits`: conditions that are met, less those that are not, and how much of what is asked it says: see `_fits`.
    """

    line: Line
    fits: tuple[int, ...]
    missing: frozenset[str]


def evidence(ask: Ask, question: Question, lines: Iterable[Line], heads: frozenset[str]) -> list[Evidence]:
    """The lines that answer, the best first; none where nothing does. `heads`: last words of product names."""
    found = [one for line in lines if (one := _judged(ask, question, line, heads)) is not None]
    own = [one for one in found if one.line.language == question.language] or found
    chosen = _chosen(own)
    if not chosen or _NO.search(chosen[0].line.text) or not ask.reading.of("condition"):
        return chosen
    return [*chosen, *_usual(ask, question, lines, heads, chosen)][:MOST]


def _usual(
    ask: Ask, question: Question, lines: Iterable[Line], heads: frozenset[str], chosen: list[Evidence]
) -> list[Evidence]:
    """The usual rule, beside one for the condition that is met: of another matter, or it would gainsay that one."""
    usual = Ask(ask.text, ask.reading.without("condition"))
    said = frozenset(aspect for one in chosen for aspect in read(one.line.text).of("aspect"))
    found = [
        judged
        for line in lines
        if line.language == chosen[0].line.language
        and not read(line.text).of("condition")
        and not read(line.text).of("aspect") & said
        and (judged := _judged(usual, question, line, heads)) is not None
    ]
    return _chosen(found)[:1]


def related(question: Question, lines: Iterable[Line], heads: frozenset[str]) -> list[Evidence]:
    """For a message that tells and does not ask ("My lamp smokes!"): lines on what it tells of."""
    found = []
    for line in lines:
        told, own = question.whole.of("topic", "condition"), read(line.text).concepts | line.about
        shared = told & own
        kinds = question.kinds & (own | read(line.heading).concepts)
        if line.kind == "policy" and shared and len(shared) + len(kinds) >= 1 and _in_scope(question, line, heads):
            beyond = read(line.text).of("condition") - told
            found.append(Evidence(line, (len(shared) + len(kinds), -len(beyond), 0), frozenset()))
    own_language = [one for one in found if one.line.language == question.language]
    return _chosen(own_language or found)[:2]


def _judged(ask: Ask, question: Question, line: Line, heads: frozenset[str]) -> Evidence | None:
    own, above = read(line.text), read(line.heading)
    spoken = own.concepts | above.concepts | line.about
    needs = ask.needs
    if not needs and not ask.reading.rest:
        return None
    lists = {one for one in needs if one.startswith("list.")}
    plain_needs = needs - lists
    if not plain_needs <= spoken:
        return None
    missing = _missing(lists, own.concepts)
    if missing is None or not _has(line, ask.reading.rest):
        return None
    if line.kind == "policy" and not _about_rules(ask, question):
        return None
    if not _in_scope(question, line, heads):
        return None
    told = needs & (own.concepts | line.about)
    return Evidence(line, _fits(question, line, heads, len(told)), missing)


def _fits(question: Question, line: Line, heads: frozenset[str], told: int) -> tuple[int, int, int]:
    """How many conditions of a line are met, how many are not, and how much of what is asked its own words say."""
    conditions, kinds = read(line.text).of("condition"), _kinds(line, heads)
    met = conditions & question.whole.concepts
    is_for_it = bool(kinds & (question.kinds | _heads_asked(question, heads)))
    unmet = 0 if is_for_it else len(conditions - met) + bool(kinds and line.kind == "policy")
    return len(met) + (is_for_it and conditions <= met), -unmet, told


def _about_rules(ask: Ask, question: Question) -> bool:
    """ "How much?" alone is no question about rules, nor is one about a product's size or stock."""
    topics = {one for one in ask.needs if not one.startswith(("aspect.", "property.", "modifier."))}
    properties = ask.reading.of("property") and question.products
    return bool(topics or (len(ask.reading.rest) > 1 and not properties))  # one word alone is shared by chance


def _missing(lists: set[str], spoken: frozenset[str]) -> frozenset[str] | None:
    """Members asked for that a line's list does not have; None where it has no list that would say so."""
    missing = set()
    for one in lists:
        name, _, member = one.removeprefix("list.").partition("=")
        has = {other for other in spoken if other.startswith(f"list.{name}=") and not other.endswith("=any")}
        enough = lexicon()["list"][name]["enough"]
        if one in has or (member == "any" and has):
            continue
        if len(has) < enough:
            return None
        if member != "any":
            missing.add(one)
    return frozenset(missing)


def _in_scope(question: Question, line: Line, heads: frozenset[str]) -> bool:
    """Whether a line that holds for some products or some countries holds for those asked about."""
    if line.kind == "product":
        return line.product_id in question.products
    if line.kind == "order":
        return True
    asked = question.kinds | _heads_asked(question, heads)
    of_line = _kinds(line, heads)
    if of_line and asked and not of_line & asked:
        return False
    for name, entry in lexicon()["list"].items():
        if entry.get("scope"):
            wanted = _members(name, question.whole.concepts)
            here = _members(name, read(line.text).concepts)
            if wanted and here and not wanted & here and len(here) < entry["enough"]:
                return False
    return True


def _members(name: str, concepts: frozenset[str]) -> set[str]:
    return {one for one in concepts if one.startswith(f"list.{name}=") and not one.endswith("=any")}


def _kinds(line: Line, heads: frozenset[str]) -> frozenset[str]:
    """What a line is about among products: kinds by name, and last words of the shop's own product names."""
    return read(line.text).of("kind") | (heads & _words_of(line.text))


def _heads_asked(question: Question, heads: frozenset[str]) -> frozenset[str]:
    return heads & _words_of(question.text)


def _words_of(text: str) -> frozenset[str]:
    return frozenset(normal(text).split())


def _has(line: Line, words: frozenset[str]) -> bool:
    """Whether a line has all of some words: English ones whole, Chinese ones by their characters' pairs."""
    text = normal(f"{line.heading} {line.text}")
    english = frozenset(text.split())
    pairs = {one for one in words if not one.isascii()}
    return words - pairs <= english and all(
        word[at : at + 2] in text for word in pairs for at in range(max(len(word) - 1, 1))
    )


def _chosen(found: list[Evidence]) -> list[Evidence]:
    """The best lines. One that forbids, and whose condition is met, stands alone: the usual rule does not hold then."""
    ranked = sorted(found, key=lambda one: tuple(-part for part in one.fits))
    ranked = [one for one in ranked if not one.missing] or ranked[:1]
    if not ranked:
        return []
    best = ranked[0].fits
    if best[0] > 0 and _NO.search(ranked[0].line.text):
        return [one for one in ranked if one.fits[0] == best[0]][:MOST]
    unmet, told = max(one.fits[1] for one in ranked), max(one.fits[2] for one in ranked)
    return [one for one in ranked if one.fits == best or one.fits[1:] == (unmet, told)][:MOST]
