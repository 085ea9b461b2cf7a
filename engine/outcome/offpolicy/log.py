"""A log of choices made by chance: what was chosen, how likely that was, and what came of it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from engine.errors import DataProblem, NotEnoughData
from engine.sentences import Sentence
from engine.shop import gate
from engine.shop.tables import attribute, text

NEEDED = ("action", "reward", "propensity")
FEWEST = 10  # rows; below that no figure is worth its digits


@dataclass(frozen=True, slots=True)
class Log:
    """n rows. actions: names of the K actions seen; action: (n,) number of each row's; reward: (n,) any unit.

    propensity: (n,) probability, inside (0, 1], with which that row's action was drawn. context: what was known before,
    n rows. cluster: (n,) numbers from 0 on of rows that move together, such as one customer's; None: every row alone.
    """

    actions: tuple[str, ...]
    action: np.ndarray
    reward: np.ndarray
    propensity: np.ndarray
    context: pd.DataFrame
    cluster: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.action)

    @property
    def never_negative(self) -> bool:
        """Whether rewards are counts, clicks or revenue, rather than profits that may be losses."""
        return bool((self.reward >= 0).all())


def read_log(path: Path) -> Log:
    """A file with action, reward, propensity; its other columns are context. Raises DataProblem, NotEnoughData."""
    path = Path(path)
    return as_log(gate.read_file(path), path.name)


def as_log(frame: pd.DataFrame, name: str) -> Log:
    """`read_log` of a table that is read already; `name` is what people know it by."""
    check_columns(frame, NEEDED, name)
    if len(frame) < FEWEST:
        raise NotEnoughData(Sentence("offpolicy.few_rows", {"file": name, "rows": len(frame), "needed": FEWEST}))
    said = text(frame["action"])
    check_rows(said.isna(), "offpolicy.no_action", frame["action"], name)
    reward = numbers(frame["reward"])
    check_rows(reward.isna(), "offpolicy.bad_reward", frame["reward"], name)
    propensity = numbers(frame["propensity"])
    check_rows(~((propensity > 0) & (propensity <= 1)), "offpolicy.bad_propensity", frame["propensity"], name)
    codes, actions = pd.factorize(said, sort=True)
    context = frame.drop(columns=list(NEEDED)).apply(attribute) if frame.shape[1] > len(NEEDED) else frame[[]]
    return Log(
        tuple(map(str, actions)),
        np.asarray(codes),
        reward.to_numpy("float64"),
        propensity.to_numpy("float64"),
        context.reset_index(drop=True),
    )


# --- what both files are checked by ---


def check_columns(frame: pd.DataFrame, needed: tuple[str, ...], name: str) -> None:
    """Raises DataProblem for a column that is not there; the one of a log without propensities says why it must be."""
    for column in needed:
        if column not in frame:
            key = "offpolicy.no_propensity" if column == "propensity" else "refused.column_missing_found"
            found = tuple(map(str, frame.columns[:20]))
            raise DataProblem(Sentence(key, {"file": name, "column": column, "found": found}))


def check_rows(wrong: pd.Series, key: str, given: pd.Series, name: str) -> None:
    """Raises DataProblem naming the first wrong row and how many there are."""
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        said = "" if pd.isna(given.iloc[row]) else str(given.iloc[row])[:40]
        raise DataProblem(Sentence(key, {"file": name, "row": row + 2, "said": said, "count": int(wrong.sum())}))


def numbers(column: pd.Series) -> pd.Series:
    """Numbers; missing where a cell is none, or infinite."""
    if not pd.api.types.is_numeric_dtype(column):
        column = column.astype("str").str.strip()
    return pd.to_numeric(column, errors="coerce").astype("float64").replace([np.inf, -np.inf], np.nan)
