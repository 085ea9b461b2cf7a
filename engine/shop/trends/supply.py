"""How much of each product will be sold, against what is in stock; tried on the past before it is believed.

Few products sell every day, so three plain ways are tried and the one kept that erred least in the past: as many as in
the last 30 days (the naive way), the mean of the last 91 days, and the way of Teunter, Syntetos and Babai (2011) for
sales that come now and then, which forgets what is no longer sold. statsmodels smooths one series at a time and knows
no intermittent demand; here thousands of products are smoothed at once. With more than a year of data the same days a
year ago are tried too.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from engine.shop.store import Shop
from engine.shop.trends.weeks import Sold, names

DAYS = 30  # of the forecast
COVER = 90  # days within which stock should be sold: beyond the high end of their demand it is too much
LEVEL = 0.8
ORIGINS = 4  # past days from which DAYS are forecast and compared
HISTORY = 91  # days before the first of them
WEEK_ALPHA, WEEK_BETA = 0.1, 0.1  # smoothing of sizes and of how often, per week (Syntetos and Boylan 2005: 0.05-0.2)
FEWEST_UNITS = 5  # expected in HISTORY days, for a range to be counted: of what hardly sells, 0 is nearly always inside


@dataclass(frozen=True, slots=True)
class Demand:
    """table: product_id, name, category, sold (units in the last DAYS days), expected, low, high (units in the next
    DAYS days, 80 %), stock, days_of_cover (at the expected pace), need_high (high end of demand in COVER days), beyond
    (stock above it), tied_up (money in that, at unit cost; missing where that is not known), overstock (bool).

    method: the one used; errors: sum of absolute errors / units sold, by method, in `origins` trials of the past;
    held: share of ranges of the last trial that held what was sold, made from the trials before. None without a trial.
    """

    table: pd.DataFrame
    method: str
    errors: dict[str, float]
    held: float | None
    origins: int
    as_of: pd.Timestamp


def demand(shop: Shop, found: Sold) -> Demand:
    """Units of every product that was sold lately or is in stock."""
    daily = by_day(found)
    origins = [found.days - DAYS * back for back in range(ORIGINS, 0, -1) if found.days - DAYS * back >= HISTORY]
    trials = [(day, {name: way(daily[:, :day]) for name, way in ways(day).items()}) for day in origins]
    errors = _errors(daily, trials)
    method = min(errors, key=lambda one: errors[one]) if errors else "mean"
    expected = ways(found.days)[method](daily)
    seen = [(guess[method], daily[:, day : day + DAYS].sum(axis=1)) for day, guess in trials]
    scatter = dispersion(seen)
    held = _held(seen)
    return Demand(_table(shop, found, daily, expected, scatter), method, errors, held, len(origins), found.as_of)


def by_day(found: Sold) -> np.ndarray:
    """Units by product (rows, by number) and day (columns)."""
    table = np.zeros((len(found.products), found.days), dtype="float32")
    np.add.at(table, (found.lines["product"].to_numpy(), found.lines["day"].to_numpy()), found.lines["units"])
    return table


# --- ways ---


def ways(days: int) -> dict:
    """Ways to forecast DAYS days from so many days of the past, by name."""
    found = {"naive": _naive, "mean": _mean, "now_and_then": now_and_then}
    return found | ({"year_ago": _year_ago} if days >= 365 + HISTORY else {})


def _naive(daily: np.ndarray) -> np.ndarray:
    return np.asarray(daily[:, -DAYS:].sum(axis=1), dtype="float64")


def _mean(daily: np.ndarray) -> np.ndarray:
    return np.asarray(daily[:, -HISTORY:].mean(axis=1) * DAYS, dtype="float64")


def _year_ago(daily: np.ndarray) -> np.ndarray:
    """The same days a year ago, times what all products sold in the last HISTORY days over the same of last year."""
    end = daily.shape[1] - 365
    level = float(daily[:, -HISTORY:].sum()) / max(float(daily[:, end - HISTORY : end].sum()), 1.0)
    last_year = daily[:, end : end + DAYS].sum(axis=1) * level
    return np.asarray((last_year + _mean(daily)) / 2, dtype="float64")  # one product's month alone is mostly chance


def now_and_then(daily: np.ndarray) -> np.ndarray:
    """Chance of a sale in a week x its size, both smoothed (Teunter, Syntetos and Babai 2011), times weeks in DAYS."""
    weeks = daily.shape[1] // 7
    by_week = daily[:, daily.shape[1] - 7 * weeks :].reshape(len(daily), weeks, 7).sum(axis=2)[:, -52:]
    sells = by_week > 0
    start = max(min(13, by_week.shape[1]), 1)
    chance = sells[:, :start].mean(axis=1)
    size = by_week[:, :start].sum(axis=1) / np.maximum(sells[:, :start].sum(axis=1), 1)
    for week in range(by_week.shape[1]):
        now = sells[:, week]
        size = np.where(now, np.where(size > 0, size + WEEK_ALPHA * (by_week[:, week] - size), by_week[:, week]), size)
        chance = chance + WEEK_BETA * (now - chance)
    return np.asarray(chance * size * DAYS / 7, dtype="float64")


# --- how good they were ---


def _errors(daily: np.ndarray, trials: list) -> dict[str, float]:
    """Absolute error over units sold, of the ways that every trial knows."""
    if not trials:
        return {}
    known = set.intersection(*(set(guess) for _, guess in trials))
    actual = [daily[:, day : day + DAYS].sum(axis=1) for day, _ in trials]
    total = max(float(sum(one.sum() for one in actual)), 1.0)
    return {
        name: float(sum(np.abs(guess[name] - one).sum() for (_, guess), one in zip(trials, actual, strict=True)))
        / total
        for name in ("naive", "mean", "now_and_then", "year_ago")
        if name in known
    }


def dispersion(seen: list) -> float:
    """How much more sales scatter than Poisson: variance = mean + scatter x mean squared, by moments; 0.1 untried."""
    if not seen:
        return 0.1
    expected = np.concatenate([one for one, _ in seen])
    actual = np.concatenate([one for _, one in seen])
    use = expected > 0
    square = float(np.sum(expected[use] ** 2))
    return max(float(np.sum((actual[use] - expected[use]) ** 2 - expected[use])) / square, 0.01) if square else 0.1


def between(expected: np.ndarray, scatter: float) -> tuple[np.ndarray, np.ndarray]:
    """Low and high end of units with this mean: negative binomial."""
    # Many products expect the same few units, and each end takes its time to find.
    mean, back = np.unique(np.round(np.maximum(expected, 1e-3), 3), return_inverse=True)
    size = 1 / scatter
    low, high = (stats.nbinom.ppf(one, size, size / (size + mean)) for one in ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    return low[back], high[back]


def _held(seen: list) -> float | None:
    """Share of the last trial's ranges, made from the trials before it, that held what was sold."""
    if len(seen) < 2:
        return None
    expected, actual = seen[-1]
    use = expected >= FEWEST_UNITS * DAYS / HISTORY
    if not use.any():
        return None
    low, high = between(expected[use], dispersion(seen[:-1]))
    return float(np.mean((actual[use] >= low) & (actual[use] <= high)))


