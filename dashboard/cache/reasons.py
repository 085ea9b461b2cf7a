"""Why a forecast is what it is: of a plan, of one customer, of its audience."""

import pandas as pd
import streamlit as st

from dashboard.cache import audience, forecasts
from dashboard.cache.forecasts import Asked
from engine.campaign import explain, planned
from engine.campaign.plan import Plan
from engine.campaign.response import Models
from engine.campaign.scene import Scene, everyone
from engine.shop.store import Shop


def of_plan(
    shop: Shop, models: Models, plan: Plan, copy: dict[str, str], target: str, language: str, step: int = 0
) -> pd.DataFrame:
    """Why the predicted rate of one of a plan's messages is what it is: see engine.campaign.explain.explain_plan."""
    question = forecasts.asked(shop, models, plan, copy)
    return _of_plan(str(shop.path), question.key, target, language, step, question)


@st.cache_data(max_entries=64, show_spinner=False)
def _of_plan(path: str, key: str, target: str, language: str, step: int, _asked: Asked) -> pd.DataFrame:
    scene, message = _asked.scenes[step], _asked.messages[step]
    return explain.explain_plan(_asked.shop, _asked.models, scene, message, target, language)


def of_customer(
    shop: Shop,
    models: Models,
    plan: Plan,
    copy: dict[str, str],
    customer_id: str,
    target: str,
    language: str,
    step: int,
) -> pd.DataFrame:
    """Why a customer of the plan is as likely as they are. Raises DataProblem, NotEnoughData: see explain_customer."""
    question = forecasts.asked(shop, models, plan, copy)
    return _of_customer(str(shop.path), question.key, customer_id, target, language, step, question)


@st.cache_data(max_entries=64, show_spinner=False)
def _of_customer(
    path: str, key: str, customer_id: str, target: str, language: str, step: int, _asked: Asked
) -> pd.DataFrame:
    whole, bounds = _asked.scenes[step], planned.limits(_asked.plan, _asked.others)
    return explain.explain_customer(
        _asked.shop, _asked.models, whole, _asked.messages, customer_id, target, language, step, bounds
    )


def of_group(
    shop: Shop, models: Models, plan: Plan, copy: dict[str, str], target: str, language: str, step: int
) -> pd.DataFrame:
    """In what the plan's audience differs from every customer its message could go to: see explain_group."""
    question = forecasts.asked(shop, models, plan, copy)
    nobody = plan.audience.model_copy(update={"segment_ids": [], "rule": None, "customer_ids": []})
    _, word = audience.others(shop, plan)
    everyone_key = forecasts.scene_key(shop, plan.model_copy(update={"audience": nobody}), word)
    return _of_group(str(shop.path), question.key, target, language, step, everyone_key, question)


@st.cache_data(max_entries=64, show_spinner=False)
def _of_group(
    path: str, key: str, target: str, language: str, step: int, everyone_key: str, _asked: Asked
) -> pd.DataFrame:
    whole = _everyone(path, everyone_key, _asked)[step]
    scene, message = _asked.scenes[step], _asked.messages[step]
    return explain.explain_group(_asked.shop, _asked.models, scene, whole, message, target, language)


@st.cache_resource(max_entries=4, show_spinner=False)
def _everyone(path: str, key: str, _asked: Asked) -> list[Scene]:
    as_of, bounds = _asked.scenes[0].as_of, planned.limits(_asked.plan, _asked.others)
    return everyone(_asked.shop, _asked.messages, as_of, limits=bounds)


def examples(shop: Shop, models: Models, plan: Plan, copy: dict[str, str], target: str, step: int) -> dict[str, str]:
    """The most likely, a typical and the least likely customer of a plan's message."""
    question = forecasts.asked(shop, models, plan, copy)
    return _examples(str(shop.path), question.key, target, step, question)


@st.cache_data(max_entries=64, show_spinner=False)
def _examples(path: str, key: str, target: str, step: int, _asked: Asked) -> dict[str, str]:
    return explain.examples(_asked.shop, _asked.models, _asked.scenes[step], _asked.messages[step], target)
