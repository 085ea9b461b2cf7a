"""What would it probably earn, and why? Sliders move all of it without saving anything."""

import time
from collections.abc import Callable

import pandas as pd
import streamlit as st

from dashboard import cache, charts, door, state, widgets
from dashboard.text import language, t
from dashboard.views.plan_tabs import (
    argue,
    best_offers,
    compare,
    conflict,
    discount,
    first,
    forecasting,
    message,
    override,
    sliders,
    who,
    why,
    worked,
)
from dashboard.views.plan_tabs.message import VERDICT
from dashboard.views.plan_tabs.saving import Open
from dashboard.views.plan_tabs.sliders import AREA
from engine.campaign.argument import WITH_SIZE
from engine.campaign.expected import Forecast, Range
from engine.campaign.plan import Plan
from engine.campaign.response import Models

LET_THE_NUMBER_GO = 0.025  # seconds; it is on the screen in about that time


def show(opened: Open) -> None:
    """The forecast of the plan and of what the sliders say."""
    if missing := forecasting.missing(opened):
        st.info(missing, icon=":material/info:")
        return
    with widgets.problem_box():
        nothing_learned = forecasting.is_first(opened)
    if nothing_learned:
        first.show(opened)
        return
    models = widgets.need_models(opened.shop)
    with widgets.problem_box():
        forecast = forecasting.of_plan(opened)
    noted = forecasting.noted(opened, forecast) if forecast else opened
    if state.fill(AREA, noted.stamp, sliders.settings(noted.plan)):
        sliders.from_address(noted.plan)
    conflict.told(AREA)
    left, right = st.columns([5, 2], gap="large")  # on a phone the left one comes first
    with left:
        _answer(noted, models)
        _words(noted, models)
    with right:
        st.markdown(f"**{t('numbers.what_if')}**")
        _discount(noted, models)
        _settings(noted, models)
    _behind(noted, models)


def _tried(opened: Open, models: Models) -> tuple[Plan, Forecast]:
    """The plan as the sliders have it, and what it would do."""
    tried = sliders.tried(opened.plan)
    return tried, forecasting.asked(opened, models, tried)


# Fragments that a slider runs one after the other, the number first: what need not be drawn again with a move (the
# sliders themselves) is not, and all else comes after the number is on the screen.


@door.fragment(key=sliders.DISCOUNT)
def _discount(opened: Open, models: Models) -> None:
    with widgets.problem_box():
        tried, _ = _tried(opened, models)
        curve = _curve(opened, models, tried) if tried.offer.kind in WITH_SIZE else None
        sliders.show_discount(tried, curve, opened.shop.settings.currency)


def _curve(opened: Open, models: Models, tried: Plan) -> pd.DataFrame:
    """What every size on the slider would do, and full price, everything else as tried."""
    sizes = (0.0, *discount.sizes(opened.plan.offer, tried.offer.kind))
    return cache.forecasts.curve(opened.shop, models, tried, forecasting.copy(opened), sizes)


@door.fragment(key=sliders.SETTINGS)
def _settings(opened: Open, models: Models) -> None:
    with widgets.problem_box():
        tried, _ = _tried(opened, models)
        saved = forecasting.of_plan(opened)
        sliders.show(tried, opened.plan, saved.order_value if saved else None, opened.shop.settings.currency)


@door.fragment(key=sliders.ANSWER)
def _answer(opened: Open, models: Models) -> None:
    """The numbers, first the one that decides."""
    with widgets.problem_box():
        _, forecast = _tried(opened, models)
    currency = opened.shop.settings.currency

    outside = not forecast.supported

    def money(value: float) -> str:
        return widgets.money(value, currency)

    with st.container(horizontal=True):
        _figure("extra_profit", forecast.extra_profit, money, outside)
        # Threads of Python take turns: without a pause the number would wait to be sent until all else is made.
        if state.moving(AREA):
            time.sleep(LET_THE_NUMBER_GO)
        _figure("roi", forecast.roi, lambda value: widgets.percent(value, 0), outside)
        _figure("extra_orders", forecast.extra_orders, widgets.number, outside)
        _figure("orders", forecast.orders, widgets.number, outside)
        _figure("ctr", forecast.ctr, widgets.percent)
        _figure("order_rate", forecast.order_rate, widgets.percent)


def _figure(name: str, value: Range | None, write: Callable[[float], str], outside: bool = False) -> None:
    """One number with its range under it; a dash where the past does not support it, a mark where it is `outside`."""
    under = widgets.between(write(value.low), write(value.high)) if value else t("numbers.unknown")
    marked = outside and value is not None
    with st.container(width=170, key=f"numbers.box_{name}"):  # two stand in a row on a phone
        st.metric(
            t(f"numbers.{name}"),
            write(value.value) if value else "–",
            t("override.outside", range=under) if marked else under,
            delta_color="orange" if marked else "off",
            delta_arrow="off",
            border=True,
            help=t(f"numbers.{name}_help"),
        )


