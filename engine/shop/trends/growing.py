"""Which categories and products grow or fade: orders a week over time, with ranges and one correction for all."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.multitest import multipletests
from threadpoolctl import threadpool_limits

from engine.sentences import Sentence
from engine.shop.trends.weeks import FEWEST_WEEKS, Sold, orders_by_week

YEAR = 52  # weeks
MOST_WEEKS = 2 * YEAR  # looked back; with all of them, the season is taken out
FEWEST_ORDERS = 60
MOST = 200  # products with most orders in these weeks that are looked at
FALSE = 0.05  # share of what is told that may be wrong
LEVEL = 0.95
WEEKS_A_MONTH = 365.25 / 12 / 7
LAGS = 3  # weeks that depend on each other (Newey and West 1987)


@dataclass(frozen=True, slots=True)
class Growth:
    """table: name (category, or product_id), orders, weeks (since its first sale), per_week (mean orders), rate, low,
    high (change per month as a fraction, 95 %), p_value, p_adjusted, verdict ("growing", "fading", "no_trend").

    whole: the same of all orders of the shop, one row. looked_at: how many had enough orders. weeks: looked back;
    season_removed: where they are two years. first, last: days of the data. missing: why nothing could be looked at.
    """

    table: pd.DataFrame
    whole: pd.DataFrame
    looked_at: int
    weeks: int
    season_removed: bool
    first: pd.Timestamp
    last: pd.Timestamp
    missing: Sentence | None = None


def growth(found: Sold, by: str) -> Growth:
    """by: "category" or "product"."""
    if by == "category":
        of = found.category
    else:
        of = pd.Series(found.products)
        week = found.week_of(found.lines["day"].to_numpy())
        lately = found.lines[(week >= 0) & (week >= found.weeks - MOST_WEEKS)]
        keep = lately.drop_duplicates(["order", "product"])["product"].value_counts().head(MOST).index
        of = of.where(of.index.isin(keep))
    counts = orders_by_week(found, of).iloc[:, -MOST_WEEKS:]
    counts = counts[counts.sum(axis=1) >= FEWEST_ORDERS]
    everything = orders_by_week(found, pd.Series("all", index=range(len(found.products)))).iloc[:, -MOST_WEEKS:]
    weeks = counts.shape[1]
    table = _told(counts)
    first = found.as_of - pd.Timedelta(weeks=weeks)
    last = found.as_of - pd.Timedelta(days=1)
    missing = None
    if not len(table):
        few = Sentence("trends.growth_nothing", {"needed": FEWEST_ORDERS, "weeks": weeks})
        missing = few if of.notna().any() else Sentence("trends.no_categories")
    return Growth(table, _told(everything), len(table), weeks, weeks >= MOST_WEEKS, first, last, missing)


def _told(counts: pd.DataFrame) -> pd.DataFrame:
    """The trend of each row, the clearest first."""
    rows = []
    with threadpool_limits(1, "blas"):
        for name, series in counts.iterrows():
            one = trend(series.to_numpy("float64"))
            if one is not None:
                rows.append({"name": name, "orders": int(series.sum()), **one})
    columns = ["name", "orders", "weeks", "per_week", "rate", "low", "high", "p_value"]
    table = pd.DataFrame(rows, columns=columns)
    if not len(table):
        return table.assign(p_adjusted=pd.Series(dtype="float64"), verdict=pd.Series(dtype="object"))
    adjusted = multipletests(table["p_value"], method="fdr_bh")[1]
    verdict = np.where(adjusted > FALSE, "no_trend", np.where(table["rate"] > 0, "growing", "fading"))
    table = table.assign(p_adjusted=adjusted, verdict=verdict)
    return table.sort_values("p_value", kind="stable", ignore_index=True)


def trend(orders: np.ndarray) -> dict[str, float] | None:
    """Change per month of orders a week; None where it was sold for too few weeks or hardly at all.

    Poisson regression on time from the first sale on, with two waves of a year where there are two years. Errors
    allow for more scatter than Poisson and for weeks that depend on each other; t instead of normal, as weeks are few.
    """
    series = orders[np.argmax(orders > 0) :]
    if len(series) < FEWEST_WEEKS or series.sum() < FEWEST_ORDERS:
        return None
    week = np.arange(len(series))
    columns = [np.ones(len(series)), (week - week.mean()) / WEEKS_A_MONTH]
    if len(series) >= MOST_WEEKS:
        turn = 2 * np.pi * week * 7 / 365.25
        columns += [wave(times * turn) for times in (1, 2) for wave in (np.cos, np.sin)]
    design = np.column_stack(columns)
    fitted = sm.GLM(series, design, family=sm.families.Poisson()).fit(
        cov_type="HAC", cov_kwds={"maxlags": LAGS, "use_correction": True}
    )
    slope, robust = float(fitted.params[1]), float(fitted.bse[1])
    # Dependence that is not there is estimated as negative half the time, which would make errors too small.
    spread = float(np.sum(fitted.resid_pearson**2) / fitted.df_resid)
    plain = float(np.sqrt(fitted.normalized_cov_params[1, 1] * max(spread, 1.0)))
    # Weeks that depend on each other are worth fewer: t with as many as there are spans of LAGS weeks and the next.
    error, free = max(robust, plain), max(len(series) // (LAGS + 1), 3)
    wide = float(stats.t.ppf((1 + LEVEL) / 2, free)) * error
    return {
        "weeks": len(series), "per_week": float(series.mean()), "rate": float(np.expm1(slope)),
        "low": float(np.expm1(slope - wide)), "high": float(np.expm1(slope + wide)),
        "p_value": float(2 * stats.t.sf(abs(slope) / error, free)),
    }  # fmt: skip
