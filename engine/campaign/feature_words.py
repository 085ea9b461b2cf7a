"""What the models look at in a marketer's words: names of features, and their values with units."""

import pandas as pd

from engine.campaign import rows
from engine.campaign.learned import RATES, is_share
from engine.campaign.writer.as_read import MONTHS, money
from engine.sentences import known, say

DAYS = {"recency_days", "tenure_days", "gap_days", "days_since_sent"}
MONEY = {"monetary", "aov", "monetary_90d", "campaign_spend", "min_spend", "cost"}
OF_MESSAGE = {*rows.OFFER_TEXTS, "send_hour", "weekday", "season", "headline", "discount", "min_spend"}
_OURS = {
    *rows.CUSTOMER_LOGS, *rows.CUSTOMER_SHARES, *RATES, *OF_MESSAGE, "ordered", "clicked", "coded_orders",
    "coded_orders_90d", "campaign_spend", "campaign_orders", "campaign_share", "customer_language", "ad_id",
    "campaign_id", "impressions", "cost", "inclination", "no_offer",
}  # fmt: skip
# Where a text has words already.
_TEXTS = {
    "channel": "plan.channel_", "offer_kind": "plan.offer_", "goal": "plan.goal_", "language": "plan.language_",
    "customer_language": "plan.language_", "weekday": "explained.",
}  # fmt: skip


def words(feature: str, language: str = "en") -> str:
    """A feature in a marketer's words; the shop's own attributes keep their name."""
    if feature in _OURS:
        return say(f"features.{feature}", language)
    return feature.removeprefix("campaign ").replace("_", " ")


def value_words(feature: str, value: object, currency: str, language: str = "en") -> str:
    """One value of a feature with its unit; what is not known, or was not given, is said so.

    >>> value_words("recency_days", 12.2, "USD"), value_words("click_rate", 0.034, "USD")
    ('12 days', '3.4%')
    """
    if value is None or value is pd.NaT or value != value or value in ("", "nan", "None"):
        of_message = feature in OF_MESSAGE or feature.startswith("campaign ")
        return say("explained.not_given" if of_message else "learned.unknown", language)
    if isinstance(value, str):
        key = f"{_TEXTS.get(feature)}{value}"
        return say(key, language) if known(key) else value.replace("_", " ")
    return _with_unit(feature, float(value), currency, language)  # type: ignore[arg-type]


def _with_unit(feature: str, value: float, currency: str, language: str) -> str:
    if feature == "season":
        month = int(value)
        return f"{month} 月" if language == "zh" else MONTHS[month]
    if feature in DAYS:
        days = f"{value:,.0f}"
        return say("explained.day" if days == "1" else "explained.days", language, count=days)
    if feature in MONEY:
        return money(float(round(value, 0 if value >= 10 else 2)), currency, language)
    return share(value) if is_share(feature) else number(value)


def share(value: float) -> str:
    """
    >>> share(0.034), share(0.343), share(0.0)
    ('3.4%', '34%', '0%')
    """
    return f"{value:.0%}" if value >= 0.1 or not value else f"{value:.1%}"


def number(value: float) -> str:
    """
    >>> number(1234.5), number(12.34), number(0.1234)
    ('1,234', '12.3', '0.123')
    """
    size = abs(value)
    return f"{value:,.0f}" if size >= 100 else f"{value:.3g}"
