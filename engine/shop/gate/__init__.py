"""Limits before parsing, then a file as tables: text of CSV and XLSX as it stands, Parquet in its own kinds.

`sheets` reads whatever a shop's systems export: CSV, CSV.gz, XLSX, Parquet, a zip or a folder of them. `read_file`
reads one file that must be one table, row for row; `read_sheet` tells where in the file each row stands, too.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas as pd

from engine.errors import DataProblem
from engine.shop.gate import archive, delimited, limits, parquet, workbook
from engine.shop.gate.archive import Content
from engine.shop.gate.delimited import DELIMITERS, Reading
from engine.shop.gate.encodings import ENCODINGS

__all__ = ["DELIMITERS", "ENCODINGS", "FORMATS", "Reading", "Sheet", "files_in", "read_file", "read_sheet", "sheets"]

FORMATS = {".csv": "CSV", ".parquet": "Parquet", ".xlsx": "XLSX", ".gz": "CSV.gz", ".zip": "zip"}
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table of a file, not yet checked.

    name: "orders.csv", "export.zip/orders.csv" or "book.xlsx/June". lines: where in the file each row of `frame`
    begins, the first line being 1 (rows of Parquet: counted from 1). ragged: rows that have more or fewer fields than
    the header (line, fields as a list). notes: what was left out on the way, in sentences. sha256: of the whole file.
    """

    name: str
    frame: pd.DataFrame
    lines: np.ndarray
    ragged: pd.DataFrame
    sha256: str = ""
    encoding: str = ""
    delimiter: str = ""
    notes: list[str] = field(default_factory=list)


def files_in(path: Path) -> list[Path]:
    """The file itself, or what can be read in a folder, by name. Raises DataProblem for an empty folder."""
    path = Path(path)
    if not path.is_dir():
        return [path]
    found = sorted(one for one in path.iterdir() if one.suffix.lower() in FORMATS and one.is_file())
    if not found:
        raise DataProblem(f"{path}: no CSV, XLSX or Parquet file in this folder, nor a .gz or .zip of them.")
    return found


def sheets(
    path: Path,
    reading: Reading | None = None,
    head: int | None = None,
    progress: Progress = lambda rows: None,
    name: str = "",
) -> Iterator[Sheet]:
    """The tables of one file, at most the first `head` rows of each. Raises DataProblem naming the file and what to do.

    `progress` is told the number of rows read so far of a text file. `name` is what people know the file by, where that
    is not its path.
    """
    path, reading = Path(path), reading or Reading()
    name = name or path.name
    limits.check_file(path, FORMATS, name)
    digest = "" if head is not None else archive.sha256(path)
    for content in archive.contents(path, name):
        for sheet in _of(content, reading, head, progress):
            yield Sheet(
                sheet.name, _named(sheet), sheet.lines, sheet.ragged, digest,
                sheet.encoding, sheet.delimiter, sheet.notes,
            )  # fmt: skip


def read_file(path: Path, name: str = "") -> pd.DataFrame:
    """The rows of a file that is one table, headers trimmed. Raises DataProblem naming the file and what to do.

    `name` is what people know the file by, where that is not its path.
    """
    return read_sheet(path, name).frame


def read_sheet(path: Path, name: str = "") -> Sheet:
    """As `read_file`, with where in the file each row stands."""
    found = list(sheets(path, name=name))
    if len(found) != 1:
        raise DataProblem(
            f"{name or Path(path).name}: holds {len(found)} tables; one is needed. Save it as a CSV file."
        )
    (sheet,) = found
    if len(sheet.ragged):
        line, fields = sheet.ragged.iloc[0][["line", "fields"]]
        raise DataProblem(
            f"{sheet.name} line {line}: {len(fields)} fields where the header has {sheet.frame.shape[1]}. "
            "Repair that line and import again."
        )
    return sheet


def _of(content: Content, reading: Reading, head: int | None, progress: Progress) -> Iterator[Sheet]:
    if content.suffix == ".csv":
        limits.check_magic(content.name, ".csv", _first_bytes(content.open))
        yield Sheet(**delimited.read(content, reading, head, progress))
    elif content.suffix == ".parquet":
        limits.check_magic(content.name, ".parquet", _first_bytes(content.open))
        yield Sheet(content.name, *_plain(parquet.read(content, head)))
    else:
        limits.check_magic(content.name, ".xlsx", _first_bytes(content.open))
        for found in workbook.read(content, head):
            yield Sheet(**found)


def _plain(frame: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray, pd.DataFrame]:
    return frame, np.arange(1, len(frame) + 1), delimited.no_ragged()


def _first_bytes(opened: Callable[[], BinaryIO]) -> bytes:
    try:
        with opened() as stream:
            return stream.read(8)
    except archive.BROKEN:
        return b""


def _named(sheet: Sheet) -> pd.DataFrame:
    """The frame with trimmed headers; a column without a name is dropped where it is empty, and refused otherwise."""
    frame = sheet.frame
    frame.columns = [str(column).strip() for column in frame.columns]
    for place in [place for place, name in enumerate(frame.columns) if not name]:
        if frame.iloc[:, place].astype("str").str.strip().ne("").any():
            raise DataProblem(f"{sheet.name}: column {place + 1} has no name. Name it in the header, or remove it.")
    frame = frame.loc[:, [bool(name) for name in frame.columns]]
    repeated = frame.columns[frame.columns.duplicated()]
    if len(repeated):
        raise DataProblem(f"{sheet.name}: column {repeated[0]!r} stands twice in the header. Rename or remove one.")
    if frame.shape[1] == 0:
        raise DataProblem(f"{sheet.name}: the file is empty: it has no header.")
    return frame
