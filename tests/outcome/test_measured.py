"""Results from the shop's own orders."""

import json
from datetime import date, datetime

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from bench import holdout
from engine.__main__ import main
from engine.campaign.plan import Audience, Offer, Plan, Step
from engine.decision import approvals, assignments, export
from engine.errors import NotEnoughData
from engine.outcome import concluding, joined, measured, measured_words
from engine.shop import store
from tests.tiny import shop_of

PEOPLE = [f"c{number:03d}" for number in range(200)]
NOW = datetime(2026, 1, 5, 12)
SENT_AT = pd.Timestamp("2026-01-10 10:00")


@pytest.fixture
def config(tmp_path):
    return tmp_path.with_name(f"{tmp_path.name}-config")


def plan(**changed) -> Plan:
    usual = {
        "plan_id": "p1", "name": "Tea", "owner": "ana", "audience": Audience(customer_ids=PEOPLE), "holdout": 0.5,
        "steps": [Step(copy={"subject": "Tea"})], "starts_at": date(2026, 1, 10), "ends_at": date(2026, 1, 12),
    }  # fmt: skip
    return Plan(**usual | changed)


def exported(shop, config, what: Plan, now=NOW, people=PEOPLE):
    where = (shop.path, shop.shop_id)
    approvals.submit(*where, what, {}, "ana", NOW, config)
    approvals.approve(*where, what.plan_id, "ben", "ben", "fits", NOW, config)
    return again(shop, config, what, now, people)


def again(shop, config, what: Plan, now, people=PEOPLE):
    export.export_plans(shop.path, shop.shop_id, None, lambda _: people, now, config, plan_ids=[what.plan_id])
    return assignments.saved(shop.path).set_index("customer_id")["treated"]


def order(customer, at, price=100.0, quantity=1.0, order_id=None, **more):
    return {
        "order_id": order_id or f"o-{customer}-{at}", "customer_id": customer, "ordered_at": pd.Timestamp(at),
        "product_id": "tea", "quantity": quantity, "unit_price": price, "discount": 0.0, **more,
    }  # fmt: skip


def with_orders(shop, lines, **tables):
    frames = {"orders": pd.DataFrame(lines), **tables}
    assert not any(store.save_tables(shop, frames).values())
    return store.open_shop(shop.path)


PRODUCTS = pd.DataFrame({"product_id": ["tea"], "name": ["Tea"], "price": [100.0], "unit_cost": [40.0]})


@pytest.fixture
def shop(tmp_path):
    customers = pd.DataFrame({"customer_id": PEOPLE})
    return shop_of(tmp_path / "shop", {"customers": customers, "products": PRODUCTS}, {"send_cost": {"email": 0.5}})


def rows(shop, plan_id="p1", **asked):
    return measured.measured(shop, **asked).set_index(["plan_id", "days"]).loc[plan_id]


def test_an_export_and_later_orders_give_extra_orders_and_profit_worked_out_by_hand(shop, config):
    treated = exported(shop, config, plan())
    sent, held = [treated.index[treated == one].tolist() for one in (1, 0)]
    lines = [order(one, SENT_AT + pd.Timedelta(days=2), discount=10.0) for one in sent[:30]]
    lines += [order(one, SENT_AT + pd.Timedelta(days=3)) for one in held[:10]]
    lines += [order("c000", "2026-03-01 09:00"), order("c000", "2026-01-10 09:59", order_id="just before")]
    found = rows(with_orders(shop, lines)).loc[7]
    assert (found["sent"], found["held_out"]) == (len(sent), len(held))
    assert (found["sent_ordered"], found["held_ordered"]) == (30, 10)
    per_customer = 30 * (60.0 - 10.0) / len(sent) - 10 * 60.0 / len(held)
    rate = 30 / len(sent) - 10 / len(held)
    assert not found["adjusted"]
    assert found["extra_orders"] == pytest.approx(len(sent) * rate)
    assert found["extra_profit"] == pytest.approx(len(sent) * (per_customer - 0.5))
    assert found["send_cost"] == 0.5 * len(sent)
    assert found["extra_profit"] == pytest.approx(
        found["extra_gross_profit"] - found["extra_discount"] - found["send_cost"]
    )
    assert found["attributed_orders"] == 30 and found["attributed_revenue"] == 30 * 90.0
    assert found["discount_cost"] == 300.0
    assert (found["source"], found["send_from"], found["is_over"]) == ("assignment", "plan", 1)
    assert found["verdict"] == "gained" and found["chance_of_loss"] < 0.025


