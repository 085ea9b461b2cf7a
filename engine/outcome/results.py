"""Did it work? Past campaigns: rates with intervals, and extra orders against those left out on purpose."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from engine import terms
from engine.errors import NotEnoughData
from engine.model.rates import Z, wilson
from engine.shop.features import campaign_windows
from engine.shop.store import Shop

PER = 1_000  # extra orders are said per 1,000 messages

COLUMNS = [
    "campaign_id", "name", "channel", "goal", "offer_kind", "discount", "starts_at", "ends_at", "window_days", "basis",
    "sent", "held_out", "clicks", "ctr", "ctr_low", "ctr_high", "orders", "order_rate", "order_rate_low",
    "order_rate_high", "held_out_orders", "held_out_rate", "extra_per_1000", "extra_per_1000_low",
    "extra_per_1000_high", "distinguishable", "revenue", "revenue_per_recipient", "unsubscribed",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Totals:
    """All campaigns together. `extra` is None where no campaign held anyone out; its range is 95 %."""

    campaigns: int
    with_holdout: int
    distinguishable: int
    sent: int
    orders: int
    revenue: float | None
    extra: float | None
    extra_low: float | None
    extra_high: float | None


def newcombe(
    successes_1: np.ndarray, trials_1: np.ndarray, successes_2: np.ndarray, trials_2: np.ndarray, z: float = Z
) -> tuple[np.ndarray, np.ndarray]:
    """Interval of p1 - p2, two independent proportions, from their score intervals (Newcombe 1998, method 10)."""
    low_1, high_1 = wilson(successes_1, trials_1, z)
    low_2, high_2 = wilson(successes_2, trials_2, z)
    with np.errstate(divide="ignore", invalid="ignore"):
        p_1, p_2 = np.divide(successes_1, trials_1), np.divide(successes_2, trials_2)
    low = (p_1 - p_2) - np.sqrt((p_1 - low_1) ** 2 + (high_2 - p_2) ** 2)
    high = (p_1 - p_2) + np.sqrt((high_1 - p_1) ** 2 + (p_2 - low_2) ** 2)
    return low, high


def campaigns(shop: Shop) -> pd.DataFrame:
    """One row per past campaign with COLUMNS, the latest first; rates are fractions of messages sent.

    basis: "incremental" where some were held out on purpose, else "attributed" (all orders inside the window count,
    those who would have bought anyway included). A stage nobody recorded is NaN, and so is held_out where the records
    cannot tell of those left out: totals, and deliveries without `treated`.
    Raises NotEnoughData without campaigns.
    """
    if not shop.rows("campaigns"):
        raise NotEnoughData(
            "This shop has no past campaigns yet. Import campaigns with deliveries or campaign_results."
        )
    counts = counted(shop)
    if counts is None:
        raise NotEnoughData(
            "This shop has campaigns, but nothing on who got them. Import deliveries or campaign_results."
        )
    known = shop.table("campaigns").drop_duplicates("campaign_id").set_index("campaign_id")
    described = known.reindex(columns=["name", "channel", "goal", "offer_kind", "discount"])
    windows = campaign_windows(shop).drop_duplicates("campaign_id").set_index("campaign_id")
    table = counts.join(described).join(windows[["starts_at", "ends_at", "window_days"]])
    table.index.name = "campaign_id"
    table = with_rates(table).reset_index().sort_values(["starts_at", "campaign_id"], ascending=False)
    return table[COLUMNS].reset_index(drop=True)


def counted(shop: Shop) -> pd.DataFrame | None:
    """Counts per campaign_id as `with_rates` takes them, with source ("deliveries", "totals"); None without either.

    Of a campaign that has both, its single deliveries count, and nothing of the totals.
    """
    counts = [found for found in (_from_deliveries(shop), _from_totals(shop)) if found is not None]
    if not counts:
        return None
    table = pd.concat(counts)
    return table[~table.index.duplicated()].sort_index()


def _from_deliveries(shop: Shop) -> pd.DataFrame | None:
    """Counts per campaign from single deliveries; those left out on purpose (treated = 0) apart."""
    if not shop.rows("deliveries"):
        return None
    wanted = ("campaign_id", "treated", "clicked", "converted", "revenue", "unsubscribed")
    rows = shop.table("deliveries", [name for name in shop.columns("deliveries") if name in wanted])
    treated = rows["treated"].fillna(1.0) if "treated" in rows else pd.Series(1.0, rows.index)
    for column in ("clicked", "converted", "revenue", "unsubscribed"):
        rows[column] = rows.get(column, np.nan)
    sent, held = rows[treated == 1].groupby("campaign_id"), rows[treated == 0].groupby("campaign_id")
    table = pd.DataFrame(
        {
            "source": "deliveries",
            "sent": sent.size(),
            "recipients": sent.size(),
            "delivered": sent.size(),  # single deliveries know no bounces
            "clicks": sent["clicked"].sum(min_count=1),
            "click_trials": sent["clicked"].count(),
            "orders": sent["converted"].sum(min_count=1),
            "order_trials": sent["converted"].count(),
            "revenue": sent["revenue"].sum(min_count=1),
            "unsubscribed": sent["unsubscribed"].sum(min_count=1),
            "unsubscribe_trials": sent["unsubscribed"].count(),
        }
    )
    table["held_out"] = held.size().reindex(table.index).fillna(0) if "treated" in rows else np.nan
    table["held_out_orders"] = held["converted"].sum(min_count=1).reindex(table.index)
    table["held_out_trials"] = held["converted"].count().reindex(table.index).fillna(0)
    return table


def _from_totals(shop: Shop) -> pd.DataFrame | None:
    """Counts per campaign from a mail tool's totals, which do not tell of anybody left out."""
    if not shop.rows("campaign_results"):
        return None
    rows = shop.table("campaign_results")
    delivered = rows.get("delivered", pd.Series(np.nan, rows.index))
    sent = delivered.fillna(rows["recipients"])
    table = pd.DataFrame({"campaign_id": rows["campaign_id"], "sent": sent, "recipients": rows["recipients"]})
    for ours, theirs in {
        "clicks": "clicked",
        "orders": "orders",
        "revenue": "revenue",
        "unsubscribed": "unsubscribed",
    }.items():
        table[ours] = rows.get(theirs, np.nan)
    stages = (("clicks", "click_trials"), ("orders", "order_trials"), ("unsubscribed", "unsubscribe_trials"))
    for stage, trials in stages:
        table[trials] = sent.where(table[stage].notna(), 0)
    is_known = delivered.notna().groupby(rows["campaign_id"]).all()
    table = table.groupby("campaign_id").sum(min_count=1)
    table["delivered"] = table["sent"].where(is_known)  # of some of its rows alone it would be too few
    return table.assign(source="totals", held_out=np.nan, held_out_orders=np.nan, held_out_trials=0.0)


