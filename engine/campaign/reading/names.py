"""Names of products in a text: right, nearly right or unknown."""

import functools
import re
from collections.abc import Iterator, Sequence

from rapidfuzz.distance import OSA

from engine.campaign.reading import days, words
from engine.campaign.reading.claim import Claim
from engine.campaign.reading.numerals import small

BEGINNING = 4  # characters that names are looked up by
NEAR = 0.75  # likeness from which other words are taken for a misspelt name
CAPITAL = r"[A-Z][A-Za-z0-9_\u00c0-\u024f'&]*"  # Latin letters: a Chinese one ends it
LINK = "(?:of|and|the|&|in|de|la)"
TITLED = re.compile(rf"{CAPITAL}(?:[ -](?:{LINK} )?{CAPITAL})+")
COUNTRIES = ("US", "USA", "UK", "EU", "PS", "OK", "TV", "DIY", "FAQ", "ASAP", "VIP", "AM", "PM", "I")
STARTS = re.compile(r"(?:^|[.!?:;\n]\s*|[\"“]\s*)$")
PLACED = re.compile(r"\b(?:on|at|in|from|near|to|of|by|Dear|Love,|Mr|Mrs|Ms)\.?\s+$")
WORD = re.compile(r"[A-Za-z][A-Za-z0-9_\u00c0-\u024f']*")
_DAY = (
    r"(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs?)?|Fri|Sat(?:ur)?|Sun)(?:day)?|Jan\w*|Feb\w*|Mar(?:ch)?|Apr(?:il)?"
    r"|May|June?|July?|Aug\w*|Sept?\w*|Oct\w*|Nov\w*|Dec\w*"
)
DAYS_ONLY = re.compile(rf"(?:{_DAY})(?:[ -](?:and )?(?:{_DAY}))*")
LETTER_CHINESE = re.compile("[\u4e00-\u9fff]")
QUOTED = re.compile(r"[《「『](?P<name>[^》」』]{2,20})[》」』]")


def products(text: str, known: Sequence[str]) -> Iterator[Claim]:
    """The known names that stand in a text, the longest at each place; its value is the name.

    A name of one word written small is a word: of 90,000 products some are called "Beans" and "Cooked".
    """
    begun = _by_beginning(tuple(known))
    small, at = _small(text), 0
    while at < len(text):
        beginnings = (small[at : at + length] for length in range(BEGINNING, 0, -1))
        names = (pair for beginning in beginnings for pair in begun.get(beginning, ()))
        ends = ((_end(small, at, own), name) for own, name in names)
        found = next(((end, name) for end, name in ends if end and not _is_a_word(text[at:end], name)), None)
        if found:
            yield Claim(at, found[0], "product", found[1])
        at = found[0] if found else at + 1


@functools.lru_cache(maxsize=64)
def _by_beginning(known: tuple[str, ...]) -> dict[str, list[tuple[str, str]]]:
    """Names in small letters, and as they are, by how they begin, the longest first: a shop may have 100,000."""
    index: dict[str, list[tuple[str, str]]] = {}
    for name in sorted(filter(None, known), key=len, reverse=True):
        own = _small(name)
        index.setdefault(own[:BEGINNING], []).append((own, name))
    return index


def _small(text: str) -> str:
    """Small letters, each in its place."""
    small = text.lower()
    return small if len(small) == len(text) else "".join(one if len(one := ch.lower()) == 1 else ch for ch in text)


def _end(text: str, at: int, name: str) -> int:
    """Where a name that stands at a place ends, its plural's s included; 0 where it does not stand there."""
    if not text.startswith(name, at):
        return 0
    end = at + len(name)
    if not (name[0].isascii() and name[-1].isascii()):
        return end
    if at and _is_word(text[at - 1]):
        return 0
    if text.startswith("s", end) and not _is_word(text[end + 1 : end + 2]):
        return end + 1
    return 0 if _is_word(text[end : end + 1]) else end


def _is_a_word(said: str, name: str) -> bool:
    """Whether what stands there is an everyday word rather than the name that is spelt like it."""
    return " " not in name and said.islower() and not name.islower()


def _is_word(ch: str) -> bool:
    return ch.isalnum() or ch == "_"


def misspelt(text: str, known: Sequence[str], others: frozenset[str]) -> Iterator[Claim]:
    """Names that are nearly a known one, and, inside a sentence, names that nobody knows. The value is "like NAME" or
    "unknown". `others`: other names that may stand there, such as shop, brands and categories, in small letters.
    """
    if LETTER_CHINESE.search(text):
        yield from _misspelt_chinese(text, [name for name in known if LETTER_CHINESE.search(name)])
    yield from _quoted_unknown(text, known, others)
    yield from _titled(text, known, others)
    yield from _misspelt_small(text, [name for name in known if name.isascii() and " " in name])


