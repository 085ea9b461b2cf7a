"""A forecast keeps its money straight, stays inside what was tried, and says so where it cannot."""

import dataclasses
import re
import shutil

import numpy as np
import pandas as pd
import pytest

from engine import terms
from engine.audience import segments
from engine.campaign import plans_file, response
from engine.campaign import scene as scenes
from engine.campaign.expected import RANGED
from engine.campaign.forecast import evaluate, evaluate_steps
from engine.campaign.plans_file import forecast_plans, plan_rows, read_plans
from engine.campaign.scene import scene
from engine.errors import DataProblem, NotEnoughData
from engine.shop import store
from tests.tiny import CAMPAIGN_TABLES, shop_of, simulated, tables, trained

PLAN = {"plan_id": "p1", "channel": "email", "offer_kind": "percent", "discount": 0.15, "starts_at": "2026-06-08",
        "send_hour": 10}  # fmt: skip
MONEY = ("orders", "would_buy_anyway", "extra_orders", "revenue", "discount_cost", "extra_profit", "roi")


class Trained:
    """A shop with its models and one audience, asked for forecasts."""

    def __init__(self, shop, audience):
        self.shop, self.models, self.audience = shop, response.load(shop), audience

    def forecast(self, seed=0, audience=None, **changed):
        plan = PLAN | changed
        prepared = scene(self.shop, plan, self.audience if audience is None else audience, seed=seed)
        return evaluate(self.shop, self.models, prepared, plan, seed)


@pytest.fixture(scope="module")
def demo(trained_shop_dir):
    shop = store.open_shop(trained_shop_dir)
    return Trained(shop, segments.members(shop, ["s1"]))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    shop = trained(tmp_path_factory.mktemp("shop") / "golden")
    return Trained(shop, shop.table("customers")["customer_id"].tolist())


@pytest.fixture(params=["demo", "tiny"])
def trained_one(request):
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize(
    "offer", [{}, {"discount": 0.1}, {"holdout": 0.2}, {"audience_share": 0.5}, {"send_cost": 0.5}]
)
def test_money_is_straight(trained_one, offer):
    f = trained_one.forecast(**offer)
    assert f.supported
    extra_gross = f.margin * f.order_value * f.extra_orders.value
    assert f.extra_profit.value == pytest.approx(extra_gross - f.discount_cost.value - f.send_cost, rel=1e-12)
    assert f.extra_orders.value == pytest.approx(f.orders.value - f.would_buy_anyway.value, rel=1e-12)
    assert f.orders.value == pytest.approx(f.order_rate.value * f.recipients, rel=1e-12)
    assert f.revenue.value == pytest.approx(f.orders.value * f.order_value - f.discount_cost.value, rel=1e-12)
    assert f.send_cost == pytest.approx(
        offer.get("send_cost", trained_one.shop.settings.send_cost["email"]) * f.recipients
    )
    least = trained_one.shop.settings.minimum_spend_for_roi
    expected = terms.roi(f.extra_profit.value, f.discount_cost.value, f.send_cost, least)
    assert (f.roi.value if f.roi else None) == pytest.approx(expected)


def test_the_discount_is_paid_on_every_order_and_not_on_the_extra_ones_only(trained_one):
    f = trained_one.forecast(discount=0.2)
    assert f.discount_cost.value == pytest.approx(0.2 * f.orders.value * f.order_value, rel=1e-9)


def test_every_range_holds_its_value_and_rates_are_rates(trained_one):
    f = trained_one.forecast()
    for name in RANGED:
        if (found := getattr(f, name)) is not None:
            assert found.low <= found.value <= found.high, name
    assert 0 < f.ctr.low < f.ctr.high < 1
    assert 0 < f.order_rate.low < f.order_rate.high < 1
    assert 0 <= f.chance_of_loss <= 1
    assert f.basis == "incremental"
    assert f.window_days == 7


def test_the_verdict_follows_the_chance_of_loss(demo):
    for changed in ({"send_cost": 0.0, "discount": 0.1}, {}, {"send_cost": 100.0}):
        f = demo.forecast(**changed)
        expected = "likely_pays" if f.chance_of_loss < 0.2 else "do_not_send" if f.chance_of_loss > 0.8 else "coin_toss"
        assert f.verdict == expected
        assert (f.test_on > 0) == (expected == "coin_toss")
    assert demo.forecast(send_cost=100.0).verdict_text() == "do not send"


