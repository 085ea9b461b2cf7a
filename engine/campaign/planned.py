"""A plan as the rest of the engine takes it: its customers, the columns of a forecast, its copy filled and checked."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from engine.access import acting
from engine.audience import rules
from engine.audience.reach import NO_OTHERS, Limits, Others, Reach, reachable, reasons
from engine.audience.segments import members
from engine.campaign import claims, merge, sms
from engine.campaign.plan import PARTS, Audience, Plan, Step
from engine.campaign.scene import Scene, day_of_data, scenes
from engine.campaign.writer.facts import Facts
from engine.errors import DataProblem
from engine.sentences import Sentence
from engine.shop import store
from engine.shop.features import default_as_of
from engine.shop.shop_settings import ShopSettings
from engine.shop.store import Shop

DAYS_AHEAD, DAYS_LONG = 7, 7  # of a new plan: time for a second person's approval, then a week to send and to answer
EVENLY = "evenly"  # in a message of a plan that is drawn by engine.decision.evenly
Selected = Callable[[str], list[str]]  # the customers of a rule


def new_plan(plan_id: str, name: str, segment_ids: Collection[str], owner: str, today: date, shop: Shop) -> Plan:
    """A plan to begin with: for these groups, a week ahead, with the shop's usual channel and holdout, and no offer."""
    starts = today + timedelta(days=DAYS_AHEAD)
    return Plan(
        plan_id=plan_id,
        name=name,
        steps=[Step(channel=usual_channel(shop))],
        audience=Audience(segment_ids=list(segment_ids)),
        owner=owner,
        holdout=shop.settings.holdout,
        starts_at=starts,
        ends_at=starts + timedelta(days=DAYS_LONG),
    )


def usual_channel(shop: Shop) -> str:
    """The channel of most past campaigns; e-mail for a shop without any."""
    past = shop.optional("campaigns").get("channel", pd.Series(dtype="str"))
    known = past[past.isin(list(PARTS))]
    return str(known.mode().iloc[0]) if len(known) else "email"


def customers(shop: Shop, audience: Audience, selected: Selected | None = None) -> list[str]:
    """Everyone an audience names, each once, minus those it excludes. Raises DataProblem when it names nobody.

    `selected` gives the customers of a rule, where the caller keeps such answers.
    """
    if audience.is_empty:
        raise DataProblem(Sentence("refused.no_audience"))
    selected = selected or (lambda text: rules.select(shop, text, default_as_of(shop)))
    named = members(shop, audience.segment_ids) if audience.segment_ids else []
    named += selected(audience.rule) if audience.rule else []
    left_out = set(members(shop, audience.exclusions)) if audience.exclusions else set()
    left_out |= set(selected(audience.exclude_rule)) if audience.exclude_rule else set()
    return [one for one in dict.fromkeys([*named, *audience.customer_ids]) if one not in left_out]


def limits(plan: Plan, others: Others = NO_OTHERS) -> Limits:
    """What keeps a customer from getting the first message of this plan."""
    return Limits(plan.starts_at + timedelta(days=plan.steps[0].day), plan.audience.skip_buyers_days, others)


def reach(shop: Shop, plan: Plan, channel: str, others: Others = NO_OTHERS) -> Reach:
    """Who of the plan's customers may be written to by a channel, as the shop's tables stand now."""
    return reachable(shop, customers(shop, plan.audience), channel, default_as_of(shop), limits(plan, others))


def messages(plan: Plan, kept: dict[str, str]) -> list[dict]:
    """The plan as rows of a plans file, one for each message: what `scene.scenes` and the forecast take.

    `kept`: the filled copy of all steps, see `kept_copy`.
    """
    return [_message(plan, kept, number) for number in range(len(plan.steps))]


def _message(plan: Plan, kept: dict[str, str], number: int) -> dict:
    offer, step, copy = plan.offer, plan.steps[number], copy_of(kept, number)
    return {
        "plan_id": plan.plan_id,
        "channel": step.channel,
        "goal": plan.objective,
        "language": step.language,
        "offer_kind": offer.kind,
        "discount": offer.discount,
        "min_spend": offer.min_spend,
        "tiers": tuple(offer.tiers),
        "max_discount": offer.max_discount,
        "applies_to": list(offer.applies_to),
        "per_customer_limit": offer.per_customer_limit,
        "stackable_with": list(offer.stackable_with),
        "gift_product_id": offer.gift_product_id,
        "category": plan.category,
        "product_ids": list(plan.product_ids),
        "starts_at": plan.starts_at.isoformat(),
        "ends_at": plan.ends_at.isoformat(),
        "send_hour": plan.send_hour,
        "audience_share": plan.audience_share,
        "holdout": plan.holdout,
        "window_days": plan.window_days,
        "headline": copy.get("headline") or copy.get("subject"),
        "body": copy.get("body") if set(copy) == {"body"} else None,  # a text message's, which is billed by its length
        "translated": _translated(kept, number, step) if step.channel == "sms" else (),
        "day": step.day,
        "condition": step.condition,
        **({EVENLY: True} if plan.test else {}),
    }


