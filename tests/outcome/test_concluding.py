"""What the figures of a plan suggest, and the commands that conclude one and list what was learned."""

import json
from datetime import date, datetime

import pandas as pd
import pytest
from click.testing import CliRunner

from engine.__main__ import main
from engine.campaign.plan import Audience, Offer, Plan, Step
from engine.decision import approvals, export, plans
from engine.outcome import concluding, results
from engine.shop import store
from tests.tiny import shop_of

NOW = datetime(2026, 1, 5, 12)


def range_of(name, low, high):
    return {name: (low + high) / 2, f"{name}_low": low, f"{name}_high": high}


ORDERS_UP, ORDERS_DOWN, ORDERS_EITHER = (
    range_of("extra_orders", 2.0, 9.0), range_of("extra_orders", -9.0, -2.0), range_of("extra_orders", -3.0, 5.0)
)  # fmt: skip
PROFIT_UP, PROFIT_DOWN, PROFIT_EITHER = (
    range_of("extra_profit", 10.0, 90.0), range_of("extra_profit", -90.0, -10.0), range_of("extra_profit", -5.0, 30.0)
)  # fmt: skip


@pytest.mark.parametrize(
    ("measured", "choice", "key"),
    [
        ({}, None, "nothing_measured"),
        ({"extra_orders": None, "orders": 12}, "again", "nobody_left_out"),
        (ORDERS_UP | PROFIT_UP, "repeat", "paid"),
        (ORDERS_UP | PROFIT_DOWN, "change", "dear"),
        (ORDERS_EITHER | PROFIT_DOWN, "stop", "lost"),
        (ORDERS_UP | PROFIT_EITHER, "again", "unclear"),
        (ORDERS_UP, "repeat", "more_orders"),
        (ORDERS_DOWN, "stop", "fewer_orders"),
        (ORDERS_EITHER, "again", "unclear"),
        (range_of("extra_orders", 0.0, 4.0), "again", "unclear"),
        (ORDERS_UP | PROFIT_UP | {"is_over": 0, "window_days": 7}, None, "not_over"),
        (ORDERS_UP | PROFIT_UP | {"is_over": 1, "verdict": "uneven"}, "again", "uneven"),
        (ORDERS_UP | PROFIT_UP | {"is_over": 1, "verdict": "gained"}, "repeat", "paid"),
    ],
)
def test_the_figures_suggest_by_a_fixed_rule(measured, choice, key):
    found = concluding.suggestion(measured)
    assert (found.choice, found.why.key) == (choice, f"learnings.{key}")
    assert found.why.text("en") != found.why.text("zh")


@pytest.fixture
def shop(tmp_path):
    """A shop with the deliveries of one exported plan: 400 written to of whom 60 ordered, 100 held out, 2 ordered.

    An ad's day tells that the data go on after the plan's window.
    """
    people = [f"c{n}" for n in range(500)]
    deliveries = pd.DataFrame(
        {
            "campaign_id": "p1", "customer_id": people, "sent_at": "2026-01-10", "treated": [1] * 400 + [0] * 100,
            "converted": [1] * 60 + [0] * 340 + [1] * 2 + [0] * 98,
        }
    )  # fmt: skip
    campaigns = pd.DataFrame(
        {"campaign_id": ["p1"], "name": ["Tea"], "channel": ["email"], "starts_at": ["2026-01-10"],
         "ends_at": ["2026-01-12"]}
    )  # fmt: skip
    customers = pd.DataFrame({"customer_id": people})
    ads = pd.DataFrame({"ad_id": ["a"], "date": ["2026-01-31"], "impressions": [9], "clicks": [1]})
    tables = {"customers": customers, "deliveries": deliveries, "campaigns": campaigns, "ads": ads}
    return shop_of(tmp_path / "shop", tables)


@pytest.fixture
def run(shop, tmp_path, monkeypatch):
    config = tmp_path.with_name(f"{tmp_path.name}-config")
    monkeypatch.setenv("OFFERLAB_CONFIG", str(config))
    plan = Plan(
        plan_id="p1", name="Tea", owner="ana", audience=Audience(customer_ids=["c1"]), starts_at=date(2026, 1, 10),
        ends_at=date(2026, 1, 12), offer=Offer(kind="percent", discount=0.2, code="TEA20"),
        steps=[Step(copy={"subject": "Tea", "body": "20 % off with TEA20"})],
    )  # fmt: skip
    where = (shop.path, shop.shop_id)
    approvals.submit(*where, plan, {}, "ana", NOW, config, extras={"filled": {"subject": "Tea", "body": "20 % off"}})
    approvals.approve(*where, "p1", "ben", "ben", "fits", NOW, config)
    export.export_plans(*where, None, lambda _: ["c1"], NOW, config)
    return lambda *words: CliRunner().invoke(main, [*words, "--shop", str(shop.path)])


