"""What is known of a customer, against the same figures worked out row by row; and nothing from later."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from engine.errors import NotEnoughData
from engine.shop.features import DICTIONARY, customers, default_as_of, features
from engine.shop.store import create_shop, save_tables
from tests.tiny import shop_of, simulated

DAYS = ("2025-01-02", "2025-04-20", "2025-06-30", "2025-12-31")


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    frames = simulated(seed=4, people=20)
    frames["campaigns"].loc[3, "ends_at"] = ""  # outcomes known after the channel's window
    frames["campaigns"].loc[4, "channel"] = "sms"
    frames["campaigns"]["category"] = "Skin Care"
    orders = frames["orders"]  # every third order came with a code
    orders["discount_code"] = np.where(pd.factorize(orders["order_id"])[0] % 3 == 0, "WELCOME", "")
    return shop_of(tmp_path_factory.mktemp("shop") / "small", frames)


def requests(shop, days=DAYS):
    ids = [*customers(shop), "nobody"]
    asked = pd.DataFrame([(c, pd.Timestamp(d)) for d in days for c in ids], columns=["customer_id", "as_of"])
    asked["campaign_id"] = np.where(np.arange(len(asked)) % 2, "k01", "k05")  # k01 names products, k05 a category
    asked["channel"] = np.where(np.arange(len(asked)) % 3, "email", "sms")
    asked["campaign_category"] = "Skin Care"
    return asked


def days(later, earlier):
    return (later - earlier).total_seconds() / 86400


def of_orders(lines, products, own, row):
    """The figures of one customer's order lines before the instant, by hand."""
    past = lines[(lines["customer_id"] == row.customer_id) & (lines["ordered_at"] < row.as_of)]
    if past.empty:
        return {}
    net = past["quantity"] * past["unit_price"] - past["discount"].fillna(0)
    bought = past[past["quantity"] > 0]
    first, last, count = bought["ordered_at"].min(), bought["ordered_at"].max(), bought["order_id"].nunique()
    near = past["ordered_at"].map(lambda at: days(row.as_of, at) <= 90)
    mine = past["product_id"].isin(own)
    coded = past["discount_code"].notna()
    return {
        "recency_days": days(row.as_of, last),
        "tenure_days": days(row.as_of, first),
        "frequency": count,
        "monetary": net.sum(),
        "aov": net.sum() / count,
        "gap_days": days(last, first) / (count - 1) if count > 1 else np.nan,
        "orders_90d": bought.loc[near[bought.index], "order_id"].nunique(),
        "monetary_90d": net[near].sum(),
        "discount_share": bought["discount"].sum() / (bought["quantity"] * bought["unit_price"]).sum(),
        "return_share": (past["quantity"] < 0).sum() / len(past),
        "categories": bought["product_id"].map(products["category"]).nunique(),
        "coded_orders": past.loc[coded, "order_id"].nunique(),
        "coded_orders_90d": past.loc[coded & near, "order_id"].nunique(),
        "campaign_spend": net[mine].sum(),
        "campaign_orders": past.loc[mine & (past["quantity"] > 0), "order_id"].nunique(),
    }


def of_messages(deliveries, campaigns, shop, row):
    result = dict.fromkeys(("sent", "sent_30d", "clicked", "ordered", "sent_channel", "clicked_channel"), 0.0)
    ages = []
    for message in deliveries[deliveries["customer_id"] == row.customer_id].itertuples():
        campaign = campaigns.loc[message.campaign_id]
        age = days(row.as_of, message.sent_at)
        if message.treated != 1 or age <= 0:
            continue
        ages.append(age)
        result["sent_30d"] += age <= 30
        window = shop.settings.window(campaign["channel"])
        known = campaign["ends_at"] <= row.as_of if pd.notna(campaign["ends_at"]) else age >= window
        if known:
            same = campaign["channel"] == row.channel
            result["sent"] += 1
            result["clicked"] += message.clicked
            result["ordered"] += message.converted
            result["sent_channel"] += same
            result["clicked_channel"] += same * message.clicked
    return result | {"days_since_sent": min(ages, default=np.nan)}