# --- against stock ---


def _table(shop: Shop, found: Sold, daily: np.ndarray, expected: np.ndarray, scatter: float) -> pd.DataFrame:
    low, high = between(expected, scatter)
    need = expected * COVER / DAYS
    table = pd.DataFrame(
        {
            "product_id": found.products.astype("str"), "category": found.category.to_numpy(dtype=object),
            "sold": daily[:, -DAYS:].sum(axis=1), "expected": expected, "low": low, "high": high,
            "need_high": between(need, scatter)[1],
        }
    )  # fmt: skip
    known = shop.optional("products").drop_duplicates("product_id").set_index("product_id")
    known = known.reindex(columns=["category", "stock", "unit_cost", "launched_at"])
    unsold = known[(known["stock"] > 0) & ~known.index.isin(table["product_id"])]
    idle = {name: 0.0 for name in ("sold", "expected", "low", "high", "need_high")}
    never = pd.DataFrame({"product_id": unsold.index, "category": unsold["category"].to_numpy(dtype=object)}).assign(
        **idle
    )
    table = pd.concat([table, never], ignore_index=True) if len(never) else table
    stock = table["product_id"].map(known["stock"]).astype("float64")
    cost = table["product_id"].map(known["unit_cost"]).astype("float64")
    beyond = (stock - table["need_high"]).clip(lower=0)
    # A product that is new has not shown yet how it sells.
    launched = pd.to_datetime(table["product_id"].map(known["launched_at"]))
    is_new = launched > found.as_of - pd.Timedelta(days=HISTORY)
    pace = table["expected"] / DAYS
    named = table["product_id"].map(names(shop).to_dict()).astype("object")
    return (
        table.assign(
            name=named.fillna(table["product_id"]), stock=stock, days_of_cover=stock / pace.where(pace > 0),
            beyond=beyond, tied_up=beyond * cost, overstock=(beyond > 0) & ~is_new,
        )
        .sort_values(["overstock", "beyond"], ascending=False, ignore_index=True)
    )  # fmt: skip
