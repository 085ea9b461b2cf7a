"""One entry: who, when and why, and, of a plan, what exactly was put before the second person."""

import streamlit as st

from dashboard import cache, widgets
from dashboard.text import language, t
from dashboard.views.history_parts.filters import action_name
from dashboard.views.plan_tabs import evidence, proposed
from dashboard.views.plan_tabs.message import plain
from engine import settings
from engine.decision import ledger, moments, proposal, search
from engine.decision.ledger import Entry
from engine.decision.proposal import Proposal
from engine.errors import AppError
from engine.shop.store import Shop


def show(shop: Shop, entry: Entry) -> None:
    """The entry under the list, with links to its plan."""
    st.subheader(t("history.entry", seq=entry.seq, action=action_name(entry.action)))
    when = moments.with_zone(entry.at, shop)
    st.markdown(t("history.by", who=plain(entry.actor), when=when, recorded_by=plain(entry.recorded_by)))
    if said := search.reason(entry):
        st.markdown(f"> {plain(said)}".replace("\n", "\n> "))
    evidence.shown(shop, entry)
    if entry.plan_id in {saved.plan.plan_id for saved in cache.plans.saved(shop)}:
        st.page_link(
            "views/plan.py", label=t("history.to_plan"), icon=":material/arrow_forward:",
            query_params={"plan": entry.plan_id, "tab": "approve"},
        )  # fmt: skip
    _proposal(shop, entry)
    with st.expander(
        t("history.recorded"), icon=":material/data_object:", key="history.recorded", on_change="rerun"
    ) as raw:
        if raw.open:
            st.json(entry.payload)
    st.caption(t("history.hashes", content=entry.payload.get("content_sha256") or "–", hash=entry.hash))


def _proposal(shop: Shop, entry: Entry) -> None:
    """What was submitted, or what was decided on; nothing for entries that are about no plan's content."""
    submission: Entry | None = entry
    if entry.action != "submitted":
        of_plan = ledger.entries(shop.path, shop.shop_id, settings.read().config, entry.plan_id)
        submission = proposal.submission_of(entry, of_plan) if entry.payload.get("content_sha256") else None
    if submission is None:
        return
    try:
        asked = proposal.of_entry(shop, submission, language())
    except AppError as problem:
        widgets.show_problem(problem)
        return
    if submission is not entry:
        st.caption(t("history.about", seq=submission.seq))
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown(f"**{plain(asked.name)}**")
        proposed.lines(t("pack.head_audience"), asked.audience)
        proposed.lines(t("pack.head_offer"), asked.offer)
    with right:
        _forecast(asked)
    st.caption(t("pack.head_messages"))
    for one in asked.messages:
        with st.container(border=True):
            st.caption(plain(one.about))
            for part in one.parts:
                st.markdown(f"**{plain(part.name)}**: {plain(part.text)}".replace("\n", "  \n"))


def _forecast(asked: Proposal) -> None:
    st.markdown(f"**{plain(asked.verdict)}**")
    proposed.lines(t("pack.head_forecast"), asked.forecast)
    for ground in asked.grounds:
        st.markdown(plain(ground))
