"""Would another variant have paid? On a plan whose planted orders are known."""

import json
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from engine.__main__ import main
from engine.campaign.plan import Audience, FirstTest, Offer, Step
from engine.decision import approvals, assignments, export, plans, winners
from engine.errors import NotEnoughData
from engine.outcome.bandit import arms, confirmed, proposal
from engine.outcome.offpolicy import from_plan
from engine.shop import store
from tests.outcome.test_measured import NOW, PRODUCTS, SENT_AT, exported, order, plan
from tests.tiny import shop_of

PEOPLE = [f"c{number:04d}" for number in range(4_000)]
RECENT = set(PEOPLE[::2])  # ordered ten days before the send
MARGIN, COST = 60.0, 0.5  # an order of 100 whose goods cost 40; a message
RATE = {"": 0.05, "A": 0.05, "B": 0.10}  # of who did not order lately
RATE_RECENT = {"": 0.05, "A": 0.15, "B": 0.25}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("plan")


@pytest.fixture(scope="module")
def made(folder):
    return planted(folder)


def planted(folder, until="2026-03-01", **changed):
    """A shop whose plan p1 went out with variants A and B, and what was bought of it."""
    shop, what = empty(folder), variants_plan(**changed)
    exported(shop, folder / "config", what, people=PEOPLE)
    return with_orders(shop, bought(of(shop), SENT_AT), until)


def empty(folder):
    tables = {"customers": pd.DataFrame({"customer_id": PEOPLE}), "products": PRODUCTS}
    return shop_of(folder / "shop", tables, {"send_cost": {"email": COST}})


def variants_plan(**changed):
    return plan(**{"variants": ["A", "B"], "audience": Audience(customer_ids=PEOPLE), "holdout": 0.3} | changed)


def of(shop, plan_id="p1"):
    """customer_id -> variant, "" for who was left out, as the export kept it."""
    kept = assignments.saved(shop.path)
    return kept[kept["plan_id"].eq(plan_id)].set_index("customer_id")["variant"].to_dict()


def bought(got, at, seed=0):
    """Orders two days after the send, by RATE. got: customer_id -> variant."""
    random = np.random.default_rng(seed)
    day = (at + pd.Timedelta(days=2)).date()
    return [order(one, str(day)) for one, variant in got.items()
            if random.random() < (RATE_RECENT if one in RECENT else RATE)[variant]]  # fmt: skip


def with_orders(shop, lines, until="2026-03-01", **tables):
    """The lines, what was ordered before, and orders that say from when until when all is known."""
    before = [order(one, "2025-12-31", order_id=f"before-{one}") for one in RECENT]
    ends = [order("somebody", until), order("somebody", "2024-12-01", order_id="first")]
    assert not any(store.save_tables(shop, {"orders": pd.DataFrame([*before, *lines, *ends]), **tables}).values())
    return store.open_shop(shop.path)


def log_of(shop, folder, plan_id="p1"):
    return from_plan.variants(shop, plan_id, folder / "config")


def rate(variant, recent):
    return MARGIN * (RATE_RECENT if recent else RATE)[variant]


TRUTH = {
    "nobody": rate("", True),
    "everybody:A": (rate("A", True) + rate("A", False)) / 2 - COST,
    "everybody:B": (rate("B", True) + rate("B", False)) / 2 - COST,
    "recent:B": (rate("B", True) - COST + rate("", False)) / 2,
    "lapsed:B": (rate("B", False) - COST + rate("", True)) / 2,
}


def test_the_planted_profit_of_every_choice_is_inside_its_interval(made, folder):
    known = log_of(made, folder)
    assert known.log.actions == ("hold", "A", "B") and known.days == 7 and len(known.log) == len(PEOPLE)
    assert set(np.round(known.log.propensity, 12)) == {0.3, 0.35}
    assert set(np.round(known.log.reward[known.log.action == 2], 6)) == {-COST, MARGIN - COST}
    for choice, truth in TRUTH.items():
        for one in from_plan.judge(known, choice).found:
            if one.name == "DM":
                continue  # its range leaves out that its model may be wrong
            assert one.value.low <= truth <= one.value.high, (choice, one.name)
    assert from_plan.judge(known, "everybody:B").verdict == "better"
    assert from_plan.judge(known, "nobody").verdict == "worse"


def test_a_plan_that_left_nobody_out_says_nothing_of_nobody(tmp_path):
    known = log_of(planted(tmp_path, holdout=0.0), tmp_path)
    found = from_plan.judge(known, "nobody")
    assert found.verdict == "no_overlap" and found.overlap.refusals[0].text().startswith("The draw of plan Tea")
    assert from_plan.judge(known, "everybody:B").verdict == "better", "variants were still drawn"


def test_a_plan_that_cannot_tell_is_refused_by_name(made, folder, tmp_path):
    with pytest.raises(NotEnoughData, match=r"Plan p9 was not exported with two .* p1"):
        log_of(made, folder, "p9")
    early = planted(tmp_path, until="2026-01-14")
    with pytest.raises(NotEnoughData, match=r"Plan Tea: the orders .* do not cover the 7 days"):
        log_of(early, tmp_path)
    (file,) = (early.path / "assignments").glob("*.parquet")
    pd.read_parquet(file).assign(propensity=np.nan).to_parquet(file, index=False)
    with pytest.raises(NotEnoughData, match=r"Plan Tea: the chances of its draw"):
        log_of(early, tmp_path)


