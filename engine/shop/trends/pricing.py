"""How sales answer to price, by category: units a week of each product against what was paid for it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats
from threadpoolctl import threadpool_limits

from engine.sentences import Sentence
from engine.shop.trends.weeks import Sold

LARGEST = 40  # categories with most units
MOST = 40  # products of a category with most units: the rest sell too rarely to show anything
GIVEN_AWAY = 0.2  # of a product's usual price: below, a line is a gift and no price
PERSONAL = 0.5  # share of what prices vary by that lies within single weeks: above, prices depend on who buys
FEWEST_UNITS, FEWEST_PRODUCTS, FEWEST_CELLS = 30, 3, 100
LEAST_SPREAD = 0.04  # standard deviation of the log price within products: below, prices hardly varied
LEVEL = 0.95
OFTEN = 0.01  # share of units below and above which a price counts as not tried


@dataclass(frozen=True, slots=True)
class Prices:
    """table: a row per category, of the LARGEST ones.

    category, elasticity, low, high (95 %: a price 1 % higher goes with so many % more units), products, weeks, units,
    spread (standard deviation of log price within products), lowest, highest (price against a product's usual one,
    within which 98 % of the units were sold), verdict ("elastic": a cut brings more revenue; "inelastic": it brings
    less; "unclear"), missing (a Sentence where nothing can be said, else None).
    """

    table: pd.DataFrame
    first: pd.Timestamp
    last: pd.Timestamp
    missing: Sentence | None = None  # why there is no category at all


def prices(found: Sold) -> Prices:
    """The price response of every category, refused where prices hardly varied."""
    week = found.week_of(found.lines["day"].to_numpy())
    lines = found.lines.assign(week=week, about=found.category.to_numpy(dtype=object)[found.lines["product"]])
    usual = lines.groupby("product")["listed"].transform("median")
    lines = lines[(lines["week"] >= 0) & lines["about"].notna() & (lines["price"] > GIVEN_AWAY * usual)]
    largest = lines.groupby("about")["units"].sum().nlargest(LARGEST).index
    lines = lines[lines["about"].isin(largest)]
    with threadpool_limits(1, "blas"):
        rows = [{"category": str(name), **_of(own, found.weeks)} for name, own in lines.groupby("about")]
    columns = [
        "category", "elasticity", "low", "high", "products", "weeks", "units", "spread", "lowest", "highest",
        "verdict", "missing",
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns).sort_values("units", ascending=False, ignore_index=True)
    missing = None if len(table) else Sentence("trends.no_categories")
    first, last = found.as_of - pd.Timedelta(weeks=found.weeks), found.as_of - pd.Timedelta(days=1)
    return Prices(table, first, last, missing)


def _of(lines: pd.DataFrame, weeks: int) -> dict[str, object]:
    """One category."""
    sold = lines.groupby("product")["units"].sum()
    keep = sold[sold >= FEWEST_UNITS].nlargest(MOST).index
    lines = lines[lines["product"].isin(keep)]
    paid = lines["price"] * lines["units"]
    cells = pd.DataFrame({"product": lines["product"], "week": lines["week"], "units": lines["units"], "paid": paid})
    cells = cells.groupby(["product", "week"]).sum()
    units = cells["units"].unstack().reindex(columns=range(weeks))
    price = (cells["paid"] / cells["units"]).unstack().reindex(columns=range(weeks))
    begun = units.notna().cummax(axis=1)  # a product is sold from its first week on
    # A week without a sale shows no price: the last one paid stands, as nobody recorded another.
    price = price.ffill(axis=1).where(begun)
    log = np.log(price)
    log = log.sub(log.median(axis=1), axis=0)
    use = log.notna().to_numpy()
    y, x = units.fillna(0.0).to_numpy()[use], log.to_numpy()[use]
    found: dict[str, object] = {
        "products": len(keep), "weeks": int(use.any(axis=0).sum()) if use.size else 0, "units": int(sold.sum()),
        "elasticity": np.nan, "low": np.nan, "high": np.nan, "verdict": "unclear", "spread": np.nan,
        "lowest": np.nan, "highest": np.nan, "missing": None,
    }  # fmt: skip
    if len(keep) < FEWEST_PRODUCTS or len(y) < FEWEST_CELLS:
        values = {"products": len(keep), "needed": FEWEST_PRODUCTS, "units": FEWEST_UNITS}
        return found | {"missing": Sentence("trends.price_few", values)}
    row, column = np.nonzero(use)
    spread = float(np.std(x - _means(x, row)[row]))
    found |= _range(x, y) | {"spread": spread}
    if spread < LEAST_SPREAD:
        return found | {"missing": Sentence("trends.price_still", {"spread": f"{100 * spread:.1f}"})}
    if _personal(lines) > PERSONAL:
        return found | {"missing": Sentence("trends.price_personal")}
    return found | _response(y, x, row, column)


def _personal(lines: pd.DataFrame) -> float:
    """Share of what a product's prices vary by that lies within its weeks, between one buyer and another."""
    log, weight = np.log(lines["price"].to_numpy()), lines["units"].to_numpy()

    def scatter(codes: np.ndarray) -> float:
        means = np.bincount(codes, weight * log) / np.bincount(codes, weight)
        return float(np.sum(weight * (log - means[codes]) ** 2))

    product = pd.factorize(lines["product"])[0]
    cell = pd.factorize(lines["product"].to_numpy() * 10_000 + lines["week"].to_numpy())[0]
    # A week with one line cannot vary within itself, whatever its customers would have paid.
    several = np.bincount(cell)[cell] > 1
    lines_in = np.bincount(cell)[cell][several]
    if not several.any() or not (whole := scatter(product)):
        return 0.0
    means = np.bincount(cell, weight * log) / np.bincount(cell, weight)
    squares = (weight * (log - means[cell]) ** 2)[several] * lines_in / (lines_in - 1)
    return float(squares.sum() / weight[several].sum()) / (whole / float(weight.sum()))


