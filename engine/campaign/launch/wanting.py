"""Who will probably want a new product: learned from who bought past launches in their first weeks.

Logistic regression on what a customer had bought before each launch: its category, its brand, at its price, things of a
like description (TF-IDF), how much and how lately. The level comes from the expected sales; the order of customers is
checked on launches that came later than all it was learned from.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from scipy.optimize import brentq
from scipy.special import expit
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from engine.campaign.expected import Range
from engine.campaign.launch.form import NewProduct
from engine.campaign.launch.history import History, launches
from engine.campaign.launch.sales import Expected
from engine.model import calibrate
from engine.model.ranges import LEVEL

DAYS = 30  # in which a customer buys or does not
MEMORY_DAYS = 365  # of orders that are looked at
MOST_LAUNCHES = 30  # of the last year, those that sold most: they tell most of who buys
FEWEST_LAUNCHES = 5
FEWEST_BUYERS = 50  # of all those launches together; with fewer the order of customers would be chance
NEAR_PRICE = 0.3  # a price within 30 % is "at its price"
FEATURES = ("category", "brand", "at_price", "alike", "orders", "recency")
WORDS = r"(?u)[\u4e00-\u9fff]|[^\W\d_]{2,}"  # a Chinese character, or a word


@dataclass(frozen=True, slots=True)
class Wanting:
    """scored: every customer who ever ordered, the likeliest first: customer_id, p_buy, times_average.

    tested: later launches, foretold from earlier ones. launches, buyers: what was learned from. weights: by feature, in
    log-odds for one standard deviation.
    """

    scored: pd.DataFrame
    tested: list["HeldOut"]
    launches: int
    buyers: int
    weights: dict[str, float]


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A past launch whose buyers were foretold from earlier ones: 1 for who bought, the likeliest customer first."""

    product_id: str
    bought: np.ndarray
    log_odds: np.ndarray


@dataclass(frozen=True, slots=True)
class Lift:
    """How much likelier the first `share` of customers were to buy than the average one, on held-out launches.

    times: with the 80 % range over launches; None where no held-out launch had buyers.
    """

    share: float
    times: Range | None
    launches: int
    buyers: int


class People:
    """Customers as they stood before a day, seen from one product."""

    def __init__(self, past: History):
        self._past = past
        self._customers = pd.Index(past.lines["customer_id"].unique())
        self._row = self._customers.get_indexer(past.lines["customer_id"])
        sold = past.lines["product_id"].unique()
        self._products = past.products.reindex(past.products.index.union(pd.Index(sold)))
        self._product = self._products.index.get_indexer(past.lines["product_id"])
        self._tfidf = TfidfVectorizer(token_pattern=WORDS, sublinear_tf=True, lowercase=True)
        self._likeness = self._tfidf.fit_transform(_texts(self._products))

    def before(self, day: pd.Timestamp, product: pd.Series, text: str) -> pd.DataFrame:
        """FEATURES of everyone who had ordered before `day`, by customer_id; product: category, brand, price."""
        lines = self._past.lines
        chosen = np.flatnonzero((lines["day"] < day).to_numpy())
        age = (day - lines["day"].iloc[chosen]).dt.days.to_numpy()
        who, what = self._row[chosen], self._product[chosen]
        last = np.full(len(self._customers), np.inf)
        np.minimum.at(last, who, age)
        recent = age <= MEMORY_DAYS
        who, what = who[recent], what[recent]
        alike = np.asarray((self._likeness @ self._tfidf.transform([text]).T).todense()).ravel()
        found = {name: self._sum(who, fits[what]) for name, fits in self._fits(product).items()}
        found |= {"alike": self._sum(who, alike[what]), "orders": self._sum(who, np.ones(len(who)))}
        table = pd.DataFrame(found, index=self._customers).apply(np.log1p)
        table["recency"] = -np.log1p(np.minimum(last, 2 * MEMORY_DAYS))
        return table[np.isfinite(last)][list(FEATURES)]

    def _sum(self, who: np.ndarray, values: np.ndarray) -> np.ndarray:
        return np.bincount(who, weights=values, minlength=len(self._customers))

    def _fits(self, product: pd.Series) -> dict[str, np.ndarray]:
        table = self._products
        near = np.abs(np.log(table["price"].astype("float64") / product["price"])) <= np.log1p(NEAR_PRICE)
        same = {
            name: (table[name].eq(product[name]) if product[name] else pd.Series(0.0, index=table.index))
            for name in ("category", "brand")
        }
        return {name: fits.to_numpy(dtype="float64") for name, fits in (same | {"at_price": near}).items()}

    def bought(self, product_id: str, day: pd.Timestamp, customers: pd.Index) -> np.ndarray:
        """1 for those who bought the product in its first DAYS days, else 0."""
        lines = self._past.lines[self._past.lines["product_id"].eq(product_id)]
        age = (lines["day"] - day).dt.days
        return customers.isin(lines.loc[(age >= 0) & (age < DAYS), "customer_id"]).astype("int64")


