"""Rows of numbers and texts, each sealed for itself under its customer's key, and back without losing a bit.

What at least SHARED_BY customers have in common in a column stands once in the open layout; a row says which of these
it has, and its own values where it has none of them. That is a quarter of the size, and the layout tells of nobody.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

SHARED_BY = 10
_MOST = 254  # values of a column in the layout
_MISSING, _OWN = 254, 255  # a text that is missing; a value that stands in the row itself


def packed(columns: Sequence[pd.Series]) -> tuple[list[dict[str, Any]], list[bytes]]:
    """(layout, the rows as bytes) of columns of one length, numbers or texts."""
    parts = [_numbers(one) if pd.api.types.is_numeric_dtype(one) else _texts(one) for one in columns]
    layout = [part[0] for part in parts]
    if not columns:
        return layout, []
    codes = np.column_stack([part[1] for part in parts])
    rows = [
        row.tobytes() + b"".join(parts[column][2][number] for column in np.flatnonzero(row == _OWN))
        for number, row in enumerate(codes)
    ]
    return layout, rows


def unpacked(layout: Sequence[dict[str, Any]], rows: Sequence[bytes]) -> list[pd.Series]:
    """The columns that were packed, of these rows only."""
    found: list[list[Any]] = [[] for _ in layout]
    for row in rows:
        place = len(layout)
        for values, column, code in zip(found, layout, row, strict=False):
            if code < _MISSING:
                values.append(column["shared"][code])
            elif code == _MISSING:
                values.append(None)
            elif column["kind"] == "number":
                values.append(int.from_bytes(row[place : place + 8], "little"))
                place += 8
            else:
                end = place + 4 + int.from_bytes(row[place : place + 4], "little")
                values.append(row[place + 4 : end].decode(errors="surrogatepass"))
                place = end
    return [_column(column, values) for column, values in zip(layout, found, strict=True)]


def _column(layout: dict[str, Any], values: list[Any]) -> pd.Series:
    if layout["kind"] == "text":
        return pd.Series(values, dtype="str")
    return pd.Series(np.array(values, dtype="<u8").view("<f8").astype("float64")).astype(layout["dtype"])


_Part = tuple[dict[str, Any], np.ndarray, list[bytes]]  # layout, code of each row, its own value as bytes


def _numbers(column: pd.Series) -> _Part:
    """By their bits, so that -0.0 and every NaN stay what they are."""
    bits = np.ascontiguousarray(column.to_numpy("float64", na_value=np.nan)).astype("<f8").view("<u8")
    values, which, counts = np.unique(bits, return_inverse=True, return_counts=True)
    shared, codes = _shared(counts)
    raw = bits.tobytes()
    layout = {"kind": "number", "dtype": str(column.dtype), "shared": [int(one) for one in values[shared]]}
    return layout, codes[which], [raw[at : at + 8] for at in range(0, len(raw), 8)]


def _texts(column: pd.Series) -> _Part:
    known = column.notna().to_numpy()
    texts = column.astype("str").fillna("").to_numpy(dtype=object)
    values, which, counts = np.unique(texts, return_inverse=True, return_counts=True)
    shared, codes = _shared(counts)
    layout = {"kind": "text", "dtype": "str", "shared": [str(one) for one in values[shared]]}
    raw = [text.encode(errors="surrogatepass") for text in texts]
    own = [len(text).to_bytes(4, "little") + text for text in raw]
    return layout, np.where(known, codes[which], _MISSING).astype("uint8"), own


def _shared(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the values that enough rows share, the commonest first, and the code of every value."""
    order = np.argsort(-counts, kind="stable")[:_MOST]
    shared = order[counts[order] >= SHARED_BY]
    codes = np.full(len(counts), _OWN, dtype="uint8")
    codes[shared] = np.arange(len(shared))
    return shared, codes
