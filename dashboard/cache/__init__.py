"""What is kept between runs and shared by everyone: the only st.cache_*.

Shared frames are never changed in place: they come out of the cache without a copy.
"""

import atexit
import contextlib
import gc
import hashlib
import json
import threading
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Literal

import pandas as pd
import streamlit as st

from dashboard.cache import campaigns, shops, stamps, tables
from engine import settings
from engine.audience import lifecycle, rules, segments
from engine.audience.facts import Field
from engine.audience.reach import Others, Reach, channels, reachable
from engine.audience.segments import Segmentation
from engine.campaign import argument, explain, planned, repeat, response, starting, versions
from engine.campaign import evaluation as evaluations
from engine.campaign import forecast as forecasts
from engine.campaign.expected import Forecast, Range
from engine.campaign.first import anyway as from_orders
from engine.campaign.first import outlook as outlooks
from engine.campaign.first.anyway import Anyway
from engine.campaign.first.assumed import Assumed
from engine.campaign.first.outlook import Ground, Outlook
from engine.campaign.launch import report as launching
from engine.campaign.launch.form import NewProduct
from engine.campaign.launch.report import Chosen, Launch
from engine.campaign.optimise import judging
from engine.campaign.optimise import options as optimise_options
from engine.campaign.optimise.judging import Group, Judged
from engine.campaign.optimise.limits import Shelf
from engine.campaign.optimise.options import Choices, Option
from engine.campaign.plan import GOALS, Audience, Brief, Offer, Plan
from engine.campaign.response import Models
from engine.campaign.scene import Scene, everyone
from engine.campaign.starting import Known, Proposal
from engine.campaign.uplift import advice, evidence, kept, people
from engine.campaign.uplift.advice import Advice
from engine.campaign.uplift.learned import Learned
from engine.campaign.versions import Version
from engine.campaign.writer import files
from engine.campaign.writer.facts import Facts
from engine.campaign.writer.facts import facts as facts_of_brief
from engine.campaign.writer.server import WriterServer
from engine.decision import assign, export, live, plans
from engine.decision.collisions import collisions
from engine.decision.export import ExportResult
from engine.decision.plans import SavedPlan
from engine.errors import AppError, DataProblem, NotEnoughData
from engine.outcome import agenda as agendas
from engine.outcome import timetable
from engine.outcome.agenda import Item
from engine.sentences import Sentence
from engine.shop import duplicates as finding
from engine.shop import store
from engine.shop.features import Snapshot, default_as_of, taken
from engine.shop.store import Shop

__all__ = ["campaigns", "shops", "stamps", "tables"]


def segmentation(shop: Shop) -> Segmentation:
    """The groups in use. Raises NotEnoughData before the first, StoreProblem for files that cannot be read."""
    return _segmentation(str(shop.path), stamps.of_folder(shop.path / "segments"))


@st.cache_resource(max_entries=4, show_spinner=False)
def _segmentation(path: str, stamp: tuple) -> Segmentation:
    return segments.current(store.open_shop(Path(path)))


def fitted(shop: Shop, k: int | Literal["auto"]) -> Segmentation:
    """Groups made anew, not saved. Takes seconds the first time."""
    return _fitted(str(shop.path), shop.version, k)


@st.cache_resource(max_entries=12, show_spinner=False)
def _fitted(path: str, version: str, k: int | Literal["auto"]) -> Segmentation:
    return segments.fit(store.open_shop(Path(path)), k)


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


def others(shop: Shop, plan: Plan) -> tuple[Others, str]:
    """What other live plans leave for this one (engine.decision.live), and a word that changes with it."""
    times = (plan.plan_id, plan.status, plan.starts_at, plan.ends_at, plan.steps[0].day)
    key = repr((stamps.of_audience(shop), _standing(str(shop.path), stamps.of_plans(shop), shop), times))
    return _others(str(shop.path), key, shop, plan)


@st.cache_resource(max_entries=8, show_spinner=False)
def _standing(path: str, plans_stamp: tuple, _shop: Shop) -> tuple:
    return live.standing(_shop)


