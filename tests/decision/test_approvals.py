"""A second person decides, on exactly what was shown, once."""

import itertools
import multiprocessing
import os
import random
import signal
import time

import pytest
from sqlite_utils.utils import sqlite3

from engine.decision import approvals, database, ledger, plans, proposal, schema
from engine.errors import NotAllowed, StoreProblem

FORK = multiprocessing.get_context("fork")


def bring_to(shop, plan, status):
    """A plan in this status, by the app's own functions."""
    if status == "draft":
        plans.save(shop.dir, plan, {}, None, shop.now)
        return
    shop.submit(plan)
    if status in ("approved", "exported"):
        shop.approve()
    if status == "rejected":
        shop.reject()
    if status == "exported":
        with ledger.writing(shop.dir, shop.shop_id, shop.config) as writer:
            writer.append("p1", "exported", "ana", "ana", {}, shop.now)
            plans.set_status(writer.db, "p1", "exported", shop.now)


def test_an_approval_says_who_why_when_and_for_what(shop, plan):
    submitted = shop.submit(plan)
    decision = shop.approve(by="Ben", reason=" fits spring range ")
    assert decision == approvals.Decision(
        plan_id="p1",
        action="approved",
        by="Ben",
        recorded_by="Ben",
        reason="fits spring range",
        at="2026-06-01T12:00:00+00:00",
        seq=2,
        content_sha256=plans.content_sha256(plan, {}),
    )
    assert approvals.decisions(shop.dir, shop.shop_id, shop.config, "p1") == [submitted, decision]
    assert plans.load(shop.dir, "p1").plan.status == "approved"
    assert shop.is_approved(plan)


def test_a_rejected_plan_is_not_approved(shop, plan):
    shop.submit(plan)
    assert shop.reject().action == "rejected"
    assert plans.load(shop.dir, "p1").plan.status == "rejected"
    assert not shop.is_approved(plan)


@pytest.mark.parametrize(
    ("status", "act", "sentence"),
    [
        ("draft", "approve", "it is a draft"),
        ("draft", "reject", "it is a draft"),
        ("approved", "reject", "it is approved already"),
        ("approved", "submit", "is approved already. Change it"),
        ("rejected", "approve", "it was rejected"),
        ("rejected", "submit", "is rejected already. Change it"),
        ("exported", "reject", "approved and exported already"),
        ("exported", "submit", "is exported already. Change it"),
    ],
)
def test_an_illegal_step_is_refused_and_leaves_no_trace(shop, plan, status, act, sentence):
    bring_to(shop, plan, status)
    before = shop.entries()
    with pytest.raises(NotAllowed, match=sentence):
        shop.submit(plan) if act == "submit" else getattr(shop, act)()
    assert shop.entries() == before
    assert plans.load(shop.dir, "p1").plan.status == status


STATUSES = ("draft", "submitted", "approved", "rejected", "exported")


@pytest.mark.parametrize(("start", "end"), list(itertools.permutations(STATUSES, 2)))
def test_the_database_refuses_every_status_that_has_no_entry(shop, plan, start, end):
    bring_to(shop, plan, start)
    with pytest.raises(NotAllowed), database.writing(shop.dir) as db:
        plans.set_status(db, "p1", end, shop.now)
    with pytest.raises(NotAllowed), database.writing(shop.dir) as db:
        db.execute("UPDATE plans SET content_sha256 = 'x', status = ?", ["approved" if end == "draft" else end])
    assert plans.load(shop.dir, "p1").plan.status == start


@pytest.mark.parametrize("owner", ["ana", "Ana", " ANA ", "ana\u200b", "ａｎａ"])
@pytest.mark.parametrize("act", ["approve", "reject"])
def test_the_owner_cannot_decide_in_any_spelling(shop, make_plan, owner, act):
    shop.submit(make_plan(owner="ana"))
    with pytest.raises(NotAllowed, match=r"wrote this plan; a second person has to .* Give that person.s name"):
        getattr(shop, act)(by=owner)
    assert plans.load(shop.dir, "p1").plan.status == "submitted"


def test_the_sentence_of_four_eyes_names_the_way_out(shop, plan):
    shop.submit(plan)
    with pytest.raises(NotAllowed) as refused:
        shop.approve(by="ana")
    assert str(refused.value) == ("ana wrote this plan; a second person has to approve it. Give that person's name.")


