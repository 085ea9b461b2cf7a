"""A rule selects whom a plain filter over the same facts selects; what a shop cannot answer is refused."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.audience import rules, segments
from engine.audience.facts import field_of
from engine.audience.rules import All, Any, Bought, Compare, Known, Not, OneOf, Received
from engine.errors import DataProblem, NotEnoughData
from engine.shop.features import customers, default_as_of
from engine.shop.store import create_shop
from tests.tiny import shop_of, simulated

DAYS = (date(2025, 4, 12), date(2025, 9, 1), None)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """Sixty customers with gaps in what is known of them, and three groups."""
    frames = simulated()
    people, number = frames["customers"], np.arange(60)
    people["city"] = np.array(["Berlin", "berlin", "上海", "New York"])[np.minimum(number % 7, 3)]
    people.loc[number % 9 == 4, "city"] = ""
    people["points"] = np.where(number % 6 == 3, "", (number * 37 % 100).astype(str))
    people["push_consent"] = np.where(number % 3 == 0, "", number % 2).astype(str)
    people["sent"] = np.where(number % 2 == 0, "yes please", "no")  # called like a field of ours
    people.loc[len(people)] = {"customer_id": "new", "joined_at": "2025-11-01", "tier": "gold", "gender": "f"}
    frames["campaigns"].loc[2:4, "channel"] = "sms"
    frames["campaigns"].loc[3, "ends_at"] = ""
    frames["orders"]["discount_code"] = np.where(pd.factorize(frames["orders"]["order_id"])[0] % 3 == 0, "WELCOME", "")
    made = shop_of(tmp_path_factory.mktemp("shop") / "small", frames)
    segments.save(made, segments.fit(made, 3))
    return made


@pytest.fixture(scope="module")
def known(shop):
    return {day: rules.facts(shop, day) for day in DAYS}


# --- the same as a plain filter ---


class Plain:
    """The rule as a pandas filter, written from the rules' documentation and not from their code."""

    def __init__(self, shop, facts, as_of):
        self.shop, self.facts = shop, facts
        self.day = pd.Timestamp(as_of or default_as_of(shop))
        self.complete = as_of is None
        self.kinds = {field.name: field.kind for field in rules.fields(shop)}
        labels = segments.current(shop).labels.set_index("customer_id")["segment_id"]
        self.group = facts["customer_id"].map(labels)

    def __call__(self, rule):
        if isinstance(rule, Not):
            return ~self(rule.rule)
        if isinstance(rule, All):
            return np.logical_and.reduce([self(part) for part in rule.parts])
        if isinstance(rule, Any):
            return np.logical_or.reduce([self(part) for part in rule.parts])
        if isinstance(rule, Bought | Received):
            people = self.bought(rule) if isinstance(rule, Bought) else self.received(rule)
            return self.facts["customer_id"].isin(set(people)).to_numpy()
        return self.on_field(rule).to_numpy()

    def on_field(self, rule):
        column = self.group if rule.field == "group" else self.facts[rule.field]
        if isinstance(rule, Known):
            return column.notna() if rule.known else column.isna()
        kind = self.kinds[rule.field]
        if isinstance(rule, OneOf):
            return column.str.lower().isin([value.lower() for value in rule.values])
        if kind == "text":
            same = column.str.lower().eq(rule.value.lower())
            return (same if rule.operator == "=" else ~same) & column.notna()
        value = {"yes": 1.0, "no": 0.0}[rule.value] if kind == "flag" else float(rule.value)
        compared = {
            ">=": column >= value, "<=": column <= value, ">": column > value, "<": column < value,
            "=": column == value, "!=": (column != value) & column.notna(),
        }  # fmt: skip
        return compared[rule.operator]

    def bought(self, rule):
        lines = self.shop.table("orders").merge(self.shop.table("products"), on="product_id")
        lines = lines[(lines["ordered_at"] < self.day) & (lines["quantity"] > 0)]
        if rule.days is not None:
            lines = lines[lines["ordered_at"] >= self.day - pd.Timedelta(days=rule.days)]
        return lines.loc[lines["category" if rule.what == "category" else "product_id"] == rule.name, "customer_id"]

    def received(self, rule):
        sent = self.shop.table("deliveries").merge(self.shop.table("campaigns"), on="campaign_id")
        sent = sent[(sent["campaign_id"] == rule.campaign_id) & (sent["sent_at"] < self.day) & (sent["treated"] == 1)]
        if rule.what == "sent":
            return sent["customer_id"]
        window = pd.to_timedelta(sent["channel"].map({"email": 7, "sms": 3}), unit="D")
        over = sent["ends_at"].fillna(sent["sent_at"] + window) <= self.day
        sent = sent[over | self.complete]
        return sent.loc[sent["clicked" if rule.what == "clicked" else "converted"] == 1, "customer_id"]


