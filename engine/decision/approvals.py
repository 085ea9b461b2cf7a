"""Submitting a plan, and a second person's decision on it.

    draft -> submitted -> approved -> exported -> results in
                       -> rejected
                       -> draft, when changes are requested
    any of them, when its content changes -> draft
    submitted, approved or exported, when what it rests on changed (`standing`) -> submitted again as it is

An approval that would be void at once is refused (`looked`); a rejection or a wish for changes is not.

A decision names the entry of the submission it is about: copy, offer and forecast it was taken on are those, and a
forecast that lies beside the plan by then counts for nothing.

An approval holds for the exact content it was given for (`plans.content_sha256`) and is read from the encrypted
history, never from the plan's status alone. Whether what it rests on is still so, `standing` says. The database itself
refuses an approval by an author of the plan and a status without its entry, so that no page or script can go round
these functions.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, cast, get_args

from engine.access import acting, roles
from engine.access.roles import person_key
from engine.campaign import links, merge
from engine.campaign.plan import APPROVED, Plan
from engine.decision import authors, comments, evidence, ledger, looked, moments, overrides, plans, standing
from engine.decision.evidence import Evidence
from engine.decision.looked import Look
from engine.decision.proposal import SUBMISSION
from engine.decision.standing import TodaysForecast
from engine.errors import NotAllowed, StoreProblem
from engine.sentences import Said, Sentence, known
from engine.shop import store

Act = Literal["submitted", "approved", "rejected", "changes_requested"]
ACTS = get_args(Act)
Right = Literal["approve", "reject"]
BY_AUTHOR = "recorded_by_author"  # in an entry whose plan's author typed in what somebody else decided
_SLOT = re.compile(r"\{[a-z_][a-z0-9_]*\}")


@dataclass(frozen=True, slots=True)
class Decision:
    """One step of a plan: who did it, who typed it in, why, when, for which content, as which entry of the history."""

    plan_id: str
    action: Act
    by: str
    recorded_by: str
    reason: str
    at: str
    seq: int
    content_sha256: str
    evidence: Evidence | None = None  # what shows a decision that was taken outside Offerlab
    recorded_by_author: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """What was looked at before deciding: the plan's content, the number of its submission; None where not known."""

    content_sha256: str | None = None
    submission: int | None = None


def submit(
    shop_dir: Path,
    shop_id: str,
    plan: Plan,
    forecast: dict[str, Any],
    person: str,
    now: datetime,
    config: Path,
    *,
    extras: dict[str, Any] | None = None,
    expected_version: int | None = None,
    snapshot: Callable[[], str | None] | None = None,
) -> Decision:
    """The plan, saved and put before a second person together with its forecast.

    `extras` are added to those already saved; `filled` among them is the copy a customer will read. A plan sent twice
    unchanged gives the first submission, unless what that rests on changed. `snapshot` keeps what the forecast was
    computed from and gives its SHA-256 (engine.decision.snapshots). Raises NotAllowed when it is decided already and
    the decision stands, or its copy still has {slots}.
    """
    acting.require_as(person, "submit", config)
    links.require(plan)
    kept = snapshot() if snapshot else None  # before the entry that names it, so that no entry names what is not there
    copy = filled(plan, {**plans.extras_of(shop_dir, plan.plan_id), **(extras or {})})
    rests_on = standing.at_submission(shop_dir, plan, copy, forecast)
    with ledger.writing(shop_dir, shop_id, config, "submit") as writer:
        stored = plans.find(writer.db, plan.plan_id)
        if stored and expected_version not in (None, stored.version):
            raise StoreProblem(plans.conflict(stored, plan.plan_id, expected_version))
        everything = {**(stored.extras if stored else {}), **(extras or {}), "forecast": forecast}
        _no_slots_left(plan, everything)
        content = plans.content_sha256(plan, everything)
        if stored and stored.content_sha256 == content and stored.plan.status != "draft":
            history = writer.entries(plan.plan_id)
            if not _is_void(shop_dir, stored, history, forecast):
                if stored.plan.status == "submitted":
                    return _latest(history, "submitted", content)
                status = Sentence(f"plan.status_{stored.plan.status}")
                raise NotAllowed(Sentence("decisions.decided", {"plan_id": plan.plan_id, "status": status}))
        plans.put(writer.db, plan, everything, stored.version if stored else None, now)
        payload = {
            "reason": "",
            "content_sha256": content,
            "plan": plan.model_dump(mode="json", by_alias=True, exclude={"status"}),
            "filled": filled(plan, everything),
            "forecast": forecast,
            **({"snapshot": kept} if kept else {}),
            **rests_on,
        }
        authors.add(writer.db, plan.plan_id, (person, acting.person()))
        entry = writer.append(plan.plan_id, "submitted", person, acting.person(), payload, now)
        plans.set_status(writer.db, plan.plan_id, "submitted", now)
    return _decision(entry)


