"""Draws joined to the orders that followed: what each customer bought in the days after, and before, their moment."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from engine.outcome import order_money
from engine.outcome.draws import Draws, draws
from engine.outcome.order_money import MONEY, Orders
from engine.sentences import Sentence
from engine.shop import sales
from engine.shop.store import Shop

BEFORE = 365  # days before the send that say who buys anyway
DAY = np.timedelta64(86_400_000_000, "us")


@dataclass(frozen=True, slots=True)
class Known:
    """Everything a shop's results are worked out from, read once. people: by campaign, with `code` of the customer.

    owner: for each order the code of its customer among the people, -1 for others. contacts: code, at, and the place of
    the campaign in `contacted`, by time.
    """

    orders: Orders
    draws: Draws
    people: dict[str, pd.DataFrame]
    ids: pd.Index
    owner: np.ndarray
    contacts: pd.DataFrame
    contacted: pd.Index

    def has_begun(self, people: pd.DataFrame) -> bool:
        """Whether the orders reach beyond the first moment of a draw, so that anything is known of what followed."""
        return bool(people["at"].min() < pd.Timestamp(self.orders.until))

    @property
    def notes(self) -> tuple[Sentence, ...]:
        """Where a number in the money comes from, if not from the orders themselves."""
        return self.orders.notes


def read(shop: Shop, as_of: date | None = None) -> Known:
    """Orders before `as_of` (default: all) and every draw. Raises NotEnoughData without orders."""
    orders, drawn = order_money.orders(shop, as_of), draws(shop)
    ids = drawn.customers
    code = ids.get_indexer(orders.customers) if len(ids) else np.full(len(orders.customers), -1)
    people, contacts = (table.assign(code=_codes(table)) for table in (drawn.people, drawn.contacts))
    people["at"] = sales.moments(people["at"], pd.Series(orders.at))
    number, campaigns = pd.factorize(contacts["campaign_id"])
    contacts = contacts.assign(campaign=number).sort_values("at", kind="stable", ignore_index=True)
    by_campaign = {str(one): rows for one, rows in people.groupby("campaign_id")}
    return Known(orders, drawn, by_campaign, ids, code[orders.customer], contacts, pd.Index(campaigns))


def _codes(table: pd.DataFrame) -> np.ndarray:
    return table["customer_id"].cat.codes.to_numpy() if len(table) else np.zeros(0, dtype="int64")


def sums(known: Known, people: pd.DataFrame, start: int, end: int) -> np.ndarray:
    """(people, 1 + MONEY): orders and money of each from `start` days after their moment until before `end` days."""
    at = people["at"].to_numpy("datetime64[us]")
    rows = known.orders.between(at.min() + start * DAY, at.max() + end * DAY)
    place = np.full(len(known.ids) + 1, -1)
    place[people["code"].to_numpy()] = np.arange(len(people))
    person = place[known.owner[rows]]
    since = known.orders.at[rows] - at[person]
    inside = (person >= 0) & (known.owner[rows] >= 0) & (since >= start * DAY) & (since < end * DAY)
    person = person[inside]
    columns = [known.orders.is_order[rows][inside], *known.orders.money[rows][inside].T]
    return np.stack([np.bincount(person, column, len(people)) for column in columns], axis=1)


def outcomes(known: Known, people: pd.DataFrame, days: int) -> np.ndarray:
    """(people, 2 + MONEY): 1 for who ordered, number of orders, and money, in the days after the moment."""
    found = sums(known, people, 0, days)
    return np.column_stack([found[:, 0] > 0, found])


def past(known: Known, people: pd.DataFrame) -> np.ndarray:
    """(people, 2): orders and spending of the year before, as logarithms: a few big spenders must not rule a slope."""
    found = np.maximum(sums(known, people, -BEFORE, 0)[:, [0, 1 + MONEY.index("revenue")]], 0.0)
    return np.log1p(found)


def reached_by_others(known: Known, people: pd.DataFrame, days: int) -> dict[str, Any]:
    """How many of each group got a message of another campaign in these days."""
    at = people["at"].to_numpy("datetime64[us]")
    contacts, times = known.contacts, known.contacts["at"].to_numpy("datetime64[us]")
    first, last = np.searchsorted(times, [at.min(), at.max() + days * DAY])
    near = contacts.iloc[first:last]
    mine = known.contacted.get_indexer([people["campaign_id"].iloc[0]])[0]
    near = near[near["campaign"].to_numpy() != mine]
    place = np.full(len(known.ids) + 1, -1)
    place[people["code"].to_numpy()] = np.arange(len(people))
    person = place[near["code"].to_numpy()]
    since = near["at"].to_numpy("datetime64[us]") - at[person]
    reached = np.zeros(len(people), dtype=bool)
    reached[person[(person >= 0) & (since >= 0 * DAY) & (since < days * DAY)]] = True
    treated = people["treated"].eq(1).to_numpy()
    return {
        "reached_by_others_sent": int((treated & reached).sum()),
        "reached_by_others_held": int((~treated & reached).sum()),
    }
