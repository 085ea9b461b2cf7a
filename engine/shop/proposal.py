"""What a file is taken for before it is taken in: its mapping, how that was found, and what is still to be asked."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Literal

import pandas as pd

from engine import privacy
from engine.errors import DataProblem, WhichTable
from engine.shop import column_names, dates, numerals, sources
from engine.shop.gate import Sheet
from engine.shop.mapping import TableMapping
from engine.shop.sources import roles
from engine.shop.tables import TABLES

FoundBy = Literal["given", "own names", "saved", "export", "names"]
NUMBERS = ("money", "amount", "quantity", "count", "fraction", "number", "rating")


@dataclass(frozen=True, slots=True)
class Question:
    """What cannot be told from the file: about a role's dates or the decimal mark, with what may be answered.

    example: a cell of the file that can be read in every one of these ways.
    """

    about: Literal["date", "decimal"]
    role: str
    sentence: str
    choices: tuple[str, ...]
    example: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """How a sheet would be read.

    unused: columns that would not be taken in; personal: those of people among them. missing: required columns that
    nothing stands for. personal_ids: customers are numbered by their addresses, and no known export says that they are.
    """

    sheet: Sheet
    mapping: TableMapping
    found_by: FoundBy
    questions: list[Question] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    personal: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    personal_ids: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """Mappings that may be used: those given with an import, then those kept in the shop; and a table said for all.

    confirmed: the given ones are what somebody saw and said, to be followed also where columns are missing.
    """

    given: tuple[TableMapping, ...] = ()
    saved: tuple[TableMapping, ...] = ()
    table: str | None = None
    confirmed: bool = False


def propose(sheet: Sheet, known: Known) -> Proposal:
    """The mapping of a sheet with its dates and decimal mark filled in, and what is to be asked.

    Raises WhichTable where nothing, or more than one table, fits the sheet's columns.
    """
    mapping, found_by = _mapping(sheet, known)
    frame = renamed(sheet.frame, mapping)
    # Our own names promise our own way to write numbers: what is written otherwise is then a row to set aside.
    decimal, questions = _decimal(sheet, frame, mapping, "." if found_by == "own names" else None)
    found_dates, more = _dates(sheet, frame, mapping)
    mapping = mapping.model_copy(update={"decimal": decimal, "dates": found_dates})
    unused = _unused(sheet, mapping)
    personal = [column for column in unused if column_names.is_personal(column)]
    missing = _missing(mapping, list(sheet.frame.columns))
    personal_ids = not mapping.source and "customer_id" in frame and privacy.looks_personal(frame["customer_id"])
    return Proposal(sheet, mapping, found_by, questions + more, unused, personal, missing, bool(personal_ids))


def renamed(frame: pd.DataFrame, mapping: TableMapping) -> pd.DataFrame:
    """The sheet with roles as columns: what is said to be a role is that, not a column that is called so by chance."""
    roles_given = {role for column, role in mapping.columns.items() if column in frame}
    by_chance = [column for column in frame if column in roles_given and column not in mapping.columns]
    frame = frame.drop(columns=by_chance).rename(columns=mapping.columns)
    return frame.loc[:, ~frame.columns.duplicated()]


# --- which table, and which column is what ---


def _mapping(sheet: Sheet, known: Known) -> tuple[TableMapping, FoundBy]:
    columns = list(sheet.frame.columns)
    if known.table is not None and known.table not in TABLES:
        raise DataProblem(f"There is no table called {known.table}. Tables are: {', '.join(TABLES)}.")
    allowed = [name for name in TABLES if known.table in (None, name)]
    for mappings, found_by in ((known.given, "given"), (known.saved, "saved")):
        if found_by == "saved" and (own := _own_names(sheet, allowed)):
            said = next((one for one in known.saved if (one.table, one.columns) == (own.table, own.columns)), None)
            return (said, "saved") if said else (own, "own names")
        for mapping in mappings:
            follow = known.confirmed and found_by == "given"
            if mapping.fits(columns) and (follow or (mapping.table in allowed and not _missing(mapping, columns))):
                return mapping, found_by  # type: ignore[return-value]
    source = sources.recognised(columns)
    if source is not None and source.table in allowed:
        return TableMapping(table=source.table, columns=source.mapping(columns), source=source.name), "export"
    return _by_names(sheet, known, allowed), "names"


def _own_names(sheet: Sheet, allowed: list[str]) -> TableMapping | None:
    """The table whose own column names the sheet has: the one its file is named after, or the only one."""
    columns = set(sheet.frame.columns)
    fitting = [name for name in allowed if set(TABLES[name].required) <= columns]
    stem = _stem(sheet)
    if stem not in fitting:
        several = [name for name in fitting if len(TABLES[name].required) > 1 or len(allowed) == 1]
        if len(several) > 1:
            raise _unclear(sheet, several)
        stem = several[0] if several else ""
    if not stem:
        return None
    own = {column: column for column in sheet.frame.columns if column in TABLES[stem].columns}
    return TableMapping(table=stem, columns=own | _contact_columns(stem, sheet, own))


def _contact_columns(table: str, sheet: Sheet, own: dict[str, str]) -> dict[str, str]:
    """E-mail addresses and phone numbers beside a table's own columns: they go to the vault, never to the table."""
    if table != "customers":
        return {}
    named = column_names.roles("customers", [c for c in sheet.frame.columns if c not in own], lambda *_: True)
    return {column: role for column, role in named.items() if role in roles.CONTACT}


