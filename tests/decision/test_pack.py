"""One page for somebody without Offerlab: all that is decided on, as text, and the same bytes for the same history."""

import json
import struct
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from engine.campaign.plan import Audience, Offer, Plan, Step
from engine.decision import approvals, ledger, pack
from engine.errors import NotAllowed, StoreProblem
from engine.shop.store import Shop
from tests.decision.packed import characters, pages
from tests.tiny import shop_of

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
NAUGHTY = Path(__file__).resolve().parents[3] / "shared" / "data" / "naughty"
FORECAST = {
    "audience_size": 4210, "reachable": 3120, "orders": 120.4, "orders_low": 90.0, "orders_high": 160.0,
    "extra_orders": 30.2, "extra_orders_low": -5.0, "extra_orders_high": 64.0, "discount_cost": 1400.0,
    "send_cost": 9.4, "extra_profit": 1234.6, "extra_profit_low": -320.0, "extra_profit_high": 2900.0,
    "chance_of_loss": 0.13, "basis": "incremental", "window_days": 7, "supported": 1, "verdict": "coin toss",
    "verdict_key": "coin_toss", "test_on": 2000, "reason": "So it is.", "reason_zh": "原因如此。", "messages": 52310,
    "campaigns": 24, "last_sent": "2026-05-20",
}  # fmt: skip
COPY = {"subject": "A little something", "body": "Hi {first_name}, enter HOME15 and get 15% off."}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    products = pd.DataFrame({"product_id": ["p1", "p2"], "name": ["Night Cream", "Teapot"]})
    return shop_of(tmp_path / "shop", {"products": products}, {"name": "Petal & Pine"})


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "config"


def plan_of(**changes) -> Plan:
    usual = {
        "plan_id": "spring", "name": "Spring", "owner": "Ana", "audience": Audience(rule="orders >= 2"),
        "steps": [Step(copy=COPY)], "offer": Offer(kind="percent", discount=0.15, code="HOME15", min_spend=50),
        "starts_at": NOON.date(), "ends_at": NOON.date(), "product_ids": ["p1"],
    }  # fmt: skip
    return Plan(**usual | changes)


def submit(shop, config, plan=None, filled=COPY, forecast=FORECAST):
    plan = plan or plan_of()
    approvals.submit(shop.path, shop.shop_id, plan, forecast, "Ana", NOON, config, extras={"filled": filled})


def content(shop, config, language="en"):
    return pack.content(shop, "spring", config, language)


def said(shop, config, language="en") -> str:
    return json.dumps(content(shop, config, language), ensure_ascii=False)


def test_the_page_says_everything_that_is_decided_on(shop, config):
    submit(shop, config)
    words = said(shop, config)
    for part in (
        "Spring", "Ana asks", "2026-06-01 12:00", "Petal & Pine", "by the rule: orders >= 2",
        "3,120 of 4,210 can be reached", "10 %, to see what the message really adds", "15% off", "HOME15", "$50",
        "Night Cream", "Hi there, enter HOME15 and get 15% off.", "Coin toss: test on 2,000",
        "$1,235 (80 %: -$320 to $2,900)", "13 %",
        "Learned from 24 campaigns and 52,310 messages, the last of 2026-05-20",
        "Extra against people left out on purpose, within 7 days", "recorded by the author",
    ):  # fmt: skip
        assert part in words, part
    entry = ledger.entries(shop.path, shop.shop_id, config)[-1]
    assert pack.code_of(entry) in words
    assert f"content {entry.payload['content_sha256'][:12]} · approval history: entry 1, {entry.hash[:16]}" in words


def test_the_page_speaks_chinese_and_has_letters_for_it(shop, config):
    submit(shop, config, plan_of(name="春季大促"), {"subject": "镕喆頔的礼物 🎉"})
    page = content(shop, config, "zh")
    assert (page["title"], page["verdict"]) == ("请您审批", "难以判断：先用 2,000 人测试")
    assert "8.5折" in json.dumps(page, ensure_ascii=False)
    assert set("春季大促镕喆頔的礼物🎉请您审批") <= characters(pack.render(page, "pdf"))


@pytest.mark.parametrize("text", ["تخفيضات الربيع", "מבצע אביב", "ลดราคาฤดูร้อน", "नमस्ते", "می\u200cخواهم", "Ưu đãi"])
def test_scripts_of_many_shops_are_printed(shop, config, text):
    submit(shop, config, plan_of(name=text), {"subject": text, "body": f"Hello\n{text} 15%."})
    page = content(shop, config)
    assert page["name"] == text and page["unprintable"] is None
    assert pages(pack.render(page, "pdf")) == 1


