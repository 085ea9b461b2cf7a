from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from engine.shop.activity import WEEKS, Activity, Measure, activity
from tests.tiny import shop_of


def orders(*rows: tuple) -> pd.DataFrame:
    columns = ["order_id", "customer_id", "ordered_at", "quantity", "unit_price", "discount"]
    return pd.DataFrame(rows, columns=columns).assign(product_id="p1")


def measure(found: Activity, name: str) -> Measure:
    return next(one for one in found.measures if one.name == name)


@pytest.fixture
def sold(tmp_path: Path) -> Activity:
    table = orders(
        ("o0", "c9", "2025-12-01", 1, 1.0, 0.0),
        ("o1", "c1", "2026-01-05", 1, 10.0, 0.0),  # a Monday, in the 28 days before
        ("o2", "c1", "2026-02-10", 2, 10.0, 5.0),  # c1 comes back
        ("o2", "c1", "2026-02-10", 1, 3.0, 0.0),
        ("o3", "c2", "2026-02-28", 1, 40.0, 0.0),  # c2 is new
        ("o2", "c1", "2026-03-01", -1, 10.0, 0.0),  # one sent back, on the last day
    )
    (found,) = activity(shop_of(tmp_path / "shop", {"orders": table}))
    return found


def test_the_last_28_days_end_on_the_day_of_the_last_order(sold):
    assert (sold.first, sold.last) == (date(2026, 2, 2), date(2026, 3, 1))
    assert (sold.earlier_first, sold.earlier_last) == (date(2026, 1, 5), date(2026, 2, 1))


def test_net_sales_are_after_discounts_and_returns(sold):
    assert measure(sold, "net_sales").now == pytest.approx(20 - 5 + 3 + 40 - 10)
    assert measure(sold, "net_sales").before == pytest.approx(10.0)
    assert measure(sold, "orders").now == 2
    assert measure(sold, "aov").now == pytest.approx(24.0)


def test_a_customer_is_new_once(sold):
    assert (measure(sold, "new_customers").now, measure(sold, "returning_customers").now) == (1, 1)
    assert measure(sold, "new_customers").before == 1


def test_the_weeks_of_both_periods_add_up_to_them(sold):
    weeks = measure(sold, "net_sales").weeks
    assert len(weeks) == WEEKS == 8
    assert sum(weeks[4:]) == pytest.approx(measure(sold, "net_sales").now)
    assert sum(weeks[:4]) == pytest.approx(measure(sold, "net_sales").before)


def test_records_that_begin_within_the_days_before_compare_with_nothing(tmp_path):
    table = orders(("o1", "c1", "2026-01-20", 1, 10.0, 0.0), ("o2", "c1", "2026-03-01", 1, 10.0, 0.0))
    (found,) = activity(shop_of(tmp_path / "shop", {"orders": table}))
    assert not found.is_whole
    assert measure(found, "net_sales").before is None
    assert measure(found, "net_sales").weeks[:2] == (None, None)


def test_messages_count_those_sent_and_only_stages_that_were_recorded(tmp_path):
    sent = pd.DataFrame(
        {
            "campaign_id": "k1", "customer_id": list("abcd"), "sent_at": "2026-05-01", "treated": [1, 1, 1, 0],
            "clicked": [1, 0, None, None],
        }
    )  # fmt: skip
    campaigns = pd.DataFrame({"campaign_id": ["k1"], "channel": ["email"], "starts_at": ["2026-05-01"]})
    (found,) = activity(shop_of(tmp_path / "shop", {"campaigns": campaigns, "deliveries": sent}))
    assert found.source == "messages"
    assert [one.name for one in found.measures] == ["messages", "click_rate"]
    assert measure(found, "messages").now == 3
    assert measure(found, "click_rate").now == pytest.approx(0.5)


def test_totals_of_a_mail_tool_are_messages_too(tmp_path):
    totals = pd.DataFrame({"campaign_id": ["k1"], "recipients": [100], "delivered": [80], "clicked": [4]})
    campaigns = pd.DataFrame({"campaign_id": ["k1"], "channel": ["email"], "starts_at": ["2026-05-01"]})
    (found,) = activity(shop_of(tmp_path / "shop", {"campaigns": campaigns, "campaign_results": totals}))
    assert found.last == date(2026, 5, 1)
    assert (measure(found, "messages").now, measure(found, "click_rate").now) == (80, pytest.approx(0.05))


def test_a_shop_of_ads_alone_has_figures(tmp_path):
    ads = pd.DataFrame({"ad_id": "a1", "date": ["2026-05-01", "2026-05-02"], "impressions": 100, "clicks": [1, 3]})
    (found,) = activity(shop_of(tmp_path / "shop", {"ads": ads}))
    assert (found.source, measure(found, "ad_ctr").now) == ("ads", pytest.approx(0.02))
    assert "ad_cost" not in {one.name for one in found.measures}


def test_a_shop_of_visits_alone_has_figures(tmp_path):
    events = pd.DataFrame({"customer_id": list("aab"), "occurred_at": "2026-05-01", "kind": ["view", "cart", "view"]})
    (found,) = activity(shop_of(tmp_path / "shop", {"events": events}))
    assert [one.now for one in found.measures] == [3, 2, 1]


def test_an_empty_shop_has_none(tmp_path):
    assert activity(shop_of(tmp_path / "shop", {})) == []
