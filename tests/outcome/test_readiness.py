"""What the data is enough for, against the modules that refuse."""

import pandas as pd
import pytest

from engine.audience import segments
from engine.campaign import past_sends, response
from engine.errors import NotEnoughData
from engine.model import fit
from engine.outcome.readiness import NEEDS, readiness
from engine.shop import store
from engine.shop.features import default_as_of
from tests import tiny


def by_module(shop):
    return {one.module + one.channel: one for one in readiness(shop)}


def buyers(folder, count):
    lines = [(f"o{n}", f"c{n}", f"2026-01-{1 + n % 28:02d}", "p1", 1, 5.0 + n % 7) for n in range(count)]
    orders = pd.DataFrame(
        lines, columns=["order_id", "customer_id", "ordered_at", "product_id", "quantity", "unit_price"]
    )
    return tiny.shop_of(folder / "shop", {"orders": orders})


def test_the_golden_shop_is_counted_as_by_hand(tmp_path):
    tables = tiny.tables()
    found, orders = by_module(tiny.shop_of(tmp_path / "shop", tables)), tables["orders"]
    bought = orders[orders["quantity"].astype(float) > 0]
    per_customer = bought.groupby("customer_id")["order_id"].nunique()
    days = pd.to_datetime(bought["ordered_at"]).dt.normalize()
    assert found["sales"].have == {"lines": len(orders)}
    assert found["groups"].have == {"customers": len(per_customer)}
    assert found["value"].have == {
        "customers": len(per_customer),
        "repeat_customers": int((per_customer > 1).sum()),
        "days": (days.max() - days.min()).days + 1,
    }
    held = tables["deliveries"][tables["deliveries"]["treated"].astype(float) == 0]
    assert found["holdout"].have["held"] == len(held)
    assert found["holdout"].have["orders"] == held["converted"].astype(float).sum()
    assert found["reachemail"].have == {"known": 60, "customers": 60}
    assert found["reachpush"].have == {"known": 0, "customers": 60}
    assert not found["reachpush"].ready
    assert found["ads"].have["responses"] == tables["ads"]["clicks"].astype(int).sum()
    assert (found["reviews"].have, found["reviews"].ready) == ({"reviews": 1}, False)


@pytest.mark.parametrize(("people", "ready"), [(segments.MIN_CUSTOMERS - 1, False), (segments.MIN_CUSTOMERS, True)])
def test_groups_are_ready_where_they_are_not_refused(tmp_path, people, ready):
    shop = buyers(tmp_path, people)
    assert by_module(shop)["groups"].ready is ready
    if ready:
        assert segments.fit(shop, 2).summary.customers == people
    else:
        with pytest.raises(NotEnoughData):
            segments.fit(shop, 2)


@pytest.mark.parametrize("clicked", [29, 30])
def test_forecasts_are_ready_where_they_can_be_learned(tmp_path, clicked):
    tables = tiny.tables("customers", "campaigns", "deliveries")
    sent = tables["deliveries"][tables["deliveries"]["treated"] == "1"].reset_index(drop=True)
    sent = sent[["campaign_id", "customer_id", "sent_at"]].assign(clicked=0)
    early = sent[sent["campaign_id"] < "k06"]  # over long before the last message
    sent.loc[early.sample(clicked, random_state=0).index, "clicked"] = 1
    shop = tiny.shop_of(tmp_path / "shop", tables | {"deliveries": sent})
    found = by_module(shop)["forecasts"]
    learned = past_sends.past_messages(shop, default_as_of(shop)).sent  # what training would see
    assert found.have["responses"] == learned["clicked"].sum()
    assert found.have["without"] == len(learned) - learned["clicked"].sum()
    assert found.have["campaigns"] == learned["campaign_id"].nunique()
    assert (found.have["responses"], found.ready) == (clicked, clicked == fit.MIN_SUCCESSES)
    if found.ready:
        assert "click" in response.train(shop).responses
    else:
        with pytest.raises(NotEnoughData, match="at least 30 are needed"):
            response.train(shop)


def test_totals_of_a_mail_tool_are_enough_for_forecasts(tmp_path):
    totals = pd.DataFrame({"campaign_id": ["k01", "k02"], "recipients": [100, 80], "clicked": [20, 11]})
    shop = tiny.shop_of(tmp_path / "shop", tiny.tables("campaigns") | {"campaign_results": totals})
    found = by_module(shop)["forecasts"]
    assert found.have == {"responses": 31, "without": 149, "campaigns": 2}
    assert found.ready


def test_an_empty_shop_is_ready_for_nothing_and_says_what_each_needs(tmp_path):
    for shop in (None, store.create_shop(tmp_path / "empty", {})):
        found = readiness(shop)
        assert not any(one.ready for one in found)
        for one in found:
            for language in ("en", "zh"):
                said = one.sentence.text(language)
                assert all(f"{least:,}" in said for least in one.need.values())


def test_modules_without_a_refusal_of_their_own_follow_the_table(tmp_path):
    found = by_module(buyers(tmp_path, 600))
    assert set(NEEDS) <= set(found)
    assert found["churn"].need == {"customers": 500, "days": 180}
    assert found["churn"].have == {"customers": 600, "days": 28}
    assert not found["churn"].ready  # enough people, too few days
    assert found["churn"].sentence.text() == (
        "needs 500 customers with an order and 180 days of orders: you have 600 with 28"
    )
