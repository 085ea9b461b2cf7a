import pandas as pd
import pytest

from engine.shop import cohorts, sales, store
from tests.tiny import shop_of


def cohorts_of(folder, *rows: tuple) -> pd.DataFrame:
    """rows: order_id, customer_id, ordered_at, quantity."""
    orders = pd.DataFrame(rows, columns=["order_id", "customer_id", "ordered_at", "quantity"])
    return cohorts.by_month(sales.lines(shop_of(folder, {"orders": orders.assign(product_id="p", unit_price=10.0)})))


def row(table: pd.DataFrame, month: str, after: int) -> pd.Series:
    (found,) = table[(table["month"] == month) & (table["after"] == after)].itertuples()
    return found


@pytest.fixture
def small(tmp_path):
    return cohorts_of(
        tmp_path / "shop",
        ("o1", "a", "2025-11-30 23:59", 1),
        ("o2", "b", "2025-11-02", 1),
        ("o3", "a", "2025-11-30 23:59", 1),  # again in the first month: not a month after it
        ("o4", "a", "2026-01-01", 1),  # over the turn of the year: the second month after
        ("o5", "a", "2026-01-20", 1),  # twice in a month counts once
        ("o2", "b", "2026-01-05", -1),  # sent back: no order
        ("o6", "c", "2026-01-31", 1),
        ("o7", "c", "2026-02-10", 2),  # the last day on record: February is not over
    )


def test_each_month_of_first_orders_has_its_size(small):
    sizes = small[small["after"] == 0]
    assert sizes["month"].dt.strftime("%Y-%m").tolist() == ["2025-11", "2026-01"]
    assert sizes["customers"].tolist() == [2, 1]


def test_shares_are_of_those_who_first_ordered_in_the_month(small):
    assert (row(small, "2025-11-01", 1).ordered, row(small, "2025-11-01", 1).share) == (0, 0.0)  # over, and nobody came
    assert (row(small, "2025-11-01", 2).ordered, row(small, "2025-11-01", 2).share) == (1, 0.5)


def test_a_month_that_is_not_over_is_blank_and_not_nothing(small):
    assert small.loc[small["month"] == "2026-01-01", "after"].tolist() == [0]  # c did order in February
    assert small.loc[small["month"] == "2025-11-01", "after"].tolist() == [0, 1, 2]


def test_a_month_is_over_with_its_last_day(tmp_path):
    table = cohorts_of(tmp_path / "shop", ("o1", "a", "2024-01-15", 1), ("o2", "a", "2024-02-29 08:00", 1))
    assert row(table, "2024-01-01", 1).share == 1.0
    shorter = cohorts_of(tmp_path / "less", ("o1", "a", "2024-01-15", 1), ("o2", "a", "2024-02-28 08:00", 1))
    assert shorter["after"].tolist() == [0]  # 2024 has a 29 February


def test_returns_alone_are_no_first_order(tmp_path):
    assert cohorts_of(tmp_path / "shop", ("o1", "a", "2026-01-15", -1)).empty


def test_the_demo_shop_counted_customer_by_customer_gives_the_same(demo_shop_dir):
    shop = store.open_shop(demo_shop_dir)
    orders = shop.table("orders")
    bought = orders[orders["quantity"] > 0]
    month = bought["ordered_at"].dt.to_period("M")
    first = month.groupby(bought["customer_id"]).min()
    table = cohorts.by_month(sales.lines(shop)).set_index(["month", "after"])
    for cohort in (pd.Period("2024-06"), pd.Period("2025-03"), pd.Period("2026-04")):
        people = first.index[first == cohort]
        own = bought["customer_id"].isin(people)
        for after in (1, 5, 12):
            if cohort + after > pd.Period("2026-05"):
                assert (cohort.start_time, after) not in table.index
                continue
            came = bought.loc[own & (month == cohort + after), "customer_id"].nunique()
            found = table.loc[(cohort.start_time, after)]
            assert (found["ordered"], found["customers"]) == (came, len(people))
            assert found["share"] == pytest.approx(came / len(people))
