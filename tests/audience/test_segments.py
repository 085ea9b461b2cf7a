"""Every customer is in one group; groups that are there are found; the same data gives the same groups."""

import json
from datetime import date

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from engine.audience import segments
from engine.errors import DataProblem, NotEnoughData, StoreProblem
from engine.shop import store
from tests.tiny import shop_of, simulated

GROUPS = ("asleep", "steady", "devoted")


def three_groups(people=40):
    """Orders of three kinds of customer, far apart: one old small order; five; twenty large recent ones."""
    random = np.random.default_rng(0)
    shapes = {"asleep": (1, 1500, 10.0, 0), "steady": (5, 200, 100.0, 60), "devoted": (20, 8, 1000.0, 8)}
    lines = []
    for group, (orders, recency, price, gap) in shapes.items():
        for number in range(people):
            for order in range(orders):
                ago = recency * random.uniform(0.7, 1.3) + order * gap * random.uniform(0.9, 1.1)
                at = pd.Timestamp("2026-01-01") - pd.Timedelta(days=ago)
                lines.append((f"{group}-{number}", at, price * random.uniform(0.5, 1.5)))
    table = pd.DataFrame(lines, columns=["customer_id", "ordered_at", "unit_price"])
    return table.assign(order_id=[f"o{n}" for n in range(len(table))], product_id="p1", quantity=1)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return shop_of(tmp_path_factory.mktemp("shop") / "three", {"orders": three_groups()})


def truth(labels):
    return labels["customer_id"].str.split("-").str[0]


def test_three_far_apart_groups_are_found_and_three_is_chosen(shop):
    found = segments.fit(shop)
    assert found.summary.k == 3
    assert adjusted_rand_score(truth(found.labels), found.labels["segment_id"]) == 1.0
    assert "3 groups separate best" in found.summary.why
    assert [row["k"] for row in found.summary.curve] == list(range(2, 11))
    assert found.summary.curve[1]["silhouette"] == max(r["silhouette"] for r in found.summary.curve if r["k"] >= 3)
    assert found.summary.stability > 0.95


def test_inertia_is_the_squared_distance_to_the_assigned_centre_and_falls_with_k(shop):
    inertia = [row["inertia"] for row in segments.fit(shop).summary.curve]
    assert inertia == sorted(inertia, reverse=True)


@pytest.mark.parametrize("method", ["kmeans", "dbscan", "lifecycle"])
def test_every_customer_is_in_one_group_and_ids_go_by_size(tmp_path, method):
    frames = simulated(people=120)
    frames["orders"] = frames["orders"][~frames["orders"]["customer_id"].isin(["c001", "c119"])]
    found = segments.fit(
        shop_of(tmp_path / "shop", {n: frames[n] for n in ("customers", "products", "orders")}), 4, method
    )
    assert sorted(found.labels["customer_id"]) == sorted(frames["customers"]["customer_id"])
    assert found.profiles["customers"].sum() == 120
    assert found.profiles["share"].sum() == pytest.approx(1)
    assert found.profiles["segment_id"].tolist() == [f"s{n + 1}" for n in range(len(found.profiles))]
    buyers = found.profiles[found.profiles["frequency"] > 0]
    assert buyers["customers"].is_monotonic_decreasing
    assert found.profiles["segment_name"].is_unique
    assert found.summary.sizes == found.labels["segment_id"].value_counts().to_dict()
    assert found.summary.without_orders == 2
    quiet = found.labels[found.labels["customer_id"].isin(["c001", "c119"])]
    assert quiet["segment_name"].tolist() == ["No order yet"] * 2


@pytest.mark.parametrize("k", [2, 5, "auto"])
def test_the_same_data_and_seed_give_the_same_groups(shop, k):
    first, second = segments.fit(shop, k, seed=3), segments.fit(shop, k, seed=3)
    pd.testing.assert_frame_equal(first.labels, second.labels)
    pd.testing.assert_frame_equal(first.points, second.points)
    assert first.summary == second.summary