def test_days_that_are_not_over_are_never_a_result_and_say_when_they_will_be(shop, config):
    treated = exported(shop, config, plan())
    lines = [order(one, "2026-01-12 12:00") for one in treated.index[:80]] + [order("c000", "2026-01-20 09:00")]
    found = rows(with_orders(shop, lines))
    assert found.loc[7, "verdict"] != "not_yet" and found.loc[30, "verdict"] == "not_yet"
    assert (found.loc[30, "is_over"], found.loc[30, "known_on"]) == (0, date(2026, 2, 10))
    earlier = rows(store.open_shop(shop.path), as_of=date(2026, 1, 13))
    assert (earlier["verdict"] == "not_yet").all() and earlier.loc[7, "known_on"] == date(2026, 1, 18)


def test_orders_that_say_a_day_and_no_hour_count_by_whole_days_from_that_of_the_send(shop, config):
    treated = exported(shop, config, plan())
    on_the_day, last, too_late, before = (treated.index[treated == 1][start : start + 10] for start in (0, 10, 20, 30))
    lines = [order(one, "2026-01-10") for one in on_the_day] + [order(one, "2026-01-16") for one in last]
    lines += [order(one, "2026-01-17") for one in too_late] + [order(one, "2026-01-09") for one in before]
    known = joined.read(with_orders(shop, [*lines, order("c000", "2026-03-01")]))
    people = known.people["p1"]
    ordered = joined.outcomes(known, people, 7)[:, 0] > 0
    assert set(people.loc[ordered, "customer_id"]) == {*on_the_day, *last}
    assert set(people.loc[joined.past(known, people)[:, 0] > 0, "customer_id"]) == set(before)


def test_of_orders_that_end_before_the_send_nothing_is_known_which_is_not_zero(shop, config):
    exported(shop, config, plan())
    ready = with_orders(shop, [order("c000", "2026-01-08 09:00")])
    found = rows(ready)
    assert (found["verdict"] == "not_yet").all() and found["known_on"].loc[7] == date(2026, 1, 18)
    assert found[[*measured.ORDERED, *measured.COMPARED]].isna().all(axis=None)
    assert found["sent"].gt(90).all() and found["held_out"].gt(90).all()
    assert concluding.figures(ready, "p1", found.reset_index().assign(plan_id="p1"), None) == {}


def test_returns_are_taken_off_whenever_they_came_and_belong_to_their_order(shop, config):
    treated = exported(shop, config, plan())
    sent, held = [treated.index[treated == one].tolist() for one in (1, 0)]
    lines = [order(one, "2026-01-12", order_id=f"o{one}") for one in [*sent[:30], *held[:10]]]
    late = [order(one, "2026-02-20", quantity=-1.0, order_id=f"o{one}") for one in sent[:12]]
    before = [order(one, "2025-12-20", order_id=f"b{one}") for one in sent[40:50]]
    before += [order(one, "2026-01-11", quantity=-1.0, order_id=f"b{one}") for one in sent[40:50]]
    found = rows(with_orders(shop, lines + late + before)).loc[7]
    assert found["returned"] == 1_200.0
    assert found["attributed_revenue"] == 3_000.0 - 1_200.0
    kept = rows(with_orders(shop, lines + before + [order("x", "2026-03-01 09:00")], customers=customers_and("x"))).loc[
        7
    ]
    assert kept["returned"] == 0.0  # what was bought before the send and came back after it is not this plan's
    # Those who sent it back did order, and what the sale had earned is gone.
    assert found["sent_ordered"] == kept["sent_ordered"] == 30
    assert kept["extra_profit"] - found["extra_profit"] == pytest.approx(12 * 60.0, abs=40.0)


def customers_and(*more):
    return pd.DataFrame({"customer_id": [*PEOPLE, *more]})


