"""How often ranges held: of held-out campaigns, each beside the range it would have been given.

A campaign is predicted by what came before it (rolling origin); how far campaigns vary is learned from the others.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from engine.model import ranges
from engine.model.ranges import LEVEL

COLUMNS = ["campaign", "channel", "low", "high", "actual", "predicted"]


@dataclass(frozen=True, slots=True)
class Held:
    """inside of so many forecasts; low and high: 95 % interval of the share (Clopper and Pearson 1934)."""

    inside: int
    of: int
    low: float
    high: float


def held(inside: int, of: int) -> Held:
    """Coverage with its own uncertainty: 8 of 10 may be anything from 44 % to 97 %."""
    if not of:
        return Held(0, 0, 0.0, 1.0)
    found = stats.binomtest(inside, of).proportion_ci(0.95, "exact")
    return Held(inside, of, float(found.low), float(found.high))


def of_rates(held_out: pd.DataFrame) -> pd.DataFrame:
    """COLUMNS of every held-out campaign, earliest first as given: rates and the 80 % range of the rate.

    `held_out` has campaign, trials, successes, predicted, and may say channel.
    """
    rows = []
    for row in held_out.assign(channel=held_out.get("channel", "")).itertuples():
        others = ranges.variation(held_out.drop(index=row.Index))
        low, high = ranges.interval(row.predicted, row.trials, others.of(str(row.channel)))
        actual = row.successes / row.trials
        rows.append((row.campaign, row.channel, low, high, actual, row.predicted))
    return pd.DataFrame(rows, columns=COLUMNS)


def of_differences(judged: pd.DataFrame, usual: ranges.Prior) -> pd.DataFrame:
    """COLUMNS of extra order rates: what the holdouts showed, in the range of what was predicted and their own luck.

    `judged` has campaign, channel, seen, predicted, variance (of what is seen), order_rate.
    """
    relative = ((judged["seen"] - judged["predicted"]) / judged["order_rate"]).to_numpy()
    noise = (judged["variance"] / judged["order_rate"] ** 2).to_numpy()
    rows = []
    for at, row in enumerate(judged.itertuples()):
        others = ranges.learned(np.delete(relative, at), np.delete(noise, at), usual)
        quantile = stats.t.ppf(0.5 + LEVEL / 2, others.degrees if usual.degrees is None else usual.degrees)
        reach = quantile * row.order_rate * np.sqrt(others.sd**2 + noise[at])
        low, high = row.predicted - reach, row.predicted + reach
        rows.append((row.campaign, row.channel, low, high, row.seen, row.predicted))
    return pd.DataFrame(rows, columns=COLUMNS)


def card(rows: pd.DataFrame) -> dict:
    """For the model card: inside, of, low, high; the same by_channel; and the rows, earliest first."""
    inside = rows["actual"].between(rows["low"], rows["high"])

    def counted(which: pd.Series) -> dict:
        one = held(int(inside[which].sum()), int(which.sum()))
        return {"inside": one.inside, "of": one.of, "low": one.low, "high": one.high}

    channels = sorted(set(rows["channel"]) - {""})
    return counted(pd.Series(True, rows.index)) | {
        "level": LEVEL,
        "by_channel": {channel: counted(rows["channel"] == channel) for channel in channels},
        "rows": rows.to_dict("records"),
    }


def latest(rows: list[dict], count: int = 10) -> Held:
    """How many of the last so many forecasts held. `rows`: forecasts beside what came, earliest first, as in `card`."""
    last = rows[-count:]
    return held(sum(row["low"] <= row["actual"] <= row["high"] for row in last), len(last))
