"""What a file came to once its export was understood, and what an export is."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import pandas as pd

from engine.shop.sources import roles
from engine.shop.store import ShopSettings
from engine.shop.tables import Problem

ANY_CURRENCY = "(*)"  # ends a column's name that has a currency there: "Amount spent (EUR)"


@dataclass(frozen=True, slots=True)
class Taken:
    """Rows of one table out of a file, not yet checked.

    frame: columns of the table; its index says which row of the file each is. aside: rows that are no sale, event or
    whatever the table holds, as (row of the file, column, value, reason). derived: customers, products, contacts and
    campaigns that the rows tell of. personal: customer ids that are e-mail addresses or phone numbers, to be replaced
    by pseudonyms everywhere. flagged: counts of rows worth a look. notes: sentences for the report.
    """

    table: str
    frame: pd.DataFrame
    aside: list[Problem] = field(default_factory=list)
    derived: dict[str, pd.DataFrame] = field(default_factory=dict)
    personal: frozenset[str] = frozenset()
    flagged: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


Take = Callable[[pd.DataFrame, ShopSettings], Taken]


@dataclass(frozen=True, slots=True)
class Source:
    """An export that is known by its columns.

    columns: what a column stands for (see engine.shop.sources.roles) -> the names that the export gives it, in whatever
    language; a name may end in ANY_CURRENCY. known_by: the roles whose columns must all be there for a file to be taken
    for this export. take: rows with roles as columns -> Taken. header: names of the columns of an export without a
    header. joined_to: the source whose rows, in another file, hold what belongs to the whole order of these lines: both
    are read as one. currency: what its amounts are in, where the export never says so.
    """

    name: str
    title: str
    table: str
    columns: dict[str, tuple[str, ...]]
    known_by: tuple[str, ...]
    take: Take
    header: tuple[str, ...] = ()
    dates: dict[str, str] = field(default_factory=dict)
    joined_to: str = ""
    currency: str = ""

    def mapping(self, found: list[str]) -> dict[str, str]:
        """{column of the file: role} for the columns that this export is known to have; the first name found wins."""
        mapped: dict[str, str] = {}
        for role, names in self.columns.items():
            places = [place for name in names for place in _named(name, found, role) if place[0] not in mapped]
            if places:
                column, given = places[0]
                mapped[column] = given
        return mapped

    def recognises(self, found: list[str]) -> bool:
        """Whether a file with these columns is such an export."""
        return set(self.known_by) <= {roles.base(role) for role in self.mapping(found).values()}


def _named(name: str, found: list[str], role: str) -> list[tuple[str, str]]:
    """The columns called `name`, with the role they get."""
    if not name.endswith(ANY_CURRENCY):
        return [(column, role) for column in found if column.strip().casefold() == name.casefold()]
    pattern = re.compile(rf"{re.escape(name.removesuffix(ANY_CURRENCY).strip())}\s*\(([A-Z]{{3}})\)", re.IGNORECASE)
    matches = [(column, pattern.fullmatch(column.strip())) for column in found]
    return [(column, f"{role}.{match[1].upper()}") for column, match in matches if match]
