"""Is every word of the copy true and lawful? Each claim with the row it stands in, or the reason against it."""

import re
from collections.abc import Mapping
from html import escape

import pandas as pd
import streamlit as st

from dashboard.text import language, t
from dashboard.views.plan_tabs import message
from engine.campaign import checked
from engine.campaign.claims import SLOT, Finding
from engine.campaign.lint import Rules
from engine.campaign.writer.facts import Facts
from engine.sentences import spoken

GREEN, RED = "rgba(33, 195, 84, 0.22)", "rgba(255, 75, 75, 0.28)"


def show(texts: Mapping[str, str], facts: Facts, rules: Rules, area: str = "copy") -> bool:
    """What is refused, then the copy with its claims marked, then where each stands. True when it may be sent.

    `area`: what the keys begin with, where two messages are on the page.
    """
    found = checked.message({part: text for part, text in texts.items() if text.strip()}, facts, rules)
    for finding in dict.fromkeys(_refusal(one) for one in (*found.says, *found.lacks) if one.verdict == "refused"):
        st.error(finding, icon=":material/cancel:")
    true = [one for one in found.says if one.verdict == "match"]
    if found.is_sendable:
        st.success(t("copy.all_right", count=len(true)), icon=":material/check_circle:")
    if found.says:
        with st.container(key=f"{area}.claims"):
            st.html("".join(_marked(part, text, found.says, facts) for part, text in texts.items() if text.strip()))
    if true:
        with st.expander(t("copy.where_it_stands", count=len(true)), icon=":material/fact_check:"):
            st.dataframe(_rows(true, facts), hide_index=True, key=f"{area}.rows")
    return found.is_sendable


def _refusal(finding: Finding) -> str:
    return message.plain(checked.refusal(finding).text(language()))


def _rows(true: list[Finding], facts: Facts) -> pd.DataFrame:
    """A line for each claim: part, words, row."""
    rows = [(t(f"plan.part_{one.part}"), _said(one, facts), one.row) for one in true]
    columns = [t("copy.column_part"), t("copy.column_says"), t("copy.column_row")]
    return pd.DataFrame(rows, columns=columns).drop_duplicates()


def _said(finding: Finding, facts: Facts) -> str:
    """The words of a claim as a customer reads them."""
    return SLOT.sub(lambda match: facts.slots.get(match.group(1), match.group()), finding.text)


def _marked(part: str, text: str, found: tuple[Finding, ...], facts: Facts) -> str:
    """One part as HTML with every claim marked: a tick and green, or a cross and red; its row or reason on hover."""
    pieces, last = [], 0
    # A refused claim is shown before a true one in the same place.
    own = sorted((one for one in found if one.part == part), key=lambda one: (one.start, one.verdict != "refused"))
    for one in own:
        if one.start < last or one.end <= one.start:
            continue
        pieces += [_plain(text[last : one.start], facts), _mark(one, facts)]
        last = one.end
    pieces.append(_plain(text[last:], facts))
    return f'<p style="margin: 0.25rem 0; overflow-wrap: anywhere">{"".join(pieces)}</p>'


def _mark(finding: Finding, facts: Facts) -> str:
    true = finding.verdict == "match"
    why = escape(spoken(finding.reason, language()), quote=True)
    style = f"background: {GREEN if true else RED}; color: inherit; border-radius: 0.25rem; padding: 0 0.2rem"
    sign = (
        f'<span aria-label="{escape(t("copy.is_true" if true else "copy.is_refused"))}">{"✓" if true else "✗"}</span>'
    )
    return f'<mark style="{style}" title="{why}">{sign}&nbsp;{_plain(finding.text, facts)}</mark>'


def _plain(text: str, facts: Facts) -> str:
    filled = SLOT.sub(lambda match: facts.slots.get(match.group(1), match.group()), text)
    return re.sub(r"\n", "<br>", escape(filled))
