"""Part of Data: net sales by month, and why they are not what the shop system says."""

from datetime import date
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import cache, charts, door, state, widgets
from dashboard.text import t
from dashboard.views.data_parts import reasons
from dashboard.views.plan_tabs.message import plain
from engine.decision import cells
from engine.errors import AppError
from engine.shop import gap, stated
from engine.shop.gap import Explanation, Parts
from engine.shop.quality import SET_ASIDE, STATUS
from engine.shop.stated import Stated
from engine.shop.store import Shop

MONEY = ("net", "stated", "gap", "gross", "discounts", "returns", "tax", "shipping", "refunds")
SHOWN = (
    "month", "net", "stated", "gap", "gross", "discounts", "returns", "orders", "customers", "tax", "shipping",
    "refunds", "set_aside_value", "set_aside_rows", "set_aside_unread", "duplicates_value", "duplicates", "free_lines",
    "lines",
)  # fmt: skip
ALWAYS = ("month", "net", "gross", "discounts", "returns", "orders", "customers", "lines")  # shown though all 0
RECORDED = ("tax", "shipping", "refunds")  # what the shop may lack altogether
OTHERS_SHOWN = 3
WIDTH = 115  # pixels: a column that is empty in most rows is made too narrow for the others


def reconciliation(shop: Shop) -> None:
    """Sales by month as a chart and a table, and a box to compare one month with the shop system."""
    with st.spinner(t("quality.adding_up")):  # 6 s for 1.5 million order lines, once
        months = cache.tables.sales_by_month(shop)
    if months.empty:
        st.info(t("quality.months_none"), icon=":material/inbox:")
        return
    told = stated.stated(shop)
    _about(months, shop)
    _chart(months, shop)
    _compare(months, told, shop)
    _table(_with_stated(months, told), shop)


def _about(months: pd.DataFrame, shop: Shop) -> None:
    dated = months["month"].dropna()
    st.caption(
        t(
            "quality.months_about",
            currency=shop.settings.currency,
            lines=widgets.number(months["lines"].sum()),
            first=f"{dated.min():%Y-%m}" if len(dated) else "–",
            last=f"{dated.max():%Y-%m}" if len(dated) else "–",
        )
    )
    lacking = [t(f"quality.col_{name}") for name in RECORDED if months[name].isna().all()]
    if lacking:
        st.caption(t("quality.not_recorded", names=t("common.trait_separator").join(lacking)))


def _chart(months: pd.DataFrame, shop: Shop) -> None:
    dated, currency = months[months["month"].notna()], shop.settings.currency
    if dated.empty:
        return
    last = dated.iloc[-1]
    alt = t(
        "quality.chart_months_alt",
        months=len(dated),
        last=f"{last['month']:%Y-%m}",
        net=widgets.money(last["net"], currency),
        aside=widgets.money(last["set_aside_value"], currency),
    )
    axis = t("quality.chart_months", currency=currency)
    st.caption(axis)
    figure = charts.net_by_month(dated, t("quality.chart_net"), t("quality.chart_aside"), currency)
    widgets.chart(figure, "quality.months_chart", alt)


# --- the table and its file ---


def _with_stated(months: pd.DataFrame, told: dict[date, Stated]) -> pd.DataFrame:
    """The months, the latest first, with what the shop system says of them and the difference to it."""
    figures = {pd.Timestamp(day): one.figure for day, one in told.items()}
    table = months.assign(stated=months["month"].map(figures).astype("float64"))
    table = table.assign(gap=table["stated"] - table["net"]).sort_values("month", ascending=False, na_position="last")
    return table.assign(month=table["month"].dt.strftime("%Y-%m").fillna(t("quality.no_month")))


def _table(table: pd.DataFrame, shop: Shop) -> None:
    named = [name for name in table if name.startswith((STATUS, SET_ASIDE))]
    used = [name for name in SHOWN if name in ALWAYS or table[name].fillna(0).any()]
    shown = table[[*used, *named]].reset_index(drop=True)
    money = [name for name in shown if name in MONEY or name in named or name.endswith("_value")]
    counted = [name for name in shown if name not in money and name != "month"]
    # A number stays a number under its words: it is sorted as one, and stands to the right.
    styled = shown.style.format(lambda value: widgets.money(value, shop.settings.currency, 2), subset=money)
    styled = styled.format(widgets.number, subset=counted)
    config: dict[str, Any] = {name: _heading(name) for name in shown}
    config |= {name: st.column_config.NumberColumn(_heading(name), width=WIDTH) for name in ("stated", "gap")}
    config["month"] = st.column_config.TextColumn(_heading("month"), pinned=True)
    st.dataframe(
        styled, column_config=config, hide_index=True, placeholder="–", key="quality.months", alt=t("quality.months")
    )
    st.download_button(
        t("quality.download_months"),
        partial(_file, table),
        "sales-by-month.csv",
        "text/csv",
        on_click="ignore",
        key="quality.download_months",
        icon=":material/download:",
    )


def _file(table: pd.DataFrame) -> bytes:
    """Every figure of every month, to the cent."""
    plain_numbers = table[[*SHOWN, *(name for name in table if name.startswith((STATUS, SET_ASIDE)))]]
    floats = plain_numbers.select_dtypes("float").columns
    return cells.to_csv(plain_numbers.assign(**{name: plain_numbers[name].round(2) for name in floats}))


