"""Forecasts on record are those that were submitted, held against what came."""

import sqlite3
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from engine.__main__ import main
from engine.campaign.plan import Audience, Plan, Step
from engine.decision import approvals, export, ledger
from engine.errors import StoreProblem
from engine.outcome import judged, learning, on_record, track
from engine.outcome.on_record import OnRecord
from tests.tiny import shop_of

NOW = datetime(2026, 1, 5, 12)
FORECAST = {
    "ctr": 0.1, "ctr_low": 0.05, "ctr_high": 0.2, "order_rate": 0.04, "order_rate_low": 0.02, "order_rate_high": 0.06,
    "orders": 4.0, "orders_low": 2.0, "orders_high": 6.0, "supported": 0, "basis": "attributed",
}  # fmt: skip


def plan(**changes: Any) -> Plan:
    return Plan(
        plan_id="p1", name="Tea time", owner="ana", audience=Audience(customer_ids=["a", "b"]),
        steps=[Step(channel=changes.get("channel", "email"), copy={"subject": changes.get("subject", "Tea")})],
        starts_at=date(2026, 1, 10), ends_at=date(2026, 1, 12),
    )  # fmt: skip


@pytest.fixture
def config(tmp_path):
    return tmp_path.with_name(f"{tmp_path.name}-config")


@pytest.fixture
def shop(tmp_path):
    """100 messages of plan p1: 12 clicked, 9 ordered; the data reach until the end of January."""
    return shop_of(
        tmp_path / "shop",
        {
            "customers": pd.DataFrame({"customer_id": ["a", "b"]}),
            "campaigns": pd.DataFrame({"campaign_id": ["p1"], "channel": "email", "starts_at": "2026-01-10",
                                       "ends_at": "2026-01-12"}),
            "campaign_results": pd.DataFrame({"campaign_id": ["p1"], "recipients": [100], "delivered": [100],
                                              "clicked": [12], "orders": [9], "date": ["2026-01-31"]}),
        },
    )  # fmt: skip


def submit(shop, config, forecast, now=NOW, **changes):
    return approvals.submit(shop.path, shop.shop_id, plan(**changes), forecast, "ana", now, config)


def approve(shop, config, now=NOW):
    return approvals.approve(shop.path, shop.shop_id, "p1", "ben", "ben", "fits", now, config)


def by_figure(table: pd.DataFrame) -> dict[str, dict]:
    return {row["figure"]: row for row in table.to_dict("records")}


def test_a_forecast_stands_beside_what_came_and_says_whether_its_range_held(shop, config):
    submit(shop, config, FORECAST)
    approve(shop, config)
    found = by_figure(learning.forecasts(shop, config))
    assert found["ctr"]["actual"] == 0.12 and found["ctr"]["held"] == 1
    assert found["ctr"]["error"] == pytest.approx(0.02)
    assert found["order_rate"]["actual"] == 0.09 and found["order_rate"]["held"] == 0  # above 6 %
    assert found["orders"]["held"] == 0
    assert (found["ctr"]["source"], found["ctr"]["is_approved"], found["ctr"]["trials"]) == ("totals", 1, 100)
    assert found["ctr"]["submitted_at"].startswith("2026-01-05")


def test_the_approved_submission_counts_and_none_that_was_made_later(shop, config):
    submit(shop, config, FORECAST)
    approve(shop, config)
    submit(shop, config, FORECAST | {"ctr": 0.12}, now=datetime(2026, 1, 20), subject="After the fact")
    [one] = on_record.forecasts(shop, config)
    assert one.forecast["ctr"] == 0.1 and one.is_approved
    assert one.over_from == date(2026, 1, 18)  # the window of an e-mail is seven days


def test_a_plan_of_two_messages_is_over_once_the_window_of_the_last_one_is(shop, config):
    steps = [Step(day=1, copy={"subject": "Tea"}), Step(day=11, channel="sms", copy={"body": "Tea?"})]
    two = plan().model_copy(update={"steps": steps, "ends_at": date(2026, 1, 21)})
    approvals.submit(shop.path, shop.shop_id, two, FORECAST, "ana", NOW, config)
    [one] = on_record.forecasts(shop, config)
    # Messages on the 11th and the 21st; an order counts for three days after a text message.
    assert one.over_from == date(2026, 1, 25)


def test_of_several_submissions_before_sending_the_last_counts_where_nobody_approved_one(shop, config):
    submit(shop, config, FORECAST)
    submit(shop, config, FORECAST | {"ctr": 0.11}, now=datetime(2026, 1, 6), subject="More tea")
    [one] = on_record.forecasts(shop, config)
    assert one.forecast["ctr"] == 0.11 and not one.is_approved


