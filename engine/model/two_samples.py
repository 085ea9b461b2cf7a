"""Do columns go together as they did before? A classifier is asked, which sees what no single column shows.

Classifier two-sample test (Lopez-Paz and Oquab 2017): it learns to tell new rows from old ones and is judged on groups
it did not see. How each column is spread is asked elsewhere (engine.model.drift), so here a value is its place among
those of its group, and the classifier is a linear discriminant on products of two such places (the independence rule of
Bickel and Levina 2004): what remains to be seen is which columns rise and fall together. Boosted trees were tried: with
columns that look alike one by one their first cut gains nothing, and they find nothing. Whole groups are dealt anew to
before and after, so that likeness within a group is no evidence.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.metrics import roc_auc_score

DEALS = 999
ROWS = 4_000
COLUMNS = 40  # at most: 780 pairs
FOLDS = 5


@dataclass(frozen=True, slots=True)
class Apart:
    """auc: of rows in groups not seen, 0.5 = cannot be told apart. p: chance of as good a classifier by dealing.

    by: the pairs of columns that told most, the first the most.
    """

    auc: float
    p: float
    by: tuple[tuple[str, str], ...]


def apart(rows: pd.DataFrame, group: np.ndarray, old: int, seed: int = 0) -> Apart | None:
    """rows: columns of numbers or texts. group: 0 ... of each row; those from `old` on are new.

    None where a side has too few groups to hold some back, or fewer than two columns differ within them.
    """
    groups = int(group.max()) + 1
    folds = min(FOLDS, groups - old, old)
    if folds < 2:
        return None
    kept = _sample(group, groups, seed)
    of = group[kept]
    places, names = _within(rows.iloc[kept], of, seed)
    if len(names) < 2:
        return None
    pairs = list(combinations(range(len(names)), 2))
    products = np.nan_to_num(places[:, [a for a, _ in pairs]] * places[:, [b for _, b in pairs]])
    sums = np.zeros((groups, len(pairs)))
    np.add.at(sums, of, products)
    means = sums / np.bincount(of, minlength=groups)[:, None]
    random = np.random.default_rng(seed)
    real = np.arange(groups) >= old
    alike = means @ means.T
    told = [_told(alike, one, folds, random) for one in (real, *(random.permutation(real) for _ in range(DEALS)))]
    p = float(np.mean(np.array(told) >= told[0] - 1e-12))
    weights = means[real].mean(axis=0) - means[~real].mean(axis=0)
    by = tuple((names[pairs[at][0]], names[pairs[at][1]]) for at in np.argsort(-np.abs(weights))[:3])
    return Apart(_auc(products, means, of, real, folds, np.random.default_rng(seed)), p, by)


def _sample(group: np.ndarray, groups: int, seed: int) -> np.ndarray:
    """At most ROWS positions, as many of each group as there is room for: a large one tells no more than others."""
    most = max(ROWS // groups, 5)
    shuffled = np.random.default_rng(seed).permutation(len(group))
    place = pd.Series(group[shuffled]).groupby(group[shuffled]).cumcount().to_numpy()
    return np.sort(shuffled[place < most])


def _within(rows: pd.DataFrame, group: np.ndarray, seed: int) -> tuple[np.ndarray, list[str]]:
    """The place of each value among those of its group, as a normal score; the columns that differ within groups.

    Equal values are put in an order by lot. Texts are ranked by frequency; what is missing stays missing.
    """
    random = np.random.default_rng(seed)
    columns: list[np.ndarray] = []
    names: list[str] = []
    for column in rows:
        values = rows[column]
        if not pd.api.types.is_numeric_dtype(values):
            values = values.map({level: -place for place, level in enumerate(values.value_counts().index)})
        known = pd.DataFrame({"group": group, "value": values.to_numpy("float64", na_value=np.nan)})
        if len(names) == COLUMNS or not (known.groupby("group")["value"].nunique() > 1).any():
            continue
        mixed = known.iloc[random.permutation(len(known))].groupby("group")["value"]
        place = (mixed.rank(method="first") - 0.5) / mixed.transform("count")
        columns.append(stats.norm.ppf(place.sort_index()))
        names.append(str(column))
    return np.column_stack(columns) if columns else np.empty((len(rows), 0)), names


def _folds(is_new: np.ndarray, folds: int, random: np.random.Generator) -> np.ndarray:
    """The fold of each group, each with groups of either side."""
    fold = np.empty(len(is_new), dtype="int64")
    for side in (True, False):
        members = np.flatnonzero(is_new == side)
        fold[random.permutation(members)] = np.arange(len(members)) % folds
    return fold


def _contrast(is_new: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Weights of groups that give the mean of the new ones less that of the old ones, among those `where`."""
    new, old = is_new & where, ~is_new & where
    return new / new.sum() - old / old.sum()


def _told(alike: np.ndarray, is_new: np.ndarray, folds: int, random: np.random.Generator) -> float:
    """How far apart the discriminant puts new and old groups that it did not see. alike: products of group means."""
    fold = _folds(is_new, folds, random)
    held = (fold == number for number in range(folds))
    return float(sum(_contrast(is_new, one) @ alike @ _contrast(is_new, ~one) for one in held))


def _auc(
    products: np.ndarray, means: np.ndarray, of: np.ndarray, is_new: np.ndarray, folds: int, random: np.random.Generator
) -> float:
    """Mean area under the curve over the rows of groups held back."""
    fold = _folds(is_new, folds, random)
    areas = []
    for number in range(folds):
        asked = fold[of] == number
        score = products[asked] @ (means.T @ _contrast(is_new, fold != number))
        areas.append(roc_auc_score(is_new[of][asked], score))
    return float(np.mean(areas))
