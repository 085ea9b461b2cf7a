"""One plan, from brief to result."""

import streamlit as st

from dashboard import state, widgets
from dashboard.text import t
from dashboard.views.plan_tabs import approve, brief, comments, copywriting, export, figures, history, result
from dashboard.views.plan_tabs.message import STATUS, plain
from dashboard.views.plan_tabs.saving import Open
from engine.decision import moments, plans
from engine.errors import StoreProblem
from engine.shop.store import Shop

TABS = {"brief": brief, "copy": copywriting, "numbers": figures, "approve": approve, "export": export, "result": result}
ICONS = {
    "brief": "edit_note",
    "copy": "chat",
    "numbers": "query_stats",
    "approve": "how_to_reg",
    "export": "download",
    "result": "flag",
}


def opened_plan(shop: Shop) -> Open:
    """The plan in the address; where there is none, says so and ends the page."""
    plan_id = state.plan_id()
    try:
        if plan_id is not None:
            return Open(shop, plans.load(shop.path, plan_id))
        st.info(t("plan.none_open"), icon=":material/edit_note:")
    except StoreProblem as problem:
        widgets.show_problem(problem)
    st.page_link("views/plans.py", label=t("plan.to_list"), icon=":material/arrow_back:")
    st.stop()


def head(opened: Open) -> None:
    """Name, status, who saved it when, and the way back."""
    plan = opened.plan
    st.page_link("views/plans.py", label=t("plan.to_list"), icon=":material/arrow_back:")
    st.title(plain(plan.name), anchor=False)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(t(f"plan.status_{plan.status}"), color=STATUS[plan.status])
        changed = moments.shown(opened.saved.updated_at, opened.shop)
        st.caption(t("plan.owned", owner=plain(plan.owner), changed=changed), width="content")
        history.show(opened)


def tab() -> str:
    """The open tab; it stands in the address, so that a reload comes back to it."""
    state.set_plan_tab(state.plan_tab(TABS))
    labels = {name: f":material/{ICONS[name]}: {t(f'plan.tab_{name}')}" for name in TABS}
    chosen = st.segmented_control(
        t("plan.tabs"),
        list(TABS),
        default=None,
        required=True,
        format_func=lambda name: labels[name],
        key="plan.tab",
        label_visibility="collapsed",
    )
    chosen = chosen or "brief"
    state.show_plan_tab(chosen)
    return chosen


def next_tab(chosen: str) -> None:
    """A button to the next tab."""
    names = list(TABS)
    if chosen != names[-1]:
        following = names[names.index(chosen) + 1]
        st.space("small")
        label = t("plan.next", tab=t(f"plan.tab_{following}"))
        st.button(
            label, key="plan.next", icon=":material/arrow_forward:", on_click=state.set_plan_tab, args=(following,)
        )


with widgets.problem_box():
    shop = widgets.need_shop()
    opened = opened_plan(shop)
    state.set_plan_id(opened.plan.plan_id)
    head(opened)
    comments.requested(opened)
    chosen = tab()
    TABS[chosen].show(opened)
    next_tab(chosen)
