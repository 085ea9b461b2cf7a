"""Would it have paid to write to others? On a shop whose planted effect is known."""

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from engine.__main__ import main
from engine.campaign.uplift import kept
from engine.errors import NotEnoughData
from engine.outcome.offpolicy import from_shop, money
from engine.shop import store

ORDER, MARGIN, COST = 100.0, 0.4, 0.5  # an order, its share above the goods' cost, a message


def shop_of(folder, rows=6_000, seed=0, **columns):
    """Sends of four campaigns, 70 % written to by chance. Who ordered lately orders 6 % of the time, with a message
    16 %; others 4 %, with a message no more."""
    random = np.random.default_rng(seed)
    customers = rows // 4
    ids = np.array([f"c{k:05d}" for k in range(customers)])
    recent = np.arange(customers) % 2 == 0
    days = pd.to_datetime(["2026-02-01", "2026-03-01", "2026-04-01", "2026-05-01"])
    who = np.tile(np.arange(customers), 4)
    treated = random.random(rows) < 0.7
    rate = np.where(recent[who], np.where(treated, 0.16, 0.06), 0.04)
    converted = (random.random(rows) < rate).astype(float)
    deliveries = pd.DataFrame(
        {"campaign_id": np.repeat(["k1", "k2", "k3", "k4"], customers), "customer_id": ids[who],
         "sent_at": np.repeat(days, customers), "treated": treated.astype(float), "propensity": 0.7,
         "converted": converted, "revenue": converted * ORDER}
    )  # fmt: skip
    deliveries = deliveries.assign(**columns)
    orders = pd.DataFrame(
        {"order_id": [f"o{k}" for k in range(customers)], "customer_id": ids, "product_id": "p1", "quantity": 1.0,
         "ordered_at": np.where(recent, np.datetime64("2026-01-31"), np.datetime64("2025-06-01")), "unit_price": 9.0}
    )  # fmt: skip
    campaigns = pd.DataFrame(
        {"campaign_id": ["k1", "k2", "k3", "k4"], "channel": "email", "starts_at": days,
         "ends_at": days + pd.Timedelta(days=7), "send_cost": COST}
    )  # fmt: skip
    made = store.create_shop(folder, {"name": "Tea", "gross_margin": {"default": MARGIN}})
    tables = {"deliveries": deliveries.dropna(axis=1, how="all"), "campaigns": campaigns, "orders": orders,
              "customers": pd.DataFrame({"customer_id": ids})}  # fmt: skip
    store.save_tables(made, tables)
    return store.open_shop(folder)


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    return from_shop.sends(shop_of(tmp_path_factory.mktemp("sends") / "shop"))


# What a choice earns per message that might have been sent: margin of its orders less the cost of its messages.
TRUTH = {
    "everybody": 40 * (0.16 + 0.04) / 2 - COST,
    "nobody": 40 * (0.06 + 0.04) / 2,
    "recent": 40 * (0.16 + 0.04) / 2 - COST / 2,
    "lapsed": 40 * (0.06 + 0.04) / 2 - COST / 2,
}


@pytest.mark.parametrize("choice", from_shop.CHOICES)
def test_the_planted_profit_of_every_choice_is_inside_its_interval(known, choice):
    found = from_shop.judge(known, choice)
    for one in found.found:
        assert one.value.low <= TRUTH[choice] <= one.value.high, one.name


def test_leaving_out_whom_writing_does_not_move_is_better_and_writing_to_nobody_is_worse(known):
    assert known.reward == "profit"
    assert len(known.log) == 4_500, "what the last campaign did is not known yet"
    assert from_shop.judge(known, "nobody").verdict == "worse"
    assert from_shop.judge(known, "lapsed").verdict == "worse"
    recent, everybody = from_shop.judge(known, "recent"), from_shop.judge(known, "everybody")
    assert recent.headline.value.value > everybody.headline.value.value


def test_days_since_an_order_are_counted_at_the_send_and_not_today(known):
    days = known.days_since_order
    assert set(np.round(days[known.log.context["channel"] == "email"][:2])) == {1.0, 245.0}
    share = from_shop.written_to(known, "recent").mean()
    assert share == pytest.approx(0.5), "1 April is 60 days after 31 January"


def test_writing_where_it_was_expected_to_pay_is_judged_on_customers_nobody_learned_from(tmp_path):
    shop = shop_of(tmp_path / "shop")
    assert "moved" not in from_shop.sends(shop).choices
    kept.learn_and_keep(shop, False, 0, lambda share, text: None)
    known = from_shop.sends(shop)
    assert known.choices[4] == "moved"
    recent = from_shop.written_to(known, "recent")
    assert from_shop.written_to(known, "moved")[recent].mean() > 0.9 > from_shop.written_to(known, "moved").mean()
    found = from_shop.judge(known, "moved").headline
    assert found.gain.value > 0 and found.value.low < TRUTH["recent"] < found.value.high


