"""One row per message (or total, or ad): what was known before it was sent, as the columns a model learns from.

A column named `feature|detail` is a curve or interaction of `feature`; the reasons shown sum over them.
"""

from collections.abc import Hashable, Iterable, Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from engine.shop.attributes import KNOWN_CUSTOMER, allowed_attribute
from engine.shop.features import features
from engine.shop.store import Shop
from engine.shop.tables import TABLES, text

CUSTOMER_LOGS = (
    "recency_days", "frequency", "monetary", "aov", "tenure_days", "gap_days", "orders_90d", "monetary_90d",
    "categories", "views_30d", "carts_30d", "sent", "sent_30d", "days_since_sent",
)  # fmt: skip
CUSTOMER_SHARES = ("discount_share", "return_share")
OFFER_TEXTS = ("channel", "offer_kind", "goal", "type", "language", "category")
KNOWN_CAMPAIGN = {
    "campaign_id", "name", "type", "channel", "goal", "language", "offer_kind", "discount", "min_spend",
    "gift_product_id", "code", "category", "starts_at", "ends_at", "send_hour", "audience_share", "send_cost",
    "headline", "body",
}  # fmt: skip
KNOWN_AD = {"ad_id", "date", "channel", "campaign_id", "impressions", "clicks", "conversions", "cost", "revenue"}
# Doubled money off earns less than twice: the response bends at about this discount.
DISCOUNT_BEND = 0.12
_URGENT = r"\b(?:today|tonight|last|hours?|hurry|ends?|ending|final|now|only)\b|最后|今天|今晚|限时|仅剩"
_PERSONAL = r"\{first_name\}|\{name\}|\byour?\b|您|你"


