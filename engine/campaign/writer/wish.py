"""What is wanted beside the brief: drafts like one there is, or one part written again while the others stay."""

import difflib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.campaign import claims
from engine.campaign.writer import template
from engine.campaign.writer.cleaning import plain
from engine.campaign.writer.facts import SEVERAL, Facts
from engine.campaign.writer.voice import said_never
from engine.errors import DataProblem, DraftFailed
from engine.sentences import spoken

# Slots the model may place itself. Those of the offer stand in the offer sentence, which code adds to the body: told to
# place five slots, a small model forgot one in most of its texts and bent the grammar round the others.
FREE = ("product", *SEVERAL, "products", "shop")
ALIKE = 0.8  # share of words in the same order from which a part counts as the same one
SENTENCES = {"en": r"(?<=[.!?])\s+", "zh": r"(?<=[。！？!?])"}


@dataclass(frozen=True, slots=True)
class Wish:
    """`like`: write in the style of this draft. `part` with `keep`: write this part of a draft again, only this one.

    Both drafts are texts by part, with {slots} or with the facts typed. Nothing set: whole drafts of the brief.
    """

    like: Mapping[str, str] = field(default_factory=dict)
    keep: Mapping[str, str] = field(default_factory=dict)
    part: str | None = None

    @property
    def shown(self) -> Mapping[str, str]:
        """The draft that the model sees; empty where it starts from the brief alone."""
        return self.keep if self.part else self.like

    def about(self) -> dict[str, Any]:
        """What an answer to the wish says of it, beside its drafts."""
        if self.part:
            return {"part": self.part, "instead_of": self.keep.get(self.part, "")}
        return {"like": True} if self.like else {}


NOTHING = Wish()


def read(facts: Facts, like: Path | None, keep: Path | None, part: str | None) -> Wish:
    """The wish of `draft --like FILE` or `draft --keep FILE --part NAME`. Raises DataProblem for one that makes no
    sense, and DraftFailed where the part is the only one that says a fact the draft must say.
    """
    if like and (keep or part):
        raise DataProblem("Say either --like FILE or --keep FILE with --part NAME, not both.")
    if (keep is None) != (part is None):
        raise DataProblem("--keep FILE and --part NAME belong together: the draft, and which of its parts to redraw.")
    if part and part not in facts.parts:
        raise DataProblem(f"--part is {part!r}; this channel has {', '.join(facts.parts)}.")
    if like:
        return Wish(like=_texts(like, facts))
    if keep:
        wish = Wish(keep=_texts(keep, facts), part=part)
        _only_place(wish, facts)
        return wish
    return NOTHING


