"""Probability of a response: ridge logistic regression first, trees where they earn it.

Three candidates (linear, trees, trees on top of linear) are judged by rolling origin on later campaigns; the best is
kept. Each is calibrated affinely in log-odds on the latest campaigns it was given, on predictions made without them.
Contributions of linear and tree parts are on one scale and add up to the calibrated log-odds.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import lightgbm as lgb
import numpy as np
import pandas as pd
from scipy.special import expit
from sklearn.metrics import log_loss, roc_auc_score
from threadpoolctl import threadpool_limits

from engine.errors import NotEnoughData
from engine.model import recency, splits
from engine.model.calibrate import Affine
from engine.model.calibrate import fit as calibrate
from engine.model.encode import Encoder, learn, source
from engine.model.parts import (
    MIN_SUCCESSES,
    Rows,
    Settings,
    crossed,
    factors,
    latest,
    linear,
    merged,
    tells_apart,
    thinned,
    tree_data,
    tree_part,
    trees,
    usual,
)  # fmt: skip
from engine.model.search import LIMIT_SECONDS, Searched, search
from engine.sentences import Sentence

Kind = Literal["linear", "trees", "both"]
JUDGED_ROWS = 25_000  # of more, candidates and settings are judged by every success and a sample of other rows
KINDS: tuple[Kind, ...] = ("linear", "trees", "both")


@dataclass(frozen=True, slots=True)
class Response:
    """A fitted response model. `weights` are on the encoder's matrix; `trees` is None for a linear model.

    centre: the mean of the encoded rows it learned from, which contributions are told against; None: zeros.
    """

    kind: Kind
    encoder: Encoder
    intercept: float
    weights: np.ndarray
    trees: lgb.Booster | None
    affine: Affine
    centre: np.ndarray | None = None

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
        """(base, one column per feature): base + row sum = calibrated log-odds of the row.

        The base is the mean log-odds of what was learned from: of the linear part exactly, of trees as TreeSHAP has it.
        """
        base, parts = self.encoded_contributions(self.encoder.matrix(frame))
        table = pd.DataFrame(parts, columns=[source(c) for c in self.encoder.columns])
        return base, table.T.groupby(level=0).sum().T.set_index(frame.index)

    def encoded_contributions(self, matrix: np.ndarray) -> tuple[float, np.ndarray]:
        """(base, one column per column of the encoder) of rows that are encoded already; they add up likewise."""
        centre = np.zeros(len(self.weights)) if self.centre is None else self.centre
        parts, base = (matrix - centre) * self.weights, self.intercept + float(centre @ self.weights)
        if self.trees is not None:
            # LightGBM's own TreeSHAP: equal to shap.TreeExplainer and needs no explainer to be built.
            shares = self.trees.predict(matrix, pred_contrib=True, num_threads=_threads(matrix))
            parts, base = parts + shares[:, :-1], base + float(shares[0, -1])
        return float(self.affine(np.array(base))), parts * self.affine.slope


@dataclass(frozen=True, slots=True)
class Judged:
    """What the later campaigns said. candidates: one row per kind (auc, log_loss, predicted_over_actual, brier).
    held_out: one row per held-out campaign (campaign, trials, successes, predicted). rows: the judged rows (fold, row,
    campaign, unit, trials, successes, what each kind predicted, predicted); `row` is a position in `merged` of the rows
    learned from. folds: what was learned from and judged on, by number.
    settings: what each fold was learned with, found in its own past. search and drift: how the settings of the model in
    use were found, and whether responses drift."""

    rule: str
    chosen: Kind
    candidates: pd.DataFrame
    held_out: pd.DataFrame
    rows: pd.DataFrame
    folds: tuple[splits.Fold, ...]
    settings: tuple[Settings, ...] = ()
    search: Searched = field(default_factory=lambda: Searched(Settings()))
    drift: recency.Drift = field(default_factory=lambda: recency.Drift(False, None, "not asked"))


def _threads(matrix: np.ndarray) -> int:
    return 1 if len(matrix) < 5_000 else 2


@threadpool_limits.wrap(1, "blas")  # as for the trees: on a busy machine threads wait longer than they work
def train(
    rows: Rows,
    rule: str,
    shrunk: set[str],
    seed: int,
    progress: Callable[[float], None] = lambda share: None,
    search_seconds: float = LIMIT_SECONDS,
) -> tuple[Response, Judged]:
    """The best candidate, refitted on all rows, and how the candidates did on later campaigns.

    `shrunk` names the columns that describe a campaign: their penalty is searched apart. `search_seconds` guards each
    search of settings. Raises NotEnoughData below MIN_SUCCESSES successes.
    """
    if rows.successes.sum() < MIN_SUCCESSES:
        values = {"count": int(rows.successes.sum()), "needed": MIN_SUCCESSES}
        raise NotEnoughData(Sentence("refused.few_responses", values))
    if not tells_apart(rows, np.ones(len(rows.trials), dtype=bool), MIN_SUCCESSES):
        raise NotEnoughData(Sentence("refused.only_responses"))
    rows = merged(rows)
    usable = usable_folds(rows, rule)
    predictions: list[pd.DataFrame] = []
    settings: list[Settings] = []
    for number, fold in enumerate(usable):
        part = rows.take(fold.train)
        drifts = recency.drift(part, rule, shrunk).found
        part = thinned(part, JUDGED_ROWS, seed)
        # Once, before the first campaign judged; where responses drift, what did best long ago is no guide.
        again = not settings or drifts
        before = settings[-1] if settings else None
        found = search(part, rule, shrunk, seed, drifts, limit_seconds=search_seconds, known=before) if again else None
        settings.append(found.settings if found else settings[-1])
        models = _fitted(part, shrunk, seed, KINDS, settings[-1], drifts)
        predictions.append(_predictions(models, rows.take(fold.test)).assign(fold=number, row=fold.test))
        progress((number + 1) / (len(usable) + 1))
    drift = recency.drift(rows, rule, shrunk)
    table = pd.concat(predictions, ignore_index=True) if predictions else _nothing_judged()
    candidates = _candidates(table)
    chosen: Kind = candidates.loc[candidates["log_loss"].idxmin(), "kind"] if predictions else "linear"
    with_trees = bool(predictions) and (drift.found or chosen != "linear")
    sample = thinned(rows, JUDGED_ROWS, seed)
    # Only a trend is followed step by step: with few campaigns what the first of them liked misleads the whole search.
    known = settings[-1] if settings and drift.found else None
    searched = search(sample, rule, shrunk, seed, drift.found, with_trees, search_seconds, known)
    if predictions and drift.found:
        chosen = _lately_best(rows, usable[-1], shrunk, seed, searched.settings)
    model = _fitted(rows, shrunk, seed, (chosen,), searched.settings, drift.found)[chosen]
    progress(1.0)
    table["predicted"] = table[chosen]
    ordered = table[[*_JUDGED, *KINDS, "predicted"]]
    held_out, folds = _by_campaign(table), tuple(usable)
    return model, Judged(rule, chosen, candidates, held_out, ordered, folds, tuple(settings), searched, drift)


def usable_folds(rows: Rows, rule: str) -> list[splits.Fold]:
    """The folds of `rows` whose past is enough to learn from."""
    return [fold for fold in splits.folds(rows.unit, rule) if tells_apart(rows, fold.train, MIN_SUCCESSES)]


_JUDGED = ("fold", "row", "campaign", "unit", "trials", "successes")


def _lately_best(rows: Rows, latest_fold: splits.Fold, shrunk: set[str], seed: int, settings: Settings) -> Kind:
    """The kind to use where responses drift: what did better before the last block was better in a past that is gone.

    Asked with the settings in use: those found for earlier blocks are of that past too.
    """
    past = thinned(rows.take(latest_fold.train), JUDGED_ROWS, seed)
    models = _fitted(past, shrunk, seed, KINDS, settings, True)
    last = _candidates(_predictions(models, rows.take(latest_fold.test)))
    best: Kind = last.loc[last["log_loss"].idxmin(), "kind"]
    return best


def _nothing_judged() -> pd.DataFrame:
    return pd.DataFrame(columns=[*_JUDGED, *KINDS])


def _candidates(table: pd.DataFrame) -> pd.DataFrame:
    """A row per kind, best read by log_loss; none where nothing was judged."""
    rows = [{"kind": k, **scores(table["trials"], table["successes"], table[k])} for k in KINDS if len(table)]
    return pd.DataFrame(rows, columns=["kind", "auc", "log_loss", "predicted_over_actual", "brier"])


def _predictions(models: dict[Kind, Response], judged: Rows) -> pd.DataFrame:
    given = {"campaign": judged.campaign, "unit": judged.unit, "trials": judged.trials, "successes": judged.successes}
    table = pd.DataFrame(given)
    matrix = next(iter(models.values())).encoder.matrix(judged.features)  # they share one
    for kind, model in models.items():
        table[kind] = expit(model.encoded_log_odds(matrix))
    return table


def _by_campaign(table: pd.DataFrame) -> pd.DataFrame:
    weighted = table.assign(expected=table["predicted"] * table["trials"])
    grouped = weighted.groupby("campaign", sort=False)[["trials", "successes", "expected"]].sum().reset_index()
    grouped["predicted"] = grouped["expected"] / grouped["trials"]
    return grouped.drop(columns="expected")


@threadpool_limits.wrap(1, "blas")
def fit_candidates(
    rows: Rows, shrunk: set[str], seed: int, kinds: tuple[Kind, ...] = KINDS, rule: str = "later whole campaigns",
    settings: Settings | None = None,
) -> dict[Kind, Response]:  # fmt: skip
    """Each kind, fitted on `rows` with these settings, or with settings searched in them."""
    if settings is None:
        drifts = recency.drift(rows, rule, shrunk).found
        settings = search(rows, rule, shrunk, seed, drifts, kinds != ("linear",)).settings
    return _fitted(rows, shrunk, seed, kinds, settings, settings.half_life is not None)


def _fitted(
    rows: Rows, shrunk: set[str], seed: int, kinds: tuple[Kind, ...], settings: Settings, drifts: bool
) -> dict[Kind, Response]:
    """Each kind with these settings. Number of trees and calibration are learned on the latest campaigns by models that
    have not seen them; the model itself then learns from every row: a shop has too few campaigns to set some aside."""
    late = latest(rows, drifts)
    encoder = learn(rows.features, rows.trials, {})
    matrix, faded = encoder.matrix(rows.features), rows.weighted(settings.half_life)
    factor = factors(encoder, shrunk, settings.shrink)
    alone = usual(faded, np.ones(len(late), dtype=bool), matrix.shape[1])  # what trees start from without a linear part
    raw, part = np.zeros(len(late)), alone
    if set(kinds) != {"trees"}:
        raw[late], near = crossed(matrix, faded, late, settings.ridge, factor, seed)
        part = linear(matrix, faded, np.ones(len(late), dtype=bool), settings.ridge, factor, near=near)
    whole = tree_data(matrix, faded) if kinds != ("linear",) else None
    models, centre = {}, np.average(matrix, axis=0, weights=rows.trials)
    for kind in kinds:
        base, said = (part, raw[late]) if kind != "trees" else (alone, np.full(int(late.sum()), alone[0]))
        grown = None
        if kind != "linear" and whole is not None:
            count, early_says = _validated(matrix, whole, rows, faded, late, factor, settings, seed, kind)
            said = said + early_says
            grown = trees(whole, base[0] + matrix @ base[1], settings, seed, count)
        affine = calibrate(said, rows.trials[late], rows.successes[late], unit=rows.unit[late])
        models[kind] = Response(kind, encoder, *base, grown, affine, centre)
    return models


def _validated(
    matrix: np.ndarray, whole: lgb.Dataset, rows: Rows, faded: Rows, late: np.ndarray, factor: np.ndarray,
    settings: Settings, seed: int, kind: Kind,
) -> tuple[int, np.ndarray]:  # fmt: skip
    """How many trees help on the latest campaigns, and what trees grown without those say of them, in log-odds."""
    early = ~late if not late.all() else late
    start = (
        linear(matrix, faded, early, settings.ridge, factor, seed)
        if kind == "both"
        else usual(faded, early, len(factor))
    )
    at = start[0] + matrix @ start[1]
    learned, judged = tree_part(whole, faded, early), tree_part(whole, rows, late)
    found = trees(learned, at[early], settings, seed, judged=(judged, at[late]))
    if found is None:
        return 0, np.zeros(int(late.sum()))
    return found.num_trees(), found.predict(matrix[late], raw_score=True, num_threads=1)


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
    centre = np.average(matrix[:, 1:], axis=0, weights=rows.trials)
    return Response("linear", encoder, float(weights[0]), weights[1:], None, Affine(), centre)


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
