"""Who would buy anyway, from orders alone: how likely each customer is to order in the next days, as things were.

At past days, one window apart or more, customers are described by their orders before the day, and whether they ordered
in the window that began there is known. Orders that past messages brought are among them.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from engine.campaign.expected import Range
from engine.campaign.forecast import LEVEL
from engine.campaign.rows import customer_columns
from engine.model import fit, ranges, splits
from engine.sentences import Sentence
from engine.shop.features import default_as_of, features
from engine.shop.store import Shop

DAYS = 12  # past days looked back from
STEP = 5  # days between two of them at least, so that windows of a day fall on different weekdays
HISTORY = 28  # days of orders before the first of them: who bought nothing yet is described by nothing
LEARNED_FROM = 20_000  # customers; more make the answer slower and no better


@dataclass(frozen=True, slots=True)
class Anyway:
    """Chance of an order within `window_days` from `as_of` on, by customer_id: of those who ordered or joined before.

    checked: the later of the days learned from, each by what came before it: day, customers, predicted, ordered
    (customers). first_day: the first of all those days; buyers: customers with an order, over all their windows.
    """

    window_days: int
    as_of: date
    chance: pd.Series
    variation: ranges.Variation
    checked: pd.DataFrame
    first_day: date
    days: int
    buyers: int

    def known(self, customer_ids: Collection[str]) -> int:
        """How many of these the orders say anything about."""
        return int(pd.Index(customer_ids).isin(self.chance.index).sum())

    def mean(self, customer_ids: Collection[str]) -> float:
        """The expected share of these customers who would buy anyway."""
        chances = self.chance.reindex(pd.Index(customer_ids)).fillna(0.0)
        return float(chances.mean()) if len(chances) else 0.0

    def rate(self, customer_ids: Collection[str], people: float) -> Range:
        """Share of these customers who would buy anyway, with the range in which that of `people` of them will lie.

        Customers nothing is known of count as buying nothing.
        """
        mean = self.mean(customer_ids)
        low, high = ranges.interval(mean, people, self.variation, level=LEVEL)
        return Range(mean, low, high)

    def orders(self, customer_ids: Collection[str], people: int) -> Range:
        """`rate` as a number of those people."""
        found = self.rate(customer_ids, people)
        return Range(found.value * people, found.low * people, found.high * people)


def learn(shop: Shop, window_days: int, as_of: date | None = None, seed: int = 0) -> Anyway | Sentence:
    """What the orders before `as_of` teach, or the sentence that says what they are too few for."""
    if not shop.rows("orders"):
        return Sentence("first.anyway_no_orders")
    as_of = as_of or default_as_of(shop)
    bought = _bought(shop, as_of)
    days = _days(bought, as_of, window_days)
    if len(days) < 2:
        have = (as_of - bought["ordered_at"].min().date()).days if len(bought) else 0
        return Sentence("first.anyway_short", {"have": have, "need": HISTORY + 2 * window_days, "days": window_days})
    rows, now = _rows(shop, bought, days, window_days, as_of, seed)
    buyers = int(rows.successes.sum())
    if not _enough(rows):
        said = {"buyers": buyers, "need": fit.MIN_SUCCESSES, "windows": len(days), "days": window_days}
        return Sentence("first.anyway_few", said)
    held_out = _held_out(rows, seed)
    chance = pd.Series(_fitted(rows, seed).predict(now), now.index)
    return Anyway(
        window_days, as_of, chance, ranges.variation(held_out), _checked(held_out), days[0], len(days), buyers
    )


def _enough(rows: fit.Rows) -> bool:
    """Whether enough customers ordered, and enough did not, to tell them apart."""
    return bool(min(rows.successes.sum(), len(rows.successes) - rows.successes.sum()) >= fit.MIN_SUCCESSES)


def _fitted(rows: fit.Rows, seed: int) -> fit.Response:
    # Trees took twice as long on the demo shop and told customers apart no better (AUC 0.727 against 0.724).
    return fit.fit_candidates(rows, set(), seed, ("linear",))["linear"]


def _held_out(rows: fit.Rows, seed: int) -> pd.DataFrame:
    """campaign (the day), trials, successes and predicted (mean chance) of later days, each by what came before it."""
    parts = []
    for fold in splits.folds(rows.unit, "later days"):
        learned, judged = rows.take(fold.train), rows.take(fold.test)
        if _enough(learned):
            predicted = _fitted(learned, seed).predict(judged.features)
            parts.append(pd.DataFrame({"campaign": judged.campaign, "p": predicted, "successes": judged.successes}))
    if not parts:
        return pd.DataFrame({"campaign": [], "trials": [], "successes": [], "predicted": []})
    by_day = pd.concat(parts, ignore_index=True).groupby("campaign", sort=True)
    return by_day.agg(trials=("p", "size"), successes=("successes", "sum"), predicted=("p", "mean")).reset_index()


def _bought(shop: Shop, as_of: date) -> pd.DataFrame:
    """customer_id and ordered_at of what was bought before `as_of`."""
    lines = shop.table("orders", ["customer_id", "ordered_at", "quantity"])
    return lines.loc[(lines["quantity"] > 0) & (lines["ordered_at"] < pd.Timestamp(as_of))].drop(columns="quantity")


def _days(bought: pd.DataFrame, as_of: date, window_days: int) -> list[date]:
    """The past days to look back from, earliest first: the last one's window ends where the data does."""
    if bought.empty:
        return []
    step, begun = max(window_days, STEP), bought["ordered_at"].min().date() + timedelta(days=HISTORY)
    days = [as_of - timedelta(days=window_days + step * number) for number in range(DAYS)]
    return sorted(day for day in days if day >= begun)