def test_a_profile_is_the_mean_of_its_customers_and_aov_is_revenue_by_orders(shop):
    profile = segments.fit(shop, 3).profiles.set_index("segment_id")
    lines = shop.table("orders")
    labels = segments.fit(shop, 3).labels.set_index("customer_id")["segment_id"]
    spend = lines.groupby(lines["customer_id"].map(labels))["unit_price"].agg(["sum", "size"])
    np.testing.assert_allclose(profile["aov"], spend["sum"] / spend["size"], rtol=1e-9)
    np.testing.assert_allclose(profile["revenue_share"].sum(), 1.0)
    assert sorted(profile["frequency"]) == [1.0, 5.0, 20.0]


def test_names_say_what_sets_a_group_apart(shop):
    names = segments.fit(shop, 3).labels
    by_truth = names.groupby(truth(names))["segment_name"].first()
    assert "long away" in by_truth["asleep"].lower()
    assert any(word in by_truth["devoted"].lower() for word in ("big spenders", "frequent", "large baskets"))


def test_top_categories_are_those_with_the_largest_net_spend(tmp_path):
    frames = simulated(people=60)
    shop = shop_of(tmp_path / "shop", {name: frames[name] for name in ("customers", "products", "orders")})
    found = segments.fit(shop, 2)
    lines = shop.table("orders").merge(shop.table("products")[["product_id", "category"]])
    lines["net"] = lines["quantity"] * lines["unit_price"] - lines["discount"]
    spend = lines.groupby([lines["customer_id"].map(found.labels.set_index("customer_id")["segment_id"]), "category"])[
        "net"
    ]
    for row in found.profiles.itertuples():
        best = spend.sum()[row.segment_id].sort_values(ascending=False).index
        assert row.top_categories == ", ".join(best)


def test_density_groups_of_one_crowd_have_a_plain_name(tmp_path):
    random = np.random.default_rng(0)
    one = three_groups().query("customer_id.str.startswith('steady')")
    one = one.assign(ordered_at=one["ordered_at"] + pd.to_timedelta(random.uniform(0, 9, len(one)), unit="D"))
    more = pd.concat([one, one.assign(customer_id=one["customer_id"] + "x", order_id=one["order_id"] + "x")])
    found = segments.fit(shop_of(tmp_path / "shop", {"orders": more}), method="dbscan")
    if found.summary.k == 1:
        assert found.profiles["segment_name"].tolist() == ["All customers"]
        assert found.summary.silhouette is None
    assert found.profiles["segment_name"].is_unique


def test_lifecycle_follows_its_rules(tmp_path):
    at = {"new": [5], "once": [300], "active": [10, 40, 70, 100], "slipping": [75, 105, 135], "lapsed": [400, 430, 460]}
    lines = [
        (f"{kind}-{n}", pd.Timestamp("2026-01-01") - pd.Timedelta(days=ago), 10.0)
        for kind, times in at.items() for n in range(20) for ago in times
    ]  # fmt: skip
    lines = [(who, when, 1.0 if who.startswith("active") else price) for who, when, price in lines]
    ago = [pd.Timestamp("2025-12-31") - pd.Timedelta(days=30 * n) for n in range(4)]
    lines += [(f"whale-{n}", when, 9000.0) for n in range(12) for when in ago]
    orders = pd.DataFrame(lines, columns=["customer_id", "ordered_at", "unit_price"])
    orders = orders.assign(order_id=[f"o{n}" for n in range(len(orders))], product_id="p", quantity=1)
    labels = segments.fit(shop_of(tmp_path / "shop", {"orders": orders}), method="lifecycle").labels
    found = labels.groupby(truth(labels))["segment_name"].agg(lambda names: "/".join(sorted(set(names))))
    assert found["new"] == "New"
    assert found["once"] == "One-time"
    assert found["slipping"] == "Slipping"
    assert found["lapsed"] == "Lapsed"
    assert found["whale"] == "VIP"
    assert found["active"] == "Active"


