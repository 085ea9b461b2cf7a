"""Rules as rows of a form: what fits, what does not, and every change as a rule again."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from dashboard.views.plan_tabs import rule_rows
from dashboard.views.plan_tabs.rule_rows import Group, Row
from engine.audience.facts import Field
from engine.audience.rule_text import (
    All,
    Any,
    Bought,
    Compare,
    Known,
    Not,
    OneOf,
    Received,
    parse,
    write,
)  # fmt: skip

FIELDS = {
    field.name: field
    for field in (
        Field("orders", "number", "orders"), Field("recency_days", "number", "days"),
        Field("discount_share", "number", "fraction"), Field("spend", "number", "money"),
        Field("city", "text", values=("Berlin", "New York")), Field("email_consent", "flag"),
    )
}  # fmt: skip
ORDERS, CITY = Compare("orders", ">=", "2"), OneOf("city", ("Berlin", "New York"))


def rows(text: str) -> Group | None:
    return rule_rows.group_of(parse(text), FIELDS)


@pytest.mark.parametrize(
    "text",
    [
        "orders >= 2",
        "not orders >= 2",
        "orders >= 2 and recency_days > 90 and bought category Skin Care",
        'orders >= 2 or not (city in (Berlin, "New York") and email_consent = yes)',
        "not (orders >= 5 and recency_days > 100)",
        "bought product p1 in 30 days and was sent c1 and not clicked c2 and not ordered from c3",
        "discount_share > 20% and city is unknown and city is known and email_consent = no",
    ],
)
def test_a_rule_shown_as_rows_and_written_again_is_the_same_rule(text):
    shown = rows(text)
    assert shown is not None
    assert rule_rows.rule_of(shown) == parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "orders >= 2 and (city = Berlin or (orders = 1 and spend > 10))",
        "not not orders >= 2",
        "unheard_of >= 2",
        "email_consent >= 1",
        "orders >= many",
        "city > Berlin",
    ],
)
def test_what_rows_cannot_show_is_left_as_text(text):
    assert rows(text) is None


conditions = some.sampled_from(
    [ORDERS, CITY, Known("spend"), Known("city", False), Bought("category", "Skin Care", 30), Bought("product", "or"),
     Received("clicked", "c1"), Compare("city", "!=", "New York"), Compare("email_consent", "=", "yes")]
)  # fmt: skip
single = some.builds(Row, conditions, some.booleans())
groups = some.builds(Group, some.sampled_from(["and", "or"]), some.lists(single, min_size=2, max_size=3).map(tuple))


@given(some.builds(Group, some.sampled_from(["and", "or"]), some.lists(single | groups, max_size=4).map(tuple)))
def test_whatever_rows_are_built_the_text_they_write_says_the_same(built):
    rule = rule_rows.rule_of(built)
    if rule is not None:
        again = rule_rows.group_of(parse(write(rule)), FIELDS)
        assert again is not None
        assert rule_rows.rule_of(again) == parse(write(rule)) == rule


def test_rows_are_added_removed_and_replaced_at_their_place():
    built = Group("and", (Row(ORDERS), Group("or", (Row(CITY), Row(Known("spend"))))))
    assert rule_rows.rule_of(rule_rows.removed(built, (1, 0))) == All((ORDERS, Known("spend")))
    assert rule_rows.rule_of(rule_rows.removed(built, (0,))) == Any((CITY, Known("spend")))
    longer = rule_rows.added(built, (1,), Row(ORDERS, negated=True))
    assert rule_rows.rule_of(longer) == All((ORDERS, Any((CITY, Known("spend"), Not(ORDERS)))))
    other = rule_rows.changed(built, (1, 1), Row(ORDERS))
    assert rule_rows.rule_of(other) == All((ORDERS, Any((CITY, ORDERS))))
    assert rule_rows.part_at(built, (1, 0)) == Row(CITY)
    assert rule_rows.part_at(built, (4,)) is None
    assert rule_rows.rule_of(Group()) is None


@pytest.mark.parametrize(
    ("condition", "sign", "expected"),
    [
        (ORDERS, "<", Compare("orders", "<", "2")),
        (ORDERS, "unknown", Known("orders", False)),
        (Known("orders"), ">=", Compare("orders", ">=", "2")),
        (Compare("city", "=", "Berlin"), "in", OneOf("city", ("Berlin",))),
        (CITY, "!=", Compare("city", "!=", "Berlin")),
        (Compare("email_consent", "=", "yes"), "no", Compare("email_consent", "=", "no")),
    ],
)
def test_another_comparison_keeps_the_value_where_it_can(condition, sign, expected):
    assert rule_rows.with_operator(condition, sign, FIELDS[condition.field]) == expected


def test_every_field_begins_with_a_condition_that_rows_can_show():
    for field in FIELDS.values():
        beginning = rule_rows.beginning(field)
        assert parse(write(beginning)) == beginning
        assert rule_rows.operator(beginning, FIELDS) in rule_rows.OPERATORS[field.kind]


def test_shares_are_shown_and_written_in_percent():
    share = FIELDS["discount_share"]
    assert rule_rows.shown_number("0.2", share) == rule_rows.shown_number("20%", share) == 20
    assert rule_rows.written_number(12.5, share) == "12.5%"
    assert [str(rule_rows.shown_number(tiny, share)) for tiny in ("-0", "-0.000000001", "-0%")] == ["0.0", "0.0", "0.0"]
    assert rule_rows.written_number(-0.0, share) == "0%"
    assert rule_rows.written_number(1234567.0, FIELDS["spend"]) == "1234567"
