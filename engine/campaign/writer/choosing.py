"""Which of the drafts that were written? By their claims and the law, by how they differ, and by what past words did.

Greedily, the next one always the best by its predicted effect less its likeness to those chosen before: maximal
marginal relevance (Carbonell and Goldstein 1998). Where nothing is known of effects, the most different ones.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from rapidfuzz.distance import Indel

from engine.campaign import checked, copy_features
from engine.campaign.copy_features import Effect, Evidence
from engine.campaign.lint import Rules
from engine.campaign.writer import wish
from engine.campaign.writer.facts import Facts
from engine.sentences import Said, Sentence

WEIGHT_OF_EFFECT = 0.5  # the rest is for being unlike the others


class Written(Protocol):
    """What is chosen among: a draft."""

    @property
    def writer(self) -> str: ...

    @property
    def number(self) -> int: ...

    @property
    def slots(self) -> Mapping[str, str]: ...

    @property
    def filled(self) -> Mapping[str, str]: ...


D = TypeVar("D", bound=Written)


@dataclass(frozen=True, slots=True)
class Choice:
    """What speaks for a draft. `likeness`: to the chosen one most like it, 0-1; `effect`: None without evidence."""

    is_chosen: bool
    likeness: float | None  # None: it is the only one, or was refused
    effect: Effect | None
    campaigns: int  # behind the effect, or behind there being none
    reason: Sentence

    def as_dict(self) -> dict:
        """As `draft` prints it."""
        effect = self.effect and {
            name: round(copy_features.relative(getattr(self.effect, name)), 4) for name in ("effect", "low", "high")
        }
        return {
            "chosen": self.is_chosen,
            "likeness": None if self.likeness is None else round(self.likeness, 3),
            "effect": effect,
            "campaigns": self.campaigns,
            "reason": self.reason.text("en"),
            "reason_zh": self.reason.text("zh"),
        }


def choose(
    candidates: Sequence[D],
    wanted: int,
    facts: Facts,
    rules: Rules,
    evidence: Evidence,
    names: Collection[str] = (),
) -> list[tuple[D, Choice]]:
    """Every candidate with what became of it: `wanted` of them chosen, fewer where not so many may be sent.

    A draft with a claim that is not true, or that law or brand refuse, is never chosen. One from a template is chosen
    only where there are not enough by the model. names: of products, as past headlines were read with.
    """
    refused = {one.number: found for one in candidates if (found := refusal(one.slots, facts, rules))}
    allowed = [one for one in candidates if one.number not in refused]
    effects = {one.number: evidence.of(copy_features.title(one.filled), names) for one in allowed}
    chosen = _greedy(allowed, wanted, effects, facts)
    told = []
    for one in candidates:
        is_chosen = any(one is other for other in chosen)
        effect = effects.get(one.number)
        alike = [(likeness(one.slots, other.slots, facts), other.number) for other in chosen if other is not one]
        near = max(alike, default=None)
        choice = Choice(
            is_chosen, near[0] if near else None, effect, evidence.campaigns, Sentence("choosing.only", {"effect": ""})
        )
        if one.number in refused:
            choice = replace(
                choice, likeness=None, reason=Sentence("choosing.refused", {"reason": refused[one.number]})
            )
        else:
            choice = replace(choice, reason=_reason(choice, near[1] if near else None, one.writer))
        told.append((one, choice))
    return told


def _greedy(allowed: Sequence[D], wanted: int, effects: Mapping[int, Effect | None], facts: Facts) -> list[D]:
    known = {number: effect.effect for number, effect in effects.items() if effect is not None}
    low, high = min(known.values(), default=0.0), max(known.values(), default=0.0)
    worth = {number: (effect - low) / (high - low) if high > low else 0.0 for number, effect in known.items()}

    def gain(one: D, chosen: Sequence[D]) -> float:
        near = max((likeness(one.slots, other.slots, facts) for other in chosen), default=0.0)
        return WEIGHT_OF_EFFECT * worth.get(one.number, 0.0) - (1 - WEIGHT_OF_EFFECT) * near

    chosen: list[D] = []
    for is_model in (True, False):
        left = [one for one in allowed if (one.writer == "model") == is_model]
        while left and len(chosen) < wanted:
            best = max(left, key=lambda one: gain(one, chosen))
            chosen.append(best)
            left.remove(best)
    return sorted(chosen, key=lambda one: one.number)


def refusal(slots: Mapping[str, str], facts: Facts, rules: Rules, parts: Collection[str] | None = None) -> Said | None:
    """Why a draft may not be sent as it is: the first thing in it that is not true or not lawful."""
    for part, text in slots.items():
        if parts is None or part in parts:
            for found in checked.text(text, facts, rules, part):
                if found.verdict == "refused":
                    return found.reason
    return None


def likeness(one: Mapping[str, str], other: Mapping[str, str], facts: Facts) -> float:
    """How much two drafts say in the same words in the same order, 0-1: normalised Indel similarity of their words.

    Of Chinese characters in Chinese. The sentence of the offer, which code writes, and the button do not count.
    """
    return Indel.normalized_similarity(_words(one, facts), _words(other, facts))


def _words(slots: Mapping[str, str], facts: Facts) -> list[str]:
    own = {part: wish.opening(text, facts) if part == "body" else text for part, text in slots.items()}
    return [word for part, text in own.items() if part != "call_to_action" for word in wish.words(text, facts.language)]


def _reason(choice: Choice, nearest: int | None, writer: str) -> Sentence:
    if nearest is None:
        return Sentence("choosing.only", {"effect": _told(choice)})
    values = {"likeness": f"{choice.likeness or 0.0:.0%}", "number": nearest + 1}
    if choice.is_chosen:
        return Sentence("choosing.chosen", values | {"effect": _told(choice)})
    if writer == "template":
        return Sentence("choosing.left_template")
    return Sentence("choosing.left", values | {"effect": _told(choice)})


def _told(choice: Choice) -> Sentence:
    if choice.effect is None:
        return Sentence("choosing.no_evidence", {"campaigns": choice.campaigns})
    shares = {
        name: f"{copy_features.relative(getattr(choice.effect, name)):+.0%}" for name in ("effect", "low", "high")
    }
    return Sentence("choosing.effect", {"campaigns": choice.campaigns, **shares})
