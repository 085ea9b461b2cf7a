"""Ranges of an observed rate."""

import numpy as np

Z = 1.959964  # 95 %


def wilson(successes: np.ndarray, trials: np.ndarray, z: float = Z) -> tuple[np.ndarray, np.ndarray]:
    """Score interval of a proportion (Wilson 1927); NaN where there were no trials."""
    n = np.where(np.asarray(trials) > 0, trials, np.nan)
    p = successes / n
    middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)
