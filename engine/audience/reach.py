"""Who of an audience may be written to."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from engine.shop.store import Shop

CONSENTS = {"email": "email_consent", "sms": "sms_consent", "push": "push_consent"}


@dataclass(frozen=True, slots=True)
class Reach:
    """customer_ids that may be written to, and how many were left out for each reason."""

    customer_ids: list[str]
    left_out: dict[str, int]


def reachable(shop: Shop, customer_ids: list[str], channel: str, as_of: date) -> Reach:
    """Of these customers, in their order, those whom consent, unsubscribing and suppression allow.

    An unknown consent counts as given only where the shop keeps none of that channel for anyone.
    """
    customers = shop.optional("customers")
    table = customers.drop_duplicates("customer_id").set_index("customer_id").reindex(customer_ids)
    allowed = np.ones(len(customer_ids), dtype=bool)
    left_out: dict[str, int] = {}

    def leave_out(reason: str, refused: pd.Series | np.ndarray) -> None:
        nonlocal allowed
        newly = allowed & np.asarray(refused, dtype=bool)
        if newly.any():
            left_out[reason] = int(newly.sum())
        allowed = allowed & ~newly

    leave_out("never_contact", pd.Series(customer_ids, dtype="str").isin(shop.settings.never_contact))
    if "suppressed" in table:
        leave_out("suppressed", table["suppressed"].eq(1))
    if "unsubscribed_at" in table and channel == "email":
        leave_out("unsubscribed", table["unsubscribed_at"] < pd.Timestamp(as_of))
    consent = CONSENTS.get(channel)
    if consent in customers and customers[consent].notna().any():
        leave_out("no_consent", ~table[consent].eq(1))
    return Reach([c for c, keep in zip(customer_ids, allowed, strict=True) if keep], left_out)
