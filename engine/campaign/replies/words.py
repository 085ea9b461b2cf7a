"""What a text speaks of: concepts from assets/prompts/replies.toml, and the words that file does not know."""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

LEXICON = Path(__file__).parents[3] / "assets" / "prompts" / "replies.toml"
HAN = "\u4e00-\u9fff"
_TOKEN = re.compile(rf"[a-z]+\d[a-z0-9]*|[a-zà-öø-ÿ]+(?:'[a-z]+)?|\d+(?:[.,]\d+)*|[{HAN}]+|[^\s{HAN}]")
# Figures say of a line what is asked with "how much" and "how long".
_MONEY = re.compile(rf"[$€£¥₹]\s?\d|\d\s?(?:dollar|euro|pound|usd|eur|yuan|元|美元|块)|(?<![{HAN}])元")
_SPAN = re.compile(
    r"\b\d+\s(?:\S+\s)?(?:dai|hour|week|month|year|minut)\b|\d\s?(?:个工作日|个月|小时|天|年|日|周|分钟)"
)


@dataclass(frozen=True, slots=True)
class Reading:
    """Concepts of a text ("topic.return", "list.country=us") with the words that say so, and words nobody explains."""

    found: tuple[tuple[str, str], ...]
    rest: frozenset[str]

    @property
    def concepts(self) -> frozenset[str]:
        return frozenset(concept for concept, _ in self.found)

    def of(self, *sections: str) -> frozenset[str]:
        """The concepts of these sections of the file: "topic", "condition", ..."""
        return frozenset(one for one in self.concepts if one.split(".")[0] in sections)

    def about(self, subject: tuple[tuple[str, str], ...]) -> "Reading":
        """The same, about what was spoken of before."""
        return Reading((*self.found, *subject), self.rest)

    def without(self, section: str) -> "Reading":
        """The same without the concepts of a section."""
        return Reading(tuple(pair for pair in self.found if pair[0].split(".")[0] != section), self.rest)


@dataclass(frozen=True, slots=True)
class _Phrase:
    concept: str  # "" for words that say nothing
    text: str  # as the file has it
    words: str  # as it is compared


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """An English word without its ending, the same for all its forms.

    >>> [stem(word) for word in ("deliveries", "delivery", "shipped", "sizes", "opened", "us")]
    ['deliveri', 'deliveri', 'ship', 'siz', 'open', 'us']
    """
    word = word.removesuffix("'s")
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    if word.endswith("ied") and len(word) > 4:
        word = word[:-2]
    for ending in ("ing", "ed"):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and re.search("[aeiouy]", word[: -len(ending)]):
            word = word[: -len(ending)]
            break
    if len(word) > 3 and word[-1] == word[-2]:
        word = word[:-1]
    if len(word) > 3 and word.endswith("e"):
        word = word[:-1]
    return word[:-1] + "i" if len(word) > 2 and word.endswith("y") else word


def normal(text: str) -> str:
    """A text for comparing: lower case, English as stems between spaces, Chinese as it is."""
    folded = unicodedata.normalize("NFKC", text).lower().replace("’", "'")
    tokens = [stem(token) if "a" <= token[0] <= "z" else token for token in _TOKEN.findall(folded)]
    return " ".join(tokens)


def terms(text: str) -> list[str]:
    """The words of a text as the index holds them: English stems, figures, and Chinese two characters at a time."""
    found: list[str] = []
    for token in normal(text).split():
        if "\u4e00" <= token[0] <= "\u9fff":
            found += [token[at : at + 2] for at in range(max(len(token) - 1, 1))]
        elif token[0].isalnum():
            found.append(token)
    return found


def is_chinese(text: str) -> bool:
    """Whether a text is Chinese rather than a language with letters: one character weighs as much as a word."""
    return len(re.findall(f"[{HAN}]", text)) > len(re.findall(r"[A-Za-z]{2,}", text))


