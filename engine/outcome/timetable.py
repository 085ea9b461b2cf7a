"""What ran when and what is planned: past campaigns and saved plans on one line of time."""

from collections.abc import Sequence

import pandas as pd

from engine.campaign import planned
from engine.decision.plans import SavedPlan
from engine.shop.features import campaign_windows
from engine.shop.store import Shop

COLUMNS = ["id", "name", "channel", "starts_at", "ends_at", "status", "lane"]
LAST_MINUTE = pd.Timedelta(hours=23, minutes=59)  # of the day a plan ends on


def timetable(shop: Shop, saved: Sequence[SavedPlan]) -> pd.DataFrame:
    """Past campaigns (status "past") and plans (their own status) with COLUMNS, the latest start first.

    A campaign without an end ends with its window; a plan runs until the end of its last day. A campaign that carries
    the id of a plan is that plan. lane: 0, 1, ... within a channel, so that two that run at one time never lie on each
    other.
    """
    plans = _planned(saved)
    past = _past(shop)
    table = pd.concat([past[~past["id"].isin(plans["id"])], plans], ignore_index=True)
    table = table.sort_values(["starts_at", "id"], ignore_index=True)
    table["lane"] = 0
    for _, rows in table.groupby("channel"):
        table.loc[rows.index, "lane"] = _lanes(rows)
    return table.iloc[::-1].reset_index(drop=True)[COLUMNS]


def _past(shop: Shop) -> pd.DataFrame:
    if not shop.rows("campaigns"):
        return _typed(pd.DataFrame(columns=COLUMNS[:-1]))
    windows, named = campaign_windows(shop), shop.table("campaigns")
    ends = windows["ends_at"].fillna(windows["starts_at"] + pd.to_timedelta(windows["window_days"], unit="D"))
    name = named["name"].fillna(named["campaign_id"]) if "name" in named else named["campaign_id"]
    table = pd.DataFrame(
        {
            "id": named["campaign_id"],
            "name": name,
            "channel": windows["channel"].fillna(""),
            "starts_at": windows["starts_at"],
            "ends_at": ends,
            "status": "past",
        }
    )
    return _typed(table[table["starts_at"].notna()])


def _planned(saved: Sequence[SavedPlan]) -> pd.DataFrame:
    rows = [
        [plan.plan_id, plan.name, plan.channel, pd.Timestamp(plan.starts_at), pd.Timestamp(plan.ends_at) + LAST_MINUTE,
         plan.status]
        for plan in (one.plan for one in saved)
    ]  # fmt: skip
    return _typed(pd.DataFrame(rows, columns=COLUMNS[:-1]))


def _typed(table: pd.DataFrame) -> pd.DataFrame:
    return table.astype({"starts_at": "datetime64[us]", "ends_at": "datetime64[us]"})


def _lanes(rows: pd.DataFrame) -> list[int]:
    """The first lane that is free for each row, in the order of their starts."""
    free: list[pd.Timestamp] = []
    lanes = []
    for start, end in zip(rows["starts_at"], rows["ends_at"], strict=True):
        lane = next((number for number, until in enumerate(free) if until < start), len(free))
        free[lane : lane + 1] = [end]
        lanes.append(lane)
    return lanes


def messages(saved: Sequence[SavedPlan]) -> pd.DataFrame:
    """id, number (1, 2, ...), channel, at (a time): each message of each plan, on the plan's day and hour."""
    rows = [
        (plan.plan_id, number, step.channel, pd.Timestamp(day) + pd.Timedelta(hours=plan.send_hour))
        for plan in (one.plan for one in saved)
        for number, (step, day) in enumerate(zip(plan.steps, planned.send_days(plan), strict=True), start=1)
    ]
    return pd.DataFrame(rows, columns=["id", "number", "channel", "at"]).astype({"at": "datetime64[us]"})


def clashes(pairs: pd.DataFrame) -> pd.DataFrame:
    """id, starts_at, ends_at: days a plan shares with others it gets in the way of (engine.decision.collisions).

    Stretches that overlap are one. Where one of two leaves all common customers to the other, none of that is left.
    """
    together = pairs[(pairs["days_together"] > 0) & ((pairs["shared"] > 0) | pairs["discounts_differ"])]
    both = pd.concat(
        [
            together[[side, "starts_at", "ends_at"]].set_axis(["id", "starts_at", "ends_at"], axis=1)
            for side in ("plan_a", "plan_b")
        ]
    )
    both = _typed(both).sort_values(["id", "starts_at"], ignore_index=True)
    both["ends_at"] += LAST_MINUTE
    until = both.groupby("id")["ends_at"].cummax().groupby(both["id"]).shift()
    stretch = (until.isna() | (both["starts_at"] > until)).cumsum()
    found = both.groupby(stretch).agg({"id": "first", "starts_at": "first", "ends_at": "max"})
    return found.reset_index(drop=True)
