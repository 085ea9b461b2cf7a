"""Money of a plan that was never tried: asked for with a reason, marked, and said to whoever decides."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dashboard import door, state, widgets
from dashboard.text import language, t
from dashboard.views.plan_tabs import forecasting, message, saving
from dashboard.views.plan_tabs.saving import Open
from engine.campaign.expected import Forecast
from engine.decision import moments, overrides
from engine.errors import AppError


def show(opened: Open, forecast: Forecast) -> None:
    """Where money was refused, a way to see it all the same; where it is seen, who wanted that, and a way back."""
    if not forecast.can_be_overridden:
        return
    if kept := forecasting.overridden(opened, forecast):
        told(opened, kept)
        may, icon = door.for_who_may("draft"), ":material/visibility_off:"
        if st.button(t("override.hide"), key="override.hide", icon=icon, **may):
            _keep(None)
        return
    with st.expander(t("override.ask"), icon=":material/visibility:", key="override.ask"):
        st.caption(t("override.about"))
        reason = st.text_input(t("override.reason"), key="override.reason", max_chars=300)
        if st.button(t("override.show"), key="override.show", **door.for_who_may("draft")):
            try:
                kept = overrides.override(forecast, state.person(), reason, widgets.now())
            except AppError as problem:
                widgets.show_problem(problem)
                return
            _keep(kept)


def _keep(kept: dict[str, str] | None) -> None:
    """Notes it with the plan as that is stored now: a fragment holds the plan as it was."""
    try:
        saving.note(saving.reopened(), {overrides.KEY: kept})
    except AppError as problem:
        widgets.show_problem(problem)
        return
    st.rerun()


def told(opened: Open, kept: Mapping[str, Any]) -> None:
    """Who chose to see the money although nothing like the plan was tried, and why."""
    st.warning(words(opened, kept), icon=":material/warning:")


def words(opened: Open, kept: Mapping[str, Any]) -> str:
    """The same as one text."""
    when = moments.shown(str(kept["at"]), opened.shop)
    why = overrides.why(kept, language())
    return message.plain(t("override.told", when=when, why=why, by=str(kept["by"]), reason=str(kept["reason"])))


def recorded(payload: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The override in an entry of the approval history: of an approval, or of the forecast that was submitted."""
    return payload.get(overrides.KEY) or (payload.get("forecast") or {}).get(overrides.KEY)
