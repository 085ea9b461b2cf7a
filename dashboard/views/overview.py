"""How is the shop doing? Key figures beside earlier days, what sells, and who comes back: a part of Today."""

from typing import Any, Literal

import pandas as pd
import streamlit as st

from dashboard import charts, state, widgets
from dashboard.text import t
from dashboard.views.plan_tabs.message import plain
from engine.shop.activity import Activity, Measure
from engine.shop.compare import DAYS, Comparison, Span
from engine.shop.overview import Overview
from engine.shop.sales import Products
from engine.shop.store import Shop

USUAL: Span = "month"
LESS_IS_BETTER, NEITHER = ("unsubscribe_rate", "returns", "return_rate"), ("ad_cost", "discount_rate")
TABLE_ONLY = ("gross_sales",)  # what rates are of, for whoever checks them
STILL = "±0.0"
CARD_WIDTH = 250  # pixels: three beside each other on a desk, one below the other on a phone
FOLLOWED = 24  # months of first orders in the picture, and months after them; the table has all


def show(shop: Shop, found: Overview) -> None:
    """Key figures of what is recorded, those of orders first, with what belongs to them."""
    st.subheader(t("today.figures"))
    shown = chosen(found)
    cards(shown, shop.settings.currency)
    st.caption("\n".join(f"- {line}" for line in about(shown)))
    with st.expander(t("today.compared"), icon=":material/compare_arrows:", key="today.compared"):
        comparison(shown, shop.settings.currency)
    if shown.source == "orders":
        products(found.products[shown.span], shown, shop.settings.currency)
        by_week(found.weeks, shop.settings.currency)
        coming_back(found.cohorts, shown)


