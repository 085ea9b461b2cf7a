"""The one assumption that matters most: inputs moved alone over their range, worked by hand."""

import dataclasses

import numpy as np
import pytest

from engine.campaign import sensitivity
from engine.campaign.earnings import Terms
from engine.campaign.sensitivity import Assumption, assumptions, said
from engine.campaign.simulate import Outcomes

# 1,000 people, baskets of 100, 20 % off, margin 50 %, sending 100 in all.
# Written to 5 % order, 2 % anyway: extra 30 x 100 x 0.5 = 1,500, discount 50 x 20 = 1,000, profit 400.
TERMS = Terms(recipients=1_000, off_share=0.2, margin=0.5, send_cost=100.0, minimum_spend=0.0)


def over(low, high):
    """Draws whose 80 % range is low to high."""
    return np.linspace(low - (high - low) / 8, high + (high - low) / 8, 10_001)


def drawn(p=(0.05, 0.045, 0.055), q=(0.02, 0.010, 0.030), value=(100.0, 95.0, 105.0)):
    q_draws = None if q is None else over(*q[1:])
    return Outcomes(p[0], q and q[0], value[0], over(*p[1:]), q_draws, over(*value[1:]))


def by_name(found):
    return {one.name: one for one in found}


def test_each_input_moves_extra_profit_as_worked_by_hand():
    found = by_name(assumptions(drawn(), TERMS, margin_measured=True, cost_assumed=False))
    assert set(found) == {"would_buy_anyway", "order_rate", "order_value"}
    # 40 extra orders at 1 % anyway: 2,000 - 1,000 - 100 = 900; 20 at 3 %: 1,000 - 1,000 - 100 = -100.
    anyway = found["would_buy_anyway"]
    assert (anyway.profit_low, anyway.profit_high) == pytest.approx((900.0, -100.0))
    assert anyway.flips_at == pytest.approx(0.028)  # 22 extra: 1,100 - 1,000 - 100 = 0
    # 45 orders, 25 of them extra: 1,250 - 900 - 100; 55 and 35: 1,750 - 1,100 - 100.
    assert (found["order_rate"].profit_low, found["order_rate"].profit_high) == pytest.approx((250.0, 550.0))
    # 30 x 95 x 0.5 - 50 x 95 x 0.2 - 100; the same of 105.
    assert (found["order_value"].profit_low, found["order_value"].profit_high) == pytest.approx((375.0, 425.0))


def test_the_input_that_moves_profit_most_comes_first():
    wide_p = assumptions(drawn(p=(0.05, 0.01, 0.09), q=(0.02, 0.019, 0.021)), TERMS, True, False)
    assert [one.name for one in wide_p] == ["order_rate", "would_buy_anyway", "order_value"]
    assert [one.swing for one in wide_p] == sorted((one.swing for one in wide_p), reverse=True)


def test_a_margin_and_a_cost_that_nobody_measured_are_inputs_too():
    handed_over = dataclasses.replace(TERMS, off_share=0.0, handed=20.0)  # as much per order as 20 % of 100
    found = by_name(assumptions(drawn(), handed_over, margin_measured=False, cost_assumed=True))
    # Margins of 40 and 60 %: 30 x 100 x 0.4 - 1,100 = 100 and 700. Costs of 10 and 30 an order: 900 and -100.
    assert (found["margin"].profit_low, found["margin"].profit_high) == pytest.approx((100.0, 700.0))
    assert (found["offer_cost"].profit_low, found["offer_cost"].profit_high) == pytest.approx((900.0, -100.0))
    assert (found["offer_cost"].low, found["offer_cost"].value, found["offer_cost"].high) == (10.0, 20.0, 30.0)


def test_the_sentence_names_where_a_plan_that_pays_begins_to_lose():
    most, *_ = assumptions(drawn(), TERMS, True, False)
    sentence = said(most, 400.0, "EUR")
    assert sentence.text() == (
        "What matters most: how many would have bought anyway; at 2.9 % instead of 2.0 % this plan loses money."
    ), "at 2.8 % it would earn exactly nothing"
    assert "本来就会购买的比例" in sentence.text("zh") and "2.9 %" in sentence.text("zh")


def test_the_sentence_names_where_a_plan_that_loses_would_pay():
    dear = dataclasses.replace(TERMS, send_cost=600.0)  # 1,500 - 1,000 - 600 = -100
    most, *_ = assumptions(drawn(), dear, True, False)
    assert said(most, -100.0, "EUR").text().endswith("at 1.7 % instead of 2.0 % this plan would pay.")


@pytest.mark.parametrize(
    ("sending", "words"),
    [(0.0, "even at 2.2 % instead of 2.0 % this plan still pays."),
     (5_000.0, "even at 1.8 % instead of 2.0 % this plan still loses money.")],
)  # fmt: skip
def test_what_would_not_turn_the_plan_is_said_with_the_end_that_speaks_against_it(sending, words):
    terms = dataclasses.replace(TERMS, send_cost=sending)
    narrow = drawn(p=(0.05, 0.0499, 0.0501), q=(0.02, 0.018, 0.022), value=(100.0, 99.9, 100.1))
    most, *_ = assumptions(narrow, terms, True, False)
    assert said(most, 500.0 - sending, "EUR").text().endswith(words)


def test_without_people_held_out_what_nobody_knows_matters_most():
    most, *_ = assumptions(drawn(q=None), TERMS, True, False)
    assert (most.name, most.unknown, most.low, most.high) == ("would_buy_anyway", True, 0.0, 0.05)
    # 50 x 100 x 0.5 - 1,100 = 1,400 if nobody would have; nothing is left where 22 of 50 are extra, at 2.8 %.
    assert said(most, 1_400.0, "EUR").text().endswith("if 2.9 % of those written to would have, this plan loses money.")
    dear = dataclasses.replace(TERMS, send_cost=2_000.0)
    most, *_ = assumptions(drawn(q=None), dear, True, False)
    assert said(most, -500.0, "EUR").text().endswith("even if none would have, this plan loses money.")


def test_money_is_said_in_the_shops_currency():
    one = Assumption("order_value", 100.0, 80.0, 120.0, -50.0, 450.0, 84.0)
    assert (
        said(one, 200.0, "EUR")
        .text()
        .endswith("what an order is worth; at 83.99 EUR instead of 100.00 EUR this plan loses money.")
    )


def test_every_input_has_its_words():
    for name in sensitivity.Input.__args__:
        one = Assumption(name, 0.02, 0.01, 0.03, 900.0, -100.0, 0.028)
        assert said(one, 400.0, "EUR").text("zh")
