"""Archives and Parquet files that are broken, that lie, or that are far larger inside."""

import gzip
import io
import struct
import zipfile
import zlib
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tests.shop.hostile.case import ROW, Case, kept, orders, refused

TEXT = orders({}, {"order_id": "o2"}).encode()
ROWS = {"order_id": ["o1", "o2"], "unit_price": [9.5, 9.5]}


def packed(*entries: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in entries:
            archive.writestr(zipfile.ZipInfo(name) if name.startswith("/") else name, content, method)
    return file.getvalue()


def many_empty(full: bool) -> bytes:
    return packed(*((f"{number}.csv", b"") for number in range(200_000 if full else 1_001)), method=zipfile.ZIP_STORED)


def with_flag(flag: int) -> bytes:
    """A zip whose entry says of itself, in both places, that it is e.g. encrypted (1)."""
    content = bytearray(packed(("orders.csv", TEXT)))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + place] |= flag
    return bytes(content)


def of_method(method: int) -> bytes:
    content = bytearray(packed(("orders.csv", TEXT)))
    for mark, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        content[content.index(mark) + place] = method
    return bytes(content)


def one_byte_wrong(content: bytes, back: int) -> bytes:
    """The same with one byte of the packed text changed."""
    place = content.index(b"PK\x01\x02") - back
    return content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :]


def nameless() -> bytes:
    """A zip whose entry has no name at all."""
    content = packed(("x", TEXT))
    begins, end, size = content.index(b"PK\x01\x02"), content.index(b"PK\x05\x06"), struct.pack("<H", 0)
    local, entry = content[:begins], content[begins:end]
    local = local[:26] + size + local[28:30] + local[31:]
    entry = entry[:28] + size + entry[30:46] + entry[47:]
    return local + entry + content[end : end + 12] + struct.pack("<IIH", len(entry), len(local), 0)


def that_lies(size: int) -> bytes:
    """A zip that says its entry is small, with the check sum of so much of it."""
    text = TEXT + b"o3,c1,2026-01-05,p1,1,1\n" * 4_000_000
    content = bytearray(packed(("orders.csv", text)))
    for mark, place in ((b"PK\x03\x04", 14), (b"PK\x01\x02", 16)):
        at = content.index(mark) + place
        struct.pack_into("<I", content, at, zlib.crc32(text[:size]))
        struct.pack_into("<I", content, at + 8, size)
    return bytes(content)


def zeros(full: bool) -> bytes:
    return TEXT + b"0" * (1_000_000_000 if full else 60_000_000)


def gzip_bomb(full: bool) -> bytes:
    file = io.BytesIO()
    with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=6) as stream:
        stream.write(TEXT)
        for _ in range(1_000 if full else 60):
            stream.write(b"o3,c1,2026-01-05,p1,1,1\n" * 41_666)
    return file.getvalue()


def overlapping(full: bool) -> bytes:
    """Two hundred names for one and the same packed text."""
    once = packed(("orders.csv", b"o3,c1,2026-01-05,p1,1,1\n" * (400_000 if full else 20_000)))
    begins, ends = once.index(b"PK\x01\x02"), once.rindex(b"PK\x05\x06")
    entry, count = once[begins:ends], 200
    entries = b"".join(entry.replace(b"orders.csv", f"ord{number:03}.csv".encode()) for number in range(count))
    return once[:begins] + entries + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, count, count, len(entries), begins, 0)


def table(columns: dict, rows: int = 2, **options) -> bytes:
    base = {name: [value] * rows for name, value in ROW.items() if name not in columns}
    file = io.BytesIO()
    pq.write_table(pa.table(base | columns), file, **options)
    return file.getvalue()


def many_rows(full: bool) -> bytes:
    """A hundred million rows in less than a megabyte."""
    rows = 100_000_000 if full else 20_000_001
    file = io.BytesIO()
    piece = pa.table({"order_id": pa.nulls(1_000_000, pa.int8())})
    with pq.ParquetWriter(file, piece.schema, compression="zstd") as writer:
        for _ in range(rows // 1_000_000):
            writer.write_table(piece)
        writer.write_table(piece.slice(0, max(1, rows % 1_000_000)))
    return file.getvalue()


def one_long_text_often(full: bool) -> bytes:
    """One text of 60,000 letters, named in every row: a dictionary of one word."""
    rows = 400_000 if full else 40_000
    words = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array(["a" * 60_000]))
    ids = pa.array([str(number) for number in range(rows)])
    return table({"order_id": ids, "status": words}, rows, compression="zstd")


def long_list() -> bytes:
    return table({"order_id": pa.array([[0] * 1_000_000, []], pa.list_(pa.int8()))}, compression="zstd")


def wide() -> bytes:
    return table({f"c{number}": [1, 2] for number in range(1_000)})


def with_index() -> bytes:
    """As pandas writes a table whose index is the order's number."""
    file = io.BytesIO()
    pd.DataFrame([ROW, ROW | {"order_id": "o2"}]).set_index("order_id").to_parquet(file)
    return file.getvalue()


