"""Limits before parsing, then a file as a table of text (CSV, XLSX) or of its own types (Parquet)."""

import csv
import io
import zipfile
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
from pyarrow.lib import ArrowInvalid
from python_calamine import CalamineError

from engine.errors import DataProblem

MAX_BYTES = 2_000_000_000
MAX_COLUMNS = 500
MAX_CELLS = 1_000_000_000  # a 736 kB Parquet file can hold 100 million rows: its footer tells, its size does not
MAX_XLSX_UNPACKED = 1_000_000_000
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")  # a spreadsheet's "Unicode text"
FORMATS = {".csv": "CSV", ".parquet": "Parquet", ".xlsx": "XLSX"}


def read_file(path: Path) -> pd.DataFrame:
    """The rows of a file, headers trimmed. Raises DataProblem naming the file and what to do."""
    path = Path(path)
    if not path.is_file():
        raise DataProblem(f"{path.name}: no such file.")
    if path.suffix.lower() not in FORMATS:
        raise DataProblem(f"{path.name}: save it as CSV, XLSX or Parquet; {path.suffix or 'no ending'} is not read.")
    if path.stat().st_size == 0:
        raise DataProblem(f"{path.name}: the file is empty.")
    if path.stat().st_size > MAX_BYTES:
        raise DataProblem(f"{path.name}: larger than 2 GB. Save it as Parquet or split it.")
    frame = {".csv": _csv, ".parquet": _parquet, ".xlsx": _xlsx}[path.suffix.lower()](path)
    frame.columns = [str(column).strip() for column in frame.columns]
    repeated = sorted({c for c in frame.columns if list(frame.columns).count(c) > 1})
    if repeated:
        raise DataProblem(f"{path.name}: column {repeated[0]!r} stands twice in the header. Rename or remove one.")
    return frame


def _csv(path: Path) -> pd.DataFrame:
    content = path.read_bytes()
    if content[:2] in (b"PK", b"\x1f\x8b") or (content[:2] not in UTF16_MARKS and b"\x00" in content[:4096]):
        raise DataProblem(f"{path.name}: named .csv but not a text file. Export it again as CSV in UTF-8.")
    text = _decoded(content, path.name)
    header = text[:65536].split("\n", 1)[0]
    if header.lstrip().lower().startswith(("<!doctype", "<html", "<?xml")):
        raise DataProblem(f"{path.name}: a web page saved as .csv. Download the export again while logged in.")
    delimiter = max(",;\t|", key=header.count)
    if header.count(delimiter) >= MAX_COLUMNS:
        raise DataProblem(f"{path.name}: more than {MAX_COLUMNS} columns. Keep the columns of one table.")
    names = next(csv.reader([header], delimiter=delimiter))
    repeated = sorted({name.strip() for name in names if names.count(name) > 1})
    if repeated:
        raise DataProblem(f"{path.name}: column {repeated[0]!r} stands twice in the header. Rename or remove one.")
    try:
        frame = pd.read_csv(io.StringIO(text), sep=delimiter, dtype=str, keep_default_na=False, na_filter=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        what = str(error).replace("C error: ", "").strip()
        raise DataProblem(f"{path.name}: {what}. Repair that line and import again.") from error
    if not isinstance(frame.index, pd.RangeIndex):  # pandas took the first column for row names
        raise DataProblem(
            f"{path.name}: its lines have more fields than the header. Repair the header and import again."
        )
    return frame


def _decoded(content: bytes, name: str) -> str:
    for encoding in ("utf-16",) if content[:2] in UTF16_MARKS else ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise DataProblem(f"{name}: neither UTF-8 nor GB18030 text. Save it as UTF-8 and import again.")


def _parquet(path: Path) -> pd.DataFrame:
    try:
        footer = pq.read_metadata(path)
        if footer.num_rows * footer.num_columns > MAX_CELLS or footer.num_columns > MAX_COLUMNS:
            raise DataProblem(
                f"{path.name}: {footer.num_rows:,} rows x {footer.num_columns} columns is too much to read at once."
            )
        return pd.read_parquet(path)
    except (ArrowInvalid, OSError) as error:
        raise DataProblem(f"{path.name}: not a readable Parquet file ({str(error)[:120]}).") from error


def _xlsx(path: Path) -> pd.DataFrame:
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MAX_XLSX_UNPACKED:
                raise DataProblem(f"{path.name}: unpacks to more than 1 GB. Save it as CSV.")
        return pd.read_excel(path, engine="calamine", dtype=str, keep_default_na=False, na_filter=False)
    except (zipfile.BadZipFile, CalamineError, ValueError, OSError) as error:
        raise DataProblem(f"{path.name}: not a readable XLSX file ({str(error)[:120]}).") from error