@pytest.mark.parametrize("actor", ["ana", " ANA", "ana\u200b", "", " "])
def test_the_database_itself_refuses_the_owners_approval(shop, plan, actor):
    shop.submit(plan)
    with (
        pytest.raises(NotAllowed, match="decided by a second person"),
        ledger.writing(shop.dir, shop.shop_id, shop.config) as writer,
    ):
        writer.append("p1", "approved", actor, actor, {"reason": "mine"}, shop.now)
    assert [entry.action for entry in shop.entries()] == ["submitted"]


def test_an_approval_entry_for_a_plan_nobody_submitted_is_refused(shop, plan):
    plans.save(shop.dir, plan, {}, None, shop.now)
    for plan_id in ("p1", "nowhere"):
        with (
            pytest.raises(NotAllowed, match="decided by a second person"),
            ledger.writing(shop.dir, shop.shop_id, shop.config) as writer,
        ):
            writer.append(plan_id, "approved", "ben", "ben", {}, shop.now)


def test_a_row_written_past_every_guard_is_still_no_approval(shop, plan):
    plans.save(shop.dir, plan, {}, None, shop.now)
    raw = sqlite3.connect(str(shop.dir / "ledger.db"), isolation_level=None)
    for name in schema.GUARDS:
        raw.execute(f"DROP TRIGGER {name}")
    raw.execute("UPDATE plans SET status = 'approved'")
    raw.close()
    assert plans.load(shop.dir, "p1").plan.status == "approved"
    assert not shop.is_approved(plan)
    with pytest.raises(NotAllowed, match="history does not know of it"):
        shop.approve()


@pytest.mark.parametrize("reason", ["", "  ", "\n\t"])
def test_a_decision_needs_a_reason(shop, plan, reason):
    shop.submit(plan)
    with pytest.raises(NotAllowed, match="the reason is empty"):
        shop.approve(reason=reason)
    with pytest.raises(NotAllowed, match="the reason is empty"):
        shop.reject(reason=reason)


def test_an_unknown_plan_is_a_sentence(shop, plan):
    with pytest.raises(StoreProblem, match="There is no plan p1"):
        shop.approve()
    assert list(shop.dir.iterdir()) == []
    shop.submit(plan)
    with pytest.raises(StoreProblem, match="There is no plan p2"):
        shop.approve("p2")


def test_a_double_click_is_one_decision(shop, plan):
    assert shop.submit(plan) == shop.submit(plan)
    assert shop.approve() == shop.approve(by="cy", reason="another reason")
    assert [entry.action for entry in shop.entries()] == ["submitted", "approved"]


def _approve(shop, gate, told):
    gate.wait(30)
    told.put(shop.approve().seq)


def test_four_clicks_at_the_same_moment_are_one_decision(shop, plan):
    shop.submit(plan)
    gate, told = FORK.Barrier(4), FORK.Queue()
    workers = [FORK.Process(target=_approve, args=(shop, gate, told)) for _ in range(4)]
    for worker in workers:
        worker.start()
    assert [told.get(timeout=30) for _ in workers] == [2] * 4
    for worker in workers:
        worker.join(30)
    assert len(shop.entries()) == 2


def test_an_edited_plan_needs_a_new_approval_even_when_edited_back(shop, make_plan):
    original, edited = make_plan(), make_plan(holdout=0.3)
    shop.submit(original)
    shop.approve()
    assert not shop.is_approved(edited)
    for version_of in (edited, original):
        saved = plans.load(shop.dir, "p1")
        plans.save(shop.dir, version_of, saved.extras, saved.version, shop.now)
        assert not shop.is_approved(version_of)
        with pytest.raises(NotAllowed, match="it is a draft"):
            shop.approve()
    shop.submit(original)
    assert shop.approve(reason="again").seq == 4
    assert shop.is_approved(original)


def test_submitting_a_changed_plan_saves_the_change_and_voids_the_approval(shop, make_plan):
    shop.submit(make_plan())
    shop.approve()
    shop.submit(make_plan(holdout=0.3))
    assert plans.load(shop.dir, "p1").plan.holdout == 0.3
    assert plans.load(shop.dir, "p1").plan.status == "submitted"
    assert not shop.is_approved(make_plan())
    assert not shop.is_approved(make_plan(holdout=0.3))


