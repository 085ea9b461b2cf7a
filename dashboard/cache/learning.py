"""What results say of the forecasts: see engine.outcome.learning."""

from pathlib import Path

import pandas as pd
import streamlit as st

from engine import settings
from engine.campaign import response
from engine.decision import ledger
from engine.errors import AppError
from engine.outcome import learning, relearned
from engine.outcome.learning import Looked, Noted
from engine.shop import store
from engine.shop.store import Shop


def forecasts(shop: Shop) -> pd.DataFrame:
    """Forecasts on record beside what came. Raises StoreProblem where the history is not the one that was written."""
    last = ledger.head(shop.path)  # not the file's stamp, which moves with every plan that is saved
    return _forecasts(str(shop.path), shop.version, last.entries, last.hash)


@st.cache_resource(max_entries=4, show_spinner=False)
def _forecasts(path: str, version: str, entries: int, last: str) -> pd.DataFrame:
    return learning.forecasts(store.open_shop(Path(path)), settings.read().config)


def on_record(shop: Shop) -> dict[str, list[dict]]:
    """Forecasts on record with what came, by target, as engine.campaign.track_record takes them; none of a history that
    cannot be read, which the page of the approval history says."""
    try:
        return learning.by_target(forecasts(shop))
    except AppError:
        return {}


def look(shop: Shop) -> Looked:
    """What came since the forecasts were learned. Takes seconds the first time."""
    return _look(str(shop.path), shop.version, response.current_version(shop))


@st.cache_resource(max_entries=2, show_spinner=False)
def _look(path: str, version: str, model: str | None) -> Looked:
    return learning.look(store.open_shop(Path(path)))


def log(shop: Shop) -> list[dict]:
    """What came of learning from results each time, the latest last."""
    return relearned.log(shop)


def noted(shop: Shop, language: str) -> Noted | None:
    """What changed since, as it was found last; None where nothing did."""
    version = response.current_version(shop)
    return learning.noted(shop, version, language) if version else None