def test_more_discount_brings_more_orders(demo):
    rates = [demo.forecast(discount=d).order_rate.value for d in (0.1, 0.15, 0.2, 0.25)]
    assert rates == sorted(rates)
    assert rates[-1] > 1.02 * rates[0]


def test_a_dearer_message_never_earns_more(tiny):
    profits = [tiny.forecast(send_cost=cost).extra_profit.value for cost in (0.0, 0.1, 1.0)]
    assert profits == sorted(profits, reverse=True)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"discount": 0.6}, "60 % off was never tried by email; nearest is 20 %."),
        ({"channel": "sms"}, "No past campaign went out by sms; tried were email."),
        ({"offer_kind": "gift"}, "Offer gift was never tried by email; tried there were none, percent."),
        (
            {"offer_kind": None, "discount": None},
            "Only 84 messages by email had offer none; 200 are needed to learn from.",
        ),
        ({"send_hour": 3}, "Nothing was ever sent by email at 3:00; tried hours are 10:00 to 20:00."),
    ],
)
def test_what_was_never_tried_has_rates_but_no_money(tiny, changed, said):
    f = tiny.forecast(**changed)
    assert f.reason().startswith(said.replace("84", str(tiny.models.tried.sends["email"]["none"])))
    assert "The nearest past campaign" in f.reason()
    assert (f.supported, f.verdict, f.verdict_text()) == (False, "never_tried", "never tried here")
    assert f.ctr is not None
    assert f.order_rate is not None
    assert [getattr(f, name) for name in MONEY] == [None] * len(MONEY)
    assert f.chance_of_loss is f.send_cost is None
    row = f.row()
    assert row["supported"] == 0
    assert [row["extra_profit"], row["extra_profit_low"], row["extra_profit_high"]] == [None] * 3


def test_the_demo_shop_names_the_nearest_discount_that_was_tried(demo):
    f = demo.forecast(channel="sms", discount=0.4)
    assert not f.supported
    assert f.reason().startswith("40 % off was never tried by sms; nearest is 20 %. The nearest past campaign, “202")
    assert "differs in discount (20 % there, 40 % here)" in f.reason()


def test_money_of_what_was_never_tried_is_marked_and_promises_nothing(tiny):
    plan = PLAN | {"discount": 0.6}
    prepared = scene(tiny.shop, plan, tiny.audience)
    refused = evaluate_steps(tiny.shop, tiny.models, [prepared], [plan])
    shown = evaluate_steps(tiny.shop, tiny.models, [prepared], [plan], even_untried=True)
    assert (refused.can_be_overridden, shown.can_be_overridden) == (True, True)
    assert (shown.supported, shown.verdict, shown.chance_of_loss, shown.test_on) == (False, "never_tried", None, 0)
    assert shown.extra_profit.low < shown.extra_profit.value < shown.extra_profit.high
    assert shown.order_rate == refused.order_rate
    assert shown.reason().startswith(refused.reason() + " Outside what was tried: the money is what")
    assert "simulated outcomes" not in shown.reason()


def test_what_is_inside_is_the_same_whether_or_not_the_untried_is_asked_for(tiny):
    plan = PLAN | {"discount": 0.2}
    prepared = scene(tiny.shop, plan, tiny.audience)
    asked = evaluate_steps(tiny.shop, tiny.models, [prepared], [plan], even_untried=True)
    assert asked == evaluate_steps(tiny.shop, tiny.models, [prepared], [plan])
    assert not asked.can_be_overridden


def test_customers_who_were_never_written_to_are_said_to_be_so(tmp_path, tiny):
    shop = tiny.shop
    frames = tables(*CAMPAIGN_TABLES)
    more = frames["customers"].assign(customer_id=[f"new{n}" for n in range(60)])
    both = pd.concat([frames["customers"], more])
    other = Trained(shop_with_models(tmp_path / "more", shop, both), more["customer_id"].tolist())
    assert other.forecast().reason().startswith("Only 0% of this audience was ever written to")


def shop_with_models(folder, shop, customers):
    shutil.copytree(shop.path, folder)
    opened = store.open_shop(folder)
    store.write_tables(
        opened, {"customers": customers.astype("str").replace({"suppressed": {"nan": "0"}})[["customer_id"]]}
    )
    return opened


