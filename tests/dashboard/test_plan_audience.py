"""Who a plan is for: groups and rules, what they leave out, and how many each channel reaches."""

import pytest

from dashboard import cache
from dashboard.text import t
from dashboard.views.plan_tabs import brief_form
from engine.audience import lifecycle, rules, saved
from engine.campaign import planned
from engine.campaign.plan import Audience, Step
from engine.decision import live
from engine.shop import store
from engine.shop.features import default_as_of
from tests.dashboard.plan_pages import COPY, NOW, approved, at, page_of, said, saved_plan, stored


@pytest.fixture
def brief(open_app, trained_shop):
    """brief(**plan): the Brief tab of a plan that begins without an audience."""

    def opened(**changes):
        saved_plan(trained_shop, **{"audience": Audience(), **changes})
        return page_of(open_app, trained_shop, "brief")

    return opened


def audience_of(shop) -> Audience:
    return stored(shop).plan.audience


def again(app):
    """The tab as it is after a visit to another one."""
    app.button_group(key="plan.tab").set_value("result").run()
    return app.button_group(key="plan.tab").set_value("brief").run()


# --- groups ---


def test_lifecycle_groups_stand_beside_the_suggested_ones_with_their_size(brief, trained_shop):
    app = brief()
    groups = lifecycle.groups(store.open_shop(trained_shop), default_as_of(store.open_shop(trained_shop)))
    slipping = groups.set_index("name")["customers"]["slipping"]
    assert f"Lifecycle: Slipping away ({slipping:,})" in app.multiselect(key="brief.groups").options
    app.multiselect(key="brief.groups").set_value(["s1", "lifecycle = slipping", "lifecycle = lapsed"]).run()
    assert audience_of(trained_shop) == Audience(segment_ids=["s1"], rule="lifecycle = slipping or lifecycle = lapsed")
    app = again(app)
    assert app.multiselect(key="brief.groups").value == ["s1", "lifecycle = slipping", "lifecycle = lapsed"]
    assert at(app.text_area, "brief.rule_text").value == ""


@pytest.mark.parametrize(
    ("groups", "text", "rule"),
    [
        (["lifecycle = new"], "", "lifecycle = new"),
        (["lifecycle = new"], "orders >= 9", "lifecycle = new or orders >= 9"),
        (["lifecycle = new", "s2"], "orders >= 9 and spend > 5", "lifecycle = new or (orders >= 9 and spend > 5)"),
        (["lifecycle = new", "lifecycle = vip"], "orders = 1 or spend > 5",
         "lifecycle = new or lifecycle = vip or orders = 1 or spend > 5"),
        ([], "orders >= 9", "orders >= 9"),
    ],
)  # fmt: skip
def test_lifecycle_groups_and_a_rule_are_one_rule_that_is_read_back_as_both(trained_shop, groups, text, rule):
    plan = saved_plan(trained_shop)
    values = {**brief_form.values_of(plan), "groups": groups, "rule": text, "exclusions": groups, "exclude_rule": text}
    made, problems = brief_form.plan_from(values, plan)
    assert problems == []
    assert made.audience.rule == made.audience.exclude_rule == rule
    shown = brief_form.values_of(made)
    assert sorted(shown["groups"]) == sorted(groups)
    assert sorted(shown["exclusions"]) == sorted(groups)
    assert shown["rule"] == shown["exclude_rule"] == text


def test_groups_rules_and_recent_buyers_are_left_out(brief, trained_shop):
    app = brief(audience=Audience(segment_ids=["s1", "s2"]))
    everyone = len(planned.customers(store.open_shop(trained_shop), audience_of(trained_shop)))
    app.multiselect(key="brief.exclusions").set_value(["s2", "lifecycle = lapsed"]).run()
    at(app.text_area, "brief.exclude_rule_text").set_value("orders >= 6").run()
    app.number_input(key="brief.skip_buyers_days").set_value(365).run()
    named = audience_of(trained_shop)
    assert named == Audience(
        segment_ids=["s1", "s2"],
        exclusions=["s2"],
        exclude_rule="lifecycle = lapsed or orders >= 6",
        skip_buyers_days=365,
    )
    shop = store.open_shop(trained_shop)
    left = planned.customers(shop, named)
    assert 0 < len(left) < everyone
    assert f"of {len(left):,} can be reached" in said(app)
    assert "bought recently" in bars(app)
    app = again(app)
    assert app.multiselect(key="brief.exclusions").value == ["s2", "lifecycle = lapsed"]
    assert at(app.text_area, "brief.exclude_rule_text").value == "orders >= 6"
    assert app.number_input(key="brief.skip_buyers_days").value == 365


