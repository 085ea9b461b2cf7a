"""The plan beside its drafts, or beside other plans."""

import pandas as pd
import streamlit as st

from dashboard import cache, charts, state, widgets
from dashboard.text import language, t
from dashboard.views.plan_tabs import forecasting, message, saving
from dashboard.views.plan_tabs.saving import Open
from engine.campaign import claims, planned
from engine.campaign.expected import Forecast
from engine.campaign.plan import Plan
from engine.campaign.response import Models
from engine.decision import plans
from engine.decision.plans import SavedPlan
from engine.errors import AppError

OTHERS = 3  # beside this one: four plans fit on a page
WITH = ("plans", "drafts")


def show(opened: Open, models: Models, tried: Plan, forecast: Forecast) -> None:
    """What to compare with, one chart, one table."""
    state.keep("numbers.compare_with", WITH[0], WITH, address="beside")
    with_what = st.segmented_control(
        t("numbers.compare_with"),
        WITH,
        required=True,
        format_func=lambda one: t(f"numbers.compare_{one}"),
        key="numbers.compare_with",
    )
    mine = (t("numbers.these_settings", name=tried.name), tried, forecast)
    if with_what == "drafts":
        entries = [mine, *_drafts(opened, models, tried)]
        note = "numbers.compare_drafts_note"
    else:
        entries = [mine, *_others(opened, models)]
        note = "numbers.compare_plans_note"
    if len(entries) == 1:
        st.info(t(f"numbers.nothing_{with_what}"), icon=":material/compare_arrows:")
        return
    _side_by_side(entries, opened.shop.settings.currency)
    st.caption(t(note))


def _others(opened: Open, models: Models) -> list[tuple[str, Plan, Forecast]]:
    """Up to three other plans of the shop, as they are saved."""
    stored = {
        saved.plan.plan_id: saved
        for saved in plans.saved_plans(opened.shop.path)
        if saved.plan.plan_id != opened.plan.plan_id and not saved.plan.audience.is_empty
    }
    if not stored:
        return []
    state.keep("numbers.others", list(stored)[:1], stored, address="with")
    kept = state.values("numbers", {"others": []})["others"]
    state.put("numbers.others", kept[:OTHERS])  # an address may name more
    chosen = st.multiselect(
        t("numbers.other_plans", most=OTHERS),
        list(stored),
        format_func=lambda plan_id: stored[plan_id].plan.name if plan_id in stored else plan_id,
        max_selections=OTHERS,
        key="numbers.others",
        placeholder=t("brief.choose"),
    )
    found = []
    for plan_id in (one for one in chosen if one in stored):
        saved: SavedPlan = stored[plan_id]
        try:
            forecast = cache.forecasts.of_plan(opened.shop, models, saved.plan, saved.extras.get("filled") or {})
        except AppError as problem:
            st.caption(message.plain(f"{saved.plan.name}: {problem.text(language())}"))
            continue
        found.append((saved.plan.name, saved.plan, forecast))
    return found


def _drafts(opened: Open, models: Models, tried: Plan) -> list[tuple[str, Plan, Forecast]]:
    """The drafts of the first message in place of its copy."""
    facts = saving.facts_of(opened.shop, opened.plan)
    found = []
    for number, draft in enumerate(opened.saved.extras.get("drafts") or [], start=1):
        filled = claims.fill(draft["slots"], facts) if facts else draft["filled"]
        later = {key: text for key, text in forecasting.copy(opened).items() if ":" in key}
        forecast = cache.forecasts.of_plan(opened.shop, models, tried, planned.kept_copy([filled]) | later)
        first = filled.get("headline") or filled.get("subject") or filled.get("body", "")
        found.append((t("numbers.draft", number=number, words=first[:60]), tried, forecast))
    return found


def _side_by_side(entries: list[tuple[str, Plan, Forecast]], currency: str) -> None:
    known = pd.DataFrame(
        [
            {
                "name": f"{number} · {name}",
                **{
                    f"extra_profit{end}": getattr(forecast.extra_profit, part) if forecast.extra_profit else None
                    for end, part in (("", "value"), ("_low", "low"), ("_high", "high"))
                },
            }
            for number, (name, _, forecast) in enumerate(entries, start=1)
        ]
    ).astype({"extra_profit": "float64", "extra_profit_low": "float64", "extra_profit_high": "float64"})
    if known["extra_profit"].notna().any():
        axis = t("numbers.curve_extra_profit", currency=currency)
        figure = charts.side_by_side(known, axis, t("numbers.curve_range"))
        widgets.chart(figure, "numbers.side_by_side", t("numbers.compare_alt"))
    columns = {
        f"{number} · {name}": _cells(plan, forecast, currency)
        for number, (name, plan, forecast) in enumerate(entries, start=1)
    }
    with st.container(key="numbers.compared"):
        st.table(pd.DataFrame(columns), alt=t("numbers.compare_alt"))


def _cells(plan: Plan, forecast: Forecast, currency: str) -> dict[str, str]:
    """One plan's column: label -> words."""

    def money(value: float) -> str:
        return widgets.money(value, currency)

    cells = {
        "extra_profit": widgets.ranged(forecast.extra_profit, money),
        "extra_orders": widgets.ranged(forecast.extra_orders, widgets.number),
        "order_rate": widgets.ranged(forecast.order_rate, widgets.percent),
        "ctr": widgets.ranged(forecast.ctr, widgets.percent),
        "discount_cost": widgets.ranged(forecast.discount_cost, money),
        "argue_chance_of_loss": widgets.percent(forecast.chance_of_loss, 0),
        "argue_verdict": forecast.verdict_text(language()),
        "recipients": widgets.number(forecast.recipients),
        "dates": t("plans.dates", starts=plan.starts_at.isoformat(), ends=plan.ends_at.isoformat()),
    }
    return {t(f"numbers.{key}"): message.plain(words) for key, words in cells.items()}
