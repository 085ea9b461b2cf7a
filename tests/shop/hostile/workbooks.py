"""Spreadsheets by hand: no library here writes one, and none would write these."""

import io
import os
import zipfile
from collections.abc import Iterable, Mapping
from xml.sax.saxutils import escape

from tests.shop.hostile.case import HEADER, ROW, Case, kept, refused

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def cell(place: str, content: str | float, formula: str | None = None, kind: str = "") -> str:
    """A cell of a worksheet: text in line, a number, or a formula with its remembered result."""
    if formula is not None:
        return f'<c r="{place}" {kind}><f>{escape(formula)}</f>{content}</c>'
    if isinstance(content, str):
        return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(content)}</t></is></c>'
    return f'<c r="{place}"><v>{content!r}</v></c>'


def letters(column: int) -> str:
    """0 is A, 26 is AA."""
    return letters(column // 26 - 1) + chr(65 + column % 26) if column >= 26 else chr(65 + column)


def grid(rows: Iterable[Iterable[str | float]], top: int = 1) -> str:
    """<row> elements; a cell that begins with <c stands as it is, an empty one is left out."""
    lines = []
    for number, row in enumerate(rows, top):
        cells = [
            content
            if isinstance(content, str) and content.startswith("<c ")
            else cell(f"{letters(at)}{number}", content)
            for at, content in enumerate(row)
            if content != ""
        ]
        lines.append(f'<row r="{number}">{"".join(cells)}</row>')
    return "".join(lines)


def orders(*rows: Mapping[str, str | float], top: int = 1) -> str:
    return grid([HEADER, *([(ROW | row)[name] for name in HEADER] for row in rows)], top)


def sheet(data: str, after: str = "") -> str:
    return f"<worksheet {MAIN}><sheetData>{data}</sheetData>{after}</worksheet>"


def merged(*places: str) -> str:
    listed = "".join(f'<mergeCell ref="{place}"/>' for place in places)
    return f"<mergeCells>{listed}</mergeCells>"


def book(sheets: Mapping[str, str], hidden: Iterable[str] = (), folder: str = "worksheets", **more: str) -> bytes:
    """An XLSX of sheets by name; `more` are further parts, with __ for / and the ending .xml."""
    states = {name: "hidden" if name in hidden else "visible" for name in sheets}
    listed = "".join(
        f'<sheet name="{escape(name)}" sheetId="{at}" r:id="r{at}" state="{states[name]}"/>'
        for at, name in enumerate(sheets, 1)
    )
    links = "".join(
        f'<Relationship Id="r{at}" Type="{OFFICE}/worksheet" Target="{folder}/sheet{at}.xml"/>'
        for at in range(1, len(sheets) + 1)
    )
    links += f'<Relationship Id="s" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/>' * bool(more)
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" '
        f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override '
        f'PartName="/xl/workbook.xml" ContentType="{TYPE}.sheet.main+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" '
        f'Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook {MAIN} xmlns:r="{OFFICE}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">{links}</Relationships>',
        **{f"xl/{folder}/sheet{at}.xml": text for at, text in enumerate(sheets.values(), 1)},
        **{f"xl/{name.replace('__', '/')}.xml": text for name, text in more.items()},
    }
    return packed(parts)


