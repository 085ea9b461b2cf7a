"""Campaigns since the model in use was learned: what it would have said of them, beside what came.

It has not seen them, so each is a forecast as good as one made that day; but none was put on record: those that were,
and that somebody decided by, are engine.outcome.on_record's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from engine.campaign import past_sends, promotion
from engine.campaign import rows as feature_rows
from engine.model import fit, ranges
from engine.model.fit import Rows
from engine.shop.features import default_as_of
from engine.shop.store import Shop

TARGETS = {"click": "clicked", "order": "converted", "unsubscribe": "unsubscribed"}
AD_TARGETS = {"ad_click": "clicks", "ad_conversion": "conversions"}
COLUMNS = [
    "target", "campaign", "channel", "at", "trials", "successes", "predicted", "actual", "low", "high",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Known:
    """Everything recorded of one target, as rows to learn from. at: the first send of each campaign, by campaign."""

    rows: Rows
    rule: str
    at: pd.Series

    def unseen(self, learned: frozenset[str]) -> np.ndarray:
        """Which rows are of campaigns that a model did not learn from."""
        return ~np.isin(self.rows.campaign.astype("str"), list(learned))

    def newer(self, learned: frozenset[str]) -> int:
        """How many campaigns those are."""
        return len(np.unique(self.rows.campaign[self.unseen(learned)]))


def known(shop: Shop, as_of: date | None = None) -> dict[str, Known]:
    """By target, what the shop's past teaches before `as_of`; what nobody recorded is left out."""
    as_of = as_of or default_as_of(shop)
    return of_messages(shop, past_sends.past_messages(shop, as_of), as_of)


def of_messages(shop: Shop, messages: past_sends.Messages | None, as_of: date) -> dict[str, Known]:
    """`known` where the messages were read already, which takes most of the time."""
    found = {}
    if messages is not None:
        for target, column in TARGETS.items():
            if column in messages.sent and messages.sent[column].notna().any():
                recorded = messages.sent[column].notna()
                found[target] = _of(messages.sent[recorded], messages.features[recorded], column)
    if shop.rows("ads"):
        table, features = ad_table(shop, as_of)
        for target, column in AD_TARGETS.items():
            if column in table and table[column].notna().any():
                recorded = table[column].notna()
                found[target] = _of(table[recorded], features[recorded], column)
    return found


def ad_table(shop: Shop, as_of: date) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Ads before `as_of` with campaign_id, sent_at, trials, customer_id as past sends have them; features aligned.

    An ad's days are its past and future: stretches of time, not whole ads, are held out. campaign_id is the week.
    """
    ads = shop.table("ads")
    ads = ads[(ads["date"] < pd.Timestamp(as_of)) & (ads["impressions"] > 0)].reset_index(drop=True)
    if ads.empty:
        return ads, pd.DataFrame()
    features = feature_rows.learnable(feature_rows.ad_rows(shop, ads))
    table = ads.assign(sent_at=ads["date"], trials=ads["impressions"], customer_id=ads.index.astype("str"))
    return table.assign(campaign_id=table["sent_at"].dt.to_period("W").astype("str")), features


def _of(table: pd.DataFrame, features: pd.DataFrame, column: str) -> Known:
    rows, rule = past_sends.training_rows(table, features, column)
    return Known(rows, rule, table.groupby("campaign_id")["sent_at"].min())


def campaigns(
    past: Mapping[str, Known], in_use: promotion.InUse, variation: Mapping[str, ranges.Variation]
) -> pd.DataFrame:
    """COLUMNS: one row per target and campaign that the model in use did not learn from, the earliest first.

    predicted is the mean probability of its messages (impressions), low and high the 80 % range of the observed rate.
    """
    parts = [
        _judged(target, one, in_use.responses[target], in_use.learned.get(target, frozenset()), variation[target])
        for target, one in past.items()
        if target in in_use.responses
    ]
    found = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)
    return found[COLUMNS]


def _judged(
    target: str, past: Known, model: fit.Response, learned: frozenset[str], variation: ranges.Variation
) -> pd.DataFrame:
    unseen = past.rows.take(np.flatnonzero(past.unseen(learned)))
    table = by_campaign(unseen, model.predict(unseen.features)) if len(unseen.trials) else _nothing()
    table = table.assign(target=target, at=table["campaign"].map(past.at)).sort_values("at", kind="stable")
    table["actual"] = table["successes"] / table["trials"]
    reach = [
        ranges.interval(row.predicted, row.trials, variation.of(str(row.channel))) for row in table.itertuples()
    ]  # fmt: skip
    return table.assign(low=[low for low, _ in reach], high=[high for _, high in reach])


def _nothing() -> pd.DataFrame:
    return pd.DataFrame(columns=["campaign", "channel", "trials", "successes", "predicted"])


def by_campaign(rows: Rows, probability: np.ndarray) -> pd.DataFrame:
    """campaign, channel ("" where several share one name), trials, successes, predicted: one row per campaign."""
    channel = rows.features.get("channel", pd.Series("", rows.features.index)).to_numpy("str")
    table = pd.DataFrame(
        {
            "campaign": rows.campaign.astype("str"), "channel": channel, "trials": rows.trials,
            "successes": rows.successes, "expected": rows.trials * probability,
        }
    )  # fmt: skip
    of = table.groupby("campaign")
    summed = of[["trials", "successes", "expected"]].sum()
    channels = of["channel"].agg(["first", "nunique"])
    summed["channel"] = channels["first"].where(channels["nunique"] == 1, "")
    summed["predicted"] = summed["expected"] / summed["trials"]
    return summed.reset_index().drop(columns="expected")
