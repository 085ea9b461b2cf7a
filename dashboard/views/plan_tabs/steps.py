"""The messages of a plan after its first: on which day, by which channel, to whom."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import streamlit as st

from dashboard import state
from dashboard.text import t
from dashboard.views.plan_tabs.brief_form import MOST_MESSAGES
from engine.campaign.plan import PARTS

AREA, LATER = "brief", "brief.messages"
DAYS_BETWEEN, LAST_DAY = 3, 365
CHOICES = {"channel": list(PARTS), "language": ["en", "zh"]}
STOP = "stop_if_bought"


def show(values: dict[str, Any], changed: Callable[[], None]) -> None:
    """A frame for each later message, and a button for one more. `changed` saves what they say."""
    later = _later()
    if later:
        st.subheader(t("brief.messages"))
        st.caption(t("audience.first_message", day=values["starts_at"].isoformat()))
    for number, message in enumerate(later):
        _message(number, message, values, changed)
    if later:
        st.caption(t("audience.one_holdout", share=f"{values['holdout']} %"))
    if len(later) + 1 < MOST_MESSAGES:
        st.button(
            t("audience.add_message"),
            key="brief.add_message",
            icon=":material/add_comment:",
            help=t("audience.add_message_help"),
            on_click=_on_add,
            args=(changed,),
        )


def _later() -> list[dict[str, Any]]:
    return list(state.values(AREA, {"messages": []})["messages"])


def _keep(later: list[dict[str, Any]], changed: Callable[[], None]) -> None:
    """Later messages stand by their day, whichever way they were made."""
    state.put(LATER, sorted(later, key=lambda message: message["day"]))
    changed()


def _on_add(changed: Callable[[], None]) -> None:
    later, first = _later(), state.values(AREA, {"channel": "email", "language": "en"})
    day = max([0, *(message["day"] for message in later)]) + DAYS_BETWEEN
    _keep([*later, {"of": None, "day": day, "condition": STOP, **first}], changed)


def _on_remove(number: int, changed: Callable[[], None]) -> None:
    later = _later()
    _keep(later[:number] + later[number + 1 :], changed)


def _on_part(number: int, part: str, changed: Callable[[], None]) -> None:
    later, said = _later(), state.values(AREA, {f"message_{part}_{number}": None})[f"message_{part}_{number}"]
    if number < len(later) and said is not None:
        said = (STOP if said else None) if part == "condition" else said
        later[number] = {**later[number], part: said}
        _keep(later, changed)


def _named(part: str, one: str) -> str:
    return t(f"plan.{part}_{one}")


def _message(number: int, message: dict[str, Any], values: dict[str, Any], changed: Callable[[], None]) -> None:
    """Day, channel, language and condition of one message."""

    def key(part: str) -> str:
        shown = message[part] == STOP if part == "condition" else message[part]
        state.put(f"brief.message_{part}_{number}", shown)
        return f"brief.message_{part}_{number}"

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
            args=(number, "day", changed),
        )
        for part, options in CHOICES.items():
            st.selectbox(
                t(f"brief.{part}"),
                options,
                format_func=partial(_named, part),
                key=key(part),
                width=170,
                on_change=_on_part,
                args=(number, part, changed),
            )
        st.checkbox(
            t("audience.stop_if_bought"), key=key("condition"), on_change=_on_part, args=(number, "condition", changed)
        )
        st.button(
            t("audience.remove"),
            key=f"brief.remove_message_{number}",
            icon=":material/close:",
            type="tertiary",
            on_click=_on_remove,
            args=(number, changed),
        )
        day = values["starts_at"] + timedelta(days=message["day"])
        st.caption(t("audience.sent_on", day=day.isoformat()), width="content")
        if day > values["ends_at"]:
            st.warning(t("audience.after_the_end", day=values["ends_at"].isoformat()), icon=":material/event_busy:")
