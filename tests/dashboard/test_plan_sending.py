"""The Export tab beside its files: codes before anything leaves, then the sheet, copy to paste and the plan's days."""

from datetime import date

import pytest
import streamlit as st
from icalendar import Calendar

from dashboard import cache
from dashboard.views.plan_tabs import export as export_tab
from dashboard.views.plan_tabs import sliders
from engine.campaign.optimise import groups
from engine.campaign.optimise.options import Option
from engine.campaign.plan import Audience, Offer, Plan, Step
from engine.decision import codes
from engine.errors import NotAllowed
from engine.sentences import Sentence
from tests.dashboard.plan_pages import COPY, approved, page_of, said, saved_plan, stored

PERSONAL = Offer(kind="percent", discount=0.15, personal_codes=True)


def test_without_a_code_for_everyone_there_is_nothing_to_download_and_codes_made_here_are_not_live(
    open_app, trained_shop, monkeypatch
):
    saved_plan(trained_shop, offer=PERSONAL, variants=["A", "B"], landing_url="https://shop.example/spring#new")
    approved(trained_shop)
    given = {}
    button = st.download_button

    def noted(label, data, file_name, *arguments, **more):
        given[more["key"]] = (file_name, data)
        return button(label, data, file_name, *arguments, **more)

    monkeypatch.setattr(st, "download_button", noted)
    app = page_of(open_app, trained_shop, "export")
    assert "of them have no code" in said(app)
    assert list(given) == ["codes.download"]
    app.number_input(key="codes.count").set_value(5000)
    app.number_input(key="codes.length").set_value(4)
    app.button(key="codes.make_now").click().run()
    assert "So many codes of 4 characters could be guessed" in said(app)
    assert app.button(key="codes.withdraw").disabled  # what stands below a refusal is still there
    app.number_input(key="codes.length").set_value(codes.USUAL_LENGTH)
    app.text_input(key="codes.prefix").set_value("tea")
    app.button(key="codes.make_now").click().run()
    assert "5,000 codes made" in said(app) and "Not live until loaded into your shop" in said(app)
    assert codes.stock(trained_shop, "spring") == codes.Stock(5000, 0, 5000)
    name, content = given["codes.download"]
    assert name == "spring-coupons-not-live.csv" and content().startswith(b"Coupon\r\nTEA")
    recipients = given["export.recipients_csv"][1]().decode("utf-8-sig").splitlines()
    assert recipients[0] == '"customer_id","variant","link","code"'
    assert "&utm_content=A#new" in recipients[1] or "&utm_content=B#new" in recipients[1]
    assert len(codes.of(trained_shop, "spring")) == len(recipients) - 1
    assert "What the customer gets" in said(app) and "the 5000 codes" in said(app)
    assert "Subject: A little something" in given["paste.text.0.en"][1]
    assert len(Calendar.from_ical(given["setup.calendar"][1]).walk("VEVENT")) == 4
    assert not app.toast
    monkeypatch.setattr(cache.plans, "exported", refused)
    with pytest.raises(NotAllowed):
        given["export.plans_csv"][1]()
    app.run()
    assert [one.value for one in app.toast] == ["Plan spring was changed while it was exported. Nothing was exported."]


def refused(*asked):
    raise NotAllowed(Sentence("decisions.changed_meanwhile", {"plan_id": "spring"}))


def test_the_brief_turns_one_code_into_one_each_and_shows_where_messages_lead(open_app, trained_shop):
    saved_plan(
        trained_shop, steps=[Step(channel="sms", copy={"body": COPY["body"]})], audience=Audience(rule="orders >= 1")
    )
    app = page_of(open_app, trained_shop, "brief")
    app.toggle(key="brief.personal_codes").set_value(True).run()
    app.text_input(key="brief.landing_url").set_value("https://shop.example/tea").run()
    app.text_input(key="brief.utm_source").set_value("house").run()
    plan = stored(trained_shop).plan
    assert (plan.offer.personal_codes, plan.offer.code, plan.utm) == (True, None, {"source": "house"})
    shown = [one.value for one in app.code]
    assert "https://shop.example/tea?utm_source=house&utm_medium=sms&utm_campaign=spring" in shown
    app.text_input(key="brief.landing_url").set_value("https://ana:secret@shop.example").run()
    assert "user name or password" in said(app)
    assert stored(trained_shop).plan.landing_url == "https://shop.example/tea"


def test_a_size_or_a_kind_chosen_on_numbers_keeps_one_code_each_and_no_offer_has_none():
    for kind in ("amount", "free_shipping", "none"):
        said = {"kind": kind, "percent": 10, "amount": 5.0, "min_spend": None}
        chosen = Offer.model_validate(sliders._offer(PERSONAL, said).model_dump())
        assert (chosen.kind, chosen.code, chosen.personal_codes) == (kind, None, kind != "none")
    days = {"starts_at": date(2026, 6, 8), "ends_at": date(2026, 6, 15)}
    plan = Plan(plan_id="spring", name="Spring", owner="Ana", offer=PERSONAL, **days)
    for kind in ("percent", "none"):
        size = 0.2 if kind == "percent" else None
        offer = groups.as_plan(plan, Option("email", kind, size)).offer
        assert (offer.kind, offer.code, offer.personal_codes) == (kind, None, kind != "none")


@pytest.mark.parametrize(
    ("holdout", "people", "said"),
    [
        (0.0, 40, "leaves nobody out"),
        (0.1, 4, "4 nobody was drawn"),
        (0.1, 0, "audience is empty"),
    ],
)
def test_a_plan_says_why_nobody_is_left_out(holdout, people, said):
    days = {"starts_at": date(2026, 6, 8), "ends_at": date(2026, 6, 15)}
    plan = Plan(plan_id="spring", name="Spring", owner="Ana", holdout=holdout, **days)
    assert said in export_tab.nobody_held_out(plan, people)
