"""An e-mail of a plan as a page of HTML, for the tool that sends it."""

from collections.abc import Mapping
from functools import partial

import streamlit as st

from dashboard import cache
from dashboard.text import t
from dashboard.views.plan_tabs import saving
from dashboard.views.plan_tabs.saving import Open
from engine.campaign import html_mail, lint
from engine.campaign.merge import Tool
from engine.campaign.plan import Language


def button(opened: Open, step: int, language: Language, filled: Mapping[str, str], tool: Tool, key: str) -> None:
    """Downloads a message's filled copy as a page; for e-mail alone, and once something is written."""
    plan = opened.plan
    if plan.steps[step].channel != "email" or not any(text.strip() for text in filled.values()):
        return
    facts = saving.facts_of(opened.shop, plan, step, language)
    if facts is None:
        return
    # The lines that the preview and the check show; the sender stands in a place of its own.
    around = lint.outside(filled, facts, cache.lint.rules(opened.shop))
    lines = [line for line in around.after if line != opened.shop.settings.sender_name]
    several = len(plan.steps) > 1 or len(plan.steps[step].languages) > 1
    name = t("copy.html_of", number=step + 1, spoken=t(f"plan.language_{language}")) if several else t("copy.html")
    st.download_button(
        name,
        partial(_page, opened, lines, language, filled, tool),
        f"{plan.plan_id}-{step + 1}-{language}.html",
        "text/html",
        key=key,
        on_click="ignore",
        icon=":material/html:",
        help=t("copy.html_help"),
    )


def _page(opened: Open, lines: list[str], language: Language, filled: Mapping[str, str], tool: Tool) -> bytes:
    settings, plan = opened.shop.settings, opened.plan
    sender = settings.sender_name or settings.name
    return html_mail.page(filled, language, sender, tool, lines, plan.landing_url, plan.utm).encode()
