import pandas as pd
import pytest

from engine.errors import NotEnoughData
from engine.shop import contents, sales, store


def shop_with(path, rows, settings=None) -> store.Shop:
    shop = store.create_shop(path, settings or {})
    columns = ["order_id", "customer_id", "ordered_at", "quantity", "unit_price", "discount"]
    store.save_tables(shop, {"orders": pd.DataFrame(rows, columns=columns).assign(product_id="p1")})
    return shop


@pytest.fixture
def small(tmp_path):
    return shop_with(
        tmp_path / "shop",
        [
            ("o1", "c1", "2026-01-05", 1, 10.0, 0.0),  # a Monday, in the 28 days before
            ("o2", "c1", "2026-02-10", 2, 10.0, 5.0),  # c1 comes back
            ("o2", "c1", "2026-02-10", 1, 3.0, 0.0),
            ("o3", "c2", "2026-02-28", 1, 40.0, 0.0),  # c2 is new
            ("o2", "c1", "2026-03-01", -1, 10.0, 0.0),  # one sent back, on the last day
        ],
    )


def test_weeks_are_whole_and_without_gaps(small):
    weeks = sales.weekly(small)
    assert str(weeks["week"].iloc[0].date()) == "2026-01-05"
    assert str(weeks["week"].iloc[-1].date()) == "2026-02-23"  # 2026-03-01 is its Sunday
    assert len(weeks) == 8
    assert weeks["net_sales"].sum() == pytest.approx(58.0)
    assert list(weeks["orders"])[:2] == [1, 0]


def test_a_week_may_start_on_sunday(tmp_path):
    rows = [(f"o{d}", "c1", f"2026-02-{d:02d}", 1, 1.0, 0.0) for d in range(1, 16)]  # 2026-02-01 is a Sunday
    weeks = sales.weekly(shop_with(tmp_path / "sunday", rows, {"week_starts": "sunday"}))
    assert [str(week.date()) for week in weeks["week"]] == ["2026-02-01", "2026-02-08"]
    assert list(weeks["net_sales"]) == [7.0, 7.0]


def test_a_shop_without_orders_says_so(tmp_path):
    with pytest.raises(NotEnoughData, match="no orders"):
        sales.weekly(store.create_shop(tmp_path / "empty", {}))


def test_contents_list_each_table_with_its_days(small):
    table = contents.contents(small).set_index("table")
    assert table.loc["orders", "rows"] == 5
    assert (str(table.loc["orders", "first"].date()), str(table.loc["orders", "last"].date())) == (
        "2026-01-05",
        "2026-03-01",
    )


def test_contents_of_an_empty_shop_are_empty(tmp_path):
    assert contents.contents(store.create_shop(tmp_path / "empty", {})).empty
