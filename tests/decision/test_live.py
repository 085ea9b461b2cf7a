"""The first plan to be approved keeps its customers: nobody is in two plans, or left out for nothing."""

from datetime import date, datetime

import pandas as pd
import pytest

from engine.audience import segments
from engine.campaign import planned
from engine.campaign.plan import Audience, Plan, Step
from engine.decision import approvals, export, live, plans
from engine.shop import store
from tests.tiny import shop_of, simulated

NOW = datetime(2026, 1, 5, 12)
A, B, C = ([f"c{n:03d}" for n in range(first, first + 20)] for first in (10, 20, 30))  # A and B, B and C share ten


@pytest.fixture
def cap():
    """Messages to a customer in seven days."""
    return 3


@pytest.fixture
def shop(tmp_path, cap):
    tables = simulated()
    kept = {"customers": tables["customers"][["customer_id"]], "orders": tables["orders"]}
    return shop_of(tmp_path / "shop", kept, {"frequency_cap": cap})


@pytest.fixture
def make(shop, tmp_path):
    """A plan for these customers from one day of January to another; approved where asked."""

    def plan(plan_id, people, first=10, last=20, approve=True, **more):
        audience = people if isinstance(people, Audience) else Audience(customer_ids=people)
        made = Plan(
            plan_id=plan_id, name=plan_id, owner="ana", audience=audience, starts_at=date(2026, 1, first),
            ends_at=date(2026, 1, last), **{"holdout": 0.2, "steps": [Step(copy={"subject": "Tea"})], **more},
        )  # fmt: skip
        arguments = (NOW, tmp_path / "config")
        approvals.submit(shop.path, shop.shop_id, made, {}, "ana", *arguments)
        if approve:
            approvals.approve(shop.path, shop.shop_id, plan_id, "ben", "ben", "fits", *arguments)
        return plans.load(shop.path, plan_id).plan

    return plan


def reached(shop, plan):
    return planned.reachable_customers(shop, plan, live.others(shop, plan))


def test_the_first_approved_keeps_its_customers_and_the_later_goes_without(shop, make):
    late = make("late", B, approve=False)
    first = make("first", A)
    assert reached(shop, first) == A
    assert reached(shop, late) == [one for one in B if one not in A]
    assert [saved.plan.plan_id for saved in live.before(shop, late)] == ["first"]


def test_approving_the_other_changes_nothing_for_the_first(shop, make):
    first, second = make("z-first", A), make("a-second", B)
    assert live.others(shop, first).taken == frozenset()
    assert live.others(shop, second).taken == frozenset(A)
    assert not set(reached(shop, first)) & set(reached(shop, second))


def test_the_held_out_are_taken_too(shop, make):
    make("first", A, holdout=0.9)
    assert live.others(shop, make("second", B)).taken == frozenset(A)


def test_those_whom_a_share_leaves_out_of_the_first_plan_are_free(shop, make):
    make("first", A, audience_share=0.5)
    taken = live.others(shop, make("second", A)).taken
    assert 3 <= len(taken) <= 17
    assert taken < set(A)


@pytest.mark.parametrize(("first", "last", "free"), [(1, 9, True), (1, 10, False), (20, 25, False), (21, 25, True)])
def test_plans_meet_from_their_first_to_their_last_day(shop, make, first, last, free):
    make("first", A)
    assert (live.others(shop, make("second", A, first, last)).taken == frozenset()) == free


def test_only_approved_plans_take_customers(shop, make):
    make("waiting", A, approve=False)
    assert live.others(shop, make("second", A)).taken == frozenset()


def test_who_was_taken_from_the_middle_plan_is_free_for_a_third_that_never_meets_the_first(shop, make):
    make("first", A, 1, 10)
    make("middle", B, 10, 20)
    third = make("third", [*A, *C], 15, 25)
    assert live.others(shop, third).taken == frozenset(B) - frozenset(A)
    assert set(A) <= set(reached(shop, third))


