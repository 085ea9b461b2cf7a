"""Past campaigns: their outcome, their counts, their names."""

from pathlib import Path

import pandas as pd
import streamlit as st

from engine.outcome.past import campaigns as past_campaigns
from engine.outcome.results import campaigns as campaign_results
from engine.shop import store
from engine.shop.store import Shop


def results(shop: Shop) -> pd.DataFrame:
    """Outcome of every past campaign, see engine.outcome.results.campaigns."""
    return _results(str(shop.path), shop.version)


@st.cache_data(max_entries=4, show_spinner=False)
def _results(path: str, version: str) -> pd.DataFrame:
    return campaign_results(store.open_shop(Path(path)))


def past(shop: Shop) -> pd.DataFrame:
    """Every past campaign with its counts and how each figure follows from them, see engine.outcome.past.campaigns."""
    return _past(str(shop.path), shop.version)


@st.cache_resource(max_entries=4, show_spinner=False)
def _past(path: str, version: str) -> pd.DataFrame:
    return past_campaigns(store.open_shop(Path(path)))


def names(shop: Shop) -> dict[str, str]:
    """Names of past campaigns by id, the latest first."""
    return _names(str(shop.path), shop.version)


@st.cache_resource(max_entries=4, show_spinner=False)
def _names(path: str, version: str) -> dict[str, str]:
    past = store.open_shop(Path(path)).optional("campaigns").drop_duplicates("campaign_id")
    past = past.sort_values("starts_at", ascending=False, kind="stable").set_index("campaign_id")
    return past["name"].fillna(past.index.to_series()).to_dict() if "name" in past else {one: one for one in past.index}
