"""A file is read as it stands or refused with a sentence that says what to do."""

import zipfile

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.errors import DataProblem
from engine.shop import gate


def written(folder, content, name="orders.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    "content",
    [
        "customer_id,name\n007,茶\nNA,\n".encode(),
        "\ufeffcustomer_id,name\r\n007,茶\r\nNA,\r\n".encode(),
        "customer_id;name\n007;茶\nNA;\n".encode("gb18030"),
        "customer_id\tname\n007\t茶\nNA\t\n".encode("utf-16"),
        " customer_id |name\n007|茶\nNA|\n".encode(),
    ],
    ids=["utf-8", "with a mark", "GB18030", "UTF-16 of a spreadsheet", "bars"],
)
def test_the_same_table_is_read_from_any_encoding_and_delimiter(tmp_path, content):
    read = gate.read_file(written(tmp_path, content))
    assert read.to_dict("list") == {"customer_id": ["007", "NA"], "name": ["茶", ""]}


def test_a_quoted_field_may_hold_delimiters_and_line_breaks(tmp_path):
    read = gate.read_file(written(tmp_path, 'customer_id,text\nc1,"a, b\nc"\n'))
    assert read["text"].tolist() == ["a, b\nc"]


def test_a_spreadsheet_is_read_as_text(tmp_path):
    path = tmp_path / "orders.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in SHEET.items():
            archive.writestr(name, content)
    assert gate.read_file(path).astype("str").to_dict("list") == {"customer_id": ["NA", "007"], "visits": ["3", "4"]}


def test_parquet_keeps_its_own_types(tmp_path):
    path = tmp_path / "orders.parquet"
    pd.DataFrame({"customer_id": ["1"], "n": [2.5]}).to_parquet(path)
    assert gate.read_file(path)["n"].tolist() == [2.5]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("orders.csv", "", r"orders.csv: the file is empty"),
        ("orders.csv", "\ufeff", r"orders.csv: "),
        ("orders.txt", "a,b\n", r"orders.txt: save it as CSV, XLSX or Parquet; .txt is not read"),
        ("orders", "a,b\n", r"orders: save it as CSV, XLSX or Parquet; no ending is not read"),
        ("orders.csv", b"PK\x03\x04", r"orders.csv: named .csv but not a text file"),
        ("orders.csv", b"a,b\n1,\x002\n", r"orders.csv: named .csv but not a text file"),
        ("orders.csv", b"\xff\xfe\x00\xd8", r"orders.csv: neither UTF-8 nor GB18030 text"),
        ("orders.csv", b"a,b\n\xff\xff,1\n", r"orders.csv: neither UTF-8 nor GB18030 text"),
        ("orders.csv", "<!DOCTYPE html><p>log in", r"orders.csv: a web page saved as .csv"),
        ("orders.csv", "a, a\n1,2\n", r"orders.csv: column 'a' stands twice in the header"),
        ("orders.csv", ",".join(f"c{n}" for n in range(501)) + "\n", r"orders.csv: more than 500 columns"),
        ("orders.csv", 'a,b\n"1,2\n', r"orders.csv line 2: the file ends inside quotation marks. Repair that line"),
        ("orders.csv", "a,b\n1,2\n1,2,3\n", r"orders.csv line 3: 3 fields where the header has 2. Repair"),
        ("orders.csv", "a,b\n1,2,3\n4,5,6\n", r"orders.csv: .*more fields than the header.* Repair"),
        ("orders.parquet", "nothing", r"orders.parquet: not a readable Parquet file"),
        ("orders.xlsx", "nothing", r"orders.xlsx: not a readable XLSX file"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_what_to_do(tmp_path, name, content, said):
    with pytest.raises(DataProblem, match=said):
        gate.read_file(written(tmp_path, content, name))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DataProblem, match=r"gone.csv: no such file"):
        gate.read_file(tmp_path / "gone.csv")


def test_an_archive_that_is_no_spreadsheet_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "orders.xlsx", "w") as archive:
        archive.writestr("readme", "nothing here")
    with pytest.raises(DataProblem, match=r"orders.xlsx: not a readable XLSX file"):
        gate.read_file(tmp_path / "orders.xlsx")


def test_a_small_file_that_unpacks_to_a_huge_table_is_refused_by_its_footer(tmp_path, monkeypatch):
    monkeypatch.setattr(gate.limits, "MAX_CELLS", 10_000)
    pq.write_table(pa.table({"a": [0] * 10_001}), tmp_path / "orders.parquet")
    with pytest.raises(DataProblem, match=r"orders.parquet: 10,001 rows x 1 columns is too much to read at once"):
        gate.read_file(tmp_path / "orders.parquet")


def test_a_spreadsheet_that_unpacks_too_far_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(gate.limits, "MAX_WORKBOOK_UNPACKED", 1_000)
    with zipfile.ZipFile(tmp_path / "orders.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", "0" * 2_000)
    with pytest.raises(DataProblem, match=r"orders.xlsx: unpacks to more than 1,000 bytes"):
        gate.read_file(tmp_path / "orders.xlsx")


def _xml(kind, *content, **named):
    attributes = "".join(f' {name.replace("_", ":")}="{value}"' for name, value in named.items())
    return f"<{kind}{attributes}>{''.join(content)}</{kind}>"


def _cell(place, text):
    return _xml("c", _xml("is", _xml("t", text)), r=place, t="inlineStr")


_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_PARTS = "application/vnd.openxmlformats-"


def _relation(kind, target):
    relation = _xml("Relationship", Id="r1", Type=f"{_OFFICE}/{kind}", Target=target)
    return _xml("Relationships", relation, xmlns=f"{_PACKAGE}/relationships")


# The smallest workbook, by hand: no library here writes one.
SHEET = {
    "[Content_Types].xml": _xml(
        "Types",
        _xml("Default", Extension="rels", ContentType=f"{_PARTS}package.relationships+xml"),
        _xml(
            "Override", PartName="/xl/workbook.xml", ContentType=f"{_PARTS}officedocument.spreadsheetml.sheet.main+xml"
        ),
        _xml("Override", PartName="/xl/a.xml", ContentType=f"{_PARTS}officedocument.spreadsheetml.worksheet+xml"),
        xmlns=f"{_PACKAGE}/content-types",
    ),
    "_rels/.rels": _relation("officeDocument", "xl/workbook.xml"),
    "xl/_rels/workbook.xml.rels": _relation("worksheet", "a.xml"),
    "xl/workbook.xml": _xml(
        "workbook", _xml("sheets", _xml("sheet", name="a", sheetId="1", r_id="r1")), xmlns=_MAIN, xmlns_r=_OFFICE
    ),
    "xl/a.xml": _xml(
        "worksheet",
        _xml(
            "sheetData",
            _xml("row", _cell("A1", "customer_id"), _cell("B1", "visits"), r="1"),
            _xml("row", _cell("A2", "NA"), _xml("c", _xml("v", "3"), r="B2"), r="2"),
            _xml("row", _cell("A3", "007"), _xml("c", _xml("v", "4"), r="B3"), r="3"),
        ),
        xmlns=_MAIN,
    ),
}
