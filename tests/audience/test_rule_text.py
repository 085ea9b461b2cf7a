"""Rules as somebody types them: read, written the one way, and refused with the place and what to write instead."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.audience.rule_text import (
    All,
    Any,
    Bought,
    Compare,
    Known,
    Not,
    OneOf,
    Received,
    conditions,
    joined,
    parse,
    write,
)  # fmt: skip
from engine.errors import DataProblem

A, B, C = Compare("a", "=", "1"), Compare("b", "=", "2"), Compare("c", "=", "3")
BETWEEN = All((Compare("a", ">=", "1"), Compare("a", "<=", "2")))


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("orders >= 2", Compare("orders", ">=", "2")),
        ("orders≥2", Compare("orders", ">=", "2")),
        ("orders == 2", Compare("orders", "=", "2")),
        ("orders <> 2", Compare("orders", "!=", "2")),
        ("city = New York", Compare("city", "=", "New York")),
        ("city = Made in China", Compare("city", "=", "Made in China")),
        ("city tier = tier 2", Compare("city tier", "=", "tier 2")),
        ("android = orchid", Compare("android", "=", "orchid")),
        ('city = "Home and Garden"', Compare("city", "=", "Home and Garden")),
        ('city = "the \\"old\\" \\\\ town"', Compare("city", "=", 'the "old" \\ town')),
        ("city = “New York”", Compare("city", "=", "New York")),
        ('city = ""', Compare("city", "=", "")),
        ("`sign in` >= 1", Compare("sign in", ">=", "1")),
        ("城市 = 上海", Compare("城市", "=", "上海")),
        ("城市=上海 and 等级=金卡", All((Compare("城市", "=", "上海"), Compare("等级", "=", "金卡")))),
        ('city in (Berlin, New York, "a, b")', OneOf("city", ("Berlin", "New York", "a, b"))),
        ("recency_days is known", Known("recency_days")),
        ("recency_days IS UNKNOWN", Known("recency_days", False)),
        ("recency_days is not known", Known("recency_days", False)),
        ("bought category Skin Care", Bought("category", "Skin Care")),
        ("bought category Skin Care in 30 days", Bought("category", "Skin Care", 30)),
        ("Bought Category 面霜", Bought("category", "面霜")),
        ("bought product p-1.b in 1 day", Bought("product", "p-1.b", 1)),
        ('bought category "Made in China"', Bought("category", "Made in China")),
        ("was sent k01", Received("sent", "k01")),
        ("clicked 2024-07.win", Received("clicked", "2024-07.win")),
        ("ordered from k01", Received("ordered", "k01")),
        ("bought category A in 007 days", Bought("category", "A", 7)),
        ("sent >= 3", Compare("sent", ">=", "3")),
        ("not a = 1", Not(Compare("a", "=", "1"))),
        ("a = 1 or b = 2 AND c = 3", Any((A, All((B, C))))),
        ("（a = 1 or b = 2） and c = 3", All((Any((A, B)), C))),
        ("((a = 1))", Compare("a", "=", "1")),
        ("not (a = 1 or b = 2)", Not(Any((A, B)))),
        ("a = 1 and\n\tb = 2", All((A, B))),
        ("a between 1 and 2", BETWEEN),
        ("A = 1 and a BETWEEN 1 and 2 and b = 2", All((Compare("A", "=", "1"), *BETWEEN.parts, B))),
        ("not a between 1 and 2 or b = 2", Any((Not(BETWEEN), B))),
        ("a between 20% and 40%", All((Compare("a", ">=", "20%"), Compare("a", "<=", "40%")))),
        ("city = between the rivers", Compare("city", "=", "between the rivers")),
    ],
)  # fmt: skip
def test_a_rule_is_read(text, rule):
    assert parse(text) == rule


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (Compare("city", "=", "Home and Garden"), 'city = "Home and Garden"'),
        (Compare("city", "=", 'a "b"'), 'city = "a \\"b\\""'),
        (Compare("sign in", ">=", "1"), "`sign in` >= 1"),
        (Compare("sent", ">=", "1"), "sent >= 1"),
        (Compare("clicked", ">=", "1"), "`clicked` >= 1"),
        (Compare("bought twice", "=", "1"), "`bought twice` = 1"),
        (Not(All((Known("a"), Known("b", False)))), "not (a is known and b is unknown)"),
        (Any((All((Known("a"), Known("b"))), Not(Known("c")))), "(a is known and b is known) or not c is known"),
        (OneOf("city", ("a", "b, c")), 'city in (a, "b, c")'),
        (Bought("category", "Skin Care", 90), "bought category Skin Care in 90 days"),
        (Received("ordered", "k 1"), "ordered from k 1"),
    ],
)
def test_a_rule_is_written(rule, text):
    assert write(rule) == text
    assert parse(text) == rule


_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    [
        "Skin Care",
        "and",
        "Home And Garden",
        "in 30 days",
        "known",
        "between",
        '"',
        "\\",
        "`",
        "(a)",
        "a  b",
        " a",
        "面霜",
        "!=",
        "1,5",
    ]
)
_SOME = st.one_of(
    st.builds(Compare, _TEXTS, st.sampled_from([">=", "<=", ">", "<", "=", "!="]), _TEXTS),
    st.builds(OneOf, _TEXTS, st.lists(_TEXTS, min_size=1, max_size=3).map(tuple)),
    st.builds(Known, _TEXTS, st.booleans()),
    st.builds(Bought, st.sampled_from(["category", "product"]), _TEXTS, st.none() | st.integers(1, 99999)),
    st.builds(Received, st.sampled_from(["sent", "clicked", "ordered"]), _TEXTS),
)


def _several(rules):
    parts = st.lists(rules, min_size=2, max_size=3).map(tuple)
    return st.builds(Not, rules) | st.builds(All, parts) | st.builds(Any, parts)


@settings(max_examples=300, deadline=None)
@given(st.recursive(_SOME, _several, max_leaves=8))
def test_what_is_written_is_read_as_the_same_rule(rule):
    assert parse(write(rule)) == rule
    assert write(parse(write(rule))) == write(rule)


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from('ab 12()"`=<>!,，（andornot \\“”.-'), max_size=30) | st.text(max_size=20))
def test_any_text_is_a_rule_or_gets_a_sentence(text):
    try:
        rule = parse(text)
    except DataProblem as problem:
        assert str(problem).endswith((".", "?", ")"))
    else:
        assert parse(write(rule)) == rule


BROKEN = [
    ("", "The rule is empty: write a condition, such as orders >= 2."),
    ("  \n", "The rule is empty: write a condition, such as orders >= 2."),
    ("orders", 'The rule ends too early, after "orders". "orders" is compared with nothing: write for example '
               "orders >= 2, or orders is known."),
    ("orders >=", 'The rule ends too early, after "orders >=". Write a value here, in quotation marks where it holds a '
                  "sign or one of the words and, or, in."),
    ("orders >= 2 and", 'The rule ends too early, after "orders >= 2 and". Write a condition here, such as '
                        "orders >= 2."),
    ("and orders >= 2", 'Position 1: "and" cannot stand here. Write a condition here, such as orders >= 2.'),
    ("(orders > 2", 'The rule ends too early, after "(orders > 2". Join conditions with and or or, and close '
                    "the parenthesis."),
    ("orders > 2)", "The parenthesis at position 11 closes none that was opened. Take it away."),
    ("orders > 2 (", 'Position 12: "(" cannot stand here. Join conditions with and or or.'),
    ("spend >= 1,000", 'Position 11: "1,000" is no number here. Write 1000.'),
    ("spend >= 12,500,000 and orders > 1", 'Position 12: "12,500,000" is no number here. Write 12500000.'),
    ('city = "Berlin', "The quotation mark at position 8 is never closed. Close it."),
    ("`city = Berlin", "The backtick at position 1 is never closed. Close it."),
    ("orders > > 2", 'Position 10: ">" cannot stand here. Write a value here, in quotation marks where it holds a sign '
                     "or one of the words and, or, in."),
    ("orders is many", 'Position 11: "many" cannot stand here. Write is known or is unknown.'),
    ("city in Berlin", 'Position 9: "Berlin" cannot stand here. Write the values in parentheses: in (A, B).'),
    ("city in (Berlin", 'The rule ends too early, after "city in (Berlin". Close the parenthesis, or write a comma and '
                        "one more value."),
    ("bought Skin Care", 'Position 8: "Skin" cannot stand here. Write bought category NAME or bought product ID.'),
    ("bought category Made in China", 'The rule ends too early, after "bought category Made in China". Write for '
                                      'example in 30 days; a name with the word "in" needs quotation marks around it.'),
    ("bought category A in few days", 'Position 22: bought category A in "few" days: that is no number. Write a whole '
                                      "number of days, such as 30."),
    ("bought category A in 1.5 days", 'Position 22: bought category A in "1.5" days: days are whole. Write 1 or 2.'),
    ("bought product p1 in 0.2 days", 'Position 22: bought product p1 in "0.2" days: days are whole. Write 1.'),
    ("bought category A in 0 days", 'Position 22: bought category A in "0" days: no day lies in there. Write 1 or '
                                    'more, or take "in 0 days" away to ask for any time.'),
    ("bought category A in -7 days", 'Position 22: bought category A in "-7" days: days are counted back already. '
                                     "Write 7, without the minus sign."),
    ("bought category A in 100000 days", 'Position 22: bought category A in "100000" days: that is too long ago. '
                                         "Write 99999 or less, or take the days away to ask for any time."),
    ("spend >= 12,5", 'Position 12: "12,5" is no number here. Write 12.5.'),
    ("orders => 2", 'Position 8: there is no comparison "=>". Write >=.'),
    ("orders =< 2", 'Position 8: there is no comparison "=<". Write <=.'),
    ("city = A and orders === 2", 'Position 21: there is no comparison "===". Write =.'),
    ("orders !== 2", 'Position 8: there is no comparison "!==". Write !=.'),
    ("orders >< 2", 'Position 8: there is no comparison "><". Write !=.'),
    ("orders ＞＝ 2", 'Position 8: there is no comparison "＞＝". Write >=.'),
    ("orders between 2", 'The rule ends too early, after "orders between 2". Write both numbers: between 2 and 4.'),
    ("orders between 4 and 2", "orders between 4 and 2 holds nothing: the smaller number comes first. Write orders "
                               "between 2 and 4."),
    ("in = 3", 'Position 1: "in" cannot stand here. Write a condition here, such as orders >= 2.'),
    ("city = a(b", 'Position 9: "(" cannot stand here. Join conditions with and or or.'),
    ("was k01", 'Position 5: "k01" cannot stand here. Write was sent CAMPAIGN_ID.'),
    ("ordered k01", 'Position 9: "k01" cannot stand here. Write ordered from CAMPAIGN_ID.'),
]  # fmt: skip


@pytest.mark.parametrize(("text", "sentence"), BROKEN)
def test_a_broken_rule_is_refused_with_its_place(text, sentence):
    with pytest.raises(DataProblem) as refused:
        parse(text)
    assert str(refused.value) == sentence


def test_rules_too_large_to_answer_are_refused():
    with pytest.raises(DataProblem, match=r"has 4,001 characters; at most 4,000 can be read"):
        parse("a" * 4001)
    with pytest.raises(DataProblem, match="has 61 conditions; at most 60"):
        parse(" or ".join(["a = 1"] * 61))
    with pytest.raises(DataProblem, match="nested more than 30 deep"):
        parse("not " * 900 + "a = 1")
    assert parse("(" * 900 + "a = 1" + ")" * 900) == Compare("a", "=", "1")


def test_a_page_joins_conditions_to_a_rule():
    one, other = Known("a"), Known("b")
    assert joined([one]) == one
    assert joined([one, other]) == All((one, other))
    assert joined([one, other], "or") == Any((one, other))
    assert list(conditions(Not(All((one, Not(other)))))) == [one, other]
    with pytest.raises(DataProblem, match="The rule is empty"):
        joined([])
