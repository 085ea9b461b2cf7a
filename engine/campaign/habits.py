"""What a shop's past campaigns usually did, and what went best: offers, hours, weekdays, length, with the counts."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from engine.shop.features import campaign_windows
from engine.shop.store import Shop

COLUMNS = [
    "campaign_id", "channel", "goal", "offer_kind", "discount", "min_spend", "gift_product_id", "starts_at",
    "send_hour", "weekday", "days", "sent", "clicks", "click_trials", "orders", "order_trials",
]  # fmt: skip
FEWEST_MESSAGES = 500  # below, an hour or a weekday is not called the best
FEWEST_CAMPAIGNS = 2
SENT_ENOUGH = 200  # messages from which on a kind of offer counts as tried, as in engine.campaign.support


@dataclass(frozen=True, slots=True)
class Best:
    """The hour or weekday with the best rate. `rate` is its own, `usual` that of all; measure: "click" or "order"."""

    value: int
    rate: float
    usual: float
    messages: int
    measure: str


def campaigns(shop: Shop) -> pd.DataFrame:
    """Past campaigns with COLUMNS, one row each, latest first; empty for a shop without. A stage nobody recorded has
    no trials. `days` is the length in days, weekday 0 = Monday."""
    if not shop.rows("campaigns"):
        return pd.DataFrame(columns=COLUMNS)
    table = shop.table("campaigns").drop_duplicates("campaign_id").set_index("campaign_id")
    windows = campaign_windows(shop).drop_duplicates("campaign_id").set_index("campaign_id")
    wanted = ["channel", "goal", "offer_kind", "discount", "min_spend", "gift_product_id", "starts_at", "send_hour"]
    found = table.reindex(columns=wanted)
    found["offer_kind"] = found["offer_kind"].astype("object").where(found["offer_kind"].notna(), "none")
    found["weekday"] = found["starts_at"].dt.day_of_week
    found["days"] = ((windows["ends_at"] - windows["starts_at"]).dt.days).fillna(windows["window_days"])
    return found.join(_counts(shop)).reset_index().sort_values("starts_at", ascending=False)[COLUMNS]


def _counts(shop: Shop) -> pd.DataFrame:
    """Messages sent and their outcomes by campaign; single deliveries count before totals of the same campaign."""
    parts = []
    if shop.rows("deliveries"):
        have = shop.columns("deliveries")
        rows = shop.table("deliveries", [c for c in ("campaign_id", "treated", "clicked", "converted") if c in have])
        sent = rows[rows["treated"].fillna(1.0).eq(1.0)] if "treated" in rows else rows
        groups = sent.reindex(columns=["campaign_id", "clicked", "converted"]).groupby("campaign_id")
        counted = {"sent": groups.size()}
        for name, column in (("click", "clicked"), ("order", "converted")):
            counted[f"{name}s"], counted[f"{name}_trials"] = groups[column].sum(), groups[column].count()
        parts.append(pd.DataFrame(counted))
    if shop.rows("campaign_results"):
        parts.append(_totals(shop.table("campaign_results")))
    if not parts:
        return pd.DataFrame(0.0, index=[], columns=["sent", "clicks", "click_trials", "orders", "order_trials"])
    return pd.concat(parts).groupby(level=0).first()


def _totals(rows: pd.DataFrame) -> pd.DataFrame:
    sent = rows["delivered"].fillna(rows["recipients"]) if "delivered" in rows else rows["recipients"]
    table = pd.DataFrame({"campaign_id": rows["campaign_id"], "sent": sent})
    for name, column in (("click", "clicked"), ("order", "orders")):
        outcome = rows.get(column, pd.Series(np.nan, rows.index))
        table[f"{name}s"], table[f"{name}_trials"] = outcome, sent.where(outcome.notna(), 0)
    return table.groupby("campaign_id").sum()


def same_goal(past: pd.DataFrame, goal: str) -> pd.DataFrame:
    """Those of a goal; all where none had it."""
    own = past[past["goal"].eq(goal)]
    return own if len(own) else past


# --- timing ---


def best_hour(past: pd.DataFrame, channel: str, quiet: list[int]) -> Best | None:
    """The hour of the best rate among those tried by a channel, outside quiet hours; None where too little was sent.

    Hours beside it count half: an hour is not good by itself, and few campaigns share one.
    """
    own = past[past["channel"].eq(channel)]
    if not len(own):
        return None
    hours = own["send_hour"].where(own["send_hour"].notna(), own["starts_at"].dt.hour)
    own = own.assign(value=hours).dropna(subset=["value"])
    return _best(own, lambda apart: np.select([apart == 0, apart == 1], [1.0, 0.5], 0.0), quiet)


def best_weekday(past: pd.DataFrame, channel: str) -> Best | None:
    """The weekday of the best rate among those tried by a channel, 0 = Monday; None where too little was sent."""
    own = past[past["channel"].eq(channel)]
    own = own.assign(value=own["weekday"]).dropna(subset=["value"])
    return _best(own, lambda apart: np.where(apart == 0, 1.0, 0.0), None)


def is_quiet(hour: int, quiet: list[int] | None) -> bool:
    """Whether an hour lies in the shop's quiet hours [from, to), which may go over midnight."""
    if not quiet or len(quiet) != 2:
        return False
    start, end = quiet
    return start <= hour < end if start <= end else hour >= start or hour < end


