"""Messages and orders of plans that no delivery tells of: whom their export was for is known."""

from datetime import date

import pandas as pd
import pytest

from engine.outcome.channels.delay import delays
from engine.outcome.channels.reconciled import contacts, reconciled
from engine.outcome.touches import touches
from engine.shop import store
from tests.outcome.test_measured import PEOPLE, PRODUCTS, config, exported, order, plan
from tests.tiny import shop_of

__all__ = ["config"]


@pytest.fixture
def by_export(tmp_path, config):
    """A plan that was exported and sent; nobody imported a delivery, and the shop has no other campaign."""
    found = shop_of(
        tmp_path / "shop", {"customers": pd.DataFrame({"customer_id": PEOPLE}), "products": PRODUCTS},
        {"send_cost": {"email": 0.5}},
    )  # fmt: skip
    treated = exported(found, config, plan())
    wrote, held = (treated.index[treated == one].tolist() for one in (1, 0))
    lines = [order(one, "2026-01-12") for one in [*wrote[:30], *held[:10]]] + [order("c000", "2026-03-01")]
    store.save_tables(found, {"orders": pd.DataFrame(lines)})
    return store.open_shop(found.path), wrote, held


def test_a_plan_without_deliveries_is_reconciled_by_whom_its_export_was_for(by_export):
    opened, wrote, held = by_export
    found = touches(opened)
    assert found.by_export == ("p1",) and found.messages["treated"].sum() == len(wrote)
    assert set(found.messages.loc[~found.messages["treated"], "customer_id"]) == set(held)
    assert (found.messages["sent_at"] == pd.Timestamp("2026-01-10 10:00")).all()
    parts = reconciled(found)
    assert (parts.claimed, parts.unclaimed, parts.by_channel["channel"].tolist()) == (30, 10, ["email"])
    assert contacts(found).customers == len(wrote)
    assert {one.basis for one in delays(found)} == {"attributed", "extra"}


def test_deliveries_take_the_exports_place_and_its_holdout_stays(by_export):
    opened, wrote, held = by_export
    deliveries = pd.DataFrame({"campaign_id": "p1", "customer_id": wrote[:50], "sent_at": "2026-01-11 08:00"})
    store.save_tables(opened, {"deliveries": deliveries})
    found = touches(store.open_shop(opened.path))
    assert found.by_export == () and found.messages["treated"].sum() == 50
    assert set(found.messages.loc[~found.messages["treated"], "customer_id"]) == set(held)
    named = deliveries.head(3).assign(customer_id=held[:3], treated=0)
    store.save_tables(opened, {"deliveries": pd.concat([deliveries.assign(treated=1), named])})
    assert (~touches(store.open_shop(opened.path)).messages["treated"]).sum() == 3  # who was left out is on record


def test_those_whom_no_plan_writes_to_and_plans_of_later_days_are_no_messages(by_export, config):
    opened, wrote, _ = by_export
    path = next((opened.path / "assignments").iterdir())
    kept = pd.read_parquet(path)
    kept.loc[kept["customer_id"] == wrote[0], ["treated", "global_holdout"]] = [0, 1]
    kept.to_parquet(path, index=False)
    exported(opened, config, plan(plan_id="p2", starts_at=date(2026, 5, 1), ends_at=date(2026, 5, 2)))
    found = touches(opened)
    assert found.messages["campaign_id"].unique().tolist() == ["p1"]
    assert wrote[0] not in set(found.messages["customer_id"])


def test_an_order_in_a_window_longer_than_a_month_is_claimed_and_tells_nothing_of_the_first_month(tmp_path):
    tables = {
        "products": PRODUCTS,
        "campaigns": pd.DataFrame({"campaign_id": ["k"], "channel": ["email"], "starts_at": ["2026-01-01"]}),
        "deliveries": pd.DataFrame({"campaign_id": "k", "customer_id": ["a", "b"], "sent_at": "2026-01-01 10:00"}),
        "orders": pd.DataFrame([order("a", "2026-02-10 09:00"), order("z", "2026-04-01 09:00")]),
    }  # fmt: skip
    found = touches(shop_of(tmp_path / "shop", tables, {"window_days": {"email": 45}}))
    assert reconciled(found).claimed == 1
    assert all(one.curve["share"].isna().all() or one.curve["share"].iloc[-1] <= 1 for one in delays(found))
