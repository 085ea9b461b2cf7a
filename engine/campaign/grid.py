"""Who orders under many settings of the sliders, at once: the customers are encoded once, every setting is one row.

A linear model's log-odds are those of the customer, plus those of the setting, plus those of the columns that hang on
both, which are so much times the curve of the discount. So are those of trees, leaf by leaf (engine.model.leaves).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit

from engine.campaign import rows, simulate
from engine.campaign.order_value import Value
from engine.campaign.response import Models
from engine.campaign.scene import Scene, said, setting
from engine.campaign.simulate import Orders
from engine.model.encode import Encoder
from engine.model.fit import Response
from engine.model.leaves import Pairs, raw_scores
from engine.shop.store import Shop


def orders(shop: Shop, models: Models, scene: Scene, steps: Sequence[dict]) -> list[Orders]:
    """`simulate.orders` of plans of one message each, one per row of `steps`."""
    assert models.value is not None, "asked only where order values were learned"
    grid = _Grid.of(shop, scene, steps)
    response = models.responses["order"]
    p = expit(grid.log_odds(response))
    value = grid.value(models.value)
    anyway = _unprompted(shop, models, scene, steps) if models.anyway is not None else None
    sent = (float(scene.reached.mean()),)
    found = []
    for k in range(len(steps)):
        quiet = anyway[k] if anyway is not None else None
        reached = np.where(scene.reached, p[k], np.zeros(len(p[k])) if quiet is None else quiet)
        found.append(Orders(reached, quiet, value[k], sent))
    return found


def _unprompted(shop: Shop, models: Models, scene: Scene, steps: Sequence[dict]) -> list[np.ndarray]:
    """Chances of an order without the message, per row of `steps`: those that differ in their offer share them."""
    known: dict[tuple, np.ndarray] = {}
    found = []
    for step in steps:
        key = tuple((name, str(value)) for name, value in step.items() if name not in _OF_OFFER)
        if key not in known:
            known[key] = simulate.unprompted(models, setting(shop, scene, step))
        found.append(known[key])
    return found


_OF_OFFER = {
    "offer_kind", "discount", "min_spend", "gift_product_id", "tiers", "max_discount", "audience_share", "holdout",
    "drawn",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Grid:
    """Settings as model columns: alone (one row each), and for both, what a discount's curve of 1 gives (one row per
    representative)."""

    scene: Scene
    alone: pd.DataFrame
    curve: np.ndarray
    keen: pd.DataFrame

    @staticmethod
    def of(shop: Shop, scene: Scene, steps: Sequence[dict]) -> "_Grid":
        frame = pd.DataFrame([said(scene, step) for step in steps])
        offer = rows.offer_columns(frame)
        message = rows.message_columns(frame, shop.settings.protected)
        full = {"discount|curve": np.ones(1)}
        keen = pd.DataFrame(rows.shared_columns(full, scene.known.get("discount_share")), index=scene.known.index)
        return _Grid(scene, pd.DataFrame({**offer, **message}), offer["discount|curve"], keen)

    def pairs(self, encoder: Encoder) -> Pairs:
        """The encoded rows in parts, for this encoder."""
        own = self.scene.latest("customers", encoder, None, lambda: encoder.matrix(self.scene.columns))
        alone, mixed = encoder.places(set(self.alone)), encoder.places(set(self.keen))
        settings = np.zeros((len(self.alone), own.shape[1]))
        encoder.write(settings, self.alone)
        none, full = np.zeros_like(own), np.zeros_like(own)
        encoder.write(none, self.keen * 0.0)
        encoder.write(full, self.keen)
        return Pairs(own * ~(alone | mixed), settings, none, full - none, self.curve, alone, mixed)

    def linear(self, pairs: Pairs, intercept: float, weights: np.ndarray) -> np.ndarray:
        """(settings, representatives): intercept and weights times columns."""
        of_customer = (pairs.own + pairs.at_zero) @ weights
        of_setting, of_both = pairs.settings @ weights, pairs.by_curve @ weights
        return intercept + of_customer + of_setting[:, None] + self.curve[:, None] * of_both

    def log_odds(self, response: Response) -> np.ndarray:
        """(settings, representatives): calibrated log-odds."""
        pairs = self.pairs(response.encoder)
        raw = self.linear(pairs, response.intercept, response.weights)
        return response.affine(raw if response.trees is None else raw + raw_scores(response.trees, pairs))

    def value(self, value: Value) -> np.ndarray:
        """(settings, representatives): list value of an order."""
        return value.from_log(self.linear(self.pairs(value.encoder), value.intercept, value.weights))
