"""Has everyone who is written to a code of their own? Codes are loaded or made here, before anything is exported."""

from functools import partial
from pathlib import Path

import pandas as pd
import streamlit as st

from dashboard import door, state, widgets
from dashboard.text import language, t
from dashboard.views.plan_tabs.message import plain
from dashboard.views.plan_tabs.saving import Open
from engine import settings
from engine.access import acting
from engine.decision import code_files, codes
from engine.decision.codes import Stock
from engine.errors import AppError

TYPES = ["csv", "txt", "xlsx", "gz"]
AREA = "codes"


def show(opened: Open, table: pd.DataFrame) -> bool:
    """How many codes there are and how many are needed; whether the export may begin. table: the assignment."""
    plan, folder = opened.plan, opened.shop.path
    if not plan.offer.personal_codes:
        return True
    people = list(table.loc[table["treated"].eq(1), "customer_id"])
    with st.container(border=True, key="codes.panel"):
        st.subheader(t("export_codes.title"))
        with widgets.problem_box():
            stock, missing = codes.stock(folder, plan.plan_id), codes.missing(folder, plan.plan_id, people)
        if said := state.told(AREA):
            st.success(plain(said), icon=":material/check_circle:")
        _how_many(stock, missing, len(people))
        _load(opened)
        _make(opened, missing)
        _take_away(opened, stock)
    return not missing


def _how_many(stock: Stock, missing: int, people: int) -> None:
    with st.container(horizontal=True):
        for name in ("loaded", "given", "free"):
            st.metric(
                t(f"export_codes.{name}"), widgets.number(getattr(stock, name)), border=True, width=190
            )  # fmt: skip
    if missing:
        values = {"people": widgets.number(people), "missing": widgets.number(missing)}
        st.error(t("export_codes.missing", **values), icon=":material/confirmation_number:")
    else:
        st.caption(t("export_codes.enough", people=widgets.number(people)))
    if stock.made_here:
        st.warning(t("export_codes.not_live", count=widgets.number(stock.made_here)), icon=":material/warning:")


def _load(opened: Open) -> None:
    """Codes that the shop's own system made."""
    file = st.file_uploader(t("export_codes.file"), TYPES, key="codes.file", help=t("export_codes.file_help"))
    may = door.for_who_may("export", disabled=file is None)
    if not st.button(t("export_codes.load"), key="codes.load", icon=":material/upload:", **may):
        return
    try:
        read = code_files.read_bytes(file.getvalue(), file.name)  # type: ignore[union-attr]
        done = codes.load(
            opened.shop.path, opened.plan.plan_id, read, state.person(), widgets.now(), settings.read().config
        )
    except AppError as problem:  # said here, and the other ways to get codes stay on the page
        widgets.show_problem(problem)
        return
    left_out = [sentence.text(language()) for sentence in codes.told(done.left_out)]
    added = t("export_codes.added", count=widgets.number(done.added), left_out=widgets.number(len(done.left_out)))
    state.tell(AREA, "\n\n".join([added, *left_out]))
    st.rerun()


def _make(opened: Open, missing: int) -> None:
    """Codes made here, which the shop does not know yet."""
    with st.expander(t("export_codes.make"), key="codes.make", icon=":material/casino:"):
        st.caption(t("export_codes.make_about"))
        with st.form("codes.form", border=False):
            with st.container(horizontal=True):
                count = st.number_input(
                    t("export_codes.count"), 1, codes.MOST_MADE, max(missing, 1), key="codes.count", width=160
                )
                prefix = st.text_input(t("export_codes.prefix"), key="codes.prefix", max_chars=12, width=200)
                length = st.number_input(
                    t("export_codes.length"), 4, 20, codes.USUAL_LENGTH, key="codes.length", width=160
                )
            may = door.for_who_may("export")
            asked = st.form_submit_button(t("export_codes.make_now"), key="codes.make_now", **may)
        if not asked:
            return
        try:
            made = codes.make(
                opened.shop.path, opened.plan.plan_id, int(count), state.person(), widgets.now(),
                settings.read().config, length=int(length), prefix=prefix,
            )  # fmt: skip
        except AppError as problem:
            widgets.show_problem(problem)
            return
        state.tell(AREA, t("export_codes.made", count=widgets.number(len(made))))
        st.rerun()


def _all(folder: Path, plan_id: str) -> bytes:
    acting.require("export")  # a code is money to whoever has it
    return code_files.write(codes.all_of(folder, plan_id))


def _take_away(opened: Open, stock: Stock) -> None:
    """All codes as the file that a sending tool or the shop takes, and those that nobody has taken back."""
    folder, plan_id = opened.shop.path, opened.plan.plan_id
    with st.container(horizontal=True):
        st.download_button(
            t("export_codes.download", count=widgets.number(stock.loaded)),
            door.later(partial(_all, folder, plan_id)),
            code_files.file_name(plan_id, live=not stock.made_here),
            "text/csv",
            key="codes.download",
            on_click="ignore",
            icon=":material/download:",
            **door.for_who_may("export", disabled=not stock.loaded, help_=t("export_codes.download_help")),
        )
        back = st.button(
            t("export_codes.withdraw", count=widgets.number(stock.free)),
            key="codes.withdraw",
            icon=":material/undo:",
            **door.for_who_may("export", disabled=not stock.free, help_=t("export_codes.withdraw_help")),
        )
    if back:
        with widgets.problem_box():
            gone = codes.withdraw(folder, plan_id, state.person(), settings.read().config)
        state.tell(AREA, t("export_codes.withdrawn", count=widgets.number(gone)))
        st.rerun()
