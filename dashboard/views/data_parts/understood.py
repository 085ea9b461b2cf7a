"""Part of Data: one uploaded file with what it was taken for, and what is still to be said about it."""

from pathlib import Path
from typing import Any

import streamlit as st

from dashboard import door, widgets
from dashboard.text import t, table_name
from dashboard.views.data_parts import columns
from dashboard.views.data_parts.roles_in_words import role_name, short
from dashboard.views.data_parts.written import date_in_words
from dashboard.views.plan_tabs.message import plain
from engine.errors import AppError, WhichTable
from engine.shop import gate, incoming
from engine.shop.incoming import Staged, StagedFile
from engine.shop.proposal import Known, Proposal, Question, propose
from engine.shop.sources import SOURCES, roles
from engine.shop.tables import TABLES

PREVIEW = 5  # rows
SHORT = 6  # names of columns that are listed beside a file


def file(folder: Path, staged: Staged, one: StagedFile, found: list[Proposal] | AppError) -> None:
    """A card: the file's name, what it was taken for, five rows of it, and what is to be said."""
    number = one.file  # names the widgets: it stays when another file is left out
    with st.container(border=True, key=f"data.file.{number}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f":material/description: **{plain(one.name)}**", width="stretch")
            may, key = door.for_who_may("import"), f"data.leave_out.{number}"
            if st.button(t("data.leave_out"), key=key, icon=":material/close:", type="tertiary", **may):
                rest = [other for other in staged.files if other is not one]
                keep(folder, staged.model_copy(update={"files": rest}))
        if isinstance(found, AppError):
            cannot_be_read(folder, staged, one, found)
            return
        text = next((place for place, proposal in enumerate(found) if proposal.sheet.encoding), None)
        for place, proposal in enumerate(found):
            sheet(folder, staged, one, place, proposal, several=len(found) > 1, says_encoding=place == text)


def cannot_be_read(folder: Path, staged: Staged, one: StagedFile, problem: AppError) -> None:
    """Why a file is not understood, and what somebody can say to change that."""
    if isinstance(problem, WhichTable):
        st.warning(t("data.which_table"), icon=":material/help:")
        table_of(folder, staged, one, problem.tables)
        return
    widgets.show_problem(problem)
    if one.table:  # said here, and perhaps in error
        table_of(folder, staged, one, list(TABLES))
    if is_text(one):
        with st.container(horizontal=True):
            as_text(folder, staged, one, None)


def is_text(one: StagedFile) -> bool:
    return one.file.endswith((".csv", ".gz", ".zip"))


def sheet(
    folder: Path, staged: Staged, one: StagedFile, place: int, proposal: Proposal, several: bool, says_encoding: bool
) -> None:
    """One table of a file. How its text is encoded is said once for all that lie in one zip."""
    key = f"{one.file}.{place}"
    if several:
        st.markdown(f"**{plain(proposal.sheet.name)}**")
    is_open = bool(proposal.missing or proposal.questions)
    st.markdown(f":material/{'help' if is_open else 'check_circle'}: {taken_for(proposal)}")
    for question in proposal.questions:
        ask(folder, staged, one, place, proposal, question)
    st.dataframe(
        proposal.sheet.frame.head(PREVIEW), hide_index=True, key=f"data.preview.{key}", alt=t("data.preview_alt")
    )
    for note in [*one.notes, *proposal.sheet.notes]:
        st.caption(plain(note))
    if len(proposal.sheet.ragged):
        count = widgets.number(len(proposal.sheet.ragged))
        st.warning(t("data.ragged", count=count), icon=":material/warning:")
    used_of(proposal)
    if proposal.missing:
        names = ", ".join(role_name(role) for role in proposal.missing)
        words = t("data.missing_columns", names=names, table=table_name(proposal.mapping.table))
        st.error(words, icon=":material/error:")
    with st.expander(t("data.change"), expanded=bool(proposal.missing), key=f"data.change.{key}"):
        change(folder, staged, one, place, proposal, several, says_encoding)


def taken_for(proposal: Proposal) -> str:
    """In a sentence: which table, and how that was found."""
    mapping = proposal.mapping
    title = plain(SOURCES[mapping.source].title) if mapping.source else ""
    return t(f"data.found_by_{proposal.found_by.replace(' ', '_')}", table=table_name(mapping.table), source=title)


def used_of(proposal: Proposal) -> None:
    """How many of the columns are taken in; where most are, which are not."""
    every, unused = len(proposal.sheet.frame.columns), proposal.unused
    if not unused:
        return
    if len(unused) <= SHORT:
        st.caption(t("data.left_out", names=plain(", ".join(unused))))
    else:
        st.caption(t("data.used_of", used=every - len(unused), all=every))


def change(
    folder: Path, staged: Staged, one: StagedFile, place: int, proposal: Proposal, several: bool, says_encoding: bool
) -> None:
    """The table a sheet goes into, its encoding, and what each of its columns stands for."""
    with st.container(horizontal=True):
        if several:
            table_of_sheet(folder, staged, one, place, proposal)
        else:
            table_of(folder, staged, one, list(TABLES), proposal.mapping.table)
        if says_encoding:
            as_text(folder, staged, one, proposal)
    said_now = columns.editor(f"{one.file}.{place}", proposal)
    may, key = door.for_who_may("import"), f"data.use.{one.file}.{place}"
    if st.button(t("data.use_this"), key=key, icon=":material/done:", **may):
        twice = columns.named_twice(said_now["columns"])
        if twice:
            st.error(t("data.twice", names=", ".join(short(role) for role in twice)), icon=":material/error:")
            return
        confirmed(folder, staged, one, proposal, **said_now)


# --- what can be said ---


def keep(folder: Path, staged: Staged) -> None:
    """Keep what was said, and look again; without files there is nothing left to look at."""
    with widgets.problem_box():
        if staged.files:
            incoming.save(folder, staged)
        else:
            incoming.discard(folder.parents[1])
    st.rerun()


def said(folder: Path, staged: Staged, one: StagedFile, **changes: Any) -> None:
    """Keep something that was said of one file."""
    files = [other.model_copy(update=changes) if other.file == one.file else other for other in staged.files]
    keep(folder, staged.model_copy(update={"files": files}))


def confirmed(folder: Path, staged: Staged, one: StagedFile, proposal: Proposal, **changes: Any) -> None:
    """Keep how one sheet is read, with changes; the other sheets of the file stay as they are."""
    mapping = proposal.mapping.model_copy(update=changes)
    others = [known for known in one.mappings if set(known.columns) != set(proposal.mapping.columns)]
    said(folder, staged, one, mappings=[mapping, *others])


def table_of(folder: Path, staged: Staged, one: StagedFile, tables: list[str], now: str = "") -> None:
    """The table that a file goes into."""
    table = choose_table(f"data.table.{one.file}", tables, now or one.table)
    if table and table != (now or one.table):
        said(folder, staged, one, table=table, mappings=[])


def table_of_sheet(folder: Path, staged: Staged, one: StagedFile, place: int, proposal: Proposal) -> None:
    """The table that one of several sheets goes into; the others keep theirs."""
    table = choose_table(f"data.table.{one.file}.{place}", list(TABLES), proposal.mapping.table)
    if table and table != proposal.mapping.table:
        anew = propose(proposal.sheet, Known(table=table)).mapping
        named = dict.fromkeys(proposal.sheet.frame.columns, roles.IGNORED) | anew.columns
        confirmed(folder, staged, one, proposal, **dict(anew.model_copy(update={"columns": named})))


def choose_table(key: str, tables: list[str], now: str) -> str | None:
    return st.selectbox(
        t("data.goes_into"),
        tables,
        index=tables.index(now) if now in tables else None,
        format_func=table_name,
        placeholder=t("data.choose"),
        key=key,
        width=230,
    )


def ask(folder: Path, staged: Staged, one: StagedFile, place: int, proposal: Proposal, question: Question) -> None:
    """A question that the file leaves open, with what each answer would read."""
    about_date = question.about == "date"
    if about_date:
        words = t("data.ask_date", what=short(question.role), example=question.example)
    else:
        words = t("data.ask_decimal", example=question.example)
    answer = st.radio(
        words,  # numbers and marks alone, else nothing would read them: no need to make them plain
        question.choices,
        index=None,
        format_func=lambda choice: reading(question, choice),
        key=f"data.ask.{one.file}.{place}.{question.about}.{question.role}",
    )
    if answer is None:
        return
    if about_date:
        confirmed(folder, staged, one, proposal, dates=proposal.mapping.dates | {question.role: answer})
    else:
        confirmed(folder, staged, one, proposal, decimal=answer)


def reading(question: Question, choice: str) -> str:
    """What an answer makes of the example, in words."""
    if question.about == "date":
        return date_in_words(question.example, choice)
    return t("data.decimal_comma" if choice == "," else "data.decimal_point")


def as_text(folder: Path, staged: Staged, one: StagedFile, proposal: Proposal | None) -> None:
    """The encoding and the delimiter of a text file: what was found, and a switch."""
    encoding_found, mark_found = t("data.choose"), t("data.found_out_alone")
    if proposal is not None:
        encoding_found = t("data.found_out", what=proposal.sheet.encoding)
        mark_found = t("data.found_out", what=mark_name(proposal.sheet.delimiter))
    encodings = ["", *gate.ENCODINGS]
    encoding = st.selectbox(
        t("data.encoding"),
        encodings,
        index=encodings.index(one.encoding) if one.encoding in encodings else 0,
        format_func=lambda name: encoding_name(name) or encoding_found,
        key=f"data.encoding.{one.file}",
        width=230,
    )
    marks = ["", *gate.DELIMITERS]
    delimiter = st.selectbox(
        t("data.delimiter"),
        marks,
        index=marks.index(one.delimiter) if one.delimiter in marks else 0,
        format_func=lambda mark: mark_name(mark) if mark else mark_found,
        key=f"data.delimiter.{one.file}",
        width=230,
    )
    if (encoding, delimiter) != (one.encoding, one.delimiter):
        said(folder, staged, one, encoding=encoding, delimiter=delimiter, mappings=[])


def encoding_name(name: str) -> str:
    """An encoding with where it is used: "big5 (Taiwan, Hong Kong)"."""
    return t("data.encoding_of", name=name, where=t(f"data.where_{name.replace('-', '_')}")) if name else ""


def mark_name(mark: str) -> str:
    """A delimiter as one reads it."""
    names = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "bar"}
    return t(f"data.mark_{names[mark]}") if mark in names else mark or "?"


# --- people's addresses as ids ---


def has_personal_ids(found: list[Proposal] | AppError) -> bool:
    """Whether customers are numbered by their addresses in a file whose export is not known for that."""
    return not isinstance(found, AppError) and any(one.personal_ids for one in found)


def ask_pseudonyms(folder: Path, staged: Staged) -> None:
    """Addresses as customer ids are replaced only when somebody says so."""
    st.warning(t("data.personal_ids"), icon=":material/shield_person:")
    agreed = st.checkbox(t("data.pseudonymise"), value=staged.pseudonymise, key="data.pseudonymise")
    if agreed != staged.pseudonymise:
        keep(folder, staged.model_copy(update={"pseudonymise": agreed}))
