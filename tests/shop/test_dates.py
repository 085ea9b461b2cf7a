"""Dates as exports write them are read in one way, or both readings are said."""

import pandas as pd
import pytest

from engine.shop import dates


@pytest.mark.parametrize(
    ("written", "found", "day"),
    [
        ("2026-03-05", dates.ISO, "2026-03-05 00:00:00"),
        ("2026-03-05 14:05", dates.ISO, "2026-03-05 14:05:00"),
        ("2026/3/5 9:05", "%Y/%m/%d %H:%M", "2026-03-05 09:05:00"),
        ("20260305", dates.ISO, "2026-03-05 00:00:00"),
        ("05.03.2026 14:05", "%d.%m.%Y %H:%M", "2026-03-05 14:05:00"),
        ("25/03/2026", "%d/%m/%Y", "2026-03-25 00:00:00"),
        ("03/25/2026", "%m/%d/%Y", "2026-03-25 00:00:00"),
        ("3/25/26 2:05 PM", "%m/%d/%y %I:%M %p", "2026-03-25 14:05:00"),
        ("2026年3月5日", "%Y年%m月%d日", "2026-03-05 00:00:00"),
        ("Mar 05, 2026 10:00 am", "%b %d, %Y %I:%M %p", "2026-03-05 10:00:00"),
        ("5 March 2026", "%d %B %Y", "2026-03-05 00:00:00"),
        ("25/03/2026 14:05:06 +0100", "%d/%m/%Y %H:%M:%S %z", "2026-03-25 14:05:06"),
        ("05-Mar-26", "%d-%b-%y", "2026-03-05 00:00:00"),
        ("1772701200", dates.EPOCH, "2026-03-05 10:00:00"),  # 09:00 in UTC
        ("1772701200000", dates.EPOCH, "2026-03-05 10:00:00"),
    ],
)
def test_a_date_is_read_in_the_format_that_was_found(written, found, day):
    column = pd.Series([written])
    assert dates.guess(column) == dates.Guess(found)
    assert str(dates.read(column, found, "", "Europe/Berlin")[0]) == day


def test_one_date_after_the_twelfth_tells_day_from_month():
    assert dates.guess(pd.Series(["01/02/2026", "03/02/2026", "13/02/2026"])).format == "%d/%m/%Y"
    assert dates.guess(pd.Series(["01/02/2026", "03/02/2026", "02/13/2026"])).format == "%m/%d/%Y"


def test_dates_that_fit_two_orders_are_asked_for_with_both_readings():
    found = dates.guess(pd.Series(["01/02/2026", "03/02/2026"]))
    assert found.format == "" and found.choices == ("%d/%m/%Y", "%m/%d/%Y")
    assert "1 February 2026" in found.problem and "2 January 2026" in found.problem


def test_dates_of_two_orders_in_one_column_are_refused_with_both_readings():
    found = dates.guess(pd.Series(["01/02/2026", "13/02/2026", "02/14/2026"]))
    assert found.format == "" and found.choices == ()
    assert found.problem.startswith("13/02/2026 can only be 13 February 2026 and 02/14/2026 only 14 February 2026")


@pytest.mark.parametrize("written", ["soon", "31.02.2026", "99/99/2026", "12.50"])
def test_what_is_no_date_has_no_format(written):
    assert dates.guess(pd.Series([written])) == dates.Guess("")


def test_an_empty_column_needs_no_format():
    assert dates.guess(pd.Series(["", None])) == dates.Guess(dates.ISO)


@pytest.mark.parametrize(
    ("written", "in_berlin"),
    [
        ("2026-01-05 10:00:00 -0500", "2026-01-05 16:00:00"),
        ("2026-07-05T10:00:00Z", "2026-07-05 12:00:00"),
        ("2026-07-05 10:00:00 UTC", "2026-07-05 12:00:00"),
        ("2026-01-05T23:30:00+09:00", "2026-01-05 15:30:00"),
    ],
)
def test_a_time_with_an_offset_is_moved_to_the_shops_zone(written, in_berlin):
    assert str(dates.read(pd.Series([written]), dates.ISO, "Asia/Shanghai", "Europe/Berlin")[0]) == in_berlin


def test_a_time_without_an_offset_is_of_the_files_zone():
    column = pd.Series(["2026-03-05 20:00"])
    assert str(dates.read(column, dates.ISO, "Asia/Shanghai", "Europe/Berlin")[0]) == "2026-03-05 13:00:00"
    assert str(dates.read(column, dates.ISO, "", "Europe/Berlin")[0]) == "2026-03-05 20:00:00"


def test_hours_that_a_clock_skips_or_repeats_are_read_as_one_instant():
    column = pd.Series(["2026-03-29 02:30", "2026-10-25 02:30"])  # in Berlin
    read = dates.read(column, dates.ISO, "Europe/Berlin", "UTC")
    assert [str(time) for time in read] == ["2026-03-29 01:00:00", "2026-10-25 01:30:00"]


def test_dates_that_cannot_be_read_stay_as_they_were_beside_those_that_can():
    read = dates.read(pd.Series(["25/03/2026", "soon", ""]), "%d/%m/%Y", "", "UTC")
    assert pd.to_datetime(read[0]) == pd.Timestamp("2026-03-25") and read[1] == "soon"
    assert pd.isna(read[2]) or read[2] == ""


def test_dates_with_a_zone_said_to_be_seconds_stay_as_they_are():
    written = pd.Series(["2026-01-05 10:00:00 +0100", "1767603600"])
    assert dates.read(written, dates.EPOCH, "", "UTC").tolist() == ["2026-01-05 10:00:00 +0100", "2026-01-05 09:00:00"]


def test_the_date_that_is_asked_about_is_one_that_the_readings_tell_apart():
    asked = dates.guess(pd.Series(["01/01/2026", "02/02/2026", "03/04/2026"]))
    assert asked.problem.startswith("03/04/2026 can be 3 April 2026")
    assert dates.guess(pd.Series(["01/01/2026", "02/02/2026"])).choices == ()