def _best(own: pd.DataFrame, weight, quiet: list[int] | None) -> Best | None:  # type: ignore[no-untyped-def]
    measure = "click" if own["clicks"].sum() > 0 else "order"
    done, trials = own[f"{measure}s"].fillna(0.0), own[f"{measure}_trials"].fillna(0.0)
    own, done, trials = own[trials > 0], done[trials > 0], trials[trials > 0]
    if not len(own) or not done.sum():
        return None
    usual, typical = float(done.sum() / trials.sum()), float(trials.mean())
    found = []
    for value in sorted(own["value"].unique()):
        counted = weight(np.abs(own["value"].to_numpy() - value))
        messages, campaigns = float((counted * trials).sum()), int((counted > 0).sum())
        if messages < FEWEST_MESSAGES or campaigns < FEWEST_CAMPAIGNS or is_quiet(int(value), quiet):
            continue
        rate = float((counted * done).sum() / messages)
        # Drawn to the usual rate as by one more campaign: campaigns differ by more than their hour.
        drawn = (messages * rate + typical * usual) / (messages + typical)
        found.append((drawn, Best(int(value), rate, usual, round(messages), measure)))
    return max(found, key=lambda pair: pair[0])[1] if found else None


def usual_days(past: pd.DataFrame, channel: str, goal: str, window: int) -> int:
    """How long a campaign of this kind runs: the middle of past ones, else the channel's window."""
    own = same_goal(past[past["channel"].eq(channel)], goal)["days"].dropna()
    return max(1, round(float(own.median()))) if len(own) else window


# --- offers ---


@dataclass(frozen=True, slots=True)
class Tried:
    """An offer as past campaigns made it, how many of `campaigns` did, and whether those were of the same goal."""

    kind: str
    discount: float | None
    min_spend: float | None
    gift_product_id: str | None
    count: int
    campaigns: int
    same_goal: bool


def offers_tried(past: pd.DataFrame, channel: str, goal: str, gifts: set[str]) -> list[Tried]:
    """The offers of the kind used most by a channel for a goal, the commonest first; empty where none was made.

    Where the channel never served the goal, its offers for others. `gifts`: products that can be given away.
    """
    own = past[past["channel"].eq(channel)]
    for same, table in ((True, own[own["goal"].eq(goal)]), (False, own)):
        usable = table[[_usable(row, gifts) for row in table.itertuples()]]
        if not len(usable):
            continue
        sent = own.groupby("offer_kind")["sent"].sum()
        enough = usable[usable["offer_kind"].map(sent).fillna(0) >= SENT_ENOUGH]
        usable = enough if len(enough) else usable
        counts = usable["offer_kind"].value_counts()
        # Of kinds used equally often a percentage: its forecasts learn from every other percentage.
        kind = max(counts.index, key=lambda one: (counts[one], one == "percent", one))
        return _sizes(usable[usable["offer_kind"].eq(kind)], str(kind), len(table), same)
    return []


def every_offer(past: pd.DataFrame, channel: str, gifts: set[str]) -> list[Tried]:
    """Every offer of a channel, of all kinds, as past campaigns made it. `gifts`: products that can be given away."""
    own = past[past["channel"].eq(channel)]
    usable = own[[_usable(row, gifts) for row in own.itertuples()]]
    return [
        one for kind, table in usable.groupby("offer_kind") for one in _sizes(table, str(kind), len(own), same=False)
    ]


def gifts(shop: Shop) -> set[str]:
    """Products that can be given away: known, and not out of stock."""
    products = shop.optional("products")
    if "stock" in products:
        products = products[products["stock"].fillna(1) > 0]
    return set(products["product_id"])


def _usable(row, gifts: set[str]) -> bool:  # type: ignore[no-untyped-def]
    """Whether the row says enough of its offer to make it again."""
    size, kind = row.discount, row.offer_kind
    if kind == "percent":
        return pd.notna(size) and 0 < size < 1
    if kind == "amount":
        return pd.notna(size) and size > 0
    if kind == "spend_save":
        return pd.notna(size) and size > 0 and pd.notna(row.min_spend) and row.min_spend > 0
    if kind == "gift":
        return row.gift_product_id in gifts
    return kind in ("free_shipping", "points", "buy_x_get_y", "early_access")


def _sizes(table: pd.DataFrame, kind: str, campaigns: int, same: bool) -> list[Tried]:
    keys = ["discount", "min_spend", "gift_product_id"]
    cleaned = table[keys].astype("object").where(table[keys].notna(), None)
    counts = pd.Series(list(cleaned.itertuples(index=False, name=None))).value_counts()
    order = sorted(counts.index, key=lambda one: (-counts[one], one[0] or 0.0, one[1] or 0.0))
    return [Tried(kind, one[0], one[1], one[2], int(counts[one]), campaigns, same) for one in order]


def nothing_tried(past: pd.DataFrame, channel: str) -> bool:
    """Whether this channel sent messages without an offer before."""
    return bool((past["channel"].eq(channel) & past["offer_kind"].eq("none")).any())
