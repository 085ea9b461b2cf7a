"""The table for the argument: nothing, full price, and some sizes of the discount beside each other."""

import math
import re
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import cache, printed, widgets
from dashboard.text import t
from dashboard.views.plan_tabs import forecasting, message
from dashboard.views.plan_tabs.saving import Open
from engine.campaign.argument import FULL_PRICE, NOTHING
from engine.campaign.plan import Plan
from engine.campaign.response import Models

USUAL = {True: "10, 15, 20", False: "5, 10, 15"}  # in percent, or in money
MOST = 8  # sizes in one table: more do not fit on a printed page
COLUMNS = (
    "extra_orders", "extra_profit", "discount_on_anyway", "margin_after_discount", "break_even_orders",
    "chance_of_loss", "verdict",
)  # fmt: skip


def show(opened: Open, models: Models, tried: Plan) -> None:
    """The sizes asked for, the table, and the same as a page to print."""
    in_percent = tried.offer.kind != "amount"
    currency = opened.shop.settings.currency
    label = t("numbers.sizes_percent") if in_percent else t("numbers.sizes_amount", currency=currency)
    text = st.text_input(
        label,
        USUAL[in_percent],
        key=f"numbers.sizes_{'percent' if in_percent else 'amount'}",
        max_chars=60,
        width=320,
        bind="query-params",  # also after a reload
    )
    sizes = read_sizes(str(text), in_percent)
    if sizes is None:
        st.error(t("numbers.sizes_wrong", text=str(text), most=MOST), icon=":material/error:")
        return
    found = cache.forecasts.argument_table(opened.shop, models, tried, forecasting.copy(opened), sizes)
    shown = in_words(found, currency)
    # Seven columns of words: a static table wraps its headings where a data grid would hide the last ones.
    with st.container(key="numbers.argument"):
        st.table(shown.map(message.plain).set_index(t("numbers.option")), alt=t("numbers.argument_alt"))
    untried = found.loc[~found["supported"].astype(bool), "reason"]
    for reason in dict.fromkeys(untried):
        st.caption(message.plain(reason))
    notes = [t("numbers.argument_note"), t("numbers.argument_basis", basis=t(f"numbers.basis_{models.basis}"))]
    st.caption(" ".join(notes))
    _downloads(opened, tried, shown, [*dict.fromkeys(untried), *notes])


def read_sizes(text: str, in_percent: bool) -> tuple[float, ...] | None:
    """The sizes typed, smallest first, percentages as fractions; None where they are no sizes.

    >>> read_sizes("20, 10 % 15", True), read_sizes("5；7,5", False), read_sizes("ten", True)
    ((0.1, 0.15, 0.2), None, None)
    """
    words = [word for word in re.split(r"[,，;；、\s]+", text.replace("%", " ")) if word]
    try:
        numbers = sorted({float(word) for word in words})
    except ValueError:
        return None
    largest = 99.0 if in_percent else 1e6
    if not 1 <= len(numbers) <= MOST or not all(0 < number <= largest for number in numbers):
        return None
    return tuple(number / 100 if in_percent else number for number in numbers)


def in_words(table: pd.DataFrame, currency: str) -> pd.DataFrame:
    """The table as people read it: one row an option, ranges under the numbers' own words."""
    return pd.DataFrame([_row(row, currency) for row in table.to_dict("records")])


def _row(row: dict[str, Any], currency: str) -> dict[str, str]:
    def money(value: float) -> str:
        return widgets.money(value, currency)

    if row["option"] == NOTHING:
        cells = ["0", money(0.0), money(0.0), "–", "–", "–", "–"]
    elif not row["supported"]:
        cells = ["–"] * (len(COLUMNS) - 1) + [t("numbers.curve_untried")]
    else:
        known = pd.notna(row["break_even_orders"])
        cells = [
            _with_range(row, "extra_orders", widgets.number),
            _with_range(row, "extra_profit", money),
            money(row["discount_on_anyway"]),
            widgets.percent(row["margin_after_discount"]),
            widgets.number(math.ceil(row["break_even_orders"])) if known else t("numbers.never"),
            widgets.percent(row["chance_of_loss"], 0),
            t(f"numbers.verdict_{row['verdict']}"),
        ]
    headings = [t("numbers.option"), *(t(f"numbers.argue_{name}") for name in COLUMNS)]
    return dict(zip(headings, [option(row, currency), *cells], strict=True))


def option(row: dict[str, Any], currency: str) -> str:
    """What a row of the table is about."""
    if row["option"] in (NOTHING, FULL_PRICE):
        return t(f"numbers.option_{row['option']}")
    size = row["discount"]
    return widgets.percent(size, 0) if row["kind"] == "percent" else widgets.money(size, currency, 2)


def _with_range(row: dict[str, Any], name: str, write: Any) -> str:
    low, high = write(row[f"{name}_low"]), write(row[f"{name}_high"])
    return t("numbers.with_range", value=write(row[name]), low=low, high=high)


def _downloads(opened: Open, tried: Plan, shown: pd.DataFrame, notes: list[str]) -> None:
    """The table as a page that a browser prints, and for a spreadsheet."""
    plan, name = opened.plan, f"{opened.plan.plan_id}-argument"
    today = widgets.now().date().isoformat()
    facts = t(
        "numbers.print_facts",
        channel=t(f"plan.channel_{tried.channel}"),
        starts=plan.starts_at.isoformat(),
        ends=plan.ends_at.isoformat(),
        date=today,
    )
    with st.container(horizontal=True):
        st.download_button(
            t("numbers.print"),
            lambda: printed.page(plan.name, facts, shown, notes),
            f"{name}.html",
            "text/html",
            key="numbers.print",
            on_click="ignore",
            icon=":material/print:",
            help=t("numbers.print_help"),
        )
        widgets.download(t("numbers.argument_csv"), lambda: shown, f"{name}.csv", "numbers.argument_csv")
