"""Part of Data: what the data is enough for, and how much is missing for the rest."""

import streamlit as st

from dashboard import cache
from dashboard.text import channel_name, language, t
from engine.outcome.readiness import Ready
from engine.shop.store import Shop


def readiness(shop: Shop | None) -> None:
    """Each module with what it needs beside what there is; what is ready comes first."""
    found = cache.tables.ready(shop)
    st.subheader(t("quality.readiness"))
    st.caption(t("quality.readiness_count", ready=sum(one.ready for one in found), all=len(found)))
    ready = [_name(one) for one in found if one.ready]
    if ready:
        st.markdown(f":material/check_circle: {t('common.trait_separator').join(ready)}")
    with st.expander(t("quality.readiness_each"), key="quality.readiness"):
        for one in sorted(found, key=lambda one: not one.ready):
            icon = "check_circle" if one.ready else "do_not_disturb_on"
            st.markdown(f":material/{icon}: **{_name(one)}**: {one.sentence.text(language())}")


def _name(one: Ready) -> str:
    name = channel_name(one.channel)
    return t(f"quality.module_{one.module}", channel=name) if one.channel else t(f"quality.module_{one.module}")
