"""Text messages: known answers of the two alphabets, whole messages, and what they cost."""

import pytest

from engine.campaign import sms
from engine.shop.shop_settings import ShopSettings

SHOP = ShopSettings(shop_id="x", sender_name="Maple & Co")
# Places, encoding and parts by 3GPP TS 23.038: 160 of 7 bits alone and 153 joined; 70 and 67 of 16 bits.
KNOWN = [
    ("", "gsm7", 0, 0),
    ("a", "gsm7", 1, 1),
    ("a" * 160, "gsm7", 160, 1),
    ("a" * 161, "gsm7", 161, 2),
    ("a" * 306, "gsm7", 306, 2),
    ("a" * 307, "gsm7", 307, 3),
    ("é ñ ü ß Ø @ £ ¥ § ¿", "gsm7", 19, 1),
    ("€[]{}~^|\\", "gsm7", 18, 1),
    ("€" * 80, "gsm7", 160, 1),
    ("€" * 81, "gsm7", 162, 2),
    ("a" * 152 + "€" + "a" * 10, "gsm7", 164, 2),
    # An escape is never cut from its character: the 153rd place of both parts stays empty, and a third begins.
    ("a" * 152 + "€" + "a" * 150 + "€" + "a", "gsm7", 307, 3),
    ("a" * 152 + "€" + "a" * 150, "gsm7", 304, 2),
    ("茶" * 70, "utf16", 70, 1),
    ("茶" * 71, "utf16", 71, 2),
    ("茶" * 134, "utf16", 134, 2),
    ("茶" * 135, "utf16", 135, 3),
    ("it’s", "utf16", 4, 1),
    ("ê", "utf16", 1, 1),  # not every letter with an accent is in the alphabet
    ("`", "utf16", 1, 1),
    ("😀" * 35, "utf16", 70, 1),
    ("😀" * 36, "utf16", 72, 2),
    ("茶" * 66 + "😀" + "茶" * 66, "utf16", 134, 3),  # nor is a pair cut
]  # fmt: skip


@pytest.mark.parametrize(("text", "encoding", "units", "parts"), KNOWN)
def test_a_text_is_counted_as_carriers_bill_it(text, encoding, units, parts):
    found = sms.billed(text)
    assert (found.encoding, found.units, found.parts) == (encoding, units, parts)


def test_the_characters_that_cost_the_short_alphabet_are_named_once():
    assert sms.billed("it’s “good” – it’s").odd == ("’", "“", "”", "–")


@pytest.mark.parametrize(
    ("body", "language", "whole"),
    [
        ("Tea is back", "en", "Maple & Co: Tea is back Reply STOP to opt out"),
        ("maple & co: tea", "en", "maple & co: tea Reply STOP to opt out"),
        ("Tea. Reply STOP to opt out", "en", "Maple & Co: Tea. Reply STOP to opt out"),
        ("新茶到了", "zh", "【Maple & Co】新茶到了拒收请回复R"),
        ("Maple & Co：新茶", "zh", "【Maple & Co】新茶拒收请回复R"),
        ("【Maple & Co】新茶，拒收请回复R", "zh", "【Maple & Co】新茶，拒收请回复R"),
        # In its own words: no second way out. A name inside another word is no sender.
        ("Maple & Co: tea. Txt STOP to 12345", "en", "Maple & Co: tea. Txt STOP to 12345"),
        ("【Maple & Co】新茶，回T退订", "zh", "【Maple & Co】新茶，回T退订"),
        ("Maple & Cooks, tea", "en", "Maple & Co: Maple & Cooks, tea Reply STOP to opt out"),
    ],
)
def test_a_message_arrives_with_its_sender_and_how_to_stop_it_said_once(body, language, whole):
    assert sms.of_shop(body, SHOP, language).text == whole
    assert sms.sent(whole, SHOP, language) == whole  # whole already: nothing is said twice


def test_sender_and_opt_out_are_billed_too():
    body = "a" * 140
    assert sms.billed(body).parts == 1
    assert sms.of_shop(body, SHOP, "en").parts == 2


def test_nothing_is_sent_for_nothing_and_the_first_name_stays_for_the_tool():
    assert sms.sent("  ", SHOP, "en") == ""
    assert sms.sent("Hi {first_name}", SHOP, "en") == "Maple & Co: Hi {first_name} Reply STOP to opt out"


def test_the_first_name_is_counted_as_long_as_names_are():
    assert "Christopher" in sms.of_shop("Hi {first_name}", SHOP, "en").text


@pytest.mark.parametrize(
    ("row", "cost"),
    [
        ({"channel": "sms", "body": "Tea is back"}, 0.04),
        ({"channel": "sms", "body": "a" * 140}, 0.08),
        ({"channel": "sms", "body": "茶" * 100, "language": "zh"}, 0.08),
        ({"channel": "sms", "body": "茶" * 52}, 0.04),  # Chinese, as its letters say: 70 with sender and 拒收请回复R
        ({"channel": "sms", "body": "a" * 140, "send_cost": 0.01}, 0.01),  # what a row says itself counts
        # In two languages: what the longest of them costs.
        ({"channel": "sms", "body": "Tea", "language": "en", "translated": (("zh", "茶" * 100),)}, 0.08),
        ({"channel": "sms", "body": None}, 0.04),
        ({"channel": "sms"}, 0.04),
        ({"channel": "email", "body": "a" * 900}, 0.002),
        ({"channel": "product_page", "body": "a" * 900}, 0.0),
    ],
)
def test_every_part_of_a_message_is_paid_for(row, cost):
    assert sms.cost_of(row, SHOP) == pytest.approx(cost)
