"""n drafts of a brief, by the language model or from templates, as they are written."""

import itertools
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from engine.campaign import claims
from engine.campaign.plan import Brief
from engine.campaign.writer import best, candidates, files, model, opinions, speed
from engine.campaign.writer import wish as wishes
from engine.campaign.writer.catalogue import CATALOGUE
from engine.campaign.writer.facts import Facts, ShopLike, for_writer
from engine.campaign.writer.one_draft import MOST_DRAFTS, SEED_STEP, Draft, from_model, from_template
from engine.campaign.writer.remote import Remote
from engine.campaign.writer.server import Endpoint, WriterServer
from engine.campaign.writer.together import together
from engine.campaign.writer.wish import NOTHING, Wish
from engine.errors import AppError, DraftFailed, ModelFileProblem
from engine.sentences import Said, Sentence
from engine.settings import Settings
from engine.shop.store import Shop

SHOW_EVERY = 0.15  # seconds between two partial texts

# A server, or something that gives one and starts it again where it crashed, or None for templates.
Writer = Endpoint | Callable[[], Endpoint] | None
Event = tuple[Literal["place", "text", "draft"], int, "int | str | Draft"]


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
    why_first: Said | None = None,
) -> Iterator[Event]:
    """Events of n drafts: ("place", i, place in the line) ..., ("text", i, words so far) ..., ("draft", i, Draft).

    One draft after the other; a server elsewhere is asked for all of them at once. A draft the model cannot give
    becomes a template draft at once, with the reason in its note. With a wish there may be fewer of them, because
    templates are few; raises DraftFailed where not even one is left. `why_first`: the first of several comes from a
    template for this reason, which is there at once.
    """
    if not 1 <= n <= MOST_DRAFTS:
        raise DraftFailed(Sentence("writer.how_many", {"most": MOST_DRAFTS, "asked": n}))
    why = why_template or Sentence("writer.not_asked")
    asked = _Round(shop_facts, brief, seed, endpoint, wish, window, why, endpoint is None, why_first if n > 1 else None)
    each = [asked.events(index) for index in range(n)]
    yield from together(each) if n > 1 and _is_elsewhere(endpoint) else itertools.chain.from_iterable(each)
    if not asked.done:
        raise DraftFailed(Sentence("writer.no_neighbour", {"reason": asked.why}))


def _is_elsewhere(writer: Writer) -> bool:
    """Whether the writer is a server of somebody else, which batches what it is asked at once."""
    found = _server_of(writer)
    return found is not None and found.backend == "other"


def _server_of(writer: Writer) -> Endpoint | None:
    """The server at an address; None for one that is still to be started, or does not answer: each draft says so."""
    if isinstance(writer, Remote):
        try:
            return writer()
        except DraftFailed:
            return None
    return writer if isinstance(writer, Endpoint) else None


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
    why_first: Said | None  # why the first draft comes from a template, where it does
    done: list[dict[str, str]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def events(self, index: int) -> Iterator[Event]:
        """One draft, by the model or from a template."""
        is_given = index == 0 and self.why_first is not None
        if not self.hopeless and not is_given:
            try:
                for event in self._modelled(index):
                    yield event
                    if event[0] == "draft":
                        return
            except AppError as problem:
                self.why = problem.said[0]
        why = self.why_first if is_given and self.why_first else self.why
        if written := from_template(self.facts, self.brief, index, self.seed, why, self.done, self.wish):
            self.done.append(written.slots)
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
                            from_model(endpoint, self.brief, self.facts, index, event, self.wish, before),
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


def known(shop: ShopLike, brief: Brief) -> Facts:
    """What a draft of this brief may say, with what the shop's people thought of earlier ones."""
    found = for_writer(shop, brief)
    return opinions.recalled(shop, brief, found) if isinstance(shop, Shop) else found


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
    wanted: int | None = None,
) -> dict:
    """{"drafts": [...], "not_chosen": [...]} as `python -m engine draft` prints it.

    `like`: a file with a draft, whose style the new ones have. `keep` and `part`: a file with a draft, of which only
    this part is written again; the answer then names the part and says what it is to replace. `wanted`: how many
    are written, of which the best n are chosen; as many as this machine's recorded speed allows where not given.

    With the basic writer the first of several drafts comes from a template, at once: in a blind reading those were
    sent more often (README).

    Uses the server of OFFERLAB_LLM_URL, else starts a child with the model file and stops it afterwards.
    `progress` gets {"candidates": how many} where they are more than n, {"draft": i, "place": place in the line}, 0 at
    its turn, {"draft": i, "text": words so far} several times a second, then {"draft": i, "done": draft}.
    """
    told = progress or (lambda report: None)
    shop_facts = known(shop, brief)
    wish = wishes.read(shop_facts, like, keep, part)
    about = wish.about()
    if about:
        told(about)
    child, writer, why = _writer(settings)
    count = n if part else max(n, wanted or _how_many(settings, writer, n, brief.channel))
    if count > n:
        told({"candidates": count})
    drafts: dict[int, Draft] = {}
    window = settings.window or f"process {os.getpid()}"
    why_first = Sentence("writer.basic_first") if n > 1 and not about and _is_basic(child, writer) else None
    try:
        for kind, index, content in stream(shop_facts, brief, count, seed, writer, why, wish, window, why_first):
            if isinstance(content, Draft):
                drafts[index] = content
                _note_speed(settings, content, brief.channel)
                told({"draft": index, "done": content.model_dump(mode="json")})
            else:
                told({"draft": index, kind: content})
    finally:
        if child:
            child.stop()
    chosen, others = best.of(shop, brief, shop_facts, [drafts[index] for index in sorted(drafts)], n, wish)
    return {
        "drafts": [one.model_dump(mode="json") for one in chosen],
        "not_chosen": [one.model_dump(mode="json") for one in others],
        **about,
    }


def _how_many(settings: Settings, writer: Writer, n: int, channel: str) -> int:
    """How many drafts are written where nobody says. Templates alone: those that are wanted."""
    if writer is None:
        return n
    found = _server_of(writer)
    if isinstance(writer, Remote) and found is None:
        return n  # it does not answer
    own = found.model.split("@")[0] if found and found.model_sha256 else candidates.writer_name(settings)
    has_power = candidates.is_on_card(settings) if found is None or found.model_sha256 else found.backend == "other"
    return candidates.how_many(n, speed.seconds_per_draft(settings, own or "", channel), has_power)


def _is_basic(child: WriterServer | None, writer: Writer) -> bool:
    """Whether the model that comes with Offerlab writes, here or in the app."""
    found = _server_of(writer)
    sha256 = child.sha256 if child else found.model_sha256 if found else None
    return sha256 == CATALOGUE[0].sha256  # the default


def _note_speed(settings: Settings, draft: Draft, channel: str) -> None:
    name = draft.model or ""
    writer_name = name if draft.model_sha256 else settings.llm_url or name
    speed.note(settings, writer_name, name, draft.tokens_per_second, channel, draft.seconds)


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
