"""One message in several languages: kept, filled, compared, and turned round."""

from datetime import date

import pytest

from engine.campaign import planned
from engine.campaign.plan import Offer, Plan, Step
from engine.campaign.writer.facts import facts
from engine.shop.shop_settings import ShopSettings
from tests.campaign.fake_writer import FakeShop

SETTINGS = ShopSettings(shop_id="x", sender_name="Maple")
ENGLISH = {"subject": "A word from {shop}", "body": "Get {discount} with {code}, until {ends_at}."}
CHINESE = {"subject": "{shop}来信", "body": "输入{code}享{discount}，{ends_at}前有效。"}


def plan(*steps: Step) -> Plan:
    return Plan(
        plan_id="p", name="P", owner="ana", starts_at=date(2026, 6, 1), ends_at=date(2026, 6, 30), steps=list(steps),
        offer=Offer(kind="percent", discount=0.15, code="HOME15"),
    )  # fmt: skip


def known(of: Plan, step: int, language: str):
    return facts(FakeShop(), of.brief(step, language))


@pytest.fixture
def both() -> Plan:
    return plan(Step(copy=ENGLISH, translations={"zh": CHINESE}), Step(day=3, channel="sms", copy={"body": "Tea"}))


def test_a_message_is_sent_in_the_languages_it_is_written_in(both):
    assert [step.languages for step in both.steps] == [("en", "zh"), ("en",)]
    assert Step(translations={"zh": {"subject": "  "}}).languages == ("en",)


def test_copy_of_every_language_is_filled_with_its_own_words_for_the_facts(both):
    kept = planned.filled_copy(both, SETTINGS, lambda step, language: known(both, step, language))
    assert planned.copy_of(kept, 0)["body"] == "Get 15% off with HOME15, until 30 June."
    assert planned.copy_of(kept, 0, "zh")["body"] == "输入HOME15享8.5折，6月30日前有效。"
    assert planned.copy_of(kept, 1) == {"body": "Maple: Tea Reply STOP to opt out"}  # as it is billed
    assert planned.copy_of(kept, 1, "zh") == {}


def test_a_plan_without_translations_is_written_as_ever():
    assert "translations" not in plan(Step(copy=ENGLISH)).model_dump(mode="json")["steps"][0]
    again = plan(Step(copy=ENGLISH, translations={"zh": CHINESE}))
    assert Plan.model_validate_json(again.model_dump_json(by_alias=True)) == again


def test_changing_the_language_of_a_message_turns_it_round_with_its_translation(both):
    turned = both.steps[0].speaking("zh")
    assert (turned.language, turned.texts, turned.translations) == ("zh", CHINESE, {"en": ENGLISH})
    assert turned.speaking("en") == both.steps[0]
    assert both.steps[1].speaking("zh").texts == {"body": "Tea"}  # nothing to change places with


def test_an_emptied_translation_is_gone(both):
    emptied = planned.with_texts(both, dict.fromkeys(CHINESE, ""), 0, "zh")
    assert emptied.steps[0].languages == ("en",)
    assert emptied.steps[0].texts == ENGLISH


@pytest.mark.parametrize(
    ("body", "only_english", "only_chinese"),
    [
        (CHINESE["body"], (), ()),
        ("输入HOME15享8.5折，6月30日前有效。", (), ()),  # typed facts are the same facts
        ("享{discount}，{ends_at}前有效。", ("code",), ()),
        ("{starts_at}", ("discount", "code", "ends_at"), ()),  # no fact of this brief
        (CHINESE["body"] + "{first_name}，欢迎来{shop}。", (), ()),
    ],
)
def test_facts_that_only_one_language_says_are_named(both, body, only_english, only_chinese):
    found = planned.compare_facts(ENGLISH, known(both, 0, "en"), {"body": body}, known(both, 0, "zh"))
    assert (found.only_one, found.only_other) == (only_english, only_chinese)
    assert found.are_same == (not only_english)


# --- the offer changes ---

TYPED = {
    "subject": "15% off at {shop}",
    "body": "Take fifteen percent off with HOME15 until June 30, and a cup of tea.",
}


def changed(before: Plan, **offer) -> tuple[Plan, list[planned.Refill]]:
    after = before.model_copy(update={"offer": before.offer.model_copy(update=offer)})
    return planned.refilled(before, after, known)


def test_facts_that_were_typed_follow_the_offer_in_every_language():
    before = plan(
        Step(copy=TYPED, translations={"zh": {"subject": "八五折来了", "body": "输入HOME15，６月30日前有效。"}})
    )
    after, changes = changed(before, discount=0.2, code="HOME20")
    assert after.steps[0].texts["body"] == "Take {discount} with {code} until June 30, and a cup of tea."
    assert after.steps[0].translations["zh"]["subject"] == "{discount}来了"
    said = {(one.language, one.part): (one.before, one.after) for one in changes}
    assert said["en", "subject"] == ("15% off at Maple & Co", "20% off at Maple & Co")
    assert said["zh", "subject"] == ("八五折来了", "8折来了")
    assert said["zh", "body"] == ("输入HOME15，６月30日前有效。", "输入HOME20，６月30日前有效。")


def test_slots_follow_by_themselves_and_are_told_as_well():
    _, changes = changed(plan(Step(copy=ENGLISH)), discount=0.2)
    assert [(one.part, one.after) for one in changes] == [("body", "Get 20% off with HOME15, until 30 June.")]


def test_copy_stays_where_only_the_tone_changes():
    before = plan(Step(copy=TYPED))
    assert planned.refilled(before, before.model_copy(update={"tone": "calm"}), known) == (
        before.model_copy(update={"tone": "calm"}), [],
    )  # fmt: skip


def test_what_the_new_brief_cannot_say_stays_as_it_was_typed():
    before = plan(Step(copy=TYPED))
    after, _ = planned.refilled(before, before.model_copy(update={"offer": Offer()}), known)
    assert after.steps[0].texts == TYPED
