"""What went with better results, and the test that would settle it."""

import pandas as pd
import streamlit as st

from dashboard import cache, charts, state, widgets
from dashboard.text import channel_name, known, t
from engine.outcome.what_worked import Answer, Line, rows
from engine.outcome.what_worked.settling import Settling
from engine.outcome.what_worked.traits import Trait
from engine.sentences import spoken
from engine.shop.store import Shop

SHOWN = 12  # lines in the chart
YEAR = 365


def show(shop: Shop) -> None:
    """One result at a time: what went with it, in one chart and one table."""
    st.caption(t("worked.purpose"))
    with st.spinner(show_time=True):
        answers = cache.patterns.what_worked(shop)
    one = chosen(answers)
    st.warning(t("worked.association"), icon=":material/link:")
    if one.missing is not None:
        st.info(spoken(one.missing, state.language()), icon=":material/inbox:")
        return
    told = [line for line in one.lines if line.told]
    key = "worked.told" if told else "worked.told_none"
    st.subheader(t(key, **({"count": len(told)} if told else {}), of=len(one.lines)))
    st.caption(based_on(one, shop.settings.currency))
    if one.kind == "messages" and "audience" not in one.corrected:
        st.caption(t("worked.not_audience"))
    picture(one)
    listing(one)


def chosen(answers: list[Answer]) -> Answer:
    """The kind of sending and the result that is looked at: those of messages first."""
    kinds = sorted({one.kind for one in answers}, reverse=True)
    kind = _choice("worked.kind", kinds)
    measures = [one.measure for one in answers if one.kind == kind]
    measure = _choice("worked.measure", list(measures))
    return next(one for one in answers if (one.kind, one.measure) == (kind, measure))


def _choice(key: str, names: list[str]) -> str:
    if len(names) < 2:
        return names[0]
    state.keep(key, names[0], names, address=key.partition(".")[2])
    picked = st.segmented_control(t(key), names, required=True, format_func=lambda one: t(f"{key}_{one}"), key=key)
    return picked or names[0]


def based_on(one: Answer, currency: str) -> str:
    """What the lines rest on, in a sentence."""
    write = {
        "extra": lambda value: widgets.number(value, 1), "revenue": lambda value: widgets.money(value, currency, 2),
    }.get(one.measure, lambda value: widgets.percent(value, 2))  # fmt: skip
    corrected = t("common.trait_separator").join(t(f"worked.corrected_{name}") for name in one.corrected)
    first, last = (day.date() if day is not None else "–" for day in (one.first, one.last))
    values = {"campaigns": one.campaigns, "sent": widgets.number(one.sent), "first": first, "last": last}
    usual = t(f"worked.usual_{one.measure}", value=write(one.usual))
    key = "worked.based" if one.kind == "messages" else "worked.based_ads"
    return t(key, usual=usual, corrected=corrected or "–", of=len(one.lines), **values)


def named(trait: Trait) -> str:
    """A trait in words."""
    if trait.family == "about" and trait.name not in ("goal", "language"):
        return t("worked.about_other", name=trait.name.replace("_", " "), level=trait.level)
    level = trait.level
    if trait.name == "weekday":
        level = t(f"worked.weekday_{level}")
    elif trait.family == "channel":
        level = channel_name(level)
    else:
        key = f"plan.{'offer' if trait.name == 'kind' else trait.name}_{level}"
        level = t(key) if level and known(key) else level
    return t(f"worked.{trait.family}_{trait.name}", level=level)


def _write(value: float, measure: str) -> str:
    return f"{value:+.1f}" if measure == "extra" else f"{value:+.0%}"


def picture(one: Answer) -> None:
    """The clearest lines with their ranges."""
    lines = one.lines[:SHOWN]
    names = [named(line.trait) for line in lines]
    label = t("worked.effect_extra" if one.measure == "extra" else "worked.effect")
    figure = charts.differences(
        names, [line.effect for line in lines], [line.low for line in lines], [line.high for line in lines],
        [line.told for line in lines], label, "+.1f" if one.measure == "extra" else "+.0%",
    )  # fmt: skip
    said = "; ".join(f"{name} {_write(line.effect, one.measure)}" for name, line in zip(names, lines, strict=True))
    widgets.chart(figure, "worked.chart", t("worked.chart_alt", count=len(lines), lines=said))


def listing(one: Answer) -> None:
    """Every line with its counts, and the test that would settle it."""
    shown = pd.DataFrame([_row(line, one.measure) for line in one.lines])
    words = st.column_config.TextColumn
    config = {name: words(t(f"worked.{name}"), pinned=name == "trait") for name in shown}
    config["effect"] = words(t("worked.effect_extra" if one.measure == "extra" else "worked.effect"))
    st.dataframe(shown, column_config=config, hide_index=True, key="worked.table", alt=t("worked.purpose"))
    st.caption(t("worked.test_note"))
    widgets.download(t("worked.download"), lambda: table(one), "what_worked.csv", "worked.download")


def table(one: Answer) -> pd.DataFrame:
    """The lines as numbers, those of the command's file with their units, and each trait in words ("what")."""
    unit = "per_1000_messages" if one.measure == "extra" else "relative"
    units = {name: f"{name}_{unit}" for name in ("effect", "low", "high")} | {"test_difference": "test_difference_rate"}
    numbers = pd.DataFrame(rows(one)).rename(columns=units | {"test_per_arm": "test_people_per_arm"})
    numbers.insert(2, "what", [named(line.trait) for line in one.lines])
    return numbers


def _row(line: Line, measure: str) -> dict[str, str]:
    return {
        "trait": named(line.trait),
        "effect": _write(line.effect, measure),
        "range": t("channels.and_more", low=_write(line.low, measure), high=_write(line.high, measure)),
        "clear": t("worked.yes" if line.told else "worked.no"),
        "test": _test(line.settling),
        "counts": f"{line.with_it} / {line.without}",
        "messages": f"{line.sent_with:,} / {line.sent_without:,}",
    }


def _test(plan: Settling | None) -> str:
    """How big the test must be, and how long it takes."""
    if plan is None:
        return "–"
    people = widgets.number(plan.per_arm)
    if plan.days is None:
        return t("worked.test_people", people=people)
    if plan.days > YEAR:
        return t("worked.test_long", people=people)
    return t("worked.test_days", people=people, days=plan.days)