@st.composite
def conditions(draw, fields, values):
    kind = draw(st.sampled_from(["field"] * 6 + ["bought", "received"]))
    if kind == "bought":
        what = draw(st.sampled_from(["category", "product"]))
        name = draw(st.sampled_from(["Kitchen", "Skin Care"] if what == "category" else ["007", "p2", "p3", "p4"]))
        return Bought(what, name, draw(st.none() | st.integers(1, 200)))
    if kind == "received":
        what = draw(st.sampled_from(["sent", "clicked", "ordered"]))
        return Received(what, f"k{draw(st.integers(1, 10)):02d}")
    field = draw(st.sampled_from(fields))
    if draw(st.integers(0, 5)) == 0:
        return Known(field.name, draw(st.booleans()))
    if field.kind == "flag":
        return Compare(field.name, draw(st.sampled_from(["=", "!="])), draw(st.sampled_from(["yes", "no"])))
    if field.kind == "text":
        some = st.sampled_from(list(field.values))
        some = some if field.name == "group" else some | some.map(str.upper)
        if draw(st.booleans()):
            return OneOf(field.name, tuple(draw(st.lists(some, min_size=1, max_size=3))))
        return Compare(field.name, draw(st.sampled_from(["=", "!="])), draw(some))
    value = draw(st.sampled_from(values[field.name]) | _numbers(field))
    return Compare(field.name, draw(st.sampled_from([">=", "<=", ">", "<", "=", "!="])), repr(value))


def _numbers(field):
    """Numbers that this field could have."""
    if field.unit == "fraction":
        return st.integers(0, 20).map(lambda twentieths: twentieths / 20)
    return st.integers(-1 if field.unit in ("money", "") else 0, 400).map(float)


def several(some):
    parts = st.lists(some, min_size=2, max_size=3).map(tuple)
    return st.builds(Not, some) | st.builds(All, parts) | st.builds(Any, parts)


@pytest.mark.parametrize("count", [150, pytest.param(1000, marks=pytest.mark.full)])
def test_random_rules_select_whom_a_plain_filter_selects(shop, known, count):
    fields = rules.fields(shop)
    latest = known[None]
    values = {f.name: latest[f.name].dropna().unique().tolist() or [0.0] for f in fields if f.kind == "number"}
    plain = {day: Plain(shop, facts, day) for day, facts in known.items()}
    sizes = set()

    @settings(max_examples=count, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.recursive(conditions(fields, values), several, max_leaves=6), st.sampled_from(DAYS))
    def same(rule, day):
        expected = known[day].loc[plain[day](rule), "customer_id"].tolist()
        assert rules.select(shop, rules.write(rule), day, facts=known[day]) == expected
        sizes.add(len(expected))

    same()
    assert len(sizes) > 20  # not all of them empty or everyone


def test_the_facts_are_those_of_the_day_asked_for(shop, known):
    rule = "orders >= 2 or recency_days < 20"
    assert rules.select(shop, rule, DAYS[1]) == rules.select(shop, rule, DAYS[1], facts=known[DAYS[1]])
    assert rules.select(shop, rule, DAYS[1]) != rules.select(shop, rule)


