"""How should the next ads or messages be split?"""

from dataclasses import replace

import pandas as pd
import streamlit as st

from dashboard import cache, charts, door, state, widgets
from dashboard.text import channel_name, language, t
from dashboard.views.plan_tabs.message import plain
from engine import settings
from engine.decision import moments
from engine.outcome import uploads
from engine.outcome.bandit import confirmed, proposal
from engine.outcome.bandit.arms import GOALS, Choice
from engine.outcome.bandit.proposal import EXPLORING, MOST_EXPLORING, Proposal
from engine.shop.store import Shop

LEVEL = "95 %"
SOURCES = ("ads", "variants", "file")
AREA = "next_split"
PROFIT = ("profit", "profit_low", "profit_high")
ICONS = {"too_early": "hourglass_empty", "thin": "help", "leading": "emoji_events"}
COMMAND = "python -m engine split --of ads"


# --- where arms come from ---


def chosen(shop: Shop) -> Choice | None:
    """What is to be split anew; None where there is nothing, which is said."""
    state.keep("next_split.source", SOURCES[0], SOURCES, address="source")
    source = st.segmented_control(
        t("next_split.source"), SOURCES, required=True, format_func=lambda one: t(f"next_split.source_{one}"),
        key="next_split.source",
    )  # fmt: skip
    if source == "file":
        file = st.file_uploader(
            t("next_split.file"), list(uploads.ENDINGS), key="next_split.file", help=t("next_split.file_help")
        )
        if file is None:
            st.info(t("next_split.empty_file"), icon=":material/upload_file:")
            return None
        return replace(cache.choices.arms_of_file(file.getvalue(), file.name), currency=shop.settings.currency)
    return of_shop(shop, source or SOURCES[0])


def of_shop(shop: Shop, source: str) -> Choice | None:
    """Ads or variants of the shop, and what counts."""
    state.keep("next_split.goal", GOALS[0], GOALS, address="goal")
    left, right = st.columns(2)
    goal = left.segmented_control(
        t("next_split.goal"), GOALS, required=True, format_func=lambda one: t(f"next_split.goal_{one}"),
        key="next_split.goal",
    )  # fmt: skip
    found = cache.choices.arms_of(shop, source, goal or GOALS[0])
    if not found:
        st.info(t(f"next_split.empty_{source}"), icon=":material/inbox:")
        return None
    state.keep("next_split.among", next(iter(found)), list(found), address="among")
    among = right.selectbox(
        t("next_split.among"), list(found), format_func=lambda one: among_name(one, shop), key="next_split.among"
    )
    return found[among]


def among_name(name: str, shop: Shop) -> str:
    """A campaign by its name, a channel in words, or all."""
    if name == "*":
        return t("next_split.all")
    return cache.campaigns.names(shop).get(name) or channel_name(name)


def ways(count: int) -> tuple[float, float | None]:
    """The smallest share of an arm, and how late conversions are, where somebody knows."""
    usual, most = 100 * EXPLORING / count, 100 * MOST_EXPLORING / count
    state.keep("next_split.least", None)
    state.keep("next_split.delay", None)
    with st.expander(t("next_split.ways")):
        left, right = st.columns(2)
        least = left.number_input(
            t("next_split.least"), 0.1, most, None, step=0.5, key="next_split.least", placeholder=f"{usual:.1f}",
            help=t("next_split.least_help"),
        )  # fmt: skip
        delay = right.number_input(
            t("next_split.delay"), 0.0, 365.0, None, step=0.5, key="next_split.delay",
            placeholder=t("next_split.delay_seen"), help=t("next_split.delay_help"),
        )  # fmt: skip
    return (usual if least is None else min(least, most)) / 100, delay


# --- the answer ---


def answer(found: Proposal) -> None:
    """Why, the figures, shares so far and next, and every arm."""
    st.subheader(t(f"next_split.state_{found.state}"), anchor=False)
    for number, reason in enumerate(found.reasons):
        icon = ICONS[found.state] if number == 0 else "info"
        st.markdown(f":material/{icon}: {plain(reason.text(language()))}")
    with st.container(horizontal=True):
        above_even(found)
        events = sum(arm.converted for arm in found.arms)
        st.metric(t("next_split.events"), widgets.number(events), border=True)
        st.metric(t("next_split.shown"), widgets.number(sum(arm.shown for arm in found.arms)), border=True)
    st.caption(t("next_split.dates", first=found.first, last=found.last))
    table = arms_table(found)
    words = {name: t(f"next_split.{name}") for name in ("so_far", "share", "axis")}
    widgets.chart(charts.shares(table, words), "next_split.chart", t("next_split.chart_alt", count=len(table)))
    listing(table)


