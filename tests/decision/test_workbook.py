"""A workbook holds what the table holds: text as text, numbers as numbers, the same bytes each time."""

import io
import json
import zipfile
from datetime import date

import numpy as np
import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from engine.decision import workbook
from engine.errors import DataProblem
from tests.decision.test_cells import CORPUS, HARMLESS, HOSTILE, table_of


def read(content: bytes, sheet: int = 0) -> list[list]:
    return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(sheet).to_python()


def naughty() -> list[str]:
    paths = [path for path in (CORPUS / "csv_corpus.json", CORPUS / "blns.json") if path.exists()]
    return [*HOSTILE, *HARMLESS, *(text for path in paths for text in json.loads(path.read_text(encoding="utf-8")))]


def test_every_naughty_string_reads_back_as_it_was_and_is_no_formula():
    texts = naughty()
    content = workbook.to_xlsx({"people": table_of(texts)})
    rows = read(content)
    assert rows[0] == ["text", "n"]
    exact = [text.replace("\x00", "\ufffd").replace("\uffff", "\ufffd").replace("\ufffe", "\ufffd") for text in texts]
    assert [row[0] for row in rows[1:]] == exact
    assert b"<f>" not in b"".join(parts(content))


def parts(content: bytes) -> list[bytes]:
    packed = zipfile.ZipFile(io.BytesIO(content))
    return [packed.read(name) for name in packed.namelist()]


def test_numbers_are_numbers_unknown_is_empty_and_text_keeps_its_zeros():
    table = pd.DataFrame(
        {"id": ["007", "1e5", "+49151"], "n": [1, 2, 3], "x": [0.5, float("nan"), float("inf")],
         "ok": pd.Series([True, False, None], dtype="object"), "day": [date(2026, 6, 1), None, pd.NaT],
         "m": pd.Series([np.int64(4), np.float64(2.5), pd.NA], dtype="object")},
    )  # fmt: skip
    assert read(workbook.to_xlsx({"a": table}))[1:] == [
        ["007", 1.0, 0.5, 1.0, "2026-06-01", 4.0], ["1e5", 2.0, "", 0.0, "", 2.5], ["+49151", 3.0, "", "", "", ""],
    ]  # fmt: skip


def test_the_header_is_frozen_and_several_tables_are_several_sheets():
    content = workbook.to_xlsx({"one": table_of(["a"]), "two": table_of(["b"])})
    assert read(content, 1)[1][0] == "b"
    assert sum(b'state="frozen"' in part for part in parts(content)) == 2


def test_the_same_table_is_the_same_bytes_on_another_day(monkeypatch):
    first = workbook.to_xlsx({"people": table_of(HARMLESS)})
    monkeypatch.setattr("time.time", lambda: 4e9)
    assert workbook.to_xlsx({"people": table_of(HARMLESS)}) == first


def test_a_text_that_no_cell_holds_is_refused_and_not_cut():
    assert read(workbook.to_xlsx({"a": table_of(["x" * workbook.LONGEST])}))[1][0] == "x" * workbook.LONGEST
    with pytest.raises(DataProblem, match="longer than the 32767 characters"):
        workbook.to_xlsx({"a": table_of(["😀" * 16_384])})
