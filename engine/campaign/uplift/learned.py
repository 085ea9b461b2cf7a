"""What one shop's holdouts taught about the effect of writing: an effect with its range for any customer."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from engine.campaign.uplift import crossfit, learners, people
from engine.campaign.uplift.crossfit import FOLDS, CrossFitted
from engine.campaign.uplift.evidence import Evidence
from engine.campaign.uplift.learners import Trial
from engine.campaign.uplift.worth import HeldOut
from engine.model.encode import Encoder, learn
from engine.shop.store import Shop

Progress = Callable[[float, str], None]
RANGE = 0.8  # level of a single customer's range
EDGES = (0.005, 0.995)  # nothing is said of values beyond these quantiles of the past: they count as the nearest


@dataclass(frozen=True, slots=True)
class Learned:
    """limits: lowest and highest value of each number. attributes, with_history: what customers are told apart by.

    held_out: the past messages as judged by models of other customers. facts: sizes, dates, learners, for a report.
    """

    found: CrossFitted
    encoder: Encoder
    limits: dict[str, tuple[float, float]]
    attributes: tuple[str, ...]
    with_history: bool
    held_out: HeldOut
    facts: dict

    def of(self, columns: pd.DataFrame) -> pd.DataFrame:
        """uplift, low, high (RANGE), alike_low, alike_high, anyway: one row per row of customer columns.

        uplift: change of the probability to order; low, high: of customers with these columns; alike_low, alike_high:
        mean of all customers of whom as much is expected; anyway: probability to order without the message.
        """
        matrix = self.encoder.matrix(clipped(columns, self.limits))
        score = self.found.effect.predict(matrix)
        line = self.found.line
        effect, alike = line.effect(score), line.sd(score)
        own = np.sqrt(alike**2 + (line.slope * self.found.deviation.sd(matrix)) ** 2)
        reach = float(stats.norm.ppf(0.5 + RANGE / 2))
        sent, not_sent = self.found.arms.predict(matrix)
        anyway = learners.anyway(sent, not_sent, effect, float(self.facts["propensity"]))
        parts = {
            "uplift": effect, "low": effect - reach * own, "high": effect + reach * own,
            "alike_low": effect - reach * alike, "alike_high": effect + reach * alike, "anyway": anyway,
        }  # fmt: skip
        return pd.DataFrame(parts, index=columns.index)


def clipped(columns: pd.DataFrame, limits: dict[str, tuple[float, float]]) -> pd.DataFrame:
    """Numbers within what the past has seen."""
    inside = {
        name: pd.to_numeric(columns[name], errors="coerce").astype("float64").clip(*limits[name])
        for name in limits
        if name in columns
    }
    return columns.assign(**inside)


def learn_from(
    shop: Shop,
    past: Evidence,
    own: pd.DataFrame,
    with_history: bool = True,
    seed: int = 0,
    progress: Progress = lambda share, text: None,
) -> Learned:
    """Learners on past messages, told apart by the attributes `own` (by customer_id) and by what customers did before.

    Needs evidence that is "ready" (evidence.refuse).
    """
    rows = past.rows
    progress(0.05, "Reading what was known of customers")
    with_history = with_history and people.history_worth(shop, rows)
    columns = people.past_columns(shop, rows, own, with_history)
    columns = people.without_answers(rows, columns)
    numbers = [str(c) for c in columns if pd.api.types.is_numeric_dtype(columns[c]) and columns[c].notna().any()]
    limits = {c: _limits(columns[c]) for c in numbers}
    columns = clipped(columns, limits)
    encoder = learn(columns, np.ones(len(columns)), {})
    trial = Trial(
        encoder.matrix(columns),
        *(rows[name].to_numpy("float64") for name in ("treated", "converted", "propensity")),
    )
    customer, campaign = (pd.factorize(rows[name])[0] for name in ("customer_id", "campaign_id"))
    progress(0.25, "Learning what writing changes")
    found = crossfit.cross_fit(
        trial, fold_of(rows["customer_id"]), customer, campaign, seed,
        lambda share: progress(0.25 + 0.7 * share, "Learning what writing changes"),
    )  # fmt: skip
    told = {
        **past.facts(),
        "propensity": float(trial.propensity.mean()),
        "learner": found.chosen,
        "qini": {name: one.to_json() for name, one in found.qini.items()},
        "average_uplift": found.average.to_json(),
        "interval_level": crossfit.LEVEL,
        "range_level": RANGE,
        "split": f"{FOLDS} folds by customer, cross-fitted",
        "columns": list(encoder.numbers) + list(encoder.levels),
        "seed": seed,
    }
    held_out = HeldOut(found.held_out, found.anyway, found.gamma, found.gamma_anyway, customer, campaign, found.chance)
    return Learned(found, encoder, limits, tuple(map(str, own)), with_history, held_out, told)


def _limits(values: pd.Series) -> tuple[float, float]:
    low, high = np.nanquantile(values.to_numpy("float64"), EDGES)
    return float(low), float(high)


def fold_of(customer: pd.Series) -> np.ndarray:
    """0 to FOLDS - 1, by a hash of the id: all rows of a customer in one fold, whatever the order of rows."""
    ids = customer.drop_duplicates()
    folds = {one: int.from_bytes(hashlib.blake2b(str(one).encode(), digest_size=4).digest()) % FOLDS for one in ids}
    return customer.map(folds).to_numpy("int64")
