"""What an order is worth, from the shop's orders alone."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np
import pandas as pd

from engine.campaign.scene import Scene
from engine.shop.store import Shop

Source = Literal["audience", "shop", "typed", "learned"]
DAYS = 365  # looked back: prices and ranges change


@dataclass(frozen=True, slots=True)
class Basket:
    """List value of an order before discount: mean, log-sd, the orders behind it and the last one's day.

    source: the orders of this audience, of the whole shop, a value that somebody typed, or one learned from campaigns;
    the last two know neither orders nor spread.
    """

    value: float
    spread: float
    orders: int
    last_day: str
    source: Source


def stated(value: float, source: Source) -> Basket:
    return Basket(value, 0.0, 0, "", source)


def basket(shop: Shop, scene: Scene, as_of: date) -> Basket | None:
    """From the year's orders of the audience, or the shop's where those are few; None without any."""
    past = scene.baskets
    if past.whose != "assumed":
        return Basket(float(past.value.mean()), float(np.log(past.value).std()), past.orders, past.last, past.whose)
    return few(shop, as_of)


def few(shop: Shop, as_of: date) -> Basket | None:
    """From the year's orders of a shop that has too few to say how its baskets are made up; None without any."""
    if not shop.rows("orders"):
        return None
    lines = shop.table("orders", ["order_id", "customer_id", "ordered_at", "quantity", "unit_price"])
    start, end = pd.Timestamp(as_of - timedelta(days=DAYS)), pd.Timestamp(as_of)
    lines = lines[(lines["quantity"] > 0) & (lines["ordered_at"] >= start) & (lines["ordered_at"] < end)]
    return _of(lines, "shop")


def _of(lines: pd.DataFrame, source: Source) -> Basket | None:
    worth = (lines["quantity"] * lines["unit_price"]).groupby([lines["customer_id"], lines["order_id"]]).sum()
    worth = worth[worth > 0]
    if worth.empty:
        return None
    low, high = np.quantile(worth, [0.01, 0.99])  # as the learned order values: no forecast beyond them
    values = np.clip(worth, low, high)
    last = lines["ordered_at"].max().date().isoformat()
    return Basket(float(values.mean()), float(np.log(values).std(ddof=0)), len(values), last, source)
