"""Which days a period is compared with: as many days before it, and the same days a year earlier.

Periods are whole weeks, so that each weekday comes as often in what is compared.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from engine.shop.big_days import BigDay, of_year

Span = Literal["week", "month", "year"]
DAYS: dict[Span, int] = {"week": 7, "month": 28, "year": 364}
YEAR = DAYS["year"]  # 52 weeks: the same weekday a year earlier


@dataclass(frozen=True, slots=True)
class Uneven:
    """A big sale with more days in the period than in the days it is compared with, or fewer."""

    name: str
    days_now: int
    days_then: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """The days first..last, `back` days before those of a period, both included.

    sale: the big sale that both are lined up by, of the period's year and of the year before; None where weekdays
    alone are. uneven: the big sales that do not fall into both alike. is_recorded: whether the records reach back so
    far.
    """

    first: date
    last: date
    back: int
    sale: tuple[BigDay, BigDay] | None
    uneven: tuple[Uneven, ...]
    is_recorded: bool

    @property
    def weekdays_off(self) -> int:
        """By how many weekdays a day is compared with another: 0 where a Monday stands beside a Monday."""
        return self.back % 7


def before(first: date, last: date, begins: date, chinese: bool) -> Comparison:
    """As many days right before first..last. begins: the first day on record."""
    return _earlier(first, last, (last - first).days + 1, None, begins, chinese)


def last_year(first: date, last: date, begins: date, chinese: bool) -> Comparison:
    """The same days a year earlier: 52 weeks back, so that each day stands beside the same weekday.

    Where a big sale falls into either, both are lined up by its day instead. Of several, by one that leaves the
    weekdays as they are, else by the one with the most days in them.
    """
    found = _sales_within(first, last, chinese)
    if not found:
        return _earlier(first, last, YEAR, None, begins, chinese)
    _, now, then = max(found, key=lambda one: (_back(one[1], one[2]) % 7 == 0, one[0], one[1].day))
    return _earlier(first, last, _back(now, then), (now, then), begins, chinese)


def _back(now: BigDay, then: BigDay) -> int:
    return (now.day - then.day).days


def _sales_within(first: date, last: date, chinese: bool) -> list[tuple[int, BigDay, BigDay]]:
    """Days of each big sale in the period, or else in the same weekdays a year earlier; the sale, and last year's."""
    earlier = first - timedelta(days=YEAR), last - timedelta(days=YEAR)
    found = [
        (now.days_in(first, last) or then.days_in(*earlier), now, then)
        for year in range(first.year, last.year + 2)
        for now, then in zip(of_year(year, chinese), of_year(year - 1, chinese), strict=True)
    ]
    return [one for one in found if one[0]]


def _earlier(
    first: date, last: date, back: int, sale: tuple[BigDay, BigDay] | None, begins: date, chinese: bool
) -> Comparison:
    then = first - timedelta(days=back), last - timedelta(days=back)
    now_days, then_days = _sale_days(first, last, chinese), _sale_days(*then, chinese)
    uneven = [Uneven(name, days, then_days[name]) for name, days in now_days.items() if days != then_days[name]]
    return Comparison(*then, back, sale, tuple(uneven), begins <= then[0])


def _sale_days(first: date, last: date, chinese: bool) -> dict[str, int]:
    """Days of each kind of big sale in first..last."""
    sales = [sale for year in range(first.year, last.year + 2) for sale in of_year(year, chinese)]
    days: dict[str, int] = {}
    for sale in sales:
        days[sale.name] = days.get(sale.name, 0) + sale.days_in(first, last)
    return days
