"""Did it work?"""

import pandas as pd
import streamlit as st

from dashboard import cache, widgets
from dashboard.text import t
from dashboard.views.plan_tabs import concluding, measured, message, proposed, winner
from dashboard.views.plan_tabs.saving import Open
from engine.campaign import window
from engine.errors import NotEnoughData


def show(opened: Open) -> None:
    """The test before the rest; sent against left out on purpose, from the shop's own orders and what a sending tool
    reported of it; and what next."""
    winner.show(opened)
    rows, found = measured.rows_of(opened), _row(opened)
    if rows is not None:
        measured.show(opened, rows)
    if found is None and rows is None:
        plan = opened.plan
        over = widgets.now().date() > plan.ends_at
        st.info(
            t("result.over" if over else "result.not_yet", ends=plan.ends_at.isoformat()),
            icon=":material/hourglass_empty:",
        )
        st.markdown(t("result.what_to_import", plan_id=message.plain(plan.plan_id)))
        st.page_link("views/data.py", label=t("result.to_data"), icon=":material/upload:")
    else:
        if found is not None:
            if rows is not None:
                st.subheader(t("result.reported"))
            _reported(opened, found, is_all=rows is None)
        _forecast(opened)
    concluding.show(opened)


def _row(opened: Open) -> pd.Series | None:
    """This plan's line among the outcomes of past campaigns."""
    try:
        table = cache.campaigns.results(opened.shop)
    except NotEnoughData:
        return None
    mine = table[table["campaign_id"] == opened.plan.plan_id]
    return mine.iloc[0] if len(mine) else None


def _reported(opened: Open, row: pd.Series, is_all: bool) -> None:
    """What deliveries or totals with this plan's id say. is_all: nothing else is known of who was left out."""
    percent, number = widgets.percent, widgets.number
    days = window.of_plan(opened.shop.settings, opened.plan)
    with st.container(horizontal=True):
        st.metric(t("result.sent"), number(row["sent"]), border=True, width=200)
        st.metric(t("result.held_out"), number(row["held_out"]), border=True, width=200)
        st.metric(t("result.order_rate"), percent(row["order_rate"], 2), border=True, width=200)
        st.metric(t("result.held_out_rate"), percent(row["held_out_rate"], 2), border=True, width=200)
        st.metric(t("result.ctr"), percent(row["ctr"], 2), border=True, width=200)
    if row["basis"] == "incremental":
        between = widgets.between(number(row["extra_per_1000_low"], 1), number(row["extra_per_1000_high"], 1), "95 %")
        st.markdown(t("result.extra", extra=number(row["extra_per_1000"], 1), between=between, days=days))
        st.write(t("result.clear" if row["distinguishable"] else "result.unclear"))
    elif is_all:
        st.write(t("result.attributed", days=days))


def _forecast(opened: Open) -> None:
    """What was forecast when the plan was submitted."""
    submitted = proposed.submission(opened)
    forecast = (submitted.payload.get("forecast") if submitted else None) or {}
    if forecast.get("order_rate") is not None:
        percent = widgets.percent
        low, high = percent(forecast["order_rate_low"], 2), percent(forecast["order_rate_high"], 2)
        st.markdown(
            t("result.forecast_was", rate=percent(forecast["order_rate"], 2), between=widgets.between(low, high))
        )