def test_profit_is_what_is_paid_less_goods_and_what_comes_back():
    rows = pd.DataFrame({"revenue": [80.0, 80.0, 0.0, np.nan], "offer_kind": "percent", "discount": 0.2})
    treated = np.array([True, False, True, False])
    # Written to: 80 paid of 100, goods 60. Held out: 80 paid of 80, goods 48. A tenth comes back.
    found = money.of_paid(rows, treated, 0.4, 0.9)
    np.testing.assert_allclose(found, [20 * 0.9, 32 * 0.9, 0, 0])


def paid_by_those_written_to(tmp_path):
    """A sending tool that records what those bought whom it wrote to, and nothing of those held back."""
    shop = shop_of(tmp_path / "shop")
    table = shop.table("deliveries")
    store.save_tables(shop, {"deliveries": table.assign(revenue=table["revenue"].where(table["treated"].eq(1)))})
    return store.open_shop(shop.path)


def test_revenue_of_those_written_to_alone_is_no_profit_of_nobody_else(tmp_path):
    found = from_shop.sends(paid_by_those_written_to(tmp_path))
    assert (found.reward, found.source) == ("orders", "none")
    assert [one.key for one in found.notes] == ["offpolicy.revenue_lacking"]


def test_the_shops_own_orders_say_what_both_groups_earned(tmp_path):
    """Every order of the deliveries is in the shop too; of those held back no sending tool said the money."""
    shop = paid_by_those_written_to(tmp_path)
    before, bought = shop.table("orders"), shop.table("deliveries").query("converted == 1")
    lines = pd.DataFrame(
        {"order_id": [f"n{k}" for k in range(len(bought))], "customer_id": bought["customer_id"].to_numpy(),
         "product_id": "p1", "quantity": 1.0, "ordered_at": bought["sent_at"].to_numpy() + pd.Timedelta("30h"),
         "unit_price": ORDER}
    )  # fmt: skip
    end = pd.DataFrame([lines.iloc[0].to_dict() | {"order_id": "end", "ordered_at": pd.Timestamp("2026-05-20")}])
    store.save_tables(shop, {"orders": pd.concat([before, lines, end])})
    known = from_shop.sends(store.open_shop(shop.path))
    assert (known.reward, known.source) == ("profit", "orders")
    for choice in from_shop.CHOICES:
        found = from_shop.judge(known, choice).headline.value
        assert found.low <= TRUTH[choice] <= found.high, choice
    treated = known.log.action == 1
    assert set(np.round(known.log.reward[~treated], 6)) == {0.0, ORDER * MARGIN}
    assert set(np.round(known.log.reward[treated], 6)) == {-COST, ORDER * MARGIN - COST}
    short = pd.concat([before, lines[lines["ordered_at"] < "2026-04-05"]])
    store.save_tables(shop, {"orders": short})
    fewer = from_shop.sends(store.open_shop(shop.path))
    assert fewer.source == "orders" and fewer.last.isoformat() == "2026-03-01", "April's window was not over"
    assert fewer.notes[0].key == "offpolicy.orders_end" and fewer.facts["campaigns"] == 2


def test_without_revenue_orders_are_counted(tmp_path):
    found = from_shop.sends(shop_of(tmp_path / "shop", revenue=np.nan))
    assert found.reward == "orders" and set(np.unique(found.log.reward)) == {0.0, 1.0}


@pytest.mark.parametrize(
    ("columns", "said"),
    [({"propensity": np.nan}, "propensity"), ({"treated": 1.0}, "Nobody was left out"), ({"converted": 0.0}, "orders")],
)
def test_a_past_that_cannot_tell_is_refused(tmp_path, columns, said):
    with pytest.raises(NotEnoughData, match=said):
        from_shop.sends(shop_of(tmp_path / "shop", **columns))


def test_the_command_judges_the_shops_own_sends(tmp_path):
    shop = shop_of(tmp_path / "shop")

    def ran(*arguments, code=0):
        asked = ["offpolicy", *arguments, "--shop", shop.path, "--out", tmp_path / "out.csv"]
        ended = CliRunner().invoke(main, [str(one) for one in asked], catch_exceptions=False)
        assert ended.exit_code == code, ended.stderr
        return ended

    assert json.loads(ran("--choice", "nobody").stdout)["verdict"] == "worse"
    assert pd.read_csv(tmp_path / "out.csv")["estimator"].tolist() == ["IPS", "SNIPS", "DM", "DR", "SNDR"]
    (tmp_path / "out.csv").unlink()
    assert "none of everybody, nobody, recent, lapsed." in ran("--choice", "group:s9", code=2).stderr
    assert "Say a LOG with --policy FILE" in ran(code=2).stderr
    assert not (tmp_path / "out.csv").exists()
