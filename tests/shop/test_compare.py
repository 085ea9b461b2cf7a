from datetime import date, timedelta

import pytest

from engine.shop import compare

LONG_AGO = date(2000, 1, 1)


def days(first: str, count: int) -> tuple[date, date]:
    start = date.fromisoformat(first)
    return start, start + timedelta(days=count - 1)


def test_the_days_before_are_as_many_and_end_the_day_before():
    found = compare.before(*days("2026-08-03", 28), LONG_AGO, chinese=False)
    assert (found.first, found.last) == (date(2026, 7, 6), date(2026, 8, 2))
    assert (found.back, found.weekdays_off, found.sale, found.uneven) == (28, 0, None, ())


def test_last_year_is_52_weeks_back_and_begins_on_the_same_weekday():
    found = compare.last_year(*days("2026-08-03", 7), LONG_AGO, chinese=False)
    assert (found.first, found.last) == (date(2025, 8, 4), date(2025, 8, 10))
    assert found.first.weekday() == date(2026, 8, 3).weekday()
    assert found.sale is None


def test_a_leap_day_in_between_leaves_the_weekdays_as_they_are():
    found = compare.last_year(*days("2024-07-01", 28), LONG_AGO, chinese=False)  # 29 February 2024 lies between
    assert (found.first, found.first.weekday()) == (date(2023, 7, 3), date(2024, 7, 1).weekday())


def test_the_leap_day_itself_has_a_day_beside_it():
    found = compare.last_year(*days("2024-02-26", 7), LONG_AGO, chinese=False)
    assert (found.first, found.last, found.weekdays_off) == (date(2023, 2, 27), date(2023, 3, 5), 0)
    # Those weekdays of 2023 held the first day of a sale that begins on 5 March: lined up, neither has it.
    found = compare.last_year(*days("2024-02-26", 7), LONG_AGO, chinese=True)
    assert (found.first, found.last, found.back) == (date(2023, 2, 25), date(2023, 3, 3), 366)


@pytest.mark.parametrize(
    ("first", "count", "chinese", "sale", "back", "then"),
    [
        # Black Friday: 29 November 2024, 28 November 2025: 52 weeks. 24 November 2023: 53 weeks.
        ("2025-11-24", 7, False, "black_friday", 364, "2024-11-25"),
        ("2024-11-25", 7, False, "black_friday", 371, "2023-11-20"),
        # The week before it, whose weekdays a year earlier held it: lined up, neither has it.
        ("2024-11-21", 7, False, "black_friday", 371, "2023-11-16"),
        # 11 November stands on 11 November; a leap day makes it 366 days.
        ("2025-11-09", 7, True, "singles_day", 365, "2024-11-09"),
        ("2024-11-09", 7, True, "singles_day", 366, "2023-11-09"),
        # Of two, the one that leaves the weekdays as they are: not the presents for Christmas.
        ("2025-11-24", 28, False, "black_friday", 364, "2024-11-25"),
    ],
)
def test_a_big_sale_in_either_stands_beside_itself(first, count, chinese, sale, back, then):
    found = compare.last_year(*days(first, count), LONG_AGO, chinese)
    assert found.sale is not None
    now, earlier = found.sale
    assert (now.name, earlier.name, found.back, found.first.isoformat()) == (sale, sale, back, then)
    assert now.day - timedelta(days=back) == earlier.day
    assert sale not in {one.name for one in found.uneven}


def test_weekdays_that_are_off_are_counted():
    assert compare.last_year(*days("2025-11-09", 7), LONG_AGO, chinese=True).weekdays_off == 1
    assert compare.last_year(*days("2024-11-09", 7), LONG_AGO, chinese=True).weekdays_off == 2


def test_a_sale_that_only_one_of_both_has_is_told_with_its_days():
    (found,) = compare.before(*days("2025-11-24", 7), LONG_AGO, chinese=False).uneven
    assert (found.name, found.days_now, found.days_then) == ("black_friday", 3, 0)  # Friday to Sunday; Monday is after


def test_twelve_months_and_those_before_have_each_sale_as_long():
    """Except a sale that stands at their edge, which no such test may need luck with: the end of May has none."""
    found = compare.before(*days("2025-06-02", 364), LONG_AGO, chinese=False)
    assert (found.first, found.last, found.uneven) == (date(2024, 6, 3), date(2025, 6, 1), ())


@pytest.mark.parametrize(("begins", "expected"), [("2025-08-04", True), ("2025-08-05", False)])
def test_records_must_reach_back_to_the_first_day(begins, expected):
    found = compare.last_year(*days("2026-08-03", 7), date.fromisoformat(begins), chinese=False)
    assert found.is_recorded is expected
