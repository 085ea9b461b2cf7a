"""Results of exported plans that came in: their plans take the status that says so."""

from collections.abc import Collection
from datetime import datetime
from pathlib import Path

import pandas as pd

from engine.access import acting
from engine.decision import ledger, plans
from engine.outcome import joined, measured
from engine.shop.store import Shop

TABLES = ("deliveries", "campaign_results")


def note(shop: Shop, now: datetime, config: Path) -> list[str]:
    """The plans whose results are in by now and were not before, as they stand in the approval history from now on.

    Results of a plan are rows of deliveries or campaign_results that carry its id as campaign_id, or the shop's own
    orders where they reach to the end of its window.
    """
    waiting = {saved.plan.plan_id for saved in plans.saved_plans(shop.path) if saved.plan.status == "exported"}
    arrived = {one: rows for one, rows in _rows(shop).items() if one in waiting} if waiting else {}
    arrived |= _ordered(shop, waiting - set(arrived))
    if not arrived:
        return []
    noted, person = [], acting.person()
    with ledger.writing(shop.path, shop.shop_id, config) as writer:
        for plan_id, rows in arrived.items():
            stored = plans.find(writer.db, plan_id)
            if stored is None or stored.plan.status != "exported":
                continue  # somebody changed it meanwhile, or noted it
            writer.append(plan_id, "results_in", person, person, {"rows": rows}, now)
            plans.set_status(writer.db, plan_id, "results_in", now)
            noted.append(plan_id)
    return noted


def _rows(shop: Shop) -> dict[str, dict[str, int]]:
    """By campaign_id, how many rows each table has of it; the ids in alphabetical order."""
    counts = {
        table: shop.table(table, ["campaign_id"])["campaign_id"].value_counts() for table in TABLES if shop.rows(table)
    }
    if not counts:
        return {}
    found = pd.DataFrame(counts).fillna(0).astype("int64").sort_index()
    return {str(one): {name: int(count) for name, count in row.items() if count} for one, row in found.iterrows()}


def _ordered(shop: Shop, waiting: Collection[str]) -> dict[str, dict[str, int]]:
    """By plan_id, how many orders of its customers fell into its window, where that is over; in alphabetical order."""
    if not waiting or not shop.rows("orders"):
        return {}
    known = joined.read(shop)
    found = {}
    for plan_id in sorted(set(waiting) & known.draws.exports):
        rows = measured.of_known(shop, known, plan_id)
        over = rows[(rows["is_window"] == 1) & (rows["is_over"] == 1)]
        if len(over):
            found[plan_id] = {"orders": int(over["attributed_orders"].iloc[0])}
    return found