@st.cache_resource(max_entries=64, show_spinner=False)
def _others(path: str, key: str, _shop: Shop, _plan: Plan) -> tuple[Others, str]:
    found = live.others(shops.kept(_shop), _plan, lambda text: selected(_shop, text))
    said = [sorted(found.taken), *([send.day.isoformat(), *sorted(send.customer_ids)] for send in found.sends)]
    return found, hashlib.blake2b("\n\n".join("\n".join(one) for one in said).encode(), digest_size=8).hexdigest()


def _scene_key(shop: Shop, plan: Plan, others_word: str) -> str:
    steps = tuple((step.day, step.channel) for step in plan.steps)
    about = (plan.category, tuple(plan.product_ids), plan.starts_at, plan.window_days)
    return repr((stamps.of_audience(shop), plan.audience.model_dump_json(), steps, about, others_word))


@st.cache_resource(max_entries=16, show_spinner=False)
def _scenes(path: str, key: str, _shop: Shop, _plan: Plan, _others: Others) -> list[Scene]:
    return planned.prepared(_shop, _plan, _others)


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
        return _scenes(str(self.shop.path), self.scene_key, self.shop, self.plan, self.others)

    @property
    def drawn(self) -> list[dict]:
        """The messages with how many people the export of this plan lists: follows from `key`."""
        return assign.with_sizes(self.scenes, self.messages)


def asked(shop: Shop, models: Models, plan: Plan, copy: dict[str, str]) -> Asked:
    """The question what a plan would do. `copy`: the filled copy of all its messages."""
    found, word = others(shop, plan)
    return Asked(shop, models, plan, planned.messages(plan, copy), found, _scene_key(shop, plan, word))


def forecast(shop: Shop, models: Models, plan: Plan, copy: dict[str, str], even_untried: bool = False) -> Forecast:
    """What a plan would probably do; a setting seen before answers at once. `even_untried`: see evaluate_steps."""
    question = asked(shop, models, plan, copy)
    return _forecast(str(shop.path), question.key, even_untried, question)


# An audience keeps what was made for the setting asked for last. Windows that take turns in the middle of a forecast
# would have it made anew each time: 25 plans opened at once took six times as long.
_ONE_AT_A_TIME = threading.Lock()


@st.cache_data(max_entries=512, show_spinner=False)
def _forecast(path: str, key: str, even_untried: bool, _asked: Asked) -> Forecast:
    scenes, drawn = _asked.scenes, _asked.drawn
    with _ONE_AT_A_TIME:
        return forecasts.evaluate_steps(_asked.shop, _asked.models, scenes, drawn, even_untried=even_untried)


def curve(shop: Shop, models: Models, plan: Plan, copy: dict[str, str], sizes: tuple[float, ...]) -> pd.DataFrame:
    """Profit and ROI over the size of the discount, everything else as in the plan: see engine.campaign.argument."""
    # The plan's own size is not part of the question: moving along the curve does not draw it anew.
    fixed = plan.model_copy(update={"offer": plan.offer.model_copy(update={"discount": sizes[-1]})})
    question = asked(shop, models, fixed, copy)
    return _curve(str(shop.path), question.key, sizes, question)


@st.cache_data(max_entries=64, show_spinner=False)
def _curve(path: str, key: str, sizes: tuple, _asked: Asked) -> pd.DataFrame:
    scenes, drawn = _asked.scenes, _asked.drawn
    with _ONE_AT_A_TIME:
        return argument.curve(_asked.shop, _asked.models, scenes, drawn, sizes)


def argument_table(
    shop: Shop, models: Models, plan: Plan, copy: dict[str, str], sizes: tuple[float, ...]
) -> pd.DataFrame:
    """Send nothing, full price and some sizes of the discount side by side: see engine.campaign.argument."""
    fixed = plan.model_copy(update={"offer": plan.offer.model_copy(update={"discount": None})})
    question = asked(shop, models, fixed, copy)
    return _argument_table(str(shop.path), question.key, sizes, question)


