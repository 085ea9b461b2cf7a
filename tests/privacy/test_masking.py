"""Planted addresses and numbers are taken out of free text; what else has digits stays as it is."""

import random
from pathlib import Path

import pandas as pd
import pytest

from engine.privacy import masked

NAMES = ("ana.li", "ben_weber", "chen-wei88", "d.o'neil", "emma+shop", "fang", "g", "haiyan.zhang", "i.k", "jo2024")
HOSTS = ("example.com", "mail.example.co.uk", "qq.com", "163.com", "例子.中国")
ASKS = (
    "Please write to {} about the refund.", "my address is {}, thanks", "({})", "Reach me: {}!", "{} is where I am",
    "请联系{}谢谢", "我的联系方式：{}，麻烦尽快", "有问题找{}。", "加我{}发图", "收货人{}，不要打折",
)  # fmt: skip


def said(text):
    return masked(pd.Series([text], dtype="str")).iloc[0]


def luhn_digit(digits):
    total = sum(sum(divmod(2 * int(d), 10)) if n % 2 == 0 else int(d) for n, d in enumerate(reversed(digits)))
    return str(-total % 10)


def identity_number(place, birthday, number):
    """A Chinese identity number with its check letter (GB 11643-1999: powers of two modulo 11)."""
    digits = f"{place}{birthday}{number}"
    return digits + "10X98765432"[sum(2 ** (17 - n) * int(d) for n, d in enumerate(digits)) % 11]


def canaries():
    """100 texts with what is planted in each, its kind, and nothing else that should go."""
    draw = random.Random(7)
    emails = [f"{name}@{host}" for name in NAMES for host in HOSTS[:3]][:28]
    emails += [f"wang@{HOSTS[4]}", "ana (at) example.com"]
    phones = [f"1{draw.choice('3456789')}{draw.randrange(10**9):09d}" for _ in range(12)]
    grouped = [f"{number[:3]}{mark}{number[3:7]}{mark}{number[7:]}" for number in phones for mark in ("-", " ")][:10]
    abroad = [
        "+86 138 1234 5678", "0086-13912345678", "+49 151 23456789", "+1 (415) 555-2671", "+44 20 7946 0958",
        "+33 6 12 34 56 78", "+81-90-1234-5678", "+8613712345678", "(415) 555-2671", "415-555-2671", "010-65551234",
        "+971 50 123 4567", "１３８１２３４５６７８", "+61 412 345 678",
    ]  # fmt: skip
    people = [identity_number(110101 + n * 1009, f"19{60 + n}0{1 + n % 9}1{n % 10}", f"{100 + n}") for n in range(16)]
    stems = ["411111111111111", "550000000000000", "37828224631000", "622202120000123456", "353011133330000"]
    stems += [f"62{draw.randrange(10**13):013d}" for _ in range(8)] + [
        f"4{draw.randrange(10**14):014d}" for _ in range(5)
    ]
    cards = [stem + luhn_digit(stem) for stem in stems]
    cards = [" ".join(c[i : i + 4] for i in range(0, len(c), 4)) if n % 3 == 0 else c for n, c in enumerate(cards)]
    kinds = {"[email]": emails, "[phone]": phones + grouped + abroad, "[id]": people, "[card]": cards}
    planted = [(kind, value) for kind, values in kinds.items() for value in values]
    return [(ASKS[number % 10].format(value), value, kind) for number, (kind, value) in enumerate(planted)]


HARMLESS = (Path(__file__).parent / "harmless.txt").read_text(encoding="utf-8").splitlines()


def test_at_least_98_of_100_planted_addresses_and_numbers_are_masked_by_their_kind():
    texts = canaries()
    assert len(texts) == 100
    found = masked(pd.Series([text for text, _, _ in texts], dtype="str"))
    missed = [
        (after, kind)
        for after, (_, value, kind) in zip(found, texts, strict=True)
        if value in after or kind not in after
    ]
    assert len(missed) <= 2, missed


def test_of_the_masked_texts_at_least_95_in_100_had_something_to_mask():
    assert len(HARMLESS) == len(set(HARMLESS)) >= 100
    found = masked(pd.Series(HARMLESS, dtype="str"))
    wrongly = [(text, after) for text, after in zip(HARMLESS, found, strict=True) if after != text]
    assert 98 / (98 + len(wrongly)) >= 0.95, wrongly


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("请联系ana@example.com或13812345678", "请联系[email]或[phone]"),
        ("Ana: ana@example.com, +1 415 555 2671. Order 1017.", "Ana: [email], [phone]. Order 1017."),
        ("ana＠example．com", "[email]"),
        ("ana [at] example [dot] com", "[email]"),
        ("call me at 5552671", "call me at [phone]"),
        ("身份证110101199003074215，卡号6222 0212 3456 7890 128", "身份证[id]，卡号[card]"),
        ("Is ana@example.com yours? ben@example.com is mine.", "Is [email] yours? [email] is mine."),
    ],
)
def test_the_rest_of_a_text_stays_as_it_stands(text, after):
    assert said(text) == after


def test_the_known_card_numbers_of_testing_pass_and_a_wrong_digit_does_not():
    for number in ("4111111111111111", "5555555555554444", "378282246310005", "3530111333300000"):
        assert said(f"card {number}") == "card [card]"
        wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
        assert said(f"card {wrong}") == f"card {wrong}"


def test_missing_texts_stay_missing_and_other_columns_come_back_as_they_are():
    texts = pd.Series(["ana@example.com", None, "fine"], dtype="str", index=[5, 5, 7])
    assert masked(texts).fillna("-").tolist() == ["[email]", "-", "fine"]
    assert masked(texts).index.tolist() == [5, 5, 7]
    numbers = pd.Series([13812345678, 2])
    assert masked(numbers) is numbers
