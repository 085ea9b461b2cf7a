import pandas as pd
import pytest

from engine.errors import NotEnoughData
from engine.shop import contents, overview, sales, store
from tests.tiny import shop_of


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
    weeks = sales.weekly(sales.lines(small), small.settings.week_starts)
    assert str(weeks["week"].iloc[0].date()) == "2026-01-05"
    assert str(weeks["week"].iloc[-1].date()) == "2026-02-23"  # 2026-03-01 is its Sunday
    assert len(weeks) == 8
    assert weeks["net_sales"].sum() == pytest.approx(58.0)
    assert list(weeks["orders"])[:2] == [1, 0]


def test_a_week_may_start_on_sunday(tmp_path):
    rows = [(f"o{d}", "c1", f"2026-02-{d:02d}", 1, 1.0, 0.0) for d in range(1, 16)]  # 2026-02-01 is a Sunday
    weeks = sales.weekly(sales.lines(shop_with(tmp_path / "sunday", rows)), "sunday")
    assert [str(week.date()) for week in weeks["week"]] == ["2026-02-01", "2026-02-08"]
    assert list(weeks["net_sales"]) == [7.0, 7.0]


def test_a_shop_without_orders_says_so(tmp_path):
    with pytest.raises(NotEnoughData, match="no orders"):
        sales.lines(store.create_shop(tmp_path / "empty", {}))


def test_a_shop_of_three_days_has_no_whole_week(tmp_path):
    rows = [(f"o{d}", "c1", f"2026-02-{d:02d}", 1, 1.0, 0.0) for d in (3, 4, 5)]
    assert sales.weekly(sales.lines(shop_with(tmp_path / "new", rows)), "monday").empty


# --- key figures ---


def days(first: str, last: str) -> tuple[pd.Timestamp, pd.Timestamp]:
    return pd.Timestamp(first), pd.Timestamp(last) + pd.Timedelta(days=1)


def lines_of(path, *rows: tuple) -> pd.DataFrame:
    columns = ["order_id", "customer_id", "ordered_at", "product_id", "quantity", "unit_price", "discount", "refunded"]
    return sales.lines(shop_of(path, {"orders": pd.DataFrame(rows, columns=columns)}))


def test_gross_less_discounts_less_returns_is_net(tmp_path):
    lines = lines_of(
        tmp_path / "shop",
        ("o1", "a", "2026-03-02", "p1", 2, 50.0, 10.0, 0.0),  # 100 gross, 10 off
        ("o1", "a", "2026-03-02", "p2", 1, 30.0, None, 5.0),  # 30 gross, 5 given back without a return
        ("o1", "a", "2026-03-05", "p1", -1, 50.0, -5.0, None),  # one back: 45 were paid for it
        ("o2", "b", "2026-03-06", "p2", 1, 30.0, 0.0, 0.0),
    )
    found = sales.figures(lines, *days("2026-03-02", "2026-03-08"))
    assert (found.gross_sales, found.discounts, found.returns, found.net_sales) == (160.0, 10.0, 50.0, 100.0)
    assert found.discount_rate == pytest.approx(10 / 160)
    assert found.return_rate == pytest.approx(50 / 160)
    assert (found.orders, found.aov) == (2, 50.0)
    assert lines["net"].tolist() == [90.0, 25.0, -45.0, 30.0]


def test_who_had_bought_before_or_buys_twice_counts_as_coming_back(tmp_path):
    lines = lines_of(
        tmp_path / "shop",
        ("o1", "a", "2026-02-01", "p1", 1, 10.0, 0.0, 0.0),  # before the days
        ("o2", "a", "2026-03-02", "p1", 1, 10.0, 0.0, 0.0),  # a had bought before
        ("o3", "b", "2026-03-02", "p1", 1, 10.0, 0.0, 0.0),
        ("o4", "b", "2026-03-08", "p1", 1, 10.0, 0.0, 0.0),  # b is new and buys twice
        ("o5", "c", "2026-03-03", "p1", 1, 10.0, 0.0, 0.0),
        ("o5", "c", "2026-03-03", "p2", 1, 10.0, 0.0, 0.0),  # two lines of one order
        ("o6", "d", "2026-03-08 23:59", "p1", 1, 10.0, 0.0, 0.0),
        ("o7", "d", "2026-03-09", "p1", 1, 10.0, 0.0, 0.0),  # after the days
    )
    found = sales.figures(lines, *days("2026-03-02", "2026-03-08"))
    assert (found.new_customers, found.returning_customers) == (3, 1)
    assert (found.repeat_customers, found.repeat_rate) == (2, 0.5)