def test_a_plan_of_groups_that_are_gone_takes_nobody(shop, make):
    segments.save(shop, segments.fit(shop, 3))
    make("first", Audience(segment_ids=["s3"]))
    second = make("second", Audience(rule="orders >= 1"))
    assert live.others(shop, second).taken == frozenset(segments.members(shop, ["s3"]))
    segments.save(shop, segments.fit(shop, 2))
    assert live.others(shop, second).taken == frozenset()


def test_a_shop_without_plans_takes_nobody(shop):
    plan = Plan(plan_id="p", name="p", owner="ana", starts_at=date(2026, 1, 1), ends_at=date(2026, 1, 2))
    assert (live.others(shop, plan).taken, live.before(shop, plan)) == (frozenset(), [])


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
    taken = live.others(shop, later, lambda text: asked.append(text) or A[:3]).taken
    assert taken == frozenset(A[:3])
    assert asked == ["orders >= 1"]


# --- messages of other live plans count toward the frequency cap ---


def capped(shop, plan):
    """How many customers of a plan have enough messages already."""
    reach = planned.reach(shop, plan, plan.channel, live.others(shop, plan))
    assert len(reach.customer_ids) + sum(reach.left_out.values()) == len(plan.audience.customer_ids)
    assert set(export.audience(shop, plan)) == set(reach.customer_ids)
    return reach.left_out.get("frequency_cap", 0)


@pytest.mark.parametrize(("cap", "blocked"), [(1, 20), (2, 10), (3, 0)])
def test_messages_of_live_plans_in_the_days_before_fill_the_cap(shop, make, blocked):
    make("one", A, 5, 6, holdout=0.0)
    make("two", B, 7, 8, holdout=0.0)  # ten of them are in A, too
    make("draft", A, 8, 9, holdout=0.0, approve=False)
    late = make("late", B, 10, 14, approve=False)
    # Of B all twenty get one message, and the ten that are in A get two.
    assert capped(shop, late) == blocked


@pytest.mark.parametrize("cap", [1])
@pytest.mark.parametrize(("day", "blocked"), [(7, 0), (8, 20), (14, 20), (16, 20), (22, 20), (23, 0)])
def test_a_message_counts_for_seven_days_before_and_after(shop, make, day, blocked):
    """The plan approved first keeps its customers for its message, also where the other would write before it."""
    make("first", A, 15, 15, holdout=0.0)
    assert capped(shop, make("other", A, day, day, approve=False)) == blocked


@pytest.mark.parametrize("cap", [1])
def test_the_plan_approved_first_is_not_held_up_by_a_later_one(shop, make):
    first, later = make("first", A, 10, 10), make("later", A, 8, 8)
    assert capped(shop, first) == 0
    assert capped(shop, later) == len(live.drawn(shop, first, live.others(shop, first)).written_to) > 0


@pytest.mark.parametrize("cap", [1])
def test_only_who_gets_the_message_counts(shop, make):
    make("first", A, 5, 6, holdout=0.9)
    assert capped(shop, make("late", A, 10, 14, approve=False)) < 10
    make("nearly", C, 5, 6, audience_share=0.1)
    assert capped(shop, make("after", C, 10, 14, approve=False)) < 10


@pytest.mark.parametrize("cap", [2])
def test_each_message_of_several_counts_on_its_own_day(shop, make):
    two = [Step(copy={"subject": "Tea"}), Step(day=4, copy={"subject": "Tea"})]
    make("first", A, 1, 6, steps=two, holdout=0.0)
    assert capped(shop, make("soon", A, 7, 9, approve=False)) == 20
    assert capped(shop, make("later", A, 10, 12, approve=False)) == 0


@pytest.mark.parametrize("cap", [2])
def test_a_message_that_the_deliveries_record_is_counted_once(shop, make):
    make("sent", A, 5, 6, holdout=0.0)
    deliveries = pd.DataFrame({"campaign_id": "sent", "customer_id": A, "sent_at": "2026-01-05 10:00"})
    campaigns = pd.DataFrame({"campaign_id": ["sent"], "channel": ["email"], "starts_at": ["2026-01-05"]})
    late = make("late", A, 10, 14, approve=False)
    assert not any(store.save_tables(shop, {"campaigns": campaigns, "deliveries": deliveries}).values())
    assert live.others(shop, late).sends == ()
    assert capped(shop, late) == 0