def packed(parts: Mapping[str, str | bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def one(data: str, after: str = "", **more: str) -> bytes:
    return book({"Orders": sheet(data, after)}, **more)


def far_apart(folder: str) -> bytes:
    return book({"Orders": sheet(cell_rows((1, "A"), (1_048_576, "XFD")))}, folder=folder)


def cell_rows(*places: tuple[int, str], mark: str = '"') -> str:
    """A row for each cell, written with this quotation mark."""
    text = "".join(f'<row r="{row}"><c r="{name}{row}"><v>1</v></c></row>' for row, name in places)
    return text.replace('"', mark)


def shared_strings(full: bool, padding: int = 0) -> bytes:
    """A gigabyte of text beside one small sheet; with padding that does not pack, at an ordinary ratio."""
    size = 1_000_000_000 if full else 80_000_000
    strings = f"<sst {MAIN}><si><t>{'a' * size}</t></si></sst>"
    data = grid([HEADER, ['<c r="A2" t="s"><v>0</v></c>']])
    parts = {"sharedStrings": strings}
    content = one(data, **parts)
    if not padding:
        return content
    file = io.BytesIO(content)
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("xl/media/image1.png", os.urandom(size // 90))
    return file.getvalue()


def entity(number: int) -> str:
    return f"&l{number};"


def entities() -> bytes:
    """Ten entities, each ten of the one before: a billion laughs."""
    names = "".join(f'<!ENTITY l{at} "{10 * entity(at - 1)}">' for at in range(1, 10))
    laughs = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "lol">{names}]>'
    data = orders({}).replace("o1", "&l9;")
    return book({"Orders": laughs + sheet(data)})


TWO = book({
    "Orders": sheet(orders({})),
    "Customers": sheet(grid([["customer_id", "tier"], ["c1", "gold"]])),
})  # fmt: skip
ERROR = '<c r="D3" t="e"><v>#REF!</v></c>'

CASES: list[Case] = [
    refused("an old .xls called .xlsx", "orders.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000),
            "old .xls or a password-protected spreadsheet. Export it again"),
    refused("a spreadsheet called .csv", "orders.csv", one(orders({})), "a zip archive or a spreadsheet. Export it"),
    refused("a CSV called .xlsx", "orders.xlsx", b"order_id,customer_id\n1,2\n", "not a readable XLSX .* as CSV"),
    refused("a cut-off spreadsheet", "orders.xlsx", one(orders({}))[:-300], "not a readable XLSX file"),
    refused("a zip called .xlsx", "orders.xlsx", packed({"readme.txt": "hello"}), "not a readable XLSX file"),
    refused("an empty workbook", "orders.xlsx", one(""), "no visible sheet holds anything"),
    refused("cells merged in the data", "orders.xlsx", one(orders({}, {}), merged("B2:B3")), "cells B2:B3 are merged"),
    kept("a merged title above the header", "orders.xlsx",
         one(grid([["Our orders"]]) + orders({}, top=2), merged("A1:F1")),
         {"order_id": ["o1"], "unit_price": [9.5]}, said="1 rows above the header were left out"),
    refused("a formula that nobody computed", "orders.xlsx",
            one(orders({"unit_price": cell("F2", "", "1+1")})), "cell F2 holds a formula without a result. Open"),
    refused("a formula that nobody computed, its text in quotation marks of another kind", "orders.xlsx",
            one(orders({"unit_price": "<c r='F2'><f>1+1</f></c>"}).replace("<c r='", "<c  r='")), "F2 holds a formula"),
    kept("a formula with its result", "orders.xlsx",
         one(orders({"unit_price": cell("F2", "<v>2</v>", "1+1")})), {"unit_price": [2.0]}),
    refused("cells at A1 and XFD1048576", "orders.xlsx", far_apart("worksheets"), "more than 500 columns", heavy=True),
    refused("the same, its sheets in another folder", "orders.xlsx", far_apart("sheets"), "more than 500 columns",
            heavy=True),
    refused("the same, in other quotation marks", "orders.xlsx",
            book({"Orders": sheet(cell_rows((1, "A"), (1_048_576, "XFD"), mark="'"))}), "more than 500 columns",
            heavy=True),
    *(refused(f"a cell at {place}", "orders.xlsx",
              one(orders({}).replace('"B2"', f'"{place}"')), "not a readable XLSX file", heavy=True)
      for place in ("ZZZZZZ1", "A99999999999", "zzz1")),
    refused("a cell in another kind of tag", "orders.xlsx",
            one(orders({}).replace('<c r="B2"', '<c x=">" r="XFD2"')), "more than 500 columns|not a rea", heavy=True),
    refused("a row beyond every number of rows", "orders.xlsx",
            one(orders({}).replace('<row r="2"', '<row r="4294967295"')), "not a readable XLSX file", heavy=True),
    refused("a sheet in UTF-16", "orders.xlsx", packed({"xl/worksheets/sheet1.xml": sheet("").encode("utf-16")}),
            "not a readable XLSX file", heavy=True),
    refused("six hundred cells without a place", "orders.xlsx",
            one(f"<row>{'<c><v>1</v></c>' * 600}</row>"), "more than 500 columns"),
    refused("two cells that are a hundred thousand rows apart", "orders.xlsx",
            book({"Orders": sheet(cell_rows((1, "A"), (100_000, "SF")))}), "too far apart|too much", heavy=True),
    kept("a hidden sheet of other orders", "orders.xlsx",
         book({"Orders": sheet(orders({})), "Old": sheet(orders({"order_id": "o9"}))}, hidden=["Old"]),
         {"order_id": ["o1"]}, said="sheet 'Old' is hidden and was not read"),
    kept("two sheets of two tables", "book.xlsx", TWO, {"order_id": ["o1"]}),
    refused("a gigabyte of shared text", "orders.xlsx", shared_strings, "unpacks? to more than", heavy=True),
    refused("a gigabyte of shared text beside a large picture", "orders.xlsx", lambda full: shared_strings(full, 1),
            "unpacks? to more than", heavy=True),
    refused("a billion laughs", "orders.xlsx", entities(), "not a readable XLSX|entities", heavy=True),
    refused("an error in a cell", "orders.xlsx", one(orders({}, {"product_id": ERROR})),
            r"cell D3 holds an error of the spreadsheet \(#REF!\). Correct or empty it"),
    refused("an error in a cell of a formula", "orders.xlsx",
            one(orders({}, {"unit_price": cell("F3", "<v>#DIV/0!</v>", "1/0", 't="e"')})), r"cell F3 .*\(#DIV/0!\)"),
    refused("ids of 16 digits as numbers, of which a spreadsheet keeps 15", "orders.xlsx",
            one(orders({"order_id": 1234567890123450.0})), "order_id .* its last digits are lost"),
    kept("ids of 15 digits as numbers", "orders.xlsx", one(orders({"order_id": 123456789012345.0})),
         {"order_id": ["123456789012345"]}),
    kept("a sheet named like a way out", "book.xlsx", book({"../../orders": sheet(orders({}))}), {"order_id": ["o1"]}),
]  # fmt: skip