def test_a_plan_handed_in_once_it_was_sent_has_no_forecast_on_record(shop, config):
    submit(shop, config, FORECAST, now=datetime(2026, 1, 15))
    assert on_record.forecasts(shop, config) == []


def test_a_plan_handed_in_late_from_data_of_before_its_send_has_a_forecast_on_record(tmp_path, config):
    bought = {"order_id": ["o1"], "customer_id": ["a"], "ordered_at": ["2026-01-08"], "product_id": ["tea"],
              "quantity": [1], "unit_price": [9.0]}  # fmt: skip
    early = shop_of(tmp_path / "early", {"customers": pd.DataFrame({"customer_id": ["a", "b"]}),
                                         "orders": pd.DataFrame(bought)})  # fmt: skip
    submit(early, config, FORECAST, now=datetime(2026, 3, 1))
    approve(early, config, now=datetime(2026, 3, 2))
    [one] = on_record.forecasts(early, config)
    assert (one.data_until, one.is_approved) == ("2026-01-08", True)


def test_what_was_submitted_after_the_export_does_not_count(shop, config):
    submit(shop, config, FORECAST)
    approve(shop, config)
    export.export_plans(shop.path, shop.shop_id, None, lambda plan: ["a", "b"], NOW, config)
    submit(shop, config, FORECAST | {"ctr": 0.12}, now=datetime(2026, 1, 6), subject="Other words")
    [one] = on_record.forecasts(shop, config)
    assert one.forecast["ctr"] == 0.1


def test_what_is_not_over_is_not_judged(shop, config):
    submit(shop, config, FORECAST)
    table = learning.forecasts(shop, config, date(2026, 1, 14))
    assert table["actual"].isna().all() and not table["is_over"].any()
    assert track.on_record(table).empty


def test_a_forecast_that_was_altered_in_the_file_is_found_and_none_is_believed(shop, config):
    submit(shop, config, FORECAST)
    with sqlite3.connect(shop.path / "ledger.db") as raw:
        for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            raw.execute(f"DROP TRIGGER {name}")
        [(payload,)] = raw.execute("SELECT payload FROM entries WHERE seq = 1").fetchall()
        raw.execute("UPDATE entries SET payload = ? WHERE seq = 1", [payload[:-1] + bytes([payload[-1] ^ 1])])
    assert not ledger.verify(shop.path, shop.shop_id, config).ok
    with pytest.raises(StoreProblem, match="Entry 1"):
        on_record.forecasts(shop, config)


def test_the_command_prints_the_submitted_forecast_or_why_it_prints_none(shop, config, monkeypatch):
    monkeypatch.setenv("OFFERLAB_CONFIG", str(config))
    submit(shop, config, FORECAST)
    said = learning.sections(shop, config, None, 0, True, lambda share, text: None)
    assert {row["figure"]: row["forecast"] for row in said["forecasts"]} == {
        "ctr": 0.1,
        "order_rate": 0.04,
        "orders": 4.0,
    }
    assert "refused" in said["drift"] and "refused" in said["promotion"]  # nothing was learned yet
    run = CliRunner().invoke(main, ["outcomes", "--shop", str(shop.path), "--help"])
    assert "--no-learn" in run.output


# --- whether a range held, where what came is itself measured ---


def record(channel: str = "email", **forecast: Any) -> OnRecord:
    return OnRecord("p1", "Tea", channel, date(2026, 1, 1), date(2026, 1, 8), 1, "", True, "m", "", forecast)


def measured(**row: Any) -> pd.DataFrame:
    usual = {"plan_id": "p1", "is_window": 1, "is_over": 1, "verdict": "unclear", "sent": 1_000, "sent_ordered": 50,
             "attributed_revenue": 4_000.0, "extra_orders": np.nan, "extra_orders_low": np.nan,
             "extra_orders_high": np.nan, "extra_profit": np.nan, "extra_profit_low": np.nan,
             "extra_profit_high": np.nan}  # fmt: skip
    return pd.DataFrame([usual | row])


NO_PAST = pd.DataFrame({"campaign_id": []})


@pytest.mark.parametrize(
    ("seen", "luck", "held"),
    [(100.0, 1.0, 1.0), (125.0, 1.0, 0.0), (125.0, 40.0, 1.0), (200.0, 40.0, 0.0), (75.0, 1.0, 0.0)],
)
def test_extra_orders_are_held_against_both_ranges_together(seen, luck, held):
    made = record(extra_orders=100.0, extra_orders_low=80.0, extra_orders_high=120.0)
    came = measured(extra_orders=seen, extra_orders_low=seen - luck, extra_orders_high=seen + luck)
    [row] = judged.judged([made], NO_PAST, came, date(2026, 2, 1)).to_dict("records")
    assert (row["held"], row["actual"], row["source"]) == (held, seen, "orders")


