"""Trees of many customers under many settings at once, as sums over leaves.

A leaf of a tree holds a row where every condition on the way to it does. Where a condition asks of the customer alone
or of the setting alone, the leaf holds a pair where it holds both halves: values x (settings x leaves) x (leaves x
customers) is one product of matrices, the same numbers as LightGBM's for each pair, in a fraction of the time. Only
conditions on a column that hangs on both are asked pair by pair.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import lightgbm as lgb
import numpy as np


@dataclass(frozen=True, slots=True)
class _Leaf:
    """value, and the way to it: (column, threshold, whether the row is at or below it)."""

    value: float
    way: tuple[tuple[int, float, bool], ...]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Encoded rows of customers under settings: own + settings, and where `mixed`, at_zero + curve x by_curve.

    own, at_zero, by_curve: (customers, columns). settings: (settings, columns). curve: (settings,). alone: columns of
    settings alone; mixed: those that hang on both.
    """

    own: np.ndarray
    settings: np.ndarray
    at_zero: np.ndarray
    by_curve: np.ndarray
    curve: np.ndarray
    alone: np.ndarray
    mixed: np.ndarray

    def column(self, number: int) -> np.ndarray:
        """A mixed column: (settings, customers)."""
        return self.at_zero[:, number] + self.curve[:, None] * self.by_curve[:, number]


def raw_scores(trees: lgb.Booster, pairs: Pairs) -> np.ndarray:
    """(settings, customers): the sum of all trees."""
    by_setting, by_customer, total = [], [], np.zeros((len(pairs.settings), len(pairs.own)))
    for leaf in _leaves(trees):
        ways: dict[bool, list[np.ndarray]] = {True: [], False: []}  # whether a condition is of the setting
        mixed = None
        for column, threshold, below in leaf.way:
            if pairs.mixed[column]:
                held = (pairs.column(column) <= threshold) == below
                mixed = held if mixed is None else mixed & held
            else:
                of_setting = bool(pairs.alone[column])
                values = (pairs.settings if of_setting else pairs.own)[:, column]
                ways[of_setting].append((values <= threshold) == below)
        setting = leaf.value * np.all(ways[True], axis=0) * np.ones(len(pairs.settings))
        customer = np.all(ways[False], axis=0) * np.ones(len(pairs.own))
        if mixed is not None:
            total += mixed * setting[:, None] * customer
        else:
            by_setting.append(setting)
            by_customer.append(customer)
    return total + np.array(by_setting).T @ np.array(by_customer) if by_setting else total


def _leaves(trees: lgb.Booster) -> Iterator[_Leaf]:
    for tree in trees.dump_model()["tree_info"]:
        yield from _below(tree["tree_structure"], ())


def _below(node: dict, way: tuple) -> Iterator[_Leaf]:
    """Leaves under a node. Our matrices hold numbers only, none missing: every split asks "at most"."""
    if "leaf_value" in node:
        yield _Leaf(float(node["leaf_value"]), way)
        return
    assert node["decision_type"] == "<=", "our encoder makes no categories"
    for side, below in (("left_child", True), ("right_child", False)):
        yield from _below(node[side], (*way, (int(node["split_feature"]), float(node["threshold"]), below)))
