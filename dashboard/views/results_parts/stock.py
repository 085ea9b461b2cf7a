"""What will be sold against what is in stock, and a plan for what is too much."""

import pandas as pd
import streamlit as st

from dashboard import door, state, widgets
from dashboard.text import t
from dashboard.views import beginnings
from engine.shop.store import Shop
from engine.shop.trends import Demand

MOST = 200  # rows shown: the file has all
PICKED = 3  # one message can show


def show(shop: Shop, found: Demand) -> None:
    """Demand and stock, too much of it first."""
    rows = found.table
    too_much = rows[rows["overstock"]]
    if not rows["stock"].notna().any():
        st.subheader(t("trends.demand_head_unknown"))
        rows = rows.sort_values("expected", ascending=False)
    elif len(too_much):
        units = widgets.number(float(too_much["beyond"].sum()))
        st.subheader(t("trends.demand_head", count=widgets.number(len(too_much)), units=units))
    else:
        st.subheader(t("trends.demand_head_none"))
    st.caption(tried(found))
    if len(too_much):
        begin(shop, too_much)
    listing(shop, rows, too_much)


def tried(found: Demand) -> str:
    """How the forecast is made, and how wrong it was in the past."""
    as_of = found.as_of.date()
    if not found.errors:
        return t("trends.demand_untried", as_of=as_of)
    error, naive = (widgets.percent(found.errors[one], 0) for one in (found.method, "naive"))
    method = t(f"trends.method_{found.method}")
    said = t("trends.demand_note", as_of=as_of, method=method, trials=found.origins, error=error, naive=naive)
    return said if found.held is None else f"{said} {t('trends.demand_held', held=widgets.percent(found.held, 0))}"


def begin(shop: Shop, too_much: pd.DataFrame) -> None:
    """The starting plan for overstock with these products."""
    names = too_much.set_index("product_id")["name"].to_dict()
    same = too_much["category"].eq(too_much["category"].iloc[0]) | too_much.index.isin(too_much.index[:1])
    state.keep("trends.pick", list(too_much["product_id"][same][:PICKED]), list(names))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        picked = st.multiselect(
            t("trends.pick"), list(names), format_func=lambda one: names.get(one, one), max_selections=PICKED,
            key="trends.pick", help=t("trends.pick_help"),
        )  # fmt: skip
        may = door.for_who_may("draft", disabled=not picked)
        asked = st.button(t("trends.plan"), key="trends.plan", type="primary", icon=":material/inventory_2:", **may)
    if asked:
        beginnings.begin(shop, "overstock", product_ids=tuple(map(str, picked)))


def listing(shop: Shop, rows: pd.DataFrame, too_much: pd.DataFrame) -> None:
    """A row per product."""
    if len(too_much) and st.toggle(t("trends.only_overstock"), True, key="trends.only_overstock"):
        rows = too_much
    top = rows.head(MOST)
    ends = zip(top["low"], top["high"], strict=True)
    shown = pd.DataFrame(
        {
            "product": top["name"],
            "stock": top["stock"],
            "days_of_cover": top["days_of_cover"].round(0),
            "beyond": top["beyond"],
            "tied_up": top["tied_up"].round(0),
            "expected": top["expected"].round(1),
            "range_80": [t("channels.and_more", low=f"{low:,.0f}", high=f"{high:,.0f}") for low, high in ends],
            "sold": top["sold"],
        }
    )
    shown = shown[[one for one in shown if shown[one].notna().any()]]
    number, words = st.column_config.NumberColumn, st.column_config.TextColumn
    helped = {"days_of_cover": t("trends.days_of_cover_help"), "beyond": t("trends.beyond_help")}
    config = {
        name: number(t(f"trends.{name}"), format="localized", help=helped.get(name))
        for name in ("stock", "days_of_cover", "beyond", "expected", "sold")
    }
    currency = shop.settings.currency
    at_cost = t("trends.tied_up_help", currency=currency)
    config["tied_up"] = number(t("trends.tied_up"), format=widgets.money_in_cells(currency), help=at_cost)
    config |= {"product": words(t("trends.product"), pinned=True), "range_80": words(t("trends.range_80"))}
    st.dataframe(
        shown, column_config=config, hide_index=True, placeholder="–", key="trends.table_demand",
        alt=t("trends.demand_alt"),
    )  # fmt: skip
    widgets.download(t("trends.download"), lambda: rows, "demand.csv", "trends.download_demand")