def test_nobody_reachable_is_said_and_costs_nothing(tiny):
    f = tiny.forecast(audience=["c006"])  # no consent
    assert (f.audience_size, f.reachable, f.recipients, f.supported) == (1, 0, 0, False)
    assert f.reason() == "Nobody in this audience can be reached by e-mail: 0 of 1 have consent."
    assert f.reason("zh") == "这批客户无法通过邮件触达：1 人中没有人同意接收。"
    assert f.verdict_text() == "do not send"
    assert all(value is None or value == value for value in f.row().values()), "no NaN"
    assert f.row()["orders"] is None
    assert (f.can_be_measured, f.whole_orders, f.detectable) == (None, None, None)


def test_an_audience_that_holds_nobody_is_said_to(tiny):
    f = tiny.forecast(audience=[])
    assert (f.audience_size, f.reachable, f.verdict) == (0, 0, "do_not_send")
    assert f.reason().startswith("Nobody is in this audience")


def test_every_reason_why_nobody_can_be_reached_is_counted(tmp_path, tiny):
    people = pd.DataFrame({"customer_id": [f"p{n}" for n in range(6)], "sms_consent": [0, 0, 0, 1, 1, 1]})
    tables_of = {"customers": people, "orders": tables("orders")["orders"].assign(customer_id="p0")}
    shop = shop_of(tmp_path / "shop", tables_of, {"never_contact": ["p3", "p4", "p5"]})
    plan = PLAN | {"channel": "sms"}
    f = evaluate(shop, tiny.models, scene(shop, plan, people["customer_id"].tolist()), plan)
    assert f.reason() == (
        "Nobody in this audience can be reached by SMS: of 6, 3 must never be contacted, 3 gave no consent."
    )
    assert f.reason("zh") == "这批客户无法通过短信触达：共 6 人，3 人设为永不联系、3 人未同意接收。"


def test_settings_nobody_confirmed_are_named_in_words(tmp_path, tiny):
    shop = shop_of(tmp_path / "shop", simulated(), {"assumed": ["gross_margin", "house_style"]})
    f = evaluate(shop, tiny.models, scene(shop, PLAN, ["c001", "c002", "c005"]), PLAN)
    assert "Assumed, nobody confirmed it: Gross margin, house_style." in f.reason()
    assert "以下为假设值，尚未确认：毛利率、house_style。" in f.reason("zh")


def test_who_can_be_reached_but_is_left_out_on_purpose_is_not_called_unreachable(tiny):
    f = tiny.forecast(audience=["c001"], holdout=0.9)
    assert (f.reachable, f.recipients, f.verdict) == (1, 0, "do_not_send")
    assert f.reason().startswith("Of the 1 who can be reached all are left out on purpose")


def test_several_channels_that_reach_nobody_each_say_why(tiny):
    steps = [PLAN, PLAN | {"channel": "sms", "day": 3}]
    nobody = ["c006"]
    f = evaluate_steps(tiny.shop, tiny.models, scenes.scenes(tiny.shop, steps, nobody), steps)
    if f.reachable == 0:
        assert [sentence.values["channel"].text() for sentence in f.sentences] == ["e-mail", "SMS"]


def test_holdout_and_share_reduce_who_is_written_to(tiny):
    everyone = tiny.forecast()
    assert everyone.recipients == everyone.reachable < everyone.audience_size == 60
    assert tiny.forecast(holdout=0.25).recipients == round(0.75 * everyone.reachable)
    assert tiny.forecast(holdout=0.5, audience_share=0.5).recipients == round(0.25 * everyone.reachable)
    assert tiny.forecast(holdout=0.25).orders.value == pytest.approx(
        everyone.orders.value * tiny.forecast(holdout=0.25).recipients / everyone.recipients
    )


def test_the_same_seed_gives_the_same_forecast(demo):
    assert demo.forecast(seed=4) == demo.forecast(seed=4)


def test_another_seed_moves_the_number_by_no_more_than_its_sampling_error(demo):
    rates = [demo.forecast(seed=s, audience=everyone(demo.shop)).order_rate.value for s in range(3)]
    assert len(set(rates)) == 3
    assert np.std(rates) < 0.05 * np.mean(rates)


def everyone(shop):
    return shop.table("customers", ["customer_id"])["customer_id"].tolist()


