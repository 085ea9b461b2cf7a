"""Sentences and clauses of a text, as places."""

import re
from collections.abc import Sequence

from engine.campaign.reading.claim import Claim

# Pictures and bullets stand where others write a full stop.
PICTURE = "\u2022\u25a0-\u25ff\u2600-\u27bf\u2b50\u2b55\U0001f000-\U0001faff|｜•·"
SENTENCE_END = re.compile(rf"(?<=[!?。！？；\n])|(?<=[.;])(?=\s)|(?<=[{PICTURE}])")
CLAUSE_END = re.compile(rf"[，；：。！？\n—{PICTURE}]|[,;:.!?](?!\d)")


def sentence_of(text: str, start: int) -> tuple[int, int]:
    """(start, end) of the sentence that a place of a text is in."""
    cuts = [0, *(match.start() for match in SENTENCE_END.finditer(text)), len(text)]
    first = max(cut for cut in cuts if cut <= start)
    return first, min((cut for cut in cuts if cut > start), default=len(text))


def clause_of(text: str, start: int, end: int) -> tuple[int, int]:
    """(start, end) of the clause around a place of a text: between commas and the like."""
    before = [match.end() for match in CLAUSE_END.finditer(text, 0, start)]
    after = CLAUSE_END.search(text, end)
    return (before[-1] if before else 0, after.start() if after else len(text))


def is_inside(start: int, end: int, places: Sequence[tuple[int, int]]) -> bool:
    """Whether a place lies within one of others."""
    return any(first <= start and end <= last for first, last in places)


def overlap(one: Claim, other: Claim) -> bool:
    """Whether two claims share a character."""
    return other.start < one.end and one.start < other.end
