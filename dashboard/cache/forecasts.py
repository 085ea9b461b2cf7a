"""What was learned, and what a plan would do by it."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import pandas as pd
import streamlit as st

from dashboard.cache import audience, stamps
from engine.audience.reach import Others
from engine.campaign import argument, planned, response, versions
from engine.campaign import evaluation as evaluations
from engine.campaign.expected import Forecast
from engine.campaign.forecast import evaluate_steps
from engine.campaign.plan import Plan
from engine.campaign.response import Models
from engine.campaign.scene import Scene
from engine.campaign.versions import Version
from engine.decision import assign
from engine.shop import store
from engine.shop.store import Shop

# --- what was learned ---


def models(shop: Shop) -> Models:
    """What was learned last. Raises NotEnoughData before the first time, ModelFileProblem for a changed file."""
    version = response.current_version(shop)
    stamp = stamps.of_folder(shop.path / "models" / version) if version else ()
    return _models(str(shop.path), version, stamp)


@st.cache_resource(max_entries=2, show_spinner=False)
def _models(path: str, version: str | None, stamp: tuple) -> Models:
    return response.load(store.open_shop(Path(path)))


def evaluation(shop: Shop, version: str) -> dict[str, dict]:
    """How good a version's forecasts are and what it learned, by target: see engine.campaign.evaluation."""
    return _evaluation(str(shop.path), version, stamps.of_folder(shop.path / "models" / version))


@st.cache_resource(max_entries=2, show_spinner=False)
def _evaluation(path: str, version: str, stamp: tuple) -> dict[str, dict]:
    return evaluations.read(store.open_shop(Path(path)), version)


def model_versions(shop: Shop) -> list[Version]:
    """Every kept version, the latest first: see engine.campaign.versions."""
    folders = sorted(path for path in (shop.path / "models").glob("*") if path.is_dir())
    return _model_versions(str(shop.path), (stamps.of_folder(shop.path / "models"), *map(stamps.of_folder, folders)))


@st.cache_resource(max_entries=2, show_spinner=False)
def _model_versions(path: str, stamp: tuple) -> list[Version]:
    return versions.versions(store.open_shop(Path(path)))


# --- a setting of the sliders, as a question ---

Answer = TypeVar("Answer")
# An audience keeps what was made for the setting asked for last. Windows that take turns in the middle of a forecast
# would have it made anew each time: 25 plans opened at once took six times as long.
ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True, slots=True)
class Asked:
    """One setting of the sliders, as a question to the models. `key` names it: asked again, it is answered at once.

    Keys are one text: Streamlit takes a millisecond to hash a tuple of tuples.
    """

    shop: Shop
    models: Models
    plan: Plan
    messages: list[dict]
    others: Others
    scene_key: str

    @property
    def key(self) -> str:
        return json.dumps([self.models.version, self.scene_key, self.messages], sort_keys=True, default=str)

    @property
    def scenes(self) -> list[Scene]:
        """The audience of the plan, ready for sliders: everything that no slider but the channel changes."""
        return scenes_of(str(self.shop.path), self.scene_key, self.shop, self.plan, self.others)

    @property
    def drawn(self) -> list[dict]:
        """The messages with how many people the export of this plan lists: follows from `key`."""
        return assign.with_sizes(self.scenes, self.messages)

    def answer(self, work: Callable[..., Answer], *more: object) -> Answer:
        """What `work` says of this shop, its models, the scenes and the messages drawn, and of `more`."""
        scenes, drawn = self.scenes, self.drawn
        with ONE_AT_A_TIME:
            return work(self.shop, self.models, scenes, drawn, *more)


def asked(shop: Shop, models: Models, plan: Plan, copy: dict[str, str]) -> Asked:
    """The question what a plan would do. `copy`: the filled copy of all its messages."""
    found, word = audience.others(shop, plan)
    return Asked(shop, models, plan, planned.messages(plan, copy), found, scene_key(shop, plan, word))


def scene_key(shop: Shop, plan: Plan, others_word: str) -> str:
    """Everything about a plan that its scenes hang on, in one text."""
    steps = tuple((step.day, step.channel) for step in plan.steps)
    about = (plan.category, tuple(plan.product_ids), plan.starts_at, plan.window_days)
    return repr((stamps.of_audience(shop), plan.audience.model_dump_json(), steps, about, others_word))


@st.cache_resource(max_entries=16, show_spinner=False)
def scenes_of(path: str, key: str, _shop: Shop, _plan: Plan, _others: Others) -> list[Scene]:
    """The audience of a plan by step, ready for sliders; `key` is its scene_key."""
    return planned.prepared(_shop, _plan, _others)


# --- the answers ---


def of_plan(shop: Shop, models: Models, plan: Plan, copy: dict[str, str], even_untried: bool = False) -> Forecast:
    """What a plan would probably do; a setting seen before answers at once. `even_untried`: see evaluate_steps."""
    question = asked(shop, models, plan, copy)
    return _of_plan(str(shop.path), question.key, even_untried, question)


@st.cache_data(max_entries=512, show_spinner=False)
def _of_plan(path: str, key: str, even_untried: bool, _asked: Asked) -> Forecast:
    return _asked.answer(partial(evaluate_steps, even_untried=even_untried))


def curve(shop: Shop, models: Models, plan: Plan, copy: dict[str, str], sizes: tuple[float, ...]) -> pd.DataFrame:
    """Profit and ROI over the size of the discount, everything else as in the plan: see engine.campaign.argument."""
    # The plan's own size is not part of the question: moving along the curve does not draw it anew.
    fixed = plan.model_copy(update={"offer": plan.offer.model_copy(update={"discount": sizes[-1]})})
    question = asked(shop, models, fixed, copy)
    return _curve(str(shop.path), question.key, sizes, question)


@st.cache_data(max_entries=64, show_spinner=False)
def _curve(path: str, key: str, sizes: tuple, _asked: Asked) -> pd.DataFrame:
    return _asked.answer(argument.curve, sizes)


def argument_table(
    shop: Shop, models: Models, plan: Plan, copy: dict[str, str], sizes: tuple[float, ...]
) -> pd.DataFrame:
    """Send nothing, full price and some sizes of the discount side by side: see engine.campaign.argument."""
    fixed = plan.model_copy(update={"offer": plan.offer.model_copy(update={"discount": None})})
    question = asked(shop, models, fixed, copy)
    return _argument_table(str(shop.path), question.key, sizes, question)


@st.cache_data(max_entries=64, show_spinner=False)
def _argument_table(path: str, key: str, sizes: tuple, _asked: Asked) -> pd.DataFrame:
    return _asked.answer(argument.table, sizes)
