"""How should one budget be split over groups? A part of the Plans page."""

import pandas as pd
import streamlit as st

from dashboard import cache, door, state, widgets
from dashboard.text import t
from dashboard.views import beginnings
from dashboard.views.plan_tabs import best_offers
from dashboard.views.plan_tabs.message import plain
from engine.campaign import planned, response
from engine.campaign.optimise import groups as as_groups
from engine.campaign.optimise import search
from engine.campaign.optimise.limits import Limits, Objective
from engine.campaign.optimise.options import Choices
from engine.campaign.optimise.ranking import Place
from engine.campaign.optimise.search import Budgeted, Proposals
from engine.campaign.plan import GOALS, PARTS, Plan
from engine.campaign.response import Models
from engine.campaign.starting import Proposal
from engine.sentences import Sentence
from engine.shop.store import Shop

AREA = "split"
USUAL = 500.0
KINDS = ("percent", "amount", "free_shipping", "early_access")


def section(shop: Shop, groups: dict[str, str]) -> None:
    """Budget and groups, the split, and its drafts. `groups`: names by segment id."""
    with st.expander(t("optimise.split_title"), icon=":material/call_split:", key="plans.split"):
        st.caption(t("optimise.split_purpose"))
        if not groups:
            st.info(t("optimise.split_no_groups"), icon=":material/groups:")
            return
        if response.current_version(shop) is None:
            st.info(t("optimise.split_no_models"), icon=":material/school:")
            return
        budget, goal, chosen, objective = _asked(shop, groups)
        if not state.touched(AREA):
            return
        if not budget or not chosen:
            st.error(t("optimise.split_missing"), icon=":material/error:")
            return
        with widgets.problem_box():
            models = cache.forecasts.models(shop)
            plans = {one: _plan(shop, one, goal) for one in chosen}
            found = _found(shop, models, plans, groups, Limits(budget), objective)
            _answer(shop, found, groups, budget)
            _create(shop, found, plans, groups, budget)


def _asked(shop: Shop, groups: dict[str, str]) -> tuple[float, str, list[str], Objective]:
    """Budget, goal, groups, and what counts; they count once the form is sent."""
    with st.form("split.form", border=False):
        with st.container(horizontal=True):
            label = t("optimise.budget", currency=shop.settings.currency)
            budget = st.number_input(label, 0.0, 1e9, USUAL, 50.0, key="split.budget", width=200, format="%.10g")
            goal = st.selectbox(
                t("brief.goal"), GOALS, format_func=lambda one: t(f"plan.goal_{one}"), key="split.goal", width=220
            )
            objective = st.segmented_control(
                t("optimise.objective"), best_offers.OBJECTIVES, default=best_offers.OBJECTIVES[0], required=True,
                key="split.objective", format_func=lambda one: t(f"optimise.objective_{one}"),
                help=t("optimise.objective_help"),
            )  # fmt: skip
        chosen = st.multiselect(
            t("optimise.split_groups"), list(groups), list(groups), key="split.groups",
            format_func=lambda one: groups.get(one, one), placeholder=t("brief.choose"),
        )  # fmt: skip
        if st.form_submit_button(t("optimise.split_find"), key="split.find", type="primary"):
            state.touch(AREA)
    return budget, goal, chosen, objective


def _plan(shop: Shop, segment_id: str, goal: str) -> Plan:
    plan = planned.new_plan(f"split-{segment_id}", segment_id, [segment_id], state.person(), beginnings.today(), shop)
    return plan.model_copy(update={"objective": goal})


def _found(
    shop: Shop, models: Models, plans: dict[str, Plan], groups: dict[str, str], limits: Limits, objective: Objective
) -> Budgeted:
    """Every way to write to each group, and the budget over all; says how far it is."""
    channels = [channel for channel in sorted(models.tried.offers) if channel in PARTS]
    shelf, found = cache.offers.shelf(shop), []
    with widgets.steps_of(t("optimise.working"), len(plans) * len(channels)) as step:
        for segment_id, plan in plans.items():
            judged = []
            for channel in channels:
                step(f"{groups.get(segment_id, segment_id)} · {t(f'plan.channel_{channel}')}")
                ways = cache.offers.options(shop, models, Choices((channel,), KINDS))
                judged += cache.offers.judged(shop, models, plan, {}, ways)
            found.append(search.proposals(segment_id, judged, models, limits, objective, shelf))
    return search.budgeted(found, limits, objective, shelf)


def _answer(shop: Shop, found: Budgeted, groups: dict[str, str], budget: float) -> None:
    """All together first, then one bar and one row a group."""
    currency = shop.settings.currency

    def money(amount: float) -> str:
        return widgets.money(amount, currency)

    if not any(place.judged for place in found.chosen):
        st.info(t("optimise.split_none"), icon=":material/block:")
    else:
        said = t(
            "optimise.split_total", profit=widgets.ranged(found.total.extra_profit, money), budget=money(budget),
            cost=widgets.ranged(found.total.budget_used, money), loss=widgets.percent(found.total.chance_of_loss, 0),
        )  # fmt: skip
        st.markdown(f"**{plain(said)}**")
        more = {"unit": widgets.money(1, currency), "earns": widgets.money(found.next_unit, currency, 2)}
        st.caption(plain(t("optimise.split_more", **more) if found.next_unit else t("optimise.split_enough")))
    named = [(_name(groups, group), place) for group, place in zip(found.groups, found.chosen, strict=True)]
    best_offers.draw(named, currency, "plans.split_chart")
    rows = [{t("optimise.column_group"): plain(name)} | best_offers.cells(place, currency) for name, place in named]
    with st.container(key="plans.split_table"):
        st.table(pd.DataFrame(rows).set_index(t("optimise.column_group")), alt=t("optimise.chart_split_alt"))


def _name(groups: dict[str, str], group: Proposals) -> str:
    return groups.get(group.group_id, group.group_id)


def _create(shop: Shop, found: Budgeted, plans: dict[str, Plan], groups: dict[str, str], budget: float) -> None:
    """A button that makes one draft for each group that is written to, and where they are."""
    sent = [(group.group_id, place) for group, place in zip(found.groups, found.chosen, strict=True) if place.judged]
    may = door.for_who_may("draft")
    if not sent or not st.button(t("optimise.split_create"), key="split.create", icon=":material/add:", **may):
        return
    said = {"budget": widgets.money(budget, shop.settings.currency), "groups": len(found.groups)}
    made = {}
    for segment_id, place in sent:
        name = t("optimise.split_name", goal=t(f"plan.goal_{plans[segment_id].objective}"), group=groups[segment_id])
        made[_draft(shop, plans[segment_id], place, name, said)] = name
    st.success(t("optimise.split_created", count=len(made)), icon=":material/check:")
    for plan_id, name in made.items():
        query = {"plan": plan_id, "tab": "numbers"}
        st.page_link("views/plan.py", label=plain(name), icon=":material/arrow_forward:", query_params=query)


def _draft(shop: Shop, plan: Plan, place: Place, name: str, said: dict[str, object]) -> str:
    assert place.judged is not None, "only groups that are written to"
    filled = as_groups.as_plan(plan, place.judged.option)
    return beginnings.save(shop, Proposal(filled, (Sentence("optimise.reason_split", said),)), name)
