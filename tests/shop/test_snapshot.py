"""Every customer on one day: figures against a plain pandas check, nothing from later, words for every column."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from engine.errors import NotEnoughData
from engine.model.encode import learn
from engine.shop.features import DICTIONARY, behaviour, connected, dictionary, features, order_lines, snapshot
from engine.shop.features.snapshot import FEATURES, TABLES, taken
from engine.shop.store import create_shop
from tests.tiny import shop_of, simulated

DAY = date(2025, 6, 30)
AT = pd.Timestamp(DAY)
KINDS = {"view": "views", "cart": "carts", "search": "searches", "checkout": "checkouts", "wishlist": "wishlists"}


def tables():
    """The small shop with codes, two channels, three categories and every kind of event, some of a product."""
    frames = simulated(seed=4, people=40)
    random = np.random.default_rng(1)
    frames["campaigns"].loc[3, "ends_at"] = ""
    frames["campaigns"].loc[1, "channel"] = "sms"
    orders, events = frames["orders"], frames["events"]
    orders["discount_code"] = np.where(pd.factorize(orders["order_id"])[0] % 3 == 0, "WELCOME", "")
    frames["products"]["category"] = ["Kitchen", "面霜", "Skin Care", ""]
    near = AT - pd.to_timedelta(random.integers(1, 40 * 24, 300), unit="h")
    more = pd.DataFrame(
        {
            "customer_id": random.choice(frames["customers"]["customer_id"], 300),
            "occurred_at": near.strftime("%Y-%m-%dT%H:%M:%S"),
            "kind": random.choice(list(KINDS), 300),
            "product_id": random.choice(["007", "p2", "p3", "p4"], 300),
        }
    )
    frames["events"] = pd.concat([events, more], ignore_index=True)
    return frames


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return shop_of(tmp_path_factory.mktemp("shop") / "small", tables())


@pytest.fixture(scope="module")
def table(shop):
    return snapshot(shop, DAY)


# --- numbers ---


def test_a_snapshot_says_the_same_as_the_features_the_models_read(shop, table):
    asked = pd.DataFrame({"customer_id": table["customer_id"], "as_of": AT})
    expected = features(shop, asked)
    both = [name for name in DICTIONARY if name in expected and name in table]
    assert len(both) == 20
    for name in both:
        np.testing.assert_allclose(table[name], expected[name], rtol=1e-9, atol=1e-9, err_msg=name)
        assert expected[name].nunique() > 1, f"the small shop must exercise {name}"


def test_shares_by_category_are_what_each_customer_spent_there_and_add_up_to_one(shop, table):
    lines = shop.table("orders").query("quantity > 0 and ordered_at < @AT")
    lines["net"] = lines["quantity"] * lines["unit_price"] - lines["discount"].fillna(0.0)
    lines["category"] = lines["product_id"].map(shop.table("products").set_index("product_id")["category"])
    spent = lines.groupby("customer_id")["net"].sum().reindex(table["customer_id"])
    names = [name for name in table if name.startswith("share_")]
    assert set(names) == {"share_Kitchen", "share_面霜", "share_Skin Care", "share_other"}
    for name in names:
        chosen = lines[lines["category"].fillna("other").eq(name.removeprefix("share_"))]
        own = chosen.groupby("customer_id")["net"].sum().reindex(table["customer_id"])
        np.testing.assert_allclose(table[name], (own.fillna(0.0) / spent), rtol=1e-9, err_msg=name)
    np.testing.assert_allclose(table[names].sum(axis=1, skipna=False).dropna(), 1.0)
    assert table.loc[table["frequency"] == 0, names].isna().all(axis=None)


def test_only_the_eight_largest_categories_have_a_share_of_their_own_and_other_is_never_one_of_them(tmp_path):
    count = 12
    frames = {
        "products": pd.DataFrame({"product_id": [f"p{n}" for n in range(count)], "name": "x",
                                  "category": [f"k{n:02d}" if n else "Other" for n in range(count)]}),
        "orders": pd.DataFrame({"order_id": [f"o{n}" for n in range(count)], "customer_id": "c", "quantity": 1,
                                "ordered_at": "2025-01-01", "product_id": [f"p{n}" for n in range(count)],
                                "unit_price": [float(100 - n) for n in range(count)]}),
    }  # fmt: skip
    row = snapshot(shop_of(tmp_path / "shop", frames), DAY).iloc[0]
    assert [name for name in row.index if name.startswith("share_")] == [
        *(f"share_k{n:02d}" for n in range(1, 9)), "share_other",
    ]  # fmt: skip
    total = sum(100 - n for n in range(count))
    assert row["share_k01"] == pytest.approx(99 / total)
    assert row["share_other"] == pytest.approx((100 + 91 + 90 + 89) / total)
    assert row["categories"] == count


def test_visits_are_counted_by_kind_over_thirty_days(shop, table):
    events = shop.table("events")
    seen = events[(events["occurred_at"] < AT) & (events["occurred_at"] >= AT - pd.Timedelta(days=30))]
    for kind, name in KINDS.items():
        expected = seen[seen["kind"] == kind].groupby("customer_id").size().reindex(table["customer_id"]).fillna(0.0)
        assert expected.nunique() > 1
        np.testing.assert_array_equal(table[f"{name}_30d"], expected)


def test_what_lies_in_the_cart_counts_until_it_is_bought(tmp_path):
    put = [  # customer, product, when put, when bought
        ("left", "p2", "2025-06-20 12:00", None),
        ("bought", "p2", "2025-06-20 12:00", "2025-06-22"),
        ("same day, only the day is known", "p2", "2025-06-20 12:00", "2025-06-20"),
        ("bought before", "p2", "2025-06-20 12:00", "2025-06-19"),
        ("bought too late to be known", "p2", "2025-06-20 12:00", "2025-06-30"),
        ("put there long ago", "p2", "2025-05-20 12:00", None),
    ]
    frames = {
        "products": simulated()["products"],
        "events": pd.DataFrame([{"customer_id": c, "product_id": p, "occurred_at": at, "kind": "cart"}
                                for c, p, at, _ in [*put, ("left", "p3", "2025-06-21", 0), put[0]]]),
        "orders": pd.DataFrame([{"order_id": c, "customer_id": c, "product_id": p, "ordered_at": at, "quantity": 1,
                                 "unit_price": 20.0} for c, p, _, at in put if at]),
    }  # fmt: skip
    found = snapshot(shop_of(tmp_path / "shop", frames), DAY).set_index("customer_id")["cart_not_bought_30d"]
    assert found.to_dict() == {
        "left": 2.0,  # of two products, one put there twice
        "bought": 0.0,
        "same day, only the day is known": 0.0,
        "bought before": 1.0,
        "bought too late to be known": 1.0,
        "put there long ago": 0.0,
    }


def test_messages_and_clicks_are_told_apart_by_channel(shop, table):
    sent = shop.table("deliveries").merge(shop.table("campaigns")[["campaign_id", "channel", "ends_at"]])
    ends = sent["ends_at"].fillna(sent["sent_at"] + pd.Timedelta(days=7))  # the one without an end is an e-mail
    known = sent[(sent["treated"] == 1) & (sent["sent_at"] < AT) & (ends <= AT)]
    for channel in ("email", "sms"):
        own = known[known["channel"] == channel].groupby("customer_id")["clicked"].agg(["size", "sum"])
        own = own.reindex(table["customer_id"]).fillna(0.0)
        assert own["sum"].sum() > 0
        np.testing.assert_array_equal(table[f"sent_{channel}"], own["size"])
        np.testing.assert_array_equal(table[f"clicked_{channel}"], own["sum"])
    np.testing.assert_array_equal(table["sent_email"] + table["sent_sms"], table["sent"])


def test_customers_stand_once_in_order_and_those_who_did_nothing_have_counts_of_nought(shop, table):
    assert table["customer_id"].tolist() == sorted(shop.table("customers")["customer_id"])
    assert set(table.dtypes.iloc[1:].astype("str")) == {"float64"}
    quiet = table[table["frequency"] == 0].iloc[0]
    assert quiet[["monetary", "orders_90d", "categories", "coded_orders"]].tolist() == [0.0] * 4
    assert quiet[["recency_days", "aov", "discount_share", "return_share"]].isna().all()


# --- nothing later ---

EXTREME = {"quantity": 9e6, "unit_price": 9e6, "discount": -9e6, "discount_code": "LATER"}


def planted(frames, at):
    """The tables with extreme rows at an instant: of customers known and new, in categories and channels never seen."""
    more = {name: frame.copy() for name, frame in frames.items()}
    ids = [*frames["customers"]["customer_id"], "newcomer"]

    def add(table, rows):
        more[table] = pd.concat([more[table], pd.DataFrame(rows)], ignore_index=True)

    add("customers", [{"customer_id": "newcomer", "joined_at": at}])
    add("products", [{"product_id": "px", "name": "x", "category": "Never seen", "price": 9e6}])
    add("campaigns", [{"campaign_id": "kx", "channel": "pigeon", "starts_at": at, "ends_at": at}])
    rest = {"ordered_at": at, **EXTREME}
    add("orders", [{"order_id": f"x{n}", "customer_id": c, "product_id": p, **rest}
                   for n, c in enumerate(ids) for p in ("px", "p2")])  # fmt: skip
    add("orders", [{"order_id": "back", "customer_id": c, "product_id": "p3", **rest, "quantity": -9e6} for c in ids])
    add("events", [{"customer_id": c, "occurred_at": at, "kind": k, "product_id": "p3"} for c in ids for k in KINDS])
    add("deliveries", [{"customer_id": c, "campaign_id": k, "sent_at": at, "treated": 1, "clicked": 1, "converted": 1,
                        "revenue": 9e6} for c in ids for k in ("kx", "k01")])  # fmt: skip
    return more


@pytest.mark.parametrize("later", ["2025-06-30 00:00:00", "2025-06-30 00:00:01", "2025-07-15", "2031-01-01"])
def test_what_happens_later_changes_no_byte_of_a_snapshot(tmp_path, table, later):
    after = snapshot(shop_of(tmp_path / "after", planted(tables(), later)), DAY)
    assert list(after) == list(table)
    assert after["customer_id"].tolist() == table["customer_id"].tolist()
    assert (
        after.drop(columns="customer_id").to_numpy().tobytes() == table.drop(columns="customer_id").to_numpy().tobytes()
    )


def test_one_second_before_the_day_it_is_known(tmp_path, table):
    before = snapshot(shop_of(tmp_path / "before", planted(tables(), "2025-06-29 23:59:59")), DAY)
    assert len(before) == len(table) + 1
    assert {"share_Never seen", "sent_pigeon"} <= set(before)
    assert before["recency_days"].max() == pytest.approx(1 / 86400)


def test_a_customer_who_ordered_before_joining_is_known(tmp_path):
    frames = tables()
    frames["customers"].loc[len(frames["customers"])] = {"customer_id": "quiet"}
    frames["customers"]["joined_at"] = "2025-12-01"
    shop = shop_of(tmp_path / "shop", frames)
    rows = [("orders", "ordered_at"), ("events", "occurred_at"), ("deliveries", "sent_at")]
    seen = [shop.table(name).query(f"{at} < @AT") for name, at in rows]
    seen[2] = seen[2].query("treated == 1")
    expected = sorted(set().union(*(part["customer_id"] for part in seen)))
    assert "quiet" not in expected
    assert snapshot(shop, DAY)["customer_id"].tolist() == expected


# --- what a shop lacks ---


def test_what_a_shop_does_not_record_has_no_column(tmp_path):
    frames = tables()
    frames["orders"] = frames["orders"].drop(columns=["discount", "discount_code"])
    frames["products"] = frames["products"].drop(columns="category")
    frames["events"] = frames["events"].query("kind == 'view'")[["customer_id", "occurred_at", "kind"]]
    frames["deliveries"] = frames["deliveries"][["campaign_id", "customer_id", "sent_at"]]
    found = set(snapshot(shop_of(tmp_path / "shop", frames), DAY))
    assert {"recency_days", "views_30d", "sent_email"} <= found
    lacking = {"discount_share", "coded_orders", "categories", "carts_30d", "cart_not_bought_30d", "clicked", "ordered"}
    assert not found & (lacking | {"clicked_email", "share_other"})


@pytest.mark.parametrize("alone", ["customers", "orders", "events"])
def test_one_table_alone_gives_its_customers(tmp_path, alone):
    found = snapshot(shop_of(tmp_path / "shop", {alone: tables()[alone]}), DAY)
    assert len(found) > 5
    assert found["customer_id"].is_monotonic_increasing


def test_a_channel_called_like_another_feature_has_a_name_of_its_own(tmp_path):
    frames = tables()
    frames["campaigns"]["channel"] = "30d"
    found = snapshot(shop_of(tmp_path / "shop", frames), DAY)
    assert {"sent_30d", "sent_channel_30d", "clicked_30d"} <= set(found)
    assert found.columns.is_unique


def test_without_customers_the_reason_is_a_sentence(tmp_path, shop):
    with pytest.raises(NotEnoughData, match="no customers, orders, events or deliveries yet"):
        snapshot(create_shop(tmp_path / "empty", {}), DAY)
    with pytest.raises(NotEnoughData, match="Nobody was a customer before 2019-01-01"):
        snapshot(shop, date(2019, 1, 1))


def test_with_little_memory_the_answer_is_the_same(shop, table):
    pd.testing.assert_frame_equal(taken(shop, DAY, memory="50MB").table, table)


# --- on other engines ---


@pytest.mark.parametrize("engine", ["bigquery", "snowflake", "databricks", "postgres", "trino"])
def test_the_expressions_are_sql_of_other_engines_too(shop, engine):
    with connected() as connection:
        known = {name: connection.read_parquet(shop.file(name)).schema() for name in TABLES}
    orders, products, events, campaigns, deliveries = (
        ibis.table(known[name], name=name) for name in ("orders", "products", "events", "campaigns", "deliveries")
    )
    sent = behaviour.messages(deliveries, campaigns, DAY, {"sms": 3})
    for expression in (
        order_lines.order_features(orders, DAY),
        order_lines.spend_by_category(orders, products, DAY),
        order_lines.category_features(orders, products, DAY, ["面霜", "It's"]),
        behaviour.event_features(events, DAY, ["view", "cart"]),
        behaviour.carts_not_bought(events, orders, DAY),
        behaviour.message_features(sent, ["email", "sms"]),
    ):
        sql = ibis.to_sql(expression, dialect=engine)
        assert "GROUP BY" in sql
        assert "UNIX_SECONDS" not in sql  # BigQuery takes it of times with a zone only, and these have none


# --- words ---


def test_the_dictionary_explains_every_column_in_both_languages(shop, table):
    for language in ("en", "zh"):
        words = dictionary(shop, DAY, language)
        assert words["feature"].tolist() == list(table)[1:]
        assert not words[["name", "unit", "formula", "window"]].eq("").any(axis=None)
    found = dictionary(shop, DAY).set_index("feature")
    assert found.loc["monetary", "unit"] == "USD"
    assert "面霜" in found.loc["share_面霜", "formula"]
    assert "SMS" in found.loc["sent_sms", "name"]


def test_every_feature_has_its_formula(shop):
    from engine import sentences

    assert [name for name in FEATURES if not sentences.known(f"features.formula_{name}")] == []


def test_mean_and_spread_are_those_that_a_model_standardises_with(shop, table):
    found = dictionary(shop, DAY).set_index("feature")
    numbers = learn(table.drop(columns="customer_id"), np.ones(len(table)), {}).numbers
    assert len(numbers) > 25
    for name, (mean, sd) in numbers.items():
        assert (found.loc[name, "mean"], found.loc[name, "spread"]) == pytest.approx((mean, sd), rel=1e-9)
    assert found.loc["aov", "known"] == pytest.approx(table["aov"].notna().mean())
