"""What each channel brought, and whether the channels' claims add up to what the shop sold."""

import pandas as pd
import streamlit as st

from dashboard import cache, charts, state, widgets
from dashboard.text import channel_name, t
from engine.outcome import measured, measured_words
from engine.outcome.channels import Answer
from engine.outcome.channels.delay import Delay
from engine.outcome.channels.each import APART
from engine.outcome.channels.hours import Hours
from engine.outcome.channels.reconciled import Contacts, Reconciled
from engine.outcome.programme import Together
from engine.sentences import Sentence, spoken
from engine.shop.store import Shop

LEVEL = "95 %"
SPANS = (measured.OWN, *measured.HORIZONS)
NAMED = 8  # plans named in a sentence before the rest is counted


def show(shop: Shop) -> None:
    """The total first, then each channel, then what is known of timing."""
    st.caption(t("channels.purpose"))
    with st.spinner(show_time=True):
        found = cache.measured.channels(shop)
    if found.reconciled is not None:
        total(shop, found, found.reconciled)
    for said in found.missing:
        st.info(spoken(said, state.language()), icon=":material/inbox:")
    listing(shop, found, span(found))
    if found.contacts is not None:
        contacts(found.contacts)
    if found.delays:
        known(found.delays)
    hours(found.hours)


def total(shop: Shop, found: Answer, parts: Reconciled) -> None:
    """The shop's orders by who claims them, beside what a holdout says was added."""
    first, last = parts.first.date(), parts.last.date()
    share = widgets.percent(parts.claimed / parts.orders if parts.orders else None)
    values = {"first": first, "last": last, "share": share}
    orders, claimed = widgets.number(parts.orders), widgets.number(parts.claimed)
    st.subheader(t("channels.headline", orders=orders, claimed=claimed, **values))
    counts = {"claims": parts.claims, "claimed": parts.claimed, "several": parts.several, "unclaimed": parts.unclaimed}
    key = "channels.once" if parts.several else "channels.once_alone"
    st.write(t(key, **{name: widgets.number(count) for name, count in counts.items()}))
    unmatched = float(found.unmatched["orders"].sum()) if len(found.unmatched) else 0.0
    if unmatched:
        st.write(t("channels.unmatched", orders=widgets.number(unmatched)))
    if (over := parts.claimed + unmatched - parts.orders) > 0:
        sums = {"claims": parts.claimed + unmatched, "orders": parts.orders, "over": over}
        st.warning(t("channels.too_many", **{name: widgets.number(one) for name, one in sums.items()}))
    if found.by_export:
        named = t("common.trait_separator").join(found.by_export[:NAMED])
        more = len(found.by_export) - NAMED
        st.caption(
            t("channels.by_export_said", names=named if more <= 0 else t("channels.more", names=named, more=more))
        )
    st.markdown(f"**{t('channels.parts')}**")
    names = [" + ".join(map(channel_name, one)) or t("channels.nobody") for one in parts.parts["channels"]]
    counted = sorted(zip(names, parts.parts["orders"], strict=True), key=lambda one: one[0] == t("channels.nobody"))
    figure = charts.claimed([name for name, _ in counted], [int(one) for _, one in counted], t("channels.orders"))
    said = "; ".join(f"{name} {count:,}" for name, count in counted)
    widgets.chart(figure, "channels.parts", t("channels.parts_alt", first=first, last=last, parts=said))
    revenue = widgets.money(parts.revenue, shop.settings.currency)
    st.caption(t("channels.parts_note", first=first, last=last, orders=orders, revenue=revenue))


def span(found: Answer) -> int:
    """The days in which extra orders count: those of the first look, or each campaign's own window."""
    st.subheader(t("channels.each"))
    if found.results is None:
        return measured.OWN
    state.keep("channels.days", SPANS[0], SPANS, address="within")
    chosen = st.segmented_control(
        t("channels.days"), SPANS, required=True, key="channels.days", help=t("channels.days_help"),
        format_func=lambda one: t("measured_page.after_days", days=one) if one else t("channels.own_window"),
    )  # fmt: skip
    return int(chosen or SPANS[0])