def _titled(text: str, known: Sequence[str], others: frozenset[str]) -> Iterator[Claim]:
    """Words with capitals that are nearly a name or read as one; in a headline all words have capitals."""
    headline = is_headline(text)
    for match in TITLED.finditer(text):
        said = match.group()
        if DAYS_ONLY.fullmatch(said) or days.is_a_feast(said):
            continue
        near = _near(said, known)
        if not near and STARTS.search(text[: match.start()]):
            # The first word of a sentence has its capital anyway.
            said = re.sub(rf"^(?:{LINK}[ -])+", "", said[len(re.split(r"[ -]", said)[0]) + 1 :])
            if len(re.findall(r"\b[A-Z]", said)) < 2:
                continue
            near = _near(said, known)
        start = match.end() - len(said)
        if near:
            yield Claim(start, match.end(), "product", f"like {near}")
        elif not (headline or said.isupper() or _all_known(said, others) or _is_place(text[:start], said, known)):
            yield Claim(start, match.end(), "product", "unknown")


def is_headline(text: str) -> bool:
    """Whether most words begin with a capital."""
    found = WORD.findall(text)
    long = [word for word in found if len(word) > 3]
    return len(found) > 2 and sum(word[0].isupper() for word in long) > 0.7 * len(long)


def _all_known(said: str, others: frozenset[str]) -> bool:
    parts = [part.lower() for part in re.split(r"[ -]", said) if part[0].isupper() and part not in COUNTRIES]
    return said.lower() in others or all(part in others for part in parts)


def _is_place(before: str, said: str, known: Sequence[str]) -> bool:
    """Whether a name reads as that of a place or a person ("on Mill Street") rather than of something shops sell."""
    last = said.split()[-1].lower()
    goods = last in words.words("goods", "nouns", "en") or any(last in name.lower().split() for name in known)
    return not goods and bool(PLACED.search(before))


def _near(said: str, known: Sequence[str]) -> str | None:
    """The known name that these words are nearly, but not quite."""
    lower = said.lower()
    if any(lower in (name.lower(), f"{name.lower()}s") for name in known):
        return None
    best = max(known, key=lambda name: OSA.normalized_similarity(lower, name.lower()), default=None)
    return best if best and OSA.normalized_similarity(lower, best.lower()) >= NEAR else None


def _misspelt_small(text: str, known: Sequence[str]) -> Iterator[Claim]:
    """Names of several words written small, with a letter or two wrong."""
    places = [match.span() for match in WORD.finditer(text)]
    lower = small(text)
    for name in known:
        length, target = len(name.split()), name.lower()
        for first in range(len(places) - length + 1):
            start, end = places[first][0], places[first + length - 1][1]
            # At least as many letters are wrong as the lengths differ by: most places need no closer look.
            wrong = max(1, len(target) // 10)
            near = abs(end - start - len(target)) <= wrong and lower[start:end] != f"{target}s"
            if near and 0 < OSA.distance(lower[start:end], target, score_cutoff=wrong) <= wrong:
                yield Claim(start, end, "product", f"like {name}")


def _misspelt_chinese(text: str, known: Sequence[str]) -> Iterator[Claim]:
    """Chinese names with one wrong letter, and goods so particular that whoever writes them means a product."""
    for name in known:
        for match in _one_letter_off(name).finditer(text) if len(name) >= 3 else ():
            start, said = match.start(), match[1]
            if said != name:
                yield Claim(start, start + len(name), "product", f"like {name}")
    every = "".join(known)
    for match in _goods_chinese().finditer(text):
        if match.group() not in every:
            yield Claim(*match.span(), "product", "unknown")


@functools.lru_cache(maxsize=512)
def _one_letter_off(name: str) -> re.Pattern[str]:
    """The name with any one letter as another one; of a name of three only the last, or any three letters are near."""
    places = range(len(name)) if len(name) > 3 else (2,)
    ways = (re.escape(name[:at]) + "[\u4e00-\u9fff]" + re.escape(name[at + 1 :]) for at in places)
    return re.compile(f"(?=({'|'.join(ways)}))")


@functools.cache
def _goods_chinese() -> re.Pattern[str]:
    return re.compile(words.choices("goods", "nouns", "zh"))


def _quoted_unknown(text: str, known: Sequence[str], others: frozenset[str]) -> Iterator[Claim]:
    for match in QUOTED.finditer(text):
        if match["name"] not in known and match["name"].lower() not in others:
            yield Claim(*match.span("name"), "product", "unknown")
