"""Who needs an offer: what writing changes, as past holdouts tell it."""

import hashlib
from pathlib import Path

import pandas as pd
import streamlit as st

from dashboard.cache import audience, forecasts, shops, stamps
from engine.campaign.plan import Offer, Plan
from engine.campaign.response import Models
from engine.campaign.uplift import advice, evidence, kept, people
from engine.campaign.uplift.advice import Advice
from engine.campaign.uplift.learned import Learned
from engine.shop import store
from engine.shop.store import Shop


def holdout_standing(shop: Shop) -> tuple[str, int]:
    """Whether the past can tell what writing changes: see engine.campaign.uplift.evidence.standing."""
    return _holdout_standing(str(shop.path), shop.version)


@st.cache_data(max_entries=8, show_spinner=False)
def _holdout_standing(path: str, version: str) -> tuple[str, int]:
    return evidence.standing(store.open_shop(Path(path)))


def learned_extra(shop: Shop) -> Learned:
    """What writing changes, as it was learned last. Raises NotEnoughData before, ModelFileProblem for changed files."""
    return _learned_extra(str(shop.path), stamps.of_folder(shop.path / kept.FOLDER))


@st.cache_resource(max_entries=2, show_spinner=False)
def _learned_extra(path: str, stamp: tuple) -> Learned:
    return kept.load(store.open_shop(Path(path)))


def advised(shop: Shop, models: Models, plan: Plan, copy: dict[str, str]) -> Advice | None:
    """Who of a plan's customers needs its offer; None where its money cannot be forecast."""
    learned, people_ = learned_extra(shop), audience.reach(shop, plan).reachable
    key = hashlib.blake2b("\n".join(people_).encode(), digest_size=8).hexdigest()
    stamp = (stamps.of_audience(shop), stamps.of_folder(shop.path / kept.FOLDER), key)
    scored = _scored(str(shop.path), stamp, shop, people_, learned)
    bare = plan.model_copy(update={"offer": Offer()})
    found = (forecasts.of_plan(shop, models, one, copy) for one in (plan, bare))
    return advice.of_plan(learned, people_, scored, *found)


@st.cache_resource(max_entries=8, show_spinner=False)
def _scored(path: str, key: tuple, _shop: Shop, _people: list[str], _learned: Learned) -> pd.DataFrame:
    return _learned.of(people.all_columns_today(shops.kept(_shop), _people, _learned.with_history))