def test_a_second_export_before_the_send_replaces_the_first_and_a_later_one_adds_its_new_people(shop, config):
    what = plan(ends_at=date(2026, 1, 20))
    exported(shop, config, what, now=datetime(2026, 1, 5), people=PEOPLE[:150])
    again(shop, config, what, datetime(2026, 1, 8), PEOPLE[:100])
    again(shop, config, what, datetime(2026, 1, 14), PEOPLE[:120])
    people = joined.read(with_orders(shop, [order("c000", "2026-03-01 09:00")])).people["p1"]
    assert sorted(people["customer_id"]) == PEOPLE[:120]
    at = people.set_index("customer_id")["at"]
    assert (at[PEOPLE[:100]] == SENT_AT).all()
    assert (at[PEOPLE[100:120]] == pd.Timestamp("2026-01-14")).all()


def test_an_export_after_the_last_day_is_a_record_of_what_was_run_on_the_plans_own_days(shop, config):
    exported(shop, config, plan(), now=datetime(2026, 2, 20))
    people = joined.read(with_orders(shop, [order("c000", "2026-03-01 09:00")])).people["p1"]
    assert (people["at"] == SENT_AT).all()


def test_the_first_delivery_on_record_is_the_moment_for_both_groups(shop, config):
    treated = exported(shop, config, plan())
    first = treated.index[treated == 1][0]
    deliveries = pd.DataFrame(
        {"campaign_id": ["p1"], "customer_id": [first], "sent_at": [pd.Timestamp("2026-01-11 08:00")]}
    )
    ready = with_orders(shop, [order("c000", "2026-03-01 09:00")], deliveries=deliveries)
    known = joined.read(ready)
    assert (known.people["p1"]["at"] == pd.Timestamp("2026-01-11 08:00")).all()
    assert measured.of_known(ready, known)["send_from"].unique().tolist() == ["deliveries"]


def test_those_left_out_who_got_another_message_are_counted(shop, config):
    treated = exported(shop, config, plan())
    sent, held = [treated.index[treated == one].tolist() for one in (1, 0)]
    others = pd.DataFrame({"campaign_id": "other", "customer_id": [*held[:7], *sent[:3]], "sent_at": "2026-01-14"})
    late = pd.DataFrame({"campaign_id": "late", "customer_id": held[:9], "sent_at": "2026-01-25"})
    found = rows(with_orders(shop, [order("c000", "2026-03-01 09:00")], deliveries=pd.concat([others, late])))
    got = set(others["customer_id"])
    assert found.loc[7, "reached_by_others_held"] == len(got & set(held))
    assert found.loc[7, "reached_by_others_sent"] == len(got & set(sent))
    assert found.loc[30, "reached_by_others_held"] == len((got | set(held[:9])) & set(held))


def delivered(sent: int, held: int, ordered_sent: int, ordered_held: int, **more):
    """Deliveries without what was ordered, and the orders of those who did."""
    ids = [f"s{i}" for i in range(sent)] + [f"h{i}" for i in range(held)]
    deliveries = pd.DataFrame(
        {"campaign_id": "k", "customer_id": ids, "sent_at": SENT_AT, "treated": [1] * sent + [0] * held, **more}
    )
    who = [*ids[:ordered_sent], *ids[sent : sent + ordered_held]]
    return deliveries, [order(one, "2026-01-12") for one in who] + [order("x", "2026-03-01 09:00")]


def shop_with(tmp_path, deliveries, lines):
    return shop_of(
        tmp_path / "shop", {"products": PRODUCTS, "deliveries": deliveries, "orders": pd.DataFrame(lines)}, {}
    )


def says_nothing(row) -> bool:
    """Whether no number of a comparison is left in a row of `measured`; what was counted stays."""
    return bool(row[measured.COMPARED].isna().all()) and row["sent"] > 0


def test_groups_that_came_out_uneven_get_no_verdict_and_no_comparison(tmp_path):
    found = rows(shop_with(tmp_path, *delivered(900, 200, 90, 10, propensity=0.9)), "k").loc[7]
    assert found["verdict"] == "uneven" and found["ratio_p"] < 0.002
    assert says_nothing(found) and (found["sent_ordered"], found["held_ordered"]) == (90, 10)
    even = rows(shop_with(tmp_path / "2", *delivered(900, 100, 90, 4, propensity=0.9)), "k").loc[7]
    assert even["verdict"] != "uneven" and even["ratio_p"] == pytest.approx(1.0)
    assert even[measured.COMPARED].notna().all()


