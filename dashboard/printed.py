"""A table as a page of its own, to print or to send; and for a spreadsheet. No Streamlit here."""

import html
from pathlib import Path
from string import Template

import pandas as pd

from dashboard.text import language
from engine.decision import cells

PAGE = Path(__file__).resolve().parents[1] / "assets" / "print" / "table.html"


def page(title: str, facts: str, table: pd.DataFrame, notes: list[str]) -> bytes:
    """One page of HTML that needs nothing else: a title, what it is about, the table, and what to know about it."""
    values = {
        "language": language(),
        "title": html.escape(title),
        "facts": html.escape(facts),
        "table": table.to_html(index=False, border=0, escape=True),
        "notes": "".join(f"<p>{html.escape(note)}</p>" for note in notes),
    }
    return Template(PAGE.read_text(encoding="utf-8")).substitute(values).encode("utf-8")


def spreadsheet(table: pd.DataFrame) -> bytes:
    """The table as CSV that is safe to open in a spreadsheet. Counts are whole numbers, booleans 1 and 0."""
    return cells.to_csv(table.apply(_whole).astype("object"))


def _whole(column: pd.Series) -> pd.Series:
    """A count beside unknown ones becomes a float in pandas: 7.0 in a file where it was 7."""
    column = column.infer_objects()
    if not pd.api.types.is_float_dtype(column):
        return column
    known = column.dropna()
    exact = known.abs() < 2**53  # beyond, a float is no count; and infinite
    return column.astype("Int64") if (exact & (known % 1 == 0)).all() else column
