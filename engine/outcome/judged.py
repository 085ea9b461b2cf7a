"""Forecasts on record beside what came: one row per plan and figure.

Forecasts are those of engine.outcome.on_record. What came is what deliveries, a mail tool's totals or ads say, for that
is what forecasts are learned from; what none of them tells is counted from the shop's own orders, where who was sent
and who was left out is known (engine.outcome.measured). A rate or a count held if it lies in its 80 % range. Extra
orders and extra profit are never seen, only measured: they held if what was measured is no further from the forecast
than both ranges together allow.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from scipy import stats

from engine.model.ranges import LEVEL
from engine.outcome.on_record import OnRecord

FIGURES = ("ctr", "order_rate", "orders", "extra_orders", "revenue", "extra_profit")
MEASURED = ("extra_orders", "extra_profit")  # never counted
RATES = ("ctr", "order_rate")
COLUMNS = [
    "plan_id", "name", "channel", "figure", "forecast", "low", "high", "actual", "actual_low", "actual_high", "error",
    "held", "trials", "source", "basis", "supported", "is_approved", "submitted_at", "model", "data_until", "seq",
    "starts_at", "known_on", "is_over",
]  # fmt: skip
_REACH = {"forecast": stats.norm.ppf(0.5 + LEVEL / 2), "measured": stats.norm.ppf(0.975)}  # 80 % and 95 %, in sd
_SHOWN_AS_ADS = ("ad", "social", "xiaohongshu")  # channels of plans whose results an ad account may keep
# Verdicts of a measured plan whose counts stand. Too few to compare is among them: without plans of which hardly
# anybody ordered, forecasts would look better than they are.
_TRUSTED = ("gained", "lost", "unclear", "no_holdout", "too_few")


@dataclass(frozen=True, slots=True)
class Came:
    """What came of one figure; low, high: 95 %, None where it was counted. trials: messages or impressions of it."""

    value: float
    low: float | None
    high: float | None
    trials: float
    source: str


def judged(made: Sequence[OnRecord], past: pd.DataFrame, measured: pd.DataFrame | None, until: date) -> pd.DataFrame:
    """COLUMNS: a row per plan and figure that was forecast; actual and held are missing where nothing is known yet.

    past: engine.outcome.past.campaigns; measured: engine.outcome.measured.measured, None without orders. `until`: the
    day up to which the shop's data reach; before known_on no row is judged. error: actual - forecast.
    """
    rows = []
    for one in made:
        came = _came(one, past, measured)
        for figure in FIGURES:
            value = one.forecast.get(figure)
            if value is not None and value == value:
                rows.append(_row(one, figure, came.get(figure), until))
    return pd.DataFrame(rows, columns=COLUMNS)


def _row(one: OnRecord, figure: str, came: Came | None, until: date) -> dict:
    value: float = one.forecast[figure]
    low, high = (one.forecast.get(f"{figure}_{end}") for end in ("low", "high"))
    is_over = one.over_from <= until
    counts = came if is_over else None
    row = {
        "plan_id": one.plan_id, "name": one.name, "channel": one.channel, "figure": figure, "forecast": value,
        "low": low, "high": high, "source": came.source if came else "", "basis": str(one.forecast.get("basis") or ""),
        "supported": int(bool(one.forecast.get("supported"))), "is_approved": int(one.is_approved),
        "submitted_at": one.submitted_at, "model": one.model, "data_until": one.data_until, "seq": one.seq,
        "starts_at": one.starts_at, "known_on": one.over_from, "is_over": int(is_over),
    }  # fmt: skip
    if counts is not None:
        row |= {"actual": counts.value, "actual_low": counts.low, "actual_high": counts.high, "trials": counts.trials}
        row |= {"error": counts.value - value, "held": _held(value, low, high, counts)}
    return row


def _held(value: float, low: float | None, high: float | None, came: Came) -> float:
    """1 or 0; NaN for a forecast without a range."""
    if low is None or high is None or low != low or high != high:
        return float("nan")
    if came.low is None or came.high is None:
        return float(low <= came.value <= high)
    # The side on which it fell has its own width: profit is skewed.
    own = (high - value if came.value > value else value - low) / _REACH["forecast"]
    luck = (came.value - came.low if came.value > value else came.high - came.value) / _REACH["measured"]
    return float(abs(came.value - value) <= _REACH["forecast"] * float(np.hypot(own, luck)))


# --- what came ---


def _came(one: OnRecord, past: pd.DataFrame, measured: pd.DataFrame | None) -> dict[str, Came]:
    """By figure; what is recorded of the messages before what the shop's own orders add.

    Ads may run under a plan's id beside its messages: they judge a plan of ads alone, and there where no message does.
    """
    found: dict[str, Came] = {}
    if measured is not None:
        own = measured[(measured["plan_id"] == one.plan_id) & (measured["is_window"] == 1)]
        for row in own.to_dict("records"):
            if row["is_over"] and row["verdict"] in _TRUSTED:
                found |= _from_orders(row)
    recorded = past[past["campaign_id"] == one.plan_id].to_dict("records")
    ads = [row for row in recorded if row["source"] == "ads" and one.channel in _SHOWN_AS_ADS]
    for row in [*ads, *(row for row in recorded if row["source"] != "ads")]:
        found |= _reported(row)
    return found


def _reported(row: dict) -> dict[str, Came]:
    """Of deliveries, totals or ads. Their revenue has tax and returns in it, which a forecast leaves out."""
    source = str(row["source"])
    orders_of = float(row["orders_of"] or np.nan)
    found = {"ctr": Came(row["ctr"], None, None, float(row["clicked_of"] or np.nan), source)}
    if source != "ads":  # orders of an ad are of its clicks
        found["order_rate"] = Came(row["order_rate"], None, None, orders_of, source)
    found["orders"] = Came(row["orders"], None, None, orders_of, source)
    extra, low, high = (row[name] for name in ("extra_orders", "extra_orders_low", "extra_orders_high"))
    found["extra_orders"] = Came(extra, low, high, orders_of, source)
    return {name: one for name, one in found.items() if one.value is not None and one.value == one.value}


def _from_orders(row: dict) -> dict[str, Came]:
    """Of the shop's own orders inside the plan's window."""
    sent = float(row["sent"])
    found = {
        "order_rate": Came(float(row["sent_ordered"]) / sent, None, None, sent, "orders"),
        "orders": Came(float(row["sent_ordered"]), None, None, sent, "orders"),
        "revenue": Came(float(row["attributed_revenue"]), None, None, sent, "orders"),
    }
    for name in MEASURED:
        value, low, high = (float(row[end]) for end in (name, f"{name}_low", f"{name}_high"))
        if value == value:
            found[name] = Came(value, low, high, sent, "orders")
    return found
