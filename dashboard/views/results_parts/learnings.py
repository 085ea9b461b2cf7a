"""What was learned: what somebody concluded of each plan that was sent, to be searched."""

from collections.abc import Callable

import pandas as pd
import streamlit as st

from dashboard import state, widgets
from dashboard.text import channel_name, group_name, t
from dashboard.views.plan_tabs import concluding as words
from engine import settings
from engine.decision import conclusions, moments
from engine.decision.conclusions import CHOICES, Learning
from engine.outcome import concluding
from engine.shop.store import Shop

ON_A_PAGE = 50


def show(shop: Shop) -> None:
    """The search, the filters, and a row for every plan that somebody concluded."""
    known = conclusions.learned(shop, settings.read().config)
    if not known:
        st.info(t("learnings.empty"), icon=":material/school:")
        st.page_link("views/plans.py", label=t("learnings.to_plans"), icon=":material/arrow_forward:")
        return
    found = _asked_for(known)
    st.subheader(t("learnings.found", count=len(found), of=len(known)))
    if not found:
        st.info(t("learnings.none_found"), icon=":material/search_off:")
        return
    _listing(shop, found)


def _asked_for(known: list[Learning]) -> list[Learning]:
    """Words and filters; they stand in the address, so that a list can be shared."""
    state.keep_typed("learnings.text", "", "q")
    text = st.text_input(
        t("learnings.search"), key="learnings.text", icon=":material/search:", placeholder=t("learnings.search_hint")
    )
    with st.container(horizontal=True, vertical_alignment="bottom", key="learnings.filters"):
        choices = _some("choice", list(CHOICES), lambda one: t(f"learnings.choice_{one}"))
        channels = _some("channel", sorted({one.channel for one in known}), channel_name)
        goals = _some("goal", sorted({one.goal for one in known}), lambda one: t(f"plan.goal_{one}"))
    return conclusions.find(known, text or "", choices, channels, goals)


def _some(name: str, options: list[str], named: Callable[[str], str]) -> list[str]:
    if len(options) < 2:
        return []
    key = f"learnings.{name}"
    state.keep(key, [], options, address=name)
    return st.pills(t(f"learnings.by_{name}"), options, selection_mode="multi", format_func=named, key=key, wrap=True)


def _listing(shop: Shop, found: list[Learning]) -> None:
    rows = pd.DataFrame([_row(shop, one) for one in found])
    chosen = st.dataframe(
        rows,
        column_config={name: st.column_config.TextColumn(t(f"learnings.col_{name}")) for name in rows.columns},
        hide_index=True,
        placeholder="–",
        key="learnings.table",
        on_select="rerun",
        selection_mode="single-row",
        alt=t("learnings.title"),
    )
    widgets.download(
        t("learnings.download"), lambda: concluding.as_table(found), "learnings.csv", "results.learnings_csv"
    )
    at = next(iter(chosen["selection"]["rows"]), 0)
    one = found[min(at, len(found) - 1)]
    words.card(one, shop, named=True)
    st.page_link("views/plan.py", label=t("history.to_plan"), icon=":material/arrow_forward:",
                 query_params={"plan": one.plan_id, "tab": "result"})  # fmt: skip


def _row(shop: Shop, one: Learning) -> dict[str, str]:
    audience = [group_name(name) for name in one.groups] + ([one.rule] if one.rule else [])
    return {
        "name": one.name,
        "choice": t(f"learnings.choice_{one.choice}"),
        "reason": one.reason,
        "result": words.result_in_words(one, shop.settings.currency),
        "audience": ", ".join(audience),
        "offer": widgets.offer_name(one.offer_kind, one.discount, shop.settings.currency),
        "channel": channel_name(one.channel),
        "by": one.by,
        "at": moments.shown(one.at, shop),
    }
