"""Probability of a response: ridge logistic regression first, trees where they earn it.

Three candidates (linear, trees, trees on top of linear) are judged by rolling origin on later campaigns; the best is
kept. Each is calibrated affinely in log-odds on the latest campaigns it was given, on predictions made without them.
Contributions of linear and tree parts are on one scale and add up to the calibrated log-odds.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import lightgbm as lgb
import numpy as np
import pandas as pd
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from threadpoolctl import threadpool_limits

from engine.errors import NotEnoughData
from engine.model import splits
from engine.model.calibrate import Affine
from engine.model.calibrate import fit as calibrate
from engine.model.encode import Encoder, learn, source

Kind = Literal["linear", "trees", "both"]
KINDS: tuple[Kind, ...] = ("linear", "trees", "both")
RIDGE = (0.003, 0.03, 0.3)  # inverse penalties tried; scikit-learn's C
# A campaign's own columns are tried at the same penalty and at 25 and 100 times that: a shop has thousands of
# customers to learn from, but only dozens of campaigns.
SHRINK = (1.0, 0.2, 0.1)
MIN_SUCCESSES = 30
MAX_TREES = 100  # contributions cost leaves x trees per row: a capped model keeps sliders quick
TREE = {
    "objective": "cross_entropy",  # takes successes / trials as a label, trials as a weight
    "num_leaves": 8,
    "learning_rate": 0.08,
    "max_bin": 63,
    "lambda_l2": 10.0,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "num_threads": 1,  # two threads on a busy two-core machine wait for each other longer than they work
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}


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


@dataclass(frozen=True, slots=True)
class Response:
    """A fitted response model. `weights` are on the encoder's matrix; `trees` is None for a linear model."""

    kind: Kind
    encoder: Encoder
    intercept: float
    weights: np.ndarray
    trees: lgb.Booster | None
    affine: Affine

    def log_odds(self, frame: pd.DataFrame) -> np.ndarray:
        """Calibrated log-odds, one per row."""
        return self.encoded_log_odds(self.encoder.matrix(frame))

    def encoded_log_odds(self, matrix: np.ndarray) -> np.ndarray:
        """Calibrated log-odds of rows that are encoded already."""
        return self.affine(self._raw(matrix))

    def predict(self, frame: pd.DataFrame) -> np.ndarray:
        """Probability of success per trial, one per row."""
        return expit(self.log_odds(frame))

    def _raw(self, matrix: np.ndarray) -> np.ndarray:
        raw = self.intercept + matrix @ self.weights
        return (
            raw
            if self.trees is None
            else raw + self.trees.predict(matrix, raw_score=True, num_threads=_threads(matrix))
        )

    def contributions(self, frame: pd.DataFrame) -> tuple[float, pd.DataFrame]:
        """(base, one column per feature): base + row sum = calibrated log-odds of the row."""
        matrix = self.encoder.matrix(frame)
        parts, base = matrix * self.weights, self.intercept
        if self.trees is not None:
            # LightGBM's own TreeSHAP: equal to shap.TreeExplainer and needs no explainer to be built.
            shares = self.trees.predict(matrix, pred_contrib=True, num_threads=_threads(matrix))
            parts, base = parts + shares[:, :-1], base + float(shares[0, -1])
        table = pd.DataFrame(parts * self.affine.slope, columns=[source(c) for c in self.encoder.columns])
        return float(self.affine(np.array(base))), table.T.groupby(level=0).sum().T.set_index(frame.index)


@dataclass(frozen=True, slots=True)
class Judged:
    """What the later campaigns said. candidates: one row per kind (auc, log_loss, predicted_over_actual, brier).
    held_out: one row per held-out campaign (campaign, trials, successes, predicted). rows: the judged rows (fold, row,
    campaign, unit, trials, successes, what each kind predicted, predicted); `row` is a position in the rows learned
    from. folds: what was learned from and judged on, by number."""

    rule: str
    chosen: Kind
    candidates: pd.DataFrame
    held_out: pd.DataFrame
    rows: pd.DataFrame
    folds: tuple[splits.Fold, ...]


def _threads(matrix: np.ndarray) -> int:
    return 1 if len(matrix) < 5_000 else 2


