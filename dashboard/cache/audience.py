"""The audience of a plan: whom it reaches, and what other plans leave for it."""

import hashlib
from dataclasses import dataclass, replace
from datetime import date, timedelta

import streamlit as st

from dashboard.cache import rules, shops, stamps
from engine.audience.reach import Others, Reach, channels, reachable
from engine.campaign import planned
from engine.campaign.plan import Plan
from engine.decision import live
from engine.shop.store import Shop


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
    listed = planned.customers(kept, _plan.audience, lambda text: rules.selected(_shop, text))
    own = list(dict.fromkeys(step.channel for step in _plan.steps))
    every = dict.fromkeys([*own, *channels(kept)])
    by_channel = {channel: reachable(kept, listed, channel, as_of, limits) for channel in every}
    allowed = {one for channel in own for one in by_channel[channel].customer_ids}
    together = [one for one in listed if one in allowed]
    return Reached(len(listed), by_channel, together, (), as_of - timedelta(days=1))


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
    found = live.others(shops.kept(_shop), _plan, lambda text: rules.selected(_shop, text))
    said = [sorted(found.taken), *([send.day.isoformat(), *sorted(send.customer_ids)] for send in found.sends)]
    return found, hashlib.blake2b("\n\n".join("\n".join(one) for one in said).encode(), digest_size=8).hexdigest()
