import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from engine.__main__ import main
from engine.errors import NotEnoughData
from engine.model.shrunk import effects, log_odds
from engine.outcome import channels
from engine.outcome.channels import each
from engine.outcome.channels.delay import delays
from engine.outcome.channels.hours import hours
from engine.outcome.channels.reconciled import contacts, reconciled
from engine.outcome.touches import touches
from engine.shop import store
from tests.tiny import shop_of, tables

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


def test_money_of_a_channel_follows_from_its_counts(tmp_path):
    wrote = pd.DataFrame(
        {"campaign_id": "mail1", "customer_id": [f"t{n}" for n in range(1000)], "sent_at": "2026-01-01", "treated": 1,
         "converted": [1] * 100 + [0] * 900, "revenue": [18.0] * 100 + [0.0] * 900}
    )  # fmt: skip
    held = wrote.assign(customer_id=[f"h{n}" for n in range(1000)], treated=0)
    held[["converted", "revenue"]] = np.array([[1, 20.0]] * 40 + [[0, 0.0]] * 960)
    known = CAMPAIGNS.head(1).assign(offer_kind="percent", discount=0.1, send_cost=0.05)
    found = shop(tmp_path / "shop", orders(("a", "2026-01-01")), pd.concat([wrote, held]), {"return_rate": 0.1}, known)
    row = each.channels(found).iloc[0]
    assert (row["recorded_orders"], row["extra_orders"], row["cost"]) == (100, pytest.approx(60), pytest.approx(50))
    assert row["cost_per_extra"] == pytest.approx(50 / 60)
    assert row["discount_given"] == pytest.approx(100 * 2 * 0.9)  # 2 off each, of which nine tenths stay sold
    assert row["extra_profit"] == pytest.approx(60 * 20 * 0.9 * 0.5 - 180 - 50)
    assert row["extra_low"] < 60 < row["extra_high"] and row["extra_profit_low"] < row["extra_profit"]


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
    kinds = answer.table.set_index(["channel", "kind"])
    assert kinds.loc[("sms", "ads"), "verdict"] == "no_holdout" and ("sms", "messages") in kinds.index
    assert answer.unmatched.to_dict("records") == [{"channel": "sms", "orders": 4.0, "kind": "ads"}]  # of those days


def test_without_the_shops_orders_channels_are_listed_and_the_rest_says_why(tmp_path):
    found = channels.answer(shop_of(tmp_path / "shop", tables("campaigns", "deliveries")))
    assert len(found.table) == 1 and found.reconciled is None
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


def test_the_command_refuses_a_shop_without_campaigns_and_leaves_no_file(tmp_path):
    bare = shop_of(tmp_path / "shop", tables("orders", "customers", "products"))
    result = CliRunner().invoke(main, ["channels", "--shop", str(bare.path), "--out", str(tmp_path / "out.csv")])
    assert result.exit_code == 2 and "no past campaigns" in result.stderr
    assert not (tmp_path / "out.csv").exists()
