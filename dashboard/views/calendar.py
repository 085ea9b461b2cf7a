"""What ran when, what is planned, and which plans get in each other's way?"""

from collections.abc import Callable
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from dashboard import cache, charts, door, state, widgets
from dashboard.text import channel_name, language, t
from dashboard.views.plan_tabs.message import plain
from engine import settings
from engine.decision import appointments, ledger
from engine.decision.plans import SavedPlan
from engine.outcome import timetable
from engine.shop.store import Shop

SPANS: dict[str, int | None] = {"ahead": 0, "quarter": 91, "year": 365, "all": None}  # days back from today
STATUSES = ("past", "draft", "submitted", "approved", "exported", "results_in", "rejected")
PAIRS_SAID = 3  # collisions in words; the table has all


def today(shop: Shop) -> date:
    """The day at the shop."""
    return widgets.now().astimezone(ZoneInfo(shop.settings.time_zone)).date()


def open_plan(plan_id: str) -> None:
    """Go to a plan's page."""
    state.set_plan_id(plan_id)
    st.switch_page("views/plan.py", query_params={"plan": plan_id})


def nothing_yet() -> None:
    """The way to a first plan; ends the page."""
    st.info(t("calendar.empty"), icon=":material/event_busy:")
    if st.button(t("calendar.to_plans"), key="calendar.to_plans", type="primary"):
        st.switch_page("views/plans.py")
    st.stop()


def chosen(entries: pd.DataFrame, day: date) -> pd.DataFrame:
    """What the filters leave, each of them in the address."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="calendar.filters"):
        state.keep("calendar.span", "year", list(SPANS), address="span")
        span = st.segmented_control(
            t("calendar.span"),
            list(SPANS),
            required=True,
            format_func=lambda one: t(f"calendar.span_{one}"),
            key="calendar.span",
            wrap=True,
        )
        channels = some_of("channel", sorted(set(entries["channel"])), channel_name)
        present = [one for one in STATUSES if one in set(entries["status"])]
        statuses = some_of("status", present, lambda one: t(f"calendar.status_{one}"))
    if (days := SPANS[span or "year"]) is not None:
        # Data of long ago is shown all the same: its last year is then the year.
        latest = min(pd.Timestamp(day), entries["ends_at"].max()) if days else pd.Timestamp(day)
        entries = entries[entries["ends_at"] >= latest - pd.Timedelta(days=days)]
    return entries[entries["channel"].isin(channels) & entries["status"].isin(statuses)]


def some_of(name: str, options: list[str], say: Callable[[str], str]) -> list[str]:
    """The options chosen; all of them while none is."""
    if len(options) < 2:
        return options
    state.keep(f"calendar.{name}", [], options, address=name)
    picked = st.pills(
        t(f"calendar.{name}"), options, selection_mode="multi", format_func=say, key=f"calendar.{name}"
    )  # fmt: skip
    return list(picked) or options


def picture(shown: pd.DataFrame, stored: list[SavedPlan], pairs: pd.DataFrame, day: date) -> None:
    """The timeline; a click on a plan opens it."""
    words = {one: t(f"calendar.status_{one}") for one in STATUSES}
    words |= {one: t(f"calendar.{one}") for one in ("sends", "clashes", "today")}
    figure = charts.timeline(
        shown.assign(channel=shown["channel"].map(channel_name)),
        timetable.messages(stored),
        timetable.clashes(pairs),
        pd.Timestamp(day),
        words,
    )
    event = st.plotly_chart(
        figure,
        key="calendar.timeline",
        on_select="rerun",
        selection_mode="points",
        alt=t("calendar.alt", count=len(shown)),
        width="stretch",
        config={"displayModeBar": False},
    )
    for point in event["selection"]["points"]:
        go_to(point["customdata"][0], stored)
    first, last = shown["starts_at"].min().date(), shown["ends_at"].max().date()
    st.caption(t("calendar.dates", count=len(shown), first=first, last=last))


def go_to(plan_id: str, stored: list[SavedPlan]) -> None:
    """Opens a plan; a past campaign has no page."""
    if any(saved.plan.plan_id == plan_id for saved in stored):
        open_plan(plan_id)


def listing(shown: pd.DataFrame, stored: list[SavedPlan]) -> None:
    """Every campaign and plan as a row; choosing a plan's row opens it."""
    table = shown.assign(
        channel=shown["channel"].map(channel_name), status=shown["status"].map(lambda one: t(f"calendar.status_{one}"))
    ).reset_index(drop=True)
    event = st.dataframe(
        table,
        column_order=["name", "channel", "starts_at", "ends_at", "status"],
        column_config={
            "name": st.column_config.TextColumn(t("calendar.name"), pinned=True),
            "channel": t("calendar.channel"),
            "starts_at": st.column_config.DatetimeColumn(t("calendar.starts_at"), format="YYYY-MM-DD HH:mm"),
            "ends_at": st.column_config.DatetimeColumn(t("calendar.ends_at"), format="YYYY-MM-DD HH:mm"),
            "status": t("calendar.status"),
        },
        hide_index=True,
        placeholder="–",
        on_select="rerun",
        selection_mode="single-row",
        key="calendar.table",
        alt=t("calendar.title"),
    )
    for row in event["selection"]["rows"]:
        go_to(str(table["id"][row]), stored)
    if stored:
        st.caption(t("calendar.click"))


# --- collisions ---