def by_hand(shop, asked):
    lines, events = shop.table("orders"), shop.table("events")
    products = shop.table("products").set_index("product_id")
    deliveries, campaigns = shop.table("deliveries"), shop.table("campaigns").set_index("campaign_id")
    own = {"k01": {"007", "p2"}, "k05": {"p3", "p4"}}
    result = []
    for row in asked.itertuples():
        seen = events[(events["customer_id"] == row.customer_id) & (events["occurred_at"] < row.as_of)]
        kinds = seen.loc[seen["occurred_at"].map(lambda at, row=row: days(row.as_of, at) <= 30), "kind"]
        result.append(
            of_orders(lines, products, own[row.campaign_id], row)
            | {"views_30d": (kinds == "view").sum(), "carts_30d": (kinds == "cart").sum()}
            | of_messages(deliveries, campaigns, shop, row)
        )
    counts = [
        name for name, (unit, _) in DICTIONARY.items() if unit in ("orders", "money", "categories") and name != "aov"
    ]
    return pd.DataFrame(result, index=asked.index).fillna(dict.fromkeys(counts, 0.0)).astype("float64")


def test_every_feature_is_what_it_is_by_hand(shop):
    asked = requests(shop)
    found, expected = features(shop, asked), by_hand(shop, asked)
    assert set(found) - set(asked) == set(DICTIONARY) == set(expected)
    for name in DICTIONARY:
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-9, atol=1e-9, err_msg=name)
    assert (expected[list(DICTIONARY)].nunique() > 1).all(), "the small shop must exercise every feature"


def test_rows_are_answered_in_their_order_and_index(shop):
    asked = requests(shop).sample(frac=1, random_state=1).rename(index=lambda n: f"row {n}")
    found = features(shop, asked)
    assert found.index.equals(asked.index)
    pd.testing.assert_frame_equal(found[list(asked)], asked)
    straight = features(shop, asked.sort_index())
    pd.testing.assert_frame_equal(found.sort_index(), straight)


def later(table, column, at, **row):
    return pd.concat([table, pd.DataFrame([row | {column: pd.Timestamp(at)}])], ignore_index=True)


def test_nothing_at_or_after_the_instant_is_known(shop, tmp_path):
    frames = {
        name: shop.table(name) for name in ("customers", "products", "orders", "events", "campaigns", "deliveries")
    }
    customer = customers(shop).iloc[0]
    at, more = pd.Timestamp(DAYS[2]), dict(frames)
    more["orders"] = later(
        frames["orders"], "ordered_at", at, order_id="new", customer_id=customer, product_id="p3", quantity=5.0,
        unit_price=99.0,
    )  # fmt: skip
    more["events"] = later(frames["events"], "occurred_at", at, customer_id=customer, kind="view")
    more["deliveries"] = later(
        frames["deliveries"], "sent_at", at, campaign_id="k01", customer_id=customer, treated=1.0, clicked=1.0,
        converted=1.0,
    )  # fmt: skip
    before, after = shop_of(tmp_path / "before", frames), shop_of(tmp_path / "after", more)
    pd.testing.assert_frame_equal(*(features(s, requests(shop, DAYS[:3])) for s in (before, after)))
    changed = features(after, requests(shop, DAYS[3:])).compare(features(before, requests(shop, DAYS[3:])))
    assert set(changed.index) == {0}


def test_a_message_whose_outcome_is_not_known_yet_is_pressure_but_no_response(shop):
    sent = shop.table("deliveries").query("campaign_id == 'k01' and treated == 1 and clicked == 1")
    campaign = shop.table("campaigns").set_index("campaign_id").loc["k01"]
    customer = sent["customer_id"].iloc[0]

    def known(at):
        asked = pd.DataFrame({"customer_id": [customer], "as_of": [pd.Timestamp(at)]})
        return features(shop, asked).iloc[0][["sent_30d", "sent", "clicked"]].tolist()

    assert known(campaign["ends_at"] - pd.Timedelta(hours=1)) == [1.0, 0.0, 0.0]
    assert known(campaign["ends_at"] + pd.Timedelta(hours=1)) == [1.0, 1.0, 1.0]


def test_products_of_a_plan_count_though_it_is_no_campaign_yet(shop):
    asked = requests(shop, DAYS[3:]).assign(campaign_id="plan 1", campaign_category="")
    pairs = pd.DataFrame({"campaign_id": ["plan 1"], "product_id": ["p3"]})
    spent = features(shop, asked, pairs).set_index("customer_id")["campaign_spend"]
    lines = shop.table("orders").query("product_id == 'p3'")
    net = (lines["quantity"] * lines["unit_price"] - lines["discount"]).groupby(lines["customer_id"]).sum()
    np.testing.assert_allclose(spent, net.reindex(spent.index).fillna(0.0), rtol=1e-9)
    assert (features(shop, asked)["campaign_spend"] == 0).all()


