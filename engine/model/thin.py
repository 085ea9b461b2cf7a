"""Fewer rows that say nearly the same: every row with a success, and a weighted sample of the others."""

import numpy as np


def thin(
    trials: np.ndarray, successes: np.ndarray, group: np.ndarray, size: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """(positions kept, in order; trials each stands for). At least half of `size` is left to rows without a success.

    A row drawn stands for those of its group that were not, so each group keeps its trials and its successes
    (case-control sampling: Fithian and Hastie 2014).
    """
    every = np.arange(len(trials))
    without = every[successes <= 0]
    room = max(size - (len(trials) - len(without)), size // 2)
    if len(without) <= room:
        return every, trials
    shuffled = np.random.default_rng(seed).permutation(without)
    names, which = np.unique(group, return_inverse=True)
    of = which[shuffled]
    counts = np.bincount(of, minlength=len(names))
    drawn = shuffled[_place_in_group(of) < np.ceil(counts * room / len(without))[of]]
    stands_for = np.bincount(which[without], weights=trials[without], minlength=len(names))
    kept = np.bincount(which[drawn], weights=trials[drawn], minlength=len(names))
    inflated = trials.astype("float64")
    inflated[drawn] *= (stands_for / np.maximum(kept, 1e-12))[which[drawn]]
    positions = np.sort(np.concatenate([every[successes > 0], drawn]))
    return positions, inflated[positions]


def _place_in_group(of: np.ndarray) -> np.ndarray:
    """0, 1, 2, ... within each group, in the order given."""
    order = np.argsort(of, kind="stable")
    starts = np.searchsorted(of[order], np.arange(of.max() + 1))
    places = np.empty(len(of), dtype="int64")
    places[order] = np.arange(len(of)) - starts[of[order]]
    return places
