"""Addresses are spelled and hashed as each platform documents, and what could be a formula is never one of them."""

import json

import pytest

from engine.decision import cells
from engine.decision.export import identifiers
from engine.decision.export.identifiers import Unusable
from tests.decision.test_cells import CORPUS, DANGEROUS

# developers.facebook.com/docs/marketing-api/custom-audiences-targeting: its example of a hashed address.
META = ("mary@example.com", "f1904cf1a9d73a55fa5de0ac823c4403ded71afd4c3248d00bdcd0866552bb79")
# The example of the documents of UID2, whose hash of an address is the same.
UID2 = ("user@example.com", "b4c9a289323b21a01c3e940f150eb9b8c542587f1abfd8f0e1cc1ffc5e475514")
# The same documents' example of a number: E.164 with its "+", as Google wants it.
E164 = ("+12345678901", "10e6f0b47054a83359477dcb35231db6de5c69fb1816e1a6b98e192de9e5b9ee")


@pytest.mark.parametrize(("address", "digest"), [META, UID2])
def test_an_address_is_hashed_as_the_platforms_print_it(address, digest):
    assert identifiers.hashed_email(f"  {address.title()} ") == digest
    assert identifiers.hashed_gmail(address) == digest


def test_a_number_is_hashed_with_its_plus_for_google_and_as_digits_for_meta():
    for typed, country in ((E164[0], ""), ("(234) 567-8901", "US"), ("1-234-567-8901", "US")):
        assert identifiers.hashed_e164(typed, country) == E164[1]
        assert identifiers.hashed_digits(typed, country) == identifiers.sha256("12345678901") != E164[1]


def test_googles_own_examples_of_how_an_address_and_a_number_are_spelled():
    """developers.google.com/data-manager/api/devguides/concepts/formatting"""
    assert identifiers.google_email("cloudy.sanfrancisco+shopping@gmail.com") == "cloudysanfrancisco@gmail.com"
    assert identifiers.google_email("a.b+c@googlemail.com") == "ab@googlemail.com"
    assert identifiers.google_email("user.name+NYC@Example.com") == "user.name+nyc@example.com"
    assert identifiers.phone("(800)555-0100", "US") == "+18005550100"


@pytest.mark.parametrize(
    ("typed", "country", "spelled"),
    [
        ("0151 2345 6789", "DE", "+4915123456789"), ("+49 (0)151 23456789", "", "+4915123456789"),
        ("0049 151 23456789", "US", "+4915123456789"), ("tel:+49-151-23456789", "", "+4915123456789"),
        ("１３８１２３４５６７８", "CN", "+8613812345678"), ("13812345678", "", "phone_country"),
        ("13812345678", "US", "bad_phone"), ("+49 151", "", "phone_length"), ("151", "DE", "phone_length"),
        ("+1 234 567 89012", "", "phone_length"), ("+999 1234567", "", "bad_phone"),
        ("+49 30 1234567", "", "not_mobile"), ("call me", "DE", "bad_phone"), ("=1+1", "US", "bad_phone"),
    ],
)  # fmt: skip
def test_a_number_that_gets_text_messages_is_e164_or_says_what_is_wrong(typed, country, spelled):
    found = identifiers.mobile(typed, country)
    assert found == (spelled if spelled.startswith("+") else Unusable(spelled))


def test_a_landline_is_good_enough_for_an_ad():
    assert identifiers.phone("+49 30 1234567") == "+49301234567"


def test_a_chinese_platform_gets_eleven_digits_and_nobody_elses_numbers():
    assert identifiers.mainland_mobile("+86 138 1234 5678", "DE") == "13812345678"
    assert identifiers.mainland_mobile("138-1234-5678") == "13812345678"
    assert identifiers.mainland_mobile("+852 5123 4567") == Unusable("not_mainland")
    assert identifiers.mainland_mobile("+86 10 6552 9988") == Unusable("not_mobile")


@pytest.mark.parametrize(
    "text", ["ana@example", "a b@example.com", "ana@@example.com", "ä@example.com", "+ana@example.com", "a..b@x.com",
             "-ana@example.com", "=ana@example.com", '"ana"@example.com', "ana@-x.com", "ana,b@example.com", "@x.com",
             f"ana@{'example.' * 32}com"],
)  # fmt: skip
def test_an_address_that_no_tool_takes_is_refused(text):
    assert identifiers.email(text) == Unusable("bad_email")


@pytest.mark.parametrize("name", ["csv_corpus.json", "blns.json"])
def test_no_address_that_passes_could_be_a_formula(name):
    if not (CORPUS / name).exists():
        pytest.skip(f"{CORPUS / name} is not here")
    naughty = json.loads((CORPUS / name).read_text(encoding="utf-8"))
    spellers = [identifiers.email, identifiers.google_email, identifiers.mainland_mobile, identifiers.hashed_email]
    spellers += [identifiers.hashed_id, identifiers.hashed_e164]
    tries = [typed for text in naughty for typed in (text, f"{text}@example.com", f"{text}13812345678")]
    passed = [one for typed in tries for speller in spellers if isinstance(one := speller(typed, "CN"), str)]
    numbers = [one for typed in tries if isinstance(one := identifiers.phone(typed, "CN"), str)]
    assert len(passed) > 500 and len(numbers) > 10
    assert [one for one in passed if DANGEROUS.match(one) or cells.safe(one) != one or set(one) & set('",\r\n')] == []
    assert [one for one in numbers if not one[1:].isdecimal() or not one.isascii() or one[0] != "+"] == []
