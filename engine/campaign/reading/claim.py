"""One claim of a text."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "number", "percent", "money", "date", "duration", "measure", "code", "product", "attribute", "stock", "delivery",
    "guarantee", "gift", "points", "rating", "comparison", "superlative", "minimum",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Claim:
    """What a text says at one place. `start` and `end` count its characters.

    `value`: a percentage as the fraction taken off, money in the currency of `unit`, a date as "2026-06-30" or "06-30",
    a duration in days, a measure in `unit`, else the name of the term. `roles`: what it may be the amount or the day of
    (off, min, price, was, now, cap; start, end); empty where the words around it do not say.
    """

    start: int
    end: int
    kind: Kind
    value: float | str
    unit: str = ""
    roles: frozenset[str] = frozenset()
    figures: tuple[float, ...] = ()  # of a promise: the numbers said with it