# --- what a rule means ---


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """Four customers whose facts can be counted by hand; the day of the data is 2026-03-01."""
    return shop_of(
        tmp_path_factory.mktemp("shop") / "planted",
        {
            "customers": pd.DataFrame(
                {
                    "customer_id": ["a", "b", "c", "d"],
                    "city": ["Berlin", " berlin", "Paris", ""],
                    "gender": ["f", "m", "f", "m"],
                    "home city": ["Bonn", "Bonn", "Ulm", "Ulm"],
                }
            ),
            "products": pd.DataFrame(
                {"product_id": ["p1", "p2"], "name": ["Cream", "Cup"], "category": ["Skin Care", "Home and Garden"]}
            ),
            "orders": pd.DataFrame(
                [
                    ("o1", "a", "2026-01-01", "p1", 1), ("o2", "a", "2026-02-28", "p2", 1),
                    ("o3", "b", "2025-06-01", "p1", 1), ("o3", "b", "2025-06-09", "p1", -1),
                    ("o4", "c", "2026-02-01", "p2", 1), ("o4", "c", "2026-02-01", "p1", -1),
                ],
                columns=["order_id", "customer_id", "ordered_at", "product_id", "quantity"],
            ).assign(unit_price=10.0),
            "campaigns": pd.DataFrame(
                {"campaign_id": ["k1", "k2"], "channel": ["email", "wechat"], "starts_at": ["2026-01-10", "2026-02-27"],
                 "ends_at": ["2026-01-17", "2026-03-09"]}
            ),
            "deliveries": pd.DataFrame(
                [
                    ("k1", "a", "2026-01-10", 1, 1, 0), ("k1", "b", "2026-01-10", 0, "", 1),
                    ("k1", "c", "2026-01-10", 1, 0, 1), ("k2", "a", "2026-02-27", 1, 1, 0),
                ],
                columns=["campaign_id", "customer_id", "sent_at", "treated", "clicked", "converted"],
            ),
        },
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "chosen"),
    [
        ("orders >= 0", "abcd"),
        ("orders = 0", "d"),
        ("recency_days > 90", "b"),
        ("not recency_days > 90", "acd"),
        ("recency_days is unknown", "d"),
        ("recency_days != 28", "ab"),
        ("spend = 20", "a"),
        ("city = BERLIN", "ab"),
        ("city != berlin", "c"),
        ("not city = berlin", "cd"),
        ("city in (berlin, PARIS)", "abc"),
        ("`home city` = ulm", "cd"),
        ("home city = Bonn", "ab"),
        ("bought category Skin Care", "ab"),
        ('bought category "Home and Garden" in 10 days', "a"),
        ('bought category "Home and Garden" in 28 days', "ac"),
        ("bought product p1", "ab"),
        ("bought category SKIN care", "ab"),
        ("bought product P1 and was sent K1", "a"),
        ("orders between 1 and 2", "abc"),
        ("orders >= -0", "abcd"),
        ("spend > -1", "abcd"),
        ("was sent k1", "ac"),
        ("clicked k1 or ordered from k1", "ac"),
        ("clicked k2", "a"),
        ("sent_email >= 1", "ac"),
        ("sent_wechat >= 1", ""),
        ("days_since_wechat <= 2", "a"),
        ("clicks_email = 1", "a"),
        ("days_since_sent < 30", "a"),
        ("Lifecycle = New", "c"),
        ("lifecycle = none", "d"),
        ("return_share > 20%", "bc"),
        ("bought category Skin Care and not bought product p2 or city is unknown", "bd"),
    ],
)
def test_a_rule_selects(planted, rule, chosen):
    assert "".join(rules.select(planted, rule)) == chosen


def test_nothing_from_later_is_known_on_an_earlier_day(planted):
    assert rules.select(planted, "orders >= 2", date(2026, 2, 28)) == []
    assert rules.select(planted, "clicked k1", date(2026, 1, 16)) == []
    assert rules.select(planted, "clicked k1", date(2026, 1, 17)) == ["a"]
    assert rules.select(planted, "was sent k1", date(2026, 1, 10)) == []


def test_customers_come_in_their_usual_order(shop):
    assert rules.select(shop, "orders >= 0") == customers(shop).tolist()


