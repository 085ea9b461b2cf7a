"""The demo shop's two years: day numbers, the season of buying, the hours people buy at."""

import numpy as np

START = np.datetime64("2024-06-01", "s")
END = np.datetime64("2026-06-01", "s")  # the first moment that is not in the data
DAYS = int((END - START) / np.timedelta64(1, "D"))
DAY_SECONDS = 86_400

# Relative demand by hour of the day, 0 to 23: quiet nights, a lunch bump, a long evening.
HOUR_WEIGHTS = np.array([2, 1, 1, 1, 1, 2, 4, 6, 8, 10, 12, 13, 14, 12, 10, 10, 11, 12, 14, 17, 19, 18, 12, 6], float)

# Relative demand by calendar month, January first.
MONTH_WEIGHTS = np.array([0.85, 0.85, 0.95, 0.95, 1.0, 1.1, 0.9, 0.9, 1.0, 1.05, 1.3, 1.2])

# Demand on sale days is multiplied by this: (first month-day, last month-day, factor).
PEAKS = (
    ("06-01", "06-15", 1.2),
    ("06-16", "06-18", 2.2),
    ("11-01", "11-10", 1.4),
    ("11-11", "11-11", 3.5),
    ("11-25", "11-30", 1.8),
)


def season() -> np.ndarray:
    """Relative demand per day of the two years, mean 1: months, weekends, and the June and November sale peaks."""
    dates = START.astype("datetime64[D]") + np.arange(DAYS)
    month = dates.astype("datetime64[M]").astype(int) % 12
    weekday = (dates.astype(int) + 3) % 7  # 1970-01-01 was a Thursday; 0 = Monday
    demand = MONTH_WEIGHTS[month] * np.where(weekday >= 5, 1.15, 0.94)
    month_day = np.array([str(date)[5:] for date in dates])
    for first, last, factor in PEAKS:
        demand = np.where((month_day >= first) & (month_day <= last), demand * factor, demand)
    return demand / demand.mean()


def cumulative_season() -> np.ndarray:
    """Demand added up from START to the beginning of each day: DAYS + 1 values, the last equal to DAYS."""
    return np.concatenate([[0.0], np.cumsum(season())])


def demand_between(first_day: np.ndarray, last_day: np.ndarray) -> np.ndarray:
    """Demand between two moments, as days from START (fractions allowed), in average days."""
    days = np.arange(DAYS + 1)
    total = cumulative_season()
    return np.maximum(np.interp(last_day, days, total) - np.interp(first_day, days, total), 0.0)


def second_of_day(rng: np.random.Generator, size: int) -> np.ndarray:
    """Random seconds after midnight that follow the hours people buy at."""
    hours = rng.choice(24, size=size, p=HOUR_WEIGHTS / HOUR_WEIGHTS.sum())
    return hours * 3600 + rng.integers(0, 3600, size)


def moment(seconds: np.ndarray) -> np.ndarray:
    """Times in microseconds, as pandas stores them, from seconds after START."""
    return (START + np.asarray(seconds).astype("timedelta64[s]")).astype("datetime64[us]")
