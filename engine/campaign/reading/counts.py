"""Numbers that count things: two towels, 三件套, 500."""

import functools
import re
from collections.abc import Iterator, Sequence

from engine.campaign.reading.claim import Claim
from engine.campaign.reading.numerals import CHINESE, ENGLISH, FIGURES, value
from engine.campaign.reading.spans import is_inside
from engine.campaign.reading.words import words

# Words after a number that count nothing themselves, and those no noun follows whose number it is.
NO_NOUN = re.compile(
    r"(?:the|a|an|and|or|but|for|of|in|on|at|to|from|with|by|as|is|are|was|it|its|you|your|our|we|they|that|this"
    r"|than|then"
    r"|so|if|when|while|all|each|every|no|not|off|up|out|over|once|after|before|into|only|one|any|both|use[sd]?"
    r"|works?|free"
    r"|can|will|has|have|holds?|rinses?|full|light|fine|flat|warm|over)",
    re.I,
)
NO_QUALITY = re.compile(
    r"(?:\w+[^s\W]s|and|or|of|for|the|to|in|on|at|with|from|by|is|are|was|more|less|who|that)", re.I
)
MANY = 99  # in words; so many things are a manner of speaking
VAGUE = {
    "layer", "word", "story", "dream", "flavour", "flavor", "kiss", "memory", "face", "step", "find", "style",
    "cup", "size", "shade", "tea", "level", "hour", "day", "night", "week", "month", "minute", "home", "thing",
    "reason", "time", "way", "problem", "thought", "idea", "use", "year",
}  # fmt: skip
CHOSEN = re.compile(
    r"(?:\b(?:reply|text|press|dial|option|step|part|round|episode|act|tip|question)\s+(?:with )?|(?:回复|发送|按|拨"
    r"|选项|攻略|步骤|贴士)\s*)"
    r"(?:\d(?!\d)[^.!?。！？\d]{0,24})*$",
    re.I,
)
LISTED = re.compile(r"[.)]\s|[、）]|\ufe0f?\u20e3")
STARTS = re.compile(r"(?:^|[.!?:;,\n。！？：；，]|[\u2600-\u27bf\U0001f000-\U0001faff])\s*$")
COUNTED_CHINESE = "件款包片支瓶盒罐袋套只条双张把块床饼种色码层代枚粒颗枝箱桶道克重"
COUNT = re.compile(
    rf"(?<![\w.,-])(?!\w+ times out of)(?P<n>{FIGURES}|{ENGLISH})"
    r"(?:[- ](?P<w1>[A-Za-z][a-z]+))?(?:[- ](?P<w2>[A-Za-z][a-z]+))?",
    re.I,
)
COUNT_CHINESE = re.compile(rf"(?P<n>{FIGURES}|{CHINESE})\s*(?:小|大)?(?P<unit>[{COUNTED_CHINESE}人位家个次年天]?)")


def read(text: str, nouns: frozenset[str], taken: Sequence[tuple[int, int]]) -> Iterator[Claim]:
    """Numbers outside the places `taken`: figures always, words where they count something that a shop sells."""
    for match in COUNT.finditer(text):
        number = value(match["n"])
        if number is not None and not is_inside(*match.span("n"), taken):
            yield from _english(match, number, nouns | _counted())
    for match in COUNT_CHINESE.finditer(text):
        number = value(match["n"])
        if number is not None and not is_inside(*match.span("n"), taken) and _is_count(text, match):
            end = match.end()
            yield Claim(match.start("n"), end, "number", number, match["unit"])


@functools.cache
def _counted() -> frozenset[str]:
    return frozenset(words("counted", "nouns"))


def _english(match: re.Match[str], number: float, nouns: frozenset[str]) -> Iterator[Claim]:
    """The number with the noun it counts, where one of the two words after it is a noun of these."""
    groups = ("w1",) if match["w1"] and NO_QUALITY.fullmatch(match["w1"]) else ("w1", "w2")
    group = next((group for group in groups if match[group] and _is_noun(match[group], nouns)), None)
    written = match["n"][:1].isdigit()
    if _is_a_manner(match, number, group):
        return
    if written or (group and match["n"].lower() != "one"):
        noun = singular(match[group]) if group else ""
        yield Claim(match.start("n"), match.end(group or "n"), "number", number, noun)


def _is_noun(word: str, nouns: frozenset[str]) -> bool:
    return not NO_NOUN.fullmatch(word) and singular(word) in nouns


def _is_a_manner(match: re.Match[str], number: float, group: str | None) -> bool:
    """A hundred and one things, ninety-nine reasons; 1. and 2. of a list; "Reply 1 for": no count of anything."""
    text, start = match.string, match.start("n")
    if match["n"][:1].isdigit():
        return bool(CHOSEN.search(text[max(0, start - 60) : start])) or _is_listed(text, match)
    return number >= MANY and (not group or singular(match[group]) in VAGUE)


def _is_listed(text: str, match: re.Match[str]) -> bool:
    """1. and 2) of a list."""
    written = match["n"]
    return len(written) == 1 and bool(LISTED.match(text[match.end("n") :]) and STARTS.search(text[: match.start("n")]))


def _is_count(text: str, match: re.Match[str]) -> bool:
    """Whether a number in a Chinese text counts: one in figures that is no part of a name such as A4, or in words."""
    if match["n"][:1].isdigit():
        if CHOSEN.search(text[: match.start("n")][-60:]) or _is_listed(text, match):
            return False
        follows = re.match(r"[A-Za-z]", text[match.end("n") :])
        return not follows and not re.search(r"[A-Za-z]-?$", text[: match.start("n")])
    counts = match["unit"] and match["unit"] in COUNTED_CHINESE
    return bool(counts) and match["n"] != "一" and not _is_idiom(text, match)


def _is_idiom(text: str, match: re.Match[str]) -> bool:
    """三五, 两三: a few. 千, 万, 十 alone: very. 三只 of 三只松鼠 is a name all the same."""
    written = match["n"]
    few = len(written) == 2 and all(ch in "一二两三四五六七八九" for ch in written)
    is_round = bool(re.fullmatch("一[百千万亿]", written)) and match["unit"] in "种次遍个"
    return (
        few or is_round or written in ("千", "万", "百", "亿") or bool(re.search(r"[第初十]$", text[: match.start()]))
    )


def singular(word: str) -> str:
    """An English noun without its plural ending, in small letters.

    >>> singular("Berries"), singular("boxes"), singular("towels"), singular("glass")
    ('berry', 'box', 'towel', 'glass')
    """
    word = word.lower()
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith(("ches", "shes", "xes", "sses")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word
