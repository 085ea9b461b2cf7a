"""What the shop system says it sold, month by month, as somebody typed it: kept in the shop's `stated.json`."""

import json
import math
from dataclasses import asdict, dataclass
from datetime import date, datetime

from engine.access import acting
from engine.errors import DataProblem, StoreProblem
from engine.shop import store
from engine.shop.store import Shop


@dataclass(frozen=True, slots=True)
class Stated:
    """A month's sales by the shop system, in the shop's currency; who typed it, and when (ISO 8601)."""

    figure: float
    who: str
    when: str


def stated(shop: Shop) -> dict[date, Stated]:
    """Every figure kept, by the first day of its month. Raises StoreProblem for a file that cannot be read."""
    path = shop.path / "stated.json"
    try:
        kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        return {date.fromisoformat(f"{month}-01"): _read(entry) for month, entry in kept.items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise StoreProblem(f"{path} cannot be read ({error}). Delete it and type the figures again.") from error


def _read(entry: dict) -> Stated:
    return Stated(float(entry["figure"]), str(entry["who"]), str(entry["when"]))


def keep_stated(shop: Shop, month: date, figure: float | None, who: str, now: datetime) -> None:
    """Keep what the shop system says for the month of this day; None forgets it.

    Raises DataProblem for a figure that is no number.
    """
    if figure is not None and not math.isfinite(figure):
        raise DataProblem(f"The shop system's figure is {figure}; a number is needed.")
    acting.require_self(who)
    with store.writing(shop.path):  # two people may type two months at once
        kept = stated(shop)
        kept.pop(month.replace(day=1), None)
        if figure is not None:
            kept[month.replace(day=1)] = Stated(float(figure), who, now.isoformat(timespec="seconds"))
        content = {f"{day:%Y-%m}": asdict(one) for day, one in sorted(kept.items())}
        store.replace_file(shop.path / "stated.json", json.dumps(content, indent=1, ensure_ascii=False).encode())
