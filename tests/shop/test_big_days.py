from datetime import date

import pandas as pd
import pytest

from engine.shop.big_days import keeps_chinese_days, next_big_day, of_year
from tests.tiny import shop_of


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


@pytest.mark.parametrize("year", range(2020, 2032))
def test_black_friday_is_52_or_53_weeks_after_the_one_before(year):
    now, then = ({one.name: one for one in of_year(when, chinese=False)}["black_friday"] for when in (year, year - 1))
    assert (now.day - then.day).days in (364, 371)
    assert now.day.weekday() == 4
    assert 23 <= now.day.day <= 29


def test_the_days_of_a_sale_in_a_period_are_counted_with_both_ends():
    friday = next_big_day(date(2025, 11, 1), chinese=False)  # 28 November to 1 December
    assert friday.days_in(date(2025, 11, 1), date(2025, 11, 28)) == 1
    assert friday.days_in(date(2025, 11, 29), date(2025, 11, 30)) == 2
    assert friday.days_in(date(2025, 12, 2), date(2025, 12, 31)) == 0


@pytest.mark.parametrize(
    ("languages", "settings", "expected"),
    [
        (["en", "en", "zh"], {}, False),
        (["zh-CN", "ZH", "en"], {}, True),
        ([None, None, "zh"], {}, True),
        (["en"], {"currency": "CNY"}, True),
    ],
)
def test_the_currency_or_the_readers_say_whether_the_chinese_days_are_kept(tmp_path, languages, settings, expected):
    people = pd.DataFrame({"customer_id": [f"c{n}" for n in range(len(languages))], "language": languages})
    assert keeps_chinese_days(shop_of(tmp_path / "shop", {"customers": people}, settings)) is expected


def test_a_shop_without_customers_keeps_the_western_days(tmp_path):
    assert keeps_chinese_days(shop_of(tmp_path / "shop", {})) is False
