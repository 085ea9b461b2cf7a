"""Facts in copy: slots are filled, typed facts are matched or refused."""

import pytest

from engine.campaign import claims
from engine.campaign.writer.facts import Facts

EN = Facts(
    language="en",
    channel="email",
    offer_kind="percent",
    slots={"shop": "Maple & Co", "discount": "15% off", "code": "HOME15", "ends_at": "30 June", "product": "Oat Cream"},
    aliases={"discount": ("15%", "15 %", "15 percent"), "ends_at": ("2026-06-30", "June 30")},
    required=(("discount",), ("code",), ("ends_at",), ("product",)),
    products=(),
    names=("Oat Cream", "Trail Bottle"),
)
ZH = Facts(
    language="zh",
    channel="sms",
    offer_kind="percent",
    slots={"shop": "枫叶小铺", "discount": "8.5折", "code": "HOME15", "ends_at": "6月30日"},
    aliases={},
    required=(("discount",), ("code",), ("ends_at",)),
    products=(),
    names=("舒缓晚霜",),
)


def kinds(text: str, facts: Facts = EN) -> list[str]:
    return [finding.kind for finding in claims.check_slots(text, facts, facts.language)]


@pytest.mark.parametrize(
    "text",
    [
        "Get {discount} on {product} with {code}, until {ends_at}.",
        "Someone said it is one of the nicest evenings - don't wait.",
        "Hello from Maple & Co!",
        "Enjoy your café au lait ☕",
    ],
)
def test_plain_english_with_slots_has_no_findings(text):
    assert kinds(text) == []


@pytest.mark.parametrize("text", ["{shop}祝您生活愉快。", "十分柔软，再来一次，随时欢迎。", "{discount}优惠，{code}"])
def test_plain_chinese_with_slots_has_no_findings(text):
    assert kinds(text, ZH) == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Get 15 of them", "digit"),
        ("Get １５ of them", "digit"),
        ("Only ② left", "digit"),
        ("A % more", "money"),
        ("Pay in €", "money"),
        ("Now half price", "number"),
        ("Twenty percent less", "number"),
        ("Use {coupon}", "slot"),
        ("Use {code", "slot"),
        ("Meet the oat cream", "product"),
        ("Take a Trail Bottle along", "product"),
        ("We want to win you, our lapsed friends", "internal"),
        ("Welcome to our win-back offer", "internal"),
        ("It is free", "promise"),
        ("The best-selling kind", "promise"),
        ("Today only", "time"),
        ("Dear Customer, hello", "blank"),
        ("See www.example.com", "markup"),
        ("See <b>this</b>", "markup"),
        ("[Your name]", "blank"),
        ("You look so tired", "personal"),
        ("zero\u200bwidth", "markup"),
        ("直到 the end", "script"),
        ("Привет", "script"),
    ],
)
def test_english_outside_the_brief_is_refused(text, kind):
    assert kind in kinds(text)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("全场八折", "number"),
        ("第二件半价", "number"),
        ("买一送一", "number"),
        ("满五十元可用", "number"),
        ("打８折", "digit"),
        ("yours直到{ends_at}", "script"),
        ("召回老客", "internal"),
        ("高价值客户专享", "internal"),
        ("全网最低", "promise"),
        ("随单送小样", "promise"),
        ("仅限今天，来看看", "time"),
        ("舒缓晚霜很好", "product"),
        ("缓解一天的疲劳", "personal"),
    ],
)
def test_chinese_outside_the_brief_is_refused(text, kind):
    assert kind in kinds(text, ZH)


def test_a_finding_says_where_it_stands():
    text = "Get {discount} and 20 more"
    (finding,) = claims.check_slots(text, EN, "en", "body")
    assert (finding.part, finding.text, text[finding.start : finding.end]) == ("body", "20", "20")
    assert finding.verdict == "refused" and "slot" in finding.reason


def test_a_draft_names_nobody_who_is_not_in_its_brief():
    said = "A calm night with Oat and {product}, Brindlewick has more."
    found = [one for one in claims.check_slots(said, EN, "en") if "not in this brief" in str(one.reason)]
    assert [one.text for one in found] == ["Brindlewick"]
    assert not claims.check_slots("Brindlewick is how this sentence begins.", EN, "en")


def test_filling_replaces_every_known_slot_once():
    tricky = Facts("en", "sms", "none", {"shop": "{code}", "code": "A1"}, {}, (), (), ())
    assert claims.fill({"body": "{shop} {code} {other}"}, tricky) == {"body": "{code} A1 {other}"}


def test_an_offer_that_begins_a_sentence_has_a_capital_and_a_name_keeps_its_own_letters():
    told = Facts("en", "sms", "none", {"offer": "buy 2, get 1 free", "product": "iMat"}, {}, (), (), ())
    slots = {"body": "{product} is here. {offer}. With {offer}, {product} is yours."}
    assert claims.fill(slots, told)["body"] == (
        "iMat is here. Buy 2, get 1 free. With buy 2, get 1 free, iMat is yours."
    )
    assert [one["text"] for one in claims.claims_of(slots, told)][1:3] == ["Buy 2, get 1 free", "buy 2, get 1 free"]


def test_claims_point_at_the_filled_words():
    slots = {"subject": "{product} at {discount}", "body": "Type {code} until {ends_at}."}
    filled = claims.fill(slots, EN)
    found = claims.claims_of(slots, EN)
    assert [claim["fact"] for claim in found] == ["product", "discount", "code", "ends_at"]
    assert all(filled[claim["part"]][claim["start"] : claim["end"]] == claim["text"] for claim in found)
    assert {claim["verdict"] for claim in found} == {"match"}


def test_a_draft_must_say_what_the_brief_requires_and_fit_its_channel():
    draft = {"subject": "word " * 20, "preheader": "Hello.", "headline": "", "body": "Get {discount}.", "extra": "x"}
    found = {(finding.kind, finding.part or finding.fact) for finding in claims.check_draft(draft, EN)}
    assert found == {
        ("length", "subject"),
        ("empty", "headline"),
        ("empty", "call_to_action"),
        ("part", "extra"),
        ("missing", "code"),
        ("missing", "ends_at"),
        ("missing", "product"),
    }


def test_typed_facts_that_equal_the_brief_match_and_others_are_refused():
    text = "Get 15% with HOME15 until June 30, or 20% later"
    found = claims.check_edited(text, EN, "en")
    assert [(f.text, f.fact) for f in found if f.verdict == "match"] == [
        ("15%", "discount"),
        ("HOME15", "code"),
        ("June 30", "ends_at"),
    ]
    refused = [f for f in found if f.verdict == "refused"]
    assert [f.text for f in refused] == ["20%"] and all(f.reason for f in refused)


@pytest.mark.parametrize("text", ["115% more", "HOME150", "15.5%", "15%5", "2026-06-301"])
def test_part_of_a_longer_figure_is_no_match(text):
    assert not [finding for finding in claims.check_edited(text, EN, "en") if finding.verdict == "match"]


def test_typed_facts_become_slots_again():
    assert claims.to_slots("15% off Oat Cream with home15!", EN) == "{discount} {product} with {code}!"
    assert claims.to_slots("凭HOME15享8.5折", ZH) == "凭{code}享{discount}"


def test_free_is_allowed_when_the_offer_gives_something_free():
    gift = Facts("en", "sms", "gift", {"gift": "Lip Balm"}, {}, (), (), ())
    assert kinds("Free with your order: {gift}", gift) == []
    assert kinds("Free shipping too", gift) == ["promise"]
