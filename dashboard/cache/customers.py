"""Who the customers are: groups, stages, features, and who may be one person."""

from pathlib import Path
from typing import Literal

import pandas as pd
import streamlit as st

from dashboard.cache import shops, stamps
from engine import settings
from engine.audience import lifecycle, segments
from engine.audience.segments import Segmentation
from engine.errors import NotEnoughData
from engine.shop import duplicates as finding
from engine.shop import store
from engine.shop.features import Snapshot, taken
from engine.shop.store import Shop


def segmentation(shop: Shop) -> Segmentation:
    """The groups in use. Raises NotEnoughData before the first, StoreProblem for files that cannot be read."""
    return _segmentation(str(shop.path), stamps.of_folder(shop.path / "segments"))


@st.cache_resource(max_entries=4, show_spinner=False)
def _segmentation(path: str, stamp: tuple) -> Segmentation:
    return segments.current(store.open_shop(Path(path)))


def fitted(shop: Shop, k: int | Literal["auto"]) -> Segmentation:
    """Groups made anew, not saved. Takes seconds the first time."""
    return _fitted(str(shop.path), shop.version, k)


@st.cache_resource(max_entries=12, show_spinner=False)
def _fitted(path: str, version: str, k: int | Literal["auto"]) -> Segmentation:
    return segments.fit(store.open_shop(Path(path)), k)


def lifecycle_groups(shop: Shop) -> pd.DataFrame:
    """See engine.audience.lifecycle.groups; no rows for a shop without orders."""
    return _lifecycle_groups(str(shop.path), shop.version)


@st.cache_resource(max_entries=4, show_spinner=False)
def _lifecycle_groups(path: str, version: str) -> pd.DataFrame:
    try:
        return lifecycle.groups(
            shops.read_once(path, version), shops.as_of(path, version), features_of_all(path, version)
        )
    except NotEnoughData:
        return pd.DataFrame(columns=["name", "customers", "share", "spend_share", "rule_text"])


def features(shop: Shop) -> Snapshot:
    """What is known of every customer on the day after the last row. Raises NotEnoughData for a shop without any."""
    return _features(str(shop.path), shop.version)


@st.cache_resource(max_entries=2, show_spinner=False)
def _features(path: str, version: str) -> Snapshot:
    return taken(store.open_shop(Path(path)), shops.as_of(path, version))


@st.cache_resource(max_entries=2, show_spinner=False)
def features_of_all(path: str, version: str) -> pd.DataFrame:
    """Features of every customer on the day of the data: see engine.audience.lifecycle.features_of_all."""
    return lifecycle.features_of_all(store.open_shop(Path(path)), shops.as_of(path, version))


def duplicates(shop: Shop) -> pd.DataFrame:
    """Customers who may be one person: see engine.shop.duplicates. Ids and counts, no contact."""
    return _duplicates(str(shop.path), (shop.version, stamps.of_folder(shop.path / "vault")))


@st.cache_resource(max_entries=4, show_spinner=False)
def _duplicates(path: str, stamp: tuple) -> pd.DataFrame:
    return finding.proposals(store.open_shop(Path(path)), settings.read().config)