# --- the builder ---


def test_the_builder_writes_the_rule_and_the_count_is_that_of_the_rule(brief, trained_shop):
    app = brief()
    at(app.button, "brief.rule.add").click().run()
    at(app.number_input, "brief.rule.0.orders.number").set_value(3.0).run()
    at(app.button, "brief.rule.add").click().run()
    at(app.selectbox, "brief.rule.1.subject").set_value("bought:category").run()
    at(app.selectbox, "brief.rule.1.category.choice").set_value("Skin Care").run()
    at(app.number_input, "brief.rule.1.bought.days").set_value(200).run()
    at(app.checkbox, "brief.rule.1.not").check().run()
    text = "orders >= 3 and not bought category Skin Care in 200 days"
    assert at(app.text_area, "brief.rule_text").value == text
    assert audience_of(trained_shop).rule == text
    expected = rules.select(store.open_shop(trained_shop), text)
    assert f"of {len(expected):,} can be reached by E-mail" in said(app)


def test_rows_are_joined_nested_and_removed(brief, trained_shop):
    app = brief(audience=Audience(rule="orders >= 3 and spend > 100"))
    at(app.button_group, "brief.rule.by").set_value("or").run()
    assert audience_of(trained_shop).rule == "orders >= 3 or spend > 100"
    at(app.button, "brief.rule.add_group").click().run()
    at(app.selectbox, "brief.rule.2.0.subject").set_value("field:email_consent").run()
    at(app.selectbox, "brief.rule.2.0.email_consent.sign").set_value("no").run()
    at(app.checkbox, "brief.rule.2.not").check().run()
    assert audience_of(trained_shop).rule == (
        "orders >= 3 or spend > 100 or not (email_consent = no and recency_days >= 90)"
    )
    at(app.button, "brief.rule.1.remove").click().run()
    at(app.button, "brief.rule.1.1.remove").click().run()
    assert audience_of(trained_shop).rule == "orders >= 3 or not email_consent = no"
    for _ in range(2):
        at(app.button, "brief.rule.0.remove").click().run()
    assert audience_of(trained_shop) == Audience()
    assert "Choose a group or add customers by a rule" in said(app)


def test_a_change_whose_run_was_cut_short_is_made_in_the_next_one(brief, trained_shop):
    app = brief(audience=Audience(rule="orders >= 3 and spend > 100"))
    # The next click ended the run before its callback had written the rule: the widget says it, the rule does not.
    app.session_state["brief.rule.0.orders.number"] = 9.0
    app.session_state["brief.rule.1.not"] = True
    app.run()
    assert audience_of(trained_shop).rule == "orders >= 9 and not spend > 100"
    assert at(app.text_area, "brief.rule_text").value == "orders >= 9 and not spend > 100"


def test_rows_that_show_a_rule_no_longer_in_force_change_nothing(brief, trained_shop):
    app = brief(audience=Audience(rule="orders >= 3 and spend > 100"))
    # As when somebody clicks twice before the page has answered the first click.
    app.session_state["brief.rule"] = "spend > 100"
    at(app.button, "brief.rule.0.remove").click().run()
    assert at(app.text_area, "brief.rule_text").value == "spend > 100"
    assert at(app.number_input, "brief.rule.0.spend.number").value == 100


def test_a_rule_typed_by_hand_shows_as_rows_at_once(brief, trained_shop):
    app = brief()
    at(app.text_area, "brief.rule_text").set_value("city_tier in (tier 1, tier 2) and discount_share > 20%").run()
    assert at(app.selectbox, "brief.rule.0.city_tier.sign").value == "in"
    assert at(app.multiselect, "brief.rule.0.city_tier.several").value == ["tier 1", "tier 2"]
    assert at(app.number_input, "brief.rule.1.discount_share.number").value == 20
    at(app.multiselect, "brief.rule.0.city_tier.several").set_value(["tier 3"]).run()
    assert audience_of(trained_shop).rule == "city_tier in (tier 3) and discount_share > 20%"