def train(
    rows: Rows, rule: str, shrunk: set[str], seed: int, progress: Callable[[float], None] = lambda share: None
) -> tuple[Response, Judged]:
    """The best candidate, refitted on all rows, and how the candidates did on later campaigns.

    `shrunk` names the columns that describe a campaign: their penalty is searched apart.
    Raises NotEnoughData below MIN_SUCCESSES successes.
    """
    if rows.successes.sum() < MIN_SUCCESSES:
        raise NotEnoughData(
            f"{int(rows.successes.sum())} responses in the past; at least {MIN_SUCCESSES} are needed to learn from."
        )
    if not _tells_apart(rows, np.ones(len(rows.trials), dtype=bool), MIN_SUCCESSES):
        raise NotEnoughData("Nearly every past row is a response; rows without one are needed to learn the difference.")
    usable = [fold for fold in splits.folds(rows.unit, rule) if _tells_apart(rows, fold.train, MIN_SUCCESSES)]
    predictions = []
    for number, fold in enumerate(usable):
        models = fit_candidates(rows.take(fold.train), shrunk, seed)
        judged = rows.take(fold.test)
        predictions.append(_predictions(models, judged).assign(fold=number, row=fold.test))
        progress((number + 1) / (len(usable) + 1))
    if predictions:
        table = pd.concat(predictions, ignore_index=True)
        candidates = pd.DataFrame(
            [{"kind": kind, **scores(table["trials"], table["successes"], table[kind])} for kind in KINDS]
        )
        chosen: Kind = candidates.loc[candidates["log_loss"].idxmin(), "kind"]
    else:
        table, chosen = pd.DataFrame(columns=[*_JUDGED, *KINDS]), "linear"
        candidates = pd.DataFrame(columns=["kind", "auc", "log_loss", "predicted_over_actual", "brier"])
    model = fit_candidates(rows, shrunk, seed, (chosen,))[chosen]
    progress(1.0)
    table["predicted"] = table[chosen]
    ordered = table[[*_JUDGED, *KINDS, "predicted"]]
    return model, Judged(rule, chosen, candidates, _by_campaign(table), ordered, tuple(usable))


_JUDGED = ("fold", "row", "campaign", "unit", "trials", "successes")


def _tells_apart(rows: Rows, where: np.ndarray, least: float) -> bool:
    """Whether these rows hold at least `least` successes and as many failures."""
    successes, trials = rows.successes[where].sum(), rows.trials[where].sum()
    return bool(min(successes, trials - successes) >= least)


def _predictions(models: dict[Kind, Response], judged: Rows) -> pd.DataFrame:
    given = {"campaign": judged.campaign, "unit": judged.unit, "trials": judged.trials, "successes": judged.successes}
    table = pd.DataFrame(given)
    for kind, model in models.items():
        table[kind] = model.predict(judged.features)
    return table


def _by_campaign(table: pd.DataFrame) -> pd.DataFrame:
    weighted = table.assign(expected=table["predicted"] * table["trials"])
    grouped = weighted.groupby("campaign", sort=False)[["trials", "successes", "expected"]].sum().reset_index()
    grouped["predicted"] = grouped["expected"] / grouped["trials"]
    return grouped.drop(columns="expected")


def fit_candidates(
    rows: Rows, shrunk: set[str], seed: int, kinds: tuple[Kind, ...] = KINDS, scale: dict[str, float] | None = None
) -> dict[Kind, Response]:
    """Each kind, fitted on `rows`; penalty, number of trees and calibration are learned on its latest campaigns.

    The linear part is fitted on every row in the end: a shop has too few campaigns to set some aside for good.
    """
    late = splits.latest(rows.unit)
    if not _tells_apart(rows, ~late, MIN_SUCCESSES / 2) or rows.successes[late].sum() < 5:
        late = np.ones(len(late), dtype=bool)
    with threadpool_limits(1, "blas"):  # as for the trees
        return _fitted(rows, late, shrunk, seed, kinds, scale or {})


