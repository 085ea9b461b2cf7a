"""What a shop's tables hold, and whether their figures can be believed."""

from pathlib import Path

import pandas as pd
import streamlit as st

from engine.errors import AppError
from engine.outcome import readiness
from engine.outcome.readiness import Ready
from engine.shop import contents, incoming, intake, mapping, quality, store
from engine.shop import overview as overviews
from engine.shop.overview import Overview
from engine.shop.proposal import Proposal
from engine.shop.store import Shop


def overview(shop: Shop) -> Overview:
    """Key figures, products, weeks and returning customers, computed at one go: see engine.shop.overview."""
    return _overview(str(shop.path), shop.version)


@st.cache_resource(max_entries=8, show_spinner=False)
def _overview(path: str, version: str) -> Overview:
    return overviews.overview(store.open_shop(Path(path)))


def catalogue(shop: Shop) -> pd.DataFrame:
    """Products by product_id, the most ordered first: name, category. Empty where the shop has none."""
    return _catalogue(str(shop.path), shop.version)


@st.cache_resource(max_entries=4, show_spinner=False)
def _catalogue(path: str, version: str) -> pd.DataFrame:
    opened = store.open_shop(Path(path))
    products = opened.optional("products").drop_duplicates("product_id").set_index("product_id")
    products = products.reindex(columns=["name", "category"])
    if opened.has("orders"):
        ordered = opened.table("orders", columns=["product_id"])["product_id"].value_counts()
        products = products.loc[
            ordered.reindex(products.index).fillna(0).sort_values(ascending=False, kind="stable").index
        ]
    return products


def facts(shop: Shop) -> pd.DataFrame:
    """Every table of the shop: table, rows, first, last."""
    return _facts(str(shop.path), shop.version)


@st.cache_data(max_entries=8, show_spinner=False)
def _facts(path: str, version: str) -> pd.DataFrame:
    return contents.contents(store.open_shop(Path(path)))


def set_aside(shop: Shop) -> pd.DataFrame:
    """table, reason, rows of what was set aside: see engine.shop.intake.reasons."""
    return _set_aside(str(shop.path), store.stamp(sorted((shop.path / "set_aside").glob("*.csv"))))


@st.cache_resource(max_entries=4, show_spinner=False)
def _set_aside(path: str, stamp: tuple) -> pd.DataFrame:
    return intake.reasons(store.open_shop(Path(path)))


def proposals(into: Path, folder: Path) -> list[list[Proposal] | AppError]:
    """What the uploads that wait in a folder were taken for; see engine.shop.incoming.proposals."""
    stamp = store.stamp([folder / incoming.LIST, into / mapping.FILE])
    return _proposals(str(into), str(folder), stamp)


@st.cache_resource(max_entries=4, show_spinner=False)
def _proposals(into: str, folder: str, stamp: tuple) -> list[list[Proposal] | AppError]:
    return incoming.proposals(Path(into), Path(folder), incoming.load(Path(folder)))


# --- can the figures be believed ---


def sales_by_month(shop: Shop) -> pd.DataFrame:
    """Net sales by month and what may set them apart from the shop system's: engine.shop.quality.reconciliation."""
    return _sales_by_month(str(shop.path), shop.version, store.stamp([shop.path / "set_aside" / "orders.csv"]))


@st.cache_resource(max_entries=4, show_spinner=False)
def _sales_by_month(path: str, version: str, stamp: tuple) -> pd.DataFrame:
    return quality.reconciliation(store.open_shop(Path(path)))


def volumes(shop: Shop) -> pd.DataFrame:
    """Rows per week or month of every table: see engine.shop.quality.volumes."""
    return _volumes(str(shop.path), shop.version)


@st.cache_resource(max_entries=4, show_spinner=False)
def _volumes(path: str, version: str) -> pd.DataFrame:
    return quality.volumes(store.open_shop(Path(path)))


def ready(shop: Shop | None) -> list[Ready]:
    """What the shop's data is enough for: see engine.outcome.readiness."""
    return _ready(str(shop.path), shop.version) if shop else readiness.readiness(None)


@st.cache_resource(max_entries=4, show_spinner=False)
def _ready(path: str, version: str) -> list[Ready]:
    return readiness.readiness(store.open_shop(Path(path)))
