"""Days on which everybody has a sale: the next of them, and those of a year."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from engine.shop.store import Shop


@dataclass(frozen=True, slots=True)
class BigDay:
    """The days of one sale: messages go out on `starts_at`, the offer ends on `ends_at`; `day` is what it is for."""

    name: str
    starts_at: date
    ends_at: date
    day: date

    def days_in(self, first: date, last: date) -> int:
        """How many days of the sale lie in first..last, both included."""
        return max((min(self.ends_at, last) - max(self.starts_at, first)).days + 1, 0)


@dataclass(frozen=True, slots=True)
class _Kind:
    name: str
    day: Callable[[int], date]  # of a year
    before: int  # the sale starts so many days before it
    ends: int  # and ends so many days after it (before it, where negative)


def _thanksgiving(year: int) -> date:
    """The fourth Thursday of November."""
    first = date(year, 11, 1)
    return first + timedelta(days=(3 - first.weekday()) % 7 + 21)


def _mothers_day(year: int) -> date:
    """The second Sunday of May."""
    first = date(year, 5, 1)
    return first + timedelta(days=(6 - first.weekday()) % 7 + 7)


# Presents must arrive in time: sales for them end days before.
WESTERN = (
    _Kind("valentines", lambda year: date(year, 2, 14), 10, -4),
    _Kind("mothers_day", _mothers_day, 10, -4),
    _Kind("black_friday", lambda year: _thanksgiving(year) + timedelta(days=1), 0, 3),  # until Cyber Monday
    _Kind("christmas", lambda year: date(year, 12, 25), 14, -5),
)
CHINESE = (
    _Kind("womens_day", lambda year: date(year, 3, 8), 3, 0),
    _Kind("mid_year", lambda year: date(year, 6, 18), 2, 0),
    _Kind("singles_day", lambda year: date(year, 11, 11), 1, 0),
    _Kind("double_twelve", lambda year: date(year, 12, 12), 1, 0),
)


def of_year(year: int, chinese: bool) -> list[BigDay]:
    """The big sales whose day lies in this year, the earliest first."""
    days = [(kind, kind.day(year)) for kind in (CHINESE if chinese else WESTERN)]
    return [
        BigDay(kind.name, day - timedelta(days=kind.before), day + timedelta(days=kind.ends), day) for kind, day in days
    ]


def next_big_day(earliest: date, chinese: bool) -> BigDay:
    """The first big sale that starts on this day or later.

    >>> next_big_day(date(2026, 10, 1), chinese=False).starts_at.isoformat()
    '2026-11-27'
    """
    sales = [*of_year(earliest.year, chinese), *of_year(earliest.year + 1, chinese)]
    return min((sale for sale in sales if sale.starts_at >= earliest), key=lambda sale: sale.starts_at)


def keeps_chinese_days(shop: Shop) -> bool:
    """Whether the shop's customers keep the Chinese sale days: its currency, or what most of them read, says so."""
    if shop.settings.currency == "CNY":
        return True
    if "language" not in shop.columns("customers"):
        return False
    languages = shop.table("customers", ["language"])["language"].dropna()
    return bool(len(languages) and languages.str.lower().str.startswith("zh").mean() > 0.5)
