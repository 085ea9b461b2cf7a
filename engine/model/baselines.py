"""Simple models beside the one in use, learned on the same rows: what it has to beat.

The constant rate of the past; a plain logistic regression; a decision tree small enough to be read.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier
from threadpoolctl import threadpool_limits

from engine.model.encode import Encoder, learn
from engine.model.parts import Rows, thinned

NAMES = ("constant", "logistic", "small_tree")
LEAVES = 6
LEAF_TRIALS = 30
LEARNED_ROWS = 20_000  # of more, every success and a sample of the others: what is lost is far below the noise


@dataclass(frozen=True, slots=True)
class Condition:
    """`column` of the encoded table is above `value`, or not. A level, `channel=email`, is above 0.5 where it holds."""

    column: str
    above: bool
    value: float


@dataclass(frozen=True, slots=True)
class Leaf:
    """A rule of the small tree: rows that meet every condition, their rate, and the trials it was learned from."""

    conditions: tuple[Condition, ...]
    rate: float
    trials: float


def predict(learned: Rows, judged: Rows, unreadable: set[str], seed: int) -> tuple[pd.DataFrame, list[Leaf]]:
    """(a column per baseline, one row per judged row; the tree's rules, highest rate first).

    `unreadable`: columns that a person cannot follow in a rule, as the sine of a date; the tree goes without.
    """
    sampled = thinned(learned, LEARNED_ROWS, seed)
    encoder = learn(sampled.features, sampled.trials, {})
    past, future = encoder.matrix(sampled.features), encoder.matrix(judged.features)
    with threadpool_limits(1, "blas"):
        logistic = _logistic(past, sampled).predict_proba(future)[:, 1]
    used = np.array([c.split("=")[0] not in unreadable for c in encoder.columns])
    tree = _tree(past[:, used], sampled, seed)
    columns = {
        "constant": np.full(len(future), learned.successes.sum() / learned.trials.sum()),
        "logistic": logistic,
        "small_tree": tree.predict(future[:, used]),
    }
    names = [c for c, kept in zip(encoder.columns, used, strict=True) if kept]
    return pd.DataFrame(columns), leaves(tree, names, encoder)


@dataclass(frozen=True, slots=True)
class _Tree:
    """A fitted tree; rate and trials by its nodes, NaN where a node is no leaf."""

    fitted: DecisionTreeClassifier
    rate: np.ndarray
    trials: np.ndarray

    def predict(self, matrix: np.ndarray) -> np.ndarray:
        return self.rate[self.fitted.apply(matrix)]


def _labelled(matrix: np.ndarray, trials: np.ndarray, successes: np.ndarray) -> tuple[np.ndarray, ...]:
    """(matrix, label, weight) of every success and failure: a row with both stands twice."""
    weight = np.concatenate([successes, trials - successes])
    label, row = np.repeat([1, 0], len(trials)), np.tile(np.arange(len(trials)), 2)
    used = weight > 0
    return matrix[row[used]], label[used], weight[used]


def _logistic(matrix: np.ndarray, rows: Rows) -> LogisticRegression:
    """As it comes: scikit-learn's usual penalty (C = 1) on standardised columns."""
    features, label, weight = _labelled(matrix, rows.trials, rows.successes)
    return LogisticRegression(solver="newton-cholesky").fit(features, label, sample_weight=weight)


def _tree(matrix: np.ndarray, rows: Rows, seed: int) -> _Tree:
    features, label, weight = _labelled(matrix, rows.trials, rows.successes)
    least = min(max(0.02, LEAF_TRIALS / weight.sum()), 0.5)
    tree = DecisionTreeClassifier(max_leaf_nodes=LEAVES, max_depth=3, min_weight_fraction_leaf=least, random_state=seed)
    leaf = tree.fit(features, label, sample_weight=weight).apply(features)
    n = np.bincount(leaf, weights=weight, minlength=tree.tree_.node_count)
    s = np.bincount(leaf, weights=weight * label, minlength=tree.tree_.node_count)
    # One more average trial in every leaf: a rate of 0 would be infinitely wrong about the first success.
    return _Tree(tree, np.where(n > 0, (s + s.sum() / n.sum()) / (n + 1), np.nan), n)


def leaves(tree: _Tree, columns: list[str], encoder: Encoder) -> list[Leaf]:
    """The tree as rules, thresholds in the columns' own units; a threshold that another implies is left out."""
    inner = tree.fitted.tree_
    found: list[Leaf] = []

    def walk(node: int, path: tuple[Condition, ...]) -> None:
        if inner.children_left[node] < 0:
            found.append(Leaf(path, float(tree.rate[node]), float(tree.trials[node])))
            return
        column = columns[inner.feature[node]]
        value = _own_units(encoder, column, float(inner.threshold[node]))
        for child, above in ((inner.children_left[node], False), (inner.children_right[node], True)):
            wider = [c for c in path if (c.column, c.above) != (column, above)]
            walk(child, (*wider, Condition(column, above, value)))

    walk(0, ())
    return sorted(found, key=lambda leaf: -leaf.rate)


def _own_units(encoder: Encoder, column: str, threshold: float) -> float:
    mean, sd = encoder.numbers.get(column, (0.0, 1.0))
    return threshold * sd + mean