def listing(shop: Shop, found: Answer, days: int) -> None:
    """A row per channel, attributed and extra orders side by side, whose sum is said first; then what is not in it."""
    table, currency, whole = found.table(days), shop.settings.currency, found.total(days)
    if whole is not None:
        st.write(added(whole, currency))
    first, last = table["first"].min().date(), table["last"].max().date()
    st.caption(t("channels.each_note", first=first, last=last))
    shown = in_words(table, found.reconciled, currency)
    number, words = st.column_config.NumberColumn, st.column_config.TextColumn
    helped = {
        "sent", "recorded_orders", "claimed_orders", "attributed_orders", "extra_orders", "cost_per_extra",
        "extra_profit", "chance_of_loss", "counted",
    }  # fmt: skip

    def told(name: str) -> str | None:
        return t(f"channels.{name}_help") if name in helped else None

    config = {
        name: (number if pd.api.types.is_numeric_dtype(shown[name]) else words)(t(f"channels.{name}"), help=told(name))
        for name in shown
    }
    counts = ("campaigns", "sent", "delivered", "clicked", "recorded_orders", "claimed_orders", "attributed_orders")
    config |= {name: number(t(f"channels.{name}"), format="localized", help=told(name)) for name in counts}
    config["chance_of_loss"] = number(t("channels.chance_of_loss"), format="percent", help=told("chance_of_loss"))
    config["channel"] = words(t("channels.channel"), pinned=True)
    st.dataframe(
        shown, column_config=config, hide_index=True, placeholder="–", key="channels.table", alt=t("channels.each")
    )
    notes = [*found.notes, *cautions(table, whole)]
    for said in notes:
        st.caption(spoken(said, state.language()))
    widgets.download(t("channels.download"), lambda: table, "channels.csv", "channels.download")
    if len(apart := found.apart(days)):
        not_counted(apart)


def added(whole: Together, currency: str) -> str:
    """What all channels together added, in a sentence."""
    if not whole.plans:
        return t("channels.extra_none")
    values = {
        "plans": whole.plans, "extra": widgets.number(whole.extra_orders),
        "range": _range(whole.extra_orders_low, whole.extra_orders_high),
        "attributed": widgets.number(whole.attributed_orders), "profit": widgets.money(whole.extra_profit, currency),
        "profit_range": _range(whole.extra_profit_low, whole.extra_profit_high, currency),
    }  # fmt: skip
    return t("channels.extra", **values)


def _range(low: float, high: float, currency: str | None = None) -> str:
    ends = [widgets.money(one, currency) if currency else widgets.number(one) for one in (low, high)]
    return widgets.between(ends[0], ends[1], LEVEL)


def cautions(table: pd.DataFrame, whole: Together | None) -> list[Sentence]:
    """What to keep in mind with the extra profit of channels."""
    said = []
    if whole is not None and whole.unpriced:
        said.append(Sentence("channels.unpriced", {"count": whole.unpriced}))
    if count := int(table["several_channels"].sum()):
        said.append(Sentence("channels.several", {"count": count}))
    return said


def not_counted(rows: pd.DataFrame) -> None:
    """Each campaign with a holdout that is not in the sum, and why."""
    with st.expander(t("channels.apart_head", count=len(rows)), icon=":material/hourglass_empty:"):
        shown = pd.DataFrame(
            {
                "campaign": rows["name"],
                "channel": rows["channel"].map(channel_name),
                "why": [measured_words.reason(row).text(state.language()) for _, row in rows.iterrows()],
            }
        )
        config = {name: st.column_config.TextColumn(t(f"channels.{name}")) for name in shown}
        st.dataframe(
            shown, column_config=config, hide_index=True, key="channels.apart",
            alt=t("channels.apart_head", count=len(rows)),
        )  # fmt: skip


