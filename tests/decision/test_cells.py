"""A file that no spreadsheet runs, and that reads back exactly."""

import csv
import hashlib
import io
import json
import re
import shutil
import subprocess
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.decision import cells
from engine.errors import DataProblem

CORPUS = Path(__file__).parents[3] / "shared" / "data" / "naughty"
# An independent rule, said with code points and not with Unicode's categories.
DANGEROUS = re.compile(
    "^[\\s\x00-\x20\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180e\u2000-\u200f\u2028-\u202f"
    "\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffd]*[=+\\-@＝＋－＠﹢﹣﹦﹫−]|^[\t\r\n\x00]"
)
HOSTILE = [
    "=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "\n=1", "\x0b=1", " =1", "\u00a0=1", "\ufeff=1", "\u200b=1",
    "\u202e=1", "\u2800=1", "\u3164=1", "＝1", "＋1", "－1", "＠SUM(1)", "﹦1", "\x00=1", "=\u200b1+1", "'=1", "''=1",
    "=HYPERLINK(\"http://x\")", "-2+3+cmd|'/C calc'!D2", "\t", "-", "=", "\u2212" + "1",
]  # fmt: skip
HARMLESS = [
    "",
    "plain",
    "a=1",
    "15 %",
    "春节大促，全场8折",
    "NA",
    "null",
    "0012345",
    "1e5",
    "2026-01-02",
    "😀",
    "مرحبا",
]


def table_of(texts):
    return pd.DataFrame({"text": pd.Series(texts, dtype="object"), "n": range(len(texts))})


def as_a_spreadsheet_reads(content):
    return [row[0] for row in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))][1:]


@pytest.fixture(params=["csv_corpus.json", "blns.json"])
def naughty(request):
    path = CORPUS / request.param
    if not path.exists():
        pytest.skip(f"{path} is not here")
    return json.loads(path.read_text(encoding="utf-8"))


def test_no_string_of_the_naughty_lists_is_left_dangerous_and_all_read_back(naughty):
    assert sum(bool(DANGEROUS.match(text)) for text in naughty) >= 20
    content = cells.to_csv(table_of(naughty))
    read = as_a_spreadsheet_reads(content)
    assert len(read) == len(naughty)
    assert [text for text in read if DANGEROUS.match(text)] == []
    exact = [text.replace("\x00", "\ufffd") for text in naughty]
    assert cells.read_back(content)["text"].tolist() == exact


@pytest.mark.parametrize("text", HOSTILE)
def test_a_formula_becomes_text_and_comes_back(text):
    assert cells.safe(text).startswith("'")
    assert cells.undo(cells.safe(text)) == text.replace("\x00", "\ufffd")


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_text_is_left_alone(text):
    assert cells.safe(text) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-5, "-5"), (0.1, "0.1"), (-0.15, "-0.15"), (np.int64(-3), "-3"), (np.float64(2.5), "2.5"), (True, "1"),
        (np.bool_(False), "0"), (None, ""), (float("nan"), ""), (float("inf"), ""), (pd.NA, ""), (pd.NaT, ""),
        (date(2026, 6, 1), "2026-06-01"), (pd.Timestamp("2026-06-01 10:00"), "2026-06-01T10:00:00"),
        (9007199254740993, "9007199254740993"),
    ],
)  # fmt: skip
def test_numbers_stay_numbers_and_unknown_is_empty(value, text):
    assert cells.safe(value) == text


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(), max_size=5))
def test_any_text_reads_back(texts):
    exact = [text.replace("\x00", "\ufffd") for text in texts]
    content = cells.to_csv(table_of(texts))
    assert cells.read_back(content)["text"].tolist() == exact
    assert not any(DANGEROUS.match(text) for text in as_a_spreadsheet_reads(content))


def test_the_file_is_utf8_with_bom_crlf_and_every_cell_quoted():
    content = cells.to_csv(pd.DataFrame({"名": ["春节", 'a "b"', "两行\n文本"], "n": [1, -2, 3]}))
    assert content == '\ufeff"名","n"\r\n"春节","1"\r\n"a ""b""","-2"\r\n"两行\n文本","3"\r\n'.encode()


def test_half_a_surrogate_pair_does_not_stop_a_file():
    assert cells.read_back(cells.to_csv(table_of(["a\ud800b"])))["text"].tolist() == ["a\ufffdb"]


def test_a_table_of_one_empty_cell_and_an_empty_table_read_back():
    assert cells.read_back(cells.to_csv(pd.DataFrame({"a": [""]}))).to_dict("list") == {"a": [""]}
    empty = cells.read_back(cells.to_csv(pd.DataFrame({"a": [], "b": []})))
    assert (list(empty.columns), len(empty)) == (["a", "b"], 0)


def test_column_names_are_cells_too():
    content = cells.to_csv(pd.DataFrame({"=1+1": [1]}))
    assert content == b'\xef\xbb\xbf"\'=1+1"\r\n"1"\r\n'
    assert list(cells.read_back(content).columns) == ["=1+1"]


def test_pandas_reads_the_same_numbers_as_were_written():
    content = cells.to_csv(pd.DataFrame({"x": [0.1, -2.5, 1e-9, 1 / 3], "n": [1, -2, 3, 4]}))
    read = pd.read_csv(io.BytesIO(content))
    assert read["x"].tolist() == [0.1, -2.5, 1e-9, 1 / 3]
    assert read["n"].tolist() == [1, -2, 3, 4]


@pytest.mark.parametrize("content", [b"", b'"a","b"\r\n"1"\r\n', "名".encode("gb18030"), b'"a"x"\r\n'])
def test_a_file_of_somebody_else_is_a_sentence(content):
    with pytest.raises(DataProblem, match="not a CSV file written by Offerlab"):
        cells.read_back(content)


@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice is not installed")
def test_libreoffice_makes_no_formula_of_any_cell(tmp_path):
    (tmp_path / "hostile.csv").write_bytes(cells.to_csv(table_of(HOSTILE)))
    command = [
        "soffice",
        "--headless",
        "--convert-to",
        "fods",
        "--outdir",
        str(tmp_path),
        str(tmp_path / "hostile.csv"),
    ]
    subprocess.run(
        command, check=True, capture_output=True, timeout=180, env={"HOME": str(tmp_path), "PATH": "/usr/bin"}
    )
    assert "table:formula" not in (tmp_path / "hostile.fods").read_text(encoding="utf-8")


def test_the_same_table_gives_the_same_bytes():
    table = table_of(HOSTILE + HARMLESS)
    assert hashlib.sha256(cells.to_csv(table)).digest() == hashlib.sha256(cells.to_csv(table.copy())).digest()
