"""What writing changes: scores and ranks worked by hand, planted effects, and no gain claimed where there is none."""

import os
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest

from engine.campaign.uplift import advice, crossfit, learners
from engine.campaign.uplift.advice import Option
from engine.campaign.uplift.crossfit import FOLDS, Estimate, mean, spread
from engine.campaign.uplift.learners import NAMES, Trial
from engine.campaign.uplift.worth import HeldOut, Money, _verdict, worth
from tests.campaign import randomised

SIMULATIONS, CUSTOMERS = (200, 2_000) if os.environ.get("OFFERLAB_FULL") == "1" else (12, 1_000)


def one_row(treated: float, converted: float, propensity: float = 0.8) -> Trial:
    return Trial(np.zeros((1, 1)), *(np.array([value]) for value in (treated, converted, propensity)))


# --- scores ---


def test_the_score_of_one_row_is_that_worked_by_hand():
    # 0.3 + (1 - 0.3) / 0.8 - 0.1 of a buyer written to; 0.3 - (0.1 + (0 - 0.1) / 0.2) of a holdout who did not buy.
    assert learners.scores(one_row(1, 1), np.array([0.3]), np.array([0.1])) == pytest.approx([1.075])
    assert learners.scores(one_row(0, 0), np.array([0.3]), np.array([0.1])) == pytest.approx([0.7])


def test_scores_are_right_on_average_however_wrong_the_models_are():
    sent, not_sent, chance = 0.3, 0.1, 0.8
    effect = anyway = 0.0
    for treated, converted in product((1, 0), (1, 0)):
        ordered = sent if treated else not_sent
        weight = (chance if treated else 1 - chance) * (ordered if converted else 1 - ordered)
        row = one_row(treated, converted, chance)
        effect += weight * learners.scores(row, np.array([0.9]), np.array([0.6]))[0]
        anyway += weight * learners.scores_anyway(row, np.array([0.6]))[0]
    assert effect == pytest.approx(sent - not_sent)
    assert anyway == pytest.approx(not_sent)


def test_the_qini_of_four_customers_is_that_worked_by_hand():
    gamma, fold = np.array([0.4, 0.2, 0.0, -0.2]), np.zeros(4, dtype=int)
    best = np.array([4.0, 3.0, 2.0, 1.0])

    def qini(score):
        return crossfit._qini_parts(score, gamma, fold).mean()

    # (0.3 x 0.375 + 0.1 x 0.125) x 2 / 4: effects above the mean times ranks above the middle.
    assert qini(best) == pytest.approx(0.0625)
    assert qini(-best) == pytest.approx(-0.0625)
    assert qini(np.ones(4)) == 0.0


def test_rows_of_one_customer_count_as_one():
    part, campaign = np.array([1.0, 1.0, -1.0, -1.0]), np.zeros(4, dtype=int)
    assert spread(part, np.arange(4), campaign) == pytest.approx(np.sqrt(4 * 4 / 3) / 4)
    assert spread(part, np.array([0, 0, 1, 1]), campaign) == pytest.approx(1.0)


def test_campaigns_that_differ_make_an_average_less_sure():
    campaign = np.repeat(np.arange(10), 50)
    differing = np.where(campaign % 2 == 0, 1.0, -1.0)
    alike = np.tile([1.0, -1.0], 250)
    customer = np.arange(500)
    assert mean(alike, customer, campaign).high < 0.2
    # Ten campaigns of +1 or -1: standard error sqrt(10 / 9 / 10), Student's t with 9 degrees, 1.833.
    assert mean(differing, customer, campaign).high == pytest.approx(1.833 * np.sqrt(1 / 9), rel=1e-3)


# --- learners ---


def test_every_learner_finds_a_gradual_effect():
    data = randomised.drawn("gradual", 20_000, 3)
    found = randomised.cross_fitted(data)
    assert set(found.qini) == {"t", "x", "dr", "dr_trees"}
    assert all(one.low > 0 for one in found.qini.values())
    assert found.chosen == max(found.qini, key=lambda name: found.qini[name].value)
    expected = found.line.effect(found.effect.predict(data.matrix))
    assert np.corrcoef(expected, data.effect)[0, 1] > 0.8
    assert expected.mean() == pytest.approx(found.average.value, abs=0.002)


