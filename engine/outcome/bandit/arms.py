"""What each arm showed on each day and what came of it: from a file, a shop's ads, or variants of its messages."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import pandas as pd

from engine.errors import DataProblem, NotEnoughData
from engine.outcome.offpolicy.log import check_columns, check_rows, numbers
from engine.sentences import Sentence
from engine.shop import gate
from engine.shop.store import Shop
from engine.shop.tables import text

COLUMNS = ("arm", "date", "shown", "converted")
MOST_ARMS = 40
Goal = Literal["conversions", "clicks"]
GOALS: tuple[Goal, ...] = get_args(Goal)


@dataclass(frozen=True, slots=True)
class Choice:
    """Arms to choose between. rows: COLUMNS, a row per arm and day that had it. name: what they are arms of."""

    name: str
    rows: pd.DataFrame

    @property
    def arms(self) -> list[str]:
        """Their names, in order."""
        return sorted(self.rows["arm"].unique())


def read_arms(path: Path) -> Choice:
    """A file with COLUMNS. Raises DataProblem for what cannot be, NotEnoughData for fewer than two arms."""
    path = Path(path)
    return as_arms(gate.read_file(path), path.name)


def as_arms(frame: pd.DataFrame, name: str) -> Choice:
    """`read_arms` of a table that is read already."""
    check_columns(frame, COLUMNS, name)
    arm = text(frame["arm"])
    check_rows(arm.isna(), "bandit.no_arm", frame["arm"], name)
    day = pd.to_datetime(frame["date"].astype("str").str.strip(), format="ISO8601", errors="coerce", utc=True)
    check_rows(day.isna(), "bandit.bad_date", frame["date"], name)
    counts = {}
    for column in ("shown", "converted"):
        counts[column] = numbers(frame[column])
        bad = ~(counts[column] >= 0) | (counts[column] % 1 != 0)
        check_rows(bad, f"bandit.bad_{column}", frame[column], name)
    check_rows(counts["converted"] > counts["shown"], "bandit.more_than_shown", frame["converted"], name)
    rows = pd.DataFrame({"arm": arm, "date": day.dt.tz_localize(None).dt.normalize(), **counts})
    return _checked(rows, name)


def of_ads(shop: Shop, goal: Goal = "conversions") -> dict[str, Choice]:
    """Ads that may be split anew: of each campaign, of each channel, and all; only where there are two or more."""
    if not shop.rows("ads") or goal not in shop.columns("ads"):
        return {}
    rows = shop.table("ads")
    table = pd.DataFrame(
        {"arm": rows["ad_id"], "date": rows["date"].dt.normalize(), "shown": rows["impressions"],
         "converted": rows[goal]}
    )  # fmt: skip
    found: dict[str, Choice] = {}
    for column in ("campaign_id", "channel"):
        if column in rows:
            for name, part in table.groupby(rows[column]):
                _offer(found, str(name), part)
    _offer(found, "*", table)
    return found


def of_variants(shop: Shop, goal: Goal = "conversions") -> dict[str, Choice]:
    """Variants of repeated sends, by campaign, and of all campaigns together where they have the same names."""
    parts = []
    if "variant" in shop.columns("deliveries"):
        parts.append(_of_deliveries(shop, "converted" if goal == "conversions" else "clicked"))
    if "variant" in shop.columns("campaign_results"):
        parts.append(_of_totals(shop, "orders" if goal == "conversions" else "clicked"))
    found: dict[str, Choice] = {}
    if parts:
        table = pd.concat(parts, ignore_index=True)
        for name, part in table.groupby("campaign_id"):
            _offer(found, str(name), part[list(COLUMNS)])
        _offer(found, "*", table[list(COLUMNS)])
    return found


def _of_deliveries(shop: Shop, outcome: str) -> pd.DataFrame:
    there = [one for one in ("treated", outcome) if one in shop.columns("deliveries")]
    rows = shop.table("deliveries", ["campaign_id", "variant", "sent_at", *there])
    if outcome not in rows:
        return pd.DataFrame(columns=["campaign_id", *COLUMNS])
    sent = rows[rows["treated"].fillna(1.0).eq(1.0)] if "treated" in rows else rows
    sent = sent.dropna(subset=["variant", outcome])
    table = sent.assign(arm=sent["variant"], date=sent["sent_at"].dt.normalize(), shown=1.0, converted=sent[outcome])
    return table.groupby(["campaign_id", "arm", "date"], as_index=False)[["shown", "converted"]].sum()


def _of_totals(shop: Shop, outcome: str) -> pd.DataFrame:
    rows = shop.table("campaign_results")
    if outcome not in rows:
        return pd.DataFrame(columns=["campaign_id", *COLUMNS])
    shown = rows["delivered"].fillna(rows["recipients"]) if "delivered" in rows else rows["recipients"]
    starts = shop.optional("campaigns").drop_duplicates("campaign_id").set_index("campaign_id")
    begun = rows["campaign_id"].map(starts["starts_at"]) if "starts_at" in starts else pd.NaT
    day = rows["date"].fillna(begun) if "date" in rows else begun
    table = rows[["campaign_id"]].assign(arm=rows["variant"], date=day, shown=shown, converted=rows[outcome])
    return table.dropna()


def _offer(found: dict[str, Choice], name: str, rows: pd.DataFrame) -> None:
    known = rows.dropna()
    known = known[(known["shown"] > 0) & (known["converted"] <= known["shown"])]
    if 2 <= known["arm"].nunique() <= MOST_ARMS:
        found[name] = _checked(known, name)


def _checked(rows: pd.DataFrame, name: str) -> Choice:
    """One row per arm and day. Raises NotEnoughData for fewer than two arms, DataProblem for too many."""
    daily = rows.groupby(["arm", "date"], as_index=False)[["shown", "converted"]].sum()
    daily = daily.astype({"shown": "float64", "converted": "float64"})
    count = daily["arm"].nunique()
    if count < 2:
        raise NotEnoughData(Sentence("bandit.one_arm", {"file": name, "count": count}))
    if count > MOST_ARMS:
        raise DataProblem(Sentence("bandit.many_arms", {"file": name, "count": count, "most": MOST_ARMS}))
    if not np.any(daily["shown"] > 0):
        raise NotEnoughData(Sentence("bandit.nothing_shown", {"file": name}))
    return Choice(name, daily)
