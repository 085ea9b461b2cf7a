"""What was concluded of earlier plans of the same kind, beside the brief of the next one.

For the person only: a model that writes copy is not shown it, who would make claims of it.
"""

import streamlit as st

from dashboard import cache
from dashboard.text import t
from dashboard.views.plan_tabs import concluding
from dashboard.views.plan_tabs.saving import Open
from engine import settings
from engine.decision import conclusions, plans
from engine.errors import AppError, NotEnoughData

SHOWN = 3


def show(opened: Open) -> None:
    """Up to three, the plan that this one was made from first; nothing while nothing was concluded."""
    source = opened.saved.extras.get(plans.MADE_FROM)
    try:
        known = conclusions.learned(opened.shop, settings.read().config)
    except AppError:
        return  # the Approve tab says what is wrong with the history
    found = conclusions.of_kind(known, opened.plan, _groups(opened), source) if known else []
    if not found:
        return
    label = t("learnings.same_kind", count=len(found))
    is_next = found[0].plan_id == source
    with st.expander(label, icon=":material/school:", key="brief.learned", expanded=is_next):
        for one in found[:SHOWN]:
            concluding.card(one, opened.shop, named=True)
        st.page_link("views/results.py", label=t("learnings.to_all"), icon=":material/arrow_forward:",
                     query_params={"look": "learnings"})  # fmt: skip


def _groups(opened: Open) -> list[str]:
    """Names of the plan's groups, by which earlier plans know them."""
    ids = opened.plan.audience.segment_ids
    try:
        profiles = cache.customers.segmentation(opened.shop).profiles if ids else None
    except NotEnoughData:
        profiles = None
    if profiles is None:
        return list(ids)
    names = dict(zip(profiles["segment_id"], profiles["segment_name"], strict=True))
    return [str(names.get(one, one)) for one in ids]
