"""The plans of a shop, saved as one types. Two people who change the same plan never overwrite each other unseen, and
what a plan was before a change can be brought back."""

import hashlib
import itertools
import json
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import ValidationError
from sqlite_utils import Database

from engine.access import acting
from engine.campaign.plan import Plan
from engine.decision import authors, database, moments
from engine.decision.keys import canonical
from engine.errors import StoreProblem
from engine.sentences import Sentence

LISTED = [
    "plan_id", "name", "status", "owner", "channel", "objective", "starts_at", "ends_at", "version",
    "created_at", "updated_at",
]  # fmt: skip
# Of what goes with a plan, what somebody typed or chose; the rest is kept by the program (its drafting, its forecast).
TYPED = ("filled", "chosen", "unfinished", "assumed")  # of a later message with its number: "chosen:1"
MADE_FROM = "made_from"  # of a plan that is a copy, the plan_id of the other


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan as it is stored, its status included. `extras` holds what goes with it: drafts, chosen draft, `filled`
    (the copy a customer reads, part -> text), forecast rows. `version` grows with every save."""

    plan: Plan
    extras: dict[str, Any]
    version: int
    content_sha256: str
    created_at: str
    updated_at: str


@dataclass(frozen=True, slots=True)
class Version:
    """What a plan was from `saved_at` until its next change."""

    version: int
    plan: Plan
    extras: dict[str, Any]
    saved_at: str


def content_sha256(plan: Plan, extras: dict[str, Any]) -> str:
    """What an approval binds: everything in the plan but its status, and the filled copy.

    Fields at their default are left out, so that a later Offerlab with one more field voids no approval.
    """
    content = plan.model_dump(mode="json", by_alias=True, exclude={"status"}, exclude_defaults=True)
    return hashlib.sha256(canonical({"plan": content, "filled": extras.get("filled") or {}})).hexdigest()


def save(shop_dir: Path, plan: Plan, extras: dict[str, Any], expected_version: int | None, now: datetime) -> int:
    """The plan's new version. `expected_version` is the one that was read, None for a new plan.

    The status stays, whatever `plan.status` says, but a change of content makes it a draft again.
    Raises StoreProblem when someone else changed it meanwhile.
    """
    with database.writing(shop_dir) as db:
        return put(db, plan, extras, expected_version, now)


def put(
    db: Database,
    plan: Plan,
    extras: dict[str, Any],
    expected_version: int | None,
    now: datetime,
    restores: int | None = None,
) -> int:
    """`save` inside a transaction that is already open. `restores`: the version that an undo brings back."""
    content, before = content_sha256(plan, extras), _content(db, plan.plan_id)
    values = {
        "plan_id": plan.plan_id,
        "owner": plan.owner,
        "content": content,
        "body": plan.model_dump_json(by_alias=True),
        "extras": canonical(extras).decode(),
        "now": moments.stored(now),
        "version": expected_version,
        "restores": restores,
    }
    if expected_version is None:
        done = db.execute(
            "INSERT INTO plans VALUES (:plan_id, 1, 'draft', :owner, :content, :body, :extras, :now, :now, :restores) "
            "ON CONFLICT (plan_id) DO NOTHING",
            values,
        )
    else:
        done = db.execute(
            "UPDATE plans SET version = version + 1, owner = :owner, content_sha256 = :content, body = :body, "
            "extras = :extras, updated_at = :now, restores = :restores, "
            "status = iif(content_sha256 = :content, status, 'draft') "
            "WHERE plan_id = :plan_id AND version = :version",
            values,
        )
    if done.rowcount != 1:
        raise StoreProblem(conflict(find(db, plan.plan_id), plan.plan_id, expected_version))
    if content != before:
        authors.add(db, plan.plan_id, (plan.owner, acting.person()))
    return (expected_version or 0) + 1


def _content(db: Database, plan_id: str) -> str | None:
    """The hash of a plan's content as it is stored, or None."""
    row = db.execute("SELECT content_sha256 FROM plans WHERE plan_id = ?", [plan_id]).fetchone()
    return str(row[0]) if row else None


def conflict(stored: SavedPlan | None, plan_id: str, expected_version: int | None) -> Sentence:
    """The sentence for a save that began from another version than the stored one."""
    if stored is None:
        return Sentence("decisions.gone", {"plan_id": plan_id})
    if expected_version is None:
        return Sentence("decisions.taken", {"plan_id": plan_id})
    values = {
        "plan_id": plan_id,
        "at": moments.in_utc(stored.updated_at),
        "version": stored.version,
        "yours": expected_version,
    }
    return Sentence("decisions.conflict", values)


def set_status(db: Database, plan_id: str, status: str, now: datetime) -> None:
    """Part of a decision's transaction: the database refuses it without the matching entry in the history."""
    db.execute(
        "UPDATE plans SET status = ?, version = version + 1, updated_at = ? WHERE plan_id = ?",
        [status, moments.stored(now), plan_id],
    )


def find(db: Database, plan_id: str) -> SavedPlan | None:
    """The stored plan, or None, on a connection that is already open."""
    row = next(iter(db.query("SELECT * FROM plans WHERE plan_id = ?", [plan_id])), None)
    return _saved(row) if row else None


