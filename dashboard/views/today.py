"""What needs me now, how is the shop doing, and what is the next step?"""

import contextlib
from typing import NoReturn

import streamlit as st

from dashboard import cache, state, widgets
from dashboard.text import language, t
from dashboard.views import agenda, overview
from dashboard.views.plan_tabs.message import plain
from engine.campaign import response
from engine.campaign.plan import APPROVED
from engine.decision.plans import SavedPlan
from engine.errors import AppError
from engine.outcome.agenda import Item
from engine.shop.store import Shop

STEPS = {  # what is done one after the other, and the page it is done on
    "data": "data",
    "groups": "customers",
    "learned": "model",
    "plan": "plans",
    "approved": "plans",
    "exported": "plans",
}
SHOWN = 8  # things to do before the rest folds away


def welcome() -> NoReturn:
    """What Offerlab is, the sample shops, and the way in for own data; ends the page."""
    st.write(t("today.what"))
    widgets.sample_buttons()
    own_data()
    st.stop()


def own_data() -> None:
    """The way to the page where files are brought in."""
    st.write(t("today.own_data"))
    if st.button(t("today.to_data"), key="today.to_data", icon=":material/upload_file:"):
        st.switch_page("views/data.py")


# --- what needs me now ---


def to_do(items: list[Item]) -> None:
    """One line each that leads to where it is done, by how urgent it is; a calm sentence when there is nothing."""
    with st.container(border=True, key="today.agenda"):
        st.subheader(t("today.to_do"))
        if not items:
            st.markdown(f":material/check_circle: {t('today.nothing_to_do')}")
        agenda.lines(items[:SHOWN])
        if rest := items[SHOWN:]:
            with st.expander(t("today.more_to_do", count=len(rest))):
                agenda.lines(rest)


def changed(shop: Shop) -> None:
    """What changed since the forecasts were learned, where the last look at results found something."""
    if (found := cache.learning.noted(shop, language())) is not None:
        st.warning(plain(f"{found.said} {found.touched}"), icon=":material/move_up:")


# --- from data to campaign ---


def done(shop: Shop, is_recorded: bool, stored: list[SavedPlan]) -> dict[str, bool]:
    """Which of STEPS are done."""
    statuses = {saved.plan.status for saved in stored}
    return {
        "data": is_recorded,
        "groups": (shop.path / "segments" / "summary.json").exists(),
        "learned": response.current_version(shop) is not None,
        "plan": bool(statuses),
        "approved": bool(statuses & set(APPROVED)),
        "exported": bool(statuses & {"exported", "results_in"}),
    }


def checklist(steps: dict[str, bool]) -> None:
    """What is done, each with a link, and the next step as a button; one line when all of it is done."""
    following = next((name for name, is_done in steps.items() if not is_done), None)
    if following is None:
        with st.expander(t("today.all_done"), icon=":material/check_circle:"):
            step_links(steps, None)
        return
    with st.container(border=True, key="today.checklist"):
        st.subheader(t("today.steps"))
        st.progress(sum(steps.values()) / len(steps), text=t("today.done_of", done=sum(steps.values()), of=len(steps)))
        step_links(steps, following)
        if st.button(t(f"today.do_{following}"), key="today.next", type="primary", icon=":material/arrow_forward:"):
            st.switch_page(f"views/{STEPS[following]}.py")


def step_links(steps: dict[str, bool], following: str | None) -> None:
    """Each step as a link to its page; the next one in bold."""
    for name, is_done in steps.items():
        icon = "check_circle" if is_done else "arrow_circle_right" if name == following else "radio_button_unchecked"
        words = t(f"today.step_{name}")
        label = f"**{words}**" if name == following else words
        st.page_link(f"views/{STEPS[name]}.py", label=label, icon=f":material/{icon}:")


widgets.page_head("today.title", "today.purpose")

with widgets.problem_box():
    shop = cache.shops.opened() or welcome()
    st.markdown(f"**{t('today.shop', name=plain(shop.settings.name))}**")
    items = cache.plans.agenda(shop, widgets.now(), state.person())
    found = None
    stored: list[SavedPlan] = []
    with contextlib.suppress(AppError):  # what cannot be read is in the list of things to do
        found = cache.tables.overview(shop)
    with contextlib.suppress(AppError):
        stored = cache.plans.saved(shop)
    steps = done(shop, found is not None and found.is_recorded, stored)
    if items or steps["data"]:
        to_do(items)
    changed(shop)
    if found is None or not steps["data"]:
        st.info(t("today.empty"), icon=":material/inbox:")
        own_data()
        widgets.sample_buttons()
        st.stop()
    if not all(steps.values()):
        checklist(steps)
    overview.show(shop, found)
    if all(steps.values()):
        checklist(steps)
    cache.standing.look(shop, stored, widgets.now().date())
