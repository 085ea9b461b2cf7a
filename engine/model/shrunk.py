"""Effects of a group on log-odds, drawn towards none by as much as the data ask for, with ranges that know it.

    log-odds of a row = columns x weights + effect of its group + what rows differ by anyway + chance

Effects of groups are normal with standard deviation `apart`, rows differ by `between`. Neither is known: both are
averaged over a grid by how well they explain the rows (restricted likelihood, flat prior), so that a range does not
shrink to nothing where the best guess of `apart` is 0 (Gelman and others 2013, Bayesian Data Analysis, 5.4). MixedLM of
statsmodels knows no variance that differs by row and is given, which counts of different size need.
"""

from dataclasses import dataclass

import numpy as np

GRID = np.linspace(0.0, 1.5, 16)  # standard deviations in log-odds: e to the 1.5 is more than four times the odds


@dataclass(frozen=True, slots=True)
class Effects:
    """mean and sd (log-odds) of each group's effect against the mean of all groups' effects, in their order.

    apart, between: averages over the grid.
    """

    mean: np.ndarray
    sd: np.ndarray
    apart: float
    between: float


def log_odds(successes: np.ndarray, trials: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Log-odds of counts and the variance that chance gives them; half a success and half a failure are added."""
    done = np.asarray(successes, dtype="float64") + 0.5
    left = np.asarray(trials, dtype="float64") + 1.0 - done
    return np.log(done / left), 1 / done + 1 / left


def effects(group: np.ndarray, columns: np.ndarray, odds: np.ndarray, chance: np.ndarray) -> Effects:
    """group: 0, 1, ... by row; columns: (rows, k) with a column of ones; odds, chance: as `log_odds` gives them."""
    members = np.eye(int(group.max()) + 1)[group]
    found = [_at(members, columns, odds, chance, apart, between) for apart in GRID for between in GRID]
    logs = np.array([one[0] for one in found])
    weight = np.exp(logs - logs.max())
    weight /= weight.sum()
    means, variances = np.array([one[1] for one in found]), np.array([one[2] for one in found])
    mean = weight @ means
    spread = weight @ (variances + (means - mean) ** 2)
    grid = np.array([(apart, between) for apart in GRID for between in GRID])
    return Effects(mean, np.sqrt(spread), *map(float, weight @ grid))


def _at(
    members: np.ndarray, columns: np.ndarray, odds: np.ndarray, chance: np.ndarray, apart: float, between: float
) -> tuple[float, np.ndarray, np.ndarray]:
    """Restricted log-likelihood, and mean and variance of the groups' centred effects, at given standard deviations."""
    weight = 1 / (chance + between**2)
    inner = np.eye(members.shape[1]) + apart**2 * (members.T * weight) @ members  # Woodbury: as many as groups
    both = np.column_stack([columns, odds, members])
    crossed = (members.T * weight) @ both
    solved = (both.T * weight) @ both - apart**2 * crossed.T @ np.linalg.solve(inner, crossed)
    k = columns.shape[1]
    within, right = solved[:k, :k], solved[:k, k:]
    weights = np.linalg.solve(within, right)
    left = solved[k:, k:] - right.T @ weights  # after the columns are taken out: of odds, and of members
    logs = -0.5 * (left[0, 0] + np.linalg.slogdet(within)[1] + np.linalg.slogdet(inner)[1] - np.log(weight).sum())
    mean = apart**2 * left[1:, 0]
    centred = np.eye(len(mean)) - 1 / len(mean)  # what all have in common is the intercept's, and nobody can tell apart
    spread = centred @ (apart**2 * np.eye(len(mean)) - apart**4 * left[1:, 1:]) @ centred
    return float(logs), centred @ mean, np.maximum(np.diag(spread), 0.0)
