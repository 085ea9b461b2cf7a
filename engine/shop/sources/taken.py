"""What a file came to once its export was understood, and what an export is."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pandas as pd

from engine.shop.store import ShopSettings
from engine.shop.tables import Problem


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
    language. known_by: the roles whose columns must all be there for a file to be taken for this export. take: rows
    with roles as columns -> Taken. header: names of the columns of an export without a header.
    dates: role -> format, where the export has one that nobody could guess. joined_to: the source
    whose rows, in another file, hold what belongs to the whole order of these lines: both are read as one.
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

    def mapping(self, found: list[str]) -> dict[str, str]:
        """{column of the file: role} for the columns that this export is known to have; the first name found wins."""
        by_name = {column.strip().casefold(): column for column in found}
        mapped: dict[str, str] = {}
        for role, names in self.columns.items():
            for name in names:
                column = by_name.get(name.casefold())
                if column is not None and column not in mapped:
                    mapped[column] = role
                    break
        return mapped

    def recognises(self, found: list[str]) -> bool:
        """Whether a file with these columns is such an export."""
        return set(self.known_by) <= set(self.mapping(found).values())
