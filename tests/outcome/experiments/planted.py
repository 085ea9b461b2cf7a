"""Tests of two arms or more drawn by chance, with rates that are known."""

import numpy as np
import pandas as pd


def totals(runs: int, rates: tuple[float, ...], visitors: int, seed: int = 0, splits: tuple = ()) -> pd.DataFrame:
    """One row per run and arm: arm 0 is the control, and each has `visitors` (times its split)."""
    chance = np.random.default_rng(seed)
    people = np.array([int(visitors * split) for split in (splits or (1,) * len(rates))])
    return pd.DataFrame(
        {
            "experiment_id": np.repeat(np.arange(runs), len(rates)).astype(str),
            "variant": np.tile(["control", *(f"v{arm}" for arm in range(1, len(rates)))], runs),
            "visitors": np.tile(people, runs),
            "conversions": chance.binomial(people, rates, (runs, len(rates))).ravel(),
        }
    )


def daily(runs: int, rates: tuple[float, float], visitors: int, days: int, seed: int = 0) -> pd.DataFrame:
    """pair, x, n, x0, n0 per run and day, as `sequential.always_valid` takes them; rates move from day to day."""
    chance = np.random.default_rng(seed)
    season = 1 + 0.3 * np.sin(np.arange(days))
    rate = np.minimum(np.outer(rates, season), 1)
    return pd.DataFrame(
        {
            "pair": np.repeat(np.arange(runs), days),
            "x": chance.binomial(visitors, rate[1], (runs, days)).ravel(),
            "n": visitors,
            "x0": chance.binomial(visitors, rate[0], (runs, days)).ravel(),
            "n0": visitors,
        }
    )