def _stem(sheet: Sheet) -> str:
    """What the file is called, without folder and ending; for a sheet of a workbook, the sheet's name."""
    name = PurePosixPath(sheet.name).name.lower()
    for ending in (".gz", ".csv", ".parquet", ".xlsx"):
        name = name.removesuffix(ending)
    return name


def _by_names(sheet: Sheet, known: Known, allowed: list[str]) -> TableMapping:
    """The table whose required columns are all there under some name that shops use."""
    columns = list(sheet.frame.columns)
    head = sheet.frame.head(500)
    renames = [mapping for mapping in known.given if mapping.table in allowed]
    found: dict[str, dict[str, str]] = {}
    for table in allowed:
        own = next((m.columns for m in renames if m.table == table), {})
        own = {column: role for column, role in own.items() if column in columns}
        rest = [column for column in columns if column not in own]
        named = column_names.roles(table, rest, _fits(head, table))
        found[table] = own | {column: role for column, role in named.items() if role not in own.values()}
        found[table] |= _by_content(head, table, found[table])
    complete = [table for table in allowed if not _lacking(table, set(found[table].values()))]
    best = _most_certain(_stem(sheet), complete, found) or _said(_stem(sheet), allowed)
    if best is not None:
        given = next((mapping for mapping in renames if mapping.table == best), None)
        base = given or TableMapping(table=best, columns={})
        return base.model_copy(update={"columns": found[best]})
    raise _unclear(sheet, [name for name in complete if len(TABLES[name].required) > 1] or allowed)


def _fits(head: pd.DataFrame, table: str) -> Callable[[str, str], bool]:
    return lambda column, role: column_names.looks_like(head[column], roles.kind(table, role))


def _by_content(head: pd.DataFrame, table: str, named: dict[str, str]) -> dict[str, str]:
    """The one column of dates where the table needs a date that no name gave; the one of e-mail addresses likewise."""
    rest = [column for column in head if column not in named and pd.api.types.is_string_dtype(head[column])]
    found: dict[str, str] = {}
    for role in _lacking(table, set(named.values())):
        wanted = _are_dates if roles.kind(table, role) == "time" else _are_emails if role == "customer_id" else None
        fitting = [column for column in rest if wanted is not None and wanted(head[column])]
        if len(fitting) == 1:
            found[fitting[0]] = "email" if wanted is _are_emails else role
    return found


_LIKE_A_DATE = r"\d[-/.年 ]\s?\w+[-/.月, ]+\d|[A-Za-z]{3} \d{1,2},? \d{4}"


def _are_dates(values: pd.Series) -> bool:
    texts = values.dropna().astype("str").str.strip()
    texts = texts[texts != ""]
    # Three parts: "9.50" would be tried in every format there is, for each table again.
    if texts.empty or not texts.str.contains(_LIKE_A_DATE, regex=True).mean() > 0.9:
        return False
    guess = dates.guess(texts)
    return bool(guess.choices or guess.format)