def test_where_half_gain_and_half_lose_choosing_pays_and_finds_the_half():
    data = randomised.drawn("half", 16_000, 1)
    found = randomised.cross_fitted(data)
    said = worth(randomised.held_out(found), Money(margin=50.0, cost=1.0))
    assert said.verdict == "choosing_pays"
    assert found.qini[found.chosen].low > 0
    written = randomised.held_out(found).effect * 50 > 1
    pays = data.effect * 50 - 1
    assert (written == (pays > 0)).mean() > 0.85
    assert np.where(written, pays, 0).mean() > max(pays.mean(), 0)


def test_what_a_fold_is_told_does_not_hang_on_the_level_of_its_model():
    """Models of the other folds have seen this one's orders: where they lie higher, nobody here is worth less."""
    random = np.random.default_rng(0)
    every, gamma = random.normal(size=(FOLDS, len(NAMES), 500)), random.normal(size=500)
    fold, own = np.arange(500) % FOLDS, np.arange(500)
    higher = every + np.linspace(0.0, 2.0, FOLDS)[:, None, None]
    one, other = (crossfit._held_out(scores, gamma, fold, own, own * 0) for scores in (every, higher))
    np.testing.assert_allclose(one, other, rtol=1e-9)


def test_the_same_seed_gives_the_same_answer():
    data = randomised.drawn("half", 1_000, 5)
    first, second = (randomised.cross_fitted(data, seed=2) for _ in range(2))
    np.testing.assert_array_equal(first.held_out, second.held_out)
    assert (first.chosen, first.line, first.qini) == (second.chosen, second.line, second.qini)


@pytest.fixture(scope="module")
def simulated() -> pd.DataFrame:
    """What was said, and what was true, of many draws without any effect."""
    rows = []
    for seed in range(SIMULATIONS):
        data = randomised.drawn("nothing", CUSTOMERS, seed)
        found = randomised.cross_fitted(data)
        said = worth(randomised.held_out(found), Money(margin=50.0, cost=1.0))
        saved = (1 - (found.held_out * 50 > 1)).mean()  # of every message left out its cost, and nothing else
        rows.append(
            {
                "average": found.average.low <= 0 <= found.average.high,
                "gain": said.against_all.low <= saved <= said.against_all.high,
                "claimed": said.verdict == "choosing_pays",
            }
        )
    return pd.DataFrame(rows)


def test_intervals_hold_the_truth_about_as_often_as_they_say(simulated):
    # Three standard errors of the simulation below 90 %.
    least = 0.9 - 3 * np.sqrt(0.9 * 0.1 / SIMULATIONS)
    assert simulated["average"].mean() >= least
    assert simulated["gain"].mean() >= least


def test_without_an_effect_hardly_ever_a_gain_is_claimed(simulated):
    assert simulated["claimed"].mean() <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / SIMULATIONS)


# --- what choosing is worth ---


def held_out(effect, gamma, anyway=None, gamma_anyway=None) -> HeldOut:
    zero, own = np.zeros(len(effect)), np.arange(len(effect))
    return HeldOut(
        np.array(effect), zero if anyway is None else np.array(anyway), np.array(gamma),
        zero if gamma_anyway is None else np.array(gamma_anyway), own, np.zeros(len(own), dtype=int), 0.0,
    )  # fmt: skip


def test_the_gain_of_choosing_is_what_those_left_out_would_have_lost():
    said = worth(held_out([0.1, 0.1, 0.0, 0.0], [0.2, 0.0, -0.1, 0.1]), Money(margin=100.0, cost=2.0))
    # Written to: (20 - 2) and (0 - 2); left out: (-10 - 2) and (10 - 2).
    assert said.against_none.value == pytest.approx((18 - 2) / 4)
    assert said.against_all.value == pytest.approx((12 - 8) / 4)
    assert said.all_against_none.value == pytest.approx((18 - 2 - 12 + 8) / 4)
    assert said.share_written_to == 0.5


def test_money_off_goes_to_those_who_would_buy_anyway_too():
    money = Money(margin=40.0, cost=1.0, off=10.0, pull=2.0, usual=0.5)
    # 40 x 0.1 - 10 x (0.1 + 0.2) - 1, from past rates 0.05 and 0.4.
    assert money.profit(np.array([0.05]), np.array([0.4])) == pytest.approx([0.0])


def test_where_everyone_is_written_to_there_is_no_gain_against_all():
    said = worth(held_out([0.1] * 50, [0.1, 0.3] * 25), Money(margin=100.0, cost=2.0))
    assert (said.against_all, said.verdict) == (Estimate(0.0, 0.0, 0.0), "write_to_all")


