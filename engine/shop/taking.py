"""A sheet and its mapping -> rows of a table: numbers and dates plain, empty cells as agreed, contacts apart."""

import re
from dataclasses import replace

import pandas as pd

from engine import privacy
from engine.errors import DataProblem
from engine.shop import dates, numerals, sources
from engine.shop.mapping import TableMapping
from engine.shop.proposal import NUMBERS, Proposal, missing_sentence, renamed
from engine.shop.sources import Taken, cells, joined, lines, roles
from engine.shop.store import ShopSettings
from engine.shop.tables import TABLES, Problem, text

# What a spreadsheet makes of a long number; the digits it left out are gone.
_CUT_ID = r"\d[.,]\d+[eE]\+?\d{2}|\d[eE]\+\d{2}|\d{16,}\.0"
_EXACT = 2**53  # whole numbers beyond it are not all there among floats
_SPREADSHEET_ERROR = r"#(?:REF!|N/A|VALUE!|DIV/0!|NAME\?|NULL!|NUM!|SPILL!|CALC!|GETTING_DATA)"


def take(
    proposal: Proposal, settings: ShopSettings, pseudonymise: bool = False, orders: pd.DataFrame | None = None
) -> tuple[Taken, list[Problem]]:
    """The rows of a sheet as its mapping says. Raises DataProblem where the file as a whole cannot be used.

    `orders` (plain) holds what belongs to the whole order, for an export that has it in a file of its own; those of its
    rows that have no line come second.
    """
    mapping, sheet = proposal.mapping, proposal.sheet
    frame = plain(proposal, settings)
    aside = _without_errors(mapping.table, frame) + _without_missing(mapping, frame)
    without_line: list[Problem] = []
    if orders is not None:
        frame, alone, without_line = joined.join(frame, orders)
        aside += alone
    first: dict[int, Problem] = {}
    for problem in aside:
        first.setdefault(problem[0], problem)  # a row is set aside once
    aside = list(first.values())
    frame = frame.drop(index=[row for row, *_ in aside])
    taken = _taken(mapping, frame, settings)
    missing = [column for column in TABLES[taken.table].required if column not in taken.frame]
    if missing:
        raise DataProblem(missing_sentence(sheet, taken.table, missing))
    taken = _checked_ids(taken, sheet.name, pseudonymise)
    whole = replace(taken, aside=aside + taken.aside, notes=[*sheet.notes, *taken.notes])
    return whole, without_line


def plain(proposal: Proposal, settings: ShopSettings) -> pd.DataFrame:
    """The sheet with roles as columns: numbers with a decimal point, dates as instants on the shop's clock."""
    mapping = proposal.mapping
    frame = renamed(proposal.sheet.frame.drop(columns=proposal.unused), mapping)
    for role in frame.columns:
        kind = roles.kind(mapping.table, role)
        if kind in NUMBERS or role.endswith(("price", "cost")):
            if kind in ("money", "amount") and "currency" not in frame:
                _check_one_currency(proposal.sheet.name, role, frame[role])
            # A campaign takes off an amount, or a part.
            percent = kind == "fraction" or (mapping.table, role) == ("campaigns", "discount")
            frame[role] = numerals.plain(frame[role], mapping.decimal or ".", percent)
        elif kind == "time":
            written = mapping.dates.get(role, dates.ISO)
            frame[role] = dates.read(frame[role], written, mapping.time_zone, settings.time_zone)
    return frame


def _check_one_currency(name: str, role: str, column: pd.Series) -> None:
    found = numerals.currencies(column)
    if len(found) > 1:
        raise DataProblem(
            f"{name}: {role} has amounts in {' and '.join(found)}. Put the currency in a column of its own, or "
            "bring in one file for each."
        )


def _without_errors(table: str, frame: pd.DataFrame) -> list[Problem]:
    """Rows with what a spreadsheet writes into a cell that it cannot work out."""
    aside: list[Problem] = []
    for column in frame.columns.intersection(list(TABLES[table].columns)):
        if pd.api.types.is_string_dtype(frame[column]):
            wrong = frame[column].str.strip().str.fullmatch(_SPREADSHEET_ERROR).fillna(False)
            aside += [
                (int(row), column, frame[column][row], f"{column} is an error of the spreadsheet")
                for row in frame.index[wrong]
            ]
    return aside


def _without_missing(mapping: TableMapping, frame: pd.DataFrame) -> list[Problem]:
    """Fills empty cells in place where the mapping says so; gives the rows that it says to set aside."""
    aside: list[Problem] = []
    for role, policy in mapping.missing.items():
        if role not in frame:
            continue
        empty = ~cells.filled(frame[role])
        if policy == "drop":
            aside += [(int(row), role, None, f"{role} is empty (set aside as agreed)") for row in frame.index[empty]]
        elif policy.startswith("fill "):
            frame[role] = frame[role].where(~empty, policy.removeprefix("fill "))
    return aside


