"""Plans are saved as one types, and nobody's change is lost unseen."""

import multiprocessing
from datetime import timedelta

import pytest
from sqlite_utils.utils import sqlite3

from engine.campaign.plan import Audience, Offer, Step
from engine.decision import plans
from engine.errors import NotAllowed, StoreProblem

FORK = multiprocessing.get_context("fork")


def test_a_saved_plan_is_read_back_with_what_goes_with_it(shop, make_plan):
    plan = make_plan(
        name="春季 👍",
        audience=Audience(segment_ids=["s1"], rule="orders >= 2"),
        offer=Offer(kind="spend_save", tiers=[(50, 5), (100, 15)]),
        steps=[Step(copy={"body": "Hi"}), Step(day=3, channel="sms", condition="stop_if_bought")],
        variants=["A", "B"],
        utm={"source": "mail"},
    )
    extras = {"drafts": [{"draft_id": "d1"}], "chosen": "d1", "filled": {"body": "你好"}}
    assert plans.save(shop.dir, plan, extras, None, shop.now) == 1
    saved = plans.load(shop.dir, "p1")
    assert (saved.plan, saved.extras, saved.version) == (plan, extras, 1)
    assert saved.created_at == saved.updated_at == "2026-06-01T12:00:00+00:00"


def test_each_save_is_a_version_and_the_creation_stays(shop, make_plan):
    version = plans.save(shop.dir, make_plan(), {}, None, shop.now)
    version = plans.save(shop.dir, make_plan(name="Summer"), {}, version, shop.now + timedelta(hours=1))
    saved = plans.load(shop.dir, "p1")
    assert (version, saved.version, saved.plan.name) == (2, 2, "Summer")
    assert (saved.created_at, saved.updated_at) == ("2026-06-01T12:00:00+00:00", "2026-06-01T13:00:00+00:00")


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
    assert copy.extras == {"filled": {"body": "Hi"}, "drafts": [1], plans.MADE_FROM: "p1"}
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


# --- earlier versions, and undo ---


def save(shop, plan, **extras):
    """Saves as a page does, whatever was saved before; the new version."""
    try:
        before = plans.load(shop.dir, plan.plan_id)
    except StoreProblem:
        return plans.save(shop.dir, plan, extras, None, shop.now)
    return plans.save(shop.dir, plan, {**before.extras, **extras}, before.version, shop.now)


def undo(shop):
    """The plan's name after an undo, or None when there was nothing to undo."""
    undone = plans.undo(shop.dir, "p1", plans.load(shop.dir, "p1").version, shop.now)
    return undone and plans.load(shop.dir, "p1").plan.name


def named(shop, make_plan, *names):
    for name in names:
        save(shop, make_plan(name=name))


def test_every_save_is_kept_and_listed_with_the_newest_first(shop, make_plan):
    for hour, name in enumerate(["A", "B", "C"]):
        version = hour or None
        plans.save(shop.dir, make_plan(name=name), {"chosen": name}, version, shop.now + timedelta(hours=hour))
    listed = plans.versions(shop.dir, "p1")
    assert [(one.version, one.plan.name, one.extras["chosen"]) for one in listed] == [
        (3, "C", "C"), (2, "B", "B"), (1, "A", "A"),
    ]  # fmt: skip
    assert listed[1].saved_at == "2026-06-01T13:00:00+00:00"
    assert plans.versions(shop.dir, "p1", limit=1) == listed[:1]
    assert plans.versions(shop.dir, "p9") == []


def test_undo_goes_back_one_change_after_another_and_then_stops(shop, make_plan):
    named(shop, make_plan, "A", "B", "C")
    assert [undo(shop), undo(shop), undo(shop)] == ["B", "A", None]
    assert plans.load(shop.dir, "p1").plan.name == "A"


