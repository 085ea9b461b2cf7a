"""One plan at several sizes of its discount: what to bring to the argument about it."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from engine.campaign.expected import Forecast, Range
from engine.campaign.forecast import evaluate_steps
from engine.campaign.response import Models
from engine.campaign.scene import Scene
from engine.shop.store import Shop

NOTHING, FULL_PRICE = "nothing", "full_price"
WITH_SIZE = ("percent", "amount")  # kinds of offer whose size is one number
_BARE = {"offer_kind": "none", "discount": None, "min_spend": None, "tiers": (), "max_discount": None}
_RANGED = ("extra_profit", "roi", "extra_orders", "orders")


def curve(
    shop: Shop, models: Models, scenes: Sequence[Scene], steps: Sequence[dict], sizes: Sequence[float], seed: int = 0
) -> pd.DataFrame:
    """Profit and ROI over the size of the discount, everything else as in `steps`; at 0 it is full price.

    Columns discount, supported, verdict, chance_of_loss, and extra_profit, roi, extra_orders, orders, each with _low
    and _high; money is NaN where nothing like it was tried.
    """
    found = [(size, _at(shop, models, scenes, steps, {"discount": size} if size else _BARE, seed)) for size in sizes]
    return pd.DataFrame(
        [
            {
                "discount": size,
                "supported": forecast.supported,
                "verdict": forecast.verdict,
                "chance_of_loss": _or_nan(forecast.chance_of_loss),
            }
            | _ranges(forecast)
            for size, forecast in found
        ]
    )


def table(
    shop: Shop, models: Models, scenes: Sequence[Scene], steps: Sequence[dict], sizes: Sequence[float], seed: int = 0
) -> pd.DataFrame:
    """Send nothing, send at full price, and each size of the discount (of percent where the offer has no size).

    Columns option (nothing, full_price, discount), discount, kind, supported, reason, discount_on_anyway,
    discount_cost, margin_after_discount, break_even_orders, chance_of_loss, verdict, test_on, and extra_profit, roi,
    extra_orders, orders, each with _low and _high. Money of what was never tried is NaN, and `reason` says why.
    """
    kind = steps[0].get("offer_kind")
    sized = {"offer_kind": kind if kind in WITH_SIZE else "percent"}
    asked = [(FULL_PRICE, 0.0, _BARE), *(("discount", size, sized | {"discount": size}) for size in sizes)]
    rows = [_nothing()]
    for option, size, changes in asked:
        forecast = _at(shop, models, scenes, steps, changes, seed)
        rows.append({"option": option, "discount": size, "kind": str(changes["offer_kind"])} | _row(forecast))
    return pd.DataFrame(rows)


def _at(
    shop: Shop, models: Models, scenes: Sequence[Scene], steps: Sequence[dict], changes: dict, seed: int
) -> Forecast:
    return evaluate_steps(shop, models, scenes, [step | changes for step in steps], seed, money_only=True)


def _nothing() -> dict:
    """Sending nothing costs nothing and brings nothing that would not have come anyway."""
    counts = [f"{name}{end}" for name in ("extra_profit", "extra_orders") for end in ("", "_low", "_high")]
    counts += ["discount_on_anyway", "discount_cost", "chance_of_loss", "test_on"]
    said = {"option": NOTHING, "discount": np.nan, "kind": "", "supported": True, "reason": "", "verdict": ""}
    return said | dict.fromkeys(counts, 0.0)


def _row(forecast: Forecast) -> dict:
    return {
        "supported": forecast.supported,
        "reason": "" if forecast.supported else forecast.reason(),
        "verdict": forecast.verdict,
        "test_on": forecast.test_on,
        "discount_on_anyway": _value(forecast.discount_on_anyway),
        "discount_cost": _value(forecast.discount_cost),
        "margin_after_discount": _or_nan(forecast.margin_after_discount),
        "break_even_orders": _or_nan(forecast.break_even_orders),
        "chance_of_loss": _or_nan(forecast.chance_of_loss),
    } | _ranges(forecast)


def _ranges(forecast: Forecast) -> dict[str, float]:
    result: dict[str, float] = {}
    for name in _RANGED:
        found: Range | None = getattr(forecast, name)
        for end, value in (("", "value"), ("_low", "low"), ("_high", "high")):
            result[f"{name}{end}"] = getattr(found, value) if found else np.nan
    return result


def _value(found: Range | None) -> float:
    return found.value if found else np.nan


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value