def approve(
    shop_dir: Path,
    shop_id: str,
    plan_id: str,
    by: str,
    recorded_by: str,
    reason: str,
    now: datetime,
    config: Path,
    *,
    content_sha256: str | None = None,
    submission: int | None = None,
    proof: bytes | None = None,
    forecasts: TodaysForecast = standing.forecast_today,
) -> Decision:
    """The approval, on disk when this returns. Approving the same content again returns the first approval,
    also to somebody else (`stands_already`).

    `content_sha256` is that of the plan `by` looked at, `submission` the number of its entry in the history: given, an
    approval of anything newer is refused. `proof`: the file that shows an approval given outside Offerlab, see
    `evidence`; without one the author records no approval.
    `forecasts`: today's forecast of a plan, where the caller keeps such answers. Raises NotAllowed for an author of the
    plan, a person without the role, an empty reason, a plan that waits for none, or one whose grounds changed since it
    was submitted; DataProblem for a file that is no evidence.
    """

    def look() -> Look:
        return looked.before_approval(shop_dir, shop_id, plan_id, config, forecasts)

    shown = Shown(content_sha256, submission)
    return _decide(shop_dir, shop_id, plan_id, "approved", by, recorded_by, reason, now, config, shown, proof, look)


def reject(
    shop_dir: Path,
    shop_id: str,
    plan_id: str,
    by: str,
    recorded_by: str,
    reason: str,
    now: datetime,
    config: Path,
    *,
    content_sha256: str | None = None,
    submission: int | None = None,
    proof: bytes | None = None,
) -> Decision:
    """The rejection; as `approve`, but that its author may record it without `proof`."""
    shown = Shown(content_sha256, submission)
    return _decide(shop_dir, shop_id, plan_id, "rejected", by, recorded_by, reason, now, config, shown, proof)


def request_changes(
    shop_dir: Path,
    shop_id: str,
    plan_id: str,
    by: str,
    recorded_by: str,
    reason: str,
    now: datetime,
    config: Path,
    *,
    content_sha256: str | None = None,
    submission: int | None = None,
    proof: bytes | None = None,
) -> Decision:
    """The wish for changes, on disk when this returns: the plan is a draft again, and the wish stands on it until it is
    submitted anew. Otherwise as `reject`, with its rights.
    """
    shown = Shown(content_sha256, submission)
    return _decide(shop_dir, shop_id, plan_id, "changes_requested", by, recorded_by, reason, now, config, shown, proof)


