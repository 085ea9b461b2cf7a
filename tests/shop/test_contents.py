"""What a shop holds, in a few numbers."""

from datetime import date

import pandas as pd

from engine.shop.contents import Holdings, holdings
from tests.tiny import shop_of


def test_orders_are_counted_once_and_a_return_alone_is_none(tmp_path):
    lines = pd.DataFrame(
        {
            "order_id": ["o1", "o1", "o2", "r1"],
            "customer_id": ["a", "a", "NA", "a"],
            "ordered_at": ["2025-01-01", "2025-01-01", "2025-02-03 23:59", "2025-02-01"],
            "product_id": ["p", "q", "p", "p"],
            "quantity": [1, 2, 1, -1],
            "unit_price": [5.0, 5.0, 5.0, 5.0],
        }
    )
    assert holdings(shop_of(tmp_path / "shop", {"orders": lines})) == Holdings(2, 2, date(2025, 2, 3))


def test_a_shop_without_dates_has_no_last_day_and_an_empty_one_holds_nothing(tmp_path):
    people = pd.DataFrame({"customer_id": ["a", "b"]})
    assert holdings(shop_of(tmp_path / "people", {"customers": people})) == Holdings(0, 2, None)
    assert holdings(shop_of(tmp_path / "empty", {})) == Holdings(0, 0, None)