def stored(db: Database, plan_id: str) -> SavedPlan:
    """The stored plan, on a connection that is already open. Raises StoreProblem when there is none of that id."""
    found = find(db, plan_id)
    if found is None:
        raise StoreProblem(unknown(plan_id))
    return found


def require_begun(shop_dir: Path, plan_id: str) -> None:
    """Raises StoreProblem for a plan of a shop that never had any: asking must not begin its file."""
    if not database.begun(shop_dir):
        raise StoreProblem(unknown(plan_id))


def load(shop_dir: Path, plan_id: str) -> SavedPlan:
    """The stored plan. Raises StoreProblem when this shop has none of that id."""
    require_begun(shop_dir, plan_id)
    with database.reading(shop_dir) as db:
        return stored(db, plan_id)


def extras_of(shop_dir: Path, plan_id: str) -> dict[str, Any]:
    """What goes with a plan; empty where this shop has none of that id yet."""
    if not database.begun(shop_dir):
        return {}
    with database.reading(shop_dir) as db:
        stored = find(db, plan_id)
    return stored.extras if stored else {}


def called(plan: Plan) -> Sentence:
    """A plan as a person reads of it: by the name they gave it, with the id that files and other tools have."""
    return Sentence("decisions.called", {"name": plan.name, "plan_id": plan.plan_id})


def unknown(plan_id: str) -> Sentence:
    """The sentence for a plan_id this shop does not have."""
    return Sentence("decisions.unknown", {"plan_id": plan_id})


def saved_plans(shop_dir: Path) -> list[SavedPlan]:
    """Every stored plan, the one changed last first."""
    if not database.begun(shop_dir):
        return []
    with database.reading(shop_dir) as db:
        return [_saved(row) for row in db.query("SELECT * FROM plans ORDER BY updated_at DESC, plan_id")]


# --- earlier versions, and undo ---


def versions(shop_dir: Path, plan_id: str, limit: int = 50) -> list[Version]:
    """What the plan has been, the newest first; the first one is what it is now.

    Saves that changed nothing of what a person typed or chose are not listed.
    """
    if not database.begun(shop_dir):
        return []
    with database.reading(shop_dir) as db:
        return [step for step, _ in itertools.islice(_steps(db, plan_id), limit)]


def versions_since(shop_dir: Path, plan_id: str, version: int) -> list[Version]:
    """What the plan was in a version and has been since, the oldest first; empty where that one is not kept any more.

    A decision makes a version without words of its own: it stands for the one before it.
    """
    if not database.begun(shop_dir):
        return []
    query = (
        "SELECT * FROM plan_versions WHERE plan_id = :id AND version >= "
        "(SELECT max(version) FROM plan_versions WHERE plan_id = :id AND version <= :version) ORDER BY version"
    )
    with database.reading(shop_dir) as db:
        rows = list(db.query(query, {"id": plan_id, "version": version}))
    return [found for found in map(_version, rows) if found is not None]


def undoable(shop_dir: Path, plan_id: str) -> Version | None:
    """What `undo` would bring back, or None."""
    if not database.begun(shop_dir):
        return None
    with database.reading(shop_dir) as db:
        return _before(db, plan_id)


def undo(
    shop_dir: Path, plan_id: str, expected_version: int, now: datetime, extras: Mapping[str, Any] | None = None
) -> int | None:
    """The plan's new version, which is what it was before its last change; None when there is nothing to undo.

    Once more goes one change further back; a change in between begins anew. `extras` are added to those saved.
    Raises StoreProblem when someone else changed the plan meanwhile.
    """
    with database.writing(shop_dir) as db:
        stored = _as_expected(db, plan_id, expected_version)
        earlier = _before(db, plan_id)
        return _bring_back(db, earlier, stored, now, extras, restores=earlier.version) if earlier else None


def restore(
    shop_dir: Path,
    plan_id: str,
    version: int,
    expected_version: int,
    now: datetime,
    extras: Mapping[str, Any] | None = None,
) -> int:
    """The plan's new version, with the content and the copy of an old one. It is a change like any other: it makes the
    plan a draft again, and undo takes it back. Raises StoreProblem as `save` does, and for a version not kept.
    """
    with database.writing(shop_dir) as db:
        stored = _as_expected(db, plan_id, expected_version)
        row = next(
            iter(db.query("SELECT * FROM plan_versions WHERE plan_id = ? AND version = ?", [plan_id, version])), None
        )
        earlier = _version(row) if row else None
        if earlier is None:
            raise StoreProblem(Sentence("decisions.version_gone", {"plan_id": plan_id, "version": version}))
        return _bring_back(db, earlier, stored, now, extras)


def _as_expected(db: Database, plan_id: str, expected_version: int) -> SavedPlan:
    stored = find(db, plan_id)
    if stored is None or stored.version != expected_version:
        raise StoreProblem(conflict(stored, plan_id, expected_version))
    return stored