def in_words(table: pd.DataFrame, parts: Reconciled | None, currency: str) -> pd.DataFrame:
    """The table as a person reads it: extra orders and money with their ranges in words."""
    claimed = parts.by_channel.set_index("channel")["claimed"] if parts is not None else pd.Series(dtype="float64")
    of_messages = table["channel"].where(table["kind"] == "messages")

    def ranged(name: str, digits: int, money: bool) -> list[str]:
        write = (
            (lambda one: widgets.money(one, currency, digits)) if money else (lambda one: widgets.number(one, digits))
        )
        low = "extra_low" if name == "extra_orders" else f"{name}_low"
        return [
            _between(write(one), write(a), write(b), a, b)
            for one, a, b in zip(table[name], table[low], table[low.replace("low", "high")], strict=True)
        ]

    kinds = zip(table["channel"], table["kind"], strict=True)
    return pd.DataFrame(
        {
            "channel": [t(f"channels.kind_{kind}", channel=channel_name(one)) for one, kind in kinds],
            "verdict": table["verdict"].map(lambda one: t(f"channels.verdict_{one}")),
            "sent": table["sent"].fillna(table["impressions"]),
            "recorded_orders": table["recorded_orders"],
            "claimed_orders": of_messages.map(claimed).astype("float64"),
            "attributed_orders": table["attributed_orders"],
            "extra_orders": ranged("extra_orders", 0, money=False),
            "extra_profit": ranged("extra_profit", 0, money=True),
            "chance_of_loss": table["chance_of_loss"],
            "cost_per_extra": ranged("cost_per_extra", 2, money=True),
            "counted": [_counted(row) for _, row in table.iterrows()],
            "cost": [widgets.money(one, currency) for one in table["cost"]],
            "delivered": table["delivered"],
            "clicked": table["clicked"],
            "campaigns": table["campaigns"],
        }
    )


def _counted(row: pd.Series) -> str | None:
    """ "2 of 5 (not over yet: 2, too few to say: 1)"; nothing where nobody was left out."""
    if not row["with_holdout"] > 0:
        return None
    reasons = [
        t("channels.apart_reason", count=int(row[one]), reason=t(f"measured_page.verdict_{one}"))
        for one in APART
        if row[one] > 0
    ]
    values = {"counted": int(row["counted"]), "of": int(row["with_holdout"])}
    if not reasons:
        return t("channels.counted_all", **values)
    return t("channels.counted_some", reasons=t("common.trait_separator").join(reasons), **values)


def _between(value: str, low: str, high: str, first: float, last: float) -> str:
    """ "34 (12 to 60)"; an end nobody knows is left open."""
    if value == "–":
        return value if first != first else t("channels.at_least", low=low)
    ends = t("channels.and_more", low=low, high=high) if last == last else t("channels.at_least", low=low)
    return f"{value} ({ends})"


def contacts(found: Contacts) -> None:
    """Customers who got several messages within days."""
    st.subheader(t("channels.contacts"))
    values = {"several": widgets.number(found.several_channels), "customers": widgets.number(found.customers)}
    if found.several_channels:
        st.write(t("channels.contacts_said", days=found.days, **values))
    else:
        st.write(t("channels.contacts_none", days=found.days, customers=values["customers"]))
    table = found.by_count
    if len(table) > 1:
        said = "; ".join(f"{one.contacts}: {one.rate:.1%}" for one in table.itertuples())
        axis = t("channels.contacts_axis", days=found.days)
        figure = charts.rates(table, "contacts", axis, t("channels.order_rate"))
        widgets.chart(figure, "channels.contacts", t("channels.contacts_alt", days=found.days, rates=said))
        st.caption(t("channels.contacts_note", days=found.days))


