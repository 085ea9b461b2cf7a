"""Law and brand: every planted violation is found, lawful words are left alone, and a message lacks what it lacks."""

import functools
import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from engine.campaign import claims, lint, sms
from engine.campaign.lint import Rules, Sold
from engine.campaign.lint.reading import reason
from engine.campaign.lint.rules import OF_OFFERS
from engine.campaign.plan import GOALS, Offer
from engine.campaign.writer import template
from engine.campaign.writer.facts import facts
from engine.sentences import Sentence
from engine.shop import store
from tests.campaign.fake_writer import OFFERS, FakeShop, brief

SET = Path(__file__).parent / "copy_sets" / "lint.jsonl"
SENDERS = {"en": "Petal & Pine", "zh": "松间小铺"}


class SetShop(FakeShop):
    """A shop with the products of one entry of the set, which its copy is sent by."""

    def __init__(self, entry):
        rows = [(one["product_id"], one["name"], "", one["price"], "") for one in prices(entry)]
        super().__init__(entry["language"], rows)
        self.settings.sender_name = SENDERS[entry["language"]]


def prices(entry):
    return entry.get("brief", {}).get("prices", [])


def facts_of(entry):
    """The facts of an entry's brief; most have the same."""
    about = {name: entry[name] for name in ("language", "channel")} | {"brief": entry.get("brief", {})}
    return _facts(json.dumps(about))


@functools.cache
def _facts(written):
    entry = json.loads(written)
    own = {name: value for name, value in entry.get("brief", {}).items() if name != "prices"}
    chosen = [one["product_id"] for one in prices(entry)]
    about = {"starts_at": date(2026, 6, 1), "ends_at": date(2026, 6, 30), "offer": {"kind": "none"}, "goal": "launch"}
    gift = own.get("offer", {}).get("gift_product_id")
    shop = SetShop(entry)
    if gift and gift not in chosen:
        shop._products.loc[len(shop._products)] = [gift, "Gift", "", 5.0, ""]
    asked = brief(**{**about, "channel": entry["channel"], "language": entry["language"], "product_ids": chosen, **own})
    return facts(shop, asked)


def rules_for(entry):
    sold = {
        one["product_id"]: Sold(
            one["name"], "", one["price"], None, one["stock"], one["lowest_30_days"], date(2026, 5, 20)
        )
        for one in prices(entry)
    }
    return Rules(products=sold, currency="CNY" if entry["language"] == "zh" else "USD")


def found(entry):
    """Ids of the rules that an entry of the set breaks."""
    about, rules = facts_of(entry), rules_for(entry)
    parts = entry.get("parts") or {"": entry["text"]}
    said = [finding for part, text in parts.items() for finding in lint.says(text, about, rules, part)]
    if entry["scope"] == "message":
        said += lint.lacks(parts, about, rules)
    return {finding.rule for finding in said}


EN, ZH = (facts(FakeShop(language), brief(channel="email", language=language)) for language in ("en", "zh"))
CREAM = Sold("Oat Night Cream", "Skin Care", 24.0, 8.0, 3, 20.0, date(2026, 5, 20))
SHOP = Rules(products={"p12": CREAM})


def rules_broken(text, about=EN, rules=SHOP, part=""):
    return {finding.rule for finding in lint.says(text, about, rules, part)}


# --- the set that somebody else wrote before the rules ---


@pytest.fixture(scope="module")
def judged():
    """(entry, rules found) of the 200 planted violations and the 200 lawful texts."""
    return [(entry, found(entry)) for entry in map(json.loads, SET.read_text("utf-8").splitlines())]


def test_at_least_99_percent_of_the_planted_violations_are_found(judged):
    planted = [(rule, rules) for entry, rules in judged for rule in entry["violations"]]
    assert len({entry["id"] for entry, _ in judged if entry["violations"]}) == 200
    assert sum(rule in rules for rule, rules in planted) >= 0.99 * len(planted)


def test_at_least_95_percent_of_what_is_objected_to_is_a_violation(judged):
    objected = [bool(entry["violations"]) for entry, rules in judged if rules]
    assert sum(not entry["violations"] for entry, _ in judged) == 200
    assert sum(objected) >= 0.95 * len(objected)


# --- what a text says ---


