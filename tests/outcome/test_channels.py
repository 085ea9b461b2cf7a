import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from engine.__main__ import main
from engine.campaign.plan import Audience, Step
from engine.decision import assignments
from engine.errors import NotEnoughData
from engine.model.shrunk import effects, log_odds
from engine.outcome import channels, measured, programme
from engine.outcome.channels.delay import delays
from engine.outcome.channels.hours import hours
from engine.outcome.channels.reconciled import contacts, reconciled
from engine.outcome.touches import touches
from engine.shop import store
from tests.outcome.test_measured import PEOPLE, config, exported, order, plan
from tests.outcome.test_touches import by_export
from tests.tiny import shop_of, tables

__all__ = ["by_export", "config"]
PRODUCTS = pd.DataFrame({"product_id": ["p"], "name": ["Tea"], "price": [20.0], "unit_cost": [10.0]})


def orders(*placed: tuple[str, str]) -> pd.DataFrame:
    """One order of 20 per (customer, time)."""
    customer, at = zip(*placed, strict=True)
    ids = [f"o{number}" for number in range(len(placed))]
    return pd.DataFrame(
        {"order_id": ids, "customer_id": customer, "ordered_at": at, "product_id": "p", "quantity": 1,
         "unit_price": 20.0}
    )  # fmt: skip


def sent(*messages: tuple[str, str, str], treated: int = 1) -> pd.DataFrame:
    """One message per (campaign, customer, time)."""
    campaign, customer, at = zip(*messages, strict=True)
    return pd.DataFrame({"campaign_id": campaign, "customer_id": customer, "sent_at": at, "treated": treated})


CAMPAIGNS = pd.DataFrame(
    {"campaign_id": ["mail1", "mail2", "text"], "channel": ["email", "email", "sms"],
     "starts_at": ["2026-01-01", "2026-01-03", "2026-01-02"]}
)  # fmt: skip
WINDOWS = {"window_days": {"email": 7, "sms": 3}}


def shop(folder, bought, messages, settings=None, campaigns=CAMPAIGNS):
    found = {"campaigns": campaigns, "deliveries": messages, "orders": bought, "products": PRODUCTS}
    return shop_of(folder, found, settings or WINDOWS)


@pytest.fixture
def small(tmp_path):
    """Five customers: a gets all three messages, b mail1, c is held out of mail1, d none, e text."""
    messages = pd.concat(
        [
            sent(("mail1", "a", "2026-01-01 10:00"), ("mail2", "a", "2026-01-03 10:00")),
            sent(("text", "a", "2026-01-02 10:00"), ("text", "e", "2026-01-02 10:00")),
            sent(("mail1", "b", "2026-01-01 10:00")),
            sent(("mail1", "c", "2026-01-01 10:00"), treated=0),
        ]
    )  # fmt: skip
    bought = orders(
        ("a", "2026-01-04 09:00"),  # all three
        ("b", "2026-01-08 09:59"),  # the last minute of seven days
        ("b", "2026-01-08 10:00"),  # a minute too late
        ("b", "2026-01-01 09:59"),  # before the message
        ("c", "2026-01-02 09:00"),  # held out
        ("d", "2026-01-02 09:00"),
        ("e", "2026-01-03 09:00"),
        ("d", "2026-03-01 09:00"),  # long after
    )
    return shop(tmp_path / "shop", bought, messages)


def test_every_order_is_counted_once_and_the_parts_add_up_to_the_shops_total(small):
    found = reconciled(touches(small))
    assert (str(found.first.date()), str(found.last.date())) == ("2026-01-01", "2026-01-10")
    parts = found.parts.set_index("channels")["orders"].to_dict()
    assert parts == {(): 4, ("email", "sms"): 1, ("email",): 1, ("sms",): 1}
    assert found.orders == sum(parts.values()) == 7
    assert found.revenue == pytest.approx(found.parts["revenue"].sum()) == 140.0
    assert (found.claimed, found.unclaimed, found.claims, found.several) == (3, 4, 5, 1)


def test_a_channel_says_what_it_shares_with_others_and_claims_twice_itself(small):
    table = reconciled(touches(small)).by_channel.set_index("channel")
    assert table.loc["email", ["claimed", "alone", "shared", "several"]].tolist() == [2, 1, 1, 1]
    assert table.loc["sms", ["claimed", "alone", "shared", "several"]].tolist() == [2, 1, 1, 0]