def test_letters_that_no_font_has_are_named_and_never_boxes(shop, config):
    submit(shop, config, plan_of(name="봄 Spring"), {"subject": "ភាសា", "body": "half \ud83d pair"})
    page = content(shop, config)
    assert page["name"] == "\ufffd Spring"
    assert page["messages"][0]["parts"][0]["text"] == "\ufffd" * 4
    assert page["unprintable"] == (
        "Letters that cannot be printed here stand as \ufffd (Hangul, Khmer). "
        "Ask Ana for those texts before you decide."
    )
    assert "：Hangul、Khmer。" in content(shop, config, "zh")["unprintable"]
    assert pages(pack.render(page, "pdf")) == 1


@pytest.mark.parametrize("form", pack.FORMATS)
def test_the_same_history_gives_the_same_bytes(shop, config, form):
    submit(shop, config)
    first = pack.pack(shop, "spring", config, form)
    assert pack.pack(shop, "spring", config, form) == first
    other = ledger.entries(shop.path, shop.shop_id, config)
    assert len(other) == 1  # making a page leaves no trace
    if form == "png":
        assert struct.unpack(">II", first[16:24])[0] == pack.PNG_WIDTH
    else:
        assert pages(first) == 1
        assert b"/CreationDate" not in first or b"20260601" in first


def test_another_entry_in_the_history_gives_another_head(shop, config):
    submit(shop, config)
    before = content(shop, config)
    submit(shop, config, plan_of(plan_id="other"))
    after = content(shop, config)
    assert before["code"] == after["code"]
    assert before["proof"] != after["proof"]


MARKUP = [
    '#panic("x") #set page(width: 1cm) #pagebreak()',
    '#import "@preview/cetz:0.3.0": canvas',
    '#read("/etc/passwd") #include "pack.typ"',
    "*bold* _it_ `raw` $x^2$ <way> @way ~ -- \\ // /* ]]))}} = Head",
    "</script>\"'\\u{1F600}${{7*7}}",
]


@pytest.mark.parametrize("text", MARKUP)
def test_markup_in_any_text_comes_out_as_it_was_typed(shop, config, text):
    plan = plan_of(name=text, offer=Offer(kind="percent", discount=0.15, code=text), owner="Ana")
    submit(shop, config, plan, {"subject": text, "body": text})
    page = content(shop, config)
    assert page["name"].replace("\u200b", "") == text
    pdf = pack.render(page, "pdf")
    assert pages(pdf) == 1
    assert set(text) - {" "} <= characters(pdf)


@pytest.mark.skipif(not NAUGHTY.exists(), reason="shared/data/naughty is not here")
@pytest.mark.parametrize("every", [8, pytest.param(1, marks=pytest.mark.full)])
def test_naughty_strings_make_one_page(shop, config, every):
    strings = [one for one in json.loads((NAUGHTY / "blns.json").read_text("utf-8")) if one.strip()][::every]
    submit(shop, config, plan_of(name=strings[40][:200]), {"subject": strings[0], "body": "\n".join(strings)})
    assert pages(pack.render(content(shop, config), "pdf")) == 1


def test_marks_that_turn_letters_round_and_bytes_that_are_no_text_are_not_shown(shop, config):
    submit(shop, config, plan_of(name="safe\u202egnp.exe"), {"subject": "a\x00b\u2066c", "body": "half \ud83d pair"})
    page = content(shop, config)
    assert page["name"] == "safegnp.exe"
    assert [part["text"] for part in page["messages"][0]["parts"]] == ["a\ufffdbc", "half \ufffd pair"]
    assert pages(pack.render(page, "pdf")) == 1


def test_short_copy_is_whole_and_large(shop, config):
    submit(shop, config)
    assert pack.layout(content(shop, config)) == {"size": "11.5pt", "cut": False, "fits": True}


def test_long_copy_is_shortened_with_a_note_and_the_terms_stay(shop, config):
    terms = Offer(kind="percent", discount=0.15, code="HOME15", applies_to=["p1", "p2", "Skin Care"])
    submit(shop, config, plan_of(offer=terms), {"subject": "Short", "body": "A long story about tea. " * 400})
    page = content(shop, config)
    layout = pack.layout(page)
    assert layout["cut"] and layout["fits"]
    assert pages(pack.render(page, "pdf")) == 1
    assert {"name": "Only for", "text": "Night Cream, Teapot, Skin Care"} in page["offer"]
    assert (page["continued"], page["shortened"]) != ("", "")


