"""The first name in copy: where it may stand, what readers see, and that only our own tags reach the tool."""

import pytest

from engine.campaign import claims, html_mail, merge
from engine.campaign.plan import PARTS
from engine.campaign.writer.facts import facts
from tests.campaign.fake_writer import FakeShop, brief


@pytest.mark.parametrize("channel", PARTS)
def test_the_first_name_is_known_where_a_tool_writes_to_one_person(channel):
    known = facts(FakeShop(), brief(channel=channel))
    findings = claims.check_slots("Hi {first_name}", known, "en")
    assert (findings == []) == (channel in ("email", "sms", "push", "mail"))


@pytest.mark.parametrize(
    ("text", "language", "name", "shown"),
    [
        ("Hi {first_name}!", "en", None, "Hi there!"),
        ("Hi {first_name}!", "en", "Ana", "Hi Ana!"),
        ("亲爱的{first_name}，", "zh", None, "亲爱的朋友，"),
        ("No name", "en", "Ana", "No name"),
    ],
)
def test_readers_see_their_name_or_the_word_for_those_without_one(text, language, name, shown):
    assert merge.shown(text, language, name) == shown


def test_filled_copy_keeps_the_name_open_and_typed_words_are_not_taken_for_it():
    known = facts(FakeShop(), brief(channel="email"))
    assert claims.fill({"body": "Hi {first_name}"}, known) == {"body": "Hi {first_name}"}
    assert claims.to_slots("There is tea out there, my friend", known) == "There is tea out there, my friend"


@pytest.mark.parametrize("tool", merge.NAMES)
@pytest.mark.parametrize("text", ["{{ x }}", "{% x %}", "*|X|*", "{{${x}}}", "{{{{ x }}}}", "**||X||**"])
def test_what_looks_like_a_tag_of_a_tool_and_is_none_of_ours_is_harmless(tool, text):
    sent = merge.for_tool(f"{text} {{first_name}} {text}", tool, "en")
    around = sent.replace(merge.tag(tool, "en"), "")
    assert not any(mark in around for mark in ("{{", "{%", "{$", "*|", "|*", "%}"))
    assert "x" in around.lower()


@pytest.mark.parametrize(
    ("tool", "tag"),
    [
        ("plain", "${code}"),
        ("klaviyo", "{% coupon_code 'spring' %}"),
        ("mailchimp", "*|COUPON|*"),
        ("braze", "{{custom_attribute.${coupon_code}}}"),
        ("hubspot", "{{ contact.coupon_code }}"),
    ],
)
def test_a_code_of_ones_own_is_the_tools_tag_in_a_file_and_an_example_in_a_preview(tool, tag):
    own = brief(channel="email", offer={"kind": "percent", "discount": 0.15, "personal_codes": True})
    known = facts(FakeShop(), own)
    filled = claims.fill({"body": "Enter {code} today"}, known)["body"]
    assert merge.for_tool(filled, tool, "en", "spring") == f"Enter {tag} today"
    assert merge.shown(filled, "en", code="AB12") == "Enter AB12 today"
    assert tag in html_mail.page({"body": filled}, "en", "Maple", tool, coupon="spring")


def test_with_personal_codes_the_slot_is_needed_and_a_typed_code_is_refused():
    own = brief(channel="sms", offer={"kind": "percent", "discount": 0.15, "personal_codes": True})
    known = facts(FakeShop(), own)
    assert ("code",) in known.required
    assert claims.check_slots("Use {code}", known, "en") == []
    assert claims.to_slots("Use {code}", known) == "Use {code}"
    typed = claims.check_edited("Enter the code HOME15 at checkout.", known, "en")
    assert [one.text for one in typed if one.verdict == "refused"] == ["HOME15"]
    assert not [one for one in claims.check_edited("Enter your code.", known, "en") if one.verdict == "refused"]
