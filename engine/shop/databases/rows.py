"""The rows of one table: counted before they are read, and such as a CSV file of the table would have them."""

import re
import time
from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from engine.errors import DataProblem
from engine.shop.gate import limits

Progress = Callable[[float, str], None]

BATCH = 10_000  # rows; larger ones are slower to turn into columns
SMALLER = "Name a view instead that has the columns and the time that are needed."

# Of a table of accounts, what is nobody's business: it is not even asked for.
_SECRET = re.compile(r"passw(or)?d|(secret|tokens?)(_|$)|(^|_)(pwd|salt|otp)(_|$)", re.IGNORECASE)


def as_written(kind: str, shown: str, rows: Any) -> tuple[Any, list[str]]:
    """The columns that can be read, each as a kind that survives the way unchanged, and sentences on those left out.

    Decimals, short floats and what only this database knows (uuid, json, enum) come as their text, so that 12.50 is
    12.50; all of SQLite does, whose columns hold whatever was put into them.
    """
    import ibis.expr.datatypes as dt

    kept, secret, binary = [], [], []
    for column, written in rows.schema().items():
        if _SECRET.search(column):
            secret.append(column)
        elif isinstance(written, dt.Binary):
            binary.append(column)
        else:
            own = isinstance(written, dt.Integer | dt.Float64 | dt.Boolean | dt.String | dt.Date | dt.Timestamp)
            as_it_is = own and kind != "sqlite"
            kept.append(rows[column] if as_it_is else rows[column].cast("string").name(column))
    if not kept:
        raise DataProblem(f"{shown}: the table has no column that can be read.")
    notes = [f"{shown}: not read, as its name says that it is secret: {', '.join(secret)}."] if secret else []
    notes += [f"{shown}: not read, as it is no text: {', '.join(binary)}."] if binary else []
    return rows.select(kept), notes


def counted(shown: str, rows: Any) -> int:
    """How many rows there are. Raises DataProblem, before any is read, where they are too many."""
    columns = len(rows.columns)
    if columns > limits.MAX_COLUMNS:
        raise DataProblem(f"{shown}: more than {limits.MAX_COLUMNS} columns ({columns:,}). {SMALLER}")
    total = int(rows.count().execute())
    if total > limits.MAX_ROWS or total * columns > limits.MAX_CELLS:
        raise DataProblem(f"{shown}: {total:,} rows x {columns:,} columns is too much to read at once. {SMALLER}")
    return total


def read(shown: str, rows: Any, total: int, progress: Progress) -> pa.Table:
    """All rows, told in batches. Raises DataProblem where they hold more than fits."""
    begun, count, size = time.monotonic(), 0, 0
    batches = []
    schema, stream = _stream(rows)
    for batch in stream:
        batches.append(batch)
        count, size = count + batch.num_rows, size + batch.nbytes
        if size > limits.MAX_UNPACKED:
            raise DataProblem(f"{shown}: more than 2 GB after {count:,} of {total:,} rows. {SMALLER}")
        rate = count / max(time.monotonic() - begun, 1e-9)
        share = 0.05 + 0.5 * min(count / max(total, 1), 1)
        progress(share, f"Reading {shown}: {count:,} of {total:,} rows, {rate:,.0f} a second")
    return _plain(shown, pa.Table.from_batches(batches, schema))


def _stream(rows: Any) -> tuple[pa.Schema, Iterable[pa.RecordBatch]]:
    if rows.get_backend().name == "duckdb":  # Ibis 12 streams by a method that DuckDB has no more
        whole = rows.to_pyarrow()
        return whole.schema, whole.to_batches(BATCH)
    stream = rows.to_pyarrow_batches(chunk_size=BATCH)
    return stream.schema, stream


def _plain(shown: str, found: pa.Table) -> pa.Table:
    """Whole numbers, floats and texts only: what a CSV file of the table would become."""
    for place, (name, values) in enumerate(zip(found.column_names, found.columns, strict=True)):
        column = _plain_column(values)
        found = found.set_column(place, name, column)
        longest = pc.max(pc.utf8_length(column)).as_py() if pa.types.is_string(column.type) else None
        if (longest or 0) > limits.MAX_CELL:
            raise DataProblem(f"{shown}: {name} has a cell of more than {limits.MAX_CELL:,} characters. {SMALLER}")
    return found


def _plain_column(values: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = values.type
    if pa.types.is_timestamp(kind):
        return pc.replace_substring_regex(values.cast(pa.string()), r"\.0+(Z|[+-]\d\d:?\d\d)?$", r"\1")
    if pa.types.is_boolean(kind):
        values = values.cast(pa.int8())
    if pa.types.is_integer(values.type):  # beside an empty cell pandas would make an id of 18 digits a float
        return values.cast(pa.string() if values.null_count else pa.int64())
    return values if pa.types.is_float64(kind) else values.cast(pa.string())


def in_order(found: pa.Table) -> pa.Table:
    """Sorted by the columns as they stand: here and not in the database, which others are using meanwhile."""
    return found.take(pc.sort_indices(found, sort_keys=[(name, "ascending") for name in found.column_names]))


def content(frame: pd.DataFrame) -> str:
    """SHA-256 of the columns' names and every row's hash, in order."""
    rows = pd.util.hash_pandas_object(frame, index=False).to_numpy()
    return sha256("\0".join(frame.columns).encode() + rows.tobytes()).hexdigest()
