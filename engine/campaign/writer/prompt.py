"""The words sent to the model: a fixed beginning (rules, one worked example), then the brief as data."""

import functools
import hashlib
import itertools
import json
import string
import tomllib
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any, Literal

from engine.campaign import claims
from engine.campaign.plan import Brief
from engine.campaign.writer import wish as wishes
from engine.campaign.writer.cleaning import without_links
from engine.campaign.writer.facts import SEVERAL, SHORT, Facts
from engine.campaign.writer.voice import LONGEST_LIST
from engine.campaign.writer.wish import FREE, NOTHING, Wish
from engine.errors import DataProblem

PROMPTS = Path(__file__).parents[3] / "assets" / "prompts"
NEEDED = {
    "system", "answer", "example_tone", "brief", "angles", "shop_angles", "goals", "channels", "examples",
    "like", "again", "parts", "labels", "voice", "unfinished",
}  # fmt: skip
# How an answer is laid out: its parts in labelled lines, or a JSON object for servers that know no grammar. Quotes and
# braces cost as much time as words; without labels, small models lose track of which part they are at.
Layout = Literal["lines", "json"]
# Channels written alike share a worked example; the rest are "social".
SHAPES = {"email": "email", "sms": "sms", "wecom": "sms", "push": "push", "ad": "push"}


def messages(
    brief: Brief, facts: Facts, number: int, wish: Wish = NOTHING, layout: Layout = "lines"
) -> list[dict[str, str]]:
    """The chat for draft `number` (0, 1, ...) of a brief: rules, an example, then this brief in this draft's angle.

    With a wish the draft it names takes the example's place: beside both, the model mixed their subjects.
    """
    words = prompt_file(brief.language)
    shown = words["examples"]["product" if facts.products else "shop"]
    system = {"role": "system", "content": _filled(words["system"], answer=_answer(words, facts, layout))}
    asked = _brief(words, brief, facts, number)
    draft = wishes.told(wish.shown, facts)
    if draft:
        form = words["again" if wish.part else "like"]
        wanted = _filled(form, part=words["parts"].get(wish.part, ""))
        return [
            system,
            {"role": "user", "content": _brief(words, brief, facts, number + 1)},
            {"role": "assistant", "content": laid_out(draft, layout, facts.language)},
            {"role": "user", "content": f"{asked}\n{wanted}"},
        ]
    liked = facts.liked
    before = _brief(words, liked.brief, liked.facts, liked.number) if liked else None
    return [
        system,
        {"role": "user", "content": before or _example_brief(words, shown, brief.channel)},
        {"role": "assistant", "content": laid_out(example(facts), layout, facts.language)},
        {"role": "user", "content": asked},
    ]


def _answer(words: dict, facts: Facts, layout: Layout) -> str:
    """What the model is told of the form of its answer: the same for each brief of a channel."""
    comma = "、" if facts.language == "zh" else ", "
    return _filled(words["answer"][layout], parts=comma.join(words["parts"][part] for part in facts.parts))


def laid_out(texts: Mapping[str, str], layout: Layout, language: str) -> str:
    """Texts by part as an answer of the model."""
    if layout == "json":
        return json.dumps(dict(texts), ensure_ascii=False)
    return "\n".join(f"{label(part, language)}{text}" for part, text in texts.items())


def label(part: str, language: str) -> str:
    """What stands before a part in labelled lines."""
    return str(prompt_file(language)["labels"][part])


def parts(facts: Facts, wish: Wish) -> tuple[str, ...]:
    """The parts that the model writes, in reading order."""
    return (wish.part,) if wish.part else facts.parts


def example(facts: Facts) -> dict[str, str]:
    """The worked answer the model is shown for such a brief, or one the shop liked: part to text."""
    if facts.liked:
        return wishes.told(facts.liked.slots, facts.liked.facts)
    shown = prompt_file(facts.language)["examples"]["product" if facts.products else "shop"]
    return {part: text for part, text in shown[SHAPES.get(facts.channel, "social")].items() if part in facts.parts}


def prompt_sha256(chat: list[dict[str, str]]) -> str:
    """A fingerprint of everything the model was told."""
    return hashlib.sha256(json.dumps(chat, ensure_ascii=False).encode()).hexdigest()


def schema(facts: Facts, wish: Wish = NOTHING) -> dict:
    """The JSON schema of an answer: one text per part that is wanted."""
    wanted = parts(facts, wish)
    return {
        "type": "object",
        "properties": {part: {"type": "string"} for part in wanted},
        "required": list(wanted),
        "additionalProperties": False,
    }


