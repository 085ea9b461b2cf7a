"""What a sheet comes to: empty cells as agreed, ids that are nobody's address, contacts in the vault alone."""

import json

import pandas as pd
import pytest

from engine.errors import DataProblem
from engine.shop import intake, store, vault
from engine.shop.mapping import TableMapping
from engine.shop.proposal import Known, propose
from engine.shop.store import ShopSettings
from engine.shop.taking import take
from tests.shop.hostile.case import HEADER, orders
from tests.shop.test_proposal import sheet

EMAILS = ["ana@example.com", "ben@example.com", "cleo@example.com"]
PHONE = "+4915112345678"


@pytest.fixture
def config(tmp_path):
    return tmp_path / "config"


def brought(tmp_path, config, text, name="orders.csv", **more):
    """(report, shop) of a file of this text."""
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    return intake.import_files([file], tmp_path / "shop", config=config, **more), store.open_shop(tmp_path / "shop")


def taken(cells, **said):
    """Taken from orders whose discounts are these cells."""
    base = sheet(dict.fromkeys(HEADER, "1") | {"ordered_at": "2026-01-05"}, rows=len(cells))
    base.frame["discount"] = cells
    mapping = TableMapping(table="orders", columns={name: name for name in (*HEADER, "discount")}, **said)
    return take(propose(base, Known(given=(mapping,))), ShopSettings(shop_id="x"))[0]


@pytest.mark.parametrize(
    ("policy", "left", "aside"),
    [
        ({}, ["1", "", " "], []),
        ({"discount": "keep"}, ["1", "", " "], []),
        ({"discount": "fill 0.50"}, ["1", "0.50", "0.50"], []),
        ({"discount": "drop"}, ["1"], [1, 2]),
        ({"status": "drop"}, ["1", "", " "], []),
    ],
    ids=["nothing said", "keep", "fill", "drop", "a column that is not there"],
)
def test_empty_cells_are_filled_set_aside_or_kept_as_agreed(policy, left, aside):
    found = taken(["1", "", " "], missing=policy)
    assert found.frame["discount"].tolist() == left
    assert [(row, reason) for row, _, _, reason in found.aside] == [
        (row, "discount is empty (set aside as agreed)") for row in aside
    ]


def test_a_row_with_two_reasons_to_be_set_aside_is_set_aside_once():
    found = taken(["#REF!", "2"], missing={"discount": "drop"})
    assert [(row, reason) for row, _, _, reason in found.aside] == [(0, "discount is an error of the spreadsheet")]
    both = taken(["", "2"], missing={"discount": "drop", "order_id": "drop"})
    assert len(both.aside) == 1 and both.frame["discount"].tolist() == ["2"]


def test_what_was_set_aside_as_agreed_is_counted_and_listed(tmp_path, config):
    text = orders({"discount": "1"}, {"order_id": "o2", "discount": ""})
    mapping = TableMapping(table="orders", columns={name: name for name in (*HEADER, "discount")},
                           missing={"discount": "drop"})  # fmt: skip
    (tmp_path / "orders.csv").write_text(text)
    report = intake.import_files([intake.File(tmp_path / "orders.csv", given=(mapping,))], tmp_path / "shop")
    entry = report["tables"]["orders"]
    assert (entry["kept"], entry["set_aside_by_reason"]) == (1, {"discount is empty (set aside as agreed)": 1})
    assert intake.set_aside(store.open_shop(tmp_path / "shop"))["orders"]["line"].tolist() == ["3"]


def test_addresses_as_customers_numbers_are_refused_or_stand_under_pseudonyms(tmp_path, config):
    text = orders(*({"order_id": f"o{n}", "customer_id": email} for n, email in enumerate(EMAILS)))
    with pytest.raises(DataProblem, match=r"customer_id holds e-mail addresses or phone numbers. .*--pseudonymise"):
        brought(tmp_path, config, text)
    assert not (tmp_path / "shop").exists()
    report, shop = brought(tmp_path, config, text, pseudonymise=True)
    assert report["tables"]["orders"]["kept"] == 3
    ids = shop.table("orders")["customer_id"]
    assert ids.nunique() == 3 and not ids.str.contains("@").any()
    held = vault.contacts(shop.path, shop.shop_id, config)
    assert sorted(held["email"]) == EMAILS and set(held["customer_id"]) == set(ids)


def test_the_same_address_is_the_same_customer_in_the_next_file(tmp_path, config):
    _, shop = brought(tmp_path, config, orders({"customer_id": EMAILS[0]}), pseudonymise=True)
    later = orders({"order_id": "o9", "customer_id": EMAILS[0]}, {"order_id": "o10", "customer_id": EMAILS[1]})
    _, shop = brought(tmp_path, config, later, "more.csv", pseudonymise=True)
    ids = shop.table("orders").set_index("order_id")["customer_id"]
    assert ids["o1"] == ids["o9"] != ids["o10"]