def in_the_way(shop: Shop, pairs: pd.DataFrame, stored: list[SavedPlan]) -> None:
    """Which plans get in each other's way, and what to do about it."""
    if len(stored) < 2:
        return
    st.subheader(t("calendar.collisions"))
    if pairs.empty:
        st.markdown(f":material/check_circle: {t('calendar.no_collisions')}")
        return
    names = {saved.plan.plan_id: saved.plan.name for saved in stored}
    for pair in pairs.head(PAIRS_SAID).itertuples():
        with st.container(border=True, key=f"calendar.pair_{pair.Index}"):
            st.markdown("\n\n".join(said(pair, names, shop.settings.frequency_cap)))
            with st.container(horizontal=True):
                for one in (pair.plan_a, pair.plan_b):
                    label = t("calendar.open", name=plain(names[one]))
                    where = {"plan": one, "tab": "brief"}
                    st.page_link("views/plan.py", label=label, icon=":material/edit:", query_params=where)
    everything(pairs, names)


def said(pair: Any, names: dict[str, str], cap: int) -> list[str]:
    """One collision in sentences: what it is, and what to do."""
    one, other, keeps = (getattr(pair, name) for name in ("plan_a", "plan_b", "keeps"))
    shared, over, together = (int(getattr(pair, name)) for name in ("shared", "over_cap", "days_together"))
    titles = {"one": plain(names[one]), "other": plain(names[other])}
    sentences = []
    if shared:
        share = widgets.percent(pair.share_of_smaller, 0)
        key = "calendar.share_days" if together else "calendar.share_near"
        sentences.append(t(key, shared=f"{shared:,}", share=share, days=together, **titles))
        sentences.append(t("calendar.first_keeps" if together and not keeps else "calendar.move"))
    if pair.kept:
        loses = other if keeps == one else one
        who = {"keeps": plain(names[keeps]), "loses": plain(names[loses])}
        sentences.append(t("calendar.keeps", kept=f"{int(pair.kept):,}", **who))
    if over:
        sentences.append(t("calendar.over_cap", over=f"{over:,}", cap=cap))
    if pair.discounts_differ:
        count = int(pair.products)
        key = "calendar.two_discounts" if count else "calendar.two_discounts_everything"
        sentences.append(t(key, count=f"{count:,}", **titles))
    return sentences


def everything(pairs: pd.DataFrame, names: dict[str, str]) -> None:
    """All collisions as a table."""
    yes_no = {True: t("calendar.yes"), False: t("calendar.no")}
    table = pairs.assign(
        plan_a=pairs["plan_a"].map(names),
        plan_b=pairs["plan_b"].map(names),
        same_channel=pairs["same_channel"].map(yes_no),
        discounts_differ=pairs["discounts_differ"].map(yes_no),
        keeps=pairs["keeps"].map(names).fillna("–"),
    )
    number = st.column_config.NumberColumn
    st.dataframe(
        table,
        column_order=["plan_a", "plan_b", "shared", "share_of_smaller", "days_together", "same_channel", "over_cap",
                      "discounts_differ", "keeps"],
        column_config={
            "plan_a": st.column_config.TextColumn(t("calendar.plan_a")),
            "plan_b": st.column_config.TextColumn(t("calendar.plan_b")),
            "shared": number(t("calendar.shared"), format="localized"),
            "share_of_smaller": number(t("calendar.share_of_smaller"), format="percent"),
            "days_together": number(t("calendar.days_together"), format="%d"),
            "same_channel": t("calendar.same_channel"),
            "over_cap": number(t("calendar.over_the_cap"), format="localized"),
            "discounts_differ": t("calendar.discounts_differ"),
            "keeps": t("calendar.keeper"),
        },
        hide_index=True,
        key="calendar.collisions",
        alt=t("calendar.collisions"),
    )  # fmt: skip


def days_as_a_file(shop: Shop, stored: list[SavedPlan]) -> None:
    """The days of all plans that are approved or wait for it, made when somebody asks for the file."""

    def made() -> bytes:
        history = ledger.entries(shop.path, shop.shop_id, settings.read().config)
        forecast_today = cache.standing.forecast_today
        found, _ = appointments.still_standing(shop, stored, history, widgets.now().date(), forecast_today)
        return appointments.ics(found, shop.shop_id, shop.settings, spoken)

    spoken = language()
    st.download_button(
        t("export_setup.all_days"),
        door.later(made),
        f"{shop.path.name}.ics",
        "text/calendar",
        key="calendar.ics",
        on_click="ignore",
        icon=":material/event:",
        help=t("export_setup.all_days_help"),
    )


widgets.page_head("calendar.title", "calendar.purpose")

with widgets.problem_box():
    shop = widgets.need_shop()
    stored, entries, day = cache.plans.saved(shop), cache.plans.calendar(shop), today(shop)
    if entries.empty:
        nothing_yet()
    shown = chosen(entries, day)
    pairs = cache.plans.colliding(shop, day)
    if shown.empty:
        st.info(t("calendar.none_chosen"), icon=":material/filter_alt_off:")
    else:
        picture(shown, stored, pairs, day)
    in_the_way(shop, pairs, stored)
    if len(shown):
        st.subheader(t("calendar.list"))
        listing(shown, stored)
    if any(saved.plan.status in ("submitted", "approved", "exported") for saved in stored):
        days_as_a_file(shop, stored)
        door.say_refused()
