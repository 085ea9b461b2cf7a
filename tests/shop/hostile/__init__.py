"""Hostile files, each with its one right verdict.

archives    gzip, zip and Parquet: broken, lying, far larger inside      workbooks   spreadsheets, made by hand
writing     text: its layout, its letters, what is no table              cells       odd numbers, dates, ids, formulas
weighing    what each comes to, in seconds and megabytes

    python -m tests.shop.hostile FOLDER     writes them all
"""

from tests.shop.hostile import archives, cells, workbooks, writing
from tests.shop.hostile.case import Case

CASES: list[Case] = [*archives.CASES, *workbooks.CASES, *writing.CASES, *cells.CASES]
