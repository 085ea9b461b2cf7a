"""Drafted answers to customers, kept while a page is looked at: the order's table is large."""

from pathlib import Path

import streamlit as st

from engine.campaign import policy_files
from engine.campaign.replies import answer
from engine.campaign.replies.answer import Reply
from engine.shop import store
from engine.shop.store import Shop


def drafted(shop: Shop, message: str, order_id: str | None) -> Reply:
    """The answer to a message: see engine.campaign.replies.answer.reply."""
    return _drafted(str(shop.path), shop.version, policy_files.stamp(shop), message, order_id)


@st.cache_resource(max_entries=16, show_spinner=False)
def _drafted(path: str, version: str, rules: tuple, message: str, order_id: str | None) -> Reply:
    return answer.reply(store.open_shop(Path(path)), message, order_id)
