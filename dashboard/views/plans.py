"""What is planned?"""

from typing import get_args

import streamlit as st

from dashboard import cache, door, state, widgets
from dashboard.text import group_name, language, t
from dashboard.views import beginnings, budget
from dashboard.views.plan_tabs import forecasting
from dashboard.views.plan_tabs.message import STATUS, VERDICT, plain
from engine.campaign import planned
from engine.campaign.plan import GOALS, Plan, Status
from engine.campaign.starting import Proposal
from engine.decision import plans
from engine.decision.plans import SavedPlan
from engine.errors import NotEnoughData
from engine.shop.store import Shop

ON_A_PAGE = 12
SORTS = ("changed", "starts", "name")


def group_names(shop: Shop) -> dict[str, str]:
    """Name and size of each group by segment_id; empty before there are groups."""
    try:
        profiles = cache.customers.segmentation(shop).profiles
    except NotEnoughData:
        return {}
    return {
        row.segment_id: t("brief.group_size", name=group_name(row.segment_name), count=f"{row.customers:,}")
        for row in profiles.itertuples()
    }


# --- an empty plan ---


def starter(shop: Shop, groups: dict[str, str]) -> None:
    """Name, goal and groups of a plan that is filled in by hand."""
    with st.expander(t("plans.new"), icon=":material/add:"):
        if not groups:
            st.info(t("brief.no_groups"), icon=":material/groups:")
            st.page_link("views/customers.py", label=t("brief.make_groups"), icon=":material/arrow_forward:")
        with st.form("plans.form", border=False):
            name = st.text_input(t("brief.name"), key="plans.name", max_chars=200, placeholder=t("plans.name_hint"))
            goal = st.selectbox(t("brief.goal"), GOALS, format_func=lambda one: t(f"plan.goal_{one}"), key="plans.goal")
            chosen = st.multiselect(
                t("brief.groups"),
                list(groups),
                format_func=lambda one: groups.get(one, one),
                key="plans.groups",
                placeholder=t("brief.choose"),
            )
            may = door.for_who_may("draft")
            started = st.form_submit_button(t("plans.start"), key="plans.start", type="primary", **may)
        if started and not (name or "").strip():
            st.error(t("brief.problem_name"))
        elif started:
            start(shop, (name or "").strip(), goal, chosen)


def start(shop: Shop, name: str, goal: str, groups: list[str]) -> None:
    """Save the new plan and go to its page."""
    with widgets.problem_box():
        plan = planned.new_plan("new", name, groups, state.person(), beginnings.today(), shop)
        plan_id = beginnings.save(shop, Proposal(plan.model_copy(update={"objective": goal}), ()), name)
    state.set_plan_tab("brief")
    beginnings.open_plan(plan_id)


# --- the list ---


def row(shop: Shop, saved: SavedPlan, groups: dict[str, str]) -> None:
    """One plan: what it is, where it stands, and what can be done with it."""
    plan = saved.plan
    with st.container(border=True, key=f"plans.row_{plan.plan_id.replace('.', '_')}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(plan.name)}**", width="content")
            st.badge(t(f"plan.status_{plan.status}"), color=STATUS[plan.status])
            if verdict := forecasting.known_verdict(saved, language()):
                st.badge(verdict[1], color=VERDICT[verdict[0]], icon=":material/query_stats:")
        st.caption(plain("  ·  ".join(facts(shop, plan, groups))))
        with st.container(horizontal=True):
            if st.button(t("plans.open"), key=f"plans.open.{plan.plan_id}", type="primary"):
                beginnings.open_plan(plan.plan_id)
            may = door.for_who_may("draft")
            if st.button(t("plans.duplicate"), key=f"plans.duplicate.{plan.plan_id}", **may):
                duplicate(shop, plan)


