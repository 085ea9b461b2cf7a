"""Rules for an audience: whom one selects, what one may ask, what is wrong with one."""

from pathlib import Path

import pandas as pd
import streamlit as st

from dashboard import state
from dashboard.cache import customers, shops, stamps
from engine.audience import rules
from engine.audience.facts import Field
from engine.errors import DataProblem, NotEnoughData
from engine.sentences import Said, spoken
from engine.shop import store
from engine.shop.store import Shop


def selected(shop: Shop, text: str) -> list[str]:
    """Customers whom a rule selects on the day of the data. Raises DataProblem as engine.audience.rules does."""
    return _selected(str(shop.path), stamps.of_audience(shop), text, shop)


@st.cache_resource(max_entries=128, show_spinner=False)
def _selected(path: str, stamp: tuple, text: str, _shop: Shop) -> list[str]:
    return rules.select(shops.kept(_shop), text, shops.as_of(path, _shop.version), facts(path, _shop.version))


@st.cache_resource(max_entries=2, show_spinner=False)
def facts(path: str, version: str) -> pd.DataFrame:
    """What rules may ask, of every customer: see engine.audience.rules.facts."""
    return rules.facts(
        shops.read_once(path, version), shops.as_of(path, version), customers.features_of_all(path, version)
    )


def fields(shop: Shop) -> dict[str, Field]:
    """What rules of this shop may ask, by name, in the order a page offers it."""
    return _fields(str(shop.path), stamps.of_audience(shop))


@st.cache_resource(max_entries=4, show_spinner=False)
def _fields(path: str, stamp: tuple) -> dict[str, Field]:
    return {field.name: field for field in rules.fields(store.open_shop(Path(path)))}


def problems(shop: Shop, text: str) -> tuple[str, ...]:
    """What is wrong with a rule, a sentence each; nothing where this shop can answer it."""
    found = _problems(str(shop.path), stamps.of_audience(shop), text)
    return tuple(spoken(one, state.language()) for one in found)


@st.cache_data(max_entries=256, show_spinner=False)
def _problems(path: str, stamp: tuple, text: str) -> tuple[Said, ...]:
    try:
        selected(store.open_shop(Path(path)), text)  # kept, and asked for next
    except (DataProblem, NotEnoughData) as problem:
        return tuple(problem.said)
    return ()


def spelled(shop: Shop, text: str) -> str:
    """The rule with names and values as the shop spells them; as it stands where it says so already or is mistaken."""
    return _spelled(str(shop.path), stamps.of_audience(shop), text, shop)


@st.cache_data(max_entries=256, show_spinner=False)
def _spelled(path: str, stamp: tuple, text: str, _shop: Shop) -> str:
    try:
        spelled = rules.spelled(shops.kept(_shop), text, facts(path, _shop.version))
    except (DataProblem, NotEnoughData):
        return text  # the page says what is wrong with it
    return text if spelled == rules.parse(text) else rules.write(spelled)
