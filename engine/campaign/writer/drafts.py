"""n drafts of a brief, by the language model or from templates, as they are written."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from pydantic import Field

from engine.campaign import claims
from engine.campaign.plan import Brief, Checked
from engine.campaign.writer import files, model, template
from engine.campaign.writer import wish as wishes
from engine.campaign.writer.facts import Facts, ShopLike, facts
from engine.campaign.writer.server import Endpoint, WriterServer, remote
from engine.campaign.writer.wish import NOTHING, Wish
from engine.errors import AppError, DraftFailed, ModelFileProblem
from engine.settings import Settings

MOST_DRAFTS = 20
SEED_STEP = 1000  # seeds between two drafts: room for redraws
NEIGHBOUR = "It is a neighbouring template, not a variation of the draft."
SHOW_EVERY = 0.15  # seconds between two partial texts

# A server, or something that gives one and starts it again where it crashed, or None for templates.
Writer = Endpoint | Callable[[], Endpoint] | None
Event = tuple[Literal["text", "draft"], int, "str | Draft"]


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
    model: str | None = Field(default=None)  # the model's name at its server
    prompt_sha256: str | None = Field(default=None)
    temperature: float | None = Field(default=None)
    redraws: int = 0  # texts refused before this one
    seconds: float = 0.0

    model_config = {**Checked.model_config, "protected_namespaces": (), "str_strip_whitespace": False}


def draft(
    shop_facts: Facts,
    brief: Brief,
    n: int,
    seed: int,
    endpoint: Writer,
    on_text: Callable[[int, str], None] | None = None,
    why_template: str | None = None,
    wish: Wish = NOTHING,
) -> list[Draft]:
    """n different drafts of a brief. `on_text(i, text)` gets draft i's words while they are written."""
    drafts = []
    for kind, index, content in stream(shop_facts, brief, n, seed, endpoint, why_template, wish):
        if kind == "text" and on_text:
            on_text(index, str(content))
        elif isinstance(content, Draft):
            drafts.append(content)
    return drafts


def stream(
    shop_facts: Facts,
    brief: Brief,
    n: int,
    seed: int,
    endpoint: Writer,
    why_template: str | None = None,
    wish: Wish = NOTHING,
) -> Iterator[Event]:
    """Events of n drafts, one draft after the other: ("text", i, words so far) ..., ("draft", i, Draft).

    A draft the model cannot give becomes a template draft at once, with the reason in its note. With a wish there may
    be fewer of them, because templates are few; raises DraftFailed where not even one is left.
    """
    if not 1 <= n <= MOST_DRAFTS:
        raise DraftFailed(f"Between 1 and {MOST_DRAFTS} drafts can be asked for at once; got {n}.")
    done: list[Draft] = []
    note = why_template or "No language model was asked; this draft comes from a template."
    hopeless = endpoint is None
    for index in range(n):
        written: Draft | None = None
        taken = tuple(draft.slots for draft in done)
        if not hopeless:
            try:
                for event in _modelled(shop_facts, brief, index, seed, endpoint, taken, wish):
                    if isinstance(event, Draft):
                        written = event
                    else:
                        yield "text", index, event
            except AppError as problem:
                # A file that cannot be loaded will not load for the next draft either; a dead child may come back.
                hopeless = isinstance(problem, ModelFileProblem)
                note = f"{str(problem).rstrip('.')}; this draft comes from a template."
        slots = None if written else _template(shop_facts, brief, index, taken, wish)
        written = written or (_from_template(shop_facts, brief, index, seed, note, slots, wish) if slots else None)
        if written:
            done.append(written)
            yield "draft", index, written
    if not done:
        raise DraftFailed(f"{note.partition(';')[0]}, and there is no other template that fits here.")


