"""Expected sales of a new product's first days, with a range: what launches of this shop sold against the usual.

log((units + 1/2) / usual units) of past launches, by ridge regression on price, category and brand: effects are drawn
towards the shop's launches as a whole, the harder the fewer launches a category has. The range: split conformal
prediction (Vovk et al. 2005) on what each launch missed its forecast by when it was left out.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.linear_model import RidgeCV

from engine.campaign.expected import Range
from engine.campaign.launch.form import NewProduct
from engine.campaign.launch.history import History, Usual, launches, relative_price
from engine.model.ranges import LEVEL

FEWEST = 5  # launches: with fewer no range of 80 % can be read off what was missed
SURE = 20  # with fewer the range itself is uncertain, and said to be
HORIZONS = (30, 90)  # days
PENALTIES = (1.0, 3.0, 10.0, 100.0, 10_000.0)  # the last leaves only the mean of all launches


@dataclass(frozen=True, slots=True)
class Expected:
    """What a product sells in its first `days` days: as likely more than `middle` as less; `reach` of 80 % in logs.

    usual: units of a usual product of its category in those days. launches, in_category: how many it rests on.
    season: what the season was taken to do, None where orders do not say. by_first_order: launches without a date of
    the shop's own.
    """

    days: int
    middle: float
    reach: float
    usual: float
    launches: int
    in_category: int
    by_first_order: int
    season: float | None

    @property
    def sd(self) -> float:
        """Of a launch's log of units around its forecast: scale of Student's t."""
        return self.reach / float(stats.t.ppf(0.5 + LEVEL / 2, self._degrees))

    @property
    def _degrees(self) -> int:
        return max(self.launches - 1, 1)

    def units(self, level: float) -> float:
        """The number of units that is not passed with this chance."""
        effect = self.sd * float(stats.t.ppf(level, self._degrees))
        return max((self.middle + 0.5) * float(np.exp(effect)) - 0.5, 0.0)

    def chance_of(self, units: float) -> float:
        """Chance that so many are asked for, or more."""
        if self.sd == 0:
            return float(self.middle >= units)
        far = np.log((units + 0.5) / (self.middle + 0.5)) / self.sd
        return float(stats.t.sf(far, self._degrees))

    @property
    def range(self) -> Range:
        """Units with the 80 % range."""
        return Range(self.middle, self.units(0.5 - LEVEL / 2), self.units(0.5 + LEVEL / 2))


@dataclass(frozen=True, slots=True)
class Learned:
    """The regression of past launches: what one is expected to sell against the usual, in logs."""

    regression: RidgeCV
    columns: pd.Index
    reach: float
    launches: pd.DataFrame

    def against_usual(self, rows: pd.DataFrame) -> np.ndarray:
        """Expected log of (units + 1/2) over usual units; rows as `history.launches` gives them."""
        return self.regression.predict(_encoded(rows).reindex(columns=self.columns, fill_value=0.0).to_numpy())


def learned(table: pd.DataFrame) -> Learned | None:
    """What these launches (see `history.launches`) teach; None where they are fewer than FEWEST."""
    if len(table) < FEWEST:
        return None
    encoded = _encoded(table)
    missed = np.log((table["units"] + 0.5) / table["usual"]).to_numpy()
    # Without a cross-validation named, every launch is left out once.
    regression = RidgeCV(alphas=PENALTIES, store_cv_results=True).fit(encoded.to_numpy(), missed)
    chosen = PENALTIES.index(regression.alpha_)
    errors = np.sort(np.sqrt(np.asarray(regression.cv_results_)[:, chosen]))
    rank = min(int(np.ceil((len(errors) + 1) * LEVEL)), len(errors))
    return Learned(regression, encoded.columns, float(errors[rank - 1]), table)


def expected(past: History, product: NewProduct, days: int, table: pd.DataFrame | None = None) -> Expected | None:
    """Sales of the product's first `days` days; None where past launches are too few.

    table: `history.launches(past, days)` where the caller has it. The product itself is no past launch of its own.
    """
    table = launches(past, days) if table is None else table
    table = table[table["product_id"].ne(product.product_id)].reset_index(drop=True)
    known = learned(table)
    if known is None:
        return None
    usual = Usual(past, pd.Timestamp(product.launched_at), days)
    row = pd.DataFrame({"category": [product.category or ""], "brand": [product.brand or ""], "price": [product.price]})
    row["relative"] = relative_price(past, row["category"], row["price"])
    level = usual.units(product.category)
    middle = max(float(level * np.exp(known.against_usual(row)[0])) - 0.5, 0.0)
    return Expected(
        days=days, middle=middle, reach=known.reach, usual=level, launches=len(table),
        in_category=int(table["category"].eq(product.category or "").sum()) if product.category else 0,
        by_first_order=int((~table["dated"]).sum()), season=usual.season,
    )  # fmt: skip


def paid_share(past: History, category: str | None) -> float:
    """What customers paid of the list price, after discounts, in this category; in all where it sold nothing."""
    lines = past.lines
    own = lines[lines["product_id"].map(past.products["category"]).eq(category)] if category else lines
    own = own if len(own) else lines
    return float(own["paid"].sum() / own["list_value"].sum())


def rolling(table: pd.DataFrame) -> pd.DataFrame:
    """Every launch forecast from those over before it began: product_id, units, middle, low, high, covered.

    What a launch would have been promised, to be held against what it sold; `usual` is as it was known on the day.
    """
    rows = []
    for position, row in table.iterrows():
        days = table.attrs.get("days", HORIZONS[0])
        earlier = table[table["day"] + pd.Timedelta(days=days) <= row["day"]]
        known = learned(earlier)
        if known is None:
            continue
        middle = float(row["usual"] * np.exp(known.against_usual(table.loc[[position]])[0])) - 0.5
        low, high = ((middle + 0.5) * np.exp(sign * known.reach) - 0.5 for sign in (-1, 1))
        rows.append((row["product_id"], row["units"], middle, low, high, bool(low <= row["units"] <= high)))
    return pd.DataFrame(rows, columns=["product_id", "units", "middle", "low", "high", "covered"])


def _encoded(rows: pd.DataFrame) -> pd.DataFrame:
    """price (relative, logs) and a column for every category and brand that is known."""
    kinds = pd.get_dummies(rows[["category", "brand"]], prefix_sep="=", dtype="float64")
    return kinds.drop(columns=["category=", "brand="], errors="ignore").assign(price=rows["relative"].to_numpy())