def test_ranges_of_80_per_cent_hold_in_80_of_100_plans_where_the_forecast_and_the_measurement_are_right():
    random = np.random.default_rng(0)
    held = []
    for _ in range(800):
        truth = random.normal(100, 15)
        seen = truth + random.normal(0, 20)
        made = record(extra_profit=100.0, extra_profit_low=100 - 15 * 1.2816, extra_profit_high=100 + 15 * 1.2816)
        came = judged.Came(seen, seen - 20 * 1.96, seen + 20 * 1.96, 1_000, "orders")
        ends = (made.forecast[f"extra_profit_{end}"] for end in ("low", "high"))
        held.append(judged._held(100.0, *ends, came))
    assert np.mean(held) == pytest.approx(0.8, abs=0.05)


def test_the_shops_own_orders_tell_what_nobody_reported_unless_they_cannot_be_trusted():
    past = pd.DataFrame([{
        "campaign_id": "p1", "source": "totals", "ctr": 0.1, "clicked_of": 1_000, "order_rate": np.nan, "orders_of": 0,
        "orders": np.nan, "extra_orders": np.nan, "extra_orders_low": np.nan, "extra_orders_high": np.nan,
    }])  # fmt: skip
    made = record(order_rate=0.05, order_rate_low=0.04, order_rate_high=0.06, revenue=1.0)
    own = by_figure(judged.judged([made], past, measured(), date(2026, 2, 1)))
    assert (own["order_rate"]["actual"], own["order_rate"]["source"]) == (0.05, "orders")
    assert np.isnan(own["revenue"]["held"])  # a forecast without a range
    elsewhere = by_figure(judged.judged([made], past, measured(verdict="elsewhere"), date(2026, 2, 1)))
    assert pd.isna(elsewhere["order_rate"]["actual"]) and pd.isna(elsewhere["revenue"]["actual"])
    told = past.assign(order_rate=0.045, orders=45, orders_of=1_000)
    both = by_figure(judged.judged([made], told, measured(), date(2026, 2, 1)))
    assert (both["order_rate"]["actual"], both["order_rate"]["source"]) == (0.045, "totals")  # as forecasts learned it
    assert both["revenue"]["source"] == "orders"


def test_a_plan_of_which_too_few_ordered_for_a_comparison_is_judged_by_those_who_did():
    made = record(order_rate=0.05, order_rate_low=0.04, order_rate_high=0.06, extra_orders=9.0)
    few = by_figure(judged.judged([made], NO_PAST, measured(verdict="too_few", sent_ordered=6), date(2026, 2, 1)))
    assert (few["order_rate"]["actual"], few["order_rate"]["held"]) == (0.006, 0.0)
    assert pd.isna(few["extra_orders"]["actual"])


@pytest.mark.parametrize("verdict", ["too_few", "no_holdout"])
def test_orders_that_do_not_reach_to_the_end_of_the_window_judge_nothing(verdict):
    made, some = record(order_rate=0.05, order_rate_low=0.04, order_rate_high=0.06), measured(verdict=verdict)
    assert by_figure(judged.judged([made], NO_PAST, some, date(2026, 2, 1)))["order_rate"]["actual"] == 0.05
    none = by_figure(judged.judged([made], NO_PAST, some.assign(is_over=0), date(2026, 2, 1)))
    assert pd.isna(none["order_rate"]["actual"])


def test_a_plan_whose_results_are_ads_is_judged_by_impressions():
    past = pd.DataFrame([{
        "campaign_id": "p1", "source": "ads", "ctr": 0.02, "clicked_of": 50_000, "order_rate": np.nan,
        "orders_of": 1_000, "orders": 30, "extra_orders": np.nan, "extra_orders_low": np.nan,
        "extra_orders_high": np.nan,
    }])  # fmt: skip
    made = record(
        "ad", ctr=0.021, ctr_low=0.018, ctr_high=0.024, order_rate=0.03, orders=25.0, orders_low=20.0, orders_high=31.0
    )
    found = by_figure(judged.judged([made], past, None, date(2026, 2, 1)))
    assert (found["ctr"]["held"], found["ctr"]["trials"], found["orders"]["held"]) == (1.0, 50_000, 1.0)
    assert pd.isna(found["order_rate"]["actual"])


def came_of(source: str, **counts: Any) -> dict[str, Any]:
    """A row of past.campaigns with these counts."""
    usual = {name: np.nan for name in ("ctr", "order_rate", "orders", "extra_orders")}
    ends = {"extra_orders_low": np.nan, "extra_orders_high": np.nan}
    return {"campaign_id": "p1", "source": source, "clicked_of": 100, "orders_of": 100, **usual, **ends, **counts}


