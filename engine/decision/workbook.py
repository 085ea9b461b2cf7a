"""XLSX of text cells that runs nothing, reads back exactly, and is the same bytes for the same table.

Every text is a cell of type text, which no program evaluates; `quote_prefix` keeps it one when somebody edits the cell.
Numbers are numbers. So nothing needs the mark of `cells.safe`, and what is written is what is there.
"""

import io
import math
import numbers
import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd

from engine.errors import DataProblem
from engine.sentences import Sentence

LONGEST = 32_767  # characters of a cell, as Excel counts them: in UTF-16
_MADE = datetime(2000, 1, 1)  # of every file: the day of the export would make other bytes of the same table
# XML 1.0 has no place for these, and half a surrogate pair has no UTF-8.
_NOT_XML = re.compile("[\x00\ud800-\udfff\ufffe\uffff]")


def to_xlsx(sheets: Mapping[str, pd.DataFrame]) -> bytes:
    """Tables by the name of their sheet as a workbook with frozen headers. Raises DataProblem for a text too long."""
    import xlsxwriter  # takes a second, and only an export as XLSX needs it

    content = io.BytesIO()
    plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    with xlsxwriter.Workbook(content, plain) as book:
        book.set_properties({"created": _MADE})
        text = book.add_format({"num_format": "@", "quote_prefix": True})
        bold = book.add_format({"num_format": "@", "quote_prefix": True, "bold": True})
        for name, table in sheets.items():
            sheet = book.add_worksheet(name)
            sheet.freeze_panes(1, 0)
            for column, title in enumerate(table.columns):
                sheet.write_string(0, column, _text(str(title)), bold)
                for row, value in enumerate(table[title].tolist(), start=1):
                    _write(sheet, row, column, value, text)
            sheet.set_column(0, max(len(table.columns) - 1, 0), 24)
    return content.getvalue()


def _write(sheet: Any, row: int, column: int, value: object, text: Any) -> None:
    if value is None or value is pd.NA or value is pd.NaT or value == "":
        return
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, numbers.Integral):
        sheet.write_number(row, column, int(value))  # booleans are 1 and 0
    elif isinstance(value, float):
        if math.isfinite(value):
            sheet.write_number(row, column, value)
    else:
        sheet.write_string(row, column, _text(value.isoformat() if isinstance(value, date) else str(value)), text)


def _text(value: str) -> str:
    """What a cell can hold of a text."""
    if len(value.encode("utf-16-le", errors="surrogatepass")) // 2 > LONGEST:
        raise DataProblem(Sentence("targets.too_long", {"count": LONGEST}))
    return _NOT_XML.sub("\ufffd", value)
