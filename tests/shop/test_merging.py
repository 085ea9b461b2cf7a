"""A later file replaces what it speaks of and leaves alone what it is silent about."""

import pandas as pd
import pytest

from engine.shop import intake, store
from engine.shop.merging import Tables, merged
from tests.tiny import shop_of

OLD = pd.DataFrame({"customer_id": ["c1", "c2"], "tier": ["gold", "silver"], "city": ["Bonn", "Kiel"]})


@pytest.fixture
def shop(tmp_path):
    return shop_of(tmp_path / "shop", {"customers": OLD})


def brought(shop, tmp_path, name, text, table=None):
    (tmp_path / name).write_text(text)
    intake.import_files([tmp_path / name], shop.path, table=table)
    return store.open_shop(shop.path)


def test_a_file_with_fewer_columns_keeps_the_others(shop, tmp_path):
    brought(shop, tmp_path, "customers.csv", "customer_id,tier\nc2,gold\nc3,new\n")
    kept = shop.table("customers").set_index("customer_id")
    assert kept["tier"].to_dict() == {"c1": "gold", "c2": "gold", "c3": "new"}
    assert kept["city"].fillna("").to_dict() == {"c1": "Bonn", "c2": "Kiel", "c3": ""}


def test_an_empty_cell_is_said_to_be_empty_where_the_file_has_the_column(shop, tmp_path):
    brought(shop, tmp_path, "customers.csv", "customer_id,tier\nc2,\nc3,new\n")
    assert shop.table("customers").set_index("customer_id")["tier"].fillna("").to_dict() == {
        "c1": "gold", "c2": "", "c3": "new",
    }  # fmt: skip


LINES = (
    "Order,Customer,Order date,SKU,Product name,Qty,Price\n"
    "o1,c1,2026-01-05,p1,Tea (new label),1,9\no2,c9,2026-01-06,p2,Pot,1,20\n"
)


def test_products_that_orders_tell_of_are_added_and_never_change_a_known_one(shop, tmp_path):
    known = "product_id,name,price,category\np1,Tea,8.5,\n"
    brought(shop, tmp_path, "products.csv", known)
    brought(shop, tmp_path, "sales.csv", LINES)
    products = shop.table("products").set_index("product_id")
    assert products["name"].to_dict() == {"p1": "Tea", "p2": "Pot"}
    assert products["price"].to_dict() == {"p1": 8.5, "p2": 20.0}


def test_what_a_known_product_lacks_is_filled_in_from_orders(shop, tmp_path):
    brought(shop, tmp_path, "products.csv", "product_id,name,price\np1,Tea,\n")
    brought(shop, tmp_path, "sales.csv", LINES)
    assert shop.table("products").set_index("product_id")["price"].to_dict() == {"p1": 9.0, "p2": 20.0}


def test_customers_that_orders_tell_of_keep_what_is_known_of_the_others(shop, tmp_path):
    brought(shop, tmp_path, "sales.csv", LINES)
    assert shop.table("customers")["customer_id"].tolist() == ["c1", "c2", "c9"]
    assert shop.table("customers")["tier"].tolist()[:2] == ["gold", "silver"]


def test_nothing_new_changes_no_table(shop):
    tables = Tables(shop)
    tables.add("customers", OLD.head(0))
    tables.add("orders", pd.DataFrame({"order_id": []}))
    tables.derive("customers", OLD[["customer_id"]])
    assert tables.changed() == {}
    assert tables.get("orders") is None, "a file of no rows makes no table"


def test_ids_that_rows_may_name_are_those_of_tables_that_are_there(shop):
    assert Tables(shop).known("orders") == {"customers": {"c1", "c2"}}
    assert Tables(shop).known("customers") == {}


def test_an_order_is_replaced_with_all_its_lines_and_an_event_by_itself():
    lines = pd.DataFrame({"order_id": ["o1", "o1", "o2"], "product_id": ["a", "b", "a"]})
    assert merged("orders", lines, pd.DataFrame({"order_id": ["o1"], "product_id": ["c"]})).to_numpy().tolist() == [
        ["o2", "a"], ["o1", "c"],
    ]  # fmt: skip
    events = pd.DataFrame({"customer_id": ["c1"], "occurred_at": ["1"], "kind": ["view"], "product_id": ["p1"]})
    assert len(merged("events", events, events)) == 1
    assert len(merged("events", events, events.assign(kind="cart"))) == 2


def test_the_order_of_two_files_of_different_columns_does_not_lose_a_column():
    more = OLD.assign(age=[30, 40])[["customer_id", "age"]]
    assert set(merged("customers", OLD, more)) == set(merged("customers", more, OLD)) == {
        "customer_id", "tier", "city", "age",
    }  # fmt: skip
    pd.testing.assert_frame_equal(merged("customers", OLD, more)[["customer_id", "age"]], more, check_dtype=False)
