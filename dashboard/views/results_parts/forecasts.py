"""Forecasts beside what came, how good they have been, and what they learned from it."""

import math
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import cache, charts, state, widgets
from dashboard.text import channel_name, t
from dashboard.views.results_parts import learned
from engine.campaign import response
from engine.model.ranges import LEVEL
from engine.outcome import judged, track
from engine.shop.store import Shop

SHOWN = 24  # campaigns in the chart
MONEY = ("revenue", "extra_profit")
SURE = "95 %"


def show(shop: Shop) -> None:
    """What the record says, or while there is none what a rehearsal does; then what was learned from it."""
    with widgets.problem_box():
        table = cache.learning.forecasts(shop)
        record = track.on_record(table)
        waiting(table)
        if record.empty:
            st.info(t("judged.none_record"), icon=":material/hourglass_empty:")
        can_rehearse = response.current_version(shop) is not None
        looks = [*(["record"] if len(record) else []), *(["rehearsed"] if can_rehearse else [])]
        if looks:
            which(shop, looks, table, record)
    learned.show(shop)


def waiting(table: pd.DataFrame) -> None:
    """Plans whose forecast cannot be judged yet, and from when on the next one can."""
    later = table[table["is_over"] == 0].drop_duplicates("plan_id")
    if len(later):
        st.caption(t("judged.waiting", count=len(later), day=min(later["known_on"]).isoformat()))


def which(shop: Shop, looks: list[str], table: pd.DataFrame, record: pd.DataFrame) -> None:
    """The record or the rehearsal, one figure of it."""
    state.keep("judged.which", looks[0], looks, address="which")
    chosen = st.segmented_control(
        t("judged.which"), looks, required=True, format_func=lambda one: t(f"judged.look_{one}"), key="judged.which"
    )
    rows = record
    if (chosen or looks[0]) == "record":
        st.caption(t("judged.record_note"))
    else:
        with st.spinner(t("judged.rehearsing"), show_time=True):
            rows = cache.learning.look(shop).rehearsed
        if len(rows):
            st.caption(t("judged.rehearsed_note", first=rows["at"].min().date(), last=rows["at"].max().date()))
    figures = [one for one in dict.fromkeys((*judged.FIGURES, *track.FIGURES)) if one in set(rows["figure"])]
    if not figures:
        return
    usual = "order_rate" if "order_rate" in figures else figures[0]
    state.keep("judged.figure", usual, figures, address="about")
    about = st.segmented_control(
        t("judged.figure"), figures, required=True, format_func=lambda one: t(f"judged.{one}"), key="judged.figure"
    )
    own = rows[rows["figure"] == (about or usual)]
    answer(shop, own, str(about or usual))
    listing(shop, own, table[table["figure"] == own["figure"].iloc[0]])


def answer(shop: Shop, rows: pd.DataFrame, about: str) -> None:
    """The share that landed with its range, how far off, and three pictures of it."""
    held = track.held(rows)
    between = widgets.between(widgets.percent(held.low, 0), widgets.percent(held.high, 0), SURE)
    st.subheader(t("judged.head_record", inside=held.inside, of=held.of, range=between))
    st.markdown(" ".join(bias_in_words(rows, about)))
    st.caption(t("judged.promised"))
    if about in judged.MEASURED:
        st.caption(t("judged.measured_note"))
    beside(shop, rows, about, held.inside)
    over_time(rows)
    if about not in judged.MEASURED:
        by_channel(rows)


def bias_in_words(rows: pd.DataFrame, about: str) -> list[str]:
    """How far forecasts were above or below on average, and whether they differed too much."""
    if about in judged.MEASURED:
        return []
    found = track.bias(rows)
    if found is None or found.low is None or found.high is None:
        return [t("judged.bias_few")]
    low, high = (widgets.percent(math.expm1(end), 0) for end in (found.low, found.high))
    key = "bias_much" if found.mean >= 0 else "bias_little"
    by = widgets.percent(abs(math.expm1(found.mean)), 0)
    said = [t(f"judged.{key}", by=by, range=widgets.between(low, high, SURE), count=found.campaigns)]
    if found.low <= 0 <= found.high:
        said.append(t("judged.bias_none"))
    fitted = track.calibration(rows) if about.endswith(("ctr", "rate")) else None
    if fitted and not 0.75 <= fitted.slope <= 1.33:
        said.append(t("judged.slope_wide" if fitted.slope < 1 else "judged.slope_narrow"))
    return said


