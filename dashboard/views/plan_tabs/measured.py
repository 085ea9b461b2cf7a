"""Part of Result: what this plan brought, from the shop's own orders."""

import pandas as pd
import streamlit as st

from dashboard import cache, widgets
from dashboard.text import language, t
from dashboard.views.plan_tabs.saving import Open
from dashboard.views.results_parts.measured import horizons, in_words, ranged
from engine.errors import NotEnoughData
from engine.outcome import measured_words


def rows_of(opened: Open) -> pd.DataFrame | None:
    """This plan's rows of `measured`; None where it was never exported or the shop has no orders."""
    try:
        table = cache.measured.results(opened.shop).table
    except NotEnoughData:
        return None
    mine = table[table["plan_id"] == opened.plan.plan_id]
    return mine if len(mine) else None


def show(opened: Open, rows: pd.DataFrame) -> None:
    """After 7 and 30 days and in the plan's window: a line and a chart, what to keep in mind, and its variants."""
    currency, plan_id = opened.shop.settings.currency, opened.plan.plan_id
    st.subheader(t("measured_page.from_orders"))
    own = rows[rows["is_window"] == 1].iloc[0]
    in_brief(own, currency)
    for _, row in rows.iterrows():
        st.markdown(line(row, currency))
    shown = rows[rows["days"].isin((7, 30)) & rows["extra_profit"].notna()]
    if len(shown):
        figure = horizons(shown, "extra_profit", currency)
        alt = t("measured_page.chart_alt", measure=t("measured_page.extra_profit"), count=1)
        widgets.chart(figure, "result.measured", alt)
    days = int(max(rows.loc[rows["is_over"] == 1, "days"], default=own["days"]))
    for caution in measured_words.cautions(rows, days):
        st.caption(caution.text(language()))
    at = own["starts_at"].strftime("%Y-%m-%d %H:%M")
    st.caption(t(f"measured_page.moment_{own['send_from']}", at=at))
    for note in cache.measured.results(opened.shop).notes:
        st.caption(note.text(language()))
    variants(opened, plan_id, own)
    if own["is_over"] and own["verdict"] in ("gained", "lost", "unclear"):
        by_past(opened, plan_id, int(own["days"]))


def in_brief(row: pd.Series, currency: str) -> None:
    """The verdict of the plan's own window, and the counts of both groups."""
    word = in_words(row.to_frame().T.infer_objects(), currency).iloc[0]["verdict"]
    colours = {"gained": "green", "lost": "red", "not_yet": "blue"}
    st.badge(word, color=colours.get(row["verdict"], "gray"))  # type: ignore[arg-type]
    if row["basis"] == "incremental" and pd.notna(row["order_rate"]):
        values = {name: widgets.number(row[column]) for name, column in (("sent", "sent"), ("held", "held_out"))}
        values |= {"rate": widgets.percent(row["order_rate"], 2), "held_rate": widgets.percent(row["held_rate"], 2)}
        values |= {
            "attributed": widgets.number(row["attributed_orders"]),
            "revenue": widgets.money(row["attributed_revenue"], currency),
        }
        st.write(t("measured_page.both", **values))


def line(row: pd.Series, currency: str) -> str:
    """One number of days in a sentence."""
    key = "own_window" if row["is_window"] and row["days"] not in (7, 30) else "after_days"
    reason = measured_words.reason(row).text(language())
    when = t(f"measured_page.{key}", days=row["days"])
    if row["basis"] == "attributed" and pd.notna(row["order_rate"]):
        ordered, revenue = widgets.number(row["attributed_orders"]), widgets.money(row["attributed_revenue"], currency)
        return t("measured_page.row_attributed", when=when, ordered=ordered, revenue=revenue, reason=reason)
    if pd.isna(row["extra_orders"]):
        return t("measured_page.row_no_comparison", when=when, reason=reason)
    values = {
        "when": when, "reason": reason, "orders": widgets.number(row["extra_orders"], 1),
        "orders_range": ranged(row["extra_orders_low"], row["extra_orders_high"]),
    }  # fmt: skip
    if not row["is_over"]:
        return t("measured_page.row_so_far", **values)
    values["profit"] = widgets.money(row["extra_profit"], currency)
    values["profit_range"] = ranged(row["extra_profit_low"], row["extra_profit_high"], currency)
    return t("measured_page.row_said", **values)


def variants(opened: Open, plan_id: str, own: pd.Series) -> None:
    """The plan's variants against the first one, by who ordered; once the days are over, as a look before finds more
    differences than there are."""
    days = int(own["days"])
    table = cache.measured.compared_variants(opened.shop, plan_id, days)
    if table.empty:
        return
    if not own["is_over"]:
        st.caption(t("measured_page.variants_later", on=own["known_on"].isoformat(), days=days))
        return
    st.markdown(f"**{t('measured_page.variants', days=days)}**")
    number, words = st.column_config.NumberColumn, st.column_config.TextColumn
    st.dataframe(
        table,
        column_order=["variant", "visitors", "conversions", "rate", "lift", "low", "high", "reason"],
        column_config={
            "variant": words(t("measured_page.variant")),
            "visitors": number(t("measured_page.sent"), format="localized"),
            "conversions": number(t("measured_page.variant_rate"), format="localized"),
            "rate": number(t("measured_page.order_rate"), format="percent"),
            "lift": number(t("measured_page.variant_lift"), format="percent"),
            "low": number("95 % ↓", format="percent"),
            "high": number("95 % ↑", format="percent"),
            "reason": words(t("measured_page.variant_reason"), width="large"),
        },
        hide_index=True,
        placeholder="–",
        key="result.variants",
        alt=t("measured_page.variants", days=days),
    )


def by_past(opened: Open, plan_id: str, days: int) -> None:
    """For whom it worked: customers by their orders before, and whether that differs by more than chance."""
    table = cache.measured.groups(opened.shop, plan_id, days)
    if table.empty:
        return
    st.markdown(f"**{t('measured_page.by_past', days=days)}**")
    together = table["interaction_p"].iloc[0]
    said = "one" if pd.isna(together) else "differs" if table["differs_by_group"].iloc[0] else "alike"
    st.write(t(f"measured_page.by_past_{said}", p=widgets.number(together, 3)))
    number, words = st.column_config.NumberColumn, st.column_config.TextColumn
    st.dataframe(
        table.assign(group=table["group"].map(lambda one: t(f"measured_page.group_{one}"))),
        column_order=[
            "group", "sent", "sent_ordered", "held_out", "held_ordered", "lift", "low", "high", "p_adjusted",
        ],
        column_config={
            "group": words(t("measured_page.group")),
            "sent": number(t("measured_page.sent"), format="localized"),
            "sent_ordered": number(t("measured_page.group_ordered"), format="localized"),
            "held_out": number(t("measured_page.group_held"), format="localized"),
            "held_ordered": number(t("measured_page.group_held_ordered"), format="localized"),
            "lift": number(t("measured_page.variant_lift"), format="percent"),
            "low": number("95 % ↓", format="percent"),
            "high": number("95 % ↑", format="percent"),
            "p_adjusted": number(t("measured_page.group_p"), format="%.3f"),
        },
        hide_index=True,
        placeholder="–",
        key="result.by_past",
        alt=t("measured_page.by_past", days=days),
    )  # fmt: skip
