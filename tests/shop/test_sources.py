"""Known exports, each in a file of its true shape, against what was planted in it."""

import pandas as pd
import pytest

from tests.shop.exports import Export, shopify
from tests.shop.reading import per_order, read

COLUMNS = ("customer", "gross", "discount", "shipping", "tax", "refund", "net")


def planted(export: Export) -> pd.DataFrame:
    table = {name: [getattr(order, column) for column in COLUMNS] for name, order in export.orders.items()}
    return pd.DataFrame.from_dict(table, orient="index", columns=COLUMNS).sort_index()


def assert_to_the_cent(export: Export, kept: pd.DataFrame) -> None:
    found = per_order(kept).rename(columns={"customer_id": "customer"})[list(COLUMNS)].sort_index()
    pd.testing.assert_frame_equal(found, planted(export), check_names=False, check_dtype=False)


# --- Shopify ---


def test_shopify_orders_come_out_to_the_cent(tmp_path):
    export = shopify.orders()
    found = read(tmp_path, export.name, export.content)
    assert found.source.name == "shopify_orders"
    assert_to_the_cent(export, found.kept)
    assert found.reasons == export.aside
    assert found.is_whole() and found.rows == export.rows
    assert found.taken.flagged["order of a guest without e-mail or phone (kept)"] == 1


def test_shopify_lines_keep_their_products_times_and_shares(tmp_path):
    export = shopify.orders(many=0)
    kept = read(tmp_path, export.name, export.content).kept.set_index("order_id")
    assert list(kept.loc["#1001", "product_id"]) == ["SH-R-M", "MUG", "Sock"]  # no SKU: its name
    assert list(kept.loc["#1001", "discount"]) == [4.96, 4.22, 0.82]  # 10.00 by 19.99 : 17.00 : 3.33
    assert sorted(kept.loc["#1002", "discount"]) == [0.0, 0.0, 0.01]
    assert str(kept.loc["#1001", "ordered_at"].iloc[0]) == "2026-01-05 10:00:00"
    assert str(kept.loc["#1013", "ordered_at"]) == "2026-01-06 05:30:00"  # 23:30 in New York, in Berlin


def test_shopify_customers_are_named_by_orders_without_names_or_addresses(tmp_path):
    export = shopify.orders(many=0)
    taken = read(tmp_path, export.name, export.content).taken
    assert {"ada@example.com", "+4917000000001"} <= taken.personal
    assert "guest-#1004" not in taken.personal
    assert set(taken.derived["customers"]["customer_id"]) == {order.customer for order in export.orders.values()}
    assert "guest-#1004" not in set(taken.derived["contacts"]["customer_id"])
    said = " ".join(table.astype("str").to_csv() for table in (taken.frame, *taken.derived.values()))
    assert not [word for word in ("Zelda", "Quux", "Nowhere", "Atlantis", "99999") if word in said]
    assert set(taken.derived["products"].set_index("product_id").loc[["MUG", "Sock"], "name"]) == {"Mug", "Sock"}


def test_an_order_in_dollars_adds_up_in_dollars_and_counts_in_euros(tmp_path):
    export = shopify.dollars()
    kept = read(tmp_path, export.name, export.content).kept
    net = (kept["quantity"] * kept["unit_price"] - kept["discount"]).groupby(kept["order_id"]).sum()
    assert net["#1"] == pytest.approx(0.9 * (3 * 9.99 + 1.01 - 0.07), abs=0.005)
    assert net["#2"] == pytest.approx(10.50)


def test_shopify_customers_have_the_keys_of_their_orders(tmp_path):
    found = read(tmp_path, "customers_export.csv", shopify.customers())
    assert found.source.name == "shopify_customers"
    assert list(found.kept["customer_id"]) == ["ada@example.com", "+4917000000001", "shopify-700102"]
    assert list(found.kept["email_consent"]) == [1, 0, 0]
    assert found.taken.personal == {"ada@example.com", "+4917000000001"}
    assert found.reasons == {"customer_id is empty": 1}
    assert "total_spent" not in found.kept and "Zelda" not in found.kept.to_csv()


def test_shopify_products_are_variants_and_pictures_are_set_aside(tmp_path):
    found = read(tmp_path, "products_export.csv", shopify.products())
    assert list(found.kept["product_id"]) == ["SH-R-M", "SH-R-L", "Mug"]
    assert list(found.kept["name"]) == ["Shirt - Red / M", "Shirt - Red / L", "Mug"]
    assert list(found.kept["category"]) == ["Clothes", "Clothes", "Kitchen"]
    assert found.kept["unit_cost"].tolist()[:2] == [8.1, 8.1] and found.kept["unit_cost"].isna()[2]
    assert found.kept["description"][0] == "Soft & warm"
    assert found.reasons == {"row of a picture: no variant of a product": 1}
    assert found.is_whole()
