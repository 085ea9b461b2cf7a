"""What plans brought, from the shop's own orders: those sent against those left out, all together and one by one."""

from typing import Any

import pandas as pd
import streamlit as st

from dashboard import cache, charts, state, widgets
from dashboard.cache.measured import Results
from dashboard.text import channel_name, language, t
from engine.errors import NotEnoughData
from engine.outcome import measured, measured_words
from engine.outcome.programme import Programme, Together
from engine.shop.store import Shop

LEVEL = "95 %"
SHOWN = 12  # plans in the chart: as many as one looks over at once
LONGEST = 26  # letters of a name that fit beside a chart on a phone
MEASURES = ("extra_profit", "extra_orders")
RANGED = ("extra_profit", "extra_orders")
COUNTS = ("sent", "held_out", "attributed_orders", "reached_by_others_held", "reached_by_others_sent", "clicked")
PERCENTS = ("order_rate", "held_rate", "chance_of_loss")
MONEY = ("attributed_revenue", "discount_cost", "returned", "send_cost", "ad_cost")
ORDER = (
    "name", "channel", "starts_at", "verdict", "known_on", "extra_profit", "extra_profit_range", "chance_of_loss",
    "extra_orders", "extra_orders_range", "sent", "held_out", "order_rate", "held_rate", "attributed_orders",
    "attributed_revenue", "discount_cost", "returned", "send_cost", "ad_cost", "clicked", "reached_by_others_held",
    "reached_by_others_sent", "basis",
)  # fmt: skip


def show(shop: Shop) -> None:
    """All plans together, then each with its ranges, and what to do where there is nothing yet."""
    try:
        with st.spinner(t("measured_page.working"), show_time=True):
            found = cache.measured.results(shop)
    except NotEnoughData as problem:
        st.info(problem.text(language()), icon=":material/inbox:")
        st.page_link("views/data.py", label=t("result.to_data"), icon=":material/upload:")
        return
    if found.table.empty:
        empty()
        return
    state.keep("results.days", measured.HORIZONS[0], measured.HORIZONS, address="after")
    days = st.segmented_control(
        t("measured_page.days"), measured.HORIZONS, required=True, key="results.days",
        format_func=lambda one: t("measured_page.after_days", days=one), help=t("measured_page.days_help"),
    )  # fmt: skip
    days = int(days or measured.HORIZONS[0])
    together(shop, found.together[days])
    if found.everything is not None:
        everything(shop, found.everything)
    picture(shop, found.table)
    listing(shop, found, days)


def empty() -> None:
    """No plan was exported with anybody left out: how to get there."""
    st.info(t("measured_page.empty"), icon=":material/hourglass_empty:")
    st.markdown(t("measured_page.empty_steps"))
    with st.container(horizontal=True):
        st.page_link("views/plans.py", label=t("measured_page.to_plans"), icon=":material/edit_calendar:")
        st.page_link("views/data.py", label=t("result.to_data"), icon=":material/upload:")


def ranged(low: float, high: float, currency: str | None = None) -> str:
    """A range of 95 % in words; of money where there is a currency."""
    written = [_written(one, currency) for one in (low, high)]
    return widgets.between(written[0], written[1], LEVEL)


def between(low: float, high: float, currency: str | None = None) -> str:
    """The same where a heading says that it is 95 %."""
    return f"{_written(low, currency)} – {_written(high, currency)}"


def _written(value: float, currency: str | None) -> str:
    return widgets.money(value, currency) if currency else widgets.number(value)


def chance(value: float) -> str:
    """A chance in words; one that is not quite none is not shown as none."""
    return f"< {widgets.percent(0.01, 0)}" if 0 < value < 0.005 else widgets.percent(value, 0)


