import numpy as np
import pandas as pd
import pytest

from engine.errors import NotEnoughData
from engine.outcome import results
from engine.shop import store


# Newcombe (1998), "Two-sided confidence intervals for the single proportion", table I, method 3.
@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_the_published_intervals(successes, trials, low, high):
    found = results.wilson(np.array([successes]), np.array([trials]))
    assert [float(end[0]) for end in found] == pytest.approx([low, high], abs=5e-5)


# Newcombe (1998), "Interval estimation for the difference between independent proportions", table II, method 10.
@pytest.mark.parametrize(
    ("a", "m", "b", "n", "low", "high"),
    [
        (56, 70, 48, 80, 0.0524, 0.3339),
        (9, 10, 3, 10, 0.1705, 0.8090),
        (6, 7, 2, 7, 0.0582, 0.8062),
        (5, 56, 0, 29, -0.0381, 0.1926),
        (0, 10, 0, 20, -0.1611, 0.2775),
        (10, 10, 0, 10, 0.6075, 1.0),
    ],
)
def test_newcombe_gives_the_published_intervals(a, m, b, n, low, high):
    found = results.newcombe(*(np.array([float(value)]) for value in (a, m, b, n)))
    assert [float(end[0]) for end in found] == pytest.approx([low, high], abs=5e-5)


def test_no_trials_give_no_interval():
    low, high = results.wilson(np.array([0.0]), np.array([0.0]))
    assert np.isnan(low[0]) and np.isnan(high[0])


def shop_of(path, deliveries=None, totals=None, campaigns=("a", "b")) -> store.Shop:
    shop = store.create_shop(path, {"name": "Test"})
    starts = pd.date_range("2026-01-01", periods=len(campaigns), freq="7D")
    frames = {"campaigns": pd.DataFrame({"campaign_id": campaigns, "channel": "email", "starts_at": starts})}
    if deliveries is not None:
        frames["deliveries"] = deliveries
    if totals is not None:
        frames["campaign_results"] = totals
    store.save_tables(shop, frames)
    return shop


def sent(campaign: str, orders: int, people: int, treated: int) -> pd.DataFrame:
    """`people` rows, the first `orders` of which ordered for 20 each."""
    converted = (np.arange(people) < orders).astype(int)
    return pd.DataFrame(
        {
            "campaign_id": campaign,
            "customer_id": [f"{campaign}{treated}{i}" for i in range(people)],
            "sent_at": "2026-01-02",
            "treated": treated,
            "clicked": converted if treated else None,
            "converted": converted,
            "revenue": converted * 20.0,
        }
    )


@pytest.fixture
def two_campaigns(tmp_path):
    rows = [sent("a", 56, 70, 1), sent("a", 48, 80, 0), sent("b", 10, 100, 1), sent("b", 2, 20, 0)]
    return shop_of(tmp_path / "shop", pd.concat(rows))


def test_extra_orders_are_those_above_the_holdout_with_their_range(two_campaigns):
    table = results.campaigns(two_campaigns).set_index("campaign_id")
    a = table.loc["a"]
    assert (a["sent"], a["held_out"], a["orders"], a["held_out_orders"]) == (70, 80, 56, 48)
    assert a["extra_per_1000"] == pytest.approx(200.0)
    assert [a["extra_per_1000_low"], a["extra_per_1000_high"]] == pytest.approx([52.4, 333.9], abs=0.05)
    assert a["basis"] == "incremental"
    assert a["revenue_per_recipient"] == pytest.approx(16.0)
    assert table["distinguishable"].to_dict() == {"a": 1, "b": 0}
    assert list(results.campaigns(two_campaigns)["campaign_id"]) == ["b", "a"]  # the latest first


def test_totals_add_up_campaign_by_campaign(two_campaigns):
    totals = results.totals(results.campaigns(two_campaigns))
    assert (totals.campaigns, totals.with_holdout, totals.distinguishable) == (2, 2, 1)
    assert totals.sent == 170
    assert totals.extra == pytest.approx(70 * 0.2 + 100 * 0.0)
    assert totals.extra_low < totals.extra < totals.extra_high
    assert totals.revenue == pytest.approx(66 * 20.0)


