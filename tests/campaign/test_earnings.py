"""What always holds for money, whatever the plan."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import terms
from engine.campaign import baskets, earnings, offers
from engine.campaign.earnings import Terms
from engine.shop.store import create_shop

shares = st.floats(0, 0.9)
rates = st.floats(0, 1)
money = st.floats(0, 1_000)
plans = st.builds(
    Terms, recipients=st.integers(0, 100_000), off_share=shares, margin=st.just(0.0) | st.floats(1e-6, 0.9),
    send_cost=money, minimum_spend=money, kept=st.floats(0.1, 1), handed=st.floats(0, 50),
)  # fmt: skip
orders = st.lists(st.floats(1, 500), min_size=1, max_size=30)
sizes = st.floats(0.01, 0.95)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return create_shop(tmp_path_factory.mktemp("shop") / "bare", {})


@given(plans, rates, rates, st.floats(1, 1_000))
def test_profit_is_what_extra_orders_earn_less_what_all_of_them_and_the_sending_cost(plan, p, q, value):
    found = earnings.money(p, q, value, plan)
    earned = found["extra_orders"] * value * plan.kept * plan.margin
    assert found["extra_profit"] == pytest.approx(earned - found["discount_cost"] - plan.send_cost, abs=1e-6)
    assert found["orders"] == pytest.approx(found["extra_orders"] + found["would_buy_anyway"], abs=1e-6)
    assert found["discount_on_anyway"] <= found["discount_cost"] + 1e-6 or q > p


@given(plans, rates, rates, rates, st.floats(1, 1_000))
def test_profit_is_additive_over_groups(plan, p, q, part, value):
    """Two parts of the people earn together what all of them do; sending is shared by their size."""
    first = round(part * plan.recipients)
    sizes = (first, plan.recipients - first)
    shared = [plan.send_cost * (size / plan.recipients if plan.recipients else 0.5) for size in sizes]
    parts = [
        earnings.money(p, q, value, Terms(size, plan.off_share, plan.margin, sent, 0.0, plan.kept, plan.handed))
        for size, sent in zip(sizes, shared, strict=True)
    ]
    whole = earnings.money(p, q, value, plan)
    for name in ("orders", "extra_orders", "revenue", "discount_cost", "extra_profit"):
        assert sum(one[name] for one in parts) == pytest.approx(whole[name], rel=1e-9, abs=1e-6), name


@given(plans, rates, st.floats(1, 1_000))
def test_without_a_holdout_all_orders_count_as_if_nobody_would_buy_anyway(plan, p, value):
    attributed, nobody = earnings.money(p, None, value, plan), earnings.money(p, 0.0, value, plan)
    assert attributed["would_buy_anyway"] is attributed["discount_on_anyway"] is None
    for name in ("orders", "extra_orders", "revenue", "discount_cost", "extra_profit", "roi"):
        assert attributed[name] == nobody[name], name


@given(plans, st.floats(0, 0.5), st.floats(1, 1_000))
def test_at_the_break_even_nothing_is_earned(plan, q, value):
    anyway = plan.recipients * q
    extra = earnings.break_even(anyway, value, plan)
    if extra is None or not plan.recipients:
        return
    found = earnings.money(q + extra / plan.recipients, q, value, plan)
    assert found["extra_profit"] == pytest.approx(0, abs=1e-6 * (1 + found["discount_cost"] + plan.send_cost))


@settings(max_examples=50)
@given(orders, st.sampled_from(["percent", "amount"]), sizes, sizes, st.floats(0, 300), st.none() | st.floats(1, 50))
def test_more_discount_never_costs_less_at_equal_orders(shop, values, kind, one, other, least, most):
    past = _past(values)
    small, large = sorted((one, other))
    unit = 1 if kind == "percent" else 100
    asked = [
        {"kind": kind, "discount": unit * size, "min_spend": least, "max_discount": most} for size in (small, large)
    ]
    costs = [offers.cost(shop, offer, past, 80.0).per_order for offer in asked]
    assert costs[0] <= costs[1] + 1e-9


@settings(max_examples=50)
@given(orders, sizes, st.floats(0, 300), st.floats(0, 300))
def test_a_higher_minimum_spend_never_costs_more(shop, values, size, one, other):
    low, high = sorted((one, other))
    offered = [{"kind": "percent", "discount": size, "min_spend": least} for least in (low, high)]
    costs = [offers.cost(shop, offer, _past(values), 80.0).per_order for offer in offered]
    assert costs[1] <= costs[0] + 1e-9


def _past(values):
    """Orders of these values, every second one with 10 % off already."""
    value = np.array(values)
    other = np.where(np.arange(len(value)) % 2 == 0, 0.1 * value, 0.0)
    blank = np.full(len(value), "", dtype=object)
    one, unknown = np.ones(len(value)), np.full(len(value), np.nan)
    return replace(baskets.lognormal(0.0), value=value, other=other, code=blank, rank=one, shipping=unknown)


def test_what_stays_of_a_price_is_without_tax_and_returns():
    assert terms.kept_share(tax_share=1 / 6, return_rate=0.1) == pytest.approx(0.75)
