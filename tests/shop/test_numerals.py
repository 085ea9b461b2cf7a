"""Numbers as exports write them become plain ones, or it is said that they can be read in two ways."""

import pandas as pd
import pytest

from engine.shop import numerals


@pytest.mark.parametrize(
    ("written", "mark"),
    [
        (["12.50", "3"], "."),
        (["12,50", "3"], ","),
        (["1,234.50"], "."),
        (["1.234,50"], ","),
        (["1,234,567"], "."),
        (["1.234.567"], ","),
        (["1,234", "1.5"], "."),
        (["1,234", "1,50"], ","),
        (["0,500"], ","),
        (["12.345"], "."),  # no comma anywhere
        (["€ 12,50", "1 234,50"], ","),
        (["12,5 %"], ","),
        (["12", "", "n/a"], "."),
        ([], "."),
        (["1,234"], None),  # a thousand, or one and a bit
        (["¥1,200"], None),
        (["12,50", "12.50"], None),  # contradiction
        (["1.234,5", "1,234.5"], None),
    ],
)
def test_a_file_agrees_on_a_decimal_mark_or_does_not(written, mark):
    assert numerals.decimal_mark([pd.Series(written, dtype="str")]) == mark


def test_another_column_of_the_file_decides():
    doubtful, telling = pd.Series(["1,234"]), pd.Series(["12,5"])
    assert numerals.decimal_mark([doubtful, telling]) == ","
    assert numerals.decimal_mark([doubtful, pd.Series(["12.5"])]) == "."


@pytest.mark.parametrize(
    ("mark", "written", "plain"),
    [
        (".", "12.50", "12.50"),
        (".", "1,234.50", "1234.50"),
        (".", "1,234", "1234"),
        (".", "-1,234.5", "-1234.5"),
        (".", "(12.50)", "-12.50"),
        (".", "12.50-", "-12.50"),
        (".", "$1,234.50", "1234.50"),
        (".", "USD 5.00", "5.00"),
        (".", "1'234.50", "1234.50"),
        (".", "1 234.50", "1234.50"),
        (".", "1,200元", "1200"),
        (".", "5%", "0.05"),
        (".", "1e3", "1e3"),
        (",", "12,50", "12.50"),
        (",", "1.234,50", "1234.50"),
        (",", "1.234", "1234"),
        (",", "0.125", "0.125 (decimal comma expected)"),
        (",", "12.345.678", "12345678"),
        (",", "-0,5", "-0.5"),
        (",", "1\u202f234,50 €", "1234.50"),
        (",", "12,5%", "0.125"),
        # What is no number stays as it was, to be set aside with its text.
        (".", "12,50", "12,50"),
        (".", "1.234.567", "1.234.567"),
        (",", "1,234.50", "1,234.50"),
        (".", "twelve", "twelve"),
        (".", "", ""),
        (".", "-", "-"),
    ],
)
def test_numbers_are_written_plainly(mark, written, plain):
    assert numerals.plain(pd.Series([written]), mark, percent="%" in written).tolist() == [plain]


def test_a_column_of_numbers_is_left_alone():
    column = pd.Series([1.5, 2.0])
    assert numerals.plain(column, ",") is column


def test_missing_cells_stay_missing():
    assert numerals.plain(pd.Series(["1,5", None]), ",").isna().tolist() == [False, True]


def test_a_percentage_of_money_is_no_number():
    assert numerals.plain(pd.Series(["10 %"]), ".").tolist() == ["10 %"]
