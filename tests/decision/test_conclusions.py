"""What became of plans that were sent: concluded by a person, kept in the history, found again for the next one."""

from datetime import datetime
from types import SimpleNamespace

import pytest

from engine.campaign.plan import Audience, Offer, Step
from engine.decision import conclusions, export, plans
from engine.errors import NotAllowed, StoreProblem

LATER = datetime(2026, 7, 10, 9)
FIGURES = {"basis": "incremental", "sent": 900, "held_out": 100, "extra_orders": 12.5}


@pytest.fixture
def sent(shop, plan):
    """The plan as it was approved and exported."""
    shop.submit(plan)
    shop.approve()
    export.export_plans(shop.dir, shop.shop_id, None, lambda _: ["a", "b"], shop.now, shop.config)
    return plan


@pytest.fixture
def conclude(shop):
    def done(choice="repeat", reason="It paid.", plan_id="p1", by="ana", **more):
        more = {"measured": FIGURES, "suggested": "again", **more}
        return conclusions.conclude(shop.dir, shop.shop_id, plan_id, choice, by, by, reason, LATER, shop.config, **more)

    return done


def learned(shop):
    return conclusions.learned(SimpleNamespace(path=shop.dir, shop_id=shop.shop_id), shop.config)


def test_a_conclusion_keeps_the_figures_of_its_moment_and_what_they_suggested(shop, sent, conclude):
    conclude()
    [one] = learned(shop)
    assert (one.choice, one.reason, one.by, one.suggested, one.earlier) == ("repeat", "It paid.", "ana", "again", 0)
    assert one.measured == FIGURES
    assert (one.name, one.channel, one.offer_kind, one.discount) == ("Spring", "email", "percent", 0.15)
    assert shop.verify().ok


def test_the_last_conclusion_counts_and_all_of_them_stay(shop, sent, conclude):
    conclude()
    conclude("stop", "The returns came in.", by="ben")
    [one] = learned(shop)
    assert (one.choice, one.by, one.earlier) == ("stop", "ben", 1)
    assert [entry.payload["choice"] for entry in shop.entries() if entry.action == "concluded"] == ["repeat", "stop"]


def test_a_second_click_adds_nothing(shop, sent, conclude):
    assert conclude().seq == conclude().seq
    assert conclude(by="ben").seq == conclude(by="ben").seq
    assert sum(entry.action == "concluded" for entry in shop.entries()) == 2


@pytest.mark.parametrize(
    ("choice", "reason", "says"),
    [("repeat", "  ", "needs a reason"), ("maybe", "so", "maybe is no conclusion"), ("stop", "x" * 2_001, "2,001")],
)
def test_a_conclusion_that_says_nothing_is_refused(shop, sent, conclude, choice, reason, says):
    with pytest.raises(NotAllowed, match=says):
        conclude(choice, reason)
    assert learned(shop) == []


def test_what_never_left_cannot_be_concluded(shop, plan, conclude):
    shop.submit(plan)
    with pytest.raises(NotAllowed, match="never exported"):
        conclude()
    with pytest.raises(StoreProblem, match="p9"):
        conclude(plan_id="p9")


def test_a_conclusion_neither_voids_an_approval_nor_keeps_a_plan_from_being_exported(shop, sent, conclude):
    conclude()
    assert shop.is_approved(sent)
    export.export_plans(shop.dir, shop.shop_id, None, lambda _: ["a"], shop.now, shop.config, plan_ids=["p1"])


def test_words_are_found_in_whatever_was_said_in_both_languages(shop, sent, conclude):
    conclude("repeat", "Lapsed customers came back for tea.")
    known = learned(shop)
    for words in ("TEA lapsed", "spring", "ana", "15%", "win back", "重复", "percent repeat"):
        assert conclusions.find(known, words) == known, words
    assert conclusions.find(known, "tea coffee") == []
    assert conclusions.find(known, choices=["stop"]) == [] and conclusions.find(known, channels=["email"]) == known
    assert conclusions.find(known, goals=["vip"]) == []


def test_plans_of_the_same_kind_are_found_the_most_alike_first(shop, make_plan, conclude):
    kinds = {
        "same": {"audience": Audience(rule="orders >= 2")},
        "near": {"offer": Offer(kind="free_shipping")},
        "far": {"offer": Offer(kind="free_shipping"), "steps": [Step(channel="sms", copy={"body": "Tea"})]},
        "source": {"objective": "vip", "offer": Offer(), "steps": [Step(channel="sms", copy={"body": "Tea"})]},
    }
    for plan_id, changes in kinds.items():
        shop.submit(make_plan(plan_id, **changes))
        shop.approve(plan_id)
    export.export_plans(shop.dir, shop.shop_id, None, lambda _: ["a", "b"], shop.now, shop.config)
    for plan_id in kinds:
        conclude(plan_id=plan_id)
    new = make_plan("new", audience=Audience(rule="orders >= 2"))
    found = conclusions.of_kind(learned(shop), new, [], source="source")
    assert [one.plan_id for one in found] == ["source", "same", "near"]
    assert conclusions.of_kind(learned(shop), make_plan("same"), []) != []
    assert "same" not in [one.plan_id for one in conclusions.of_kind(learned(shop), make_plan("same"), [])]


def test_a_copy_knows_which_plan_it_was_made_from(shop, sent):
    first = plans.duplicate(shop.dir, "p1", "Again", "ben", shop.now)
    second = plans.duplicate(shop.dir, first, "And again", "ben", shop.now)
    assert plans.extras_of(shop.dir, first)[plans.MADE_FROM] == "p1"
    assert plans.extras_of(shop.dir, second)[plans.MADE_FROM] == first
