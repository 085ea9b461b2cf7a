"""Approval packs: the page of a submitted plan as a PDF and a picture."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from dashboard.cache import stamps
from engine import settings
from engine.decision import pack
from engine.sentences import Language
from engine.shop import store
from engine.shop.store import Shop


@dataclass(frozen=True, slots=True)
class Made:
    """The code that an answer names, and the files by their form."""

    code: str
    files: dict[str, bytes]


def made(shop: Shop, plan_id: str, language: Language) -> Made:
    """Raises NotAllowed for a plan that does not wait for a decision."""
    return _made(str(shop.path), (stamps.of_audience(shop), stamps.of_plans(shop)), plan_id, language)


@st.cache_resource(max_entries=8, show_spinner=False)
def _made(path: str, stamp: tuple, plan_id: str, language: Language) -> Made:
    said = pack.content(store.open_shop(Path(path)), plan_id, settings.read().config, language)
    return Made(said["code"], {form: pack.render(said, form) for form in pack.FORMATS})
