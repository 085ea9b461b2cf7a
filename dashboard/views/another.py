"""Would another choice have paid?"""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from dashboard import cache, charts, state, widgets
from dashboard.text import group_name, language, t
from dashboard.views.plan_tabs.message import plain
from engine.errors import NotEnoughData
from engine.outcome import uploads
from engine.outcome.offpolicy.answer import Answer
from engine.outcome.offpolicy.estimators import NAMES
from engine.outcome.offpolicy.from_shop import RECENT_DAYS, Sends
from engine.outcome.offpolicy.intervals import Estimate
from engine.shop.store import Shop

LEVEL = "95 %"
SOURCES = ("sends", "plan", "file")
COMMANDS = {
    "sends": "python -m engine offpolicy --choice recent --out estimates.csv",
    "plan": "python -m engine offpolicy --plan PLAN --choice everybody:B --out estimates.csv",
    "file": "python -m engine offpolicy log.csv --policy policy.csv --out estimates.csv",
}


@dataclass(frozen=True, slots=True)
class Unit:
    """How a reward is written: in a text, in a chart, and what it is called."""

    write: Callable[[float], str]
    form: str
    name: str


# --- where choices come from ---


def of_sends(shop: Shop) -> tuple[Answer, Unit] | None:
    """Another choice of whom to write to, judged on the shop's past sends; None where they cannot tell."""
    try:
        with st.spinner(t("another.reading"), show_time=True):
            known = cache.choices.sends(shop)
    except NotEnoughData as problem:
        st.info(plain(problem.text(language())), icon=":material/inbox:")
        st.caption(t("another.or_file"))
        return None
    state.keep("another.choice", "nobody", known.choices, address="choice")
    choice = st.selectbox(
        t("another.choice"), known.choices, format_func=lambda one: choice_name(one, known), key="another.choice"
    )
    with st.spinner(t("another.working"), show_time=True):
        found = cache.choices.judged(shop, choice)
    st.caption(t("another.sends_basis", messages=widgets.number(found.rows), first=known.first, last=known.last,
                 campaigns=known.facts["campaigns"], held=widgets.number(known.facts["held_out"])))  # fmt: skip
    if choice.startswith("group:"):
        st.caption(f":material/info: {t('another.groups_of_today')}")
    return found, unit_of(known, shop.settings.currency)


def choice_name(choice: str, known: Sends) -> str:
    """A choice in words."""
    if choice.startswith("group:"):
        return t("another.only_group", group=group_name(known.groups[choice.removeprefix("group:")]))
    return t(f"another.choice_{choice}", days=RECENT_DAYS)


def unit_of(known: Sends, currency: str) -> Unit:
    """Profit per message, or orders where nobody can know the money; with where that comes from."""
    if known.source == "orders":
        st.caption(t("another.profit_of_orders"))
    elif known.source == "revenue":
        st.caption(t("another.profit_is", margin=widgets.percent(known.margin, 0)))
    for said in known.notes:
        st.caption(plain(said.text(language())))
    if known.reward == "profit":
        return Unit(lambda value: plain(widgets.money(value, currency, 2)), ",.2f", t("another.profit", of=currency))
    return Unit(lambda value: widgets.percent(value, 2), ".2%", t("another.orders"))


def of_plan(shop: Shop) -> tuple[Answer, Unit] | None:
    """Another variant, or none, judged on the draws of one plan; None where no plan had variants."""
    named = cache.choices.with_variants(shop)
    if not named:
        st.info(t("another.no_plan"), icon=":material/inbox:")
        return None
    left, right = st.columns(2)
    state.keep("another.plan", next(iter(named)), list(named), address="plan_id")
    plan_id = left.selectbox(t("another.plan"), list(named), format_func=named.__getitem__, key="another.plan")
    with st.spinner(t("another.reading"), show_time=True):
        known = cache.choices.variants(shop, plan_id)
    state.keep("another.variant", known.choices[-1], known.choices, address="variant")
    choice = right.selectbox(t("another.variant"), known.choices, format_func=variant_name, key="another.variant")
    with st.spinner(t("another.working"), show_time=True):
        found = cache.choices.judged_variant(shop, plan_id, choice)
    basis = {"people": widgets.number(found.rows), "first": known.first, "last": known.last, "days": known.days}
    st.caption(t("another.plan_basis", **basis))
    for said in known.notes:
        st.caption(plain(said.text(language())))
    currency = shop.settings.currency
    named_unit = t("another.profit_drawn", of=currency)
    return found, Unit(lambda value: plain(widgets.money(value, currency, 2)), ",.2f", named_unit)


def variant_name(choice: str) -> str:
    """A choice between variants in words."""
    way, _, variant = choice.partition(":")
    return t(f"another.plan_{way}", variant=variant, days=RECENT_DAYS)