def _bring_back(
    db: Database,
    earlier: Version,
    stored: SavedPlan,
    now: datetime,
    extras: Mapping[str, Any] | None,
    restores: int | None = None,
) -> int:
    typed = {name: part for name, part in earlier.extras.items() if _is_typed(name)}
    kept = {name: part for name, part in stored.extras.items() if not _is_typed(name)}
    # Who writes the plan is no part of what is undone: a second person's undo does not put their words in hers.
    plan = earlier.plan.model_copy(update={"owner": stored.plan.owner, "status": stored.plan.status})
    return put(db, plan, {**kept, **typed, **(extras or {})}, stored.version, now, restores)


def _is_typed(name: str) -> bool:
    return name.split(":")[0] in TYPED


def _before(db: Database, plan_id: str) -> Version | None:
    """What the plan was before its last change that is not undone."""
    restores = dict(db.execute("SELECT version, restores FROM plan_versions WHERE plan_id = ?", [plan_id]).fetchall())
    steps = _steps(db, plan_id)
    now = next(steps, None)
    if now is None:
        return None
    # An undo stands where the version stands that it brought back; that one may itself be an undo, or not be kept.
    at = now[0].version
    while (back := restores.get(at)) is not None:
        at = back
    return next((step for step, content in steps if step.version < at and content != now[1]), None)


def _steps(db: Database, plan_id: str) -> Iterator[tuple[Version, str]]:
    """Each version that changed what a person typed or chose, the newest first, with that content."""
    rows = db.query("SELECT * FROM plan_versions WHERE plan_id = ? ORDER BY version DESC", [plan_id])
    readable = ((step, _typed(step)) for step in map(_version, rows) if step is not None)
    for _, same in itertools.groupby(readable, key=lambda pair: pair[1]):
        yield list(same)[-1]


def _version(row: dict[str, Any]) -> Version | None:
    """The version of a row; None for one that an Offerlab wrote whose plans were made differently."""
    try:
        plan = Plan.model_validate_json(row["body"])
    except ValidationError:
        return None
    return Version(row["version"], plan, json.loads(row["extras"]), row["saved_at"])


def _typed(step: Version) -> str:
    """What a person typed or chose, to be compared. The filled copy follows from it and from the shop's prices."""
    typed = {name: part for name, part in step.extras.items() if _is_typed(name) and part is not None}
    chosen = {name: part for name, part in typed.items() if name != "filled"}
    return canonical([step.plan.model_dump(mode="json", exclude={"status", "owner"}), chosen]).decode()


# --- lists and copies ---


def listed(shop_dir: Path) -> pd.DataFrame:
    """One row per plan with the columns LISTED, the one changed last first; dates as ISO text."""
    rows = []
    for saved in saved_plans(shop_dir):
        plan = saved.plan
        rows.append(
            [
                plan.plan_id, plan.name, plan.status, plan.owner, plan.channel, plan.objective,
                plan.starts_at.isoformat(), plan.ends_at.isoformat(), saved.version, saved.created_at, saved.updated_at,
            ]
        )  # fmt: skip
    return pd.DataFrame(rows, columns=LISTED)


def duplicate(shop_dir: Path, plan_id: str, name: str, owner: str, now: datetime) -> str:
    """The id of a new draft with the same content and copy, under another name and owner, without its forecast.

    It keeps which plan it was made from (MADE_FROM in its extras).
    """
    acting.require_self(owner)
    with database.writing(shop_dir) as db:
        source = stored(db, plan_id)
        taken = [row["plan_id"] for row in db.query("SELECT plan_id FROM plans")]
        changes = {"plan_id": new_plan_id(name, taken), "name": name, "owner": owner, "status": "draft"}
        copy = Plan.model_validate({**source.plan.model_dump(by_alias=True), **changes})
        own = ("forecast", "override")  # said of this plan, and of no other
        extras = {key: part for key, part in source.extras.items() if key not in own} | {MADE_FROM: plan_id}
        put(db, copy, extras, None, now)
    return copy.plan_id


def new_plan_id(name: str, existing: Collection[str]) -> str:
    """A plain id from a name, not among the existing ones (compared without case, as file names are).

    >>> new_plan_id("Spring sale!", ["spring-sale"]), new_plan_id("春季", [])
    ('spring-sale-2', 'plan')
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].rstrip("-") or "plan"
    taken = {plan_id.lower() for plan_id in existing}
    number, candidate = 1, stem
    while candidate in taken:
        number += 1
        candidate = f"{stem}-{number}"
    return candidate


def _saved(row: dict[str, Any]) -> SavedPlan:
    try:
        plan = Plan.model_validate_json(row["body"]).model_copy(update={"status": row["status"]})
        extras = json.loads(row["extras"])  # half a surrogate pair is text to it
        if not isinstance(extras, dict):
            raise ValueError("what goes with a plan has names")
    except ValueError as error:  # pydantic's ValidationError is one
        raise StoreProblem(Sentence("decisions.unreadable", {"plan_id": row["plan_id"]})) from error
    return SavedPlan(
        plan=plan,
        extras=extras,
        version=row["version"],
        content_sha256=row["content_sha256"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