def _heading(name: str) -> str:
    if name.startswith(STATUS):
        return t("quality.col_status", name=name.removeprefix(STATUS))
    if name.startswith(SET_ASIDE):
        return t("quality.col_set_aside", name=reasons.in_words(name.removeprefix(SET_ASIDE)))
    return t(f"quality.col_{name}")


# --- beside the shop system ---


def _compare(months: pd.DataFrame, told: dict[date, Stated], shop: Shop) -> None:
    """One month's figure by the shop system, typed, kept and explained."""
    rows = {f"{row['month']:%Y-%m}": row for _, row in months.iterrows() if not pd.isna(row["month"])}
    if not rows:
        return
    with st.container(border=True, key="quality.compare"):
        st.markdown(f"**{t('quality.compare')}**")
        st.caption(t("quality.compare_about"))
        options = sorted(rows, reverse=True)
        state.keep("quality.month", options[0], options)
        month = st.selectbox(t("quality.compare_month"), options, key="quality.month")
        day = date.fromisoformat(f"{month}-01")
        _form(day, told.get(day), shop)
        known = told.get(day)
        if known is not None:
            _answer(month, gap.explained(rows[month], known.figure), rows[month], known, shop)
            unread = int(months.loc[months["month"].isna(), "set_aside_rows"].sum())
            if unread and not gap.explained(rows[month], known.figure).agrees:
                st.caption(t("quality.gap_unread", count=widgets.number(unread)))


def _form(day: date, known: Stated | None, shop: Shop) -> None:
    key, may = f"quality.figure.{day:%Y-%m}", door.for_who_may("draft")
    state.keep(key, known.figure if known else None)
    with st.form("quality.form", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        figure = st.number_input(
            t("quality.compare_figure", currency=shop.settings.currency), value=None, step=0.01, format="%.2f", key=key
        )
        asked = st.form_submit_button(t("quality.compare_keep"), key="quality.keep", type="primary", **may)
    forgotten = known is not None and st.button(
        t("quality.compare_forget"), key="quality.forget", on_click=state.put, args=(key, None), type="tertiary", **may
    )
    if asked and figure is None:
        st.warning(t("quality.compare_nothing"), icon=":material/edit:")
    elif asked or forgotten:
        try:
            stated.keep_stated(shop, day, None if forgotten else figure, state.person(), widgets.now())
        except AppError as problem:
            widgets.show_problem(problem)
            return
        st.rerun()


def _answer(month: str, found: Explanation, row: pd.Series, known: Stated, shop: Shop) -> None:
    """What makes the gap, in sentences; that several things may, or nothing known does."""

    def money(value: float) -> str:
        return widgets.money(value, shop.settings.currency, 2)

    values = {"month": month, "net": money(found.net), "orders": widgets.number(row["orders"])}
    st.caption(plain(t("quality.compare_kept", figure=money(known.figure), who=known.who, when=known.when[:10])))
    if found.agrees:
        st.success(plain(t("quality.gap_agrees", **values)), icon=":material/check_circle:")
        return
    key = "quality.gap_is" if found.gap > 0 else "quality.gap_is_lower"
    st.markdown(plain(t(key, stated=money(found.stated), gap=money(abs(found.gap)), **values)))
    if found.fits:
        st.markdown(f":material/check_circle: {t(_found_key(found.parts))}\n{_bullets(found.parts, shop)}")
        if abs(found.rest) > gap.CENT:
            st.caption(plain(t("quality.gap_rest", rest=money(found.rest))))
        _others(found.others, shop)
        return
    words = t("quality.gap_closest") if found.parts else t("quality.gap_none")
    st.markdown(f":material/help: {words}\n{_bullets(found.parts, shop)}")
    shares = {
        "share": widgets.percent(abs(found.rest / found.gap)),
        "share_of_sales": widgets.percent(abs(found.rest / found.stated) if found.stated else None, 2),
    }
    st.markdown(plain(t("quality.gap_unexplained", rest=money(found.rest), **shares)))


def _found_key(parts: Parts) -> str:
    return "quality.gap_fits" if len(parts) == 1 else "quality.gap_fits_together"


def _bullets(parts: Parts, shop: Shop) -> str:
    return "".join(f"\n- {plain(_sentence(what, amount, shop))}" for what, amount in parts)


def _sentence(what: str, amount: float, shop: Shop) -> str:
    """One difference in words, with what it adds to the gap."""
    kind, _, name = what.partition("|")
    sign = "+" if amount > 0 else ""
    written = sign + widgets.money(amount, shop.settings.currency, 2)
    if name:
        words = name if kind == "status" else reasons.in_words(name)
        return t("quality.part_status" if kind == "status" else "quality.part_reason", amount=written, name=words)
    return t(f"quality.part_{kind}", amount=written)


def _others(others: tuple[Parts, ...], shop: Shop) -> None:
    """Other ways that fit as well, a line each."""
    if not others:
        return
    words = t("quality.gap_other") if len(others) == 1 else t("quality.gap_others", count=len(others))
    joined = [" ".join(_sentence(what, amount, shop) for what, amount in parts) for parts in others[:OTHERS_SHOWN]]
    lines = "".join(f"\n- {plain(one)}" for one in joined)
    more = len(others) - OTHERS_SHOWN
    st.warning(f"{words}\n{lines}" + (f"\n- {t('quality.gap_more', count=more)}" if more > 0 else ""))
