"""What copy never says of itself: typed figures, marks, names not of its brief, words of the rules, other scripts.

A reader looks at one text of a language, with a HOLE for every slot, and says where such a thing stands and why not.
"""

import functools
import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.campaign.reading import names
from engine.campaign.writer import cleaning
from engine.campaign.writer.facts import Facts
from engine.errors import DataProblem
from engine.sentences import Sentence

PROMPTS = Path(__file__).parents[2] / "assets" / "prompts"
HOLE = "\ufffc"  # stands for a slot while the words around it are read
CAPITAL = re.compile(r"(?<=[a-z,;\ufffc] )[A-Z][a-z]{2,}(?!\w)")
HASH = re.compile(r"(?<!\S)#(?=\w)|(?<=[^\w\s#])#(?=\w)|#(?=\w+#)|(?<=\w)#(?=\s|$)")
SOCIAL = ("xiaohongshu", "social", "wechat")  # channels where # begins a topic
# Latin letters of Chinese copy: sizes, units after a figure, the letter that answers a text message, usual short words.
LATIN_IN_CHINESE = re.compile(
    r"(?<![A-Za-z])(?:X{0,3}[SML]|[2-6]XL)(?![A-Za-z])|(?<=\d)\s?(?:cm|mm|ml|kg|g|m|l|L|ML|CM|KG|G|W)(?![A-Za-z])"
    r"|(?:退订|拒收|回复?|请回复?|TD)[^，。！\w]{0,2}[TDRNYtdrny]{1,2}(?![A-Za-z])|(?<![A-Za-z])(?:VIP|APP|App|DIY|OK|logo|LOGO|WiFi|SPA|PO|CP|get|Get)(?![A-Za-z])"
    r"|(?<=[第])N(?=[天次个回])|[A-Za-z](?=领)"
)
MARKUP = re.compile(r"https?:|www\.|\w\.(?:com|cn|net|org)\b|[@<>`\[\]|\\_#*^~]|&\w+;")

Place = tuple[int, int, str, str]  # start, end, kind, reason
Reader = Callable[[str, Facts, str], Iterator[Place]]


@dataclass(frozen=True, slots=True)
class _Rule:
    kind: str
    reason: str
    unless: frozenset[str]
    pattern: re.Pattern[str]


def _figures(around: str, facts: Facts, language: str) -> Iterator[Place]:
    for start, end in _runs(around, lambda ch: unicodedata.category(ch) in ("Nd", "No", "Nl")):
        yield start, end, "digit", "a typed figure: figures come only from slots"
    for start, end in _runs(around, lambda ch: ch in "%％‰﹪" or unicodedata.category(ch) == "Sc"):
        yield start, end, "money", "a typed percent or currency sign: it belongs to a slot"


def _marks(around: str, facts: Facts, language: str) -> Iterator[Place]:
    for start, end in _runs(around, lambda ch: ch in "{}"):
        yield start, end, "slot", "a brace that is not part of a slot such as {code}"
    topics = {match.start() for match in HASH.finditer(around)} if facts.channel in SOCIAL else set()
    for match in MARKUP.finditer(around):
        if match.start() in topics and match.group() == "#":
            continue
        yield match.start(), match.end(), "markup", "a link, tag or bracket: copy is plain text"
    for start, end in _runs(around, lambda ch: unicodedata.category(ch) in ("Cc", "Cf", "Co", "Cs") and ch != "\n"):
        yield start, end, "markup", "an invisible mark"


def _names(around: str, facts: Facts, language: str) -> Iterator[Place]:
    small = around.lower()
    for own, name in _small(facts.names):
        for match in re.finditer(re.escape(name), around, re.IGNORECASE) if own in small else ():
            yield match.start(), match.end(), "product", "a typed product name: use its slot, or leave it out"


