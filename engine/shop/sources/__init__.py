"""Exports that are known by their columns: which one a file is, and what its rows come to.

A new export is a file with a `Source` in `SOURCES` and a fixture of its true shape in tests/shop/exports/.
"""

import pandas as pd

from engine.shop.sources import ads, mail, public, shopify, suppressed, tmall, woocommerce
from engine.shop.sources.taken import Source, Taken

__all__ = ["SOURCES", "Source", "Taken", "recognised", "without_header"]

_ROOMS = (shopify, woocommerce, tmall, mail, suppressed, ads, public)
SOURCES: dict[str, Source] = {source.name: source for room in _ROOMS for source in room.SOURCES}


def recognised(columns: list[str]) -> Source | None:
    """The export that has these columns; of several the one that knows the most of them."""
    found = [source for source in SOURCES.values() if source.recognises(columns)]
    return max(found, key=lambda source: len(source.mapping(columns)), default=None)


def without_header(frame: pd.DataFrame) -> Source | None:
    """The export without a header whose first row stands where a header would be."""
    first = [str(column).strip() for column in frame.columns]
    return SOURCES["taobao_behaviour"] if public.is_behaviour(first) else None