def _taken(mapping: TableMapping, frame: pd.DataFrame, settings: ShopSettings) -> Taken:
    if mapping.source:
        return sources.SOURCES[mapping.source].take(frame, settings)
    if mapping.table == "orders" and set(frame.columns) & set(roles.OTHERS):
        return lines.take(frame, settings)
    contacts = [column for column in frame.columns if column in roles.CONTACT]
    if mapping.table == "contacts" or not contacts:
        return Taken(mapping.table, frame)
    return _with_contacts(mapping.table, frame, contacts)


def _with_contacts(table: str, frame: pd.DataFrame, contacts: list[str]) -> Taken:
    """Addresses and numbers beside a customer: the customer's key where there is no other, and out of the table."""
    personal: frozenset[str] = frozenset()
    if "customer_id" not in frame and "customer_id" in TABLES[table].columns:
        frame = frame.assign(customer_id=cells.contact(frame))
        personal = frozenset(frame["customer_id"].dropna())
    derived = {"contacts": frame[["customer_id", *contacts]]} if "customer_id" in frame else {}
    return Taken(table, frame.drop(columns=contacts), derived=derived, personal=personal)


def _checked_ids(taken: Taken, name: str, pseudonymise: bool) -> Taken:
    """Ids that a spreadsheet cut off are refused; so are addresses as ids, unless they are to be replaced."""
    for column, kind in TABLES[taken.table].columns.items():
        if kind == "id" and column in taken.frame:
            values = taken.frame[column]
            if pd.api.types.is_float_dtype(values):
                cut = values.abs() >= _EXACT
            else:
                cut = values.astype("str").str.fullmatch(_CUT_ID).fillna(False).astype(bool)
            if cut.any():
                shown = values[cut].iloc[0]
                raise DataProblem(
                    f"{name}: {column} {shown} was a longer number before a spreadsheet shortened it; its last "
                    "digits are lost. Export again and bring in that file without opening and saving it."
                )
    if "customer_id" not in taken.frame or taken.personal or taken.table == "contacts":
        return taken
    ids = text(taken.frame["customer_id"])
    if not privacy.looks_personal(ids):
        return _without_addresses(taken, ids)
    if not pseudonymise:
        raise DataProblem(
            f"{name}: customer_id holds e-mail addresses or phone numbers. Export the shop's own customer number "
            "instead, or have them replaced by pseudonyms (--pseudonymise)."
        )
    derived = {**taken.derived, "contacts": _contacts_of(ids)}
    return replace(taken, frame=taken.frame.assign(customer_id=ids), derived=derived, personal=frozenset(ids.dropna()))


def _without_addresses(taken: Taken, ids: pd.Series) -> Taken:
    """Among customers' own numbers, a row whose number is an e-mail address is set aside: it would be in the tables."""
    personal = ids.str.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+").fillna(False).astype(bool)
    if not personal.any():
        return taken
    said = "customer_id is an e-mail address, and no customer's number"
    aside: list[Problem] = [(int(row), "customer_id", "[email]", said) for row in ids.index[personal]]
    return replace(taken, frame=taken.frame[~personal], aside=taken.aside + aside)


def _contacts_of(ids: pd.Series) -> pd.DataFrame:
    found = ids.dropna().drop_duplicates()
    is_email = found.str.contains("@", regex=False)
    return pd.DataFrame({"customer_id": found, "email": found.where(is_email), "phone": found.where(~is_email)})


def under_pseudonyms(taken: Taken, key: bytes) -> Taken:
    """The same with every personal customer id replaced, in derived tables too."""
    if not taken.personal:
        return taken
    known = pd.Series(sorted(taken.personal), dtype="str")
    names = dict(zip(known, privacy.pseudonyms(key, known), strict=True))

    def replaced(frame: pd.DataFrame) -> pd.DataFrame:
        if "customer_id" not in frame:
            return frame
        ids = frame["customer_id"]
        return frame.assign(customer_id=ids.map(names).fillna(ids))

    derived = {table: replaced(frame) for table, frame in taken.derived.items()}
    aside = [(row, column, _masked(value), reason) for row, column, value, reason in taken.aside]
    return replace(taken, frame=replaced(taken.frame), aside=aside, derived=derived, personal=frozenset())


def _masked(value: object) -> object:
    return privacy.masked(pd.Series([value], dtype="str")).iloc[0] if isinstance(value, str) else value


def masked_text(table: str, frame: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Free text without e-mail addresses and phone numbers, and in how many cells one was."""
    count = 0
    for column in frame.columns:
        kind = TABLES[table].columns.get(column)
        free = kind == "text" or (kind is None and pd.api.types.is_string_dtype(frame[column]))
        if free and not re.fullmatch(r"kind|channel|status|language|goal|type", column):
            clean = privacy.masked(frame[column])
            changed = int((frame[column].notna() & (clean != frame[column])).sum())  # missing is unlike itself
            if changed:
                frame, count = frame.assign(**{column: clean}), count + changed
    return frame, count


def currencies_without_rate(proposal: Proposal, settings: ShopSettings) -> list[str]:
    """Codes of currencies in a sheet that the shop's settings have no rate for: their rows would be set aside."""
    frame = renamed(proposal.sheet.frame, proposal.mapping)
    if "currency" not in frame:
        return []
    codes = frame["currency"].dropna().astype("str").str.strip().str.upper().unique()
    return sorted(code for code in codes if code and settings.rate(code) is None)
