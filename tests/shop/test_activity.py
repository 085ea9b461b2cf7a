from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from engine.shop import store
from engine.shop.activity import Activity, Measure, activity
from tests.tiny import shop_of


def orders(*rows: tuple) -> pd.DataFrame:
    columns = ["order_id", "customer_id", "ordered_at", "quantity", "unit_price", "discount"]
    return pd.DataFrame(rows, columns=columns).assign(product_id="p1")


def measure(found: Activity, name: str) -> Measure:
    return next(one for one in found.measures if one.name == name)


def months(shop: store.Shop) -> list[Activity]:
    return activity(shop)["month"]


@pytest.fixture
def sold(tmp_path: Path) -> Activity:
    table = orders(
        ("o0", "c9", "2025-08-01", 1, 1.0, 0.0),
        ("o1", "c1", "2026-01-05", 1, 10.0, 0.0),  # a Monday, in the 28 days before
        ("o2", "c1", "2026-02-10", 2, 10.0, 5.0),  # c1 comes back
        ("o2", "c1", "2026-02-10", 1, 3.0, 0.0),
        ("o3", "c2", "2026-02-28", 1, 40.0, 0.0),  # c2 is new
        ("o2", "c1", "2026-03-01", -1, 10.0, 0.0),  # one sent back, on the last day
    )
    (found,) = months(shop_of(tmp_path / "shop", {"orders": table}))
    return found


def test_the_last_28_days_end_on_the_day_of_the_last_order(sold):
    assert (sold.first, sold.last) == (date(2026, 2, 2), date(2026, 3, 1))
    assert (sold.before.first, sold.before.last) == (date(2026, 1, 5), date(2026, 2, 1))


def test_net_sales_are_after_discounts_and_returns(sold):
    assert measure(sold, "net_sales").now == pytest.approx(20 - 5 + 3 + 40 - 10)
    assert measure(sold, "net_sales").before == pytest.approx(10.0)
    assert measure(sold, "orders").now == 2
    assert measure(sold, "aov").now == pytest.approx(24.0)


def test_a_customer_is_new_once(sold):
    assert (measure(sold, "new_customers").now, measure(sold, "returning_customers").now) == (1, 1)
    assert measure(sold, "new_customers").before == 1


def test_the_weeks_of_both_periods_add_up_to_them(sold):
    weeks = measure(sold, "net_sales").trend
    assert (len(weeks), sold.step_days) == (8, 7)
    assert sum(weeks[4:]) == pytest.approx(measure(sold, "net_sales").now)
    assert sum(weeks[:4]) == pytest.approx(measure(sold, "net_sales").before)


def test_records_that_begin_within_the_days_before_compare_with_nothing(tmp_path):
    table = orders(("o1", "c1", "2026-01-20", 1, 10.0, 0.0), ("o2", "c1", "2026-03-01", 1, 10.0, 0.0))
    (found,) = months(shop_of(tmp_path / "shop", {"orders": table}))
    assert not found.before.is_recorded
    assert measure(found, "net_sales").before is None
    assert measure(found, "net_sales").change(None) is None
    assert measure(found, "net_sales").trend[:4] == (None, None, None, 0.0)  # the week of 20 January is not whole


def test_messages_count_those_sent_and_only_stages_that_were_recorded(tmp_path):
    sent = pd.DataFrame(
        {
            "campaign_id": "k1", "customer_id": list("abcd"), "sent_at": "2026-05-01", "treated": [1, 1, 1, 0],
            "clicked": [1, 0, None, None],
        }
    )  # fmt: skip
    campaigns = pd.DataFrame({"campaign_id": ["k1"], "channel": ["email"], "starts_at": ["2026-05-01"]})
    (found,) = months(shop_of(tmp_path / "shop", {"campaigns": campaigns, "deliveries": sent}))
    assert found.source == "messages"
    assert [one.name for one in found.measures] == ["messages", "click_rate"]
    assert measure(found, "messages").now == 3
    assert measure(found, "click_rate").now == pytest.approx(0.5)


def test_totals_of_a_mail_tool_are_messages_too(tmp_path):
    totals = pd.DataFrame({"campaign_id": ["k1"], "recipients": [100], "delivered": [80], "clicked": [4]})
    campaigns = pd.DataFrame({"campaign_id": ["k1"], "channel": ["email"], "starts_at": ["2026-05-01"]})
    (found,) = months(shop_of(tmp_path / "shop", {"campaigns": campaigns, "campaign_results": totals}))
    assert found.last == date(2026, 5, 1)
    assert (measure(found, "messages").now, measure(found, "click_rate").now) == (80, pytest.approx(0.05))


def test_a_shop_of_ads_alone_has_figures(tmp_path):
    ads = pd.DataFrame({"ad_id": "a1", "date": ["2026-05-01", "2026-05-02"], "impressions": 100, "clicks": [1, 3]})
    (found,) = months(shop_of(tmp_path / "shop", {"ads": ads}))
    assert (found.source, measure(found, "ad_ctr").now) == ("ads", pytest.approx(0.02))
    assert "ad_cost" not in {one.name for one in found.measures}


