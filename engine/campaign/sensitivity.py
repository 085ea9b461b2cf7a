"""Which assumption matters most: each uncertain input of a plan's money moved alone over its own 80 % range."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from engine.campaign import earnings
from engine.campaign.earnings import Terms
from engine.campaign.simulate import Outcomes
from engine.model.ranges import LEVEL
from engine.sentences import Sentence

Input = Literal["would_buy_anyway", "order_rate", "order_value", "margin", "offer_cost"]
# Nobody measured these: how far they are moved is a choice, and the sentence says what would have to be true.
MARGIN_OFF = 0.1  # a margin that is the shop's setting: 10 points either way
COST_OFF = 0.5  # a cost per order that no data supports: half as much either way


@dataclass(frozen=True, slots=True)
class Assumption:
    """One input with its 80 % range, and the extra profit at both ends when all others stay as forecast.

    Rates and margins are fractions, values and costs money per order. flips_at: where the plan goes from profit to loss
    or back, None outside the range. unknown: nothing is known of it and the forecast takes it as 0.
    """

    name: Input
    value: float
    low: float
    high: float
    profit_low: float
    profit_high: float
    flips_at: float | None
    unknown: bool = False

    @property
    def swing(self) -> float:
        """How far extra profit moves from one end to the other, money."""
        return abs(self.profit_high - self.profit_low)

    def end(self, best: bool) -> float:
        """The end of the range with the higher profit, or the one with the lower."""
        return self.high if (self.profit_high > self.profit_low) == best else self.low


def assumptions(drawn: Outcomes, given: Terms, margin_measured: bool, cost_assumed: bool) -> tuple[Assumption, ...]:
    """Every uncertain input, the one that moves extra profit most first."""
    moved = [_moved(*one) for one in _inputs(drawn, given, margin_measured, cost_assumed)]
    return tuple(sorted(moved, key=lambda one: -one.swing))


_Asked = tuple[Input, float, tuple[float, float], Callable[[float], float], bool]


def _inputs(drawn: Outcomes, given: Terms, margin_measured: bool, cost_assumed: bool) -> Iterator[_Asked]:
    """(name, value, range, extra profit at a value, unknown) of every input that is not certain."""
    p, q, value = drawn.p, drawn.q, drawn.value

    def profit(p: float = p, q: float | None = q, value: float = value, given: Terms = given) -> float:
        return float(earnings.money(p, q, value, given)["extra_profit"])

    if q is None:
        yield "would_buy_anyway", 0.0, (0.0, p), lambda x: profit(q=x), True
    else:
        yield "would_buy_anyway", q, _range(drawn.q_draws), lambda x: profit(q=x), False
    yield "order_rate", p, _range(drawn.p_draws), lambda x: profit(p=x), False
    yield "order_value", value, _range(drawn.value_draws), lambda x: profit(value=x), False
    if not margin_measured:
        margins = (max(given.margin - MARGIN_OFF, 0.0), min(given.margin + MARGIN_OFF, 1.0))
        yield "margin", given.margin, margins, lambda x: profit(given=replace(given, margin=x)), False
    if cost_assumed:
        cost = given.handed
        ends = (cost * (1 - COST_OFF), cost * (1 + COST_OFF))
        yield "offer_cost", cost, ends, lambda x: profit(given=given.with_handed(x)), False


def _range(draws: np.ndarray | None) -> tuple[float, float]:
    assert draws is not None, "asked only where there are draws"
    low, high = np.quantile(draws, [0.5 - LEVEL / 2, 0.5 + LEVEL / 2])
    return float(low), float(high)


def _moved(
    name: Input, value: float, ends: tuple[float, float], profit: Callable[[float], float], unknown: bool
) -> Assumption:
    """Extra profit is linear in each input alone: where it is nothing lies on the line between the ends."""
    low, high = min(ends[0], value), max(ends[1], value)
    at_low, at_high = profit(low), profit(high)
    flips = low + (high - low) * at_low / (at_low - at_high) if at_low * at_high < 0 else None
    return Assumption(name, value, low, high, at_low, at_high, flips, unknown)


def said(most: Assumption, extra_profit: float, currency: str) -> Sentence:
    """What matters most, and what it would have to be for the plan to turn from profit to loss, or back."""
    pays = extra_profit > 0
    at = most.end(best=not pays) if most.flips_at is None else most.flips_at
    turned = ("loses" if pays else "pays") if most.flips_at is not None else ("still_pays" if pays else "still_loses")
    here, there = _written(most.name, most.value, at, most.flips_at is not None, currency)
    key = f"ranges.unknown_{turned}" if most.unknown else f"ranges.most_{turned}"
    return Sentence(key, {"input": Sentence(f"ranges.input_{most.name}"), "at": there, "value": here})


def _written(name: Input, value: float, at: float, beyond: bool, currency: str) -> tuple[str, str]:
    """The value and where it turns, with as many digits as it takes to tell them apart.

    Where it turns the number just past it is shown (`beyond`), so that what is said of it is true.
    """
    rate = name in ("would_buy_anyway", "order_rate", "margin")
    scale = 100.0 if rate else 1.0
    for digits in (1, 2, 3) if rate else (2, 3):
        unit = 10**digits
        exact = at * scale * unit
        past = np.floor(exact + 1e-6) + 1 if at > value else np.ceil(exact - 1e-6) - 1
        there = past / unit if beyond else at * scale
        here, there = f"{value * scale:.{digits}f}", f"{max(there, 0.0):.{digits}f}"
        if here != there:
            break
    return (f"{here} %", f"{there} %") if rate else (f"{here} {currency}", f"{there} {currency}")
