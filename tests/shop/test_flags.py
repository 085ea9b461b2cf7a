"""Odd rows are kept and counted."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from engine.shop.flags import flags, outer_fence


def orders(**columns):
    rows = len(next(iter(columns.values())))
    usual = {"order_id": [f"o{i}" for i in range(rows)], "ordered_at": pd.Timestamp("2026-01-01"), "quantity": 1.0}
    return pd.DataFrame(usual | {"unit_price": 10.0} | columns)


def test_the_fence_is_tukeys_on_logarithms():
    # Quartiles of 1, 10, 100, 1000 repeated: ln 10 and ln 100 by linear interpolation at 0.25 and 0.75.
    values = pd.Series([1.0] * 50 + [10.0] * 100 + [100.0] * 100 + [1000.0] * 50)
    assert outer_fence(values) == pytest.approx(100 * (100 / 10) ** 3)


@pytest.mark.parametrize("values", [[1.0] * 199, [5.0] * 300, [], [-1.0] * 300])
def test_too_few_or_equal_values_have_no_fence(values):
    assert outer_fence(pd.Series(values, dtype="float64")) is None


def test_a_slip_of_the_keyboard_is_flagged_and_large_orders_are_not():
    quantity = np.tile([1.0, 2.0, 4.0, 8.0], 100)
    quantity[7] = 80_000.0
    ((what, count),) = flags("orders", orders(quantity=quantity)).items()
    assert what.startswith("quantity beyond ") and count == 1
    assert flags("orders", orders(quantity=np.tile([1.0, 2.0, 4.0, 8.0], 100))) == {}


def test_returns_are_judged_by_their_size():
    quantity = np.tile([1.0, 2.0, 4.0, 8.0], 100)
    quantity[3] = -80_000.0
    assert sum(flags("orders", orders(quantity=quantity)).values()) == 1


def test_rows_from_the_future_are_flagged_on_the_shops_clock():
    late = orders(ordered_at=pd.to_datetime(["2026-06-02 16:00", "2026-06-02 18:00"]))
    now = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)  # 17:00 in Shanghai; a day more is let pass
    assert flags("orders", late, now, "Asia/Shanghai") == {"ordered_at lies in the future (kept)": 1}
    assert flags("orders", late, now, "UTC") == {"ordered_at lies in the future (kept)": 2}
    assert flags("orders", late) == {}


def test_a_campaign_may_start_in_the_future():
    planned = pd.DataFrame({"campaign_id": ["k"], "channel": ["email"], "starts_at": [pd.Timestamp("2030-01-01")]})
    assert flags("campaigns", planned, datetime(2026, 6, 1, tzinfo=UTC)) == {}
