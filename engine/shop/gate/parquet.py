"""A Parquet file, once its footer says that it is not too much."""

import io

import pandas as pd
import pyarrow.parquet as pq
from pyarrow.lib import ArrowException

from engine.errors import DataProblem
from engine.shop.gate import limits
from engine.shop.gate.archive import Content


def read(content: Content, head: int | None) -> pd.DataFrame:
    """The rows in their own kinds. Raises DataProblem for what is too large or no Parquet."""
    try:
        with content.open() as stream:
            # An entry of a zip cannot be sought in cheaply; its size was limited before.
            source = stream if content.packed and "/" not in content.name else io.BytesIO(stream.read())
            file = pq.ParquetFile(source)
            limits.check_table(content.name, file.metadata.num_rows, file.metadata.num_columns, content.packed)
            if head is None:
                return _flat(content.name, file.read().to_pandas())
            batch = next(file.iter_batches(batch_size=head), None)
            rows = file.schema_arrow.empty_table().to_pandas() if batch is None else batch.to_pandas()
            return _flat(content.name, rows)
    except (ArrowException, OSError, ValueError) as error:
        raise DataProblem(f"{content.name}: not a readable Parquet file ({str(error)[:120]}).") from error


def _flat(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Raises DataProblem for a column whose cells are lists or structures."""
    for column in frame.columns:
        first = frame[column].dropna().head(1)
        if len(first) and not isinstance(first.iloc[0], str | bytes) and hasattr(first.iloc[0], "__len__"):
            raise DataProblem(f"{name}: column {column!r} holds lists. Export one value a cell.")
    return frame.reset_index(drop=True)
