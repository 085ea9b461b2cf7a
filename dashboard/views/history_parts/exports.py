"""Is what an older export says still in the history?"""

import streamlit as st

from dashboard import widgets
from dashboard.text import language, t
from engine import settings
from engine.decision import printed
from engine.shop.store import Shop


def show(shop: Shop) -> None:
    """A file that was exported, and what it proves."""
    with st.expander(t("printed.title"), icon=":material/fact_check:"):
        st.caption(t("printed.about"))
        file = st.file_uploader(t("printed.file"), key="history.printed", max_upload_size=200)
        if file is None:
            return
        with widgets.problem_box():
            proof = printed.prove(shop.path, shop.shop_id, settings.read().config, file.getvalue(), file.name)
        said = "\n\n".join(one.text(language()) for one in proof.said)
        if not proof.verdict.ok:
            st.error(said, icon=":material/error:")
        elif proof.on_record is None:
            st.warning(said, icon=":material/warning:")
        else:
            st.success(said, icon=":material/verified:")
