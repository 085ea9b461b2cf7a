"""What the figures of a plan suggest to do next. A person decides; this is what the numbers say by themselves."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pandas as pd

from engine.campaign import window
from engine.decision import plans
from engine.decision.conclusions import Choice, Learning
from engine.outcome import results
from engine.sentences import Sentence
from engine.shop.features import default_as_of
from engine.shop.store import Shop

LEVEL = "95 %"
TABLE = [
    "plan_id", "name", "goal", "channel", "offer_kind", "discount", "groups", "rule", "starts_at", "ends_at", "choice",
    "suggested", "reason", "by", "recorded_by", "at", "earlier", "source", "basis", "is_over", "verdict", "window_days",
    "sent", "held_out", "orders", "extra_orders", "extra_orders_low", "extra_orders_high", "extra_profit",
    "extra_profit_low", "extra_profit_high", "known_until", "seq",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What the figures suggest, None where they suggest nothing, and why."""

    choice: Choice | None
    why: Sentence


def figures(shop: Shop, plan_id: str, measured: pd.DataFrame | None, reported: pd.DataFrame | None) -> dict[str, Any]:
    """The figures of a plan as they are kept with a conclusion; empty where nothing was measured.

    measured: as engine.outcome.measured gives it, from the shop's own orders; these count where there are any.
    reported: as `results.campaigns` gives it, from deliveries and totals; None where the shop has neither. source says
    which of the two. Ranges are 95 %, None where nobody was left out. Counts are customers, extra_profit is money;
    window_days is the time after the send that counts, is_over whether the data reaches to its end (1, 0), verdict that
    of `measured`, known_until the last day of the data. Raises StoreProblem for reports of what is no plan.
    """
    found = _measured(plan_id, measured) if measured is not None else {}
    return found or (_reported(shop, plan_id, reported) if reported is not None else {})


def _measured(plan_id: str, table: pd.DataFrame) -> dict[str, Any]:
    """Of the plan's own window."""
    mine = table[table["plan_id"].eq(plan_id) & table["is_window"].eq(1)]
    if mine.empty or pd.isna(mine.iloc[0]["sent_ordered"]):
        return {}
    row = mine.iloc[0]
    is_known = pd.notna(row["extra_orders"])
    ranges = [f"{name}{end}" for name in ("extra_orders", "extra_profit") for end in ("", "_low", "_high")]
    return {
        "source": "orders",
        "basis": str(row["basis"]),
        "window_days": _whole(row["days"]),
        "is_over": int(row["is_over"]),
        "verdict": str(row["verdict"]),
        "sent": _whole(row["sent"]),
        "held_out": _whole(row["held_out"]),
        "orders": _whole(row["sent_ordered"]),
        **{name: _real(row[name]) if is_known else None for name in ranges},
        "known_until": (pd.Timestamp(row["orders_until"]).date() - timedelta(days=1)).isoformat(),  # that day excluded
    }


def _reported(shop: Shop, plan_id: str, table: pd.DataFrame) -> dict[str, Any]:
    mine = table[table["campaign_id"].eq(plan_id)]
    if mine.empty:
        return {}
    row, as_of = mine.iloc[0], default_as_of(shop)
    plan = plans.load(shop.path, plan_id).plan
    ends = {"extra_orders": "", "extra_orders_low": "_low", "extra_orders_high": "_high"}
    return {
        "source": "reported",
        "basis": str(row["basis"]),
        "window_days": window.of_plan(shop.settings, plan),
        "is_over": int(window.last_day(shop.settings, plan) < as_of),
        "sent": _whole(row["sent"]),
        "held_out": _whole(row["held_out"]),
        "orders": _whole(row["orders"]),
        **{name: _real(row["sent"] * row[f"extra_per_1000{end}"] / results.PER) for name, end in ends.items()},
        "known_until": (as_of - timedelta(days=1)).isoformat(),
    }


def suggestion(measured: dict[str, Any]) -> Suggestion:
    """The rule: what paid is repeated, what lost is stopped, what cannot be told is tested again.

    A plan that surely brought orders and surely lost money is to be changed: its offer cost more than they brought.
    "Surely" is a 95 % range on one side of zero. Where no profit was measured, extra orders stand in for it, and the
    sentence says so. Before the plan's days are over nothing is suggested; nor is a comparison that cannot be trusted.
    """
    if not measured:
        return Suggestion(None, Sentence("learnings.nothing_measured"))
    if measured.get("is_over") == 0:
        return Suggestion(None, Sentence("learnings.not_over", {"days": measured["window_days"]}))
    if (verdict := measured.get("verdict")) in ("uneven", "elsewhere", "too_few"):
        return Suggestion("again", Sentence(f"learnings.{verdict}"))
    if measured.get("extra_orders") is None:
        return Suggestion("again", Sentence("learnings.nobody_left_out"))
    orders = _side(measured, "extra_orders")
    if measured.get("extra_profit") is not None:
        profit = _side(measured, "extra_profit")
        if profit > 0:
            return Suggestion("repeat", Sentence("learnings.paid"))
        if profit < 0:
            better = orders > 0
            return Suggestion("change" if better else "stop", Sentence(f"learnings.{'dear' if better else 'lost'}"))
        return Suggestion("again", Sentence("learnings.unclear"))
    if orders > 0:
        return Suggestion("repeat", Sentence("learnings.more_orders"))
    if orders < 0:
        return Suggestion("stop", Sentence("learnings.fewer_orders"))
    return Suggestion("again", Sentence("learnings.unclear"))


def as_table(learnings: list[Learning]) -> pd.DataFrame:
    """TABLE: a row for each, in their order; what was not measured is missing. Several groups are joined by "; "."""
    rows = [
        {name: getattr(one, name, None) for name in TABLE} | {"groups": "; ".join(one.groups)} | dict(one.measured)
        for one in learnings
    ]
    return pd.DataFrame(rows, columns=TABLE)


def _side(measured: dict[str, Any], name: str) -> int:
    """1 where the whole range is above zero, -1 where it is below, 0 where it holds zero."""
    return int(measured[f"{name}_low"] > 0) - int(measured[f"{name}_high"] < 0)


def _whole(value: float) -> int | None:
    return None if pd.isna(value) else round(float(value))


def _real(value: float) -> float | None:
    return None if pd.isna(value) else float(value)
