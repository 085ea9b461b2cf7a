"""What can be said of a plan before anything was learned: who buys anyway, break-even, typed rates, a holdout."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from dashboard import door, state, widgets
from dashboard.text import language, t
from dashboard.views.plan_tabs import assumed, forecasting, message, saving
from dashboard.views.plan_tabs.saving import Open
from engine.campaign import response
from engine.campaign.expected import Range
from engine.campaign.first import said
from engine.campaign.first.anyway import Anyway
from engine.campaign.first.outlook import Outlook
from engine.errors import AppError
from engine.model.fit import MIN_SUCCESSES
from engine.sentences import Sentence


def show(opened: Open) -> None:
    """The outlook of the plan as it is saved."""
    with widgets.problem_box(), st.spinner(t("first.looking")):
        found = forecasting.outlook(opened)
    noted = forecasting.noted(opened, found.forecast)
    if not found.forecast.recipients:
        st.info(message.plain(found.forecast.reason(language())), icon=":material/info:")
        return
    if told := state.told(assumed.AREA):
        st.error(told, icon=":material/error:")
    st.markdown(f"#### {t('first.title')}")
    if not forecasting.orders_are_recorded(opened):
        st.markdown(t("never_tried.orders_not_recorded"))
    _figures(found, noted.shop.settings.currency)
    _say(said.anyway(found))
    _say(said.break_even(found))
    assumed.show(noted, found)
    _holdout(noted, found)
    _until_learned(noted, found)
    _checked(found)


def _say(sentences: tuple[Sentence, ...]) -> None:
    for sentence in sentences:
        st.markdown(message.plain(sentence.text(language())))


def _figures(found: Outlook, currency: str) -> None:
    """Who would buy anyway, break-even and what both rest on; a dash where it is not known."""
    forecast = found.forecast
    with st.container(horizontal=True):
        _figure("would_buy_anyway", forecast.would_buy_anyway, widgets.number)
        _figure("pays_from", found.whole_break_even, lambda orders: t("first.extra", orders=widgets.number(orders)))
        _plain("written_to", widgets.number(forecast.recipients))
        _plain("order_value", widgets.money(found.basket.value if found.basket else None, currency))
        if forecast.ctr is not None and found.assumed.click_rate is None:
            _plain("ctr", widgets.percent(forecast.ctr.value))


def _figure(name: str, value: Range | None, write: Callable[[float], str]) -> None:
    under = widgets.between(widgets.number(value.low), widgets.number(value.high)) if value else t("first.unknown")
    with st.container(width=170, key=f"first.box_{name}"):  # two stand in a row on a phone
        st.metric(
            t(f"first.{name}"),
            write(value.value) if value else "–",
            under,
            delta_color="off",
            delta_arrow="off",
            border=True,
            help=t(f"first.{name}_help"),
        )


def _plain(name: str, shown: str) -> None:
    with st.container(width=170, key=f"first.box_{name}"):
        st.metric(t(f"first.{name}"), shown, border=True, help=t(f"first.{name}_help"))


def _holdout(opened: Open, found: Outlook) -> None:
    """How many to leave out, with a button that has the plan do so."""
    if found.holdout is None:
        return
    st.markdown(f"**{t('first.holdout')}**")
    _say(said.holdout(found.holdout))
    share, now = found.holdout.share, opened.plan.holdout
    if share == now:
        st.caption(t("first.holdout_taken", share=widgets.percent(now, 0)))
        return
    st.caption(t("first.holdout_now", share=widgets.percent(now, 0)))
    label = t("first.holdout_take", share=widgets.percent(share, 0)) if share else t("first.holdout_none")
    may, icon = door.for_who_may("draft"), ":material/group_remove:"
    st.button(label, key="first.holdout", icon=icon, on_click=partial(_take, share), **may)


def _take(share: float) -> None:
    try:
        opened = saving.reopened()
        saving.save(opened, opened.plan.model_copy(update={"holdout": share}), {})
    except AppError as problem:
        state.tell(assumed.AREA, problem.text(language()))


def _until_learned(opened: Open, found: Outlook) -> None:
    """How far the shop is from forecasts of its own."""
    past = found.ground.experience
    st.markdown(f"**{t('first.until_learned')}**")
    have = {"campaigns": len(past.campaigns), "orders": past.total("orders"), "need": MIN_SUCCESSES}
    st.markdown(message.plain(t("first.until_learned_about", **have)))
    st.page_link("views/data.py", label=t("first.to_data"), icon=":material/upload_file:")
    if past.total("clicks") >= MIN_SUCCESSES and response.current_version(opened.shop) is None:
        widgets.train_button(opened.shop)


def _checked(found: Outlook) -> None:
    """How well the same would have said, on later days of the past, who buys."""
    known = found.ground.anyway
    if not isinstance(known, Anyway) or known.checked.empty:
        return
    with st.expander(t("first.checked")):
        st.caption(t("first.checked_about", days=known.window_days))
        table = known.checked.assign(predicted=known.checked["predicted"].round())
        headings = {name: t(f"first.checked_{name}") for name in ("day", "customers", "predicted", "ordered")}
        st.dataframe(table, column_config=headings, hide_index=True, key="first.checked", alt=t("first.checked"))