WRONG = [
    ("superlative", "The best cream in town.", "全网销量第一的晚霜。"),
    ("medical", "It relieves back pain while you sleep.", "睡前一抹，治疗失眠。"),
    ("guaranteed_result", "Visible results in 7 days.", "坚持使用，七天见效。"),
    ("false_urgency", "Last chance to save!", "最后一天，手慢无。"),
    ("free_but_not", "A free sample: just pay shipping.", "免费领取，运费自理。"),
    ("disparagement", "Softer than any other brand.", "吊打同行的面霜。"),
    ("state_symbols", "With the national flag on the lid.", "国宴同款。"),
    ("sensitive_group", "Now that you're pregnant, sleep matters.", "您怀孕了吗？"),
    ("lottery", "Every order enters you into our draw.", "下单抽奖赢宝马。"),
    ("shouting", "HUGE SALE this week", "快来看！！"),
]


@pytest.mark.parametrize(("rule", "english", "chinese"), WRONG, ids=[rule for rule, *_ in WRONG])
def test_a_rule_objects_and_no_more_once_it_is_switched_off(rule, english, chinese):
    for text, about in ((english, EN), (chinese, ZH)):
        assert rule in rules_broken(text, about)
        assert rule not in rules_broken(text, about, Rules(off=frozenset({rule})))


@pytest.mark.parametrize("rule", lint.RULES)
def test_every_rule_says_in_both_languages_what_is_wrong_and_where_that_stands(rule):
    for copy_language in ("en", "zh"):
        about = Sentence("lint.over_cap", {"share": "40%", "cap": "30%"}) if rule in OF_OFFERS else None
        said = reason(rule, copy_language, about)
        assert "Source: " in said.text("en")
        assert "依据：" in said.text("zh")


LAWFUL = {
    "en": [
        "At your best, every morning.", "Best wishes from all of us.", "First things first: a warm cup.",
        "The best part of the day is slow.", "Look your best this spring.", "Best before June 2027.",
        "Our shop stands at number 1, Mill Lane.", "No need to hurry.", "A treatment for dry hair.",
        "Treat yourself to a quiet hour.", "For every skin and every age.", "Reply STOP to opt out.",
        "The king duvet fits a king-size bed.", "A cured ham on the board.", "Free delivery on orders over $50.",
    ],
    "zh": [
        "最近天气转凉。", "第一次见面，请多关照。", "第一缕阳光照进厨房。", "最后一步，轻轻按摩。", "最好先试用。",
        "最佳赏味期见罐底。", "治愈系的午后。", "不论年龄，都适合。", "慢慢来，不用赶时间。", "满99元包邮。",
        "尽最大努力两天内发货。",
        "最温柔的问候送给您。", "孩子的第一双鞋。", "最多减50元。",
    ],
}  # fmt: skip


@pytest.mark.parametrize(("language", "text"), [(key, text) for key, texts in LAWFUL.items() for text in texts])
def test_lawful_words_that_look_alike_are_left_alone(language, text):
    assert rules_broken(text, EN if language == "en" else ZH) == set()


def test_a_finding_says_where_it_stands_in_the_text_as_it_was_given():
    text = "Ｔｈｅ ＢＥＳＴ {product} of all\u2019s"
    [found_] = [one for one in lint.says(text, EN, SHOP, "headline") if one.rule == "superlative"]
    assert (text[found_.start : found_.end], found_.part, found_.kind, found_.verdict) == (
        "ＢＥＳＴ", "headline", "lint", "refused",
    )  # fmt: skip


def test_what_a_product_is_called_makes_no_claim():
    own = FakeShop(products=[("p12", "The Best Ever Cream", "Skin Care", 24.0, "A light cream.")])
    about = facts(own, brief(channel="email"))
    assert rules_broken("The Best Ever Cream is back.", about) == set()
    assert rules_broken("The best ever cream of the year, said the best chef.", about) == {"superlative"}
    short = FakeShop("zh", products=[("p12", "极品", "护肤", 168.0, "晚霜")])
    chinese = facts(short, brief(channel="email", language="zh"))
    assert rules_broken("极品到店。", chinese) == set()
    assert rules_broken("极品晚霜到店。", ZH) == {"superlative"}


def test_a_brand_that_the_shop_sells_is_no_competitor():
    assert "disparagement" in rules_broken("Pans by Le Creuset are here.")
    assert rules_broken("Pans by Le Creuset are here.", rules=Rules(brands=frozenset({"le creuset"}))) == set()


def test_a_capital_letter_marks_a_competitor_only_where_it_marks_names():
    assert rules_broken("Tired of Halden's scratchy sheets?") == {"disparagement"}
    assert rules_broken("Tired Of Dull Winter Mornings?") == set()
    assert rules_broken("Warmer than Egyptian cotton.") == set()