def test_a_plan_whose_variants_were_changed_since_is_judged_by_those_it_sent(tmp_path):
    shop = planted(tmp_path)
    saved = plans.load(shop.path, "p1")
    changed = saved.plan.model_copy(update={"variants": ["A", "C", "D"]})
    plans.save(shop.path, changed, saved.extras, saved.version, NOW)
    known = log_of(shop, tmp_path)
    assert known.log.actions == ("hold", "A", "B")
    np.testing.assert_allclose(known.log.propensity, np.array([0.3, 0.35, 0.35])[known.log.action])


def test_a_name_that_stands_twice_among_the_variants_was_drawn_twice_as_often(tmp_path):
    known = log_of(planted(tmp_path, variants=["A", "B", "B"]), tmp_path)
    np.testing.assert_allclose(known.log.propensity, np.array([0.3, 0.7 / 3, 1.4 / 3])[known.log.action])


def test_groups_that_came_out_uneven_are_refused(tmp_path):
    shop = planted(tmp_path)
    (file,) = (shop.path / "assignments").glob("*.parquet")
    pd.read_parquet(file).assign(propensity=0.5).to_parquet(file, index=False)
    with pytest.raises(NotEnoughData, match="Plan Tea: more or fewer were written to"):
        log_of(shop, tmp_path)


def test_a_small_group_is_no_reason_to_think_that_leaving_out_was_tried(tmp_path):
    """Nobody was left out; of the lapsed there are too few to say of a single action that it was never tried there."""
    known = log_of(planted(tmp_path, holdout=0.0), tmp_path)
    known.days_since_order[:] = np.where(np.arange(len(known.log)) < 50, np.inf, 10.0)
    assert from_plan.judge(known, "recent:B").overlap.never_tried == pytest.approx(50 / len(known.log))


# --- the same message ---


def twice(folder, **changed):
    """A plan, and a month later another one for the same people, like it but for `changed`."""
    shop, later = empty(folder), SENT_AT + pd.Timedelta(days=31)
    second = variants_plan(plan_id="p2", starts_at=later.date(), ends_at=date(2026, 2, 12), **changed)
    for one in (variants_plan(), second):
        exported(shop, folder / "config", one, people=PEOPLE)
    return with_orders(shop, bought(of(shop), SENT_AT) + bought(of(shop, "p2"), later, 1))


def test_plans_that_sent_the_same_message_are_one_log_whose_customers_move_together(tmp_path):
    known = log_of(twice(tmp_path, holdout=0.5), tmp_path, "p2")
    assert len(known.log) == 2 * len(PEOPLE) and known.log.cluster.max() + 1 == len(PEOPLE)
    assert set(np.round(known.log.propensity, 9)) == {0.5, 0.25, 0.3, 0.35}
    assert known.notes[0].text() == "Counted together with plan Tea, which sent the same message."
    found = from_plan.judge(known, "everybody:B").headline.value
    assert found.low <= TRUTH["everybody:B"] <= found.high


@pytest.mark.parametrize(
    "changed",
    [{"offer": Offer(kind="percent", discount=0.2, code="TEA20")}, {"steps": [Step(copy={"subject": "Coffee"})]},
     {"window_days": 14}, {"variants": ["A", "B", "C"]}],
)  # fmt: skip
def test_variants_of_another_message_are_other_actions(tmp_path, monkeypatch, changed):
    monkeypatch.setitem(RATE, "C", 0.1)
    monkeypatch.setitem(RATE_RECENT, "C", 0.1)
    shop = twice(tmp_path, **changed)
    assert [len(log_of(shop, tmp_path, one).log) for one in ("p1", "p2")] == [len(PEOPLE)] * 2


def test_of_a_plan_that_was_changed_since_nobody_knows_whether_its_message_was_the_same(tmp_path):
    shop = twice(tmp_path)
    saved = plans.load(shop.path, "p2")
    plans.save(shop.path, saved.plan.model_copy(update={"name": "Tee"}), saved.extras, saved.version, NOW)
    assert len(log_of(shop, tmp_path).log) == len(PEOPLE)


# --- a first test ---