def above_even(found: Proposal) -> None:
    """What the shares so far brought above an even split, in the unit of what is maximised."""
    against, key = found.against_even, "next_split.against_even"
    value, low, high = f"{against.value:+,.0f}", widgets.number(against.low), widgets.number(against.high)
    if found.maximises == "profit":
        key = "next_split.profit_against_even"
        value, low, high = (
            plain(widgets.money(one, found.currency)) for one in (against.value, against.low, against.high)
        )
    st.metric(
        t(key), value, widgets.between(low, high, LEVEL), delta_color="off", delta_arrow="off", border=True,
        help=t(f"{key}_help"),
    )  # fmt: skip


def arms_table(found: Proposal) -> pd.DataFrame:
    """One row per arm: its counts, its rate with range, how likely it is the best, its share so far and next; profit
    per 1,000 shown where that is maximised."""
    total = max(sum(arm.shown for arm in found.arms), 1)
    rows = [
        {
            "arm": arm.name, "shown": arm.shown, "converted": arm.converted, "rate": arm.rate.value,
            "rate_low": arm.rate.low, "rate_high": arm.rate.high, "chance_best": arm.chance_best,
            "so_far": arm.shown / total, "share": arm.share,
            **({} if arm.profit is None else {"profit": arm.profit.value * 1_000, "profit_low": arm.profit.low * 1_000,
                                              "profit_high": arm.profit.high * 1_000}),
        }
        for arm in found.arms
    ]  # fmt: skip
    return pd.DataFrame(rows)


def listing(table: pd.DataFrame) -> None:
    """Every arm, and the file for whoever sets the shares."""
    number = st.column_config.NumberColumn
    named = {name: number(t(f"next_split.{name}"), format="%.3f%%", help=t("next_split.rate_help")) for name in
             ("rate", "rate_low", "rate_high")}  # fmt: skip
    named |= {name: number(t(f"next_split.{name}"), format="localized") for name in ("shown", "converted")}
    named |= {name: number(t(f"next_split.{name}"), format="%.2f") for name in PROFIT}
    named |= {name: number(t(f"next_split.{name}"), format="percent") for name in ("chance_best", "so_far", "share")}
    st.dataframe(
        table.assign(**{name: table[name] * 100 for name in ("rate", "rate_low", "rate_high")}),
        column_order=[
            "arm",
            "share",
            "so_far",
            "chance_best",
            *PROFIT,
            "rate",
            "rate_low",
            "rate_high",
            "converted",
            "shown",
        ],
        column_config={**named, "arm": st.column_config.TextColumn(t("next_split.arm"), pinned=True)},
        hide_index=True,
        key="next_split.table",
        alt=t("next_split.title"),
    )
    widgets.download(t("next_split.download"), lambda: table, "next-split.csv", "next_split.download")


# --- a person confirms ---


def act(shop: Shop, found: Proposal) -> None:
    """Nothing is shown otherwise until a person says so; what they confirm is kept with its propensities."""
    config = settings.read().config
    if words := state.told(AREA):
        st.success(words, icon=":material/check_circle:")
    if before := confirmed.last(shop, found.name, config):
        shares = ", ".join(f"{arm} {share:.1%}" for arm, share in before.payload["propensities"].items())
        values = {"by": plain(before.actor), "at": moments.shown(before.at, shop), "shares": plain(shares)}
        st.caption(t("next_split.in_force", **values))
    st.caption(t("next_split.nothing_changes"))
    reason = st.text_input(t("next_split.reason"), key="next_split.reason", max_chars=500)
    may = door.for_who_may("submit", disabled=not reason.strip())
    if st.button(t("next_split.confirm"), key="next_split.confirm", type="primary", icon=":material/check:", **may):
        person = state.person()
        with widgets.saving():
            entry = confirmed.confirm(shop, found, person, person, reason, widgets.now(), config)
        state.tell(AREA, t("next_split.confirmed", seq=entry.seq))
        st.rerun()
    door.say_who_may("submit")


widgets.page_head("next_split.title", "next_split.purpose")

with widgets.problem_box():
    shop = widgets.need_shop()
    choice = chosen(shop)
    if choice is not None:
        least, delay = ways(len(choice.arms))
        found = proposal.propose(choice, least, delay)
        answer(found)
        act(shop, found)
st.caption(t("next_split.elsewhere", command=f"`{COMMAND}`"))
