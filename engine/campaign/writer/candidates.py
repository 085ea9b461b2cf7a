"""How many drafts are written for those that are wanted, and how long that takes here."""

from engine.campaign.writer import files, speed
from engine.campaign.writer.whereabouts import last_offload
from engine.errors import AppError
from engine.settings import Settings

SECONDS = 10.0  # that somebody waits for drafts
MOST = 8


def how_many(wanted: int, seconds_each: float | None, has_power: bool) -> int:
    """As many candidates as 10 seconds allow, at least those that are wanted, at most eight.

    seconds_each: of a draft, None where none was written yet. has_power: the model runs on a graphics card, or on a
    server that writes them side by side.

    >>> how_many(3, 4.2, False), how_many(3, 2.0, False), how_many(3, None, False), how_many(3, 4.2, True)
    (3, 5, 3, 8)
    """
    if has_power:
        return max(wanted, MOST)
    if not seconds_each:
        return wanted
    return max(wanted, min(MOST, int(SECONDS // seconds_each)))


def is_on_card(settings: Settings) -> bool:
    """Whether the model of this machine last ran on a graphics card, by its own log."""
    offloaded = last_offload(settings.cache / "logs" / "writer.log")
    return bool(offloaded and offloaded[0])


def seconds(settings: Settings, channel: str, count: int) -> float | None:
    """How long this many drafts take with the writer of this machine, by its last ones; None before the first one."""
    each = speed.seconds_per_draft(settings, writer_name(settings) or "", channel)
    return None if each is None else each * count


def writer_name(settings: Settings) -> str | None:
    """What speeds are noted under: the address of a server elsewhere, or the model file's name; None without one."""
    if settings.llm_url:
        return settings.llm_url
    try:
        path = files.locate(settings)
    except AppError:
        return None
    return path.name if path else None
