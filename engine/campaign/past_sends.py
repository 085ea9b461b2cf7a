"""Past messages whose outcome is known: what deliveries and totals teach, as rows to learn from."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from engine.campaign import rows as feature_rows
from engine.model import fit, splits
from engine.shop.features import campaign_windows, totals_at
from engine.shop.store import Shop


@dataclass(frozen=True, slots=True)
class Messages:
    """Past sends whose outcome is known: rows of deliveries or totals, features aligned with each."""

    sent: pd.DataFrame
    features: pd.DataFrame
    held: pd.DataFrame
    held_features: pd.DataFrame


def past_messages(shop: Shop, as_of: date) -> Messages | None:
    """What deliveries and totals teach before `as_of`; None where the shop has neither.

    sent has campaign_id, sent_at, trials and one column per outcome (successes; missing where it is not recorded).
    """
    if not shop.rows("campaigns"):
        return None
    campaigns = shop.table("campaigns")
    parts, features = [], []
    held = held_features = pd.DataFrame()
    if shop.rows("deliveries"):
        deliveries, treated = known_deliveries(shop, as_of)
        every = feature_rows.learnable(feature_rows.message_rows(shop, deliveries, campaigns))
        parts.append(deliveries[treated].assign(trials=1.0))
        features.append(every[treated])
        held, held_features = deliveries[~treated].assign(trials=1.0), every[~treated]
    if shop.rows("campaign_results"):
        totals = known_totals(shop, campaigns, as_of, set(parts[0]["campaign_id"]) if parts else set())
        if len(totals):
            parts.append(totals)
            features.append(feature_rows.learnable(feature_rows.total_rows(shop, totals, campaigns)))
    if not parts or not sum(map(len, parts)):
        return None
    sent = pd.concat(parts, ignore_index=True)
    return Messages(
        sent, pd.concat(features, ignore_index=True), held.reset_index(drop=True), held_features.reset_index(drop=True)
    )


def known_deliveries(shop: Shop, as_of: date) -> tuple[pd.DataFrame, pd.Series]:
    """Deliveries before `as_of` whose outcome is known, and which of them were sent rather than held out."""
    deliveries = shop.table("deliveries")
    known = feature_rows.outcome_known(deliveries, campaign_windows(shop), as_of) & (
        deliveries["sent_at"] < pd.Timestamp(as_of)
    )
    deliveries = deliveries[known].reset_index(drop=True)
    unsaid = pd.Series(True, deliveries.index)
    return deliveries, deliveries["treated"].fillna(1.0).eq(1.0) if "treated" in deliveries else unsaid


def known_totals(shop: Shop, campaigns: pd.DataFrame, as_of: date, with_deliveries: set[str]) -> pd.DataFrame:
    """Totals of campaigns that have no single deliveries, as rows with trials and successes."""
    totals = shop.table("campaign_results")
    at = totals_at(totals, campaigns)
    totals = totals.assign(sent_at=at, customer_id="").loc[
        (at < pd.Timestamp(as_of)) & ~totals["campaign_id"].isin(with_deliveries)
    ]
    trials = (totals["delivered"] if "delivered" in totals else totals["recipients"]).fillna(totals["recipients"])
    renamed = totals.rename(columns={"orders": "converted"}).assign(trials=trials)
    return renamed[renamed["trials"] > 0].reset_index(drop=True)


def training_rows(table: pd.DataFrame, features: pd.DataFrame, column: str) -> tuple[fit.Rows, str]:
    """Rows with trials and successes of one outcome, and the rule by which they are split."""
    customer = table["customer_id"] if "customer_id" in table else pd.Series(table.index.astype("str"), table.index)
    units, rule = splits.unit(table["campaign_id"], table["sent_at"], customer)
    trials = table["trials"].to_numpy("float64")
    successes = np.minimum(table[column].to_numpy("float64"), trials)
    return fit.Rows(features.reset_index(drop=True), trials, successes, units, table["campaign_id"].to_numpy()), rule
