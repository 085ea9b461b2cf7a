"""What a sending tool reports: taken in, or answered in a sentence."""

import json
from datetime import date, datetime

import pandas as pd
import pytest
from click.testing import CliRunner

from engine.__main__ import main
from engine.campaign.plan import Offer, Plan, Step
from engine.decision import plans
from engine.errors import DataProblem
from engine.outcome import reported, results
from engine.shop import store
from tests.tiny import shop_of

NOW = datetime(2026, 2, 1)
TOTALS = "campaign_id,variant,recipients,delivered,clicked,orders,revenue\n"


@pytest.fixture
def shop(tmp_path):
    shop = shop_of(
        tmp_path / "shop",
        {
            "customers": pd.DataFrame({"customer_id": ["007", "NA"]}),
            "campaigns": pd.DataFrame({"campaign_id": ["old"], "channel": ["email"], "starts_at": ["2025-12-01"]}),
        },
    )
    for plan_id in ("p1", "p2"):
        plan = Plan(
            plan_id=plan_id, name=f"Plan {plan_id}", owner="ana", offer=Offer(kind="percent", discount=0.1),
            steps=[Step(copy={"subject": "Tea"})], starts_at=date(2026, 1, 10), ends_at=date(2026, 1, 12),
        )  # fmt: skip
        plans.save(shop.path, plan, {}, None, NOW)
    return shop


def taken(shop, tmp_path, content, name="campaign_results.csv"):
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    return reported.take_in(shop, [path], NOW, tmp_path.with_name(f"{tmp_path.name}-config"))


def test_totals_of_a_plan_are_taken_in_though_no_campaign_had_its_id(shop, tmp_path):
    report = taken(shop, tmp_path, TOTALS + "p1,,100,98,12,3,60\nold,,50,50,5,1,20\n")
    assert report["tables"]["campaign_results"] | {"files": []} == {
        "files": [], "rows_in": 2, "kept": 2, "set_aside": 0, "set_aside_by_reason": {}, "flagged": {},
    }  # fmt: skip
    after = store.open_shop(shop.path)
    named = after.table("campaigns").set_index("campaign_id")
    assert sorted(named.index) == ["old", "p1"]  # and no plan that nothing is reported of
    assert (named.at["p1", "name"], named.at["p1", "discount"]) == ("Plan p1", 0.1)
    assert named.at["p1", "starts_at"] == pd.Timestamp("2026-01-10 10:00")
    assert results.counted(after).at["p1", "clicks"] == 12


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("p9,,100,98,12,3,60", "campaign_id is neither a plan nor a past campaign of this shop"),
        ("p1,,0,0,0,0,0", "recipients is 0: nobody can have clicked or ordered"),
        ("p1,,-5,0,0,0,0", "recipients is below 0"),
        ("p1,,10,10,30,0,0", "clicked is 30, above recipients, 10"),
        ("p1,,10,10,3,11,60", "orders is 11, above recipients, 10"),
        ("p1,,ten,10,3,1,60", "recipients is not a number"),
        ("p1,,,10,3,1,60", "recipients is empty"),
        (",,10,10,3,1,60", "campaign_id is empty"),
        ("p2,,20,20,2,1,5", "campaign_id + variant stands again further down"),
    ],
)
def test_a_row_that_cannot_be_is_set_aside_with_its_reason(shop, tmp_path, row, reason):
    report = taken(shop, tmp_path, TOTALS + row + "\np2,,20,20,2,1,5\n")
    assert report["tables"]["campaign_results"]["set_aside_by_reason"] == {reason: 1}
    assert report["tables"]["campaign_results"]["kept"] == 1
    aside = pd.read_csv(shop.path / "set_aside" / "campaign_results.csv", dtype=str)
    assert aside[["line", "reason"]].to_numpy().tolist() == [["2", reason]]


def test_daily_totals_whose_orders_come_later_are_kept(shop, tmp_path):
    content = "campaign_id,date,recipients,clicked,orders\np1,2026-01-10,100,9,1\np1,2026-01-11,0,2,3\n"
    assert taken(shop, tmp_path, content)["tables"]["campaign_results"]["kept"] == 2