def of_files() -> tuple[Answer, Unit] | None:
    """A log and a policy that somebody brings; None before both are there."""
    left, right = st.columns(2)
    endings = list(uploads.ENDINGS)
    log = left.file_uploader(t("another.log"), endings, key="another.log", help=t("another.log_help"))
    policy = right.file_uploader(t("another.policy"), endings, key="another.policy", help=t("another.policy_help"))
    if log is None or policy is None:
        st.info(t("another.empty"), icon=":material/upload_file:")
        return None
    with st.spinner(t("another.working"), show_time=True):
        found = cache.choices.judged_files(log.getvalue(), log.name, policy.getvalue(), policy.name)
    st.caption(t("another.file_basis", rows=widgets.number(found.rows), actions=found.actions))
    return found, Unit(lambda value: f"{value:,.4g}", ",.4~g", t("another.reward"))


# --- the answer ---


def answer(found: Answer, unit: Unit) -> None:
    """Warnings first, then the verdict, the figures, the chart, and every estimate; these out of sight where there is
    no verdict, as a figure would look like one."""
    for said in found.overlap.refusals:
        st.warning(plain(said.text(language())), icon=":material/block:")
    for said in found.overlap.notes:
        st.warning(plain(said.text(language())), icon=":material/warning:")
    st.subheader(found.sentence.text(language()), anchor=False)
    refused = found.verdict == "no_overlap"
    figures(found, unit, refused)
    if not refused:
        estimates(found, unit)
        return
    with st.expander(t("another.refused"), icon=":material/block:"):
        st.caption(t("another.refused_about"))
        estimates(found, unit)


def estimates(found: Answer, unit: Unit) -> None:
    """The chart, quiet where there is no verdict, and every estimate."""
    own, table = found.logged, found.table()
    words = {"done": t("another.done"), "range": LEVEL, "axis": unit.name, "form": unit.form}
    figure = charts.estimates(table, (own.value, own.low, own.high), found.verdict == "no_overlap", words)
    widgets.chart(figure, "another.chart", t("another.chart_alt", count=len(table)))
    listing(table, found)


def figures(found: Answer, unit: Unit, refused: bool) -> None:
    """What was done and, unless refused, what the other choice would have earned; and how much the log can tell."""
    headline, seen = found.headline, found.overlap
    judged = [] if refused else [("other", headline.value), ("gain", headline.gain)]
    with st.container(horizontal=True):
        for name, value in [("done", found.logged), *judged]:
            st.metric(
                t(f"another.{name}"), unit.write(value.value), ranged(value, unit), delta_color="off",
                delta_arrow="off", border=True, help=t(f"another.{name}_help", unit=unit.name),
            )  # fmt: skip
        st.metric(t("another.effective"), widgets.number(seen.effective), border=True, help=t("another.effective_help"))
        st.metric(t("another.never"), widgets.percent(seen.never_tried), border=True, help=t("another.never_help"))


def ranged(value: Estimate, unit: Unit) -> str:
    return widgets.between(unit.write(value.low), unit.write(value.high), LEVEL)


def listing(table: pd.DataFrame, found: Answer) -> None:
    """Every estimate with its verdict, how each comes about, and the file."""
    words = [t(f"offpolicy.word_{found.verdict_of(one)}") for one in found.found]
    number = st.column_config.NumberColumn
    named = {name: number(t(f"another.{name}"), format="%.5g") for name in
             ("value", "low", "high", "gain", "gain_low", "gain_high")}  # fmt: skip
    st.dataframe(
        table.assign(verdict=words),
        column_order=["estimator", "value", "low", "high", "gain", "gain_low", "gain_high", "verdict"],
        column_config={**named, "estimator": t("another.estimator"), "verdict": t("another.verdict")},
        hide_index=True,
        placeholder="–",
        key="another.table",
        alt=t("another.title"),
    )
    with st.expander(t("another.how")):
        st.markdown("\n".join(f"- **{name}**: {t(f'another.how_{name.lower()}')}" for name in NAMES))
        st.caption(t("another.how_intervals"))
    widgets.download(t("another.download"), lambda: table, "estimates.csv", "another.download")


widgets.page_head("another.title", "another.purpose")

with widgets.problem_box():
    shop = widgets.need_shop()
    state.keep("another.source", SOURCES[0], SOURCES, address="source")
    source = st.segmented_control(
        t("another.source"), SOURCES, required=True, format_func=lambda one: t(f"another.source_{one}"),
        key="another.source",
    )  # fmt: skip
    judged = of_files() if source == "file" else of_plan(shop) if source == "plan" else of_sends(shop)
    if judged is not None:
        answer(*judged)
st.caption(t("another.elsewhere", command=f"`{COMMANDS[source or SOURCES[0]]}`"))