def test_parts_add_up_on_a_shop_of_two_years(demo_shop_dir):
    found = touches(store.open_shop(demo_shop_dir))
    parts = reconciled(found)
    inside = found.orders["ordered_at"].between(parts.first, parts.last + pd.Timedelta(days=1), inclusive="left")
    assert parts.parts["orders"].sum() == parts.orders == inside.sum()
    assert parts.parts["revenue"].sum() == pytest.approx(found.orders.loc[inside, "net"].sum())
    assert parts.claimed + parts.unclaimed == parts.orders
    assert parts.by_campaign["claimed"].sum() == parts.claims


def test_orders_known_by_their_day_alone_count_from_the_day_of_the_message(tmp_path):
    messages = sent(("mail1", "a", "2026-01-01 10:00"))
    found = reconciled(touches(shop(tmp_path / "shop", orders(("a", "2026-01-01"), ("b", "2026-01-09")), messages)))
    assert found.claimed == 1


def test_customers_written_to_by_two_channels_within_days_are_counted(small):
    found = contacts(touches(small), days=7)
    assert (found.customers, found.several_channels) == (3, 1)
    table = found.by_count.set_index("contacts")
    assert table["messages"].to_dict() == {1: 3, 2: 1, 3: 1}  # a's second and third message come within days
    assert table["orders"].to_dict() == {1: 3, 2: 1, 3: 1}
    assert contacts(touches(small), days=1).several_channels == 0


# --- what was added ---


def tried(campaign, channel, at, people=400, held=100, bought=60, bought_held=6, **more):
    """A campaign, its deliveries, and an order of 20 two days later of so many of both groups."""
    ids = [f"{campaign}-{n}" for n in range(people + held)]
    messages = sent(*((campaign, one, at) for one in ids)).assign(treated=[1] * people + [0] * held, **more)
    day = (pd.Timestamp(at) + pd.Timedelta(days=2)).isoformat()
    placed = orders(*((one, day) for one in [*ids[:bought], *ids[people : people + bought_held]]))
    known = pd.DataFrame({"campaign_id": [campaign], "channel": channel, "starts_at": at, "send_cost": 0.05})
    return known, messages, placed.assign(order_id=lambda table: campaign + table["order_id"])


def joined_shop(folder, *campaigns, until="2026-03-01", **settings):
    known, messages, placed = (pd.concat(parts, ignore_index=True) for parts in zip(*campaigns, strict=True))
    placed = pd.concat([placed, orders(("z", until))], ignore_index=True)
    return shop(folder, placed, messages, WINDOWS | settings, known)


def test_what_a_channel_added_follows_from_the_shops_own_orders(tmp_path):
    said_elsewhere = {"converted": [1] * 50 + [0] * 450, "revenue": 99.0}  # what a tool says is no part of it
    found = channels.answer(joined_shop(tmp_path / "shop", tried("mail1", "email", "2026-01-05", **said_elsewhere)))
    row = found.table().iloc[0]
    assert (row["recorded_orders"], row["attributed_orders"], row["cost"]) == (50, 60, pytest.approx(20))
    assert (row["tested_sent"], row["held_out"], row["with_holdout"], row["counted"]) == (400, 100, 1, 1)
    assert row["extra_orders"] == pytest.approx(400 * (60 / 400 - 6 / 100))
    assert row["cost_per_extra"] == pytest.approx(20 / 36)
    assert row["cost_per_extra_low"] == pytest.approx(20 / row["extra_high"])
    assert row["extra_profit"] == pytest.approx(36 * 10.0 - 20)
    assert row["extra_profit"] == pytest.approx(row["extra_gross_profit"] - row["extra_discount"] - row["tested_cost"])
    assert row["extra_low"] < 36 < row["extra_high"] and row["verdict"] == "pays" and row["chance_of_loss"] < 0.025


def test_channels_add_up_to_all_plans_as_the_first_look_sums_them(demo_shop_dir):
    opened = store.open_shop(demo_shop_dir)
    found, table = channels.answer(opened), measured.measured(opened)
    for days in (measured.OWN, *measured.HORIZONS):
        whole, rows = programme.together(table, days), found.table(days)
        for one, name in (("counted", "plans"), ("tested_sent", "sent"), ("held_out", "held"), *(
            (same, same) for same in ("attributed_orders", "extra_orders", "extra_profit", "extra_gross_profit")
        )):  # fmt: skip
            assert rows[one].sum() == pytest.approx(getattr(whole, name))
        half = (rows["extra_profit_high"] - rows["extra_profit_low"]) / 2
        assert np.sqrt((half**2).sum()) == pytest.approx((whole.extra_profit_high - whole.extra_profit_low) / 2)
        apart = rows[["not_yet", "too_few", "uneven", "elsewhere"]].to_numpy().sum()
        assert apart == whole.waiting + whole.apart == len(found.apart(days))
        assert whole.plans and found.total(days) == whole


