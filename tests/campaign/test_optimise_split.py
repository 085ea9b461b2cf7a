"""One budget over several groups: never over a limit, as good as trying everything, and never worse with more."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.campaign.optimise.split import MORE, Item, split

MONEY = st.floats(0, 1000, allow_nan=False).map(lambda amount: round(amount, 2))
WORTH = st.floats(-500, 1000, allow_nan=False).map(lambda amount: round(amount, 2))
UNITS = st.dictionaries(st.sampled_from(["tea", "cup"]), st.integers(0, 40).map(float), max_size=2)
ITEMS = st.lists(st.builds(Item, WORTH, MONEY, UNITS), min_size=0, max_size=4)
GROUPS = st.lists(ITEMS, min_size=0, max_size=4)
BUDGET = st.none() | MONEY
STOCK = st.dictionaries(st.sampled_from(["tea", "cup"]), st.integers(0, 80).map(float), max_size=2)
# The solver keeps a limit to a millionth of it.
SLACK = 1 + 1e-6


def total(groups, chosen, of):
    return sum(of(items[k]) for items, k in zip(groups, chosen, strict=True) if k is not None)


def keeps(groups, chosen, budget, stock, slack=SLACK):
    if budget is not None and total(groups, chosen, lambda item: item.cost) > budget * slack:
        return False
    return all(
        total(groups, chosen, lambda item, p=product_id: item.units.get(p, 0.0)) <= count * slack
        for product_id, count in stock.items()
    )


def best_of_all(groups, budget, stock, slack):
    """Worth of the best of all choices, by trying every one."""
    every = product(*[[None, *range(len(items))] for items in groups])
    return max(total(groups, one, lambda item: item.worth) for one in every if keeps(groups, one, budget, stock, slack))


@given(GROUPS, BUDGET, STOCK)
@settings(max_examples=60, deadline=None)
def test_a_split_keeps_every_limit_and_no_choice_is_better(groups, budget, stock):
    found = split(groups, budget, stock)
    assert len(found.chosen) == len(groups)
    assert keeps(groups, found.chosen, budget, stock)
    assert found.worth == pytest.approx(total(groups, found.chosen, lambda item: item.worth))
    # Between what is allowed exactly and what the solver's tolerance allows.
    least, most = best_of_all(groups, budget, stock, 1.0), best_of_all(groups, budget, stock, SLACK)
    assert least - 1e-6 <= found.worth <= most + 1e-6


@given(GROUPS, MONEY, MONEY, STOCK)
@settings(max_examples=40, deadline=None)
def test_more_budget_never_earns_less(groups, budget, more, stock):
    assert split(groups, budget + more, stock).worth >= split(groups, budget, stock).worth - 1e-6


@given(GROUPS, BUDGET, STOCK)
@settings(max_examples=20, deadline=None)
def test_the_same_question_has_the_same_answer(groups, budget, stock):
    assert split(groups, budget, stock) == split(groups, budget, stock)


def test_the_cheaper_plan_is_taken_where_both_groups_then_fit():
    """By hand: 60 + 50 = 110 is over 100, so that the larger plan of one group makes way: 40 + 50 = 90."""
    groups = [[Item(100, 60, {}), Item(80, 40, {})], [Item(70, 50, {})]]
    found = split(groups, 100.0, {})
    assert found.chosen == [1, 0]
    assert found.worth == 150


def test_one_more_unit_of_budget_earns_what_the_budget_keeps_out():
    """By hand: at 100 the plan of 101 does not fit; with 1 % more it does, and brings 30 - 20 = 10 for 1."""
    groups = [[Item(30, 101, {}), Item(20, 50, {})]]
    assert split(groups, 100.0, {}).next_unit == pytest.approx(10 / (100 * MORE))
    assert split(groups, 200.0, {}).next_unit == 0
    assert split(groups, None, {}).next_unit is None


def test_two_groups_share_one_stock():
    groups = [[Item(10, 1, {"tea": 6.0})], [Item(9, 1, {"tea": 6.0}), Item(5, 1, {"tea": 4.0})]]
    assert split(groups, None, {"tea": 10.0}).chosen == [0, 1]
    assert split(groups, None, {"tea": 5.0}).chosen == [None, 1]
    assert split(groups, None, {}).chosen == [0, 0]


def test_a_plan_that_loses_is_never_chosen_and_without_a_budget_nothing_is_sent():
    assert split([[Item(-5, 1, {}), Item(0, 0, {})]], 100.0, {}).chosen == [None]
    assert split([[Item(5, 1, {})]], 0.0, {}).chosen == [None]
    assert split([[Item(5, 0, {})]], 0.0, {}).chosen == [0]
