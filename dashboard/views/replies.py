"""What do I answer this customer?"""

import json
from typing import Literal

import streamlit as st

from dashboard import cache, state, widgets
from dashboard.text import language, t
from dashboard.views.plan_tabs import clipboard
from dashboard.views.plan_tabs.message import plain
from engine.campaign import policy_files
from engine.campaign.replies.answer import Reply, unsupported
from engine.campaign.replies.lines import Line
from engine.shop.store import Shop

COLOURS: dict[str, Literal["green", "gray", "red"]] = {"positive": "green", "neutral": "gray", "negative": "red"}


def asked(shop: Shop) -> Reply | None:
    """What the form was asked last, answered; None before."""
    state.keep("replies.question", "")
    state.keep("replies.order", "")
    with st.form("replies.form"):
        message = st.text_area(
            t("replies_page.question"), key="replies.question", height=140, max_chars=1500,
            placeholder=t("replies_page.paste"),
        )  # fmt: skip
        order = st.text_input(
            t("replies_page.order"), key="replies.order", max_chars=80, help=t("replies_page.order_help")
        )
        submitted = st.form_submit_button(t("replies_page.draft"), key="replies.draft", type="primary")
    if submitted:
        reply = cache.replies.drafted(shop, message, order.strip() or None)
        state.ask("replies", json.dumps([message, order]))
        state.put("replies.answer", reply.answer)
        return reply
    last = state.asked("replies")
    if last is None:
        return None
    message, order = json.loads(last)
    return cache.replies.drafted(shop, message, order.strip() or None)


def without_rules(shop: Shop) -> None:
    """A shop that has written no rules for customers: what that means, and where to write them."""
    if not policy_files.files(shop):
        st.info(t("replies_page.no_rules"), icon=":material/policy:")
        st.code(str(shop.path / policy_files.FOLDER), language=None)


def heard(reply: Reply) -> None:
    """Mood and hurry, and whether all of it is known."""
    with st.container(horizontal=True):
        if reply.tone.urgency == "high":
            st.badge(t("replies_page.urgent"), icon=":material/priority_high:", color="red")
        st.badge(t(f"replies_page.mood_{reply.tone.sentiment}"), color=COLOURS[reply.tone.sentiment])
        if not reply.known:
            st.badge(t("replies_page.not_known"), icon=":material/help:", color="orange")
    if reply.tone.said_by:
        st.caption(plain(t("replies_page.said_by", words=", ".join(reply.tone.said_by))))
    if reply.ask is not None:
        st.warning(plain(reply.ask.text(language())), icon=":material/contact_support:")


def draft(reply: Reply) -> None:
    """The answer, to be edited and copied, with what a change of it says that no row does."""
    state.keep("replies.answer", reply.answer)
    text = st.text_area(t("replies_page.answer"), key="replies.answer", height=180)
    own = unsupported(text, [line.text for line in reply.sources]) if text.strip() != reply.answer else []
    if own:
        st.warning(plain(t("replies_page.own_words", words=" · ".join(own))), icon=":material/fact_check:")
    with st.container(horizontal=True, vertical_alignment="center"):
        clipboard.button(text, t("replies_page.copy_answer"), "replies.copy")
        if text != reply.answer:
            icon, put = ":material/undo:", ("replies.answer", reply.answer)
            st.button(t("replies_page.take_back"), key="replies.back", icon=icon, on_click=state.put, args=put)
    st.caption(t("replies_page.person_sends"))


def rows(title: str, lines: tuple[Line, ...]) -> None:
    """Lines of the shop with where they stand."""
    st.markdown(f"**{title}**")
    st.markdown("\n".join(f"- {plain(line.text)}  \n  :small[{plain(line.row)}]" for line in lines))


widgets.page_head("replies_page.title", "replies_page.purpose")
with widgets.problem_box():
    shop = widgets.need_shop()
    without_rules(shop)
    reply = asked(shop)
    if reply is None:
        st.info(t("replies_page.empty"), icon=":material/reply:")
        st.stop()
    heard(reply)
    draft(reply)
    if reply.sources:
        rows(t("replies_page.sources"), reply.sources)
    if reply.recommended is not None:
        why = plain(reply.recommended.why.text(language()))
        st.info(t("replies_page.recommended", name=plain(reply.recommended.name), why=why), icon=":material/sell:")
    if reply.near:
        rows(t("replies_page.near"), reply.near)
