"""Files become a shop: the right table, every row accounted for, and nothing changed when something is refused."""

import json
import os
import shutil

import pandas as pd
import pytest

from engine.errors import DataProblem
from engine.shop import intake, store
from engine.shop.proposal import Known
from tests.shop.exports import shopify

ORDERS = (
    "order_id,customer_id,ordered_at,product_id,quantity,unit_price\n"
    "o1,c1,2026-01-01,p1,1,10\n"
    "o2,c2,2026-01-02,p1,2,10\n"
)
CUSTOMERS = "customer_id,tier\nc1,gold\nc2,silver\n"


def file(folder, name, text, encoding="utf-8"):
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


@pytest.fixture
def into(tmp_path):
    return tmp_path / "shop"


def opened(into):
    return store.open_shop(into)


def state(into):
    """Bytes of every table, settings and set-aside file; nothing where there is no shop."""
    return {str(p.relative_to(into)): p.read_bytes() for p in into.rglob("*") if p.is_file() and p.name != ".lock"}


def test_a_file_with_a_tables_name_and_columns_is_that_table(tmp_path, into):
    report = intake.import_files([file(tmp_path, "orders.csv", ORDERS)], into)
    assert report["tables"]["orders"] | {"flagged": {}} == {
        "files": ["orders.csv"], "rows_in": 2, "kept": 2, "set_aside": 0, "set_aside_by_reason": {}, "flagged": {},
    }  # fmt: skip
    assert opened(into).rows("orders") == 2


def test_a_folder_is_taken_whole_and_customers_are_known_before_their_orders(tmp_path, into):
    folder = tmp_path / "export"
    file(folder, "orders.csv", ORDERS + "o3,c9,2026-01-03,p1,1,10\n")
    file(folder, "customers.csv", CUSTOMERS)
    report = intake.import_files([folder], into)
    assert report["tables"]["orders"]["set_aside_by_reason"] == {"customer_id is not in customers": 1}
    assert opened(into).table("customers")["tier"].tolist() == ["gold", "silver"]


def test_a_file_whose_columns_fit_one_table_only_is_taken_for_it(tmp_path, into):
    intake.import_files([file(tmp_path, "sales 2026.csv", ORDERS)], into)
    assert opened(into).rows("orders") == 2


def test_an_ambiguous_file_is_refused_with_the_choices(tmp_path, into):
    both = "campaign_id,customer_id,sent_at,occurred_at,kind\nk1,c1,2026-01-01,2026-01-01,view\n"
    with pytest.raises(DataProblem, match=r"could be any of events, deliveries. Say which with --table NAME"):
        intake.import_files([file(tmp_path, "export.csv", both)], into)
    assert not into.exists()
    intake.import_files([tmp_path / "export.csv"], into, table="deliveries")
    assert opened(into).rows("deliveries") == 1


def test_a_mapping_file_renames_columns(tmp_path, into):
    orders = file(tmp_path, "orders.csv", ORDERS.replace("customer_id", "Kunde").replace("ordered_at", "Datum"))
    mapping = file(tmp_path, "map.toml", '[orders]\nKunde = "customer_id"\nDatum = "ordered_at"\n')
    intake.import_files([orders], into, mapping)
    assert opened(into).table("orders")["customer_id"].tolist() == ["c1", "c2"]


@pytest.mark.parametrize(
    ("text", "said"),
    [("[sales]\na = 'b'\n", r"no table called sales. Tables are: cust"), ("[orders", r"not a readable mapping file"),
     ("orders = 3", r"map.toml: orders: "), ("[orders]\na = 3\n", r"map.toml: orders: ")],
)  # fmt: skip
def test_a_wrong_mapping_file_is_refused(tmp_path, into, text, said):
    with pytest.raises(DataProblem, match=said):
        intake.import_files([file(tmp_path, "orders.csv", ORDERS)], into, file(tmp_path, "map.toml", text))


@pytest.mark.parametrize(
    ("name", "text", "table", "said"),
    [
        ("orders.csv", "order_id,quantity\n1,2\n", None, r"column customer_id, .* is missing for orders"),
        ("orders.csv", "order_id,quantity\n1,2\n", "orders", r"orders.csv: column customer_id, .* is missing"),
        ("orders.csv", ORDERS, "sales", r"There is no table called sales. Tables are: customers"),
        ("customers.csv", "customer_id\nana@example.com\nben@example.com\n", None, r"customer_id holds e-mail"),
        ("customers.csv", "customer_id\n+4915112345678\n13812345678\n", None, r"customer_id holds e-mail .* phone"),
        ("orders.csv", "", None, r"orders.csv: the file is empty"),
    ],
)  # fmt: skip
def test_one_refused_file_among_several_changes_nothing(tmp_path, into, name, text, table, said):
    good = file(tmp_path, "reviews.csv", "rating,text\n5,good\n")
    bad = file(tmp_path, name, text)
    with pytest.raises(DataProblem, match=said):
        intake.import_files([bad] if table else [good, bad], into, table=table)
    assert not into.exists()