def message_rows(
    shop: Shop, deliveries: pd.DataFrame, campaigns: pd.DataFrame, plan_products: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Feature rows for `deliveries` (campaign_id, customer_id, sent_at), in their order and index.

    `campaigns` describes every campaign_id in them, with the columns of the campaigns table.
    """
    described = campaigns.drop_duplicates("campaign_id").set_index("campaign_id")
    context = described.reindex(deliveries["campaign_id"]).set_index(deliveries.index)
    sent = deliveries["sent_at"].fillna(context["starts_at"])
    asked = pd.DataFrame(
        {
            "customer_id": deliveries["customer_id"],
            "as_of": feature_day(sent, context["starts_at"]),
            "campaign_id": deliveries["campaign_id"],
            "channel": context["channel"].astype("str"),
            "campaign_category": _text(context, "category"),
        }
    )
    known = features(shop, asked, plan_products)
    own = customer_attributes(shop)
    known = known.join(own, on="customer_id")
    # What happened to a message is never an attribute, even where the shop keeps a customer column of that name.
    given = [c for c in deliveries if c in own and c not in TABLES["deliveries"].columns]
    known = known.assign(**{str(c): _overridden(known[c], deliveries[c]) for c in given})
    return design(known, _with_hour(context, sent), shop.settings.protected)


def _overridden(own: pd.Series, given: pd.Series) -> pd.Series:
    """What the rows say of a customer, and where they say nothing what the shop knows."""
    said = pd.to_numeric(given, errors="coerce") if pd.api.types.is_numeric_dtype(own) else text(given)
    return said.where(said.notna(), own)


def feature_day(sent: pd.Series, starts: pd.Series) -> pd.Series:
    """The day whose morning features are taken: the campaign's first day; for a long-running flow, the month's."""
    day = sent.dt.floor("D")
    month = day.dt.to_period("M").dt.to_timestamp()
    start = starts.dt.floor("D")
    return start.where(
        start.notna() & (start >= month) & (start <= day), np.minimum(day, np.maximum(month, start.fillna(month)))
    ).astype("datetime64[us]")


def _with_hour(context: pd.DataFrame, sent: pd.Series) -> pd.DataFrame:
    hour = context["send_hour"] if "send_hour" in context else pd.Series(np.nan, context.index)
    at = sent.dt.hour.where((sent.dt.hour != 0) | (sent.dt.minute != 0))  # midnight is a date without a time
    return context.assign(send_hour=hour.astype("float64").fillna(at), sent_at=sent)


def customer_attributes(shop: Shop) -> pd.DataFrame:
    """The shop's own columns of a customer, by customer_id, minus protected and near-unique ones; and the language."""
    table = shop.optional("customers").set_index("customer_id")
    kept = [c for c in table if c not in KNOWN_CUSTOMER and usable_attribute(table[c], str(c), shop.settings.protected)]
    # A column that is called like one of ours keeps its meaning under a name of its own.
    result = table[kept].rename(columns={c: f"customer {c}" for c in kept if c in _TAKEN})
    return (
        result.assign(customer_language=table["language"])
        if "language" in table and table["language"].nunique() > 1
        else result
    )


def usable_attribute(values: pd.Series, name: str, protected: list[str]) -> bool:
    """False for protected attributes, dates, and texts that nearly name a customer."""
    return allowed_attribute(values, name, protected) and not _nearly_unique(values)


def _nearly_unique(values: pd.Series) -> bool:
    return not pd.api.types.is_numeric_dtype(values) and values.nunique() > max(2, min(50, len(values) // 10))


def learnable(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows to learn from: without own texts that nearly name a campaign or an ad.

    Asked of the past only: what one row is worth must not depend on the rows it is scored with.
    """
    ours = {*OFFER_TEXTS, "send_hour", "weekday", "ad_id", "campaign_id"}
    return rows.drop(columns=[c for c in rows if str(c) not in ours and _nearly_unique(rows[c])])


def design(known: pd.DataFrame, context: pd.DataFrame, protected: list[str]) -> pd.DataFrame:
    """Model columns from customer knowledge and campaign context (same index)."""
    offer = offer_columns(context)
    both = shared_columns(offer, known.get("discount_share"))
    own, message = customer_columns(known), message_columns(context, protected)
    return pd.DataFrame({**own, **offer, **both, **message}, index=known.index)


def customer_columns(known: pd.DataFrame) -> dict[str, pd.Series]:
    """Model columns of customers alone."""
    columns: dict[str, pd.Series] = {}
    for name in CUSTOMER_LOGS:
        if name in known:
            columns[f"{name}|log"] = np.log1p(known[name].astype("float64").clip(lower=0))
    for name in CUSTOMER_SHARES:
        if name in known:
            columns[name] = known[name].astype("float64").clip(0, 1)
    columns |= _past_response(known) | _codes(known) | _own_products(known)
    attributes = [c for c in known if c not in _ALL_FEATURES]
    return columns | {
        str(c): known[c] if pd.api.types.is_numeric_dtype(known[c]) else known[c].astype("str") for c in attributes
    }


_ALL_FEATURES = {
    *CUSTOMER_LOGS, *CUSTOMER_SHARES, "customer_id", "as_of", "campaign_id", "channel", "campaign_category",
    "coded_orders", "coded_orders_90d", "campaign_spend", "campaign_orders", "clicked", "ordered", "sent_channel",
    "clicked_channel",
}  # fmt: skip

# Names a customer's own column would hide or be hidden by.
_TAKEN = {*_ALL_FEATURES, *OFFER_TEXTS, "send_hour", "weekday", "campaign_share", "customer_language", "inclination"}


def _past_response(known: pd.DataFrame) -> dict[str, pd.Series]:
    """Past rates drawn towards a usual one as by 20 messages: one click of one message is not 100 %."""
    if "sent" not in known:
        return {}
    rates = {
        "click_rate": (known["clicked"] + 0.6) / (known["sent"] + 20),
        "order_rate": (known["ordered"] + 0.6) / (known["sent"] + 20),
        "click_rate_channel": (known["clicked_channel"] + 0.6) / (known["sent_channel"] + 20),
    }
    counts = {"ordered|log": np.log1p(known["ordered"]), "clicked|log": np.log1p(known["clicked"])}
    return {f"{name}|log": np.log(rate.astype("float64")) for name, rate in rates.items()} | counts


def _codes(known: pd.DataFrame) -> dict[str, pd.Series]:
    """How much a customer uses codes and coupons: known at once, and of many more orders than past messages brought."""
    if "coded_orders" not in known:
        return {}
    share = (known["coded_orders"] + 0.1) / (known["frequency"] + 2)
    counts = {f"{name}|log": np.log1p(known[name].astype("float64")) for name in ("coded_orders", "coded_orders_90d")}
    return counts | {"coded_orders|share": share.astype("float64")}


def _own_products(known: pd.DataFrame) -> dict[str, pd.Series]:
    if "campaign_spend" not in known:
        return {}
    spend = known["campaign_spend"].astype("float64").clip(lower=0)
    return {
        "campaign_spend|log": np.log1p(spend),
        "campaign_orders|log": np.log1p(known["campaign_orders"].astype("float64")),
        "campaign_share": (spend / known["monetary"].where(known["monetary"] > 0)).clip(0, 1).fillna(0.0),
    }


def offer_columns(context: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Model columns of what a campaign offers: size and shape of the discount, minimum spend.

    `context` is a frame, or one campaign's values by name: a slider asks for one row, which takes pandas 4 ms.
    """
    rows = len(context) if isinstance(context, pd.DataFrame) else 1
    kind = context.get("offer_kind")
    percent = np.zeros(rows, dtype=bool) if kind is None else np.atleast_1d(np.asarray(kind, dtype=object)) == "percent"
    size = _amounts(context, "discount", rows)
    fraction = np.clip(np.where(percent, size, 0.0), 0, 0.95)
    return {
        "discount|fraction": fraction,
        "discount|curve": 1 - np.exp(-fraction / DISCOUNT_BEND),
        "discount|amount": np.log1p(np.where(percent, 0.0, size)),
        "min_spend|log": np.log1p(_amounts(context, "min_spend", rows)),
    }


def _amounts(context: Mapping[str, Any], column: str, rows: int) -> np.ndarray:
    """Numbers of a column, 0 where it says nothing."""
    given = context.get(column)
    if isinstance(given, pd.Series):
        return pd.to_numeric(given, errors="coerce").fillna(0.0).to_numpy("float64")
    return np.full(rows, 0.0 if given is None or pd.isna(given) else float(given))


def message_columns(context: pd.DataFrame, protected: list[str]) -> dict[str, pd.Series]:
    """Model columns of how a campaign was sent: channel, timing, headline, and the shop's own campaign attributes."""
    columns: dict[str, pd.Series] = {name: _text(context, name) for name in OFFER_TEXTS}
    columns |= _timing(context) | headline_columns(_text(context, "headline"))
    own = [
        c
        for c in context
        if c not in KNOWN_CAMPAIGN and c not in ("sent_at", "holdout", "segment_id", "audience", "plan_id")
    ]
    for name in own:
        if allowed_attribute(context[name], str(name), protected):
            numeric = pd.api.types.is_numeric_dtype(context[name])
            columns[f"campaign {name}"] = context[name] if numeric else context[name].astype("str")
    return columns


def campaign_columns(context: pd.DataFrame, protected: list[str]) -> dict[str, Any]:
    """Every model column of a campaign alone."""
    return {**offer_columns(context), **message_columns(context, protected)}


def shared_columns(offer: dict[str, np.ndarray], discount_share: pd.Series | None) -> dict[str, np.ndarray]:
    """Model columns that hang on customer and campaign at once. `offer`: columns of one row for all, or of each."""
    if discount_share is None:
        return {}
    keen = np.clip(np.nan_to_num(discount_share.to_numpy("float64", na_value=np.nan)), 0, 1)
    return {"discount|x discount_share": offer["discount|curve"] * keen}


def _timing(context: pd.DataFrame) -> dict[str, pd.Series]:
    hour = _floats(context, "send_hour")
    day = context["sent_at"]
    angle = 2 * np.pi * day.dt.day_of_year / 365.25
    return {
        "send_hour": hour_band(hour),
        "weekday": day.dt.day_name().astype("str"),
        "season|sin": np.sin(angle).astype("float64"),
        "season|cos": np.cos(angle).astype("float64"),
        "season|november": (day.dt.month == 11).astype("float64"),
    }


def hour_band(hour: pd.Series) -> pd.Series:
    """The part of the day an hour falls in; "" where it is unknown."""
    bands = pd.cut(
        hour, [-1, 5, 9, 11, 13, 17, 20, 23], labels=["0-5", "6-9", "10-11", "12-13", "14-17", "18-20", "21-23"]
    )
    return bands.astype("str").where(hour.notna(), "")


def headline_columns(headline: pd.Series) -> dict[str, pd.Series]:
    """How a headline is written: marks that are 1.0 or 0.0, and its length; 0.0 and unknown where there is none."""
    known = headline.ne("")
    marks = {
        "headline|question": headline.str.contains(r"[?？]", regex=True),
        "headline|urgent": headline.str.contains(_URGENT, regex=True, case=False),
        "headline|personal": headline.str.contains(_PERSONAL, regex=True, case=False),
        "headline|number": headline.str.contains(r"\d", regex=True),
        "headline|emoji": headline.str.contains(r"[☀-➿\U0001F300-\U0001FAFF]", regex=True),
    }
    columns = {name: mark.astype("float64").where(known, 0.0) for name, mark in marks.items()}
    return columns | {"headline|length": headline.str.len().astype("float64").where(known)}


def total_rows(shop: Shop, totals: pd.DataFrame, campaigns: pd.DataFrame) -> pd.DataFrame:
    """Feature rows for campaign totals: the campaign's columns; what was known of its customers stays missing."""
    context = (
        campaigns.drop_duplicates("campaign_id")
        .set_index("campaign_id")
        .reindex(totals["campaign_id"])
        .set_index(totals.index)
    )
    sent = (totals["date"] if "date" in totals else pd.Series(pd.NaT, totals.index)).fillna(context["starts_at"])
    return pd.DataFrame(campaign_columns(_with_hour(context, sent), shop.settings.protected), index=totals.index)


def ad_rows(shop: Shop, ads: pd.DataFrame) -> pd.DataFrame:
    """Feature rows for ads (one per ad and day): the ad, its channel and attributes, price of attention, timing."""
    impressions = _floats(ads, "impressions")
    day = ads["date"]
    columns: dict[str, pd.Series] = {
        "ad_id": ads["ad_id"].astype("str"),
        "channel": _text(ads, "channel"),
        "campaign_id": _text(ads, "campaign_id"),
        "impressions|log": np.log1p(impressions),
        "cost|per thousand": np.log1p(1000 * _floats(ads, "cost") / impressions.where(impressions > 0)),
    }
    timing = _timing(ads.assign(sent_at=day))
    columns |= {name: timing[name] for name in timing if name != "send_hour"}
    for name in (c for c in ads if c not in KNOWN_AD):
        if allowed_attribute(ads[name], str(name), shop.settings.protected):
            columns[str(name)] = ads[name] if pd.api.types.is_numeric_dtype(ads[name]) else ads[name].astype("str")
    return pd.DataFrame(columns, index=ads.index)


def of_campaign(rows: pd.DataFrame) -> set[str]:
    """The columns that describe a campaign and not a customer; not the channel, of which every shop has many sends."""
    starts = ("discount|", "min_spend|", "season|", "headline|", "campaign ")
    named = {*OFFER_TEXTS, "send_hour", "weekday"} - {"channel"}
    return {str(c) for c in rows if str(c) in named or str(c).startswith(starts)}


def without_offer(features: pd.DataFrame) -> pd.DataFrame:
    """The same rows as if nothing was offered: what is left is the customer, the channel and the season."""
    return features.assign(**nothing_offered(features))


def nothing_offered(names: Iterable[Hashable]) -> dict[str, Any]:
    """What those of these model columns hold that tell of an offer, where nothing is offered."""
    numbers = {str(c): 0.0 for c in names if str(c).startswith(("discount|", "min_spend|", "headline|"))}
    return numbers | {str(c): "" for c in names if c in ("offer_kind", "goal")}


def outcome_known(deliveries: pd.DataFrame, windows: pd.DataFrame, as_of: date) -> pd.Series:
    """True where the campaign's end (or the send plus its window) lies before `as_of`."""
    context = (
        windows.drop_duplicates("campaign_id")
        .set_index("campaign_id")
        .reindex(deliveries["campaign_id"])
        .set_index(deliveries.index)
    )
    complete = deliveries["sent_at"] + pd.to_timedelta(context["window_days"].fillna(7.0), unit="D")
    return context["ends_at"].fillna(complete) < pd.Timestamp(as_of)


def _text(frame: pd.DataFrame, column: str) -> pd.Series:
    if column not in frame:
        return pd.Series("", index=frame.index, dtype="str")
    return frame[column].astype("str").where(frame[column].notna(), "")


def _floats(frame: pd.DataFrame, column: str) -> pd.Series:
    if column not in frame:
        return pd.Series(np.nan, index=frame.index)
    return pd.to_numeric(frame[column], errors="coerce").astype("float64")
