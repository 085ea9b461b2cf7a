"""What a text says, read as values: numerals, amounts, days, durations, measures and terms in two languages."""

import doctest
from datetime import date

import pytest

from engine.campaign.reading import counts, feasts, names, numerals
from engine.campaign.reading.read import read


def said(text: str, *kinds: str) -> list[tuple]:
    """(kind, value) of the claims of these kinds, of all when none is given."""
    return [(one.kind, one.value) for one in read(text, "USD") if not kinds or one.kind in kinds]


def only(text: str, kind: str):
    """The one claim of a kind that a text makes."""
    (claim,) = [one for one in read(text, "USD") if one.kind == kind]
    return claim


@pytest.mark.parametrize("module", [numerals, counts, feasts])
def test_examples_in_docstrings_hold(module):
    assert doctest.testmod(module) == (0, 1)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("15", 15),
        ("1,299.50", 1299.5),
        ("fifteen", 15),
        ("twenty-five", 25),
        ("two hundred and fifty", 250),
        ("two dozen", 24),
        ("十五", 15),
        ("三百零五", 305),
        ("三百五", 350),
        ("两千", 2000),
        ("一万二", 12000),
        ("三点五", 3.5),
        ("soon", None),
    ],
)
def test_numbers_are_read_as_people_write_them(written, number):
    assert numerals.value(written) == number


def test_full_width_signs_become_usual_ones_in_their_place():
    assert numerals.plainer("８５％ off，￥３０") == "85% off，¥30"


@pytest.mark.parametrize(
    ("text", "off"),
    [
        ("15% off", 0.15),
        ("１５％ off", 0.15),
        ("fifteen percent off", 0.15),
        ("half price", 0.5),
        ("a third off", 0.3333),
        ("Pay only 80% of the price", 0.2),
        ("八折", 0.2),
        ("八五折", 0.15),
        ("8.5折", 0.15),
        ("85折", 0.15),
        ("半价", 0.5),
        ("省两成", 0.2),
        ("减百分之十五", 0.15),
    ],
)
def test_shares_are_fractions_taken_off(text, off):
    assert only(text, "percent").value == off


@pytest.mark.parametrize(
    ("text", "amount", "unit", "role"),
    [
        ("Spend $50 today", 50, "USD", "min"),
        ("orders over £60", 60, "GBP", "min"),
        ("save ten dollars", 10, "USD", "off"),
        ("$10 off", 10, "USD", "off"),
        ("was $40", 40, "USD", "was"),
        ("now $34", 34, "USD", "now"),
        ("up to 20 euros", 20, "EUR", "cap"),
        ("原价￥399", 399, "CNY", "was"),
        ("到手价三百三十九元", 339, "CNY", "now"),
        ("立减五十元", 50, "CNY", "off"),
    ],
)
def test_money_has_a_currency_and_a_role(text, amount, unit, role):
    claim = only(text, "money")
    assert (claim.value, claim.unit) == (amount, unit) and role in claim.roles


@pytest.mark.parametrize("text", ["满300减50", "满三百减五十", "满３００元立减５０元"])
def test_spend_and_save_has_two_amounts(text):
    found = [(one.value, one.roles) for one in read(text, "CNY") if one.kind == "money"]
    assert found == [(300, {"min"}), (50, {"off"})]


@pytest.mark.parametrize(
    ("text", "day", "weekday", "role"),
    [
        ("until 30 June", "06-30", "", "end"),
        ("until June 30th, 2026", "2026-06-30", "", "end"),
        ("from the first of June", "06-01", "", "start"),
        ("until Tuesday, 30 June", "06-30", "1", "end"),
        ("by the end of June", "06-last", "", "end"),
        ("until Christmas", "12-25", "", "end"),
        ("6月30日截止", "06-30", "", "end"),
        ("六月三十日（周二）前", "06-30", "1", "end"),
        ("2026年6月1日起", "2026-06-01", "", "start"),
        ("到双十一截止", "11-11", "", "end"),
        ("until 6/7", "06-07|07-06", "", "end"),
    ],
)
def test_a_date_has_its_weekday_and_what_happens_then(text, day, weekday, role):
    claim = only(text, "date")
    assert (claim.value, claim.unit, claim.roles) == (day, weekday, {role})


# A longer name that holds a shorter one is another day: both are listed, whichever is first.
@pytest.mark.parametrize(
    ("feast", "day"),
    [
        ("Christmas", "12-25"), ("Christmas Day", "12-25"), ("Christmas Eve", "12-24"), ("Xmas eve", "12-24"),
        ("New Year’s Day", "01-01"), ("New Year's Eve", "12-31"), ("Boxing Day", "12-26"), ("Valentine’s", "02-14"),
        ("圣诞", "12-25"), ("圣诞节", "12-25"), ("平安夜", "12-24"), ("圣诞夜", "12-24"), ("圣诞节前夜", "12-24"),
        ("元旦", "01-01"), ("元旦前夜", "12-31"), ("跨年夜", "12-31"), ("情人节", "02-14"), ("白色情人节", "03-14"),
        ("六一", "06-01"), ("六一八", "06-18"), ("万圣节前夜", "10-31"), ("双11", "11-11"),
    ],
)  # fmt: skip
def test_a_feast_is_its_own_day(feast, day):
    claim = only(f"until {feast}" if feast.isascii() or "’" in feast else f"活动到{feast}截止", "date")
    assert (claim.value, claim.roles) == (day, {"end"})


