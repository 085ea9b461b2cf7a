"""How long the final fit of a response model takes on a million deliveries, beside plain LightGBM on the same matrix.

    python bench/fit.py > bench/results/fit.txt

Ours is what is refitted once settings and the number of trees are known: the linear part, bins, trees on top of it and
the calibration. The search of settings and the validation that finds the number of trees are apart, as they are for
plain LightGBM. Same trees, leaves, learning rate and thread on both sides; the lower of two runs of each counts.
"""

import platform
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd
import sklearn
from scipy.special import expit
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, from anywhere

from engine.model import calibrate, parts

DELIVERIES, FEATURES, CAMPAIGNS = 1_000_000, 30, 50
TREES = parts.MAX_TREES
SETTINGS = parts.Settings()
PROMISE = 1.5


def main() -> None:
    print(f"{datetime.now():%Y-%m-%d %H:%M}, {platform.machine()}, Python {platform.python_version()}, "
          f"LightGBM {lgb.__version__}, scikit-learn {sklearn.__version__}")  # fmt: skip
    matrix, rows = deliveries(0)
    print(f"{len(matrix):,} deliveries x {matrix.shape[1]} features, {rows.successes.mean():.1%} clicked; "
          f"{TREES} trees of {SETTINGS.leaves} leaves, learning rate {SETTINGS.learning_rate}, 1 thread")  # fmt: skip
    own = {name: parts.TREE[name] for name in ("max_bin", "feature_fraction", "bagging_fraction", "bagging_freq")}
    compared = {
        "plain LightGBM, its usual settings": lambda: plain(matrix, rows, {}),
        f"plain LightGBM, ours: {', '.join(f'{k} {v}' for k, v in own.items())}": lambda: plain(matrix, rows, own),
        "ours: linear part, trees on top, calibration": lambda: ours(matrix, rows),
    }
    taken = {name: _best_of(fit, name) for name, fit in compared.items()}
    usual, same, mine = taken.values()
    for name, other in (("its usual settings", usual), ("our tree settings", same)):
        print(f"ours / plain LightGBM with {name}: {mine / other:.2f}")
    kept = "kept" if mine <= PROMISE * usual else "missed"
    print(f"promise: at most {PROMISE} x plain LightGBM with its usual settings: {kept}")


def deliveries(seed: int, count: int = DELIVERIES) -> tuple[np.ndarray, parts.Rows]:
    """A standardised matrix and clicks that a straight line and an interaction explain."""
    random = np.random.default_rng(seed)
    matrix = random.normal(0.0, 1.0, (count, FEATURES))
    planted = np.random.default_rng(7).normal(0.0, 0.15, FEATURES)
    log_odds = -3.4 + matrix @ planted + 0.8 * (matrix[:, 0] > 0.5) * (matrix[:, 1] > 0.0)
    clicked = (random.random(count) < expit(log_odds)).astype("float64")
    unit = np.sort(random.integers(0, CAMPAIGNS, count))
    return matrix, parts.Rows(pd.DataFrame(index=range(count)), np.ones(count), clicked, unit, unit)


Predict = Callable[[np.ndarray], np.ndarray]


def plain(matrix: np.ndarray, rows: parts.Rows, own: dict) -> tuple[Predict, str]:
    """(matrix -> log-odds, nothing to add)."""
    same = {"num_leaves": SETTINGS.leaves, "learning_rate": SETTINGS.learning_rate, "num_threads": 1}
    params = {"objective": "binary", "verbosity": -1, "seed": 0} | same | own
    learned = lgb.Dataset(matrix, rows.successes, params=params)
    grown = lgb.train(params, learned, num_boost_round=TREES)
    return lambda given: grown.predict(given, raw_score=True, num_threads=1), ""


def ours(matrix: np.ndarray, rows: parts.Rows) -> tuple[Predict, str]:
    """(matrix -> log-odds, seconds of processor by part). The calibration is learned on the latest campaigns."""
    at = [time.process_time()]
    everything, late = np.ones(len(matrix), dtype=bool), parts.latest(rows, False)
    intercept, weights = parts.linear(matrix, rows, everything, SETTINGS.ridge, np.ones(matrix.shape[1]))
    start = intercept + matrix @ weights
    at.append(time.process_time())
    grown = parts.trees(parts.tree_data(matrix, rows), start, SETTINGS, 0, TREES)
    assert grown is not None
    at.append(time.process_time())
    said = start[late] + grown.predict(matrix[late], raw_score=True, num_threads=1)
    affine = calibrate.fit(said, rows.trials[late], rows.successes[late], unit=rows.unit[late])
    at.append(time.process_time())
    spent = ", ".join(f"{n} {s:.1f}" for n, s in zip(("linear", "trees", "calibration"), np.diff(at), strict=True))
    predict = lambda given: affine(intercept + given @ weights + grown.predict(given, raw_score=True, num_threads=1))  # noqa: E731
    return predict, f"({spent})"


def _best_of(fit: Callable[[], tuple[Predict, str]], name: str, runs: int = 2) -> float:
    """Seconds of processor of the quickest run, printed with the AUC on 200,000 other deliveries."""
    fresh, seen = deliveries(1, 200_000)
    best = float("inf")
    for _ in range(runs):
        started = time.process_time()
        predict, parts_taken = fit()
        taken = time.process_time() - started
        if taken < best:
            best, line = taken, parts_taken
    auc = roc_auc_score(seen.successes, predict(fresh))
    print(f"{name}: {best:.1f} s, AUC {auc:.4f} {line}".rstrip())
    return best


if __name__ == "__main__":
    with threadpool_limits(1, "blas"):
        main()
