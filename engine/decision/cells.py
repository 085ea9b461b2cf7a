"""CSV that a spreadsheet can open without running anything, and that reads back exactly.

Quoting alone does not help: a spreadsheet evaluates after it has unquoted. Text that a spreadsheet could take for a
formula gets a leading `'`, and so does text that already begins with `'`, so that taking one off always restores it.
"""

import csv
import io
import math
import numbers
import re
import unicodedata
from collections.abc import Collection
from datetime import date

import numpy as np
import pandas as pd

from engine.errors import DataProblem
from engine.sentences import Sentence

_SIGNS = "=+-@"
# Shown as nothing, though Unicode does not call them spaces or controls: joiners, Hangul fillers, blank Braille, and
# the mark that stands for a byte that was no text.
_BLANKS = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufffd"
_NOT_TEXT = re.compile("[\x00\ud800-\udfff]")  # NUL ends a cell in some programs; half a surrogate pair has no UTF-8


def safe(value: object) -> str:
    """The text of a cell. Numbers stay numbers, booleans are 1 and 0, unknown is empty, text can never be a formula.

    >>> safe("=1+1"), safe(-5), safe("plain")
    ("'=1+1", '-5', 'plain')
    """
    if isinstance(value, str):
        text = _NOT_TEXT.sub("\ufffd", value)
        return "'" + text if text.startswith("'") or _could_run(text) else text
    if value is None or value is pd.NA or value is pd.NaT:
        return ""
    if isinstance(value, np.generic):
        return safe(value.item())
    if isinstance(value, numbers.Integral):  # bool among them
        return str(int(value))
    if isinstance(value, numbers.Real):
        return repr(float(value)) if math.isfinite(value) else ""
    return safe(value.isoformat() if isinstance(value, date) else str(value))


def undo(text: str) -> str:
    """The text as it was before `safe`."""
    return text.removeprefix("'")


def to_csv(table: pd.DataFrame, as_is: Collection[str] | None = None) -> bytes:
    """The table as CSV for Excel and everything else: UTF-8 with BOM, CRLF, every cell quoted and safe.

    as_is: for a tool and not a person, which has these columns' text as it stands, and no BOM. Only what was checked to
    be no formula may be named here (engine.decision.export.identifiers).
    """
    unmarked = as_is or ()
    sheet = io.StringIO(newline="")
    writer = csv.writer(sheet, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([safe(name) for name in table.columns])
    columns = [
        [str(value) if name in unmarked else safe(value) for value in table[name].tolist()] for name in table.columns
    ]
    writer.writerows(zip(*columns, strict=True))
    return (b"" if as_is is not None else b"\xef\xbb\xbf") + sheet.getvalue().encode()


def read_back(content: bytes) -> pd.DataFrame:
    """The table of a file written by `to_csv`, every column as text, exact: "NA" stays "NA", empty stays empty."""
    try:
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataProblem(Sentence("decisions.not_our_csv", {"error": error})) from error
    if not rows or any(len(row) != len(rows[0]) for row in rows):
        raise DataProblem(Sentence("decisions.ragged_csv"))
    names, *cells = [[undo(cell) for cell in row] for row in rows]
    return pd.DataFrame(cells, columns=names, dtype="str")


def _could_run(text: str) -> bool:
    """Whether the first character anybody sees could begin a formula, in any width."""
    if text[:1] in ("\t", "\r", "\n"):  # OWASP ASVS 1.2.10: some programs drop these and read on
        return True
    for character in text:
        if character in _BLANKS or unicodedata.category(character)[0] in "ZCM":
            continue
        return unicodedata.normalize("NFKC", character)[:1] in _SIGNS or character == "\u2212"
    return False
