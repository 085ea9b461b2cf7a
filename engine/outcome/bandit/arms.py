"""What each arm showed on each day and what came of it: from a file, a shop's ads, or variants of its messages."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import pandas as pd

from engine.errors import DataProblem, NotEnoughData
from engine.outcome import draws, joined, order_money
from engine.outcome.offpolicy import money
from engine.outcome.offpolicy.log import check_columns, check_rows, numbers
from engine.sentences import Sentence
from engine.shop import gate
from engine.shop.store import Shop
from engine.shop.tables import text

COLUMNS = ("arm", "date", "shown", "converted")
MONEY = ("cost", "value")  # of the day: spent on the arm; earned by its conversions, before that cost
MOST_ARMS = 40
ALL = "*"  # among which: all of a shop's
Goal = Literal["conversions", "clicks"]
GOALS: tuple[Goal, ...] = get_args(Goal)


@dataclass(frozen=True, slots=True)
class Choice:
    """Arms to choose between. rows: COLUMNS, a row per arm and day that had it, and MONEY where every row has both.

    name: what they are arms of, "ads search", "variants k1" or a file's. channels: in which they run, 1 where nobody
    said. left_out: how many rows were, and why. currency: of the money, empty where nobody said. rate_only: why there
    is no money, None where there is.
    """

    name: str
    rows: pd.DataFrame
    channels: int = 1
    left_out: tuple[Sentence, ...] = ()
    currency: str = ""
    rate_only: Sentence | None = None

    @property
    def arms(self) -> list[str]:
        """Their names, in order."""
        return sorted(self.rows["arm"].unique())


def read_arms(path: Path) -> Choice:
    """A file with COLUMNS, and MONEY where known.

    Hours of a day add up; raises DataProblem for what cannot be, such as an arm twice at one time, and NotEnoughData
    for fewer than two arms.
    """
    path = Path(path)
    return as_arms(gate.read_file(path), path.name)


def as_arms(frame: pd.DataFrame, name: str) -> Choice:
    """`read_arms` of a table that is read already."""
    check_columns(frame, COLUMNS, name)
    arm = text(frame["arm"])
    check_rows(arm.isna(), "bandit.no_arm", frame["arm"], name)
    day = pd.to_datetime(frame["date"].astype("str").str.strip(), format="ISO8601", errors="coerce", utc=True)
    check_rows(day.isna(), "bandit.bad_date", frame["date"], name)
    check_rows(pd.DataFrame({"arm": arm, "day": day}).duplicated(), "bandit.twice", frame["arm"], name)
    counts = {}
    for column in ("shown", "converted"):
        counts[column] = numbers(frame[column])
        bad = ~(counts[column] >= 0) | (counts[column] % 1 != 0)
        check_rows(bad, f"bandit.bad_{column}", frame[column], name)
    check_rows(counts["converted"] > counts["shown"], "bandit.more_than_shown", frame["converted"], name)
    for column in [one for one in MONEY if one in frame]:
        counts[column] = numbers(frame[column])
        bad = counts[column].isna() & text(frame[column]).notna()
        check_rows(
            bad | (counts[column] < 0 if column == "cost" else False), f"bandit.bad_{column}", frame[column], name
        )
    rows = pd.DataFrame({"arm": arm, "date": day.dt.tz_localize(None).dt.normalize(), **counts})
    return _checked(rows, name)


def of_ads(shop: Shop, goal: Goal = "conversions") -> dict[str, Choice]:
    """Ads that may be split anew: of each campaign, of each channel, and all; only where there are two or more.

    Of orders, what their revenue leaves after goods, returns and tax is their value (engine.outcome.order_money.left).
    """
    if not shop.rows("ads") or goal not in shop.columns("ads"):
        return {}
    rows = shop.table("ads")
    table = pd.DataFrame(
        {"arm": rows["ad_id"], "date": rows["date"].dt.normalize(), "shown": rows["impressions"],
         "converted": rows[goal]}
    )  # fmt: skip
    if goal == "conversions" and "cost" in rows:
        table["cost"] = rows["cost"]
    if goal == "conversions" and "revenue" in rows:
        left = order_money.left(shop)
        table["value"] = rows["revenue"] * left.margin * left.kept
    found: dict[str, Choice] = {}
    for column in ("campaign_id", "channel"):
        if column in rows:
            for name, part in table.groupby(rows[column]):
                _offer(found, "ads", str(name), part)
    _offer(found, "ads", ALL, table)
    found = {name: replace(one, currency=shop.settings.currency) for name, one in found.items()}
    if ALL in found and "channel" in rows:
        found[ALL] = replace(found[ALL], channels=max(rows["channel"].nunique(), 1))
    return found


def of_variants(shop: Shop, goal: Goal = "conversions") -> dict[str, Choice]:
    """Variants of repeated sends, by campaign, and of all campaigns together where they have the same names.

    From deliveries; of campaigns without any that name variants from a mail tool's totals; of plans without either from
    their export, by who ordered in the window. Of orders, what they left is their value: by the shop's own orders in
    the window, else by revenue that was recorded with every one (engine.outcome.offpolicy.money); of totals, what their
    revenue leaves.
    """
    parts: list[pd.DataFrame] = []
    if "variant" in shop.columns("deliveries"):
        parts.append(_of_deliveries(shop, "converted" if goal == "conversions" else "clicked"))
    if "variant" in shop.columns("campaign_results"):
        totals = _of_totals(shop, "orders" if goal == "conversions" else "clicked")
        parts.append(totals[~totals["campaign_id"].isin(_named(parts))])
    if goal == "conversions" and shop.rows("orders"):
        parts.append(_of_exports(shop, _named(parts)))
    found: dict[str, Choice] = {}
    if any(len(part) for part in parts):
        table = pd.concat([part for part in parts if len(part)], ignore_index=True)
        for name, rows in table.groupby("campaign_id"):
            _offer(found, "variants", str(name), rows)
        _offer(found, "variants", ALL, table)
    return {name: replace(one, currency=shop.settings.currency) for name, one in found.items()}


def _named(parts: list[pd.DataFrame]) -> set[str]:
    """Campaigns of which something is known by now."""
    return {str(one) for part in parts for one in part.dropna(subset=list(COLUMNS))["campaign_id"]}


def _of_deliveries(shop: Shop, outcome: str) -> pd.DataFrame:
    """campaign_id, COLUMNS, records (how many rows each stands for), MONEY of orders; those whose outcome is missing by
    themselves."""
    there = [one for one in ("treated", outcome) if one in shop.columns("deliveries")]
    rows = shop.table("deliveries", ["campaign_id", "customer_id", "variant", "sent_at", *there])
    if outcome not in rows:
        return pd.DataFrame(columns=["campaign_id", *COLUMNS, "records"])
    sent = rows[rows["treated"].fillna(1.0).eq(1.0)] if "treated" in rows else rows
    sent = sent.dropna(subset=["variant"])
    table = sent.assign(
        arm=sent["variant"], date=sent["sent_at"].dt.normalize(), shown=1.0, converted=sent[outcome], records=1
    )
    is_whole = table["converted"].notna() & table["date"].notna()
    keys, counts = ["campaign_id", "arm", "date"], ["shown", "converted", "records"]
    missing = table[~is_whole].groupby(keys[:2], as_index=False)["records"].sum()
    whole = table[is_whole]
    if outcome == "converted" and len(whole):
        whole, counts = _with_money(shop, whole), [*counts, *MONEY]
    daily = whole.groupby(keys, as_index=False)[counts].sum(skipna=False)  # a day's money is known of all or not at all
    return pd.concat([daily, missing], ignore_index=True)


def _with_money(shop: Shop, sent: pd.DataFrame) -> pd.DataFrame:
    """The deliveries with MONEY of each: what sending cost, and what those who ordered left before that."""
    keys = ["campaign_id", "customer_id", "sent_at"]
    rows = sent.merge(money.recorded(shop), on=keys, how="left").assign(treated=1.0)
    rows["cost"] = rows["cost"].fillna(rows["campaign_id"].map(_cost_of_a_message(shop)))
    earned = money.earned(shop, rows)
    before = earned.profit + rows["cost"].fillna(0.0).to_numpy("float64")
    is_order = rows["converted"].eq(1) | (earned.source == "none")
    return rows.assign(value=np.where(is_order, before, 0.0))


def _cost_of_a_message(shop: Shop) -> pd.Series:
    """By campaign_id, of campaigns and of plans that were exported; missing where nobody said it."""
    about = draws.draws(shop).about.set_index("campaign_id")
    of_plans = about["send_cost"].astype("float64") / about["messages"].astype("float64").replace(0.0, np.nan)
    return money.campaigns(shop).set_index("campaign_id")["cost"].combine_first(of_plans)


def _of_exports(shop: Shop, but: set[str]) -> pd.DataFrame:
    """campaign_id, COLUMNS and MONEY, a row per customer whom a plan's export has written to with a variant; converted
    is missing where the orders do not cover the window. but: plans that are known by something else."""
    known = joined.read(shop)
    parts = [pd.DataFrame(columns=["campaign_id", *COLUMNS, *MONEY])]
    for plan in known.draws.about.itertuples():
        plan_id, people = str(plan.campaign_id), known.people.get(str(plan.campaign_id))
        if plan.source != "assignment" or plan_id in but or people is None:
            continue
        sent = people[people["treated"].eq(1) & people["global_holdout"].ne(1)].reset_index(drop=True)
        inside = money.in_window(known, sent, int(plan.window_days)) if len(sent) else np.zeros((0, 1 + money.PROFIT))
        ordered = np.where(np.isnan(inside[:, 0]), np.nan, inside[:, 0] > 0)
        table = sent.assign(
            campaign_id=plan_id, arm=sent["variant"].astype("object"), date=sent["at"].dt.normalize(), shown=1.0,
            converted=ordered, cost=float(plan.send_cost) / max(len(sent), 1),
            value=np.where(ordered == 1, inside[:, money.PROFIT], 0.0),
        )  # fmt: skip
        parts.append(table.loc[table["arm"].ne(""), ["campaign_id", *COLUMNS, *MONEY]])
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)


def _of_totals(shop: Shop, outcome: str) -> pd.DataFrame:
    rows = shop.table("campaign_results")
    if outcome not in rows:
        return pd.DataFrame(columns=["campaign_id", *COLUMNS])
    shown = rows["delivered"].fillna(rows["recipients"]) if "delivered" in rows else rows["recipients"]
    starts = shop.optional("campaigns").drop_duplicates("campaign_id").set_index("campaign_id")
    begun = rows["campaign_id"].map(starts["starts_at"]) if "starts_at" in starts else pd.NaT
    day = rows["date"].fillna(begun) if "date" in rows else begun
    table = rows[["campaign_id"]].assign(arm=rows["variant"], date=day, shown=shown, converted=rows[outcome])
    if outcome == "orders" and "revenue" in rows:
        left = order_money.left(shop)
        cost = shown * rows["campaign_id"].map(_cost_of_a_message(shop))
        table = table.assign(cost=cost, value=rows["revenue"] * left.margin * left.kept)
    return table.dropna(subset=["arm"])


def _offer(found: dict[str, Choice], kind: str, name: str, rows: pd.DataFrame) -> None:
    """A choice more where two or more arms can be compared, with how much of it was left out and why."""
    records = rows["records"].fillna(1.0) if "records" in rows else pd.Series(1.0, rows.index)
    missing = rows[list(COLUMNS)].isna().any(axis=1)
    more = ~missing & (rows["converted"] > rows["shown"])
    known = rows[~missing & ~more & (rows["shown"] > 0)]
    if 2 <= known["arm"].nunique() <= MOST_ARMS:
        counts = {"left_out_missing": records[missing].sum(), "left_out_more": records[more].sum()}
        said = tuple(Sentence(f"bandit.{key}", {"count": f"{count:,.0f}"}) for key, count in counts.items() if count)
        found[name] = replace(_checked(known, f"{kind} {name}"), left_out=said)


def _checked(rows: pd.DataFrame, name: str) -> Choice:
    """One row per arm and day. Raises NotEnoughData for fewer than two arms, DataProblem for too many."""
    lacking = _lacking(rows)
    counted = ["shown", "converted", *(() if lacking else MONEY)]
    daily = rows.groupby(["arm", "date"], as_index=False)[counted].sum()
    daily = daily.astype(dict.fromkeys(counted, "float64"))
    count = daily["arm"].nunique()
    if count < 2:
        raise NotEnoughData(Sentence("bandit.one_arm", {"file": name, "count": count}))
    if count > MOST_ARMS:
        raise DataProblem(Sentence("bandit.many_arms", {"file": name, "count": count, "most": MOST_ARMS}))
    if not np.any(daily["shown"] > 0):
        raise NotEnoughData(Sentence("bandit.nothing_shown", {"file": name}))
    return Choice(name, daily, rate_only=lacking)


def _lacking(rows: pd.DataFrame) -> Sentence | None:
    """Why the rate alone can be maximised; None where every row has its money."""
    if absent := tuple(one for one in MONEY if one not in rows or rows[one].isna().all()):
        return Sentence("bandit.rate_only", {"columns": absent})
    if count := int(rows[list(MONEY)].isna().any(axis=1).sum()):
        return Sentence("bandit.rate_only_rows", {"count": f"{count:,}"})
    return None