def test_a_large_audience_is_stood_for_by_two_thousand_with_their_sampling_error(demo, monkeypatch):
    prepared = scene(demo.shop, PLAN, everyone(demo.shop))
    assert len(prepared.known) == 2_000 < len(prepared.customer_ids)
    assert prepared.known["customer_id"].is_unique
    order = {c: n for n, c in enumerate(prepared.customer_ids)}
    assert prepared.known["customer_id"].map(order).is_monotonic_increasing
    p = np.array([0.1, 0.3] * 1_000)
    n, whole = 2_000, len(prepared.customer_ids)
    assert scenes.sampling_sd(p, prepared) == pytest.approx(p.std(ddof=1) / np.sqrt(n) * np.sqrt(1 - n / whole))
    sampled = demo.forecast(audience=everyone(demo.shop)).order_rate
    monkeypatch.setattr(scenes, "REPRESENTATIVES", 10**9)
    whole_rate = demo.forecast(audience=everyone(demo.shop)).order_rate
    assert sampled.value == pytest.approx(whole_rate.value, rel=0.1)
    assert scenes.sampling_sd(p, scene(demo.shop, PLAN, demo.audience[:2_000])) == 0.0


def test_products_of_a_plan_change_what_is_known_and_its_margin(tiny):
    plan = PLAN | {"product_ids": ["p3"]}
    with_products, without = scene(tiny.shop, plan, tiny.audience), scene(tiny.shop, PLAN, tiny.audience)
    assert with_products.known["campaign_spend"].sum() > without.known["campaign_spend"].sum() == 0
    assert with_products.margin.share == pytest.approx(0.6)  # p3 costs 12 of 30; the whole range 0.4 to 0.6
    assert without.margin.share != with_products.margin.share


def test_without_a_holdout_all_orders_count_and_the_basis_says_so(tmp_path):
    frames = {name: simulated(held=0.0)[name] for name in CAMPAIGN_TABLES}
    shop = shop_of(tmp_path / "shop", frames)
    response.train(shop)
    f = Trained(shop, everyone(shop)).forecast()
    assert f.basis == "attributed"
    assert f.would_buy_anyway is None
    assert f.extra_orders.value == f.orders.value
    assert "No holdout: all orders inside the window are counted" in f.reason()
    assert f.row()["would_buy_anyway_low"] is None


def test_a_shop_of_customers_campaigns_and_deliveries_is_forecast_with_its_set_margin(tmp_path):
    shop = trained(tmp_path / "shop", *CAMPAIGN_TABLES)
    f = Trained(shop, everyone(shop)).forecast()
    assert f.supported
    assert f.margin == 0.4
    assert "Margin 40% is the shop's setting, not measured from unit costs." in f.reason()


def test_a_shop_of_totals_is_forecast_for_any_list_of_customers(tmp_path):
    frames = simulated(people=400)
    sent = frames["deliveries"].query("treated == 1")
    results = sent.groupby("campaign_id", as_index=False).agg(
        recipients=("customer_id", "size"),
        clicked=("clicked", "sum"),
        orders=("converted", "sum"),
        revenue=("revenue", "sum"),
    )
    shop = shop_of(tmp_path / "shop", {"campaigns": frames["campaigns"], "campaign_results": results})
    response.train(shop)
    f = Trained(shop, [f"x{n}" for n in range(100)]).forecast(discount=0.2)
    assert f.supported
    assert f.reachable == 100
    assert "Only totals of past campaigns are on record, not who got them" in f.reason()
    assert f.order_rate.value == pytest.approx(sent["converted"].mean(), rel=0.5)


def test_a_shop_that_knows_ads_only_says_what_is_missing(tmp_path):
    shop = trained(tmp_path / "shop", "ads")
    with pytest.raises(NotEnoughData, match=r"learned from ads only; forecasts of messages need past campaigns"):
        Trained(shop, ["c1"]).forecast()


def test_orders_without_revenue_give_rates_but_no_money(tmp_path):
    frames = tables(*CAMPAIGN_TABLES)
    frames["deliveries"] = frames["deliveries"].drop(columns="revenue")
    shop = shop_of(tmp_path / "shop", frames)
    response.train(shop)
    f = Trained(shop, everyone(shop)).forecast()
    assert f.reason() == "Past messages record no revenue, so money cannot be forecast."
    assert f.order_rate is not None


def test_clicks_without_orders_give_clicks_only(tmp_path):
    frames = tables(*CAMPAIGN_TABLES)
    frames["deliveries"] = frames["deliveries"].drop(columns=["revenue", "converted"])
    shop = shop_of(tmp_path / "shop", frames)
    response.train(shop)
    f = Trained(shop, everyone(shop)).forecast()
    assert f.reason() == "Past messages do not record who ordered, so only clicks can be said, and no money."
    assert (f.ctr is None, f.order_rate, f.supported, f.can_be_overridden) == (False, None, False, False)


