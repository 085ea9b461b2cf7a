"""The two parts of a response model, each fitted once with given settings: a ridge regression and boosted trees."""

from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from engine.model import splits
from engine.model.encode import Encoder
from engine.model.thin import thin

MIN_SUCCESSES = 30
MAX_TREES = 100  # contributions cost leaves x trees per row: a capped model keeps sliders quick
PATIENCE = 10  # trees in a row that help nothing before growing stops
TREE = {
    "objective": "cross_entropy",  # takes successes / trials as a label, trials as a weight
    "max_bin": 63,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "num_threads": 1,  # two threads on a busy two-core machine wait for each other longer than they work
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}


Linear = tuple[float, np.ndarray]  # intercept and weights


@dataclass(frozen=True, slots=True)
class Settings:
    """What is searched. ridge: inverse penalty, scikit-learn's C. shrink: factor on a campaign's own columns; at 0.2
    their penalty is 25 times that of a customer's. half_life: of a row's weight, in units; None = all rows are equal.
    leaves, learning_rate and l2 are LightGBM's."""

    ridge: float = 0.03
    shrink: float = 0.2
    half_life: float | None = None
    leaves: int = 8
    learning_rate: float = 0.08
    l2: float = 10.0


@dataclass(frozen=True, slots=True)
class Rows:
    """Training rows. features: one column per feature; the rest are arrays of the same length.
    unit orders the campaign (or stretch of time) a row belongs to, earliest first."""

    features: pd.DataFrame
    trials: np.ndarray
    successes: np.ndarray
    unit: np.ndarray
    campaign: np.ndarray

    def take(self, where: np.ndarray) -> "Rows":
        return Rows(
            self.features.iloc[where], self.trials[where], self.successes[where], self.unit[where], self.campaign[where]
        )

    def weighted(self, half_life: float | None) -> "Rows":
        """The same rows; what is `half_life` units older than the latest counts half."""
        if half_life is None:
            return self
        weight = 0.5 ** ((self.unit.max() - self.unit) / half_life)
        return Rows(self.features, self.trials * weight, self.successes * weight, self.unit, self.campaign)


def merged(rows: Rows) -> Rows:
    """Rows that look the same and belong to the same campaign, as one: single sends and their totals then are equal."""
    # As narrow floats: processors differ in the last bits of a logarithm, and another hash would be another order.
    narrow = rows.features.astype(dict.fromkeys(rows.features.select_dtypes("floating"), np.float32))
    look = pd.util.hash_pandas_object(narrow, index=False).to_numpy()
    campaign = pd.util.hash_array(np.asarray(rows.campaign, dtype=object).astype(str).astype(object))
    key = pd.DataFrame({"unit": rows.unit, "campaign": campaign, "look": look})
    if not key.duplicated().any():
        return rows
    # In an order of their own, not that of the file: what trees draw at random depends on the order.
    group = key.groupby(["unit", "campaign", "look"], sort=True)
    number = group.ngroup().to_numpy()
    first = np.unique(number, return_index=True)[1]
    one = rows.take(first)
    trials, successes = (np.bincount(number, weights=values) for values in (rows.trials, rows.successes))
    return Rows(one.features.reset_index(drop=True), trials, successes, one.unit, one.campaign)


def thinned(rows: Rows, size: int, seed: int) -> Rows:
    """About `size` rows that teach nearly what all of them do (engine.model.thin), by campaign."""
    kept, trials = thin(rows.trials, rows.successes, rows.campaign, size, seed)
    taken = rows.take(kept)
    return Rows(taken.features, trials, taken.successes, taken.unit, taken.campaign)


def tells_apart(rows: Rows, where: np.ndarray, least: float) -> bool:
    """Whether these rows hold at least `least` successes and as many failures."""
    successes, trials = rows.successes[where].sum(), rows.trials[where].sum()
    return bool(min(successes, trials - successes) >= least)


def factors(encoder: Encoder, shrunk: set[str], shrink: float) -> np.ndarray:
    """Factor on each column of the encoder's matrix: below 1 means a stronger penalty on it."""
    own = [column.split("=")[0].removesuffix("|missing") in shrunk for column in encoder.columns]
    return np.where(own, shrink, 1.0)


def linear(
    matrix: np.ndarray, rows: Rows, where: np.ndarray, ridge: float, factor: np.ndarray, sample_seed: int | None = None,
    near: Linear | None = None,
) -> Linear:  # fmt: skip
    """Intercept and weights learned on the rows `where`, on a sample of their failures if a seed for it is given.

    `near`: those of a like model, to start from. They save half of the steps and change nothing that can be seen.
    """
    label, weight, row = _as_labels(rows, where)
    if sample_seed is not None:
        kept = _case_control(label, weight, sample_seed)
        label, weight, row = label[kept.rows], kept.weight, row[kept.rows]
    model = LogisticRegression(C=ridge, solver="newton-cholesky", max_iter=100, warm_start=near is not None)
    if near is not None:
        # Beside it: from the very optimum scikit-learn's line search finds no way down, and warns.
        model.intercept_, model.coef_ = np.array([0.97 * near[0]]), (0.97 * near[1] / factor)[None, :]
    model.fit(matrix[row] * factor, label, sample_weight=weight)
    return float(model.intercept_[0]), model.coef_[0] * factor