def test_each_campaign_counts_in_its_own_window(tmp_path):
    late = ("text", "sms", "2026-01-05")  # its orders come two days later, its window is three days
    found = channels.answer(joined_shop(tmp_path / "shop", tried(*late), tried("mail1", "email", "2026-01-05")))
    rows = found.table().set_index("channel")
    assert rows["extra_orders"].tolist() == pytest.approx([36, 36])
    short = joined_shop(tmp_path / "short", tried(*late), window_days={"sms": 1})
    assert channels.answer(short).table()["attributed_orders"].isna().all()  # none in a day: too few to count
    assert channels.answer(short).table(7)["attributed_orders"].tolist() == [60]


def test_campaigns_that_cannot_be_compared_are_counted_and_named(tmp_path):
    found = channels.answer(
        joined_shop(
            tmp_path / "shop",
            tried("good", "email", "2026-01-05"),
            tried("uneven", "email", "2026-01-05", propensity=0.5),
            tried("few", "email", "2026-01-05", bought=4, bought_held=1),
            tried("elsewhere", "email", "2026-01-05", converted=[0] * 300 + [1] * 40 + [0] * 160),
            tried("late", "email", "2026-02-26"),
            tried("text", "sms", "2026-02-28"),
            tried("all", "push", "2026-01-05", held=0, bought_held=0),
            window_days={"email": 7, "sms": 5},
        )
    )
    rows = found.table().set_index("channel")
    assert rows.loc["email", ["campaigns", "with_holdout", "counted"]].tolist() == [5, 5, 1]
    assert rows.loc["email", ["not_yet", "too_few", "uneven", "elsewhere"]].tolist() == [1, 1, 1, 1]
    assert rows.loc["email", "extra_orders"] == pytest.approx(36)
    assert rows.loc["sms", ["verdict", "not_yet"]].tolist() == ["none_counted", 1]
    assert rows.loc["push", "verdict"] == "no_holdout"
    assert set(found.apart()["plan_id"]) == {"uneven", "few", "elsewhere", "late", "text"}


def test_without_a_price_of_a_message_no_cost_per_order_is_said(tmp_path):
    known, messages, placed = tried("mail1", "email", "2026-01-05")
    opened = joined_shop(tmp_path / "shop", (known.drop(columns="send_cost"), messages, placed), send_cost={})
    found = channels.answer(opened)
    assert found.table()["cost_per_extra"].isna().all() and found.table()["extra_profit"].notna().all()
    assert found.total().unpriced == 1


# --- plans that their export alone tells of ---


def test_it_is_named_and_counted_with_its_channel(by_export):
    opened, wrote, held = by_export
    found = channels.answer(opened)
    row = found.table().iloc[0]
    assert found.by_export == ("Tea",)
    assert (row["campaigns"], row["by_export"], row["sent"], row["cost"]) == (1, 1, len(wrote), 0.5 * len(wrote))
    assert row["extra_orders"] == pytest.approx(len(wrote) * (30 / len(wrote) - 10 / len(held)))


def test_with_its_deliveries_it_is_a_record_like_any(by_export):
    opened, wrote, _ = by_export
    store.save_tables(opened, {"deliveries": sent(*(("p1", one, "2026-01-11 08:00") for one in wrote[:50]))})
    found = channels.answer(store.open_shop(opened.path))
    assert found.table().iloc[0][["campaigns", "by_export", "sent"]].tolist() == [1, 0, 50] and found.by_export == ()
    assert found.table().iloc[0]["first"] == pd.Timestamp("2026-01-11 08:00")


def test_totals_of_a_plan_whose_people_are_known_are_not_called_unmatched(by_export):
    opened, _, _ = by_export
    known = pd.DataFrame({"campaign_id": ["p1", "other"], "channel": "email", "starts_at": "2026-01-10"})
    totals = pd.DataFrame({"campaign_id": ["p1", "other"], "recipients": 90, "orders": [9, 4]})
    store.save_tables(opened, {"campaigns": known, "campaign_results": totals})
    found = channels.answer(store.open_shop(opened.path))
    assert found.unmatched["orders"].tolist() == [4.0]
    assert found.table().iloc[0][["sent", "recorded_orders", "by_export"]].tolist() == [180.0, 13.0, 0]


