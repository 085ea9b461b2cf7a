"""Which of a shop's own columns may be used to tell customers apart."""

import pandas as pd

# Columns of customers with a meaning of their own (see engine.shop.tables); every other one is an attribute.
KNOWN_CUSTOMER = {
    "customer_id", "joined_at", "language", "email_consent", "sms_consent", "push_consent", "unsubscribed_at",
    "suppressed",
}  # fmt: skip


def is_protected(name: str, protected: list[str]) -> bool:
    """Whether a column is one of those that nobody may be chosen by."""
    return name.strip().lower() in {p.strip().lower() for p in protected}


def allowed_attribute(values: pd.Series, name: str, protected: list[str]) -> bool:
    """False for protected attributes and dates."""
    return not is_protected(name, protected) and not pd.api.types.is_datetime64_any_dtype(values)
