"""A table as numbers: standardised, with an indicator where something is missing, and zeros for what was never seen."""

import json

import numpy as np
import pandas as pd
import pytest

from engine.model.encode import RARE, Encoder, learn, source

FRAME = pd.DataFrame(
    {
        "recency|log": [1.0, 2.0, np.nan, 5.0] * 20,
        "constant": [3.0] * 80,
        "channel": ["email", "sms", "email", "sms"] * 20,
        "city": ["Rome"] * 79 + ["Oslo"],
        "only": ["one"] * 80,
    }
)


@pytest.fixture
def encoder():
    return learn(FRAME, np.ones(80), {})


def test_columns_that_say_nothing_are_left_out(encoder):
    assert encoder.columns == ["recency|log", "recency|log|missing", "channel=email", "channel=sms", "city=Rome"]


def test_numbers_are_standardised_and_a_missing_one_is_the_mean(encoder):
    matrix = encoder.matrix(FRAME)
    known = matrix[[0, 1, 3], 0]
    mean, sd = np.mean([1, 2, 5]), np.std([1, 2, 5])
    np.testing.assert_allclose(known, (np.array([1, 2, 5]) - mean) / sd)
    assert matrix[2, 0] == 0.0
    assert matrix[:4, 1].tolist() == [0.0, 0.0, 1.0, 0.0]


def test_a_level_never_seen_and_a_rare_one_are_all_zeros(encoder):
    strange = pd.DataFrame({"recency|log": [1.0] * 3, "channel": ["pigeon", "", None], "city": ["Oslo", "rome", "NA"]})
    assert not encoder.matrix(strange)[:, 2:].any()


def test_a_column_that_is_absent_is_unknown(encoder):
    np.testing.assert_array_equal(encoder.matrix(pd.DataFrame(index=[7])), [[0.0, 1.0, 0.0, 0.0, 0.0]])


def test_rare_is_counted_in_trials_and_not_in_rows():
    frame = pd.DataFrame({"theme": ["warm", "bold", "dull"]})
    weight = np.array([1000.0, RARE, RARE - 1])
    assert learn(frame, weight, {}).levels == {"theme": ("bold", "warm")}


def test_a_scale_shrinks_a_column(encoder):
    half = learn(FRAME, np.ones(80), {"recency|log": 0.5, "city": 0.1, "gone": 3.0})
    np.testing.assert_allclose(half.matrix(FRAME)[:, 0], encoder.matrix(FRAME)[:, 0] * 0.5)
    assert half.matrix(FRAME)[0, 4] == pytest.approx(0.1)
    assert "gone" not in half.scale


def test_text_that_holds_numbers_is_read_as_numbers_where_numbers_were_learned(encoder):
    frame = pd.DataFrame({"recency|log": ["2", "many", ""]})
    assert encoder.matrix(frame)[:, :2].tolist() == [[encoder.matrix(FRAME)[1, 0], 0.0], [0.0, 1.0], [0.0, 1.0]]


@pytest.mark.parametrize(
    "value", [2, 2.5, True, np.int64(3), np.float32(1.5), None, np.nan, pd.NA, "2", " 3.5", "many", "", "1_000", "12"]
)
def test_one_value_for_all_rows_is_read_as_a_column_of_it_is(encoder, value):
    base = encoder.matrix(FRAME)[:3]
    column = encoder.over(base, pd.DataFrame({"recency|log": pd.Series([value] * 3, dtype="object")}))
    np.testing.assert_array_equal(encoder.over(base, {"recency|log": value}), column)


@pytest.mark.parametrize("level", ["email", "pigeon", "", None, 1, np.nan])
def test_one_level_for_all_rows_is_read_as_a_column_of_it_is(encoder, level):
    base = encoder.matrix(FRAME)[:3]
    np.testing.assert_array_equal(
        encoder.over(base, {"channel": level}), encoder.over(base, pd.DataFrame({"channel": [level] * 3}))
    )


def test_an_encoder_is_the_same_after_it_was_stored(encoder):
    again = Encoder.from_json(json.loads(json.dumps(encoder.to_json())))
    assert again == encoder
    np.testing.assert_array_equal(again.matrix(FRAME), encoder.matrix(FRAME))


@pytest.mark.parametrize(
    ("column", "feature"),
    [("discount|curve", "discount"), ("channel=email", "channel"), ("age|missing", "age"), ("tier=a|b=c", "tier")],
)
def test_a_column_belongs_to_its_feature(column, feature):
    assert source(column) == feature


def test_rows_that_do_not_differ_make_one_column_of_zeros():
    assert learn(FRAME[["only"]], np.ones(80), {}).matrix(FRAME).tolist() == [[0.0]] * 80