def _decide(
    shop_dir: Path,
    shop_id: str,
    plan_id: str,
    act: Act,
    by: str,
    recorded_by: str,
    reason: str,
    now: datetime,
    config: Path,
    shown: Shown,
    proof: bytes | None,
    look: Callable[[], Look] = Look,
) -> Decision:
    verb, done, status_after = _VERBS[act]
    right: Right = "approve" if act == "approved" else "reject"
    by, reason = by.strip(), reason.strip()
    _may_decide(by, recorded_by, right, config, is_shown=proof is not None)
    if not reason:
        raise NotAllowed(Sentence("decisions.no_reason", {"verb": verb, "plan_id": plan_id}))
    if act == "changes_requested":
        comments.check_length(reason)
    plans.require_begun(shop_dir, plan_id)
    seen = look()
    with ledger.writing(shop_dir, shop_id, config, right) as writer:
        stored = plans.stored(writer.db, plan_id)
        if authors.includes(writer.db, plan_id, by):
            raise NotAllowed(Sentence("decisions.second_person", {"by": by, "verb": verb}))
        if shown.content_sha256 not in (None, stored.content_sha256):
            raise NotAllowed(Sentence("decisions.changed_since_shown", {"plan_id": plan_id}))
        status = stored.plan.status
        if status == act or (act == "approved" and status in APPROVED):
            return _latest(writer.entries(plan_id), act, stored.content_sha256)
        if status == "draft" and (twice := _asked_already(writer.entries(plan_id), act, by, reason)):
            return _decision(twice)
        if status != "submitted":
            why = Sentence(f"decisions.why_not_{status}")
            raise NotAllowed(Sentence("decisions.cannot_be", {"plan_id": plan_id, "done": done, "why": why}))
        history = writer.entries(plan_id)
        about = _submission(history, _sha_of(stored), plan_id, shown)
        looked.require_ground(shop_dir, plan_id, history, seen)
        is_author = authors.includes(writer.db, plan_id, recorded_by)
        if is_author and acting.signed_in():
            raise NotAllowed(Sentence("evidence.not_by_author", {"by": by}))
        if act == "approved" and is_author and proof is None:
            raise NotAllowed(Sentence("evidence.required", {"by": by}))
        payload: dict[str, Any] = {"reason": reason, "content_sha256": stored.content_sha256}
        payload |= {SUBMISSION: {"seq": about.seq, "hash": about.hash}} | ({BY_AUTHOR: True} if is_author else {})
        if proof is not None:  # on disk before the decision that names it
            payload |= evidence.as_payload(evidence.keep(shop_dir, shop_id, config, proof))
        if overridden := (about.payload.get("forecast") or {}).get(overrides.KEY):
            payload[overrides.KEY] = overridden  # what was decided on had money that the past does not support
        entry = writer.append(plan_id, act, by, recorded_by, payload, now)
        plans.set_status(writer.db, plan_id, status_after, now)
    return _decision(entry)


# What a person does, what is done then, and the status after it.
_VERBS: dict[Act, tuple[Sentence, Sentence, str]] = {
    "approved": (Sentence("decisions.approve"), Sentence("decisions.approved"), "approved"),
    "rejected": (Sentence("decisions.reject"), Sentence("decisions.rejected"), "rejected"),
    "changes_requested": (Sentence("decisions.return"), Sentence("decisions.returned"), "draft"),
}


def _asked_already(history: list[ledger.Entry], act: Act, by: str, reason: str) -> ledger.Entry | None:
    """The same wish by the same person right before: the second click of two."""
    last = history[-1] if history else None
    if last is None or act != "changes_requested" or last.action != act:
        return None
    is_same = person_key(last.actor) == person_key(by) and last.payload.get("reason") == reason
    return last if is_same else None


def stands_already(decision: Decision, by: str) -> Sentence | None:
    """Whose decision came back to `by`, where somebody else had taken it before; None for their own."""
    if person_key(decision.by) == person_key(by) or decision.action not in _VERBS:
        return None
    values = {"by": decision.by, "done": _VERBS[decision.action][1], "at": moments.in_utc(decision.at)}
    return Sentence("decisions.stands_already", values | {"seq": decision.seq})


def decisions(shop_dir: Path, shop_id: str, config: Path, plan_id: str | None = None) -> list[Decision]:
    """Submissions, approvals, rejections and wishes for changes, oldest first, read from the history."""
    return of_entries(ledger.entries(shop_dir, shop_id, config, plan_id))


def of_entries(entries: Sequence[ledger.Entry]) -> list[Decision]:
    """Those entries of the history that are one of these."""
    return [_decision(entry) for entry in entries if entry.action in ACTS]


def approval_of(saved: plans.SavedPlan, history: list[ledger.Entry]) -> Decision | None:
    """The approval given for this plan's content as it is stored now, or None. `history` is that plan's entries.

    Whether what it rests on is still so is asked of `standing`.
    """
    steps = [entry for entry in history if entry.action in ACTS]
    if not steps or steps[-1].action != "approved" or saved.plan.status not in APPROVED:
        return None
    decision = _decision(steps[-1])
    return decision if decision.content_sha256 == plans.content_sha256(saved.plan, saved.extras) else None


def _is_void(shop_dir: Path, stored: plans.SavedPlan, history: list[ledger.Entry], forecast: dict[str, Any]) -> bool:
    """Whether what a plan rests on that is submitted again as it is changed. Its results end that way."""
    if stored.plan.status not in ("submitted", "approved", "exported") or not (shop_dir / "shop.toml").exists():
        return False
    return not standing.of(store.open_shop(shop_dir), stored, history, forecast or None).stands


