"""The best offers: the ways to write to a group, and what each would do."""

import json
from pathlib import Path

import streamlit as st

from dashboard.cache import forecasts, shops
from dashboard.cache.forecasts import Asked
from engine.campaign.optimise import judging
from engine.campaign.optimise import options as optimise_options
from engine.campaign.optimise.judging import Group, Judged
from engine.campaign.optimise.limits import Shelf
from engine.campaign.optimise.options import Choices, Option
from engine.campaign.plan import Plan
from engine.campaign.response import Models
from engine.campaign.scene import Scene
from engine.decision import assign
from engine.shop import store
from engine.shop.store import Shop


def options(shop: Shop, models: Models, choices: Choices) -> tuple[Option, ...]:
    """The ways to write to a group: see engine.campaign.optimise.options."""
    return _options(str(shop.path), shop.version, models.version, repr(choices), models, choices)


@st.cache_resource(max_entries=16, show_spinner=False)
def _options(path: str, version: str, learned: str, key: str, _models: Models, _choices: Choices) -> tuple[Option, ...]:
    return tuple(optimise_options.options(store.open_shop(Path(path)), _models.tried, _choices))


def shelf(shop: Shop) -> Shelf:
    """Stock of the shop's products, and what orders take of it."""
    return _shelf(str(shop.path), shop.version)


@st.cache_resource(max_entries=2, show_spinner=False)
def _shelf(path: str, version: str) -> Shelf:
    return Shelf.of(store.open_shop(Path(path)))


def judged(shop: Shop, models: Models, plan: Plan, copy: dict[str, str], ways: tuple[Option, ...]) -> list[Judged]:
    """What each way would do for the audience of a plan, no limit asked yet: see engine.campaign.optimise.judging."""
    question = forecasts.asked(shop, models, plan, copy)
    return _judged(str(shop.path), json.dumps([question.key, repr(ways)]), question, ways)


@st.cache_resource(max_entries=64, show_spinner=False)  # a channel of a group each, about 8 MB
def _judged(path: str, key: str, _asked: Asked, _ways: tuple[Option, ...]) -> list[Judged]:
    kept, prepared = shops.kept(_asked.shop), dict[str, list[Scene]]()

    def at(option: Option) -> tuple[list[Scene], list[dict]]:
        messages = option.on(_asked.messages)
        if option.channel not in prepared:
            first = _asked.plan.steps[0].model_copy(update={"channel": option.channel})
            plan = _asked.plan.model_copy(update={"steps": [first, *_asked.plan.steps[1:]]})
            prepared[option.channel] = forecasts.asked(_asked.shop, _asked.models, plan, {}).scenes
        return prepared[option.channel], assign.with_sizes(prepared[option.channel], messages)

    with forecasts.ONE_AT_A_TIME:
        return judging.judge(kept, _asked.models, Group(_asked.plan.plan_id, at), _ways, shelf(_asked.shop))