def grammar(
    facts: Facts, wish: Wish = NOTHING, unlike: tuple[Mapping[str, str], ...] = (), opening: int | None = None
) -> str:
    """The answer's form as GBNF: its parts in order, a line each, made of plain words and free slots only.

    A figure, an unknown slot or a foreign word then cannot be drawn at all, which a JSON schema cannot say. Lengths are
    bounded in words of English and letters of Chinese, and generously: cut short, a sentence ends where it should not.
    `opening`: characters that the body has beside the offer; None: as many as it likes.
    No part begins with the letter that it begins with in the drafts of `unlike`: shown a draft and asked for another, a
    small model says the very same again, unless its first letter leads it elsewhere.
    """
    kinds = {
        "body": "opening" if facts.channel in SHORT else "lead",
        "preheader": "sentence",
        "call_to_action": "button",
    }
    wanted = parts(facts, wish)
    forms, first = (_CHINESE, _chinese_first) if facts.language == "zh" else (_ENGLISH, _english_first)
    names = [name for name in FREE if name in facts.slots]
    rules = [f"slot ::= {_either(names, facts)}", *forms["rules"]]
    for part in wanted:
        kind = kinds.get(part, "title")
        # There are only so many buttons: beside new words, the old one may stay.
        others = () if part == "call_to_action" and not wish.part else unlike
        begun = {text[:1] for draft in others if (text := draft.get(part, ""))}
        if "{" in begun:  # a name may also be typed: it becomes its slot afterwards
            begun |= {facts.slots[name][:1].upper() for name in names}
        room = opening if part == "body" and opening is not None else facts.room(part)
        most = _most(kind, room, facts)
        fitting = [name for name in names if len(facts.slots[name]) <= room * 2 // 3]
        slot = "" if kind == "button" else "slot" if fitting == names else _either(fitting, facts)
        own = {"FIRST": first(begun, slot), "SLOT": f" | {slot}" if slot else ""}
        own |= {"MOST": str(most), "LESS": str(max(2, most // 2))}
        rules.append(f"{_rule(part)} ::= {Template(forms[kind]).substitute(own)}")
    root = ' "\\n" '.join(f'"{label(part, facts.language)}" {_rule(part)}' for part in wanted)
    return "\n".join([f"root ::= {root}", *rules]) + "\n"


def _either(names: list[str], facts: Facts) -> str:
    """Slots, or the very names that they stand for: typed whole, they are put back as the slots they are."""
    ways = dict.fromkeys(way for name in names for way in (f"{{{name}}}", facts.slots[name]))
    return " | ".join(json.dumps(way, ensure_ascii=False) for way in ways)


def _most(kind: str, room: int, facts: Facts) -> int:
    """The most words of English, or letters of the first of two Chinese clauses; what is too long is refused later."""
    if facts.language == "zh":
        return max(8, min(room, LETTERS.get(kind, 40)))
    return max(6, min(room // CHARACTERS, WORDS.get(kind, 24)))


WORDS, LETTERS = {"title": 14, "opening": 18}, {"title": 22, "opening": 36}
CHARACTERS = 4  # of an English word and the space before it: few, for a title that is stopped by its form reads so
_ENGLISH: dict[str, Any] = {
    "rules": [
        r"""plain ::= [A-Za-z] [a-z']* ("-" [a-z]+)?""",
        r"word ::= plain | slot",
        r"""sentence ::= ([A-Z] [a-z']* | slot) (","? " " word){2,24} [.?]""",
    ],
    "title": r"""$FIRST (" " (plain$SLOT)){2,$MOST} "?"?""",
    "button": r"""$FIRST (" " [a-z]+){1,3}""",
    "sentence": r"""$FIRST (","? " " word){2,24} [.?]""",
    "opening": r"""$FIRST (","? " " (plain$SLOT)){1,$MOST} [.?]""",
    "lead": r"""$FIRST (","? " " word){2,24} [.?] " " sentence (" " sentence)?""",
}
_CHINESE: dict[str, Any] = {
    "rules": [
        r"letter ::= [\u4e00-\u9fa5]",
        r"words ::= (letter | slot)+",
        r"""sentence ::= words ([，、] words){0,4} [。？]""",
    ],
    "title": r"""$FIRST (letter$SLOT){1,$MOST} ("，" (letter$SLOT){2,$LESS})? "？"?""",
    "button": r"""$FIRST letter letter? letter? letter? letter?""",
    "sentence": r"""$FIRST (letter | slot)* ([，、] words){0,4} [。？]""",
    "opening": r"""$FIRST (letter$SLOT){1,$MOST} ([，、] (letter$SLOT){2,$LESS})? [。？]""",
    "lead": r"""$FIRST (letter | slot)* ([，、] words){0,4} [。？] sentence sentence?""",
}


def _english_first(begun: set[str], slot: str) -> str:
    """How a part begins: none of these letters, and no slot where "{" is among them."""
    letters = "".join(letter for letter in string.ascii_uppercase if letter not in begun)
    return _first(f"[{letters}] [a-z']*", begun, slot)


def _chinese_first(begun: set[str], slot: str) -> str:
    ends = [0x4DFF, *sorted(ord(letter) for letter in begun if "\u4e00" <= letter <= "\u9fa5"), 0x9FA6]
    between = [(one + 1, two - 1) for one, two in itertools.pairwise(ends) if two - one > 1]
    letter = "[" + "".join(f"\\u{low:04x}-\\u{high:04x}" for low, high in between) + "]"
    return _first(letter, begun, slot)


def _first(letters: str, begun: set[str], slot: str) -> str:
    return letters if "{" in begun or not slot else f"({letters} | {slot})"


def _rule(part: str) -> str:
    return part.replace("_", "-")  # the form's names take no underscore


@functools.cache
def prompt_file(language: str) -> dict:
    """assets/prompts/draft.<language>.toml. Raises DataProblem when somebody's edit broke it."""
    path = PROMPTS / f"draft.{language}.toml"
    try:
        words = tomllib.loads(path.read_text("utf-8"))
        missing = NEEDED - words.keys()
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise DataProblem(f"{path} cannot be read: {error}. Correct it or restore the file.") from error
    if missing:
        raise DataProblem(f"{path} lacks {', '.join(sorted(missing))}. Correct it or restore the file.")
    return words


def _example_brief(words: dict, shown: dict, channel: str) -> str:
    return _filled(
        words["brief"],
        channel=words["channels"][channel],
        goal=words["goals"][shown["goal"]],
        about=shown["about"],
        tone=words["example_tone"],
        house="",
        slots=shown["slots"],
        angle=shown["angle"],
    )


def _brief(words: dict, brief: Brief, facts: Facts, number: int) -> str:
    zh = brief.language == "zh"
    free = ["{" + name + "}" for name in FREE if name in facts.slots]
    return _filled(
        words["brief"],
        channel=words["channels"][brief.channel],
        goal=words["goals"].get(brief.goal, words["default_goal"]),
        about=_about(facts),
        tone=without_links(brief.tone, 40) or words["example_tone"],
        house=_house(words, facts),
        slots=("、" if zh else ", ").join(free),
        angle=angle(brief, facts, number),
    )


def _house(words: dict, facts: Facts) -> str:
    """How the shop wants to sound, a line each: its guide, and one headline of its own that readers liked."""
    voice = facts.voice
    liked = [line for line in voice.winners if not claims.check_slots(line, facts, facts.language)]
    said = {
        "guide": voice.guide,
        "do": voice.do,
        "dont": voice.dont,
        "words": voice.words,
        "never": ("、" if facts.language == "zh" else ", ").join(voice.never)[:LONGEST_LIST],
        "example": voice.example or (liked[0] if liked else ""),
    }
    return "\n".join(_filled(words["voice"][name], text=text) for name, text in said.items() if text)


def angle(brief: Brief, facts: Facts, number: int) -> str:
    """What draft `number` is told to begin with."""
    words = prompt_file(brief.language)
    angles = words["angles"] if facts.products else words["shop_angles"]
    return angles[number % len(angles)]


def _about(facts: Facts) -> str:
    """What the message is about, as quoted data: the products, or the category, or the whole shop."""
    zh = facts.language == "zh"
    slots = ("product",) if len(facts.products) == 1 else SEVERAL
    told = []
    for slot, product in zip(slots, facts.products, strict=False):
        line = "{" + slot + "}" + (f"是“{product.name}”" if zh else f' is "{product.name}"')
        if product.category:
            line += f"，属于“{product.category}”" if zh else f' from "{product.category}"'
        if product.description:
            line += f"：“{product.description}”" if zh else f': "{product.description}"'
        told.append(line)
    if told:
        return ("；" if zh else "; ").join(told)
    if "category" in facts.slots:
        return f"“{facts.slots['category']}”类商品" if zh else f'the category "{facts.slots["category"]}"'
    return "整个店铺" if zh else "the whole shop"


def _filled(form: str, **values: str) -> str:
    text = Template(form).safe_substitute(values)
    return "\n".join(line for line in text.strip().splitlines() if line.strip())