def test_a_rejected_plan_can_be_changed_and_approved(shop, make_plan):
    shop.submit(make_plan())
    shop.reject()
    shop.submit(make_plan(holdout=0.3))
    shop.approve()
    assert shop.is_approved(make_plan(holdout=0.3))


def test_another_copy_voids_the_approval(shop, plan):
    shop.submit(plan, extras={"filled": {"body": "15 % off."}})
    shop.approve()
    saved = plans.load(shop.dir, "p1")
    plans.save(shop.dir, plan, {**saved.extras, "filled": {"body": "50 % off."}}, saved.version, shop.now)
    assert not shop.is_approved(plan)


def test_a_decision_on_something_older_than_what_is_stored_is_refused(shop, make_plan):
    seen = shop.submit(make_plan()).content_sha256
    shop.submit(make_plan(holdout=0.3))
    for act in (shop.approve, shop.reject):
        with pytest.raises(NotAllowed, match="changed since it was shown to you"):
            act(content_sha256=seen)
    assert shop.approve(content_sha256=plans.content_sha256(make_plan(holdout=0.3), {})).seq == 3


def test_a_submission_over_someone_elses_change_is_refused(shop, make_plan):
    plans.save(shop.dir, make_plan(), {}, None, shop.now)
    plans.save(shop.dir, make_plan(name="Hers"), {}, 1, shop.now)
    with pytest.raises(StoreProblem, match="Someone else changed plan p1"):
        shop.submit(make_plan(name="His"), expected_version=1)
    assert plans.load(shop.dir, "p1").plan.name == "Hers"


def test_a_body_changed_behind_its_hash_is_not_approved(shop, plan):
    shop.submit(plan)
    raw = sqlite3.connect(str(shop.dir / "ledger.db"), isolation_level=None)
    raw.create_function("person_key", 1, str, deterministic=True)
    raw.execute("UPDATE plans SET body = replace(body, '0.15', '0.95')")
    raw.close()
    with pytest.raises(NotAllowed, match="changed outside Offerlab"):
        shop.approve()


def test_copy_with_slots_is_not_submitted(shop, make_plan):
    plan = make_plan(steps=[{"copy": {"subject": "Only {discount} today"}}])
    with pytest.raises(NotAllowed, match=r"the subject still says \{discount\}"):
        shop.submit(plan)
    assert shop.submit(plan, extras={"filled": {"subject": "Only 15 % today"}}).seq == 1


def test_the_forecast_and_the_copy_are_in_the_history(shop, plan):
    shop.submit(plan, forecast={"orders": 3.5, "verdict": "likely pays"}, extras={"filled": {"body": "Hi"}})
    payload = shop.entries()[0].payload
    assert payload["forecast"] == {"orders": 3.5, "verdict": "likely pays"}
    assert payload["filled"] == {"body": "Hi"}
    assert payload["plan"]["offer"]["discount"] == 0.15


@pytest.fixture
def roles_file(shop):
    shop.config.mkdir()
    (shop.config / "roles.toml").write_text(
        '[people]\nana = "marketer"\nben = "approver"\nvic = "viewer"\nroot = "admin"\n'
    )
    return shop.config


def test_roles_are_asked_before_anything_is_written(shop, plan, roles_file):
    with pytest.raises(NotAllowed, match="vic is a viewer and may not submit"):
        shop.submit(plan, person="vic")
    shop.submit(plan)
    for person, sentence in (("vic", "may not approve"), ("eve", "not in the list"), ("ana", "may not approve")):
        with pytest.raises(NotAllowed, match=sentence):
            shop.approve(by=person)
    assert len(shop.entries()) == 1
    assert shop.approve(by="ben").by == "ben"


def test_a_marketer_cannot_type_in_somebody_elses_approval(shop, plan, roles_file):
    shop.submit(plan)
    for recorder, allowed in (("ana", False), ("service-account", True)):
        arguments = (shop.dir, shop.shop_id, "p1", "ben", recorder, "fits", shop.now, shop.config)
        if allowed:
            assert approvals.approve(*arguments).recorded_by == recorder
        else:
            with pytest.raises(NotAllowed, match="ana is a marketer"):
                approvals.approve(*arguments)


def _approve_all(shop, plan_ids, told):
    for plan_id in plan_ids:
        shop.approve(plan_id)
        os.write(told, f"{plan_id}\n".encode())


