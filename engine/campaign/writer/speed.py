"""How fast the last drafts were written on this machine, by model."""

import contextlib
import json
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.settings import Settings

LAST = 10  # drafts that count
KEPT_BYTES = 64_000


@dataclass(frozen=True, slots=True)
class Speed:
    """Tokens a second, the median of the last drafts, and the name of the model that wrote the last one."""

    model: str
    tokens_per_second: float


def note(
    settings: Settings,
    writer: str,
    model: str,
    tokens_per_second: float | None,
    channel: str = "",
    seconds: float | None = None,
) -> None:
    """Remembers the speed of one draft. `writer`: a model file's name, or the address of a server elsewhere; `seconds`:
    from its turn to its end, with every text that was refused before it.
    """
    if tokens_per_second is None:
        return
    path = _file(settings)
    entry: dict[str, Any] = {"writer": writer, "model": model, "tokens_per_second": tokens_per_second}
    if seconds is not None:
        entry |= {"channel": channel, "seconds": seconds}
    # Only what a page shows: a full disk or a read-only folder must not cost a draft.
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > KEPT_BYTES:
            path.write_text("\n".join(path.read_text("utf-8").splitlines()[-LAST * 10 :]) + "\n", "utf-8")
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")


def recent(settings: Settings, writer: str) -> Speed | None:
    """How fast this writer's last drafts were; None before the first one."""
    found = _entries(settings, writer)
    if not found:
        return None
    speeds = [float(one["tokens_per_second"]) for one in found[-LAST:]]
    return Speed(str(found[-1]["model"]), round(statistics.median(speeds), 1))


def seconds_per_draft(settings: Settings, writer: str, channel: str) -> float | None:
    """How long this writer's last drafts took, those of the channel where there are any; None before the first one."""
    found = [one for one in _entries(settings, writer) if "seconds" in one]
    own = [one for one in found if one["channel"] == channel]
    last = [float(one["seconds"]) for one in (own or found)[-LAST:]]
    return statistics.median(last) if last else None


def _entries(settings: Settings, writer: str) -> list[dict[str, Any]]:
    """What was noted of a writer, the oldest first."""
    try:
        lines = _file(settings).read_text("utf-8").splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        with contextlib.suppress(ValueError, KeyError, TypeError):
            entry = json.loads(line)
            if entry["writer"] == writer and float(entry["tokens_per_second"]) > 0 and entry["model"] is not None:
                found.append(entry)
    return found


def _file(settings: Settings) -> Path:
    return settings.cache / "logs" / "speed.jsonl"
