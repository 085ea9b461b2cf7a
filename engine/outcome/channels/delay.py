"""How long until a channel's result is known: the share of the orders of HORIZON days that had come by each day."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from engine.outcome.touches import HORIZON, Touches

DAYS = (1, 2, 3, 7, 14, 30)
KNOWN = 0.9  # of the final orders: from then on a result is called known
FEWEST_CAMPAIGNS, FEWEST_ORDERS = 3, 50
DRAWS = 400  # of campaigns, with replacement


@dataclass(frozen=True, slots=True)
class Delay:
    """Of one channel; basis: "extra" where a holdout tells what the messages added, else "attributed".

    curve: day (1..HORIZON), share, low, high (95 %, campaigns drawn anew). known_after: the first day by which KNOWN
    of the orders had come, with its range; None where it cannot be said: fewer campaigns or orders than needed, or
    extra orders that could be none.
    """

    channel: str
    basis: str
    campaigns: int
    orders: int
    last: pd.Timestamp
    curve: pd.DataFrame
    known_after: int | None
    known_low: int | None
    known_high: int | None

    def unsaid(self) -> "Delay":
        """The same, of which no share and no day is told."""
        curve = self.curve.assign(share=np.nan, low=np.nan, high=np.nan)
        return replace(self, curve=curve, known_after=None, known_low=None, known_high=None)


def delays(found: Touches, seed: int = 0) -> list[Delay]:
    """By channel: the delay of all orders after a message, and of the extra ones where customers were held out.

    Only campaigns that were over HORIZON days before the data end. Orders after a message are all orders of those
    written to, also those that would have come anyway: they arrive evenly, which makes that curve the slower one.
    """
    messages = found.messages
    ended = messages.groupby("campaign_id")["sent_at"].transform("max") + pd.Timedelta(days=HORIZON)
    is_over = (ended <= found.as_of).to_numpy()
    if not is_over.any():
        return []
    campaign, _ = pd.factorize(messages["campaign_id"])
    message = found.pairs["message"].to_numpy()
    day = np.floor(found.pairs["days"].to_numpy()).astype(int)
    pairs, treated = is_over[message] & (day < HORIZON), messages["treated"].to_numpy()
    size = (campaign.max() + 1, HORIZON)
    counts, people = {}, {}
    for name, group in (("sent", treated), ("held", ~treated)):
        arrived = np.zeros(size)
        chosen = pairs & group[message]
        np.add.at(arrived, (campaign[message[chosen]], day[chosen]), 1.0)
        counts[name] = np.cumsum(arrived, axis=1)
        people[name] = np.bincount(campaign[group & is_over], minlength=size[0]).astype("float64")
    channels = messages.groupby(campaign)["channel"].first()
    last = messages.loc[is_over].groupby("channel")["sent_at"].max()
    random, answers = np.random.default_rng(seed), []
    for channel in sorted(last.index):
        own = ((channels == channel).to_numpy()) & (people["sent"] > 0)
        both = own & (people["held"] > 0)
        if own.any():
            answers.append(_delay(channel, "attributed", counts["sent"][own], last[channel], random))
        if both.any():
            scale = (people["sent"][both] / people["held"][both])[:, None]
            extra = counts["sent"][both] - scale * counts["held"][both]
            answers.append(_delay(channel, "extra", extra, last[channel], random))
    return answers


def _delay(channel: str, basis: str, by_day: np.ndarray, last: pd.Timestamp, random: np.random.Generator) -> Delay:
    """by_day: orders by campaign (rows) that had come by the end of each day (columns)."""
    total, count = by_day.sum(axis=0), len(by_day)
    drawn = random.multinomial(count, np.full(count, 1 / count), size=DRAWS) @ by_day
    with np.errstate(divide="ignore", invalid="ignore"):
        share, shares = total / total[-1], drawn / drawn[:, -1:]
    # Extra orders that could be none have no share that had come.
    enough = count >= FEWEST_CAMPAIGNS and total[-1] >= FEWEST_ORDERS and np.quantile(drawn[:, -1], 0.025) > 0
    curve = pd.DataFrame({"day": np.arange(1, HORIZON + 1), "share": np.nan, "low": np.nan, "high": np.nan})
    if not enough:
        return Delay(channel, basis, count, round(total[-1]), last, curve, None, None, None)
    low, high = np.quantile(shares, [0.025, 0.975], axis=0)
    curve = curve.assign(share=share, low=low, high=high)
    days = np.quantile(_day_known(shares), [0.025, 0.975])
    known = int(_day_known(share[None, :])[0])
    return Delay(channel, basis, count, round(total[-1]), last, curve, known, int(days[0]), int(np.ceil(days[1])))


def _day_known(shares: np.ndarray) -> np.ndarray:
    """The day after which the share never again falls below KNOWN, by row."""
    below = shares < KNOWN
    return np.asarray(HORIZON - np.argmax(below[:, ::-1], axis=1) + 1) * below.any(axis=1) + (~below.any(axis=1))
