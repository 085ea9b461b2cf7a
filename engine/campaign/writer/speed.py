"""How fast the last drafts were written on this machine, by model."""

import contextlib
import json
import statistics
from dataclasses import dataclass
from pathlib import Path

from engine.settings import Settings

LAST = 10  # drafts that count
KEPT_BYTES = 64_000


@dataclass(frozen=True, slots=True)
class Speed:
    """Tokens a second, the median of the last drafts, and the name of the model that wrote the last one."""

    model: str
    tokens_per_second: float


def note(settings: Settings, writer: str, model: str, tokens_per_second: float | None) -> None:
    """Remembers the speed of one draft. `writer`: a model file's name, or the address of a server elsewhere."""
    if tokens_per_second is None:
        return
    path = _file(settings)
    entry = {"writer": writer, "model": model, "tokens_per_second": tokens_per_second}
    # Only what a page shows: a full disk or a read-only folder must not cost a draft.
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > KEPT_BYTES:
            path.write_text("\n".join(path.read_text("utf-8").splitlines()[-LAST * 10 :]) + "\n", "utf-8")
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")


def recent(settings: Settings, writer: str) -> Speed | None:
    """How fast this writer's last drafts were; None before the first one."""
    try:
        lines = _file(settings).read_text("utf-8").splitlines()
    except OSError:
        return None
    found, model = [], ""
    for line in lines:
        with contextlib.suppress(ValueError, KeyError, TypeError):
            entry = json.loads(line)
            if entry["writer"] == writer:
                found.append(float(entry["tokens_per_second"]))
                model = str(entry["model"])
    return Speed(model, round(statistics.median(found[-LAST:]), 1)) if found else None


def _file(settings: Settings) -> Path:
    return settings.cache / "logs" / "speed.jsonl"