def test_capitals_that_the_catalogue_writes_so_are_no_shouting():
    own = FakeShop(products=[("p12", "Oat Night Cream", "Skin Care", 24.0, "Certified to OEKO-TEX STANDARD.")])
    about = facts(own, brief(channel="email"))
    assert rules_broken("Certified to OEKO-TEX STANDARD.", about) == set()
    assert rules_broken("GET IT WHILE YOU CAN", about) == {"shouting"}


@pytest.mark.parametrize(
    ("text", "is_true"),
    [
        ("Last day: 30 June.", True),
        ("Last chance, until {ends_at}.", True),
        ("Last chance! Until 30 June.", False),  # the date stands in another sentence
        ("Last day: 29 June.", False),
        ("Only 3 left.", True),
        ("Only 2 left.", False),
        ("Only five left.", True),
        ("Almost gone.", True),
    ],
)
def test_urgency_is_fair_where_the_brief_and_the_stock_bear_it_out(text, is_true):
    assert ("false_urgency" in rules_broken(text)) is not is_true


def test_tonight_is_true_on_the_day_on_which_the_offer_ends():
    one_day = brief(channel="email", starts_at=date(2026, 6, 18), ends_at=date(2026, 6, 18))
    assert rules_broken("The offer ends tonight.", facts(FakeShop(), one_day)) == set()
    assert rules_broken("The offer ends tonight.") == {"false_urgency"}


def test_free_for_everyone_is_true_where_nothing_must_be_spent():
    text = "A gift for everyone, no strings attached."
    open_, bound = (
        brief(channel="email", offer=Offer(kind="gift", gift_product_id="p14", min_spend=spend)) for spend in (None, 40)
    )
    assert rules_broken(text, facts(FakeShop(), open_)) == set()
    assert rules_broken(text, facts(FakeShop(), bound)) == {"free_but_not"}


def test_a_subject_that_looks_like_an_answer_is_refused_and_the_same_words_in_the_body_are_not():
    assert rules_broken("Re: order confirmation", part="subject") == {"misleading_subject"}
    assert rules_broken("You get an order confirmation by e-mail.", part="body") == set()


def test_no_template_breaks_a_rule():
    written = set()
    offers = [("win_back", offer) for offer in OFFERS.values()]
    for language in ("en", "zh"):
        for goal, offer in [*offers, *((goal, OFFERS["gift"]) for goal in GOALS)]:
            asked = brief(language=language, channel="email", goal=goal, offer=offer)
            about = facts(FakeShop(language), asked)
            for number in (0, 1, 2):
                filled = claims.fill(template.write(asked, about, number), about)
                written |= {(language, part, text) for part, text in filled.items()}
    assert len(written) > 150
    broken = {text: rules_broken(text, EN if language == "en" else ZH, part=part) for language, part, text in written}
    assert {text: rules for text, rules in broken.items() if rules} == {}


# --- earlier prices ---


@pytest.mark.parametrize(
    ("text", "is_wrong"),
    [
        ("Was $20, now $17.", False),
        ("Was $24, now $20.40.", True),  # the price in the catalogue, but it was sold for 20
        ("Before {price}, now {price_after}.", True),
        ("Now {price_after}.", False),
        ("Save $24 on a set.", False),
    ],
)
def test_an_earlier_price_may_not_be_above_the_lowest_of_thirty_days(text, is_wrong):
    assert ("was_price" in rules_broken(text)) is is_wrong


def test_an_earlier_price_that_is_too_high_names_the_sale_that_shows_it():
    [found_] = lint.says("Was $24, now $17.", EN, SHOP)
    assert found_.row == "orders p12 2026-05-20: unit_price - discount"
    assert "Oat Night Cream was sold for $20 (after discount, 2026-05-20)" in found_.reason.text("en")
    [chinese] = lint.says(
        "原价168元", ZH, Rules(products={"p12": replace(CREAM, name="燕麦晚霜", lowest=150.0)}, currency="CNY")
    )
    assert "最低成交价是 150元（折后，2026-05-20）" in chinese.reason.text("zh")


def test_an_earlier_price_of_a_product_nobody_bought_is_held_against_the_catalogue():
    new = Rules(products={"p12": replace(CREAM, lowest=None, lowest_on=None)})
    assert rules_broken("Was $24, now $20.", rules=new) == set()
    assert rules_broken("Was $30, now $24.", rules=new) == {"was_price"}
    assert rules_broken("Was $30, now $24.", rules=Rules()) == set()


