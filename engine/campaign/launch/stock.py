"""How long the stock of a new product lasts, and how many pieces pay for it."""

from dataclasses import dataclass
from datetime import date, timedelta

from engine import terms
from engine.campaign.launch.form import NewProduct
from engine.campaign.launch.sales import Expected

LONGEST_DAYS = 365  # beyond a year nobody knows


@dataclass(frozen=True, slots=True)
class Stock:
    """sold_out: chance that the stock is gone by the last day of the first horizon.

    on, earliest, latest: the day it is gone at the expected pace, and at both ends of the 80 % range; None: not within
    a year. weeks: how long it lasts at the expected pace, None beyond a year.
    """

    stock: int
    days: int
    sold_out: float
    on: date | None
    earliest: date | None
    latest: date | None
    weeks: float | None


def stock(product: NewProduct, first: Expected, later: Expected | None) -> Stock | None:
    """What becomes of the product's stock; None where it is not known. `later` says the pace after the first days."""
    if product.stock is None:
        return None
    pieces, gone = product.stock, {}
    for name in ("value", "low", "high"):
        after = (later.days, float(getattr(later.range, name))) if later else None
        gone[name] = _lasts(pieces, first.days, float(getattr(first.range, name)), after)
    return Stock(
        stock=pieces,
        days=first.days,
        sold_out=first.chance_of(pieces) if pieces else 1.0,
        on=_day(product, gone["value"]),
        earliest=_day(product, gone["high"]),
        latest=_day(product, gone["low"]),
        weeks=None if gone["value"] is None else gone["value"] / 7,
    )


def _lasts(pieces: int, days: int, units: float, after: tuple[int, float] | None) -> float | None:
    """Days until `pieces` are gone when `units` go in the first `days`; `after`: the same of a longer time.

    None beyond LONGEST_DAYS.
    """
    if pieces <= units:
        return days * pieces / units if units else 0.0
    pace = units / days if after is None else (after[1] - units) / (after[0] - days)
    if pace <= 0:
        return None
    lasts = days + (pieces - units) / pace
    return lasts if lasts <= LONGEST_DAYS else None


def _day(product: NewProduct, lasts: float | None) -> date | None:
    return None if lasts is None else product.launched_at + timedelta(days=int(lasts))


@dataclass(frozen=True, slots=True)
class BreakEven:
    """margin: profit of one piece at what customers really pay; units: pieces that pay for the stock bought.

    units is None where the stock is not known; chance: that so many are sold in the first days, None likewise.
    """

    margin: float
    units: int | None
    chance: float | None


def break_even(product: NewProduct, first: Expected, paid_share: float) -> BreakEven | None:
    """What the product must sell to pay for its stock; None where its cost is not known."""
    if product.unit_cost is None:
        return None
    received = product.price * paid_share
    margin = received - product.unit_cost
    if not product.stock:
        return BreakEven(margin, None, None)
    units = terms.break_even_units(product.stock * product.unit_cost, received)
    return BreakEven(margin, units, first.chance_of(units) if units <= product.stock else 0.0)
