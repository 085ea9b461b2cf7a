"""Every function that changes something asks who acts: each of them, by each role, on a shop with something in it.

A button that is not there is no control: these are the functions behind all buttons and commands (`writes`).
"""

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from engine import jobs
from engine.access import accounts, acting, roles, sessions
from engine.access.sessions import SignedOut
from engine.audience import saved, segments
from engine.campaign import versions
from engine.campaign.plan import FirstTest, Offer
from engine.decision import approvals, backup, codes, database, export, ledger, plans, snapshots
from engine.errors import NotAllowed
from engine.jobs import processes
from engine.shop import incoming, store, vault
from tests import tiny
from tests.access.conftest import PASSWORD
from tests.access.writes import CSV, HALF_NAMED, NAMED, NOW, READS, UNNAMED, few, plan

ROLES = ("viewer", "marketer", "approver", "admin")
OTHER = {"marketer": "admin", "admin": "approver"}  # who acts, and under whose name
# As somebody calls them who says to be who they are.
WRITES = [
    *((name, action, lambda at, write=write: write(at, acting.person())) for name, action, write in NAMED),
    *UNNAMED,
    *READS,
]


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A shop whose plans are a draft, submitted, approved and exported; made by nobody in particular."""
    folder = tmp_path_factory.mktemp("template")
    config = folder / "config"
    tables = tiny.simulated()
    for name in ("campaigns", "deliveries"):  # of the exported plan
        tables[name] = pd.concat([tables[name], tables[name].head(1).assign(campaign_id="exported")], ignore_index=True)
    shop = tiny.shop_of(folder / "shop", tables)
    where = (shop.path, shop.shop_id)
    for plan_id in ("drafted", "submitted", "approved", "exported"):
        plans.save(shop.path, plan(plan_id), {}, None, NOW)
        plans.save(shop.path, plan(plan_id, name="Later"), {}, 1, NOW)
        if plan_id != "drafted":
            approvals.submit(*where, plan(plan_id), {"orders": 1.0}, "Zoe", NOW, config)
    tested = plan("staged").model_copy(update={"variants": ["A", "B"], "test": FirstTest(share=0.5)})
    approvals.submit(*where, tested, {"orders": 1.0}, "Zoe", NOW, config)
    for plan_id in ("approved", "exported", "staged"):
        approvals.approve(*where, plan_id, "Yan", "Yan", "fits", NOW, config)
    export.export_plans(*where, None, few, NOW, config, person="Zoe", plan_ids=["exported"])
    export.export_plans(*where, None, few, NOW, config, person="Zoe", plan_ids=["staged"])
    plans.save(shop.path, plan("coded", offer=Offer(kind="percent", discount=0.15, personal_codes=True)), {}, None, NOW)
    codes.make(shop.path, "coded", 2, "Zoe", NOW, config)
    given = codes.to_hand_out(shop.path, plans.load(shop.path, "coded").plan, ["c001"])
    with database.writing(shop.path) as db:
        codes.hand_out(db, "coded", given, NOW)
    saved.save(shop, "regulars", "orders >= 2", NOW, "Zoe")
    incoming.stage(shop.path, [("orders.csv", CSV)])
    vault.add(*where, config, pd.DataFrame([["c001", "a@x.example", "", ""]], columns=vault.COLUMNS))
    versions.save(shop, "kept", {"a.txt": b"a"}, {}, False)
    backup.take(*where, config, backup.folder(shop.shop_id, config), NOW)
    for role in reversed(ROLES):
        accounts.add(config, role, PASSWORD, role, NOW)
    sessions.begin(config, "viewer", NOW)
    return folder


def without_processes(patch: pytest.MonkeyPatch) -> None:
    """Work is started and goes on, though nobody does it: that is no part of this."""
    patch.setattr(processes, "launch", lambda *given: 999_999)
    patch.setattr(processes, "is_alive", lambda pid, job_id: True)


@pytest.fixture(scope="module")
def job(template):
    """Work that somebody started."""
    with pytest.MonkeyPatch.context() as patch:
        without_processes(patch)
        return jobs.start(template / "shop", "other", ["other"], NOW)


def opened(folder: Path, groups: Any, job: str) -> SimpleNamespace:
    shop, config = store.open_shop(folder / "shop"), folder / "config"
    backups = backup.folder(shop.shop_id, config)
    return SimpleNamespace(
        shop=shop, path=shop.path, id=shop.shop_id, config=config, folder=folder, groups=groups, job=job,
        waiting=incoming.waiting(shop.path), backups=backups, backup=backup.backups(backups)[0].path,
    )  # fmt: skip


@pytest.fixture(scope="module")
def groups(template):
    return segments.fit(store.open_shop(template / "shop"), k=2)


@pytest.fixture
def at(template, groups, job, tmp_path, monkeypatch):
    """The shop, its configuration and the accounts, called as their roles."""
    folder = Path(shutil.copytree(template, tmp_path / "made"))
    monkeypatch.setenv("OFFERLAB_CONFIG", str(folder / "config"))
    without_processes(monkeypatch)
    return opened(folder, groups, job)


@pytest.fixture(scope="module")
def kept() -> list[tuple[SimpleNamespace, dict[str, bytes]]]:
    """The shop for writes that change nothing, and what is in it."""
    return []


@pytest.fixture
def still(kept, template, groups, job, tmp_path, monkeypatch):
    """One shop for all of them, and what is in it; another one after a write that was done all the same."""
    without_processes(monkeypatch)
    if not kept or content(kept[-1][0].folder) != kept[-1][1]:
        folder = Path(shutil.copytree(template, tmp_path / "made"))
        (folder / "orders.csv").write_bytes(CSV)
        kept.append((opened(folder, groups, job), content(folder)))
    monkeypatch.setenv("OFFERLAB_CONFIG", str(kept[-1][0].config))
    return kept[-1]


def content(folder: Path) -> dict[str, bytes]:
    """Every file of the shop and of its configuration, but locks and what SQLite keeps beside its files."""
    left_out = (".lock", "-wal", "-shm", "orders.csv")
    files = (path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(left_out))
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def cases(may: bool) -> list[Any]:
    """Every write by every role that may, or by every other one. The usual run leaves out who may do more than a
    marketer, where a marketer may."""
    return [
        pytest.param(
            role, write, id=f"{name}-{role}",
            marks=[pytest.mark.full] if may and role in ("approver", "admin") and action in roles.MAY["marketer"]
            else [],
        )
        for name, action, write in WRITES
        for role in ROLES
        if (action in roles.MAY[role]) == may
    ]  # fmt: skip


READ = {name for name, _, _ in READS}


@pytest.mark.parametrize(("role", "write"), cases(may=True))
def test_who_may_do_it_has_done_it(at, role, write, request):
    before = content(at.folder)
    with acting.asking(lambda: role):
        given = write(at)
    if request.node.callspec.id.removesuffix(f"-{role}") in READ:
        assert given
        assert content(at.folder) == before
    else:
        assert content(at.folder) != before


@pytest.mark.parametrize(("role", "write"), cases(may=False))
def test_who_may_not_is_told_so_and_nothing_is_done(still, role, write):
    shop, before = still
    with acting.asking(lambda: role), pytest.raises(NotAllowed) as problem:
        write(shop)
    assert f"{role} is a {role} and may not" in problem.value.text("en")
    assert problem.value.text("zh") != problem.value.text("en")
    assert content(shop.folder) == before


@pytest.mark.parametrize(("name", "action", "write"), NAMED + HALF_NAMED, ids=[row[0] for row in NAMED + HALF_NAMED])
@pytest.mark.parametrize(("role", "other"), OTHER.items())
def test_who_is_signed_in_does_nothing_under_another_name(still, name, action, write, role, other):
    shop, before = still
    with acting.asking(lambda: role), pytest.raises(NotAllowed) as problem:
        write(shop, other)
    if action in roles.MAY[role]:
        assert any(said in problem.value.text("en") for said in ("not as", "sign in"))
    assert content(shop.folder) == before


def test_no_account_is_changed_by_a_marketer_who_says_no_name(still):
    shop, before = still
    for change in (
        lambda: accounts.add(shop.config, "New", PASSWORD, "admin", NOW),
        lambda: accounts.set_role(shop.config, "marketer", "admin"),
        lambda: accounts.set_disabled(shop.config, "approver", True, NOW),
        lambda: accounts.set_password(shop.config, "admin", PASSWORD, NOW),
        lambda: accounts.sign_out(shop.config, "admin", NOW),
    ):
        with acting.asking(lambda: "marketer"), pytest.raises(NotAllowed, match="may not administer"):
            change()
    assert content(shop.folder) == before


@pytest.mark.parametrize(
    "action", ["submitted", "approved", "rejected", "changes_requested", "exported", "concluded", "restored"]
)
def test_nobody_adds_an_entry_that_says_what_they_may_not_do(still, action):
    shop, before = still
    role = "marketer" if action not in ("submitted", "exported", "concluded") else "viewer"
    with acting.asking(lambda: role), pytest.raises(NotAllowed, match=f"{role} is a {role} and may not"):
        ledger.append(
            shop.path, shop.id, plan_id="submitted", action=action, actor=role, recorded_by=role,
            payload={"content_sha256": ""}, now=NOW, config=shop.config,
        )  # fmt: skip
    assert content(shop.folder) == before


def test_what_a_submission_rests_on_is_kept_for_who_submits(still):
    shop, before = still
    with acting.asking(lambda: "viewer"), pytest.raises(NotAllowed, match="may not submit"):
        snapshots.keep(SimpleNamespace(), shop.config)
    assert content(shop.folder) == before


@pytest.mark.parametrize("write", [row[2] for row in WRITES], ids=[row[0] for row in WRITES])
def test_no_write_is_done_for_somebody_whose_session_is_over(still, write):
    def over() -> str:
        raise SignedOut("over")

    shop, before = still
    with acting.asking(over), pytest.raises(SignedOut):
        write(shop)
    assert content(shop.folder) == before


def test_the_list_has_every_action_of_the_table():
    assert {action for _, action, _ in WRITES} == {action for row in roles.MAY.values() for action in row}


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
