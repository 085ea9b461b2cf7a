"""Saved plans: all of them, the files of one, the calendar, and what needs doing now."""

from collections.abc import Collection
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import streamlit as st

from dashboard.cache import audience, rules, stamps, standing
from engine import settings
from engine.access import acting, roles
from engine.campaign.merge import Tool
from engine.campaign.plan import Plan
from engine.decision import export, ledger, plans
from engine.decision.collisions import collisions
from engine.decision.export import ExportResult, Package, Stage, TargetName
from engine.decision.plans import SavedPlan
from engine.errors import AppError
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


def exported(
    shop: Shop, saved: SavedPlan, person: str, tool: Tool | None = None, recipients: bool = False
) -> ExportResult:
    """The files of an approved plan. The first call records the export; its files are then given out again.

    recipients: whether the lists of people are wanted, who are then given their codes.
    """
    around = (shop.settings.sender_name, shop.settings.name, tuple(shop.settings.legal_lines))  # the pages have these
    learned = stamps.of_folder(shop.path / "models")  # whether the approval stands hangs on the forecast
    stamp = (stamps.of_audience(shop), audience.others(shop, saved.plan)[1], around, learned)
    listed = recipients or not saved.plan.offer.personal_codes  # else one export is as good as the other
    stage, _ = _stage(shop, saved)
    by = tool or shop.settings.mail_tool
    return _exported(str(shop.path), saved.plan.plan_id, saved.content_sha256, stamp, person, by, listed, stage)


def _stage(shop: Shop, saved: SavedPlan) -> tuple[Stage | None, int]:
    """The stage of a plan with a first test, and how long its history is: whether its groups are drawn stands there."""
    if saved.plan.test is None:
        return None, 0
    history = ledger.entries(shop.path, shop.shop_id, settings.read().config, saved.plan.plan_id)
    return export.due(saved.plan, history, saved.content_sha256), len(history)


@st.cache_resource(max_entries=16, show_spinner=False)
def _exported(
    path: str, plan_id: str, content: str, stamp: tuple, person: str, tool: Tool, recipients: bool, stage: Stage | None
) -> ExportResult:
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
        with_recipients=recipients,
        held=lambda plan: export.held_globally(opened, plan),
        forecasts=standing.forecast_today,
        stage=stage,
    )


def for_target(shop: Shop, saved: SavedPlan, target: TargetName) -> Package:
    """What an export to a tool would hold now, without any address: see engine.decision.export.preview."""
    acting.require("export")  # what somebody else looked at is kept
    stamp = (stamps.of_audience(shop), stamps.of_folder(shop.path / "vault"), audience.others(shop, saved.plan)[1],
             _stage(shop, saved))  # fmt: skip
    return _for_target(str(shop.path), saved.content_sha256, stamp, target, shop, saved.plan)


@st.cache_resource(max_entries=32, show_spinner=False)
def _for_target(path: str, content: str, stamp: tuple, target: TargetName, _shop: Shop, _plan: Plan) -> Package:
    kept = lambda text: rules.selected(_shop, text)  # noqa: E731
    return export.preview(store.open_shop(Path(path)), _plan, target, settings.read().config, selected=kept)


def left_for(shop: Shop, saved: SavedPlan, person: str, target: TargetName, names: Collection[str]) -> list[bytes]:
    """Files of an approved plan for a tool. Addresses are in no cache: each call reads them anew and is on record."""
    plan_id, kept = saved.plan.plan_id, lambda text: rules.selected(shop, text)
    left = export.export_target(
        store.open_shop(shop.path),
        target,
        None,
        datetime.now(UTC),
        settings.read().config,
        person=person,
        plan_ids=[plan_id],
        only=names,
        selected=kept,
        forecasts=standing.forecast_today,
    )
    contents = {file.name: file.content for file in left.packages[0].files}
    return [contents[name] for name in names]


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
    hour = now.replace(minute=0, second=0, microsecond=0)
    return _with_fallen(shop, _agenda(str(shop.path), stamp, hour, person, now), now, person)


@st.cache_resource(max_entries=16, show_spinner=False)
def _agenda(path: str, stamp: tuple, hour: datetime, person: str, _now: datetime) -> list[Item]:
    return agendas.agenda(store.open_shop(Path(path)), _now, settings.read().config, person)


def waiting(shop: Shop, now: datetime, person: str) -> list[Item]:
    """What waits for this person: see engine.outcome.agenda. Looked up anew every hour, and after every change."""
    stamp = (stamps.of_plans(shop), roles.role_of(person, settings.read().config))
    hour = now.replace(minute=0, second=0, microsecond=0)
    found = _waiting(str(shop.path), shop.version, stamp, hour, person, now)
    return _with_fallen(shop, found, now, person)


@st.cache_resource(max_entries=64, show_spinner=False)
def _waiting(path: str, version: str, stamp: tuple, hour: datetime, person: str, _now: datetime) -> list[Item]:
    return agendas.waiting(store.open_shop(Path(path)), _now, settings.read().config, person)


def _with_fallen(shop: Shop, items: list[Item], now: datetime, person: str) -> list[Item]:
    try:
        stored = saved(shop)
        fallen = standing.fallen(shop, stored)
    except (AppError, OSError):
        return items  # one of them says that plans cannot be read
    return agendas.with_fallen(items, stored, fallen, now.date(), settings.read().config, person) if fallen else items
