from datetime import date

import pytest

from engine.campaign.big_days import next_big_day


@pytest.mark.parametrize(
    ("earliest", "chinese", "name", "starts", "ends"),
    [
        ("2026-11-01", False, "black_friday", "2026-11-27", "2026-11-30"),
        ("2025-11-28", False, "black_friday", "2025-11-28", "2025-12-01"),
        ("2026-11-28", False, "christmas", "2026-12-11", "2026-12-20"),
        ("2026-12-12", False, "valentines", "2027-02-04", "2027-02-10"),
        ("2026-03-01", False, "mothers_day", "2026-04-30", "2026-05-06"),
        ("2026-06-10", True, "mid_year", "2026-06-16", "2026-06-18"),
        ("2026-10-01", True, "singles_day", "2026-11-10", "2026-11-11"),
        ("2026-11-11", True, "double_twelve", "2026-12-11", "2026-12-12"),
        ("2026-12-20", True, "womens_day", "2027-03-05", "2027-03-08"),
    ],
)
def test_the_next_big_day_is_the_first_whose_sale_can_still_begin(earliest, chinese, name, starts, ends):
    day = next_big_day(date.fromisoformat(earliest), chinese)
    assert (day.name, day.starts_at.isoformat(), day.ends_at.isoformat()) == (name, starts, ends)