def together(shop: Shop, found: Together) -> None:
    """What all plans whose days are over brought, and which are not counted."""
    currency = shop.settings.currency
    if not found.plans:
        st.subheader(t("measured_page.nothing_final", days=found.days))
    else:
        profit = widgets.money(found.extra_profit, currency)
        around = ranged(found.extra_profit_low, found.extra_profit_high, currency)
        st.subheader(t("measured_page.headline", profit=profit, range=around, days=found.days))
        values = {name: widgets.number(getattr(found, name)) for name in ("plans", "sent", "held", "gained", "lost")}
        st.write(t("measured_page.behind", first=found.first, last=found.last, **values))
        orders = ranged(found.extra_orders_low, found.extra_orders_high)
        with st.container(horizontal=True):
            st.metric(
                t("measured_page.extra_orders"), widgets.number(found.extra_orders), border=True, delta=orders,
                delta_color="off", delta_arrow="off",
            )  # fmt: skip
            st.metric(
                t("measured_page.attributed_orders"), widgets.number(found.attributed_orders), border=True,
                help=t("measured_page.attributed_orders_help"),
            )  # fmt: skip
            st.metric(t("measured_page.chance_of_loss"), chance(found.chance_of_loss), border=True)
    if found.waiting:
        st.caption(t("measured_page.waiting", count=found.waiting, days=found.days))
    if found.apart:
        st.caption(t("measured_page.apart", count=found.apart))


def everything(shop: Shop, found: Programme) -> None:
    """Everything sent, against those whom no plan writes to."""
    st.markdown(f"**{t('measured_page.everything')}**")
    values = {
        "sent": widgets.number(found.sent), "held": widgets.number(found.held), "since": found.since,
        "until": found.until, "plans": found.plans,
    }  # fmt: skip
    if found.verdict in ("uneven", "too_few"):
        st.write(t(f"measured_page.everything_{found.verdict}", **values))
        return
    currency = shop.settings.currency
    values |= {
        "profit": widgets.money(found.extra_profit, currency),
        "range": ranged(found.extra_profit_low, found.extra_profit_high, currency),
        "rate": widgets.percent(found.order_rate), "held_rate": widgets.percent(found.held_rate),
        "chance": chance(found.chance_of_loss),
    }  # fmt: skip
    st.write(t("measured_page.everything_said", **values))


def picture(shop: Shop, table: pd.DataFrame) -> None:
    """The latest plans after 7 and after 30 days: what vanishes between them was only pulled forward."""
    rows = table[table["days"].isin(measured.HORIZONS) & table["extra_orders"].notna()]
    latest = list(dict.fromkeys(rows["plan_id"]))[:SHOWN]
    if not latest:
        return
    state.keep("results.measure", MEASURES[0], MEASURES)
    measure = st.segmented_control(
        t("measured_page.measure"), MEASURES, required=True, key="results.measure", label_visibility="collapsed",
        format_func=lambda one: t(f"measured_page.{one}"),
    )  # fmt: skip
    measure = str(measure or MEASURES[0])
    rows = rows[rows["plan_id"].isin(latest)]
    widgets.chart(
        horizons(rows, measure, shop.settings.currency),
        "results.measured",
        t("measured_page.chart_alt", measure=t(f"measured_page.{measure}"), count=len(latest)),
    )
    st.caption(t("measured_page.chart_note", count=len(latest)))


def horizons(rows: pd.DataFrame, measure: str, currency: str) -> charts.Figure:
    """Rows of `measured` at 7 and 30 days as a chart."""
    names = rows["name"].where(rows["name"].str.len() <= LONGEST, rows["name"].str.slice(0, LONGEST - 1) + "…")
    shown = rows.assign(label=names, final=rows["is_over"].eq(1))
    axis = t(f"measured_page.{measure}") + (f" ({currency})" if measure == "extra_profit" else "")
    words = {days: t("measured_page.after_days", days=days) for days in measured.HORIZONS}
    return charts.at_two_horizons(shown, measure, axis, words, LEVEL)


