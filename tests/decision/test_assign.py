"""Who is sent what can be computed again, and is fair."""

import pandas as pd
import pytest

from engine.decision.assign import assign

MANY = [f"c{number}" for number in range(20_000)]


def test_the_table_says_who_what_and_how_likely():
    table = assign("p1", ["c2", "c1"], holdout=0.0, variants=["A"], audience_share=1.0, seed=0)
    assert table.to_dict("list") == {
        "customer_id": ["c2", "c1"],
        "treated": [1, 1],
        "variant": ["A", "A"],
        "propensity": [1.0, 1.0],
    }


def test_the_same_question_has_the_same_answer_for_ever():
    # Written down once: a changed hash would move customers between holdout and message in a running campaign.
    table = assign("p1", ["007", "NA", "王芳", "a b"], holdout=0.5, variants=["A", "B"], audience_share=1.0, seed=0)
    assert list(zip(table["treated"], table["variant"], strict=True)) == [(1, "B"), (1, "A"), (0, ""), (1, "B")]


def test_shares_are_what_was_asked_for():
    table = assign("p1", MANY, holdout=0.1, variants=["A", "B", "C"], audience_share=0.5, seed=0)
    assert len(table) == pytest.approx(10_000, abs=300)  # 4 standard errors
    assert table["treated"].mean() == pytest.approx(0.9, abs=0.012)
    treated = table[table["treated"] == 1]
    assert treated["variant"].value_counts(normalize=True).tolist() == pytest.approx([1 / 3] * 3, abs=0.02)
    assert set(table.loc[table["treated"] == 0, "variant"]) == {""}
    assert set(table["propensity"]) == {0.9}


def test_the_order_of_the_audience_is_kept_and_decides_nothing():
    forwards = assign("p1", MANY[:500], 0.3, ["A", "B"], 0.7, seed=3)
    backwards = assign("p1", MANY[499::-1], 0.3, ["A", "B"], 0.7, seed=3)
    assert backwards["customer_id"].tolist() == forwards["customer_id"].tolist()[::-1]
    pd.testing.assert_frame_equal(forwards, backwards.iloc[::-1].reset_index(drop=True))


def test_a_larger_audience_moves_nobody():
    few = assign("p1", MANY[:100], 0.3, ["A", "B"], 0.7, seed=0)
    more = assign("p1", MANY[:200], 0.3, ["A", "B"], 0.7, seed=0)
    pd.testing.assert_frame_equal(few, more.head(len(few)))


def test_a_larger_share_or_smaller_holdout_only_adds_people():
    half, all_of_them = (assign("p1", MANY[:1000], 0.1, [], share, seed=0) for share in (0.5, 1.0))
    assert set(half["customer_id"]) < set(all_of_them["customer_id"])
    kept = all_of_them.set_index("customer_id").loc[half["customer_id"], "treated"]
    assert kept.tolist() == half["treated"].tolist()
    less = assign("p1", MANY[:1000], 0.05, [], 1.0, seed=0)
    assert (less["treated"] >= all_of_them["treated"]).all()


def test_plans_and_seeds_draw_independently():
    first = assign("p1", MANY, 0.5, [], 1.0, seed=0)["treated"]
    for other in (assign("p2", MANY, 0.5, [], 1.0, seed=0), assign("p1", MANY, 0.5, [], 1.0, seed=1)):
        assert (first == other["treated"]).mean() == pytest.approx(0.5, abs=0.015)


def test_a_customer_listed_twice_gets_one_row():
    assert assign("p1", ["c1", "c2", "c1"], 0.0, [], 1.0, 0)["customer_id"].tolist() == ["c1", "c2"]


def test_an_empty_audience_is_an_empty_table():
    table = assign("p1", [], 0.1, ["A"], 1.0, 0)
    assert table.empty
    assert list(table.columns) == ["customer_id", "treated", "variant", "propensity"]


def test_the_propensity_is_a_number_people_write():
    assert assign("p1", ["c1"], 0.9, [], 1.0, 0)["propensity"].tolist() == [0.1]