PARQUET = [
    refused("a hundred million rows of Parquet", "orders.parquet", many_rows, "x 1 columns is too much", heavy=True),
    refused("one long text in every row of Parquet", "orders.parquet", one_long_text_often,
            "unpacks? to more than", heavy=True),
    refused("a list of a million in a cell of Parquet", "orders.parquet", long_list(), "'order_id' holds lists"),
    refused("a thousand columns of Parquet", "orders.parquet", wide(), r"more than 500 columns \(1,006\)"),
    refused("a cut-off Parquet file", "orders.parquet", table({})[:-20], "not a readable Parquet file"),
    refused("a Parquet file without its middle", "orders.parquet", table({})[:20] + table({})[200:],
            "not a readable Parquet file"),
    refused("a CSV called .parquet", "orders.parquet", TEXT, "not a readable Parquet file.* save it as CSV"),
    refused("ids that are fractions too large to be exact", "orders.parquet", table({"order_id": [1.23e18, 9.1e17]}),
            "order_id .* its last digits are lost"),
    refused("ids beyond every whole number", "orders.parquet", table({"order_id": [1e300, 2e300]}),
            "order_id .* its last digits are lost"),
    kept("whole numbers beyond 2^63 as ids", "orders.parquet",
         table({"order_id": pa.array([2**63 + 1, 2**64 - 1], pa.uint64())}),
         {"order_id": ["9223372036854775809", "18446744073709551615"]}),
    kept("an index that is the order's number", "orders.parquet", with_index(), {"order_id": ["o1", "o2"]}),
    kept("categories and decimals", "orders.parquet",
         table({"order_id": ["o1", "o2"], "product_id": pa.array(["007", "07"]).dictionary_encode(),
                "unit_price": pa.array([Decimal("9.50"), Decimal(1)], pa.decimal128(9, 2))}),
         {"product_id": ["007", "07"], "unit_price": [9.5, 1.0]}),
]  # fmt: skip

CASES: list[Case] = [
    *PARQUET,
    refused("a gzip bomb", "orders.csv.gz", gzip_bomb, "unpack to more than 100 times as many", heavy=True),
    refused("a cut-off gzip", "orders.csv.gz", gzip.compress(TEXT)[:-12], "damaged or cut off"),
    refused("a gzip with a byte changed", "orders.csv.gz", gzip.compress(TEXT)[:-6] + b"\x00" * 6, "damaged or cut"),
    refused("nothing, packed", "orders.csv.gz", gzip.compress(b""), "the file is empty"),
    refused("a zip in a gzip", "orders.csv.gz", gzip.compress(packed(("orders.csv", TEXT))), "it is a zip archive"),
    refused("a zip bomb", "orders.zip", lambda full: packed(("orders.csv", zeros(full))),
            "unpack to more than 100 times", heavy=True),
    refused("names for one packed text, two hundred", "orders.zip", overlapping, "unpack|damaged", heavy=True),
    refused("a zip that says it is small", "orders.zip", that_lies(len(TEXT)), "damaged or cut off|unpack", heavy=True),
    refused("a zip in a zip", "orders.zip", packed(("inner.zip", packed(("orders.csv", TEXT)))),
            "inner.zip in it is no CSV, XLSX or Parquet file. Take it out"),
    refused("a program in a zip", "orders.zip", packed(("orders.csv", TEXT), ("run.exe", b"MZ")), "run.exe in it is"),
    refused("an entry of a zip without a name", "orders.zip", nameless(), "in it is no CSV"),
    refused("a password on a zip", "orders.zip", with_flag(1), "it has a password. Unpack it"),
    refused("a zip packed in a way nobody knows", "orders.zip", of_method(97), "cannot be unpacked|damaged"),
    refused("a zip with a byte changed", "orders.zip", one_byte_wrong(packed(("orders.csv", TEXT)), 9),
            "damaged or cut off"),
    refused("a stored zip with a byte changed", "orders.zip",
            one_byte_wrong(packed(("orders.csv", TEXT), method=zipfile.ZIP_STORED), 9), "damaged or cut off"),
    refused("a spreadsheet with a byte changed, in a zip", "orders.zip",
            one_byte_wrong(packed(("orders.xlsx", TEXT), method=zipfile.ZIP_STORED), 9), "damaged or cut off"),
    refused("a Parquet file with a byte changed, in a zip", "orders.zip",
            one_byte_wrong(packed(("orders.parquet", table({})), method=zipfile.ZIP_LZMA), 40), "damaged or cut off"),
    refused("a cut-off zip", "orders.zip", packed(("orders.csv", TEXT))[:-30], "damaged or cut off"),
    refused("a zip of nothing", "orders.zip", packed(), "no CSV, XLSX or Parquet file in this zip"),
    refused("a zip of more files than anybody exports", "orders.zip", many_empty, "files in one zip. Keep", heavy=True),
    kept("a name in a zip that leads out", "orders.zip", packed(("../../orders.csv", TEXT)), ROWS),
    kept("a name in a zip from the root", "orders.zip", packed(("/tmp/hostile/orders.csv", TEXT)), ROWS),
    kept("a name in a zip from a drive", "orders.zip", packed(("C:\\hostile\\orders.csv", TEXT)), ROWS),
    kept("a NUL in a name in a zip", "orders.zip",
         packed(("orders.csvXexe", TEXT)).replace(b"csvXexe", b"csv\x00exe"), ROWS),
    kept("two folders in a zip, a file of one name in each", "orders.zip",
         packed(("2025/orders.csv", TEXT), ("2026/orders.csv", TEXT.replace(b"\no", b"\nn"))),
         {"order_id": ["o1", "o2", "n1", "n2"]}),
]  # fmt: skip
