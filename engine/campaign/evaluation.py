"""How good each response model is and what it learned: worked out when it is trained, stored beside it."""

import json
from dataclasses import dataclass

import pandas as pd

from engine.campaign import learned, versions
from engine.campaign.rows import of_campaign
from engine.errors import NotEnoughData
from engine.model import evaluate, holdout, manifest
from engine.model.fit import Judged, Response, Rows
from engine.sentences import Sentence
from engine.shop.store import Shop

FILE = "evaluation.json"


@dataclass(frozen=True, slots=True)
class Evaluated:
    """facts: engine.model.evaluate.figures, `learned`, `small_tree` and `campaigns_learned` (from), as JSON.

    table: the hold-out table with `predicted`, the probability by the model in use; empty where nothing was held back,
    and then facts has no `chosen`.
    """

    facts: dict
    table: pd.DataFrame


def judge(model: Response, rows: Rows, judged: Judged, seed: int) -> Evaluated:
    """What a model learned from `rows`, and how it did on those that were held back."""
    facts = {
        "learned": learned.told(model, rows, seed),
        "campaigns_learned": sorted({str(one) for one in rows.campaign}),
    }
    if judged.rows.empty:
        return Evaluated(facts, pd.DataFrame())
    held = holdout.hold_out(rows, judged, of_campaign(rows.features), learned.UNREADABLE, seed)
    facts |= evaluate.figures(held.table, held.models, judged.chosen, held.curve)
    facts |= {"small_tree": learned.rules(held.tree)}
    return Evaluated(facts, _with_predicted(held.table, facts))


def _with_predicted(table: pd.DataFrame, facts: dict) -> pd.DataFrame:
    return table.assign(predicted=table[facts["chosen"]])


def files(evaluated: dict[str, Evaluated]) -> dict[str, bytes]:
    """File name -> content, of every target."""
    facts = {target: one.facts for target, one in evaluated.items()}
    tables = {
        _table(target): holdout.stored(one.table.drop(columns="predicted"))
        for target, one in evaluated.items()
        if "chosen" in one.facts
    }
    return {FILE: json.dumps(facts, indent=1, default=float).encode()} | tables


def _table(target: str) -> str:
    return f"held_out-{target}.parquet"


def read(shop: Shop, version: str) -> dict[str, dict]:
    """`Evaluated.facts` by target. Raises ModelFileProblem for a changed or missing file."""
    return json.loads(manifest.read(versions.folder(shop, version))[FILE])


def held_out(shop: Shop, version: str, target: str) -> pd.DataFrame:
    """One target's hold-out table, as `Evaluated.table`. Raises ModelFileProblem for a changed or missing file."""
    stored = manifest.read(versions.folder(shop, version))
    facts = json.loads(stored[FILE])[target]
    return _with_predicted(holdout.read(stored[_table(target)], _table(target)), facts)


def numbered(shop: Shop, version: str, target: str) -> pd.DataFrame:
    """`held_out` for a file: a table that says nothing of customers has no other name for its rows than a number."""
    table = held_out(shop, version, target)
    table.insert(0, "row", range(1, len(table) + 1))
    return table


def in_use(shop: Shop, target: str) -> tuple[pd.DataFrame, dict]:
    """(hold-out table, figures that follow from it) of the model in use.

    Raises NotEnoughData where there is no model, or nothing of this target was held back.
    """
    version = versions.current_version(shop)
    facts = read(shop, version).get(target, {}) if version else {}
    if version is None or "chosen" not in facts:
        raise NotEnoughData(Sentence("refused.not_judged", {"target": target}))
    kept = {name: value for name, value in facts.items() if name not in ("learned", "campaigns_learned")}
    return numbered(shop, version, target), kept
