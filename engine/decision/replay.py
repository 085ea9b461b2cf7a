"""Is what was decided on what its data say? A submission's numbers computed again from its snapshot, its copy again.

The history and the stored text are what counts: a replay says whether it comes to the same, and changes nothing. Of the
tables, models and settings of today nothing enters the numbers.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from engine.campaign.expected import RANGED, Forecast
from engine.decision import ledger, replayed_texts, snapshots
from engine.decision.keys import canonical
from engine.decision.ledger import Entry
from engine.decision.replayed_texts import Progress, Text
from engine.decision.snapshots import Snapshot
from engine.errors import AppError, StoreProblem
from engine.sentences import Said, Sentence, known, spoken
from engine.settings import Settings
from engine.shop.store import Shop

_ASKED = ("assumed", "override")  # of a forecast in the history, what was typed and chosen for it


@dataclass(frozen=True, slots=True)
class Numbers:
    """How a submission's figures compare with those computed again.

    differs: by name, as kept and as computed now. largest: the largest relative difference of two numbers, 0 where none
    differs. versions: of what is of another version now, then and now. said: all of it in sentences.
    """

    verdict: Literal["exact", "different", "impossible"]
    said: tuple[Said, ...]
    figures: int = 0
    differs: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    largest: float = 0.0
    customers: int = 0
    erased: int = 0
    versions: dict[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Replayed:
    """A submission (its entry of the history), its numbers and its texts."""

    entry: Entry
    numbers: Numbers
    texts: tuple[Text, ...]

    def to_json(self, language: str = "en") -> dict[str, Any]:
        """As the command prints it."""
        numbers = self.numbers
        return {
            "plan_id": self.entry.plan_id,
            "entry": self.entry.seq,
            "submitted_at": self.entry.at,
            "snapshot": self.entry.payload.get("snapshot"),
            "numbers": {
                "verdict": numbers.verdict,
                "sentence": " ".join(spoken(one, language) for one in numbers.said),
                "figures": numbers.figures,
                "customers": numbers.customers,
                "erased": numbers.erased,
                "differs": {name: {"kept": one, "now": other} for name, (one, other) in numbers.differs.items()},
                "largest_relative_difference": numbers.largest,
                "versions": {name: {"then": one, "now": other} for name, (one, other) in numbers.versions.items()},
            },
            "texts": [
                {
                    "message": text.step + 1,
                    "draft_id": text.draft_id,
                    "verdict": text.verdict,
                    "sentence": spoken(text.said, language),
                    "differs": {part: {"kept": one, "now": other} for part, (one, other) in text.differs.items()},
                    "edited_before_submission": list(text.edited),
                }
                for text in self.texts
            ],
        }


def replay(
    shop: Shop,
    config: Path,
    wanted: str,
    settings: Settings | None,
    progress: Progress = lambda share, text: None,
) -> Replayed:
    """A submission replayed: the latest of the plan `wanted`, or the one that an entry of this number rests on.

    settings: where the writer's models are; None leaves the texts out. Raises StoreProblem where there is no such
    submission, or where nothing of it can be replayed.
    """
    entry = submission(shop, config, wanted)
    progress(0.0, "Computing the numbers again")
    try:
        snapshot = _snapshot(shop, config, entry)
        found = compared(entry, snapshot)
    except AppError as problem:
        snapshot, found = None, Numbers("impossible", tuple(problem.said))
    texts: list[Text] = []
    if settings is not None and snapshot is not None:
        messages = len(entry.payload["plan"]["steps"])
        texts = replayed_texts.replay(
            shop, snapshot.drafts, messages, settings, lambda share, said: progress(0.2 + 0.8 * share, said)
        )
    if found.verdict == "impossible" and all(text.verdict == "impossible" for text in texts):
        raise StoreProblem(list(found.said))
    return Replayed(entry, found, tuple(texts))


def submission(shop: Shop, config: Path, wanted: str) -> Entry:
    """The submission meant by a plan's id, or by the number of an entry: of a decision, the one it was about."""
    own = ledger.entries(shop.path, shop.shop_id, config, wanted)
    if not own and wanted.isdecimal():
        every = ledger.entries(shop.path, shop.shop_id, config)
        meant = next((entry for entry in every if entry.seq == int(wanted)), None)
        own = [one for one in every if meant and one.plan_id == meant.plan_id and one.seq <= meant.seq]
    found = [entry for entry in own if entry.action == "submitted"]
    if not found:
        raise StoreProblem(Sentence("replayed.no_submission", {"id": wanted}))
    return found[-1]


