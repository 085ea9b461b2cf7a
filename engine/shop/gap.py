"""Why a month's net sales here are not what the shop system says: which known differences come to the gap.

The shop system may count other lines (rows set aside here; without cancelled ones; each line once) and may mean
another thing by sales (before discounts, with tax, ...). Every choice of up to MOST_PARTS such differences is summed
exactly over the month's cells, and those that come to the gap are said, the fewest parts first.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from engine.shop.quality import MONEY, SET_ASIDE, STATUS, Cell

MOST_PARTS = 3
MOST_NAMED = 8  # statuses, and reasons for setting aside, that are tried: the largest ones
CENT, SHARE = 0.01, 0.001  # within a cent, or within this share of the gap
_NOTHING = 0.005  # less than half a cent
_ROUNDING = 1e-6  # sums of floats

# What the shop system's figure may hold that ours does not: which of our sums, with its sign.
MEANINGS: dict[str, tuple[tuple[str, int], ...]] = {
    "tax": (("tax", 1),),
    "shipping": (("shipping", 1),),
    "discounts": (("discounts", 1),),
    "returns": (("returns", 1),),
    "refunds": (("refunds", 1),),
    "return_lines": (("returns", 1), ("refunds", -1)),
    "tax_out": (("tax", -1),),
}
EVERY_ROW = "set_aside"  # all rows set aside, for whatever reason
COPIES = "duplicates"
_ONE_OF = ({"returns", "refunds", "return_lines"}, {"tax", "tax_out"})

Parts = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """What makes the gap = stated - net. parts: (what, amount) pairs, which with `rest` add up to the gap.

    what: a key of MEANINGS, "set_aside" (every row set aside), "set_aside|REASON", "status|NAME" or "duplicates".
    fits: within a cent or a thousandth of the gap; else the parts are the closest there is. others: further ways that
    fit and are not only a part of the first.
    """

    stated: float
    net: float
    parts: Parts
    rest: float
    fits: bool
    others: tuple[Parts, ...] = ()

    @property
    def gap(self) -> float:
        return self.stated - self.net

    @property
    def agrees(self) -> bool:
        """Whether there is nothing to explain."""
        return abs(self.gap) <= CENT + _ROUNDING


def explained(month_row: pd.Series, stated: float) -> Explanation:
    """The known differences that come to the gap between `stated` and the net sales of a row of `reconciliation`.

    The fewest parts that are the gap to the cent; else the fewest within SHARE of it: of the hundreds of combinations
    some come near by chance, to the cent hardly one. Where nothing fits: the closest, a further part only where it at
    least halves the rest.
    """
    net, stated, sums = float(month_row["net"]), float(stated), _Sums(month_row["cells"])
    gap = stated - net
    if abs(gap) <= CENT + _ROUNDING:
        return Explanation(stated, net, (), gap, True)
    closest: Parts = ()
    rough: list[Parts] = []
    for count in range(1, MOST_PARTS + 1):
        ways = sorted(sums.ways(count), key=lambda parts: abs(_rest(gap, parts)))
        exact = [parts for parts in ways if abs(_rest(gap, parts)) <= CENT + _ROUNDING]
        near = [parts for parts in ways[len(exact) :] if abs(_rest(gap, parts)) <= SHARE * abs(gap)]
        if exact:
            return _fitting(stated, net, exact + rough + near)
        rough = rough or near
        if ways and abs(_rest(gap, ways[0])) <= 0.5 * abs(_rest(gap, closest)):
            closest = ways[0]
    return _fitting(stated, net, rough) if rough else Explanation(stated, net, closest, _rest(gap, closest), False)


def _fitting(stated: float, net: float, ways: list[Parts]) -> Explanation:
    """The first of these ways, and the others that are not only a part of it."""
    best = {what for what, _ in ways[0]}
    others = [parts for parts in ways[1:] if not ({what for what, _ in parts} <= best)]
    return Explanation(stated, net, ways[0], _rest(stated - net, ways[0]), True, tuple(others))


def _rest(gap: float, parts: Parts) -> float:
    return gap - sum(amount for _, amount in parts)


class _Sums:
    """The cells of one month, and what each choice of differences comes to."""

    def __init__(self, cells: Sequence[Cell]):
        self.money = np.array([[getattr(cell, name) for name in MONEY] for cell in cells]).reshape(-1, len(MONEY))
        self.reason = np.array([cell.reason for cell in cells], dtype=object)
        self.status = np.array([cell.status for cell in cells], dtype=object)
        self.copy = np.array([cell.is_copy for cell in cells], dtype=bool)

    def ways(self, count: int) -> Iterator[Parts]:
        """Every choice of so many differences that can be had together, each part with its amount; none is nothing.

        First as they work on each other (without cancelled lines their tax is not counted either), then each by itself,
        where that is another sum: a system may leave out cancelled lines and still book their tax.
        """
        differences = self._differences()
        alone = {what: self._amounts((what,))[0] for what in differences}
        for chosen in (chosen for chosen in combinations(differences, count) if _can_be(chosen)):
            together, apart = self._amounts(chosen), tuple(alone[what] for what in chosen)
            for parts in (together, apart) if abs(_rest(0, together) - _rest(0, apart)) > _NOTHING else (together,):
                if all(abs(amount) > _NOTHING for _, amount in parts):
                    yield parts

    def _differences(self) -> list[str]:
        """What may set the two figures apart: first which lines count, then what is summed."""
        reasons = self._largest(self.reason)
        every = [EVERY_ROW] if len(reasons) > 1 else []
        lines = [*every, *(SET_ASIDE + one for one in reasons), *(STATUS + one for one in self._largest(self.status))]
        meanings = [what for what in MEANINGS if self.sum(what, np.ones(len(self.copy), dtype=bool))]
        if "return_lines" not in meanings or "refunds" not in meanings:
            # One word for one thing: all returns are refunds, or none is.
            meanings = [what for what in meanings if what != ("returns" if "refunds" in meanings else "return_lines")]
        return [*lines, *([COPIES] if self.copy.any() else []), *meanings]

    def _largest(self, names: np.ndarray) -> list[str]:
        net = self.money[:, MONEY.index("net")]
        sizes = {name: abs(net[names == name]).sum() for name in dict.fromkeys(names) if name}
        return sorted(sizes, key=lambda name: -sizes[name])[:MOST_NAMED]

    def sum(self, what: str, counted: np.ndarray) -> float:
        """What a meaning adds to the net sales of these cells."""
        return float(sum(sign * self.money[counted, MONEY.index(name)].sum() for name, sign in MEANINGS[what]))

    def _amounts(self, chosen: tuple[str, ...]) -> Parts:
        counted = self.reason == ""
        net, parts = self.money[:, MONEY.index("net")], []
        for what in chosen:
            if what in MEANINGS:
                parts.append((what, self.sum(what, counted)))
                continue
            after = self._counted(what, counted)
            parts.append((what, float(net[after].sum() - net[counted].sum())))
            counted = after
        return tuple(parts)

    def _counted(self, what: str, counted: np.ndarray) -> np.ndarray:
        """The cells that count with one more difference."""
        if what == EVERY_ROW:
            return counted | (self.reason != "")
        if what == COPIES:
            return counted & ~self.copy
        if what.startswith(SET_ASIDE):
            return counted | (self.reason == what.removeprefix(SET_ASIDE))
        return counted & (self.status != what.removeprefix(STATUS))


def _can_be(chosen: tuple[str, ...]) -> bool:
    """Whether these differences are not two words for one thing, or its opposite."""
    twice = any(len(same & set(chosen)) > 1 for same in _ONE_OF)
    return not twice and not (EVERY_ROW in chosen and any(what.startswith(SET_ASIDE) for what in chosen))