def _strangers(around: str, facts: Facts, language: str) -> Iterator[Place]:
    """Names inside a sentence that stand nowhere in what the model was told: another shop's, a person's, a place's."""
    if language == "zh" or names.is_headline(around):
        return
    told = " ".join([*facts.slots.values(), *map(str, facts.products), *facts.world.words, str(facts.voice)]).lower()
    for match in CAPITAL.finditer(around):
        if match.group().lower() not in told:
            yield match.start(), match.end(), "product", "a name that is not in this brief"


@functools.lru_cache(maxsize=8)
def _small(names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Names in small letters beside the names: a large shop's are looked for in every text."""
    return tuple((name.lower(), name) for name in names)


def _words(around: str, facts: Facts, language: str) -> Iterator[Place]:
    for rule in _rules(language):
        if facts.offer_kind in rule.unless:
            continue
        for match in rule.pattern.finditer(around):
            yield match.start(), match.end(), rule.kind, rule.reason


def _orders(around: str, facts: Facts, language: str) -> Iterator[Place]:
    for start, end in cleaning.orders_in(around):
        yield start, end, "internal", "speaks to a machine, not to a customer"


# Words that no fact makes right. The other word rules guard what a model writes, where facts are slots.
NEVER = ("internal", "personal", "blank")


def _never_said(around: str, facts: Facts, language: str) -> Iterator[Place]:
    yield from (place for place in _words(around, facts, language) if place[2] in NEVER)


def _script(around: str, facts: Facts, language: str) -> Iterator[Place]:
    own = facts.slots.get("shop", "")
    if own:
        around = re.sub(re.escape(own), lambda match: HOLE * len(match.group()), around)
    if language == "zh":
        around = LATIN_IN_CHINESE.sub(lambda match: HOLE * len(match.group()), around)
        for start, end in _runs(around, lambda ch: ch.isalpha() and not _is_chinese(ch)):
            yield start, end, "script", "这里应该只用中文"
    else:
        for start, end in _runs(around, lambda ch: (ch.isalpha() and not _is_latin(ch)) or "\u3000" <= ch <= "\u303f"):
            yield start, end, "script", "not English: letters of another script"


def _is_chinese(ch: str) -> bool:
    return unicodedata.name(ch, "").startswith("CJK UNIFIED") or ch == "〇"


def _is_latin(ch: str) -> bool:
    return unicodedata.name(ch, "").startswith(("LATIN", "MODIFIER LETTER"))


def _runs(text: str, test: Callable[[str], bool]) -> Iterator[tuple[int, int]]:
    """(start, end) of each longest run of characters that pass the test."""
    chosen = {ch for ch in set(text) if test(ch)}  # most texts have none
    start = None
    for position, ch in enumerate(text + "\0" if chosen else ""):
        inside = position < len(text) and ch in chosen
        if inside and start is None:
            start = position
        elif not inside and start is not None:
            yield start, position
            start = None


@functools.cache
def _rules(language: str) -> tuple[_Rule, ...]:
    """The word rules of a language, from assets/prompts/words.<language>.toml."""
    path = PROMPTS / f"words.{language}.toml"
    try:
        listed = tomllib.loads(path.read_text("utf-8"))["refused"]
        return tuple(
            _Rule(
                entry["kind"],
                entry["reason"],
                frozenset(entry.get("unless", ())),
                _compiled("|".join(entry["patterns"]), whole_words=language != "zh"),
            )
            for entry in listed
        )
    except (OSError, tomllib.TOMLDecodeError, KeyError, re.error) as error:
        raise DataProblem(Sentence("refused.unusable", {"file": str(path), "error": repr(error)})) from error


def _compiled(pattern: str, whole_words: bool) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{pattern})(?!\w)" if whole_words else pattern, re.IGNORECASE)


# A model says every fact by its slot; a person may type one, which is then judged by what it says.
OF_A_DRAFT: tuple[Reader, ...] = (_figures, _marks, _names, _strangers, _words, _orders, _script)
OF_ANYBODY: tuple[Reader, ...] = (_marks, _never_said, _script)
