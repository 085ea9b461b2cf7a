"""Which months are strong in which category; only where the same month was seen twice."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats

from engine.sentences import Sentence
from engine.shop.trends.weeks import Sold

FEWEST_MONTHS = 24
FEWEST_ORDERS = 240  # 10 a month
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Season:
    """table: category, month (1-12), index (orders against the category's usual month, its trend taken out: 1.2 is a
    fifth more), low, high (95 %), orders (of that month, all years), years. months: whole months of data.
    missing: why there is none.
    """

    table: pd.DataFrame
    months: int
    first: pd.Timestamp
    last: pd.Timestamp
    missing: Sentence | None = None


def season(found: Sold) -> Season:
    """The pattern of the year by category."""
    begin = found.first if found.first.day == 1 else (found.first + pd.offsets.MonthBegin(1)).normalize()
    end = found.as_of if found.as_of.day == 1 else found.as_of - pd.offsets.MonthBegin(1)
    months = max((end.year - begin.year) * 12 + end.month - begin.month, 0)
    columns = ["category", "month", "index", "low", "high", "orders", "years"]
    last = found.as_of - pd.Timedelta(days=1)
    if months < FEWEST_MONTHS or not found.category.notna().any():
        key = "trends.season_short" if months < FEWEST_MONTHS else "trends.no_categories"
        values = {"months": months, "needed": FEWEST_MONTHS} if months < FEWEST_MONTHS else {}
        return Season(pd.DataFrame(columns=columns), months, found.first, last, Sentence(key, values))
    at = found.first + pd.to_timedelta(found.lines["day"], unit="D")
    number = (at.dt.year - begin.year) * 12 + at.dt.month - begin.month
    about = found.category.to_numpy(dtype=object)[found.lines["product"].to_numpy()]
    rows = pd.DataFrame({"about": about, "month": number, "order": found.lines["order"]})
    rows = rows[rows["month"].between(0, months - 1) & rows["about"].notna()].drop_duplicates()
    counts = rows.groupby(["about", "month"]).size().unstack(fill_value=0).reindex(columns=range(months), fill_value=0)
    counts = counts[counts.sum(axis=1) >= FEWEST_ORDERS]
    days = np.array([(begin + pd.DateOffset(months=one)).days_in_month for one in range(months)])
    parts = [_of(str(name), series.to_numpy("float64"), days, begin.month) for name, series in counts.iterrows()]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    few = None if parts else Sentence("trends.season_few", {"needed": FEWEST_ORDERS})
    return Season(table[columns], months, begin, end - pd.Timedelta(days=1), few)


def _of(name: str, orders: np.ndarray, days: np.ndarray, first_month: int) -> pd.DataFrame:
    """Poisson regression on months and a trend, per day, with as much more scatter as there is."""
    number = np.arange(len(orders))
    month = (number + first_month - 1) % 12
    design = np.column_stack([np.eye(12)[month], (number - number.mean()) / 12])
    model = sm.GLM(orders, design, family=sm.families.Poisson(), offset=np.log(days))
    fitted = model.fit(scale="X2")
    contrast = np.eye(12) - 1 / 12
    effect = contrast @ fitted.params[:12]
    spread = contrast @ np.asarray(fitted.cov_params())[:12, :12] @ contrast
    scale = max(1.0, 1.0 / float(fitted.scale))  # never surer than chance allows
    wide = stats.t.ppf((1 + LEVEL) / 2, int(fitted.df_resid)) * np.sqrt(np.diag(spread) * scale)
    return pd.DataFrame(
        {
            "category": name, "month": np.arange(1, 13), "index": np.exp(effect), "low": np.exp(effect - wide),
            "high": np.exp(effect + wide), "orders": np.bincount(month, orders, 12).astype(int),
            "years": np.bincount(month, minlength=12),
        }
    )  # fmt: skip
