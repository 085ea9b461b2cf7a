"""The words sent to the model: a fixed beginning (rules, one worked example), then the brief as data."""

import functools
import hashlib
import json
import tomllib
from pathlib import Path
from string import Template

from engine.campaign.plan import Brief
from engine.campaign.writer.facts import SEVERAL, SHORT, Facts, plain
from engine.errors import DataProblem

PROMPTS = Path(__file__).parents[3] / "assets" / "prompts"
NEEDED = {"system", "example_tone", "brief", "angles", "shop_angles", "goals", "channels", "examples"}
# Channels written alike share a worked example; the rest are "social".
SHAPES = {"email": "email", "sms": "sms", "push": "push", "ad": "push"}

# Slots the model may place itself. Those of the offer stand in the offer sentence, which code adds to the body: told to
# place five slots, a small model forgot one in most of its texts and bent the grammar round the others.
FREE = ("product", *SEVERAL, "products", "shop")


def messages(brief: Brief, facts: Facts, number: int) -> list[dict[str, str]]:
    """The chat for draft `number` (0, 1, ...) of a brief: rules, an example, then this brief in this draft's angle."""
    words = prompt_file(brief.language)
    shown = words["examples"]["product" if facts.products else "shop"]
    return [
        {"role": "system", "content": words["system"].strip()},
        {"role": "user", "content": _example_brief(words, shown, brief.channel)},
        {"role": "assistant", "content": json.dumps(example(facts), ensure_ascii=False)},
        {"role": "user", "content": _brief(words, brief, facts, number)},
    ]


def example(facts: Facts) -> dict[str, str]:
    """The worked answer the model is shown for such a brief: part to text."""
    shown = prompt_file(facts.language)["examples"]["product" if facts.products else "shop"]
    return shown[SHAPES.get(facts.channel, "social")]


def prompt_sha256(chat: list[dict[str, str]]) -> str:
    """A fingerprint of everything the model was told."""
    return hashlib.sha256(json.dumps(chat, ensure_ascii=False).encode()).hexdigest()


def schema(facts: Facts) -> dict:
    """The JSON schema of an answer: one text per part of the channel."""
    return {
        "type": "object",
        "properties": {part: {"type": "string"} for part in facts.parts},
        "required": list(facts.parts),
        "additionalProperties": False,
    }


def grammar(facts: Facts) -> str:
    """The answer's form as GBNF: its parts in order, made of plain words and free slots only.

    A figure, an unknown slot or a foreign word then cannot be drawn at all, which a JSON schema cannot say. Lengths are
    bounded in words, and generously: bounded characters are many times slower, a tight bound makes words run together.
    """
    kinds = {
        "body": "opening" if facts.channel in SHORT else "lead",
        "preheader": "sentence",
        "call_to_action": "button",
    }
    fields = ' ", " '.join(f'"\\"{part}\\": \\"" {kinds.get(part, "title")} "\\""' for part in facts.parts)
    slots = " | ".join(f'"{{{name}}}"' for name in FREE if name in facts.slots)
    return f'root ::= "{{" {fields} "}}"\nslot ::= {slots}\n' + (_CHINESE if facts.language == "zh" else _ENGLISH)


_ENGLISH = r"""
word ::= [a-z] [a-z']* ("-" [a-z]+)? | slot
first ::= [A-Z] [a-z']* | slot
title ::= first (" " word){2,9} "?"?
button ::= [A-Z] [a-z]+ (" " [a-z]+){1,5}
sentence ::= first (","? " " word){2,24} [.?]
opening ::= first (","? " " word){1,14} [.?]
lead ::= sentence " " sentence
"""
_CHINESE = r"""
letter ::= [\u4e00-\u9fa5]
words ::= (letter | slot)+
title ::= words ("，" words)? "？"?
button ::= letter letter letter? letter? letter? letter?
sentence ::= words ("，" words)? ("，" words)? [。？]
opening ::= words ("，" words)? [。？]
lead ::= sentence sentence
"""


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
        words,
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
    house = plain(brief.brand_guide, 300)
    angles = words["angles"] if facts.products else words["shop_angles"]
    free = ["{" + name + "}" for name in FREE if name in facts.slots]
    return _filled(
        words,
        channel=words["channels"][brief.channel],
        goal=words["goals"].get(brief.goal, words["default_goal"]),
        about=_about(facts),
        tone=plain(brief.tone, 40) or words["example_tone"],
        house=(f"店铺风格：{house}" if zh else f"House style: {house}") if house else "",
        slots=("、" if zh else ", ").join(free),
        angle=angles[number % len(angles)],
    )


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


def _filled(words: dict, **values: str) -> str:
    text = Template(words["brief"]).safe_substitute(values)
    return "\n".join(line for line in text.strip().splitlines() if line.strip())
