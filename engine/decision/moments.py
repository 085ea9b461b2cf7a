"""Moments of plans and of their history: stored in UTC with its offset, read on the shop's clock.

Earlier commands stored the machine's own clock without a zone; such a moment is still read as that machine's time.
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from engine.shop.store import Shop


def stored(now: datetime) -> str:
    """A moment as it is kept; one without a zone is taken as UTC.

    >>> stored(datetime.fromisoformat("2026-06-01T20:00:00.5+08:00")), stored(datetime(2026, 6, 1, 12))
    ('2026-06-01T12:00:00+00:00', '2026-06-01T12:00:00+00:00')
    """
    aware = now.replace(tzinfo=UTC) if now.tzinfo is None else now.astimezone(UTC)
    return aware.isoformat(timespec="seconds")


def in_utc(moment: str) -> str:
    """A stored moment where no shop's clock is known: "2026-06-01 12:00 UTC"."""
    return f"{datetime.fromisoformat(moment).astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def with_zone(moment: str | datetime, shop: Shop) -> str:
    """A moment on the shop's clock and whose clock that is: "2026-06-01 09:30 (Europe/Berlin)"."""
    return f"{shown(moment, shop)} ({shop.settings.time_zone})"


def shown(moment: str | datetime, shop: Shop) -> str:
    """A moment on the shop's clock: "2026-06-01 09:30"."""
    when = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return when.astimezone(ZoneInfo(shop.settings.time_zone)).strftime("%Y-%m-%d %H:%M")