# --- a whole message ---


def lacking(about, rules=SHOP, **parts):
    return [finding.rule for finding in lint.lacks(parts, about, rules)]


def test_an_e_mail_needs_a_way_out_and_an_address_which_the_legal_lines_may_give():
    lines = ("Maple & Co, 12 Garden Street, Springfield", "You can unsubscribe at any time.")
    assert lacking(EN, body="Hello.") == ["unsubscribe", "sender_address"]
    assert lacking(EN, Rules(legal_lines=lines), body="Hello.") == []
    assert lacking(EN, Rules(legal_lines=lines[:1]), body="Hello.") == ["unsubscribe"]
    assert lacking(EN, body="Hello.", footer="\n".join(lines)) == []
    assert lacking(ZH, body="您好。", footer="杭州市西湖区龙井路8号。如不想再收到邮件，请点此退订。") == []


def test_a_chinese_e_mail_is_marked_as_advertising_where_the_shop_wants_that():
    footer = "杭州市西湖区龙井路8号，可随时退订"
    everything = Rules(off=frozenset())
    assert lacking(ZH, everything, subject="新茶到店", footer=footer) == ["ad_label"]
    assert lacking(ZH, everything, subject="【广告】新茶到店", footer=footer) == []
    assert lacking(EN, everything, subject="New tea", footer="12 Garden Street. Unsubscribe here.") == []


def test_an_sms_says_who_sends_it_and_how_to_stop_it():
    english, chinese = (facts(FakeShop(one), brief(language=one)) for one in ("en", "zh"))
    assert lacking(english, body="15% off until 30 June.") == ["sms_sender", "sms_opt_out"]
    assert lacking(english, body="Maple & Co: 15% off until 30 June. Reply STOP to opt out.") == []
    assert lacking(english, body="{shop}: {discount}. Txt STOP to 12345") == []
    assert lacking(chinese, body="新品上市。") == ["sms_sender", "sms_opt_out"]
    assert lacking(chinese, body="【枫叶小铺】新品上市，拒收请回复R") == []


def test_a_line_on_how_to_stop_an_sms_stands_under_an_sms_and_under_no_letter():
    rules = Rules(
        sender="Maple", legal_lines=("12 Garden Street", "You can unsubscribe at any time.", "Reply STOP to opt out.")
    )
    assert lint.under("email", "en", rules.legal_lines) == rules.legal_lines[:2]
    assert lint.under("sms", "en", rules.legal_lines) == ()
    about = facts(FakeShop(), brief())
    assert sms.way_out(rules.sms_opt_out, rules.legal_lines, "en") == rules.legal_lines[2]
    assert lacking(about, rules, body="Hello.") == []
    assert lacking(about, replace(rules, legal_lines=rules.legal_lines[:2]), body="Hello.") == ["sms_opt_out"]


def test_an_sms_is_judged_as_the_text_that_is_sent_and_billed():
    about = facts(FakeShop("zh"), brief(language="zh"))
    rules = Rules(sender="枫叶小铺", legal_lines=("杭州市西湖区龙井路8号", "拒收请回复R"))
    assert lacking(about, rules, body="新品上市。") == []
    assert lacking(about, replace(rules, legal_lines=()), body="新品上市。") == ["sms_opt_out"]
    assert lacking(about, replace(rules, legal_lines=(), sms_opt_out={"zh": "拒收请回复R"}), body="新品上市。") == []


def test_the_line_that_a_shop_has_for_its_text_messages_goes_before_its_legal_lines():
    assert sms.way_out({"en": "Text STOP to end"}, ("Reply STOP to opt out.",), "en") == "Text STOP to end"


# --- the shop's own ---


def test_own_words_are_refused_as_whole_words_with_their_reason():
    own = Rules(own_words=(("luxury", "too grand for us"), ("尊享", "")))
    [found_] = lint.says("A little Luxury, not luxuryish.", EN, own)
    assert (found_.text, found_.rule, found_.reason.text()) == (
        "Luxury", "own_words", "Your shop does not use these words: too grand for us",
    )  # fmt: skip
    assert rules_broken("会员尊享好礼", ZH, own) == {"own_words"}


def given(rules, offer, **changes):
    return [finding.rule for finding in lint.gives(facts(FakeShop(), brief(offer=offer, **changes)), rules)]


