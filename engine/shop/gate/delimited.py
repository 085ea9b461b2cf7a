"""Text with a delimiter (CSV): its encoding, its delimiter, its header, and every line of it accounted for."""

import codecs
import csv
import io
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from engine.errors import DataProblem
from engine.shop.gate import encodings, limits
from engine.shop.gate.archive import Content

DELIMITERS = (",", ";", "\t", "|")
TITLE_ROWS = 20  # rows in which a header is looked for below a title
BATCH = 50_000  # rows
RAGGED = 10_000  # rows with too many or too few fields, from which on each has to be outweighed at once

# A cell may be as long as this and no longer, for every reader of this process.
csv.field_size_limit(limits.MAX_CELL)


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read a text file: "" and () are found out. header: the names of the columns of a file that has none."""

    encoding: str = ""
    delimiter: str = ""
    header: tuple[str, ...] = ()


@dataclass(slots=True)
class _Rows:
    """Rows as they come in, in batches of columns."""

    width: int
    batches: list[list[pa.Array]] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    ragged: list[tuple[int, list[str]]] = field(default_factory=list)

    def flush(self) -> None:
        if self.rows:
            columns = zip(*self.rows, strict=True)
            self.batches.append([pa.array(column, pa.string()) for column in columns])
            self.rows = []

    def frame(self, names: list[str]) -> pd.DataFrame:
        self.flush()
        columns = [
            pa.chunked_array([batch[place] for batch in self.batches], pa.string()) for place in range(self.width)
        ]
        frame = pa.Table.from_arrays(columns, [str(place) for place in range(self.width)]).to_pandas()
        frame.columns = names
        return frame


def no_ragged() -> pd.DataFrame:
    """What `Sheet.ragged` is where every row has the fields of the header."""
    return pd.DataFrame({"line": pd.Series(dtype="int64"), "fields": pd.Series(dtype="object")})


def read(
    content: Content, reading: Reading, head: int | None, progress: Callable[[int], None] = lambda rows: None
) -> dict[str, Any]:
    """The fields of a Sheet. Raises DataProblem naming the file, the line where there is one, and what to do."""
    encoding = reading.encoding or encodings.found(content, whole=head is None)
    if reading.encoding:
        encodings.check_said(content, encoding, whole=head is None)
    sample = _start(content, encoding)
    _check_text(content.name, sample)
    delimiter = reading.delimiter or _delimiter(sample)
    _check_columns(content.name, sample, delimiter)
    with content.open() as stream:
        text = io.TextIOWrapper(stream, encoding=encoding, newline="")
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        try:
            return _parsed(content.name, reader, reading, head, progress, sample, delimiter) | {
                "name": content.name,
                "encoding": encoding.removesuffix("-sig"),
                "delimiter": delimiter,
            }
        except csv.Error as error:
            raise DataProblem(_csv_sentence(content.name, reader.line_num, str(error))) from error


def _parsed(
    name: str,
    reader: Any,
    reading: Reading,
    head: int | None,
    progress: Callable[[int], None],
    sample: str,
    delimiter: str,
) -> dict[str, Any]:
    header, skipped, has_comments = _header(reader, reading, sample, delimiter)
    _check_width(name, reader.line_num, len(header))
    rows = _Rows(len(header))
    comments = 0
    last = 0 if reading.header else reader.line_num
    for row in reader:
        line, last = last + 1, reader.line_num
        if not row:
            continue
        # "#1001" is also what shops call an order: a comment has not the fields of a row.
        if has_comments and row[0].startswith("#") and (len(row) != rows.width or rows.width == 1):
            comments += 1
        elif len(row) == rows.width:
            rows.rows.append(row)
            rows.lines.append(line)
        else:
            _check_width(name, line, len(row))
            rows.ragged.append((line, row))
            if len(rows.ragged) > RAGGED:  # before they fill the memory
                _check_mostly_whole(name, rows)
        if len(rows.rows) == BATCH:
            rows.flush()
            progress(len(rows.lines))
            if len(rows.lines) > limits.MAX_ROWS:
                raise DataProblem(f"{name}: more than {limits.MAX_ROWS:,} rows. Split the file.")
        if head is not None and len(rows.lines) >= head:
            break
    _check_mostly_whole(name, rows)
    notes = [f"{name}: {skipped} lines above the header were left out."] if skipped else []
    notes += [f"{name}: {comments} lines that begin with # were left out."] if comments else []
    frame = rows.frame(header)
    for column in frame.columns[frame.columns.map(bool)]:
        if frame.columns.tolist().count(column) == 1:
            frame[column] = unwrapped(frame[column])
    ragged = pd.DataFrame(rows.ragged, columns=["line", "fields"]) if rows.ragged else no_ragged()
    return {"frame": frame, "lines": np.array(rows.lines, dtype="int64"), "ragged": ragged, "notes": notes}


def unwrapped(column: pd.Series) -> pd.Series:
    """Cells written as ="00123", which is how exports keep a spreadsheet from changing an id, without that."""
    wrapped = column.astype("str").str.startswith('="').fillna(False)
    if not wrapped.any():
        return column
    return column.str.replace(r'^="(.*)"\s*$', r"\1", regex=True)


# --- the header ---


def header_at(rows: list[list[str]]) -> int:
    """Which of the first rows is the header: the first with two filled cells, under titles of one; else the first."""
    for place, row in enumerate(rows[:TITLE_ROWS]):
        if sum(bool(cell.strip()) for cell in row) >= 2 and not row[0].startswith("#"):
            return place
    return 0


def _header(reader: Any, reading: Reading, sample: str, delimiter: str) -> tuple[list[str], int, bool]:
    """Names of the columns, how many lines above them were left out, and whether those were comments."""
    if reading.header:
        return list(reading.header), 0, False
    first = _rows_of(sample, delimiter, TITLE_ROWS)
    above = header_at(first)
    has_comments = any(row and row[0].startswith("#") for row in first[:above])
    for _ in range(above):
        next(reader)
    skipped = reader.line_num
    header: list[str] = next(reader, [])
    return [name.strip().lstrip("\ufeff") for name in header], skipped, has_comments


def _rows_of(sample: str, delimiter: str, count: int) -> list[list[str]]:
    """The first rows of a sample, as far as they can be read."""
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter):
            rows.append(row)
            if len(rows) >= count:
                break
    except csv.Error:
        pass  # said, with its line, when the file is read
    return rows


def _delimiter(sample: str) -> str:
    """The delimiter that most of the first lines agree on."""
    if sample[:4].lower() == "sep=" and len(sample) > 4 and sample[4] in DELIMITERS:
        return sample[4]

    def agreement(delimiter: str) -> tuple[float, int]:
        widths = [len(row) for row in _rows_of(sample, delimiter, 50) if any(row)]
        usual = max(set(widths), key=widths.count) if widths else 1
        return (widths.count(usual) / len(widths) if usual > 1 else 0.0, usual)

    best = max(DELIMITERS, key=agreement)
    return best if agreement(best)[1] > 1 else max(DELIMITERS, key=re.split(r"[\r\n]", sample, maxsplit=1)[0].count)


# --- what is refused ---


def _check_text(name: str, sample: str) -> None:
    start = sample.lstrip("\ufeff \t\r\n").lower()
    if not start:
        raise DataProblem(f"{name}: the file is empty.")
    if start.startswith(("<!doctype html", "<html", "<head", "<body", "<table", "<script", "<!--")):
        raise DataProblem(f"{name}: a web page saved as .csv. Download the export again while logged in.")
    if re.match(r"<[?!a-z]", start):
        raise DataProblem(f"{name}: XML, not CSV. Export it as CSV.")
    if start[0] in "{[" and start[1:].lstrip()[:1] in '"{[':
        raise DataProblem(f"{name}: JSON, not CSV. Export it as CSV.")


def _check_columns(name: str, sample: str, delimiter: str) -> None:
    line = re.split(r"[\r\n]", sample, maxsplit=1)[0]
    if line.count(delimiter) >= limits.MAX_COLUMNS:
        raise DataProblem(f"{name}: more than {limits.MAX_COLUMNS} columns. Keep the columns of one table.")


def _check_width(name: str, line: int, fields: int) -> None:
    if fields > limits.MAX_COLUMNS:
        raise DataProblem(
            f"{name} line {line}: {fields:,} fields; more than {limits.MAX_COLUMNS} columns are not read. Keep the "
            "columns of one table."
        )


def _check_mostly_whole(name: str, rows: _Rows) -> None:
    """A few broken lines are set aside; where most are, it is the header that is broken."""
    if len(rows.ragged) <= len(rows.lines):
        return
    line, fields = rows.ragged[0]
    more = "more" if len(fields) > rows.width else "fewer"
    raise DataProblem(
        f"{name}: its lines have {more} fields than the header: {len(fields)} in line {line}, {rows.width} in the "
        "header. Repair the header and import again."
    )


def _csv_sentence(name: str, line: int, said: str) -> str:
    if "field larger" in said:
        return (
            f"{name} line {line}: a cell of more than {limits.MAX_CELL:,} characters; perhaps a quotation mark that "
            "is never closed. Repair that line and import again."
        )
    if "unexpected end" in said:
        return (
            f"{name} line {line}: the file ends inside quotation marks. Repair that line, or download the export "
            "again, and import it."
        )
    return f"{name} line {line}: quotation marks that do not fit ({said}). Repair that line and import again."


def _start(content: Content, encoding: str) -> str:
    """The first characters; refuses a first line that does not end within limits.HEAD bytes."""
    with content.open() as stream:
        first = stream.read(limits.HEAD)
    text = codecs.getincrementaldecoder(encoding)("strict").decode(first)
    if len(first) == limits.HEAD and "\n" not in text and "\r" not in text:
        columns = max(text.count(delimiter) for delimiter in DELIMITERS)
        what = f"more than {limits.MAX_COLUMNS} columns" if columns >= limits.MAX_COLUMNS else "no line break"
        raise DataProblem(f"{content.name}: {what} in its first {limits.HEAD:,} bytes. Keep the columns of one table.")
    return text
