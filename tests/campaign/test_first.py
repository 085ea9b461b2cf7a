"""A plan before anything was learned: break-even by hand, what typed rates earn, and how they become the shop's own."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from engine.campaign import plans_file
from engine.campaign.first import outlook, said
from engine.campaign.first.anyway import Anyway
from engine.campaign.first.assumed import Assumed, of_json
from engine.campaign.first.basket import basket, stated
from engine.campaign.first.experience import COLUMNS, Experience, experience
from engine.campaign.first.holdout import propose
from engine.campaign.first.outlook import Ground
from engine.campaign.scene import scene
from engine.errors import DataProblem, NotEnoughData
from engine.model.ranges import Variation
from engine.sentences import Sentence
from tests.tiny import shop_of, tables

PEOPLE = 1000
DAY = date(2026, 6, 1)
PLAN = {"plan_id": "p", "channel": "email", "offer_kind": "percent", "discount": 0.2, "starts_at": "2026-06-08",
        "window_days": 7}  # fmt: skip
NOTHING_TYPED = Assumed()
NO_PAST = Experience(pd.DataFrame(columns=COLUMNS), "")


def known_anyway(rate=0.05):
    ids = pd.Index([f"c{number}" for number in range(PEOPLE)])
    checked = pd.DataFrame({"day": [], "customers": [], "predicted": [], "ordered": []})
    return Anyway(7, DAY, pd.Series(rate, ids), Variation(0.2, 10), checked, date(2026, 3, 9), 12, 500)


def campaign(**counts):
    row = dict.fromkeys(COLUMNS, 0.0) | {"campaign_id": "k", "channel": "email", "kind": "percent", "sent": 1000.0}
    return row | {"order_trials": 1000.0} | counts


def past(*rows):
    return Experience(pd.DataFrame(list(rows), columns=COLUMNS), "2026-05-01")


class Shop:
    """A thousand customers who can be written to, at a margin of 45 % and 0.004 for a message."""

    def __init__(self, folder):
        ids = [f"c{number}" for number in range(PEOPLE)]
        settings = {"gross_margin": {"default": 0.45}, "send_cost": {"email": 0.004}, "minimum_spend_for_roi": 1.0}
        self.shop = shop_of(folder, {"customers": pd.DataFrame({"customer_id": ids})})
        self.shop = type(self.shop)(self.shop.path, self.shop.settings.model_copy(update=settings))
        self.ids = ids

    def look(self, assumed=NOTHING_TYPED, anyway=None, worth=80.0, own=NO_PAST, seed=0, **changed):
        plan = PLAN | changed
        prepared = scene(self.shop, plan, self.ids, as_of=DAY)
        known = Ground(anyway or known_anyway(), stated(worth, "typed") if worth else None, own)
        return outlook.look(self.shop, None, [prepared], [plan], assumed, known, seed)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return Shop(tmp_path_factory.mktemp("shop") / "shop")


# --- without a typed rate ---


def test_break_even_is_that_of_the_formula_with_the_range_of_who_buys_anyway(shop):
    found = shop.look()
    # 50 buy anyway: (50 x 80 x 0.2 + 1000 x 0.004) / (80 x (0.45 - 0.2)) = 40.2
    assert found.break_even.value == pytest.approx(40.2)
    low, high = (share * PEOPLE for share in (found.anyway_rate.low, found.anyway_rate.high))
    assert 25 < low < 50 < high < 85
    assert found.break_even.low == pytest.approx((low * 16 + 4) / 20)
    assert found.break_even.high == pytest.approx((high * 16 + 4) / 20)
    assert found.break_even_rate == pytest.approx(0.0402)
    assert "It pays from 41 extra orders on (80 %: " in found.forecast.reason()
    assert "4.0 % of those written to" in found.forecast.reason()


def test_without_a_rate_there_is_no_money_and_what_is_known_is_said(shop):
    row = shop.look().forecast.row()
    assert row["would_buy_anyway"] == pytest.approx(50)
    assert row["would_buy_anyway_low"] < 50 < row["would_buy_anyway_high"]
    assert (row["supported"], row["basis"], row["audience_size"], row["reachable"]) == (0, "attributed", 1000, 1000)
    for money in ("orders", "extra_orders", "revenue", "discount_cost", "send_cost", "extra_profit", "roi"):
        assert row[money] is None, money
    assert row["verdict"] == "never tried here"
    assert "About 50 of the 1,000 people written to would buy within 7 days anyway" in row["reason"]
    assert "12 such windows from 2026-03-09 to 2026-06-01, orders that past messages brought included" in row["reason"]


def test_at_full_price_break_even_hangs_on_nobody_who_buys_anyway(shop):
    unknown = Sentence("first.anyway_no_orders")
    found = shop.look(anyway=unknown, offer_kind="none", discount=None)
    assert found.break_even.value == pytest.approx(4 / 36)
    discounted = shop.look(anyway=unknown)
    assert discounted.break_even is None
    assert discounted.least_even == pytest.approx(4 / 20)
    assert "if nobody bought anyway" in discounted.forecast.reason()


def test_an_offer_above_the_margin_never_pays(shop):
    found = shop.look(discount=0.5)
    assert found.never_even
    assert found.break_even is None
    assert "no number of extra orders would pay for it" in found.forecast.reason()


def test_a_held_out_share_is_not_written_to(shop):
    found = shop.look(holdout=0.2)
    assert (found.forecast.recipients, found.forecast.held_out) == (800, 200)
    assert found.forecast.would_buy_anyway.value == pytest.approx(40)


def test_nobody_reachable_is_told_and_not_divided_by(shop):
    plan = PLAN | {"audience_share": 0.0001}
    prepared = scene(shop.shop, plan, shop.ids, as_of=DAY)
    found = outlook.look(
        shop.shop, None, [prepared], [plan], Assumed(order_rate=0.1), Ground(known_anyway(), None, NO_PAST)
    )
    assert found.forecast.verdict == "do_not_send"
    assert "nobody would be written to" in found.forecast.reason()


# --- with a typed rate ---


@pytest.mark.parametrize(
    ("extra", "profit"),
    [
        (0.02, 20 * 36 - 70 * 16 - 4),  # 20 extra orders bring 36 each, 70 cost 16 each, sending 4
        (0.10, 100 * 36 - 150 * 16 - 4),
    ],
)
def test_money_follows_from_the_typed_rate_by_the_formula(shop, extra, profit):
    found = shop.look(Assumed(extra_rate=extra))
    forecast, expected = found.forecast, found.scenarios[1]
    assert expected.extra_orders == pytest.approx(1000 * extra)
    assert forecast.extra_profit.value == pytest.approx(profit)
    assert forecast.roi.value == pytest.approx(profit / ((1000 * extra + 50) * 16 + 4))
    assert forecast.orders.value == pytest.approx(1000 * extra + 50)
    assert (forecast.basis, forecast.supported) == ("assumption", True)


def test_an_order_rate_is_the_same_as_the_extra_rate_it_leaves_beyond_who_buys_anyway(shop):
    by_extra, by_order = shop.look(Assumed(extra_rate=0.02)), shop.look(Assumed(order_rate=0.07))
    assert by_order.forecast.extra_profit.value == pytest.approx(by_extra.forecast.extra_profit.value)
    assert by_order.forecast.extra_orders.low < by_extra.forecast.extra_orders.low, "all orders are known less well"


def test_low_and_high_are_the_allowance_for_a_typed_rate(shop):
    low, expected, high = (one.extra_rate for one in shop.look(Assumed(extra_rate=0.02)).scenarios)
    # In log-odds 0.6 for the typed rate and 0.3 from campaign to campaign, at 0.02 x 0.98; and the luck of 1000 people.
    sd = np.sqrt((0.6 * 0.0196) ** 2 + (0.3 * 0.0196) ** 2 + 0.07 * 0.93 / 1000)
    assert expected == pytest.approx(0.02)
    assert (low, high) == pytest.approx((0.02 - norm.ppf(0.9) * sd, 0.02 + norm.ppf(0.9) * sd))


def test_every_range_holds_its_value_and_the_same_seed_gives_the_same(shop):
    one, other = shop.look(Assumed(order_rate=0.07), seed=5), shop.look(Assumed(order_rate=0.07), seed=5)
    assert one.forecast == other.forecast
    for name in ("orders", "extra_orders", "extra_profit", "roi", "revenue", "order_rate", "would_buy_anyway"):
        found = getattr(one.forecast, name)
        assert found.low < found.value < found.high, name
    assert 0 < one.forecast.chance_of_loss < 1


def test_the_verdict_is_one_only_if_the_rates_are_right(shop):
    good, bad = shop.look(Assumed(extra_rate=0.2)).forecast, shop.look(Assumed(extra_rate=0.001)).forecast
    assert (good.verdict_text(), bad.verdict_text()) == (
        "likely pays, if your rates are right",
        "do not send, if your rates are right",
    )
    assert good.verdict_text("zh") == "很可能赚钱（前提是您填写的比率正确）"
    assert "From typed rates, not learned: 20.0 % of those written to order because of it." in good.reason()


def test_two_typed_rates_say_who_buys_anyway_where_the_orders_do_not(shop):
    unknown = Sentence("first.anyway_no_orders")
    for one in (Assumed(order_rate=0.07), Assumed(extra_rate=0.02)):
        found = shop.look(one, anyway=unknown)
        assert found.forecast.extra_profit is None
        assert "type both the order rate and the extra orders" in found.forecast.reason()
    both = shop.look(Assumed(order_rate=0.07, extra_rate=0.02), anyway=unknown)
    assert both.forecast.extra_profit.value == pytest.approx(20 * 36 - 70 * 16 - 4)
    assert "By the two typed rates 50 of the 1,000" in both.forecast.reason()


def test_without_the_worth_of_an_order_it_is_asked_for(shop):
    assert (
        "What an order is worth is not known: type it too."
        in shop.look(Assumed(extra_rate=0.02), worth=None).forecast.reason()
    )
    typed = shop.look(Assumed(extra_rate=0.02, order_value=80.0), worth=None)
    assert typed.forecast.extra_profit.value == pytest.approx(20 * 36 - 70 * 16 - 4)


def test_a_typed_click_rate_brings_clicks_and_no_money(shop):
    forecast = shop.look(Assumed(click_rate=0.03)).forecast
    assert forecast.ctr.value == pytest.approx(0.03)
    assert forecast.ctr.low < 0.02 < 0.045 < forecast.ctr.high
    assert (forecast.extra_profit, forecast.basis) == (None, "assumption")


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"order_rate": 0.0}, "assumed_order_rate is 0.0; a share above 0 and below 1 is needed"),
        ({"extra_rate": 2.0}, "assumed_extra_rate is 2.0; a share above 0 and below 1"),
        ({"click_rate": -0.1}, "assumed_click_rate is -0.1"),
        ({"order_value": 0.0}, "assumed_order_value is 0.0; an amount above 0 is needed"),
        ({"order_rate": 0.01, "extra_rate": 0.02}, "extra orders are a part of all orders"),
    ],
)
def test_a_typed_rate_that_can_be_none_is_refused(typed, words):
    with pytest.raises(DataProblem, match=words):
        Assumed(**typed)


def test_what_was_typed_is_kept_and_read_back():
    typed = Assumed(extra_rate=0.02, click_rate=0.03)
    assert typed.to_json() == {"click_rate": 0.03, "extra_rate": 0.02}
    assert of_json(typed.to_json()) == typed
    assert of_json(None) == Assumed()


# --- own campaigns take over ---


def test_a_campaign_of_its_own_moves_the_typed_rate_by_its_precision(shop):
    found = shop.look(Assumed(order_rate=0.07), own=past(campaign(orders=20.0)))
    # 20 of 1000: log-odds with variance 1 / 20.5 + 1 / 980.5, and 0.09 between campaigns, against 0.36 of the typed.
    variance = 0.09 + 1 / 20.5 + 1 / 980.5
    own = 0.36 / (0.36 + variance)
    expected = (1 - own) * np.log(0.07 / 0.93) + own * np.log(20.5 / 980.5)
    assert found.rates.order.own_share == pytest.approx(own)
    assert found.forecast.order_rate.value == pytest.approx(1 / (1 + np.exp(-expected)))
    assert f"{round(100 * own)} % of the rate used is this shop's own experience" in found.forecast.reason()


def test_campaign_by_campaign_less_is_typed_and_the_range_narrows(shop):
    looks = [shop.look(Assumed(order_rate=0.07), own=past(*[campaign(orders=60.0)] * n)) for n in range(6)]
    shares = [one.rates.order.own_share for one in looks]
    widths = [one.scenarios[2].order_rate / one.scenarios[0].order_rate for one in looks]
    assert shares == sorted(shares)
    assert widths == sorted(widths, reverse=True)
    assert (shares[0], len(set(widths))) == (0.0, 6)


def test_a_typed_extra_rate_is_moved_only_by_campaigns_that_left_people_out(shop):
    typed = Assumed(extra_rate=0.02)
    without = shop.look(typed, own=past(campaign(orders=60.0)))
    assert without.rates.extra.own_share == 0.0
    assert "left nobody out on purpose" in without.forecast.reason()
    # 6 % against 5 % of as many held out: an extra 1 % whose variance is that of both, far beyond the allowance.
    held = shop.look(typed, own=past(campaign(orders=60.0, held=1000.0, held_orders=50.0)))
    scale = 0.0196
    p, q = 60.5 / 1001, 50.5 / 1001
    variance = (0.3 * scale) ** 2 + (p * (1 - p) + q * (1 - q)) / 1000
    own = (0.6 * scale) ** 2 / ((0.6 * scale) ** 2 + variance)
    assert held.rates.extra.own_share == pytest.approx(own)
    assert held.scenarios[1].extra_rate == pytest.approx((1 - own) * 0.02 + own * 0.01)


def test_own_campaigns_alone_give_rates_and_no_money(shop):
    forecast = shop.look(own=past(campaign(orders=20.0, clicks=50.0, click_trials=1000.0))).forecast
    assert forecast.order_rate.value == pytest.approx(20.5 / 1001)
    assert forecast.ctr.value == pytest.approx(50.5 / 1001)
    assert (forecast.extra_profit, forecast.supported) == (None, False)


def test_past_campaigns_are_counted_from_deliveries_and_totals(tmp_path):
    found = tables("campaigns", "deliveries")
    totals = pd.DataFrame(
        {"campaign_id": ["k10"], "recipients": [500], "delivered": [480], "clicked": [30], "orders": [6]}
    )
    sent = found["deliveries"][found["deliveries"]["campaign_id"] != "k10"]
    shop = shop_of(tmp_path / "shop", {**found, "deliveries": sent, "campaign_results": totals})
    counted = experience(shop, date(2026, 1, 1)).campaigns.set_index("campaign_id")
    k01 = sent[sent["campaign_id"] == "k01"]
    treated = k01["treated"].astype(int) == 1
    assert counted.loc["k01", "sent"] == treated.sum()
    assert counted.loc["k01", "orders"] == k01.loc[treated, "converted"].astype(int).sum()
    assert counted.loc["k01", "held"] == (~treated).sum()
    assert counted.loc["k01", "held_orders"] == k01.loc[~treated, "converted"].astype(int).sum()
    assert counted.loc["k10", ["sent", "clicks", "orders", "held"]].tolist() == [480, 30, 6, 0]
    assert counted.loc["k05", "kind"] == "none"
    assert len(experience(shop, date(2025, 3, 1)).campaigns) == 1, "later campaigns do not exist yet"


@pytest.mark.parametrize(
    ("orders", "worth", "source"), [(320, 10.0, "audience"), (160, 20.0, "shop"), (60, 50 / 3, "shop")]
)
def test_an_order_is_worth_the_mean_of_the_audiences_orders_where_there_are_enough(tmp_path, orders, worth, source):
    """Half of the forty customers order for 10, the audience, and half for 30; 100 orders of an audience are enough."""
    lines = [
        (f"o{n}", f"c{n % 40}", f"2026-05-{1 + n % 28:02d}", "p", 1, 10.0 if n % 40 < 20 else 30.0)
        for n in range(orders)
    ]
    names = ["order_id", "customer_id", "ordered_at", "product_id", "quantity", "unit_price"]
    shop = shop_of(tmp_path / "shop", {"orders": pd.DataFrame(lines, columns=names)})
    found = basket(shop, scene(shop, PLAN, [f"c{n}" for n in range(20)], as_of=DAY), DAY)
    assert found.source == source
    assert found.value == pytest.approx(worth)
    assert found.orders == (orders // 2 if source == "audience" else orders)


def test_an_order_of_long_ago_says_nothing_of_what_one_is_worth(tmp_path):
    lines = [(f"o{n}", "c1", "2024-05-01", "p", 1, 10.0) for n in range(3)]
    names = ["order_id", "customer_id", "ordered_at", "product_id", "quantity", "unit_price"]
    shop = shop_of(tmp_path / "shop", {"orders": pd.DataFrame(lines, columns=names)})
    assert basket(shop, scene(shop, PLAN, ["c1"], as_of=DAY), DAY) is None


# --- the proposed holdout ---


def test_a_holdout_is_proposed_that_shows_break_even_or_else_twice_as_many():
    # engine.model.power: 181 of 1800 show a doubling of 5 %.
    double = propose(0.05, 1800, 0.001)
    assert (double.shows, double.share, double.held) == ("double", 0.11, 198)
    assert double.difference <= 0.05
    even = propose(0.05, 1800, 0.05)
    assert (even.shows, even.held) == ("break_even", 198)
    easier = propose(0.05, 1800, 0.10)
    assert easier.held < even.held


def test_an_audience_too_small_to_see_anything_is_told_so():
    found = propose(0.05, 100, 0.04)
    assert (found.shows, found.held, found.share) == ("nothing", 0, 0.0)
    assert found.difference > 0.05
    [sentence] = said.holdout(found)
    assert "compare several campaigns" in sentence.text()
    assert propose(0.05, 0, 0.04) is None
    assert propose(0.0, 100, 0.04) is None


# --- the command's table, for shops of every kind ---

AUDIENCE = [f"c{number:03d}" for number in range(1, 61)]
FEW = ("k01", "k02")


def few(table):
    return table[table["campaign_id"].isin(FEW)]


def odd_shops():
    """Tables of shops that lack most of what a forecast is learned from."""
    every = tables()
    sent, campaigns = few(every["deliveries"]), few(every["campaigns"])
    none = sent[sent["campaign_id"] == "k01"].assign(converted="0", revenue="0")
    totals = pd.DataFrame({"campaign_id": FEW, "recipients": [900, 800], "clicked": [30, 20], "orders": [6, 4]})
    clicks = {"campaigns": campaigns, "deliveries": sent.drop(columns=["converted", "revenue"])}
    return {
        "only customers": {"customers": every["customers"]},
        "only orders": {"orders": every["orders"]},
        "a campaign without an order": {"orders": every["orders"], "campaigns": campaigns, "deliveries": none},
        "only totals": {"campaigns": campaigns, "campaign_results": totals},
        "only clicks": clicks,
        "campaigns that went to nobody": {"customers": every["customers"], "campaigns": campaigns},
        "only ads": {"customers": every["customers"], "ads": every["ads"]},
        "two campaigns": {"customers": every["customers"], "campaigns": campaigns, "deliveries": sent},
    }


@pytest.mark.parametrize("kind", odd_shops())
def test_no_shop_is_too_poor_for_an_answer(tmp_path, kind):
    shop = shop_of(tmp_path / "shop", odd_shops()[kind])
    pd.DataFrame({"customer_id": AUDIENCE}).to_csv(tmp_path / "who.csv", index=False)
    columns = "plan_id,channel,offer_kind,discount,starts_at,audience"
    typed = "assumed_order_rate,assumed_extra_rate,assumed_order_value"
    lines = [f"{columns},{typed}", "a,email,percent,0.1,2025-12-20,who.csv,,,",
             "b,email,percent,0.1,2025-12-20,who.csv,0.1,0.04,40"]  # fmt: skip
    (tmp_path / "plans.csv").write_text("\n".join(lines) + "\n")
    plans = plans_file.read_plans(tmp_path / "plans.csv")
    bare, assumed = plans_file.forecast_plans(shop, outlook.learned(shop), plans, tmp_path).to_dict("records")
    assert bare["supported"] == 0
    assert pd.isna(bare["extra_profit"])
    assert len(bare["reason"]) > 50
    assert (assumed["basis"], assumed["supported"]) == ("assumption", 1)
    assert assumed["extra_profit_low"] < assumed["extra_profit"] < assumed["extra_profit_high"]
    assert assumed["verdict"].endswith("if your rates are right")


def test_a_shop_with_enough_orders_in_its_campaigns_is_to_learn_first(tmp_path):
    shop = shop_of(tmp_path / "shop", tables("customers", "campaigns", "deliveries"))
    with pytest.raises(NotEnoughData, match="Run: python -m engine train"):
        outlook.learned(shop)
    assert outlook.learned(shop, typed=True) is None


@pytest.mark.parametrize(
    ("column", "cell", "words"),
    [
        ("assumed_order_rate", "1.5", "plans.csv row 2: assumed_order_rate is '1.5'; a share above 0 and below 1"),
        ("assumed_extra_rate", "two", "plans.csv row 2: assumed_extra_rate is 'two'; a number such as 0.15 is needed"),
        ("assumed_order_value", "-1", "plans.csv row 2: assumed_order_value is '-1.0'; an amount above 0 is needed"),
        (
            "assumed_order_rate,assumed_extra_rate",
            "0.01,0.02",
            "assumed_extra_rate is '0.02'; it is above assumed_order_rate",
        ),
    ],
)
def test_a_typed_rate_in_a_file_that_can_be_none_is_named_with_its_row(tmp_path, column, cell, words):
    (tmp_path / "plans.csv").write_text(f"plan_id,channel,{column}\np,email,{cell}\n")
    with pytest.raises(DataProblem, match=words):
        plans_file.read_plans(tmp_path / "plans.csv")
