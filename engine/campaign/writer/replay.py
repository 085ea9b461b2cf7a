"""Is a draft what its model writes from the same brief, prompt, seed and settings? Written again on a cold context.

The stored text is what counts: a replay says whether it is equal, and never changes it. A draft was often written
behind another one whose prompt began the same, which can round the last digit of a number differently: different is
then no sign of a forgery, equal is a proof.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from engine.campaign.plan import Brief
from engine.campaign.writer import files, model, opinions, prompt, template
from engine.campaign.writer.catalogue import known
from engine.campaign.writer.facts import Facts, Liked, ShopLike, for_writer
from engine.campaign.writer.one_draft import Draft, llama_cpp_version
from engine.campaign.writer.server import Endpoint, WriterServer
from engine.campaign.writer.wish import NOTHING, Wish
from engine.errors import DataProblem, DraftFailed
from engine.model import code
from engine.sentences import Said, Sentence, spoken
from engine.settings import Settings
from engine.shop.store import Shop


@dataclass(frozen=True, slots=True)
class Replayed:
    """How a draft compares with what is written now: `slots`."""

    verdict: Literal["equal", "different", "impossible"]
    slots: dict[str, str]
    parts: tuple[str, ...]  # those that differ
    changed: tuple[str, ...]  # prompt, engine, llama_cpp, settings
    sentence: Said


def replay(
    draft: Draft, shop: ShopLike, brief: Brief, settings: Settings, endpoint: Endpoint | None = None
) -> Replayed:
    """The draft written again, alone, by a model started for it; `endpoint`: by this server instead.

    "impossible": the model's file is not on this machine, or nobody knows which it was. Raises DraftFailed where the
    model gives no answer now.
    """
    shop_facts = replace(for_writer(shop, brief), liked=_example(draft, shop))
    wish, before = _wish(draft)
    if draft.writer == "template":
        if wish.shown:
            return _impossible(Sentence("writer.replay_wish"))
        number = draft.number if draft.template is None else draft.template
        again = _compared(draft, template.write(brief, shop_facts, number), ())
        return replace(again, sentence=Sentence("writer.replay_template")) if again.verdict == "equal" else again
    base = draft.seed - draft.redraws  # what was asked for; each refused text takes the next seed
    ask = model.asked(brief, shop_facts, draft.number, base, wish, before)
    changed = _changed(draft, prompt.prompt_sha256(ask.chat), shop_facts.channel)
    if "prompt" in changed:
        return _impossible(Sentence("writer.replay_prompt"), changed)
    if endpoint is not None:
        return _compared(draft, _answered(endpoint, ask, draft, shop_facts, wish), changed)
    path = _model_file(draft.model_sha256, settings)
    if path is None:
        return _impossible(Sentence("writer.replay_model", {"sha256": draft.model_sha256 or "-"}), changed)
    with WriterServer(path, settings, keeps=False) as server:
        return _compared(draft, _answered(server.endpoint(), ask, draft, shop_facts, wish), changed)


def replay_command(path: Path, shop: ShopLike, brief: Brief, settings: Settings) -> dict:
    """{"drafts": [{draft_id, verdict, parts, changed, sentence}]} for a file as `draft` prints it, or one draft.

    Raises DataProblem for a file that holds none.
    """
    try:
        content = json.loads(path.read_bytes())
        stored = [Draft.model_validate(one) for one in content.get("drafts", [content])]
    except (OSError, ValueError, AttributeError) as error:
        values = {"file": str(path), "problem": str(error).partition("\n")[0]}
        raise DataProblem(Sentence("writer.replay_no_draft", values)) from error
    told = []
    for one in stored:  # each in a process of its own: a cold context
        try:
            found = replay(one, shop, brief, settings)
        except DraftFailed as problem:  # the others are still told
            found = _impossible(problem.said[0])
        told.append(
            {
                "draft_id": one.draft_id,
                "verdict": found.verdict,
                "parts": found.parts,
                "changed": found.changed,
                "sentence": spoken(found.sentence, "en"),
            }
        )
    return {"drafts": told}


def _wish(draft: Draft) -> tuple[Wish, Sequence[dict[str, str]]]:
    if not draft.wished:
        return NOTHING, ()
    said = draft.wished
    return Wish(like=said["like"], keep=said["keep"], part=said["part"]), said["before"]


def _example(draft: Draft, shop: ShopLike) -> Liked | None:
    """The shop's own text that the model was shown. None also where its product is gone: the prompt then differs."""
    if not draft.example or not isinstance(shop, Shop):
        return None
    asked = Brief.model_validate(draft.example["brief"])
    return opinions.as_example(shop, asked, draft.example["slots"], draft.example["number"])


def _changed(draft: Draft, prompt_sha256: str, channel: str) -> tuple[str, ...]:
    then = (draft.temperature, draft.top_p, draft.max_tokens)
    settings = (model.TEMPERATURE, model.TOP_P, model.answer_tokens(channel))
    pairs = {
        "prompt": (draft.prompt_sha256, prompt_sha256),
        "engine": (draft.engine_sha256, code.engine_sha256()),
        "llama_cpp": (draft.llama_cpp, llama_cpp_version() if draft.llama_cpp else None),
        "settings": (then, settings),
    }
    return tuple(name for name, (one, other) in pairs.items() if one != other)


def _model_file(sha256: str | None, settings: Settings) -> Path | None:
    """The file of the draft's model: the one in use, or one of the list."""
    candidates = [files.locate(settings), *(files.folder(settings) / one.filename for one in known(settings))]
    for path in candidates:
        if sha256 and path and path.is_file() and files.verify(path, settings).sha256 == sha256:
            return path
    return None


def _answered(endpoint: Endpoint, ask: model.Asked, draft: Draft, shop_facts: Facts, wish: Wish) -> dict:
    until = time.monotonic() + model.DEADLINE
    pieces = model.draw(endpoint, ask, shop_facts, draft.seed, until, model.DEADLINE)
    try:
        return model.read("".join(pieces), ask, shop_facts, wish)
    except model.Unfinished as problem:
        raise DraftFailed(Sentence("writer.garbled")) from problem


def _compared(draft: Draft, slots: dict[str, str], changed: tuple[str, ...]) -> Replayed:
    parts = tuple(part for part in slots | draft.slots if slots.get(part) != draft.slots.get(part))
    if not parts:
        return Replayed("equal", slots, (), changed, Sentence("writer.replay_equal"))
    said = Sentence("writer.replay_different", {"parts": ", ".join(parts), "changed": ", ".join(changed) or "-"})
    return Replayed("different", slots, parts, changed, said)


def _impossible(why: Said, changed: tuple[str, ...] = ()) -> Replayed:
    return Replayed("impossible", {}, (), changed, why)
