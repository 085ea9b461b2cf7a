"""What an order is worth before discount, learned from the revenue of past orders."""

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge

from engine.campaign import rows as feature_rows
from engine.model.encode import Encoder, learn
from engine.model.fit import MIN_SUCCESSES


@dataclass(frozen=True, slots=True)
class Value:
    """List value of an order before discount: log value = intercept + weights x columns, residual sd `spread`."""

    encoder: Encoder
    intercept: float
    weights: np.ndarray
    spread: float
    low: float  # 1st and 99th percentile of past orders: no forecast beyond them
    high: float
    orders: int
    smearing: float  # scales exp(log) to the mean seen in the past (Duan 1983)

    def predict(self, frame: pd.DataFrame) -> np.ndarray:
        """Expected list value per order, money, one per row."""
        return self.encoded(self.encoder.matrix(frame))

    def encoded(self, matrix: np.ndarray) -> np.ndarray:
        """The same for rows that are encoded already."""
        return self.from_log(self.intercept + matrix @ self.weights)

    def from_log(self, log: np.ndarray) -> np.ndarray:
        """The same from expected logs."""
        return np.clip(np.exp(log) * self.smearing, self.low, self.high)

    def to_json(self) -> bytes:
        """As `stored` reads it."""
        facts = {name: getattr(self, name) for name in ("intercept", "spread", "low", "high", "orders", "smearing")}
        facts |= {"encoder": self.encoder.to_json(), "weights": self.weights.tolist()}
        return json.dumps(facts).encode()


def list_value(
    revenue: pd.Series, offer_kind: pd.Series, discount: pd.Series, min_spend: pd.Series | float = 0.0
) -> pd.Series:
    """Order value before the discount, from revenue after it; an order below `min_spend` had none."""
    fraction = discount.where(offer_kind.eq("percent"), 0.0).fillna(0.0).clip(0, 0.95)
    amount = discount.where(offer_kind.isin(["amount", "spend_save"]), 0.0).fillna(0.0)
    before = revenue / (1 - fraction) + amount
    least = min_spend.fillna(0.0) if isinstance(min_spend, pd.Series) else min_spend
    return before.where(before >= least, revenue)


def learn_value(sent: pd.DataFrame, features: pd.DataFrame, campaigns: pd.DataFrame) -> Value | None:
    """Ridge on log list value of past orders; None where fewer than MIN_SUCCESSES orders carry revenue.

    `sent` has campaign_id, converted and revenue; `features` is aligned with it.
    """
    if "revenue" not in sent:
        return None
    bought = (sent["converted"] > 0) & (sent["revenue"] > 0)
    if sent.loc[bought, "converted"].sum() < MIN_SUCCESSES:
        return None
    described = (
        campaigns.drop_duplicates("campaign_id").set_index("campaign_id").reindex(sent.loc[bought, "campaign_id"])
    )
    described = described.reindex(columns=["offer_kind", "discount", "min_spend"])
    kind = described["offer_kind"].astype("str").fillna("")
    discount, least = described["discount"].astype("float64"), described["min_spend"].astype("float64")
    orders = sent.loc[bought, "converted"].to_numpy("float64")
    per_order = pd.Series(sent.loc[bought, "revenue"].to_numpy("float64") / orders, described.index)
    value = list_value(per_order, kind, discount, least).to_numpy("float64")
    features = features[bought]
    encoder = learn(features, orders, dict.fromkeys(feature_rows.of_campaign(features), 0.5))
    matrix, log = encoder.matrix(features), np.log(value)
    model = Ridge(alpha=50.0).fit(matrix, log, sample_weight=orders)
    fitted = model.predict(matrix)
    low, high = np.quantile(value, [0.01, 0.99])
    smearing = float(np.average(np.clip(value, low, high), weights=orders) / np.average(np.exp(fitted), weights=orders))
    return Value(
        encoder,
        float(model.intercept_),
        model.coef_,
        float(np.std(log - fitted)),
        float(low),
        float(high),
        int(orders.sum()),
        smearing,
    )


def stored(content: bytes) -> Value:
    """The value model that `Value.to_json` wrote."""
    facts = json.loads(content)
    encoder, weights = Encoder.from_json(facts.pop("encoder")), np.array(facts.pop("weights"))
    return Value(encoder=encoder, weights=weights, **facts)
