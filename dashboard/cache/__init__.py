"""What is kept between runs and shared by everyone: the only st.cache_*. A module per subject.

Pages say `from dashboard import cache` and `cache.forecasts.curve(...)`: the subjects have the names of what pages
work with all the time (plans, reasons, rules), and the word before them says that an answer may be a kept one.

Shared frames are never changed in place: they come out of the cache without a copy.
"""

from dashboard.cache import (
    audience,
    beginnings,
    campaigns,
    choices,
    customers,
    experiments,
    extra,
    first,
    forecasts,
    history,
    kept,
    learning,
    lint,
    measured,
    offers,
    packs,
    patterns,
    plans,
    reasons,
    replies,
    rules,
    safety,
    shops,
    standing,
    tables,
    warm_up,
    writer,
)

__all__ = [
    "audience",
    "beginnings",
    "campaigns",
    "choices",
    "customers",
    "experiments",
    "extra",
    "first",
    "forecasts",
    "history",
    "kept",
    "learning",
    "lint",
    "measured",
    "offers",
    "packs",
    "patterns",
    "plans",
    "reasons",
    "replies",
    "rules",
    "safety",
    "shops",
    "standing",
    "tables",
    "warm_up",
    "writer",
]
