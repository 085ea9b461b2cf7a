"""A file is taken for the table that it is, by its own names, a known export, names shops use, or what is in it."""

import pandas as pd
import pytest

from engine.errors import DataProblem
from engine.shop import gate
from engine.shop.mapping import TableMapping
from engine.shop.proposal import Known, propose

ORDER = {"Invoice": "o1", "Kunde": "c1", "Datum": "2026-01-05", "Artikelnummer": "p1", "Menge": "2", "Einzelpreis": "9"}


def sheet(columns, name="export.csv", rows=1):
    """A sheet in which every row says the same."""
    frame = pd.DataFrame({column: [cell] * rows for column, cell in columns.items()}, dtype="str")
    return gate.Sheet(name, frame, frame.index.to_numpy() + 2, gate.delimited.no_ragged())


def proposed(columns, known=None, name="export.csv"):
    return propose(sheet(columns, name), known or Known())


def test_a_tables_own_names_are_that_table_whatever_stands_beside_them():
    own = proposed({"customer_id": "c1", "tier": "gold"}, name="customers.csv")
    assert (own.found_by, own.mapping.table, own.mapping.columns) == (
        "own names", "customers", {"customer_id": "customer_id"},
    )  # fmt: skip
    assert (own.unused, own.personal, own.questions) == ([], [], [])


def test_addresses_and_names_of_people_beside_them_are_found():
    found = proposed({"customer_id": "c1", "E-Mail": "a@b.de", "First name": "Ana"}, name="customers.csv")
    assert found.mapping.columns == {"customer_id": "customer_id", "E-Mail": "email"}
    assert found.unused == found.personal == ["First name"]


@pytest.mark.parametrize(
    ("columns", "source"),
    [
        (("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"), "uci_online"),
        (("user_id", "item_id", "category_id", "behavior_type", "timestamp"), "taobao_behaviour"),
    ],
)
def test_a_known_export_is_known_by_its_columns(columns, source):
    found = proposed(dict.fromkeys(columns, "1"))
    assert found.found_by == "export" and found.mapping.source.startswith(source)


@pytest.mark.parametrize(
    "names",
    [
        ("Order number", "Customer no.", "Order date", "SKU", "Qty", "Item price"),
        ("Bestellnummer", "Kundennummer", "Bestelldatum", "Artikelnummer", "Menge", "Preis"),
        ("订单号", "客户编号", "下单时间", "商品编号", "数量", "单价"),
        ("ORDER_ID", "CUSTOMER_ID", "ORDERED_AT", "PRODUCT_ID", "QUANTITY", "UNIT_PRICE"),
    ],
    ids=["English", "German", "Chinese", "capitals"],
)
def test_names_that_shops_use_are_understood_in_three_languages(names):
    found = proposed(dict(zip(names, ORDER.values(), strict=True)))
    assert (found.found_by, found.mapping.table) == ("names", "orders")
    assert list(found.mapping.columns.values()) == [
        "order_id", "customer_id", "ordered_at", "product_id", "quantity", "unit_price",
    ]  # fmt: skip


def test_the_lines_total_and_an_address_will_do_for_price_and_customer():
    found = proposed({"Order": "o1", "Email": "a@b.de", "Date": "2026-01-05", "SKU": "p", "Qty": "2", "Amount": "9"})
    assert set(found.mapping.columns.values()) == {
        "order_id",
        "email",
        "ordered_at",
        "product_id",
        "quantity",
        "line_total",
    }


def test_a_date_and_an_address_are_known_by_what_they_look_like():
    found = proposed({"Order": "o1", "Wer": "a@b.de", "Wann": "05.01.2026", "SKU": "p1", "Menge": "2", "Preis": "9"})
    assert found.mapping.columns["Wann"] == "ordered_at" and found.mapping.columns["Wer"] == "email"
    assert found.mapping.dates == {"ordered_at": "%d.%m.%Y"}