@st.cache_data(max_entries=64, show_spinner=False)
def _argument_table(path: str, key: str, sizes: tuple, _asked: Asked) -> pd.DataFrame:
    scenes, drawn = _asked.scenes, _asked.drawn
    with _ONE_AT_A_TIME:
        return argument.table(_asked.shop, _asked.models, scenes, drawn, sizes)


def reasons(
    shop: Shop, models: Models, plan: Plan, copy: dict[str, str], target: str, language: str, step: int = 0
) -> pd.DataFrame:
    """Why the predicted rate of one of a plan's messages is what it is: see engine.campaign.explain.explain_plan."""
    question = asked(shop, models, plan, copy)
    return _reasons(str(shop.path), question.key, target, language, step, question)


@st.cache_data(max_entries=64, show_spinner=False)
def _reasons(path: str, key: str, target: str, language: str, step: int, _asked: Asked) -> pd.DataFrame:
    scene, message = _asked.scenes[step], _asked.messages[step]
    return explain.explain_plan(_asked.shop, _asked.models, scene, message, target, language)


def reasons_of_customer(
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
    question = asked(shop, models, plan, copy)
    return _reasons_of_customer(str(shop.path), question.key, customer_id, target, language, step, question)


@st.cache_data(max_entries=64, show_spinner=False)
def _reasons_of_customer(
    path: str, key: str, customer_id: str, target: str, language: str, step: int, _asked: Asked
) -> pd.DataFrame:
    whole, bounds = _asked.scenes[step], planned.limits(_asked.plan, _asked.others)
    return explain.explain_customer(
        _asked.shop, _asked.models, whole, _asked.messages, customer_id, target, language, step, bounds
    )


def reasons_of_group(
    shop: Shop, models: Models, plan: Plan, copy: dict[str, str], target: str, language: str, step: int
) -> pd.DataFrame:
    """In what the plan's audience differs from every customer its message could go to: see explain_group."""
    question = asked(shop, models, plan, copy)
    nobody = plan.audience.model_copy(update={"segment_ids": [], "rule": None, "customer_ids": []})
    _, word = others(shop, plan)
    everyone_key = _scene_key(shop, plan.model_copy(update={"audience": nobody}), word)
    return _reasons_of_group(str(shop.path), question.key, target, language, step, everyone_key, question)


@st.cache_data(max_entries=64, show_spinner=False)
def _reasons_of_group(
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
    question = asked(shop, models, plan, copy)
    return _examples(str(shop.path), question.key, target, step, question)


@st.cache_data(max_entries=64, show_spinner=False)
def _examples(path: str, key: str, target: str, step: int, _asked: Asked) -> dict[str, str]:
    return explain.examples(_asked.shop, _asked.models, _asked.scenes[step], _asked.messages[step], target)


def holdout_standing(shop: Shop) -> tuple[str, int]:
    """Whether the past can tell what writing changes: see engine.campaign.uplift.evidence.standing."""
    return _holdout_standing(str(shop.path), shop.version)


@st.cache_data(max_entries=8, show_spinner=False)
def _holdout_standing(path: str, version: str) -> tuple[str, int]:
    return evidence.standing(store.open_shop(Path(path)))


def learned_extra(shop: Shop) -> Learned:
    """What writing changes, as it was learned last. Raises NotEnoughData before, ModelFileProblem for changed files."""
    return _learned_extra(str(shop.path), stamps.of_folder(shop.path / kept.FOLDER))


@st.cache_resource(max_entries=2, show_spinner=False)
def _learned_extra(path: str, stamp: tuple) -> Learned:
    return kept.load(store.open_shop(Path(path)))


def advised(shop: Shop, models: Models, plan: Plan, copy: dict[str, str]) -> Advice | None:
    """Who of a plan's customers needs its offer; None where its money cannot be forecast."""
    learned, people_ = learned_extra(shop), reach(shop, plan).reachable
    key = hashlib.blake2b("\n".join(people_).encode(), digest_size=8).hexdigest()
    stamp = (stamps.of_audience(shop), stamps.of_folder(shop.path / kept.FOLDER), key)
    scored = _scored(str(shop.path), stamp, shop, people_, learned)
    bare = plan.model_copy(update={"offer": Offer()})
    found = (forecast(shop, models, one, copy) for one in (plan, bare))
    return advice.of_plan(learned, people_, scored, *found)


@st.cache_resource(max_entries=8, show_spinner=False)
def _scored(path: str, key: tuple, _shop: Shop, _people: list[str], _learned: Learned) -> pd.DataFrame:
    return _learned.of(people.all_columns_today(shops.kept(_shop), _people, _learned.with_history))


MOST_LINES = 500_000  # of orders: with more, a learned forecast would wait too long for this one line beside it


def anyway(shop: Shop, window_days: int) -> Anyway | Sentence:
    """Who would buy within so many days anyway, from orders alone; see engine.campaign.first.anyway."""
    return _anyway(str(shop.path), shop.version, window_days)


@st.cache_resource(max_entries=4, show_spinner=False)
def _anyway(path: str, version: str, window_days: int) -> Anyway | Sentence:
    return from_orders.learn(store.open_shop(Path(path)), window_days)


def as_things_were(shop: Shop, plan: Plan, forecast: Forecast) -> Range | None:
    """How many of those a plan writes to would buy in its window by past orders alone; None where these do not say."""
    if shop.rows("orders") > MOST_LINES:
        return None
    known = anyway(shop, forecast.window_days)
    if isinstance(known, Sentence):
        return None
    return known.orders(reach(shop, plan).reachable, forecast.recipients)


def can_be_learned(shop: Shop) -> bool:
    """Whether past messages record enough orders to learn forecasts from."""
    return _can_be_learned(str(shop.path), shop.version)


@st.cache_data(max_entries=8, show_spinner=False)
def _can_be_learned(path: str, version: str) -> bool:
    return outlooks.can_be_learned(store.open_shop(Path(path)))


def outlook(shop: Shop, models: Models | None, plan: Plan, copy: dict[str, str], assumed: Assumed) -> Outlook:
    """What can be said of a plan of which nothing was learned, or whose rates were typed."""
    found, word = others(shop, plan)
    scene_key, messages = _scene_key(shop, plan, word), planned.messages(plan, copy)
    version = models.version if models else ""
    key = json.dumps([version, scene_key, messages, assumed.to_json()], sort_keys=True, default=str)
    return _outlook(str(shop.path), key, shop, models, plan, messages, found, scene_key, assumed)


@st.cache_resource(max_entries=32, show_spinner=False)
def _outlook(
    path: str,
    key: str,
    _shop: Shop,
    _models: Models | None,
    _plan: Plan,
    _messages: list[dict],
    _others: Others,
    _scene: str,
    _assumed: Assumed,
) -> Outlook:
    scenes = _scenes(path, _scene, _shop, _plan, _others)
    drawn = assign.with_sizes(scenes, _messages)
    known = _ground(path, _scene, outlooks.window(_shop, _messages), _shop, scenes)
    return outlooks.look(_shop, _models, scenes, drawn, _assumed, known)


@st.cache_resource(max_entries=16, show_spinner=False)
def _ground(path: str, scene: str, window_days: int, _shop: Shop, _scenes: list[Scene]) -> Ground:
    return outlooks.ground(_shop, _scenes, window_days, lambda days: anyway(_shop, days))


def options(shop: Shop, models: Models, choices: Choices) -> tuple[Option, ...]:
    """The ways to write to a group: see engine.campaign.optimise.options."""
    return _options(str(shop.path), shop.version, models.version, repr(choices), models, choices)


@st.cache_resource(max_entries=16, show_spinner=False)
def _options(path: str, version: str, learned: str, key: str, _models: Models, _choices: Choices) -> tuple[Option, ...]:
    return tuple(optimise_options.options(store.open_shop(Path(path)), _models.tried, _choices))


def shelf(shop: Shop) -> Shelf:
    """Stock of the shop's products, and what orders take of it."""
    return _shelf(str(shop.path), shop.version)


@st.cache_resource(max_entries=2, show_spinner=False)
def _shelf(path: str, version: str) -> Shelf:
    return Shelf.of(store.open_shop(Path(path)))


def judged(shop: Shop, models: Models, plan: Plan, copy: dict[str, str], ways: tuple[Option, ...]) -> list[Judged]:
    """What each way would do for the audience of a plan, no limit asked yet: see engine.campaign.optimise.judging."""
    question = asked(shop, models, plan, copy)
    return _judged(str(shop.path), json.dumps([question.key, repr(ways)]), question, ways)


@st.cache_resource(max_entries=64, show_spinner=False)  # a channel of a group each, about 8 MB
def _judged(path: str, key: str, _asked: Asked, _ways: tuple[Option, ...]) -> list[Judged]:
    kept, prepared = shops.kept(_asked.shop), dict[str, list[Scene]]()

    def at(option: Option) -> tuple[list[Scene], list[dict]]:
        messages = option.on(_asked.messages)
        if option.channel not in prepared:
            first = _asked.plan.steps[0].model_copy(update={"channel": option.channel})
            plan = _asked.plan.model_copy(update={"steps": [first, *_asked.plan.steps[1:]]})
            prepared[option.channel] = asked(_asked.shop, _asked.models, plan, {}).scenes
        return prepared[option.channel], assign.with_sizes(prepared[option.channel], messages)

    with _ONE_AT_A_TIME:
        return judging.judge(kept, _asked.models, Group(_asked.plan.plan_id, at), _ways, shelf(_asked.shop))


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
    stamp = (stamps.of_audience(shop), others(shop, saved.plan)[1])
    return _exported(str(shop.path), saved.plan.plan_id, saved.content_sha256, stamp, person)


@dataclass(frozen=True, slots=True)
class Reached:
    """How many an audience holds, and whom of them each channel may reach.

    by_channel: the plan's channels first. reachable: those whom at least one of the plan's channels reaches.
    other_plans: names of the live plans that take some. last_day: the last day of the shop's data.
    """

    size: int
    by_channel: dict[str, Reach]
    reachable: list[str]
    other_plans: tuple[str, ...]
    last_day: date


def reach(shop: Shop, plan: Plan) -> Reached:
    """The audience of a plan counted. Raises DataProblem while it names nobody, or by a rule that cannot be read."""
    ahead, word = others(shop, plan)
    about = (plan.audience.model_dump_json(), tuple(step.channel for step in plan.steps), planned.limits(plan).send_day)
    found = _reach(str(shop.path), (stamps.of_audience(shop), about, word), shop, plan, ahead)
    if any("in_other_plan" in one.left_out for one in found.by_channel.values()):
        names = tuple(saved.plan.name for saved in live.before(shop, plan))
        return replace(found, other_plans=names)
    return found


@st.cache_resource(max_entries=64, show_spinner=False)
def _reach(path: str, key: tuple, _shop: Shop, _plan: Plan, _ahead: Others) -> Reached:
    kept = shops.kept(_shop)
    as_of, limits = shops.as_of(path, _shop.version), planned.limits(_plan, _ahead)
    listed = planned.customers(kept, _plan.audience, lambda text: selected(_shop, text))
    own = list(dict.fromkeys(step.channel for step in _plan.steps))
    every = dict.fromkeys([*own, *channels(kept)])
    by_channel = {channel: reachable(kept, listed, channel, as_of, limits) for channel in every}
    allowed = {one for channel in own for one in by_channel[channel].customer_ids}
    together = [one for one in listed if one in allowed]
    return Reached(len(listed), by_channel, together, (), as_of - timedelta(days=1))


def selected(shop: Shop, text: str) -> list[str]:
    """Customers whom a rule selects on the day of the data. Raises DataProblem as engine.audience.rules does."""
    return _selected(str(shop.path), stamps.of_audience(shop), text, shop)


@st.cache_resource(max_entries=128, show_spinner=False)
def _selected(path: str, stamp: tuple, text: str, _shop: Shop) -> list[str]:
    return rules.select(shops.kept(_shop), text, shops.as_of(path, _shop.version), _rule_facts(path, _shop.version))


@st.cache_resource(max_entries=2, show_spinner=False)
def _rule_facts(path: str, version: str) -> pd.DataFrame:
    return rules.facts(shops.read_once(path, version), shops.as_of(path, version), _features_of_all(path, version))


@st.cache_resource(max_entries=2, show_spinner=False)
def _features_of_all(path: str, version: str) -> pd.DataFrame:
    return lifecycle.features_of_all(store.open_shop(Path(path)), shops.as_of(path, version))


def rule_fields(shop: Shop) -> dict[str, Field]:
    """What rules of this shop may ask, by name, in the order a page offers it."""
    return _rule_fields(str(shop.path), stamps.of_audience(shop))


@st.cache_resource(max_entries=4, show_spinner=False)
def _rule_fields(path: str, stamp: tuple) -> dict[str, Field]:
    return {field.name: field for field in rules.fields(store.open_shop(Path(path)))}


def rule_problems(shop: Shop, text: str) -> tuple[str, ...]:
    """What is wrong with a rule, a sentence each; nothing where this shop can answer it."""
    return _rule_problems(str(shop.path), stamps.of_audience(shop), text)


@st.cache_data(max_entries=256, show_spinner=False)
def _rule_problems(path: str, stamp: tuple, text: str) -> tuple[str, ...]:
    try:
        selected(store.open_shop(Path(path)), text)  # kept, and asked for next
    except DataProblem as problem:
        return tuple(problem.problems)
    except NotEnoughData as problem:
        return (str(problem),)
    return ()


def spelled_rule(shop: Shop, text: str) -> str:
    """The rule with names and values as the shop spells them; as it stands where it says so already or is mistaken."""
    return _spelled_rule(str(shop.path), stamps.of_audience(shop), text, shop)


@st.cache_data(max_entries=256, show_spinner=False)
def _spelled_rule(path: str, stamp: tuple, text: str, _shop: Shop) -> str:
    try:
        spelled = rules.spelled(shops.kept(_shop), text, _rule_facts(path, _shop.version))
    except (DataProblem, NotEnoughData):
        return text  # the page says what is wrong with it
    return text if spelled == rules.parse(text) else rules.write(spelled)


def customer_features(shop: Shop) -> Snapshot:
    """What is known of every customer on the day after the last row. Raises NotEnoughData for a shop without any."""
    return _customer_features(str(shop.path), shop.version)


@st.cache_resource(max_entries=2, show_spinner=False)
def _customer_features(path: str, version: str) -> Snapshot:
    return taken(store.open_shop(Path(path)), shops.as_of(path, version))


def lifecycle_groups(shop: Shop) -> pd.DataFrame:
    """See engine.audience.lifecycle.groups; no rows for a shop without orders."""
    return _lifecycle_groups(str(shop.path), shop.version)


@st.cache_resource(max_entries=4, show_spinner=False)
def _lifecycle_groups(path: str, version: str) -> pd.DataFrame:
    try:
        return lifecycle.groups(
            shops.read_once(path, version), shops.as_of(path, version), _features_of_all(path, version)
        )
    except NotEnoughData:
        return pd.DataFrame(columns=["name", "customers", "share", "spend_share", "rule_text"])


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
    few = segmentation(opened).labels["customer_id"].head(20).tolist()
    plan = planned.new_plan("rehearsal", "rehearsal", [], "nobody", default_as_of(opened), opened)
    forecast(opened, models(opened), plan.model_copy(update={"audience": Audience(customer_ids=few)}), {})


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
            segmentation(opened)
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
    return starting.known(shops.read_once(path, version), _rule_facts(path, version))


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


def duplicates(shop: Shop) -> pd.DataFrame:
    """Customers who may be one person: see engine.shop.duplicates. Ids and counts, no contact."""
    return _duplicates(str(shop.path), (shop.version, stamps.of_folder(shop.path / "vault")))


@st.cache_resource(max_entries=4, show_spinner=False)
def _duplicates(path: str, stamp: tuple) -> pd.DataFrame:
    return finding.proposals(store.open_shop(Path(path)), settings.read().config)
