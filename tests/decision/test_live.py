"""The first plan to be approved keeps its customers: nobody is in two plans, or left out for nothing."""

from datetime import date, datetime

import pytest

from engine.audience import segments
from engine.campaign import planned
from engine.campaign.plan import Audience, Plan, Step
from engine.decision import approvals, live, plans
from tests.tiny import shop_of, simulated

NOW = datetime(2026, 1, 5, 12)
A, B, C = ([f"c{n:03d}" for n in range(first, first + 20)] for first in (10, 20, 30))  # A and B, B and C share ten


@pytest.fixture
def shop(tmp_path):
    tables = simulated()
    return shop_of(tmp_path / "shop", {"customers": tables["customers"][["customer_id"]], "orders": tables["orders"]})


@pytest.fixture
def make(shop, tmp_path):
    """A plan for these customers from one day of January to another; approved where asked."""

    def plan(plan_id, people, first=10, last=20, approve=True, **more):
        audience = people if isinstance(people, Audience) else Audience(customer_ids=people)
        made = Plan(
            plan_id=plan_id, name=plan_id, owner="ana", audience=audience, steps=[Step(copy={"subject": "Tea"})],
            starts_at=date(2026, 1, first), ends_at=date(2026, 1, last), **{"holdout": 0.2, **more},
        )  # fmt: skip
        arguments = (NOW, tmp_path / "config")
        approvals.submit(shop.path, shop.shop_id, made, {}, "ana", *arguments)
        if approve:
            approvals.approve(shop.path, shop.shop_id, plan_id, "ben", "root", "fits", *arguments)
        return plans.load(shop.path, plan_id).plan

    return plan


def reached(shop, plan):
    return planned.reachable_customers(shop, plan, live.taken(shop, plan))


def test_the_first_approved_keeps_its_customers_and_the_later_goes_without(shop, make):
    late = make("late", B, approve=False)
    first = make("first", A)
    assert reached(shop, first) == A
    assert reached(shop, late) == [one for one in B if one not in A]
    assert [saved.plan.plan_id for saved in live.before(shop, late)] == ["first"]


def test_approving_the_other_changes_nothing_for_the_first(shop, make):
    first, second = make("z-first", A), make("a-second", B)
    assert live.taken(shop, first) == frozenset()
    assert live.taken(shop, second) == frozenset(A)
    assert not set(reached(shop, first)) & set(reached(shop, second))


def test_the_held_out_are_taken_too(shop, make):
    make("first", A, holdout=0.9)
    assert live.taken(shop, make("second", B)) == frozenset(A)


def test_those_whom_a_share_leaves_out_of_the_first_plan_are_free(shop, make):
    make("first", A, audience_share=0.5)
    taken = live.taken(shop, make("second", A))
    assert 3 <= len(taken) <= 17
    assert taken < set(A)


@pytest.mark.parametrize(("first", "last", "free"), [(1, 9, True), (1, 10, False), (20, 25, False), (21, 25, True)])
def test_plans_meet_from_their_first_to_their_last_day(shop, make, first, last, free):
    make("first", A)
    assert (live.taken(shop, make("second", A, first, last)) == frozenset()) == free


def test_only_approved_plans_take_customers(shop, make):
    make("waiting", A, approve=False)
    assert live.taken(shop, make("second", A)) == frozenset()


def test_who_was_taken_from_the_middle_plan_is_free_for_a_third_that_never_meets_the_first(shop, make):
    make("first", A, 1, 10)
    make("middle", B, 10, 20)
    third = make("third", [*A, *C], 15, 25)
    assert live.taken(shop, third) == frozenset(B) - frozenset(A)
    assert set(A) <= set(reached(shop, third))


def test_a_plan_of_groups_that_are_gone_takes_nobody(shop, make):
    segments.save(shop, segments.fit(shop, 3))
    make("first", Audience(segment_ids=["s3"]))
    second = make("second", Audience(rule="orders >= 1"))
    assert live.taken(shop, second) == frozenset(segments.members(shop, ["s3"]))
    segments.save(shop, segments.fit(shop, 2))
    assert live.taken(shop, second) == frozenset()


def test_a_shop_without_plans_takes_nobody(shop):
    plan = Plan(plan_id="p", name="p", owner="ana", starts_at=date(2026, 1, 1), ends_at=date(2026, 1, 2))
    assert (live.taken(shop, plan), live.before(shop, plan)) == (frozenset(), [])


def test_what_live_plans_take_stands_until_one_is_approved_or_changed(shop, make):
    assert live.standing(shop) == ()
    draft = make("draft", A, approve=False)
    assert live.standing(shop) == ()
    make("first", B)
    [stood] = live.standing(shop)
    assert stood[0] == "first"
    saved = plans.load(shop.path, "draft")
    plans.save(shop.path, draft.model_copy(update={"name": "Another"}), saved.extras, saved.version, NOW)
    assert live.standing(shop) == (stood,)
    saved = plans.load(shop.path, "first")
    plans.save(shop.path, saved.plan.model_copy(update={"holdout": 0.5}), saved.extras, saved.version, NOW)
    assert live.standing(shop) == (), "it is a draft again"


def test_the_customers_of_a_rule_may_come_from_whoever_keeps_them(shop, make):
    make("first", Audience(rule="orders >= 1"))
    later = make("later", A, approve=False)
    asked = []
    taken = live.taken(shop, later, lambda text: asked.append(text) or A[:3])
    assert taken == frozenset(A[:3])
    assert asked == ["orders >= 1"]