def test_a_rule_nested_deeper_than_rows_is_shown_as_text_and_works(brief, trained_shop):
    text = "orders >= 2 and (spend > 900 or (orders >= 5 and not lifecycle = vip))"
    app = brief(audience=Audience(rule=text))
    assert "nested deeper than rows can show" in said(app)
    assert at(app.text_area, "brief.rule_text").value == text
    assert f"of {len(rules.select(store.open_shop(trained_shop), text)):,} can be reached" in said(app)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("orders >=", "The rule ends too early"),
        ("ordres >= 2", 'there is no field "ordres". Did you mean orders'),
        ("orders >= many", 'orders is a number, and the rule says "many"'),
    ],
)
def test_a_mistaken_rule_explains_itself_and_the_plan_keeps_the_last_that_worked(brief, trained_shop, text, sentence):
    app = brief(audience=Audience(rule="orders >= 2"))
    at(app.text_area, "brief.rule_text").set_value(text).run()
    assert sum(sentence in error.value.replace("\\", "") for error in app.error) == 1, "once, beside the rule"
    assert "Mend the rule" in said(app)
    assert audience_of(trained_shop).rule == "orders >= 2"
    app = again(app)
    assert at(app.text_area, "brief.rule_text").value == text, "what was typed is still there"
    at(app.text_area, "brief.rule_text").set_value("orders >= 4").run()
    assert audience_of(trained_shop).rule == "orders >= 4"
    assert not app.error


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("bought category SKIN care", "bought category Skin Care"),
        ("ORDERS >= -0 and city_tier = Tier 1", "orders >= 0 and city_tier = tier 1"),
        ("orders between 2 and 4", "orders between 2 and 4"),
        ("orders>=2", "orders>=2"),
    ],
)
def test_a_rule_typed_in_another_case_is_shown_and_kept_as_the_shop_spells_it(brief, trained_shop, typed, written):
    app = brief()
    at(app.text_area, "brief.rule_text").set_value(typed).run()
    assert not app.error
    assert at(app.text_area, "brief.rule_text").value == audience_of(trained_shop).rule == written
    assert [one for one in app.selectbox if (one.key or "").startswith("brief.rule.0.")], "it shows as rows"


def test_days_since_a_purchase_are_at_least_one_and_none_are_any_time(brief, trained_shop):
    app = brief(audience=Audience(rule="bought category Skin Care in 30 days"))
    days = at(app.number_input, "brief.rule.0.bought.days")
    assert (days.value, days.min, days.proto.placeholder) == (30, 1, "ever")
    days.set_value(None).run()
    assert audience_of(trained_shop).rule == "bought category Skin Care"
    assert at(app.number_input, "brief.rule.0.bought.days").value is None
    at(app.text_area, "brief.rule_text").set_value("bought category Skin Care in 0 days").run()
    assert 'bought category Skin Care in "0" days: no day lies in there. Write 1 or more' in said(app)
    assert audience_of(trained_shop).rule == "bought category Skin Care", "nobody asked for any time"
    at(app.text_area, "brief.rule_text").set_value("bought category Skin Care in 99999 days").run()
    assert at(app.number_input, "brief.rule.0.bought.days").value == 99999


def section(app, name):
    """The section of a rule, as the browser gets it."""
    [found] = [one.proto for one in app.expander if one.label == t(f"audience.open_{name}")]
    return found


@pytest.mark.parametrize(("name", "words"), [("rule", "nobody is added"), ("exclude_rule", "nobody is left out")])
def test_a_rule_whose_text_is_emptied_stays_open_and_says_what_to_do(brief, trained_shop, name, words):
    app = brief(audience=Audience(segment_ids=["s1"], **{name: "orders >= 3"}))
    before = section(app, name)
    assert before.expanded
    at(app.text_area, f"brief.{name}_text").set_value("").run()
    assert getattr(audience_of(trained_shop), name) is None
    assert section(app, name).expanded
    assert section(app, name).id == before.id, "to the browser it is the section that was open"
    assert words in said(app)
    assert "Undo" in said(app)
    at(app.text_area, f"brief.{name}_text").set_value("orders >= 4").run()
    assert getattr(audience_of(trained_shop), name) == "orders >= 4"


def test_a_mistake_in_the_rule_that_leaves_out_says_in_which_rule_it_is(brief, trained_shop):
    app = brief(audience=Audience(rule="orders >= 2"))
    at(app.text_area, "brief.exclude_rule_text").set_value("orders => 4").run()
    [error] = [one.value.replace("\\", "") for one in app.error]
    assert error == 'The rule that leaves customers out: Position 8: there is no comparison "=>". Write >=.'
    assert "Mend the rule that leaves customers out" in said(app)
    assert audience_of(trained_shop) == Audience(rule="orders >= 2")


