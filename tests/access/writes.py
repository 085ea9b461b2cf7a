"""Every function of the engine that changes something, with what one must be allowed to do for it.

`at` is the shop that `test_writes` makes; `me` is who says to be acting, for those functions that are told a name.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from engine import jobs, settings
from engine.access import accounts, acting
from engine.access.roles import Action
from engine.audience import saved, segments
from engine.campaign import planned, versions
from engine.campaign.launch import form
from engine.campaign.plan import Audience, Offer, Plan, Step
from engine.campaign.writer import catalogue
from engine.decision import (
    approvals,
    backup,
    code_files,
    codes,
    comments,
    conclusions,
    evidence,
    export,
    forgetting,
    ledger,
    model_choice,
    plans,
    restore,
    winners,
)
from engine.outcome import arrivals, changed, learning, relearned, seen
from engine.outcome.bandit import arms, confirmed, proposal
from engine.shop import duplicates, erasure, incoming, intake, stated, store, vault
from tests.access.conftest import PASSWORD

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
CSV = b"order_id,customer_id,ordered_at,product_id,quantity,unit_price\no1,c1,2026-01-01,p1,1,2\n"


def plan(plan_id: str, **changes: Any) -> Plan:
    return Plan(
        plan_id=plan_id,
        name=changes.get("name", "Spring"),
        owner="Zoe",
        audience=Audience(rule="orders >= 1"),
        offer=changes.get("offer", Offer(kind="percent", discount=0.15, code="HOME15")),
        steps=[Step(copy={"subject": "Come back", "body": "15 % off."})],
        starts_at=date(2026, 6, 1),
        ends_at=date(2026, 6, 30),
    )


def file_of(at: Any) -> Path:
    (at.folder / "orders.csv").write_bytes(CSV)
    return at.folder / "orders.csv"


def a_split() -> proposal.Proposal:
    rows = [{"arm": arm, "date": "2026-05-01", "shown": 1_000, "converted": 15} for arm in ("a", "b")]
    return proposal.propose(arms.as_arms(pd.DataFrame(rows), "ads"))


def few(_: Plan) -> list[str]:
    return ["c001", "c002"]


# --- of functions that are told who acts ---

Named = tuple[str, Action, Callable[[Any, str], object]]
NAMED: list[Named] = [
    ("duplicate", "draft", lambda at, me: plans.duplicate(at.path, "drafted", "Copy", me, NOW)),
    ("note in the history", "draft", lambda at, me: ledger.append(
        at.path, at.id, plan_id="drafted", action="results_in", actor=me, recorded_by=me, payload={}, now=NOW,
        config=at.config)),
    ("submit", "submit", lambda at, me: approvals.submit(
        at.path, at.id, plan("drafted"), {"orders": 1.0}, me, NOW, at.config)),
    ("approve", "approve", lambda at, me: approvals.approve(
        at.path, at.id, "submitted", me, me, "fits", NOW, at.config)),
    ("reject", "reject", lambda at, me: approvals.reject(
        at.path, at.id, "submitted", me, me, "too dear", NOW, at.config)),
    ("record somebody's approval", "approve", lambda at, me: approvals.approve(
        at.path, at.id, "submitted", "The Chief", me, "fits", NOW, at.config, proof=b"Yes, send it.")),
    ("export", "export", lambda at, me: export.export_plans(
        at.path, at.id, None, few, NOW, at.config, person=me, plan_ids=["approved"])),
    ("conclude", "submit", lambda at, me: conclusions.conclude(
        at.path, at.id, "exported", "stop", me, me, "too dear", NOW, at.config, measured={})),
    ("decide the winner of a test", "export", lambda at, me: winners.record(
        at.path, at.id, "staged", "A", {}, "A won", me, NOW, at.config)),
    ("use another model", "submit", lambda at, me: model_choice.use(
        at.shop, "kept", me, me, "better", NOW, at.config)),
    ("confirm a split", "submit", lambda at, me: confirmed.confirm(
        at.shop, a_split(), me, me, "as proposed", NOW, at.config)),
    ("save an audience", "draft", lambda at, me: saved.save(at.shop, "new", "orders >= 1", NOW, me)),
    ("keep a month's figure", "draft", lambda at, me: stated.keep_stated(at.shop, date(2026, 1, 1), 5.0, me, NOW)),
    ("merge customers", "administer", lambda at, me: duplicates.merge(at.shop, at.config, {"c001": "c002"}, NOW, me)),
    ("make an account", "administer", lambda at, me: accounts.add(at.config, "New", PASSWORD, "viewer", NOW, by=me)),
    ("give a role", "administer", lambda at, me: accounts.set_role(at.config, "viewer", "admin", by=me)),
    ("disable an account", "administer", lambda at, me: accounts.set_disabled(at.config, "viewer", True, NOW, by=me)),
    ("sign somebody out", "administer", lambda at, me: accounts.sign_out(at.config, "viewer", NOW, by=me)),
    ("give a password", "administer", lambda at, me: accounts.set_password(
        at.config, "viewer", PASSWORD, NOW, by=me)),
    ("ask for changes", "reject", lambda at, me: approvals.request_changes(
        at.path, at.id, "submitted", me, me, "too dear", NOW, at.config)),
    ("comment", "view", lambda at, me: comments.comment(at.path, at.id, "drafted", me, me, "Why tea?", NOW, at.config)),
    ("see what waits", "view", lambda at, me: seen.mark(at.id, at.config, me, ["one"])),
    ("export to a target", "export", lambda at, me: export.export_target(
        at.shop, "plain_csv", None, NOW, at.config, person=me, plan_ids=["approved"])),
    ("load codes", "export", lambda at, me: codes.load(
        at.path, "coded", code_files.read_bytes(b"code\nAAA111\n", "codes.csv"), me, NOW, at.config)),
    ("make codes", "export", lambda at, me: codes.make(at.path, "coded", 2, me, NOW, at.config)),
    ("take codes back", "export", lambda at, me: codes.withdraw(at.path, "coded", me, at.config)),
    ("put a backup back", "administer", lambda at, me: restore.restore(
        at.path, at.id, at.config, at.backup, me, NOW, losing=1)),
]  # fmt: skip
# Under the own name, and yet with somebody else's.
HALF_NAMED: list[Named] = [
    ("submit a comment typed in by another", "view", lambda at, me: comments.comment(
        at.path, at.id, "drafted", acting.person(), me, "Why tea?", NOW, at.config)),
    ("approve, typed in by another", "approve", lambda at, me: approvals.approve(
        at.path, at.id, "submitted", acting.person(), me, "fits", NOW, at.config)),
    ("approve for another", "approve", lambda at, me: approvals.approve(
        at.path, at.id, "submitted", me, acting.person(), "fits", NOW, at.config)),
    ("approve for another, with evidence", "approve", lambda at, me: approvals.approve(
        at.path, at.id, "submitted", me, acting.person(), "fits", NOW, at.config, proof=b"Yes, send it.")),
    ("reject for another", "reject", lambda at, me: approvals.reject(
        at.path, at.id, "submitted", me, acting.person(), "too dear", NOW, at.config)),
    ("ask for changes for another", "reject", lambda at, me: approvals.request_changes(
        at.path, at.id, "submitted", me, acting.person(), "too dear", NOW, at.config)),
    ("note for another", "draft", lambda at, me: ledger.append(
        at.path, at.id, plan_id="drafted", action="results_in", actor=me, recorded_by=acting.person(), payload={},
        now=NOW, config=at.config)),
    ("confirm a split for another", "submit", lambda at, me: confirmed.confirm(
        at.shop, a_split(), me, acting.person(), "as proposed", NOW, at.config)),
    ("use another model for another", "submit", lambda at, me: model_choice.use(
        at.shop, "kept", me, acting.person(), "better", NOW, at.config)),
]  # fmt: skip


# --- of functions that ask for themselves ---

Write = tuple[str, Action, Callable[[Any], object]]
UNNAMED: list[Write] = [
    # plans and what belongs to them
    ("save a plan", "draft", lambda at: plans.save(at.path, plan("new"), {}, None, NOW)),
    ("change a plan", "draft", lambda at: plans.save(at.path, plan("drafted"), {}, 2, NOW)),
    ("undo", "draft", lambda at: plans.undo(at.path, "drafted", 2, NOW)),
    ("restore", "draft", lambda at: plans.restore(at.path, "drafted", 1, 2, NOW)),
    ("write a brief", "draft", lambda at: planned.write_brief(at.shop, plan("drafted"))),
    # audiences, groups, models, the work that makes them
    ("change an audience", "draft", lambda at: saved.change(at.shop, "regulars", "orders >= 3")),
    ("rename an audience", "draft", lambda at: saved.rename(at.shop, "regulars", "fans")),
    ("delete an audience", "draft", lambda at: saved.delete(at.shop, "regulars")),
    ("save groups", "draft", lambda at: segments.save(at.shop, at.groups)),
    ("keep a model", "draft", lambda at: versions.save(at.shop, "v1", {"a.txt": b"a"}, {}, True)),
    ("use a kept model", "draft", lambda at: versions.use(at.shop, "kept")),
    ("put down what forecasts learned", "draft", lambda at: relearned.keep(at.shop, {"promoted": None})),
    ("put down what changed", "draft", lambda at: learning.note(at.shop, learning.Looked(
        "kept", pd.DataFrame(), changed.Changed(NOW.date(), NOW.date(), {}, {}, {})), [])),
    ("put down a launch", "draft", lambda at: form.save(
        at.shop, form.NewProduct(product_id="n1", name="New", price=9.0, launched_at=NOW.date()),
        NOW.date())),
    ("start work", "draft", lambda at: jobs.start(at.path, "train", ["train"], NOW)),
    ("cancel work", "draft", lambda at: jobs.cancel(at.path, at.job)),
    # the shop's data
    ("make a shop", "import", lambda at: store.create_shop(at.folder / "another", {})),
    ("import", "import", lambda at: intake.import_files([file_of(at)], at.path, now=NOW)),
    ("stage uploads", "import", lambda at: incoming.stage(at.path, [("orders.csv", CSV)])),
    ("say how uploads are read", "import", lambda at: incoming.save(
        at.waiting, incoming.load(at.waiting).model_copy(update={"pseudonymise": True}))),
    ("take uploads in", "import", lambda at: incoming.start(at.path, at.waiting, NOW)),
    ("throw uploads away", "draft", lambda at: incoming.discard(at.path)),
    ("write tables", "draft", lambda at: store.save_tables(
        at.shop, {"customers": pd.DataFrame({"customer_id": ["c"]})})),
    ("keep contacts", "draft", lambda at: vault.add(
        at.path, at.id, at.config, pd.DataFrame([["c003", "c@x.example", "", ""]], columns=vault.COLUMNS))),
    # what an admin looks after
    ("change settings", "administer", lambda at: store.save_settings(at.shop, {"name": "Other"})),
    ("erase a customer", "administer", lambda at: erasure.erase(at.path, at.id, at.config, ["c001"], NOW)),
    ("choose a language model", "administer", lambda at: catalogue.choose(settings.read(), catalogue.DEFAULT)),
    ("fetch a language model", "administer", lambda at: jobs.start(
        at.path, "model", ["model", "pull", "x"], NOW, action="administer")),
    ("erase a customer everywhere", "administer", lambda at: forgetting.erase(
        at.path, at.id, at.config, at.backups, ["c001"], NOW)),
    ("forget who has a code", "administer", lambda at: codes.forget(at.path, ["c001"])),
    ("put a model on the list", "administer", lambda at: catalogue.add(settings.read(), catalogue.Entry(
        name="own", url="https://x.example/own.gguf", sha256="0" * 64, size=1, licence="MIT"))),
    ("keep evidence", "reject", lambda at: evidence.keep(at.path, at.id, at.config, b"Yes, send it.")),
    ("back up", "draft", lambda at: backup.take(at.path, at.id, at.config, at.backups, NOW)),
    ("note results", "draft", lambda at: arrivals.note(at.shop, NOW, at.config)),
]  # fmt: skip
# These change nothing, but read what not everybody may: addresses of the vault.
READS: list[Write] = [
    ("look who can be reached", "export", lambda at: export.preview(
        at.shop, plan("approved"), "plain_csv", at.config).named),
    ("find whose an address is", "administer", lambda at: erasure.find(at.path, at.id, at.config, "a@x.example")),
]  # fmt: skip
