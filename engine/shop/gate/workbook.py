"""An XLSX workbook: each visible sheet that holds something, as text, once it is known to be laid out sensibly."""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from engine.errors import DataProblem
from engine.shop.gate import limits
from engine.shop.gate.archive import Content
from engine.shop.gate.delimited import header_at, no_ragged, unwrapped

_PLACE = re.compile(rb'<(?:\w+:)?c\s[^>]*?r="([A-Z]{1,3})(\d{1,7})"')
# A formula without a remembered result: nothing ever computed it, and reading it would give an empty cell.
_UNCOMPUTED = re.compile(
    rb"<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>[^<]*</(?:\w+:)?f>)\s*(?:</(?:\w+:)?c>|<(?:\w+:)?v\s*/>|<(?:\w+:)?v></)"
)


def read(content: Content, head: int | None) -> Iterator[dict[str, Any]]:
    """The fields of a Sheet for every visible sheet with cells. Raises DataProblem naming the file and what to do."""
    with content.open() as stream:
        packed = stream.read()
    _check(content.name, packed)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(packed))
        shown = [
            one.name
            for one in book.sheets_metadata
            if one.visible == SheetVisibleEnum.Visible and one.typ == SheetTypeEnum.WorkSheet
        ]
        hidden = [one.name for one in book.sheets_metadata if one.name not in shown]
        filled = [(name, sheet) for name in shown if (sheet := book.get_sheet_by_name(name)).height]
        notes = [f"{content.name}: sheet {name!r} is hidden and was not read." for name in hidden]
        for name, sheet in filled:
            title = content.name if len(filled) == 1 else f"{content.name}/{name}"
            yield _sheet(title, sheet, head, notes)
    except PasswordError as error:
        raise DataProblem(f"{content.name}: it has a password. Save it without one, or as CSV.") from error
    except (CalamineError, ValueError, OSError) as error:
        raise DataProblem(f"{content.name}: not a readable XLSX file ({str(error)[:120]}).") from error
    if not filled:
        raise DataProblem(f"{content.name}: the file is empty: no visible sheet holds anything.")


def _sheet(title: str, sheet: Any, head: int | None, notes: list[str]) -> dict[str, Any]:
    first_row, _ = sheet.start or (0, 0)
    # Rows as laid out, empty ones too: where a row stands is its line number.
    cells = sheet.to_python(skip_empty_area=True, nrows=None if head is None else head + 20)
    texts = [[_text(cell) for cell in row] for row in cells]
    above = header_at(texts)
    _check_merged(title, sheet, first_row + above)
    header, rows = texts[above], texts[above + 1 :]
    lines = [first_row + above + 2 + place for place in range(len(rows))]
    kept = [place for place, row in enumerate(rows) if any(row)][:head]
    if above:
        notes = [*notes, f"{title}: {above} rows above the header were left out."]
    frame = pd.DataFrame([rows[place] for place in kept], columns=range(len(header)), dtype="str")
    for place in frame.columns:
        frame[place] = unwrapped(frame[place])
    frame.columns = header
    limits.check_table(title, len(frame), len(header), limits.MAX_BYTES)
    lines_kept = np.array([lines[place] for place in kept], dtype="int64")
    return {"name": title, "frame": frame, "lines": lines_kept, "ragged": no_ragged(), "notes": notes}


def _text(cell: Any) -> str:
    """A cell as one reads it: whole numbers without ".0", dates in ISO form."""
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    return str(cell)


def _check_merged(title: str, sheet: Any, header_row: int) -> None:
    """A merged cell says its value once and leaves the rest empty: which rows it meant, nobody can tell."""
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or []:
        if bottom >= header_row:
            cells = f"{_letters(left)}{top + 1}:{_letters(right)}{bottom + 1}"
            raise DataProblem(f"{title}: cells {cells} are merged. Unmerge them, fill in each row, and import again.")


def _letters(column: int) -> str:
    """Name of a column: 0 is A, 26 is AA."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _check(name: str, packed: bytes) -> None:
    """Sizes, then the layout of every sheet, from the archive alone."""
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            entries = archive.infolist()
            unpacked = sum(entry.file_size for entry in entries)
            if unpacked > limits.MAX_WORKBOOK_UNPACKED:
                raise DataProblem(f"{name}: unpacks to more than 1 GB. Save it as CSV.")
            limits.check_ratio(name, unpacked, len(packed))
            for entry in entries:
                if re.fullmatch(r"xl/worksheets/[^/]+\.xml", entry.filename):
                    _check_layout(name, archive.read(entry))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise DataProblem(f"{name}: not a readable XLSX file ({str(error)[:120]}).") from error


def _check_layout(name: str, xml: bytes) -> None:
    """Raises DataProblem for cells so far apart that laying them out would fill the memory, or never computed."""
    columns, first, last = set(), None, 0
    for found in _PLACE.finditer(xml):
        columns.add(found[1])
        row = int(found[2])
        first, last = (row if first is None else min(first, row)), max(last, row)
    places = [_number(letters) for letters in columns]
    width = max(places) - min(places) + 1 if places else 0
    if width > limits.MAX_COLUMNS:
        raise DataProblem(f"{name}: more than {limits.MAX_COLUMNS} columns ({width:,}). Keep the columns of one table.")
    if width * (last - (first or 0) + 1) > limits.MAX_WORKBOOK_CELLS:
        raise DataProblem(f"{name}: {last:,} rows x {width:,} columns are too much for a spreadsheet. Save it as CSV.")
    if uncomputed := _UNCOMPUTED.search(xml):
        row = xml[: uncomputed.start()].rfind(b' r="')
        cell = xml[row + 4 : row + 14].split(b'"')[0].decode(errors="replace")
        raise DataProblem(
            f"{name}: cell {cell} holds a formula without a result. Open the file in a spreadsheet, save it, "
            "and import it again."
        )


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
