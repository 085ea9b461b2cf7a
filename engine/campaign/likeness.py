"""Whether customers are like those who were ever written to, in what the order forecasts look at.

Past recipients, as they were on the day they were written to, become a few centres (K-Means); a customer is like them
who is no further from the nearest centre than 99 of 100 of them were. Each feature weighs what it is worth to the order
model. Only the centres are kept, so no single customer can be read from them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans

from engine.campaign import rows
from engine.campaign.nearest import shares
from engine.model.encode import Encoder, source
from engine.model.fit import Response

CENTRES = 60
MIN_ROWS = 20 * CENTRES
SAMPLE = 20_000
INSIDE = 0.99  # of past recipients are within the limit


@dataclass(frozen=True, slots=True, eq=False)
class Likeness:
    """weight: of each column of the encoder; centres: (centres, columns), weighted; limit: the largest distance that
    counts as alike."""

    encoder: Encoder
    weight: np.ndarray
    centres: np.ndarray
    limit: float

    def alike(self, customers: pd.DataFrame) -> np.ndarray:
        """Whether each customer is like those written to. `customers` has model columns, see rows.customer_columns."""
        return _distance(self._weighted(customers), self.centres) <= self.limit

    def strangest(self, customers: pd.DataFrame, most: int = 2) -> list[str]:
        """The features in which the customers that are unlike differ most from the nearest centre."""
        weighted = self._weighted(customers)
        weighted = weighted[_distance(weighted, self.centres) > self.limit]
        if not len(weighted):
            return []
        off = np.square(weighted - self.centres[_squares(weighted, self.centres).argmin(axis=1)]).mean(axis=0)
        by_feature = pd.Series(off).groupby([source(c) for c in self.encoder.columns]).sum()
        return [str(name) for name in by_feature.nlargest(most).index]

    def _weighted(self, customers: pd.DataFrame) -> np.ndarray:
        return self.encoder.matrix(customers) * self.weight

    def to_json(self) -> dict:
        return {
            "encoder": self.encoder.to_json(),
            "weight": self.weight.round(6).tolist(),
            "centres": self.centres.round(6).tolist(),
            "limit": self.limit,
        }

    @staticmethod
    def from_json(stored: dict) -> "Likeness":
        encoder = Encoder.from_json(stored["encoder"])
        return Likeness(encoder, np.array(stored["weight"]), np.array(stored["centres"]), stored["limit"])


def learn(features: pd.DataFrame, order: Response, seed: int) -> Likeness | None:
    """From the features of single messages that were sent; None where there are too few, or nothing of customers in
    what the order model looks at."""
    if len(features) < MIN_ROWS:
        return None
    encoder = _of_customers(order.encoder, {*rows.of_campaign(features), "channel"})
    worth = shares(order, features, {source(column) for column in encoder.columns})
    if not worth:
        return None
    weight = _weights(encoder.columns, worth)
    random = np.random.default_rng(seed)
    some = random.choice(len(features), min(len(features), SAMPLE), replace=False)
    weighted = encoder.matrix(features.iloc[np.sort(some)]) * weight
    centres = KMeans(CENTRES, n_init=1, random_state=seed).fit(weighted).cluster_centers_
    return Likeness(encoder, weight, centres, float(np.quantile(_distance(weighted, centres), INSIDE)))


def _of_customers(encoder: Encoder, of_messages: set[str]) -> Encoder:
    """The order model's encoding of customers alone. A number that was always known is strange where it is not."""
    numbers = {c: known for c, known in encoder.numbers.items() if c not in of_messages and "|x " not in c}
    levels = {c: known for c, known in encoder.levels.items() if c not in of_messages}
    return Encoder(numbers, tuple(numbers), levels, {})


def _weights(columns: Sequence[str], worth: dict[str, float]) -> np.ndarray:
    """A feature's worth, shared by its columns."""
    features = [source(column) for column in columns]
    return np.array([worth.get(name, 0.0) / np.sqrt(features.count(name)) for name in features])


def _squares(weighted: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """(customers, centres): squared distances."""
    found = np.square(weighted).sum(axis=1)[:, None] - 2 * weighted @ centres.T + np.square(centres).sum(axis=1)
    return np.maximum(found, 0.0)


def _distance(weighted: np.ndarray, centres: np.ndarray) -> np.ndarray:
    return np.sqrt(_squares(weighted, centres).min(axis=1))
