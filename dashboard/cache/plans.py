"""Saved plans: all of them, the files of one, the calendar, and what needs doing now."""

from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import streamlit as st

from dashboard.cache import audience, stamps
from engine import settings
from engine.access import roles
from engine.campaign.merge import Tool
from engine.campaign.plan import Plan
from engine.decision import export, plans
from engine.decision.collisions import collisions
from engine.decision.export import ExportResult
from engine.decision.plans import SavedPlan
from engine.outcome import agenda as agendas
from engine.outcome import timetable
from engine.outcome.agenda import Item
from engine.shop import store
from engine.shop.store import Shop


def saved(shop: Shop) -> list[SavedPlan]:
    """Every stored plan, the one changed last first; not to be changed in place."""
    return _saved(str(shop.path), stamps.of_plans(shop))


@st.cache_resource(max_entries=8, show_spinner=False)
def _saved(path: str, stamp: tuple) -> list[SavedPlan]:
    return plans.saved_plans(Path(path))


def exported(shop: Shop, saved: SavedPlan, person: str, tool: Tool | None = None) -> ExportResult:
    """The files of an approved plan. The first call records the export; its files are then given out again."""
    around = (shop.settings.sender_name, shop.settings.name, tuple(shop.settings.legal_lines))  # the pages have these
    stamp = (stamps.of_audience(shop), audience.others(shop, saved.plan)[1], around)
    return _exported(
        str(shop.path), saved.plan.plan_id, saved.content_sha256, stamp, person, tool or shop.settings.mail_tool
    )


@st.cache_resource(max_entries=16, show_spinner=False)
def _exported(path: str, plan_id: str, content: str, stamp: tuple, person: str, tool: Tool) -> ExportResult:
    opened, config = store.open_shop(Path(path)), settings.read().config

    def listed(plan: Plan) -> dict[str, str]:
        return export.audience(opened, plan)

    return export.export_plans(
        opened.path,
        opened.shop_id,
        None,
        listed,
        datetime.now(UTC),
        config,
        person=person,
        plan_ids=[plan_id],
        tool=tool,
        pages_by=opened.settings,
    )


def calendar(shop: Shop) -> pd.DataFrame:
    """Past campaigns and plans on one line of time: see engine.outcome.timetable."""
    return _calendar(str(shop.path), shop.version, stamps.of_plans(shop))


@st.cache_resource(max_entries=8, show_spinner=False)
def _calendar(path: str, version: str, stamp: tuple) -> pd.DataFrame:
    return timetable.timetable(store.open_shop(Path(path)), _saved(path, stamp))


def colliding(shop: Shop, today: date) -> pd.DataFrame:
    """What plans that are not over and not rejected have between them: see engine.decision.collisions."""
    return _colliding(str(shop.path), stamps.of_audience(shop), stamps.of_plans(shop), today)


@st.cache_resource(max_entries=8, show_spinner=False)
def _colliding(path: str, stamp: tuple, plans_stamp: tuple, today: date) -> pd.DataFrame:
    coming = agendas.to_come(_saved(path, plans_stamp), today)
    return collisions(store.open_shop(Path(path)), coming)


def agenda(shop: Shop, now: datetime, person: str) -> list[Item]:
    """What needs this person now, the most urgent first: see engine.outcome.agenda. Looked up anew every hour."""
    stamp = (
        stamps.of_audience(shop),
        stamps.of_plans(shop),
        stamps.of_work(shop),
        stamps.of_folder(shop.path / "models"),
        roles.role_of(person, settings.read().config),
    )
    return _agenda(str(shop.path), stamp, now.replace(minute=0, second=0, microsecond=0), person, now)


@st.cache_resource(max_entries=16, show_spinner=False)
def _agenda(path: str, stamp: tuple, hour: datetime, person: str, _now: datetime) -> list[Item]:
    return agendas.agenda(store.open_shop(Path(path)), _now, settings.read().config, person)


def waiting(shop: Shop, now: datetime, person: str) -> list[Item]:
    """What waits for this person: see engine.outcome.agenda. Looked up anew every hour, and after every change."""
    stamp = (stamps.of_plans(shop), roles.role_of(person, settings.read().config))
    return _waiting(str(shop.path), shop.version, stamp, now.replace(minute=0, second=0, microsecond=0), person, now)


@st.cache_resource(max_entries=64, show_spinner=False)
def _waiting(path: str, version: str, stamp: tuple, hour: datetime, person: str, _now: datetime) -> list[Item]:
    return agendas.waiting(store.open_shop(Path(path)), _now, settings.read().config, person)
