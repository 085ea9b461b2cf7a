"""Properties, promises, ratings, comparisons and superlatives: the words of assets/prompts/claims.*.toml."""

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from engine.campaign.reading import lexicon, words
from engine.campaign.reading.claim import Claim, Kind
from engine.campaign.reading.numerals import small
from engine.campaign.reading.spans import overlap

# What follows names a material or a place even where no list has it.
_MADE = (
    "made|cut|woven|carved|crafted|knitted|knit|sewn|blown|pressed|spun|forged|cast|turned|built|brewed|blended|filled"
    "|lined|stuffed|finished|coated|moulded|molded|distilled|extracted|grown|picked|harvested|sourced|farmed"
)
_FINEST = "(?:finest |pure |real |genuine |soft |solid |fine |heavy |a )*"
_FROM_CHINESE = "选用|采用|甄选|取材于|取自|产自|源自|原产于?|出自"
_ENDS_CHINESE = "[制打锻织编做烧手的，。、！]|面料|材质|原料|工艺|$"
MADE_OF = re.compile(
    rf"\b(?:{_MADE}) (?:of|from|in|out of|with) (?:the )?{_FINEST}(?P<of>[\w-]+(?: [\w-]+)?)"
    rf"|(?:{_FROM_CHINESE})(?:的是)?(?P<zh>[\u4e00-\u9fff]{{2,6}}?)(?={_ENDS_CHINESE})"
    r"|(?P<zh2>[\u4e00-\u9fff]{2,4})(?:材质|面料|质地|制成|打造而成)"
)
FROM = re.compile(r"\b[Ff]rom (?P<place>[A-Z][a-z]{2,})(?![a-z])")
GOES_ON = re.compile(r" (?:and|or|with|in|by|for|to|that|is|at|on)\b.*$")
SCRIPTS = {"en": re.compile("[A-Za-z]"), "zh": re.compile("[\u4e00-\u9fff]")}


@dataclass(frozen=True, slots=True)
class _Terms:
    """The terms of one kind in one language as patterns of small letters (which is twice as fast as ignoring case).

    `found` finds where any of them stands; `pattern`, whose groups are called t0, t1, ... as `names` are listed, which.
    Python skips a choice by its first letter only outside a group: to look with `pattern` alone took ten times as long.
    """

    kind: Kind
    names: tuple[str, ...]
    found: re.Pattern[str]
    pattern: re.Pattern[str]

    def read(self, text: str) -> Iterator[Claim]:
        for place in self.found.finditer(text):
            match = self.pattern.match(text, place.start())
            if match and match.end() > match.start():
                yield Claim(*match.span(), self.kind, self.names[int(str(match.lastgroup)[1:])])


@functools.cache
def _terms(language: str) -> tuple[_Terms, ...]:
    """The terms of a language, a pattern for each kind: hundreds of patterns one by one took ten times as long."""
    try:
        return tuple(
            _Terms(cast(Kind, kind), tuple(terms), *_compiled(list(terms.values()), whole_words=language == "en"))
            for kind, terms in words.file("claims", language).items()
        )
    except (AttributeError, TypeError, re.error) as error:
        raise words.unusable("claims", language, error) from error


def _compiled(said: list[str], whole_words: bool) -> tuple[re.Pattern[str], re.Pattern[str]]:
    begins, ends = (r"(?<!\w)", r"(?!\w)") if whole_words else ("", "")
    groups = "|".join(f"(?P<t{number}>(?:{one.lower()}){ends})" for number, one in enumerate(said))
    found = re.compile(f"{begins}(?:{'|'.join(said).lower()}){ends}")
    return found, re.compile(f"{begins}(?:{groups})")


def read(text: str) -> Iterator[Claim]:
    """The terms that a text in plain signs says, each as its name."""
    lower = small(text)
    spoken = [language for language, script in SCRIPTS.items() if script.search(lower)]
    listed = [claim for language in spoken for terms in _terms(language) for claim in terms.read(lower)]
    yield from listed
    properties = [claim for claim in listed if claim.kind == "attribute"]
    for claim in (*_made_of(text, lower), *lexicon.read(text)):
        if not any(overlap(claim, other) for other in properties):
            yield claim


def _made_of(text: str, lower: str) -> Iterator[Claim]:
    """What a text says that something is made of or comes from, in its own words."""
    for match in (*MADE_OF.finditer(lower), *FROM.finditer(text)):
        group = str(match.lastgroup)
        said = GOES_ON.sub("", match[group].lower())
        start = match.start(group)
        if said not in _no_material() and said.split()[0] not in _no_material():
            yield Claim(start, start + len(said), "attribute", f"made of {said}")


@functools.cache
def _no_material() -> frozenset[str]:
    return frozenset(words.words("no_material", "words"))
