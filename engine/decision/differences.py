"""What of a plan reads otherwise than it was submitted, part by part, as one reads it."""

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from engine.campaign.plan import PARTS, Plan
from engine.decision.plans import SavedPlan, content_sha256
from engine.sentences import Said, Sentence, known

Line = tuple[Said, Said | None, Said | None]  # what it is, as it was, as it is; None: it was or is not there
LONGEST = 300  # characters of a value that are shown
_INSIDE = ("audience", "offer")  # parts that have parts
_OF_STEPS = ("day", "channel", "language", "condition")


def of(payload: dict[str, Any], saved: SavedPlan) -> list[Line]:
    """What differs between a submission's entry and the plan as it is saved; empty where its content is the same."""
    if payload.get("content_sha256") == content_sha256(saved.plan, saved.extras):
        return []
    found = [*_of_copy(payload, saved), *_of_plan(payload, saved)]
    return found or [(Sentence("standing.field_content"), None, None)]


def _of_copy(payload: dict[str, Any], saved: SavedPlan) -> Iterator[Line]:
    before: dict[str, str] = payload.get("filled") or {}
    now: dict[str, str] = saved.extras.get("filled") or dict(saved.plan.steps[0].texts)
    for key in dict.fromkeys([*before, *now]):
        if before.get(key) != now.get(key):
            yield _copy_name(key), _short(before.get(key)), _short(now.get(key))


def _copy_name(key: str) -> Sentence:
    """ "1:zh:subject": the second message's subject in Chinese."""
    *where, part = key.split(":")
    is_part = any(part in parts for parts in PARTS.values())
    name: Said = Sentence(f"plan.part_{part}") if is_part and known(f"plan.part_{part}") else part
    return Sentence("standing.field_copy", {"number": int(where[0]) + 1 if where else 1, "part": name})


def _of_plan(payload: dict[str, Any], saved: SavedPlan) -> Iterator[Line]:
    try:
        before = Plan.model_validate(payload.get("plan")).model_dump(mode="json", by_alias=True)
    except ValidationError:  # submitted with an Offerlab whose plans were made differently
        return
    now = saved.plan.model_dump(mode="json", by_alias=True)
    for name in (one for one in {**before, **now} if one not in ("status", "steps")):  # some are left out while off
        was: Any = before.get(name)
        is_: Any = now.get(name)
        inside = [one for one in is_ if was.get(one) != is_[one]] if name in _INSIDE else []
        for one in inside:
            yield Sentence(f"standing.field_{name}_{one}"), _short(was.get(one)), _short(is_[one])
        if name not in _INSIDE and was != is_:
            yield Sentence(f"standing.field_{name}"), _short(was), _short(is_)
    yield from _of_steps(before["steps"], now["steps"])


def _of_steps(before: list[dict[str, Any]], now: list[dict[str, Any]]) -> Iterator[Line]:
    if len(before) != len(now):
        yield Sentence("standing.field_steps"), str(len(before)), str(len(now))
        return
    for number, (was, is_) in enumerate(zip(before, now, strict=True), start=1):
        for name in _OF_STEPS:
            if was[name] != is_[name]:
                about = Sentence(f"standing.field_step_{name}", {"number": number})
                yield about, _short(was[name]), _short(is_[name])


def _short(value: Any) -> str | None:
    """A value as one reads it; None where there is none."""
    if value is None or value in ("", [], {}):
        return None
    if isinstance(value, dict):
        value = [f"{name}={one}" for name, one in value.items()]
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
