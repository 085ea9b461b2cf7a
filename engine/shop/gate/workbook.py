"""An XLSX workbook: each visible sheet that holds something, as text, once it is known to be laid out sensibly."""

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from engine.errors import DataProblem
from engine.shop.gate import limits
from engine.shop.gate.archive import BROKEN, TAIL, Content, unpacked
from engine.shop.gate.delimited import header_at, no_ragged, unwrapped

# XML may use either quotation mark, and spaces as it likes.
_PLACE = re.compile(rb"""<(?:\w+:)?c\s[^>]*?\br\s*=\s*["']([A-Z]{1,3})(\d{1,7})["']""")
_ROW = re.compile(rb"""<(?:\w+:)?row\s[^>]*?\br\s*=\s*["'](\d{1,9})["']""")
_SHEET = re.compile(rb"<(?:\w+:)?sheetData\b")
# A formula without a remembered result: nothing ever computed it, and reading it would give an empty cell.
_UNCOMPUTED = re.compile(
    rb"<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>[^<]*</(?:\w+:)?f>)\s*(?:</(?:\w+:)?c>|<(?:\w+:)?v\s*/>|<(?:\w+:)?v></)"
)
_ERROR = re.compile(
    rb"""<(?:\w+:)?c\s[^>]*?\bt\s*=\s*["']e["'][^>]*>(?:<(?:\w+:)?f[^>]*>[^<]*</(?:\w+:)?f>)?"""
    rb"""\s*<(?:\w+:)?v>(?P<said>[^<]{1,20})"""
)
LONGEST_CELL = 40_000  # bytes: a formula has at most 8,192 characters


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
        notes = [f"{content.name}: sheet {limits.shown(name)!r} is hidden and was not read." for name in hidden]
        for name, sheet in filled:
            title = content.name if len(filled) == 1 else f"{content.name}/{limits.shown(name)}"
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
        limits.check_archive(name, packed[-TAIL:])
        archive = zipfile.ZipFile(io.BytesIO(packed))
    except BROKEN as error:
        raise DataProblem(f"{name}: not a readable XLSX file ({str(error)[:120]}).") from error
    with archive:
        entries = archive.infolist()
        stated = sum(entry.file_size for entry in entries)
        if stated > limits.MAX_WORKBOOK_UNPACKED:
            raise DataProblem(f"{name}: unpacks to more than {limits.MAX_WORKBOOK_UNPACKED:,} bytes. Save it as CSV.")
        limits.check_ratio(name, stated, len(packed))
        words = laid_out = 0
        for entry in entries:
            pieces = unpacked(name, archive, entry, entry.compress_size)
            # Where its sheets lie is for a workbook to say: what holds rows is known by them.
            cells = _check_layout(name, pieces)
            words += entry.file_size if cells is None else 0
            laid_out += cells or 0
        if laid_out > limits.MAX_WORKBOOK_CELLS:
            raise DataProblem(f"{name}: {laid_out:,} cells are too much for a spreadsheet. Save it as CSV.")
        if words > limits.MAX_WORKBOOK_WORDS:
            raise DataProblem(
                f"{name}: unpacks to more than {limits.MAX_WORKBOOK_WORDS:,} bytes beside its sheets. Save it as CSV."
            )


@dataclass(slots=True)
class _Layout:
    """Where the cells of a sheet lie."""

    columns: set[bytes] = field(default_factory=set)
    first: int = 0
    last: int = 0
    cells: int = 0

    def see(self, xml: bytes) -> None:
        for found in _PLACE.finditer(xml):
            self.columns.add(found[1])
            self._row(int(found[2]))
            self.cells += 1
        for found in _ROW.finditer(xml):
            self._row(int(found[1]))

    def _row(self, row: int) -> None:
        self.first, self.last = min(self.first or row, row), max(self.last, row)

    def check(self, name: str) -> int:
        """How many cells it is laid out in. Raises DataProblem where they lie so far apart that this is too much."""
        places = [_number(letters) for letters in self.columns]
        width = max(places) - min(places) + 1 if places else 0
        laid_out = width * (self.last - self.first + 1)
        if width > limits.MAX_COLUMNS:
            raise DataProblem(
                f"{name}: more than {limits.MAX_COLUMNS} columns ({width:,}). Keep the columns of one table."
            )
        if laid_out > limits.LARGE_LAYOUT and self.cells < limits.LEAST_FILLED * laid_out:
            raise DataProblem(
                f"{name}: {self.cells:,} cells lie too far apart, in {self.last:,} rows and {width:,} columns. Keep "
                "one table on a sheet."
            )
        return laid_out


def _check_layout(name: str, pieces: Iterator[bytes]) -> int | None:
    """Cells that a sheet is laid out in, None for what is no sheet. Raises DataProblem for cells that say nothing."""
    layout, before, is_sheet = _Layout(), b"", False
    for piece in pieces:
        xml = before + piece
        if b"<!ENTITY" in xml:
            raise DataProblem(f"{name}: not a readable XLSX file (it defines entities of its own).")
        is_sheet = is_sheet or _SHEET.search(xml) is not None
        if is_sheet:
            layout.see(xml)
            _check_cells(name, xml)
        # A cell may be cut in two by the end of a piece.
        before = xml[-LONGEST_CELL:]
    return layout.check(name) if is_sheet else None


def _check_cells(name: str, xml: bytes) -> None:
    if uncomputed := _UNCOMPUTED.search(xml):
        raise DataProblem(
            f"{name}: cell {_last_place(xml[: uncomputed.start()])} holds a formula without a result. Open the file in "
            "a spreadsheet, save it, and import it again."
        )
    if wrong := _ERROR.search(xml):  # it would be read as an empty cell
        raise DataProblem(
            f"{name}: cell {_last_place(xml[: wrong.end()])} holds an error of the spreadsheet "
            f"({wrong['said'].decode(errors='replace')}). Correct or empty it, and import again."
        )


def _last_place(xml: bytes) -> str:
    *_, last = [b"", *(found[1] + found[2] for found in _PLACE.finditer(xml[-LONGEST_CELL:]))]
    return last.decode()


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
