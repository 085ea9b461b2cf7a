"""Whether a plan worked better for some customers than for others: by how often they had ordered before it was sent.

Groups are of the year before the send, which no message could have changed; today's segments could have been.
"""

import numpy as np
import pandas as pd

from engine.errors import NotEnoughData
from engine.outcome import joined
from engine.outcome.experiments import people as tested
from engine.outcome.joined import BEFORE, Known

GROUPS = ("none", "one", "few", "many")  # orders in the year before: 0, 1, 2 to 4, 5 or more
_FROM = (1, 2, 5)
COLUMNS = [
    "group", "sent", "sent_ordered", "held_out", "held_ordered", "lift", "low", "high", "p_value", "p_adjusted",
    "interaction_p", "differs_by_group",
]  # fmt: skip


def compared(known: Known, plan_id: str, days: int) -> pd.DataFrame:
    """COLUMNS: one row per group of GROUPS with enough customers sent and left out (people.FEWEST_IN_GROUP).

    lift: of the share who ordered within `days`, with its 95 % interval; p_adjusted: Holm over the groups.
    differs_by_group: whether the groups differ by more than chance, which alone says that it worked better for some.
    Empty where nobody was left out, where chances differed between customers, or where groups are too small.
    """
    nothing = pd.DataFrame(columns=COLUMNS)
    people = known.people.get(plan_id)
    people = people[people["global_holdout"] != 1] if people is not None else None
    if people is None or people["treated"].nunique() < 2 or people["propensity"].round(9).nunique(dropna=False) > 1:
        return nothing
    orders = joined.sums(known, people, -BEFORE, 0)[:, 0]
    table = pd.DataFrame(
        {
            "variant": np.where(people["treated"].eq(1), "sent", tested.BASELINE),
            "group": np.array(GROUPS)[np.searchsorted(_FROM, orders, side="right")],
            "converted": joined.outcomes(known, people, days)[:, 0],
        }
    )
    try:
        found = tested.by_group(table, "group")
    except NotEnoughData:
        return nothing
    named = {
        "visitors": "sent", "conversions": "sent_ordered", "base_visitors": "held_out",
        "base_conversions": "held_ordered",
    }  # fmt: skip
    found = found.rename(columns=named)
    place = found["group"].map(GROUPS.index)
    return found.loc[place.sort_values().index, COLUMNS].reset_index(drop=True)
