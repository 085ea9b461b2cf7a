import pandas as pd
import pytest

from engine.errors import NotEnoughData
from engine.outcome import past, results
from engine.shop import store
from tests.tiny import shop_of


def campaigns(*ids: str, **columns: object) -> pd.DataFrame:
    starts = pd.date_range("2026-01-01", periods=len(ids), freq="7D")
    return pd.DataFrame({"campaign_id": ids, "channel": "email", "starts_at": starts, **columns})


def sent(campaign: str, people: int, orders: int, treated: int, **columns: object) -> pd.DataFrame:
    """`people` rows, the first `orders` of which ordered for 20 each."""
    converted = [1] * orders + [0] * (people - orders)
    rows = {
        "campaign_id": campaign, "customer_id": [f"{campaign}{treated}{n}" for n in range(people)],
        "sent_at": "2026-01-02", "treated": treated, "converted": converted,
        "revenue": [one * 20.0 for one in converted], **columns,
    }  # fmt: skip
    return pd.DataFrame(rows)


def only(shop: store.Shop, **where: str) -> pd.Series:
    table = past.campaigns(shop)
    for column, value in where.items():
        table = table[table[column] == value]
    assert len(table) == 1
    return table.iloc[0]


def test_single_deliveries_give_counts_rates_and_extra_orders(tmp_path):
    rows = pd.concat(
        [
            sent("k1", 100, 10, 1, clicked=[1] * 20 + [0] * 70 + [None] * 10, unsubscribed=[1] + [0] * 99),
            sent("k1", 20, 1, 0),
        ]
    )
    known = campaigns("k1", send_cost=0.05, name="Spring", offer_kind="percent", discount=0.1)
    row = only(shop_of(tmp_path / "shop", {"campaigns": known, "deliveries": rows}))
    assert (row["name"], row["source"], row["basis"], row["offer_kind"]) == (
        "Spring", "deliveries", "incremental", "percent",
    )  # fmt: skip
    assert (row["sent"], row["delivered"], row["clicked"], row["clicked_of"]) == (100, 100, 20, 90)
    assert row["ctr"] == pytest.approx(20 / 90)  # ten rows do not say whether they clicked
    assert (row["orders"], row["orders_of"], row["order_rate"]) == (10, 100, 0.1)
    assert (row["revenue"], row["revenue_per_recipient"]) == (200.0, 2.0)
    assert (row["cost"], row["cost_each"], row["cost_from"]) == (5.0, 0.05, "campaign")
    assert (row["unsubscribed"], row["unsubscribe_rate"]) == (1, 0.01)
    assert (row["held_out"], row["held_out_orders"], row["held_out_of"], row["held_out_rate"]) == (20, 1, 20, 0.05)
    assert row["extra_orders"] == pytest.approx(100 * (0.1 - 0.05))
    assert row["extra_orders_low"] == pytest.approx(row["extra_per_1000_low"] / 10)
    assert row["extra_orders_low"] < row["extra_orders"] < row["extra_orders_high"]


def test_totals_are_summed_over_their_rows_and_rates_are_of_what_was_delivered(tmp_path):
    totals = pd.DataFrame(
        {"campaign_id": "k1", "variant": ["x", "y"], "recipients": [110, 100], "delivered": [100, 90],
         "clicked": [10, 9], "orders": [3, 5], "revenue": [60.0, 130.0], "unsubscribed": [1, None]}
    )  # fmt: skip
    shop = shop_of(
        tmp_path / "shop", {"campaigns": campaigns("k1"), "campaign_results": totals}, {"send_cost": {"email": 0.01}}
    )
    row = only(shop)
    assert (row["source"], row["basis"], row["sent"], row["delivered"]) == ("totals", "attributed", 210, 190)
    assert (row["ctr"], row["order_rate"]) == (pytest.approx(19 / 190), pytest.approx(8 / 190))
    assert row["revenue_per_recipient"] == pytest.approx(190.0 / 190)
    assert (row["cost"], row["cost_from"]) == (pytest.approx(2.1), "settings")  # of what was sent
    assert (row["unsubscribed"], row["unsubscribed_of"], row["unsubscribe_rate"]) == (1, 100, 0.01)
    assert pd.isna(row["held_out_rate"]) and pd.isna(row["extra_orders"])


def test_what_was_delivered_is_unknown_where_a_row_does_not_say(tmp_path):
    totals = pd.DataFrame(
        {"campaign_id": "k1", "variant": ["x", "y"], "recipients": [100, 50], "delivered": [90, None], "orders": [9, 5]}
    )
    row = only(shop_of(tmp_path / "shop", {"campaigns": campaigns("k1"), "campaign_results": totals}))
    assert pd.isna(row["delivered"])
    assert (row["orders_of"], row["order_rate"]) == (140, 0.1)  # 90 delivered and 50 sent


def test_of_a_campaign_with_both_the_single_deliveries_count_and_nothing_is_mixed_in(tmp_path):
    totals = pd.DataFrame({"campaign_id": ["k1"], "recipients": [999], "clicked": [500], "orders": [9]})
    frames = {"campaigns": campaigns("k1"), "deliveries": sent("k1", 50, 5, 1), "campaign_results": totals}
    row = only(shop_of(tmp_path / "shop", frames))
    assert (row["source"], row["sent"], row["orders"]) == ("deliveries", 50, 5)
    assert pd.isna(row["clicked"]) and pd.isna(row["ctr"])


