"""Where a message leads: joined with its campaign parameters, and refused where customers should not be led there."""

from datetime import date
from urllib.parse import parse_qsl, urlsplit

import pytest

from engine.campaign import claims, links, sms
from engine.campaign.plan import PARTS, Plan, Step
from engine.campaign.writer import template
from engine.campaign.writer.facts import facts
from tests.campaign.fake_writer import OFFERS, FakeShop, brief

SPRING = {"source": "crm", "medium": "email", "campaign": "spring"}


def plan_with(channel="email", **changes):
    steps = [Step(channel=channel)]
    dates = {"starts_at": date(2026, 6, 1), "ends_at": date(2026, 6, 8)}
    return Plan(plan_id="spring", name="Spring", owner="ana", steps=steps, **dates, **changes)


@pytest.mark.parametrize(
    ("url", "joined"),
    [
        ("https://shop.example", "https://shop.example?P"),
        ("https://shop.example/tea", "https://shop.example/tea?P"),
        ("https://shop.example/tea?page=2&page=3", "https://shop.example/tea?page=2&page=3&P"),
        ("https://shop.example/tea?empty=", "https://shop.example/tea?empty=&P"),
        ("https://shop.example/tea#new", "https://shop.example/tea?P#new"),
        ("https://shop.example/tea?utm_source=old&a=1#x", "https://shop.example/tea?a=1&P#x"),
        ("https://shop.example:8443/新茶?词=绿", "https://shop.example:8443/%E6%96%B0%E8%8C%B6?%E8%AF%8D=%E7%BB%BF&P"),
        ("https://茶.example/", "https://xn--cl1a.example/?P"),
        ("  https://shop.example/a b ", "https://shop.example/a%20b?P"),
    ],
)
def test_an_address_keeps_what_it_had_and_gets_each_parameter_once(url, joined):
    found = links.link(url, SPRING)
    assert found == joined.replace("P", "utm_source=crm&utm_medium=email&utm_campaign=spring")
    assert found.isascii()
    assert links.link(found, SPRING) == found


@pytest.mark.parametrize("value", ["spring & co", "a=b", "春季#1", "x?y", "50%"])
def test_a_parameter_arrives_as_it_was_typed(value):
    found = links.link("https://shop.example/", {"campaign": value})
    assert parse_qsl(urlsplit(found).query) == [("utm_campaign", value)]


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("http://shop.example", "https://"),
        ("shop.example", "https://"),
        ("javascript:alert(1)", "https://"),
        ("https://", "https://"),
        ("https://localhost/x", "https://"),
        ("https://shop .example", "https://"),
        ("https://[broken", "https://"),
        ("https://shop.example:port/", "https://"),
        ("https://ana:secret@shop.example/", "user name or password"),
        ("https://shop.example@evil.example/", "user name or password"),
    ],
)
def test_an_address_that_customers_should_not_get_is_refused_with_a_sentence(url, word):
    found = links.problem(url)
    assert word in found.text("en") and url in found.text("zh")
    assert word == "https://" or links.link(url, {}) is None


@pytest.mark.parametrize("url", [None, "", "  ", "https://shop.example", "https://茶.example/新?q=1#x"])
def test_none_and_a_whole_address_are_fine(url):
    assert links.problem(url) is None


def test_each_channel_is_told_from_the_others_and_the_plan_may_say_otherwise():
    assert links.utm(plan_with("sms")) == {"source": "crm", "medium": "sms", "campaign": "spring"}
    own = plan_with("sms", utm={"utm_source": "house", "medium": " "})
    assert links.utm(own, variant="B") == {"source": "house", "medium": "sms", "campaign": "spring", "content": "B"}
    typed = plan_with(landing_url="https://shop.example/?utm_source=mail", utm={"medium": "letter"})
    assert links.of_step(typed) == "https://shop.example/?utm_source=mail&utm_medium=letter&utm_campaign=spring"
    assert set(links.USUAL) == set(PARTS)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("kind", OFFERS)
def test_a_text_message_ends_with_the_address_and_all_it_says_is_true(language, kind):
    asked = brief(
        channel="sms", language=language, offer=OFFERS[kind], link="https://shop.example/?utm_campaign=sale-50"
    )
    known = facts(FakeShop(language), asked)
    draft = template.write(asked, known, 0)
    assert draft["body"].endswith(" {link}")
    assert claims.check_draft(draft, known) == []
    filled = claims.fill(draft, known)["body"]
    assert claims.to_slots(filled, known).endswith(" {link}")
    assert not [one for one in claims.check_edited(filled, known, language) if one.verdict == "refused"]
    stranger = claims.check_edited("Look: https://evil.example", known, language)
    assert "markup" in [one.kind for one in stranger if one.verdict == "refused"]


def test_the_address_is_billed_and_the_way_out_does_not_run_into_it():
    long = "https://shop.example/" + "x" * 150
    assert sms.billed("Tea is back.").parts < sms.billed(f"Tea is back. {long}").parts
    assert sms.whole(f"新茶到了。 {long}", "枫叶小铺", "拒收请回复R", "zh").endswith("xxx 拒收请回复R")


def test_only_channels_without_a_button_have_the_address_in_their_words():
    plan = plan_with("sms", landing_url="https://shop.example")
    assert plan.brief().link == links.of_step(plan)
    assert plan_with(landing_url="https://shop.example").brief().link is None
    assert "link" not in plan_with().brief().model_dump()
