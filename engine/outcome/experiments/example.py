"""Files of tests to try the page with, drawn by chance from known rates: counts, so that each verdict comes up once,
and a row per person of a test that worked for some groups only."""

from collections.abc import Callable
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


PEOPLE = 8_000
# Group: share of the people, and the chance to order without and with the letter.
GROUPS: dict[str, tuple[float, float, float]] = {
    "new": (0.4, 0.08, 0.13),
    "returning": (0.4, 0.40, 0.44),
    "regular": (0.2, 0.85, 0.85),
}


def example_people(seed: int = 0) -> pd.DataFrame:
    """A row per person: experiment, variant, customer_id, converted, revenue, before, group."""
    chance = np.random.default_rng(seed)
    names, shares = list(GROUPS), [share for share, _, _ in GROUPS.values()]
    group = chance.choice(len(names), PEOPLE, p=shares)
    variant = chance.choice(["control", "letter"], PEOPLE)
    rates = np.array([[without, with_it] for _, without, with_it in GROUPS.values()])
    converted = chance.binomial(1, rates[group, (variant == "letter").astype(int)])
    habit = chance.gamma(3, 1 / 3, PEOPLE)  # who spends much before spends much again
    spent = converted * (8 + 30 * habit * chance.lognormal(0, 0.3, PEOPLE))
    before = chance.binomial(6, rates[group, 0]) * 30 * habit
    ids = [f"c{number:05d}" for number in range(PEOPLE)]
    return pd.DataFrame({
        "experiment": "spring-letter", "variant": variant, "customer_id": ids,
        "converted": converted, "revenue": spent.round(2), "before": before.round(2),
        "group": np.array(names)[group],
    })  # fmt: skip


EXAMPLES: dict[str, Callable[[], pd.DataFrame]] = {"counts": example, "people": example_people}
