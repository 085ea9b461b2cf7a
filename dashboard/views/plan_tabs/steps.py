"""The messages of a plan after its first: on which day, by which channel, to whom."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import streamlit as st

from dashboard import door, state
from dashboard.text import t
from dashboard.views.plan_tabs.brief_form import MOST_MESSAGES
from engine.campaign.plan import PARTS

AREA, LATER, SHOWN = "brief", "brief.messages", "brief.messages:shown"
DAYS_BETWEEN, LAST_DAY = 3, 365
CHOICES = {"channel": list(PARTS), "language": ["en", "zh"]}
STOP = "stop_if_bought"


def show(values: dict[str, Any], changed: Callable[[], None]) -> None:
    """A frame for each later message, and a button for one more. `changed` saves what they say."""
    later = _later()
    if later:
        st.subheader(t("brief.messages"))
        st.caption(t("audience.first_message", day=values["starts_at"].isoformat()))
    generation = _generation()
    for number in range(len(later)):
        _message(number, generation, values, changed)
    if later:
        st.caption(t("audience.one_holdout", share=f"{values['holdout']} %"))
    if len(later) + 1 < MOST_MESSAGES:
        st.button(
            t("audience.add_message"),
            key="brief.add_message",
            icon=":material/add_comment:",
            **door.for_who_may("draft", help_=t("audience.add_message_help")),
            on_click=_on_add,
            args=(changed,),
        )


def _later() -> list[dict[str, Any]]:
    return list(state.values(AREA, {"messages": []})["messages"])


def _visible(later: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The messages as their widgets show them."""
    return [{part: value for part, value in message.items() if part != "of"} for message in later]


def _shown() -> tuple[list[dict[str, Any]], int]:
    """What the widgets show, and how often that was changed from elsewhere than a widget itself.

    The number is in their keys: the browser may answer for a message with what it showed at its place a moment ago.
    """
    return state.values(AREA, {"messages:shown": None})["messages:shown"] or (_visible(_later()), 0)


def _is_current(generation: int) -> bool:
    """Whether a widget of this generation shows what is in force."""
    shown, now = _shown()
    return generation == now and shown == _visible(_later())


def _generation() -> int:
    """For widgets that are drawn now."""
    shown, generation = _shown()
    visible = _visible(_later())
    generation += shown != visible
    state.put(SHOWN, (visible, generation))
    return generation


def _keep(later: list[dict[str, Any]], changed: Callable[[], None], moved: bool = False) -> None:
    """Later messages stand by their day, whichever way they were made."""
    state.touch(AREA)  # first: the next click may end this run anywhere below
    ordered = sorted(later, key=lambda message: message["day"])
    generation = _shown()[1]
    state.put(LATER, ordered)
    if not moved and ordered == later:
        state.put(SHOWN, (_visible(later), generation))
    changed()


def _on_add(changed: Callable[[], None]) -> None:
    later, first = _later(), state.values(AREA, {"channel": "email", "language": "en"})
    day = max([0, *(message["day"] for message in later)]) + DAYS_BETWEEN
    _keep([*later, {"of": None, "day": day, "condition": STOP, **first}], changed, moved=not _is_current(_shown()[1]))


def _on_remove(number: int, generation: int, changed: Callable[[], None]) -> None:
    later = _later()
    if _is_current(generation):
        _keep(later[:number] + later[number + 1 :], changed, moved=True)


def _key(part: str, number: int, generation: int) -> str:
    return f"message_{part}_{number}" + (f".g{generation}" if generation else "")


def _on_part(number: int, part: str, generation: int, changed: Callable[[], None]) -> None:
    name = _key(part, number, generation)
    later, said = _later(), state.values(AREA, {name: None})[name]
    if _is_current(generation) and said is not None:
        said = (STOP if said else None) if part == "condition" else said
        later[number] = {**later[number], part: said}
        _keep(later, changed)


def _named(part: str, one: str) -> str:
    return t(f"plan.{part}_{one}")


def _message(number: int, generation: int, values: dict[str, Any], changed: Callable[[], None]) -> None:
    """Day, channel, language and condition of one message."""
    message = _later()[number]

    def key(part: str) -> str:
        name = _key(part, number, generation)
        value = message[part] == STOP if part == "condition" else message[part]
        said = state.values(AREA, {name: None})[name]
        if said is not None and said != value:  # the next click cut short what its callback had to do
            _on_part(number, part, generation, changed)
            st.rerun()
        state.put(f"{AREA}.{name}", value)
        return f"{AREA}.{name}"

    with (
        st.container(border=True, key=f"brief.message_{number}"),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        st.number_input(
            t("audience.message_day", number=number + 2),
            min_value=1,
            max_value=LAST_DAY,
            step=1,
            key=key("day"),
            width=190,
            on_change=_on_part,
            args=(number, "day", generation, changed),
        )
        for part, options in CHOICES.items():
            st.selectbox(
                t(f"brief.{part}"),
                options,
                format_func=partial(_named, part),
                key=key(part),
                width=170,
                on_change=_on_part,
                args=(number, part, generation, changed),
            )
        st.checkbox(
            t("audience.stop_if_bought"),
            key=key("condition"),
            on_change=_on_part,
            args=(number, "condition", generation, changed),
        )
        st.button(
            t("audience.remove"),
            key=f"{AREA}.{_key('remove', number, generation)}",
            icon=":material/close:",
            type="tertiary",
            on_click=_on_remove,
            args=(number, generation, changed),
            **door.for_who_may("draft"),
        )
        day = values["starts_at"] + timedelta(days=message["day"])
        st.caption(t("audience.sent_on", day=day.isoformat()), width="content")
        if day > values["ends_at"]:
            st.warning(t("audience.after_the_end", day=values["ends_at"].isoformat()), icon=":material/event_busy:")
