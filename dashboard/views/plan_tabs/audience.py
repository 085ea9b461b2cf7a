"""Who gets the plan's messages: groups and a rule, minus others, and how many of them each channel reaches."""

from collections.abc import Callable, Collection
from typing import Any

import streamlit as st

from dashboard import cache, state, widgets
from dashboard.text import channel_name, group_name, t
from dashboard.views.plan_tabs import brief_form, rule_builder, saved_audiences
from dashboard.views.plan_tabs.message import plain
from dashboard.views.plan_tabs.rule_values import Builder
from dashboard.views.plan_tabs.saving import Open
from engine.audience.reach import CAP_DAYS, Reach
from engine.campaign.plan import Plan
from engine.errors import AppError, NotEnoughData
from engine.shop.store import Shop

AREA = "brief"
RULES = ("rule", "exclude_rule")


def show(opened: Open, changed: Callable[[], None]) -> None:
    """The fields of the audience. `changed` saves what they say."""
    st.subheader(t("brief.who"))
    left, right = st.columns(2, gap="large")
    with left:
        st.text_input(t("brief.name"), key="brief.name", max_chars=200, on_change=changed)
        _groups(opened.shop, "groups", changed)
    with right:
        st.number_input(
            t("audience.skip_buyers"),
            min_value=0,
            max_value=365,
            step=1,
            key="brief.skip_buyers_days",
            help=t("audience.skip_buyers_help"),
            on_change=changed,
        )
        _groups(opened.shop, "exclusions", changed)
    if opened.plan.audience.customer_ids:
        st.caption(t("audience.listed", count=f"{len(opened.plan.audience.customer_ids):,}"))
    for name in RULES:
        _rule(opened, name, changed)
    saved_audiences.show(opened, changed)


# --- groups ---


def _groups(shop: Shop, name: str, changed: Callable[[], None]) -> None:
    """Suggested groups and groups by rule in one list, each with its size."""
    labels = group_labels(shop)
    chosen = state.values(AREA, {name: []})[name]
    if not labels and not chosen:
        if name == "groups":
            st.caption(f":material/groups: {t('brief.no_groups')}")
        return
    st.multiselect(
        t(f"brief.{name}"),
        list(dict.fromkeys([*labels, *chosen])),
        format_func=lambda one: labels.get(one) or t("brief.group_gone", group=one),
        key=f"brief.{name}",
        placeholder=t("brief.choose"),
        help=t("audience.groups_help"),
        wrap=True,
        on_change=changed,
    )
    if name == "groups" and not any(not brief_form.is_stage(one) for one in labels):
        st.page_link("views/customers.py", label=t("brief.make_groups"), icon=":material/arrow_forward:")


def group_labels(shop: Shop) -> dict[str, str]:
    """Every group that can be chosen, with its kind, name and size."""
    found: dict[str, str] = {}
    try:
        for row in cache.customers.segmentation(shop).profiles.itertuples():
            size = {"name": group_name(str(row.segment_name)), "count": f"{row.customers:,}"}
            found[str(row.segment_id)] = t("brief.group_size", **size)
    except NotEnoughData:
        pass  # the field says how to make them
    for row in cache.customers.lifecycle_groups(shop).itertuples():
        size = {"name": stage_name(str(row.rule_text)), "count": f"{row.customers:,}"}
        found[str(row.rule_text)] = t("audience.lifecycle", group=t("brief.group_size", **size))
    return found


def stage_name(chosen: str) -> str:
    """The name of a lifecycle group that was chosen as "lifecycle = slipping"."""
    return t(f"audience.stage_{chosen.removeprefix(brief_form.STAGE).replace('-', '_')}")


# --- a rule ---