def _fitted(
    rows: Rows, late: np.ndarray, shrunk: set[str], seed: int, kinds: tuple[Kind, ...], scale: dict[str, float]
) -> dict[Kind, Response]:
    encoder = learn(rows.features, rows.trials, scale)
    matrix = encoder.matrix(rows.features)
    own = np.array([c.split("=")[0].removesuffix("|missing") in shrunk for c in encoder.columns], dtype=bool)
    early = ~late if not late.all() else late
    penalty = _penalty(matrix, rows, early, late, own, seed)
    intercept, weights = _linear(matrix, rows, np.ones(len(late), dtype=bool), penalty)
    start = _linear(matrix, rows, early, penalty, seed) if "both" in kinds else (0.0, np.zeros_like(weights))
    nothing = np.zeros_like(weights)
    crossed = _crossed(matrix, rows, late, penalty, seed) if set(kinds) != {"trees"} else np.zeros(int(late.sum()))
    latest_rows, unit = rows.take(np.flatnonzero(late)), rows.unit[late]
    data = _tree_data(matrix, rows, early, late) if set(kinds) != {"linear"} else None
    models = {}
    for kind in kinds:
        trees = None
        if kind != "linear" and data is not None:
            # Trees correct a linear model that has not seen the latest campaigns, where they are stopped.
            at = start[0] + matrix @ start[1] if kind == "both" else np.zeros(len(late))
            found = _trees(*data, (at[early], at[late]), seed)
            # Through text, as it will be stored: what is judged is exactly what is served.
            trees = lgb.Booster(model_str=found) if found else None
        raw = crossed if kind != "trees" else np.zeros(int(late.sum()))
        raw = raw if trees is None else raw + trees.predict(matrix[late], raw_score=True, num_threads=1)
        affine = calibrate(raw, latest_rows.trials, latest_rows.successes, unit=unit)
        used = (0.0, nothing) if kind == "trees" else (intercept, weights)
        models[kind] = Response(kind, encoder, *used, trees, affine)
    return models


def around(rows: Rows, log_odds: str, spread: dict[str, float], usual: float) -> Response:
    """A linear model drawn to the log-odds in the column `log_odds`: what few responses cannot tell stays as it says.

    Each other standardised column is drawn to 0 as by a normal prior with the sd `spread` gives it or its feature,
    else `usual`; the slope on `log_odds` is drawn to 1 with its own. The intercept is free.
    """
    encoder = learn(rows.features, rows.trials, {})
    matrix = np.column_stack([np.ones(len(rows.trials)), encoder.matrix(rows.features)])
    same_for_all = float(np.average(rows.features[log_odds], weights=rows.trials))
    mean, sd = encoder.numbers.get(log_odds, (same_for_all, 0.0))
    drawn_to = np.array([mean, *(sd if column == log_odds else 0.0 for column in encoder.columns)])
    reach = [spread.get(source(c), usual) * (sd if c == log_odds else 1.0) for c in encoder.columns]
    precision = np.array([1e-6, *(1.0 / np.square(reach))])
    weights = drawn_to.copy()
    for _ in range(50):
        p = expit(matrix @ weights)
        gradient = matrix.T @ (rows.trials * p - rows.successes) + precision * (weights - drawn_to)
        curvature = (matrix.T * (rows.trials * p * (1 - p))) @ matrix + np.diag(precision)
        step = np.linalg.solve(curvature, gradient)
        weights = weights - np.clip(step, -2.0, 2.0)
        if np.abs(step).max() < 1e-8:
            break
    return Response("linear", encoder, float(weights[0]), weights[1:], None, Affine())


@dataclass(frozen=True, slots=True)
class _Penalty:
    """scikit-learn's C, and the factor on each column: below 1 means a stronger penalty on it."""

    inverse: float
    factor: np.ndarray


def _penalty(
    matrix: np.ndarray, rows: Rows, early: np.ndarray, late: np.ndarray, shrunk: np.ndarray, seed: int
) -> _Penalty:
    """What fits the latest campaigns best when learned on those before; `shrunk`: a campaign's own columns."""
    label, weight, row = _as_labels(rows, early)
    kept = _case_control(label, weight, seed)
    latest_rows, unit = rows.take(np.flatnonzero(late)), rows.unit[late]
    best, lowest = _Penalty(RIDGE[0], np.ones(matrix.shape[1])), np.inf
    for shrink in SHRINK if shrunk.any() else (1.0,):
        factor = np.where(shrunk, shrink, 1.0)
        scaled, judged = matrix[row[kept.rows]] * factor, matrix[late] * factor
        # A looser penalty starts from the tighter one's answer: a third of the steps.
        model = LogisticRegression(solver="newton-cholesky", max_iter=100, warm_start=True)
        for inverse in RIDGE:
            model.set_params(C=inverse).fit(scaled, label[kept.rows], sample_weight=kept.weight)
            raw = float(model.intercept_[0]) + judged @ model.coef_[0]
            affine = calibrate(raw, latest_rows.trials, latest_rows.successes, unit=unit)
            loss = _loss(latest_rows.trials, latest_rows.successes, expit(affine(raw)))
            if loss < lowest:
                best, lowest = _Penalty(inverse, factor), loss
    return best


