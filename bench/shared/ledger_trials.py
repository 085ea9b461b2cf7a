"""What may happen to a shop's decisions, done to them on purpose: kills, power cuts, edits of the file."""

import contextlib
import multiprocessing
import os
import random
import select
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import apsw
from sqlite_utils.utils import sqlite3

from bench.shared import power
from engine.campaign.plan import Plan
from engine.decision import approvals, database, keys, ledger, plans, sealed
from engine.errors import AppError

FORK = multiprocessing.get_context("fork")  # children start in milliseconds: everything is imported already
NOW = datetime(2026, 6, 1, 12)
SHOP_ID = "bench"
MEMORY = Path("/dev/shm")


@dataclass(frozen=True, slots=True)
class Place:
    """A shop and its configuration."""

    shop: Path
    config: Path

    def submit(self, plan_id: str) -> None:
        plan = Plan(plan_id=plan_id, name="x", owner="ana", starts_at=date(2026, 6, 1), ends_at=date(2026, 6, 2))
        approvals.submit(self.shop, SHOP_ID, plan, {"orders": 12.5}, "ana", NOW, self.config)

    def approve(self, plan_id: str) -> None:
        approvals.approve(self.shop, SHOP_ID, plan_id, "ben", "ben", "fits", NOW, self.config)

    def verify(self) -> ledger.Verdict:
        return ledger.verify(self.shop, SHOP_ID, self.config)

    def approved(self) -> set[str]:
        return {one.plan_id for one in ledger.entries(self.shop, SHOP_ID, self.config) if one.action == "approved"}


@dataclass(slots=True)
class Toll:
    """What a series of disasters cost. `told`: approvals that somebody was told of; `lost`: of those, the ones that
    are not there; `halves`: decisions of which only the plan or only the history knows; `broken`: times the history was
    not whole, or not to be read."""

    times: int = 0
    told: int = 0
    lost: int = 0
    halves: int = 0
    broken: int = 0
    with_loss: int = 0
    syncs: int = 0

    def add(self, place: Place, told: set[str], candidates: list[str]) -> set[str]:
        """What one disaster cost; gives what is approved after it."""
        self.times, self.told = self.times + 1, self.told + len(told)
        try:
            approved = place.approved()
            self.broken += not place.verify().ok
            status = {one.plan.plan_id: one.plan.status for one in plans.saved_plans(place.shop)}
            self.halves += sum((status[one] == "approved") != (one in approved) for one in candidates)
        except AppError:
            approved = set()
            self.broken += 1
        self.lost += len(told - approved)
        self.with_loss += bool(told - approved)
        return approved


@contextmanager
def somewhere(quick: bool = True) -> Iterator[Place]:
    """A place that is gone afterwards; in memory where no disk is measured."""
    with tempfile.TemporaryDirectory(dir=MEMORY if quick and MEMORY.is_dir() else None) as folder:
        (Path(folder) / "shop").mkdir()
        yield Place(Path(folder) / "shop", Path(folder) / "config")


# --- kills ---


def kills(place: Place, times: int, *, told_early: bool = False, seed: int = 0) -> Toll:
    """kill -9 while `approvals.approve` works. `told_early`: the control, which tells before the COMMIT."""
    chance, toll, made = random.Random(seed), Toll(), 0
    waiting: list[str] = []
    for _ in range(times):
        while len(waiting) < 6:
            made += 1
            waiting.append(f"p{made}")
            place.submit(waiting[-1])
        here, there = os.pipe()
        worker = FORK.Process(target=_approving, args=(place, waiting, there, told_early))
        worker.start()
        os.close(there)
        heard = b""
        for _ in range(chance.randint(0, 3)):  # into the next approval, not into the start of the process
            select.select([here], [], [], 30)
            heard += os.read(here, 64)
        time.sleep(chance.choice((0, chance.uniform(0, 0.01))))
        os.kill(worker.pid or 0, signal.SIGKILL)
        while more := os.read(here, 4096):
            heard += more
        os.close(here)
        worker.join()
        approved = toll.add(place, set(heard.decode().split()), waiting)
        waiting = [plan_id for plan_id in waiting if plan_id not in approved]
    return toll


