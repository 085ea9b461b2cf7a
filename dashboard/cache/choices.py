"""Other choices judged, and splits between ads or variants: what pages of the analyst look at."""

from pathlib import Path

import streamlit as st

from dashboard.cache import stamps
from engine import settings
from engine.campaign.uplift import kept
from engine.outcome import uploads
from engine.outcome.bandit import arms
from engine.outcome.bandit.arms import Choice, Goal
from engine.outcome.offpolicy import answer, from_plan, from_shop
from engine.outcome.offpolicy.answer import Answer
from engine.outcome.offpolicy.from_plan import Variants
from engine.outcome.offpolicy.from_shop import Sends
from engine.outcome.offpolicy.log import as_log
from engine.outcome.offpolicy.policy import as_policy
from engine.shop import store
from engine.shop.store import Shop


def sends(shop: Shop) -> Sends:
    """The shop's past sends as a log, see engine.outcome.offpolicy.from_shop. Raises NotEnoughData."""
    return _sends(str(shop.path), _stamp(shop))


def _stamp(shop: Shop) -> tuple:
    return stamps.of_audience(shop), stamps.of_folder(shop.path / kept.FOLDER)


@st.cache_resource(max_entries=4, show_spinner=False)
def _sends(path: str, stamp: tuple) -> Sends:
    return from_shop.sends(store.open_shop(Path(path)))


def judged(shop: Shop, choice: str) -> Answer:
    """What writing to others would have earned."""
    return _judged(str(shop.path), _stamp(shop), choice, sends(shop))


@st.cache_resource(max_entries=32, show_spinner=False)
def _judged(path: str, stamp: tuple, choice: str, _sends: Sends) -> Answer:
    return from_shop.judge(_sends, choice)


def with_variants(shop: Shop) -> dict[str, str]:
    """Plans and campaigns with variants: id -> name."""
    return _with_variants(str(shop.path), _drawn_stamp(shop))


@st.cache_resource(max_entries=4, show_spinner=False)
def _with_variants(path: str, stamp: tuple) -> dict[str, str]:
    return from_plan.asked(store.open_shop(Path(path)))


def variants(shop: Shop, plan_id: str) -> Variants:
    """One plan's draws as a log, see engine.outcome.offpolicy.from_plan. Raises NotEnoughData."""
    return _variants(str(shop.path), _drawn_stamp(shop), plan_id)


def _drawn_stamp(shop: Shop) -> tuple:
    return stamps.of_audience(shop), stamps.of_plans(shop)


@st.cache_resource(max_entries=4, show_spinner=False)
def _variants(path: str, stamp: tuple, plan_id: str) -> Variants:
    return from_plan.variants(store.open_shop(Path(path)), plan_id, settings.read().config)


def judged_variant(shop: Shop, plan_id: str, choice: str) -> Answer:
    """What another choice between a plan's variants would have earned."""
    return _judged_variant(str(shop.path), _drawn_stamp(shop), plan_id, choice, variants(shop, plan_id))


@st.cache_resource(max_entries=32, show_spinner=False)
def _judged_variant(path: str, stamp: tuple, plan_id: str, choice: str, _known: Variants) -> Answer:
    return from_plan.judge(_known, choice)


@st.cache_resource(max_entries=8, show_spinner=False)
def judged_files(log: bytes, log_name: str, policy: bytes, policy_name: str) -> Answer:
    """A policy judged on a log, both uploaded. Raises DataProblem, NotEnoughData."""
    known = as_log(uploads.table(log, log_name), uploads.shown(log_name))
    return answer.evaluate(known, as_policy(uploads.table(policy, policy_name), known, uploads.shown(policy_name)))


def arms_of(shop: Shop, kind: str, goal: Goal) -> dict[str, Choice]:
    """What there is to split between: kind is "ads" or "variants"."""
    return _arms_of(str(shop.path), _drawn_stamp(shop), kind, goal)


@st.cache_resource(max_entries=8, show_spinner=False)
def _arms_of(path: str, stamp: tuple, kind: str, goal: Goal) -> dict[str, Choice]:
    return (arms.of_ads if kind == "ads" else arms.of_variants)(store.open_shop(Path(path)), goal)


@st.cache_resource(max_entries=8, show_spinner=False)
def arms_of_file(content: bytes, name: str) -> Choice:
    """Arms of an uploaded file. Raises DataProblem, NotEnoughData."""
    return arms.as_arms(uploads.table(content, name), uploads.shown(name))