def _translated(kept: dict[str, str], number: int, step: Step) -> tuple[tuple[str, str], ...]:
    """(language, body) of a text message in each of its other languages."""
    bodies = ((one, copy_of(kept, number, one).get("body", "")) for one in step.languages[1:])
    return tuple((language, body) for language, body in bodies if body)


def prepared(shop: Shop, plan: Plan, others: Others = NO_OTHERS, seed: int = 0) -> list[Scene]:
    """The plan's audience made ready for each of its messages."""
    day = day_of_data(shop, plan.starts_at)
    audience = customers(shop, plan.audience, lambda text: rules.select(shop, text, day))
    return scenes(shop, messages(plan, {}), audience, day, seed, limits(plan, others))


def texts(plan: Plan, step: int = 0, language: str | None = None) -> dict[str, str]:
    """The copy of a step with its {slots}, only the parts its channel has, in reading order."""
    message = plan.steps[step]
    return message.texts_in(message.language if language is None else language)


def filled(plan: Plan, facts: Facts, step: int = 0) -> dict[str, str]:
    """The copy of a step as a customer reads it, by part. `facts` are those of the step's brief, in their language."""
    return claims.fill(texts(plan, step, facts.language), facts)


def filled_copy(plan: Plan, settings: ShopSettings, facts_of: Callable[[int, str], Facts | None]) -> dict[str, str]:
    """The copy of every message in every language it is sent in, as `kept_copy` keeps it; text messages whole.

    facts_of: what copy of a step may say in a language; None while its brief contradicts the shop.
    """
    kept: dict[str, str] = {}
    for number, message in enumerate(plan.steps):
        for language in message.languages:
            if facts := facts_of(number, language):
                other = None if language == message.language else language
                parts = filled(plan, facts, number)
                if message.channel == "sms":  # so that what is approved and exported is what was billed
                    parts = {part: sms.sent(text, settings, language) for part, text in parts.items()}
                kept |= {_key(number, part, other): text for part, text in parts.items()}
    return kept


def kept_copy(parts: list[dict[str, str]]) -> dict[str, str]:
    """The filled copy of all steps as one table: parts of the first by their name, of later ones as "1:subject".

    Those of a translation stand there as "0:zh:subject".
    """
    return {_key(step, part): text for step, filled in enumerate(parts) for part, text in filled.items()}


def copy_of(kept: dict[str, str], step: int, translation: str | None = None) -> dict[str, str]:
    """One step's copy out of `kept_copy`, or that of one of its translations."""
    own = {_key(step, part, translation): part for parts in PARTS.values() for part in parts}
    return {own[key]: text for key, text in kept.items() if key in own}


def _key(step: int, part: str, translation: str | None = None) -> str:
    if translation:
        return f"{step}:{translation}:{part}"
    return f"{step}:{part}" if step else part


def with_texts(plan: Plan, written: dict[str, str], step: int = 0, language: str | None = None) -> Plan:
    """The plan with this copy in one of its steps."""
    steps = list(plan.steps)
    steps[step] = steps[step].written(written, steps[step].language if language is None else language)
    return plan.model_copy(update={"steps": steps})


@dataclass(frozen=True, slots=True)
class Refill:
    """One part of a message that reads otherwise since its brief changed, as customers read it before and after."""

    step: int
    language: str
    part: str
    before: str
    after: str


