"""The draw of a plan with a first test: alike in every band, fair, and the same whatever the order."""

from collections import Counter
from math import ceil, floor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.decision import evenly
from engine.decision.evenly import OF_VARIANT, STAGE, draw

SHARES = st.sampled_from([0.05, 0.1, 0.2, 0.25, 0.3, 1 / 3, 0.5, 0.75, 0.9])
HOLDOUTS = st.sampled_from([0.0, 0.05, 0.1, 0.2, 0.5])


@st.composite
def audiences(make):
    people = make(st.lists(st.text("0123456789abcé王 ", min_size=1, max_size=6), unique=True, max_size=120))
    return {one: make(st.sampled_from(["", "0/1", "1/2", "4/0"])) for one in people}


@given(
    audiences(), HOLDOUTS, st.integers(2, 4), st.sampled_from([1.0, 0.5, 0.3]), SHARES, st.integers(0, 9),
    st.randoms(use_true_random=False),
)  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_everybody_once_alike_in_every_band_whatever_the_order(bands, holdout, count, share, test, seed, shuffled):
    variants = list("ABCD")[:count]
    people = list(bands)
    table = draw("p1", people, bands, holdout, variants, share, test, seed)
    assert table["customer_id"].is_unique and set(table["customer_id"]) <= set(people)
    assert len(people) * share - 1 < len(table) < len(people) * share + 1
    treated, held = evenly.sizes("p1", len(people), share, holdout, seed)
    assert (table[STAGE].ne("").sum(), table[STAGE].eq("").sum()) == (treated, held)
    by_band = table.assign(band=table["customer_id"].map(bands)).groupby("band")
    for _, band in by_band:
        within(band[STAGE].eq("").sum(), len(band) * holdout)
        within(band[STAGE].eq("test").sum(), band[STAGE].ne("").sum() * test)
        of_variants = Counter(band.loc[band[STAGE].eq("test"), "variant"])
        counts = [of_variants[one] for one in variants]
        assert max(counts) - min(counts) <= 1
    assert table["treated"].eq(table[STAGE].eq("test").astype(int)).all()
    assert table["variant"].ne("").eq(table[STAGE].eq("test")).all()
    assert set(table.loc[table[STAGE].eq("test"), OF_VARIANT]) <= {round(1 / count, 12)}
    mixed = list(people)
    shuffled.shuffle(mixed)
    again = draw("p1", mixed, bands, holdout, variants, share, test, seed).set_index("customer_id")
    assert again.loc[table["customer_id"]].equals(table.set_index("customer_id"))


def within(count, expected):
    assert floor(round(expected, 9)) <= count <= ceil(round(expected, 9)), (count, expected)


def test_each_customer_has_the_same_chance_of_every_group():
    people = [f"c{n}" for n in range(17)]
    bands = {one: "a" if n < 6 else "b" for n, one in enumerate(people)}
    runs = 800
    in_test, held, variant_a = np.zeros(17), np.zeros(17), np.zeros(17)
    for seed in range(runs):
        table = draw("p1", people, bands, 0.2, ["A", "B", "C"], 1.0, 0.3, seed)
        in_test += table[STAGE].eq("test").to_numpy()
        held += table[STAGE].eq("").to_numpy()
        variant_a += table["variant"].eq("A").to_numpy()
    error = 4.5 * np.sqrt(0.25 / runs)  # 4.5 standard errors at most, for 51 comparisons
    assert held / runs == pytest.approx(np.full(17, 0.2), abs=error)
    assert in_test / runs == pytest.approx(np.full(17, 0.8 * 0.3), abs=error)
    assert variant_a / runs == pytest.approx(np.full(17, 0.8 * 0.3 / 3), abs=error)


def test_the_propensity_is_the_chance_of_the_test_among_test_and_holdout():
    people = [f"c{n}" for n in range(10_000)]
    table = draw("p1", people, {}, 0.1, ["A", "B"], 1.0, 0.2)
    compared = table[table[STAGE].ne("rest")]
    assert compared["treated"].mean() == pytest.approx(compared["propensity"].iloc[0], abs=1e-3)
    assert (table[STAGE].eq("test").sum(), table[STAGE].eq("").sum()) == (1_800, 1_000)


def test_the_same_question_has_the_same_answer_for_ever():
    # Written down once: a changed hash would move customers between test and rest in a running campaign.
    table = draw("p1", ["007", "NA", "王芳", "a b", "c", "d"], {"c": "x"}, 0.2, ["A", "B"], 1.0, 0.5)
    assert list(zip(table[STAGE], table["variant"], strict=True)) == [
        ("test", "A"), ("test", "B"), ("rest", ""), ("rest", ""), ("rest", ""), ("", "")
    ]  # fmt: skip


def test_plans_and_seeds_draw_differently():
    people = [f"c{n}" for n in range(400)]
    first = draw("p1", people, {}, 0.5, ["A", "B"], 1.0, 0.5)[STAGE]
    for plan_id, seed in (("p2", 0), ("p1", 1)):
        other = draw(plan_id, people, {}, 0.5, ["A", "B"], 1.0, 0.5, seed)[STAGE]
        assert (first == other).mean() < 0.6


def test_nobody_is_nobody():
    assert list(draw("p1", [], {}, 0.1, ["A", "B"], 1.0, 0.2).columns) == evenly.COLUMNS
