"""What is known of a customer, whatever message they get: attributes, and what they did before."""

from collections.abc import Collection

import numpy as np
import pandas as pd

from engine.campaign import rows
from engine.shop.features import default_as_of, features
from engine.shop.store import Shop

# Columns of customer_columns that hang on the channel or the products of one campaign.
_OF_ONE_CAMPAIGN = {"click_rate_channel|log", "campaign_spend|log", "campaign_orders|log", "campaign_share"}
_OF_MESSAGES = {
    "sent|log", "sent_30d|log", "days_since_sent|log", "click_rate|log", "order_rate|log", "ordered|log", "clicked|log",
}  # fmt: skip
LANGUAGE = "customer_language"  # what rows.customer_attributes calls the column language of customers
USUAL_MESSAGES = 3  # past messages of the usual customer from which on their answers say something
KNOWN_ENOUGH = 0.9  # share of listed customers the shop must know for their past to be used


def attributes(shop: Shop) -> pd.DataFrame:
    """The shop's own columns of a customer, by customer_id."""
    return rows.customer_attributes(shop)


def past_columns(shop: Shop, past: pd.DataFrame, own: pd.DataFrame, with_history: bool = True) -> pd.DataFrame:
    """One row per past message (campaign_id, customer_id, sent_at): what was known on the campaign's first day.

    `own`: the attributes to use, by customer_id.
    """
    given = own.reindex(past["customer_id"]).set_index(past.index)
    if not with_history:
        return given
    starts = _starts(shop, past)
    asked = _asked(past["customer_id"], rows.feature_day(past["sent_at"].fillna(starts), starts), past["campaign_id"])
    return _columns(shop, asked, given)


def columns_today(
    shop: Shop, customer_ids: Collection[str], own: pd.DataFrame, with_history: bool = True
) -> pd.DataFrame:
    """One row per customer: what is known on the day of the data. `own`: their attributes, row for row."""
    ids = pd.Series(list(customer_ids), dtype="str", index=own.index)
    if not with_history or not len(ids):
        return own
    day = pd.Series(pd.Timestamp(default_as_of(shop)), ids.index, dtype="datetime64[us]")
    return _columns(shop, _asked(ids, day, pd.Series("", ids.index)), own)


def all_columns_today(shop: Shop, customer_ids: Collection[str], with_history: bool) -> pd.DataFrame:
    """The same with every attribute the shop has of them."""
    return columns_today(
        shop, customer_ids, attributes(shop).reindex(list(customer_ids)).reset_index(drop=True), with_history
    )


def history_worth(shop: Shop, past: pd.DataFrame) -> bool:
    """Whether the shop knows more of customers than attributes."""
    return bool(shop.rows("orders") or shop.rows("events")) or _answers_worth(past)


def _answers_worth(past: pd.DataFrame) -> bool:
    counts = past["customer_id"].value_counts()
    return bool(len(counts) and counts.median() >= USUAL_MESSAGES)


def _starts(shop: Shop, past: pd.DataFrame) -> pd.Series:
    campaigns = shop.optional("campaigns").drop_duplicates("campaign_id").set_index("campaign_id")
    return past["campaign_id"].map(campaigns["starts_at"]).astype("datetime64[us]")


def _asked(customer: pd.Series, day: pd.Series, campaign: pd.Series) -> pd.DataFrame:
    return pd.DataFrame(
        {"customer_id": customer, "as_of": day, "campaign_id": campaign, "channel": "", "campaign_category": ""}
    )


def _columns(shop: Shop, asked: pd.DataFrame, own: pd.DataFrame) -> pd.DataFrame:
    known = rows.customer_columns(features(shop, asked))
    kept = {name: values for name, values in known.items() if name not in _OF_ONE_CAMPAIGN}
    table = pd.DataFrame(kept, index=asked.index).astype("float64").replace([np.inf, -np.inf], np.nan)
    return pd.concat([own, table.drop(columns=[c for c in own if c in table])], axis=1)


def without_answers(past: pd.DataFrame, columns: pd.DataFrame) -> pd.DataFrame:
    """Without what customers did with messages, where the usual one has got hardly any."""
    return columns if _answers_worth(past) else columns.drop(columns=[c for c in columns if c in _OF_MESSAGES])
