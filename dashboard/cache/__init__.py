"""What is kept between runs and shared by everyone: the only st.cache_*.

Shared frames are never changed in place: they come out of the cache without a copy.
"""

import atexit
import contextlib
import gc
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import streamlit as st

from dashboard.cache import (
    audience,
    campaigns,
    customers,
    extra,
    first,
    forecasts,
    offers,
    reasons,
    rules,
    shops,
    stamps,
    tables,
)
from engine import settings
from engine.campaign import planned, repeat, starting
from engine.campaign.launch import report as launching
from engine.campaign.launch.form import NewProduct
from engine.campaign.launch.report import Chosen, Launch
from engine.campaign.plan import GOALS, Audience, Brief, Plan
from engine.campaign.starting import Known, Proposal
from engine.campaign.writer import files
from engine.campaign.writer.facts import Facts
from engine.campaign.writer.facts import facts as facts_of_brief
from engine.campaign.writer.server import WriterServer
from engine.decision import export, plans
from engine.decision.collisions import collisions
from engine.decision.export import ExportResult
from engine.decision.plans import SavedPlan
from engine.errors import AppError
from engine.outcome import agenda as agendas
from engine.outcome import timetable
from engine.outcome.agenda import Item
from engine.shop import store
from engine.shop.features import default_as_of
from engine.shop.store import Shop

__all__ = [
    "audience",
    "campaigns",
    "customers",
    "extra",
    "first",
    "forecasts",
    "offers",
    "reasons",
    "rules",
    "shops",
    "stamps",
    "tables",
]


def facts(shop: Shop, brief: Brief) -> Facts:
    """What copy for this brief may say. Raises DataProblem for a product that the shop does not have."""
    return _facts(str(shop.path), shop.version, brief.model_dump_json())


@st.cache_resource(max_entries=32, show_spinner=False)
def _facts(path: str, version: str, brief: str) -> Facts:
    return facts_of_brief(store.open_shop(Path(path)), Brief.model_validate_json(brief))


@st.cache_resource(max_entries=16, show_spinner=False)
def _exported(path: str, plan_id: str, content: str, stamp: tuple, person: str) -> ExportResult:
    opened, config = store.open_shop(Path(path)), settings.read().config

    def audience(plan: Plan) -> dict[str, str]:
        return export.audience(opened, plan)

    return export.export_plans(
        opened.path, opened.shop_id, None, audience, datetime.now(UTC), config, person=person, plan_ids=[plan_id]
    )


def exported(shop: Shop, saved: SavedPlan, person: str) -> ExportResult:
    """The two files of an approved plan. The first call records the export; its files are then given out again."""
    stamp = (stamps.of_audience(shop), audience.others(shop, saved.plan)[1])
    return _exported(str(shop.path), saved.plan.plan_id, saved.content_sha256, stamp, person)


@st.cache_resource(show_spinner=False, on_release=lambda server: server.stop() if server else None)
def _writer_server(model: str | None) -> WriterServer | None:
    return WriterServer(Path(model), settings.read()) if model else None


def writer_server() -> WriterServer | None:
    """The local language model's server (not started until asked for); None where there is no model file.

    Raises ModelFileProblem for a file that is not what its name says.
    """
    found = files.locate(settings.read())
    return _writer_server(str(found) if found else None)


def _rehearse(opened: Shop) -> None:
    """One forecast for a few customers: what the first one imports is then there, and frozen with the rest."""
    few = customers.segmentation(opened).labels["customer_id"].head(20).tolist()
    plan = planned.new_plan("rehearsal", "rehearsal", [], "nobody", default_as_of(opened), opened)
    forecasts.of_plan(
        opened, forecasts.models(opened), plan.model_copy(update={"audience": Audience(customer_ids=few)}), {}
    )


@st.cache_resource(show_spinner=False)
def warm() -> bool:
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
    charts.warm()
    gc.collect()
    gc.freeze()
    atexit.register(gc.unfreeze)  # else DuckDB, when the app ends, reports what is frozen as leaked
    return True


def starting_facts(shop: Shop) -> Known:
    """What the starting plans of a shop have in common. Raises NotEnoughData for a shop without any activity."""
    return _starting_facts(str(shop.path), shop.version)


@st.cache_resource(max_entries=4, show_spinner=False)
def _starting_facts(path: str, version: str) -> Known:
    return starting.known(shops.read_once(path, version), rules.facts(path, version))


