"""Finding entries of the approval history: by what was done, who, which plan, when, and by words.

What stands in the open (who, what, when) is one table; reasons are encrypted and are decrypted once. Both only grow as
the history does: what is known already is read on from its last entry.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from engine.access.roles import person_key
from engine.decision import database, evidence, ledger
from engine.decision.keys import START, Head
from engine.decision.ledger import Entry
from engine.shop.store import Shop

COLUMNS = ["seq", "at", "day", "plan_id", "action", "actor", "recorded_by"]
EXPORTED = [
    "seq", "at", "plan_id", "action", "actor", "recorded_by", "reason", "evidence_sha256", "content_sha256", "hash",
    "ledger_head", "ledger_entries",
]  # fmt: skip
_BATCH = 5_000  # entries decrypted at a time: their plans and copy are not all in memory at once


@dataclass(frozen=True, slots=True)
class Register:
    """Every entry as far as it stands in the open. rows: COLUMNS, oldest first; `day` on the shop's clock."""

    rows: pd.DataFrame
    last_hash: str = START

    @property
    def people(self) -> list[str]:
        """Whoever decided or recorded, each once in the spelling used last, by name."""
        both = pd.concat([self.rows["actor"], self.rows["recorded_by"]], ignore_index=True).drop_duplicates()
        return sorted({person_key(name): name for name in both}.values(), key=str.casefold)


@dataclass(slots=True)
class Words:
    """What can be searched of every entry, in the order of the history; `names`: of each plan, all it was called."""

    by_entry: list[str] = field(default_factory=list)
    names: dict[str, dict[str, None]] = field(default_factory=dict)
    last_hash: str = START


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for; empty is everything. Days are the shop's, both included."""

    text: str = ""
    actions: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    plan_id: str | None = None
    since: date | None = None
    until: date | None = None


def register(shop: Shop, config: Path, known: Register | None = None) -> Register:
    """The history's open part; of what is `known` only what came since is read.

    Raises StoreProblem where the file is gone but entries are known.
    """
    ledger.still_there(shop.path, shop.shop_id, config)
    if not database.path_of(shop.path).exists():
        return Register(pd.DataFrame(columns=COLUMNS))
    with ledger.reading(shop.path, shop.shop_id, config) as db:
        if known is not None and not _goes_on(db, len(known.rows), known.last_hash):
            known = None
        begun = len(known.rows) if known else 0
        found = list(
            db.execute(
                "SELECT seq, at, plan_id, action, actor, recorded_by, hash FROM entries WHERE seq > ? ORDER BY seq",
                [begun],
            )
        )
    if known is not None and not found:
        return known
    zone = ZoneInfo(shop.settings.time_zone)
    fresh = pd.DataFrame(
        [(seq, at, _day(at, zone), plan_id, action, actor, by) for seq, at, plan_id, action, actor, by, _ in found],
        columns=COLUMNS,
    )
    rows = pd.concat([known.rows, fresh], ignore_index=True) if known is not None else fresh
    return Register(rows, found[-1][-1] if found else START)


def words(shop: Shop, config: Path, known: Words | None = None) -> Words:
    """What can be searched; what is `known` is read on in place. Raises StoreProblem for an entry that was changed."""
    found = known or Words()
    if not database.path_of(shop.path).exists():
        return found
    with ledger.reading(shop.path, shop.shop_id, config) as db:
        if not _goes_on(db, len(found.by_entry), found.last_hash):
            found = Words()
        while entries := ledger.chosen(
            db, shop.shop_id, config, "seq > :after AND seq <= :until",
            {"after": len(found.by_entry), "until": len(found.by_entry) + _BATCH},
        ):  # fmt: skip
            for entry in entries:
                if name := (entry.payload.get("plan") or {}).get("name"):
                    found.names.setdefault(entry.plan_id, {})[str(name)] = None
                found.by_entry.append(_folded(_said(entry)))
            found.last_hash = entries[-1].hash
    return found


