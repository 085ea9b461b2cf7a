"""An e-mail as a page: what it says, that nothing hostile in it runs, and the tags of each tool."""

import re
from html.parser import HTMLParser

import pytest

from engine.campaign import html_mail, links, merge
from engine.sentences import Language

TEXTS = {
    "subject": "Hi {first_name}, tea & more",
    "preheader": "It is waiting",
    "headline": "Time for tea",
    "body": "Enter HOME15 and get 15% off.\n\nUntil 30 June.",
    "call_to_action": "Have a look",
}
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title></head><body onload=alert(1)>",
    "{{ contact.email }} {% include 'x' %} {{${email_address}}}",
    "*|EMAIL|* *|IF:FNAME|*",
    "{{ 7 * 7 }}",
    "--><iframe src=https://evil.example>",
    "’ onmouseover='alert(1)'",
]


class Read(HTMLParser):
    """The tags of a page with their attributes, and its text."""

    def __init__(self, page: str):
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def page(texts=TEXTS, language: Language = "en", tool="plain", **more) -> str:
    return html_mail.page(texts, language, "Maple & Co", tool, **more)


def test_a_page_says_every_part_with_sender_legal_lines_and_a_way_out():
    read = Read(page(legal_lines=["Maple Ltd, 1 High Street"], landing_url="https://maple.example/tea"))
    for said in ("Hi there, tea & more", "It is waiting", "Time for tea", "15% off", "Maple Ltd", "Unsubscribe"):
        assert said in read.text
    assert read.open == []
    assert [one["href"] for tag, one in read.tags if tag == "a"] == [
        "https://maple.example/tea",
        "[[unsubscribe link]]",
    ]
    assert not {tag for tag, _ in read.tags} & {"script", "img", "link", "style", "iframe", "form"}


def test_the_preheader_is_there_and_not_seen():
    assert re.search(r'<div style="display:none[^"]*">It is waiting</div>', page())


@pytest.mark.parametrize("words", HOSTILE)
@pytest.mark.parametrize("tool", merge.NAMES)
def test_hostile_text_is_shown_and_never_run(words, tool):
    texts = dict.fromkeys(TEXTS, words)
    found = html_mail.page(texts, "en", words, tool, [words], "https://maple.example")
    plain = html_mail.page(dict.fromkeys(TEXTS, "x"), "en", "x", tool, ["x"], "https://maple.example")
    assert [tag for tag, _ in Read(found).tags] == [tag for tag, _ in Read(plain).tags]
    assert [set(one) for _, one in Read(found).tags] == [set(one) for _, one in Read(plain).tags]
    own = found.replace(merge.UNSUBSCRIBE[tool], "")
    assert not re.search(r"\{\{|\{%|\{\$|\*\||\|\*", own)


@pytest.mark.parametrize(
    ("tool", "name", "way_out"),
    [
        ("klaviyo", "{{ first_name|default:'there' }}", "{% unsubscribe_link %}"),
        ("mailchimp", "*|IF:FNAME|**|FNAME|**|ELSE:|*there*|END:IF|*", "*|UNSUB|*"),
        ("braze", "{{${first_name} | default: 'there'}}", "{{${set_user_to_unsubscribed_url}}}"),
        ("hubspot", "{{ contact.firstname|default('there', true) }}", "{{ unsubscribe_link }}"),
        ("plain", "Hi there,", "[[unsubscribe link]]"),
    ],
)
def test_a_page_has_the_tags_of_the_tool_that_sends_it(tool, name, way_out):
    found = page(tool=tool)
    assert name in found
    assert f'href="{way_out}"' in found


def test_a_chinese_page_has_its_own_words_and_fallback():
    found = page({**TEXTS, "subject": "亲爱的{first_name}"}, "zh", "klaviyo")
    assert "亲爱的{{ first_name|default:'朋友' }}" in found
    assert "退订" in found
    assert '<html lang="zh-CN">' in found


@pytest.mark.parametrize(
    ("url", "href"),
    [
        ("https://maple.example/a b?q=1", "https://maple.example/a%20b?q=1"),
        ("http://maple.example", "http://maple.example"),
        ('https://maple.example/"><script>', "https://maple.example/%22%3E%3Cscript%3E"),
        ("https://maple.example/{{ contact.email }}", "https://maple.example/%7B%7B%20contact.email%20%7D%7D"),
        ("javascript:alert(1)", None),
        ("JAVASCRIPT:alert(1)", None),
        ("data:text/html,<script>", None),
        ("//maple.example", None),
        ("maple.example", None),
        ("https://", None),
        ("https://[broken", None),
        ("", None),
        (None, None),
    ],
)
def test_a_button_leads_to_web_addresses_only(url, href):
    assert links.link(url, {}) == href
    assert ("<span" in page(landing_url=url)) == (href is None)


def test_campaign_parameters_are_added_once_and_escaped():
    assert links.link("https://maple.example/?a=1", {"source": "mail", "utm_campaign": "spring & co"}) == (
        "https://maple.example/?a=1&utm_source=mail&utm_campaign=spring%20%26%20co"
    )
