"""What the approval history promises, measured: nothing told is lost, nothing changed goes unseen, and what that costs.

    python bench/ledger.py [--folder DIR] [--entries 100000] [--kills 200] [--cuts 500] [--edits 1000] [--each 200]

Use a folder on the disk that will hold the shop: on a RAM disk waiting for the disk costs nothing.
"""

import argparse
import multiprocessing
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any, Literal

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, from anywhere

from sqlite_utils.utils import sqlite3

from bench.shared import ledger_trials as trials
from bench.shared.ledger_trials import NOW, SHOP_ID, Place
from engine.decision import database, ledger
from engine.errors import AppError

FORK = multiprocessing.get_context("fork")
Workers = Literal["processes", "threads"]
Way = Literal["approvals", "bare", "bare, one connection kept"]


@dataclass(frozen=True, slots=True)
class Waits:
    """What workers that write at once met with; waits in ms."""

    errors: int
    rows: int
    whole: bool
    per_second: float
    p50: float
    p99: float
    longest: float

    def line(self) -> str:
        return (
            f"{self.errors} errors, {self.rows} rows, {self.per_second:.0f}/s, p50 {self.p50:.1f} ms, "
            f"p99 {self.p99:.0f} ms, longest {self.longest:.0f} ms"
        )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--folder", type=Path, help="where to write; the system's temporary folder otherwise")
    arguments.add_argument("--entries", type=int, default=100_000, help="entries to verify")
    arguments.add_argument("--kills", type=int, default=200)
    arguments.add_argument("--cuts", type=int, default=500)
    arguments.add_argument("--edits", type=int, default=1000)
    arguments.add_argument("--each", type=int, default=200, help="approvals of each of 8 workers")
    chosen = arguments.parse_args()
    tempfile.tempdir = str(chosen.folder) if chosen.folder else None
    print(ledger.fitness()[1].text())
    print(f"Load of this machine at the start: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
    disasters(chosen.kills, chosen.cuts, chosen.edits)
    for workers in ("processes", "threads"):
        together(workers, chosen.each)  # type: ignore[arg-type]
    with trials.somewhere(quick=False) as place:
        print(f"verify {chosen.entries:,} entries: {verification(place, chosen.entries)}")
    print(f"one append to the history against one bare INSERT: {append_cost(3000)}")


def disasters(kills: int, cuts: int, edits: int) -> None:
    """The three tables of what is done to a shop's decisions on purpose."""
    for early in (False, True):
        with trials.somewhere(quick=False) as place:
            toll = trials.kills(place, kills, told_early=early)
        name = "control, told before the COMMIT" if early else "through approvals.approve"
        print(f"{toll.times} x kill -9, {name}: {_toll(toll)}", flush=True)
    for synchronous in ("FULL", "NORMAL"):
        toll = trials.power_cuts(cuts, synchronous=synchronous)
        name = f"control, synchronous={synchronous}" if synchronous != "FULL" else "as it is"
        rate = toll.syncs / max(toll.told, 1)
        print(f"{toll.times} power cuts, {name}: {_toll(toll)}, {rate:.1f} syncs per approval told", flush=True)
    found = trials.edits(edits)
    print(f"{sum(found.made.values()) + found.idle} edits of the file:")
    for kind in trials.KINDS:
        rest = f" ({found.idle} more changed nothing that is read)" if kind == "bytes" else ""
        print(f"  {kind:<24} {found.found[kind]} of {found.made[kind]} found{rest}", flush=True)


def _toll(toll: trials.Toll) -> str:
    return (
        f"{toll.told} told, {toll.lost} lost (in {toll.with_loss}), {toll.halves} halves, "
        f"{toll.broken} histories not whole"
    )


def together(workers: Workers, each: int) -> None:
    """Eight at once: approvals, and beside them one plain INSERT by the same SQLite with the same PRAGMAs."""
    ways: tuple[Way, ...] = ("approvals", "bare", "bare, one connection kept")
    measured = {way: at_once(workers, 8, each, way) for way in ways}
    ours = measured["approvals"]
    for way, waits in measured.items():
        ratio = (
            ""
            if way == "approvals"
            else f"; ours takes x{ours.p50 / waits.p50:.1f} at p50, x{ours.p99 / waits.p99:.1f} at p99"
        )
        whole = f", whole: {waits.whole}" if way == "approvals" else ""
        print(f"8 {workers} x {each} {way}: {waits.line()}{whole}{ratio}", flush=True)


def at_once(workers: Workers, count: int, each: int, way: Way = "approvals") -> Waits:
    """Waiting times and errors of `count` workers that each decide `each` plans at once."""
    with trials.somewhere(quick=False) as place:
        if way == "approvals":
            _submitted(place, count * each)
        else:
            with closing(_bare(place)) as db:
                db.execute("CREATE TABLE entries (seq INTEGER PRIMARY KEY, payload BLOB)")
        started = time.perf_counter()
        found = (_processes if workers == "processes" else _threads)(place, count, each, way)
        seconds = time.perf_counter() - started
        waits = sorted(wait for its_waits, _ in found for wait in its_waits)
        verdict = place.verify() if way == "approvals" else None
        with closing(sqlite3.connect(str(database.path_of(place.shop)))) as db:
            decided = " WHERE action = 'approved'" if verdict else ""
            rows = db.execute(f"SELECT count(*) FROM entries{decided}").fetchone()[0]
    return Waits(
        errors=sum(errors for _, errors in found), rows=rows, whole=verdict is not None and verdict.ok,
        per_second=len(waits) / seconds, p50=waits[len(waits) // 2] * 1000, p99=waits[len(waits) * 99 // 100] * 1000,
        longest=waits[-1] * 1000,
    )  # fmt: skip


def _submitted(place: Place, count: int) -> None:
    """Plans that wait for a decision; made in memory, where that is quick."""
    with trials.somewhere() as quick:
        for number in range(count):
            quick.submit(f"p{number}")
        shutil.copytree(quick.shop, place.shop, dirs_exist_ok=True)
        shutil.copytree(quick.config, place.config)


def _processes(place: Place, count: int, each: int, way: Way) -> list[tuple[list[float], int]]:
    results: Queue = FORK.Queue()
    workers = [
        FORK.Process(target=lambda number=number: results.put(_work(place, number, each, way)))
        for number in range(count)
    ]
    for worker in workers:
        worker.start()
    found = [results.get() for _ in workers]
    for worker in workers:
        worker.join()
    return found


def _threads(place: Place, count: int, each: int, way: Way) -> list[tuple[list[float], int]]:
    found: list[tuple[list[float], int]] = []
    workers = [
        threading.Thread(target=lambda number=number: found.append(_work(place, number, each, way)))
        for number in range(count)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return found


def _work(place: Place, number: int, each: int, way: Way) -> tuple[list[float], int]:
    kept = _bare(place) if way == "bare, one connection kept" else None
    act: Callable[[int], None] = {
        "approvals": lambda one: place.approve(f"p{one}"),
        "bare": lambda one: _insert_once(place),
        "bare, one connection kept": lambda one: _insert(kept),
    }[way]
    waits, errors = [], 0
    for one in range(number * each, (number + 1) * each):
        before = time.perf_counter()
        try:
            act(one)
        except (AppError, sqlite3.DatabaseError):
            errors += 1
        waits.append(time.perf_counter() - before)
    if kept is not None:
        kept.close()
    return waits, errors


def _bare(place: Place) -> Any:
    db = sqlite3.connect(str(database.path_of(place.shop)), timeout=database.WAIT_SECONDS, isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    return db


def _insert_once(place: Place) -> None:
    with closing(_bare(place)) as db:
        _insert(db)


def _insert(db: Any) -> None:
    db.execute("BEGIN IMMEDIATE")
    db.execute("INSERT INTO entries (payload) VALUES (?)", [b"x" * 500])
    db.execute("COMMIT")


def verification(place: Place, count: int) -> str:
    """Seconds to verify that many entries."""
    with ledger.writing(place.shop, SHOP_ID, place.config) as writer:
        for number in range(count):
            writer.append("p", "results_in", "ana", "root", {"number": number, "reason": "x" * 100}, NOW)
    started, busy = time.perf_counter(), time.process_time()
    verdict = place.verify()
    wall, processor = time.perf_counter() - started, time.process_time() - busy
    size = database.path_of(place.shop).stat().st_size / 1e6
    return f"{wall:.1f} s, {processor:.1f} s of processor, {size:.0f} MB, whole: {verdict.ok}"


def append_cost(times: int) -> str:
    """Processor time of an entry with its guards, key, cipher and hash, and of a row without any of them."""
    with trials.somewhere() as place, ledger.writing(place.shop, SHOP_ID, place.config) as writer:
        before = time.process_time()
        for number in range(times):
            writer.append("p", "results_in", "ana", "root", {"number": number, "reason": "x" * 100}, NOW)
        ours = (time.process_time() - before) / times
    with trials.somewhere() as place, closing(_bare(place)) as db:
        db.execute("CREATE TABLE entries (seq INTEGER PRIMARY KEY, payload BLOB)")
        db.execute("BEGIN IMMEDIATE")
        before = time.process_time()
        for _ in range(times):
            db.execute("INSERT INTO entries (payload) VALUES (?)", [b"x" * 500])
        bare = (time.process_time() - before) / times
        db.execute("COMMIT")
    return f"{ours * 1000:.3f} ms against {bare * 1000:.3f} ms of processor, {(ours - bare) * 1000:.3f} ms more"


if __name__ == "__main__":
    main()