def test_contacts_beside_customers_go_to_the_vault_and_are_in_no_file_of_the_shop(tmp_path, config):
    text = f"customer_id,email,phone,tier\nc1,{EMAILS[0]},{PHONE},gold\nc1,{EMAILS[1]},,x\n,{EMAILS[2]},,lost\n"
    text += f"c5,{EMAILS[2]},,x,one more\n"
    report, shop = brought(tmp_path, config, text, "customers.csv")
    assert report["tables"]["customers"]["set_aside"] == 3
    assert set(shop.columns("customers")) == {"customer_id", "tier"}
    assert set(vault.contacts(shop.path, shop.shop_id, config)["email"]) >= {EMAILS[1]}
    for path in (path for path in shop.path.rglob("*") if path.is_file()):
        content = path.read_bytes()
        assert not any(secret.encode() in content for secret in (*EMAILS, PHONE)), path


@pytest.mark.parametrize("pseudonymise", [True, False])
def test_a_list_of_rows_set_aside_names_nobody(tmp_path, config, pseudonymise):
    """The address as an id, in a text, in the cell that is wrong and in a row of which nobody knows what is what."""
    email, *others = EMAILS
    ids = [email, *others] if pseudonymise else ["c1", "c2", "c3"]
    text = "customer_id,rating,text,written_at\n" + "".join(f"{one},5,good,2026-01-05\n" for one in ids)
    text += f"{ids[0]},five,mail {email},2026-01-05\n{ids[0]},{email},x,2026-01-05\n{ids[0]},5,x,2026-01-05,{email}\n"
    report, shop = brought(tmp_path, config, text, "reviews.csv", pseudonymise=pseudonymise)
    assert (report["tables"]["reviews"]["kept"], report["tables"]["reviews"]["set_aside"]) == (3, 3)
    listed = (shop.path / "set_aside" / "reviews.csv").read_text()
    assert "@" not in listed and listed.count("[email]") >= 3
    assert len(intake.set_aside(shop)["reviews"]) == 3


def test_a_file_of_contacts_is_counted_row_by_row_and_again_changes_nothing(tmp_path, config):
    text = f"customer_id,email\nc1,{EMAILS[0]}\n,{EMAILS[1]}\nc3,{EMAILS[2]},more\n"
    report, shop = brought(tmp_path, config, text, "contacts.csv")
    entry = report["tables"]["contacts"]
    assert (entry["rows_in"], entry["kept"], entry["set_aside"]) == (3, 1, 2)
    assert entry["set_aside_by_reason"] == {"customer_id is empty": 1, "more fields than the header": 1}
    assert "@" not in (shop.path / "set_aside" / "contacts.csv").read_text()
    assert vault.contacts(shop.path, shop.shop_id, config)["email"].tolist() == EMAILS[:1]
    again, _ = brought(tmp_path, config, text, "contacts.csv")
    assert again["unchanged_files"] == ["contacts.csv"]


def test_rows_set_aside_from_parquet_are_json_where_cells_are_missing(tmp_path):
    frame = pd.DataFrame({"rating": ["5", "bad"], "text": ["x", None]})
    frame.to_parquet(tmp_path / "reviews.parquet")
    intake.import_files([tmp_path / "reviews.parquet"], tmp_path / "shop")
    (row,) = intake.set_aside(store.open_shop(tmp_path / "shop"))["reviews"]["row"]
    assert json.loads(row) == {"rating": "bad", "text": ""}


def test_the_count_of_masked_texts_is_of_those_in_which_something_was_masked(tmp_path, config):
    text = f"rating,text\n5,\n4,fine\n3,write to {EMAILS[0]}\n"
    report, shop = brought(tmp_path, config, text, "reviews.csv")
    assert report["tables"]["reviews"]["flagged"] == {"free text with an e-mail address or number (masked)": 1}
    assert shop.table("reviews")["text"].tolist()[1:] == ["fine", "write to [email]"]


def test_a_percentage_is_a_part_where_a_part_is_meant(tmp_path, config):
    head = "campaign_id,channel,starts_at,audience_share,discount,min_spend\n"
    report, shop = brought(tmp_path, config, head + "k1,email,2026-01-05,25%,10 %,1\nk2,email,2026-01-05,1,5,5%\n",
                           "campaigns.csv")  # fmt: skip
    kept = shop.table("campaigns").iloc[0]
    assert (kept["audience_share"], kept["discount"]) == (0.25, 0.1)
    assert report["tables"]["campaigns"]["set_aside_by_reason"] == {"min_spend is not a number": 1}
