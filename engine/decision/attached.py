"""Files of the shop folder that entries of the history name and do not hold, and whether each of them is that file.

`evidence/` of decisions, `snapshots/` of submissions and the models these rest on, `assignments/` of exports. The first
two never change; an assignment does when one of its customers is erased.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from engine.decision import assignments, codes, database, evidence, ledger, snapshots
from engine.decision.evidence import Evidence
from engine.decision.ledger import Entry
from engine.errors import StoreProblem
from engine.sentences import Sentence

FOLDERS = ("evidence", "snapshots", "assignments")
_NAMING = "action IN ('submitted', 'approved', 'rejected', 'changes_requested', 'exported')"


@dataclass(frozen=True, slots=True)
class Attached:
    """One file that entry `seq` names; `path` within the shop folder, as "evidence/3f...".

    proof: of evidence, what it was. assigned: of an assignment, what its entry says of it, None in older entries.
    """

    seq: int
    path: str
    proof: Evidence | None = None
    assigned: dict[str, Any] | None = None

    @property
    def folder(self) -> str:
        return self.path.partition("/")[0]

    def may_lack(self, root: Path) -> bool:
        """Whether it is not there, and perhaps never was: exports of an earlier Offerlab kept no assignment."""
        return self.folder == "assignments" and self.assigned is None and not (root / self.path).exists()


def in_ledger(db: Database, shop_id: str, config: Path, root: Path) -> Iterator[Attached]:
    """What the entries of an open ledger.db name, each file once. Which model a snapshot rests on is read from the
    snapshot below `root`, when it is the snapshot's turn."""
    seen: set[str] = set()
    for one in _of(ledger.chosen(db, shop_id, config, _NAMING, {}), root):
        if one.path not in seen:
            seen.add(one.path)
            yield one


def _of(entries: Iterable[Entry], root: Path) -> Iterator[Attached]:
    for entry in entries:
        if proof := evidence.of_entry(entry):
            yield Attached(entry.seq, f"evidence/{proof.sha256}", proof=proof)
        if sha256 := entry.payload.get("snapshot"):
            yield Attached(entry.seq, f"snapshots/{sha256}.zip")
            if model := snapshots.model_of(root, sha256):
                yield Attached(entry.seq, f"snapshots/{model}.zip")
        if entry.action == "exported":
            name = assignments.name_of(entry.plan_id, entry.seq)
            yield Attached(entry.seq, f"assignments/{name}", assigned=entry.payload.get(assignments.KEY))


def check(root: Path, shop_id: str, config: Path, one: Attached) -> None:
    """Raises StoreProblem where a file below `root`, a shop folder or one laid out like it, is gone or is another."""
    if one.proof:
        evidence.read(root, shop_id, config, one.proof)
    elif one.folder == "snapshots":
        snapshots.content(root, Path(one.path).stem)
    else:
        assignments.check(root / one.path, one.seq, one.assigned)


def problems(shop_dir: Path, shop_id: str, config: Path) -> list[Sentence]:
    """A sentence for each file that an entry names and that is gone or was changed, and for each export whose codes are
    not with the people any more whom it gave them to; reads every file once."""
    if not database.path_of(shop_dir).exists():
        return []
    found = []
    with database.reading(shop_dir) as db:
        for one in in_ledger(db, shop_id, config, shop_dir):
            try:
                check(shop_dir, shop_id, config, one)
                if one.folder == "assignments":
                    codes.require_still_with(db, assignments.codes_in(shop_dir / one.path))
            except StoreProblem as problem:
                if not one.may_lack(shop_dir):
                    found.append(of_entry(one, problem))
    return found


def of_entry(one: Attached, problem: StoreProblem) -> Sentence:
    """What is wrong with a file, and which entry names it."""
    return Sentence("evidence.of_entry", {"seq": one.seq, "problem": problem.said[0]})
