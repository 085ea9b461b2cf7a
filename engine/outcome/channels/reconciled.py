"""The channels' claims against the shop's own orders: every order once, by who claims it, so that the parts add up."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from engine.model.rates import wilson
from engine.outcome.touches import DAY, HORIZON, Touches, seconds

MOST = 4  # messages within HORIZON days from which on they are counted together


@dataclass(frozen=True, slots=True)
class Reconciled:
    """Orders of the days first..last (both included), the first message until the end of the last window.

    parts: channels (a tuple, sorted; empty: no message reaches the order), orders, revenue (net); a row per combination
    of channels, which add up to `orders` and `revenue` exactly. by_channel: channel, claimed (orders within the window
    of one of its messages), alone (of them claimed by no other channel), shared, several (claimed by two of its own
    campaigns or more), revenue. by_campaign: campaign_id, channel, claimed. claims: the sum of all campaigns' claims,
    as if each counted for itself; several: orders that two campaigns or more claim.
    """

    first: pd.Timestamp
    last: pd.Timestamp
    orders: int
    revenue: float
    parts: pd.DataFrame
    by_channel: pd.DataFrame
    by_campaign: pd.DataFrame
    claims: int
    several: int

    @property
    def claimed(self) -> int:
        """Orders that at least one message claims, each counted once."""
        return self.orders - self.unclaimed

    @property
    def unclaimed(self) -> int:
        """Orders that no message claims."""
        none = self.parts["channels"].map(len) == 0
        return int(self.parts.loc[none, "orders"].sum())


def reconciled(found: Touches) -> Reconciled:
    """Who claims which of the shop's orders."""
    sent = found.messages[found.messages["treated"]]
    ends = sent["sent_at"] + pd.to_timedelta(sent["window_days"], unit="D")
    first, end = sent["sent_at"].min().normalize(), min(ends.max().ceil("D"), found.as_of)
    inside = (found.orders["ordered_at"] >= first) & (found.orders["ordered_at"] < end)
    claims = found.claims
    claims = claims[inside.to_numpy()[claims["order"].to_numpy()]]
    about = found.messages[["campaign_id", "channel"]].iloc[claims["message"].to_numpy()].reset_index(drop=True)
    about["order"] = claims["order"].to_numpy()
    about = about.drop_duplicates()
    by_channel = about[["order", "channel"]].drop_duplicates().sort_values("channel")
    together = by_channel.groupby("order")["channel"].agg(tuple).reindex(found.orders.index[inside])
    together = together.map(lambda one: one if isinstance(one, tuple) else ())
    net = found.orders.loc[inside, "net"]
    grouped = pd.DataFrame({"channels": together, "net": net}).groupby("channels", sort=False)["net"]
    parts = grouped.agg(orders="size", revenue="sum").reset_index().sort_values("orders", ascending=False)
    campaigns = about.groupby("order").size()
    return Reconciled(
        first=first,
        last=end - pd.Timedelta(days=1),
        orders=int(inside.sum()),
        revenue=float(net.sum()),
        parts=parts.reset_index(drop=True),
        by_channel=_by_channel(about, by_channel, net),
        by_campaign=about.groupby(["campaign_id", "channel"]).size().rename("claimed").reset_index(),
        claims=len(about),
        several=int((campaigns > 1).sum()),
    )


def _by_channel(about: pd.DataFrame, by_channel: pd.DataFrame, net: pd.Series) -> pd.DataFrame:
    others = by_channel.groupby("order")["channel"].transform("size")
    own = about.groupby(["channel", "order"]).size()
    counted = by_channel.assign(alone=others == 1, shared=others > 1, net=by_channel["order"].map(net))
    table = counted.groupby("channel").agg(
        claimed=("order", "size"), alone=("alone", "sum"), shared=("shared", "sum"), revenue=("net", "sum")
    )
    table["several"] = own[own > 1].groupby(level="channel").size().reindex(table.index).fillna(0).astype(int)
    return table.reset_index().sort_values("claimed", ascending=False, ignore_index=True)


# --- contacts ---


@dataclass(frozen=True, slots=True)
class Contacts:
    """How often customers were written to within `days` days.

    customers: who got a message; several_channels: those of them who once got messages by two channels or more within
    `days` days. by_count: contacts (messages in the `days` days up to a message and with it; MOST: so many or more),
    messages, orders (messages followed by an order in their window), rate, low, high (95 %).
    """

    days: int
    customers: int
    several_channels: int
    by_count: pd.DataFrame


def contacts(found: Touches, days: int = 7) -> Contacts:
    """Messages close to each other, and how often an order followed: an association, as good customers get more."""
    chosen = found.messages["treated"].to_numpy()
    sent = found.messages[chosen].sort_values(["customer_id", "sent_at"], kind="stable")
    codes = pd.factorize(sent["customer_id"])[0].astype("int64")
    at = seconds(sent["sent_at"], sent["sent_at"].min())
    keys = codes * (int(at.max()) + (HORIZON + 1) * DAY) + at
    begin = np.searchsorted(keys, keys - days * DAY, side="right")
    count = np.arange(len(sent)) - begin + 1
    channel = pd.factorize(sent["channel"])[0]
    before = np.zeros((channel.max() + 1, len(sent) + 1), dtype="int64")
    for one in range(channel.max() + 1):
        before[one, 1:] = np.cumsum(channel == one)
    used = ((before[:, 1:] - before[:, begin]) > 0).sum(axis=0)
    ordered = np.zeros(len(found.messages), dtype=bool)
    ordered[found.claims["message"].to_numpy()] = True
    is_over = (sent["sent_at"] + pd.to_timedelta(sent["window_days"], unit="D") <= found.as_of).to_numpy()
    rows = pd.DataFrame({"contacts": np.minimum(count, MOST), "ordered": ordered[sent.index]})[is_over]
    table = rows.groupby("contacts")["ordered"].agg(messages="size", orders="sum").reset_index()
    low, high = wilson(table["orders"].to_numpy("float64"), table["messages"].to_numpy("float64"))
    several = int(sent.loc[used > 1, "customer_id"].nunique())
    by_count = table.assign(rate=table["orders"] / table["messages"], low=low, high=high)
    return Contacts(days, int(sent["customer_id"].nunique()), several, by_count)