def test_too_few_orders_are_said_and_not_compared(tmp_path):
    found = rows(shop_with(tmp_path, *delivered(300, 60, 6, 0)), "k").loc[7]
    assert found["verdict"] == "too_few" and says_nothing(found)


def test_too_few_left_out_are_said_before_the_days_are_over(tmp_path):
    deliveries, lines = delivered(300, 5, 40, 1)
    ready = shop_with(tmp_path, deliveries, lines)
    found = rows(ready, "k", as_of=date(2026, 1, 13))
    assert (found["is_over"] == 0).all() and (found["verdict"] == "too_few").all()
    assert says_nothing(found.loc[7])


def test_until_enough_ordered_a_row_of_days_that_are_not_over_has_no_range(tmp_path):
    few = rows(shop_with(tmp_path, *delivered(300, 60, 6, 0)), "k", as_of=date(2026, 1, 13)).loc[7]
    assert few["verdict"] == "not_yet" and says_nothing(few)  # more may order
    enough = rows(shop_with(tmp_path / "2", *delivered(300, 60, 30, 3)), "k", as_of=date(2026, 1, 13)).loc[7]
    assert enough["verdict"] == "not_yet" and enough[measured.COMPARED].notna().all()


def test_orders_that_are_not_in_the_shop_are_noticed(tmp_path):
    deliveries, lines = delivered(300, 60, 6, 4, converted=[1] * 40 + [0] * 320)
    found = rows(shop_with(tmp_path, deliveries, lines), "k").loc[7]
    assert found["verdict"] == "elsewhere" and found["orders_found"] == pytest.approx(6 / 40)
    assert says_nothing(found)


@pytest.mark.parametrize("holdout", [0.0, 0.4])
def test_orders_of_a_plan_that_are_not_in_the_shop_are_noticed_with_and_without_a_holdout(shop, config, holdout):
    treated = exported(shop, config, plan(holdout=holdout))
    sent = treated.index[treated == 1]
    converted = [1] * 40 + [0] * (len(sent) - 40)
    deliveries = pd.DataFrame(
        {"campaign_id": "p1", "customer_id": sent, "sent_at": SENT_AT, "treated": 1, "converted": converted}
    )
    lines = [order(one, "2026-01-12") for one in sent[:10]] + [order("c000", "2026-03-01")]
    found = rows(with_orders(shop, lines, deliveries=deliveries)).loc[7]
    assert (found["verdict"], found["orders_found"]) == ("elsewhere", 10 / 40)
    assert says_nothing(found)
    early = rows(store.open_shop(shop.path), as_of=date(2026, 1, 13)).loc[7]  # orders may well come
    assert np.isnan(early["orders_found"]) and early["verdict"] == ("not_yet" if holdout else "no_holdout")


def test_without_anybody_left_out_orders_are_attributed(shop, config):
    exported(shop, config, plan(holdout=0.0))
    found = rows(
        with_orders(shop, [order(one, "2026-01-12") for one in PEOPLE[:20]] + [order("c000", "2026-03-01 09:00")])
    ).loc[7]
    assert (found["verdict"], found["basis"], found["attributed_orders"]) == ("no_holdout", "attributed", 20)
    assert np.isnan(found["extra_orders"])


def test_the_window_runs_from_the_first_message_to_the_end_of_the_last_ones(shop, config):
    steps = [Step(copy={"subject": "Tea"}), Step(day=4, channel="email", copy={"subject": "Tea?"})]
    exported(shop, config, plan(steps=steps, window_days=10))
    found = rows(with_orders(shop, [order("c000", "2026-03-01 09:00")]))
    assert found.index.tolist() == [7, 14, 30] and found.loc[14, "is_window"] == 1
    assert found["send_cost"].iloc[0] == 2 * 0.5 * found["sent"].iloc[0]