def test_a_shop_of_visits_alone_has_figures(tmp_path):
    events = pd.DataFrame({"customer_id": list("aab"), "occurred_at": "2026-05-01", "kind": ["view", "cart", "view"]})
    (found,) = months(shop_of(tmp_path / "shop", {"events": events}))
    assert [one.now for one in found.measures] == [3, 2, 1]


def test_an_empty_shop_has_none(tmp_path):
    assert activity(shop_of(tmp_path / "shop", {})) == {"week": [], "month": [], "year": []}


def test_the_last_7_days_and_the_last_52_weeks_end_on_the_same_day(tmp_path):
    rows = [(f"o{n}", "c1", day, 1, 10.0, 0.0) for n, day in enumerate(["2022-01-01", "2025-03-10", "2026-08-09"])]
    found = activity(shop_of(tmp_path / "shop", {"orders": orders(*rows)}))
    (week,), (year,) = found["week"], found["year"]
    assert (week.first, week.last) == (date(2026, 8, 3), date(2026, 8, 9))
    assert week.last_year is not None and week.last_year.first == date(2025, 8, 4)
    assert (year.first, year.last) == (date(2025, 8, 11), date(2026, 8, 9))
    assert (year.before.first, year.last_year) == (date(2024, 8, 12), None)  # the days before are last year
    assert measure(year, "orders").before == 1  # of 10 March 2025


def test_last_year_is_counted_beside_the_same_weekdays(tmp_path):
    rows = [("o1", "c1", "2024-01-01", 1, 5.0, 0.0), ("o2", "c1", "2025-08-10", 3, 5.0, 0.0)]
    rows += [("o3", "c2", "2026-08-09", 4, 5.0, 0.0)]  # a Sunday, as 10 August 2025 was
    (week,) = activity(shop_of(tmp_path / "shop", {"orders": orders(*rows)}))["week"]
    net = measure(week, "net_sales")
    assert (net.now, net.before, net.last_year) == (20.0, 0.0, 15.0)
    assert net.change(net.last_year) == pytest.approx(1 / 3)
    assert net.change(net.before) is None  # nothing to divide by


def test_a_shop_with_three_days_of_orders_compares_with_nothing_and_says_how_many_days_it_has(tmp_path):
    rows = [(f"o{n}", f"c{n}", f"2026-08-0{n}", 1, 10.0, 0.0) for n in (1, 2, 3)]
    found = activity(shop_of(tmp_path / "shop", {"orders": orders(*rows)}))
    for span in ("week", "month", "year"):
        (one,) = found[span]
        assert one.recorded_days == 3
        assert (measure(one, "orders").now, measure(one, "orders").before, measure(one, "orders").last_year) == (
            3, None, None,
        )  # fmt: skip
        assert "now" in one.short_history


def test_who_was_new_in_the_first_days_on_record_is_not_known(tmp_path):
    """The same orders 28 days before the last 28 days, on the first day on record and 91 days after it."""
    rows = [("o1", "c1", "2026-06-20", 1, 10.0, 0.0), ("o2", "c2", "2026-07-19", 1, 10.0, 0.0)]
    (new,) = months(shop_of(tmp_path / "new", {"orders": orders(*rows, ("o0", "c0", "2026-05-25", 1, 1.0, 0.0))}))
    assert (new.before.first, new.before.is_recorded) == (date(2026, 5, 25), True)
    assert measure(new, "orders").before == 2
    assert [measure(new, name).before for name in ("new_customers", "returning_customers", "repeat_rate")] == [None] * 3
    (old,) = months(shop_of(tmp_path / "old", {"orders": orders(*rows, ("o0", "c0", "2026-02-23", 1, 1.0, 0.0))}))
    assert "before" not in old.short_history
    assert measure(old, "new_customers").before == 1
    assert measure(new, "orders").trend[0] == 1
    assert measure(new, "new_customers").trend[0] is None
    assert measure(old, "new_customers").trend[3] == 1  # the week of 20 June, 117 days after the first order


def test_a_rate_moves_by_points_and_an_amount_by_a_share(sold):
    rate = Measure("repeat_rate", "fraction", 0.4, 0.3, None, ())
    assert rate.change(rate.before) == pytest.approx(0.1)
    assert Measure("orders", "count", 4, 3, None, ()).change(3) == pytest.approx(1 / 3)


def test_the_demo_shop_counted_by_hand_gives_the_same_last_year(demo_shop_dir):
    shop = store.open_shop(demo_shop_dir)
    rows = shop.table("orders")
    found = activity(shop)["month"][0]
    assert found.last_year is not None and found.last_year.is_recorded
    days = rows["ordered_at"].dt.date
    inside = rows[(days >= found.last_year.first) & (days <= found.last_year.last)]
    net = (inside["quantity"] * inside["unit_price"] - inside["discount"] - inside["refunded"]).sum()
    assert measure(found, "net_sales").last_year == pytest.approx(net)
    assert measure(found, "orders").last_year == inside.loc[inside["quantity"] > 0, "order_id"].nunique()
