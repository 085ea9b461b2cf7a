"""Copy without a language model: every draft's offer sentence, and whole drafts, from assets/prompts/templates.*."""

import functools
import re
import tomllib
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path

from engine.campaign.plan import Brief
from engine.campaign.writer.facts import Facts
from engine.errors import DataProblem

PROMPTS = Path(__file__).parents[3] / "assets" / "prompts"
SLOT = re.compile(r"\{([a-z_]+)\}")
FORMS = {"sms": "sms", "push": "short", "ad": "short", "product_page": "page"}  # the others have room: "long"


def write(brief: Brief, facts: Facts, number: int) -> dict[str, str]:
    """Draft `number` (0, 1, ...) of a brief from templates: part to text with slots. The same for the same input."""
    texts = {part: _fitting(_choices(brief, part, facts)[0], number, part, facts) for part in facts.parts}
    texts["body"] = body(texts["body"], offer_line(facts, number), facts)
    return texts


def neighbours(brief: Brief, facts: Facts, texts: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """The templates that follow the one these texts come from, each once: the brief's goal first, then general ones.

    Texts that come from no template are followed by all of them.
    """
    choices = {part: list(dict.fromkeys(chain(*_choices(brief, part, facts)))) for part in facts.parts}
    lines = offer_lines(facts)
    at = [k for part, text in texts.items() for k, words in enumerate(choices.get(part, ())) if text.startswith(words)]
    begin = at[0] + 1 if at else 0
    line = next((number for number, one in enumerate(lines) if texts.get("body", "").endswith(one)), 0)
    seen: list[dict[str, str]] = []
    for number in range(begin, begin + max(map(len, choices.values())) * len(lines)):
        found = {part: _fitting(choices[part], number, part, facts) for part in facts.parts}
        # The same way to say the offer as long as there are other openings.
        turn = line + (number - begin) // len(choices["body"])
        found["body"] = body(found["body"], lines[turn % len(lines)], facts)
        if found not in seen:
            seen.append(found)
            yield found


def _choices(brief: Brief, part: str, facts: Facts) -> list[list[str]]:
    """What templates say in a part (of the body, its opening), the closest to this brief first, none of them empty:
    those about its products for its goal, those for its goal, those for any.
    """
    file = template_file(brief.language)
    words, key = file["words"], "lead" if part == "body" else part
    # Where the message is short, or only asks to look at the product, one sentence names it, and twice is too often.
    names_it = FORMS.get(facts.channel) in ("sms", "short") or facts.offer_kind == "none"
    own, general = words.get(brief.goal, {}).get(key, []), words["default"][key]
    if key == "lead" and names_it:
        return [[*_about_products(file, "said", key, facts), *(own or general)], general]
    return [group for group in (_about_products(file, brief.goal, key, facts), own, general) if group]


def _about_products(file: dict, goal: str, key: str, facts: Facts) -> list[str]:
    """What says something of the brief's products; nothing for a brief without one, or a part without room for it."""
    about = _about(facts, file) if facts.products else ""
    groups = file["products"]
    forms = groups.get(goal, groups["default"]).get(key, []) if about else []
    lines = [_line(form, file, facts, about) for form in forms if _lacks_nothing(form, facts)]
    return [line for line in lines if len(_filled(line, facts.slots)) <= facts.room("body" if key == "lead" else key)]


def _lacks_nothing(form: str, facts: Facts) -> bool:
    """Whether the brief has every slot that this text cannot do without."""
    needed = SLOT.findall(re.sub(r"\[\[.*?\]\]", "", form))
    return all(name == "about" or facts.slots.get(name) for name in needed)


def offer_line(facts: Facts, number: int) -> str:
    """The sentence that says the offer, with slots: what, on what, from which order value, which code, until when."""
    lines = offer_lines(facts)
    return lines[number % len(lines)]


def offer_lines(facts: Facts) -> list[str]:
    """Every way to say the offer in this channel."""
    file = template_file(facts.language)
    forms = file["offers"][facts.offer_kind]
    lines = forms.get(FORMS.get(facts.channel, "long"), forms["long"])
    leads = " {link}" if "link" in facts.slots else ""  # phones end an address at a space
    return [_fitted(_line(line, file, facts, _about(facts, file)), line, file, facts) + leads for line in lines]


def _fitted(whole: str, line: str, file: dict, facts: Facts) -> str:
    """The sentence, without what the offer is on where an ad has no room for that: the page it leads to says it."""
    is_long = facts.channel == "ad" and len(_filled(whole, facts.slots)) > facts.room("body")
    return _line(line, file, facts, "") if is_long else whole


def _line(line: str, file: dict, facts: Facts, about: str) -> str:
    line = re.sub(r"\[\[(.*?)\]\]", lambda match: _kept(match.group(1), about, facts), line)
    line = line.replace("{about}", about)
    return line[:1].upper() + line[1:]


def _about(facts: Facts, file: dict) -> str:
    """The slot that says what the offer is on; nothing where a short channel has no room for a long name."""
    for name in ("product", "products"):
        if name in facts.slots:
            return "{" + name + "}" if _has_room(facts, name) else ""
    return file["about_category"] if "category" in facts.slots and _has_room(facts, "category") else ""


def _has_room(facts: Facts, name: str) -> bool:
    """Whether the draft must name it, or an ad may: a short channel need not name a long one."""
    return facts.channel == "ad" or any(name in group for group in facts.required)


def _kept(segment: str, about: str, facts: Facts) -> str:
    """An optional segment, or nothing where the brief lacks one of its slots."""
    names = SLOT.findall(segment)
    lacking = [name for name in names if not (about if name == "about" else facts.slots.get(name))]
    return "" if lacking else segment


def _fitting(choices: list[str], number: int, part: str, facts: Facts) -> str:
    """This draft's text for a part, or the next one that fits the channel once filled."""
    turned = choices[number % len(choices) :] + choices[: number % len(choices)]
    lengths = [len(_filled(text, facts.slots)) for text in turned]
    fitting = [text for text, length in zip(turned, lengths, strict=True) if length <= facts.room(part)]
    return fitting[0] if fitting else turned[lengths.index(min(lengths))]


def joined(lead: str, line: str, language: str) -> str:
    """Opening and offer sentence as one text."""
    return f"{lead}{line}" if language == "zh" else f"{lead} {line}"


def room_beside(line: str, facts: Facts) -> int:
    """Characters that a body has left for its opening beside this offer sentence."""
    return facts.room("body") - len(_filled(joined("", line, facts.language), facts.slots))


def roomiest(number: int, facts: Facts, needed: int) -> str:
    """Offer sentence `number`, or where it leaves less than `needed` characters for an opening, the shortest one."""
    line = offer_line(facts, number)
    if room_beside(line, facts) >= needed:
        return line
    return max(offer_lines(facts), key=lambda one: room_beside(one, facts))


def body(lead: str, line: str, facts: Facts) -> str:
    """Lead and offer sentence, the lead left out where both do not fit."""
    both = joined(lead, line, facts.language)
    return both if len(_filled(both, facts.slots)) <= facts.room("body") else line


def _filled(text: str, slots: Mapping[str, str]) -> str:
    return SLOT.sub(lambda match: slots.get(match.group(1), match.group()), text)


@functools.cache
def template_file(language: str) -> dict:
    """assets/prompts/templates.<language>.toml. Raises DataProblem when somebody's edit broke it."""
    path = PROMPTS / f"templates.{language}.toml"
    try:
        file = tomllib.loads(path.read_text("utf-8"))
        missing = {"offers", "words", "products", "about_category"} - file.keys()
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise DataProblem(f"{path} cannot be read: {error}. Correct it or restore the file.") from error
    if missing:
        raise DataProblem(f"{path} lacks {', '.join(sorted(missing))}. Correct it or restore the file.")
    return file