def test_orders_without_clicks_have_money_and_the_missing_clicks_are_said(tmp_path):
    frames = tables(*CAMPAIGN_TABLES)
    frames["deliveries"] = frames["deliveries"].drop(columns="clicked")
    shop = shop_of(tmp_path / "shop", frames)
    response.train(shop)
    f = Trained(shop, everyone(shop)).forecast()
    assert f.supported
    assert f.ctr is None
    assert "Past messages do not record clicks, so no click rate is given." in f.reason()


def test_a_minimum_spend_keeps_the_offer_from_small_orders(demo):
    """Where one was asked for before: 15 off from 100 on by e-mail, and nearly as much is known of 120."""
    hundred = demo.forecast(offer_kind="amount", discount=15.0, min_spend=100.0)
    more = demo.forecast(offer_kind="amount", discount=15.0, min_spend=120.0)
    assert hundred.supported and more.supported
    assert more.discount_cost.value < hundred.discount_cost.value


def test_a_minimum_spend_that_was_never_asked_for_has_no_money(demo):
    f = demo.forecast(min_spend=40.0)
    assert not f.supported
    assert f.reason().startswith("A minimum spend was never asked for")


def test_a_cost_that_no_data_supports_is_named_with_its_offer_and_currency(demo):
    f = demo.forecast(offer_kind="free_shipping", discount=None)
    assert re.search(r"The cost of the offer “Free shipping” is taken as \d+\.\d\d USD per order\.", f.reason())
    assert re.search(r"“包邮”的成本按每单 \d+\.\d\d USD 计。", f.reason("zh"))


def test_a_forecast_is_plain_json_for_the_record(tiny):
    stored = tiny.forecast().to_json()
    assert stored["extra_profit"] == dataclasses.asdict(tiny.forecast().extra_profit)
    assert stored["reason"] == tiny.forecast().reason()
    assert set(stored) >= {"supported", "verdict", "messages", "campaigns", "last_sent"}


# --- files of plans ---


def plans(folder, text, name="plans.csv"):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_a_file_of_plans_is_forecast_in_order_beside_its_audience_files(tiny, tmp_path):
    plans(tmp_path / "in", "customer_id,note\nc001,a\nNA,b\nc001,again\n", "lists/few.csv")
    path = plans(
        tmp_path / "in",
        "plan_id,channel,offer_kind,discount,audience,starts_at,product_ids\n"
        "b,email,percent,0.2,lists/few.csv,2026-06-08,p3;007\n"
        "007,email,,,lists/few.csv,,\n",
    )
    found = forecast_plans(tiny.shop, tiny.models, read_plans(path), path.parent)
    assert found["plan_id"].tolist() == ["b", "007"]
    assert found["audience_size"].tolist() == [2, 2]
    assert found["supported"].tolist() == [1, 0]
    assert plan_rows(read_plans(path))[0]["product_ids"] == ["p3", "007"]


