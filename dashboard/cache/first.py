"""What can be said of a plan before anything was learned."""

import json
from pathlib import Path

import streamlit as st

from dashboard.cache import audience, forecasts
from engine.audience.reach import Others
from engine.campaign import planned, window
from engine.campaign.expected import Forecast, Range
from engine.campaign.first import anyway as from_orders
from engine.campaign.first import outlook as outlooks
from engine.campaign.first.anyway import Anyway
from engine.campaign.first.assumed import Assumed
from engine.campaign.first.outlook import Ground, Outlook
from engine.campaign.plan import Plan
from engine.campaign.response import Models
from engine.campaign.scene import Scene
from engine.decision import assign
from engine.sentences import Sentence
from engine.shop import store
from engine.shop.store import Shop

MOST_LINES = 500_000  # of orders: with more, a learned forecast would wait too long for this one line beside it


def anyway(shop: Shop, window_days: int) -> Anyway | Sentence:
    """Who would buy within so many days anyway, from orders alone; see engine.campaign.first.anyway."""
    return _anyway(str(shop.path), shop.version, window_days)


@st.cache_resource(max_entries=4, show_spinner=False)
def _anyway(path: str, version: str, window_days: int) -> Anyway | Sentence:
    return from_orders.learn(store.open_shop(Path(path)), window_days)


def as_things_were(shop: Shop, plan: Plan, forecast: Forecast) -> Range | None:
    """How many of those a plan writes to would buy in its window by past orders alone; None where these do not say."""
    if shop.rows("orders") > MOST_LINES:
        return None
    known = anyway(shop, forecast.window_days)
    if isinstance(known, Sentence):
        return None
    return known.orders(audience.reach(shop, plan).reachable, forecast.recipients)


def can_be_learned(shop: Shop) -> bool:
    """Whether past messages record enough orders to learn forecasts from."""
    return _can_be_learned(str(shop.path), shop.version)


@st.cache_data(max_entries=8, show_spinner=False)
def _can_be_learned(path: str, version: str) -> bool:
    return outlooks.can_be_learned(store.open_shop(Path(path)))


def outlook(shop: Shop, models: Models | None, plan: Plan, copy: dict[str, str], assumed: Assumed) -> Outlook:
    """What can be said of a plan of which nothing was learned, or whose rates were typed."""
    found, word = audience.others(shop, plan)
    scene_key, messages = forecasts.scene_key(shop, plan, word), planned.messages(plan, copy)
    version = models.version if models else ""
    key = json.dumps([version, scene_key, messages, assumed.to_json()], sort_keys=True, default=str)
    return _outlook(str(shop.path), key, shop, models, plan, messages, found, scene_key, assumed)


@st.cache_resource(max_entries=32, show_spinner=False)
def _outlook(
    path: str,
    key: str,
    _shop: Shop,
    _models: Models | None,
    _plan: Plan,
    _messages: list[dict],
    _others: Others,
    _scene: str,
    _assumed: Assumed,
) -> Outlook:
    scenes = forecasts.scenes_of(path, _scene, _shop, _plan, _others)
    drawn = assign.with_sizes(scenes, _messages)
    known = _ground(path, _scene, window.of_messages(_shop.settings, _messages), _shop, scenes)
    return outlooks.look(_shop, _models, scenes, drawn, _assumed, known)


@st.cache_resource(max_entries=16, show_spinner=False)
def _ground(path: str, scene: str, window_days: int, _shop: Shop, _scenes: list[Scene]) -> Ground:
    return outlooks.ground(_shop, _scenes, window_days, lambda days: anyway(_shop, days))