def with_rates(table: pd.DataFrame) -> pd.DataFrame:
    """Rates and their 95 % intervals from the counts; a rate is of the rows whose outcome is known (its trials)."""
    nothing = np.full(len(table), np.nan)
    result = table.copy()
    for rate, count, trials in (("ctr", "clicks", "click_trials"), ("order_rate", "orders", "order_trials")):
        n = table[trials].where(table[trials] > 0)
        done = table[count].clip(upper=n)  # totals may count two orders of one customer; a rate is of customers
        result[rate] = table[count] / n
        result[f"{rate}_low"], result[f"{rate}_high"] = wilson(done.to_numpy(), n.to_numpy())
    held = table["held_out_trials"].where(table["held_out_trials"] > 0)
    result["held_out_rate"] = table["held_out_orders"] / held
    extra = result["order_rate"] - result["held_out_rate"]
    low, high = nothing, nothing
    if held.notna().any():
        low, high = newcombe(
            table["orders"].to_numpy("float64"), table["order_trials"].to_numpy("float64"),
            table["held_out_orders"].to_numpy("float64"), held.to_numpy("float64"),
        )  # fmt: skip
    result["extra_per_1000"] = PER * extra
    result["extra_per_1000_low"], result["extra_per_1000_high"] = PER * low, PER * high
    result["distinguishable"] = ((low > 0) | (high < 0)).astype(int)
    result["basis"] = np.where(extra.notna(), "incremental", "attributed")
    result["revenue_per_recipient"] = table["revenue"] / table["sent"].where(table["sent"] > 0)
    return result


def totals(table: pd.DataFrame) -> Totals:
    """All campaigns of `campaigns()` together.

    Extra orders are summed campaign by campaign (sent x (rate - held-out rate)), so that a campaign with a small
    holdout is not compared with the holdout of another; normal interval, half an order added to each count.
    """
    held = table[table["basis"] == "incremental"]
    extra = low = high = None
    if len(held):
        extra = float((held["sent"] * held["extra_per_1000"] / PER).sum())
        variance = _variance(held["orders"], held["sent"]) + _variance(held["held_out_orders"], held["held_out"])
        spread = Z * float(np.sqrt((held["sent"] ** 2 * variance).sum()))
        low, high = extra - spread, extra + spread
    return Totals(
        campaigns=len(table),
        with_holdout=len(held),
        distinguishable=int(held["distinguishable"].sum()),
        sent=int(table["sent"].sum()),
        orders=int(table["orders"].sum()),
        revenue=float(table["revenue"].sum()) if table["revenue"].notna().any() else None,
        extra=extra,
        extra_low=low,
        extra_high=high,
    )


def _variance(successes: pd.Series, trials: pd.Series) -> pd.Series:
    rate = (successes + 0.5) / (trials + 1)
    return rate * (1 - rate) / trials


def revenue_per_order(revenue: float | None, orders: int) -> float | None:
    """Average revenue of the orders counted, None without any."""
    return None if revenue is None else terms.aov(revenue, orders)
