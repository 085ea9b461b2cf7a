"""A Parquet file, once its footer says that it is not too much, and its texts are known not to be."""

import io
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow.lib import ArrowException

from engine.errors import DataProblem
from engine.shop.gate import limits
from engine.shop.gate.archive import Content

BATCH = 65_536  # rows
_UNNAMED_INDEX = r"__index_level_\d+__"  # of a table that pandas wrote: numbers of rows, no column of anybody's


def read(content: Content, head: int | None) -> pd.DataFrame:
    """The rows in their own kinds. Raises DataProblem for what is too large or no Parquet."""
    try:
        with content.open() as stream:
            # An entry of a zip cannot be sought in cheaply; its size was limited before.
            source = stream if content.packed and "/" not in content.name else io.BytesIO(stream.read())
            file = pq.ParquetFile(source)
            limits.check_table(content.name, file.metadata.num_rows, file.metadata.num_columns, content.packed)
            _check_flat(content.name, file.schema_arrow)
            _check_texts(content, source, file.schema_arrow)
            if head is None:
                return _plain(file.read())
            batch = next(file.iter_batches(batch_size=head), None)
            rows = file.schema_arrow.empty_table() if batch is None else pa.Table.from_batches([batch])
            return _plain(rows)
    except (ArrowException, OSError, ValueError) as error:
        raise DataProblem(f"{content.name}: not a readable Parquet file ({str(error)[:120]}).") from error


def _check_flat(name: str, schema: Any) -> None:
    """Raises DataProblem for a column whose cells are lists or structures."""
    for field in schema:
        if pa.types.is_nested(field.type):
            raise DataProblem(f"{name}: column {limits.shown(field.name)!r} holds lists. Export one value a cell.")


def _check_texts(content: Content, source: Any, schema: Any) -> None:
    """One long text may stand in every row and take its place in the file once: counted before rows hold their own."""
    texts = [place for place, field in enumerate(schema) if _is_text(field.type)]
    file = pq.ParquetFile(source, read_dictionary=[schema.field(place).name for place in texts])
    held = 0
    for batch in file.iter_batches(batch_size=BATCH, columns=[schema.field(place).name for place in texts]):
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            words = column.dictionary if pa.types.is_dictionary(column.type) else column
            lengths = pc.binary_length(words)
            if (pc.max(lengths).as_py() or 0) > 4 * limits.MAX_CELL:  # bytes
                raise DataProblem(
                    f"{content.name}: column {limits.shown(name)!r} has a cell of more than {limits.MAX_CELL:,} "
                    "characters. Shorten it and import again."
                )
            spread = lengths.take(column.indices) if words is not column else lengths
            held += pc.sum(spread).as_py() or 0
        limits.check_ratio(content.name, held, content.packed)


def _is_text(kind: Any) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or _is_binary(kind))


def _is_binary(kind: Any) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _plain(table: Any) -> pd.DataFrame:
    """Columns as they are, an index of pandas among them; categories and bytes as the text they stand for."""
    columns = []
    for column in table.columns:
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        columns.append(column.cast(pa.string()) if _is_binary(column.type) else column)
    # Pandas' own notes in the file would make an index of columns, and it would be lost.
    frame = pa.Table.from_arrays(columns, table.schema.names).to_pandas(ignore_metadata=True)
    return frame.loc[:, ~frame.columns.str.fullmatch(_UNNAMED_INDEX)]