def test_a_plan_by_two_channels_stands_with_its_first(tmp_path, config):
    found = shop_of(tmp_path / "shop", {"customers": pd.DataFrame({"customer_id": PEOPLE})}, {})
    steps = [Step(copy={"subject": "Tea"}), Step(day=2, channel="sms", copy={"body": "Tea"})]
    exported(found, config, plan(steps=steps, audience=Audience(customer_ids=PEOPLE)))
    store.save_tables(found, {"orders": pd.DataFrame([order("c000", "2026-03-01")])})
    row = channels.answer(store.open_shop(found.path)).table().iloc[0]
    treated = assignments.saved(found.path)["treated"].sum()
    assert (row["channel"], row["several_channels"], row["sent"]) == ("email", 1, 2 * treated)


def test_exports_without_orders_say_what_to_import(tmp_path, config):
    found = shop_of(tmp_path / "shop", {"customers": pd.DataFrame({"customer_id": PEOPLE})}, {})
    exported(found, config, plan())
    answer = channels.answer(found)
    assert answer.table()["verdict"].tolist() == ["no_orders"] and answer.total() is None
    assert answer.apart().empty and "Import orders" in answer.missing[0].text()


# --- ads, and what a shop lacks ---


def test_a_channel_for_messages_and_for_ads_is_two(tmp_path):
    ads = pd.DataFrame(
        {"ad_id": "a1", "date": ["2026-01-02", "2026-02-02"], "channel": "sms", "impressions": 1000, "clicks": 50,
         "conversions": [4, 9], "cost": 30.0}
    )  # fmt: skip
    found = shop_of(
        tmp_path / "shop",
        {"campaigns": CAMPAIGNS, "orders": orders(("a", "2026-01-03")), "products": PRODUCTS, "ads": ads,
         "deliveries": sent(("text", "a", "2026-01-02"))},
    )  # fmt: skip
    answer = channels.answer(found)
    kinds = answer.table().set_index(["channel", "kind"])
    assert kinds.loc[("sms", "ads"), "verdict"] == "no_holdout" and ("sms", "messages") in kinds.index
    assert answer.unmatched.to_dict("records") == [{"channel": "sms", "orders": 4.0, "kind": "ads"}]  # of those days


def test_without_the_shops_orders_channels_are_listed_and_the_rest_says_why(tmp_path):
    found = channels.answer(shop_of(tmp_path / "shop", tables("campaigns", "deliveries")))
    assert len(found.table()) == 1 and found.reconciled is None
    assert "Import orders" in found.missing[0].text()


def test_a_shop_without_campaigns_and_ads_is_refused(tmp_path):
    with pytest.raises(NotEnoughData):
        channels.answer(shop_of(tmp_path / "shop", tables("orders", "customers", "products")))


# --- how long until it is known ---


def arriving(folder, seed=0, extra_days=(0, 1, 2), people=4000, campaigns=6):
    """Half held out; everybody orders evenly over time, those written to also within the first days."""
    random = np.random.default_rng(seed)
    starts = pd.date_range("2025-01-01", periods=campaigns, freq="40D")
    known = pd.DataFrame({"campaign_id": [f"k{n}" for n in range(campaigns)], "channel": "email", "starts_at": starts})
    parts, bought = [], []
    for name, start in zip(known["campaign_id"], starts, strict=True):
        ids = np.array([f"{name}-{n}" for n in range(people)])
        treated = np.arange(people) % 2
        parts.append(pd.DataFrame({"campaign_id": name, "customer_id": ids, "sent_at": start, "treated": treated}))
        anyway = random.random(people) < 0.1
        brought = (random.random(people) < 0.2) & (treated == 1)
        for who, days in (
            (anyway, random.uniform(0, 30, people)), (brought, random.choice(extra_days, people) + 0.5),
        ):  # fmt: skip
            bought.append(
                pd.DataFrame({"customer_id": ids[who], "ordered_at": start + pd.to_timedelta(days[who], "D")})
            )
    lines = pd.concat(bought, ignore_index=True).assign(product_id="p", quantity=1, unit_price=20.0)
    lines["order_id"] = "o" + lines.index.astype(str)
    late = orders(("z", "2026-06-01"))
    return shop(folder, pd.concat([lines, late]), pd.concat(parts), campaigns=known)


