"""Things to do in words, each with a link to where it is done: for Today and for the bell."""

from collections.abc import Collection

import streamlit as st

from dashboard.text import known, language, t
from dashboard.views.plan_tabs.message import plain
from engine.outcome.agenda import ORDER, Item
from engine.sentences import spoken

ICONS = {
    "approve": "how_to_reg", "waiting": "hourglass_empty", "late": "alarm", "send_soon": "download",
    "never_sent": "event_busy", "draft_late": "event_busy", "draft_soon": "edit_calendar", "rejected": "undo",
    "no_audience": "group_off", "collision": "join_inner", "no_results": "flag", "work_failed": "error",
    "work_lost": "error", "old_data": "update", "old_forecasts": "model_training", "unreadable": "error",
    "changes_requested": "rate_review", "commented": "comment", "approved": "check_circle",
    "void": "event_busy", "void_waiting": "event_busy", "results_in": "query_stats",
}  # fmt: skip
LONGEST_SAID = 200  # characters of a comment that fit in a line; the rest is with the plan


def lines(items: list[Item], seen: Collection[str] | None = None) -> None:
    """The items under a heading for each urgency; those that are not among the `seen` are marked as new."""
    for urgency in ORDER:
        some = [item for item in items if item.urgency == urgency]
        if some:
            st.caption(f"**{t(f'today.urgency_{urgency}')}**")
        for item in some:
            where = {"plan": item.plan_id, "tab": item.tab or "brief"} if item.page == "plan" and item.plan_id else {}
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                if seen is not None and item.key not in seen:
                    st.badge(t("today.new"), color="orange")
                # Beside the link, not as its label: a link's words are cut off where they do not fit.
                st.markdown(f":material/{ICONS[item.kind]}: {sentence(item)}")
                go = t(f"today.go_{item.page}")
                st.page_link(f"views/{item.page}.py", label=go, icon=":material/arrow_forward:", query_params=where)


def sentence(item: Item) -> str:
    """What an item says, safe as Markdown: names and reasons in it were typed by people."""
    values: dict[str, object] = {
        name: f"{v:,}" if isinstance(v, int) else plain(_short(spoken(v, language())))
        for name, v in item.values.items()
    }
    if item.kind in ("work_failed", "work_lost"):
        key = f"common.job_{item.values['work']}"
        values["work"] = t(key) if known(key) else t("common.working")
    if item.kind == "unreadable":
        values["part"] = t(f"today.part_{item.values['part']}")
    if item.kind == "collision":
        return t("today.item_collision" if item.values["pairs"] == 1 else "today.item_collisions", **values)
    return t(f"today.item_{item.kind}", **values)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_SAID else f"{text[:LONGEST_SAID].rstrip()} …"