# --- how many ---


def bars(app) -> str:
    return "\n".join(bar.proto.text if hasattr(bar, "proto") else bar.text for bar in app.get("progress"))


def test_each_channel_says_how_many_it_reaches_and_why_not_the_others(brief, trained_shop):
    app = brief(audience=Audience(segment_ids=["s1"]), steps=[Step(channel="sms"), Step(day=3, channel="email")])
    shop, plan = store.open_shop(trained_shop), stored(trained_shop).plan
    lines = bars(app).split("\n")
    assert [line.split("**")[1].split(" ")[0] for line in lines[:2]] == ["SMS", "E-mail"], "the plan's channels first"
    for channel, line in zip(("sms", "email"), lines, strict=False):
        reach = planned.reach(shop, plan, channel)
        assert f" {len(reach.customer_ids):,}**" in line
        assert all(f"{count:,}" in line for count in reach.left_out.values())
        assert len(reach.customer_ids) + sum(reach.left_out.values()) == len(planned.customers(shop, plan.audience))
    together = len(planned.reachable_customers(shop, plan))
    assert f"**{together:,}** can be reached by at least one" in said(app)
    assert "As the shop's data stands at the end of 2026-05-31." in said(app)


def test_the_count_says_of_which_day_it_is_and_whom_it_leaves_out(brief):
    app = brief(audience=Audience(segment_ids=["s1"], skip_buyers_days=14))
    assert "As the shop's data stands at the end of 2026-05-31." in said(app)
    for reason in ("gave no consent", "unsubscribed", "suppressed", "must never be contacted", "in another live plan"):
        assert reason in said(app)
    assert "messages or more in the 7 days before the send" in said(app)
    assert "Left out too: who bought in the last 14 days" in said(app)


@pytest.mark.parametrize(
    "audience",
    [
        Audience(segment_ids=["s1"]),
        Audience(rule="orders >= 1", exclude_rule="spend > 500", skip_buyers_days=60),
        Audience(rule="email_consent = no or unsubscribed = yes"),
        Audience(segment_ids=["s2"], exclusions=["s1"], rule="lifecycle = lapsed"),
    ],
)
def test_reasons_and_reachable_add_up_to_the_audience_for_every_channel(trained_shop, audience):
    saved_plan(trained_shop, "live", COPY, audience=Audience(rule="orders >= 4"))
    approved(trained_shop, "live")
    plan = saved_plan(trained_shop, audience=audience)
    counted = cache.audience.reach(store.open_shop(trained_shop), plan)
    assert len(counted.by_channel) >= 3
    for channel, one in counted.by_channel.items():
        assert len(one.customer_ids) + sum(one.left_out.values()) == counted.size, channel
        assert len(set(one.customer_ids)) == len(one.customer_ids)


def test_customers_of_another_live_plan_are_counted_out_by_its_name(brief, trained_shop):
    saved_plan(trained_shop, "live", COPY, name="Spring clean", audience=Audience(segment_ids=["s1"]))
    approved(trained_shop, "live")
    app = brief(audience=Audience(segment_ids=["s1", "s2"]))
    taken = live.others(store.open_shop(trained_shop), stored(trained_shop).plan).taken
    assert taken
    assert f"{len(taken):,} are in another live plan" in bars(app)
    assert "Other live plans at the same time: Spring clean." in said(app)


def test_counting_agrees_with_the_engine_without_its_caches(trained_shop):
    plan = saved_plan(
        trained_shop, audience=Audience(segment_ids=["s1"], rule="lifecycle = new", exclude_rule="spend > 500")
    )
    shop = store.open_shop(trained_shop)
    counted = cache.audience.reach(shop, plan)
    assert counted.reachable == planned.reachable_customers(shop, plan)
    assert counted.size == len(planned.customers(shop, plan.audience))
    assert {channel: one for channel, one in counted.by_channel.items()} == {
        channel: planned.reach(shop, plan, channel) for channel in counted.by_channel
    }


# --- saved audiences ---


