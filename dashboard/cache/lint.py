"""What copy of the open shop is judged by."""

import streamlit as st

from dashboard.cache import shops
from engine.campaign import lint
from engine.campaign.lint import Rules
from engine.shop.store import Shop


def rules(shop: Shop) -> Rules:
    """The rules of law and brand of a shop, with its own words, limits, lowest prices and stock."""
    return _rules(str(shop.path), shop.version)


@st.cache_resource(max_entries=4, show_spinner=False)
def _rules(path: str, version: str) -> Rules:
    return lint.rules_of(shops.read_once(path, version))