def test_a_plan_is_concluded_with_its_figures_and_found_again(run, tmp_path):
    done = run("conclude", "p1", "--as", "repeat", "--reason", "Tea works.")
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    # 60 of 400 ordered against 2 of 100: 400 x (0.15 - 0.02) = 52 extra orders.
    assert said["measured"]["extra_orders"] == pytest.approx(52.0)
    assert said["measured"]["extra_orders_low"] > 0 and said["suggested"]["choice"] == "repeat"
    out = tmp_path / "learned.csv"
    found = json.loads(run("learnings", "--search", "tea 20%", "--out", str(out)).stdout)
    assert (found["count"], found["learnings"][0]["reason"]) == (1, "Tea works.")
    table = pd.read_csv(out)
    assert (table.loc[0, "choice"], table.loc[0, "sent"], table.loc[0, "held_out"]) == ("repeat", 400, 100)
    assert json.loads(run("learnings", "--search", "coffee").stdout)["count"] == 0


def test_what_is_no_conclusion_is_refused(run):
    refused = run("conclude", "p1", "--as", "perhaps", "--reason", "x")
    assert refused.exit_code == 2 and "perhaps is no conclusion" in refused.stderr
    assert json.loads(run("learnings").stdout) == {"count": 0, "of": 0, "learnings": []}


def test_the_next_plan_lies_ahead_and_knows_its_source(run, shop):
    made = json.loads(run("next-plan", "p1").stdout)
    assert made["starts_at"] > datetime.now().date().isoformat() and made["made_from"] == "p1"
    saved = plans.load(shop.path, made["plan_id"])
    assert saved.plan.status == "draft" and saved.extras[plans.MADE_FROM] == "p1"


def test_what_a_tool_reported_suggests_nothing_before_the_plans_days_are_over(run, shop):
    told = results.campaigns(shop)
    assert concluding.figures(shop, "p1", None, told)["is_over"] == 1
    (shop.path / "tables" / "ads.parquet").unlink()  # the data now end with the send
    early = concluding.figures(store.open_shop(shop.path), "p1", None, told)
    assert (early["is_over"], early["known_until"]) == (0, "2026-01-10")
    assert early["extra_orders_low"] > 0 and concluding.suggestion(early).choice is None


def test_reports_of_a_plan_of_several_messages_are_over_with_the_last_ones_window(run, shop):
    saved = plans.load(shop.path, "p1")
    steps = [Step(copy={"subject": "Tea"}), Step(day=20, copy={"subject": "Tea?"})]
    plans.save(shop.path, saved.plan.model_copy(update={"steps": steps}), {}, saved.version, NOW)
    found = concluding.figures(shop, "p1", None, results.campaigns(shop))
    assert (found["window_days"], found["is_over"]) == (27, 0)  # from 10 January; the data go on until the 31st


def test_the_shops_own_orders_count_before_what_a_tool_reported(shop):
    row = {
        "plan_id": "p1", "is_window": 1, "days": 7, "is_over": 1, "basis": "incremental", "verdict": "gained",
        "sent": 400, "held_out": 100, "sent_ordered": 70, "orders_until": pd.Timestamp("2026-02-01"),
        **range_of("extra_orders", 20.0, 60.0), **range_of("extra_profit", 100.0, 500.0),
    }  # fmt: skip
    measured = pd.DataFrame([row, row | {"is_window": 0, "days": 30, "sent_ordered": 99}])
    found = concluding.figures(shop, "p1", measured, None)
    assert (found["source"], found["orders"], found["window_days"], found["extra_profit"]) == ("orders", 70, 7, 300.0)
    assert found["known_until"] == "2026-01-31"  # the last day of the data, as of what a tool reported
    assert concluding.suggestion(found).choice == "repeat"
    assert concluding.figures(shop, "p2", measured, None) == {}
    nobody = measured.assign(extra_orders=float("nan"), extra_profit=float("nan"), basis="attributed")
    assert concluding.suggestion(concluding.figures(shop, "p1", nobody, None)).choice == "again"
