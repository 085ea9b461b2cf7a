"""n drafts of a brief, by the language model or from templates, as they are written."""

import hashlib
import itertools
import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from pydantic import Field

from engine.campaign import claims
from engine.campaign.plan import Brief, Checked
from engine.campaign.writer import files, model, speed, template
from engine.campaign.writer import wish as wishes
from engine.campaign.writer.facts import Facts, ShopLike, for_writer
from engine.campaign.writer.remote import Remote
from engine.campaign.writer.server import Endpoint, WriterServer
from engine.campaign.writer.together import together
from engine.campaign.writer.wish import NOTHING, Wish
from engine.errors import AppError, DraftFailed, ModelFileProblem
from engine.model import code
from engine.sentences import Said, Sentence, spoken
from engine.settings import Settings

MOST_DRAFTS = 20
SEED_STEP = 1000  # seeds between two drafts: room for redraws
SHOW_EVERY = 0.15  # seconds between two partial texts

# A server, or something that gives one and starts it again where it crashed, or None for templates.
Writer = Endpoint | Callable[[], Endpoint] | None
Event = tuple[Literal["place", "text", "draft"], int, "int | str | Draft"]


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

    model_config = {**Checked.model_config, "protected_namespaces": (), "str_strip_whitespace": False}


def draft(
    shop_facts: Facts,
    brief: Brief,
    n: int,
    seed: int,
    endpoint: Writer,
    on_text: Callable[[int, str], None] | None = None,
    why_template: Said | None = None,
    wish: Wish = NOTHING,
) -> list[Draft]:
    """n different drafts of a brief. `on_text(i, text)` gets draft i's words while they are written."""
    drafts = []
    for kind, index, content in stream(shop_facts, brief, n, seed, endpoint, why_template, wish):
        if kind == "text" and on_text:
            on_text(index, str(content))
        elif isinstance(content, Draft):
            drafts.append(content)
    return sorted(drafts, key=lambda one: one.number)


def stream(
    shop_facts: Facts,
    brief: Brief,
    n: int,
    seed: int,
    endpoint: Writer,
    why_template: Said | None = None,
    wish: Wish = NOTHING,
    window: str = "",
) -> Iterator[Event]:
    """Events of n drafts: ("place", i, place in the line) ..., ("text", i, words so far) ..., ("draft", i, Draft).

    One draft after the other; a server elsewhere is asked for all of them at once. A draft the model cannot give
    becomes a template draft at once, with the reason in its note. With a wish there may be fewer of them, because
    templates are few; raises DraftFailed where not even one is left.
    """
    if not 1 <= n <= MOST_DRAFTS:
        raise DraftFailed(Sentence("writer.how_many", {"most": MOST_DRAFTS, "asked": n}))
    why = why_template or Sentence("writer.not_asked")
    asked = _Round(shop_facts, brief, seed, endpoint, wish, window, why, endpoint is None)
    each = [asked.events(index) for index in range(n)]
    yield from together(each) if n > 1 and _is_elsewhere(endpoint) else itertools.chain.from_iterable(each)
    if not asked.done:
        raise DraftFailed(Sentence("writer.no_neighbour", {"reason": asked.why}))


def _is_elsewhere(writer: Writer) -> bool:
    """Whether the writer is a server of somebody else, which batches what it is asked at once."""
    if isinstance(writer, Remote):
        try:
            writer = writer()
        except DraftFailed:
            return False  # said in each draft
    return isinstance(writer, Endpoint) and writer.backend == "other"


