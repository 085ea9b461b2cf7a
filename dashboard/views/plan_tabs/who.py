"""Who needs it? Customers who order because we wrote, those who would buy anyway, and those best left out."""

import pandas as pd
import streamlit as st

from dashboard import cache, charts, door, widgets
from dashboard.text import language, t
from dashboard.views.plan_tabs import forecasting, message
from dashboard.views.plan_tabs.saving import Open
from engine import jobs
from engine.campaign.expected import Forecast
from engine.campaign.plan import Plan
from engine.campaign.response import Models
from engine.campaign.unprompted import MIN_HOLDOUT_ORDERS
from engine.campaign.uplift import kept
from engine.campaign.uplift.advice import CHOICES, Advice
from engine.shop.store import Shop

JOB = "extra"


def show(opened: Open, models: Models, tried: Plan, forecast: Forecast) -> None:
    """What each customer should get, what that gains, and the list to take along."""
    if not _learned(opened.shop):
        return
    with st.spinner(t("who.working")):
        found = cache.extra.advised(opened.shop, models, tried, forecasting.copy(opened))
    if found is None:
        why = message.plain(forecasting.reason(forecast)) if not forecast.supported else t("who.no_money")
        st.info(t("who.not_supported", why=why), icon=":material/info:")
        return
    _answer(found, opened.shop.settings.currency)
    _bands(found)
    _behind(found, opened)


def _learned(shop: Shop) -> bool:
    """Whether there is something to show; else says what is missing, or offers to learn it."""
    if widgets.job_panel(shop.path, JOB):
        return False
    if kept.is_kept(shop):
        return True
    state, orders = cache.extra.holdout_standing(shop)
    if state != "ready":
        needed = widgets.number(MIN_HOLDOUT_ORDERS)
        st.info(t(f"who.{state}", orders=widgets.number(orders), needed=needed), icon=":material/info:")
        return False
    st.markdown(t("who.not_learned"))
    _learn_button(shop, "who.learn")
    return False


def _learn_button(shop: Shop, label_key: str) -> None:
    if st.button(t(label_key), key="who.learn", icon=":material/model_training:", **door.for_who_may("draft")):
        with widgets.problem_box():
            jobs.start(shop.path, JOB, ["uplift", "--shop", str(shop.path)], widgets.now())
        st.rerun()


def _answer(found: Advice, currency: str) -> None:
    """How many need what, and the gain of leaving out those for whom the plan does not pay."""
    st.markdown(f"**{found.verdict.text(language())}**")
    with st.container(horizontal=True):
        for name in CHOICES:
            if name == "full_price" and not found.full_price_tried:
                continue
            with st.container(width=210):
                st.metric(t(f"who.{name}"), widgets.number(found.counts[name]), border=True, help=t(f"who.{name}_help"))
    gain = widgets.ranged(found.gain, lambda value: widgets.money(value, currency), t("who.level"))
    st.markdown(message.plain(t("who.gain", count=widgets.number(found.left_out), gain=gain)))
    if not found.full_price_tried:
        st.caption(t("who.full_price_untried"))


def _bands(found: Advice) -> None:
    """The customers in equal parts, those moved most first: chart and table."""
    shown = found.bands.assign(**{name: found.bands[name] * 100 for name in ("extra", "low", "high", "anyway")})
    names = [t(f"who.band_{place}") for place in _places(len(shown))]
    words = {name: t(f"who.chart_{name}") for name in ("extra", "anyway", "axis", "range")}
    widgets.chart(charts.extra_by_band(shown, names, words), "who.bands", t("who.chart_alt"))
    rows = [
        {
            t("who.column_band"): name,
            t("who.column_extra"): t(
                "numbers.with_range", **{k: widgets.number(row[of], 1) for k, of in _RANGE.items()}
            ),
            t("who.column_anyway"): widgets.number(row["anyway"], 1),
            **{t(f"who.column_{choice}"): widgets.number(row[choice]) for choice in CHOICES},
        }
        for name, row in zip(names, shown.to_dict("records"), strict=True)
    ]
    st.table(pd.DataFrame(rows).set_index(t("who.column_band")), alt=t("who.table_alt"))


_RANGE = {"value": "extra", "low": "low", "high": "high"}


def _places(count: int) -> list[str]:
    """Names of so many bands: the first is moved most, the last least; of few customers fewer."""
    return ["1", "2", "3", "4", "5"][:count]


def _behind(found: Advice, opened: Open) -> None:
    """What it rests on, and the list."""
    facts = {name: widgets.number(found.facts[name]) for name in ("rows", "held_out", "orders_held_out", "campaigns")}
    st.caption(t("who.behind", date=found.facts["last_sent"], **facts))
    st.caption(t("who.basis"))
    if found.facts["share_off"]:
        st.warning(t("who.share_off"), icon=":material/warning:")
    with st.container(horizontal=True):
        widgets.download(
            t("who.download"),
            lambda: _list(found),
            f"{opened.plan.plan_id}-who.csv",
            "who.download",
            help=t("who.download_help"),
        )
        if found.facts.get("shop_version") != opened.shop.version:
            _learn_button(opened.shop, "who.learn_again")


def _list(found: Advice) -> pd.DataFrame:
    """Every customer with its advice, for the tool that sends."""
    columns = ["customer_id", "advice", "extra", "alike_low", "alike_high", "anyway", "profit"]
    names = ["customer_id", "advice", "extra_orders", "low", "high", "would_buy_anyway", "expected_profit"]
    return found.customers[columns].set_axis(names, axis=1)
