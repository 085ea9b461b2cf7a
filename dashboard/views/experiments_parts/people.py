"""What a file with a row per person tells of one test: money as it is, adjusted and capped, and lifts by group."""

from typing import Any

import pandas as pd
import streamlit as st

from dashboard import cache, charts, widgets
from dashboard.text import t
from dashboard.views.plan_tabs.message import plain
from engine.outcome.experiments.effects import Effects

AMOUNTS = ("difference", "low", "high", "cap", "left_out")


def show(effects: Effects, test: str) -> None:
    """Charts first, each with its sentences and its table; then what else has to be known."""
    money, groups = (table[table["experiment_id"] == test] for table in (effects.money, effects.groups))
    if len(money):
        of_money(money)
    if len(groups):
        of_groups(groups)
    for sentence in (*effects.notes.get(test, []), *effects.about):
        st.write(plain(sentence))


def of_money(table: pd.DataFrame) -> None:
    """Revenue per person against the base, three ways."""
    shop = cache.shops.opened()
    currency = None if shop is None else shop.settings.currency  # without a shop: whatever the file counts in
    ways = table["way"].map(lambda way: t(f"experiments_page.way_{way}"))
    st.markdown(f"**{t('experiments_page.money')}**")
    unit = currency or t("experiments_page.unit_of_file")
    label = t("experiments_page.money_axis", base=table["base"].iloc[0], unit=unit)
    figure = drawn(table, ways + " · " + table["variant"], "difference", label, ",.2f")
    widgets.chart(figure, "experiments.money", t("experiments_page.money_alt", count=len(table)))
    arms = table.drop_duplicates("variant")
    sizes = [f"{row.variant} {widgets.number(row.people)}" for row in arms.itertuples()]
    sizes.append(f"{arms['base'].iloc[0]} {widgets.number(arms['base_people'].iloc[0])}")
    st.caption(t("experiments_page.money_about", people=plain(", ".join(sizes))))
    for sentence in table["said"]:
        st.write(plain(sentence))
    amounts = {name: [amount(one, currency) for one in table[name]] for name in AMOUNTS}
    number = st.column_config.NumberColumn
    columns: dict[str, Any] = {
        "variant": st.column_config.TextColumn(t("experiments_page.variant"), pinned=True),
        "way": t("experiments_page.way"),
        "difference": t("experiments_page.difference"),
        "low": "95 % ↓",
        "high": "95 % ↑",
        "p_adjusted": number(t("experiments_page.p_adjusted"), format="%.4f"),
        "people": number(t("experiments_page.people"), format="localized"),
        "base_people": number(t("experiments_page.base_people"), format="localized"),
        "variance_saved": number(t("experiments_page.variance_saved"), format="percent"),
        "cap": t("experiments_page.cap"),
        "people_capped": number(t("experiments_page.people_capped"), format="localized"),
        "left_out": t("experiments_page.left_out"),
    }
    widgets.table(table.assign(way=ways, **amounts), columns, "experiments.money_table", t("experiments_page.money"))
    widgets.download(
        t("experiments_page.money_download"), lambda: table, "tests-money.csv", "experiments.money_download"
    )


def amount(value: float, currency: str | None) -> str:
    """Money in words; where nobody knows the currency, its number."""
    return widgets.number(value, 2) if currency is None else widgets.money(value, currency, 2)


def of_groups(table: pd.DataFrame) -> None:
    """Lifts of each arm by group."""
    st.markdown(f"**{t('experiments_page.groups')}**")
    known = table[table["lift"].notna()]
    if len(known):
        several = table["variant"].nunique() > 1
        names = known["group"] + " · " + known["variant"] if several else known["group"]
        figure = drawn(known, names, "lift", t("experiments_page.lift_axis"), "+.1%")
        widgets.chart(figure, "experiments.groups", t("experiments_page.groups_alt", count=len(known)))
    st.caption(t("experiments_page.groups_about"))
    number = st.column_config.NumberColumn
    columns: dict[str, Any] = {
        "variant": st.column_config.TextColumn(t("experiments_page.variant"), pinned=True),
        "group": t("experiments_page.group"),
        "visitors": number(t("experiments_page.people"), format="localized"),
        "conversions": number(t("experiments_page.conversions"), format="localized"),
        "base_visitors": number(t("experiments_page.base_people"), format="localized"),
        "base_conversions": number(t("experiments_page.base_conversions"), format="localized"),
        "lift": number(t("experiments_page.lift"), format="percent"),
        "low": number(t("experiments_page.low"), format="percent"),
        "high": number(t("experiments_page.high"), format="percent"),
        "p_adjusted": number(t("experiments_page.group_p"), format="%.4f"),
        "interaction_p": number(t("experiments_page.interaction_p"), format="%.4f"),
    }
    widgets.table(table, columns, "experiments.groups_table", t("experiments_page.groups"))
    widgets.download(
        t("experiments_page.groups_download"), lambda: table, "tests-groups.csv", "experiments.groups_download"
    )


def drawn(table: pd.DataFrame, names: pd.Series, value: str, label: str, form: str) -> charts.Figure:
    """Each row's value with its range; in colour where its corrected p says that it is no chance."""
    ends = [table[name].tolist() for name in (value, "low", "high")]
    clear = (table["p_adjusted"] < 0.05).tolist()
    return charts.differences(names.tolist(), ends[0], ends[1], ends[2], clear, label, form)