@dataclass(slots=True)
class _Round:
    """The drafts that are asked for at once."""

    facts: Facts
    brief: Brief
    seed: int
    writer: Writer
    wish: Wish
    window: str
    why: Said  # why the next template is one
    hopeless: bool  # no draft of this round need ask the model any more
    done: list[dict[str, str]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def events(self, index: int) -> Iterator[Event]:
        """One draft, by the model or from a template."""
        if not self.hopeless:
            try:
                for event in self._modelled(index):
                    yield event
                    if event[0] == "draft":
                        return
            except AppError as problem:
                self.why = problem.said[0]
        slots = _template(self.facts, self.brief, index, self.done, self.wish)
        if slots:
            written = _from_template(self.facts, self.brief, index, self.seed, self.why, slots, self.wish)
            self.done.append(slots)
            yield "draft", index, written

    def _endpoint(self) -> Endpoint:
        try:
            found = self.writer() if callable(self.writer) else self.writer
        except AppError:
            self.hopeless = True  # what does not load, start or answer now will not do so for the next draft
            raise
        assert found is not None
        return found

    def _modelled(self, index: int) -> Iterator[Event]:
        """Place and text so far, then the model's draft. Raises DraftFailed or ModelFileProblem."""
        endpoint, shown, before = self._endpoint(), 0.0, list(self.done)
        first = self.seed + index * SEED_STEP
        for seed in (first, first + SEED_STEP // 2):
            for event in model.write(
                endpoint, self.brief, self.facts, index, seed, self.done, wish=self.wish, window=self.window
            ):
                if isinstance(event, int):
                    yield "place", index, event
                elif isinstance(event, model.Written):
                    if self._is_first(event.slots):
                        yield (
                            "draft",
                            index,
                            _from_model(endpoint, self.brief, self.facts, index, event, self.wish, before),
                        )
                        return
                elif time.monotonic() - shown >= SHOW_EVERY:
                    shown = time.monotonic()
                    yield "text", index, claims.fill({"": event}, self.facts)[""]
        raise DraftFailed(Sentence("writer.same_again"))

    def _is_first(self, slots: dict[str, str]) -> bool:
        """Whether no other draft says the same; two that are written side by side may come to it at once."""
        with self.lock:
            if slots in self.done:
                return False
            self.done.append(slots)
            return True


def _from_model(
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
    )


def llama_cpp_version() -> str:
    """Version of the library that runs models here."""
    return version("llama-cpp-python")


def _template(
    shop_facts: Facts, brief: Brief, index: int, taken: Sequence[dict[str, str]], wish: Wish
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
    shop_facts: Facts, brief: Brief, index: int, seed: int, why: Said, slots: dict[str, str], wish: Wish
) -> Draft:
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
    `progress` gets {"draft": i, "place": place in the line}, 0 at its turn, {"draft": i, "text": words so far} several
    times a second, then {"draft": i, "done": draft}.
    """
    told = progress or (lambda report: None)
    shop_facts = for_writer(shop, brief)
    wish = wishes.read(shop_facts, like, keep, part)
    about = wish.about()
    if about:
        told(about)
    child, writer, why = _writer(settings)
    drafts: dict[int, dict] = {}
    window = settings.window or f"process {os.getpid()}"
    try:
        for kind, index, content in stream(shop_facts, brief, n, seed, writer, why, wish, window):
            if isinstance(content, Draft):
                drafts[index] = content.model_dump(mode="json")
                name = content.model or ""
                writer_name = name if content.model_sha256 else settings.llm_url or name
                speed.note(settings, writer_name, name, content.tokens_per_second)
                told({"draft": index, "done": drafts[index]})
            else:
                told({"draft": index, kind: content})
    finally:
        if child:
            child.stop()
    return {"drafts": [drafts[index] for index in sorted(drafts)], **about}


def _writer(settings: Settings) -> tuple[WriterServer | None, Writer, Said | None]:
    """(our child to stop afterwards, the writer, why there is none)."""
    if settings.llm_url:
        return None, Remote(settings), None
    if settings.model == "none":
        return None, None, Sentence("writer.switched_off")
    try:
        path = files.locate(settings)
    except ModelFileProblem as problem:
        return None, None, problem.said[0]
    if path is None:
        return None, None, files.verify("default", settings).said
    child = WriterServer(path, settings)
    return child, child.endpoint, None
