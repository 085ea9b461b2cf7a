"""The shop that is open, what every other subject reads of it, and what is said of shops in a list."""

from datetime import date
from pathlib import Path

import streamlit as st

from dashboard import state
from engine.errors import AppError
from engine.shop import contents, store
from engine.shop.features import default_as_of
from engine.shop.store import Shop


def opened() -> Shop | None:
    """The shop that is open, as it is on disk now; None where there is none yet."""
    path = state.shop_path()
    if path is None or not ((path / "shop.toml").exists() or (path / "tables").exists()):
        return None
    return store.open_shop(path)


def kept(shop: Shop) -> Shop:
    """The shop whose tables are read once and then stay: what is counted of it again and again needs no file."""
    return read_once(str(shop.path), shop.version)


@st.cache_resource(max_entries=2, show_spinner=False)
def read_once(path: str, version: str) -> Shop:
    """The same, for what is itself kept by place and version."""
    return store.read_once(store.open_shop(Path(path)))


@st.cache_data(max_entries=8, show_spinner=False)
def as_of(path: str, version: str) -> date:
    """The day after the last row of a shop: what rules and features count back from."""
    return default_as_of(store.open_shop(Path(path)))


def name(folder: Path) -> str:
    """What a shop calls itself; its folder's name where that cannot be read."""
    return _name(str(folder), store.stamp([folder / "shop.toml"]))


@st.cache_data(max_entries=64, show_spinner=False)
def _name(path: str, stamp: tuple) -> str:
    try:
        return store.open_shop(Path(path)).settings.name
    except AppError:
        return Path(path).name


def offers_replies(folder: Path | None) -> bool:
    """Whether the shop in a folder has the page of replies switched on; no where its settings cannot be read."""
    return folder is not None and _offers_replies(str(folder), store.stamp([folder / "shop.toml"]))


@st.cache_data(max_entries=64, show_spinner=False)
def _offers_replies(path: str, stamp: tuple) -> bool:
    try:
        return store.open_shop(Path(path)).settings.replies
    except AppError:
        return False


def holdings(folder: Path) -> contents.Holdings:
    """What a shop holds in a few numbers. Raises AppError where it cannot be read."""
    return _holdings(str(folder), store.open_shop(folder).version)


@st.cache_data(max_entries=64, show_spinner=False)
def _holdings(path: str, version: str) -> contents.Holdings:
    return contents.holdings(store.open_shop(Path(path)))
