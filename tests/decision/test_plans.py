"""Plans are saved as one types, and nobody's change is lost unseen."""

import multiprocessing
from datetime import timedelta

import pytest

from engine.campaign.plan import Audience, Offer, Step
from engine.decision import plans
from engine.errors import NotAllowed, StoreProblem

FORK = multiprocessing.get_context("fork")


def test_a_saved_plan_is_read_back_with_what_goes_with_it(shop, make_plan):
    plan = make_plan(
        name="春季 👍",
        audience=Audience(segment_ids=["s1"], rule="orders >= 2"),
        offer=Offer(kind="spend_save", tiers=[(50, 5), (100, 15)]),
        steps=[Step(copy={"body": "Hi"}), Step(day=3, channel="sms", condition="not opened")],
        variants=["A", "B"],
        utm={"source": "mail"},
    )
    extras = {"drafts": [{"draft_id": "d1"}], "chosen": "d1", "filled": {"body": "你好"}}
    assert plans.save(shop.dir, plan, extras, None, shop.now) == 1
    saved = plans.load(shop.dir, "p1")
    assert (saved.plan, saved.extras, saved.version) == (plan, extras, 1)
    assert saved.created_at == saved.updated_at == "2026-06-01T12:00:00"


def test_each_save_is_a_version_and_the_creation_stays(shop, make_plan):
    version = plans.save(shop.dir, make_plan(), {}, None, shop.now)
    version = plans.save(shop.dir, make_plan(name="Summer"), {}, version, shop.now + timedelta(hours=1))
    saved = plans.load(shop.dir, "p1")
    assert (version, saved.version, saved.plan.name) == (2, 2, "Summer")
    assert (saved.created_at, saved.updated_at) == ("2026-06-01T12:00:00", "2026-06-01T13:00:00")


def test_a_save_over_someone_elses_change_is_refused(shop, make_plan):
    plans.save(shop.dir, make_plan(), {}, None, shop.now)
    plans.save(shop.dir, make_plan(name="Hers"), {}, 1, shop.now)
    with pytest.raises(StoreProblem, match=r"Someone else changed plan p1 .*version 2; yours began from 1"):
        plans.save(shop.dir, make_plan(name="His"), {}, 1, shop.now)
    assert plans.load(shop.dir, "p1").plan.name == "Hers"


def _edit(shop, plan, person, results):
    saved = 0
    for number in range(25):
        version = plans.load(shop.dir, "p1").version
        try:
            plans.save(shop.dir, plan, {"by": person, "number": number}, version, shop.now)
            saved += 1
        except StoreProblem as error:
            assert "Someone else changed" in str(error)
    results.put(saved)


def test_of_many_edits_at_once_every_one_told_saved_is_a_version(shop, plan):
    plans.save(shop.dir, plan, {}, None, shop.now)
    results = FORK.Queue()
    workers = [FORK.Process(target=_edit, args=(shop, plan, person, results)) for person in range(3)]
    for worker in workers:
        worker.start()
    told = sum(results.get(timeout=60) for _ in workers)
    for worker in workers:
        worker.join(60)
    assert plans.load(shop.dir, "p1").version == 1 + told


def test_two_new_plans_of_one_id_are_refused(shop, plan):
    plans.save(shop.dir, plan, {}, None, shop.now)
    with pytest.raises(StoreProblem, match="already a plan p1"):
        plans.save(shop.dir, plan, {}, None, shop.now)


def test_saving_a_plan_that_is_gone_is_a_sentence(shop, plan):
    with pytest.raises(StoreProblem, match="not in this shop any more"):
        plans.save(shop.dir, plan, {}, 3, shop.now)


def test_an_unknown_plan_is_a_sentence_and_makes_no_file(shop):
    with pytest.raises(StoreProblem, match="There is no plan p9"):
        plans.load(shop.dir, "p9")
    assert list(shop.dir.iterdir()) == []


def test_a_plan_starts_as_a_draft_whatever_it_says(shop, make_plan):
    plans.save(shop.dir, make_plan(status="approved"), {}, None, shop.now)
    assert plans.load(shop.dir, "p1").plan.status == "draft"


