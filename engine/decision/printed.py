"""An older export proved against the approval history: by the head it prints, and by its bytes, which are on record."""

import csv
import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.decision import cells, ledger, moments
from engine.decision.sealed import Entry
from engine.decision.verdict import Point, Verdict
from engine.errors import DataProblem
from engine.sentences import Sentence

ENTRIES, HEAD = "ledger_entries", "ledger_head"


@dataclass(frozen=True, slots=True)
class Proof:
    """What an exported file proves.

    verdict: on the history, with every entry the file prints. printed: the numbers of those. on_record: the entry of
    the export that made exactly these bytes, if there is one.
    """

    verdict: Verdict
    printed: list[int]
    on_record: Entry | None

    @property
    def said(self) -> list[Sentence]:
        """The same in sentences: the history, then the file."""
        if not self.verdict.ok:
            return [self.verdict.said]
        said = [self.verdict.said]
        if self.printed:
            said.append(Sentence("printed.contained", {"entries": ", ".join(map(str, self.printed))}))
        if self.on_record:
            values = {"seq": self.on_record.seq, "at": moments.in_utc(self.on_record.at), "actor": self.on_record.actor}
            return [*said, Sentence("printed.on_record", values)]
        return [*said, Sentence("printed.other_bytes")]


def prove(shop_dir: Path, shop_id: str, config: Path, content: bytes, name: str) -> Proof:
    """What a file that was exported proves. Raises DataProblem for one that prints no head and is not on record."""
    points = points_of(content)
    verdict = ledger.proved(shop_dir, shop_id, config, points)
    on_record = _on_record(shop_dir, shop_id, config, content) if verdict.ok else None
    if not points and on_record is None and verdict.ok:
        raise DataProblem(Sentence("printed.nothing", {"file": name}))
    return Proof(verdict, sorted({number for number, _ in points}), on_record)


def points_of(content: bytes) -> list[Point]:
    """Number and hash of each entry that an exported CSV prints; none for a file of another kind."""
    try:
        rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        if not {ENTRIES, HEAD} <= set(rows.fieldnames or ()):
            return []
        printed = {(cells.undo(row[ENTRIES] or ""), cells.undo(row[HEAD] or "")) for row in rows}
        return sorted((int(entries), head.strip().lower()) for entries, head in printed if entries or head)
    except (UnicodeDecodeError, csv.Error, ValueError):
        return []


def _on_record(shop_dir: Path, shop_id: str, config: Path, content: bytes) -> Entry | None:
    sha256 = hashlib.sha256(content).hexdigest()
    exports = (entry for entry in ledger.entries(shop_dir, shop_id, config) if entry.action == "exported")
    return next((entry for entry in exports if _holds(entry.payload, sha256)), None)


def _holds(value: Any, sha256: str) -> bool:
    if isinstance(value, dict | list):
        return any(_holds(part, sha256) for part in (value.values() if isinstance(value, dict) else value))
    return bool(value == sha256)
