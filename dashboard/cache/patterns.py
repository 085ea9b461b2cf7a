"""What is learned from all past campaigns and sales together."""

from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.cache.tables import catalogue
from engine.outcome import what_worked as worked
from engine.shop import store
from engine.shop import trends as of_shop
from engine.shop.store import Shop


def what_worked(shop: Shop) -> list[worked.Answer]:
    """What went with better results, see engine.outcome.what_worked."""
    return _what_worked(str(shop.path), shop.version)


@st.cache_resource(max_entries=4, show_spinner=False)
def _what_worked(path: str, version: str) -> list[worked.Answer]:
    return worked.answer(store.open_shop(Path(path)))


def trend(shop: Shop, part: str) -> Any:
    """One part of what changes in what the shop sells: "categories", "products", "season", "searches", "prices",
    "demand"; see engine.shop.trends. Each is worked out when it is looked at: all of them take seconds."""
    return _trend(str(shop.path), shop.version, part)


@st.cache_resource(max_entries=24, show_spinner=False)
def _trend(path: str, version: str, part: str) -> Any:
    opened = store.open_shop(Path(path))
    if part == "searches":
        return of_shop.searches(opened)
    found = _sold(path, version)
    if part == "demand":
        return of_shop.demand(opened, found)
    if part in ("categories", "products"):
        return of_shop.growth(found, "category" if part == "categories" else "product")
    return {"season": of_shop.season, "prices": of_shop.prices}[part](found)


@st.cache_resource(max_entries=2, show_spinner=False)
def _sold(path: str, version: str) -> of_shop.Sold:
    return of_shop.sold(store.open_shop(Path(path)))


def product_names(shop: Shop) -> pd.Series:
    """Names of products by product_id."""
    return catalogue(shop)["name"].dropna()
