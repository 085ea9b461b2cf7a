"""The drafts that a submitted copy was chosen from, kept with the submission, and each of them written again."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from engine.campaign import planned
from engine.campaign.plan import Brief, Plan
from engine.campaign.writer import replay as writing
from engine.campaign.writer.one_draft import Draft
from engine.errors import AppError
from engine.sentences import Said, Sentence
from engine.settings import Settings
from engine.shop.store import Shop

Progress = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class Text:
    """One message of a plan (its number from 0) and how its draft compares with what is written from the same now.

    differs: by part, as kept and as written now. edited: parts that somebody changed before the plan was submitted.
    """

    step: int
    draft_id: str | None
    verdict: Literal["equal", "different", "impossible"]
    differs: dict[str, tuple[str, str]]
    edited: tuple[str, ...]
    said: Said


def chosen(plan: Plan, extras: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a replay of a plan's copy needs: of each message whose draft is kept, the draft and its brief."""
    found = []
    for step, message in enumerate(plan.steps):
        behind = f":{step}" if step else ""
        drafts = [one for name in ("drafts", "drafts_left", "drafts_before") for one in extras.get(name + behind) or []]
        wanted = extras.get(f"chosen{behind}")
        draft = next((one for one in drafts if one["draft_id"] == wanted), None)
        if draft is not None:
            texts = planned.texts(plan, step, message.language)
            edited = [part for part in texts | draft["slots"] if texts.get(part) != draft["slots"].get(part)]
            brief = plan.brief(step).model_dump(mode="json")
            found.append({"step": step, "draft": draft, "brief": brief, "edited": edited})
    return found


def replay(
    shop: Shop, drafts: Sequence[Mapping[str, Any]], messages: int, settings: Settings, progress: Progress
) -> list[Text]:
    """Every message of a plan in order; drafts one at a time, each by a model started for it alone."""
    kept = {one["step"]: one for one in drafts}
    return list(_each(shop, kept, messages, settings, progress))


def _each(
    shop: Shop, kept: Mapping[int, Mapping[str, Any]], messages: int, settings: Settings, progress: Progress
) -> Iterator[Text]:
    for step in range(messages):
        progress(step / messages, f"Writing message {step + 1} again")
        if step not in kept:
            yield Text(step, None, "impossible", {}, (), Sentence("replayed.no_draft"))
            continue
        one = kept[step]
        draft = Draft.model_validate(one["draft"])
        edited = tuple(one["edited"])
        try:
            found = writing.replay(draft, shop, Brief.model_validate(one["brief"]), settings)
        except AppError as problem:  # a product that is gone, a model that gives no answer: the others are still told
            yield Text(step, draft.draft_id, "impossible", {}, edited, problem.said[0])
            continue
        differs = {part: (draft.slots.get(part, ""), found.slots.get(part, "")) for part in found.parts}
        yield Text(step, draft.draft_id, found.verdict, differs, edited, found.sentence)
