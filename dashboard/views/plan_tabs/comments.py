"""What people say about a plan, and the changes they ask for."""

from typing import Literal

import streamlit as st

from dashboard import door, signing, state, widgets
from dashboard.text import language, t
from dashboard.views.plan_tabs import saving
from dashboard.views.plan_tabs.message import plain
from dashboard.views.plan_tabs.saving import Open
from engine import settings
from engine.access import acting
from engine.decision import approvals, comments, ledger, moments
from engine.errors import AppError

AREA = "comments"


def requested(opened: Open) -> None:
    """The changes that a second person asked for, at the top of the plan until it is submitted again."""
    if opened.plan.status != "draft":
        return
    try:
        history = ledger.entries(opened.shop.path, opened.shop.shop_id, settings.read().config, opened.plan.plan_id)
    except AppError:
        return  # the Approve tab says what is wrong with the history
    if entry := comments.open_request(history):
        who, when = plain(entry.actor), moments.shown(entry.at, opened.shop)
        text = plain(str(entry.payload["reason"])).replace("\n", "\n\n")
        st.warning(t("comments.requested", who=who, when=when, text=text), icon=":material/rate_review:")


def show(opened: Open) -> None:
    """A field for a comment; on a plan that waits for a second person, also a way to send it back."""
    st.subheader(t("comments.title"))
    st.caption(t("comments.about"))
    # The version is left out: a save of somebody else must not take away what is being typed.
    state.fill(AREA, (opened.plan.plan_id, 0), {"name": state.person(), "text": ""})
    if signing.name() is None:  # who is signed in speaks in no other name
        st.text_input(t("comments.name"), key=f"{AREA}.name", width=280)
    st.text_area(t("comments.text"), key=f"{AREA}.text", max_chars=comments.LONGEST, height=100)
    with st.container(horizontal=True):
        st.button(t("comments.send"), key=f"{AREA}.send", icon=":material/comment:", on_click=_said, args=("comment",))
        if opened.plan.status == "submitted":
            st.button(
                t("comments.request"),
                key=f"{AREA}.request",
                icon=":material/rate_review:",
                **door.for_who_may("reject", help_=t("comments.request_help")),
                on_click=_said,
                args=("request", opened.saved.content_sha256),
            )
    if problem := state.told(AREA):
        st.error(problem, icon=":material/error:")


def _said(what: Literal["comment", "request"], shown: str | None = None) -> None:
    """Saves what stands in the field. In a callback: only there may the field be emptied. `shown`: the content of the
    plan that stood on the page; a newer one is not sent back."""
    typed, text = (str(state.says(f"{AREA}.{field}") or "") for field in ("name", "text"))
    try:
        opened = saving.reopened()
        name = signing.name() or typed
        where = (opened.shop.path, opened.shop.shop_id, opened.plan.plan_id, name, acting.person(), text)
        if what == "comment":
            comments.comment(*where, widgets.now(), settings.read().config)
        else:
            approvals.request_changes(*where, widgets.now(), settings.read().config, content_sha256=shown)
    except AppError as problem:
        state.tell(AREA, "\n\n".join(problem.texts(language())))
        return
    state.put(f"{AREA}.text", "")
