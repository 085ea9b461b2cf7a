"""What a row of `measured` comes to, in words: its verdict with the reason, and what to keep in mind beside it."""

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from engine.outcome.measured import AGREES, FEWEST_HELD, FEWEST_ORDERED
from engine.sentences import Sentence

HANDED = ("gift", "free_shipping", "points", "buy_x_get_y")  # offers that cost more than a discount in the orders
UNLIKE = 0.05  # p below which one group was reached by others more often than chance explains


def reason(row: pd.Series) -> Sentence:
    """Why the verdict of a row is what it is."""
    values: dict[str, Any] = {
        "days": row["days"], "known_on": row["known_on"].isoformat(), "until": row["orders_until"].isoformat(),
        "ordered": _count(row["sent_ordered"] + row["held_ordered"]), "held": _count(row["held_out"]),
        "sent": _count(row["sent"]), "fewest": FEWEST_ORDERED, "fewest_held": FEWEST_HELD,
        "found": f"{_number(row['orders_found']):.0%}", "least": f"{AGREES:.0%}",
    }  # fmt: skip
    if row["verdict"] == "unclear":
        chance = _number(row["chance_of_loss"])
        return Sentence("measured.reason_unclear", values | {"chance": f"{chance:.0%}"})
    return Sentence(f"measured.reason_{row['verdict']}", values)


def cautions(rows: pd.DataFrame, days: int) -> tuple[Sentence, ...]:
    """What to keep in mind with one plan's result at so many days. rows: all rows of the plan."""
    by_days = rows.set_index("days")
    if days not in by_days.index:
        return ()
    row, said = by_days.loc[days], []
    if row["reached_by_others_sent"] or row["reached_by_others_held"]:
        said.append(_others(row, days))
    if pulled_forward(rows):
        said.append(Sentence("measured.pulled_forward"))
    if row["offer_kind"] in HANDED:
        said.append(Sentence("measured.note_handed"))
    if np.isnan(_number(row["send_cost"])):
        said.append(Sentence("measured.note_send_cost"))
    if row["not_compared"]:
        values = {
            "apart": _count(row["not_compared"]),
            "all": _count(row["sent"] + row["held_out"] + row["not_compared"]),
            "sent": _count(row["sent"]),
        }
        said.append(Sentence("measured.note_not_compared", values))
    if row["basis"] == "incremental" and np.isnan(_number(row["ratio_p"])):
        said.append(Sentence("measured.note_no_propensity"))
    if row["is_over"] and days < 30:
        said.append(Sentence("measured.note_returns", {"until": row["orders_until"].isoformat()}))
    return tuple(said)


def pulled_forward(rows: pd.DataFrame) -> bool:
    """Whether the extra orders of the first 7 days stand out from chance, and less than half are left at 30 days."""
    by_days = rows[rows["is_over"] == 1].set_index("days")
    if not {7, 30} <= set(by_days.index):
        return False
    early, late = by_days.loc[7], by_days.loc[30]
    return bool(early["extra_orders_low"] > 0 and late["extra_orders"] < early["extra_orders"] / 2)


def _others(row: pd.Series, days: int) -> Sentence:
    """How many of each group another campaign reached, and what that does to the comparison."""
    reached = np.array([row["reached_by_others_sent"], row["reached_by_others_held"]], dtype="float64")
    people = np.array([row["sent"], row["held_out"]], dtype="float64")
    values = {
        "days": days, "sent": _count(reached[0]), "held": _count(reached[1]),
        "sent_share": f"{reached[0] / max(people[0], 1):.0%}", "held_share": f"{reached[1] / max(people[1], 1):.0%}",
    }  # fmt: skip
    if not people[1]:
        return Sentence("measured.others_sent_only", values)
    table = np.array([reached, np.maximum(people - reached, 0)])
    unlike = table.sum(axis=1).all() and stats.fisher_exact(table).pvalue < UNLIKE
    more = reached[1] / people[1] > reached[0] / people[0]
    key = ("others_held_more" if more else "others_sent_more") if unlike else "others_alike"
    return Sentence(f"measured.{key}", values)


def _count(value: object) -> str:
    number = _number(value)
    return "–" if np.isnan(number) else f"{int(number):,}"


def _number(value: Any) -> float:
    return float("nan") if value is None or pd.isna(value) else float(value)
