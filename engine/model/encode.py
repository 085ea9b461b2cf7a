"""A table of features as one matrix: standardised numbers, one column per known level of a text.

A column named `feature|detail` (a curve or an interaction) belongs to `feature`, and so does `feature=level`: what we
tell a marketer about `feature` is the sum over its columns.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

RARE = 20  # a level seen less often is "other": too little to learn from

NOTHING = "nothing known"  # the only column where rows do not differ


@dataclass(frozen=True, slots=True)
class Encoder:
    """numbers: {column: (mean, sd)}; missing: columns with an indicator; levels: {text column: known levels}.

    scale multiplies columns after standardising: below 1 means a stronger ridge penalty on that column.
    """

    numbers: dict[str, tuple[float, float]]
    missing: tuple[str, ...]
    levels: dict[str, tuple[str, ...]]
    scale: dict[str, float]

    @property
    def columns(self) -> list[str]:
        return [
            *self.numbers,
            *(f"{column}|missing" for column in self.missing),
            *(f"{column}={level}" for column, levels in self.levels.items() for level in levels),
        ]

    def matrix(self, frame: pd.DataFrame) -> np.ndarray:
        """(rows, columns) float64. A missing number is the training mean; an unseen level is all zeros: "other"."""
        matrix = np.empty((len(frame), len(self.columns)))
        self._write(matrix, frame, lambda column: True)
        return matrix

    def over(self, base: np.ndarray, *parts: Mapping[str, Any] | pd.DataFrame) -> np.ndarray:
        """A copy of `base`, a matrix of ours, with these columns in place: values that all rows have, or one per row.

        Encoding thousands of rows anew takes 20 times as long, and a slider changes but a few columns.
        """
        matrix = base.copy()
        for part in parts:
            if isinstance(part, pd.DataFrame):
                self.write(matrix, part)
            else:
                self._write_row(matrix, part)
        return matrix

    def write(self, matrix: np.ndarray, frame: pd.DataFrame) -> None:
        """Put the columns of a frame, one row each, in their places of a matrix of ours; the others stay."""
        self._write(matrix, frame, frame.columns.__contains__)

    def places(self, names: Collection[str]) -> np.ndarray:
        """Which columns of the matrix these columns of a frame are encoded in."""
        levels = [column in names for column, known in self.levels.items() for _ in known]
        return np.array([*(c in names for c in self.numbers), *(c in names for c in self.missing), *levels], dtype=bool)

    def _write_row(self, matrix: np.ndarray, row: Mapping[str, Any]) -> None:
        """The same for what is one value for all rows: a slider asks for it, and a frame takes 20 times as long."""
        place = 0
        for column, (mean, sd) in self.numbers.items():
            if column in row:
                value = _number(row[column])
                matrix[:, place] = 0.0 if np.isnan(value) else (value - mean) / sd * self.scale.get(column, 1.0)
            place += 1
        for column in self.missing:
            if column in row:
                matrix[:, place] = np.isnan(_number(row[column]))
            place += 1
        for column, levels in self.levels.items():
            if column in row:
                known = [str(row[column]) == level for level in levels]
                matrix[:, place : place + len(levels)] = np.array(known) * self.scale.get(column, 1.0)
            place += len(levels)

    def _write(self, matrix: np.ndarray, frame: pd.DataFrame, wanted: Callable[[str], bool]) -> None:
        """Put the encoded columns that are wanted in their places."""
        place = 0
        for column, (mean, sd) in self.numbers.items():
            if wanted(column):
                values = _floats(frame, column)
                standard = np.where(np.isnan(values), 0.0, (values - mean) / sd)
                matrix[:, place] = standard * self.scale.get(column, 1.0)
            place += 1
        for column in self.missing:
            if wanted(column):
                matrix[:, place] = np.isnan(_floats(frame, column))
            place += 1
        for column, levels in self.levels.items():
            if wanted(column):
                texts = frame[column].astype("str") if column in frame else pd.Series("", index=frame.index)
                codes = pd.Index(levels, dtype="str").get_indexer(pd.Index(texts, dtype="str"))
                known = codes[:, None] == np.arange(len(levels))
                matrix[:, place : place + len(levels)] = known * self.scale.get(column, 1.0)
            place += len(levels)

    def to_json(self) -> dict:
        return asdict(self)

    @staticmethod
    def from_json(stored: dict) -> "Encoder":
        return Encoder(
            {column: (mean, sd) for column, (mean, sd) in stored["numbers"].items()},
            tuple(stored["missing"]),
            {column: tuple(levels) for column, levels in stored["levels"].items()},
            dict(stored["scale"]),
        )


def learn(frame: pd.DataFrame, weight: np.ndarray, scale: dict[str, float]) -> Encoder:
    """The encoding that training rows call for. Constant columns are left out."""
    numbers, missing, levels = {}, [], {}
    for column in frame:
        if pd.api.types.is_numeric_dtype(frame[column]):
            values = frame[column].to_numpy("float64")
            known = ~np.isnan(values)
            if known.any() and not known.all():
                missing.append(str(column))
            if known.any() and (sd := float(np.std(values[known]))) > 1e-12:
                numbers[str(column)] = (float(np.mean(values[known])), sd)
        else:
            counts = pd.Series(weight).groupby(frame[column].astype("str").to_numpy()).sum()
            kept = sorted(
                level for level, count in counts.items() if count >= RARE and level not in ("", "nan", "None")
            )
            if len(counts) > 1 and kept:
                levels[str(column)] = tuple(kept)
    if not (numbers or missing or levels):
        numbers[NOTHING] = (0.0, 1.0)  # a column of zeros: learners want at least one
    return Encoder(numbers, tuple(missing), levels, {k: v for k, v in scale.items() if k in numbers or k in levels})


def source(column: str) -> str:
    """The feature a matrix column belongs to: `discount|curve` -> discount, `channel=email` -> channel."""
    return column.split("|")[0].split("=")[0]


def _number(value: object) -> float:
    """A value as `_floats` reads it in a column; Python reads more as a number than pandas does ("1_000")."""
    if isinstance(value, str):
        return float(pd.to_numeric(value, errors="coerce"))
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return float("nan")


def _floats(frame: pd.DataFrame, column: str) -> np.ndarray:
    if column not in frame:
        return np.full(len(frame), np.nan)
    values = frame[column]
    if not pd.api.types.is_numeric_dtype(values):
        values = pd.to_numeric(values, errors="coerce")
    return values.to_numpy("float64", na_value=np.nan)