def test_days_with_nothing_but_returns_have_no_rates(tmp_path):
    lines = lines_of(
        tmp_path / "shop",
        ("o1", "a", "2026-02-01", "p1", 1, 10.0, 0.0, 0.0),
        ("o1", "a", "2026-03-04", "p1", -1, 10.0, 0.0, 0.0),
    )
    found = sales.figures(lines, *days("2026-03-02", "2026-03-08"))
    assert (found.net_sales, found.gross_sales, found.returns, found.orders) == (-10.0, 0.0, 10.0, 0)
    assert (found.aov, found.repeat_rate, found.discount_rate, found.return_rate) == (None, None, None, None)
    assert (found.new_customers, found.returning_customers) == (0, 0)


def test_the_demo_shop_counted_by_hand_gives_the_same_figures(demo_shop_dir):
    shop = store.open_shop(demo_shop_dir)
    orders = shop.table("orders")
    start, end = days("2025-11-24", "2025-12-21")
    inside = orders[orders["ordered_at"].between(start, end, inclusive="left")]
    bought, back = inside[inside["quantity"] > 0], inside[inside["quantity"] < 0]
    gross = (bought["quantity"] * bought["unit_price"]).sum()
    returns = -(back["quantity"] * back["unit_price"] - back["discount"]).sum() + inside["refunded"].sum()
    earlier = set(orders.loc[(orders["ordered_at"] < start) & (orders["quantity"] > 0), "customer_id"])
    counts = bought.groupby("customer_id")["order_id"].nunique()
    again = {who for who, orders in counts.items() if who in earlier or orders > 1}
    found = sales.figures(sales.lines(shop), start, end)
    assert found.net_sales == pytest.approx(gross - bought["discount"].sum() - returns)
    assert found.discount_rate == pytest.approx(bought["discount"].sum() / gross)
    assert found.return_rate == pytest.approx(returns / gross)
    assert found.orders == bought["order_id"].nunique()
    assert (found.returning_customers, found.new_customers) == (
        len(set(counts.index) & earlier), len(set(counts.index) - earlier)
    )  # fmt: skip
    assert found.repeat_rate == pytest.approx(len(again) / len(counts))


# --- products ---


def test_products_are_listed_by_what_they_earned_after_returns(tmp_path):
    shop = shop_with(
        tmp_path / "shop",
        [("o1", "a", "2026-03-02", 3, 20.0, 0.0), ("o2", "b", "2026-03-03", 1, 20.0, 5.0)],
    )
    table = shop.table("orders")
    more = table.assign(order_id=["o3", "o1"], product_id="p2", quantity=[1.0, -1.0], unit_price=[50.0, 30.0])
    store.write_tables(
        shop,
        {
            "orders": pd.concat([table, more.assign(discount=0.0)], ignore_index=True),
            "products": pd.DataFrame({"product_id": ["p1"], "name": ["Tea"]}),
        },
    )
    found = sales.products(shop, sales.lines(shop), *days("2026-03-02", "2026-03-08"))
    tea, other = found.top.itertuples()
    assert (tea.name, tea.net_sales, tea.units, tea.returned_units, tea.orders) == ("Tea", 75.0, 4, 0, 2)
    assert (other.name, other.net_sales, other.units, other.returned_units, other.orders) == ("p2", 20.0, 1, 1, 1)
    assert (tea.share, other.share) == (pytest.approx(75 / 95), pytest.approx(20 / 95))
    assert found.sold == 2


def test_without_net_sales_no_product_has_a_share(tmp_path):
    shop = shop_with(
        tmp_path / "shop", [("o1", "a", "2026-01-01", 1, 10.0, 0.0), ("o1", "a", "2026-03-02", -1, 10.0, 0.0)]
    )
    (row,) = sales.products(shop, sales.lines(shop), *days("2026-03-02", "2026-03-08")).top.itertuples()
    assert (row.net_sales, row.units, row.returned_units) == (-10.0, 0.0, 1.0)
    assert row.share != row.share


def test_products_of_the_demo_shop_add_up_to_its_net_sales(demo_shop_dir):
    found = overview.overview(store.open_shop(demo_shop_dir))
    for span, products in found.products.items():
        net = next(one.now for one in found.activities[span][0].measures if one.name == "net_sales")
        assert (products.top["net_sales"] / products.top["share"]).tolist() == pytest.approx([net] * len(products.top))
        assert products.top["net_sales"].is_monotonic_decreasing


# --- contents ---


def test_contents_list_each_table_with_its_days(small):
    table = contents.contents(small).set_index("table")
    assert table.loc["orders", "rows"] == 5
    assert (str(table.loc["orders", "first"].date()), str(table.loc["orders", "last"].date())) == (
        "2026-01-05",
        "2026-03-01",
    )


def test_contents_of_an_empty_shop_are_empty(tmp_path):
    assert contents.contents(store.create_shop(tmp_path / "empty", {})).empty