def test_orders_of_a_plan_count_from_the_day_of_its_first_message(shop, config):
    exported(shop, config, plan(steps=[Step(day=3, copy={"subject": "Tea"})], ends_at=date(2026, 1, 20)))
    found = rows(with_orders(shop, [order("c000", "2026-03-01 09:00")]))
    assert (found["starts_at"] == pd.Timestamp("2026-01-13 10:00")).all()
    assert found.loc[7, "known_on"] == date(2026, 1, 21)


def test_a_shop_without_orders_says_what_to_import(shop, config):
    exported(shop, config, plan())
    with pytest.raises(NotEnoughData, match="no orders yet"):
        measured.measured(shop)


def test_clicks_of_totals_and_costs_of_ads_are_added(shop, config):
    exported(shop, config, plan(offer=Offer()))
    totals = pd.DataFrame({"campaign_id": ["p1"], "recipients": [90], "delivered": [88], "clicked": [12]})
    ads = pd.DataFrame(
        {
            "ad_id": ["a"],
            "date": ["2026-01-11"],
            "campaign_id": ["p1"],
            "impressions": [9],
            "clicks": [1],
            "cost": [7.5],
        }
    )
    found = rows(with_orders(shop, [order("c000", "2026-03-01 09:00")], campaign_results=totals, ads=ads)).loc[7]
    assert (found["clicked"], found["clicked_of"], found["ad_cost"]) == (12, 88, 7.5)


@pytest.mark.parametrize(("day", "told"), [("2026-01-14", False), ("2026-03-01", True)])
def test_for_whom_a_plan_worked_is_asked_once_its_comparison_holds(shop, config, monkeypatch, day, told):
    monkeypatch.setenv("OFFERLAB_CONFIG", str(config))
    people = [f"m{number}" for number in range(600)]
    treated = exported(shop, config, plan(audience=Audience(customer_ids=people)), people=people)
    sent, held = [treated.index[treated == one].tolist() for one in (1, 0)]
    lines = [order(one, "2026-01-12") for one in [*sent[:80], *held[:20]]] + [order(people[0], "2026-02-20")]
    with_orders(shop, lines)
    ended = CliRunner().invoke(main, ["outcomes", "--no-learn", "--shop", str(shop.path), "--as-of", day])
    found = json.loads(ended.stdout)
    [own] = [row for row in found["plans"] if row["is_window"]]
    assert (own["verdict"] == "gained") == told
    assert [row["group"] for row in found["for_whom"]] == (["none"] if told else [])


# --- the truth of simulated campaigns ---


@pytest.fixture(scope="module")
def sixty_percent(tmp_path_factory):
    shop, truth = holdout.shop_of(tmp_path_factory.mktemp("holdout") / "shop", holdout.World(), 12, 0)
    return {adjust: holdout.ranges(shop, truth, adjust) for adjust in (True, False)}


@pytest.mark.parametrize("adjust", [True, False])
def test_attribution_is_far_above_the_truth_and_the_measured_range_covers_it(sixty_percent, adjust):
    found = sixty_percent[adjust]
    orders = found[found["what"] == "orders"]
    assert (orders["attributed"] > 5 * orders["truth"]).all()
    assert found["holds"].mean() > 0.88  # 48 ranges of 95 %, four of each campaign
    assert abs(orders["estimate"] - orders["truth"]).mean() < 120


def test_the_past_narrows_the_range(sixty_percent):
    width = {one: (found["high"] - found["low"]).groupby(found["what"]).mean() for one, found in sixty_percent.items()}
    assert (width[True] < width[False]).all()


def test_orders_that_were_pulled_forward_vanish_until_day_30(sixty_percent):
    found = sixty_percent[True]
    truth = found[found["what"] == "orders"].groupby("days")["truth"].mean()
    seen = found[found["what"] == "orders"].groupby("days")["estimate"].mean()
    assert truth[30] < 0.7 * truth[7]
    assert seen[30] < 0.8 * seen[7]


