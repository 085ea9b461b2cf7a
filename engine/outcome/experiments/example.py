"""A file of tests to try the page with: drawn by chance from known rates, so that each verdict comes up once."""

from datetime import date, timedelta

import numpy as np
import pandas as pd

DAYS = 21
BEGAN = date(2026, 3, 2)
# Test, and its arms: conversion rate and visitors a day.
TESTS: dict[str, dict[str, tuple[float, int]]] = {
    "button-colour": {"control": (0.050, 1_500), "green": (0.062, 1_500)},
    "free-shipping-bar": {"control": (0.040, 1_200), "top": (0.041, 1_200), "bottom": (0.029, 1_200)},
    "longer-headline": {"control": (0.100, 30_000), "longer": (0.100, 30_000)},
    "new-photo": {"control": (0.030, 400), "photo": (0.031, 400)},
    "fast-checkout": {"control": (0.045, 1_000), "fast": (0.050, 920)},
}


def example(seed: int = 0) -> pd.DataFrame:
    """A row per test, arm and day: experiment_id, variant, day, visitors, conversions."""
    chance = np.random.default_rng(seed)
    rows = []
    for test, arms in TESTS.items():
        for number in range(DAYS):
            day = BEGAN + timedelta(days=number)
            busy = 1.2 if day.weekday() >= 5 else 1.0
            for arm, (rate, daily) in arms.items():
                visitors = int(chance.poisson(daily * busy))
                rows.append((test, arm, day.isoformat(), visitors, int(chance.binomial(visitors, rate))))
    return pd.DataFrame(rows, columns=["experiment_id", "variant", "day", "visitors", "conversions"])