@lru_cache(maxsize=4096)
def read(text: str) -> Reading:
    """What a text speaks of. The longest phrase counts first, and what it is made of counts for nothing else."""
    line = normal(text)
    taken = [False] * len(line)
    found: list[tuple[str, str]] = []
    for needle, phrases in _phrases():  # each with the same words: one text, several concepts
        if needle not in line:
            continue  # ten times as fast as to ask the pattern
        for match in _pattern(phrases[0].words).finditer(line):
            spans = [match.span(group) for group in range(1, (match.re.groups or 0) + 1)]
            if any(any(taken[start:end]) for start, end in spans):
                continue
            for start, end in spans:
                taken[start:end] = [True] * (end - start)
            found += [(phrase.concept, phrase.text) for phrase in phrases if phrase.concept]
    found += [("aspect.cost", match.group()) for match in _MONEY.finditer(line)]
    found += [("aspect.duration", match.group()) for match in _SPAN.finditer(line)]
    left = "".join(" " if used else sign for sign, used in zip(line, taken, strict=True))
    return Reading(tuple(found), frozenset(_unexplained(left)))


def _unexplained(left: str) -> Iterator[str]:
    """English words, and Chinese ones of two characters or more: a single one is mostly grammar."""
    for token in left.split():
        if token[0].isalpha() and len(token) > 1 and not re.search(r"\d", token):  # with figures it is a number or code
            yield token


def said(section: str, name: str, line: str) -> list[str]:
    """The words of a flat list ("hurry", "harm") that stand in a normal line."""
    return [word for word in flat(section, name) if word in line and _pattern(word).search(line)]


def holds(section: str, text: str) -> bool:
    """Whether a text has any of the words of a list."""
    return bool(said(section, "words", normal(text)))


@cache
def flat(section: str, name: str) -> dict[str, str]:
    """The words of a flat list as they are compared, each with how the file has it."""
    entry = lexicon()[section][name]
    return {normal(word): word for word in reversed([*entry["en"], *entry["zh"]])}


@cache
def lexicon() -> Mapping:
    """The file of words as it stands."""
    return tomllib.loads(LEXICON.read_text(encoding="utf-8"))


@cache
def phrases_of() -> dict[str, list[str]]:
    """Every concept with the phrases that say it, in both languages."""
    found: dict[str, list[str]] = {}
    for section in ("topic", "modifier", "property", "aspect", "condition", "kind"):
        for name, entry in lexicon()[section].items():
            found[f"{section}.{name}"] = [*entry["en"], *entry["zh"]]
    for name, entry in lexicon()["list"].items():
        found[f"list.{name}=any"] = [*entry["any"]["en"], *entry["any"]["zh"]]
        for member, words in entry["of"].items():
            found[f"list.{name}={member}"] = [*words["en"], *words["zh"]]
    return found


@cache
def _phrases() -> list[tuple[str, list[_Phrase]]]:
    """Phrases, the longest first, those of the same words together; with a part that a text must have."""
    by_words: dict[str, list[_Phrase]] = {}
    pairs = [(text, concept) for concept, texts in phrases_of().items() for text in texts]
    ignored = [word for line in lexicon()["ignored"]["en"] for word in line.split()] + lexicon()["ignored"]["zh"]
    for text, concept in [*pairs, *((word, "") for word in ignored)]:
        words = normal(text)
        group = by_words.setdefault(words, [])
        if concept or not group:
            group.append(_Phrase(concept, text, words))
    by_length = sorted(by_words, key=lambda words: -len(words.replace("*", "").replace(" ", "")))
    return [(max(words.split("*"), key=len).strip(), by_words[words]) for words in by_length]


@cache
def _pattern(words: str) -> re.Pattern[str]:
    """A phrase as an expression whose groups are its literal words."""
    is_han = bool(re.search(f"[{HAN}]", words))
    pieces = [f"({re.escape(piece.strip())})" for piece in words.split("*")]
    joined = (".{0,6}?" if is_han else r"(?: \S+){0,3} ").join(pieces)
    return re.compile(joined if is_han else rf"(?<![\w'])(?:{joined})(?![\w'])")