def test_undo_brings_back_the_draft_chosen_for_a_later_message(shop, make_plan):
    plan = make_plan("p1")
    version = plans.save(shop.dir, plan, {"chosen:1": "d1", "draft_job": "a"}, None, shop.now)
    version = plans.save(shop.dir, plan, {"chosen:1": "d2", "draft_job": "b"}, version, shop.now)
    plans.undo(shop.dir, "p1", version, shop.now)
    assert plans.load(shop.dir, "p1").extras == {"chosen:1": "d1", "draft_job": "b"}


def test_an_undo_is_a_version_of_its_own_that_another_window_sees(shop, make_plan):
    named(shop, make_plan, "A", "B")
    assert plans.undo(shop.dir, "p1", 2, shop.now) == 3
    with pytest.raises(StoreProblem, match="version 3; yours began from 2"):
        plans.undo(shop.dir, "p1", 2, shop.now)
    with pytest.raises(StoreProblem, match="version 3; yours began from 2"):
        plans.save(shop.dir, make_plan(name="His"), {}, 2, shop.now)


def test_a_change_after_an_undo_begins_anew(shop, make_plan):
    named(shop, make_plan, "A", "B", "C")
    assert undo(shop) == "B"
    named(shop, make_plan, "D")
    assert [undo(shop), undo(shop), undo(shop)] == ["B", "A", None]


def test_a_value_that_was_there_before_is_a_change_like_any_other(shop, make_plan):
    named(shop, make_plan, "A", "B", "A")
    assert [undo(shop), undo(shop), undo(shop)] == ["B", "A", None]


def test_what_the_program_notes_is_no_change_to_undo(shop, make_plan):
    named(shop, make_plan, "A", "B")
    save(shop, make_plan(name="B"), draft_job="j1", drafts=[{"draft_id": "d1"}])
    save(shop, make_plan(name="B"), session="x", forecast={"orders": 3}, filled={"body": "9.90"})
    assert [one.plan.name for one in plans.versions(shop.dir, "p1")] == ["B", "A"]
    assert undo(shop) == "A"
    save(shop, make_plan(name="A"), session="y")
    assert undo(shop) is None
    assert plans.load(shop.dir, "p1").extras["drafts"] == [{"draft_id": "d1"}], "drafts are never lost"


def test_undo_brings_the_copy_and_half_typed_values_back(shop, make_plan):
    save(shop, make_plan(), filled={"body": "Hi"}, chosen="d1")
    save(shop, make_plan(steps=[Step(copy={"body": "Ho"})]), filled={"body": "Ho"}, chosen="d2", draft_job="j")
    save(shop, make_plan(steps=[Step(copy={"body": "Ho"})]), unfinished={"percent": None})
    assert undo(shop)
    assert "unfinished" not in plans.load(shop.dir, "p1").extras
    assert undo(shop)
    saved = plans.load(shop.dir, "p1")
    assert saved.plan.steps[0].texts["body"] == "15 % off."
    assert saved.extras == {"filled": {"body": "Hi"}, "chosen": "d1", "draft_job": "j"}


def test_undo_on_a_submitted_plan_makes_it_a_draft_and_keeps_who_wrote_it(shop, make_plan):
    named(shop, make_plan, "A")
    save(shop, make_plan(name="B", owner="ben"))
    shop.submit(plans.load(shop.dir, "p1").plan, "ben")
    assert undo(shop) == "A"
    saved = plans.load(shop.dir, "p1")
    assert (saved.plan.status, saved.plan.owner) == ("draft", "ben")


def test_what_undo_would_bring_back_is_known_before(shop, make_plan):
    assert plans.undoable(shop.dir, "p1") is None
    named(shop, make_plan, "A")
    assert plans.undoable(shop.dir, "p1") is None
    named(shop, make_plan, "B")
    assert plans.undoable(shop.dir, "p1").plan.name == "A"


