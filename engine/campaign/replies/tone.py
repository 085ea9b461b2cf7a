"""Mood and hurry of a message, by the word lists in assets/prompts/replies.toml.

Counted words and no model: anybody can see why a message counts as negative or urgent, and add the word it was missed
by. A word after "not" counts the other way. Irony is not seen.
"""

import re
from dataclasses import dataclass
from typing import Literal

from engine.campaign.replies.words import HAN, flat, lexicon, normal, said

Sentiment = Literal["positive", "neutral", "negative"]
Urgency = Literal["high", "normal"]


@dataclass(frozen=True, slots=True)
class Tone:
    """Mood and hurry, with the words that say so."""

    sentiment: Sentiment
    urgency: Urgency
    said_by: tuple[str, ...]


def tone(message: str) -> Tone:
    """How a message sounds. High urgency: somebody may come to harm, or an answer after today is of no use."""
    harm = _counted(message, "hurry", "harm")
    good, bad = _mood(message)
    bad = [*bad, *harm]
    sentiment: Sentiment = "negative" if len(bad) and len(bad) >= len(good) else "positive" if good else "neutral"
    hurry = harm or said("hurry", "now", normal(message)) or _due(message)
    words = bad if sentiment == "negative" else good if sentiment == "positive" else []
    lists = [flat(section, name) for section in ("mood", "hurry") for name in lexicon()[section]]
    written = {word: text for one in lists for word, text in one.items()}
    return Tone(
        sentiment, "high" if hurry else "normal", tuple(written[word] for word in dict.fromkeys([*words, *hurry]))
    )


def _mood(message: str) -> tuple[list[str], list[str]]:
    good, bad = _counted(message, "mood", "positive"), _counted(message, "mood", "negative")
    turned = [word for word in said("mood", "positive", normal(message)) if word not in good]
    return good, bad + turned  # "not happy" is bad; "not broken" is no praise


def _due(message: str) -> list[str]:
    """Days that something must be done by."""
    found = []
    for sentence in re.split(r"(?<=[.!?。！？])", message):
        line = normal(sentence)
        if days := said("hurry", "day", line):
            found += days if said("hurry", "due", line) else []
    return found


def _counted(message: str, section: str, name: str) -> list[str]:
    """Words of a list that stand in a message, without those that the word before turns round."""
    line = normal(message)
    return [word for word in said(section, name, line) if not _turned(line, word)]


def _turned(line: str, word: str) -> bool:
    """Whether every place where a word stands comes right after "not" or its like."""
    turning = flat("mood", "turning")
    before = [line[: match.start()].rstrip() for match in re.finditer(re.escape(word), line)]
    return bool(before) and all(
        any(text.endswith(one if re.search(f"[{HAN}]", one) else f" {one}") or text == one for one in turning)
        or any(re.search(rf"(?<![\w']){re.escape(one)}(?: \S+)?$", text) for one in turning if one.isascii())
        for text in before
    )
