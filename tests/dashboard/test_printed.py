"""What a download holds: numbers as they are meant, whatever pandas made of them."""

import numpy as np
import pandas as pd
import pytest

from dashboard import printed
from engine.decision import cells


@pytest.mark.parametrize(
    ("column", "written"),
    [
        (pd.Series([1806.0, np.nan]), ["1806", ""]),
        (pd.Series([7.0, None], dtype="object"), ["7", ""]),
        (pd.Series([True, False]), ["1", "0"]),
        (pd.Series([True, None], dtype="object"), ["1", ""]),
        (pd.Series([True, None], dtype="boolean"), ["1", ""]),
        (pd.Series([2.0, 2.5]), ["2.0", "2.5"]),
        (pd.Series([np.inf, 1.5]), ["", "1.5"]),
        (pd.Series([1e20, 1.0]), ["1e+20", "1.0"]),
        (pd.Series([np.nan, np.nan]), ["", ""]),
        (pd.Series(["7.0", "x"]), ["7.0", "x"]),
    ],
)
def test_counts_are_whole_flags_are_1_and_0_and_all_else_stays(column, written):
    assert cells.read_back(printed.spreadsheet(pd.DataFrame({"one": column})))["one"].tolist() == written


def test_a_table_without_rows_keeps_its_columns():
    empty = pd.DataFrame({"count": pd.Series(dtype="float64"), "name": pd.Series(dtype="str")})
    read = cells.read_back(printed.spreadsheet(empty))
    assert list(read) == ["count", "name"] and read.empty
