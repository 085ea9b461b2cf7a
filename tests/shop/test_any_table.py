"""Whatever a table holds and however it is written: every row is kept or set aside, once, and again changes nothing."""

import csv
import io
import json
import string
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from engine.errors import DataProblem
from engine.shop import intake, store
from engine.shop.tables import TABLES

NAMES = [name for name in TABLES if name != "contacts"]  # contacts have no table; see test_taking.py
WORDS = st.text(string.ascii_letters + "茶é '-", min_size=1, max_size=8).map(str.strip).filter(bool)
CELLS = {
    "id": st.sampled_from(["c1", "c2", "007", "NA", "null", "p 1", "Ä", "9007199254740993"]),
    "text": WORDS,
    "time": st.dates(pd.Timestamp("2020-01-01").date(), pd.Timestamp("2026-05-31").date()).map(str)
    | st.sampled_from(["2026-01-05 10:30", "2026-01-05T10:30:00Z"]),
    "money": st.sampled_from(["0", "9.50", "-3", "12.25"]),
    "amount": st.sampled_from(["0", "9.50", "12.25"]),
    "number": st.sampled_from(["-4", "0", "7"]),
    "rating": st.sampled_from(["1", "4.5", "5"]),
    "quantity": st.sampled_from(["1", "-1", "2.5"]),
    "count": st.sampled_from(["0", "3", "1000"]),
    "fraction": st.sampled_from(["0", "0.5", "1"]),
    "flag": st.sampled_from(["1", "0", "true", "No"]),
}
JUNK = st.sampled_from(
    ["", " ", "nan", "inf", "1e999", "-1e9", "0", "2026-02-30", "soon", "#REF!", "=1+1", '"', "a,b;c|d\te",
     "two\nlines", "1.23E+18", "1,5", "12%", "$3", "ana@example.com", "\u202ex", "茶" * 50, "99999999999999999999"]
)  # fmt: skip


@dataclass(frozen=True)
class File:
    """A table as it is written: rows of cells by column, and how."""

    table: str
    columns: list[str]
    rows: list[list[str]]
    ending: str
    delimiter: str
    encoding: str

    def write(self, folder: Path) -> Path:
        path = folder / f"{self.table}{self.ending}"
        if self.ending == ".parquet":
            pd.DataFrame(self.rows, columns=self.columns, dtype="str").to_parquet(path)
            return path
        text = io.StringIO(newline="")
        writer = csv.writer(text, delimiter=self.delimiter, quoting=csv.QUOTE_ALL)
        writer.writerows([self.columns, *self.rows])
        path.write_bytes(text.getvalue().encode(self.encoding))
        return path

    def line_numbers(self) -> list[int]:
        """The line on which each row begins, the header being the first; rows of Parquet are counted from 1."""
        if self.ending == ".parquet":
            return list(range(1, len(self.rows) + 1))
        lines, now = [], 2
        for row in self.rows:
            lines.append(now)
            now += 1 + sum(cell.count("\n") for cell in row)
        return lines


@st.composite
def files(draw):
    """A table of one of our kinds with columns left out, renamed and in any order, rows doubled and cells spoiled."""
    name = draw(st.sampled_from(NAMES))
    table = TABLES[name]
    optional = [one for one in table.columns if one not in table.required]
    more = draw(st.lists(st.sampled_from(optional), unique=True)) if optional else []
    columns = draw(st.permutations([*table.required, *more] + ["own column"] * draw(st.booleans())))
    kinds = [table.columns.get(column, "text") for column in columns]
    rows = draw(st.lists(st.tuples(*(CELLS[kind] for kind in kinds)).map(list), max_size=8))
    for row in draw(st.lists(st.sampled_from(range(len(rows))), max_size=2)) if rows else []:
        rows.append(list(rows[row]))
    spoiled = st.tuples(st.integers(0, len(rows) - 1), st.integers(0, len(columns) - 1), JUNK) if rows else st.nothing()
    for row, place, junk in draw(st.lists(spoiled, max_size=4)) if rows else []:
        rows[row][place] = junk
    shouted = draw(st.booleans())
    return File(
        name, [column.upper().replace("_", " ") if shouted else column for column in columns], rows,
        draw(st.sampled_from([".csv", ".csv", ".parquet"])), draw(st.sampled_from(",;\t|")),
        draw(st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"])),
    )  # fmt: skip


def ids(file, row):
    """Cells of a row that are ids, as they are kept: trimmed, by column."""
    kinds = TABLES[file.table].columns
    names = [column.lower().replace(" ", "_") for column in file.columns]
    return {name: cell.strip() for name, cell in zip(names, row, strict=True) if kinds.get(name) == "id"}


def state(into):
    return {str(p.relative_to(into)): p.read_bytes() for p in into.rglob("*") if p.is_file() and p.name != ".lock"}


def check(file: File, folder: Path) -> str:
    """Brings the file in and looks at every row of it; gives "refused" or "taken"."""
    path, into = file.write(folder), folder / "shop"
    try:
        report = intake.import_files([path], into, table=file.table)
    except DataProblem as problem:
        assert path.name in str(problem) and not into.exists()
        return "refused"
    entry, shop = report["tables"][file.table], store.open_shop(into)
    aside = intake.set_aside(shop).get(file.table, pd.DataFrame(columns=["line", "row", "reason"]))
    rows = dict(zip(file.line_numbers(), file.rows, strict=True))
    assert entry["rows_in"] == entry["kept"] + entry["set_aside"] == len(rows)
    assert entry["set_aside_by_reason"] == aside["reason"].value_counts().to_dict()
    lost = [int(line) for line in aside["line"]]
    assert len(set(lost)) == len(lost) and set(lost) <= set(rows)
    for line, said in zip(lost, aside["row"], strict=True):
        known = {name: cell for name, cell in json.loads(said).items() if name in ids(file, rows[line])}
        assert {name: cell.strip() for name, cell in known.items() if name != "customer_id"} == {
            name: cell for name, cell in ids(file, rows[line]).items() if name != "customer_id"
        }
    kept = shop.optional(file.table)
    assert len(kept) == entry["kept"]
    stays = [ids(file, row) for line, row in rows.items() if line not in set(lost)]
    found = kept[list(stays[0])].fillna("").to_dict("records") if stays else []
    assert found == stays
    before = state(into)
    again = intake.import_files([path], into, table=file.table)
    assert (again["tables"], again["unchanged_files"]) == ({}, [path.name])
    assert state(into) == before
    return "taken"


def run(examples: int) -> Counter:
    """How many files were taken, and how many refused."""
    ends: Counter = Counter()

    @seed(20260601)
    @settings(
        max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck), print_blob=True
    )
    @given(files())
    def every_row_is_somewhere(file):
        with tempfile.TemporaryDirectory() as folder:
            ends[check(file, Path(folder))] += 1

    every_row_is_somewhere()
    return ends


@pytest.mark.parametrize("examples", [30, pytest.param(2_000, marks=pytest.mark.full)])
def test_every_row_of_any_table_is_kept_or_set_aside_and_again_changes_nothing(examples):
    ends = run(examples)
    assert ends["taken"] > ends["refused"]
