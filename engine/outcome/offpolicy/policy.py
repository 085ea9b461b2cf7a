"""Another choice: how likely it would have taken each action, everywhere or by what was known before."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from engine.errors import DataProblem
from engine.outcome.offpolicy.log import Log, check_columns, check_rows, numbers
from engine.sentences import Sentence
from engine.shop import gate
from engine.shop.tables import text

SLACK = 1e-3  # by which probabilities may miss 1: they are often written with three digits
ROWS_PER_ACTION = 20  # from so many rows per action on, an action that a cell lacks was not left out by luck


@dataclass(frozen=True, slots=True)
class Policy:
    """Choices by cell: the rows of a log in which the policy chooses alike.

    cell: (n,) number of each log row's cell. chance: (C, K) probability of each of the log's actions in a cell.
    never: (C,) probability in a cell of actions that the log never tried there, whether among its K or not.
    """

    cell: np.ndarray
    chance: np.ndarray
    never: np.ndarray

    def of_logged(self, log: Log) -> np.ndarray:
        """(n,) probability of the action that was logged in each row."""
        return self.chance[self.cell, log.action]

    @property
    def never_tried(self) -> float:
        """Share of the policy's choices that the log cannot tell about."""
        return float(self.never[self.cell].mean())


def read_policy(path: Path, log: Log) -> Policy:
    """A file with action and probability, and context columns of the log where it chooses by them."""
    path = Path(path)
    return as_policy(gate.read_file(path), log, path.name)


def as_policy(frame: pd.DataFrame, log: Log, name: str) -> Policy:
    """`read_policy` of a table that is read already. Raises DataProblem for what is no policy for this log."""
    check_columns(frame, ("action", "probability"), name)
    if frame.empty:
        raise DataProblem(Sentence("offpolicy.empty_policy", {"file": name}))
    action = text(frame["action"])
    check_rows(action.isna(), "offpolicy.no_action", frame["action"], name)
    probability = numbers(frame["probability"])
    check_rows(~probability.between(0, 1 + SLACK), "offpolicy.bad_probability", frame["probability"], name)
    by = [str(column) for column in frame if column not in ("action", "probability")]
    lacking = [column for column in by if column not in log.context]
    if lacking:
        found = tuple(map(str, log.context.columns[:20])) or "–"
        raise DataProblem(Sentence("offpolicy.unknown_context", {"file": name, "column": lacking[0], "found": found}))
    asked = _keys(frame, by)
    table = pd.DataFrame({"cell": asked, "action": action, "probability": probability})
    check_rows(table.duplicated(["cell", "action"]), "offpolicy.action_twice", frame["action"], name)
    sums = table.groupby("cell")["probability"].sum()
    wrong = sums[(sums - 1).abs() > SLACK]
    if len(wrong):
        where = "" if not by else f" ({', '.join(by)}: {wrong.index[0]})"
        values = {"file": name, "sum": f"{wrong.iloc[0]:.4g}", "where": where}
        raise DataProblem(Sentence("offpolicy.not_one", values))
    return _fitted(table.assign(probability=table["probability"] / table["cell"].map(sums)), log, by, name)


def same_everywhere(chance: dict[str, float], log: Log) -> Policy:
    """The policy that takes each action with its probability, whatever was known."""
    row = np.array([chance.get(action, 0.0) for action in log.actions])
    cell = np.zeros(len(log), dtype=int)
    return _supported(cell, row[None, :], np.array([max(0.0, sum(chance.values()) - row.sum())]), log)


def by_row(group: np.ndarray, chance: np.ndarray, log: Log) -> Policy:
    """The policy that takes the log's actions with `chance[group]`; group: (n,) numbers from 0 on."""
    return _supported(group, chance, np.zeros(len(chance)), log)


def _keys(frame: pd.DataFrame, by: list[str]) -> pd.Series:
    """One text per row: its values in these columns."""
    if not by:
        return pd.Series("", frame.index)
    return pd.concat([text(frame[column]).fillna("") for column in by], axis=1).agg(", ".join, axis=1)


def _fitted(table: pd.DataFrame, log: Log, by: list[str], name: str) -> Policy:
    cells = pd.Index(table["cell"].unique())
    cell = cells.get_indexer(pd.Index(_keys(log.context, by))) if by else np.zeros(len(log), dtype=int)
    if (cell < 0).any():
        row = int(np.flatnonzero(cell < 0)[0])
        said = _keys(log.context.iloc[[row]], by).iloc[0]
        values = {"file": name, "columns": ", ".join(by), "said": said, "count": int((cell < 0).sum())}
        raise DataProblem(Sentence("offpolicy.context_without_policy", values))
    wide = table.pivot(index="cell", columns="action", values="probability").reindex(cells).fillna(0.0)
    known = wide.reindex(columns=list(log.actions)).fillna(0.0).to_numpy("float64")
    return _supported(cell, known, np.maximum(wide.to_numpy("float64").sum(axis=1) - known.sum(axis=1), 0.0), log)


def _supported(cell: np.ndarray, chance: np.ndarray, unknown: np.ndarray, log: Log) -> Policy:
    """The policy with what its cells never tried. Small cells are taken by the whole log's word: in a few rows an
    action is missing by luck."""
    cells, count = chance.shape
    seen = np.zeros((cells, count), dtype=int)
    np.add.at(seen, (cell, log.action), 1)
    is_small = seen.sum(axis=1) < ROWS_PER_ACTION * count
    tried = np.where(is_small[:, None], seen.sum(axis=0) > 0, seen > 0)
    never = unknown + np.where(tried, 0.0, chance).sum(axis=1)
    return Policy(cell, chance, np.where(never < 1e-9, 0.0, never))
