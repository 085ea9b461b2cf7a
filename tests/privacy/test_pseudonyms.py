"""One spelling per address and number, and keyed names in their place."""

import hashlib

import numpy as np
import pandas as pd
import pytest

from engine import privacy

KEY, OTHER = bytes(range(32)), bytes(32)


def column(*values):
    return pd.Series(values, dtype="str")


@pytest.mark.parametrize(
    ("written", "usual"),
    [
        ("Ana@Example.com", "ana@example.com"),
        ("  ana@example.com\t", "ana@example.com"),
        ("ａｎａ＠ｅｘａｍｐｌｅ．ｃｏｍ", "ana@example.com"),
        ("mailto:ana@example.com", "ana@example.com"),
        ("<ana@example.com>", "ana@example.com"),
        ("\u200bana@example.com", "ana@example.com"),  # an invisible mark, as copied from a web page
        ("a.na+shop@gmail.com", "a.na+shop@gmail.com"),  # two people must not become one
        ("ana@example", ""),
        ("ana example.com", ""),
        ("", ""),
    ],
)
def test_an_email_address_has_one_spelling(written, usual):
    assert privacy.normal_email(written) == usual


@pytest.mark.parametrize(
    ("written", "usual"),
    [
        ("13812345678", "+8613812345678"),
        ("+86 138 1234 5678", "+8613812345678"),
        ("0086-138-1234-5678", "+8613812345678"),
        ("8613812345678", "+8613812345678"),
        ("（+８６）１３８１２３４５６７８", "+8613812345678"),
        ("+1 (415) 555-2671", "+14155552671"),
        ("0049 151 1234567", "+491511234567"),
        ("+49 (0)151.1234567", "+491511234567"),
        ("tel:+33 6 12 34 56 78", "+33612345678"),
        ("0151 1234567", "01511234567"),  # no country is known, and none is invented
        ("123", ""),
        ("call me", ""),
        ("1234567890123456", ""),  # longer than any number
        ("", ""),
    ],
)
def test_a_phone_number_has_one_spelling(written, usual):
    assert privacy.normal_phone(written) == usual


def test_a_pseudonym_is_keyed_blake2b_of_the_usual_spelling():
    expected = hashlib.blake2b(b"ana@example.com", key=KEY, person=b"customer", digest_size=16).hexdigest()
    assert privacy.pseudonym(KEY, " Ana@Example.com") == expected
    assert privacy.pseudonym(OTHER, "ana@example.com") != expected
    assert privacy.pseudonym(KEY, "138 1234 5678") == privacy.pseudonym(KEY, "+8613812345678")


def test_a_column_of_pseudonyms_is_that_of_its_values_and_empty_stays_missing():
    given = pd.Series(
        ["ana@example.com", None, "13812345678", " ", "ANA@example.com", "c7"], dtype="str", index=range(6, 0, -1)
    )
    found = privacy.pseudonyms(KEY, given)
    assert list(found.index) == list(given.index)
    assert found.isna().tolist() == [False, True, False, True, False, False]
    filled = found.dropna()
    assert filled.tolist() == [privacy.pseudonym(KEY, value) for value in given[filled.index]]
    assert filled.iloc[0] == filled.iloc[2]


def test_ids_have_another_hash_for_another_purpose_and_count_as_they_stand():
    ids = column("c7", "C7", "c7")
    erased = privacy.tokens(KEY, ids, "erased")
    assert erased.nunique() == 2 and erased[0] == erased[2]
    assert not set(erased) & set(privacy.tokens(KEY, ids, "customer"))


def test_a_hundred_thousand_pseudonyms_are_all_different():
    addresses = pd.Series([f"user{number}@example.com" for number in range(100_000)], dtype="str")
    assert privacy.pseudonyms(KEY, addresses).nunique() == 100_000


@pytest.mark.parametrize(
    ("ids", "personal"),
    [
        (["ana@example.com", "ben@example.com"], True),
        (["+4915112345678", "13812345678"], True),
        (["c1", "c2", "ana@example.com"], False),
        (["10001", "10002"], False),
        ([None, None], False),
        ([], False),
    ],
)
def test_a_column_of_addresses_or_numbers_looks_personal(ids, personal):
    assert privacy.looks_personal(column(*ids)) is personal


def test_only_the_first_two_hundred_ids_are_looked_at():
    ids = pd.Series(np.where(np.arange(1000) < 200, "c1", "ana@example.com"), dtype="str")
    assert not privacy.looks_personal(ids)
