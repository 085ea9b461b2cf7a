"""Which table a file is and what each of its columns stands for: found, shown, changed, and kept for the next import.

A mapping file is TOML, one section a table. `[[orders]]` instead of `[orders]` holds several, one for each export:

    [orders]
    Invoice = "order_id"               # column of the file = what it stands for

    [orders.read]                      # all optional
    source = "shopify_orders"          # read as this known export
    encoding = "gb18030"
    delimiter = ";"
    decimal = ","
    time_zone = "UTC"                  # of times without one, where it is not the shop's
    dates = { ordered_at = "%d/%m/%Y %H:%M" }
    missing = { discount = "fill 0" }  # or "drop": set the row aside; "keep": unknown (the usual)
    columns = { read = "status" }      # a column that is called "read", which cannot stand above beside this section
"""

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import tomlkit
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from engine.errors import DataProblem
from engine.shop.gate import DELIMITERS, Reading
from engine.shop.sources import SOURCES, roles
from engine.shop.tables import TABLES

FILE = "mapping.toml"  # in the shop folder: what was confirmed there


class TableMapping(BaseModel):
    """How one kind of file is read. "" and {} are found out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    table: str
    columns: dict[str, str]
    source: str = ""
    encoding: str = ""
    delimiter: str = ""
    decimal: Literal["", ".", ","] = ""
    time_zone: str = ""
    dates: dict[str, str] = {}
    missing: dict[str, str] = {}

    @field_validator("columns")
    @classmethod
    def _each_once(cls, columns: dict[str, str]) -> dict[str, str]:
        given = [role for role in columns.values() if role != roles.IGNORED]
        twice = next((role for role in given if given.count(role) > 1), None)
        if twice is not None:
            raise ValueError(f"two columns are said to be {twice}; name one")
        return columns

    @field_validator("source")
    @classmethod
    def _known(cls, name: str) -> str:
        if name and name not in SOURCES:
            raise ValueError(f"no such export; known are {', '.join(SOURCES)}")
        return name

    @field_validator("delimiter")
    @classmethod
    def _one_of(cls, mark: str) -> str:
        if mark and mark not in DELIMITERS:
            raise ValueError("one of , ; | or a tab")
        return mark

    @field_validator("time_zone")
    @classmethod
    def _on_earth(cls, name: str) -> str:
        try:
            return name and ZoneInfo(name).key
        except (KeyError, ValueError, OSError) as error:
            raise ValueError("no such time zone; write it as in Europe/Berlin") from error

    @field_validator("missing")
    @classmethod
    def _policies(cls, policies: dict[str, str]) -> dict[str, str]:
        wrong = [said for said in policies.values() if said not in ("keep", "drop") and not said.startswith("fill ")]
        if wrong:
            raise ValueError(f'{wrong[0]!r} is not "keep", "drop" or "fill VALUE"')
        return policies

    @property
    def reading(self) -> Reading:
        """How the gate reads a file of this kind."""
        header = SOURCES[self.source].header if self.source else ()
        return Reading(self.encoding, self.delimiter, header)

    def fits(self, columns: Iterable[str]) -> bool:
        """Whether a file has the columns that the mapping names."""
        return bool(self.columns) and set(self.columns) <= set(columns)


def read(path: Path | None) -> list[TableMapping]:
    """The mappings of a file, none for None. Raises DataProblem naming what is wrong in it."""
    if path is None:
        return []
    path = Path(path)
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataProblem(f"{path}: not a readable mapping file: {error}") from error
    unknown = [name for name in written if name not in TABLES]
    if unknown:
        raise DataProblem(f"{path}: no table called {unknown[0]}. Tables are: {', '.join(TABLES)}.")
    return [
        _one(path.name, table, section)
        for table, sections in written.items()
        for section in (sections if isinstance(sections, list) else [sections])
    ]


def _one(file: str, table: str, section: Any) -> TableMapping:
    columns = dict(section) if isinstance(section, dict) else {"": section}
    options = columns.pop("read", {})
    if not isinstance(options, dict):  # a column of the file that is called "read"
        columns["read"], options = options, {}
    more = options.pop("columns", {})
    columns |= more if isinstance(more, dict) else {"": more}
    if not all(isinstance(role, str) for role in columns.values()) or "" in columns:
        raise DataProblem(f'{file}: {table}: write one line per column, such as "Their name" = "customer_id".')
    try:
        return TableMapping(table=table, columns=columns, **options)
    except (ValidationError, TypeError) as error:
        problems = error.errors() if isinstance(error, ValidationError) else []
        sentences = [
            f"{file}: {table}: {'.'.join(map(str, p['loc']))}: {p['msg']}; got {p['input']!r}" for p in problems
        ]
        raise DataProblem(sentences or [f"{file}: {table}: {error}"]) from error


def write(mappings: Iterable[TableMapping]) -> str:
    """The mappings as the text of a mapping file; only what was said is written."""
    document = tomlkit.document()
    by_table: dict[str, list[TableMapping]] = {}
    for mapping in mappings:
        by_table.setdefault(mapping.table, []).append(mapping)
    for table, several in by_table.items():
        sections = [_section(mapping) for mapping in several]
        if len(sections) == 1:
            document[table] = sections[0]
        else:
            document[table] = tomlkit.aot()
            for section in sections:
                document[table].append(section)  # type: ignore[union-attr,call-arg,arg-type]
    return tomlkit.dumps(document)


def _section(mapping: TableMapping) -> tomlkit.items.Table:
    section = tomlkit.table()
    said = mapping.model_dump(exclude_defaults=True, exclude={"table", "columns"})
    for column, role in mapping.columns.items():
        if column == "read" and said:  # its place is taken by the options
            said["columns"] = {column: role}
        else:
            section[column] = role
    if said:
        section["read"] = said
    return section


def saved(shop: Path) -> list[TableMapping]:
    """What was confirmed in a shop; none where it has no such file."""
    path = Path(shop) / FILE
    return read(path) if path.exists() else []


def with_confirmed(known: list[TableMapping], confirmed: list[TableMapping]) -> list[TableMapping]:
    """The mappings to keep: a confirmed one takes the place of one for the same columns of the same table."""
    taken = {(mapping.table, frozenset(mapping.columns)) for mapping in confirmed}
    return [one for one in known if (one.table, frozenset(one.columns)) not in taken] + confirmed
