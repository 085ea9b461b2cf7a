"""Randomised messages whose effect is known, for tests and the bench of what writing changes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from scipy.special import expit

from engine.campaign.uplift import crossfit
from engine.campaign.uplift.crossfit import CrossFitted
from engine.campaign.uplift.learners import Trial
from engine.campaign.uplift.worth import HeldOut
from engine.shop.store import Shop
from tests.tiny import shop_of

Kind = Literal["nothing", "everyone", "half", "gradual"]
COLUMNS = 6
SENT = 0.8


@dataclass(frozen=True, slots=True)
class Drawn:
    """Customers with columns, both probabilities to order, and what a draw of the holdout showed."""

    matrix: np.ndarray
    anyway: np.ndarray
    effect: np.ndarray
    treated: np.ndarray
    converted: np.ndarray

    @property
    def trial(self) -> Trial:
        return Trial(self.matrix, self.treated, self.converted, np.full(len(self.treated), SENT))


def drawn(kind: Kind, customers: int, seed: int) -> Drawn:
    """About 8 % order anyway. half: one half gains 6 points, the other loses 4; gradual: by a column, 2 on average."""
    random = np.random.default_rng(seed)
    matrix = random.normal(size=(customers, COLUMNS))
    anyway = expit(-2.6 + 0.5 * matrix[:, 0] - 0.4 * matrix[:, 1])
    third = matrix[:, 2]
    planted = {
        "nothing": np.zeros(customers),
        "everyone": np.full(customers, 0.03),
        "half": np.where(third > 0, 0.06, -0.04),
        "gradual": 0.02 + 0.02 * third,
    }[kind]
    effect = np.clip(anyway + planted, 0.002, 0.998) - anyway
    treated = (random.random(customers) < SENT).astype("float64")
    ordered = random.random(customers) < anyway + treated * effect
    return Drawn(matrix, anyway, effect, treated, ordered.astype("float64"))


def cross_fitted(data: Drawn, seed: int = 0) -> CrossFitted:
    """The learners of one draw; every customer got one message."""
    own = np.arange(len(data.treated))
    return crossfit.cross_fit(data.trial, own % crossfit.FOLDS, own, np.zeros(len(own), dtype="int64"), seed)


def held_out(found: CrossFitted) -> HeldOut:
    """Its held-out messages."""
    own = np.arange(len(found.gamma))
    return HeldOut(
        found.held_out, found.anyway, found.gamma, found.gamma_anyway, own, np.zeros(len(own), dtype="int64"),
        found.chance,
    )  # fmt: skip


def tables(data: Drawn, campaigns: int = 1) -> dict[str, pd.DataFrame]:
    """The same as a shop's tables: customers with attributes a, b, c, ..., campaigns and deliveries."""
    number = np.arange(len(data.treated))
    ids = np.char.add("customer", number.astype(str))
    ids[2:4] = ["NA", "null"]
    own = {name: data.matrix[:, place].round(6) for place, name in enumerate("abcdef")}
    starts = pd.Timestamp("2025-03-01") + pd.to_timedelta(14 * (number % campaigns), unit="D")
    return {
        "customers": pd.DataFrame({"customer_id": ids, **own}),
        "campaigns": pd.DataFrame(
            {
                "campaign_id": [f"k{one}" for one in range(campaigns)],
                "channel": "email",
                "starts_at": [
                    str((pd.Timestamp("2025-03-01") + pd.Timedelta(days=14 * n)).date()) for n in range(campaigns)
                ],
            }
        ),
        "deliveries": pd.DataFrame(
            {
                "campaign_id": np.char.add("k", (number % campaigns).astype(str)),
                "customer_id": ids,
                "sent_at": starts.strftime("%Y-%m-%d"),
                "treated": data.treated.astype(int),
                "propensity": SENT,
                "converted": data.converted.astype(int),
            }
        ),
    }


def shop(folder: Path, data: Drawn, campaigns: int = 1, without: tuple[str, ...] = ()) -> Shop:
    """A shop of these tables; `without` leaves columns of deliveries out."""
    made = tables(data, campaigns)
    return shop_of(folder, made | {"deliveries": made["deliveries"].drop(columns=list(without))})