def usual(rows: Rows, where: np.ndarray, columns: int) -> tuple[float, np.ndarray]:
    """Intercept and weights of a model that knows the usual rate alone; weights of `columns` zeros."""
    s, f = rows.successes[where].sum() + 0.5, (rows.trials - rows.successes)[where].sum() + 0.5
    return float(np.log(s / f)), np.zeros(columns)


def crossed(
    matrix: np.ndarray, rows: Rows, late: np.ndarray, ridge: float, factor: np.ndarray, seed: int
) -> tuple[np.ndarray, Linear | None]:
    """(log-odds of the latest rows by models that know everything but that half of the latest campaigns, the last one).

    So the calibration sees what the model in use will meet: campaigns it has not seen, just after some that it has.
    """
    halves = np.searchsorted(np.unique(rows.unit[late]), rows.unit) % 2
    raw = np.zeros(len(late))
    near: Linear | None = None
    for half in (0, 1):
        judged = late & (halves == half)
        if not judged.any():
            continue
        learned = ~judged
        if not tells_apart(rows, learned, MIN_SUCCESSES / 2):
            learned = np.ones(len(late), dtype=bool)
        intercept, weights = near = linear(matrix, rows, learned, ridge, factor, seed, near)
        raw[judged] = intercept + matrix[judged] @ weights
    return raw[late], near


@dataclass(frozen=True, slots=True)
class _Kept:
    rows: np.ndarray
    weight: np.ndarray


def _case_control(label: np.ndarray, weight: np.ndarray, seed: int, per_success: int = 5) -> _Kept:
    """All successes and a weighted sample of failures: a search loses little by it and costs a quarter.

    Where one side is small already, everything (Fithian and Hastie 2014).
    """
    failures, successes = np.flatnonzero(label == 0), np.flatnonzero(label == 1)
    size = max(per_success * len(successes), 5_000)
    if len(failures) <= size:
        return _Kept(np.arange(len(label)), weight)
    drawn = np.random.default_rng(seed).choice(failures, size, replace=False)
    inflated = weight[drawn] * (weight[failures].sum() / weight[drawn].sum())
    return _Kept(np.concatenate([successes, drawn]), np.concatenate([weight[successes], inflated]))


def _as_labels(rows: Rows, where: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(label, weight, row) of every success and failure of the rows `where`: a row with both stands twice."""
    row = np.flatnonzero(where)
    label = np.repeat([1, 0], len(row))
    weight = np.concatenate([rows.successes[row], rows.trials[row] - rows.successes[row]])
    used = weight > 0
    return label[used], weight[used], np.tile(row, 2)[used]


def tree_data(matrix: np.ndarray, rows: Rows) -> lgb.Dataset:
    """What trees learn from. Binned once for all kinds and settings: it takes as long as 40 trees."""
    share = rows.successes / np.maximum(rows.trials, 1e-9)
    params = {name: TREE[name] for name in ("max_bin", "num_threads", "verbosity")}
    return lgb.Dataset(matrix, share, weight=rows.trials, params=params).construct()


def tree_part(whole: lgb.Dataset, rows: Rows, where: np.ndarray) -> lgb.Dataset:
    """The rows `where` of `whole`, with their weight in `rows`: what trees learn from or are stopped on."""
    part = whole.subset(np.flatnonzero(where)).construct()
    return part.set_weight(rows.trials[where])


def trees(
    learned: lgb.Dataset, start: np.ndarray, settings: Settings, seed: int, count: int = MAX_TREES,
    judged: tuple[lgb.Dataset, np.ndarray] | None = None,
) -> lgb.Booster | None:  # fmt: skip
    """At most `count` boosted trees on top of log-odds `start`; with `judged` (data, start) stopped early on it.

    None where none helps. Through text, as it will be stored: what is judged is exactly what is served.
    """
    if not count:
        return None
    learned.construct().set_init_score(start)
    stops = {}
    if judged is not None:
        judged[0].construct().set_init_score(judged[1])
        stops = {"valid_sets": [judged[0]], "callbacks": [lgb.early_stopping(PATIENCE, verbose=False)]}
    own = {"num_leaves": settings.leaves, "learning_rate": settings.learning_rate, "lambda_l2": settings.l2}
    least = max(20, min(200, learned.num_data() // 100))
    booster = lgb.train(TREE | own | {"seed": seed, "min_data_in_leaf": least}, learned, num_boost_round=count, **stops)
    best = booster.best_iteration if judged is not None else booster.num_trees()
    return lgb.Booster(model_str=booster.model_to_string(num_iteration=best)) if best >= 1 else None


def log_loss(trials: np.ndarray, successes: np.ndarray, probability: np.ndarray) -> float:
    """Mean over trials; lower is better."""
    probability = np.clip(probability, 1e-9, 1 - 1e-9)
    return float(
        -(successes * np.log(probability) + (trials - successes) * np.log1p(-probability)).sum() / trials.sum()
    )


def latest(rows: Rows, drifts: bool) -> np.ndarray:
    """True for the rows of the latest campaigns, on which trees are stopped and models calibrated.

    Where responses drift as few as two: what held before says little about what comes. All rows where that leaves too
    little on either side.
    """
    late = splits.latest(rows.unit, at_least=2 if drifts else 5)
    if not tells_apart(rows, ~late, MIN_SUCCESSES / 2) or rows.successes[late].sum() < 5:
        return np.ones(len(late), dtype=bool)
    return late