def _approving(place: Place, plan_ids: list[str], told: int, told_early: bool) -> None:
    set_status = plans.set_status

    def and_tell(db: Any, plan_id: str, status: str, now: datetime) -> None:
        set_status(db, plan_id, status, now)
        os.write(told, f"{plan_id}\n".encode())

    if told_early:
        plans.set_status = and_tell  # in this process only
    for plan_id in plan_ids:
        place.approve(plan_id)
        if not told_early:
            os.write(told, f"{plan_id}\n".encode())


# --- power cuts ---


def power_cuts(times: int, *, synchronous: str = "FULL", seed: int = 0, each: int = 10) -> Toll:
    """The power goes at a random write of up to `each` approvals, half of the times while another connection is open,
    as other people's are: SQLite then does not tidy up after each approval. Read back by the product's own SQLite."""
    chance, toll = random.Random(seed), Toll()
    plan_ids = [f"p{number}" for number in range(each)]
    with somewhere() as first:
        for plan_id in plan_ids:
            first.submit(plan_id)
        for _ in range(times):
            with somewhere() as place:
                shutil.copytree(first.shop, place.shop, dirs_exist_ok=True)
                shutil.copytree(first.config, place.config)
                disk = power.Disk(chance)
                told = _until_the_cut(disk, place, plan_ids, synchronous, chance)
                toll.syncs += disk.syncs
                disk.come_back()
                toll.add(place, told, plan_ids)
    return toll


def _until_the_cut(
    disk: power.Disk, place: Place, plan_ids: list[str], synchronous: str, chance: random.Random
) -> set[str]:
    told: set[str] = set()
    with power.on(disk, synchronous) as connect:
        others = None
        if synchronous != "FULL" or chance.random() < 0.5:
            others = connect(str(database.path_of(place.shop)))
            others.execute("SELECT count(*) FROM plans").fetchall()
        disk.cut_at = chance.randint(1, 16 * len(plan_ids) if others is None else 7 * len(plan_ids))
        try:
            for plan_id in plan_ids:
                place.approve(plan_id)
                told.add(plan_id)
        except (power.PowerCut, apsw.Error, AppError):
            if not disk.is_off:
                raise
        disk.is_off = True
        if others is not None:
            with contextlib.suppress(power.PowerCut, apsw.Error):  # a machine without power closes nothing
                others.close()
    return told


# --- edits of the file ---

KINDS = ("a field changed", "a row removed", "the tail cut", "rewritten without the key", "rewritten with it", "bytes")


@dataclass(slots=True)
class Edits:
    """By kind: how many were made, and how many of them were found. Of changed bytes, `idle` changed nothing that
    anybody reads, such as free space; they count neither way."""

    made: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    found: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    idle: int = 0


def edits(times: int, *, entries: int = 30, seed: int = 0) -> Edits:
    """A history edited by somebody who has the file, and puts the file's own guards back afterwards."""
    chance, result = random.Random(seed), Edits()
    with somewhere() as place:
        for number in range(entries):
            ledger.append(
                place.shop, SHOP_ID, plan_id=f"p{number % 3}", action="results_in", actor="ana", recorded_by="root",
                payload={"number": number}, now=NOW, config=place.config,
            )  # fmt: skip
        path = database.path_of(place.shop)
        original, rows = path.read_bytes(), _rows(path)
        secret = keys.read_keys(keys.folder_of(SHOP_ID, place.config))
        for number in range(times):
            kind = KINDS[number % len(KINDS)]
            for beside in path.parent.glob("ledger.db*"):
                beside.unlink()
            path.write_bytes(original)
            _EDITS[kind](path, secret, entries, chance)
            found = _is_found(place)
            if kind == "bytes" and not found and _rows(path) == rows:
                result.idle += 1
                continue
            result.made[kind] += 1
            result.found[kind] += found
    return result