def refilled(
    before: Plan, after: Plan, facts_of: Callable[[Plan, int, str], Facts | None]
) -> tuple[Plan, list[Refill]]:
    """The changed plan with its copy following the new brief, and the parts that read otherwise because of it.

    Facts that somebody typed were right by the old brief: they become slots, in every message and language, so that
    the new brief fills them. What was typed and was no fact of the old brief stays as it is.
    """
    changes: list[Refill] = []
    for step in range(min(len(before.steps), len(after.steps))):
        for language in after.steps[step].languages:
            old, new = facts_of(before, step, language), facts_of(after, step, language)
            if old is None or new is None or dict(old.slots) == dict(new.slots):
                continue
            # A category is an everyday word too: "a cup of tea" stays one when the plan turns to bedding.
            moved = {name for name in old.slots.keys() & new.slots.keys() if old.slots[name] != new.slots[name]}
            moved -= {"category", "shop"}
            written = texts(after, step, language)
            slots = {part: claims.to_slots(text, old, moved) for part, text in written.items()}
            after = with_texts(after, slots, step, language)
            was, now = claims.fill(written, old), claims.fill(slots, new)
            changes += [Refill(step, language, part, was[part], now[part]) for part in slots if was[part] != now[part]]
    return after, changes


def write_brief(shop: Shop, plan: Plan, step: int = 0, language: str | None = None) -> Path:
    """A step's brief as a file for `draft --brief`; one in a given language is called PLAN.STEP.LANGUAGE.json."""
    acting.require("draft")
    path = shop.path / "briefs" / ".".join([plan.plan_id, str(step), *([language] if language else []), "json"])
    store.replace_file(path, plan.brief(step, language).model_dump_json(indent=1).encode())
    return path


@dataclass(frozen=True, slots=True)
class SaidFacts:
    """Which facts two texts say: `both`, and what only the one or only the other says; names of slots."""

    both: tuple[str, ...]
    only_one: tuple[str, ...]
    only_other: tuple[str, ...]

    @property
    def are_same(self) -> bool:
        return not (self.only_one or self.only_other)


def compare_facts(one: dict[str, str], of_one: Facts, other: dict[str, str], of_other: Facts) -> SaidFacts:
    """The facts that the same message says in two languages, slots and typed ones alike; who writes is none of them."""
    first, second = _said(one, of_one), _said(other, of_other)
    return SaidFacts(
        tuple(name for name in first if name in second),
        tuple(name for name in first if name not in second),
        tuple(name for name in second if name not in first),
    )


def _said(texts: dict[str, str], facts: Facts) -> tuple[str, ...]:
    """In the order of the brief's facts."""
    used = {name for text in texts.values() for name in claims.SLOT.findall(claims.to_slots(text, facts))}
    return tuple(name for name in facts.slots if name in used and name not in ("shop", merge.NAME))


def reachable_customers(
    shop: Shop, plan: Plan, others: Others = NO_OTHERS, selected: Selected | None = None
) -> list[str]:
    """The plan's customers whom the channel of at least one of its messages may reach, as the tables stand now.

    `selected` as in `customers`.
    """
    return list(reaching_channels(shop, plan, others, selected))


def reaching_channels(
    shop: Shop, plan: Plan, others: Others = NO_OTHERS, selected: Selected | None = None, as_of: date | None = None
) -> dict[str, frozenset[str]]:
    """The plan's customers whom at least one of its channels may reach as the tables stand now, each with those.

    `selected` as in `customers`; `as_of`: the day of the data where it is known.
    """
    named, as_of = customers(shop, plan.audience, selected), as_of or default_as_of(shop)
    by_channel = {
        channel: set(reachable(shop, named, channel, as_of, limits(plan, others)).customer_ids)
        for channel in dict.fromkeys(step.channel for step in plan.steps)
    }
    every = {one: frozenset(channel for channel, people in by_channel.items() if one in people) for one in named}
    return {one: channels for one, channels in every.items() if channels}


def held_globally(
    shop: Shop, plan: Plan, others: Others = NO_OTHERS, selected: Selected | None = None
) -> dict[str, frozenset[str]]:
    """The plan's customers whom it would reach if they were not in the shop's permanent holdout, each with channels.

    `selected` as in `customers`.
    """
    if not shop.settings.global_holdout:
        return {}
    named, as_of = customers(shop, plan.audience, selected), default_as_of(shop)
    found: dict[str, frozenset[str]] = {}
    for channel in dict.fromkeys(step.channel for step in plan.steps):
        why = reasons(shop, named, channel, as_of, limits(plan, others))
        for one in (one for one, reason in zip(named, why, strict=True) if reason == "global_holdout"):
            found[one] = found.get(one, frozenset()) | {channel}
    return {one: found[one] for one in named if one in found}


def send_days(plan: Plan) -> tuple[date, ...]:
    """The day of each message of a plan."""
    return tuple(plan.starts_at + timedelta(days=step.day) for step in plan.steps)