def test_an_old_version_is_brought_back_as_a_change_that_undo_takes_back(shop, make_plan):
    named(shop, make_plan, "A", "B", "C")
    assert plans.restore(shop.dir, "p1", 1, 3, shop.now, {"session": "x"}) == 4
    saved = plans.load(shop.dir, "p1")
    assert (saved.plan.name, saved.extras) == ("A", {"session": "x"})
    assert undo(shop) == "C"
    with pytest.raises(StoreProblem, match="version 5; yours began from 3"):
        plans.restore(shop.dir, "p1", 1, 3, shop.now)
    with pytest.raises(StoreProblem, match="Version 77 of plan p1 is not kept"):
        plans.restore(shop.dir, "p1", 77, 5, shop.now)


def test_the_latest_200_versions_are_kept_of_each_plan(shop, make_plan):
    save(shop, make_plan("other"))
    for number in range(1, 206):
        plans.save(shop.dir, make_plan(name=str(number)), {}, number - 1 or None, shop.now)
    kept = [one.version for one in plans.versions(shop.dir, "p1", limit=1000)]
    assert (len(kept), kept[0], kept[-1]) == (200, 205, 6)
    assert len(plans.versions(shop.dir, "other")) == 1


def test_a_version_of_an_offerlab_whose_plans_were_made_differently_is_not_offered(shop, make_plan, monkeypatch):
    from engine.decision import database

    with monkeypatch.context() as earlier, database.writing(shop.dir) as db:
        earlier.setattr(plans.Plan, "model_dump_json", lambda self, **_: '{"plan_id": "p1", "colour": "red"}')
        plans.put(db, make_plan(), {}, None, shop.now)
    plans.save(shop.dir, make_plan(), {}, 1, shop.now)
    assert len(plans.versions(shop.dir, "p1")) == 1
    assert undo(shop) is None


def test_what_a_plan_was_when_one_began_and_since_is_known_also_across_a_decision(shop, make_plan):
    version = plans.save(shop.dir, make_plan(), {}, None, shop.now)
    version = plans.save(shop.dir, make_plan(name="Second"), {}, version, shop.now)
    shop.submit(make_plan(name="Second"))
    shop.approve()  # makes a version without words of its own
    at = plans.load(shop.dir, "p1").version
    plans.save(shop.dir, make_plan(name="Third"), {}, at, shop.now)
    names = [found.plan.name for found in plans.versions_since(shop.dir, "p1", 1)]
    assert list(dict.fromkeys(names)) == ["Spring", "Second", "Third"]
    assert [found.plan.name for found in plans.versions_since(shop.dir, "p1", at)] == ["Second", "Third"]
    assert plans.versions_since(shop.dir, "p1", 0) == []
    assert plans.versions_since(shop.dir, "p2", 1) == []


@pytest.mark.parametrize(
    "change", ["body = '{'", 'body = \'{"from": "a newer Offerlab"}\'', "extras = '[1'", "extras = '[1]'"]
)
def test_a_plan_that_cannot_be_read_is_named(shop, plan, change):
    plans.save(shop.dir, plan, {}, None, shop.now)
    raw = sqlite3.connect(str(shop.dir / "ledger.db"), isolation_level=None)
    raw.execute(f"UPDATE plans SET {change}")
    raw.close()
    for read in (plans.saved_plans, lambda folder: plans.load(folder, "p1"), plans.listed):
        with pytest.raises(StoreProblem, match="Plan p1 cannot be read as it is stored"):
            read(shop.dir)


def test_a_file_put_in_place_of_another_takes_no_plan(shop, plan, make_plan, monkeypatch):
    monkeypatch.setenv("OFFERLAB_CONFIG", str(shop.config))
    (shop.dir / "shop.toml").write_text('shop_id = "shop-1"\n', encoding="utf-8")
    shop.append()
    for part in shop.dir.glob("ledger.db*"):
        part.unlink()
    (shop.dir / "ledger.db").touch()
    with pytest.raises(StoreProblem, match="was replaced: it lacks entries"):
        plans.save(shop.dir, plan, {}, None, shop.now)
