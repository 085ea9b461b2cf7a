"""What the approval history promises, measured: nothing lost between processes or kills, and what that costs.

    python bench/ledger.py [--folder DIR] [--entries 100000]

Use a folder on the disk that will hold the shop: on a RAM disk waiting for the disk costs nothing.
"""

import argparse
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time
from datetime import date, datetime
from multiprocessing.queues import Queue
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, from anywhere

from engine.campaign.plan import Plan
from engine.decision import approvals, ledger, plans
from engine.errors import AppError

FORK = multiprocessing.get_context("fork")
NOW = datetime(2026, 6, 1, 12)
SHOP_ID = "bench"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--folder", type=Path, help="where to write; the system's temporary folder otherwise")
    arguments.add_argument("--entries", type=int, default=100_000, help="entries to verify")
    arguments.add_argument("--kills", type=int, default=200)
    chosen = arguments.parse_args()
    print(ledger.fitness()[1].text())
    for title, measure in (
        ("8 processes x 200 appends", lambda folder: between_processes(folder, 8, 200)),
        (f"{chosen.kills} kills of an approving process", lambda folder: kills(folder, chosen.kills)),
        (f"verify {chosen.entries:,} entries", lambda folder: verification(folder, chosen.entries)),
    ):
        with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
            (Path(folder) / "shop").mkdir()
            print(f"{title}: {measure(Path(folder))}", flush=True)


def between_processes(folder: Path, processes: int, each: int) -> str:
    """Errors, rows and waiting times of processes that append at once."""
    results: Queue = FORK.Queue()
    started = time.perf_counter()
    workers = [FORK.Process(target=_append, args=(folder, each, results)) for _ in range(processes)]
    for worker in workers:
        worker.start()
    waits, errors = [], 0
    for _ in workers:
        its_waits, its_errors = results.get()
        waits += its_waits
        errors += its_errors
    for worker in workers:
        worker.join()
    seconds = time.perf_counter() - started
    verdict = ledger.verify(folder / "shop", SHOP_ID, folder / "config")
    waits.sort()
    half, most = waits[len(waits) // 2], waits[len(waits) * 99 // 100]
    return (
        f"{errors} errors, {verdict.entries} rows, whole: {verdict.ok}, {len(waits) / seconds:.0f}/s, "
        f"p50 {half * 1000:.1f} ms, p99 {most * 1000:.0f} ms, longest {waits[-1] * 1000:.0f} ms"
    )


def _append(folder: Path, each: int, results: Queue) -> None:
    waits, errors = [], 0
    for number in range(each):
        before = time.perf_counter()
        try:
            ledger.append(
                folder / "shop", SHOP_ID, plan_id="p", action="noted", actor="ana", recorded_by="root",
                payload={"number": number}, now=NOW, config=folder / "config",
            )  # fmt: skip
        except AppError:
            errors += 1
        waits.append(time.perf_counter() - before)
    results.put((waits, errors))


def kills(folder: Path, times: int) -> str:
    """kill -9 while `approvals.approve` works: what was told and is not there, and halves of decisions."""
    chance, told, lost, halves, broken, made = random.Random(0), 0, 0, 0, 0, 0
    where = (folder / "shop", SHOP_ID, folder / "config")
    waiting: list[str] = []
    for _ in range(times):
        while len(waiting) < 15:
            made += 1
            waiting.append(f"p{made}")
            plan = Plan(
                plan_id=waiting[-1], name="x", owner="ana", starts_at=date(2026, 6, 1), ends_at=date(2026, 6, 2)
            )
            approvals.submit(where[0], where[1], plan, {}, "ana", NOW, where[2])
        here, there = os.pipe()
        worker = FORK.Process(target=_approve, args=(folder, waiting, there))
        worker.start()
        os.close(there)
        with os.fdopen(here) as lines:
            time.sleep(chance.uniform(0.005, 0.08))
            os.kill(worker.pid or 0, signal.SIGKILL)
            heard = {line.strip() for line in lines}
        worker.join()
        of_these = {plan_id: ledger.entries(*where, plan_id=plan_id) for plan_id in waiting}
        approved = {plan_id for plan_id, found in of_these.items() if found[-1].action == "approved"}
        told, lost = told + len(heard), lost + len(heard - approved)
        halves += sum(
            (plans.load(where[0], plan_id).plan.status == "approved") != (plan_id in approved) for plan_id in waiting
        )
        broken += not ledger.verify(*where).ok
        waiting = [plan_id for plan_id in waiting if plan_id not in approved]
    return f"{told} told, {lost} lost, {halves} halves, {broken} broken histories"


def _approve(folder: Path, plan_ids: list[str], told: int) -> None:
    for plan_id in plan_ids:
        approvals.approve(folder / "shop", SHOP_ID, plan_id, "ben", "root", "fits", NOW, folder / "config")
        os.write(told, f"{plan_id}\n".encode())


def verification(folder: Path, count: int) -> str:
    """Seconds to verify, and the processor's share of one append."""
    before = time.process_time()
    with ledger.writing(folder / "shop", SHOP_ID, folder / "config") as writer:
        for number in range(count):
            writer.append("p", "noted", "ana", "root", {"number": number}, NOW)
    each = (time.process_time() - before) / count
    started = time.perf_counter()
    verdict = ledger.verify(folder / "shop", SHOP_ID, folder / "config")
    return f"{time.perf_counter() - started:.1f} s, whole: {verdict.ok}, {each * 1000:.2f} ms of processor per entry"


if __name__ == "__main__":
    main()