def chosen(found: Overview) -> Activity:
    """The figures of the chosen period, of the chosen kind where the shop records several."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="today.filters"):
        state.keep("today.span", USUAL, list(DAYS), address="days")
        span: Span = (
            st.segmented_control(
                t("today.span"),
                list(DAYS),
                required=True,
                format_func=lambda one: t(f"today.span_{one}"),
                key="today.span",
                wrap=True,
            )
            or USUAL
        )
        by_source = {one.source: one for one in found.activities[span]}
        if len(by_source) < 2:
            return next(iter(by_source.values()))
        state.keep("today.source", next(iter(by_source)), list(by_source), address="figures")
        source = st.segmented_control(
            t("today.source"),
            list(by_source),
            required=True,
            format_func=lambda one: t(f"today.source_{one}"),
            key="today.source",
            wrap=True,
        )
    return by_source[source] if source else next(iter(by_source.values()))


# --- key figures ---


def cards(shown: Activity, currency: str) -> None:
    """A card for each key figure but those that only the table has."""
    with st.container(horizontal=True, key="today.cards"):
        for measure in shown.measures:
            if measure.name not in TABLE_ONLY:
                card(measure, shown, currency)


def card(measure: Measure, shown: Activity, currency: str) -> None:
    """One key figure, its change against earlier days, and its trend as a line; the help says the trend in words."""
    trend = [value for value in measure.trend if value is not None]
    steps = plain(", ".join(written(value, measure, currency) for value in trend))
    moved, year = change(measure, measure.before), change(measure, measure.last_year)
    colour: Literal["inverse", "off", "normal"] = "inverse" if measure.name in LESS_IS_BETTER else "normal"
    is_still = moved is not None and moved.startswith(STILL)
    if measure.name in NEITHER or is_still:
        colour = "off"
    st.metric(
        t(f"today.{measure.name}"),
        written(measure.now, measure, currency),
        moved,
        delta_color=colour,
        delta_arrow="off" if is_still else "auto",
        delta_description=t("today.on_last_year", change=year) if year else None,
        border=True,
        width=CARD_WIDTH,
        help="\n\n".join(filter(None, [t(f"today.{measure.name}_help"), steps and trend_words(shown, steps)])),
        chart_data=trend if len(trend) > 1 else None,
        chart_type="area",
    )


def trend_words(shown: Activity, steps: str) -> str:
    """The line on a card in words."""
    return t("today.weeks" if shown.step_days == 7 else "today.four_weeks", weeks=steps)


def written(value: float | None, measure: Measure, currency: str) -> str:
    """A key figure with its unit."""
    if measure.unit in ("money", "price"):
        return widgets.money(value, currency, 2 if measure.unit == "price" else 0)
    return widgets.percent(value, 2) if measure.unit == "fraction" else widgets.number(value)


def change(measure: Measure, earlier: float | None) -> str | None:
    """The change against earlier days in percent, of a rate in points; None where nothing is known to compare with."""
    moved = measure.change(earlier)
    if moved is None:
        return None
    number = f"{moved * 100:+.1f}"
    number = STILL if number in ("+0.0", "-0.0") else number
    return t("today.points", points=number) if measure.unit == "fraction" else f"{number} %"


def comparison(shown: Activity, currency: str) -> None:
    """Every figure beside earlier days, with the changes."""
    rows = [
        {
            t("today.figure"): t(f"today.{one.name}"),
            t("today.these_days"): written(one.now, one, currency),
            t("today.days_before"): written(one.before, one, currency),
            t("today.change_before"): change(one, one.before) or "–",
            t("today.last_year"): written(one.last_year, one, currency),
            t("today.change_year"): change(one, one.last_year) or "–",
        }
        for one in shown.measures
    ]
    table = pd.DataFrame(rows)
    if shown.last_year is None:  # the days before are last year
        table = table.drop(columns=[t("today.last_year"), t("today.change_year")])
    st.dataframe(table, hide_index=True, key="today.comparison", alt=t("today.compared"))


# --- which days ---


def about(shown: Activity) -> list[str]:
    """Sentences on the days shown and those they are compared with: how they line up, and what is not known."""
    days = t("today.days", first=shown.first, last=shown.last)
    lines = [t("today.shown", days=days, count=counted(shown, shown.counted.now))]
    if shown.begins > shown.first:
        of = DAYS[shown.span]
        lines[0] = t(
            "today.shown_short", days=days, count=counted(shown, shown.counted.now), begins=shown.begins,
            recorded=shown.recorded_days, of=of,
        )  # fmt: skip
    lines.append(days_before(shown))
    if shown.last_year is not None:
        lines.append(days_last_year(shown, shown.last_year))
    return [*lines, *uneven_sales(shown), *unknown_customers(shown)]


def counted(shown: Activity, count: float | None) -> str:
    """The size of the data behind the figures: "711 orders"."""
    return t(f"today.counted_{shown.source}", count=widgets.number(count))


def days_before(shown: Activity) -> str:
    """What the days before are."""
    earlier, days = shown.before, t("today.days", first=shown.before.first, last=shown.before.last)
    if not earlier.is_recorded:
        key = "today.before_missing" if shown.last_year is not None else "today.year_missing"
        return t(key, days=days, begins=shown.begins)
    key = "today.before" if shown.last_year is not None else "today.before_is_last_year"
    return t(key, days=days, count=counted(shown, shown.counted.before))


def days_last_year(shown: Activity, earlier: Comparison) -> str:
    """What was lined up with what."""
    days = t("today.days", first=earlier.first, last=earlier.last)
    if not earlier.is_recorded:
        return t("today.year_missing", days=days, begins=shown.begins)
    count = counted(shown, shown.counted.last_year)
    if earlier.sale is None:
        return t("today.year_weekday", days=days, count=count, back=earlier.back)
    now, then = earlier.sale
    sale = {"sale": t(f"today.sale_{now.name}"), "now": now.day, "then": then.day}
    if earlier.weekdays_off == 0:
        return t("today.year_sale_weekday", days=days, count=count, back=earlier.back, **sale)
    return t("today.year_sale", days=days, count=count, back=earlier.back, off=earlier.weekdays_off, **sale)


def uneven_sales(shown: Activity) -> list[str]:
    """Big sales that one of two compared periods has more of."""
    return [
        t(f"today.uneven_{when}", sale=t(f"today.sale_{one.name}"), now=one.days_now, then=one.days_then)
        for when, earlier in (("before", shown.before), ("year", shown.last_year))
        if earlier is not None and earlier.is_recorded
        for one in earlier.uneven
    ]


def unknown_customers(shown: Activity) -> list[str]:
    """What the beginning of the records hides about who is new."""
    if shown.source != "orders":
        return []
    earlier = [
        t("today.days_before" if when == "before" else "today.last_year")
        for when, days in (("before", shown.before), ("last_year", shown.last_year))
        if when in shown.short_history and days is not None and days.is_recorded
    ]
    lines = [t("today.history_now", begins=shown.begins, days=shown.history_days)] * ("now" in shown.short_history)
    missing = t("common.trait_separator").join(earlier)
    return lines + [t("today.history_earlier", which=missing, days=shown.history_days)] * bool(earlier)


# --- what sells ---


def products(found: Products, shown: Activity, currency: str) -> None:
    """What earned most in the days shown: a bar each, and a table."""
    st.subheader(t("today.products"))
    if found.top.empty:
        st.caption(t("today.no_products"))
        return
    days = t("today.days", first=shown.first, last=shown.last)
    st.caption(t("today.products_about", top=len(found.top), sold=widgets.number(found.sold), days=days))
    figure = charts.top_products(found.top, t("today.net_sales_in", currency=currency))
    widgets.chart(figure, "today.products", t("today.products_alt", count=len(found.top), days=days))
    numbers = st.column_config.NumberColumn
    st.dataframe(
        found.top,
        column_order=[name for name in found.top if name != "product_id" and found.top[name].notna().any()],
        column_config={
            "name": t("today.product"),
            "category": t("today.category"),
            "net_sales": numbers(
                t("today.net_sales_in", currency=currency), format="%.2f", help=t("today.net_sales_help")
            ),
            "share": numbers(t("today.share"), format="percent", help=t("today.share_help")),
            "units": numbers(t("today.units"), format="localized", help=t("today.units_help")),
            "returned_units": numbers(t("today.returned_units"), format="localized"),
            "orders": numbers(t("today.orders"), format="localized", help=t("today.product_orders_help")),
        },
        hide_index=True,
        key="today.product_table",
        alt=t("today.products"),
    )


def by_week(weeks: pd.DataFrame, currency: str) -> None:
    """Net sales of every week on record."""
    if len(weeks) < 2:
        return
    st.subheader(t("today.weekly"))
    label = t("today.net_sales_in", currency=currency)
    widgets.chart(charts.weekly_line(weeks, label), "today.weeks", t("today.weekly_alt", weeks=len(weeks)))


# --- who comes back ---


def coming_back(cohorts: pd.DataFrame, shown: Activity) -> None:
    """By month of the first order, who ordered again in the months after it."""
    if cohorts.empty or not (cohorts["after"] > 0).any():
        st.caption(t("today.no_cohorts"))
        return
    st.subheader(t("today.cohorts"))
    st.caption(t("today.cohorts_about", begins=shown.begins, last=shown.last))
    latest = sorted(cohorts["month"].unique())[-FOLLOWED:]
    drawn = cohorts[cohorts["month"].isin(latest) & (cohorts["after"] <= FOLLOWED)]
    words = {
        "after": t("today.cohort_after"), "month": t("today.cohort_month"), "share": t("today.cohort_share"),
        "customers": t("today.cohort_customers"),
    }  # fmt: skip
    widgets.chart(charts.cohorts(drawn, words), "today.cohorts", t("today.cohorts_alt", months=len(latest)))
    with st.expander(t("today.cohort_table"), icon=":material/table:", key="today.cohort_table"):
        cohort_table(cohorts, words)


def cohort_table(cohorts: pd.DataFrame, words: dict[str, str]) -> None:
    """The shares as a table, and the counts behind them as a file."""
    wide = cohorts[cohorts["after"] > 0].pivot(index="month", columns="after", values="share")
    wide.columns = [str(name) for name in wide.columns]
    sizes = cohorts[cohorts["after"] == 0].set_index("month")["customers"]
    table = wide.reindex(sizes.index).reset_index()
    table.insert(1, "customers", sizes.to_numpy())
    percents: dict[str, Any] = {name: st.column_config.NumberColumn(name, format="percent") for name in wide.columns}
    months: dict[str, Any] = {
        "month": st.column_config.DateColumn(words["month"], format="YYYY-MM", pinned=True),
        "customers": words["customers"],
    }
    st.dataframe(
        table, hide_index=True, column_config=months | percents, placeholder="", key="today.cohort_rows",
        alt=t("today.cohorts"),
    )  # fmt: skip
    widgets.download(
        t("today.cohort_download"),
        lambda: cohorts[cohorts["after"] > 0].assign(month=cohorts["month"].dt.strftime("%Y-%m")),
        "cohorts.csv",
        "today.cohort_download",
    )
