"""Shall the variants be tried on a part first? The rule for the winner, fixed before anybody is written to."""

from collections.abc import Callable
from typing import Any, get_args

import streamlit as st

from dashboard import cache, widgets
from dashboard.text import channel_name, t
from dashboard.views.plan_tabs.message import plain
from dashboard.views.plan_tabs.saving import Open
from engine.campaign.plan import FirstTest, Metric, Otherwise, Plan
from engine.decision import evenly
from engine.errors import AppError, NotEnoughData
from engine.outcome import staging

LONGEST_WAIT = 720  # hours, a month


def show(opened: Open, values: dict[str, Any], changed: Callable[[], None]) -> None:
    """The variants by name, the switch, and the rule with what a test of this size could show."""
    st.subheader(t("staged.title"))
    named = st.multiselect(
        t("brief.variants"), values["variants"], key="brief.variants", placeholder=t("brief.variants_hint"),
        accept_new_options=True, help=t("brief.variants_help"), on_change=changed,
    )  # fmt: skip
    if named[1:]:
        st.caption(plain(t("brief.variants_texts", names=t("common.trait_separator").join(named))))
    if not st.toggle(t("brief.test_first"), key="brief.test_first", on_change=changed):
        return
    left, right = st.columns(2, gap="large")
    with left:
        st.slider(t("brief.test_share"), 5, 95, step=5, format="%d %%", key="brief.test_share", on_change=changed)
        st.number_input(
            t("brief.test_hours"), min_value=1, max_value=LONGEST_WAIT, step=1, key="brief.test_hours",
            on_change=changed,
        )  # fmt: skip
    with right:
        _choice("metric", get_args(Metric), changed)
        st.number_input(
            t("brief.test_lift"), min_value=0.0, max_value=1000.0, step=1.0, format="%g", key="brief.test_lift",
            on_change=changed,
        )  # fmt: skip
        _choice("otherwise", get_args(Otherwise), changed)
        if values["test_otherwise"] == "variant":
            chosen = values["test_fallback"]
            st.selectbox(
                t("brief.test_fallback"), list(dict.fromkeys([*named, *([chosen] if chosen else [])])), index=None,
                key="brief.test_fallback", on_change=changed,
            )  # fmt: skip
    if opened.plan.test is not None:
        _outlook(opened, opened.plan, opened.plan.test)


def _choice(name: str, options: tuple[str, ...], changed: Callable[[], None]) -> None:
    st.selectbox(
        t(f"brief.test_{name}"), options, format_func=lambda one: t(f"staged.{name}_{one}"), key=f"brief.test_{name}",
        on_change=changed,
    )  # fmt: skip


def _outlook(opened: Open, plan: Plan, rule: FirstTest) -> None:
    """What the test as it is saved could show, in words."""
    try:
        reached = len(cache.audience.reach(opened.shop, plan).reachable)
    except AppError:
        return  # the audience above says what is wrong with it
    written_to, _ = evenly.sizes(plan.plan_id, reached, plan.audience_share, plan.holdout)
    try:
        rate = staging.past_rate(cache.campaigns.results(opened.shop), plan.channel, rule.metric)
    except NotEnoughData:
        rate = None
    found = staging.outlook(rule, len(plan.variants), written_to, rate)
    values = {
        "each": widgets.number(found.per_variant),
        "rest": widgets.number(found.rest),
        "rate": widgets.percent(found.rate, 2),
        "channel": plain(channel_name(plan.channel)),
        "lift": widgets.percent(found.lift, 0),
        "hours": rule.wait_hours,
    }
    if not found.per_variant:
        st.warning(t("staged.nobody"), icon=":material/person_off:")
    elif found.sees_nothing:
        st.warning(t("staged.never_seen", **values), icon=":material/warning:")
    elif found.lift is None:
        st.info(t("staged.no_rate", **values), icon=":material/science:")
    else:
        st.info(t("staged.would_see", **values), icon=":material/science:")
