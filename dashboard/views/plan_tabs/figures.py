"""What would it probably earn, and why? Sliders move all of it without saving anything."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from dashboard import cache, charts, state, widgets
from dashboard.text import language, t
from dashboard.views.plan_tabs import forecasting, message, reasons, saving
from dashboard.views.plan_tabs.message import VERDICT
from dashboard.views.plan_tabs.saving import Open
from engine.campaign.forecast import Forecast, Range
from engine.campaign.plan import PARTS, Plan
from engine.campaign.response import Models
from engine.errors import AppError

AREA = "numbers"
PERCENT_TRIED = tuple(step / 100 for step in range(0, 45, 5))
AMOUNT_STEPS = (0.25, 0.5, 0.75, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0)  # times the plan's own amount


def show(opened: Open) -> None:
    """The forecast of the plan and of what the sliders say."""
    if missing := forecasting.missing(opened):
        st.info(missing, icon=":material/info:")
        return
    models = widgets.need_models(opened.shop)
    with widgets.problem_box():
        forecast = forecasting.of_plan(opened)
    _what_if(forecasting.noted(opened, forecast) if forecast else opened, models)


@st.fragment
def _what_if(opened: Open, models: Models) -> None:
    plan = opened.plan
    state.fill(AREA, opened.stamp, _settings(plan))
    left, right = st.columns([1, 2], gap="large")
    with left:
        tried = _tried(plan)
    with right, widgets.problem_box():
        row = forecasting.row(opened, tried)
        forecast = cache.forecast(opened.shop, models, *forecasting.audience(tried), row)
        _answer(forecast, opened.shop.settings.currency)
    with left:
        _keep(opened, tried)
    _behind(opened, models, row, tried, forecast)


# --- the sliders ---


def _settings(plan: Plan) -> dict[str, Any]:
    size = plan.offer.discount or 0.0
    return {
        "percent": round(100 * size) if plan.offer.kind == "percent" else 0,
        "amount": size if plan.offer.kind == "amount" else 0.0,
        "audience_share": round(100 * plan.audience_share),
        "send_hour": plan.send_hour,
        "channel": plan.channel,
    }


def _touch() -> None:
    state.touch(AREA)


def _tried(plan: Plan) -> Plan:
    """The plan with what the sliders say."""
    st.markdown(f"**{t('numbers.what_if')}**")
    discount = plan.offer.discount
    if plan.offer.kind == "percent":
        discount = (
            st.slider(t("numbers.discount"), 1, 60, format="%d %%", key="numbers.percent", on_change=_touch) / 100
        )
    elif plan.offer.kind == "amount":
        most = max(4 * (discount or 0.0), 20.0)
        discount = st.slider(t("numbers.amount"), 1.0, most, step=1.0, key="numbers.amount", on_change=_touch)
    else:
        st.caption(t("numbers.no_size", offer=t(f"plan.offer_{plan.offer.kind}")))
    share = st.slider(
        t("brief.audience_share"), 5, 100, step=5, format="%d %%", key="numbers.audience_share", on_change=_touch
    )
    hour = st.slider(t("brief.send_hour"), 0, 23, format="%d:00", key="numbers.send_hour", on_change=_touch)
    channel = st.selectbox(
        t("brief.channel"),
        list(PARTS),
        format_func=lambda one: t(f"plan.channel_{one}"),
        key="numbers.channel",
        on_change=_touch,
    )
    if not state.touched(AREA):
        return plan  # a slider's steps may be coarser than what was saved
    step = plan.steps[0].model_copy(update={"channel": channel})
    return plan.model_copy(
        update={
            "offer": plan.offer.model_copy(update={"discount": discount}),
            "audience_share": share / 100,
            "send_hour": hour,
            "steps": [step, *plan.steps[1:]],
        }
    )


def _keep(opened: Open, tried: Plan) -> None:
    """Two buttons: write the sliders into the plan, or put them back."""
    if tried == opened.plan:
        st.caption(t("numbers.as_planned"))
        return
    st.caption(t("numbers.not_saved"))
    with st.container(horizontal=True):
        if st.button(t("numbers.use"), key="numbers.use", type="primary", icon=":material/check:"):
            try:
                state.settle(AREA, saving.save(opened, tried, {}).stamp)
            except AppError as problem:
                widgets.show_problem(problem)
                return
            st.rerun()
        forget, plan_id = state.take_theirs, opened.plan.plan_id
        st.button(
            t("numbers.reset"), key="numbers.reset", icon=":material/undo:", on_click=forget, args=(AREA, plan_id)
        )


# --- the answer ---


def _answer(forecast: Forecast, currency: str) -> None:
    """The numbers, first the one that decides."""

    def money(value: float) -> str:
        return widgets.money(value, currency)

    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(forecast.verdict_text(language()), color=VERDICT[forecast.verdict])
        if forecast.chance_of_loss is not None:
            loss = t("numbers.loss", share=widgets.percent(forecast.chance_of_loss, 0))
            st.markdown(f"**{loss}**", width="content")
        st.caption(
            t(
                "numbers.written_to",
                count=widgets.number(forecast.recipients),
                reachable=widgets.number(forecast.reachable),
            )
        )
    with st.container(horizontal=True):
        _figure("extra_profit", forecast.extra_profit, money)
        _figure("roi", forecast.roi, lambda value: widgets.percent(value, 0))
        _figure("extra_orders", forecast.extra_orders, widgets.number)
        _figure("orders", forecast.orders, widgets.number)
        _figure("ctr", forecast.ctr, widgets.percent)
        _figure("order_rate", forecast.order_rate, widgets.percent)
    st.markdown(message.plain(forecast.reason(language())))
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


def _figure(name: str, value: Range | None, write: Callable[[float], str]) -> None:
    """One number with its range under it; a dash where the past does not support it."""
    with st.container(border=True, width=158, key=f"numbers.box_{name}"):
        st.metric(t(f"numbers.{name}"), write(value.value) if value else "–", help=t(f"numbers.{name}_help"))
        st.caption(
            message.plain(widgets.between(write(value.low), write(value.high))) if value else t("numbers.unknown")
        )


# --- what is behind it ---


def _behind(opened: Open, models: Models, row: dict, tried: Plan, forecast: Forecast) -> None:
    """One of: profit over the discount, the reasons, every figure."""
    views = [*(["curve"] if tried.offer.kind in ("percent", "amount") else []), "why", "all"]
    view = st.segmented_control(
        t("numbers.view"),
        views,
        default=views[0],
        required=True,
        format_func=lambda one: t(f"numbers.view_{one}"),
        key="numbers.view",
        label_visibility="collapsed",
    )
    with widgets.problem_box():
        if view == "curve":
            _curve(opened, models, row, tried, forecast)
        elif view == "why":
            _why(opened, models, row)
        else:
            _all(forecast, opened.shop.settings.currency)


def _curve(opened: Open, models: Models, row: dict, tried: Plan, forecast: Forecast) -> None:
    in_percent = tried.offer.kind == "percent"
    base = opened.plan.offer.discount or 10.0
    sizes = PERCENT_TRIED if in_percent else tuple(base * step for step in AMOUNT_STEPS)
    curve = cache.profit_curve(opened.shop, models, *forecasting.audience(tried), row, sizes)
    currency = opened.shop.settings.currency
    chart = charts.profit_over_discount(
        curve,
        (tried.offer.discount or 0.0, forecast.extra_profit.value if forecast.extra_profit else None),
        in_percent,
        {
            "x": t("numbers.curve_percent") if in_percent else t("numbers.curve_amount", currency=currency),
            "y": t("numbers.curve_profit", currency=currency),
            **{name: t(f"numbers.curve_{name}") for name in ("range", "here", "untried")},
        },
    )
    widgets.chart(chart, "numbers.curve", t("numbers.curve_alt"))
    st.caption(t("numbers.curve_note"))


def _why(opened: Open, models: Models, row: dict) -> None:
    targets = [target for target in ("order", "click") if target in models.responses]
    target = st.segmented_control(
        t("numbers.why_of"),
        targets,
        default=targets[0],
        required=True,
        format_func=lambda one: t(f"numbers.target_{one}"),
        key="numbers.target",
    )
    contributions = cache.reasons(opened.shop, models, *forecasting.audience(opened.plan), row, target, language())
    widgets.chart(charts.reasons(reasons.steps(contributions)), "numbers.reasons", t("numbers.reasons_alt"))
    st.markdown("\n".join(f"- {sentence}" for sentence in reasons.sentences(contributions)))
    st.caption(t("numbers.not_cause"))


def _all(forecast: Forecast, currency: str) -> None:
    """Every figure of the forecast with its range."""

    def money(value: float) -> str:
        return widgets.money(value, currency)

    writers = dict.fromkeys(("extra_profit", "revenue", "discount_cost"), money)
    writers |= dict.fromkeys(("orders", "would_buy_anyway", "extra_orders", "unsubscribes"), widgets.number)
    writers |= dict.fromkeys(("ctr", "order_rate", "roi"), widgets.percent)
    rows = []
    for name, write in writers.items():
        value = getattr(forecast, name)
        low, high = (write(value.low), write(value.high)) if value else ("–", "–")
        rows.append(
            {"what": t(f"numbers.{name}"), "value": write(value.value) if value else "–", "low": low, "high": high}
        )
    for name in ("send_cost", "order_value"):
        rows.append(
            {
                "what": t(f"numbers.{name}"),
                "value": widgets.money(getattr(forecast, name), currency, 2),
                "low": "",
                "high": "",
            }
        )
    headings = {name: t(f"numbers.column_{name}") for name in ("what", "value", "low", "high")}
    st.dataframe(rows, column_config=headings, hide_index=True, key="numbers.all", alt=t("numbers.all_alt"))