def known(found: list[Delay]) -> None:
    """After how many days a result is known, by channel."""
    st.subheader(t("channels.delay"))
    for one in best_known(found):
        values = {"channel": channel_name(one.channel), "campaigns": one.campaigns, "last": one.last.date()}
        if one.known_after is None:
            st.write(t("channels.known_not", orders=widgets.number(one.orders), **_without(values, "last")))
        else:
            ends = {"days": one.known_after, "low": one.known_low, "high": one.known_high}
            st.write(t(f"channels.known_{one.basis}", **values, **ends))
    curves = {
        t(f"channels.basis_{one.basis}", channel=channel_name(one.channel)): one.curve
        for one in best_known(found)
        if one.known_after is not None
    }
    if curves:
        figure = charts.arrivals(curves, t("channels.delay_axis"), t("channels.delay_share"))
        widgets.chart(figure, "channels.delay", t("channels.delay_alt"))


def best_known(found: list[Delay]) -> list[Delay]:
    """Of each channel the extra orders where somebody was left out, even where nothing can be told of them: all orders
    after a message answer another question, and stand for those alone that left nobody out."""
    chosen: dict[str, Delay] = {}
    for one in found:
        if one.channel not in chosen or one.basis == "extra":
            chosen[one.channel] = one
    return list(chosen.values())


def _without(values: dict, name: str) -> dict:
    return {key: value for key, value in values.items() if key != name}


def hours(found: list[Hours]) -> None:
    """The response by hour of one channel, and what cannot be told."""
    st.subheader(t("channels.hours"))
    if not found:
        st.info(t("channels.hours_none"), icon=":material/inbox:")
        return
    by_channel = {one.channel: one for one in found}
    names = list(by_channel)
    if len(names) > 1:
        state.keep("channels.hours", names[0], names, address="hours")
        st.segmented_control(
            t("channels.hours_channel"), names, required=True, format_func=channel_name, key="channels.hours"
        )
    one = by_channel[str(state.says("channels.hours"))] if len(names) > 1 else found[0]
    st.write(_said(one))
    st.write(t("channels.hours_never", hours=_listed(one.never)))
    if one.missing is not None:
        return
    label = t("channels.click_rate" if one.measure == "click" else "channels.order_rate")
    figure = charts.rates(one.table, "hour", t("channels.hour"), label, one.usual)
    said = "; ".join(f"{row.hour}: {row.rate:.2%} ({row.low:.2%}–{row.high:.2%})" for row in one.table.itertuples())
    widgets.chart(figure, "channels.hours_chart", t("channels.hours_alt", hours=said))
    corrected = t("common.trait_separator").join(t(f"channels.corrected_{name}") for name in one.corrected)
    values = {"campaigns": one.campaigns, "messages": widgets.number(one.messages)}
    dates = {"first": one.first.date(), "last": one.last.date()}
    said = corrected or t("channels.corrected_nothing")
    st.caption(t(f"channels.hours_note_{one.measure}", corrected=said, **values, **dates))


def _said(one: Hours) -> str:
    if one.missing is not None:
        return spoken(one.missing, state.language())
    if one.best is not None:
        return t("channels.hours_best", hour=one.best)
    better, worse = (list(one.table.loc[one.table["verdict"] == name, "hour"]) for name in ("better", "worse"))
    if better or worse:
        return t("channels.hours_some", better=_listed(better), worse=_listed(worse))
    return t("channels.hours_cannot", hours=len(one.table))


def _listed(hours: list[int] | tuple[int, ...]) -> str:
    """Hours of the day, runs of them as from-to: "0–7, 22"."""
    runs: list[list[int]] = []
    for hour in hours:
        if runs and runs[-1][1] == hour - 1:
            runs[-1][1] = hour
        else:
            runs.append([hour, hour])
    return ", ".join(f"{a}" if a == b else f"{a}–{b}" for a, b in runs) or t("channels.hours_no")
