"""A plan that tests on a part first leaves in two stages: which is due, and its lists."""

from functools import partial

import streamlit as st

from dashboard import cache, door, state, widgets
from dashboard.text import t
from dashboard.views.plan_tabs.message import plain
from dashboard.views.plan_tabs.saving import Open
from engine.campaign.merge import Tool
from engine.decision import export, moments, winners
from engine.decision.export import Cut
from engine.decision.ledger import Entry

_LISTS = {"recipients-test": "test", "recipients-rest": "rest", "DO-NOT-SEND-YET": "waits", "DO-NOT-SEND": "held"}
_ICONS = {"test": "outgoing_mail", "rest": "outgoing_mail", "waits": "hourglass_empty", "held": "front_hand"}


def show(opened: Open, one: Cut, history: list[Entry]) -> None:
    """What to do now, in a sentence with how many; nothing for a plan that leaves at once."""
    if one.stage is None:
        return
    number = widgets.number
    held = number(int(one.held["treated"].eq(0).sum()))
    if one.stage == "test":
        st.subheader(t("staged.stage_test"))
        counts = {"test": number(int(one.now["treated"].sum())), "held": held, "rest": number(len(one.waiting))}
        st.info(t("staged.stage_test_about", **counts), icon=":material/science:")
    else:
        entry = winners.recorded(history, opened.saved.content_sha256)
        variant = plain(str(entry.payload["send"])) if entry else ""
        st.subheader(t("staged.stage_rest", variant=variant))
        rest = number(int(one.now["treated"].sum()))
        st.info(t("staged.stage_rest_about", variant=variant, rest=rest), icon=":material/emoji_events:")
    if first := winners.begun(history, opened.saved.content_sha256):
        st.caption(t("staged.frozen", at=moments.shown(first.at, opened.shop)))


def downloads(opened: Open, one: Cut, tool: Tool) -> None:
    """Each list of the stage as a file; the first click records the export."""
    for number, each in enumerate(export.lists(opened.plan, one, export.to_send(opened.plan, one))):
        kind = next(kind for part, kind in _LISTS.items() if part in each.file_name)
        st.download_button(
            t(f"staged.list_{kind}", count=widgets.number(len(each.people))),
            door.later(partial(_content, opened, state.person(), tool, each.file_name)),
            each.file_name,
            "text/csv",
            key=f"export.stage.{number}",
            type="primary" if kind in ("test", "rest") else "secondary",
            on_click="ignore",
            icon=f":material/{_ICONS[kind]}:",
            **door.for_who_may("export", disabled=each.people.empty),
        )


def _content(opened: Open, person: str, tool: Tool, name: str) -> bytes:
    result = cache.plans.exported(opened.shop, opened.saved, person, tool, recipients=True)
    return next(one.csv for one in result.recipients if one.file_name == name)