def test_a_save_keeps_the_status_of_an_unchanged_plan(shop, plan):
    shop.submit(plan)
    saved = plans.load(shop.dir, "p1")
    plans.save(shop.dir, plan, {**saved.extras, "drafts": [1]}, saved.version, shop.now)
    assert plans.load(shop.dir, "p1").plan.status == "submitted"


@pytest.mark.parametrize("change", [{"name": "Other"}, {"holdout": 0.2}, {"owner": "ben"}, {}])
def test_a_changed_plan_or_copy_is_a_draft_again(shop, make_plan, change):
    shop.submit(make_plan())
    shop.approve()
    saved = plans.load(shop.dir, "p1")
    filled = saved.extras if change else {**saved.extras, "filled": {"body": "Everything free!"}}
    plans.save(shop.dir, make_plan(**change), filled, saved.version, shop.now)
    assert plans.load(shop.dir, "p1").plan.status == "draft"


def test_listed_has_a_row_per_plan_the_latest_first(shop, make_plan):
    assert list(plans.listed(shop.dir).columns) == plans.LISTED
    assert plans.listed(shop.dir).empty
    for hour, plan_id in enumerate(["a", "b", "c"]):
        plans.save(shop.dir, make_plan(plan_id), {}, None, shop.now + timedelta(hours=hour))
    table = plans.listed(shop.dir)
    assert table["plan_id"].tolist() == ["c", "b", "a"]
    assert set(table["status"]) == {"draft"}
    assert set(table["channel"]) == {"email"}


def test_a_duplicate_is_a_new_draft_without_approval_or_forecast(shop, plan):
    shop.submit(plan, extras={"filled": {"body": "Hi"}, "drafts": [1]})
    shop.approve()
    copy_id = plans.duplicate(shop.dir, "p1", "Spring again", "ben", shop.now)
    copy = plans.load(shop.dir, copy_id)
    assert copy_id == "spring-again"
    assert (copy.plan.status, copy.plan.owner, copy.plan.name) == ("draft", "ben", "Spring again")
    assert copy.plan.offer == plan.offer
    assert copy.extras == {"filled": {"body": "Hi"}, "drafts": [1]}
    assert not shop.is_approved(copy.plan)
    with pytest.raises(StoreProblem, match="There is no plan p9"):
        plans.duplicate(shop.dir, "p9", "x", "ben", shop.now)


@pytest.mark.parametrize(
    ("name", "existing", "expected"),
    [
        ("Win-back: May!", [], "win-back-may"),
        ("Été", [], "ete"),
        ("春节", [], "plan"),
        ("春节", ["plan", "plan-2"], "plan-3"),
        ("Sale", ["SALE"], "sale-2"),
        ("../../etc", [], "etc"),
        ("x" * 300, [], "x" * 60),
    ],
)
def test_a_new_plan_id_is_plain_and_free(make_plan, name, existing, expected):
    assert plans.new_plan_id(name, existing) == expected
    assert make_plan(expected).plan_id == expected


def test_the_status_alone_decides_nothing_about_the_content(make_plan):
    assert plans.content_sha256(make_plan(), {}) == plans.content_sha256(make_plan(status="approved"), {"drafts": [1]})
    assert plans.content_sha256(make_plan(), {}) != plans.content_sha256(make_plan(send_hour=9), {})
    assert plans.content_sha256(make_plan(), {}) != plans.content_sha256(make_plan(), {"filled": {"body": "x"}})


def test_a_status_without_its_entry_is_refused_by_the_database(shop, plan):
    from engine.decision import database

    plans.save(shop.dir, plan, {}, None, shop.now)
    for status in ("submitted", "approved", "rejected", "exported"):
        with pytest.raises(NotAllowed, match="only together with its entry"), database.writing(shop.dir) as db:
            plans.set_status(db, "p1", status, shop.now)
    assert plans.load(shop.dir, "p1").plan.status == "draft"
