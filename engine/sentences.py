"""Sentences that the engine says to a marketer, in English and Chinese, from assets/text/*.toml.

A file `plans.toml` with a section `[draft_button]` holding `en = "..."` and `zh = "..."` gives the key
`plans.draft_button`. Values go in by name: "{count} customers".
"""

import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

Language = Literal["en", "zh"]
FOLDER = Path(__file__).parent.parent / "assets" / "text"


@cache
def all_texts() -> dict[str, dict[str, str]]:
    """Every key with its text by language."""
    texts: dict[str, dict[str, str]] = {}
    for path in sorted(FOLDER.glob("*.toml")):
        for name, entry in tomllib.loads(path.read_text(encoding="utf-8")).items():
            texts[f"{path.stem}.{name}"] = entry
    return texts


def say(key: str, language: str = "en", **values: object) -> str:
    """The sentence of a key with its values filled in. An unknown key is a bug and raises KeyError."""
    return all_texts()[key][language].format(**values)


def known(key: str) -> bool:
    """Whether there is a text for this key."""
    return key in all_texts()


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence not yet in a language: key and values, which may be sentences or tuples of them."""

    key: str
    values: dict = field(default_factory=dict)

    def text(self, language: str = "en") -> str:
        return say(self.key, language, **{name: _said(value, language) for name, value in self.values.items()})


Said = str | Sentence  # what is said: already in words, or in the language that is asked for


def spoken(said: Said, language: str = "en") -> str:
    """What is said in a language; words stay as they are."""
    return said.text(language) if isinstance(said, Sentence) else said


def _said(value: object, language: str) -> object:
    if isinstance(value, tuple):
        return ("、" if language == "zh" else ", ").join(str(_said(part, language)) for part in value)
    return value.text(language) if isinstance(value, Sentence) else value