# --- what a shop cannot answer ---


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ("ordrs >= 2", 'Position 1: there is no field "ordrs". Did you mean orders or '),
        ("orders > 1 and frequency > 2", 'Position 16: there is no field "frequency". Did you mean orders?'),
        ("xyzzy = 1", 'Position 1: there is no field "xyzzy". Fields are orders, recency_days, spend, '),
        ("gender = f", 'Position 1: customers may not be chosen by "gender": it is protected in this shop. '),
        ("not Gender is known", 'Position 5: customers may not be chosen by "Gender": it is protected in this shop. '),
        ("age = 3", 'Position 1: customers may not be chosen by "age": it is protected in this shop. '),
        ("orders >= many", 'Position 11: orders is a number, and the rule says "many". Write a plain number, '
                           "such as 90."),
        ("orders >= nan", 'Position 11: orders is a number, and the rule says "nan". '),
        ("orders >= 1e999", 'Position 11: orders is never beyond 10,000,000, and the rule says "1e999". Write 10000000 '
                            "or less."),
        ("recency_days < 123456", 'Position 16: recency_days is never beyond 99,999, and the rule says "123456". Write '
                                  "99999 or less."),
        ("spend > 1e13", 'Position 9: spend is never beyond 1,000,000,000,000, and the rule says "1e13". '),
        ("orders >= -2", 'Position 11: orders is never below 0, and the rule says "-2". Write 0 or more.'),
        ("days_since_wechat > -2", 'Position 21: days_since_wechat is never below 0, and the rule says "-2". '),
        ("orders between 1.5 and 3", 'Position 16: orders counts whole orders, and the rule says "1.5". Write 1 or 2.'),
        ("sent_email >= 0.5", 'Position 15: sent_email counts whole messages, and the rule says "0.5". Write 0 or 1.'),
        ("return_share > 20", 'Position 16: return_share is a share, from 0% to 100%, and the rule says "20". Write '
                              "20% or 0.2."),
        ("return_share > 300%", 'Position 16: return_share is a share, from 0% to 100%, and the rule says "300%". '),
        ("spend > 20%", 'Position 9: spend is no share; write 20 without "%".'),
        ("return_share > half", 'Position 16: return_share is a number, and the rule says "half". Write a plain '
                                "number, such as 20% or 0.2."),
        ("orders in (1, 2)", 'Position 1: "in" is for texts, and orders is a number. Write for example orders = 1.'),
        ("city > Berlin", "Position 1: city is a text and knows no >. Write city = Berlin or city != Berlin."),
        ("city = Berln", 'Position 8: no customer has city "Berln". Did you mean Berlin?'),
        ("lifecycle = gone", 'Position 13: no customer has lifecycle "gone". '),
        ("group = s1", "This shop has no groups yet. Open Customers, or run: python -m engine segments --out FILE"),
        ("views_30d > 1", 'Position 1: "views_30d" needs data that this shop has not got. Import it, or take it out.'),
        ("bought category Skincare", 'Position 17: there is no category "Skincare" in this shop. Did you mean Skin '
                                     "Care?"),
        ("bought product p9", 'Position 16: there is no product "p9" in this shop. Known product ids are p1, p2.'),
        ("was sent 2024", 'Position 10: there is no campaign "2024" in this shop. Known campaign ids are k1, k2.'),
        ("foo = 1 and bar > 2", 'Position 1: there is no field "foo". '),
        ("orders >=", 'The rule ends too early, after "orders >=". '),
    ],
)  # fmt: skip
def test_what_the_shop_cannot_answer_is_refused(planted, rule, sentence):
    with pytest.raises((DataProblem, NotEnoughData)) as refused:
        rules.check(planted, rule)
    assert str(refused.value).startswith(sentence)
    with pytest.raises(type(refused.value)):
        rules.select(planted, rule)


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("bought category skin  CARE in 30 days", "bought category Skin Care in 30 days"),
        ("bought product P1 or clicked K1", "bought product p1 or clicked k1"),
        ("ORDERS >= -0 and Recency_Days is known", "orders >= 0 and recency_days is known"),
        ("return_share > -0%", "return_share > 0%"),
        ("city = PARIS", "city = Paris"),
        ("city in (paris, BERLIN, Paris)", "city in (Paris, Berlin)"),
        ("lifecycle = VIP and not `Home City` = ulm", "lifecycle = vip and not home city = Ulm"),
        ("spend > -5 and orders >= 2.0", "spend > -5 and orders >= 2.0"),
    ],
)
def test_a_rule_is_written_as_the_shop_spells_it_and_selects_the_same(planted, typed, written):
    assert rules.write(rules.spelled(planted, typed)) == written
    assert rules.select(planted, typed) == rules.select(planted, written)


