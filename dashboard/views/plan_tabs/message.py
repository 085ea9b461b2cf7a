"""A message as a customer reads it."""

import re
from typing import Literal

import streamlit as st

from dashboard.text import t
from engine.campaign import merge
from engine.campaign.plan import PARTS

Colour = Literal["red", "orange", "yellow", "blue", "green", "violet", "gray", "grey", "primary"]
STATUS: dict[str, Colour] = {
    "draft": "gray", "submitted": "orange", "approved": "green", "rejected": "red", "exported": "blue",
    "results_in": "violet",
}  # fmt: skip
VERDICT: dict[str, Colour] = {
    "likely_pays": "green",
    "coin_toss": "orange",
    "do_not_send": "red",
    "never_tried": "gray",
}


def plain(text: str) -> str:
    """Text that Markdown shows as it stands: a dollar sign is no formula, an asterisk no emphasis."""
    return re.sub(r"([\\`*_{}\[\]<>#$|~:])", r"\\\1", text)


def show(filled: dict[str, str], channel: str, language: str, personal_codes: bool = False) -> None:
    """The parts of a message, in reading order, each in the shape it has in a mailbox or on a phone.

    personal_codes: whether every reader has a code of their own; an example stands for it.
    """
    code = merge.EXAMPLE_CODE if personal_codes else None
    for part in PARTS[channel]:
        words = plain(merge.shown(filled.get(part, ""), language, code=code).strip())
        if not words:
            continue
        if part == "subject":
            st.markdown(f"**{words}**")
        elif part == "preheader":
            st.caption(words)
        elif part == "headline":
            st.markdown(f"##### {words}" if channel == "email" else f"**{words}**")
        elif part == "call_to_action":
            st.badge(words, color="primary")
        else:
            st.markdown(words.replace("\n", "\n\n"))
    if not any(filled.get(part, "").strip() for part in PARTS[channel]):
        st.caption(t("copy.nothing_yet"))