def _rule(opened: Open, name: str, changed: Callable[[], None]) -> None:
    """A rule as rows and as text; closed until there was one."""
    shop, key = opened.shop, f"brief.{name}"
    text = str(state.values(AREA, {name: ""})[name])
    with st.expander(
        t(f"audience.open_{name}"),
        expanded=_was_written(opened, name, text),
        key=f"{key}_open",
        icon=":material/rule:",
        on_change="rerun",  # so that it stays open when its last row is removed
    ):
        builder = Builder(shop, key, changed)
        rule_builder.show(builder)
        rule_builder.text(builder)
        if not text.strip():
            st.caption(f":material/info: {t(f'audience.no_{name}')}")
            return
        for problem in cache.rules.problems(shop, text):
            st.error(plain(_labelled(name, problem)), icon=":material/error:")


def _was_written(opened: Open, name: str, text: str) -> bool:
    """Whether this plan has such a rule, or had one since the page was opened.

    A section that began open is another one to Streamlit than one that began closed: were it to follow the text, it
    would fall shut the moment its text is emptied.
    """
    place = f"{name}:written"
    written = bool(text.strip()) or state.values(AREA, {place: None})[place] == opened.plan.plan_id
    if written:
        state.put(f"{AREA}.{place}", opened.plan.plan_id)
    return written


def _labelled(name: str, problem: str) -> str:
    """What is wrong with a rule; of the one that leaves customers out it says so."""
    return t("audience.in_exclude_rule", problem=problem) if name == "exclude_rule" else problem


# --- how many ---


def count(opened: Open, values: dict[str, Any]) -> None:
    """How many the audience holds, how many of them each channel reaches, and why not the others."""
    check = lambda text: cache.rules.problems(opened.shop, text)  # noqa: E731
    named, _ = brief_form.audience_from(values, opened.plan.audience, check)
    if named is None:
        wrong = "rule" if values["rule"].strip() and check(values["rule"]) else "exclude_rule"
        st.caption(t(f"audience.mend_{wrong}"))
        return
    if named.is_empty:
        st.caption(t("brief.no_audience"))
        return
    plan, _ = brief_form.plan_from(values, opened.plan, check)
    try:
        reached = cache.audience.reach(opened.shop, plan or opened.plan.model_copy(update={"audience": named}))
    except AppError as problem:
        widgets.show_problem(problem)
        return
    _counted(opened.shop, plan or opened.plan, reached)


def _counted(shop: Shop, plan: Plan, reached: cache.audience.Reached) -> None:
    first = plan.channel
    with st.container(border=True, key="brief.reach", gap="xsmall"):
        st.markdown(
            t(
                "brief.reach",
                count=f"{len(reached.by_channel[first].customer_ids):,}",
                size=f"{reached.size:,}",
                channel=t(f"plan.channel_{first}"),
            )
        )
        if len({step.channel for step in plan.steps}) > 1:
            st.markdown(t("audience.any_channel", count=f"{len(reached.reachable):,}"))
        bars(shop, plan, reached, list(reached.by_channel))


def bars(shop: Shop, plan: Plan, reached: cache.audience.Reached, channels: Collection[str]) -> None:
    """How many each of these channels reaches, who is left out and why, of which day that is and what it minds."""
    for channel in dict.fromkeys(channels):
        _bar(channel, reached.by_channel[channel])
    st.caption(" ".join([t("audience.data_until", day=reached.last_day.isoformat()), *_others(reached)]))
    st.caption(t("audience.reach_means", cap=shop.settings.frequency_cap, days=CAP_DAYS))
    if plan.audience.skip_buyers_days:
        st.caption(t("audience.reach_means_buyers", days=plan.audience.skip_buyers_days))


def _bar(channel: str, one: Reach) -> None:
    """One channel's share of the audience, and who is left out for which reason."""
    reasons = [t(f"brief.left_{reason}", count=f"{count:,}") for reason, count in one.left_out.items()]
    said = [f"**{plain(channel_name(channel))} {len(one.customer_ids):,}**", *reasons]
    st.progress(one.share, text=t("brief.reach_separator").join(said))


def _others(reached: cache.audience.Reached) -> list[str]:
    if not reached.other_plans:
        return []
    return [t("audience.other_plans", names=plain(", ".join(reached.other_plans)))]
