"""How a workbook is laid out, from its bytes alone: whoever lays out cells that are far apart fills the memory.

The library that reads workbooks ends the whole process where memory is refused to it. So a sheet of which it is not
certain where its cells lie is not given to it.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field

from engine.errors import DataProblem
from engine.shop.gate import limits
from engine.shop.gate.archive import BROKEN, TAIL, unpacked

_SAID = rb"""(?P<said>(?:\s+[^\s=<>"'/]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*/?>"""
_TAG = re.compile(rb"""<(?:[^\s<>/"'=:]+:)?(?P<kind>row|c)""" + _SAID)
_LOOSE = re.compile(rb"""<(?:[^\s<>/"']*:)?(?:row|c)[\s/>]""")
_USUAL_CELL = re.compile(rb"""<c r="([A-Z]{1,3})([0-9]{1,7})"(?: [a-z]+="[^"<>]*")*/?>""")
_USUAL_ROW = re.compile(rb"""<row r="([0-9]{1,7})"(?: [A-Za-z:0-9]+="[^"<>]*")*/?>""")
_AT = re.compile(rb"""\sr\s*=\s*["']([^"']*)["']""")
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"<\x00", b"\x00<")  # UTF-16, in which nothing here would be found
_SHEET = re.compile(rb"<(?:[^\s<>/]*:)?sheetData\b")
# A formula without a remembered result: nothing ever computed it, and reading it would give an empty cell.
_UNCOMPUTED = re.compile(
    rb"<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>[^<]*</(?:\w+:)?f>)\s*(?:</(?:\w+:)?c>|<(?:\w+:)?v\s*/>|<(?:\w+:)?v></)"
)
_ERROR = re.compile(
    rb"""<(?:\w+:)?c\s[^>]*?\bt\s*=\s*["']e["'][^>]*>(?:<(?:\w+:)?f[^>]*>[^<]*</(?:\w+:)?f>)?"""
    rb"""\s*<(?:\w+:)?v>(?P<said>[^<]{1,20})"""
)
LAST = 9_999_999  # no sheet has so many rows
LONGEST_CELL = 40_000  # bytes: a formula has at most 8,192 characters


def check(name: str, packed: bytes) -> None:
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
    """Where the cells of a sheet lie; columns are counted from 1."""

    name: str
    columns: set[int] = field(default_factory=set)
    first: int = 0
    last: int = 0
    cells: int = 0
    column: int = 0  # of the last cell of the row

    def see(self, xml: bytes) -> None:
        """Whole tags. Raises DataProblem for one that says where it is in a way that no program writes."""
        every = len(_LOOSE.findall(xml))
        cells, rows = _USUAL_CELL.findall(xml), _USUAL_ROW.findall(xml)
        if len(cells) + len(rows) == every:
            self._usual(cells, rows)
        else:
            self._unusual(xml, every)

    def _usual(self, cells: list[tuple[bytes, bytes]], rows: list[bytes]) -> None:
        """What nearly every program writes, several times as fast as looking at each tag."""
        self.cells += len(cells)
        self.columns |= {_number(letters) for letters in {letters for letters, _ in cells}}
        numbers = [int(row) for row in {*rows, *(row for _, row in cells)}]
        self.first, self.last = min([self.first or LAST, *numbers]), max([self.last, *numbers])

    def _unusual(self, xml: bytes, every: int) -> None:
        tags = 0
        for tag in _TAG.finditer(xml):
            tags += 1
            place = _AT.search(tag["said"])
            if tag["kind"] == b"row":
                self._row(place[1] if place else b"", tag)
            else:
                self._cell(place[1] if place else b"")
        if tags != every:
            raise self._unreadable("a cell or row in it is not written as programs do")

    def _row(self, place: bytes, tag: re.Match) -> None:
        self.column = 0
        if place and not re.fullmatch(rb"[0-9]{1,7}", place):
            raise self._unreadable(f"a row is said to be {place[:20].decode(errors='replace')}")
        row = int(place) if place else self.last + 1
        self.first, self.last = min(self.first or row, row), max(self.last, row)

    def _cell(self, place: bytes) -> None:
        self.cells += 1
        if not place:  # right of the one before
            self.column += 1
        elif found := re.fullmatch(rb"([A-Z]{1,3})([0-9]{1,7})", place):
            self.column, row = _number(found[1]), int(found[2])
            self.first, self.last = min(self.first or row, row), max(self.last, row)
        else:
            raise self._unreadable(f"a cell is said to be at {place[:20].decode(errors='replace')}")
        self.columns.add(self.column)

    def _unreadable(self, what: str) -> DataProblem:
        return DataProblem(f"{self.name}: not a readable XLSX file ({limits.shown(what)}).")

    def check(self) -> int:
        """How many cells it is laid out in. Raises DataProblem where they lie so far apart that this is too much."""
        width = max(self.columns) - min(self.columns) + 1 if self.columns else 0
        laid_out = width * (self.last - self.first + 1)
        if width > limits.MAX_COLUMNS:
            raise DataProblem(
                f"{self.name}: more than {limits.MAX_COLUMNS} columns ({width:,}). Keep the columns of one table."
            )
        if laid_out > limits.LARGE_LAYOUT and self.cells < limits.LEAST_FILLED * laid_out:
            raise DataProblem(
                f"{self.name}: {self.cells:,} cells lie too far apart, in {self.last:,} rows and {width:,} columns. "
                "Keep one table on a sheet."
            )
        return laid_out


def _check_layout(name: str, pieces: Iterator[bytes]) -> int | None:
    """Cells that a sheet is laid out in, None for what is no sheet. Raises DataProblem for cells that say nothing."""
    layout, rest, before, is_sheet = _Layout(name), b"", b"", False
    for piece in pieces:
        if not rest and not before and piece.startswith(_WIDE):
            raise DataProblem(f"{name}: not a readable XLSX file (a part of it is in UTF-16).")
        end = piece.rfind(b">") + 1  # a tag may be cut in two by the end of a piece
        xml, rest = (rest + piece[:end], piece[end:]) if end else (b"", rest + piece)
        if b"<!ENTITY" in xml:
            raise DataProblem(f"{name}: not a readable XLSX file (it defines entities of its own).")
        is_sheet = is_sheet or _SHEET.search(xml) is not None
        if is_sheet:
            layout.see(xml)
            _check_cells(name, before + xml)
        before = (before + xml)[-LONGEST_CELL:]
    return layout.check() if is_sheet else None


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
    *_, last = [
        b"",
        *(found[1] for tag in _TAG.finditer(xml) if tag["kind"] == b"c" and (found := _AT.search(tag["said"]))),
    ]
    return last.decode(errors="replace")


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
