"""How did the test on a part end, and who gets the rest? The rule decides; a person presses, and is on record."""

from typing import Any

import pandas as pd
import streamlit as st

from dashboard import door, state, widgets
from dashboard.text import language, t
from dashboard.views.plan_tabs import saving
from dashboard.views.plan_tabs.message import plain
from dashboard.views.plan_tabs.saving import Open
from engine import settings
from engine.access import acting
from engine.campaign import first_test
from engine.decision import ledger, moments, winners
from engine.decision.ledger import Entry
from engine.errors import AppError
from engine.outcome import winner
from engine.outcome.winner import Reading
from engine.sentences import Sentence

AREA = "winner"


def show(opened: Open) -> None:
    """The rule, where the test stands, and the button; nothing for a plan that leaves at once."""
    plan, content = opened.plan, opened.saved.content_sha256
    if plan.test is None:
        return
    st.subheader(t("staged.result_title"))
    st.caption(plain(first_test.in_words(plan.test).text(language())))
    history = ledger.entries(opened.shop.path, opened.shop.shop_id, settings.read().config, plan.plan_id)
    if entry := winners.recorded(history, content):
        _decided(opened, entry)
        return
    reading = winner.read(opened.shop, plan, history, content, widgets.now())
    if reading is None:
        st.info(t("staged.result_not_begun"), icon=":material/hourglass_empty:")
        return
    sent, over = (moments.with_zone(one, opened.shop) for one in (reading.sent_at, reading.over_at))
    st.markdown(t("staged.result_over_at", sent=sent, over=over))
    if reading.missing:
        st.info(plain(reading.missing.text(language())), icon=":material/hourglass_empty:")
        return
    _found(opened, reading)


def _found(opened: Open, reading: Reading) -> None:
    assert reading.found is not None and opened.plan.test is not None
    found = winner.as_json(reading.found)
    _table(found)
    st.caption(_source(str(reading.source), reading.timed, opened.plan.test.wait_hours))
    st.markdown(f"**{plain(reading.found.why.text(language()))}**")
    st.markdown(t("staged.would_send", send=_sent(reading.found.send)))
    st.button(
        t("staged.decide"), key=f"{AREA}.decide", type="primary", icon=":material/emoji_events:", on_click=_announce,
        **door.for_who_may("export"),
    )  # fmt: skip
    if problem := state.told(AREA):
        st.error(problem, icon=":material/error:")


def _decided(opened: Open, entry: Entry) -> None:
    """The numbers as they were when it was decided."""
    found = entry.payload["found"]
    _table(found)
    timed = found.get("timed", found["source"] == "orders")  # decided before totals were read by their days
    st.caption(_source(found["source"], timed, entry.payload["rule"]["wait_hours"]))
    why = Sentence(found["why"]["key"], found["why"]["values"])
    st.markdown(f"**{plain(why.text(language()))}**")
    when, send = moments.shown(entry.at, opened.shop), entry.payload["send"]
    st.markdown(t("staged.decided", who=plain(entry.actor), when=when, send=_sent(send)))
    if send is not None:
        st.button(
            t("staged.to_export"), key=f"{AREA}.to_export", icon=":material/arrow_forward:",
            on_click=state.set_plan_tab, args=("export",),
        )  # fmt: skip


def _announce() -> None:
    try:
        opened = saving.reopened()
        winner.announce(
            opened.shop, opened.plan.plan_id, acting.person(), widgets.now(), settings.read().config
        )  # fmt: skip
    except AppError as problem:
        state.tell(AREA, "\n\n".join(problem.texts(language())))


def _sent(variant: str | None) -> str:
    return t("staged.sends_nothing") if variant is None else plain(variant)


def _source(name: str, timed: bool, hours: int) -> str:
    source = t(f"staged.source_{name}")
    if not timed:
        return t("staged.result_source_tool", source=source)
    if name == "totals":
        return t("staged.result_source_days", source=source, hours=hours)
    return t("staged.result_source", source=source, hours=hours)


def _table(found: dict[str, Any]) -> None:
    """A row for each variant, with the counts its share comes from."""
    rows = pd.DataFrame(found["tallies"])[["variant", "drawn", "known", "done", "rate"]]
    number, words = st.column_config.NumberColumn, st.column_config.TextColumn
    columns = {name: number(t(f"staged.col_{name}"), format="localized") for name in ("drawn", "known", "done")}
    columns |= {"variant": words(t("staged.col_variant")), "rate": number(t("staged.col_rate"), format="percent")}
    st.dataframe(rows, column_config=columns, hide_index=True, key="winner.table", alt=t("staged.result_title"))
