"""What is known of a customer before an instant: single rows for the models, and every customer at once.

by_request   features of (customer, instant) pairs, each with an instant of its own: what models and rules ask
order_lines  order lines -> features per customer, as expressions that run on any engine Ibis speaks to
behaviour    events and messages -> features per customer, likewise
snapshot     every customer of a shop on one day, and the dictionary of the features
"""

from engine.shop.features.by_request import (
    DICTIONARY,
    campaign_windows,
    connected,
    customers,
    default_as_of,
    features,
    totals_at,
)
from engine.shop.features.snapshot import Snapshot, dictionary, of_tables, snapshot, taken

__all__ = [
    "DICTIONARY",
    "Snapshot",
    "campaign_windows",
    "connected",
    "customers",
    "default_as_of",
    "dictionary",
    "features",
    "of_tables",
    "snapshot",
    "taken",
    "totals_at",
]