def test_deliveries_and_ads_of_a_plan_are_taken_in_with_ids_as_they_stand(shop, tmp_path):
    content = "campaign_id,customer_id,sent_at,treated,clicked\np1,007,2026-01-10,1,1\np1,NA,2026-01-10,0,\n"
    assert taken(shop, tmp_path, content, "deliveries.csv")["tables"]["deliveries"]["kept"] == 2
    ads = "ad_id,date,campaign_id,impressions,clicks,cost\na,2026-01-10,p1,100,7,5\nb,2026-01-10,p1,10,70,5\n"
    report = taken(shop, tmp_path, ads, "ads.csv")["tables"]["ads"]
    assert (report["kept"], report["set_aside_by_reason"]) == (1, {"clicks is 70, above impressions, 10": 1})


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("campaign_results.csv", "campaign_id,clicked\np1,3\n", "recipients"),
        ("orders.csv", "order_id,customer_id,ordered_at,product_id,quantity,unit_price\n1,a,2026-01-01,t,1,2\n",
         "orders.csv reads as orders"),
        ("results.csv", "a,b\n1,2\n", "results.csv is no report of a sending tool"),
        ("nothing.csv", "campaign_id,clicked\np1,3\n", "Needed are campaign_id and recipients"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_report_is_refused_before_anything_changes(shop, tmp_path, name, content, said):
    before = shop.version
    with pytest.raises(DataProblem, match=said):
        taken(shop, tmp_path, content, name)
    assert store.open_shop(shop.path).version == before


def test_the_command_takes_reports_in_and_prints_what_plans_brought(shop, tmp_path, monkeypatch):
    monkeypatch.setenv("OFFERLAB_CONFIG", str(tmp_path.with_name(f"{tmp_path.name}-config")))
    (tmp_path / "campaign_results.csv").write_text(TOTALS + "p1,,100,98,12,3,60\np9,,1,1,0,0,0\n")

    def run(*arguments):
        return CliRunner().invoke(main, ["outcomes", "--shop", str(shop.path), *arguments])

    refused = run()
    assert (refused.exit_code, refused.stdout) == (2, "") and "no orders yet" in refused.stderr
    line = {"order_id": "o", "customer_id": "007", "ordered_at": "2026-01-12", "product_id": "t", "quantity": 1.0}
    orders = pd.DataFrame([line | {"unit_price": 5.0}])
    deliveries = pd.DataFrame(
        {"campaign_id": "old", "customer_id": ["007", "NA"], "sent_at": "2025-12-01", "treated": [1, 0]}
    )
    store.save_tables(shop, {"orders": orders, "deliveries": deliveries})
    found = json.loads(run("--results", str(tmp_path / "campaign_results.csv")).stdout)
    assert found["results"]["tables"]["campaign_results"]["set_aside"] == 1
    assert [(row["plan_id"], row["days"], row["verdict"]) for row in found["plans"]] == [
        ("old", 7, "too_few"), ("old", 30, "too_few"),
    ]  # fmt: skip
    assert "1 were left out" in found["plans"][0]["reason"]
    assert found["variants"] == found["for_whom"] == []  # nothing was exported
    assert (run("--as-of", "soon").exit_code, run("--as-of", "soon").stdout) == (2, "")


def test_an_import_knows_the_plans_too(shop, tmp_path, monkeypatch):
    monkeypatch.setenv("OFFERLAB_CONFIG", str(tmp_path.with_name(f"{tmp_path.name}-config")))
    file = tmp_path / "deliveries.csv"
    file.write_text("campaign_id,customer_id,sent_at\np1,007,2026-01-10\np9,007,2026-01-10\n")
    ended = CliRunner().invoke(main, ["import", str(file), "--into", str(shop.path)])
    assert ended.exit_code == 0, ended.output
    assert json.loads(ended.stdout)["tables"]["deliveries"]["set_aside_by_reason"] == {
        "campaign_id is not in campaigns": 1
    }


def test_any_import_sets_aside_a_variant_that_the_plan_has_not_and_a_part_above_its_whole(shop, tmp_path):
    tried = Plan(
        plan_id="p3", name="Two ways", owner="ana", variants=["A", "B"], steps=[Step(copy={"subject": "Tea"})],
        starts_at=date(2026, 1, 10), ends_at=date(2026, 1, 12),
    )  # fmt: skip
    plans.save(shop.path, tried, {}, None, NOW)
    totals, ads = tmp_path / "campaign_results.csv", tmp_path / "ads.csv"
    totals.write_text(TOTALS + "p3,A,100,98,12,3,60\np3,C,100,98,12,3,60\np3,B,100,700,12,3,60\np1,own,90,80,1,1,9\n")
    ads.write_text("ad_id,date,channel,impressions,clicks\na1,2026-01-10,search,100,500\na1,2026-01-11,search,100,5\n")
    said = CliRunner().invoke(main, ["import", str(totals), str(ads), "--into", str(shop.path)])
    report = json.loads(said.stdout)["tables"]
    assert report["campaign_results"]["kept"] == 2 and report["ads"]["kept"] == 1
    reasons = [*report["campaign_results"]["set_aside_by_reason"], *report["ads"]["set_aside_by_reason"]]
    assert reasons == [
        "variant is none of this plan's: A, B", "delivered is 700, above recipients, 100",
        "clicks is 500, above impressions, 100",
    ]  # fmt: skip