def test_two_columns_that_could_be_the_date_are_not_chosen_from():
    columns = {"Order": "o1", "Kunde": "c1", "SKU": "p", "Qty": "2", "Price": "9"}
    found = proposed(columns | {"A": "2026-01-05", "B": "2026-01-06"}, Known(table="orders"))
    assert found.missing == ["ordered_at"]


@pytest.mark.parametrize(
    ("table", "missing"), [("products", ["product_id", "name"]), ("ads", ["ad_id", "date", "impressions", "clicks"])]
)
def test_of_a_table_that_was_said_the_missing_columns_are_named(table, missing):
    assert proposed({"a": "1", "b": "2"}, Known(table=table)).missing == missing


@pytest.mark.parametrize(
    ("columns", "known", "said"),
    [
        ({"a": "1", "b": "2"}, Known(), r"export.csv: could be any of customers, .* Say which with --table NAME"),
        ({"a": "1"}, Known(table="sales"), r"There is no table called sales. Tables are: customers"),
        ({"campaign_id": "k", "customer_id": "c", "sent_at": "2026-01-01", "occurred_at": "2026-01-01", "kind": "view"},
         Known(), r"could be any of events, deliveries. Say which"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_refused_with_what_would_tell_it(columns, known, said):
    with pytest.raises(DataProblem, match=said):
        proposed(columns, known)


def test_what_is_given_goes_before_what_is_kept_and_what_is_kept_before_what_is_guessed():
    columns = dict(zip(ORDER, ORDER.values(), strict=True))
    roles = ["order_id", "customer_id", "ordered_at", "product_id", "quantity", "unit_price"]
    kept = TableMapping(table="orders", columns=dict(zip(ORDER, roles, strict=True)), time_zone="UTC")
    given = kept.model_copy(update={"time_zone": "Asia/Shanghai"})
    assert proposed(columns).found_by == "names"
    assert proposed(columns, Known(saved=(kept,))).mapping.time_zone == "UTC"
    both = proposed(columns, Known(given=(given,), saved=(kept,)))
    assert (both.found_by, both.mapping.time_zone) == ("given", "Asia/Shanghai")


def test_a_column_that_is_called_like_a_role_by_chance_gives_way_to_the_one_said_to_be_it():
    columns = {"order_id": "internal 7", "Invoice": "o1", **{k: v for k, v in ORDER.items() if k != "Invoice"}}
    roles = ["customer_id", "ordered_at", "product_id", "quantity", "unit_price"]
    said = {"Invoice": "order_id", **dict(zip(list(ORDER)[1:], roles, strict=True))}
    found = propose(sheet(columns), Known(given=(TableMapping(table="orders", columns=said),)))
    assert found.mapping.columns == said


def test_dates_and_commas_that_can_be_read_twice_are_asked_for_with_both_readings():
    found = proposed({**ORDER, "Datum": "01/02/2026", "Einzelpreis": "1,234"})
    decimal, date = found.questions
    assert (decimal.about, decimal.choices) == ("decimal", (",", "."))
    assert "is the comma in 1,234 a decimal comma" in decimal.sentence
    assert (date.about, date.role, set(date.choices)) == ("date", "ordered_at", {"%d/%m/%Y", "%m/%d/%Y"})
    assert "01/02/2026 can be 1 February 2026" in date.sentence and "2 January 2026" in date.sentence


def test_what_was_answered_is_not_asked_again():
    roles = ["order_id", "customer_id", "ordered_at", "product_id", "quantity", "unit_price"]
    said = TableMapping(table="orders", columns=dict(zip(ORDER, roles, strict=True)), decimal=",",
                        dates={"ordered_at": "%d/%m/%Y"})  # fmt: skip
    found = proposed({**ORDER, "Datum": "01/02/2026", "Einzelpreis": "1,234"}, Known(given=(said,)))
    assert found.questions == [] and found.mapping == said
