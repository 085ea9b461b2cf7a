"""What changed in a table since then: how each column is spread, how much is missing, how many rows there are.

A column's change is its population stability index (PSI), the sum over bins of (q - p) ln(q / p). Rows come in groups
(the messages of one campaign, the orders of one week) that are alike within, so the usual limits of 0.1 and 0.25 call
alarm on nothing at all, or sleep: here a PSI is held against those of the same groups dealt anew to "before" and
"after". All columns are asked at once, by the largest (Westfall and Young 1993), so that many columns cause no more
alarms than one.
"""

from dataclasses import dataclass
from math import comb
from typing import Literal

import numpy as np
import pandas as pd

from engine.model.two_samples import Apart, apart

Kind = Literal["number", "level", "missing", "volume"]
LEVEL = 0.005  # of an alarm where nothing changed: of the columns together, and of the classifier
DEALS = 999
TENTHS = 10
LEVELS = 12  # of a text column that have a bin of their own
MATTERS = 0.02  # least PSI that is said: a normal column has it that moved by a seventh of its standard deviation
MIN_GROUPS = 2  # that are new
VOLUME = "rows"


@dataclass(frozen=True, slots=True)
class Change:
    """One column that changed. p: over all columns. before, after: the median of a number, the share of rows that are
    missing, the share of the level that moved most, or rows per group."""

    column: str
    kind: Kind
    before: float
    after: float
    psi: float
    p: float
    level: str = ""


@dataclass(frozen=True, slots=True)
class Drift:
    """columns: every column with its PSI and p, the largest change first. changes: those that are no chance and matter.

    classifier: whether rows of before and after can be told apart at all; None where it was not asked. reason: why
    nothing could be compared, "" where it was.
    """

    changes: tuple[Change, ...]
    columns: pd.DataFrame
    classifier: Apart | None
    groups_before: int
    groups_after: int
    reason: Literal["", "few_groups"] = ""

    @property
    def alarm(self) -> bool:
        return bool(self.changes) or (self.classifier is not None and self.classifier.p <= LEVEL)


def found(
    before: pd.DataFrame,
    after: pd.DataFrame,
    group_before: np.ndarray,
    group_after: np.ndarray,
    seed: int = 0,
    volume: bool = True,
) -> Drift:
    """How `after` differs from `before`, two tables with the same columns; numbers, or texts.

    group_before, group_after: what each row belongs to. A group is of one side: one that is in both counts as two.
    volume: whether rows per group are asked about too.
    """
    names_before, of_before = np.unique(np.asarray(group_before, dtype="str"), return_inverse=True)
    names_after, of_after = np.unique(np.asarray(group_after, dtype="str"), return_inverse=True)
    old, new = len(names_before), len(names_after)
    if new < MIN_GROUPS or not _can_tell(old, new):
        nothing = pd.DataFrame(columns=["column", "psi", "usual_psi", "p"])
        return Drift((), nothing, None, old, new, "few_groups")
    rows = pd.concat([before, after], ignore_index=True)
    group = np.concatenate([of_before, old + of_after])
    dealt = _dealt(old, new, seed)
    counts = {str(column): _counts(rows[column], group, old + new) for column in rows}
    measured = {column: _psi(dealt, one) for column, one in counts.items()}
    if volume:
        measured[VOLUME] = _volume(dealt, np.bincount(group, minlength=old + new))
    p = _adjusted(np.column_stack(list(measured.values())))
    table = pd.DataFrame(
        {
            "column": list(measured),
            "psi": [one[0] for one in measured.values()],
            "usual_psi": [float(np.quantile(one[1:], 1 - LEVEL)) for one in measured.values()],
            "p": p,
        }
    ).sort_values(["p", "psi"], ascending=[True, False], kind="stable")
    changes = [
        _change(rows, group >= old, str(row.column), float(row.psi), float(row.p))
        if row.column != VOLUME
        else Change(VOLUME, "volume", len(before) / old, len(after) / new, float(row.psi), float(row.p))
        for row in table.itertuples()
        if row.p <= LEVEL and row.psi >= MATTERS
    ]
    classifier = apart(rows, group, old, seed)
    return Drift(tuple(changes), table.reset_index(drop=True), classifier, old, new)


def _can_tell(old: int, new: int) -> bool:
    """Whether there are enough ways to deal the groups for the one that came to be a rare one."""
    return comb(old + new, new) >= 2 / LEVEL


