"""Results that come in give their plan the status that says so."""

from datetime import date, datetime

import pandas as pd
import pytest
from click.testing import CliRunner

from engine.__main__ import main
from engine.campaign.plan import Audience, Plan, Step
from engine.decision import approvals, export, ledger, plans
from engine.errors import NotAllowed
from engine.outcome import arrivals
from engine.shop import store
from tests.tiny import shop_of

NOW = datetime(2026, 1, 5, 12)
DELIVERIES = pd.DataFrame({"campaign_id": ["p1", "p1", "old"], "customer_id": ["a", "b", "a"], "sent_at": "2026-01-11"})
TOTALS = pd.DataFrame({"campaign_id": ["p1"], "recipients": [10], "orders": [1]})


@pytest.fixture
def shop(tmp_path):
    return shop_of(tmp_path / "shop", {"customers": pd.DataFrame({"customer_id": ["a", "b"]})})


@pytest.fixture
def config(tmp_path):
    return tmp_path.with_name(f"{tmp_path.name}-config")


def bring(shop, config, until="exported"):
    plan = Plan(
        plan_id="p1", name="p", owner="ana", audience=Audience(customer_ids=["a", "b"]),
        steps=[Step(copy={"subject": "Tea"})], starts_at=date(2026, 1, 10), ends_at=date(2026, 1, 12),
    )  # fmt: skip
    where = (shop.path, shop.shop_id)
    approvals.submit(*where, plan, {}, "ana", NOW, config)
    approvals.approve(*where, "p1", "ben", "ben", "fits", NOW, config)
    if until == "exported":
        send_out(shop, config)


def send_out(shop, config, **more):
    return export.export_plans(shop.path, shop.shop_id, None, lambda plan: ["a", "b"], NOW, config, **more)


def status(shop):
    return plans.load(shop.path, "p1").plan.status


@pytest.mark.parametrize(
    ("tables", "rows"),
    [
        ({"deliveries": DELIVERIES}, {"deliveries": 2}),
        ({"campaign_results": TOTALS}, {"campaign_results": 1}),
        ({"deliveries": DELIVERIES, "campaign_results": TOTALS}, {"deliveries": 2, "campaign_results": 1}),
    ],
)
def test_results_of_an_exported_plan_are_noted_once(shop, config, tables, rows):
    bring(shop, config)
    assert arrivals.note(shop, NOW, config) == []
    store.save_tables(shop, tables)
    assert arrivals.note(shop, NOW, config) == ["p1"]
    assert status(shop) == "results_in"
    last = ledger.entries(shop.path, shop.shop_id, config)[-1]
    assert (last.action, last.payload) == ("results_in", {"rows": rows})
    assert arrivals.note(shop, NOW, config) == []
    assert ledger.verify(shop.path, shop.shop_id, config).ok


def test_a_plan_that_was_not_exported_has_no_results_and_one_of_none_is_exported_only_by_name(shop, config):
    bring(shop, config, until="approved")
    store.save_tables(shop, {"deliveries": DELIVERIES})
    assert (arrivals.note(shop, NOW, config), status(shop)) == ([], "approved")
    send_out(shop, config)
    assert arrivals.note(shop, NOW, config) == ["p1"]
    with pytest.raises(NotAllowed, match="nothing to export"):
        send_out(shop, config)
    assert send_out(shop, config, plan_ids=["p1"]).plan_ids == ["p1"]
    assert status(shop) == "results_in"


def test_an_import_notes_them_and_comments_and_standing_are_commands(shop, config, tmp_path, monkeypatch):
    def told(*arguments):
        ended = CliRunner().invoke(main, [str(one) for one in arguments])
        assert ended.exit_code == 0, ended.output
        return ended.stdout

    monkeypatch.setenv("OFFERLAB_CONFIG", str(config))
    bring(shop, config)
    DELIVERIES.to_csv(tmp_path / "deliveries.csv", index=False)
    assert '"results_in"' in told("import", tmp_path / "deliveries.csv", "--into", shop.path)
    assert status(shop) == "results_in"
    assert '"seq": 5' in told("comment", "p1", "--text", "It went well", "--shop", shop.path)
    assert '"stands": true' in told("standing", "p1", "--shop", shop.path)


def test_orders_after_the_end_of_the_window_are_results_without_anybodys_report(shop, config):
    bring(shop, config)

    def with_orders(*days):
        lines = [
            {
                "order_id": day,
                "customer_id": "a",
                "ordered_at": day,
                "product_id": "t",
                "quantity": 1,
                "unit_price": 9.0,
            }
            for day in days
        ]
        store.save_tables(shop, {"orders": pd.DataFrame(lines)})
        return arrivals.note(shop, NOW, config)

    # Sent on January 10 at 10:00; the window of an e-mail is 7 days.
    assert with_orders("2026-01-12 09:00", "2026-01-16 09:00") == []
    assert with_orders("2026-01-12 09:00", "2026-01-17 09:00") == ["p1"]
    assert status(shop) == "results_in"
    assert ledger.entries(shop.path, shop.shop_id, config)[-1].payload == {"rows": {"orders": 2}}