def test_a_killed_process_loses_no_approval_it_told(shop, make_plan):
    waiting = [f"p{number}" for number in range(120)]
    for plan_id in waiting:
        shop.submit(make_plan(plan_id))
    told, killed, chance = [], 0, random.Random(7)
    while waiting and killed < 10:
        here, there = os.pipe()
        worker = FORK.Process(target=_approve_all, args=(shop, waiting, there))
        worker.start()
        os.close(there)
        with os.fdopen(here) as lines:
            told.append(lines.readline().strip())  # it is at work
            time.sleep(chance.uniform(0, 0.03))
            os.kill(worker.pid, signal.SIGKILL)
            told += [line.strip() for line in lines]
        worker.join(30)
        killed += 1
        approved = {entry.plan_id for entry in shop.entries() if entry.action == "approved"}
        assert set(told) <= approved
        assert shop.verify().ok
        for plan_id in approved:  # neither half of a decision without the other
            assert plans.load(shop.dir, plan_id).plan.status == "approved"
        waiting = [plan_id for plan_id in waiting if plan_id not in approved]
    assert killed == 10
    assert len(told) >= 10


def test_a_refusal_is_said_in_the_language_of_who_reads_it(shop, make_plan):
    shop.submit(make_plan())
    with pytest.raises(NotAllowed) as refused:
        shop.approve(by="ana")
    assert refused.value.text("zh") == "此方案由 ana 撰写，须由第二个人批准。请填写那个人的姓名。"
    shop.approve()
    with pytest.raises(NotAllowed) as refused:
        shop.reject()
    assert str(refused.value) == (
        "Plan p1 cannot be rejected: it is approved already. Change the plan to have it decided again."
    )
    assert refused.value.text("zh") == "无法拒绝方案 p1：它已获批准。修改方案后可重新审批。"


def test_the_open_slot_of_a_later_message_is_named_with_its_message(shop, make_plan):
    with pytest.raises(NotAllowed, match=r"the subject of message 2 still says \{discount\}") as refused:
        shop.submit(make_plan(), extras={"filled": {"1:zh:subject": "仅 {discount}"}})
    assert "第 2 条消息的主题中仍有 {discount}" in refused.value.text("zh")


def test_a_decision_names_the_submission_it_is_about_and_takes_its_forecast(shop, plan):
    shown = {"by": "ana", "at": "2026-06-01T12:00:00+00:00", "why": "never tried", "reason": "to see"}
    sent = shop.submit(plan, forecast={"extra_profit": 1.0, "override": shown})
    saved = plans.load(shop.dir, "p1")
    forged = {**saved.extras, "forecast": {"extra_profit": 999_999.0}}
    plans.save(shop.dir, plan, forged, saved.version, shop.now)  # the plan still waits: this is none of its content
    shop.approve()
    submission, approval = shop.entries()
    assert approval.payload["submission"] == {"seq": sent.seq, "hash": submission.hash}
    assert approval.payload["override"] == shown
    assert proposal.submission_of(approval, shop.entries()) == submission


def test_a_decision_on_an_older_submission_of_the_same_content_is_refused(shop, plan):
    first = shop.submit(plan)
    saved = plans.load(shop.dir, "p1")
    for holdout in (0.3, plan.holdout):  # changed and changed back, and submitted with another forecast
        changed = plan.model_copy(update={"holdout": holdout})
        plans.save(shop.dir, changed, saved.extras, plans.load(shop.dir, "p1").version, shop.now)
    second = shop.submit(plan, forecast={"orders": 1.0})
    assert first.content_sha256 == second.content_sha256
    for act in (shop.approve, shop.reject):
        with pytest.raises(NotAllowed, match="submitted again since it was shown to you"):
            act(content_sha256=first.content_sha256, submission=first.seq)
    assert shop.approve(content_sha256=first.content_sha256, submission=second.seq).action == "approved"


def test_what_somebody_else_decided_before_is_said_to_be_theirs(shop, plan):
    shop.submit(plan)
    assert approvals.stands_already(shop.approve(by="Ben"), "ben") is None
    said = approvals.stands_already(shop.approve(by="cy", reason="mine"), "cy")
    assert said.text() == (
        "Ben approved this plan already, on 2026-06-01 12:00 UTC (entry 2 of the history). That stands; "
        "nothing of yours was added."
    )
    assert "以此为准" in said.text("zh")
