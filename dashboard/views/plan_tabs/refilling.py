"""What did the copy say before the offer changed? Each line that the new brief filled otherwise, before and after."""

import pandas as pd
import streamlit as st

from dashboard import door, widgets
from dashboard.text import t
from dashboard.views.plan_tabs import saving
from dashboard.views.plan_tabs.saving import Open


def show(opened: Open, step: int) -> None:
    """The lines of this message that read otherwise since the brief changed; nothing once they were seen."""
    changes = [one for one in opened.saved.extras.get("refilled") or [] if one["step"] == step]
    if not changes:
        return
    with st.container(border=True, key="copy.refilled"):
        st.markdown(f":material/sync: {t('copy.refilled', count=len(changes))}")
        rows = [
            (t(f"plan.language_{one['language']}"), t(f"plan.part_{one['part']}"), one["before"], one["after"])
            for one in changes
        ]
        columns = [t(f"copy.column_{name}") for name in ("language", "part", "before", "after")]
        st.table(pd.DataFrame(rows, columns=columns).set_index(columns[0]))
        may, icon = door.for_who_may("draft"), ":material/check:"
        if st.button(t("copy.refilled_seen"), key="copy.refilled_seen", icon=icon, **may):
            with widgets.problem_box():
                saving.note(opened, {"refilled": []})
            st.rerun()