def _dealt(old: int, new: int, seed: int) -> np.ndarray:
    """(1 + DEALS, groups) 0/1: which groups are "after"; the first row is how they are."""
    random = np.random.default_rng(seed)
    order = np.argsort(random.random((DEALS, old + new)), axis=1)
    dealt = np.zeros((DEALS + 1, old + new))
    dealt[0, old:] = 1
    np.put_along_axis(dealt[1:], order[:, :new], 1.0, axis=1)
    return dealt


def _counts(values: pd.Series, group: np.ndarray, groups: int) -> np.ndarray:
    """(groups, bins): rows of each group by bin; the last bin is what is missing.

    Tenths of all rows: bins of the earlier ones alone would know which are the later ones.
    """
    missing = values.isna().to_numpy()
    if pd.api.types.is_numeric_dtype(values):
        known = values.to_numpy("float64", na_value=np.nan)
        tenths = np.arange(1, TENTHS) / TENTHS
        edges = np.unique(np.quantile(known[~missing], tenths)) if (~missing).any() else np.array([])
        code, bins = np.searchsorted(edges, known, side="left"), len(edges) + 1
    else:
        text = values.astype("str")
        kept = text[~missing].value_counts().index[:LEVELS]
        code = pd.Index(kept).get_indexer(pd.Index(text))
        bins = len(kept) + 1
        code = np.where(code < 0, bins - 1, code)
    code = np.where(missing, bins, code)
    return np.bincount(group * (bins + 1) + code, minlength=groups * (bins + 1)).reshape(groups, bins + 1)


def _psi(dealt: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """PSI of each deal. Half a row is added to each bin, as in Haldane's log-odds: no share is 0."""
    counts = counts[:, counts.sum(axis=0) > 0]
    after = dealt @ counts
    before = counts.sum(axis=0) - after
    p, q = (
        (side + 0.5) / (side.sum(axis=1, keepdims=True) + 0.5 * counts.shape[1]) for side in (before, after)
    )  # fmt: skip
    return ((q - p) * np.log(q / p)).sum(axis=1)


def _volume(dealt: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """For rows per group what a PSI is for a normal column: the squared distance of means, in standard deviations.

    Of logarithms, with the deviation of all: the same for every deal.
    """
    size = np.log(rows)
    spread = size.std()
    new = dealt.sum(axis=1)
    after = dealt @ size / new
    before = (size.sum() - dealt @ size) / (len(size) - new)
    return np.square((after - before) / spread) if spread > 1e-12 else np.zeros(len(dealt))


def _adjusted(measured: np.ndarray) -> np.ndarray:
    """p of each column that the largest change of any column is as large by chance. measured: (1 + deals, columns).

    A PSI of groups is like a chi-squared: its cube root is nearly normal (Wilson and Hilferty 1931), so that columns
    with few bins and with many can be compared.
    """
    root = np.cbrt(measured)
    spread = root.std(axis=0)
    score = np.where(spread > 1e-12, (root - root.mean(axis=0)) / np.where(spread > 1e-12, spread, 1.0), -np.inf)
    largest = score.max(axis=1)
    return (largest[None, :] >= score[0][:, None] - 1e-9).mean(axis=1)


def _change(rows: pd.DataFrame, is_after: np.ndarray, column: str, psi: float, p: float) -> Change:
    """What of the column changed: how much is missing, where that moved most, else its middle or its shares."""
    values = rows[column]
    missing = values.isna()
    gone = [float(missing[where].mean()) for where in (~is_after, is_after)]
    number = pd.api.types.is_numeric_dtype(values)
    told = values > values.median() if number else values.astype("str")
    shares = [told[where & ~missing].value_counts(normalize=True) for where in (~is_after, is_after)]
    moved = shares[1].sub(shares[0], fill_value=0.0)
    if abs(gone[1] - gone[0]) > max(moved.abs().max() if len(moved) else 0.0, 0.01) or not len(moved):
        return Change(column, "missing", gone[0], gone[1], psi, p)
    if number:
        middle = [float(values[where].median()) for where in (~is_after, is_after)]
        if middle[0] == middle[1]:  # of columns that are mostly 0
            middle = [float(values[where].mean()) for where in (~is_after, is_after)]
        return Change(column, "number", middle[0], middle[1], psi, p)
    level = str(moved.abs().idxmax())
    was, now = (float(one.get(level, 0.0)) for one in shares)
    return Change(column, "level", was, now, psi, p, level)
