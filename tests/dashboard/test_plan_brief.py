"""The Brief tab: filled from what is saved, saved as one types."""

from datetime import date

import pytest

from dashboard.views.plan_tabs import brief_form
from engine.campaign.plan import Offer
from engine.decision import plans
from tests.dashboard.plan_pages import NOW, page_of, said, saved_plan, stored

OFFERS = [
    Offer(),
    Offer(kind="percent", discount=0.125, code="X", max_discount=20, min_spend=40),
    Offer(kind="amount", discount=5, min_spend=30),
    Offer(kind="spend_save", tiers=[(50, 5), (100, 15)], code="SAVE"),
    Offer(kind="gift", gift_product_id="p001"),
    Offer(kind="buy_x_get_y", tiers=[(2, 1)]),
    Offer(kind="points", discount=200),
    Offer(kind="free_shipping", min_spend=25),
]


@pytest.mark.parametrize("offer", OFFERS, ids=lambda offer: offer.kind)
def test_a_plan_shown_and_read_back_is_the_same_plan(trained_shop, offer):
    plan = saved_plan(trained_shop, offer=offer, landing_url="https://shop.example/spring")
    again, problems = brief_form.plan_from(brief_form.values_of(plan), plan)
    assert problems == []
    assert again == plan


def test_values_kept_beside_an_unfinished_plan_come_back_as_they_were(trained_shop):
    plan = saved_plan(trained_shop)
    values = {**brief_form.values_of(plan), "percent": None, "ends_at": date(2026, 1, 1)}
    assert brief_form.from_json(brief_form.as_json(values), plan) == values


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "Give the plan a name."),
        ({"ends_at": date(2026, 1, 1)}, "The last day lies before the first day."),
        ({"percent": None}, "Say how many percent off, between 1 and 99."),
        ({"kind": "amount"}, "Say how much money off; it has to be more than 0."),
        ({"kind": "spend_save"}, "Fill in at least one step: from which order value, and how much off."),
        ({"kind": "gift"}, "Choose the product that is given away."),
        (
            {"landing_url": "javascript:alert(1)"},
            "The address a message leads to has to be a whole one that begins with https://: “javascript:alert(1)” is "
            "not.",
        ),
    ],
)
def test_what_is_missing_is_said_in_a_sentence(trained_shop, changes, sentence):
    plan = saved_plan(trained_shop)
    assert brief_form.plan_from({**brief_form.values_of(plan), **changes}, plan) == (None, [sentence])


def test_the_brief_shows_what_is_saved_and_who_can_be_reached(open_app, trained_shop):
    saved_plan(trained_shop)
    app = page_of(open_app, trained_shop, "brief")
    assert app.text_input(key="brief.code").value == "SPRING15"
    assert app.number_input(key="brief.percent").value == 15
    assert "can be reached by E-mail" in said(app)
    assert any("gave no consent" in bar.proto.text for bar in app.get("progress"))


def test_what_is_typed_is_saved_at_once(open_app, trained_shop):
    saved_plan(trained_shop)
    app = page_of(open_app, trained_shop, "brief")
    app.text_input(key="brief.name").set_value("夏季促销").run()
    app.number_input(key="brief.percent").set_value(20.0).run()
    app.slider(key="brief.send_hour").set_value(18).run()
    plan = stored(trained_shop).plan
    assert (plan.name, plan.offer.discount, plan.send_hour) == ("夏季促销", 0.2, 18)
    assert app.title[0].value == "夏季促销"


def test_another_kind_of_offer_shows_its_own_fields(open_app, trained_shop):
    saved_plan(trained_shop)
    app = page_of(open_app, trained_shop, "brief")
    app.selectbox(key="brief.kind").set_value("spend_save").run()
    assert "Fill in at least one step" in said(app)
    app.number_input(key="brief.tier_spend_0").set_value(60.0).run()
    app.number_input(key="brief.tier_off_0").set_value(10.0).run()
    assert stored(trained_shop).plan.offer.tiers == [(60, 10)]


def test_leaving_an_unfinished_brief_loses_nothing(open_app, trained_shop):
    saved_plan(trained_shop)
    app = page_of(open_app, trained_shop, "brief")
    app.number_input(key="brief.percent").set_value(None).run()
    assert "Say how many percent off" in said(app)
    assert stored(trained_shop).plan.offer.discount == 0.15, "the plan stays the last one that was whole"
    app.button_group(key="plan.tab").set_value("result").run()
    app.button_group(key="plan.tab").set_value("brief").run()
    assert app.number_input(key="brief.percent").value is None
    app.number_input(key="brief.percent").set_value(30.0).run()
    assert stored(trained_shop).plan.offer.discount == 0.3
    assert not stored(trained_shop).extras["unfinished"]