def test_the_same_file_again_changes_nothing(tmp_path, into):
    path = file(tmp_path, "orders.csv", ORDERS + "o9,c1,soon,p1,1,1\n")
    intake.import_files([path], into)
    before, version = state(into), opened(into).version
    report = intake.import_files([path], into)
    assert (report["tables"], report["unchanged_files"]) == ({}, ["orders.csv"])
    assert state(into) == before
    assert opened(into).version == version


def test_the_same_content_twice_in_one_call_counts_once(tmp_path, into):
    same = "customer_id,occurred_at,kind\nc1,2026-01-01,view\n"
    first, second = file(tmp_path, "events.csv", same), file(tmp_path, "events (1).csv", same)
    report = intake.import_files([first, second, first], into)
    assert report["tables"]["events"]["rows_in"] == 1
    assert opened(into).rows("events") == 1


def test_an_order_seen_again_replaces_all_its_lines(tmp_path, into):
    first = ORDERS + "o1,c1,2026-01-01,p2,1,5\n"
    intake.import_files([file(tmp_path, "orders.csv", first)], into)
    again = ORDERS.splitlines()[0] + "\no1,c1,2026-01-01,p3,7,1\no4,c1,2026-02-01,p1,1,10\n"
    intake.import_files([file(tmp_path, "orders-february.csv", again)], into)
    orders = opened(into).table("orders").sort_values(["order_id", "product_id"])
    assert orders[["order_id", "product_id"]].to_numpy().tolist() == [["o1", "p3"], ["o2", "p1"], ["o4", "p1"]]


def test_an_event_without_a_product_seen_again_is_the_same_event(tmp_path, into):
    head = "customer_id,occurred_at,kind,product_id\n"
    intake.import_files([file(tmp_path, "events.csv", head + "c1,2026-01-01,signup,\nc1,2026-01-02,view,p1\n")], into)
    intake.import_files([file(tmp_path, "more.csv", head + "c1,2026-01-01,signup,\nc1,2026-01-03,view,p1\n")], into)
    assert opened(into).rows("events") == 3


def test_an_own_column_may_be_numbers_in_one_file_and_text_in_the_next(tmp_path, into):
    intake.import_files([file(tmp_path, "customers.csv", "customer_id,tier\nc1,1\nc2,2.5\n")], into)
    intake.import_files([file(tmp_path, "new.csv", "customer_id,tier\nc2,gold\nc3,\n")], into, table="customers")
    tiers = opened(into).table("customers").set_index("customer_id")["tier"]
    assert tiers["c1"] in ("1", "1.0")
    assert tiers["c2"] == "gold"
    assert pd.isna(tiers["c3"])


def test_a_file_from_a_chinese_spreadsheet_keeps_its_characters(tmp_path, into):
    intake.import_files([file(tmp_path, "products.csv", "product_id,name\np1,面霜\n", "gb18030")], into)
    assert opened(into).table("products")["name"].tolist() == ["面霜"]


def test_what_is_set_aside_can_be_downloaded_with_its_file_line_and_reason(tmp_path, into):
    text = ORDERS + "o3,c1,2026-01-03,p1,0,10\no4,c1,2026-01-03,p1,1,ten\n"
    intake.import_files([file(tmp_path, "orders.csv", text)], into)
    aside = intake.set_aside(opened(into))["orders"]
    assert aside[["file", "line", "column", "value"]].to_numpy().tolist() == [
        ["orders.csv", "4", "quantity", "0"], ["orders.csv", "5", "unit_price", "ten"],
    ]  # fmt: skip
    assert text.splitlines()[3].split(",") == list(json.loads(aside["row"].iloc[0]).values())


def test_line_numbers_count_the_line_breaks_inside_fields(tmp_path, into):
    text = 'rating,text\n5,"one\ntwo\nthree"\nbad,x\n'
    intake.import_files([file(tmp_path, "reviews.csv", text)], into)
    assert text.splitlines()[4] == "bad,x"
    assert intake.set_aside(opened(into))["reviews"]["line"].tolist() == ["5"]


def test_what_was_set_aside_before_stays_on_the_list(tmp_path, into):
    for number in (7, 8):
        path = file(tmp_path, "orders.csv", ORDERS.replace("2,10", f"0,{number}"))
        intake.import_files([path], into)
    assert intake.set_aside(opened(into))["orders"]["line"].tolist() == ["3", "3"]


def test_aware_times_are_taken_into_the_time_zone_of_the_shop(tmp_path, into):
    store.create_shop(into, {"time_zone": "Asia/Shanghai"})
    intake.import_files([file(tmp_path, "orders.csv", ORDERS.replace("2026-01-01", "2026-01-01T00:00:00Z"))], into)
    assert opened(into).table("orders")["ordered_at"].dt.hour.tolist() == [8, 0]


def test_an_empty_folder_is_refused(tmp_path, into):
    (tmp_path / "nothing").mkdir()
    with pytest.raises(DataProblem, match=r"no CSV, XLSX or Parquet file in this folder"):
        intake.import_files([tmp_path / "nothing"], into)


