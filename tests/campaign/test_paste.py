"""A message to be pasted into the tool that sends it: all of it, in that tool's own marks, and nothing that runs."""

from datetime import date
from html.parser import HTMLParser

import pytest

from engine.campaign import links, paste
from engine.campaign.plan import Offer, Plan, Step
from engine.shop.shop_settings import ShopSettings

TEXTS = {
    "subject": "Hi {first_name}, tea & more",
    "preheader": "It is waiting",
    "headline": "Time for tea",
    "body": "Enter {code} and get 15% off.\nUntil 30 June.",
    "call_to_action": "Have a look",
}
SETTINGS = ShopSettings(shop_id="shop-1", sender_name="Maple & Co", legal_lines=["Maple Ltd, 1 High Street"])


def plan_with(channel="email", **changes):
    dates = {"starts_at": date(2026, 6, 1), "ends_at": date(2026, 6, 8)}
    offer = Offer(kind="percent", discount=0.15, personal_codes=True)
    where = {"landing_url": "https://maple.example/tea"}
    return Plan(
        plan_id="spring", name="S", owner="a", steps=[Step(channel=channel)], offer=offer, **dates, **where, **changes
    )


def test_an_email_as_text_has_its_parts_its_link_and_its_legal_lines():
    text = paste.text(plan_with(), 0, "en", TEXTS, SETTINGS, "klaviyo")
    assert text == (
        "Subject: Hi {{ first_name|default:'there' }}, tea & more\nPreview line: It is waiting\n\nTime for tea\n\n"
        "Enter {% coupon_code 'spring' %} and get 15% off.\nUntil 30 June.\n\n"
        "Have a look: https://maple.example/tea?utm_source=crm&utm_medium=email&utm_campaign=spring\n\n"
        "Maple Ltd, 1 High Street\nUnsubscribe: {% unsubscribe_link %}\n"
    )


def test_a_text_message_is_its_approved_body_and_nothing_more():
    body = "Maple & Co: Enter {code}. https://maple.example/?utm_medium=sms Reply STOP"
    text = paste.text(plan_with("sms"), 0, "en", {"body": body}, SETTINGS, "plain")
    assert text == body.replace("{code}", "${code}") + "\n"


def test_a_chinese_letter_has_chinese_marks():
    text = paste.text(
        plan_with("email"), 0, "zh", {"subject": "（广告）新茶", "call_to_action": "去看看"}, SETTINGS, "plain"
    )
    assert text.startswith("主题：（广告）新茶\n\n去看看：https://")
    assert text.endswith("退订：[[unsubscribe link]]\n")


class Read(HTMLParser):
    """The tags of a piece, and the targets of its links."""

    def __init__(self, piece):
        super().__init__()
        self.tags, self.links = [], []
        self.feed(piece)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.links += [value for name, value in attributes if name == "href"]


@pytest.mark.parametrize(
    "words", ["<script>alert(1)</script>", '"><img src=x onerror=a>', "{{ x }} *|X|* {% x %}", "a&b"]
)
def test_a_piece_of_html_escapes_every_word_and_leads_where_the_text_does(words):
    texts = {part: f"{words} {{first_name}}" for part in ("headline", "body", "call_to_action")}
    piece = paste.html(plan_with("wechat"), 0, "en", texts, SETTINGS, "mailchimp")
    read = Read(piece)
    assert read.tags == ["h1", "p", "p", "a"]
    assert read.links == ["https://maple.example/tea?utm_source=wechat&utm_medium=social&utm_campaign=spring"]
    assert piece.count("*|FNAME|*") == 3 and "{{" not in piece and "*|X|*" not in piece
    assert read.links[0] in paste.text(plan_with("wechat"), 0, "en", texts, SETTINGS, "mailchimp")


def test_an_email_as_html_is_the_whole_page_of_its_step():
    assert "<title>Hi there" in paste.html(plan_with(), 0, "en", TEXTS, SETTINGS, "plain")


@pytest.mark.parametrize("channel", ["email", "social"])
def test_what_is_pasted_leads_to_the_address_of_its_variant(channel):
    plan = plan_with(channel, variants=["A", "B"])
    assert links.own_variants(plan, 0) == ["A", "B"]
    for variant in plan.variants:
        own = f"utm_content={variant}"
        for write in (paste.text, paste.html):
            written = write(plan, 0, "en", TEXTS, SETTINGS, "klaviyo", variant)
            assert written.count("utm_content") == written.count(own) == 1
    assert links.own_variants(plan_with("sms", variants=["A"]), 0) == [""]  # its text was approved with one address
