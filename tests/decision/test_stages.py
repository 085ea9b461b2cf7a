"""Test on a part, wait, send the winner to the rest: three lists, drawn once, and nothing to the rest too early."""

from datetime import datetime, timedelta

import pandas as pd
import pytest
from pydantic import ValidationError

from engine.campaign.plan import FirstTest, Plan, Step
from engine.decision import approvals, assignments, cells, export, ledger, plans, winners
from engine.decision.evenly import OF_VARIANT, REST, STAGE, TEST
from engine.decision.export import stages
from engine.errors import NotAllowed, StoreProblem

PEOPLE = [f"c{number:03d}" for number in range(200)]
RULE = FirstTest(share=0.25, wait_hours=24, metric="orders")


@pytest.fixture
def staged(make_plan):
    return make_plan(variants=["A", "B"], holdout=0.1, test=RULE)


@pytest.fixture
def approved(shop, staged):
    shop.submit(staged)
    shop.approve()
    return staged


@pytest.fixture
def leave(shop):
    """leave(people, stage): an export, its lists by file name."""

    def done(people=PEOPLE, stage=None, out=None, days=0):
        result = export.export_plans(
            shop.dir, shop.shop_id, out, lambda _: people, shop.now + timedelta(days=days), shop.config,
            plan_ids=["p1"], stage=stage,
        )  # fmt: skip
        return {one.file_name: one.people for one in result.recipients}

    return done


@pytest.fixture
def decide(shop):
    def done(send="B", person="ben"):
        return winners.record(
            shop.dir, shop.shop_id, "p1", send, {"p": 0.01}, "B won", person, shop.now + timedelta(days=2), shop.config
        )

    return done


def test_a_plan_without_a_test_is_written_and_proven_as_ever(make_plan):
    plan = make_plan(variants=["A", "B"])
    assert "test" not in plan.model_dump_json() and "test" not in plan.model_dump()
    assert plans.content_sha256(plan, {}) == "4ce6fe06b29b4a501a1bd55ea220c1c503a303fb27e008d09f7342afedbe7e5e"
    assert Plan.model_validate_json(plan.model_dump_json()) == plan


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"variants": ["A"]}, "at least two variants"),
        ({"variants": ["A", "A"]}, "at least two variants"),
        ({"steps": [Step(), Step(day=3)]}, "one message"),
        ({"test": {"otherwise": "variant", "fallback": "C"}}, "C is not a variant"),
        ({"test": {"otherwise": "variant"}}, "which variant the rest gets"),
        ({"test": {"share": 1.0}}, "less than 1"),
        ({"test": {"wait_hours": 0}}, "greater than or equal to 1"),
    ],
)
def test_a_test_that_cannot_be_is_refused(staged, changes, says):
    with pytest.raises(ValidationError, match=says):
        Plan.model_validate({**staged.model_dump(by_alias=True), **changes})


def test_the_test_leaves_as_three_lists(shop, approved, leave, tmp_path):
    lists = leave(stage="test", out=tmp_path / "plans.csv")
    sent, held, waits = (
        lists["p1-recipients-test.csv"], lists["DO-NOT-SEND-p1.csv"], lists["DO-NOT-SEND-YET-p1-rest.csv"]
    )  # fmt: skip
    assert (len(sent), len(held), len(waits)) == (45, 20, 135)
    assert sorted(pd.concat([sent, held, waits])["customer_id"]) == PEOPLE
    assert sorted(sent["variant"].value_counts()) == [22, 23]
    assert cells.read_back((tmp_path / "plans-p1-recipients-test.csv").read_bytes())["variant"].isin(["A", "B"]).all()
    audience = cells.read_back((tmp_path / "plans-audience.csv").read_bytes())
    assert len(audience) == 200 and audience["treated"].eq("1").sum() == 45
    assert (tmp_path / "plans-DO-NOT-SEND-YET-p1-rest.csv").exists()


def test_who_waits_is_in_no_kept_assignment_and_the_others_have_their_chances(shop, approved, leave):
    lists = leave()
    kept = assignments.saved(shop.dir)
    assert set(kept[STAGE]) == {TEST, ""} and len(kept) == 65
    assert kept.loc[kept[STAGE].eq(TEST), OF_VARIANT].eq(0.5).all()
    # 45 of the 65 were written to: what anybody expects of these two groups.
    assert kept["propensity"].iloc[0] == pytest.approx(0.225 / 0.325)
    assert set(kept.loc[kept["treated"].eq(1), "customer_id"]) == set(lists["p1-recipients-test.csv"]["customer_id"])
    [entry] = [one for one in shop.entries() if one.action == "exported"]
    assert entry.payload["stage"] == "test"
    assert assignments.of_export(shop.dir, "p1", entry.seq)[STAGE].eq(REST).sum() == 135