def test_a_file_of_which_nothing_can_be_kept_leaves_the_tables_as_they_were(tmp_path, into):
    intake.import_files([file(tmp_path, "orders.csv", ORDERS)], into)
    before = opened(into).version
    broken = ORDERS.replace("2026-01", "2026-13")
    report = intake.import_files([file(tmp_path / "next", "orders.csv", broken)], into)
    assert (report["tables"]["orders"]["kept"], report["tables"]["orders"]["set_aside"]) == (0, 2)
    assert opened(into).version == before


def test_the_same_file_is_read_again_with_another_mapping(tmp_path, into):
    orders = file(tmp_path, "orders.csv", ORDERS.replace("unit_price", "price,unit_price").replace(",10\n", ",7,10\n"))
    intake.import_files([orders], into)
    other = file(tmp_path, "map.toml", '[orders]\nunit_price = "was"\nprice = "unit_price"\n')
    intake.import_files([orders], into, map_file=other)
    assert set(opened(into).table("orders")["unit_price"]) == {7.0}


class Killed(BaseException):
    """As by a power cut: nothing that catches errors catches it."""


def killed_at(step, monkeypatch, work):
    """Whether the work was killed at this one of its renames, replacements and removals."""
    count = iter(range(1_000))

    def dying(function):
        def wrapped(*arguments, **named):
            if next(count) == step:
                raise Killed
            return function(*arguments, **named)

        return wrapped

    with monkeypatch.context() as patch:
        for module, name in ((os, "rename"), (os, "replace"), (shutil, "rmtree")):
            patch.setattr(module, name, dying(getattr(module, name)))
        try:
            work()
        except Killed:
            return True
    return False


def whole(into):
    """Orders, what came in, and what was set aside, as they are after whoever was killed is tidied up after."""
    shop = opened(into)
    names = {entry["name"] for entry in intake.provenance(shop)["files"].values()}
    return set(shop.table("orders")["order_id"]), names, set(intake.set_aside(shop)["orders"]["file"])


def test_an_import_killed_at_any_step_leaves_tables_sources_and_set_aside_all_old_or_all_new(
    tmp_path, into, monkeypatch
):
    first = file(tmp_path, "orders.csv", ORDERS + "o9,c1,soon,p1,1,1\n")
    second = file(tmp_path, "more.csv", ORDERS.replace("\no", "\nn") + "n9,c1,soon,p1,1,1\n")
    old = ({"o1", "o2"}, {"orders.csv"}, {"orders.csv"})
    new = ({"o1", "o2", "n1", "n2"}, {"orders.csv", "more.csv"}, {"orders.csv", "more.csv"})
    intake.import_files([first], into)
    start, ends, step = tmp_path / "start", [], 0
    shutil.copytree(into, start)
    while True:
        shutil.rmtree(into)
        shutil.copytree(start, into)
        died = killed_at(step, monkeypatch, lambda: intake.import_files([second], into))
        ends.append(whole(into))
        assert ends[-1] in (old, new), step
        if not died:
            break
        intake.import_files([second], into)  # once more, from what was left
        assert whole(into) == new
        assert not list(into.glob("*.next")) and not (into / "files.ready").exists()
        step += 1
    assert ends[0] == old and ends[-1] == new and step >= 4


def test_a_known_export_says_which_of_the_columns_it_needs_was_taken_away(tmp_path):
    (tmp_path / "orders.csv").write_bytes(shopify.orders(many=1).content)
    (found,) = intake.proposed(intake.File(tmp_path / "orders.csv"), Known())
    without = found.mapping.model_copy(update={"columns": found.mapping.columns | {"Email": "ignore"}})
    (again,) = intake.proposed(intake.File(tmp_path / "orders.csv", given=(without,)), Known())
    assert (found.missing, again.missing) == ([], ["email"])


def test_what_was_set_aside_is_counted_by_table_and_reason(tmp_path):
    (tmp_path / "orders.csv").write_text(
        "order_id,customer_id,ordered_at,product_id,quantity,unit_price\n"
        "o1,c1,2026-01-05,p1,1,2\no2,,2026-01-05,p1,1,2\no3,,2026-01-05,p1,1,2\no4,c1,soon,p1,1,2\n"
    )
    intake.import_files([tmp_path / "orders.csv"], tmp_path / "shop")
    found = intake.reasons(store.open_shop(tmp_path / "shop"))
    assert found["rows"].tolist() == [2, 1]
    assert found.iloc[0].to_dict() == {"table": "orders", "reason": "customer_id is empty", "rows": 2}


def test_a_file_taken_into_a_second_table_stays_on_record_for_the_first(tmp_path, into):
    both = "campaign_id,customer_id,sent_at,occurred_at,kind\nk1,c1,2026-01-01,2026-01-01,view\nk1,,2026-01-01,,\n"
    path = file(tmp_path, "export.csv", both)
    for table in ("deliveries", "events"):
        intake.import_files([path], into, table=table)
    shop = opened(into)
    assert {entry["table"] for entry in intake.provenance(shop)["files"].values()} == {"deliveries", "events"}
    assert [len(intake.set_aside(shop)[table]) for table in ("deliveries", "events")] == [1, 1]
