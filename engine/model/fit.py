"""Probability of a response: ridge logistic regression first, trees where they earn it.

Three candidates (linear, trees, trees on top of linear) are judged by rolling origin on later campaigns; the best is
kept. Each is calibrated affinely in log-odds on the latest campaigns it was given. Contributions of linear and tree
parts are on one scale and add up to the calibrated log-odds.
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
        return self.affine(self._raw(self.encoder.matrix(frame)))

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
    held_out: one row per held-out campaign (campaign, trials, successes, predicted). rows: the judged rows."""

    rule: str
    chosen: Kind
    candidates: pd.DataFrame
    held_out: pd.DataFrame
    rows: pd.DataFrame


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
    usable = [fold for fold in splits.folds(rows.unit, rule) if rows.successes[fold.train].sum() >= MIN_SUCCESSES]
    predictions = []
    for number, fold in enumerate(usable):
        models = fit_candidates(rows.take(fold.train), shrunk, seed)
        judged = rows.take(fold.test)
        predictions.append(_predictions(models, judged))
        progress((number + 1) / (len(usable) + 1))
    if predictions:
        table = pd.concat(predictions, ignore_index=True)
        candidates = pd.DataFrame(
            [{"kind": kind, **scores(table["trials"], table["successes"], table[kind])} for kind in KINDS]
        )
        chosen: Kind = candidates.loc[candidates["log_loss"].idxmin(), "kind"]
    else:
        table, chosen = pd.DataFrame(columns=["campaign", "trials", "successes", *KINDS]), "linear"
        candidates = pd.DataFrame(columns=["kind", "auc", "log_loss", "predicted_over_actual", "brier"])
    model = fit_candidates(rows, shrunk, seed, (chosen,))[chosen]
    progress(1.0)
    table["predicted"] = table[chosen]
    return model, Judged(
        rule, chosen, candidates, _by_campaign(table), table[["campaign", "trials", "successes", "predicted"]]
    )


def _predictions(models: dict[Kind, Response], judged: Rows) -> pd.DataFrame:
    table = pd.DataFrame({"campaign": judged.campaign, "trials": judged.trials, "successes": judged.successes})
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
    """Each kind, fitted on all but the latest campaigns of `rows` and calibrated on those."""
    late = splits.latest(rows.unit)
    early_rows, late_rows = rows.take(~late), rows.take(late)
    if early_rows.successes.sum() < MIN_SUCCESSES / 2 or late_rows.successes.sum() < 5:
        early_rows = late_rows = rows
    with threadpool_limits(1, "blas"):  # as for the trees
        return _fitted(early_rows, late_rows, shrunk, seed, kinds, scale or {})


def _fitted(
    early_rows: Rows, late_rows: Rows, shrunk: set[str], seed: int, kinds: tuple[Kind, ...], scale: dict[str, float]
) -> dict[Kind, Response]:
    encoder = learn(early_rows.features, early_rows.trials, scale)
    early, latest_ = encoder.matrix(early_rows.features), encoder.matrix(late_rows.features)
    own = np.array([c.split("=")[0].removesuffix("|missing") in shrunk for c in encoder.columns])
    intercept, weights = _ridge(early, early_rows, latest_, late_rows, own, seed)
    models = {}
    for kind in kinds:
        used = np.zeros_like(weights) if kind == "trees" else weights
        start = 0.0 if kind == "trees" else intercept
        trees = None if kind == "linear" else _trees(early, early_rows, latest_, late_rows, start, used, seed)
        raw = Response(kind, encoder, start, used, trees, Affine())
        models[kind] = Response(
            kind, encoder, start, used, trees, calibrate(raw._raw(latest_), late_rows.trials, late_rows.successes)
        )
    return models


def _ridge(
    early: np.ndarray, early_rows: Rows, late: np.ndarray, late_rows: Rows, shrunk: np.ndarray, seed: int
) -> tuple[float, np.ndarray]:
    """Intercept and weights at the penalties that fit the latest campaigns best; `shrunk`: a campaign's own columns."""
    label, weight, rows = _as_labels(early_rows)
    kept = _case_control(label, weight, seed)
    best, lowest = (1.0, RIDGE[0]), np.inf
    for factor in SHRINK if shrunk.any() else (1.0,):
        scale = np.where(shrunk, factor, 1.0)
        scaled = early[rows[kept.rows]] * scale
        # A looser penalty starts from the tighter one's answer: a third of the steps.
        model = LogisticRegression(solver="newton-cholesky", max_iter=100, warm_start=True)
        for inverse_penalty in RIDGE:
            model.set_params(C=inverse_penalty).fit(scaled, label[kept.rows], sample_weight=kept.weight)
            raw = float(model.intercept_[0]) + late @ (model.coef_[0] * scale)
            affine = calibrate(raw, late_rows.trials, late_rows.successes)
            loss = _loss(late_rows.trials, late_rows.successes, expit(affine(raw)))
            if loss < lowest:
                best, lowest = (factor, inverse_penalty), loss
    scale = np.where(shrunk, best[0], 1.0)
    model = LogisticRegression(C=best[1], solver="newton-cholesky", max_iter=100)
    model.fit((early * scale)[rows], label, sample_weight=weight)
    return float(model.intercept_[0]), model.coef_[0] * scale


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


def _as_labels(rows: Rows) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(label, weight, row) of every success and failure: a row with both stands twice."""
    label = np.repeat([1, 0], len(rows.trials))
    weight = np.concatenate([rows.successes, rows.trials - rows.successes])
    where = np.tile(np.arange(len(rows.trials)), 2)
    used = weight > 0
    return label[used], weight[used], where[used]


def _trees(
    early: np.ndarray,
    early_rows: Rows,
    late: np.ndarray,
    late_rows: Rows,
    intercept: float,
    weights: np.ndarray,
    seed: int,
) -> lgb.Booster | None:
    """Boosted trees starting from the linear log-odds, stopped early on the latest campaigns; None when none helps."""

    def dataset(matrix: np.ndarray, rows: Rows, reference: lgb.Dataset | None = None) -> lgb.Dataset:
        start = intercept + matrix @ weights
        share = rows.successes / np.maximum(rows.trials, 1e-9)
        return lgb.Dataset(
            matrix, label=share, weight=rows.trials, init_score=start, reference=reference, params={"verbosity": -1}
        )

    learned = dataset(early, early_rows)
    leaf = max(20, min(200, int(early_rows.trials.size / 100)))
    booster = lgb.train(
        TREE | {"seed": seed, "min_data_in_leaf": leaf},
        learned,
        num_boost_round=MAX_TREES,
        valid_sets=[dataset(late, late_rows, learned)],
        callbacks=[lgb.early_stopping(10, verbose=False)],
    )
    if booster.best_iteration < 1:
        return None
    # Through text, as it will be stored: what is judged is exactly what is served.
    return lgb.Booster(model_str=booster.model_to_string(num_iteration=booster.best_iteration))


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
