"""What plans brought, from the shop's own orders."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import streamlit as st

from dashboard.cache import stamps
from dashboard.text import language
from engine.outcome import by_past, joined, programme, variants
from engine.outcome import channels as of_channels
from engine.outcome import measured as measuring
from engine.outcome.channels import Answer
from engine.outcome.joined import Known
from engine.outcome.programme import Programme, Together
from engine.sentences import Language, Sentence
from engine.shop import store
from engine.shop.store import Shop


@dataclass(frozen=True, slots=True)
class Results:
    """table: see engine.outcome.measured. together: by number of days. notes: where numbers in the money come from."""

    table: pd.DataFrame
    together: dict[int, Together]
    everything: Programme | None
    notes: tuple[Sentence, ...]


def results(shop: Shop) -> Results:
    """Every plan at 7 and 30 days and in its window, and all together. Raises NotEnoughData without orders."""
    return _results(str(shop.path), _stamp(shop))


def compared_variants(shop: Shop, plan_id: str, days: int) -> pd.DataFrame:
    """The variants of a plan with verdict and reason, see engine.outcome.variants; empty for a plan without."""
    return _variants(str(shop.path), _stamp(shop), plan_id, days, language())


def groups(shop: Shop, plan_id: str, days: int) -> pd.DataFrame:
    """For whom a plan worked, see engine.outcome.by_past."""
    return _groups(str(shop.path), _stamp(shop), plan_id, days)


def channels(shop: Shop) -> Answer:
    """What each channel brought, see engine.outcome.channels."""
    return _channels(str(shop.path), _stamp(shop))


def _stamp(shop: Shop) -> tuple:
    """Changes with tables, settings, plans, and who was drawn how."""
    return shop.version, stamps.of_plans(shop), stamps.of_folder(shop.path / "assignments")


@st.cache_resource(max_entries=4, show_spinner=False)
def _results(path: str, stamp: tuple) -> Results:
    shop, known = store.open_shop(Path(path)), _known(path, stamp)
    table = measuring.of_known(shop, known)
    together = {days: programme.together(table, days) for days in measuring.HORIZONS}
    return Results(table, together, programme.everything(shop, known), known.notes)


@st.cache_resource(max_entries=1, show_spinner=False)
def _known(path: str, stamp: tuple) -> Known:
    return joined.read(store.open_shop(Path(path)))


@st.cache_resource(max_entries=16, show_spinner=False)
def _variants(path: str, stamp: tuple, plan_id: str, days: int, language: Language) -> pd.DataFrame:
    return variants.compared(_known(path, stamp), plan_id, days, language)


@st.cache_resource(max_entries=16, show_spinner=False)
def _groups(path: str, stamp: tuple, plan_id: str, days: int) -> pd.DataFrame:
    return by_past.compared(_known(path, stamp), plan_id, days)


@st.cache_resource(max_entries=4, show_spinner=False)
def _channels(path: str, stamp: tuple) -> Answer:
    shop = store.open_shop(Path(path))
    return of_channels.answer(shop, known=_known(path, stamp) if shop.rows("orders") else None)
