"""Whether an approval still stands today, by the forecast that pages keep, and which of all stand no more."""

import json
import threading
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard.cache import first, forecasts, stamps
from engine import settings
from engine.campaign import response
from engine.campaign.first import outlook as outlooks
from engine.campaign.first.assumed import of_json
from engine.decision import overrides
from engine.decision import standing as standings
from engine.decision.ledger import Entry
from engine.decision.plans import SavedPlan
from engine.decision.standing import Standing
from engine.errors import AppError, DataProblem, ModelFileProblem, NotEnoughData
from engine.outcome import fallen as fallens
from engine.outcome.fallen import Fallen
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


# --- which approvals stand no more ---


@dataclass(slots=True)
class _Watch:
    """What is known of a shop's plans, and of which state of it; `looking` while a thread finds out."""

    looking: threading.Lock = field(default_factory=threading.Lock)
    state: tuple = ((), ())  # what the shop was, which plans were asked
    found: Fallen = field(default_factory=dict)


@st.cache_resource(max_entries=8, show_spinner=False)
def _watch(path: str) -> _Watch:
    return _Watch()


def fallen(shop: Shop, stored: list[SavedPlan]) -> Fallen:
    """Plans whose approval stands no more, as far as somebody has looked since the shop or the plan changed last."""
    watch = _watch(str(shop.path))
    if not watch.found or watch.state[0] != _shop_state(shop):
        return {}
    same = {one[0] for one in set(watch.state[1]) & set(map(_plan_state, stored))}
    return {plan_id: said for plan_id, said in watch.found.items() if plan_id in same}


def look(shop: Shop, stored: list[SavedPlan], today: date) -> threading.Thread | None:
    """Find out which approvals stand no more, in a thread that no page waits for; None where that is known.

    It takes about a second for a plan. What it found shows from the next run of a page on.
    """
    watch, plans = _watch(str(shop.path)), fallens.asked(stored, today)
    state = (_shop_state(shop), tuple(map(_plan_state, plans)))
    if watch.state == state or not watch.looking.acquire(blocking=False):
        return None
    thread = threading.Thread(target=_look, args=(watch, state, shop, plans, today), name="standing", daemon=True)
    thread.start()
    return thread


def _shop_state(shop: Shop) -> tuple:
    return (*stamps.of_audience(shop), response.current_version(shop))


def _plan_state(saved: SavedPlan) -> tuple[str, str, int]:
    return saved.plan.plan_id, saved.plan.status, saved.version


def _look(watch: _Watch, state: tuple, shop: Shop, plans: list[SavedPlan], today: date) -> None:
    found: Fallen = {}
    try:
        found = fallens.fallen(shop, plans, today, settings.read().config, standing)
    except (AppError, OSError):
        pass  # what is wrong with the shop its pages say; it is not to be tried again at each run
    finally:
        watch.state, watch.found = state, found
        watch.looking.release()
