"""What a customer asks: the asking parts of a message, the story around them, and the products it speaks of."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pandas as pd

from engine.campaign.replies.index import Index
from engine.campaign.replies.lines import halves
from engine.campaign.replies.quoting import short
from engine.campaign.replies.words import HAN, Reading, is_chinese, lexicon, normal, read, terms
from engine.campaign.writer.cleaning import plain
from engine.sentences import Language

_SUPPOSING = re.compile(r" (?:if|when|after|once|as|since|because) |\s*(?:如果|要是|假如|因为)")
LONGEST = 1500  # characters of a message that are read
AS_MANY = 3  # products of one name that are all answered for; of more, the customer is asked which
_SENTENCE = re.compile(r"(?<=[.!?。！？；;\n])\s*")
_CLAUSE = re.compile(r"[,，、](?!\d)|\s[-–—]\s|\b(?:but|because|since|so that)\b|(?:但是|可是|不过|因为)")
# Said of anything that is asked about: "is express delivery available?", "what is the price of a return?"
BESIDE = ("aspect.have", "property.stock", "property.price")
PRODUCT = " "  # stands in a question where a product's name stood


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing that is asked."""

    text: str
    reading: Reading

    @property
    def needs(self) -> frozenset[str]:
        """Concepts that a line must speak of to answer this."""
        about = self.reading.of("topic", "modifier", "property", "list")
        implied = set(BESIDE) if self.reading.of("topic", "list") else {"aspect.have"} if about else set()
        names = {one.partition(".")[2] for one in about}
        for name, parts in lexicon()["implied"].items():
            implied |= {one for one in about if name in names and one.partition(".")[2] in parts}
        return (about | self.reading.of("aspect", "condition")) - implied


@dataclass(frozen=True, slots=True)
class Question:
    """A customer's message, read. `products`: ids it names, or those of the order it is about."""

    text: str
    language: Language
    asks: tuple[Ask, ...]
    whole: Reading
    kinds: frozenset[str]
    products: tuple[str, ...]
    unclear: tuple[str, ...]  # products that may be meant, too many to answer for


def question(message: str, index: Index, ordered: Iterable[str], language: Language | None = None) -> Question:
    """A message read against the shop's products. `ordered`: products of the order it is about."""
    text = plain(re.sub(r"(?<=\w)\s*\n", ". ", message), LONGEST)
    named, unclear, masked = _products(text, index)
    kinds = read(masked).of("kind")
    if not named:
        named, unclear = _of_kind(kinds, index) if not unclear else ((), unclear)
    ordered = tuple(ordered)
    about = named or (ordered if not kinds else ())
    asks = tuple(_asking(masked))
    in_names = [kind for one in about for kind in _kinds(index.products.loc[one])] if about else []
    return Question(
        text,
        language or ("zh" if is_chinese(text) else "en"),
        asks,
        read(masked),
        kinds | set(in_names),
        about,
        unclear,
    )


def _asking(text: str) -> Iterator[Ask]:
    """The parts of a message that ask; the whole of it where none does, or where they say nothing of what is meant.

    Each with what it is about: "..., and how long would that take?" is about what was spoken of before it.
    """
    before: tuple[tuple[str, str], ...] = ()
    found = []
    for sentence in _SENTENCE.split(text):
        clauses = [one for one in _CLAUSE.split(sentence) if one.strip()]
        is_question = bool(re.search("[?？]", sentence))
        asking = [one for one in clauses if _asks(one, is_question)] or (clauses if is_question else [])
        for clause in clauses:
            reading = read(clause)
            subject = tuple(pair for pair in reading.found if pair[0].startswith(("topic.", "property.", "list.")))
            if clause in asking and _says_what(reading):
                found.append(Ask(clause, reading if subject or reading.rest else reading.about(before)))
            before = subject or before
    return iter(found or [Ask(text, read(text))])


def _says_what(reading: Reading) -> bool:
    return bool(reading.of("topic", "modifier", "property", "list", "condition", "aspect") or reading.rest)


def _asks(clause: str, is_question: bool) -> bool:
    """Whether a clause has the form of a question: within one, a question's word need not come first."""
    asking = lexicon()["asking"]
    line = f" {normal(clause)} "
    if _SUPPOSING.match(line):
        return False
    if any(word in line for word in asking["zh"]):
        return True
    if any(f" {normal(words)} " in line for words in asking["anywhere"]):
        return True
    starts = [f" {normal(word)} " for word in asking["en"]]
    head = f" {' '.join(line.split()[:6])} "
    return any(word in head if is_question else line.startswith(word) for word in starts)


# --- products ---


def _products(text: str, index: Index) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """Products that a message names; those that it may mean; and the message without their names."""
    said = normal(text).split()
    best: dict[str, list[tuple[int, str, tuple[str, ...]]]] = {}
    for key in index.product_ids(text):
        for words in _names(index.products.loc[key]):
            match = _match(words, said)
            if match:
                best.setdefault(match[-1], []).append((sum(map(len, match)), key, match))
    named: list[str] = []
    unclear: list[str] = []
    masked = text
    for found in best.values():
        most = max(size for size, _, _ in found)
        keys = list(dict.fromkeys(key for size, key, _ in found if size == most))
        (named if len(keys) <= AS_MANY else unclear).extend(keys)
        if len(keys) <= AS_MANY:
            for word in next(match for size, _, match in found if size == most):
                masked = _without(masked, word)
    return tuple(named), tuple(unclear), masked


def _names(product: pd.Series) -> list[list[str]]:
    """A product's names as words to compare: English ones by stem, a Chinese one as it stands."""
    return [normal(name).split() for name in dict.fromkeys(halves(short(product["name"], 120, is_name=True)).values())]


def _match(name: list[str], said: list[str]) -> tuple[str, ...]:
    """The words of a name that a message has. The last one, which says what it is, must be among them."""
    if len(name) == 1 and re.match(f"[{HAN}]", name[0]):
        own = name[0]
        ends = [own[at:] for at in range(len(own) - 1)]
        found = next((end for end in ends if any(end in word for word in said)), "")
        return (found,) if found else ()
    return tuple(word for word in name if word in said) if name and name[-1] in said else ()


def _without(text: str, word: str) -> str:
    """A message without a word, in whichever form it has there."""
    if re.match(f"[{HAN}]", word):
        return text.replace(word, PRODUCT)
    return re.sub(r"[A-Za-zÀ-ÿ'’]+", lambda one: PRODUCT if normal(one.group()) == word else one.group(), text)


def _of_kind(kinds: frozenset[str], index: Index) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Products of a kind that a message names in other words; too many of them are unclear."""
    if not kinds or index.products.empty:
        return (), ()
    phrases = " ".join(term for kind in kinds for term in terms(_phrases(kind)))
    found = [
        key
        for key in index.product_ids(phrases)
        if kinds & read(short(index.products.loc[key]["name"], 120, is_name=True)).concepts
    ]
    return (tuple(found), ()) if len(found) <= AS_MANY else ((), tuple(found))


def _phrases(kind: str) -> str:
    entry = lexicon()["kind"][kind.partition(".")[2]]
    return " ".join([*entry["en"], *entry["zh"]])


def _kinds(product: pd.Series) -> frozenset[str]:
    """What a product is, by its name and its category."""
    return read(plain(f"{product['name']} {plain(product.get('category'), 60)}", 200)).of("kind")