@pytest.mark.parametrize(
    ("offer", "over"),
    [
        (Offer(kind="percent", discount=0.3), False),
        (Offer(kind="percent", discount=0.35), True),
        (Offer(kind="percent", discount=0.35, max_discount=5), False),  # 5 off 24
        (Offer(kind="amount", discount=10), True),  # 10 off 24
        (Offer(kind="amount", discount=10, min_spend=50), False),
        (Offer(kind="spend_save", tiers=[(50, 5), (100, 40)]), True),
        (Offer(kind="buy_x_get_y", tiers=[(1, 1)]), True),
        (Offer(kind="free_shipping"), False),
    ],
)
def test_an_offer_above_the_shops_own_cap_is_refused(offer, over):
    assert given(replace(SHOP, discount_cap=0.3), offer) == ["discount_cap"] * over
    assert given(SHOP, offer) == []


def test_an_offer_that_leaves_too_little_margin_names_the_product_left_with_least():
    rules = Rules(products={"p12": CREAM, "p14": Sold("Mini Lip Balm", "Skin Care", 4.0, 3.0)}, margin_floor=0.2)
    half = Offer(kind="percent", discount=0.1)
    assert given(rules, half) == []  # 24 less 10 %, bought for 8
    [found_] = lint.gives(facts(FakeShop(), brief(offer=half, product_ids=["p12", "p14"])), rules)
    assert found_.reason.text().startswith(
        "The offer leaves a margin of 17% on Mini Lip Balm; your shop's floor is 20%."
    )
    assert given(replace(rules, off=frozenset({"margin_floor"})), half, product_ids=["p14"]) == []


# --- from a shop ---


@pytest.fixture
def shop(tmp_path):
    """A shop that sold its cream for less, and its towel long ago."""
    (tmp_path / "shop.toml").write_text('shop_id = "x"\nown_words = {cheap = "say fair"}\n[lint]\nshouting = false\n')
    (tmp_path / "tables").mkdir()
    products = pd.DataFrame(
        {
            "product_id": ["p12", "p13"],
            "name": ["Oat Night Cream", "Tea Towel"],
            "price": [24.0, 9.5],
            "brand": ["Oatly", None],
        }
    )
    rows = [
        ("o1", "p12", "2026-04-01", 1, 10.0, 0.0),  # too long ago
        ("o2", "p12", "2026-05-20", 2, 24.0, 8.0),  # 20 a piece
        ("o3", "p12", "2026-05-25", 1, 22.0, 0.0),
        ("o4", "p12", "2026-05-26", -1, 1.0, 0.0),  # a return
        ("o5", "p12", "2026-05-27", 1, 0.0, 0.0),  # given away
        ("o6", "p13", "2026-01-10", 1, 9.0, 0.0),
        ("o7", "p13", "2026-01-20", 1, 9.5, 0.0),
    ]
    orders = pd.DataFrame(rows, columns=["order_id", "product_id", "ordered_at", "quantity", "unit_price", "discount"])
    orders["ordered_at"] = pd.to_datetime(orders["ordered_at"])
    for name, table in (("products", products), ("orders", orders)):
        table.to_parquet(tmp_path / "tables" / f"{name}.parquet")
    return store.open_shop(tmp_path)


def test_the_lowest_price_is_what_was_paid_in_thirty_days_else_in_the_last_sale(shop):
    products = lint.rules_of(shop).products
    assert (products["p12"].lowest, products["p12"].lowest_on) == (20.0, date(2026, 5, 20))
    assert (products["p13"].lowest, products["p13"].lowest_on) == (9.5, date(2026, 1, 20))
    assert lint.rules_of(shop, as_of=date(2026, 4, 2)).products["p12"].lowest == 10.0


def test_the_rules_of_a_shop_follow_its_settings(shop):
    store.save_settings(shop, {"brand_voice": {"never": ["bargain"]}})
    rules = lint.rules_of(store.open_shop(shop.path))
    assert rules.off == {"shouting", "ad_label"}
    assert rules.own_words == (("bargain", ""), ("cheap", "say fair"))
    assert rules.brands == {"oatly"}
    store.save_settings(shop, {"lint.shouting": True, "lint.ad_label": True, "discount_cap": 0.3})
    rules = lint.rules_of(store.open_shop(shop.path))
    assert (rules.off, rules.discount_cap, rules.margin_floor) == (frozenset(), 0.3, None)


def test_a_shop_without_tables_has_rules_too(tmp_path):
    (tmp_path / "shop.toml").write_text('shop_id = "x"\n')
    assert lint.rules_of(store.open_shop(tmp_path)).products == {}
