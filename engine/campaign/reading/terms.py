"""Properties, promises, ratings, comparisons and superlatives: the words of assets/prompts/claims.*.toml."""

import functools
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from engine.campaign.reading.claim import Claim, Kind
from engine.errors import DataProblem
from engine.sentences import Sentence

PROMPTS = Path(__file__).parents[3] / "assets" / "prompts"
LANGUAGES = ("en", "zh")

# What follows names a material or a place even where no list has it.
MADE_OF = re.compile(
    r"\b(?:made|cut|woven|carved|crafted|knitted|knit|sewn|blown|pressed|spun|forged|cast|turned|built|brewed|blended|filled|lined|stuffed|finished|coated|moulded|molded|distilled|extracted|grown|picked|harvested|sourced|farmed) "
    r"(?:of|from|in|out of|with) (?:the )?(?:finest |pure |real |genuine |soft |solid |fine |heavy |a )*(?P<of>[\w-]+(?: [\w-]+)?)"
    r"|(?:选用|采用|甄选|取材于|取自|产自|源自|原产于?|出自)(?:的是)?(?P<zh>[\u4e00-\u9fff]{2,6}?)(?=[制打锻织编做烧手的，。、！]|面料|材质|原料|工艺|$)|(?P<zh2>[\u4e00-\u9fff]{2,4})(?:材质|面料|质地|制成|打造而成)"
)
FROM = re.compile(r"\b[Ff]rom (?P<place>[A-Z][a-z]{2,})(?![a-z])")
NO_MATERIAL = {
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "january", "february", "march", "april",
    "may", "june", "july", "august", "september", "october", "november", "december", "spring", "summer", "autumn", "winter",
    "scratch", "love", "care", "you", "us", "it", "one", "two", "the", "our", "your", "memory", "mind", "start", "here", "home",
    "hand", "style", "time", "for", "start to", "them", "this", "that", "season", "bloom", "full", "good", "pride", "joy", "warmth",
    "everyday", "simple", "quiet", "half", "mood", "small batches", "cold",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Terms:
    """The terms of one kind in one language as one pattern of small letters (which is twice as fast as ignoring case),
    whose groups are called t0, t1, ... as `names` are listed.
    """

    kind: Kind
    names: tuple[str, ...]
    pattern: re.Pattern[str]

    def read(self, text: str) -> Iterator[Claim]:
        for match in self.pattern.finditer(text):
            if match.end() > match.start():
                yield Claim(match.start(), match.end(), self.kind, self.names[int(str(match.lastgroup)[1:])])


@functools.cache
def _terms(language: str) -> tuple[_Terms, ...]:
    """The terms of a language, a pattern for each kind: hundreds of patterns one by one took ten times as long."""
    path = PROMPTS / f"claims.{language}.toml"
    try:
        return tuple(
            _Terms(cast(Kind, kind), tuple(terms), _compiled(list(terms.values()), whole_words=language == "en"))
            for kind, terms in tomllib.loads(path.read_text("utf-8")).items()
        )
    except (OSError, tomllib.TOMLDecodeError, AttributeError, TypeError, re.error) as error:
        raise DataProblem(Sentence("refused.unusable", {"file": str(path), "error": repr(error)})) from error


def _compiled(words: list[str], whole_words: bool) -> re.Pattern[str]:
    ends = r"(?!\w)" if whole_words else ""
    choices = "|".join(f"(?P<t{number}>(?:{one.lower()}){ends})" for number, one in enumerate(words))
    return re.compile(rf"(?<!\w)(?:{choices})" if whole_words else choices)


def read(text: str) -> Iterator[Claim]:
    """The terms that a text in plain signs says, each as its name."""
    said_as_written, text = text, "".join(ch.lower() if len(ch.lower()) == 1 else ch for ch in text)
    scripts = {"en": "[A-Za-z]", "zh": "[\u4e00-\u9fff]"}
    spoken = [language for language in LANGUAGES if re.search(scripts[language], text)]
    listed = [claim for language in spoken for terms in _terms(language) for claim in terms.read(text)]
    yield from listed
    places = [(claim.start, claim.end) for claim in listed if claim.kind == "attribute"]
    for match in (*MADE_OF.finditer(text), *FROM.finditer(said_as_written)):
        group = str(match.lastgroup)
        said = re.sub(r" (?:and|or|with|in|by|for|to|that|is|at|on)\b.*$", "", match[group].lower())
        start = match.start(group)
        known = any(first < start + len(said) and start < last for first, last in places)
        if not known and said not in NO_MATERIAL and said.split()[0] not in NO_MATERIAL:
            yield Claim(start, start + len(said), "attribute", f"made of {said}")
