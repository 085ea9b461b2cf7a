"""Every past campaign with its counts, rates and cost, whoever ran it."""

from typing import Any

import pandas as pd
import streamlit as st

from dashboard import cache, charts, state, widgets
from dashboard.text import channel_name, t
from engine.outcome import results
from engine.shop.store import Shop

LEVEL = "95 %"
PERCENTS = (
    "ctr", "order_rate", "order_rate_low", "order_rate_high", "cvr", "unsubscribe_rate", "held_out_rate",
)  # fmt: skip
COUNTS = ("sent", "delivered", "impressions", "clicked", "orders", "unsubscribed", "held_out", "window_days")
EXTRAS = ("extra_orders", "extra_orders_low", "extra_orders_high")
MONEY = {"revenue": "%.2f", "cost": "%.2f", "revenue_per_recipient": "%.3f"}
ORDER = (
    "name", "channel", "offer", "starts_at", "ends_at", "sent", "delivered", "impressions", "clicked", "ctr",
    "orders", "order_rate", "cvr", "revenue", "cost", "revenue_per_recipient", "roas", "unsubscribed",
    "unsubscribe_rate", "held_out", "held_out_rate", *EXTRAS, "distinguishable", "order_rate_low", "order_rate_high",
    "window_days", "basis", "source",
)  # fmt: skip


def chosen(table: pd.DataFrame) -> pd.DataFrame:
    """The campaigns of the chosen channels and records, all while none is chosen: what is shown and downloaded."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="results.filters"):
        for column, named in (("channel", channel_name), ("source", lambda one: t(f"results.source_{one}"))):
            table = some_of(table, column, named)
    return table


def some_of(table: pd.DataFrame, column: str, named: Any) -> pd.DataFrame:
    """The rows with the chosen values; nothing to choose where there is but one."""
    values = sorted(table[column].dropna().unique())
    if len(values) < 2:
        return table
    key = f"results.{column}"
    state.keep(key, [], values, address=column)
    picked = st.pills(t(key), values, selection_mode="multi", format_func=named, key=f"results.{column}", wrap=True)
    return table[table[column].isin(picked)] if picked else table


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
        st.metric(t("results.orders_inside"), widgets.number(totals.orders), border=True, help=t("results.orders_help"))
        st.metric(t("results.their_revenue"), widgets.money(totals.revenue, shop.settings.currency), border=True)
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
    """Every campaign as one row, sortable; each figure says in its help how it comes about."""
    shown = in_words(table, currency)
    st.dataframe(
        shown,
        column_order=[name for name in ORDER if shown[name].notna().any()],
        column_config=formats(currency),
        hide_index=True,
        placeholder="–",
        key="results.table",
        alt=t("results.title"),
    )
    widgets.download(
        t("results.download"), lambda: table, "results.csv", "results.download", help=t("results.download_help")
    )


def in_words(table: pd.DataFrame, currency: str) -> pd.DataFrame:
    """The table with its words in the language of the page."""
    offers = [
        widgets.offer_name(row.offer_kind, row.discount if row.discount == row.discount else None, currency)
        if isinstance(row.offer_kind, str)
        else None
        for row in table.itertuples()
    ]
    basis = {name: t(f"results.basis_{name}") for name in ("incremental", "attributed", "platform")}
    return table.assign(
        name=table["name"].fillna(table["campaign_id"]),
        offer=pd.Series(offers, table.index, dtype="object"),
        channel=table["channel"].map(channel_name, na_action="ignore"),
        source=table["source"].map(lambda one: t(f"results.source_{one}")),
        basis=table["basis"].map(basis),
        distinguishable=table["distinguishable"].map({1: t("results.yes"), 0: t("results.no")}),
    )


def formats(currency: str) -> dict[str, Any]:
    """How each column is written, and its formula."""
    number = st.column_config.NumberColumn

    def told(name: str, kind: Any, **how: Any) -> Any:
        return kind(t(f"results.{name}", **({"currency": currency} if name in MONEY else {})), **how)

    found = {name: told(name, number, format="percent", help=t(f"results.{name}_help")) for name in PERCENTS}
    found |= {name: told(name, number, format="localized", help=t(f"results.{name}_help")) for name in COUNTS}
    found |= {name: told(name, number, format="%.1f", help=t("results.extra_orders_help")) for name in EXTRAS}
    found |= {name: told(name, number, format=how, help=t(f"results.{name}_help")) for name, how in MONEY.items()}
    found["roas"] = told("roas", number, format="%.2f", help=t("results.roas_help"))
    days = st.column_config.DateColumn
    found |= {name: told(name, days, format="YYYY-MM-DD") for name in ("starts_at", "ends_at")}
    words = st.column_config.TextColumn
    found |= {name: told(name, words) for name in ("channel", "offer", "distinguishable")}
    found["name"] = told("name", words, pinned=True)
    return found | {name: told(name, words, help=t(f"results.{name}_help")) for name in ("source", "basis")}


def show(shop: Shop) -> None:
    """Every campaign of the chosen channels and records, all together first."""
    table = chosen(cache.campaigns.past(shop))
    messages = table[table["source"].isin(("deliveries", "totals"))]
    if len(messages):
        headline(shop, results.totals(messages))
        picture(messages)
    first, last = table["starts_at"].min().date(), table["starts_at"].max().date()
    st.subheader(t("results.every"))
    st.caption(t("results.dates", first=first, last=last, count=len(table)))
    listing(table, shop.settings.currency)