def numbers(shop: Shop, config: Path, entry: Entry) -> Numbers:
    """The figures of a submission, computed again. Raises StoreProblem where they cannot be."""
    return compared(entry, _snapshot(shop, config, entry))


def _snapshot(shop: Shop, config: Path, entry: Entry) -> Snapshot:
    sha256 = entry.payload.get("snapshot")
    if not sha256:
        raise StoreProblem(Sentence("replayed.none_kept"))
    return snapshots.read(shop, config, sha256)


def compared(entry: Entry, snapshot: Snapshot) -> Numbers:
    """A submission's figures beside those that its snapshot gives."""
    if snapshot.customers and snapshot.erased == snapshot.customers:
        raise StoreProblem(Sentence("replayed.all_erased", {"customers": f"{snapshot.customers:,}"}))
    kept = {name: value for name, value in entry.payload["forecast"].items() if name not in _ASKED}
    again = _figures(snapshot.question.forecast())
    both = {name: (value, again[name]) for name, value in kept.items() if name in again}
    differs = {name: pair for name, pair in both.items() if not _same(*pair)}
    versions = snapshots.moved(snapshot.versions)
    largest = max((_apart(*pair) for pair in differs.values()), default=0.0)
    found = Numbers(
        "different" if differs else "exact", (), len(both), differs, largest, snapshot.customers, snapshot.erased,
        versions,
    )  # fmt: skip
    return replace(found, said=_said(found))


def _figures(forecast: Forecast) -> dict[str, Any]:
    """Every figure of a forecast as the history keeps it."""
    return dict(json.loads(canonical(forecast.record())))


def _same(one: Any, other: Any) -> bool:
    """Equal to the last bit: 0.0 is not -0.0, and what is a number is no text."""
    return type(one) is type(other) and repr(one) == repr(other)


def _apart(one: Any, other: Any) -> float:
    """Relative difference of two numbers; 0 for anything else."""
    if not all(isinstance(value, int | float) for value in (one, other)):
        return 0.0
    return float(abs(one - other) / max(abs(one), abs(other), 1e-300))


def _said(found: Numbers) -> tuple[Sentence, ...]:
    counted = {"figures": found.figures, "customers": f"{found.customers:,}", "erased": f"{found.erased:,}"}
    said = []
    if found.erased:
        said.append(Sentence("replayed.erased", counted))
    if found.verdict == "exact":
        said.append(Sentence("replayed.exact", counted))
    else:
        names = tuple(dict.fromkeys(_base(name) for name in found.differs))
        values = {"count": len(found.differs), "figures": found.figures, "names": tuple(_label(one) for one in names)}
        said.append(Sentence("replayed.differs", values))
        said.append(Sentence("replayed.largest", {"largest": f"{100 * found.largest:.2g} %"}))
    if found.versions:
        said.append(Sentence("replayed.versions", {"versions": _moved(found.versions)}))
    elif found.verdict == "different" and not found.erased:
        said.append(Sentence("replayed.unexplained"))
    return tuple(said)


def figure(name: str) -> Sentence:
    """A figure of a forecast in words, both ends of its range too."""
    if name == _base(name):
        return _label(name)
    return Sentence(f"replayed.{name.rpartition('_')[2]}", {"figure": _label(_base(name))})


def _base(name: str) -> str:
    """The figure whose end this is, or itself."""
    base, _, end = name.rpartition("_")
    return base if end in ("low", "high") and base in RANGED else name


def _label(name: str) -> Sentence:
    own = f"replayed.figure_{name}"
    return Sentence(own if known(own) else f"numbers.{name}")


def _moved(versions: Mapping[str, tuple[str, str]]) -> tuple[str, ...]:
    """What is of another version; long hashes by their beginning."""
    return tuple(f"{name} {then[:12] or '-'} → {now[:12] or '-'}" for name, (then, now) in versions.items())
