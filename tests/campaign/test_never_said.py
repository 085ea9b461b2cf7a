"""What copy never says: each kind of it is found, in both languages, and plain copy has none."""

import pytest

from engine.campaign import claims
from engine.campaign.writer.facts import Facts
from tests.campaign.two_briefs import EN, ZH


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


def test_a_draft_names_nobody_who_is_not_in_its_brief():
    said = "A calm night with Oat and {product}, Brindlewick has more."
    found = [one for one in claims.check_slots(said, EN, "en") if "not in this brief" in str(one.reason)]
    assert [one.text for one in found] == ["Brindlewick"]
    assert not claims.check_slots("Brindlewick is how this sentence begins.", EN, "en")


def test_free_is_allowed_when_the_offer_gives_something_free():
    gift = Facts("en", "sms", "gift", {"gift": "Lip Balm"}, {}, (), (), ())
    assert kinds("Free with your order: {gift}", gift) == []
    assert kinds("Free shipping too", gift) == ["promise"]
