"""The patterns of the rules, from assets/prompts/lint.<language>.toml, which says what its keys mean."""

import functools
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.campaign.never_said import PROMPTS
from engine.errors import DataProblem
from engine.sentences import Sentence


@dataclass(frozen=True, slots=True)
class Entry:
    """Patterns of one rule, for the text in lower case unless `case`.

    unless: a fact that makes what they find true. parts: only there; empty = everywhere.
    """

    rule: str
    refused: re.Pattern[str]
    allowed: re.Pattern[str] | None
    unless: str
    parts: frozenset[str]
    case: bool
    titles: bool  # in titles too, where most words begin with a capital letter


@dataclass(frozen=True, slots=True)
class Book:
    """The patterns of a language: of the rules, and of earlier prices."""

    entries: tuple[Entry, ...]
    was: re.Pattern[str]


def low(text: str) -> str:
    """The text in lower case; every character stays in its place, those that would become longer as they are."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else "".join(c if len(c.lower()) > 1 else c.lower() for c in text)


@functools.cache
def book(language: str) -> Book:
    """The patterns for copy in a language. Raises DataProblem for a file that cannot be used."""
    path = PROMPTS / f"lint.{language}.toml"
    try:
        written = tomllib.loads(path.read_text("utf-8"))
        words = language != "zh"
        return Book(
            tuple(_entry(one, words) for one in written["rule"]),
            re.compile("|".join(written["was"]), re.IGNORECASE),
        )
    except (OSError, tomllib.TOMLDecodeError, KeyError, re.error) as error:
        raise DataProblem(Sentence("refused.unusable", {"file": str(path), "error": repr(error)})) from error


def _entry(written: Mapping[str, Any], words: bool) -> Entry:
    words = words and not written.get("anywhere", False)
    allowed = written.get("allowed", ())
    return Entry(
        written["id"],
        _compiled(written["refused"], words),
        _compiled(allowed, words) if allowed else None,
        written.get("unless", ""),
        frozenset(written.get("parts", ())),
        bool(written.get("case", False)),
        bool(written.get("titles", True)),
    )


def _compiled(patterns: list[str], words: bool) -> re.Pattern[str]:
    joined = "|".join(patterns)
    return re.compile(rf"(?<!\w)(?:{joined})(?!\w)" if words else joined)