@pytest.mark.parametrize("ads_first", [True, False])
@pytest.mark.parametrize("channel", ["email", "ad"])
def test_messages_are_judged_by_messages_whatever_ads_went_out_under_the_same_plan(channel, ads_first):
    rows = [came_of("deliveries", ctr=0.2, order_rate=0.09, orders=9), came_of("ads", ctr=0.01, orders=3)]
    past = pd.DataFrame(rows[::-1] if ads_first else rows)
    found = by_figure(judged.judged([record(channel, ctr=0.1, orders=4.0)], past, None, date(2026, 2, 1)))
    assert (found["ctr"]["actual"], found["orders"]["actual"]) == (0.2, 9)
    assert {row["source"] for row in found.values()} == {"deliveries"}


def test_what_ads_brought_does_not_judge_a_plan_of_messages_of_which_nothing_is_known_yet():
    past = pd.DataFrame([came_of("none"), came_of("ads", ctr=0.01, orders=3)])
    of_messages, of_ads = (
        by_figure(judged.judged([record(one, ctr=0.1, orders=4.0)], past, None, date(2026, 2, 1)))
        for one in ("email", "ad")
    )
    assert pd.isna(of_messages["ctr"]["actual"]) and pd.isna(of_messages["orders"]["actual"])
    assert (of_ads["ctr"]["actual"], of_ads["orders"]["source"]) == (0.01, "ads")


# --- over time ---


def tracked(ratio: float = 1.0, count: int = 40, seed: int = 0, channel: str = "email") -> pd.DataFrame:
    """Forecasts `ratio` times the truth, with an honest 80 % range but for that."""
    random = np.random.default_rng(seed)
    truth = np.exp(random.normal(-3, 0.4, count))
    trials = random.integers(2_000, 6_000, count)
    actual = random.binomial(trials, truth * np.exp(random.normal(0, 0.2, count))) / trials
    said = truth * ratio
    return pd.DataFrame({
        "figure": "ctr", "campaign": [f"k{n}" for n in range(count)], "channel": channel,
        "at": pd.date_range("2025-01-01", periods=count, freq="9D"), "forecast": said, "low": said * np.exp(-0.27),
        "high": said * np.exp(0.27), "actual": actual, "trials": trials,
        "held": ((actual >= said * np.exp(-0.27)) & (actual <= said * np.exp(0.27))).astype(float),
    })  # fmt: skip


def test_bias_is_found_with_its_range_and_none_where_there_is_none():
    honest, double = track.bias(tracked()), track.bias(tracked(ratio=1.5))
    assert honest.low < 0 < honest.high
    assert double.low < np.log(1.5) < double.high and double.low > 0
    assert track.bias(tracked(count=2)).low is None


@pytest.mark.parametrize(
    ("figure", "actual", "stands_for"), [("ctr", 0.1, 0.0005), ("orders", 10.0, 0.5), ("revenue", 90.0, 45.0)]
)
def test_where_nothing_came_half_of_the_least_that_counts_stands_for_it(figure, actual, stands_for):
    rows = pd.DataFrame(
        {"figure": figure, "forecast": actual, "actual": [actual, actual, 0.0], "trials": 1_000.0}
    )  # fmt: skip
    assert track.bias(rows).mean == pytest.approx(np.log(actual / stands_for) / 3)


def test_calibration_tells_a_level_that_is_off_from_forecasts_that_differ_too_much():
    honest, double = track.calibration(tracked()), track.calibration(tracked(ratio=1.5))
    assert abs(honest.shift) < 0.15 and honest.slope == pytest.approx(1.0, abs=0.25)
    assert double.shift == pytest.approx(-np.log(1.5), abs=0.15)
    wild = tracked(count=80)
    wild["forecast"] = np.exp(-3 + 2 * (np.log(wild["forecast"]) + 3))
    assert track.calibration(wild).slope < 0.75


def test_the_share_that_held_has_a_range_and_a_line_over_time():
    rows = tracked()
    assert track.held(rows).of == 40 and track.held(rows).low < 0.8 < track.held(rows).high
    stretches = track.over_time(rows)
    assert stretches["of"].sum() == 40 and (stretches["low"] <= stretches["share"]).all()
    assert stretches["at"].is_monotonic_increasing
    assert track.over_time(rows.iloc[:0]).empty


def test_bias_over_time_stands_for_each_channel_by_itself():
    both = pd.concat([tracked(), tracked(1.5, seed=1, channel="sms")])
    found = track.bias_over_time(both)
    assert set(found["channel"]) == {"email", "sms"}
    assert found[found["channel"] == "sms"]["bias"].mean() > 0.25 > found[found["channel"] == "email"]["bias"].mean()
    told = track.told(both, ("ctr",))
    assert [one["channel"] for one in told] == ["", "email", "sms"]
    assert told[0]["ranges_that_held"]["of"] == 80
