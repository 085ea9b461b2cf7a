"""The file that shows a decision taken outside Offerlab: handed in with it, and given back with the history."""

import streamlit as st

from dashboard import widgets
from dashboard.text import t
from dashboard.views.plan_tabs.message import plain
from dashboard.views.plan_tabs.saving import Open
from engine import settings
from engine.access.roles import person_key
from engine.decision import authors, evidence
from engine.decision.approvals import BY_AUTHOR
from engine.decision.ledger import Entry
from engine.errors import AppError
from engine.shop.store import Shop


def field(opened: Open, recorder: str) -> bytes | None:
    """Where the answer of somebody without Offerlab is attached; its bytes, or None.

    Any file is taken here and looked at by its bytes: one that the field itself would turn away were no evidence, and
    the decision would go through without. What is none is said at once, and the decision refuses it.
    """
    is_author = authors.wrote(opened.shop.path, opened.plan.plan_id, recorder)
    given = st.file_uploader(
        t("evidence.field_needed" if is_author else "evidence.field"),
        key="approve.evidence",
        help=t("evidence.help"),
    )
    if given is None:
        return None
    content = given.getvalue()
    try:
        evidence.examined(content)
    except AppError as problem:
        widgets.show_problem(problem)
    return content


def shown(shop: Shop, entry: Entry) -> None:
    """Who recorded a decision that somebody else took, and its evidence to download; nothing where there is neither."""
    found = evidence.of_entry(entry)
    is_others = person_key(entry.recorded_by) != person_key(entry.actor)
    if entry.payload.get(BY_AUTHOR):
        st.caption(f":material/draw: {t('evidence.by_author', who=plain(entry.recorded_by))}")
    elif found and is_others:
        st.caption(f":material/draw: {t('evidence.recorded', who=plain(entry.recorded_by))}")
    if found is None:
        return
    try:
        content = evidence.read(shop.path, shop.shop_id, settings.read().config, found)
    except AppError as problem:
        widgets.show_problem(problem)
        return
    st.download_button(
        t("evidence.download", kind=found.kind.upper(), size=f"{max(found.size / 1000, 0.1):,.1f}"),
        content,
        found.file_name,
        evidence.TYPES[found.kind],
        key=f"evidence.{entry.seq}",
        icon=":material/attach_file:",
        on_click="ignore",
    )