def wanting(
    past: History, product: NewProduct, first: Expected | None, table: pd.DataFrame | None = None
) -> Wanting | None:
    """Everyone's chance to buy the product in its first 30 days; None where past launches or their buyers are too few.

    first: the expected sales that the chances add up to; without, the level is that of past launches. table:
    `history.launches(past, DAYS)` where the caller has it.
    """
    table = _telling(launches(past, DAYS) if table is None else table, product)
    if len(table) < FEWEST_LAUNCHES:
        return None
    people = People(past)
    known = [_seen(people, past, row) for _, row in table.iterrows()]
    buyers = int(sum(bought.sum() for _, bought in known))
    if buyers < FEWEST_BUYERS:
        return None
    model = _fitted(known)
    row = pd.Series({"category": product.category or "", "brand": product.brand or "", "price": product.price})
    features = people.before(past.as_of, row, _text(product.name, product.description))
    tested = _tested(table, known)
    log_odds = _calibrated(tested, _log_odds(model, features))
    chance = expit(_level(log_odds, _expected_buyers(table, known, first)))
    scored = pd.DataFrame({"customer_id": features.index, "p_buy": chance})
    scored = scored.sort_values(["p_buy", "customer_id"], ascending=[False, True], ignore_index=True)
    scored["times_average"] = scored["p_buy"] / scored["p_buy"].mean()
    weights = dict(zip(FEATURES, map(float, model[-1].coef_[0]), strict=True))
    return Wanting(scored, tested, len(table), buyers, weights)


def _telling(table: pd.DataFrame, product: NewProduct) -> pd.DataFrame:
    """The launches to learn from, by date: all of them, or of the last year's the MOST_LAUNCHES that sold most."""
    table = table[table["product_id"].ne(product.product_id)]
    if len(table) <= MOST_LAUNCHES:
        return table
    recent = table[table["day"] >= table["day"].max() - pd.Timedelta(days=MEMORY_DAYS)]
    return recent.nlargest(MOST_LAUNCHES, "units").sort_values("day", kind="stable")


Known = tuple[pd.DataFrame, np.ndarray]  # features of everyone before a launch, and who bought it


def _seen(people: People, past: History, row: pd.Series) -> Known:
    product = past.products.loc[row["product_id"]]
    features = people.before(row["day"], row, _text(product["name"], product["description"]))
    return features, people.bought(row["product_id"], row["day"], features.index)


def _fitted(known: list[Known]) -> Pipeline:
    """The regression on these launches; every launch counts as it sold."""
    features = np.concatenate([rows.to_numpy() for rows, _ in known])
    bought = np.concatenate([labels for _, labels in known])
    return make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=200)).fit(features, bought)


def _log_odds(model: Pipeline, features: pd.DataFrame) -> np.ndarray:
    return model.decision_function(features.to_numpy())


