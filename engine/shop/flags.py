"""Rows that are kept and worth a look: how many there are of each kind."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

# Tukey's outer fence (Exploratory Data Analysis, 1977), on logarithms: prices and quantities are skewed, and on their
# own scale the fence would flag every large order of a shop that sells both pins and pianos.
FENCE = 3.0
ENOUGH = 200  # values from which quartiles say something

# When a row of each table happened: not planned ahead, as a campaign's start may be.
_HAPPENED = {
    "orders": "ordered_at", "events": "occurred_at", "deliveries": "sent_at", "campaign_results": "date", "ads": "date",
    "reviews": "written_at", "customers": "joined_at",
}  # fmt: skip


def flags(name: str, kept: pd.DataFrame, now: datetime | None = None, time_zone: str = "UTC") -> dict[str, int]:
    """Rows of table `name` by what is odd about them; they are all kept. Nothing that did not occur is named.

    `now` is the moment after which a row cannot have happened yet; None leaves that out.
    """
    found: dict[str, int] = {}
    if name == "orders":
        found["same order line twice (kept)"] = int(kept.duplicated().sum())
        found["price 0 (kept)"] = int((kept["unit_price"] == 0).sum())
        for column, words in (("quantity", "quantity"), ("unit_price", "price")):
            fence = outer_fence(kept[column].abs())
            if fence is not None:
                found[f"{words} beyond {fence:,.0f}, far above the usual (kept)"] = int(
                    (kept[column].abs() > fence).sum()
                )
    if name == "ads" and "conversions" in kept:
        found["more conversions than clicks (view-through, kept)"] = int((kept["conversions"] > kept["clicks"]).sum())
        found["more clicks than impressions (kept)"] = int((kept["clicks"] > kept["impressions"]).sum())
    if now is not None and (at := _HAPPENED.get(name)) in kept:
        here = now.astimezone(ZoneInfo(time_zone)).replace(tzinfo=None) if now.tzinfo else now
        # A day more is let pass: clocks and time zones differ.
        found[f"{at} lies in the future (kept)"] = int((kept[at] > here + timedelta(days=1)).sum())
    return {what: count for what, count in found.items() if count}


def outer_fence(values: pd.Series) -> float | None:
    """The value above which one is far out; None for too few values, or where half of them are the same."""
    positive = values[values > 0]
    if len(positive) < ENOUGH:
        return None
    low, high = np.log(positive.quantile([0.25, 0.75]))
    return float(np.exp(high + FENCE * (high - low))) if high > low else None