def test_extra_orders_are_known_when_they_are_and_all_orders_only_later(tmp_path):
    found = {one.basis: one for one in delays(touches(arriving(tmp_path / "shop")))}
    extra, every = found["extra"], found["attributed"]
    assert extra.known_low <= 3 <= extra.known_high and extra.known_after in (3, 4)
    assert extra.curve.set_index("day")["share"][1] == pytest.approx(1 / 3, abs=0.05)
    assert every.known_after > 15  # a third of all orders come evenly
    assert every.curve["share"].is_monotonic_increasing and every.curve["share"].iloc[-1] == 1.0


def test_too_few_orders_have_no_delay(small):
    assert all(one.known_after is None for one in delays(touches(small)))


def certain(folder, brought):
    """Three campaigns to 300 people and 100 left out, of whom 40 order; of those written to 120 + brought do, each 36
    hours after the message."""
    starts = pd.date_range("2025-01-01", periods=3, freq="40D")
    known = pd.DataFrame({"campaign_id": [f"k{n}" for n in range(3)], "channel": "email", "starts_at": starts})
    parts, bought = [], []
    for name, start in zip(known["campaign_id"], starts, strict=True):
        ids = np.array([f"{name}-{n}" for n in range(400)])
        treated = (np.arange(400) < 300).astype(int)
        parts.append(pd.DataFrame({"campaign_id": name, "customer_id": ids, "sent_at": start, "treated": treated}))
        who = [*ids[: 120 + brought], *ids[300:340]]
        bought.append(pd.DataFrame({"customer_id": who, "ordered_at": start + pd.Timedelta("36h")}))
    lines = pd.concat(bought, ignore_index=True).assign(product_id="p", quantity=1, unit_price=20.0)
    lines["order_id"] = "o" + lines.index.astype(str)
    return shop(folder, pd.concat([lines, orders(("z", "2026-06-01"))]), pd.concat(parts), campaigns=known)


@pytest.mark.parametrize(("brought", "is_said"), [(18, False), (90, True)])
def test_extra_orders_that_could_be_none_have_no_day_by_which_they_came(tmp_path, brought, is_said):
    """54 extra orders, alike in each campaign, are a range that holds 0: by chance alone they may have been none."""
    found = channels.answer(certain(tmp_path / "shop", brought))
    row = found.table().iloc[0]
    assert row["extra_orders"] == pytest.approx(3 * brought, abs=1) and bool(row["extra_low"] > 0) is is_said
    [extra] = [one for one in found.delays if one.basis == "extra"]
    assert (extra.known_after is not None, extra.curve["share"].notna().any()) == (is_said, is_said)


# --- hours ---


def by_hour(random, effect, campaigns=60, people=3000):
    hour = random.choice([9, 12, 15, 20], campaigns)
    odds = -3.0 + np.where(hour == 20, effect, 0.0) + random.normal(0, 0.2, campaigns)
    return hour, random.binomial(people, 1 / (1 + np.exp(-odds))), np.full(campaigns, people)


def test_a_good_hour_is_found_and_the_others_are_not_called_best(tmp_path):
    hour, clicked, people = by_hour(np.random.default_rng(1), 0.8)
    ids = [f"k{n}" for n in range(len(hour))]
    known = pd.DataFrame(
        {
            "campaign_id": ids,
            "channel": "email",
            "starts_at": pd.date_range("2025-01-01", periods=60),
            "send_hour": hour,
        }
    )
    totals = pd.DataFrame({"campaign_id": ids, "recipients": people, "clicked": clicked})
    found = hours(shop_of(tmp_path / "shop", {"campaigns": known, "campaign_results": totals}))[0]
    assert found.best == 20
    assert found.table.set_index("hour")["verdict"][20] == "better"
    assert set(found.never) == set(range(24)) - {9, 12, 15, 20}
    few = hours(shop_of(tmp_path / "few", {"campaigns": known.head(5), "campaign_results": totals.head(5)}))[0]
    assert few.missing is not None and few.best is None


def test_hours_that_make_no_difference_are_rarely_told_apart():
    random, told = np.random.default_rng(2), 0
    for _ in range(60):
        hour, clicked, people = by_hour(random, 0.0, campaigns=24)
        _, group = np.unique(hour, return_inverse=True)
        found = effects(group, np.ones((24, 1)), *log_odds(clicked, people))
        told += bool((np.abs(found.mean) > 2.5 * found.sd).any())  # 95 % of four hours together
    assert told <= 6  # 5 % of 60, and what chance adds to it