def test_terms_longer_than_a_sheet_make_the_page_longer_and_are_never_cut(shop, config):
    many = Offer(
        kind="percent", discount=0.15, applies_to=[f"A category with a long name, number {n}" for n in range(150)]
    )
    submit(shop, config, plan_of(offer=many))
    page = content(shop, config)
    assert not pack.layout(page)["fits"]
    assert "number 149" in json.dumps(page)


def test_what_the_past_does_not_bear_is_refused_with_its_sentence(shop, config):
    refused = FORECAST | {
        "extra_profit": None, "orders": None, "extra_orders": None, "discount_cost": None, "supported": 0,
        "verdict_key": "never_tried", "reason": "No past campaign went out by push.",
        "reason_zh": "过去没有通过推送发过。",
    }  # fmt: skip
    submit(shop, config, forecast=refused)
    assert content(shop, config)["verdict"] == "Never tried here"
    assert "No past campaign went out by push." in content(shop, config)["grounds"]
    assert "过去没有通过推送发过。" in content(shop, config, "zh")["grounds"]
    assert "Extra profit" not in said(shop, config)


def test_a_plan_without_a_forecast_says_so(shop, config):
    submit(shop, config, forecast={})
    assert content(shop, config)["verdict"].startswith("No forecast")


def test_what_differs_from_the_last_approval_is_listed(shop, config):
    submit(shop, config)
    assert content(shop, config)["changed"] is None
    approvals.approve(shop.path, shop.shop_id, "spring", "Bo", "Bo", "fits", NOON, config)
    changed = plan_of(offer=Offer(kind="percent", discount=0.2, code="HOME15", min_spend=50))
    submit(shop, config, changed, COPY | {"subject": "Something else"})
    found = content(shop, config)["changed"]
    assert found["head"] == "Changed since the approval of 2026-06-01 12:00"
    assert [(line["name"], line["text"]) for line in found["lines"]] == [
        ("Offer", "20% off (before: 15% off)"),
        ("Message 1 · E-mail · 2026-06-01, 10:00 · Subject", "Something else (before: A little something)"),
    ]


def test_every_message_in_every_language_is_on_the_page(shop, config):
    steps = [
        Step(copy={"subject": "x"}, translations={"zh": {"subject": "y"}}),
        Step(day=3, channel="sms", copy={"body": "z"}, condition="stop_if_bought"),
    ]
    filled = {"subject": "Hello", "0:zh:subject": "你好", "1:body": "Last call"}
    submit(shop, config, plan_of(steps=steps), filled)
    found = [(one["about"], [part["text"] for part in one["parts"]]) for one in content(shop, config)["messages"]]
    assert found == [
        ("Message 1 · E-mail · 2026-06-01, 10:00 · English", ["Hello"]),
        ("Message 1 · E-mail · 2026-06-01, 10:00 · Chinese", ["你好"]),
        ("Message 2 · SMS · 2026-06-04, 10:00 · not to those who bought", ["Last call"]),
    ]


@pytest.mark.parametrize(
    ("offer", "text"),
    [
        (Offer(kind="amount", discount=10), "$10 off"),
        (Offer(kind="spend_save", tiers=[(50, 5), (100, 15)]), "$5 off orders from $50, $15 off orders from $100"),
        (Offer(kind="gift", gift_product_id="p2"), "Gift with the order: Teapot"),
        (Offer(kind="buy_x_get_y", tiers=[(2, 1)]), "Buy 2, get 1 free"),
        (Offer(kind="points", discount=200), "Bonus points: 200"),
        (Offer(kind="free_shipping"), "Free shipping"),
        (Offer(), "No offer"),
    ],
)
def test_each_kind_of_offer_is_said_with_its_figures(shop, config, offer, text):
    submit(shop, config, plan_of(offer=offer))
    assert content(shop, config)["offer"][0] == {"name": "Offer", "text": text}


def test_only_a_plan_that_waits_has_a_page(shop, config):
    with pytest.raises(StoreProblem, match="There is no plan"):
        content(shop, config)
    submit(shop, config)
    approvals.approve(shop.path, shop.shop_id, "spring", "Bo", "Bo", "fits", NOON, config)
    with pytest.raises(NotAllowed, match="does not wait for a decision"):
        content(shop, config)


def test_the_template_asks_for_no_package():
    template = pack.TEMPLATE.read_text("utf-8")
    assert "sys.inputs.data" in template
    assert not any(word in template for word in ("#import", "#include", "@preview", "eval("))
