"""How is the shop doing, and what is the next step?"""

from typing import NoReturn

import streamlit as st

from dashboard import cache, charts, widgets
from dashboard.text import t
from engine import terms
from engine.campaign import response
from engine.decision import plans
from engine.shop.sales import Figures
from engine.shop.store import Shop

STEPS = {  # what is done one after the other, and the page it is done on
    "data": "data",
    "groups": "customers",
    "learned": "model",
    "plan": "customers",
    "approved": "plans",
    "exported": "plans",
}


def welcome() -> NoReturn:
    """What Offerlab is, the sample shops, and the way in for own data; ends the page."""
    st.write(t("today.what"))
    widgets.sample_buttons()
    own_data()
    st.stop()


def own_data() -> None:
    """The way to the page where files are brought in."""
    st.write(t("today.own_data"))
    if st.button(t("today.to_data"), key="today.to_data", icon=":material/upload_file:"):
        st.switch_page("views/data.py")


def figures(shop: Shop) -> None:
    """Key figures of the last 28 days beside the 28 before."""
    now, before = cache.key_figures(shop)
    currency = shop.settings.currency
    shown = {
        "net_sales": (now.net_sales, before.net_sales, widgets.money(now.net_sales, currency)),
        "orders": (now.orders, before.orders, widgets.number(now.orders)),
        "aov": (now.aov, before.aov, widgets.money(now.aov, currency, 2)),
        "new_customers": (now.new_customers, before.new_customers, widgets.number(now.new_customers)),
        "returning_customers": (
            now.returning_customers,
            before.returning_customers,
            widgets.number(now.returning_customers),
        ),
    }
    with st.container(horizontal=True):
        for name, (value, earlier, words) in shown.items():
            st.metric(t(f"today.{name}"), words, change(value, earlier), border=True, help=t(f"today.{name}_help"))
    st.caption(t("today.periods", now=days(now), before=days(before)))


def change(value: float | None, earlier: float | None) -> str | None:
    """The change against the period before in percent, None where there was nothing before."""
    moved = terms.lift(earlier, value) if earlier is not None and value is not None else None
    return None if moved is None else f"{moved * 100:+.1f} %"


def days(period: Figures) -> str:
    return t("today.days", first=period.first, last=period.last)


def done(shop: Shop) -> dict[str, bool]:
    """Which of STEPS are done."""
    statuses = set(plans.listed(shop.path)["status"])
    return {
        "data": bool(shop.rows("orders") or shop.rows("deliveries") or shop.rows("ads")),
        "groups": (shop.path / "segments" / "summary.json").exists(),
        "learned": response.current_version(shop) is not None,
        "plan": bool(statuses),
        "approved": bool(statuses & {"approved", "exported"}),
        "exported": "exported" in statuses,
    }


def checklist(steps: dict[str, bool]) -> None:
    """What is done, and the next step as a button."""
    following = next((name for name, is_done in steps.items() if not is_done), None)
    with st.container(border=True):
        st.subheader(t("today.steps"))
        for name, is_done in steps.items():
            icon = (
                "check_circle" if is_done else "arrow_circle_right" if name == following else "radio_button_unchecked"
            )
            words = t(f"today.step_{name}")
            st.markdown(f":material/{icon}: **{words}**" if name == following else f":material/{icon}: {words}")
        if following is None:
            st.write(t("today.all_done"))
        elif st.button(t(f"today.do_{following}"), key="today.next", type="primary", icon=":material/arrow_forward:"):
            st.switch_page(f"views/{STEPS[following]}.py")


widgets.page_head("today.title", "today.purpose")

with widgets.problem_box():
    shop = cache.shop() or welcome()
    st.markdown(f"**{t('today.shop', name=shop.settings.name)}**")
    steps = done(shop)
    if not steps["data"]:
        st.info(t("today.empty"), icon=":material/inbox:")
        own_data()
        widgets.sample_buttons()
        st.stop()
    if shop.rows("orders"):
        figures(shop)
        weeks = cache.weekly_sales(shop)
        st.subheader(t("today.weekly"))
        label = t("today.net_sales_in", currency=shop.settings.currency)
        widgets.chart(charts.weekly_line(weeks, label), "today.weeks", t("today.weekly_alt", weeks=len(weeks)))
    else:
        st.info(t("today.no_orders"), icon=":material/receipt_long:")
    checklist(steps)
