"""For whom a plan worked, by what customers had ordered before it."""

import numpy as np
import pandas as pd
import pytest

from engine.outcome import by_past, joined
from tests.outcome.test_measured import SENT_AT, order, shop_with

PER_CELL = 400  # customers of each group and arm


def known_of(tmp_path, rates: dict[int, tuple[float, float]], **more):
    """Of customers with so many orders in the year before, what part of those sent and of those left out ordered."""
    lines, ids, treated = [order("x", "2026-03-01")], [], []
    for before, shares in rates.items():
        for arm, share in zip((1, 0), shares, strict=True):
            names = [f"{'sh'[1 - arm]}{before}-{number}" for number in range(PER_CELL)]
            ids, treated = ids + names, treated + [arm] * PER_CELL
            past = [(one, SENT_AT - pd.Timedelta(days=30 + 20 * n)) for one in names for n in range(before)]
            lines += [order(one, at) for one, at in past]
            lines += [order(one, "2026-01-12", order_id=f"now-{one}") for one in names[: round(share * PER_CELL)]]
    deliveries = pd.DataFrame(
        {"campaign_id": "k", "customer_id": ids, "sent_at": SENT_AT, "treated": treated, "propensity": 0.5} | more
    )
    return joined.read(shop_with(tmp_path, deliveries, lines))


def test_a_plan_that_worked_for_new_customers_alone_is_found_with_its_counts(tmp_path):
    found = by_past.compared(known_of(tmp_path, {0: (0.20, 0.10), 1: (0.20, 0.20), 6: (0.30, 0.30)}), "k", 7)
    assert found["group"].tolist() == ["none", "one", "many"]
    assert found[["sent", "sent_ordered", "held_out", "held_ordered"]].iloc[0].tolist() == [400, 80, 400, 40]
    assert found["lift"].tolist() == pytest.approx([1.0, 0.0, 0.0])
    assert found["p_adjusted"].iloc[0] < 0.01 and (found["p_adjusted"].iloc[1:] == 1).all()
    assert found["differs_by_group"].all() and found["interaction_p"].iloc[0] < 0.05


def test_one_group_that_stands_out_beside_others_that_go_the_same_way_is_no_difference(tmp_path):
    found = by_past.compared(known_of(tmp_path, {0: (0.16, 0.10), 2: (0.145, 0.10)}), "k", 7)
    assert found["group"].tolist() == ["none", "few"]
    assert found["p_value"].iloc[0] < 0.05 <= found["p_value"].iloc[1]
    assert not found["differs_by_group"].any()


def test_draws_of_different_chances_and_groups_that_are_too_small_are_not_compared(tmp_path, monkeypatch):
    known = known_of(tmp_path, {0: (0.2, 0.1)}, propensity=np.repeat([0.5, 0.9, 0.5, 0.9], PER_CELL // 2))
    assert by_past.compared(known, "k", 7).empty
    assert by_past.compared(known, "unknown", 7).empty
    monkeypatch.setitem(globals(), "PER_CELL", 90)
    assert by_past.compared(known_of(tmp_path / "few", {0: (0.2, 0.1)}), "k", 7).empty