def starting_plans(shop: Shop, today: date) -> dict[str, Proposal]:
    """The starting plan of every goal without a forecast, to be shown; where the shop lacks something it says so."""
    return _starting_plans(str(shop.path), stamps.of_audience(shop), today)


@st.cache_resource(max_entries=4, show_spinner=False)
def _starting_plans(path: str, stamp: tuple, today: date) -> dict[str, Proposal]:
    opened, facts = shops.kept(store.open_shop(Path(path))), None
    with contextlib.suppress(AppError):  # without any activity each goal says so itself
        facts = starting_facts(opened)
    return {goal: starting.propose(opened, goal, "new", goal, "nobody", today, facts=facts) for goal in GOALS}


def repeatable(shop: Shop, today: date) -> pd.DataFrame:
    """Past campaigns that can be done again: see engine.campaign.repeat.repeatable."""
    return _repeatable(str(shop.path), shop.version, today)


@st.cache_resource(max_entries=4, show_spinner=False)
def _repeatable(path: str, version: str, today: date) -> pd.DataFrame:
    return repeat.repeatable(store.open_shop(Path(path)), today)


def launch(shop: Shop, product: NewProduct) -> Launch:
    """What is expected of a new product. Takes seconds the first time."""
    return _launch(str(shop.path), shop.version, product.model_dump_json(exclude={"facts"}))


@st.cache_resource(max_entries=8, show_spinner=False)
def _launch(path: str, version: str, product: str) -> Launch:
    return launching.forecast(store.open_shop(Path(path)), NewProduct.model_validate_json(product))


def wanted_by(shop: Shop, product: NewProduct, size: int | None) -> Chosen | None:
    """The customers likeliest to want a new product, and how many of them each channel reaches."""
    return _wanted_by(str(shop.path), stamps.of_audience(shop), product.model_dump_json(exclude={"facts"}), size)


@st.cache_resource(max_entries=16, show_spinner=False)
def _wanted_by(path: str, stamp: tuple, product: str, size: int | None) -> Chosen | None:
    opened = store.open_shop(Path(path))
    return launching.chosen(opened, launch(opened, NewProduct.model_validate_json(product)), size)


def saved_plans(shop: Shop) -> list[SavedPlan]:
    """Every stored plan, the one changed last first; not to be changed in place."""
    return _saved_plans(str(shop.path), stamps.of_plans(shop))


@st.cache_resource(max_entries=8, show_spinner=False)
def _saved_plans(path: str, stamp: tuple) -> list[SavedPlan]:
    return plans.saved_plans(Path(path))


def agenda(shop: Shop, now: datetime, person: str) -> list[Item]:
    """What needs this person now, the most urgent first: see engine.outcome.agenda. Looked up anew every hour."""
    stamp = (
        stamps.of_audience(shop),
        stamps.of_plans(shop),
        stamps.of_work(shop),
        stamps.of_folder(shop.path / "models"),
    )
    return _agenda(str(shop.path), stamp, now.replace(minute=0, second=0, microsecond=0), person, now)


@st.cache_resource(max_entries=16, show_spinner=False)
def _agenda(path: str, stamp: tuple, hour: datetime, person: str, _now: datetime) -> list[Item]:
    return agendas.agenda(store.open_shop(Path(path)), _now, settings.read().config, person)


def calendar(shop: Shop) -> pd.DataFrame:
    """Past campaigns and plans on one line of time: see engine.outcome.timetable."""
    return _calendar(str(shop.path), shop.version, stamps.of_plans(shop))


@st.cache_resource(max_entries=8, show_spinner=False)
def _calendar(path: str, version: str, stamp: tuple) -> pd.DataFrame:
    return timetable.timetable(store.open_shop(Path(path)), _saved_plans(path, stamp))


def colliding(shop: Shop, today: date) -> pd.DataFrame:
    """What plans that are not over and not rejected have between them: see engine.decision.collisions."""
    return _colliding(str(shop.path), stamps.of_audience(shop), stamps.of_plans(shop), today)


@st.cache_resource(max_entries=8, show_spinner=False)
def _colliding(path: str, stamp: tuple, plans_stamp: tuple, today: date) -> pd.DataFrame:
    coming = agendas.to_come(_saved_plans(path, plans_stamp), today)
    return collisions(store.open_shop(Path(path)), coming)
