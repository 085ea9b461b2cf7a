"""The settings that do best on later whole campaigns, searched within a stated time; every trial is kept.

Optuna's TPE (Bergstra et al. 2011) with a seed and a fixed, small number of trials: the same rows give the same answer.
The time is a guard, and the record says where it cut in. The linear part first, then the trees on top of it.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

from engine.model import splits
from engine.model.encode import learn
from engine.model.parts import (
    MIN_SUCCESSES,
    Linear,
    Rows,
    Settings,
    factors,
    latest,
    linear,
    log_loss,
    tells_apart,
    tree_data,
    tree_part,
    trees,
)  # fmt: skip

if TYPE_CHECKING:
    import optuna

LIMIT_SECONDS = 300.0  # far more than a shop takes: on a busy machine too the answer hangs on the rows alone
LINEAR_TRIALS, TREE_TRIALS = 10, 5
DRIFTING_TRIALS = 16  # one more thing to find, and one fold instead of three to ask
SHRINK = (1.0, 0.2, 0.1)  # a shop has thousands of customers to learn from, but only dozens of campaigns
METHOD = "Optuna TPE, log-loss on later whole campaigns"


@dataclass(frozen=True, slots=True)
class Searched:
    """The settings found, and how: one entry per trial with its part, parameters, log-loss and seconds."""

    settings: Settings
    trials: list[dict] = field(default_factory=list)
    limit_seconds: float = LIMIT_SECONDS
    seconds: float = 0.0
    cut_short: bool = False

    def to_json(self) -> dict:
        return {
            "method": METHOD,
            "trials": self.trials,
            "limit_seconds": self.limit_seconds,
            "seconds": self.seconds,
            "cut_short": self.cut_short,
            "chosen": asdict(self.settings),
        }


def search(
    rows: Rows, rule: str, shrunk: set[str], seed: int, drifts: bool, with_trees: bool = True,
    limit_seconds: float = LIMIT_SECONDS, known: Settings | None = None,
) -> Searched:  # fmt: skip
    """Settings for `rows`: what does best on the campaigns that `rule` holds out.

    Where responses drift the past fades, and only the last block of campaigns is judged: too little for trees, which
    keep their usual settings. `known`: what did best for an earlier past; it is tried first, and fewer trials follow.
    """
    started = time.monotonic()
    usable = [f for f in splits.folds(rows.unit, rule) if _judges(rows, f)][-1 if drifts else 0 :]
    if not usable:
        return Searched(Settings(), limit_seconds=limit_seconds)
    judged = [_linear_loss(rows, fold, shrunk, seed) for fold in usable]
    trials_judged = float(sum(rows.trials[fold.test].sum() for fold in usable))
    units = len(np.unique(rows.unit))
    losses: list[np.ndarray] = []

    def one(trial: "optuna.Trial") -> float:
        settings = Settings(
            ridge=trial.suggest_float("ridge", 0.001, 1.0, log=True),
            shrink=trial.suggest_categorical("shrink", SHRINK) if shrunk else 1.0,
            half_life=trial.suggest_float("half_life", units / 8, units / 2, log=True) if drifts else None,
        )
        losses.append(np.concatenate([loss(settings) for loss in judged]) / trials_judged)
        return float(losses[-1].sum())

    first = known or Settings()
    usual: dict = {"ridge": first.ridge}
    usual |= {"shrink": first.shrink} if shrunk else {}
    usual |= {"half_life": np.clip(first.half_life or units / 4, units / 8, units / 2)} if drifts else {}
    count = (DRIFTING_TRIALS if drifts else LINEAR_TRIALS) // (2 if known else 1)
    best, trials, complete = _study(one, usual, count, seed, limit_seconds)
    best = _tightest(trials, losses) if trials else best
    trials = [{"part": "linear", **trial} for trial in trials]
    settings = replace(Settings(), **({} if shrunk else {"shrink": 1.0}) | best)
    if with_trees and not drifts:
        left = limit_seconds - (time.monotonic() - started)
        usual = {name: getattr(first, name) for name in ("leaves", "learning_rate", "l2")}
        count = TREE_TRIALS // (2 if known else 1)
        best, grown, whole = _study(_tree_loss(rows, shrunk, seed, settings), usual, count, seed, left)
        trials += [{"part": "trees", **trial} for trial in grown]
        settings, complete = replace(settings, **best), complete and whole
    return Searched(settings, trials, limit_seconds, time.monotonic() - started, not complete)


def _tightest(trials: list[dict], losses: list[np.ndarray]) -> dict:
    """Parameters of the tightest trial that is worse than the best by no more than one standard error over campaigns.

    The rule of one standard error (Breiman et al. 1984), on paired differences: few campaigns cannot tell more apart.
    """
    table = np.array(losses)
    worse = table - table[table.sum(axis=1).argmin()]
    units = table.shape[1]
    error = worse.std(axis=1, ddof=1) * np.sqrt(units) if units > 1 else np.zeros(len(table))
    tight = [trial["ridge"] * trial.get("shrink", 1.0) ** 2 for trial in trials]
    # Not tighter than the usual settings: an offer whose effect few campaigns cannot show would be said to have none.
    usual = Settings().ridge * Settings().shrink ** 2
    near = (worse.sum(axis=1) <= error) & (np.array(tight) >= usual)
    within = np.flatnonzero(near) if near.any() else np.array([table.sum(axis=1).argmin()])
    chosen = trials[min(within, key=lambda number: tight[number])]
    return {name: value for name, value in chosen.items() if name in ("ridge", "shrink", "half_life")}


def _judges(rows: Rows, fold: splits.Fold) -> bool:
    return tells_apart(rows, fold.train, MIN_SUCCESSES / 2) and rows.successes[fold.test].sum() >= 5


def _linear_loss(rows: Rows, fold: splits.Fold, shrunk: set[str], seed: int) -> Callable[[Settings], np.ndarray]:
    """Settings -> log-loss of the linear part learned before a fold, summed over the trials of each of its units."""
    encoder = learn(rows.features.iloc[fold.train], rows.trials[fold.train], {})
    matrix, later = encoder.matrix(rows.features), rows.take(fold.test)
    which = np.unique(later.unit, return_inverse=True)[1]
    early = np.zeros(len(rows.unit), dtype=bool)
    early[fold.train] = True
    near: Linear | None = None  # the model of the trial before

    def loss(settings: Settings) -> np.ndarray:
        nonlocal near
        factor = factors(encoder, shrunk, settings.shrink)
        faded = rows.weighted(settings.half_life)
        intercept, weights = near = linear(matrix, faded, early, settings.ridge, factor, seed, near)
        raw = intercept + matrix[fold.test] @ weights
        said = np.clip(expit(raw), 1e-9, 1 - 1e-9)
        each = later.successes * np.log(said) + (later.trials - later.successes) * np.log1p(-said)
        return -np.bincount(which, weights=each)

    return loss


def _tree_loss(rows: Rows, shrunk: set[str], seed: int, settings: Settings) -> Callable[["optuna.Trial"], float]:
    """Trial -> log-loss on the latest campaigns of the linear part and trees on top, stopped there."""
    late = latest(rows, drifts=False)
    early = ~late if not late.all() else late
    encoder = learn(rows.features, rows.trials, {})
    matrix, faded = encoder.matrix(rows.features), rows.weighted(settings.half_life)
    intercept, weights = linear(matrix, faded, early, settings.ridge, factors(encoder, shrunk, settings.shrink), seed)
    start = intercept + matrix @ weights
    whole = tree_data(matrix, faded)
    learned, judged = tree_part(whole, faded, early), tree_part(whole, rows, late)

    def one(trial: "optuna.Trial") -> float:
        tried = replace(
            settings,
            leaves=trial.suggest_categorical("leaves", [4, 8, 16]),
            learning_rate=trial.suggest_float("learning_rate", 0.03, 0.2, log=True),
            l2=trial.suggest_float("l2", 1.0, 100.0, log=True),
        )
        booster = trees(learned, start[early], tried, seed, judged=(judged, start[late]))
        raw = start[late] if booster is None else start[late] + booster.predict(matrix[late], raw_score=True)
        return log_loss(rows.trials[late], rows.successes[late], expit(raw))

    return one


def _study(
    one: Callable[["optuna.Trial"], float], usual: dict, count: int, seed: int, seconds: float
) -> tuple[dict, list[dict], bool]:
    """(best parameters, trials, whether all were made). `usual` is tried first; the time is asked between trials."""
    import optuna  # a second to import, for learning alone

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=count // 2))
    study.enqueue_trial(usual)
    study.optimize(one, n_trials=count, timeout=max(seconds, 0.0))
    trials = [
        {**trial.params, "log_loss": trial.value, "seconds": trial.duration.total_seconds()}
        for trial in study.trials
        if trial.value is not None and trial.duration is not None
    ]
    return (study.best_params if trials else usual), trials, len(trials) == count
