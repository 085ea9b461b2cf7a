"""Words for what things are made of and how, by group: woods, fibres, collars, closures, ways to wash.

Whether such a word claims anything depends on what the catalogue speaks of: see engine/campaign/verdicts/properties.py.
"""

import functools
import re
from collections.abc import Iterator

from engine.campaign.reading import words
from engine.campaign.reading.claim import Claim
from engine.campaign.reading.numerals import small

SCRIPTS = {"en": re.compile("[A-Za-z]"), "zh": re.compile("[\u4e00-\u9fff]")}
PREFIX = "listed "


def read(text: str) -> Iterator[Claim]:
    """The listed words of a text in plain signs, each with its group and language: "listed wood en"."""
    lower = small(text)
    for language, script in SCRIPTS.items():
        if script.search(lower):
            for match in _pattern(language).finditer(lower):
                yield Claim(*match.span(), "attribute", f"{PREFIX}{match.lastgroup} {language}")


@functools.lru_cache(maxsize=20_000)
def groups(text: str) -> frozenset[str]:
    """The groups that the words of a text belong to, as `read` calls them."""
    return frozenset(str(claim.value) for claim in read(text))


@functools.cache
def _pattern(language: str) -> re.Pattern[str]:
    try:
        listed = {group: "|".join(entry["words"]) for group, entry in words.file("lexicon", language).items()}
        choices = "|".join(f"(?P<{group}>{said})" for group, said in listed.items())
        return re.compile(rf"(?<!\w)(?:{choices})s?(?!\w)" if language == "en" else choices)
    except (AttributeError, KeyError, TypeError, re.error) as error:
        raise words.unusable("lexicon", language, error) from error
