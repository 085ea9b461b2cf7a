"""The sheet for the shop says every term that was approved, in two languages, and makes none up."""

import html
import json
import re

import pandas as pd
import pytest

from engine.campaign.plan import Offer
from engine.decision import setup_sheet
from engine.decision.codes import Stock
from tests.decision.test_cells import CORPUS
from tests.tiny import shop_of

PRODUCTS = pd.DataFrame({"product_id": ["007", "p1"], "name": ["Green tea", "Pot | <b>big</b>"], "category": "Tea"})


@pytest.fixture(scope="module")
def maple(tmp_path_factory):
    settings = {"currency": "EUR", "time_zone": "Europe/Berlin"}
    return shop_of(tmp_path_factory.mktemp("maple") / "shop", {"products": PRODUCTS}, settings)


OFFERS = {
    "percent": (Offer(kind="percent", discount=0.15, max_discount=20, min_spend=30), "15 % off"),
    "amount": (Offer(kind="amount", discount=10), "€10 off"),
    "spend_save": (Offer(kind="spend_save", tiers=[(50, 5), (100, 15)]), "from €50: €5 off; from €100: €15 off"),
    "gift": (Offer(kind="gift", gift_product_id="007"), "as a gift: Green tea (product 007)"),
    "free_shipping": (Offer(kind="free_shipping", min_spend=40), "no shipping fee"),
    "buy_x_get_y": (Offer(kind="buy_x_get_y", tiers=[(2, 1)]), "buy 2, get 1 free"),
    "points": (Offer(kind="points", discount=200), "200 bonus points"),
    "early_access": (Offer(kind="early_access"), "may buy before others"),
}


def terms(sheet):
    return dict(sheet.terms)


@pytest.mark.parametrize("kind", OFFERS)
def test_every_kind_of_offer_has_its_worth_and_its_steps_in_both_languages(maple, make_plan, kind):
    offer, worth = OFFERS[kind]
    sheet = setup_sheet.sheet(maple, make_plan(offer=offer), "en")
    assert terms(sheet)["What the customer gets"] == worth
    assert any(worth in step for step in sheet.steps)
    chinese = setup_sheet.sheet(maple, make_plan(offer=offer), "zh")
    assert (len(chinese.terms), len(chinese.steps)) == (len(sheet.terms), len(sheet.steps))
    assert re.search("[\u4e00-\u9fff]", chinese.steps[1])


def test_what_the_plan_does_not_say_is_not_limited(maple, make_plan):
    said = terms(setup_sheet.sheet(maple, make_plan(offer=Offer(kind="amount", discount=10)), "en"))
    assert said == {
        "Name": "Spring (p1)",
        "Kind of discount": "Money off",
        "What the customer gets": "€10 off",
        "Code": "no code: none was approved",
        "Minimum spend": "not limited",
        "Applies to": "not limited",
        "Most that is taken off": "not limited",
        "Uses per customer": "not limited",
        "Together with other discounts": "the plan names none",
        "Starts": "2026-06-01 00:00 (Europe/Berlin)",
        "Ends": "2026-06-30 23:59 (Europe/Berlin)",
    }


def test_what_the_plan_says_is_there_to_the_letter(maple, make_plan):
    offer = Offer(
        kind="percent", discount=0.125, code="HOME15", min_spend=30, max_discount=20.5, per_customer_limit=2,
        applies_to=["007", "Home, Garden"], stackable_with=["VIP", "SHIP"],
    )  # fmt: skip
    said = terms(setup_sheet.sheet(maple, make_plan(offer=offer), "en"))
    assert said["Code"] == "HOME15"
    assert said["Minimum spend"] == "€30"
    assert said["Most that is taken off"] == "€20.50"
    assert said["Uses per customer"] == "2"
    assert said["What the customer gets"] == "12.5 % off"
    assert said["Applies to"] == "Green tea (product 007), category “Home, Garden”"
    assert said["Together with other discounts"] == "VIP, SHIP"


def test_codes_made_here_are_marked_as_not_live(maple, make_plan):
    plan = make_plan(offer=Offer(kind="percent", discount=0.15, personal_codes=True))
    sheet = setup_sheet.sheet(maple, plan, "en", Stock(300, 0, 300))
    assert "the 300 codes" in terms(sheet)["Code"]
    for said in (sheet.markdown(), sheet.html()):
        assert "Not live until loaded into your shop" in said
    assert "Not live" not in setup_sheet.sheet(maple, plan, "en", Stock(300, 0, 0)).markdown()


def test_a_plan_without_an_offer_has_no_sheet(maple, make_plan):
    assert setup_sheet.sheet(maple, make_plan(offer=Offer()), "en") is None


def test_names_are_names_in_markdown_and_in_html(maple, make_plan):
    naughty = ["<script>alert(1)</script>", "| a | b |", "[x](javascript:alert(1))", "# big", "$place", "a\nb"]
    if (CORPUS / "csv_corpus.json").exists():
        naughty += [text for text in json.loads((CORPUS / "csv_corpus.json").read_text("utf-8")) if text.strip()][:200]
    for text in naughty:
        plan = make_plan(offer=Offer(kind="percent", discount=0.15, code=text, applies_to=["p1", text]))
        sheet = setup_sheet.sheet(maple, plan, "en")
        rows = [line for line in sheet.markdown().split("\n") if line.startswith("| ")]
        assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {3}
        assert len(rows) == len(sheet.terms) + 2
        page = sheet.html()
        assert page.count("<script") == 0 and page.count("<tr>") == len(sheet.terms)
        assert html.escape(terms(sheet)["Code"]) in page
