"""One draft: its text with slots and filled, and how it came to be; made from a model's words or from a template."""

import hashlib
import json
from collections.abc import Sequence
from importlib.metadata import version
from typing import Literal

from pydantic import Field

from engine.campaign import claims
from engine.campaign.plan import Brief, Checked
from engine.campaign.writer import model, template
from engine.campaign.writer import wish as wishes
from engine.campaign.writer.facts import Facts
from engine.campaign.writer.server import Endpoint
from engine.campaign.writer.wish import Wish
from engine.model import code
from engine.sentences import Said, Sentence, spoken

MOST_DRAFTS = 20
SEED_STEP = 1000  # seeds between two drafts: room for redraws


class Draft(Checked):
    """One draft. `slots` is the text with {slots}, `filled` what a customer reads, both by part."""

    draft_id: str
    writer: Literal["model", "template"]
    model_sha256: str | None  # None: a template, or a server that does not say which file it runs
    seed: int
    slots: dict[str, str]
    filled: dict[str, str]
    claims: list[dict]
    note: str | None = None  # why this draft is a template
    note_zh: str | None = None
    model: str | None = Field(default=None)  # the model's name at its server
    number: int = 0  # 0, 1, ... among the drafts asked for at once
    template: int | None = None  # which one, where it is not the one of its number
    redraws: int = 0  # texts refused before this one
    seconds: float = 0.0
    tokens_per_second: float | None = Field(default=None)
    # What the same text can be written from again, beside brief and shop.
    prompt_sha256: str | None = Field(default=None)
    temperature: float | None = Field(default=None)
    top_p: float | None = Field(default=None)
    max_tokens: int | None = Field(default=None)
    llama_cpp: str | None = Field(default=None)  # version of the library, where it ran here
    engine_sha256: str | None = Field(default=None)  # of this program's own code
    wished: dict | None = Field(default=None)  # like, keep, part, and the drafts before it, where it was a wish
    example: dict | None = Field(default=None)  # the shop's own text that the model was shown, where it was one
    choice: dict | None = Field(default=None)  # why it was chosen among those that were written, or was not

    model_config = {**Checked.model_config, "protected_namespaces": (), "str_strip_whitespace": False}


def from_model(
    endpoint: Endpoint,
    brief: Brief,
    facts: Facts,
    index: int,
    written: model.Written,
    wish: Wish,
    before: list[dict[str, str]],
) -> Draft:
    wished = {"like": dict(wish.like), "keep": dict(wish.keep), "part": wish.part, "before": before}
    return Draft(
        draft_id=_draft_id(brief, written.slots, index),
        writer="model",
        model_sha256=endpoint.model_sha256,
        seed=written.seed,
        slots=written.slots,
        filled=claims.fill(written.slots, facts),
        claims=claims.claims_of(written.slots, facts),
        model=endpoint.model.split("@")[0],
        number=index,
        redraws=written.redraws,
        seconds=written.seconds,
        tokens_per_second=written.tokens_per_second,
        prompt_sha256=written.prompt_sha256,
        temperature=model.TEMPERATURE,
        top_p=model.TOP_P,
        max_tokens=model.answer_tokens(facts.channel),
        llama_cpp=llama_cpp_version() if endpoint.model_sha256 else None,
        engine_sha256=code.engine_sha256(),
        wished=wished if wish.shown else None,
        example=facts.liked.as_dict() if facts.liked and not wish.shown else None,
    )


def llama_cpp_version() -> str:
    """Version of the library that runs models here."""
    return version("llama-cpp-python")


def _template(
    shop_facts: Facts, brief: Brief, index: int, taken: Sequence[dict[str, str]], wish: Wish
) -> tuple[dict[str, str], int] | None:
    """The slots of template draft `index`, and which template that is; None where none is left.

    For a wish the next neighbour that fits. One that begins as a text the shop did not like is passed over.
    """
    if not wish.shown:
        for number in range(index, index + MOST_DRAFTS):
            slots = template.write(brief, shop_facts, number)
            if (number == index or slots not in taken) and not wishes.disliked(slots, shop_facts):
                return slots, number
        return None
    for other in template.neighbours(brief, shop_facts, wish.shown):
        slots = {**wish.keep, wish.part: other[wish.part]} if wish.part else other
        if slots in taken or wishes.objections(slots, shop_facts, wish):
            continue
        changed = [wish.part] if wish.part else [part for part in slots if part != "call_to_action"]
        if not any(slots[part] == wish.shown.get(part) for part in changed):
            return slots, index
    return None


def from_template(
    shop_facts: Facts, brief: Brief, index: int, seed: int, why: Said, taken: Sequence[dict[str, str]], wish: Wish
) -> Draft | None:
    found = _template(shop_facts, brief, index, taken, wish)
    if found is None:
        return None
    slots, number = found
    # Words of a caller stay as they are.
    note = Sentence("writer.neighbour" if wish.like else "writer.template", {"reason": why})
    said = note if wish.like or isinstance(why, Sentence) else why
    return Draft(
        draft_id=_draft_id(brief, slots, index),
        writer="template",
        model_sha256=None,
        seed=seed + index * SEED_STEP,
        slots=slots,
        filled=claims.fill(slots, shop_facts),
        claims=claims.claims_of(slots, shop_facts),
        note=spoken(said, "en"),
        note_zh=spoken(said, "zh"),
        number=index,
        template=None if number == index else number,
    )


def _draft_id(brief: Brief, slots: dict[str, str], index: int) -> str:
    """The same brief and text give the same id."""
    content = json.dumps([brief.model_dump(mode="json"), slots, index], ensure_ascii=False, sort_keys=True)
    return f"d{index + 1}-{hashlib.sha256(content.encode()).hexdigest()[:10]}"
