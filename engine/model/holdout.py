"""The hold-out table: what each model said of campaigns it had not seen, beside what came. Small enough to keep.

No customer's id is in it, so nothing of it has to be erased.
"""

import io
from dataclasses import dataclass

import numpy as np
import pandas as pd

from engine.errors import ModelFileProblem
from engine.model import baselines, fit
from engine.model.parts import thinned
from engine.model.thin import thin
from engine.sentences import Sentence

KEPT_ROWS = 60_000  # per target: below 2 MB as Parquet
LEARNED_ROWS = 10_000  # a point of the learning curve is learned from that many: its successes, and a sample of others
GIVEN = ("campaign", "unit", "fold", "trials", "successes")
SHARES = (0.25, 0.5, 1.0)  # of the campaigns before the judged ones: points of the learning curve


@dataclass(frozen=True, slots=True)
class HoldOut:
    """table: campaign, unit, fold, trials, successes, a probability per model. curve: column -> campaigns learned from.

    A row may stand for many like it: trials are then more than one message. tree: the small tree of the last fold.
    """

    table: pd.DataFrame
    models: list[str]
    curve: dict[str, int]
    tree: list[baselines.Leaf]


def hold_out(rows: fit.Rows, judged: fit.Judged, shrunk: set[str], unreadable: set[str], seed: int) -> HoldOut:
    """What the candidates said, with simple models and the learning curve on the same rows.

    `rows` are those `judged` comes from; raises ValueError where nothing was judged.
    """
    said = judged.rows
    if said.empty:
        raise ValueError("no row was judged")
    kept, trials = thin(
        said["trials"].to_numpy(), said["successes"].to_numpy(), said["campaign"].to_numpy(), KEPT_ROWS, seed
    )
    table = said.iloc[kept].assign(trials=trials).reset_index(drop=True)
    tree: list[baselines.Leaf] = []
    beside = []
    for number in table["fold"].unique():
        asked = rows.take(table.loc[table["fold"] == number, "row"].to_numpy("int64"))
        predicted, tree = baselines.predict(rows.take(judged.folds[number].train), asked, unreadable, seed)
        beside.append(predicted)
    table = table.join(pd.concat(beside, ignore_index=True))
    points = _learning_curve(rows, judged, table["row"].to_numpy("int64"), shrunk, seed)
    models = [*fit.KINDS, *baselines.NAMES]
    table = table[[*GIVEN, *models]].assign(**points.columns)
    # Six digits: what is stored, printed and computed with is one number.
    rounded = {name: _six_digits(table[name].to_numpy("float64")) for name in probabilities(table)}
    return HoldOut(table.assign(**rounded), models, points.campaigns, tree)


def _six_digits(values: np.ndarray) -> np.ndarray:
    """
    >>> _six_digits(np.array([0.012345678, 0.0])).tolist()
    [0.0123457, 0.0]
    """
    with np.errstate(divide="ignore"):
        unit = 10.0 ** np.where(values > 0, 5 - np.floor(np.log10(values)), 0)
    return np.round(values * unit) / unit


@dataclass(frozen=True, slots=True)
class _Points:
    columns: dict[str, np.ndarray]
    campaigns: dict[str, int]


def _learning_curve(rows: fit.Rows, judged: fit.Judged, asked: np.ndarray, shrunk: set[str], seed: int) -> _Points:
    """The linear model on the same later campaigns, learned from the latest few, half and all of the earlier ones.

    The latest, not the first: else a point would be as much about age as about how much was learned from. Customers'
    folds have no earlier and later: no point.
    """
    points = _Points({}, {})
    before = np.unique(rows.unit[rows.unit < rows.unit[asked].min()])
    if judged.rule.startswith("customers"):
        return points
    future = rows.take(asked)
    for count in sorted({int(np.ceil(len(before) * share)) for share in SHARES}):
        past = rows.take(np.flatnonzero(np.isin(rows.unit, before[-count:])))
        learned = thinned(past, LEARNED_ROWS, seed)
        if min(learned.successes.sum(), (learned.trials - learned.successes).sum()) < fit.MIN_SUCCESSES:
            continue
        # Settings of the first fold: they saw nothing of what is asked, and every point is one of the same model.
        model = fit.fit_candidates(learned, shrunk, seed, ("linear",), settings=judged.settings[0])["linear"]
        name = f"learned_from_{count}"
        points.columns[name], points.campaigns[name] = model.predict(future.features), count
    return points


def stored(table: pd.DataFrame) -> bytes:
    """The table as Parquet: probabilities in four bytes, which hold the six digits they have."""
    file = io.BytesIO()
    table.astype(dict.fromkeys(probabilities(table), "float32")).to_parquet(file, index=False, compression="zstd")
    return file.getvalue()


def read(content: bytes, name: str) -> pd.DataFrame:
    """The table as it was before `stored`. Raises ModelFileProblem where it is none."""
    try:
        table = pd.read_parquet(io.BytesIO(content))
    except (OSError, ValueError) as error:
        raise ModelFileProblem(Sentence("refused.held_out_unreadable", {"file": name, "error": str(error)})) from error
    return table.assign(**{column: _six_digits(table[column].to_numpy("float64")) for column in probabilities(table)})


def probabilities(table: pd.DataFrame) -> list[str]:
    """The columns that hold what a model said."""
    return [column for column in table if column not in GIVEN]
