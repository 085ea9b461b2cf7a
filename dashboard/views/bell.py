"""How much waits for whoever sits here: a bell on every page."""

import streamlit as st

from dashboard import cache, state, widgets
from dashboard.text import t
from dashboard.views import agenda
from dashboard.views.plan_tabs.message import plain
from engine import settings
from engine.errors import AppError
from engine.outcome import seen


def show() -> None:
    """A button with the number of things that wait for this person; opened, it lists them and calls them seen."""
    try:
        shop = cache.shops.opened()
    except AppError:
        return  # the page itself says what is wrong with the shop
    if shop is None:
        return
    person, config = state.person(), settings.read().config
    try:
        items = cache.plans.waiting(shop, widgets.now(), person)
    except AppError as problem:  # of the plans or their history: every page should say so
        widgets.show_problem(problem)
        return
    known = seen.seen(shop.shop_id, config, person)
    unseen = sum(item.key not in known for item in items)
    icon = ":material/notifications_unread:" if unseen else ":material/notifications:"
    label = t("today.bell_new" if unseen else "today.bell", count=len(items), new=unseen)
    with st.popover(label, icon=icon, key="app.bell", on_change="rerun", width="stretch") as bell:
        if not bell.open:
            return
        if not items:
            st.markdown(f":material/check_circle: {t('today.nothing_waits', person=plain(person))}")
            return
        st.caption(t("today.waits_for", person=plain(person)))
        agenda.lines(items, known)
    try:
        seen.mark(shop.shop_id, config, person, [item.key for item in items])
    except AppError as problem:  # they show as new once more; the page goes on
        widgets.show_problem(problem)
