"""Every function that changes something asks who acts: each of them, by each role, on a shop with something in it.

A button that is not there is no control: these are the functions behind all buttons and commands.
"""

import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from engine import jobs, settings
from engine.access import accounts, acting, roles
from engine.access.roles import Action
from engine.access.sessions import SignedOut
from engine.audience import saved, segments
from engine.campaign import planned, versions
from engine.campaign.launch import form
from engine.campaign.plan import Offer, Plan, Step
from engine.campaign.writer import catalogue
from engine.decision import approvals, export, ledger, model_choice, plans
from engine.errors import AppError, NotAllowed
from engine.jobs import processes
from engine.shop import duplicates, erasure, incoming, intake, stated, store, vault
from tests import tiny
from tests.access.conftest import PASSWORD

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
ROLES = ("viewer", "marketer", "approver", "admin")
CSV = b"order_id,customer_id,ordered_at,product_id,quantity,unit_price\no1,c1,2026-01-01,p1,1,2\n"


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A shop whose plans are a draft, submitted and approved; made by nobody in particular."""
    folder = tmp_path_factory.mktemp("template")
    config = folder / "config"
    shop = tiny.shop_of(folder / "shop", tiny.simulated())
    for plan_id in ("drafted", "submitted", "approved"):
        plans.save(shop.path, plan(plan_id), {}, None, NOW)
        plans.save(shop.path, plan(plan_id, name="Later"), {}, 1, NOW)
        if plan_id != "drafted":
            approvals.submit(shop.path, shop.shop_id, plan(plan_id), {"orders": 1.0}, "Zoe", NOW, config)
    approvals.approve(shop.path, shop.shop_id, "approved", "Yan", "Yan", "fits", NOW, config)
    saved.save(shop, "regulars", "orders >= 2", NOW, "Zoe")
    incoming.stage(shop.path, [("orders.csv", CSV)])
    versions.save(shop, "kept", {"a.txt": b"a"}, {}, True)
    for role in reversed(ROLES):
        accounts.add(config, role, PASSWORD, role, NOW)
    return folder


@pytest.fixture
def at(template, groups, tmp_path, monkeypatch):
    """The shop, its configuration and the accounts, called as their roles."""
    folder = Path(shutil.copytree(template, tmp_path / "made"))
    monkeypatch.setenv("OFFERLAB_CONFIG", str(folder / "config"))
    monkeypatch.setattr(processes, "launch", lambda *given: 999_999)  # the work itself is no part of this
    shop = store.open_shop(folder / "shop")
    return SimpleNamespace(
        shop=shop, path=shop.path, id=shop.shop_id, config=folder / "config", folder=folder, groups=groups
    )


@pytest.fixture(scope="module")
def groups(template):
    return segments.fit(store.open_shop(template / "shop"), k=2)


def plan(plan_id: str, **changes: Any) -> Plan:
    return Plan(
        plan_id=plan_id,
        name=changes.get("name", "Spring"),
        owner="Zoe",
        offer=Offer(kind="percent", discount=0.15, code="HOME15"),
        steps=[Step(copy={"subject": "Come back", "body": "15 % off."})],
        starts_at=date(2026, 6, 1),
        ends_at=date(2026, 6, 30),
    )


def file_of(at: Any) -> Path:
    (at.folder / "orders.csv").write_bytes(CSV)
    return at.folder / "orders.csv"


def nobody(_: Plan) -> list[str]:
    return []


def who() -> str:
    return acting.person()


Write = tuple[str, Action, Callable[[Any], object]]
WRITES: list[Write] = [
    # plans and what belongs to them
    ("save a plan", "draft", lambda at: plans.save(at.path, plan("new"), {}, None, NOW)),
    ("change a plan", "draft", lambda at: plans.save(at.path, plan("drafted"), {}, 2, NOW)),
    ("undo", "draft", lambda at: plans.undo(at.path, "drafted", 2, NOW)),
    ("restore", "draft", lambda at: plans.restore(at.path, "drafted", 1, 2, NOW)),
    ("duplicate", "draft", lambda at: plans.duplicate(at.path, "drafted", "Copy", who(), NOW)),
    ("write a brief", "draft", lambda at: planned.write_brief(at.shop, plan("drafted"))),
    ("note in the history", "draft", lambda at: ledger.append(
        at.path, at.id, plan_id="drafted", action="noted", actor=who(), recorded_by=who(), payload={}, now=NOW,
        config=at.config)),
    # decisions
    ("submit", "submit", lambda at: approvals.submit(
        at.path, at.id, plan("drafted"), {"orders": 1.0}, who(), NOW, at.config)),
    ("approve", "approve", lambda at: approvals.approve(
        at.path, at.id, "submitted", who(), who(), "fits", NOW, at.config)),
    ("reject", "reject", lambda at: approvals.reject(
        at.path, at.id, "submitted", who(), who(), "too dear", NOW, at.config)),
    ("record somebody's approval", "approve", lambda at: approvals.approve(
        at.path, at.id, "submitted", "The Chief", who(), "fits", NOW, at.config, proof=b"Yes, send it.")),
    ("export", "export", lambda at: export.export_plans(
        at.path, at.id, None, nobody, NOW, at.config, person=who(), plan_ids=["approved"])),
    ("use another model", "submit", lambda at: model_choice.use(
        at.shop, "kept", who(), who(), "better", NOW, at.config)),
    # audiences, groups, models, the work that makes them
    ("save an audience", "draft", lambda at: saved.save(at.shop, "new", "orders >= 1", NOW, who())),
    ("change an audience", "draft", lambda at: saved.change(at.shop, "regulars", "orders >= 3")),
    ("rename an audience", "draft", lambda at: saved.rename(at.shop, "regulars", "fans")),
    ("delete an audience", "draft", lambda at: saved.delete(at.shop, "regulars")),
    ("save groups", "draft", lambda at: segments.save(at.shop, at.groups)),
    ("keep a model", "draft", lambda at: versions.save(at.shop, "v1", {"a.txt": b"a"}, {}, True)),
    ("use a kept model", "draft", lambda at: versions.use(at.shop, "kept")),
    ("put down a launch", "draft", lambda at: form.save(
        at.shop, form.NewProduct(product_id="n1", name="New", price=9.0, launched_at=NOW.date()),
        NOW.date())),
    ("start work", "draft", lambda at: jobs.start(at.path, "train", ["train"], NOW)),
    ("cancel work", "draft", lambda at: jobs.cancel(at.path, "0")),
    # the shop's data
    ("make a shop", "import", lambda at: store.create_shop(at.folder / "another", {})),
    ("import", "import", lambda at: intake.import_files([file_of(at)], at.path, now=NOW)),
    ("stage uploads", "import", lambda at: incoming.stage(at.path, [("orders.csv", CSV)])),
    ("say how uploads are read", "import", lambda at: incoming.save(
        incoming.waiting(at.path), incoming.load(incoming.waiting(at.path)))),
    ("take uploads in", "import", lambda at: incoming.start(at.path, incoming.waiting(at.path), NOW)),
    ("throw uploads away", "draft", lambda at: incoming.discard(at.path)),
    ("write tables", "draft", lambda at: store.save_tables(
        at.shop, {"customers": pd.DataFrame({"customer_id": ["c"]})})),
    ("keep a month's figure", "draft", lambda at: stated.keep_stated(at.shop, date(2026, 1, 1), 5.0, who(), NOW)),
    ("keep contacts", "draft", lambda at: vault.add(
        at.path, at.id, at.config, pd.DataFrame([["c1", "a@x.example", "", ""]], columns=vault.COLUMNS))),
    # what an admin looks after
    ("change settings", "administer", lambda at: store.save_settings(at.shop, {"name": "Other"})),
    ("erase a customer", "administer", lambda at: erasure.erase(at.path, at.id, at.config, ["c1"], NOW)),
    ("merge customers", "administer", lambda at: duplicates.merge(at.shop, at.config, {"c1": "c2"}, NOW, who())),
    ("choose a language model", "administer", lambda at: catalogue.choose(settings.read(), catalogue.DEFAULT)),
    ("fetch a language model", "administer", lambda at: jobs.start(
        at.path, "model", ["model", "pull", "x"], NOW, action="administer")),
    ("make an account", "administer", lambda at: accounts.add(at.config, "New", PASSWORD, "viewer", NOW, by=who())),
    ("give a role", "administer", lambda at: accounts.set_role(at.config, "viewer", "admin", by=who())),
    ("disable an account", "administer", lambda at: accounts.set_disabled(at.config, "viewer", True, NOW, by=who())),
    ("sign somebody out", "administer", lambda at: accounts.sign_out(at.config, "viewer", NOW, by=who())),
    ("give a password", "administer", lambda at: accounts.set_password(
        at.config, "viewer", PASSWORD, NOW, by=who())),
]  # fmt: skip


def content(folder: Path) -> dict[str, bytes]:
    """Every file of the shop and of its configuration, but locks and what SQLite keeps beside its files."""
    left_out = (".lock", "-wal", "-shm", "orders.csv")
    files = (path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(left_out))
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def refused(write: Callable[[Any], object], at: Any) -> NotAllowed | None:
    """The refusal of a write; None where it went through, or stopped at something that is not about who acts."""
    try:
        write(at)
    except NotAllowed as problem:
        return problem
    except (AppError, AttributeError):
        return None
    return None


def cases() -> list[Any]:
    """Every write by every role. The usual run leaves out who may do more than a marketer, where a marketer may."""
    return [
        pytest.param(
            role, action, write, id=f"{name}-{role}",
            marks=[pytest.mark.full] if role in ("approver", "admin") and action in roles.MAY["marketer"] else [],
        )
        for name, action, write in WRITES
        for role in ROLES
    ]  # fmt: skip


@pytest.mark.parametrize(("role", "action", "write"), cases())
def test_a_write_is_open_to_the_roles_that_the_table_names_and_to_no_other(at, role, action, write):
    before = content(at.folder)
    with acting.asking(lambda: role):
        problem = refused(write, at)
    if action in roles.MAY[role]:
        assert problem is None, str(problem)
    else:
        assert problem is not None
        assert f"{role} is a {role} and may not" in problem.text("en")
        assert problem.text("zh") != problem.text("en")
        assert content(at.folder) == before


@pytest.mark.parametrize("write", [one[2] for one in WRITES], ids=[one[0] for one in WRITES])
def test_no_write_is_done_for_somebody_whose_session_is_over(at, write):
    def over() -> str:
        raise SignedOut("over")

    before = content(at.folder)
    with acting.asking(over), pytest.raises(SignedOut):
        write(at)
    assert content(at.folder) == before


def test_the_list_has_every_action_of_the_table_but_looking():
    assert {action for _, action, _ in WRITES} == {action for row in roles.MAY.values() for action in row} - {"view"}


def test_another_role_holds_at_the_next_write(at):
    with acting.asking(lambda: "marketer"):
        plans.save(at.path, plan("one"), {}, None, NOW)
        with acting.asking(lambda: None):
            accounts.set_role(at.config, "marketer", "viewer")
        with pytest.raises(NotAllowed, match="marketer is a viewer and may not draft"):
            plans.save(at.path, plan("two"), {}, None, NOW)


# --- the machine's own user, and jobs ---


def test_the_machines_user_needs_no_account_but_is_held_to_a_role_that_an_admin_gave(at):
    plans.save(at.path, plan("one"), {}, None, NOW)
    (at.config / "roles.toml").write_text(f'[people]\n"{roles.os_user()}" = "viewer"\n', encoding="utf-8")
    with pytest.raises(NotAllowed, match="is a viewer and may not draft"):
        plans.save(at.path, plan("two"), {}, None, NOW)


def test_a_decision_at_the_command_line_takes_a_listed_person(at):
    with pytest.raises(NotAllowed, match="not in the list of people"):
        approvals.approve(at.path, at.id, "submitted", roles.os_user(), roles.os_user(), "fits", NOW, at.config)


def test_a_job_works_for_who_started_it(at, monkeypatch):
    told = []
    monkeypatch.setattr(processes, "launch", lambda root, arguments, job_id, more: told.append(more) or 999_999)
    with acting.asking(lambda: "marketer"):
        jobs.start(at.path, "train", ["train"], NOW, environment={"KEY": "k"})
    assert told == [{"KEY": "k", "OFFERLAB_ACTING": "marketer"}]
    monkeypatch.setenv("OFFERLAB_ACTING", "viewer")
    with pytest.raises(NotAllowed, match="viewer is a viewer and may not draft"):
        plans.save(at.path, plan("one"), {}, None, NOW)
    monkeypatch.delenv("OFFERLAB_ACTING")
    jobs.start(at.path, "sample", ["sample"], NOW)
    assert told[1:] == [{}]


def test_looking_at_a_shop_writes_nothing_and_asks_nobody(at):
    with acting.asking(lambda: "viewer"):
        shop = store.open_shop(at.path)
        assert plans.listed(shop.path)["plan_id"].tolist()
        assert ledger.verify(shop.path, shop.shop_id, at.config).ok
        assert saved.saved(shop)