def facts(shop: Shop, plan: Plan, groups: dict[str, str]) -> list[str]:
    """Audience, channel, offer, dates and owner of a plan, in words."""
    names = [groups.get(one, one) for one in plan.audience.segment_ids]
    rule = [plan.audience.rule] if plan.audience.rule else []
    return [
        ", ".join([*names, *rule]) or t("plans.no_audience"),
        t(f"plan.channel_{plan.channel}"),
        offer(plan, shop.settings.currency),
        t("plans.dates", starts=plan.starts_at.isoformat(), ends=plan.ends_at.isoformat()),
        plan.owner,
    ]


def offer(plan: Plan, currency: str) -> str:
    """The offer in a few words: "15% off", "Gift"."""
    return widgets.offer_name(plan.offer.kind, plan.offer.discount, currency)


def duplicate(shop: Shop, plan: Plan) -> None:
    """A new draft with the same content, its dates moved ahead where they are over; opens it."""
    with widgets.problem_box():
        name = t("plans.copy_of", name=plan.name)[:200]
        plan_id = plans.duplicate(shop.path, plan.plan_id, name, state.person(), widgets.now())
        beginnings.ahead(shop, plan_id)
    state.set_plan_tab("brief")
    beginnings.open_plan(plan_id)


def listing(shop: Shop, stored: list[SavedPlan], groups: dict[str, str]) -> None:
    """The plans that are looked for, in the chosen order, some on a page."""
    st.subheader(t("plans.yours"), anchor=False)
    shown = ordered(found(stored))
    st.caption(t("plans.count", shown=len(shown), all=len(stored)))
    if not shown:
        st.info(t("plans.none_found"), icon=":material/search_off:")
    pages = -(-len(shown) // ON_A_PAGE)
    page = st.pagination(pages, key="plans.page") if pages > 1 else 1
    for saved in shown[(page - 1) * ON_A_PAGE : page * ON_A_PAGE]:
        row(shop, saved, groups)


def found(stored: list[SavedPlan]) -> list[SavedPlan]:
    """Plans of the chosen statuses whose name or owner holds the words that were typed. Both survive another page."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        words = st.text_input(
            t("plans.search"), key="plans.search", placeholder=t("plans.search_hint"), persist_state="session"
        )
        wanted = st.pills(
            t("plans.filter"),
            get_args(Status),
            selection_mode="multi",
            format_func=lambda one: t(f"plan.status_{one}"),
            key="plans.filter",
            persist_state="session",
        )
    typed = (words or "").strip().casefold()
    return [
        saved
        for saved in stored
        if (not wanted or saved.plan.status in wanted)
        and (typed in saved.plan.name.casefold() or typed in saved.plan.owner.casefold())
    ]


def ordered(shown: list[SavedPlan]) -> list[SavedPlan]:
    """The plans as they were asked to be sorted; they come with the one changed last first."""
    by = st.segmented_control(
        t("plans.sort"),
        SORTS,
        default="changed",
        required=True,
        format_func=lambda one: t(f"plans.sort_{one}"),
        key="plans.sort",
        persist_state="session",
    )
    if by == "starts":
        return sorted(shown, key=lambda saved: (saved.plan.starts_at, saved.plan.name.casefold()))
    return sorted(shown, key=lambda saved: saved.plan.name.casefold()) if by == "name" else shown


widgets.page_head("plans.title", "plans.purpose")
with widgets.problem_box():
    shop = widgets.need_shop()
    # The starting plans take seconds when the data is new: the list below is drawn before them.
    beginning, below = st.container(), st.container()
    groups = group_names(shop)
    stored = plans.saved_plans(shop.path)
    with below:
        st.page_link("views/launch.py", label=t("launch_page.link"), icon=":material/rocket_launch:")
        beginnings.repeats(shop)
        budget.section(shop, groups)
        starter(shop, groups)
        if stored:
            listing(shop, stored, groups)
        else:
            st.info(t("plans.empty"), icon=":material/lightbulb:")
    with beginning:
        beginnings.cards(shop)