def filled(plan: Plan, extras: dict[str, Any]) -> dict[str, str]:
    """The copy a customer reads, part -> text: `filled` where it was saved, else the first step's texts."""
    return dict(extras.get("filled") or plan.steps[0].texts)


def _no_slots_left(plan: Plan, extras: dict[str, Any]) -> None:
    for part, text in filled(plan, extras).items():
        open_slots = (merge.SLOT, merge.CODE_SLOT) if plan.offer.personal_codes else (merge.SLOT,)
        for own in open_slots:  # the tool that sends fills these in
            text = text.replace(own, "")
        if slot := _SLOT.search(text):
            values = {"plan_id": plan.plan_id, "part": _part_name(part), "slot": slot[0]}
            raise NotAllowed(Sentence("decisions.open_slot", values))


def _part_name(key: str) -> Said:
    """A part of the copy in words: "1:zh:subject" is the subject of the second message, in Chinese."""
    *where, name = key.split(":")
    part = Sentence(f"decisions.part_{name}") if known(f"decisions.part_{name}") else name.replace("_", " ")
    return Sentence("decisions.part_of", {"part": part, "number": int(where[0]) + 1}) if where else part


def _may_decide(by: str, recorded_by: str, verb: Right, config: Path, is_shown: bool) -> None:
    """Raises NotAllowed unless `by` may decide, and the recorder type it in.

    Where people sign in, each decides for themselves; what somebody without an account decided needs its evidence
    (`is_shown`) and a recorder with that right. Elsewhere a listed person without the right may not type in another's
    decision; a server's own account, which is not listed, may.
    """
    acting.require_self(recorded_by)
    if (me := acting.signed_in()) is not None and person_key(me) != person_key(by):
        roles.require(me, verb, config)
        if person_key(by) in (roles.listed(config) or {}):
            raise NotAllowed(Sentence("evidence.signs_in", {"by": by}))
        if not is_shown:
            raise NotAllowed(Sentence("evidence.needed_of_outsider", {"by": by}))
        return
    roles.require(by, verb, config)
    role = roles.role_of(recorded_by, config)
    if role is not None and person_key(recorded_by) != person_key(by):
        roles.require(recorded_by, verb, config)


def _sha_of(stored: plans.SavedPlan) -> str:
    """The content's hash computed anew: a body changed behind the column must not be approved under the old hash."""
    content = plans.content_sha256(stored.plan, stored.extras)
    if content != stored.content_sha256:
        raise NotAllowed(Sentence("decisions.changed_outside", {"plan_id": stored.plan.plan_id}))
    return content


def _submission(history: list[ledger.Entry], content: str, plan_id: str, shown: Shown) -> ledger.Entry:
    """What is decided on. Raises NotAllowed where the history has none of this content, or not the one looked at."""
    found = standing.submitted_in(history)
    if found is None or found.payload.get("content_sha256") != content:
        raise NotAllowed(Sentence("decisions.not_in_history", {"status": Sentence("decisions.act_submitted")}))
    if shown.submission not in (None, found.seq):
        raise NotAllowed(Sentence("decisions.submitted_since_shown", {"plan_id": plan_id}))
    return found


def _latest(history: list[ledger.Entry], act: Act, content: str) -> Decision:
    """The first step of this kind for this content; a status without one was set outside Offerlab."""
    for entry in reversed(history):
        if entry.action == act and entry.payload.get("content_sha256") == content:
            return _decision(entry)
    raise NotAllowed(Sentence("decisions.not_in_history", {"status": Sentence(f"decisions.act_{act}")}))


def _decision(entry: ledger.Entry) -> Decision:
    return Decision(
        plan_id=entry.plan_id,
        action=cast(Act, entry.action),
        by=entry.actor,
        recorded_by=entry.recorded_by,
        reason=str(entry.payload.get("reason", "")),
        at=entry.at,
        seq=entry.seq,
        content_sha256=str(entry.payload["content_sha256"]),
        evidence=evidence.of_entry(entry),
        recorded_by_author=bool(entry.payload.get(BY_AUTHOR)),
    )
