"""A file of plans, explained in order: the table of the contract."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from engine.campaign import explain, plans_file
from engine.campaign.response import Models
from engine.campaign.scene import everyone, scene
from engine.shop.store import Shop

COLUMNS = ["plan_id", "feature", "value", "contribution", "sentence"]
OF_ADS = ["row", "ad_id", *COLUMNS[1:]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What to explain of each plan: its audience, one customer of it, or the audience against everyone."""

    target: str
    language: str
    customer: str | None = None
    against_everyone: bool = False
    seed: int = 0


def explain_plans(shop: Shop, models: Models, path: Path, asked: Asked) -> pd.DataFrame:
    """COLUMNS: base, then features by size, then the spread of customers; one block per plan, in order."""
    tables = []
    for plan in plans_file.plan_rows(plans_file.read_plans(path)):
        audience = scene(shop, plan, plans_file.audience_of(shop, plan, path.parent), seed=asked.seed)
        how = asked.target, asked.language
        if asked.customer:
            table = explain.explain_customer(shop, models, audience, [plan], asked.customer, *how)
        elif asked.against_everyone:
            whole = everyone(shop, [plan], audience.as_of, asked.seed)[0]
            table = explain.explain_group(shop, models, audience, whole, plan, *how)
        else:
            table = explain.explain_plan(shop, models, audience, plan, *how)
        tables.append(table.assign(plan_id=plan["plan_id"]))
    return pd.concat(tables, ignore_index=True)[COLUMNS]
