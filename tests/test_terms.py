"""The formulas on worked examples, done by hand in the comments."""

import doctest

import pytest

from engine import terms


def test_rates_of_a_message():
    # 2,000 delivered, 90 clicked, 18 ordered for 1,260.00
    assert terms.ctr(90, 2_000) == 0.045
    assert terms.order_rate(18, 2_000) == 0.009
    assert terms.cvr(18, 90) == 0.2
    assert terms.aov(1_260, 18) == 70.0


def test_return_on_advertising_spend():
    assert terms.roas(500, 250) == 2.0  # twice the money back, before margin


@pytest.mark.parametrize(
    ("control", "variant", "expected"), [(0.04, 0.05, 0.25), (0.05, 0.04, -0.2), (0.05, 0.05, 0.0)]
)
def test_lift_is_relative_to_the_control(control, variant, expected):
    assert terms.lift(control, variant) == pytest.approx(expected)


@pytest.mark.parametrize(
    "blank",
    [terms.ctr(0, 0), terms.order_rate(0, 0), terms.cvr(3, 0), terms.aov(0, 0), terms.roas(10, 0), terms.lift(0, 0.1),
     terms.ratio(1, 0), terms.textbook_roi(0.1, 50, 0)],
)  # fmt: skip
def test_a_ratio_over_nothing_is_unknown_and_not_zero(blank):
    assert blank is None


def test_money_of_a_campaign_with_a_discount():
    # 1,000 messages at 0.01; 60 orders of 50.00 at 20 % off, of which 45 would have come anyway; margin 40 %.
    extra_gross_profit = terms.gross_profit(15 * 50.0, 0.4)  # 750 x 0.4 = 300
    discount = 60 * 50.0 * 0.2  # 600: everyone who uses it, not only the 15 extra
    assert extra_gross_profit == 300.0
    assert terms.extra_profit(extra_gross_profit, discount, 10.0) == -310.0
    assert terms.roi(-310.0, discount, 10.0) == pytest.approx(-310 / 610)
    # The textbook ratio calls the same campaign a success: 6 % x 50 / 10 = 0.3 per coupon of 10.
    assert terms.textbook_roi(0.06, 50.0, 10.0) == pytest.approx(0.3)


def test_roi_is_minus_one_when_nothing_is_sold():
    assert terms.roi(terms.extra_profit(0.0, 0.0, 40.0), 0.0, 40.0) == -1.0


@pytest.mark.parametrize(
    ("discount", "send", "least", "expected"),
    [(0.0, 0.0, 0.0, None), (5.0, 4.0, 10.0, None), (5.0, 5.0, 10.0, 0.3), (0.0, 0.0, 10.0, None)],
)
def test_roi_is_blank_where_too_little_was_spent_to_divide_by(discount, send, least, expected):
    assert terms.roi(3.0, discount, send, least) == expected


def test_the_examples_in_the_formulas_are_right():
    result = doctest.testmod(terms)
    assert result.attempted >= 2
    assert result.failed == 0


def test_a_fifth_off_leaves_31_of_45_points_of_margin():
    # list 100, cost 55: at 80 paid, 25 / 80 is left
    assert terms.margin_after_discount(margin=0.45, off_share=0.20) == pytest.approx(25 / 80)


def test_break_even_pays_for_the_discount_of_those_who_buy_anyway():
    # 50 x 80 x 20 % = 800 given away, 4 to send; each extra order earns 80 x (45 % - 20 %) = 20
    orders = terms.break_even_orders(anyway_orders=50, order_value=80.0, margin=0.45, off_share=0.20, send_cost=4.0)
    assert orders == pytest.approx(804 / 20)


def test_a_discount_above_the_margin_never_breaks_even():
    assert terms.break_even_orders(50, 80.0, margin=0.2, off_share=0.2, send_cost=4.0) is None
