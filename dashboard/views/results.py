"""Did past campaigns work?"""

from typing import Any

import pandas as pd
import streamlit as st

from dashboard import cache, charts, state, widgets
from dashboard.text import channel_name, t
from engine.outcome import results
from engine.shop.store import Shop

LEVEL = "95 %"


def chosen(table: pd.DataFrame) -> pd.DataFrame:
    """The campaigns of the chosen channels, all while none is chosen; what is shown and downloaded is of these."""
    channels = sorted(table["channel"].dropna().unique())
    if len(channels) < 2:
        return table
    state.keep("results.channel", [], channels, address="channel")
    picked = st.pills(
        t("results.channel"), channels, selection_mode="multi", format_func=channel_name, key="results.channel"
    )
    return table[table["channel"].isin(picked)] if picked else table


def headline(shop: Shop, totals: results.Totals) -> None:
    """What all campaigns brought together, and how many stand out from chance."""
    if totals.extra is not None:
        low, high = widgets.number(totals.extra_low), widgets.number(totals.extra_high)
        st.subheader(t("results.headline", extra=widgets.number(totals.extra), range=widgets.between(low, high, LEVEL)))
        st.write(t("results.told_apart", count=totals.distinguishable, of=totals.with_holdout))
    else:
        st.subheader(
            t("results.headline_attributed", orders=widgets.number(totals.orders), sent=widgets.number(totals.sent))
        )
        st.info(t("results.attributed"), icon=":material/info:")
    average = results.revenue_per_order(totals.revenue, totals.orders)
    with st.container(horizontal=True):
        st.metric(t("results.campaigns"), widgets.number(totals.campaigns), border=True)
        st.metric(t("results.sent"), widgets.number(totals.sent), border=True)
        st.metric(t("results.orders"), widgets.number(totals.orders), border=True, help=t("results.orders_help"))
        st.metric(t("results.revenue"), widgets.money(totals.revenue, shop.settings.currency), border=True)
        st.metric(t("results.per_order"), widgets.money(average, shop.settings.currency, 2), border=True)


def picture(table: pd.DataFrame) -> None:
    """Extra orders of each campaign where someone was held out, else the order rate."""
    held = table[table["basis"] == "incremental"]
    if len(held):
        words = {1: t("results.clear"), 0: t("results.unclear")}
        figure = charts.extra_orders(held, t("results.extra_per_1000"), words)
        widgets.chart(figure, "results.chart", t("results.chart_alt", count=len(held)))
        st.caption(t("results.chart_note"))
    elif table["order_rate"].notna().any():
        figure = charts.order_rates(table, t("results.order_rate"))
        widgets.chart(figure, "results.chart", t("results.chart_attributed_alt", count=len(table)))


def listing(table: pd.DataFrame, currency: str) -> None:
    """Every campaign as one row, sortable."""
    rate = st.column_config.NumberColumn
    percents = ["ctr", "order_rate", "order_rate_low", "order_rate_high", "held_out_rate"]
    shown = table.assign(
        channel=table["channel"].map(channel_name),
        basis=table["basis"].map(
            {"incremental": t("results.incremental"), "attributed": t("results.attributed_short")}
        ),
        distinguishable=table["distinguishable"].map({1: t("results.yes"), 0: t("results.no")}),
    )
    formats: dict[str, Any] = {
        "starts_at": st.column_config.DateColumn(t("results.starts_at"), format="YYYY-MM-DD"),
        "window_days": rate(t("results.window_days"), format="%d", help=t("results.window_help")),
        "revenue_per_recipient": rate(t("results.revenue_per_recipient", currency=currency), format="%.3f"),
    }
    formats |= {name: rate(t(f"results.{name}"), format="percent") for name in percents}
    numbers = [
        "sent",
        "held_out",
        "clicks",
        "orders",
        "extra_per_1000",
        "extra_per_1000_low",
        "extra_per_1000_high",
        "unsubscribed",
    ]
    formats |= {name: rate(t(f"results.{name}"), format="%.1f" if "per" in name else "localized") for name in numbers}
    formats |= {name: t(f"results.{name}") for name in ("name", "channel", "basis", "distinguishable")}
    order = [
        "name", "channel", "starts_at", "window_days", "sent", "held_out", "orders", "order_rate", "order_rate_low",
        "order_rate_high", "held_out_rate", "extra_per_1000", "extra_per_1000_low", "extra_per_1000_high",
        "distinguishable", "clicks", "ctr", "revenue_per_recipient", "unsubscribed", "basis",
    ]  # fmt: skip
    order = [name for name in order if table[name].notna().any()]
    st.dataframe(
        shown,
        column_order=order,
        column_config=formats,
        hide_index=True,
        placeholder="–",
        key="results.table",
        alt=t("results.title"),
    )
    st.download_button(
        t("results.download"),
        lambda: table.to_csv(index=False).encode("utf-8-sig"),
        "results.csv",
        "text/csv",
        on_click="ignore",
        key="results.download",
        icon=":material/download:",
    )


widgets.page_head("results.title", "results.purpose")

with widgets.problem_box():
    shop = widgets.need_shop()
    table = chosen(cache.campaign_results(shop))
    headline(shop, results.totals(table))
    picture(table)
    first, last = table["starts_at"].min().date(), table["starts_at"].max().date()
    st.caption(t("results.dates", first=first, last=last, count=len(table)))
    listing(table, shop.settings.currency)
