"""Whether an approval still stands today, by the forecast that pages keep."""

import json
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard.cache import first, forecasts, stamps
from engine.campaign import response
from engine.campaign.first import outlook as outlooks
from engine.campaign.first.assumed import of_json
from engine.decision import overrides
from engine.decision import standing as standings
from engine.decision.ledger import Entry
from engine.decision.plans import SavedPlan
from engine.decision.standing import Standing
from engine.errors import DataProblem, ModelFileProblem, NotEnoughData
from engine.shop import store
from engine.shop.store import Shop


def forecast_today(shop: Shop, saved: SavedPlan) -> dict[str, Any] | None:
    """As engine.decision.standing.forecast_today; a forecast that was seen before answers at once."""
    plan, copy = saved.plan, saved.extras.get("filled") or {}
    try:
        models = forecasts.models(shop) if response.current_version(shop) else None
        if models is None or not outlooks.is_learned(models):
            typed = of_json(saved.extras.get("assumed"))
            if models is None and typed.is_empty and first.can_be_learned(shop):
                return None
            return first.outlook(shop, models, plan, copy, typed).forecast.row()
        found = forecasts.of_plan(shop, models, plan, copy)
        if overrides.holds(saved.extras.get(overrides.KEY), found):
            found = forecasts.of_plan(shop, models, plan, copy, even_untried=True)
    except (DataProblem, NotEnoughData, ModelFileProblem):
        return None
    return found.row()


def standing(shop: Shop, saved: SavedPlan, history: list[Entry]) -> Standing:
    """Whether the plan's latest submission stands today: see engine.decision.standing. `history`: its entries."""
    row = forecast_today(shop, saved) if standings.needs_forecast(history) else None
    entry = standings.submitted_in(history)
    key = json.dumps([saved.plan.plan_id, saved.content_sha256, entry and entry.seq, row], sort_keys=True, default=str)
    return _standing(str(shop.path), stamps.of_audience(shop), key, saved, history, row)


@st.cache_resource(max_entries=32, show_spinner=False)
def _standing(
    path: str, stamp: tuple, key: str, _saved: SavedPlan, _history: list[Entry], _row: dict[str, Any] | None
) -> Standing:
    return standings.of(store.open_shop(Path(path)), _saved, _history, _row)
