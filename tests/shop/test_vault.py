"""Contacts are encrypted, merged by customer, and lost with their key; who was erased stays out."""

import stat

import pandas as pd
import pytest

from engine.errors import DataProblem, StoreProblem
from engine.shop import store, vault

ANA = {"customer_id": "customer-1", "email": "ana@example.com", "phone": "+8613812345678", "external_id": "gid://7"}


@pytest.fixture
def places(tmp_path, now):
    """(shop folder, shop_id, configuration folder)"""
    shop = store.create_shop(tmp_path / "shop", {})
    return shop.path, shop.shop_id, tmp_path / "config"


def frame(*rows):
    return pd.DataFrame(list(rows))


def rows(places):
    return vault.contacts(*places).fillna("-").to_dict("records")


def everything(folder):
    return b"\n".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_contacts_come_back_as_they_were_and_are_nowhere_to_be_read(places):
    assert vault.add(*places, frame(ANA)) == 1
    assert rows(places) == [ANA]
    assert rows((*places[:2], places[2])) == [ANA]
    for plain in (b"ana@example.com", b"13812345678", b"gid://7", b"customer-1"):
        assert plain not in everything(places[0])
    assert stat.S_IMODE((places[0] / "vault" / "contacts").stat().st_mode) == 0o600


def test_without_a_vault_there_are_no_contacts_and_no_key_is_made(places):
    assert rows(places) == []
    assert vault.count(places[0]) == 0
    assert not places[2].exists()


def test_a_later_value_takes_the_place_of_an_earlier_and_an_empty_one_does_not(places):
    vault.add(*places, frame(ANA, {"customer_id": "NA", "email": "na@example.com"}))
    vault.add(
        *places,
        frame({"customer_id": "customer-1", "email": " Ana@New.example ", "phone": "  "}, {"customer_id": "c3"}),
    )
    assert rows(places) == [
        {**ANA, "email": "Ana@New.example"},
        {"customer_id": "NA", "email": "na@example.com", "phone": "-", "external_id": "-"},
        {"customer_id": "c3", "email": "-", "phone": "-", "external_id": "-"},
    ]
    assert [vault.count(places[0], column) for column in vault.COLUMNS] == [3, 2, 1, 1]


def test_within_one_file_too_the_last_value_that_is_not_empty_counts(places):
    vault.add(
        *places,
        frame(
            ANA, {"customer_id": "customer-1", "phone": "1"}, {"customer_id": "customer-1", "email": "b@example.com"}
        ),
    )
    assert rows(places) == [{**ANA, "email": "b@example.com", "phone": "1"}]


def test_counting_needs_no_key_but_reading_does(places):
    vault.add(*places, frame(ANA))
    (places[2] / places[1] / "vault.key").unlink()
    assert vault.count(places[0]) == 1
    for use in (lambda: vault.contacts(*places), lambda: vault.add(*places, frame(ANA))):
        with pytest.raises(StoreProblem, match=r"is missing\. Restore it from a backup"):
            use()


@pytest.mark.parametrize("position", [0, 5, -1, -40])
def test_a_changed_byte_is_noticed(places, position):
    vault.add(*places, frame(ANA))
    path = places[0] / "vault" / "contacts"
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)
    with pytest.raises(StoreProblem, match="was changed or is damaged"):
        vault.contacts(*places)


def test_the_same_contacts_are_never_encrypted_to_the_same_bytes(places):
    vault.add(*places, frame(ANA))
    first = (places[0] / "vault" / "contacts").read_bytes()
    vault.add(*places, frame(ANA))
    assert (places[0] / "vault" / "contacts").read_bytes() != first


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (frame({"email": "a@b.de"}), "need a column customer_id"),
        (frame(ANA, {"email": "a@b.de"}), "is empty in 1 rows"),
    ],
)
def test_contacts_without_a_customer_are_refused_and_nothing_is_changed(places, given, said):
    with pytest.raises(DataProblem, match=said):
        vault.add(*places, given)
    assert rows(places) == []


def test_who_was_erased_is_kept_out_of_every_later_frame(places, now):
    vault.remember(*places, ["customer-1", "NA"], now)
    given = pd.DataFrame({"customer_id": ["customer-1", "c2", " NA ", None, "customer-1"], "order_id": list("abcde")})
    left, count = vault.without_erased(*places, given)
    assert left["order_id"].tolist() == ["b", "d"]
    assert left.index.tolist() == [1, 3]
    assert count == 3
    assert vault.add(*places, frame(ANA, {"customer_id": "c2"})) == 1
    assert b"customer-1" not in everything(places[0] / "vault")


def test_a_frame_without_customers_and_a_shop_without_erasures_change_nothing(places, now):
    given = pd.DataFrame({"customer_id": ["customer-1"]})
    assert vault.without_erased(*places, given) == (given, 0)
    assert not places[2].exists()
    vault.remember(*places, ["customer-1"], now)
    products = pd.DataFrame({"product_id": ["customer-1"]})
    assert vault.without_erased(*places, products) == (products, 0)


def test_a_list_of_the_erased_that_cannot_be_read_stops_an_import(places, now):
    vault.remember(*places, ["customer-1"], now)
    (places[0] / "vault" / "erased").write_text("{")
    with pytest.raises(StoreProblem, match="they could come back with the next import"):
        vault.without_erased(*places, pd.DataFrame({"customer_id": ["customer-1"]}))


def test_the_same_id_erased_twice_is_one_and_keeps_its_first_day(places, now):
    vault.remember(*places, ["customer-1"], now)
    vault.remember(*places, ["customer-1", "c2"], now.replace(year=2027))
    assert vault.erased_count(places[0]) == 2
    assert (places[0] / "vault" / "erased").read_text().count("2026") == 1