def _rows(
    shop: Shop, bought: pd.DataFrame, days: Sequence[date], window_days: int, as_of: date, seed: int
) -> tuple[fit.Rows, pd.DataFrame]:
    """Training rows, a customer on a past day each, and the model's columns of every customer now, by customer_id."""
    since = _known_since(shop, bought)
    few = since[since.index.isin(_sample(since.index, seed))]
    asked = [_known_on(few, day) for day in days] + [_known_on(since, as_of)]
    columns = _columns(shop, pd.concat(asked, ignore_index=True))
    now = columns.tail(len(asked[-1])).set_index(pd.Index(asked[-1]["customer_id"]))
    ordered = [
        one["customer_id"].isin(_buyers(bought, day, window_days)) for one, day in zip(asked[:-1], days, strict=True)
    ]
    unit = np.repeat(np.arange(len(days)), [len(one) for one in ordered])
    named = np.array([day.isoformat() for day in days])[unit]
    successes = np.concatenate(ordered).astype("float64")
    return fit.Rows(columns.head(len(unit)), np.ones(len(unit)), successes, unit, named), now


def _known_since(shop: Shop, bought: pd.DataFrame) -> pd.Series:
    """When each customer first ordered or joined, by customer_id, in order; not of whom neither is on record."""
    first = bought.groupby("customer_id")["ordered_at"].min()
    customers = shop.optional("customers")
    if "joined_at" in customers:
        joined = customers.drop_duplicates("customer_id").set_index("customer_id")["joined_at"].dropna()
        first = pd.concat([first, joined]).groupby(level=0).min()
    return first.sort_index()


def _sample(customer_ids: pd.Index, seed: int) -> pd.Index:
    """At most LEARNED_FROM of the customers, every one equally likely."""
    if len(customer_ids) <= LEARNED_FROM:
        return customer_ids
    return customer_ids[np.random.default_rng(seed).choice(len(customer_ids), LEARNED_FROM, replace=False)]


def _known_on(since: pd.Series, day: date) -> pd.DataFrame:
    """customer_id and as_of of whoever was known before a day: what `features` is asked."""
    ids = since.index[since < pd.Timestamp(day)]
    return pd.DataFrame({"customer_id": ids.astype("str"), "as_of": pd.Timestamp(day).as_unit("us")})


def _columns(shop: Shop, asked: pd.DataFrame) -> pd.DataFrame:
    known = features(shop, asked, about=("orders",))
    return pd.DataFrame(customer_columns(known), index=known.index)


def _buyers(bought: pd.DataFrame, day: date, window_days: int) -> np.ndarray:
    """Customers with an order in the window that begins on a day."""
    start, end = pd.Timestamp(day), pd.Timestamp(day + timedelta(days=window_days))
    return bought.loc[(bought["ordered_at"] >= start) & (bought["ordered_at"] < end), "customer_id"].unique()


def _checked(held_out: pd.DataFrame) -> pd.DataFrame:
    """day, customers, predicted and ordered (customers) of each day that was judged."""
    return pd.DataFrame(
        {
            "day": held_out["campaign"],
            "customers": held_out["trials"].astype("int64"),
            "predicted": held_out["predicted"] * held_out["trials"],
            "ordered": held_out["successes"].astype("int64"),
        }
    )