@pytest.mark.full
@pytest.mark.parametrize("world", [holdout.World(), holdout.NO_EFFECT, holdout.World(spread=1.5)])
def test_over_a_thousand_campaigns_ranges_hold_as_often_as_they_say(tmp_path, world):
    parts = [holdout.shop_of(tmp_path / f"s{seed}", world, 25, 100 + seed) for seed in range(40)]
    for adjust in (True, False):
        found = pd.concat([holdout.ranges(shop, truth, adjust) for shop, truth in parts])
        assert (found.groupby(["days", "what"])["holds"].mean() > 0.95 - 0.015).all()


def test_the_demo_shops_planted_effect_is_found(demo_shop_dir):
    known = json.loads((demo_shop_dir / "truth.json").read_text())["campaigns"]
    truth = pd.DataFrame(known).set_index("campaign_id")["true_expected_extra_orders"]
    table = measured.measured(store.open_shop(demo_shop_dir))
    own = table[table["is_window"] == 1].set_index("plan_id")
    planted = truth.reindex(own.index)
    half = np.sqrt((((own["extra_orders_high"] - own["extra_orders_low"]) / 2) ** 2).sum())
    assert len(own) == 60 and abs(own["extra_orders"].sum() - planted.sum()) < half
    assert planted.between(own["extra_orders_low"], own["extra_orders_high"]).mean() > 0.9
    assert own["attributed_orders"].sum() > 2 * planted.sum()


def with_chances(tmp_path, propensity, seed=0):
    """A campaign whose customers each had a chance of their own: those who buy anyway were sent it more often. The
    message adds 10 buyers of 100. Its shop, who was sent it, and the truth of those."""
    random = np.random.default_rng(seed)
    people = [f"c{number}" for number in range(len(propensity))]
    sent = random.random(len(people)) < propensity
    anyway, because = random.random(len(people)) < propensity / 4, random.random(len(people)) < 0.1
    ordered = anyway | (because & sent)
    deliveries = pd.DataFrame(
        {"campaign_id": "k", "customer_id": people, "sent_at": SENT_AT, "treated": sent.astype("float64"),
         "propensity": propensity}
    )  # fmt: skip
    lines = [order(one, "2026-01-12") for one in np.array(people)[ordered]] + [order("c0", "2026-03-01")]
    campaigns = {"campaign_id": ["k"], "channel": ["email"], "starts_at": [SENT_AT], "send_cost": [0.5]}
    tables = {"products": PRODUCTS, "deliveries": deliveries, "orders": pd.DataFrame(lines)}
    return shop_of(tmp_path / "shop", tables | {"campaigns": pd.DataFrame(campaigns)}), sent, (~anyway & because)


def test_customers_who_each_had_a_chance_of_their_own_are_compared(tmp_path):
    propensity = np.random.default_rng(1).uniform(0.3, 0.95, 3_000).round(4)
    shop, sent, because = with_chances(tmp_path, propensity)
    found = rows(shop, "k").loc[7]
    assert (found["sent"], found["held_out"], found["not_compared"]) == (sent.sum(), (~sent).sum(), 0)
    assert found["basis"] == "incremental" and found["verdict"] == "gained"
    assert found["extra_orders_low"] < because[sent].sum() < found["extra_orders_high"]


def test_customers_whom_nobody_left_out_resembles_are_said_and_costs_are_of_the_others(tmp_path):
    propensity = np.random.default_rng(1).uniform(0.3, 0.9, 3_000).round(4)
    propensity[:1_000] = 1.0
    shop, sent, because = with_chances(tmp_path, propensity)
    known = joined.read(shop)
    table = measured.of_known(shop, known)
    found = table[table["days"] == 7].iloc[0]
    compared = int(sent[1_000:].sum())
    assert (found["sent"], found["not_compared"]) == (compared, 1_000)
    error = (found["extra_orders_high"] - found["extra_orders_low"]) / (2 * 1.96)
    assert found["extra_orders"] == pytest.approx(because[1_000:][sent[1_000:]].sum(), abs=3 * error)
    cost = found["extra_gross_profit"] - found["extra_discount"] - found["extra_profit"]
    assert cost == pytest.approx(0.5 * compared)
    assert found["send_cost"] == 0.5 * sent.sum()
    said = [one for one in measured_words.cautions(table, 7) if one.key == "measured.note_not_compared"]
    assert "1,000 of 3,000" in said[0].text("en") and "1,000" in said[0].text("zh")