def _calibrated(tested: list[HeldOut], log_odds: np.ndarray) -> np.ndarray:
    """Log-odds as wide apart as held-out launches bore out."""
    if not tested:
        return log_odds
    told = np.concatenate([one.log_odds for one in tested])
    bought = np.concatenate([one.bought for one in tested])
    launch = np.repeat([one.product_id for one in tested], [len(one.bought) for one in tested])
    return calibrate.fit(told, np.ones(len(told)), bought, unit=launch)(log_odds)


def _expected_buyers(table: pd.DataFrame, known: list[Known], first: Expected | None) -> float | None:
    """Of the known customers, how many buy if sales are as expected: past launches' buyers for a unit sold."""
    units = float(table["units"].sum())
    return None if first is None or not units else first.middle * sum(b.sum() for _, b in known) / units


def _level(log_odds: np.ndarray, buyers: float | None) -> np.ndarray:
    """Log-odds moved together until the chances add up to so many buyers."""
    if not buyers:
        return log_odds
    wanted = min(buyers, 0.5 * len(log_odds))
    shift = brentq(lambda by: expit(log_odds + by).sum() - wanted, -30.0, 30.0)
    return log_odds + shift


def _tested(table: pd.DataFrame, known: list[Known]) -> list[HeldOut]:
    """Launches whose buyers are foretold from those over before they began, where these had buyers enough."""
    found, days = [], table["day"].to_list()
    for number, (features, bought) in enumerate(known):
        over = [k for k, day in zip(known, days, strict=True) if day + pd.Timedelta(days=DAYS) <= days[number]]
        if len(over) < 2 or sum(labels.sum() for _, labels in over) < FEWEST_BUYERS:
            continue
        told = _log_odds(_fitted(over), features)
        order = np.argsort(-told, kind="stable")
        found.append(HeldOut(str(table["product_id"].iloc[number]), bought[order], told[order]))
    return found


def lift(tested: list[HeldOut], share: float, seed: int = 0) -> Lift:
    """How much likelier the first `share` was to buy, all held-out launches together; range: launches drawn again."""
    told = [one for one in tested if one.bought.any()]
    sizes = [max(round(share * len(one.bought)), 1) for one in told]
    counts = np.array([
        (one.bought[:n].sum(), n, one.bought.sum(), len(one.bought)) for one, n in zip(told, sizes, strict=True)
    ], dtype="float64").reshape(-1, 4)  # fmt: skip
    if not len(counts):
        return Lift(share, None, 0, 0)
    random = np.random.default_rng(seed)
    drawn = counts[random.integers(0, len(counts), (1_000, len(counts)))].sum(axis=1)
    low, high = np.quantile(_times(drawn), [0.5 - LEVEL / 2, 0.5 + LEVEL / 2])
    times = float(_times(counts.sum(axis=0)))
    return Lift(share, Range(times, float(low), float(high)), len(counts), int(counts[:, 2].sum()))


def _times(counts: np.ndarray) -> np.ndarray:
    top, size, buyers, everyone = counts.T
    return (top / size) / (buyers / everyone)


def buyers(chances: np.ndarray, first: Expected | None) -> Range:
    """Expected buyers among these customers, with the 80 % range: how the launch goes, and the luck of counting."""
    mean = float(chances.sum())
    points = (np.arange(64) + 0.5) / 64
    effect = np.exp([_effect(first, level) for level in points]) if first else np.ones(1)
    counts = stats.poisson.ppf(points[None, :], mean * effect[:, None])
    low, high = np.quantile(counts, [0.5 - LEVEL / 2, 0.5 + LEVEL / 2], method="inverted_cdf")
    return Range(mean, float(low), float(min(high, len(chances))))


def _effect(first: Expected, level: float) -> float:
    return float(np.log((first.units(level) + 0.5) / (first.middle + 0.5)))


def _text(name: str, description: str) -> str:
    return f"{name} {description}"


def _texts(products: pd.DataFrame) -> list[str]:
    told = products[["name", "description"]].fillna("")
    return [_text(*row) for row in told.itertuples(index=False)]
