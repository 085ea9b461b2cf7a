"""What of the history is looked at: all of it stands in the address, so that a list can be shared."""

from datetime import date

import streamlit as st

from dashboard import cache, state
from dashboard.text import known as has_text
from dashboard.text import t
from engine.decision.search import Query, Register, Words
from engine.shop.store import Shop


def action_name(action: str) -> str:
    """What was done, in words; of an Offerlab that knew more actions, as it stands."""
    return t(f"history.action_{action}") if has_text(f"history.action_{action}") else action.replace("_", " ")


def show(shop: Shop, known: Register) -> Query:
    """The fields, and what they ask for."""
    names = {saved.plan.plan_id: saved.plan.name for saved in cache.plans.saved(shop)}
    plans = ["", *sorted(known.rows["plan_id"].unique(), key=str.casefold)]
    actions = sorted(known.rows["action"].unique())
    state.keep_typed("history.text", "", "q")
    state.keep("history.actions", [], actions, "did")
    state.keep("history.people", [], known.people, "who")
    state.keep("history.plan", "", plans, "of")
    state.keep_typed("history.since", None, "from", date.fromisoformat)
    state.keep_typed("history.until", None, "to", date.fromisoformat)
    # Columns and no row that wraps: six fields are two lines of three, or a field a line on a phone.
    typed, what, who = st.columns(3)
    text = typed.text_input(t("history.text"), key="history.text", icon=":material/search:")
    did = what.multiselect(t("history.actions"), actions, format_func=action_name, key="history.actions")
    people = who.multiselect(t("history.people"), known.people, key="history.people")
    which, first, last = st.columns(3)
    plan_id = which.selectbox(
        t("history.plan"), plans, key="history.plan",
        format_func=lambda one: (f"{names[one]} · {one}" if one in names else one) or t("history.all_plans"),
    )  # fmt: skip
    since = first.date_input(t("history.since"), value=None, key="history.since")
    until = last.date_input(t("history.until"), value=None, key="history.until")
    if plan_id in names:
        st.page_link(
            "views/plan.py", label=t("history.to_plan"), icon=":material/arrow_forward:",
            query_params={"plan": plan_id, "tab": "approve"},
        )  # fmt: skip
    return Query(text, tuple(did), tuple(people), plan_id or None, since, until)


def words(shop: Shop, known: Register) -> Words:
    """What the text is looked for in; says so where that takes a while."""
    if cache.history.words_are_read(shop):
        return cache.history.words(shop)
    with st.spinner(t("history.reading", count=f"{len(known.rows):,}"), show_time=True):
        return cache.history.words(shop)