def test_of_a_first_test_the_rest_is_left_out_with_those_left_out_who_stand_for_it(tmp_path):
    shop, config = empty(tmp_path), tmp_path / "config"
    where, staged = (shop.path, shop.shop_id), variants_plan(holdout=0.2, test=FirstTest(share=0.4))
    approvals.submit(*where, staged, {}, "ana", NOW, config)
    approvals.approve(*where, "p1", "ben", "ben", "fits", NOW, config)
    export.export_plans(*where, None, lambda _: PEOPLE, NOW, config, plan_ids=["p1"], stage="test")
    tested = assignments.saved(shop.path)
    before = log_of(with_orders(shop, bought(of(shop), SENT_AT)), tmp_path)
    share = 0.8 * 0.4 / (0.8 * 0.4 + 0.2)  # of the test among test and left out
    np.testing.assert_allclose(before.log.propensity, np.array([1 - share, share / 2, share / 2])[before.log.action])
    winners.record(*where, "p1", "B", {"p": 0.01}, "B won", "ana", datetime(2026, 1, 12), config)
    export.export_plans(*where, None, lambda _: PEOPLE, datetime(2026, 1, 12, 9), config, plan_ids=["p1"], stage="rest")
    after = log_of(store.open_shop(shop.path), tmp_path)
    np.testing.assert_allclose(after.log.propensity, np.array([0.2, 0.4, 0.4])[after.log.action])
    sizes = np.bincount(after.log.action)
    assert sizes[1] + sizes[2] == tested["treated"].sum(), "the rest got the winner, and not by chance"
    assert sizes[0] == pytest.approx(0.4 * (tested["treated"] == 0).sum(), abs=40)
    for log in (before, after):
        found = from_plan.judge(log, "everybody:B").headline.value
        assert found.low <= TRUTH["everybody:B"] <= found.high


# --- another program drew the variants ---


def delivered(shop, shares):
    """Deliveries of a program that left out a fifth and drew variants with these shares."""
    random = np.random.default_rng(3)
    treated = random.random(len(PEOPLE)) < 0.8
    variant = np.where(treated, random.choice(["A", "B"], len(PEOPLE), p=shares), "")
    rows = pd.DataFrame({"campaign_id": "k1", "customer_id": PEOPLE, "sent_at": SENT_AT,
                         "treated": treated.astype(float), "variant": variant, "propensity": 0.8})  # fmt: skip
    campaigns = pd.DataFrame({"campaign_id": ["k1"], "name": ["News"], "channel": ["email"], "starts_at": [SENT_AT],
                              "ends_at": [SENT_AT + pd.Timedelta(days=5)]})  # fmt: skip
    got = dict(zip(PEOPLE, variant, strict=True))
    return with_orders(shop, bought(got, SENT_AT), deliveries=rows, campaigns=campaigns)


def split(shop, folder, names, at):
    """A confirmed split of the campaign's variants that leans to the second."""
    counts = zip(names, (100, 118), strict=True)
    table = pd.DataFrame(
        [{"arm": name, "date": "2026-01-01", "shown": 10_000, "converted": count} for name, count in counts]
    )
    choice = arms.Choice("variants k1", arms.as_arms(table, "x").rows, rate_only=arms.as_arms(table, "x").rate_only)
    found = proposal.propose(choice, delay_days=0.0)
    confirmed.confirm(shop, found, "ana", "ana", "as proposed", at, folder / "config")
    return found.propensities


BEFORE, AFTER = datetime(2026, 1, 3, tzinfo=UTC), datetime(2026, 1, 11, tzinfo=UTC)


def test_variants_of_another_program_count_from_the_split_that_was_confirmed_before_it_sent(tmp_path):
    shop = empty(tmp_path)
    shares = split(shop, tmp_path, "AB", BEFORE)
    assert 0.02 < shares["A"] < 0.4, "an uneven one"
    shop = delivered(shop, [shares["A"], shares["B"]])
    assert from_plan.asked(shop) == {"k1": "News"}
    known = log_of(shop, tmp_path, "k1")
    np.testing.assert_allclose(
        known.log.propensity, np.array([0.2, 0.8 * shares["A"], 0.8 * shares["B"]])[known.log.action]
    )
    for choice in ("everybody:A", "everybody:B"):
        found = from_plan.judge(known, choice).headline.value
        assert found.low <= TRUTH[choice] <= found.high


@pytest.mark.parametrize(
    ("names", "at", "said"),
    [("", BEFORE, "Plan News: how likely each variant was is not on record"),
     ("AB", AFTER, "Plan News: how likely each variant was is not on record"),
     ("AC", BEFORE, "Plan News: variant B was sent, which the confirmed split does not have")],
)  # fmt: skip
def test_without_such_a_split_it_is_refused_by_name(tmp_path, names, at, said):
    shop = empty(tmp_path)
    if names:
        split(shop, tmp_path, names, at)
    with pytest.raises(NotEnoughData, match=said):
        log_of(delivered(shop, [0.5, 0.5]), tmp_path, "k1")


# --- the command ---


def test_the_command_judges_the_variants_of_a_plan(made, tmp_path):
    def ran(*arguments, code=0):
        asked = ["offpolicy", *arguments, "--shop", made.path, "--out", tmp_path / "out.csv"]
        ended = CliRunner().invoke(main, [str(one) for one in asked], catch_exceptions=False)
        assert ended.exit_code == code, ended.stderr
        return ended

    printed = json.loads(ran("--plan", "p1", "--choice", "everybody:B").stdout)
    assert (printed["verdict"], printed["reward_from"], printed["plan_id"]) == ("better", "orders", "p1")
    assert "none of nobody, everybody:A, everybody:B" in ran("--plan", "p1", "--choice", "moved", code=2).stderr
    assert "Say a LOG" in ran("--plan", "p1", code=2).stderr
