"""Trees summed leaf by leaf are LightGBM's own predictions."""

import lightgbm as lgb
import numpy as np
import pytest

from engine.model.leaves import Pairs, raw_scores

CUSTOMERS, SETTINGS = 40, 9


@pytest.mark.parametrize("seed", range(3))
def test_every_pair_has_the_score_that_lightgbm_gives_its_row(seed):
    """Six columns: three of the customer, two of the setting, one that is the curve times the customer."""
    random = np.random.default_rng(seed)
    own = np.hstack([random.normal(size=(CUSTOMERS, 3)).round(1), np.zeros((CUSTOMERS, 3))])
    settings = np.hstack([np.zeros((SETTINGS, 3)), random.integers(0, 3, (SETTINGS, 2)), np.zeros((SETTINGS, 1))])
    none, full = np.zeros_like(own), np.zeros_like(own)
    none[:, 5], full[:, 5] = -0.5, random.random(CUSTOMERS)
    curve = random.random(SETTINGS)
    column = np.arange(6)
    pairs = Pairs(own, settings, none, full, curve, (column == 3) | (column == 4), column == 5)
    rows = settings[:, None] + (own + none)[None] + curve[:, None, None] * full[None]
    x = rows.reshape(-1, 6)
    y = x[:, 0] * x[:, 3] + np.sin(3 * x[:, 1]) + 4 * x[:, 5] + x[:, 4] * (x[:, 2] > 0)
    trees = lgb.train(
        {"verbosity": -1, "num_leaves": 8, "min_data_in_leaf": 5, "num_threads": 1}, lgb.Dataset(x, y), 25
    )
    used = set(np.flatnonzero(trees.feature_importance()))
    assert used == set(range(6)), "every kind of column is asked"
    expected = trees.predict(x, raw_score=True).reshape(SETTINGS, CUSTOMERS)
    np.testing.assert_allclose(raw_scores(trees, pairs), expected, rtol=0, atol=1e-12)


def test_a_tree_of_one_leaf_says_the_same_of_everyone():
    x = np.zeros((30, 1))
    trees = lgb.train({"verbosity": -1, "num_threads": 1}, lgb.Dataset(x, np.full(30, 2.5)), 2)
    nothing = np.zeros((4, 1))
    pairs = Pairs(nothing, np.zeros((2, 1)), nothing, nothing, np.zeros(2), np.array([False]), np.array([False]))
    np.testing.assert_allclose(raw_scores(trees, pairs), np.full((2, 4), trees.predict(x[:1], raw_score=True)[0]))
