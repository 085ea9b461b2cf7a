"""What is imported and loaded before the first page, so that no visitor waits for it."""

import atexit
import contextlib
import gc

import streamlit as st

from dashboard.cache import customers, forecasts, safety, shops
from engine.campaign import planned
from engine.campaign.plan import Audience
from engine.errors import AppError
from engine.shop.features import default_as_of
from engine.shop.store import Shop


@st.cache_resource(show_spinner=False)
def once() -> bool:
    """Imports and loads everything once, then takes it out of the garbage collector's sight.

    Streamlit runs a full collection after every run, which takes 115 ms with these libraries loaded; frozen, 0.
    """
    import lightgbm  # noqa: F401
    import sklearn.cluster  # noqa: F401

    from dashboard import charts
    from dashboard.views.plan_tabs import approve, brief, copywriting, export, figures, result  # noqa: F401

    opened = None
    with contextlib.suppress(AppError):  # whatever is wrong with the shop, the page that needs it says so
        opened = shops.opened()
    if opened is not None:
        with contextlib.suppress(AppError):
            customers.segmentation(opened)
        with contextlib.suppress(AppError):
            _rehearse(opened)
    safety.fault()
    charts.warm()
    gc.collect()
    gc.freeze()
    atexit.register(gc.unfreeze)  # else DuckDB, when the app ends, reports what is frozen as leaked
    return True


def _rehearse(opened: Shop) -> None:
    """One forecast for a few customers: what the first one imports is then there, and frozen with the rest."""
    few = customers.segmentation(opened).labels["customer_id"].head(20).tolist()
    plan = planned.new_plan("rehearsal", "rehearsal", [], "nobody", default_as_of(opened), opened)
    forecasts.of_plan(
        opened, forecasts.models(opened), plan.model_copy(update={"audience": Audience(customer_ids=few)}), {}
    )
