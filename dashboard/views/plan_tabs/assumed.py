"""Rates that a marketer types for a plan of which nothing was learned, and what they would earn."""

import pandas as pd
import streamlit as st

from dashboard import charts, state, widgets
from dashboard.text import language, t
from dashboard.views.plan_tabs import message, saving
from dashboard.views.plan_tabs.saving import Open
from engine.campaign.first import said
from engine.campaign.first.assumed import Assumed, of_json
from engine.campaign.first.outlook import Outlook
from engine.campaign.first.scenarios import Scenario
from engine.decision import plans
from engine.errors import AppError
from engine.sentences import say

AREA = "first"
# What one of a field's units is as a rate: percent, or extra orders per 1,000 people written to.
UNITS = {"click_rate": 100.0, "order_rate": 100.0, "extra_rate": 1000.0, "order_value": 1.0}
WAYS = ("extra_rate", "order_rate")  # of saying what a message brings


def badge() -> None:
    """That what follows is somebody's assumption."""
    st.badge(t("first.assumption"), icon=":material/edit:", color="orange")


def typed(rates: Assumed) -> str:
    """The typed rates in words, with the units they are typed in."""
    words = [f"{t(f'first.{name}')}: {_short(UNITS[name] * value)}" for name, value in rates.to_json().items()]
    return t("first.typed", rates=t("common.trait_separator").join(words))


def _short(value: float) -> str:
    return f"{value:,.6g}"


def show(opened: Open, found: Outlook) -> None:
    """Empty fields, and what the rates in them would earn."""
    with st.container(border=True, key="first.assumed"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{t('first.own_rates')}**", width="content")
            badge()
        st.caption(t("first.own_rates_about"))
        _fields(opened, found)
        if found.scenarios:
            _verdict(found)
            _scenarios(found.scenarios, opened.shop.settings.currency)
        elif not found.assumed.is_empty:
            st.info(message.plain(found.forecast.reason(language())), icon=":material/info:")
        _own(found)


def _fields(opened: Open, found: Outlook) -> None:
    stored = opened.saved.extras.get("assumed") or {}
    state.fill(AREA, opened.stamp, {name: _shown(name, stored.get(name)) for name in UNITS})
    names = ["click_rate", *_asked(found), *(["order_value"] if found.ground.basket is None else [])]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for name in names:
            st.number_input(
                t(f"first.{name}_field", currency=opened.shop.settings.currency)
                if name == "order_value"
                else t(f"first.{name}_field"),
                min_value=0.0,
                max_value=None if name == "order_value" else 0.99 * UNITS[name],
                step=None if name == "order_value" else UNITS[name] / 1000,
                format="%.2f",
                placeholder=t("first.empty"),
                key=f"{AREA}.{name}",
                help=t(f"first.{name}_help"),
                on_change=_save,
                args=(tuple(names),),
                width=260,
            )


def _asked(found: Outlook) -> list[str]:
    """How to say what the message brings: one way is enough where it is known how many would buy anyway."""
    if not found.anyway_is_known:
        return ["order_rate", "extra_rate"]
    usual = "order_rate" if found.assumed.order_rate is not None else "extra_rate"
    state.keep("first.way", usual, WAYS)
    way = st.segmented_control(
        t("first.way"),
        WAYS,
        required=True,
        format_func=lambda one: t(f"first.way_{one}"),
        key="first.way",
    )
    return [str(way)]


def _shown(name: str, value: float | None) -> float | None:
    return None if value is None else round(UNITS[name] * value, 6)


def _save(names: tuple[str, ...]) -> None:
    """What is typed is kept with the plan at once: it changes no approval, for an approval keeps its own."""
    fields = state.values(AREA, dict.fromkeys(names))
    try:
        rates = of_json({name: value / UNITS[name] for name, value in fields.items() if value})
        opened = saving.reopened()
        # Not `saving.save`, which fills the copy anew: a price that moved meanwhile would make the plan a draft again.
        extras = opened.saved.extras | {"assumed": rates.to_json()}
        plans.save(opened.shop.path, opened.plan, extras, opened.saved.version, widgets.now())
    except AppError as problem:
        state.tell(AREA, problem.text(language()))


def _verdict(found: Outlook) -> None:
    forecast = found.forecast
    with st.container(horizontal=True, vertical_alignment="center"):
        words = say(f"engine.{forecast.verdict}", language(), n=f"{forecast.test_on:,}")
        st.badge(words, color=message.VERDICT[forecast.verdict])
        share = widgets.percent(forecast.chance_of_loss, 0)
        st.markdown(f"**{t('first.loss', share=share)}**", width="content")


def _scenarios(scenarios: tuple[Scenario, ...], currency: str) -> None:
    """A chart of the profit and a table of the rest; low and high are an allowance, and said to be."""
    shown = pd.DataFrame(
        {
            "label": [t(f"first.scenario_{one.name}") for one in scenarios],
            "extra_profit": [one.extra_profit for one in scenarios],
            "text": [widgets.money(one.extra_profit, currency) for one in scenarios],
        }
    )
    chart = charts.assumed_profit(shown, t("numbers.curve_extra_profit", currency=currency))
    widgets.chart(chart, "first.chart", t("first.chart_alt"))
    st.table(_table(scenarios, currency), alt=t("first.chart_alt"))
    st.caption(t("first.allowance"))


def _table(scenarios: tuple[Scenario, ...], currency: str) -> pd.DataFrame:
    columns = {
        t(f"first.scenario_{one.name}"): [
            widgets.percent(one.order_rate, 2),
            widgets.number(one.extra_orders),
            message.plain(widgets.money(one.extra_profit, currency)),
            widgets.percent(one.roi, 0),
        ]
        for one in scenarios
    }
    rows = [t(f"numbers.{name}") for name in ("order_rate", "extra_orders", "extra_profit", "roi")]
    return pd.DataFrame(columns, index=pd.Index(rows))


def _own(found: Outlook) -> None:
    """How much of the rate is the shop's own, and how much is typed."""
    for sentence in said.own_share(found):
        used = found.rates.used
        if used is not None and sentence.key == "first.own_share":
            st.progress(used.own_share, text=sentence.text(language()))
        else:
            st.caption(sentence.text(language()))
