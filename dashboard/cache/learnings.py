"""What is learned from all past campaigns and sales together."""

from pathlib import Path

import streamlit as st

from engine.outcome import channels as of_channels
from engine.outcome import what_worked as worked
from engine.outcome.channels import Answer
from engine.shop import store
from engine.shop.store import Shop


def channels(shop: Shop) -> Answer:
    """What each channel brought, see engine.outcome.channels."""
    return _channels(str(shop.path), shop.version)


@st.cache_resource(max_entries=4, show_spinner=False)
def _channels(path: str, version: str) -> Answer:
    return of_channels.answer(store.open_shop(Path(path)))


def what_worked(shop: Shop) -> list[worked.Answer]:
    """What went with better results, see engine.outcome.what_worked."""
    return _what_worked(str(shop.path), shop.version)


@st.cache_resource(max_entries=4, show_spinner=False)
def _what_worked(path: str, version: str) -> list[worked.Answer]:
    return worked.answer(store.open_shop(Path(path)))