def _range(x: np.ndarray, units: np.ndarray) -> dict[str, float]:
    """The prices between which nearly all units were sold, against each product's usual one."""
    order = np.argsort(x)
    share = np.cumsum(units[order]) / units.sum()
    low, high = x[order][np.searchsorted(share, [OFTEN, 1 - OFTEN]).clip(0, len(x) - 1)]
    return {"lowest": float(np.exp(low)), "highest": float(np.exp(high))}


def _means(x: np.ndarray, row: np.ndarray) -> np.ndarray:
    return np.asarray(np.bincount(row, x) / np.bincount(row))


def _response(y: np.ndarray, x: np.ndarray, row: np.ndarray, column: np.ndarray) -> dict[str, object]:
    """Poisson regression of units on log price, with an effect of each product and of each four weeks.

    Poisson with fixed effects is right for any scatter as long as the mean is (Wooldridge 1999); errors are robust to
    what weeks of one product have in common, with t by the number of products.
    """
    products, month = np.unique(row, return_inverse=True)[1], column // 4
    month = np.unique(month, return_inverse=True)[1]
    design = np.column_stack([x, np.eye(products.max() + 1)[products], np.eye(month.max() + 1)[month][:, 1:]])
    fitted = sm.GLM(y, design, family=sm.families.Poisson()).fit(cov_type="cluster", cov_kwds={"groups": products})
    spread = float(np.sum(fitted.resid_pearson**2) / fitted.df_resid)
    plain = float(np.sqrt(fitted.normalized_cov_params[0, 0] * max(spread, 1.0)))
    error, free = max(float(fitted.bse[0]), plain), int(products.max())
    effect, wide = float(fitted.params[0]), float(stats.t.ppf((1 + LEVEL) / 2, free)) * error
    low, high = effect - wide, effect + wide
    verdict = "elastic" if high < -1 else "inelastic" if low > -1 else "unclear"
    return {"elasticity": effect, "low": low, "high": high, "verdict": verdict}