def _are_emails(values: pd.Series) -> bool:
    texts = values.dropna().astype("str").str.strip()
    texts = texts[texts != ""]
    return bool(len(texts) and texts.str.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+").mean() > 0.9)


def _most_certain(stem: str, complete: list[str], found: dict[str, dict[str, str]]) -> str | None:
    """The table the file is named after, the only one possible, or the one that explains far more columns."""
    if stem in complete:
        return stem
    # One id is enough for customers, and a rating for reviews: too little to go by.
    several = [table for table in complete if len(TABLES[table].required) > 1]
    ranked = sorted(several, key=lambda table: len(found[table]), reverse=True)
    if len(ranked) == 1 or (len(ranked) > 1 and len(found[ranked[0]]) >= len(found[ranked[1]]) + 2):
        return ranked[0]
    return complete[0] if len(complete) == 1 and len(found[complete[0]]) > 2 else None


def _said(stem: str, allowed: list[str]) -> str | None:
    """The table that a file is named after or was said to be, though columns that it needs are missing."""
    return stem if stem in allowed else allowed[0] if len(allowed) == 1 else None


def _unclear(sheet: Sheet, tables: list[str]) -> WhichTable:
    sentence = f"{sheet.name}: could be any of {', '.join(tables)}. Say which with --table NAME."
    return WhichTable(sentence, tables)


def missing_sentence(sheet: Sheet, table: str, missing: list[str]) -> str:
    """That columns are missing for a table, with what was found instead."""
    columns = list(sheet.frame.columns)
    return (
        f"{sheet.name}: column {', '.join(missing)} is missing for {table}. Found: {', '.join(columns[:20])}. "
        "Rename it in the file or in a mapping file (--map)."
    )


def _lacking(table: str, there: set[str]) -> list[str]:
    """Required columns that are neither there nor can be worked out."""
    return [
        role
        for role in TABLES[table].required
        if role not in there and not there & set(column_names.INSTEAD.get(role, ()) if table == "orders" else ())
    ]


def _missing(mapping: TableMapping, columns: list[str]) -> list[str]:
    """Required columns that a mapping does not give, and the file does not have by that name."""
    if mapping.source:
        there = {roles.base(mapping.columns[column]) for column in columns if column in mapping.columns}
        return [role for role in sources.SOURCES[mapping.source].known_by if role not in there]
    there = {mapping.columns.get(column, column) for column in columns}
    return _lacking(mapping.table, there)


def _unused(sheet: Sheet, mapping: TableMapping) -> list[str]:
    """Columns that stand for nothing: all of those of a table without attributes, else people's names and addresses."""
    rest = [column for column in sheet.frame.columns if column not in mapping.columns]
    rest = [column for column in rest if mapping.source or column not in TABLES[mapping.table].columns]
    if TABLES[mapping.table].attributes and not mapping.source:
        rest = [column for column in rest if column_names.is_personal(column)]
    ignored = [column for column, role in mapping.columns.items() if role == roles.IGNORED]
    return [*rest, *ignored]


# --- how its numbers and dates are written ---


def _decimal(
    sheet: Sheet, frame: pd.DataFrame, mapping: TableMapping, usual: numerals.Decimal | None
) -> tuple[Literal["", ".", ","], list[Question]]:
    if mapping.decimal:
        return mapping.decimal, []
    columns = [
        frame[role]
        for role in frame.columns
        if roles.kind(mapping.table, role) in NUMBERS and pd.api.types.is_string_dtype(frame[role])
    ]
    mark = numerals.decimal_mark(columns, usual)
    if mark is not None:
        return mark, []
    commas = pd.concat(columns).astype("str")
    shown = commas[commas.str.contains(",", regex=False, na=False)].iloc[0]
    sentence = f"{sheet.name}: is the comma in {shown} a decimal comma, or does it part the thousands?"
    return "", [Question("decimal", "", sentence, (",", "."), str(shown))]


def _dates(sheet: Sheet, frame: pd.DataFrame, mapping: TableMapping) -> tuple[dict[str, str], list[Question]]:
    fixed = sources.SOURCES[mapping.source].dates if mapping.source else {}
    found, questions = fixed | mapping.dates, []
    for role in frame.columns:
        if roles.kind(mapping.table, role) != "time" or role in found:
            continue
        guess = dates.guess(frame[role])
        if guess.choices:
            example = _of_either(frame[role], guess.choices)
            question = f"{sheet.name}: {role}: {guess.problem}"
            questions.append(Question("date", role, question, guess.choices, example))
        elif guess.problem:
            raise DataProblem(f"{sheet.name}: {role}: {guess.problem}")
        elif guess.format not in ("", dates.ISO):
            found[role] = guess.format
    return found, questions


def _of_either(column: pd.Series, formats: tuple[str, ...]) -> str:
    """The first date that every one of these formats can read."""
    texts = pd.Series(column.dropna().astype("str").str.strip().unique(), dtype="str")
    readable = pd.DataFrame({one: dates.instants(texts, one, "UTC", "UTC").notna() for one in formats}).all(axis=1)
    return str(texts[readable].iloc[0])
