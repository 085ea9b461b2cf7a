"""What needs me now, how is the shop doing, and what is the next step?"""

import contextlib
from typing import NoReturn

import streamlit as st

from dashboard import cache, state, widgets
from dashboard.text import known, t
from dashboard.views import overview
from dashboard.views.plan_tabs.message import plain
from engine.campaign import response
from engine.decision.plans import SavedPlan
from engine.errors import AppError
from engine.outcome.agenda import ORDER, Item
from engine.shop.store import Shop

STEPS = {  # what is done one after the other, and the page it is done on
    "data": "data",
    "groups": "customers",
    "learned": "model",
    "plan": "plans",
    "approved": "plans",
    "exported": "plans",
}
ICONS = {
    "approve": "how_to_reg", "waiting": "hourglass_empty", "late": "alarm", "send_soon": "download",
    "never_sent": "event_busy", "draft_late": "event_busy", "draft_soon": "edit_calendar", "rejected": "undo",
    "no_audience": "group_off", "collision": "join_inner", "no_results": "flag", "work_failed": "error",
    "work_lost": "error", "old_data": "update", "old_forecasts": "model_training", "unreadable": "error",
}  # fmt: skip
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
        lines(items[:SHOWN])
        if rest := items[SHOWN:]:
            with st.expander(t("today.more_to_do", count=len(rest))):
                lines(rest)


def lines(items: list[Item]) -> None:
    """The items under a heading for each urgency."""
    for urgency in ORDER:
        some = [item for item in items if item.urgency == urgency]
        if some:
            st.caption(f"**{t(f'today.urgency_{urgency}')}**")
        for item in some:
            where = {"plan": item.plan_id, "tab": item.tab or "brief"} if item.page == "plan" and item.plan_id else {}
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                # Beside the link, not as its label: a link's words are cut off where they do not fit.
                st.markdown(f":material/{ICONS[item.kind]}: {sentence(item)}")
                go = t(f"today.go_{item.page}")
                st.page_link(f"views/{item.page}.py", label=go, icon=":material/arrow_forward:", query_params=where)


def sentence(item: Item) -> str:
    """What an item says, safe as Markdown: names and reasons in it were typed by people."""
    values: dict[str, object] = {name: plain(v) if isinstance(v, str) else f"{v:,}" for name, v in item.values.items()}
    if item.kind in ("work_failed", "work_lost"):
        key = f"common.job_{item.values['work']}"
        values["work"] = t(key) if known(key) else t("common.working")
    if item.kind == "unreadable":
        values["part"] = t(f"today.part_{item.values['part']}")
    if item.kind == "collision":
        return t("today.item_collision" if item.values["pairs"] == 1 else "today.item_collisions", **values)
    return t(f"today.item_{item.kind}", **values)


# --- from data to campaign ---


def done(shop: Shop, is_recorded: bool, stored: list[SavedPlan]) -> dict[str, bool]:
    """Which of STEPS are done."""
    statuses = {saved.plan.status for saved in stored}
    return {
        "data": is_recorded,
        "groups": (shop.path / "segments" / "summary.json").exists(),
        "learned": response.current_version(shop) is not None,
        "plan": bool(statuses),
        "approved": bool(statuses & {"approved", "exported"}),
        "exported": "exported" in statuses,
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