def _linear(
    matrix: np.ndarray, rows: Rows, where: np.ndarray, penalty: _Penalty, sample_seed: int | None = None
) -> tuple[float, np.ndarray]:
    """Intercept and weights learned on the rows `where`, on a sample of their failures if a seed for it is given."""
    label, weight, row = _as_labels(rows, where)
    if sample_seed is not None:
        kept = _case_control(label, weight, sample_seed)
        label, weight, row = label[kept.rows], kept.weight, row[kept.rows]
    model = LogisticRegression(C=penalty.inverse, solver="newton-cholesky", max_iter=100)
    model.fit(matrix[row] * penalty.factor, label, sample_weight=weight)
    return float(model.intercept_[0]), model.coef_[0] * penalty.factor


def _crossed(matrix: np.ndarray, rows: Rows, late: np.ndarray, penalty: _Penalty, seed: int) -> np.ndarray:
    """Log-odds of the latest rows by models that know everything but that half of the latest campaigns.

    So the calibration sees what the model in use will meet: campaigns it has not seen, just after some that it has.
    """
    halves = np.searchsorted(np.unique(rows.unit[late]), rows.unit) % 2
    raw = np.zeros(len(late))
    for half in (0, 1):
        judged = late & (halves == half)
        learned = ~judged
        if not _tells_apart(rows, learned, MIN_SUCCESSES / 2):
            learned = np.ones(len(late), dtype=bool)
        intercept, weights = _linear(matrix, rows, learned, penalty, seed)
        raw[judged] = intercept + matrix[judged] @ weights
    return raw[late]


@dataclass(frozen=True, slots=True)
class _Kept:
    rows: np.ndarray
    weight: np.ndarray


def _case_control(label: np.ndarray, weight: np.ndarray, seed: int, per_success: int = 5) -> _Kept:
    """All successes and a weighted sample of failures: the penalty search loses little and costs a quarter.

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


def _tree_data(matrix: np.ndarray, rows: Rows, early: np.ndarray, late: np.ndarray) -> tuple[lgb.Dataset, lgb.Dataset]:
    """What trees learn from and are stopped on. Binned once for all kinds: it takes as long as 40 trees."""

    def dataset(where: np.ndarray, reference: lgb.Dataset | None = None) -> lgb.Dataset:
        share = rows.successes[where] / np.maximum(rows.trials[where], 1e-9)
        params = {name: TREE[name] for name in ("max_bin", "num_threads", "verbosity")}
        return lgb.Dataset(matrix[where], share, weight=rows.trials[where], reference=reference, params=params)

    learned = dataset(early)
    return learned, dataset(late, learned)


def _trees(learned: lgb.Dataset, judged: lgb.Dataset, starts: tuple[np.ndarray, np.ndarray], seed: int) -> str | None:
    """Boosted trees, as text, on top of log-odds `starts`, stopped early on `judged`; None where none helps."""
    learned.construct().set_init_score(starts[0])
    judged.construct().set_init_score(starts[1])
    booster = lgb.train(
        TREE | {"seed": seed, "min_data_in_leaf": max(20, min(200, learned.num_data() // 100))},
        learned,
        num_boost_round=MAX_TREES,
        valid_sets=[judged],
        callbacks=[lgb.early_stopping(10, verbose=False)],
    )
    return booster.model_to_string(num_iteration=booster.best_iteration) if booster.best_iteration >= 1 else None


def _loss(trials: np.ndarray, successes: np.ndarray, probability: np.ndarray) -> float:
    probability = np.clip(probability, 1e-9, 1 - 1e-9)
    return float(
        -(successes * np.log(probability) + (trials - successes) * np.log1p(-probability)).sum() / trials.sum()
    )


def scores(trials: pd.Series, successes: pd.Series, probability: pd.Series) -> dict[str, float]:
    """auc, log_loss, brier per trial, and predicted / actual successes. Lower log-loss and Brier are better."""
    p, n, s = (np.asarray(values, dtype="float64") for values in (probability, trials, successes))
    label = np.repeat([1, 0], len(p))
    weight = np.concatenate([s, n - s])
    both = np.concatenate([p, p])
    single = len(np.unique(label[weight > 0])) < 2
    return {
        "auc": float("nan") if single else float(roc_auc_score(label, both, sample_weight=weight)),
        "log_loss": float(log_loss(label, np.clip(both, 1e-9, 1 - 1e-9), sample_weight=weight, labels=[0, 1])),
        "predicted_over_actual": float((p * n).sum() / s.sum()) if s.sum() else float("nan"),
        "brier": float(np.average((both - label) ** 2, weights=weight)),
    }