def beside(shop: Shop, rows: pd.DataFrame, about: str, inside: int) -> None:
    """Each campaign's forecast with its range, and what came."""
    st.subheader(t("judged.beside"))
    names = cache.campaigns.names(shop)
    last = rows.sort_values("at").tail(SHOWN).reset_index(drop=True)
    last["label"] = [short(str(names.get(one, one))) for one in last["campaign"]]
    words = {name: t(f"judged.{name}") for name in ("forecast", "actual_in", "actual_out")}
    figure = charts.forecast_beside_actual(last, words, is_rate(about))
    alt = t("judged.beside_alt", figure=t(f"judged.{about}"), count=len(rows), inside=inside)
    widgets.chart(figure, "judged.beside", alt)
    if len(rows) > SHOWN:
        st.caption(t("judged.latest", count=SHOWN))


def short(name: str) -> str:
    """As much of a name as fits under a chart."""
    return name if len(name) <= 18 else f"{name[:17]}…"


def is_rate(about: str) -> bool:
    return about.endswith(("ctr", "rate"))


def over_time(rows: pd.DataFrame) -> None:
    """The share that landed in stretches of time, where there are several."""
    stretches = track.over_time(rows)
    if len(stretches) < 2:
        return
    st.subheader(t("judged.over_time"))
    figure = charts.held_over_time(stretches, {"share": t("judged.share")}, LEVEL)
    widgets.chart(figure, "judged.over_time", t("judged.over_time_alt", count=len(stretches)))


def by_channel(rows: pd.DataFrame) -> None:
    """How far off each channel was, by quarter."""
    table = track.bias_over_time(rows)
    if len(table) < 2:
        return
    st.subheader(t("judged.bias"))
    shares = table.assign(**{name: table[name].astype("float64").map(math.expm1) for name in ("bias", "low", "high")})
    shares["label"] = shares["channel"].map(channel_name)
    widgets.chart(charts.bias_over_time(shares, t("judged.bias_axis")), "judged.bias", t("judged.bias_alt"))
    st.caption(t("judged.bars_note"))


def listing(shop: Shop, rows: pd.DataFrame, record: pd.DataFrame) -> None:
    """Every forecast of this figure, with when it was handed in and by which forecasts; to download."""
    st.subheader(t("judged.table"))
    names = cache.campaigns.names(shop)
    about = record.set_index("plan_id")[["name", "submitted_at", "model", "is_approved", "source"]]
    shown = rows.join(about, on="campaign").sort_values("at", ascending=False)
    shown = shown.assign(
        name=shown["name"].fillna(shown["campaign"].map(lambda one: names.get(one, one))),
        channel=shown["channel"].map(channel_name),
        starts_at=pd.to_datetime(shown["at"]).dt.date,
        held=shown["held"].map({1.0: t("judged.yes"), 0.0: t("judged.no")}),
        is_approved=shown["is_approved"].map({1: t("judged.yes"), 0: t("judged.no")}),
        source=shown["source"].map(lambda one: t(f"judged.source_{one}"), na_action="ignore"),
    )
    columns = ["name", "channel", "starts_at", "forecast", "low", "high", "actual", "held", "trials"]
    columns += [one for one in ("source", "submitted_at", "is_approved", "model") if shown[one].notna().any()]
    st.dataframe(
        shown[columns], hide_index=True, placeholder="–", key="judged.table", alt=t("judged.table"),
        column_config=formats(str(rows["figure"].iloc[0])),
    )  # fmt: skip
    widgets.download(t("judged.download"), lambda: rows, "forecasts.csv", "judged.download")


def formats(about: str) -> dict[str, Any]:
    """How each column is written."""
    written = "percent" if is_rate(about) else "%.0f" if about in MONEY else "localized"
    number = st.column_config.NumberColumn
    told = ("forecast", "low", "high", "actual")
    found: dict[str, Any] = {one: number(t(f"judged.{one}"), format=written) for one in told}
    found["trials"] = number(t("judged.trials"), format="localized")
    found["name"] = st.column_config.TextColumn(t("judged.name"), pinned=True)
    plain = ("channel", "starts_at", "held", "source", "submitted_at", "is_approved", "model")
    return found | {one: t(f"judged.{one}") for one in plain}
