"""What a plan may begin with: a goal, a past campaign, a new product."""

import contextlib
from datetime import date
from pathlib import Path

import pandas as pd
import streamlit as st

from dashboard.cache import rules, shops, stamps
from engine.campaign import repeat, starting
from engine.campaign.launch import report as launching
from engine.campaign.launch.form import NewProduct
from engine.campaign.launch.report import Chosen, Launch
from engine.campaign.plan import GOALS
from engine.campaign.starting import Known, Proposal
from engine.errors import AppError
from engine.shop import store
from engine.shop.store import Shop


def starting_facts(shop: Shop) -> Known:
    """What the starting plans of a shop have in common. Raises NotEnoughData for a shop without any activity."""
    return _starting_facts(str(shop.path), shop.version)


@st.cache_resource(max_entries=4, show_spinner=False)
def _starting_facts(path: str, version: str) -> Known:
    return starting.known(shops.read_once(path, version), rules.facts(path, version))


def starting_plans(shop: Shop, today: date) -> dict[str, Proposal]:
    """The starting plan of every goal without a forecast, to be shown; where the shop lacks something it says so."""
    return _starting_plans(str(shop.path), stamps.of_audience(shop), today)


@st.cache_resource(max_entries=4, show_spinner=False)
def _starting_plans(path: str, stamp: tuple, today: date) -> dict[str, Proposal]:
    opened, facts = shops.kept(store.open_shop(Path(path))), None
    with contextlib.suppress(AppError):  # without any activity each goal says so itself
        facts = starting_facts(opened)
    return {goal: starting.propose(opened, goal, "new", goal, "nobody", today, facts=facts) for goal in GOALS}


def repeatable(shop: Shop, today: date) -> pd.DataFrame:
    """Past campaigns that can be done again: see engine.campaign.repeat.repeatable."""
    return _repeatable(str(shop.path), shop.version, today)


@st.cache_resource(max_entries=4, show_spinner=False)
def _repeatable(path: str, version: str, today: date) -> pd.DataFrame:
    return repeat.repeatable(store.open_shop(Path(path)), today)


# --- a new product ---


def launch(shop: Shop, product: NewProduct) -> Launch:
    """What is expected of a new product. Takes seconds the first time."""
    return _launch(str(shop.path), shop.version, product.model_dump_json(exclude={"facts"}))


@st.cache_resource(max_entries=8, show_spinner=False)
def _launch(path: str, version: str, product: str) -> Launch:
    return launching.forecast(store.open_shop(Path(path)), NewProduct.model_validate_json(product))


def wanted_by(shop: Shop, product: NewProduct, size: int | None) -> Chosen | None:
    """The customers likeliest to want a new product, and how many of them each channel reaches."""
    return _wanted_by(str(shop.path), stamps.of_audience(shop), product.model_dump_json(exclude={"facts"}), size)


@st.cache_resource(max_entries=16, show_spinner=False)
def _wanted_by(path: str, stamp: tuple, product: str, size: int | None) -> Chosen | None:
    opened = store.open_shop(Path(path))
    return launching.chosen(opened, launch(opened, NewProduct.model_validate_json(product)), size)