def test_ads_are_summed_by_the_campaign_they_name_or_else_one_by_one(tmp_path):
    ads = pd.DataFrame(
        {"ad_id": ["a1", "a1", "a2", "a3"], "date": ["2026-02-01", "2026-02-03", "2026-02-02", "2026-02-05"],
         "campaign_id": ["k1", "k1", "k1", None], "channel": ["search", "search", "search", "social"],
         "impressions": [1000, 500, 500, 100], "clicks": [40, 10, 50, 0], "conversions": [4, 1, None, 0],
         "cost": [20.0, 5.0, 25.0, 0.0], "revenue": [100.0, 25.0, 0.0, 0.0]}
    )  # fmt: skip
    shop = shop_of(tmp_path / "shop", {"campaigns": campaigns("k1", name="Spring"), "ads": ads})
    row = only(shop, campaign_id="k1")  # once: nothing else is recorded of it
    assert (row["name"], row["channel"], row["source"], row["basis"]) == ("Spring", "search", "ads", "platform")
    assert (str(row["starts_at"].date()), str(row["ends_at"].date())) == ("2026-02-01", "2026-02-03")
    assert (row["impressions"], row["clicked"], row["ctr"]) == (2000, 100, 0.05)
    assert (row["orders"], row["orders_of"], row["cvr"]) == (5, 50, 0.1)  # a2 does not say what it sold
    assert (row["cost"], row["revenue"], row["roas"]) == (50.0, 125.0, 2.5)
    assert pd.isna(row["order_rate"]) and pd.isna(row["sent"])
    alone = only(shop, campaign_id="a3")
    assert (alone["name"], alone["ctr"]) == ("a3", 0.0)
    assert pd.isna(alone["cvr"]) and pd.isna(alone["roas"])  # nothing to divide by


def test_a_campaign_of_messages_and_ads_is_two_rows(tmp_path):
    ads = pd.DataFrame({"ad_id": ["a1"], "date": ["2026-02-01"], "campaign_id": ["k1"], "impressions": 9, "clicks": 1})
    frames = {"campaigns": campaigns("k1"), "deliveries": sent("k1", 10, 1, 1), "ads": ads}
    assert set(past.campaigns(shop_of(tmp_path / "shop", frames))["source"]) == {"deliveries", "ads"}


def test_a_campaign_that_nothing_is_recorded_of_is_listed_without_figures(tmp_path):
    shop = shop_of(tmp_path / "shop", {"campaigns": campaigns("k1", "k2"), "deliveries": sent("k1", 10, 1, 1)})
    row = only(shop, campaign_id="k2")
    assert row["source"] == "none"
    assert row[["sent", "orders", "revenue", "cost", "extra_orders"]].isna().all()
    assert past.campaigns(shop)["campaign_id"].tolist() == ["k2", "k1"]  # the latest first


def test_messages_of_campaigns_that_nobody_described_are_counted_all_the_same(tmp_path):
    ads = pd.DataFrame({"ad_id": ["a1"], "date": ["2026-02-01"], "impressions": 9, "clicks": 1})
    shop = shop_of(tmp_path / "shop", {"deliveries": sent("k1", 10, 1, 1), "ads": ads})
    row = only(shop, campaign_id="k1")
    assert (row["sent"], row["order_rate"]) == (10, 0.1)
    assert pd.isna(row["name"]) and pd.isna(row["starts_at"]) and pd.isna(row["cost"])


def test_a_channel_without_a_price_has_no_cost(tmp_path):
    known = campaigns("k1").assign(channel="letter")
    row = only(shop_of(tmp_path / "shop", {"campaigns": known, "deliveries": sent("k1", 10, 1, 1)}))
    assert pd.isna(row["cost"]) and pd.isna(row["cost_from"])


def test_a_shop_without_campaigns_and_ads_says_what_to_import(tmp_path):
    with pytest.raises(NotEnoughData, match="campaign_results, or ads"):
        past.campaigns(shop_of(tmp_path / "shop", {}))


@pytest.mark.parametrize("campaign", ["k01", "k33", "k60"])
def test_the_demo_shop_counted_by_hand_gives_the_same(demo_shop_dir, campaign):
    shop = store.open_shop(demo_shop_dir)
    rows = shop.table("deliveries")
    rows = rows[rows["campaign_id"] == campaign]
    out, held = rows[rows["treated"] == 1], rows[rows["treated"] == 0]
    known = shop.table("campaigns").set_index("campaign_id").loc[campaign]
    row = only(shop, campaign_id=campaign)
    assert (row["sent"], row["clicked"], row["orders"]) == (len(out), out["clicked"].sum(), out["converted"].sum())
    assert row["ctr"] == pytest.approx(out["clicked"].mean())
    assert row["order_rate"] == pytest.approx(out["converted"].mean())
    assert row["revenue"] == pytest.approx(out["revenue"].sum())
    assert row["revenue_per_recipient"] == pytest.approx(out["revenue"].mean())
    assert row["cost"] == pytest.approx(len(out) * known["send_cost"])
    assert row["unsubscribe_rate"] == pytest.approx(out["unsubscribed"].mean())
    assert (row["held_out"], row["held_out_orders"]) == (len(held), held["converted"].sum())
    assert row["extra_orders"] == pytest.approx(len(out) * (out["converted"].mean() - held["converted"].mean()))


def test_all_extra_orders_of_the_demo_shop_add_up_to_the_headline(demo_shop_dir):
    shop = store.open_shop(demo_shop_dir)
    table = past.campaigns(shop)
    assert table["extra_orders"].sum() == pytest.approx(results.totals(results.campaigns(shop)).extra)
    messages = table[table["source"] == "deliveries"]
    assert results.totals(messages) == results.totals(results.campaigns(shop))
    ads = shop.table("ads").groupby("ad_id")[["impressions", "clicks"]].sum()
    assert table[table["source"] == "ads"].set_index("campaign_id")["ctr"].to_dict() == pytest.approx(
        (ads["clicks"] / ads["impressions"]).to_dict()
    )