def test_the_rest_waits_until_a_winner_is_on_record(shop, approved, leave, decide):
    with pytest.raises(NotAllowed, match="was not exported yet"):
        leave(stage="rest")
    with pytest.raises(NotAllowed, match="was not exported yet"):
        decide()
    first = leave()
    with pytest.raises(NotAllowed, match="no winner is on record"):
        leave(stage="rest")
    decide()
    lists = leave(stage="rest", days=2)
    assert set(lists) == {"p1-recipients-rest.csv", "DO-NOT-SEND-p1.csv"}
    rest = lists["p1-recipients-rest.csv"]
    assert set(rest["customer_id"]) == set(first["DO-NOT-SEND-YET-p1-rest.csv"]["customer_id"])
    assert set(rest["variant"]) == {"B"}
    kept = assignments.saved(shop.dir).set_index("customer_id")
    assert len(kept) == 200 and kept["treated"].sum() == 180 and set(kept["propensity"]) == {0.9}
    tested = first["p1-recipients-test.csv"].set_index("customer_id")["variant"]
    assert kept.loc[tested.index, "variant"].equals(tested)
    assert set(kept.loc[tested.index, "exported_at"]) == {shop.now.isoformat()}
    assert set(kept.loc[rest["customer_id"], "exported_at"]) == {(shop.now + timedelta(days=2)).isoformat()}
    assert kept.loc[rest["customer_id"], OF_VARIANT].eq(1.0).all()


def test_nobody_changes_groups_when_the_audience_does_and_the_gone_are_in_no_list(shop, approved, leave, decide):
    first = leave()
    gone = set(PEOPLE[::7])
    later = [one for one in reversed(PEOPLE) if one not in gone] + ["new1", "new2"]
    again = leave(later, days=1)
    for name in first:
        before = [one for one in first[name]["customer_id"] if one not in gone]
        assert set(before) == set(again[name]["customer_id"]) or name == "DO-NOT-SEND-p1.csv"
    decide()
    rest = leave(later, days=2)["p1-recipients-rest.csv"]
    waited = set(first["DO-NOT-SEND-YET-p1-rest.csv"]["customer_id"])
    assert set(rest["customer_id"]) == waited - gone


def test_nothing_for_the_rest_is_said_and_not_exported(shop, approved, leave, decide):
    leave()
    decide(send=None)
    with pytest.raises(NotAllowed, match="the rest then gets nothing"):
        leave()


def test_a_winner_is_decided_once(shop, approved, leave, decide):
    leave()
    first = decide("A")
    assert decide("B", person="ana").seq == first.seq
    assert first.payload["send"] == "A" and first.payload["rule"] == RULE.model_dump(mode="json")
    assert shop.verify().ok


def test_a_changed_rule_voids_the_approval_and_the_winner(shop, approved, leave, decide):
    leave()
    decide()
    saved = plans.load(shop.dir, "p1")
    other = approved.model_copy(update={"test": RULE.model_copy(update={"smallest_lift": 0.2})})
    plans.save(shop.dir, other, saved.extras, saved.version, shop.now)
    assert plans.load(shop.dir, "p1").plan.status == "draft"
    shop.submit(other)
    shop.approve()
    with pytest.raises(NotAllowed, match="was not exported yet"):
        leave(stage="rest")


def test_a_stage_of_a_plan_without_a_test_is_refused(shop, plan, leave):
    shop.submit(plan)
    shop.approve()
    with pytest.raises(NotAllowed, match="has no test before the rest"):
        leave(stage="test")


def test_two_who_export_at_once_cannot_draw_two_tests(shop, approved, leave):
    before = ledger.entries(shop.dir, shop.shop_id, shop.config, "p1")
    content = plans.load(shop.dir, "p1").content_sha256
    leave()
    now = ledger.entries(shop.dir, shop.shop_id, shop.config, "p1")
    with pytest.raises(NotAllowed, match="Somebody else exported this test"):
        stages.require_same_draw(before, now, content)
    stages.require_same_draw(now, now, content)


def test_a_test_whose_draw_is_gone_is_not_drawn_anew(shop, approved, leave):
    leave()
    for path in (shop.dir / "assignments").iterdir():
        path.unlink()
    with pytest.raises(StoreProblem, match="assignment"):
        leave()


def test_an_approval_of_a_plan_with_a_test_stands_and_says_its_rule(shop, approved):
    saved = plans.load(shop.dir, "p1")
    assert approvals.approval_of(saved, shop.entries("p1")) is not None
    assert saved.plan.test == RULE
    assert shop.entries("p1")[0].payload["plan"]["test"]["share"] == 0.25
    assert isinstance(shop.now, datetime)
