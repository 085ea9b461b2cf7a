"""What changes in what the shop sells: growth, season, searches and price response. Stock has a file of its own."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from dashboard import cache, charts, state, widgets
from dashboard.text import t
from dashboard.views.results_parts import stock
from engine.sentences import spoken
from engine.shop.store import Shop
from engine.shop.trends import Growth, Prices, Searches, Season

SHOWN = 14  # lines in a chart
CUT = 0.9  # the price that a response is told for, against the usual one


def show(shop: Shop) -> None:
    """One trend at a time."""
    st.caption(t("trends.purpose"))
    parts: dict[str, Callable[[Shop, Any], None]] = {
        "categories": growth, "products": growth, "searches": searches, "season": season, "prices": prices,
        "demand": stock.show,
    }  # fmt: skip
    state.keep("results.trend", "categories", list(parts), address="trend")
    part = st.segmented_control(
        t("trends.part"),
        list(parts),
        required=True,
        format_func=lambda one: t(f"trends.part_{one}"),
        key="results.trend",
    )
    with st.spinner(show_time=True):
        found = cache.patterns.trend(shop, part or "categories")
    parts[part or "categories"](shop, found)


def table(shown: pd.DataFrame, name: str, alt: str, raw: pd.DataFrame, **helped: str) -> None:
    """A table with its columns in words, and the same as a file."""
    number, words = st.column_config.NumberColumn, st.column_config.TextColumn
    config = {
        column: (number if pd.api.types.is_numeric_dtype(shown[column]) else words)(
            t(f"trends.{column}"), help=helped.get(column)
        )
        for column in shown
    }
    st.dataframe(shown, column_config=config, hide_index=True, placeholder="–", key=f"trends.table_{name}", alt=alt)
    widgets.download(t("trends.download"), lambda: raw, f"{name}.csv", f"trends.download_{name}")


def range_of(low: float, high: float, write: Callable[[float], str]) -> str:
    """Both ends of a range in words."""
    return t("channels.and_more", low=write(low), high=write(high))


def _change(value: float) -> str:
    return f"{value:+.1%}"


# --- growing and fading ---


def growth(shop: Shop, found: Growth) -> None:
    """What grows and fades, the clearest first."""
    rows, names = found.table, cache.patterns.product_names(shop)
    if found.missing is not None:
        st.info(spoken(found.missing, state.language()), icon=":material/inbox:")
        return
    counts = rows["verdict"].value_counts()
    growing, fading = int(counts.get("growing", 0)), int(counts.get("fading", 0))
    key = "trends.growth_head" if growing or fading else "trends.growth_none"
    st.subheader(t(key, of=len(rows), **({"growing": growing, "fading": fading} if growing or fading else {})))
    if growing or fading:
        picture(rows, names)
    whole = found.whole.iloc[0] if len(found.whole) else None
    said = "–" if whole is None else f"{_change(whole['rate'])} ({range_of(whole['low'], whole['high'], _change)})"
    dates = {"first": found.first.date(), "last": found.last.date()}
    st.caption(t("trends.growth_note", weeks=found.weeks, whole=said, of=len(rows), **dates))
    st.caption(t("trends.season_removed" if found.season_removed else "trends.season_kept"))
    shown = pd.DataFrame(
        {
            "name": rows["name"].map(names).fillna(rows["name"]),
            "verdict": rows["verdict"].map(lambda one: t(f"trends.verdict_{one}")),
            "rate": rows["rate"].map(_change),
            "range": [range_of(low, high, _change) for low, high in zip(rows["low"], rows["high"], strict=True)],
            "orders": rows["orders"],
            "per_week": rows["per_week"].round(1),
        }
    )
    table(shown, "growth", t("trends.purpose"), rows)


def picture(rows: pd.DataFrame, names: pd.Series) -> None:
    """Those that clearly grow or fade, the strongest growth first."""
    told = rows[rows["verdict"] != "no_trend"].head(SHOWN).sort_values("rate", ascending=False)
    words = told["name"].map(names).fillna(told["name"]).tolist()
    ends = (told["rate"].tolist(), told["low"].tolist(), told["high"].tolist())
    figure = charts.differences(words, *ends, [True] * len(told), t("trends.rate"), "+.1%")
    said = "; ".join(f"{name} {rate:+.1%}" for name, rate in zip(words, told["rate"], strict=True))
    widgets.chart(figure, "trends.growth", t("trends.growth_alt", lines=said))


# --- season ---


def season(shop: Shop, found: Season) -> None:
    """The pattern of the year of one category."""
    if found.missing is not None:
        st.info(spoken(found.missing, state.language()), icon=":material/inbox:")
        return
    st.subheader(t("trends.season_head"))
    categories = list(dict.fromkeys(found.table["category"]))
    for category in categories:
        own = found.table[found.table["category"] == category]
        values = {"strong": own["low"] > 1, "weak": own["high"] < 1}
        months = {name: ", ".join(map(str, own.loc[is_so, "month"])) for name, is_so in values.items()}
        if any(months.values()):
            listed = {name: one or t("trends.season_none") for name, one in months.items()}
            st.markdown(f"- {t('trends.season_strong', category=category, **listed)}")
    state.keep("trends.category", categories[0], categories)
    category = str(st.selectbox(t("trends.season_category"), categories, key="trends.category"))
    own = found.table[found.table["category"] == category]
    figure = charts.months(own, t("trends.month"), t("trends.season_axis"))
    said = "; ".join(f"{row.month}: {row.index_:.2f}" for row in own.rename(columns={"index": "index_"}).itertuples())
    widgets.chart(figure, "trends.season", t("trends.season_alt", category=category, months=said))
    dates = {"first": found.first.date(), "last": found.last.date()}
    st.caption(t("trends.season_note", months=found.months, **dates))


# --- searches ---


def searches(shop: Shop, found: Searches) -> None:
    """What was looked for and not bought."""
    if found.missing is not None or found.first is None or found.last is None:
        st.info(spoken(found.missing or "", state.language()), icon=":material/inbox:")
        return
    rows = found.table
    without = int((rows["searches"] - rows["bought"]).sum())
    all_searches = widgets.number(int(rows["searches"].sum()))
    st.subheader(t("trends.searches_head", without=widgets.number(without), searches=all_searches))
    dates = {"first": found.first.date(), "last": found.last.date()}
    st.caption(t("trends.searches_note", queries=len(rows), all=widgets.number(found.queries), **dates))
    have = np.select([rows["products"] == 0, rows["in_stock"] == 0], ["none", "sold_out"], "some")
    shown = pd.DataFrame(
        {
            "query": rows["query"],
            "have": [t(f"trends.have_{one}") for one in have],
            "searches": rows["searches"],
            "searchers": rows["searchers"],
            "without": [
                f"{widgets.percent(row.without)} ({range_of(row.low, row.high, widgets.percent)})"
                for row in rows.itertuples()
            ],
            "bought_anything": rows["bought_anything"],
            "products": rows["products"],
        }
    )
    table(shown, "searches", t("trends.searches_head", without=without, searches=all_searches), rows)


# --- prices ---


def prices(shop: Shop, found: Prices) -> None:
    """How sales answer to price, where prices were tried."""
    rows = found.table
    if found.missing is not None:
        st.info(spoken(found.missing, state.language()), icon=":material/inbox:")
        return
    known = rows[rows["elasticity"].notna()]
    st.subheader(t("trends.prices_head" if len(known) else "trends.prices_none"))
    if len(known):
        top = known.head(SHOWN)
        # Units go with price to the power of the elasticity: the lower end of it is the higher end of units.
        usual, low, high = ([CUT**one - 1 for one in top[name]] for name in ("elasticity", "high", "low"))
        clear = [one != "unclear" for one in top["verdict"]]
        names = top["category"].tolist()
        figure = charts.differences(names, usual, low, high, clear, t("trends.elasticity"), "+.0%")
        said = "; ".join(f"{name} {one:+.0%}" for name, one in zip(names, usual, strict=True))
        widgets.chart(figure, "trends.prices", t("trends.prices_alt", lines=said))
    st.caption(t("trends.prices_note", first=found.first.date(), last=found.last.date()))
    shown = pd.DataFrame(
        {
            "season_category": rows["category"],
            "elasticity": [_at_cut(row.elasticity, row.low, row.high) for row in rows.itertuples()],
            "verdict": [_price_verdict(row.verdict, row.missing) for row in rows.itertuples()],
            "tried": [range_of(row.lowest, row.highest, lambda one: f"{one:.0%}") for row in rows.itertuples()],
            "of_products": rows["products"],
            "units": rows["units"],
        }
    )
    why = rows["missing"].map(lambda one: spoken(one, state.language()), na_action="ignore")
    table(shown, "prices", t("trends.prices_head"), rows.assign(missing=why), tried=t("trends.tried_help"))


def _at_cut(elasticity: float, low: float, high: float) -> str:
    if elasticity != elasticity:
        return "–"
    return f"{CUT**elasticity - 1:+.0%} ({range_of(CUT**high - 1, CUT**low - 1, lambda one: f'{one:+.0%}')})"


def _price_verdict(verdict: str, missing: Any) -> str:
    if missing is not None:
        return t("trends.price_missing", why=spoken(missing, state.language()))
    return t(f"trends.price_{verdict}")