def test_a_plan_for_a_segment_is_for_its_customers(demo, tmp_path):
    path = plans(tmp_path, "plan_id,channel,segment_id,offer_kind,discount\np1,email,s1,percent,0.15\n")
    row = forecast_plans(demo.shop, demo.models, read_plans(path), tmp_path).iloc[0]
    assert row["audience_size"] == len(demo.audience)
    assert row["supported"] == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("channel,discount\nemail,0.1\n", r"plans.csv: column plan_id is missing"),
        ("plan_id\np1\n", r"plans.csv: column channel is missing"),
        ("plan_id,channel,discount\np1,email,0.1\np2,email,a lot\n", r"row 3: discount is 'a lot'; a number"),
        ("plan_id,channel,discount\np1,email,\"12,5\"\n", r"row 2: discount is '12,5'; a number"),
        ("plan_id,channel,discount\np1,email,-0.1\n", r"row 2: discount is '-0.1'; it cannot be below 0"),
        ("plan_id,channel,audience_share\np1,email,50\n", r"row 2: audience_share is '50.0'; a share above 0"),
        ("plan_id,channel,holdout\np1,email,1\n", r"row 2: holdout is '1.0'; a share from 0 to below 1"),
        ("plan_id,channel,send_hour\np1,email,25\n", r"row 2: send_hour is '25.0'; an hour from 0 to 23"),
        ("plan_id,channel,starts_at\np1,email,next week\n", r"row 2: starts_at is 'next week'; a date such as"),
        (
            "plan_id,channel,starts_at,ends_at\np1,email,2026-06-12,2026-06-05\n",
            r"row 2: ends_at is '2026-06-05 00:00:00'; it is before starts_at",
        ),
        ("plan_id,channel\np1,email\n,email\n", r"row 3: plan_id and channel must not be empty"),
        ("plan_id,channel\np1,email\n", r"plan p1: say who gets it, with segment_id, audience or rule"),
        ("plan_id,channel,segment_id\np1,email,s1\n", r"no groups yet"),
        ("plan_id,channel,audience\np1,email,gone.csv\n", r"gone.csv: no such file"),
        ("plan_id,channel,offer_kind,discount\np1,email,percent,15\n", r"row 2: discount is '15.0'; a percent offer"),
        ("plan_id,channel,max_discount\np1,email,0\n", r"row 2: max_discount is '0.0'; an amount above 0 is needed"),
        ("plan_id,channel,min_spend\np1,email,-5\n", r"row 2: min_spend is '-5.0'; it cannot be below 0"),
        ("plan_id,channel,send_cost\np1,email,-1\n", r"row 2: send_cost is '-1.0'; it cannot be below 0"),
        ("plan_id,channel,per_customer_limit\np1,email,1.5\n", r"row 2: per_customer_limit is '1.5'; a whole number"),
        ("plan_id,channel,applies_to\np1,email,[Tea\n", r"plan p1: applies_to is '\[Tea'; names are needed"),
        ("plan_id,channel,tiers\np1,email,from 50 on\n", r"plan p1: tiers is 'from 50 on'; pairs such as"),
        ("plan_id,channel,audience\np1,email,plans.csv\n", r"plans.csv: column customer_id is missing"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_file_of_plans_is_named_with_its_row(tiny, tmp_path, text, said):
    path = plans(tmp_path, text)
    with pytest.raises((DataProblem, NotEnoughData), match=said):
        forecast_plans(tiny.shop, tiny.models, read_plans(path), tmp_path)


def test_an_unknown_segment_is_refused_with_those_there_are(demo):
    with pytest.raises(DataProblem, match=r"There is no group s99; groups are s1, "):
        plans_file.audience_of(demo.shop, {"plan_id": "p1", "segment_id": "s99"}, demo.shop.path)


def test_tiers_in_a_plans_file_cost_what_they_give(demo, tmp_path):
    path = tmp_path / "plans.csv"
    path.write_text('plan_id,channel,offer_kind,starts_at,tiers\np1,email,spend_save,2026-06-08,"[[150, 20]]"\n')
    (plan,) = plan_rows(read_plans(path))
    assert plan["tiers"] == ((150.0, 20.0),)
    prepared = scene(demo.shop, plan, demo.audience)
    given = evaluate(demo.shop, demo.models, prepared, plan)
    assert given.supported
    assert 0 < given.discount_cost.value / given.orders.value <= 20
    lower = evaluate(demo.shop, demo.models, prepared, plan | {"tiers": [[50, 5], [150, 20]]})
    assert lower.reason().startswith("5.00 off was never tried by email; nearest is 20.00.")


def test_the_terms_of_an_offer_in_a_plans_file_are_read_as_names_and_numbers(tmp_path):
    path = plans(
        tmp_path,
        "plan_id,channel,applies_to,stackable_with,per_customer_limit,max_discount\n"
        'p1,email,Skin Care; p12,CLUB10,1,20\np2,email,"[""a;b""]",,,\n',
    )
    first, second = plan_rows(read_plans(path))
    assert (first["applies_to"], first["stackable_with"]) == (["Skin Care", "p12"], ["CLUB10"])
    assert (first["per_customer_limit"], first["max_discount"]) == (1, 20)
    assert (second["applies_to"], second["stackable_with"], second["max_discount"]) == (["a;b"], [], None)


def test_an_offer_on_a_part_of_the_range_costs_less_and_moves_fewer(tiny):
    whole, plan = tiny.forecast(discount=0.2), PLAN | {"discount": 0.2, "applies_to": ["Kitchen"]}
    prepared = scene(tiny.shop, plan, tiny.audience)
    part = evaluate_steps(tiny.shop, tiny.models, [prepared], [plan], even_untried=True)
    assert not part.supported, "as small an offer as that on a whole order was never tried"
    assert part.discount_cost.value < whole.discount_cost.value
    assert part.orders.value < whole.orders.value
    assert "The offer is for Kitchen: " in part.reason()
    assert "优惠仅限 Kitchen" in part.reason("zh")
    with pytest.raises(DataProblem, match="applies to 'Kitchn', which is neither a product_id nor a category"):
        tiny.forecast(discount=0.2, applies_to=["Kitchn"])


def test_what_comes_back_is_not_earned(tmp_path, tiny):
    """No return is on record in this shop: the setting counts, and every amount of money is less by it."""
    frames = simulated()
    frames["orders"] = frames["orders"].query("quantity > 0")
    forecasts = []
    for rate in (0.0, 0.25):
        shop = shop_of(tmp_path / f"shop{rate}", frames, {"return_rate": rate})
        forecasts.append(evaluate(shop, tiny.models, scene(shop, PLAN, tiny.audience), PLAN))
    none, quarter = forecasts
    for name in ("revenue", "discount_cost"):
        assert getattr(quarter, name).value == pytest.approx(0.75 * getattr(none, name).value)
    assert quarter.order_value == pytest.approx(0.75 * none.order_value)
    assert quarter.orders == none.orders


def test_a_message_whose_cost_nobody_stated_counts_as_free_and_is_named(tmp_path, tiny):
    shop = shop_of(tmp_path / "shop", simulated(), {"send_cost": {"sms": 0.05}})
    f = evaluate(shop, tiny.models, scene(shop, PLAN, tiny.audience), PLAN)
    assert f.send_cost == 0
    assert "Nobody has said what a message by e-mail costs: it counts as 0." in f.reason()
    assert "Nobody has said" not in tiny.forecast().reason()


def test_a_text_message_of_two_parts_costs_twice_in_money_and_in_the_worked_example(demo):
    short, long = (demo.forecast(channel="sms", body=body) for body in ("Tea is back.", "Tea is back. " * 15))
    price = demo.shop.settings.send_cost["sms"]
    assert short.send_cost == pytest.approx(short.recipients * price)
    assert long.send_cost == pytest.approx(2 * short.send_cost)
    assert long.extra_profit.value == pytest.approx(short.extra_profit.value - short.send_cost)
    assert long.worked.sends == ((long.recipients, 2 * price),)
    assert long.worked.sources["send_cost"].text().endswith("one text message is 2 parts, and each is billed")
    own = demo.forecast(channel="sms", body="Tea is back. " * 15, send_cost=0.01)
    assert own.send_cost == pytest.approx(0.01 * own.recipients)


def test_tax_that_no_order_tells_is_named(tmp_path, tiny):
    shop = shop_of(tmp_path / "shop", simulated(), {"prices_include_tax": True})
    f = evaluate(shop, tiny.models, scene(shop, PLAN, tiny.audience), PLAN)
    assert "Prices include tax, but no order says how much" in f.reason()


# --- what a holdout can show, and orders in whole numbers ---


def test_a_small_audience_cannot_be_measured_and_a_large_one_can(demo):
    few = demo.forecast(audience=demo.audience[:42], holdout=0.1)
    many = demo.forecast(audience=everyone(demo.shop), holdout=0.2)
    assert few.detectable > few.rate_anyway, "the difference to be seen is more than twice as many orders"
    assert few.can_be_measured is False
    assert few.enough_held_out is None
    assert many.can_be_measured is True
    assert demo.forecast(holdout=0.0).can_be_measured is None


def test_so_many_held_out_would_be_enough(demo):
    f = demo.forecast(audience=everyone(demo.shop), holdout=0.002)
    people = f.recipients + f.held_out
    assert f.can_be_measured is False
    enough = demo.forecast(audience=everyone(demo.shop), holdout=(f.enough_held_out + 1) / people)
    assert enough.can_be_measured is True


@pytest.mark.parametrize("share", [0.1, 0.13, 0.37, 0.5, 0.81, 1.0])
def test_whole_orders_add_up(trained_one, share):
    f = trained_one.forecast(audience_share=share)
    orders, extra, anyway = f.whole_orders
    assert orders == extra + anyway
    assert (orders, extra) == (round(f.orders.value), round(f.extra_orders.value))
    assert abs(anyway - f.would_buy_anyway.value) <= 1
