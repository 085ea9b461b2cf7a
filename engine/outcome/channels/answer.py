"""Everything that is said of the channels, worked out at one go."""

from dataclasses import dataclass

import pandas as pd

from engine.errors import NotEnoughData
from engine.outcome.channels import each
from engine.outcome.channels.delay import Delay, delays
from engine.outcome.channels.each import Worth
from engine.outcome.channels.hours import Hours, hours
from engine.outcome.channels.reconciled import Contacts, Reconciled, contacts, reconciled
from engine.outcome.past import campaigns
from engine.outcome.results import Totals, totals
from engine.outcome.touches import touches
from engine.sentences import Said
from engine.shop.store import Shop


@dataclass(frozen=True, slots=True)
class Answer:
    """table: as `each.channels`. totals: all campaigns with a holdout together, None without any.

    reconciled, contacts: None where `missing` says what the shop lacks for them.

    unmatched: channel, kind ("ads", "totals"), orders: claims for the same days that no customer stands behind, so that
    nobody can say which orders they mean.
    """

    table: pd.DataFrame
    worth: Worth
    totals: Totals | None
    reconciled: Reconciled | None
    contacts: Contacts | None
    unmatched: pd.DataFrame
    delays: list[Delay]
    hours: list[Hours]
    missing: tuple[Said, ...] = ()


def answer(shop: Shop, seed: int = 0) -> Answer:
    """What is known of the channels. Raises NotEnoughData without campaigns and ads."""
    table, worth, past = each.channels(shop), each.worth(shop), campaigns(shop)
    held = past[past["basis"] == "incremental"]
    together = totals(held) if len(held) else None
    try:
        by_hour = hours(shop)
    except NotEnoughData:
        by_hour = []
    try:
        found = touches(shop)
    except NotEnoughData as lacking:
        return Answer(table, worth, together, None, None, _no_claims(), [], by_hour, tuple(lacking.said))
    parts = reconciled(found)
    unmatched = _unmatched(shop, parts)
    return Answer(table, worth, together, parts, contacts(found), unmatched, delays(found, seed), by_hour)


def _no_claims() -> pd.DataFrame:
    return pd.DataFrame(columns=["channel", "kind", "orders"])


def _unmatched(shop: Shop, parts: Reconciled) -> pd.DataFrame:
    """Orders that ad platforms and a mail tool's totals claim in the days of the reconciliation."""
    found = []
    if "conversions" in shop.columns("ads"):
        wanted = ("date", "channel", "conversions")
        rows = shop.table("ads", [one for one in shop.columns("ads") if one in wanted])
        rows = rows[(rows["date"] >= parts.first) & (rows["date"] < parts.last + pd.Timedelta(days=1))]
        named = rows["channel"].astype("str").fillna("?") if "channel" in rows else pd.Series("?", rows.index)
        found.append(_claims(named, rows["conversions"], "ads"))
    if shop.rows("campaign_results"):
        table = campaigns(shop)
        table = table[table["source"].eq("totals") & (table["starts_at"] >= parts.first)]
        table = table[table["starts_at"] < parts.last + pd.Timedelta(days=1)]
        found.append(_claims(table["channel"].astype("str").fillna("?"), table["orders"], "totals"))
    return pd.concat(found, ignore_index=True) if found else _no_claims()


def _claims(channel: pd.Series, orders: pd.Series, kind: str) -> pd.DataFrame:
    table = orders.astype("float64").groupby(channel.rename("channel")).sum(min_count=1).dropna()
    return table.rename("orders").reset_index().assign(kind=kind)