def find(known: Register, query: Query, said: Words | None = None) -> pd.DataFrame:
    """Rows of the register that fit, the newest first. Words of `query.text` are looked for in `said`, all of them."""
    rows = known.rows
    fits = pd.Series(True, index=rows.index)
    if query.actions:
        fits &= rows["action"].isin(query.actions)
    if query.people:
        wanted = {person_key(one) for one in query.people}
        same = {name for name in [*rows["actor"].unique(), *rows["recorded_by"].unique()] if person_key(name) in wanted}
        fits &= rows["actor"].isin(same) | rows["recorded_by"].isin(same)
    if query.plan_id is not None:
        fits &= rows["plan_id"].eq(query.plan_id)
    if query.since is not None:
        fits &= rows["day"].ge(query.since.isoformat())
    if query.until is not None:
        fits &= rows["day"].le(query.until.isoformat())
    if (looked_for := _folded(query.text).split()) and said is not None:
        names = {plan_id: _folded(" ".join(called)) for plan_id, called in said.names.items()}
        of_plans = rows["plan_id"].tolist()
        numbers = rows.index[fits].tolist()
        hits = [n for n in numbers if _has_all(looked_for, said.by_entry[n], names.get(of_plans[n], ""))]
        fits = pd.Series(rows.index.isin(hits), index=rows.index)
    return rows[fits].iloc[::-1]


def entries(shop: Shop, config: Path, numbers: list[int]) -> dict[int, Entry]:
    """These entries, decrypted, by number. Raises StoreProblem for one that was changed."""
    if not numbers:
        return {}
    values = {f"n{position}": number for position, number in enumerate(numbers)}
    with ledger.reading(shop.path, shop.shop_id, config) as db:
        where = f"seq IN ({', '.join(f':{name}' for name in values)})"
        return {entry.seq: entry for entry in ledger.chosen(db, shop.shop_id, config, where, values)}


def decisions(shop: Shop, config: Path) -> Iterator[Entry]:
    """Every entry that may name evidence, decrypted, oldest first."""
    if not database.path_of(shop.path).exists():
        return
    with ledger.reading(shop.path, shop.shop_id, config) as db:
        rows = db.query("SELECT seq FROM entries WHERE action IN ('approved', 'rejected', 'changes_requested')")
        numbers = sorted(row["seq"] for row in rows)
    for batch in _batches(numbers):
        yield from entries(shop, config, batch).values()


def table(shop: Shop, config: Path, numbers: list[int], head: Head) -> pd.DataFrame:
    """These entries in the given order as a table to hand out: EXPORTED. Raises StoreProblem for a changed one.

    Every row names the history's last entry, so that `ledger verify` can prove the list by it.
    """
    rows = []
    for batch in _batches(numbers):
        found = entries(shop, config, batch)
        for entry in (found[number] for number in batch):
            proof = evidence.of_entry(entry)
            content = str(entry.payload.get("content_sha256") or "")
            rows.append(
                [
                    entry.seq, entry.at, entry.plan_id, entry.action, entry.actor, entry.recorded_by, reason(entry),
                    proof.sha256 if proof else "", content, entry.hash, head.hash, head.entries,
                ]
            )  # fmt: skip
    return pd.DataFrame(rows, columns=EXPORTED)


def reason(entry: Entry) -> str:
    """Why something was done, as its person wrote it; empty where nobody did."""
    return str(entry.payload.get("reason") or "")


def _batches(numbers: list[int]) -> Iterator[list[int]]:
    yield from (numbers[start : start + _BATCH] for start in range(0, len(numbers), _BATCH))


def _goes_on(db: Any, count: int, last_hash: str) -> bool:
    """Whether the history still has what was read of it, so that only the rest has to be read."""
    if not count:
        return True
    row = db.execute("SELECT hash FROM entries WHERE seq = ?", [count]).fetchone()
    return row is not None and row[0] == last_hash


def _day(at: str, zone: ZoneInfo) -> str:
    return datetime.fromisoformat(at).astimezone(zone).date().isoformat()


def _said(entry: Entry) -> str:
    return " ".join((entry.plan_id, entry.actor, entry.recorded_by, reason(entry)))


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _has_all(looked_for: list[str], said: str, named: str) -> bool:
    return all(one in said or one in named for one in looked_for)