def _modelled(
    shop_facts: Facts,
    brief: Brief,
    index: int,
    seed: int,
    writer: Writer,
    taken: tuple[dict[str, str], ...],
    wish: Wish,
) -> Iterator["str | Draft"]:
    """Text so far, then the model's draft. Raises DraftFailed or ModelFileProblem."""
    endpoint = writer() if callable(writer) else writer
    if endpoint is None:
        raise DraftFailed("no language model was asked")
    shown = 0.0
    for event in model.write(endpoint, brief, shop_facts, index, seed + index * SEED_STEP, taken, wish=wish):
        if isinstance(event, model.Written):
            yield Draft(
                draft_id=_draft_id(brief, event.slots, index),
                writer="model",
                model_sha256=endpoint.model_sha256,
                seed=event.seed,
                slots=event.slots,
                filled=claims.fill(event.slots, shop_facts),
                claims=claims.claims_of(event.slots, shop_facts),
                model=endpoint.model.split("@")[0],
                prompt_sha256=event.prompt_sha256,
                temperature=model.TEMPERATURE,
                redraws=event.redraws,
                seconds=event.seconds,
            )
        elif time.monotonic() - shown >= SHOW_EVERY:
            shown = time.monotonic()
            yield claims.fill({"": event}, shop_facts)[""]


def _template(
    shop_facts: Facts, brief: Brief, index: int, taken: tuple[dict[str, str], ...], wish: Wish
) -> dict[str, str] | None:
    """The slots of template draft `index`. For a wish the next neighbour that fits; None where none is left."""
    if not wish.shown:
        return template.write(brief, shop_facts, index)
    for other in template.neighbours(brief, shop_facts, wish.shown):
        slots = {**wish.keep, wish.part: other[wish.part]} if wish.part else other
        if slots in taken or wishes.objections(slots, shop_facts, wish):
            continue
        changed = [wish.part] if wish.part else [part for part in slots if part != "call_to_action"]
        if not any(slots[part] == wish.shown.get(part) for part in changed):
            return slots
    return None


def _from_template(
    shop_facts: Facts, brief: Brief, index: int, seed: int, note: str, slots: dict[str, str], wish: Wish
) -> Draft:
    return Draft(
        draft_id=_draft_id(brief, slots, index),
        writer="template",
        model_sha256=None,
        seed=seed + index * SEED_STEP,
        slots=slots,
        filled=claims.fill(slots, shop_facts),
        claims=claims.claims_of(slots, shop_facts),
        note=f"{note} {NEIGHBOUR}" if wish.like else note,
    )


def _draft_id(brief: Brief, slots: dict[str, str], index: int) -> str:
    """The same brief and text give the same id."""
    content = json.dumps([brief.model_dump(mode="json"), slots, index], ensure_ascii=False, sort_keys=True)
    return f"d{index + 1}-{hashlib.sha256(content.encode()).hexdigest()[:10]}"


def draft_command(
    shop: ShopLike,
    brief: Brief,
    n: int,
    seed: int,
    settings: Settings,
    progress: Callable[[dict], None] | None = None,
    like: Path | None = None,
    keep: Path | None = None,
    part: str | None = None,
) -> dict:
    """{"drafts": [...]} as `python -m engine draft` prints it.

    `like`: a file with a draft, whose style the new ones have. `keep` and `part`: a file with a draft, of which only
    this part is written again; the answer then names the part and says what it is to replace.

    Uses the server of OFFERLAB_LLM_URL, else starts a child with the model file and stops it afterwards.
    `progress` gets {"draft": i, "text": words so far} several times a second, then {"draft": i, "done": draft}.
    """
    told = progress or (lambda report: None)
    shop_facts = facts(shop, brief)
    wish = wishes.read(shop_facts, like, keep, part)
    about = wish.about()
    if about:
        told(about)
    child, writer, why = _writer(settings)
    drafts = []
    try:
        for kind, index, content in stream(shop_facts, brief, n, seed, writer, why, wish):
            if isinstance(content, Draft):
                drafts.append(content.model_dump(mode="json"))
                told({"draft": index, "done": drafts[-1]})
            elif kind == "text":
                told({"draft": index, "text": content})
    finally:
        if child:
            child.stop()
    return {"drafts": drafts, **about}


def _writer(settings: Settings) -> tuple[WriterServer | None, Writer, str | None]:
    """(our child to stop afterwards, the writer, why there is none)."""
    if settings.llm_url:
        return None, lambda: remote(settings), None
    if settings.model == "none":
        return None, None, "OFFERLAB_MODEL is none; this draft comes from a template."
    try:
        path = files.locate(settings)
    except ModelFileProblem as problem:
        return None, None, f"{str(problem).rstrip('.')}; this draft comes from a template."
    if path is None:
        missing = files.verify("default", settings).sentence
        return None, None, f"{missing.rstrip('.')}; this draft comes from a template."
    child = WriterServer(path, settings)
    return child, child.endpoint, None