def test_without_a_holdout_nothing_is_called_extra(tmp_path):
    shop = shop_of(tmp_path / "shop", sent("a", 5, 100, 1).drop(columns="treated"), campaigns=("a",))
    table = results.campaigns(shop)
    assert table.loc[0, "basis"] == "attributed"
    assert np.isnan(table.loc[0, "extra_per_1000"])
    assert table.loc[0, "distinguishable"] == 0
    low, high = results.wilson(np.array([5]), np.array([100]))
    assert table.loc[0, "order_rate_low"] == pytest.approx(low[0])
    assert table.loc[0, "order_rate_high"] == pytest.approx(high[0])
    assert results.totals(table).extra is None
    assert np.isnan(table.loc[0, "held_out"])  # nobody said who was left out
    told = results.campaigns(shop_of(tmp_path / "told", sent("a", 5, 100, 1), campaigns=("a",)))
    assert told.loc[0, "held_out"] == 0


def test_a_stage_nobody_recorded_is_unknown_and_not_zero(tmp_path):
    rows = sent("a", 5, 100, 1).drop(columns=["clicked", "revenue"])
    row = results.campaigns(shop_of(tmp_path / "shop", rows, campaigns=("a",))).loc[0]
    assert np.isnan(row["clicks"]) and np.isnan(row["ctr"])
    assert np.isnan(row["revenue"]) and np.isnan(row["revenue_per_recipient"])


def test_rows_without_an_outcome_are_left_out_of_its_rate(tmp_path):
    rows = sent("a", 5, 100, 1)
    rows["converted"] = rows["converted"].astype(object)
    rows.loc[50:, "converted"] = None
    row = results.campaigns(shop_of(tmp_path / "shop", rows, campaigns=("a",))).loc[0]
    assert row["sent"] == 100
    assert row["order_rate"] == pytest.approx(0.1)


def test_totals_of_a_mail_tool_give_rates_of_what_was_delivered(tmp_path):
    totals = pd.DataFrame(
        {"campaign_id": ["a", "a"], "variant": ["x", "y"], "recipients": [110, 100], "delivered": [100, 100],
         "clicked": [10, 20], "orders": [3, 5], "revenue": [60.0, 100.0]}
    )  # fmt: skip
    row = results.campaigns(shop_of(tmp_path / "shop", totals=totals, campaigns=("a",))).loc[0]
    assert (row["sent"], row["clicks"], row["orders"]) == (200, 30, 8)
    assert row["ctr"] == pytest.approx(0.15)
    assert row["basis"] == "attributed"
    assert np.isnan(row["held_out"])  # totals do not tell of those left out


def test_deliveries_count_before_totals_of_the_same_campaign(tmp_path):
    totals = pd.DataFrame({"campaign_id": ["a", "b"], "recipients": [999, 50], "orders": [9, 1]})
    shop = shop_of(tmp_path / "shop", sent("a", 5, 100, 1), totals)
    assert dict(results.campaigns(shop)[["campaign_id", "sent"]].to_numpy()) == {"a": 100, "b": 50}


@pytest.mark.parametrize("tables", ["nothing", "campaigns"])
def test_a_shop_without_past_campaigns_says_what_to_import(tmp_path, tables):
    shop = shop_of(tmp_path / "shop") if tables == "campaigns" else store.create_shop(tmp_path / "shop", {})
    with pytest.raises(NotEnoughData, match="deliveries or campaign_results"):
        results.campaigns(shop)


def test_the_demo_shops_campaigns_add_orders(demo_shop_dir):
    """Planted: messages of the demo shop cause orders, so that the range of all of them lies above zero."""
    table = results.campaigns(store.open_shop(demo_shop_dir))
    totals = results.totals(table)
    assert totals.with_holdout == 60
    assert totals.extra_low > 0
    assert (table["extra_per_1000_low"] <= table["extra_per_1000"]).all()
