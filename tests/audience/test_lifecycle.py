"""Stages of a customer's life with a shop, by rules whose limits come from the shop's own gaps between orders."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from engine.audience import lifecycle, rules
from engine.errors import NotEnoughData
from engine.shop.store import create_shop
from tests.tiny import shop_of, simulated


def known(*rows):
    """Features of customers: recency_days, frequency, monetary, gap_days."""
    return pd.DataFrame(rows, columns=["recency_days", "frequency", "monetary", "gap_days"]).astype("float64")


def test_every_stage_follows_its_rule():
    # The usual gap is 10 days: slipping after 20, lapsed after 40. The top tenth spends 900 or more.
    customers = known(
        (5, 3, 10, 10), (20, 3, 10, 10), (21, 3, 10, 10), (40, 3, 10, 10), (41, 3, 10, 10),
        (20, 1, 10, np.nan), (21, 1, 10, np.nan), (30, 9, 900, 10), (np.nan, 0, 0, np.nan),
        *[(5, 2, 10, 10)] * 3,
    )  # fmt: skip
    assert lifecycle.thresholds(customers) == lifecycle.Thresholds(10.0, 20.0, 40.0, 10.0, True)
    customers.loc[8:, "monetary"] = 20.0  # no longer is everyone in the top tenth
    customers.loc[7, "monetary"] = 900.0
    customers = pd.concat([customers, known(*[(5, 3, 10, 10)] * 20)], ignore_index=True)
    customers.loc[9:11, "monetary"] = 900.0
    assert lifecycle.thresholds(customers).vip_spend == 900.0
    assert lifecycle.of(customers).tolist()[:10] == [
        "active", "active", "slipping", "slipping", "lapsed", "new", "one-time", "vip", "none", "vip",
    ]  # fmt: skip


def test_a_big_spender_who_is_gone_is_lapsed_and_one_with_a_single_order_is_new():
    customers = known((100, 5, 900, 10), (5, 1, 900, np.nan), *[(5, 2, 10, 10)] * 8)
    assert lifecycle.of(customers).tolist()[:2] == ["lapsed", "new"]


def test_a_shop_where_nobody_ordered_twice_has_a_usual_gap_of_sixty_days():
    customers = known((119, 1, 10, np.nan), (121, 1, 10, np.nan))
    limits = lifecycle.thresholds(customers)
    assert (limits.gap_days, limits.gap_known) == (60.0, False)
    assert lifecycle.of(customers).tolist() == ["new", "one-time"]


def test_groups_hold_every_customer_once_and_their_rules_select_them(tmp_path):
    shop = shop_of(tmp_path / "shop", simulated())
    day = date(2025, 9, 1)
    groups = lifecycle.groups(shop, day)
    assert groups["name"].tolist() == list(lifecycle.STAGES)
    assert groups["customers"].sum() == 60
    assert groups["share"].sum() == pytest.approx(1)
    assert groups["spend_share"].sum() == pytest.approx(1)
    assert (groups["customers"] > 0).sum() >= 5
    facts = rules.facts(shop, day)
    for group in groups.itertuples():
        assert len(rules.select(shop, group.rule_text, day, facts)) == group.customers


def test_before_the_first_order_everyone_is_without_a_stage(tmp_path):
    groups = lifecycle.groups(shop_of(tmp_path / "shop", simulated()), date(2024, 1, 1)).set_index("name")
    assert groups.loc["none", "customers"] == 60
    assert groups["spend_share"].isna().all()


def test_a_shop_without_orders_is_told_what_is_missing(tmp_path):
    with pytest.raises(NotEnoughData, match="Stages need orders, and this shop has none yet"):
        lifecycle.groups(create_shop(tmp_path / "shop", {}), date(2026, 1, 1))
