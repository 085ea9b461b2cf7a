from datetime import UTC, date, datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from engine.audience.reach import NO_OTHERS
from engine.campaign.plan import Audience, Offer, Plan, Step
from engine.decision import approvals, live, plans
from engine.decision.collisions import collisions
from engine.shop.store import Shop
from tests.tiny import shop_of

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def plan(plan_id: str, people: str, first: int = 1, last: int = 7, **changes: Any) -> Plan:
    """A plan of June for customers named by a letter each."""
    return Plan(
        plan_id=plan_id, name=plan_id.title(), owner="Ana", starts_at=date(2026, 6, first), ends_at=date(2026, 6, last),
        **{"audience": Audience(customer_ids=list(people)), "holdout": 0.0, **changes},
    )  # fmt: skip


def percent(discount: float, **more: Any) -> Offer:
    return Offer(kind="percent", discount=discount, **more)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Three products; c got two messages at the end of May, d was held out of both."""
    sent = [("k1", "c", "2026-05-29", 1), ("k1", "d", "2026-05-29", 0)]
    sent += [("k2", "c", "2026-05-30", 1), ("k2", "d", "2026-05-30", 0)]
    tables = {
        "products": pd.DataFrame(
            {
                "product_id": ["tea", "cup", "soap"],
                "name": ["Tea", "Cup", "Soap"],
                "category": ["Kitchen"] * 2 + ["Bath"],
            }
        ),
        "campaigns": pd.DataFrame({"campaign_id": ["k1", "k2"], "channel": "email", "starts_at": "2026-05-29"}),
        "deliveries": pd.DataFrame(sent, columns=["campaign_id", "customer_id", "sent_at", "treated"]),
    }
    return shop_of(tmp_path / "shop", tables, {"frequency_cap": 3})


def test_customers_of_both_audiences_are_counted_against_the_smaller_one(shop):
    row = collisions(shop, [plan("one", "abcdef"), plan("other", "efgh", 5, 9)]).iloc[0]
    assert (row["plan_a"], row["plan_b"], row["shared"], row["share_of_smaller"]) == ("one", "other", 2, 0.5)
    assert (row["starts_at"], row["ends_at"], row["days_together"]) == (date(2026, 6, 5), date(2026, 6, 7), 3)
    assert row["same_channel"]
    assert not row["over_cap"]


def test_plans_one_after_the_other_do_not_collide(shop):
    assert collisions(shop, [plan("one", "ab", 1, 7), plan("other", "ab", 8, 14)]).empty


def test_plans_for_other_people_do_not_collide(shop):
    assert collisions(shop, [plan("one", "ab"), plan("other", "cd")]).empty


def test_different_channels_are_said_to_be_different(shop):
    pair = [plan("one", "ab"), plan("other", "ab", steps=[Step(channel="sms")])]
    assert not collisions(shop, pair).iloc[0]["same_channel"]


def test_the_pair_with_the_most_customers_comes_first(shop):
    table = collisions(shop, [plan("one", "ab"), plan("two", "abcde"), plan("three", "cde")])
    assert [(row.plan_a, row.plan_b) for row in table.itertuples()] == [("two", "three"), ("one", "two")]


def test_messages_of_three_plans_within_seven_days_exceed_a_cap_of_two(tmp_path):
    shop = shop_of(tmp_path / "shop", {}, {"frequency_cap": 2})
    within = [plan("one", "ab", 1), plan("two", "a", 4), plan("three", "a", 7, 9)]
    assert collisions(shop, within).set_index(["plan_a", "plan_b"])["over_cap"].to_dict() == {
        ("one", "two"): 1, ("one", "three"): 1, ("two", "three"): 1,
    }  # fmt: skip
    apart = [plan("one", "ab", 1), plan("two", "a", 4), plan("three", "a", 8, 9)]
    assert not collisions(shop, apart)["over_cap"].any()


def test_the_steps_of_plans_count_as_messages_even_when_one_ended_before_the_other(tmp_path):
    shop = shop_of(tmp_path / "shop", {}, {"frequency_cap": 2})
    pair = [plan("one", "ab", 1, 3, steps=[Step(day=0), Step(day=2)]), plan("other", "b", 5, 9)]
    row = collisions(shop, pair).iloc[0]
    assert (row["shared"], row["over_cap"], row["days_together"], row["starts_at"]) == (1, 1, 0, None)


def test_what_was_sent_already_counts_but_not_to_those_held_out(shop):
    row = collisions(shop, [plan("one", "cd", 1), plan("other", "cd", 2)]).iloc[0]
    assert (row["shared"], row["over_cap"]) == (2, 1)  # c had two messages in the days before


def test_two_discounts_on_one_product_are_seen_without_a_common_customer(shop):
    pair = [plan("one", "a", offer=percent(0.1, applies_to=["Kitchen"])),
            plan("other", "b", offer=percent(0.2), product_ids=["tea", "soap"])]  # fmt: skip
    row = collisions(shop, pair).iloc[0]
    assert (row["shared"], row["discounts_differ"], row["products"]) == (0, True, 1)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (percent(0.1), percent(0.1)),  # one sale, told twice
        (percent(0.1), Offer(kind="free_shipping")),  # no price changes
        (percent(0.1, applies_to=["Kitchen"]), percent(0.2, applies_to=["Bath"])),
    ],
)
def test_offers_that_go_together_are_no_conflict(shop, one, other):
    assert collisions(shop, [plan("one", "a", offer=one), plan("other", "b", offer=other)]).empty


def test_discounts_on_everything_conflict_on_every_product(shop):
    pair = [plan("one", "a", offer=percent(0.1)), plan("other", "b", offer=percent(0.2))]
    assert collisions(shop, pair).iloc[0]["products"] == 3


def test_an_audience_that_is_gone_collides_with_nobody(shop):
    lost = plan("lost", "").model_copy(update={"audience": Audience(segment_ids=["s9"])})
    assert collisions(shop, [plan("one", "ab"), lost]).empty


def test_the_plan_approved_first_keeps_the_customers(shop, tmp_path):
    config, both = tmp_path / "config", [plan("one", "ab"), plan("other", "ab")]
    for one in both:
        approvals.submit(shop.path, shop.shop_id, one, {}, "Ana", NOON, config)
    row = collisions(shop, [s.plan for s in plans.saved_plans(shop.path)]).iloc[0]
    assert (row["shared"], row["keeps"], row["kept"]) == (2, "", 0)
    for plan_id in ("other", "one"):
        approvals.approve(shop.path, shop.shop_id, plan_id, "Bo", "Bo", "fits", NOON, config)
        row = collisions(shop, [s.plan for s in plans.saved_plans(shop.path)]).iloc[0]
        assert (row["shared"], row["keeps"], row["kept"]) == (0, "other", 2), "nobody gets both any more"


# --- who would really get both ---


@pytest.fixture
def planted(tmp_path):
    """Twelve customers: a to c without consent to e-mail, d and e never to be contacted, f unsubscribed, g suppressed;
    h to l may be written to, l bought two days before the day of the data."""
    people = pd.DataFrame({"customer_id": list("abcdefghijkl")}).assign(
        email_consent=[0] * 3 + [1] * 9,
        sms_consent=1,
        suppressed=[int(one == "g") for one in "abcdefghijkl"],
        unsubscribed_at=["2026-05-01" if one == "f" else "" for one in "abcdefghijkl"],
    )
    orders = pd.DataFrame({"order_id": ["o1", "o2"], "customer_id": ["l", "h"], "product_id": "tea", "quantity": 1,
                           "ordered_at": ["2026-05-30", "2026-01-01"], "unit_price": 5.0})  # fmt: skip
    return shop_of(tmp_path / "shop", {"customers": people, "orders": orders}, {"never_contact": ["d", "e"]})


def shared(shop: Shop, *pair: Plan) -> tuple[int, float]:
    """Customers between two plans, and their share of the smaller one."""
    table = collisions(shop, pair)
    return (0, 0.0) if table.empty else (int(table.iloc[0]["shared"]), float(table.iloc[0]["share_of_smaller"]))


EVERYBODY = "abcdefghijkl"


def test_who_cannot_be_reached_is_in_nobodys_way(planted):
    assert shared(planted, plan("one", EVERYBODY), plan("other", EVERYBODY, 5, 9)) == (5, 1.0)
    assert shared(planted, plan("one", "abcdefg"), plan("other", EVERYBODY)) == (0, 0.0)


def test_each_channel_reaches_its_own(planted):
    texts = plan("other", EVERYBODY, steps=[Step(channel="sms")])  # a, b, c and f gave consent to it
    assert shared(planted, plan("one", EVERYBODY), texts) == (5, 1.0)
    assert shared(planted, texts, plan("more", EVERYBODY, 2, 4, steps=[Step(channel="sms")])) == (9, 1.0)


def test_whom_one_plan_excludes_does_not_get_both(planted):
    without_l = Audience(customer_ids=list(EVERYBODY), skip_buyers_days=7)
    assert shared(planted, plan("one", EVERYBODY), plan("other", "", audience=without_l)) == (4, 1.0)
    no_buyers = Audience(customer_ids=list(EVERYBODY), exclude_rule="orders >= 1")
    assert shared(planted, plan("one", EVERYBODY), plan("other", "", audience=no_buyers)) == (3, 1.0)


def test_who_is_held_out_or_beyond_the_share_does_not_get_both(planted):
    held = plan("held", EVERYBODY, holdout=0.5)
    gets = live.drawn(planted, held, NO_OTHERS).written_to
    assert 0 < len(gets) < 5
    assert shared(planted, plan("one", EVERYBODY), held) == (len(gets), 1.0)
    part = plan("part", EVERYBODY, audience_share=0.5)
    assert shared(planted, held, part)[0] == len(gets & live.drawn(planted, part, NO_OTHERS).written_to)


def test_who_is_left_to_a_third_plan_that_is_live_gets_neither(planted, tmp_path):
    config = tmp_path / "config"
    approvals.submit(planted.path, planted.shop_id, plan("live", "hij"), {}, "Ana", NOON, config)
    approvals.approve(planted.path, planted.shop_id, "live", "Bo", "Bo", "fits", NOON, config)
    third, one, other = plans.load(planted.path, "live").plan, plan("one", EVERYBODY), plan("other", EVERYBODY)
    table = collisions(planted, [one, other, third]).set_index(["plan_a", "plan_b"])
    assert table.loc[("one", "other"), ["shared", "kept"]].tolist() == [2, 0]  # k and l
    for pair in (("one", "live"), ("other", "live")):
        assert table.loc[pair, ["shared", "keeps", "kept"]].tolist() == [0, "live", 3]


def test_messages_that_are_recorded_already_are_not_counted_once_more(tmp_path):
    campaigns = pd.DataFrame({"campaign_id": ["one"], "channel": ["email"], "starts_at": ["2026-06-01"]})
    sent = pd.DataFrame({"campaign_id": "one", "customer_id": ["a", "b"], "sent_at": "2026-06-01 10:00"})
    shop = shop_of(tmp_path / "shop", {"campaigns": campaigns, "deliveries": sent}, {"frequency_cap": 2})
    assert collisions(shop, [plan("one", "ab"), plan("other", "ab", 1, 9)]).iloc[0]["over_cap"] == 0


@pytest.mark.parametrize("seed", range(8))
def test_counts_are_those_of_going_through_every_customer(tmp_path, seed):
    random = np.random.default_rng(seed)
    cap = int(random.integers(1, 4))
    shop = shop_of(tmp_path / "shop", {}, {"frequency_cap": cap})
    many = []
    for number in range(6):
        people, first = random.choice(list("abcdefghij"), random.integers(1, 10), replace=False), random.integers(1, 15)
        steps = [Step(day=int(day)) for day in np.unique(random.integers(0, 9, 3))]
        many.append(plan(f"p{number}", "".join(people), int(first), int(first + random.integers(8, 12)), steps=steps))
    found = collisions(shop, many).set_index(["plan_a", "plan_b"])
    for one, other in combinations(many, 2):
        both = set(one.audience.customer_ids) & set(other.audience.customer_ids)
        over = [who for who in both if most_in_seven_days(who, many) > cap]
        together = one.starts_at <= other.ends_at and other.starts_at <= one.ends_at
        near = together or any(abs((a - b).days) < 7 for a in days_of(one) for b in days_of(other))
        if both and (together or (near and over)):
            row = found.loc[(one.plan_id, other.plan_id)]
            assert (row["shared"], row["over_cap"]) == (len(both), len(over))
        else:
            assert (one.plan_id, other.plan_id) not in found.index


def days_of(one: Plan) -> list[date]:
    return [one.starts_at + timedelta(days=step.day) for step in one.steps]


def most_in_seven_days(who: str, many: list[Plan]) -> int:
    days = [day for one in many if who in one.audience.customer_ids for day in days_of(one)]
    windows = [date(2026, 6, 1) + timedelta(days=number) for number in range(40)]
    return max(sum(start <= day < start + timedelta(days=7) for day in days) for start in windows)


def test_no_plans_make_an_empty_table(shop):
    assert collisions(shop, []).empty