def test_only_what_was_before_as_of_counts(shop):
    early = segments.fit(shop, method="lifecycle", as_of=date(2025, 2, 1))
    late = segments.fit(shop, method="lifecycle", as_of=date(2026, 6, 1))
    assert early.summary.customers == late.summary.customers == 120
    assert early.summary.without_orders > late.summary.without_orders == 0
    assert (early.profiles["monetary"] * early.profiles["customers"]).sum() == pytest.approx(
        shop.table("orders").query("ordered_at < '2025-02-01'")["unit_price"].sum()
    )


@pytest.mark.parametrize(
    ("k", "said"), [(1, "2 to 12 groups; asked for: 1"), (13, "120 customers can be cut into 2 to 12 groups")]
)
def test_an_impossible_number_of_groups_is_refused(shop, k, said):
    with pytest.raises(NotEnoughData, match=said):
        segments.fit(shop, k)


def test_too_few_customers_are_refused_with_what_there_is(tmp_path):
    shop = shop_of(tmp_path / "shop", {"orders": three_groups(16)})
    with pytest.raises(NotEnoughData, match=r"at least 50 customers with an order; this shop has 48"):
        segments.fit(shop)


def test_a_shop_without_orders_is_told_so(tmp_path):
    with pytest.raises(NotEnoughData, match=r"Groups need orders, and this shop has none yet"):
        segments.fit(shop_of(tmp_path / "shop", {"customers": simulated()["customers"]}))


def test_saved_groups_are_read_back_as_they_were(shop, tmp_path):
    own = shop_of(tmp_path / "shop", {"orders": shop.table("orders")})
    with pytest.raises(NotEnoughData, match=r"no groups yet. Open Customers, or run: python -m engine segments"):
        segments.current(own)
    found = segments.fit(own, 3)
    segments.save(own, found)
    read = segments.current(own)
    pd.testing.assert_frame_equal(read.labels, found.labels)
    pd.testing.assert_frame_equal(read.profiles, found.profiles)
    assert read.summary == found.summary
    assert set(segments.members(own, ["s1"])) == set(found.labels.query("segment_id == 's1'")["customer_id"])
    with pytest.raises(DataProblem, match=r"There is no group s9; groups are s1, s2, s3"):
        segments.members(own, ["s1", "s9"])
    (own.path / "segments" / "summary.json").write_text(json.dumps({"k": 3}))
    with pytest.raises(StoreProblem, match=r"cannot be read .* Make them again"):
        segments.current(own)


def test_the_map_shows_each_group_and_its_share_of_variance(shop):
    found = segments.fit(shop, 3)
    assert len(found.points) == 120
    assert set(found.points["segment_id"]) == {"s1", "s2", "s3"}
    assert 0.5 < found.summary.map_variance <= 1


@pytest.mark.parametrize(("method", "bar"), [("kmeans", 0.07), ("lifecycle", 0.12)])
def test_groups_of_the_demo_shop_agree_with_the_planted_ones(demo_shop_dir, method, bar):
    # Measured 0.103 and 0.162; by chance 0. Planted groups differ in how they answer to messages and in the season of
    # their orders more than in what they bought, and half of the customers have three orders or fewer.
    shop = store.open_shop(demo_shop_dir)
    planted = json.loads((demo_shop_dir / "truth.json").read_text())["customer_group"]
    found = segments.fit(shop, 6, method).labels
    group = found["customer_id"].map(planted)
    assert adjusted_rand_score(group, found["segment_id"]) > bar
    # One group holds most of the planted VIPs, and five times as densely as the shop does: a marketer can find them.
    is_vip = group.eq("vip").groupby(found["segment_id"]).agg(["sum", "mean"])
    best = is_vip.loc[is_vip["mean"].idxmax()]
    assert best["sum"] > 0.5 * group.eq("vip").sum()
    assert best["mean"] > 4 * group.eq("vip").mean()