def test_flags_are_written_as_yes_and_no(shop):
    assert rules.write(rules.spelled(shop, "email_consent = TRUE or email_consent != 0")) == (
        "email_consent = yes or email_consent != no"
    )


def test_names_that_differ_in_case_alone_are_told_apart_and_only_the_very_one_is_taken(tmp_path):
    products = pd.DataFrame({"product_id": ["P1", "p1", "p2"], "name": "Cup", "category": ["Tea", "TEA", "Tea"]})
    orders = pd.DataFrame(
        [("o1", "a", "P1"), ("o2", "b", "p1"), ("o3", "c", "p2")], columns=["order_id", "customer_id", "product_id"]
    ).assign(ordered_at="2026-01-01", quantity=1, unit_price=1.0)
    shop = shop_of(tmp_path / "shop", {"products": products, "orders": orders})
    assert rules.select(shop, "bought product P1") == ["a"]
    assert rules.select(shop, "bought category TEA") == ["b"]
    with pytest.raises(DataProblem, match=r'several categories are spelt like "tea"\. Write one .*: TEA, Tea\.'):
        rules.check(shop, "bought category tea")


def test_a_field_has_the_same_kind_and_unit_whether_asked_of_the_shop_or_of_its_facts(shop, known):
    for field in rules.fields(shop):
        if field.name != "group":
            told = field_of(known[None], field.name)
            assert (told.kind, told.unit) == (field.kind, field.unit), field.name


def test_every_mistake_in_a_rule_is_named(planted):
    with pytest.raises(DataProblem) as refused:
        rules.check(planted, "foo = 1 and orders > x and bought category Tea")
    assert [sentence.split(":")[0] for sentence in refused.value.problems] == [
        "Position 1",
        "Position 22",
        "Position 44",
    ]


def test_an_unknown_group_is_named(shop):
    with pytest.raises(DataProblem, match=r'no customer has group "s9"\. Known are s1, s2, s3, s4\.'):
        rules.check(shop, "group = s9")


def test_the_fields_of_a_shop_say_what_may_be_asked(shop, known):
    fields = {field.name: field for field in rules.fields(shop)}
    assert set(known[None]) == {"customer_id", *fields} - {"group"}
    assert (fields["spend"].kind, fields["spend"].unit) == ("number", "money")
    assert fields["tier"].values == ("silver", "gold")
    assert fields["group"].values == ("s1", "s2", "s3", "s4")
    assert fields["email_consent"].kind == "flag"
    assert fields["points"].kind == "number"
    assert fields["customer sent"].values == ("no", "yes please")
    assert "gender" not in fields
    assert {"sent_email", "clicks_sms", "days_since_sms"} <= set(fields)


def test_a_shop_without_orders_is_asked_about_its_customers_only(tmp_path):
    shop = shop_of(tmp_path / "shop", {"customers": simulated()["customers"]})
    names = [field.name for field in rules.fields(shop)]
    assert names == [
        "days_since_joining",
        "language",
        "email_consent",
        "sms_consent",
        "unsubscribed",
        "suppressed",
        "tier",
    ]
    assert len(rules.select(shop, "tier = gold", date(2026, 1, 1))) == 20
    assert rules.select(shop, "unsubscribed = yes", date(2026, 1, 1)) == ["c008"]
    assert rules.select(shop, "unsubscribed = yes", date(2025, 6, 1)) == []
    with pytest.raises(DataProblem, match='"orders" needs data that this shop has not got'):
        rules.check(shop, "orders > 1")


def test_an_empty_shop_says_what_to_import(tmp_path):
    shop = create_shop(tmp_path / "shop", {})
    with pytest.raises(NotEnoughData, match="Import a file of one of them"):
        rules.facts(shop, date(2026, 1, 1))