@pytest.mark.parametrize(
    ("text", "feast"),
    [
        ("until Chinese New Year's Eve", "new_years_eve"),
        ("until Lunar New Year's Day", "spring"),
        ("活动到七夕情人节截止", "qixi"),
        ("活动到除夕截止", "new_years_eve"),
    ],
)
def test_a_feast_of_the_moon_is_no_day_of_the_sun(text, feast):
    assert only(text, "date").value == f"feast {feast} 0"


@pytest.mark.parametrize(
    ("feast", "day"),
    [
        ("spring", date(2026, 2, 17)), ("new_years_eve", date(2026, 2, 16)), ("lantern", date(2026, 3, 3)),
        ("mid_autumn", date(2026, 9, 25)), ("qingming", date(2026, 4, 5)), ("dongzhi", date(2026, 12, 22)),
        ("lichun", date(2026, 2, 4)), ("good_friday", date(2026, 4, 3)), ("thanksgiving", date(2026, 11, 26)),
        ("cyber_monday", date(2026, 11, 30)), ("mothers_day", date(2026, 5, 10)),
    ],
)  # fmt: skip
def test_a_feast_that_moves_has_its_day_of_the_year(feast, day):
    assert feasts.day_of(feast, 2026) == day


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Sale ends tonight", "today"),
        ("Today only", "today_only"),
        ("The offer ends this weekend", "weekend"),
        ("Valid until Friday", "weekday 4"),
        ("活动仅限今天", "today_only"),
        ("优惠本周五截止", "weekday 4"),
    ],
)
def test_days_are_told_without_a_date(text, value):
    assert only(text, "date").value == value


@pytest.mark.parametrize(
    "text", ["See you this weekend.", "May we help?", "周末去公园走走。", "十分柔软，一起慢慢来。"]
)
def test_the_scene_is_no_claim(text):
    assert said(text) == []


@pytest.mark.parametrize(
    ("text", "days", "figures"),
    [
        ("30 days", 30, (30,)),
        ("2-4 working days", 4, (2, 4)),
        ("two weeks", 14, (2,)),
        ("三十天", 30, (30,)),
        ("两年质保", 730, (2,)),
        ("半年", 182.5, (0.5,)),
    ],
)
def test_durations_are_days(text, days, figures):
    claim = only(text, "duration")
    assert (claim.value, claim.figures) == (days, figures)


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("500 ml", 500, "ml"),
        ("1.5 litres", 1500, "ml"),
        ("500克", 500, "g"),
        ("三公斤", 3000, "g"),
        ("SPF 50", "SPF50", "spf"),
    ],
)
def test_measures_are_in_one_unit(text, value, unit):
    claim = only(text, "measure")
    assert (claim.value, claim.unit) == (value, unit)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("made of linen", "attribute", "linen"),
        ("亚麻面料", "attribute", "linen"),
        ("cut from vicuna", "attribute", "made of vicuna"),
        ("free returns", "guarantee", "free_returns"),
        ("包邮", "delivery", "free_delivery"),
        ("use code HOME15", "code", "HOME15"),
        ("优惠码HOME15", "code", "HOME15"),
        ("softer than any other", "comparison", "than"),
    ],
)
def test_terms_and_codes_are_read_by_name(text, kind, value):
    assert (kind, value) in said(text)


def test_of_claims_that_overlap_the_one_that_says_most_stays():
    assert said("满300减50", "money", "number") == [("money", 300), ("money", 50)]


def test_an_amount_before_a_day_is_no_day():
    text = "Spend $50 until 11 June, or $5 May 3."
    assert [(one.kind, one.value) for one in read(text, "USD")] == [
        ("money", 50.0), ("date", "06-11"), ("money", 5.0), ("date", "05-03")
    ]  # fmt: skip


def test_an_everyday_word_is_no_product_of_that_name_and_a_name_of_several_words_may_be_small():
    text = "Warm beans with Beans, a trail bottle and more beans."
    found = [(one.value, text[one.start : one.end]) for one in names.products(text, ["Beans", "Trail Bottle"])]
    assert found == [("Beans", "Beans"), ("Trail Bottle", "trail bottle")]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Try the Trail Botle now.", "like Trail Bottle"),
        ("Try the trail botle now.", "like Trail Bottle"),
        ("You will like the Velvet Cloud Serum this winter.", "unknown"),
        ("We are on Mill Street now.", None),
        ("结账时输入TEN，Trail Bottle立减$10。", None),
        ("Trail Bottle的温暖。", None),
    ],
)
def test_a_name_is_nearly_right_or_unknown(text, value):
    found = [one.value for one in names.misspelt(text, ["Trail Bottle"], frozenset())]
    assert found[:1] == ([value] if value else [])
