"""What is put before a second person: who gets what, on which terms, what they read, and what it would probably earn.

Said in the words of the approval pack (engine.decision.proposal), so that nobody signs for less here than on paper.
"""

import contextlib
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import streamlit as st

from dashboard import cache, widgets
from dashboard.text import language, t
from dashboard.views.plan_tabs import assumed, editing, message, override
from dashboard.views.plan_tabs.message import plain
from dashboard.views.plan_tabs.saving import Open
from engine import settings
from engine.campaign import planned
from engine.campaign.first.assumed import of_json
from engine.decision import ledger, overrides, proposal, standing
from engine.decision.ledger import Entry
from engine.decision.proposal import Line, Proposal
from engine.errors import AppError


def submission(opened: Open) -> Entry | None:
    """The plan's last submission in the history, decided or not: what lies beside the plan may be newer than it."""
    config = settings.read().config
    try:
        return standing.submitted_in(ledger.entries(opened.shop.path, opened.shop.shop_id, config, opened.plan.plan_id))
    except AppError:
        return None  # what is wrong with the history stands at the top of the tab


def submitted(opened: Open, entry: Entry | None) -> None:
    """What was submitted, with the forecast that was submitted."""
    _show(opened, proposal.numbers_of(entry) if entry else {})


def of_draft(opened: Open, forecast: Mapping[str, Any]) -> None:
    """What is about to be submitted; how many it is for is counted where no forecast says so."""
    counted: dict[str, Any] = {}
    if not forecast and not opened.plan.audience.is_empty:
        with contextlib.suppress(AppError):  # what is wrong with the audience is said on its own tab
            reached = cache.audience.reach(opened.shop, opened.plan)
            counted = {"audience_size": reached.size, "reachable": len(reached.reachable)}
    _show(opened, {**counted, **forecast})


def _show(opened: Open, row: dict[str, Any]) -> None:
    copy = opened.saved.extras.get("filled") or {}
    told = {name: value for name, value in row.items() if name != overrides.KEY}  # said in a box of its own
    asked = proposal.of_plan(opened.shop, opened.plan, told, copy, language())
    left, right = st.columns(2, gap="large")
    with left:
        with st.container(border=True, key="approve.terms"):
            lines(t("pack.head_audience"), asked.audience)
            lines(t("pack.head_offer"), asked.offer)
        st.caption(t("approve.forecast"))
        with st.container(border=True, key="approve.numbers"):
            _forecast(opened, row, asked)
    with right:
        for number in range(len(opened.plan.steps)):
            _message(opened, copy, number)


def lines(head: str, found: Iterable[Line]) -> None:
    """Facts under a heading, a line each."""
    st.caption(head)
    st.markdown("  \n".join(f"{plain(line.name)}: {plain(line.text)}" for line in found))


def _message(opened: Open, copy: dict[str, str], number: int) -> None:
    """One message as a customer reads it in each of its languages, with when, how and to whom it goes out."""
    plan, step = opened.plan, opened.plan.steps[number]
    day, channel = (plan.starts_at + timedelta(days=step.day)).isoformat(), t(f"plan.channel_{step.channel}")
    about = [t("approve.message", number=number + 1, day=day, channel=channel, hour=plan.send_hour)]
    about += [t("audience.stop_if_bought")] if step.condition else []
    st.caption(" · ".join(about))
    for spoken in step.languages:
        own = spoken == step.language
        key = f"approve.message_{number}" if number or not own else "approve.message"
        if not own:
            st.caption(t(f"plan.language_{spoken}"))
        words = planned.copy_of(copy, number, None if own else spoken)
        with st.container(border=True, key=key if own else f"{key}_{spoken}"):
            message.show(words, step.channel, spoken, plan.offer.personal_codes)
        if step.channel == "sms" and words:
            editing.billed(opened, words["body"], spoken)


def _forecast(opened: Open, row: Mapping[str, Any], asked: Proposal) -> None:
    st.markdown(f"**{plain(asked.verdict)}**")
    if row.get("basis") == "assumption":
        assumed.badge()
        st.markdown(plain(assumed.typed(of_json(row.get("assumed")))))
    if shown := row.get(overrides.KEY):
        override.told(opened, shown)
        if row.get("extra_profit") is not None:
            low, high = (widgets.money(row[f"extra_profit_{end}"], _currency(opened)) for end in ("low", "high"))
            profit = f"{widgets.money(row['extra_profit'], _currency(opened))} ({widgets.between(low, high)})"
            st.markdown(f":orange[{plain(t('override.profit', profit=profit))}]")
    if asked.forecast:
        st.markdown("  \n".join(f"{plain(line.name)}: {plain(line.text)}" for line in asked.forecast))
    for ground in asked.grounds:
        st.caption(plain(ground))


def _currency(opened: Open) -> str:
    return opened.shop.settings.currency
