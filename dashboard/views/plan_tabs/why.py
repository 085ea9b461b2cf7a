"""Why this many? Of the plan, of one customer it goes to, and of its audience against every customer."""

import pandas as pd
import streamlit as st

from dashboard import cache, charts, state, widgets
from dashboard.text import language, t
from dashboard.views.plan_tabs import forecasting, message, reasons
from dashboard.views.plan_tabs.saving import Open
from engine.campaign import explain
from engine.campaign.expected import Forecast
from engine.campaign.plan import Plan
from engine.campaign.response import Models

WHOM = ("plan", "customer", "group")
EXAMPLES = ("most", "typical", "least", "typed")
# What stands above as a rate, of a plan of one message.
_ABOVE = {"order": "numbers.order_rate", "click": "numbers.ctr"}


def show(opened: Open, models: Models, tried: Plan, forecast: Forecast) -> None:
    """A waterfall of points that add up to the rate, the same in sentences, and that none of it proves a cause."""
    with st.container(horizontal=True):
        whom = _choice("whom", WHOM, "whom")
        target = _choice("target", explain.targets(models), "why")
    step = _which_message(tried)
    table = _reasons(opened, models, tried, whom, target, step)
    if table is None:
        return
    widgets.chart(charts.reasons(reasons.steps(table, whom, target)), "numbers.reasons", t(f"why.alt_{whom}"))
    way = reasons.whole_way(table)
    above = whom == "plan" and len(tried.steps) == 1 and target in _ABOVE
    st.markdown(t("why.whole_way", **way) + (" " + t("why.above", name=t(_ABOVE[target])) if above else ""))
    st.markdown("\n".join(f"- {sentence}" for sentence in reasons.sentences(table)))
    st.caption(t("why.not_cause"))


def _choice(name: str, options: list[str] | tuple[str, ...], address: str) -> str:
    state.keep(f"numbers.{name}", options[0], options, address=address)
    chosen = st.segmented_control(
        t(f"why.{name}"),
        options,
        required=True,
        format_func=lambda one: t(f"why.{name}_{one}"),
        key=f"numbers.{name}",
    )
    return str(chosen)


def _reasons(opened: Open, models: Models, tried: Plan, whom: str, target: str, step: int) -> pd.DataFrame | None:
    """The reasons as chosen; None while no customer is named."""
    question = (opened.shop, models, tried, forecasting.copy(opened))
    if whom == "plan":
        return cache.reasons.of_plan(*question, target, language(), step)
    if whom == "group":
        with st.spinner(t("why.working")):
            return cache.reasons.of_group(*question, target, language(), step)
    customer = _customer(cache.reasons.examples(*question, target, step))
    if not customer:
        return None
    st.markdown(message.plain(t("why.about_customer", customer=customer)))
    with st.spinner(t("why.working")):
        return cache.reasons.of_customer(*question, customer, target, language(), step)


def _customer(examples: dict[str, str]) -> str:
    """The id of one of the examples, or the one that is typed; "" while none is."""
    which = _choice("example", EXAMPLES, "example")
    if which != "typed":
        return examples[which]
    typed = st.text_input(
        t("why.customer"), key="numbers.customer", max_chars=200, width=320, bind="query-params"
    )  # also after a reload
    return str(typed or "").strip()


def _which_message(plan: Plan) -> int:
    """The message to explain, where a plan has several."""
    if len(plan.steps) == 1:
        return 0
    numbers = list(range(len(plan.steps)))
    state.keep("numbers.message", 0, numbers, address="explained")
    chosen = st.segmented_control(
        t("numbers.which_message"),
        numbers,
        required=True,
        format_func=lambda one: t(
            "numbers.message", number=one + 1, channel=t(f"plan.channel_{plan.steps[one].channel}")
        ),
        key="numbers.message",
    )
    return min(int(chosen or 0), numbers[-1])