def test_ranges_of_hours_hold_their_effects():
    random, inside, count = np.random.default_rng(3), 0, 0
    for _ in range(40):
        true = random.normal(0, 0.4, 6)
        group = np.arange(36) % 6
        odds = -3 + true[group] + random.normal(0, 0.2, 36)
        found = effects(
            group, np.ones((36, 1)), *log_odds(random.binomial(3000, 1 / (1 + np.exp(-odds))), np.full(36, 3000))
        )
        inside += int((np.abs(true - true.mean() - (found.mean - found.mean.mean())) < 1.96 * found.sd).sum())
        count += 6
    assert inside / count > 0.9


# --- the command ---


def test_the_command_prints_parts_that_add_up_and_writes_a_row_per_channel(small, tmp_path):
    out = tmp_path / "channels.csv"
    result = CliRunner().invoke(main, ["channels", "--shop", str(small.path), "--out", str(out)])
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert sum(one["orders"] for one in answer["reconciled"]["parts"]) == answer["reconciled"]["orders"] == 7
    assert pd.read_csv(out)["channel"].tolist() == ["email", "sms"]


@pytest.mark.parametrize(("days", "counted"), [("window", 2), ("7", 2), ("30", 1)])
def test_the_command_says_the_total_of_the_channels_and_what_is_not_in_it(tmp_path, days, counted):
    opened = joined_shop(
        tmp_path / "shop", tried("mail1", "email", "2026-01-05"), tried("text", "sms", "2026-02-15"),
        tried("uneven", "email", "2026-01-05", propensity=0.5),
    )  # fmt: skip
    result = CliRunner().invoke(main, ["channels", "--shop", str(opened.path), "--days", days])
    answer = json.loads(result.stdout)
    assert answer["total"]["plans"] == counted
    found = sum(one["extra_orders"] or 0 for one in answer["channels"])
    assert answer["total"]["extra_orders"] == pytest.approx(found) == pytest.approx(36 * counted)
    apart = {one["plan_id"]: one["verdict"] for one in answer["not_in_total"]}
    assert apart == {"uneven": "uneven"} | ({"text": "not_yet"} if days == "30" else {})
    assert all(one["reason"] for one in answer["not_in_total"])


def test_the_command_refuses_a_shop_without_campaigns_and_leaves_no_file(tmp_path):
    bare = shop_of(tmp_path / "shop", tables("orders", "customers", "products"))
    result = CliRunner().invoke(main, ["channels", "--shop", str(bare.path), "--out", str(tmp_path / "out.csv")])
    assert result.exit_code == 2 and "no past campaigns" in result.stderr
    assert not (tmp_path / "out.csv").exists()


def test_messages_that_nobody_answered_claim_nothing(tmp_path):
    found = channels.answer(shop(tmp_path / "shop", orders(("z", "2026-01-03")), sent(("mail1", "a", "2026-01-02"))))
    assert (found.reconciled.orders, found.reconciled.claimed, found.reconciled.claims) == (1, 0, 0)
    assert found.reconciled.parts["orders"].tolist() == [1] and not len(found.reconciled.by_channel)


def test_totals_with_more_orders_than_messages_and_orders_that_are_all_returns_are_answered(tmp_path):
    known = CAMPAIGNS.loc[CAMPAIGNS.index.repeat(4)].reset_index(drop=True)
    known = known.assign(campaign_id=known.index.astype(str), send_hour=known.index % 5)
    totals = pd.DataFrame({"campaign_id": known["campaign_id"], "recipients": 50, "orders": 90})
    bought = orders(("a", "2026-01-03"))
    found = channels.answer(shop_of(tmp_path / "a", {"campaigns": known, "orders": bought, "campaign_results": totals}))
    assert found.hours and all(one.table["high"].dropna().le(1).all() for one in found.hours)
    back = bought.assign(quantity=-1)
    none = channels.answer(shop(tmp_path / "b", back, sent(("mail1", "a", "2026-01-02"))))
    assert none.reconciled is None and "Import orders" in none.missing[0].text()


def test_a_shop_whose_messages_were_all_held_back_says_so(tmp_path):
    held = sent(("mail1", "a", "2026-01-02"), treated=0)
    found = channels.answer(shop(tmp_path / "shop", orders(("a", "2026-01-03")), held))
    assert found.reconciled is None and "nobody was sent one" in found.missing[0].text()