def _is_found(place: Place) -> bool:
    try:
        return not place.verify().ok
    except AppError:
        return True


def _rows(path: Path) -> list[tuple[Any, ...]] | None:
    raw = sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)
    try:
        return raw.execute("SELECT * FROM entries ORDER BY seq").fetchall()
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        return None
    finally:
        raw.close()


@contextmanager
def _unguarded(path: Path) -> Iterator[Any]:
    raw = sqlite3.connect(str(path), isolation_level=None)
    raw.create_function("person_key", 1, str, deterministic=True)
    guards = raw.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    raw.execute("BEGIN")
    for name, _ in guards:
        raw.execute(f"DROP TRIGGER {name}")
    yield raw
    for _, sql in guards:
        raw.execute(sql)
    raw.execute("COMMIT")
    raw.close()


def _change(path: Path, _: keys.Keys, entries: int, chance: random.Random) -> None:
    column, seq = (
        chance.choice(["at", "shop_id", "plan_id", "action", "actor", "recorded_by", "payload", "prev", "hash"]),
        chance.randint(1, entries),
    )
    with _unguarded(path) as raw:
        old = raw.execute(f"SELECT {column} FROM entries WHERE seq = ?", [seq]).fetchone()[0]
        at = chance.randrange(len(old))
        new = (
            old[:at]
            + (bytes([old[at] ^ chance.randint(1, 255)]) if column == "payload" else chr(ord(old[at]) ^ 1))
            + old[at + 1 :]
        )
        raw.execute(f"UPDATE entries SET {column} = ? WHERE seq = ?", [new, seq])


def _remove(path: Path, _: keys.Keys, entries: int, chance: random.Random) -> None:
    seq = chance.randint(1, entries - 1)
    with _unguarded(path) as raw:
        raw.execute("DELETE FROM entries WHERE seq = ?", [seq])
        if chance.random() < 0.5:  # and closes the gap
            raw.execute("UPDATE entries SET seq = seq - 1 WHERE seq > ?", [seq])


def _cut(path: Path, _: keys.Keys, entries: int, chance: random.Random) -> None:
    with _unguarded(path) as raw:
        raw.execute("DELETE FROM entries WHERE seq > ?", [chance.randint(0, entries - 1)])


def _forge(path: Path, secret: keys.Keys, entries: int, chance: random.Random) -> None:
    """All entries from one on written anew with a key of the forger's own."""
    _rewrite(path, keys.Keys(chance.randbytes(32), chance.randbytes(32)), entries, chance)


def _forge_with_key(path: Path, secret: keys.Keys, entries: int, chance: random.Random) -> None:
    """The same with the stolen key: only the head outside knows better."""
    _rewrite(path, secret, entries, chance)


def _rewrite(path: Path, its_keys: keys.Keys, entries: int, chance: random.Random) -> None:
    with _unguarded(path) as raw:
        start = chance.randint(1, entries)
        columns = ", ".join(sealed.COLUMNS)
        rows = raw.execute(f"SELECT {columns} FROM entries WHERE seq >= ? ORDER BY seq", [start]).fetchall()
        prev = rows[0][0]
        for values in rows:
            row = dict(zip(sealed.BOUND, values, strict=False))
            row["prev"], row["actor"] = prev, "eve"
            new = sealed.sealed(its_keys, row, {"forged": True})
            raw.execute(f"UPDATE entries SET {', '.join(f'{name} = :{name}' for name in new)} WHERE seq = :seq", new)
            prev = new["hash"]


def _flip(path: Path, _: keys.Keys, entries: int, chance: random.Random) -> None:
    content = bytearray(path.read_bytes())
    for _byte in range(chance.randint(1, 4)):
        content[chance.randrange(len(content))] ^= chance.randint(1, 255)
    path.write_bytes(content)


_EDITS: dict[str, Callable[[Path, keys.Keys, int, random.Random], None]] = dict(
    zip(KINDS, (_change, _remove, _cut, _forge, _forge_with_key, _flip), strict=True)
)