def listing(shop: Shop, found: Results, days: int) -> None:
    """Every plan as one row after these days; the file has all days, and every number with its range."""
    table, currency = found.table, shop.settings.currency
    rows = table[table["days"] == days]
    st.subheader(t("measured_page.each", days=days))
    first, last = rows["starts_at"].min().date(), rows["starts_at"].max().date()
    until = rows["orders_until"].iloc[0].isoformat()
    st.caption(t("measured_page.dates", first=first, last=last, count=len(rows), until=until))
    shown = in_words(rows, currency)
    st.dataframe(
        shown,
        column_order=[name for name in ORDER if shown[name].notna().any()],
        column_config=formats(currency),
        hide_index=True,
        placeholder="–",
        key="results.measured_table",
        alt=t("measured_page.each", days=days),
    )
    widgets.download(
        t("measured_page.download"),
        lambda: for_file(table),
        "measured.csv",
        "results.measured_download",
        help=t("measured_page.download_help"),
    )
    for note in found.notes:
        st.caption(note.text(language()))
    with st.expander(t("measured_page.how"), icon=":material/calculate:"):
        st.markdown(t("measured_page.how_said"))


def for_file(table: pd.DataFrame) -> pd.DataFrame:
    """All rows with their reasons, in the language of the page."""
    reasons = [measured_words.reason(row).text(language()) for _, row in table.iterrows()]
    return table.assign(reason=reasons)


def in_words(rows: pd.DataFrame, currency: str) -> pd.DataFrame:
    """The rows with their words in the language of the page, and each range as one."""
    final = rows["is_over"].eq(1)
    money = ["extra_profit", "extra_profit_low", "extra_profit_high", "chance_of_loss"]
    rows = rows.assign(**{name: rows[name].where(final) for name in money})  # the chart shows it, hollow
    rows = rows.assign(**{name: rows[name].round() for name in (*MONEY, "extra_profit", "extra_orders")})
    ranges = {
        f"{name}_range": [
            between(low, high, currency if name == "extra_profit" else None) if low == low else None
            for low, high in zip(rows[f"{name}_low"], rows[f"{name}_high"], strict=True)
        ]
        for name in RANGED
    }
    held = rows["reached_by_others_held"].where(rows["held_out"] > 0)
    return rows.assign(
        channel=rows["channel"].map(channel_name),
        verdict=rows["verdict"].map(lambda one: t(f"measured_page.verdict_{one}")),
        basis=rows["basis"].map(lambda one: t(f"results.basis_{one}")),
        known_on=rows["known_on"].where(~final),
        reached_by_others_held=held,
        **{name: pd.Series(said, rows.index, dtype="object") for name, said in ranges.items()},
    )


def formats(currency: str) -> dict[str, Any]:
    """How each column is written, and what it means."""
    number, words, day = st.column_config.NumberColumn, st.column_config.TextColumn, st.column_config.DateColumn

    def told(name: str, kind: Any, **how: Any) -> Any:
        return kind(t(f"measured_page.{name}"), help=t(f"measured_page.{name}_help", currency=currency), **how)

    found = {name: told(name, number, format="localized") for name in COUNTS}
    found |= {name: told(name, number, format="percent") for name in PERCENTS}
    found |= {name: told(name, number, format="localized") for name in (*MONEY, "extra_profit", "extra_orders")}
    found |= {
        name: number(f"{t(f'measured_page.{name}')} ({currency})", help=found[name]["help"], format="localized")
        for name in (*MONEY, "extra_profit")
    }
    found |= {f"{name}_range": words(t("measured_page.range")) for name in RANGED}
    found |= {name: day(t(f"measured_page.{name}"), format="YYYY-MM-DD") for name in ("starts_at", "known_on")}
    found |= {name: words(t(f"measured_page.{name}")) for name in ("channel", "verdict", "basis")}
    return found | {"name": words(t("measured_page.name"), pinned=True)}
