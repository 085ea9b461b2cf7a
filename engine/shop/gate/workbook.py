"""An XLSX workbook: each visible sheet that holds something, as text, once it is known to be laid out sensibly."""

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from engine.errors import DataProblem
from engine.shop.gate import layout, limits
from engine.shop.gate.archive import Content
from engine.shop.gate.delimited import header_at, no_ragged, unwrapped


def read(content: Content, head: int | None) -> Iterator[dict[str, Any]]:
    """The fields of a Sheet for every visible sheet with cells. Raises DataProblem naming the file and what to do."""
    with content.open() as stream:
        packed = stream.read()
    layout.check(content.name, packed)
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