@pytest.mark.parametrize(
    ("against_all", "against_none", "everyone", "verdict"),
    [
        ((1, 3), (2, 4), (-1, 2), "choosing_pays"),
        ((-1, 3), (2, 4), (1, 3), "write_to_all"),
        ((1, 3), (-1, 1), (-3, -1), "write_to_nobody"),  # less is lost by choosing; not writing at all loses nothing
        ((-1, 3), (-1, 4), (-1, 3), "not_known"),
        ((1, 3), (-1, 4), (-1, 3), "not_known"),
    ],
)
def test_choosing_is_said_to_pay_only_where_it_beats_all_and_nobody(against_all, against_none, everyone, verdict):
    assert _verdict(*(Estimate(sum(one) / 2, *one) for one in (against_all, against_none, everyone))) == verdict


def test_past_messages_are_weighted_to_look_like_other_customers():
    past = held_out(np.linspace(0, 1, 1_000), np.linspace(0, 1, 1_000))
    weight = past.like(np.linspace(0.5, 1, 300))
    assert weight.mean() == pytest.approx(1.0)
    assert weight[:400].max() < 0.05
    assert np.average(past.gamma, weights=weight) == pytest.approx(0.75, abs=0.02)
    np.testing.assert_allclose(past.like(past.effect), 1.0)


# --- advice ---


def scored(uplift, anyway, half=0.005) -> pd.DataFrame:
    table = pd.DataFrame({"uplift": uplift, "anyway": anyway}).astype("float64")
    ends = {
        f"{kind}{end}": table["uplift"] + sign * half
        for kind in ("", "alike_")
        for end, sign in (("low", -1), ("high", 1))
    }
    return table.assign(**ends)


OFFER = Option(extra=0.03, anyway=0.05, gain=40.0, off=10.0, cost=0.1)
FULL = Option(extra=0.015, anyway=0.05, gain=40.0, off=0.0, cost=0.1)


def test_who_would_buy_anyway_gets_no_discount_and_whom_writing_drives_away_no_message():
    moved, loyal, driven_away = 0, 1, 2
    found = advice.recommend(scored([0.05, 0.004, -0.03], [0.01, 0.30, 0.10]), OFFER, FULL)
    assert found["advice"].tolist() == ["offer", "full_price", "none"]
    assert found.loc[loyal, "profit"] < 0 < found.loc[moved, "profit"]
    assert found.loc[driven_away, "extra"] < 0


def test_a_discount_that_pays_only_if_all_goes_well_is_not_recommended():
    # On average 0.03 x 40 - 0.08 x 10 - 0.1 = 0.30 with the offer, 0.005 x 40 - 0.1 = 0.10 without.
    full = replace(FULL, extra=0.005)
    sure, unsure = (advice.recommend(scored([0.05] * 4, [0.02] * 4, half), OFFER, full) for half in (0.001, 0.06))
    np.testing.assert_allclose(sure["profit"], 0.3)
    assert set(sure["advice"]) == {"offer"}
    assert set(unsure["advice"]) == {"full_price"}
    assert (unsure["profit"] > 0).all()


def test_extra_orders_add_up_to_the_forecast():
    found = advice.recommend(scored([0.05, 0.01, -0.02, 0.0], [0.1, 0.1, 0.0, 0.3]), OFFER, FULL)
    assert found["extra"].mean() == pytest.approx(OFFER.extra)


def test_full_price_is_not_recommended_where_it_was_never_tried():
    found = advice.recommend(scored([0.05, 0.004, -0.03], [0.01, 0.30, 0.10]), OFFER, None)
    assert found["advice"].tolist() == ["offer", "none", "none"]


@pytest.mark.parametrize("customers", [1, 3, 17])
def test_bands_hold_every_customer_once_the_most_moved_first(customers):
    found = advice.recommend(scored(np.linspace(-0.02, 0.05, customers), [0.05] * customers), OFFER, FULL)
    table = advice.bands(found)
    assert table["customers"].sum() == table[list(advice.CHOICES)].to_numpy().sum() == customers
    assert table["extra"].is_monotonic_decreasing
    assert len(table) == min(customers, 5)
    assert ((table["low"] <= table["extra"]) & (table["extra"] <= table["high"])).all()
