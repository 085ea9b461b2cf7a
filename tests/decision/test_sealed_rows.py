"""Rows of numbers and texts come back to the last bit, and the open layout tells of nobody alone."""

import json
import math

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.decision import sealed_rows


def there_and_back(columns, rows=slice(None)):
    layout, packed = sealed_rows.packed(columns)
    return sealed_rows.unpacked(json.loads(json.dumps(layout)), packed[rows])


def bits(column):
    return column.to_numpy("float64").view("u8").tolist()


NUMBER = st.one_of(st.sampled_from([0.0, -0.0, math.nan]), st.floats())
TEXT = st.one_of(st.none(), st.sampled_from(["gold", "银"]), st.text(max_size=5))


@settings(max_examples=30, deadline=None)
@given(*[st.lists(one, min_size=6, max_size=6) for one in (NUMBER, TEXT)])
def test_every_number_and_text_comes_back_as_it_was(numbers, texts):
    number = pd.Series(numbers[:3] * 10 + numbers[3:], dtype="float64")  # what many share, and what one has alone
    text = pd.Series(texts[:3] * 10 + texts[3:], dtype="str")
    again, told = there_and_back([number, text])
    assert bits(again) == bits(number)
    pd.testing.assert_series_equal(told, text)


def test_whole_numbers_and_yes_and_no_keep_their_kind():
    columns = [pd.Series([True, False] * 8), pd.Series(range(16)), pd.Series([1, None] * 8, dtype="Int64")]
    for column, again in zip(columns, there_and_back(columns), strict=True):
        pd.testing.assert_series_equal(again, column)


def test_some_rows_alone_come_back_as_they_were():
    column = pd.Series(np.random.default_rng(0).normal(size=40))
    [again] = there_and_back([column], slice(7, 9))
    assert bits(again) == bits(column[7:9])


def test_the_layout_holds_only_what_many_have_in_common():
    tier = pd.Series(["gold"] * 10 + ["platinum"] * 9 + [None], dtype="str")
    spent = pd.Series([5.0] * 12 + [float(number) for number in range(100, 108)])
    layout, rows = sealed_rows.packed([tier, spent])
    assert [column["shared"] for column in layout] == [["gold"], [int(np.float64(5.0).view("u8"))]]
    assert b"platinum" in rows[10]
    assert len(rows[0]) == 2, "a byte a column where all is shared"


def test_no_columns_and_no_rows_are_none():
    assert there_and_back([]) == []
    [nobody] = there_and_back([pd.Series(dtype="float64")])
    assert nobody.empty
