"""Part of Data: one uploaded file with what it was taken for, and everything about that which can be changed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import widgets
from dashboard.text import known, t, table_name
from dashboard.views.plan_tabs.message import plain
from engine import privacy
from engine.errors import AppError
from engine.shop import dates, gate, incoming
from engine.shop.incoming import Staged, StagedFile
from engine.shop.mapping import TableMapping
from engine.shop.proposal import Proposal, Question
from engine.shop.sources import SOURCES, roles
from engine.shop.tables import TABLES

PREVIEW = 5  # rows
MISSING = ("keep", "drop", "fill 0")
OWN = ""  # a column of the shop's own, kept as it is called


def titles() -> list[str]:
    """The exports that are known by their columns."""
    return [source.title for source in SOURCES.values()]


def file(folder: Path, staged: Staged, one: StagedFile, found: list[Proposal] | AppError) -> None:
    """A card: the file's name, what it was taken for, five rows of it, and what is to be said."""
    number = one.file  # names the widgets: it stays when another file is left out
    with st.container(border=True, key=f"data.file.{number}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f":material/description: **{plain(one.name)}**", width="stretch")
            if st.button(t("data.leave_out"), key=f"data.leave_out.{number}", icon=":material/close:", type="tertiary"):
                rest = [other for other in staged.files if other is not one]
                keep(folder, staged.model_copy(update={"files": rest}))
        if isinstance(found, AppError):
            widgets.show_problem(found)
            as_text(folder, staged, number, one, None)
            return
        for place, proposal in enumerate(found):
            sheet(folder, staged, number, place, proposal, several=len(found) > 1)
        if found and found[0].sheet.encoding:
            as_text(folder, staged, number, one, found[0])


def sheet(folder: Path, staged: Staged, number: str, place: int, proposal: Proposal, several: bool) -> None:
    """One table of a file."""
    mapping, key = proposal.mapping, f"{number}.{place}"
    if several:
        st.markdown(f"**{plain(proposal.sheet.name)}**")
    st.markdown(f":material/check_circle: {taken_for(proposal)}")
    for note in proposal.sheet.notes:
        st.caption(plain(note))
    st.dataframe(
        proposal.sheet.frame.head(PREVIEW), hide_index=True, key=f"data.preview.{key}", alt=t("data.preview_alt")
    )
    if len(proposal.sheet.ragged):
        st.warning(t("data.ragged", count=len(proposal.sheet.ragged)), icon=":material/warning:")
    if proposal.unused:
        st.caption(t("data.left_out", names=plain(", ".join(proposal.unused))))
    if proposal.missing:
        names = ", ".join(role_name(role) for role in proposal.missing)
        st.error(t("data.missing_columns", names=names, table=table_name(mapping.table)), icon=":material/error:")
    for question in proposal.questions:
        ask(folder, staged, number, place, proposal, question)
    with st.expander(t("data.change"), expanded=bool(proposal.missing), key=f"data.change.{key}"):
        change(folder, staged, number, place, proposal)


def taken_for(proposal: Proposal) -> str:
    """In a sentence: which table, and how that was found."""
    mapping = proposal.mapping
    title = plain(SOURCES[mapping.source].title) if mapping.source else ""
    return t(f"data.found_by_{proposal.found_by.replace(' ', '_')}", table=table_name(mapping.table), source=title)


def role_name(given: Any) -> str:
    """What a column stands for, in words."""
    role = str(given)
    if role == OWN:
        return t("columns.own")
    if roles.base(role) != role:
        return t("columns.in_currency", what=role_name(roles.base(role)), currency=role[-3:])
    attribute = role.partition(".")[2]
    if role.startswith(("customer.", "product.", "campaign.")):
        return t(f"columns.of_{role.partition('.')[0]}", name=attribute)
    return t(f"columns.{role}") if known(f"columns.{role}") else role


# --- what can be said ---


def keep(folder: Path, staged: Staged) -> None:
    """Keep what was said, and look again; without files there is nothing left to look at."""
    with widgets.problem_box():
        if staged.files:
            incoming.save(folder, staged)
        else:
            incoming.discard(folder.parents[1])
    st.rerun()


def said(folder: Path, staged: Staged, number: str, **changes: Any) -> None:
    """Keep something that was said of one file."""
    files = [one.model_copy(update=changes) if one.file == number else one for one in staged.files]
    keep(folder, staged.model_copy(update={"files": files}))


def confirmed(folder: Path, staged: Staged, number: str, proposal: Proposal, **changes: Any) -> None:
    """Keep how one sheet is read, with changes; the other sheets of the file stay as they are."""
    mapping = proposal.mapping.model_copy(update=changes)
    known = next(one.mappings for one in staged.files if one.file == number)
    others = [one for one in known if set(one.columns) != set(proposal.mapping.columns)]
    said(folder, staged, number, mappings=[mapping, *others])


def ask(folder: Path, staged: Staged, number: str, place: int, proposal: Proposal, question: Question) -> None:
    """A question that the file leaves open, with what each answer would read."""
    answer = st.radio(
        plain(question.sentence),
        question.choices,
        index=None,
        format_func=reading_of(question),
        key=f"data.ask.{number}.{place}.{question.about}.{question.role}",
    )
    if answer is None:
        return
    if question.about == "decimal":
        confirmed(folder, staged, number, proposal, decimal=answer)
    else:
        confirmed(folder, staged, number, proposal, dates=proposal.mapping.dates | {question.role: answer})


def reading_of(question: Question) -> Callable[[str], str]:
    """An answer in words."""
    if question.about == "decimal":
        return lambda mark: t("data.decimal_comma" if mark == "," else "data.decimal_point")
    return lambda written: t("data.day_first" if written.startswith("%d") else "data.month_first", format=written)


def as_text(folder: Path, staged: Staged, number: str, one: StagedFile, found: Proposal | None) -> None:
    """The encoding and the delimiter of a text file: what was found, and a switch."""
    shown = found.sheet if found is not None else None
    found_mark = mark_name(shown.delimiter if shown else "?")
    with st.container(horizontal=True):
        encodings = ["", *gate.ENCODINGS]
        encoding = st.selectbox(
            t("data.encoding"),
            encodings,
            index=encodings.index(one.encoding) if one.encoding in encodings else 0,
            format_func=lambda name: name or t("data.found_out", what=shown.encoding if shown else "?"),
            key=f"data.encoding.{number}",
            width=260,
        )
        marks = ["", *gate.DELIMITERS]
        delimiter = st.selectbox(
            t("data.delimiter"),
            marks,
            index=marks.index(one.delimiter) if one.delimiter in marks else 0,
            format_func=lambda mark: mark_name(mark) if mark else t("data.found_out", what=found_mark),
            key=f"data.delimiter.{number}",
            width=260,
        )
    if (encoding, delimiter) != (one.encoding, one.delimiter):
        said(folder, staged, number, encoding=encoding, delimiter=delimiter, mappings=[])


def mark_name(mark: str) -> str:
    """A delimiter as one reads it."""
    return {"\t": t("data.tab"), ",": ",", ";": ";", "|": "|"}.get(mark, mark or "?")


def change(folder: Path, staged: Staged, number: str, place: int, proposal: Proposal) -> None:
    """The table a sheet goes into, what each of its columns stands for, its dates, its empty cells."""
    mapping, key = proposal.mapping, f"{number}.{place}"
    names = list(TABLES)
    table = st.selectbox(
        t("data.goes_into"), names, index=names.index(mapping.table), format_func=table_name, key=f"data.table.{key}"
    )
    if table != mapping.table:
        said(folder, staged, number, table=table, mappings=[])
    edited = st.data_editor(
        columns_of(proposal),
        column_config={
            "column": st.column_config.TextColumn(t("data.column"), disabled=True),
            "example": st.column_config.TextColumn(t("data.example"), disabled=True),
            "role": st.column_config.SelectboxColumn(
                t("data.stands_for"), options=options_of(mapping), format_func=role_name, required=True
            ),
            "written": st.column_config.TextColumn(t("data.written"), help=t("data.written_help")),
            "missing": st.column_config.SelectboxColumn(
                t("data.if_empty"), options=MISSING, format_func=lambda one: t(f"data.empty_{str(one).split()[0]}")
            ),
        },
        hide_index=True,
        key=f"data.columns.{key}.{mapping.table}",
    )
    if st.button(t("data.use_this"), key=f"data.use.{key}", icon=":material/done:"):
        confirmed(folder, staged, number, proposal, **from_table(edited, mapping))


def columns_of(proposal: Proposal) -> pd.DataFrame:
    """column, example (the first cells that say something), role, written (format of a date), missing, by column."""
    mapping, frame = proposal.mapping, proposal.sheet.frame
    unsaid = OWN if TABLES[mapping.table].attributes and not mapping.source else roles.IGNORED
    rows = []
    for column in frame.columns:
        cells = frame[column].dropna().astype("str").str.strip()
        role = mapping.columns.get(column, roles.IGNORED if column in proposal.unused else unsaid)
        rows.append(
            {
                "column": column,
                "example": ", ".join(cells[cells != ""].unique()[:3])[:80],
                "role": role,
                "written": mapping.dates.get(role, dates.ISO if roles.kind(mapping.table, role) == "time" else ""),
                "missing": mapping.missing.get(role, "keep"),
            }
        )
    return pd.DataFrame(rows, columns=["column", "example", "role", "written", "missing"])


def options_of(mapping: TableMapping) -> list[str]:
    """What a column of this table may stand for."""
    of_source = list(SOURCES[mapping.source].columns) if mapping.source else []
    own = [OWN] if TABLES[mapping.table].attributes else []
    return list(dict.fromkeys([*own, *roles.known(mapping.table), *of_source, *mapping.columns.values()]))


def from_table(edited: pd.DataFrame, mapping: TableMapping) -> dict[str, Any]:
    """What the edited table of columns says, as parts of a mapping."""
    named = edited[edited["role"] != OWN]
    times = named[[roles.kind(mapping.table, role) == "time" for role in named["role"]]]
    written = {row.role: row.written for row in times.itertuples() if row.written and row.written != dates.ISO}
    agreed = {row.role: row.missing for row in named.itertuples() if row.missing and row.missing != "keep"}
    return {"columns": dict(zip(named["column"], named["role"], strict=True)), "dates": written, "missing": agreed}


# --- people's addresses as ids ---


def has_personal_ids(found: list[Proposal] | AppError) -> bool:
    """Whether customers are numbered by their addresses in a file whose export is not known for that."""
    if isinstance(found, AppError):
        return False
    for one in found:
        frame = one.sheet.frame.rename(columns=one.mapping.columns)
        if not one.mapping.source and "customer_id" in frame and privacy.looks_personal(frame["customer_id"]):
            return True
    return False


def ask_pseudonyms(folder: Path, staged: Staged) -> None:
    """Addresses as customer ids are replaced only when somebody says so."""
    st.warning(t("data.personal_ids"), icon=":material/shield_person:")
    agreed = st.checkbox(t("data.pseudonymise"), value=staged.pseudonymise, key="data.pseudonymise")
    if agreed != staged.pseudonymise:
        keep(folder, staged.model_copy(update={"pseudonymise": agreed}))