def changed_by_another(shop, name):
    """Somebody else saves the plan under another name."""
    saved = stored(shop)
    plans.save(
        shop, saved.plan.model_copy(update={"name": name}), {**saved.extras, "session": "another"}, saved.version, NOW
    )


@pytest.mark.parametrize(("button", "kept"), [("brief.keep_mine", "Mine"), ("brief.take_theirs", "Theirs")])
def test_two_people_who_change_one_plan_see_both_versions(open_app, trained_shop, button, kept):
    saved_plan(trained_shop)
    app = page_of(open_app, trained_shop, "brief")
    changed_by_another(trained_shop, "Theirs")
    app.text_input(key="brief.name").set_value("Mine").run()
    assert "Someone else changed plan “Theirs” at 2026-06-01 09:00." in said(app)
    assert stored(trained_shop).plan.name == "Theirs", "nothing is overwritten unseen"
    table = app.table[0].value
    assert table.index.tolist() == ["Name of the plan"]
    assert table.to_numpy().tolist() == [["Spring", "Mine", "Theirs"]], "as it was, and what became of it"
    app.button(key=button).click().run()
    assert stored(trained_shop).plan.name == kept
    assert app.text_input(key="brief.name").value == kept


def test_changes_of_different_fields_go_together_and_the_page_says_what_was_taken_in(open_app, trained_shop):
    saved_plan(trained_shop)
    app = page_of(open_app, trained_shop, "brief")
    changed_by_another(trained_shop, "Theirs")
    app.number_input(key="brief.percent").set_value(25.0).run()
    plan = stored(trained_shop).plan
    assert (plan.name, plan.offer.discount) == ("Theirs", 0.25)
    assert "taken in from theirs: Name of the plan" in said(app)
    assert app.text_input(key="brief.name").value == "Theirs"
    app.run()
    assert "taken in" not in said(app), "it is told once"


def test_keeping_mine_leaves_alone_what_only_the_other_changed(open_app, trained_shop):
    saved_plan(trained_shop)
    app = page_of(open_app, trained_shop, "brief")
    saved = stored(trained_shop)
    offer = saved.plan.offer.model_copy(update={"code": "THEIRS"})
    changed = saved.plan.model_copy(update={"name": "Theirs", "offer": offer})
    plans.save(trained_shop, changed, {**saved.extras, "saved_by": "Ben"}, saved.version, NOW)
    app.text_input(key="brief.name").set_value("Mine").run()
    assert "Ben changed plan “Theirs”" in said(app)
    assert app.table[0].value.index.tolist() == ["Name of the plan"], "only what both changed is asked"
    app.button(key="brief.keep_mine").click().run()
    plan = stored(trained_shop).plan
    assert (plan.name, plan.offer.code) == ("Mine", "THEIRS")
    assert app.text_input(key="brief.code").value == "THEIRS"


def test_another_kind_of_offer_and_another_percentage_do_not_go_together(open_app, trained_shop):
    saved_plan(trained_shop)
    app = page_of(open_app, trained_shop, "brief")
    saved = stored(trained_shop)
    gift = Offer(kind="free_shipping", code="SPRING15")
    plans.save(trained_shop, saved.plan.model_copy(update={"offer": gift}), saved.extras, saved.version, NOW)
    app.number_input(key="brief.percent").set_value(25.0).run()
    assert stored(trained_shop).plan.offer.kind == "free_shipping"
    app.button(key="brief.keep_mine").click().run()
    offer = stored(trained_shop).plan.offer
    assert (offer.kind, offer.discount) == ("percent", 0.25)


def test_a_change_by_somebody_else_shows_at_the_next_look(open_app, trained_shop):
    saved_plan(trained_shop)
    app = page_of(open_app, trained_shop, "brief")
    changed_by_another(trained_shop, "Theirs")
    app.run()
    assert app.text_input(key="brief.name").value == "Theirs"


def test_a_save_whose_run_was_cut_short_is_no_conflict_with_oneself(open_app, trained_shop):
    saved_plan(trained_shop)
    app = page_of(open_app, trained_shop, "brief")
    app.text_input(key="brief.name").set_value("First").run()
    # The next key press ended the run after the plan was saved and before the page knew so.
    app.session_state["brief:stamp"] = ("spring", 1)
    app.session_state["brief:touched"] = True
    app.text_input(key="brief.name").set_value("Second").run()
    assert "Someone else" not in said(app)
    assert stored(trained_shop).plan.name == "Second"
