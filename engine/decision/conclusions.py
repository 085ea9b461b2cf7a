"""What became of a plan that was sent: repeat it, change it, stop it or test again, and why, as a person said.

Each conclusion is an entry of the plan's history with the figures as they were at that moment. It may be revised: the
last one counts, all of them stay. Reasons are encrypted there, so they are searched as the history is, decrypted in
memory: an index for full text on the disk would hold them in the open.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, cast, get_args

from engine.access import acting
from engine.access.roles import person_key
from engine.audience import segments
from engine.campaign.plan import Plan
from engine.decision import comments, database, ledger, plans
from engine.decision.ledger import Entry
from engine.errors import NotAllowed, NotEnoughData
from engine.sentences import Sentence, all_texts
from engine.sentences import known as known_text
from engine.shop import store
from engine.shop.store import Shop

Choice = Literal["repeat", "change", "stop", "again"]
CHOICES: tuple[Choice, ...] = get_args(Choice)
ACTION = "concluded"
SENT = ("exported", "results_in")  # entries of a plan of which something can have come
_ALIKE = 2  # of goal, channel, kind of offer and customers: so many the same make two plans of one kind


@dataclass(frozen=True, slots=True)
class Learning:
    """What was concluded of a plan, with what it was then.

    groups: names of its groups, as they were called. measured: the figures of that moment by name (see
    engine.outcome.concluding); empty where nothing was measured. earlier: conclusions that this one revised.
    """

    plan_id: str
    name: str
    goal: str
    channel: str
    offer_kind: str
    discount: float | None
    groups: tuple[str, ...]
    rule: str
    starts_at: str
    ends_at: str
    choice: Choice
    suggested: Choice | None
    reason: str
    by: str
    recorded_by: str
    at: str
    seq: int
    earlier: int
    measured: Mapping[str, Any] = field(default_factory=dict)


def conclude(
    shop_dir: Path,
    shop_id: str,
    plan_id: str,
    choice: str,
    by: str,
    recorded_by: str,
    reason: str,
    now: datetime,
    config: Path,
    *,
    measured: Mapping[str, Any],
    suggested: Choice | None = None,
) -> Entry:
    """The conclusion, on disk when this returns. measured: the figures it was drawn from; suggested: what those
    suggested by themselves, so that the history tells where a person decided otherwise.

    The same again by the same person right after is the first one: a second click adds nothing. Raises NotAllowed for
    who may not hand plans in, for no reason or one too long, for another word than CHOICES, and for a plan that never
    left.
    """
    by, reason = by.strip(), reason.strip()
    acting.require_as(by, "submit", config)
    if choice not in CHOICES:
        raise NotAllowed(Sentence("learnings.which_choice", {"given": choice, "choices": ", ".join(CHOICES)}))
    if not reason:
        raise NotAllowed(Sentence("learnings.no_reason"))
    comments.check_length(reason)
    plans.require_begun(shop_dir, plan_id)
    with ledger.writing(shop_dir, shop_id, config, "submit") as writer:
        stored = plans.stored(writer.db, plan_id)
        history = writer.entries(plan_id)
        if not was_sent(history):
            raise NotAllowed(Sentence("learnings.never_sent", {"plan": plans.called(stored.plan)}))
        payload = {
            "reason": reason,
            "choice": choice,
            "suggested": suggested,
            "measured": dict(measured),
            "about": _about(shop_dir, stored.plan),
            "content_sha256": stored.content_sha256,
        }
        last = history[-1]
        is_same_person = person_key(last.actor) == person_key(by)
        if last.action == ACTION and is_same_person and ledger.canonical(last.payload) == ledger.canonical(payload):
            return last
        return writer.append(plan_id, ACTION, by, recorded_by, payload, now)


def was_sent(history: Sequence[Entry]) -> bool:
    """Whether a plan ever left. history: of the plan."""
    return any(entry.action in SENT for entry in history)


def learned(shop: Shop, config: Path) -> list[Learning]:
    """What is concluded of every plan, the last conclusion of each, the newest first.

    Raises StoreProblem for a history that is gone or an entry that was changed.
    """
    ledger.still_there(shop.path, shop.shop_id, config)
    if not database.path_of(shop.path).exists():
        return []
    with ledger.reading(shop.path, shop.shop_id, config) as db:
        found = ledger.chosen(db, shop.shop_id, config, "action = :action", {"action": ACTION})
    by_plan: dict[str, list[Entry]] = {}
    for entry in found:
        by_plan.setdefault(entry.plan_id, []).append(entry)
    lasts = sorted(by_plan.values(), key=lambda entries: -entries[-1].seq)
    return [_learning(entries[-1], len(entries) - 1) for entries in lasts]


def find(
    known: Sequence[Learning],
    text: str = "",
    choices: Collection[str] = (),
    channels: Collection[str] = (),
    goals: Collection[str] = (),
) -> list[Learning]:
    """Those that have every word of the text, in whatever was said or named, and are of these kinds; empty is all."""
    words = text.casefold().split()
    return [
        one
        for one in known
        if (not choices or one.choice in choices)
        and (not channels or one.channel in channels)
        and (not goals or one.goal in goals)
        and all(word in _searched(one) for word in words)
    ]


def of_kind(
    known: Sequence[Learning], plan: Plan, groups: Collection[str], source: str | None = None
) -> list[Learning]:
    """What was learned from plans of the same kind, those most alike first; of the plan itself nothing.

    Alike are plans that share at least two of goal, channel, kind of offer and customers (a group or the rule). The
    plan that this one was made from (`source`) comes first whatever it shares. groups: names of the plan's groups.
    """

    def shared(one: Learning) -> int:
        same_people = bool(set(one.groups) & set(groups)) or bool(one.rule and one.rule == plan.audience.rule)
        same = (one.goal == plan.objective, one.channel == plan.channel, one.offer_kind == plan.offer.kind, same_people)
        return sum(same)

    others = [one for one in known if one.plan_id != plan.plan_id]
    found = [one for one in others if one.plan_id == source or shared(one) >= _ALIKE]
    return sorted(found, key=lambda one: (one.plan_id != source, -shared(one), -one.seq))


def group_names(shop: Shop, segment_ids: Collection[str]) -> list[str]:
    """The names of groups as they are called now; an id without a name stands for itself."""
    try:
        profiles = segments.current(shop).profiles
    except NotEnoughData:
        return list(segment_ids)
    names = dict(zip(profiles["segment_id"], profiles["segment_name"], strict=True))
    return [str(names.get(one, one)) for one in segment_ids]


def _about(shop_dir: Path, plan: Plan) -> dict[str, Any]:
    """What the plan was, in the words a later plan is compared by: groups by name, for ids are given anew."""
    ids = plan.audience.segment_ids
    groups = group_names(store.open_shop(shop_dir), ids) if ids and (shop_dir / "shop.toml").exists() else list(ids)
    return {
        "name": plan.name,
        "goal": plan.objective,
        "channel": plan.channel,
        "offer_kind": plan.offer.kind,
        "discount": plan.offer.discount,
        "groups": groups,
        "rule": plan.audience.rule or "",
        "starts_at": plan.starts_at.isoformat(),
        "ends_at": plan.ends_at.isoformat(),
    }


def _learning(entry: Entry, earlier: int) -> Learning:
    said = entry.payload
    about = dict(said["about"])
    return Learning(
        plan_id=entry.plan_id,
        **about | {"groups": tuple(about["groups"])},
        choice=cast(Choice, said["choice"]),
        suggested=said["suggested"],
        reason=str(said["reason"]),
        by=entry.actor,
        recorded_by=entry.recorded_by,
        at=entry.at,
        seq=entry.seq,
        earlier=earlier,
        measured=said["measured"],
    )


def _searched(one: Learning) -> str:
    """All that can be looked for, kinds by their names in every language: "win back" finds goal win_back."""
    keys = (
        f"plan.goal_{one.goal}", f"common.channel_{one.channel}", f"plan.offer_{one.offer_kind}",
        f"learnings.choice_{one.choice}",
    )  # fmt: skip
    named = [text for key in keys if known_text(key) for text in all_texts()[key].values()]
    kinds = (one.goal, one.channel, one.offer_kind, one.choice, "" if one.discount is None else f"{one.discount:.0%}")
    parts = (one.plan_id, one.name, *one.groups, one.rule, one.reason, one.by, *kinds, *named)
    return " ".join(parts).casefold()