def _texts(path: Path, facts: Facts) -> dict[str, str]:
    """The texts of a draft in a file: {"slots": {part: text}}, as `draft` prints it, or {part: text}."""
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise DataProblem(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise DataProblem(f"{path} is no JSON: {error}.") from error
    texts = content.get("slots", content) if isinstance(content, dict) else None
    if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
        raise DataProblem(f'{path} holds no draft; one such as {{"subject": "...", "body": "..."}} is needed.')
    own = {part: texts[part] for part in facts.parts if texts.get(part, "").strip()}
    if not own:
        raise DataProblem(f"{path} has no text for this channel; it has {', '.join(facts.parts)}.")
    return own


def _only_place(wish: Wish, facts: Facts) -> None:
    """Raises DraftFailed where a fact would get lost: of the offer's facts, the model may place none."""
    if wish.part == "body":
        return  # the offer sentence comes back with it
    before = {finding.fact for finding in claims.check_draft(as_slots(wish.keep, facts), facts) if not finding.part}
    rest = {part: text for part, text in wish.keep.items() if part != wish.part}
    after = [finding for finding in claims.check_draft(as_slots(rest, facts), facts) if finding.kind == "missing"]
    lost = [str(finding.fact) for finding in after if finding.fact not in before and finding.fact not in FREE]
    if lost:
        said = " and ".join("{" + name + "}" for name in lost)
        raise DraftFailed(
            f"Only the {wish.part} says {said}, which a redrawn one would not. Say it in another part, then draw again."
        )


def as_slots(texts: Mapping[str, str], facts: Facts) -> dict[str, str]:
    """Texts with the facts that somebody typed turned back into slots."""
    return {part: claims.to_slots(text, facts) for part, text in texts.items()}


def told(texts: Mapping[str, str], facts: Facts) -> dict[str, str]:
    """A draft as the model is shown it: each part cleaned, its body without the offer, which code writes, and what the
    catalogue says in its words: the model may place names only.
    """
    said = facts.slots.get("said", "")
    slots = {part: _clean(text).replace("{said}", said) for part, text in as_slots(texts, facts).items()}
    if "body" in slots:
        slots["body"] = opening(slots["body"], facts)
    return {part: slots[part] for part in facts.parts if slots.get(part)}


def opening(body: str, facts: Facts) -> str:
    """The sentences of a body that say nothing of the offer."""
    own = body.removesuffix(offer_line(body, facts))
    kept = [
        sentence
        for sentence in re.split(SENTENCES[facts.language], own)
        if sentence.strip() and not set(claims.SLOT.findall(sentence)) - {*FREE, "said"}
    ]
    return ("" if facts.language == "zh" else " ").join(kept).strip()


def offer_line(body: str, facts: Facts) -> str:
    """The offer sentence that a body ends with; empty where it is none of ours."""
    return next((line for line in template.offer_lines(facts) if body.endswith(line)), "")


def _clean(text: str) -> str:
    """Text without chat marks: it was typed by anyone. Its slots stay."""
    pieces = re.split(r"(\{[a-z_]+\})", " ".join(text.split()))
    edges = [piece if number % 2 else _kept_spaces(piece) for number, piece in enumerate(pieces)]
    return "".join(edges)[:900].strip()


def _kept_spaces(piece: str) -> str:
    inner = plain(piece, 900)
    return f"{' ' * piece.startswith(' ')}{inner}{' ' * (piece.endswith(' ') and bool(inner))}"


def objections(slots: Mapping[str, str], facts: Facts, wish: Wish) -> list[str]:
    """What is wrong with a draft. A redrawn part is not to blame for what was wrong elsewhere."""
    found = claims.check_draft(as_slots(slots, facts) if wish.part else slots, facts)
    if wish.part:
        before = claims.check_draft(as_slots(wish.keep, facts), facts)
        found = [one for one in found if one.part == wish.part or (not one.part and one not in before)]
    return (
        [spoken(finding.reason) for finding in found]
        + _too_long(slots, facts, wish)
        + _off_voice(slots, facts, wish)
        + disliked(slots, facts, wish)
    )


def disliked(slots: Mapping[str, str], facts: Facts, wish: Wish = NOTHING) -> list[str]:
    """Parts that begin as a text does that the shop gave a thumb down: its title, or the first sentence of its body."""
    wanted = (wish.part,) if wish.part else ("subject", "headline", "body")
    found = []
    for part in [one for one in wanted if one in ("subject", "headline", "body")]:
        first = _first_words(slots.get(part, ""), part, facts)
        others = [_first_words(text.get(part, ""), part, facts) for text in facts.disliked]
        if any(_alike(first, other) for other in others):
            found.append(f"its {part} begins as one that the shop did not like")
    return found


def _first_words(text: str, part: str, facts: Facts) -> list[str]:
    """Words of a title, or of a body's first sentence that is not the offer."""
    if part == "body":
        text = re.split(SENTENCES[facts.language], opening(text, facts))[0]
    return words(text, facts.language)


def _alike(one: list[str], other: list[str]) -> bool:
    return bool(other) and difflib.SequenceMatcher(None, one, other, autojunk=False).ratio() >= ALIKE


def _too_long(slots: Mapping[str, str], facts: Facts, wish: Wish) -> list[str]:
    """Parts that a person might write so long, but no draft should be."""
    parts = (wish.part,) if wish.part else facts.parts
    lengths = {part: len(text) for part, text in claims.fill(slots, facts).items() if part in parts}
    over = {part: length for part, length in lengths.items() if facts.room(part) < length <= facts.limit(part)}
    return [f"the {part} has {length} characters; drafts keep to {facts.room(part)}" for part, length in over.items()]


def _off_voice(slots: Mapping[str, str], facts: Facts, wish: Wish) -> list[str]:
    """Words that the shop never uses, and an earlier headline said again."""
    parts = (wish.part,) if wish.part else facts.parts
    texts = {part: slots.get(part, "") for part in parts}
    found = [f"the shop never says “{word}”" for text in texts.values() for word in said_never(text, facts.voice.never)]
    before = {tuple(words(line, facts.language)) for line in facts.voice.winners}
    return found + [
        f"its {part} is an earlier headline"
        for part, text in texts.items()
        if tuple(words(text, facts.language)) in before
    ]


def says_the_same(text: str, other: str, part: str, facts: Facts) -> bool:
    """Whether a part repeats the one it was to differ from, but for a word or two."""
    if part == "body":
        text, other = opening(text, facts), opening(claims.to_slots(other, facts), facts)
    return _alike(words(text, facts.language), words(other, facts.language))


def words(text: str, language: str) -> list[str]:
    """Words of a text, or its Chinese characters; a slot counts as one. Case and punctuation do not matter."""
    return re.findall(r"[\u4e00-\u9fa5]|\{\w+\}" if language == "zh" else r"[\w'{}]+", text.lower())