def test_a_rule_is_saved_under_a_name_used_in_another_plan_and_deleted(brief, open_app, trained_shop):
    app = brief(audience=Audience(rule="orders >= 7"))
    app.text_input(key="audience.name").set_value("Faithful").run()
    app.button(key="audience.save").click().run()
    shop = store.open_shop(trained_shop)
    assert [(one.name, one.rule) for one in saved.saved(shop)] == [("Faithful", "orders >= 7")]
    app.text_input(key="audience.name").set_value("faithful").run()
    app.button(key="audience.save").click().run()
    assert "already an audience" in app.error[0].value
    saved_plan(trained_shop, "second", audience=Audience())
    app = page_of(open_app, trained_shop, "brief", "second")
    app.button(key="audience.use").click().run()
    assert stored(trained_shop, "second").plan.audience.rule == "orders >= 7"
    assert at(app.text_area, "brief.rule_text").value == "orders >= 7"
    app.button(key="audience.delete").click().run()
    assert saved.saved(shop) == []
    assert stored(trained_shop, "second").plan.audience.rule == "orders >= 7", "plans keep their rule"


def test_a_saved_audience_brings_back_all_of_whom_it_adds_and_leaves_out(brief, open_app, trained_shop):
    whole = Audience(
        rule="lifecycle = slipping or orders >= 7",
        exclude_rule="lifecycle = new or spend > 900",
        skip_buyers_days=45,
    )
    app = brief(audience=whole)
    app.text_input(key="audience.name").set_value("Faithful").run()
    app.button(key="audience.save").click().run()
    assert not app.error
    other = Audience(segment_ids=["s1"], exclusions=["s2"], rule="orders = 1", exclude_rule="spend < 5")
    saved_plan(trained_shop, "second", audience=other)
    app = page_of(open_app, trained_shop, "brief", "second")
    assert "Without who bought in the last 45 days." in said(app)
    assert "not saved with it" in said(app), "suggested groups change"
    app.button(key="audience.use").click().run()
    assert stored(trained_shop, "second").plan.audience == whole
    assert app.multiselect(key="brief.groups").value == ["lifecycle = slipping"]
    assert app.multiselect(key="brief.exclusions").value == ["lifecycle = new"]
    assert at(app.text_area, "brief.rule_text").value == "orders >= 7"
    assert at(app.text_area, "brief.exclude_rule_text").value == "spend > 900"
    assert app.number_input(key="brief.skip_buyers_days").value == 45


def test_an_audience_that_was_saved_as_a_rule_alone_is_used_as_that(brief, trained_shop):
    (trained_shop / "audiences.json").write_text(
        '[{"name": "old", "rule": "orders >= 7", "created_at": "2026-01-05T09:00:00", "created_by": "ana"}]'
    )
    app = brief(audience=Audience(rule="orders = 1", exclude_rule="spend < 5", skip_buyers_days=9))
    app.button(key="audience.use").click().run()
    assert audience_of(trained_shop) == Audience(rule="orders >= 7")


def test_a_mistaken_rule_cannot_be_saved_and_the_page_says_why(brief):
    app = brief(audience=Audience(rule="orders >= 7"))
    at(app.text_area, "brief.exclude_rule_text").set_value("ordrs > 2").run()
    assert "audience.save" not in [button.key for button in app.button]
    assert "mend what is wrong with a rule" in said(app)


def test_without_orders_or_groups_a_rule_on_attributes_is_left(open_app, trained_shop):
    (trained_shop / "tables" / "orders.parquet").unlink()
    saved_plan(trained_shop, audience=Audience(rule="city_tier = tier 1"))
    for file in (trained_shop / "segments").iterdir():
        file.unlink()
    app = page_of(open_app, trained_shop, "brief")
    assert "no customer groups yet" in said(app)
    assert "can be reached by E-mail" in said(app)
    assert at(app.selectbox, "brief.rule.0.city_tier.choice").value == "tier 1"


def test_the_page_speaks_chinese(open_app, trained_shop):
    saved_plan(trained_shop, audience=Audience(segment_ids=["s1"], rule="lifecycle = new"))
    app = page_of(open_app, trained_shop, "brief", language="zh")
    assert "人中可通过邮件触达" in said(app)
    assert any(option.startswith("生命周期：新客户") for option in app.multiselect(key="brief.groups").options)


def test_a_plan_filled_from_the_data_says_from_which(open_app, trained_shop):
    from engine.decision import plans

    plan = saved_plan(trained_shop)
    reasons = [
        {"key": "brief.reach", "values": {"count": "5", "size": "9", "channel": "SMS"}},
        {"key": "no.such", "values": {}},
    ]
    plans.save(trained_shop, plan, {"reasons": reasons}, 1, NOW)
    app = page_of(open_app, trained_shop, "brief")
    assert [one.label for one in app.expander if one.label == "Why it was filled like this"]
    assert "5 of 9 can be reached by SMS" in said(app).replace("*", "")
