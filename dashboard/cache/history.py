"""The approval history as it is searched: read once, then only what came since."""

import threading
from dataclasses import dataclass, field

import streamlit as st

from engine import settings
from engine.decision import search
from engine.decision.search import Register, Words
from engine.shop.store import Shop


@dataclass(slots=True)
class _Read:
    """What was read of one shop's history; one session at a time reads on."""

    register: Register | None = None
    words: Words | None = None
    reading: threading.Lock = field(default_factory=threading.Lock)


def register(shop: Shop) -> Register:
    """Every entry as far as it stands in the open, as the file is now."""
    kept = _read(str(shop.path), shop.shop_id, shop.settings.time_zone)
    with kept.reading:
        kept.register = search.register(shop, settings.read().config, kept.register)
        return kept.register


def words(shop: Shop) -> Words:
    """What can be searched of every entry, decrypted. The first time of a long history takes seconds."""
    kept = _read(str(shop.path), shop.shop_id, shop.settings.time_zone)
    with kept.reading:
        kept.words = search.words(shop, settings.read().config, kept.words)
        return kept.words


def words_are_read(shop: Shop) -> bool:
    """Whether `words` need no more than what came since."""
    return _read(str(shop.path), shop.shop_id, shop.settings.time_zone).words is not None


@st.cache_resource(max_entries=8, show_spinner=False)
def _read(path: str, shop_id: str, time_zone: str) -> _Read:
    return _Read()