@door.fragment(key=sliders.WORDS)
def _words(opened: Open, models: Models) -> None:
    """The verdict, its reason, and what is behind the numbers."""
    with widgets.problem_box():
        tried, forecast = _tried(opened, models)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(forecast.verdict_text(language()), color=VERDICT[forecast.verdict])
        if forecast.chance_of_loss is not None:
            st.markdown(f"**{forecasting.likelihood_of_loss(forecast)}**", width="content")
        facts = {"count": forecast.recipients, "reachable": forecast.reachable, "messages": forecast.messages_sent}
        st.caption(t("numbers.written_to", **{name: widgets.number(fact) for name, fact in facts.items()}))
    st.markdown(message.plain(forecasting.reason(forecast)))
    override.show(opened, forecast)
    landed = forecasting.track(opened.shop, models, tried) if forecast.recipients else None
    for words in (forecasting.parts_of_orders(forecast), forecasting.holdout(forecast, tried), landed):
        if words:
            st.caption(words)
    st.caption(
        t(
            "numbers.behind",
            basis=t(f"numbers.basis_{forecast.basis}"),
            days=forecast.window_days,
            messages=widgets.number(forecast.messages),
            campaigns=widgets.number(forecast.campaigns),
            date=forecast.last_sent,
        )
    )
    if forecast.basis == "attributed":
        _anyway(opened, forecast)
    sliders.keep(opened, tried)


def _anyway(opened: Open, forecast: Forecast) -> None:
    """How many of the orders would come as things were, where no holdout says how many would come anyway."""
    with widgets.problem_box():
        known = forecasting.as_things_were(opened, forecast)
    if known is not None:
        said = {"count": widgets.number(known.value), "days": forecast.window_days}
        ends = {"low": widgets.number(known.low), "high": widgets.number(known.high)}
        st.caption(t("first.as_things_were", people=widgets.number(forecast.recipients), **said, **ends))


# --- what is behind it ---


@door.fragment(key=sliders.BEHIND)
def _behind(opened: Open, models: Models) -> None:
    """One of: curves, best offers, the argument, other plans, who needs it, reasons, the money, every figure."""
    with widgets.problem_box():
        tried, forecast = _tried(opened, models)
    sized = ["curve"] if tried.offer.kind in WITH_SIZE else []
    views = [*sized, "best", "argue", "compare", "who", "why", "worked", "all"]
    state.keep("numbers.view", views[0], views, address="view")
    view = st.segmented_control(
        t("numbers.view"),
        views,
        required=True,
        format_func=lambda one: t(f"numbers.view_{one}"),
        key="numbers.view",
        label_visibility="collapsed",
    )
    with widgets.problem_box():
        if view == "curve":
            _curves(opened, models, tried, forecast)
        elif view == "best":
            best_offers.show(opened, models, tried)
        elif view == "argue":
            argue.show(opened, models, tried)
        elif view == "compare":
            compare.show(opened, models, tried, forecast)
        elif view == "who":
            who.show(opened, models, tried, forecast)
        elif view == "why":
            why.show(opened, models, tried, forecast)
        elif view == "worked":
            worked.show(forecast, opened.shop.settings.currency)
        else:
            _all(forecast, opened.shop.settings.currency)


def _curves(opened: Open, models: Models, tried: Plan, forecast: Forecast) -> None:
    """Profit and return over the discount, beside each other."""
    in_percent = tried.offer.kind == "percent"
    curve = _curve(opened, models, tried)
    currency = opened.shop.settings.currency
    for column, measure in zip(st.columns(2), ("extra_profit", "roi"), strict=True):
        found: Range | None = getattr(forecast, measure)
        words = {
            "x": t("numbers.curve_percent") if in_percent else t("numbers.curve_amount", currency=currency),
            "y": t(f"numbers.curve_{measure}", currency=currency),
            **{name: t(f"numbers.curve_{name}") for name in ("range", "here", "untried")},
        }
        if found and not forecast.supported:
            words["here"] = t("override.curve_here")
        here = (tried.offer.discount or 0.0, found.value if found else None)
        with column:
            chart = charts.over_discount(curve, measure, here, in_percent, words)
            widgets.chart(chart, f"numbers.curve_{measure}", t(f"numbers.curve_{measure}_alt"))
    st.caption(t("numbers.curve_note"))


def _all(forecast: Forecast, currency: str) -> None:
    """Every figure of the forecast with its range."""

    def money(value: float) -> str:
        return widgets.money(value, currency)

    writers = dict.fromkeys(("extra_profit", "revenue", "discount_cost", "discount_on_anyway"), money)
    writers |= dict.fromkeys(("orders", "would_buy_anyway", "extra_orders", "unsubscribes"), widgets.number)
    writers |= dict.fromkeys(("ctr", "order_rate", "roi"), widgets.percent)
    whole = dict(zip(("orders", "extra_orders", "would_buy_anyway"), forecast.whole_orders or (), strict=False))
    rows = []
    for name, write in writers.items():
        value = getattr(forecast, name)
        low, high = (write(value.low), write(value.high)) if value else ("–", "–")
        shown = whole.get(name, value.value) if value else None
        rows.append(
            {"what": t(f"numbers.{name}"), "value": "–" if shown is None else write(shown), "low": low, "high": high}
        )
    single = {
        "margin_after_discount": widgets.percent(forecast.margin_after_discount),
        "break_even_orders": widgets.number(forecast.break_even_orders, 1),
        "send_cost": widgets.money(forecast.send_cost, currency, 2),
        "order_value": widgets.money(forecast.order_value, currency, 2),
    }
    rows += [{"what": t(f"numbers.{name}"), "value": words, "low": "", "high": ""} for name, words in single.items()]
    headings = {name: t(f"numbers.column_{name}") for name in ("what", "value", "low", "high")}
    st.dataframe(rows, column_config=headings, hide_index=True, key="numbers.all", alt=t("numbers.all_alt"))
