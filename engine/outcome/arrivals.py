"""Results of exported plans that came in: their plans take the status that says so."""

from datetime import datetime
from pathlib import Path

import pandas as pd

from engine.access import acting
from engine.decision import ledger, plans
from engine.shop.store import Shop

TABLES = ("deliveries", "campaign_results")


def note(shop: Shop, now: datetime, config: Path) -> list[str]:
    """The plans whose results are in by now and were not before, as they stand in the approval history from now on.

    Results of a plan are rows of deliveries or campaign_results that carry its id as campaign_id.
    """
    waiting = {saved.plan.plan_id for saved in plans.saved_plans(shop.path) if saved.plan.status == "exported"}
    arrived = {one: rows for one, rows in _rows(shop).items() if one in waiting} if waiting else {}
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
