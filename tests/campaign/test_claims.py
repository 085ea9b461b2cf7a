"""Facts in copy: slots are filled, typed facts are matched or refused."""

import pytest

from engine.campaign import claims
from engine.campaign.writer.facts import Facts
from tests.campaign.two_briefs import EN, ZH


def test_a_finding_says_where_it_stands():
    text = "Get {discount} and 20 more"
    (finding,) = claims.check_slots(text, EN, "en", "body")
    assert (finding.part, finding.text, text[finding.start : finding.end]) == ("body", "20", "20")
    assert finding.verdict == "refused" and "slot" in finding.reason


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
