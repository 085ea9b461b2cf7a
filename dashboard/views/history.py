"""Who decided what, and is the record whole?"""

import pandas as pd
import streamlit as st

from dashboard import widgets
from dashboard.text import known, t
from dashboard.views.history_parts import backups, exports
from engine import settings
from engine.decision import ledger
from engine.decision.ledger import Entry
from engine.errors import StoreProblem


def action_name(action: str) -> str:
    return t(f"history.action_{action}") if known(f"history.action_{action}") else action


def listing(entries: list[Entry]) -> None:
    """Every entry, the latest first."""
    rows = [
        {
            "seq": entry.seq,
            "at": entry.at,
            "plan_id": entry.plan_id,
            "action": action_name(entry.action),
            "actor": entry.actor,
            "recorded_by": entry.recorded_by,
            "reason": str(entry.payload.get("reason") or ""),
        }
        for entry in reversed(entries)
    ]
    columns = {name: t(f"history.{name}") for name in rows[0]}
    st.dataframe(
        pd.DataFrame(rows),
        column_config=columns,
        hide_index=True,
        placeholder="–",
        key="history.table",
        alt=t("history.title"),
    )


widgets.page_head("history.title", "history.purpose")

with widgets.problem_box():
    shop = widgets.need_shop()
    config = settings.read().config
    if st.button(t("history.verify"), key="history.verify", icon=":material/verified:"):
        verdict = ledger.verify(shop.path, shop.shop_id, config)
        if verdict.ok:
            st.success(t("history.whole", count=verdict.entries), icon=":material/verified:")
        else:
            widgets.show_problem(StoreProblem(verdict.said))
    entries = ledger.entries(shop.path, shop.shop_id, config)

backups.show(shop)
exports.show(shop)
if not entries:
    st.info(t("history.empty"), icon=":material/history:")
    st.stop()

listing(entries)
last = entries[-1]
st.caption(t("history.head", seq=last.seq, at=last.at, hash=last.hash))