@pytest.mark.parametrize(
    "missing", ["customers", "products", "orders", "events", "campaigns", "campaign_products", "deliveries", "all"]
)
def test_a_shop_without_a_table_gives_the_features_of_the_others(tmp_path, missing):
    frames = simulated(seed=4, people=20)
    frames = {} if missing == "all" else {name: frame for name, frame in frames.items() if name != missing}
    shop = create_shop(tmp_path / "shop", {})
    save_tables(shop, frames)
    asked = pd.DataFrame({"customer_id": ["c001"], "as_of": [pd.Timestamp(DAYS[3])], "campaign_id": ["k01"],
                          "channel": ["email"], "campaign_category": [""]})  # fmt: skip
    lost = {
        "orders": {"recency_days", "frequency", "campaign_spend"},
        "products": {"campaign_spend"},
        "events": {"views_30d"},
        "campaigns": {"sent", "clicked"},
        "deliveries": {"sent", "clicked"},
        "all": set(DICTIONARY),
    }.get(missing, set())
    found = set(features(shop, asked))
    assert not lost & found
    assert {"recency_days", "campaign_spend", "views_30d", "sent"} - lost <= found or missing == "all"


def test_optional_columns_of_a_table_may_be_absent(tmp_path):
    frames = simulated(seed=4, people=20)
    frames["orders"] = frames["orders"].drop(columns="discount")
    frames["products"] = frames["products"].drop(columns="category")
    frames["deliveries"] = frames["deliveries"][["campaign_id", "customer_id", "sent_at"]]
    frames["campaigns"] = frames["campaigns"][["campaign_id", "channel", "starts_at"]]
    found = features(shop_of(tmp_path / "shop", frames), requests(shop_of(tmp_path / "other", frames), DAYS[3:]))
    assert (found["discount_share"].dropna() == 0).all()
    assert found["sent"].max() == 10
    assert found["clicked"].max() == 0


def test_the_day_after_the_last_row_is_the_default_and_a_campaign_has_no_say(shop, tmp_path):
    latest = max(
        shop.table("orders")["ordered_at"].max(), shop.table("events")["occurred_at"].max(),
        shop.table("deliveries")["sent_at"].max(), shop.table("ads")["date"].max(),
    )  # fmt: skip
    assert default_as_of(shop) == (latest + pd.Timedelta(days=1)).date()
    frames = simulated(seed=4, people=20)
    only = shop_of(tmp_path / "shop", {"orders": frames["orders"], "campaigns": frames["campaigns"].assign(
        starts_at="2029-01-01")})  # fmt: skip
    assert default_as_of(only).year == 2025


def test_a_shop_of_totals_starts_the_day_after_its_last_total(tmp_path):
    campaigns = simulated()["campaigns"].head(2)
    totals = pd.DataFrame({"campaign_id": ["k01", "k02"], "recipients": [10, 10]})
    undated = shop_of(tmp_path / "undated", {"campaigns": campaigns, "campaign_results": totals})
    assert default_as_of(undated) == date(2025, 3, 11)  # k02 starts on 10 March
    dated = totals.assign(date=["2025-02-10", "2025-04-01"])
    assert default_as_of(shop_of(tmp_path / "dated", {"campaigns": campaigns, "campaign_results": dated})) == date(
        2025, 4, 2
    )


def test_a_shop_without_any_rows_says_what_to_import(tmp_path):
    shop = create_shop(tmp_path / "shop", {})
    with pytest.raises(NotEnoughData, match="no orders, events, deliveries or ads yet"):
        default_as_of(shop)
    with pytest.raises(NotEnoughData, match="no customers, orders or deliveries yet"):
        customers(shop)


def test_without_a_customers_table_the_customers_are_those_who_did_something(tmp_path):
    frames = simulated(seed=4, people=20)
    shop = shop_of(tmp_path / "shop", {"orders": frames["orders"].head(30)})
    assert customers(shop).tolist() == sorted(frames["orders"].head(30)["customer_id"].unique())
