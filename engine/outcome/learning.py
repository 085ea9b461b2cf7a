"""Everything that results say of the forecasts, in one reading: what `outcomes` prints and the pages show.

Forecasts on record beside what came, how good they have been, what changed since they were learned, and what they learn
from it (engine.outcome.relearned).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from engine.decision import plans
from engine.errors import AppError, NotEnoughData
from engine.outcome import changed, changed_words, judged, measured, on_record, past, relearned, track
from engine.outcome.changed import Changed, Touched
from engine.shop import store
from engine.shop.features import default_as_of
from engine.shop.store import Shop

Progress = Callable[[float, str], None]
Answer = TypeVar("Answer")
NOTED = "changed.json"  # in the models' folder: what changed, as it was found last


@dataclass(frozen=True, slots=True)
class Looked:
    """rehearsed: track.JUDGED of campaigns that models had not seen; found: see engine.outcome.changed."""

    version: str
    rehearsed: pd.DataFrame
    found: Changed


def forecasts(shop: Shop, config: Path, as_of: date | None = None) -> pd.DataFrame:
    """engine.outcome.judged.judged of every plan with a forecast on record.

    Raises StoreProblem where the approval history is not the one that was written.
    """
    made = on_record.forecasts(shop, config)
    if not made:
        return pd.DataFrame(columns=judged.COLUMNS)
    until = as_of or default_as_of(shop)
    try:
        reported = past.campaigns(shop)
    except NotEnoughData:
        reported = pd.DataFrame(columns=past.COLUMNS)
    is_any_over = any(one.over_from <= until for one in made)
    own = measured.measured(shop, as_of) if is_any_over and shop.rows("orders") else None
    return judged.judged(made, reported, own, until)


def by_target(table: pd.DataFrame) -> dict[str, list[dict]]:
    """Rates on record with what came, by target, the earliest first: as engine.campaign.track_record takes them."""
    made = track.on_record(table)
    targets = {"click": "ctr", "order": "order_rate"}
    return {target: made[made["figure"] == figure].to_dict("records") for target, figure in targets.items()}


def look(shop: Shop, as_of: date | None = None, seed: int = 0) -> Looked:
    """What came since the forecasts in use were learned. Takes seconds: the features of every message are worked out.

    Raises NotEnoughData before the first training, ModelFileProblem where the model in use cannot be read.
    """
    as_of = as_of or default_as_of(shop)
    read = changed.read(shop, as_of)
    found = changed.of_past(shop, read, as_of, seed)
    starts: dict[str, pd.Timestamp] = {}
    if shop.rows("campaigns"):
        table = shop.table("campaigns", ["campaign_id", "starts_at"]).drop_duplicates("campaign_id")
        starts = table.set_index("campaign_id")["starts_at"].to_dict()
    seen = track.rehearsed(read.models.card, read.newer, starts)
    return Looked(read.models.version, seen, found)


def touched(shop: Shop, found: Changed) -> list[Touched]:
    """The open plans that it concerns, as they are saved now."""
    named = {}
    if "category" in shop.columns("products"):
        products = shop.table("products", ["product_id", "category"]).dropna().drop_duplicates("product_id")
        named = products.set_index("product_id")["category"].to_dict()
    return changed.touched(found, [saved.plan for saved in plans.saved_plans(shop.path)], named)


# --- for the command ---


def sections(shop: Shop, config: Path, as_of: date | None, seed: int, learns: bool, progress: Progress) -> dict:
    """forecasts, calibration, drift, and with `learns` also recalibrated and promotion; each or why there is none."""
    made, refused = _tried(lambda: forecasts(shop, config, as_of))
    looked, unlooked = _tried(lambda: look(shop, as_of, seed))
    found: dict[str, Any] = {"forecasts": refused if made is None else _records(made)}
    found["calibration"] = {
        "on_record": refused if made is None else track.told(track.on_record(made), judged.FIGURES),
        "rehearsed": unlooked if looked is None else track.told(looked.rehearsed, track.FIGURES),
    }
    found["drift"] = unlooked
    if looked is not None:
        concerned = touched(shop, looked.found)
        note(shop, looked, concerned)
        found["drift"] = changed_words.to_json(looked.found, concerned, shop.settings.currency)
    if learns:
        learned, unlearned = _tried(lambda: relearned.relearn(shop, as_of, seed, progress))
        told = learned.to_json() if learned else unlearned
        found["recalibrated"] = told.pop("recalibration", unlearned)
        found["promotion"] = told
    return found


def _tried(work: Callable[[], Answer]) -> tuple[Answer | None, dict]:
    """What came of it, or the sentence that says why there is nothing: the other sections stand all the same."""
    try:
        return work(), {}
    except AppError as problem:
        return None, {"refused": str(problem)}


def _records(table: pd.DataFrame) -> list[dict]:
    return table.astype(object).where(table.notna(), None).to_dict("records")


# --- what was found last, for pages that may not take seconds ---


@dataclass(frozen=True, slots=True)
class Noted:
    """What changed as the last `outcomes` found it, in a language: said, and which plans are touched."""

    said: str
    touched: str
    plans: int


def note(shop: Shop, looked: Looked, concerned: list[Touched]) -> None:
    """Keep what was found beside the model it was held against."""
    currency = shop.settings.currency
    kept = {
        "version": looked.version,
        "alarm": looked.found.alarm,
        "plans": len(concerned),
        "said": {one: changed_words.summary(looked.found, currency, one) for one in ("en", "zh")},
        "touched": {one: changed_words.plans(concerned, one) for one in ("en", "zh")},
    }
    with store.writing(shop.path):
        content = json.dumps(kept, indent=1, ensure_ascii=False).encode()
        store.replace_file(shop.path / "models" / NOTED, content)


def noted(shop: Shop, version: str, language: str) -> Noted | None:
    """What changed since this version was learned, as it was found last; None where nothing did or nobody looked."""
    path = shop.path / "models" / NOTED
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if not kept.get("alarm") or kept["version"] != version:
        return None
    return Noted(kept["said"][language], kept["touched"][language], int(kept["plans"]))
