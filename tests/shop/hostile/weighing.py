"""What each hostile file comes to: its verdict, seconds, and megabytes above what the process held before.

python -m tests.shop.hostile.weighing [--full] [--heavy] [NAME ...]     prints one line of JSON a case
"""

import argparse
import json
import multiprocessing
import os
import re
import tempfile
import time
import traceback
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pandas as pd

from engine.errors import AppError
from engine.shop import intake, store
from tests.shop.hostile import CASES
from tests.shop.hostile.case import Case, orders

FORK = multiprocessing.get_context("fork")
MB = 1024  # kB of /proc


@dataclass(frozen=True, slots=True)
class Weighed:
    """name of the case; what came of it; what is wrong with that ("" where it is right)."""

    name: str
    came: str
    wrong: str
    seconds: float
    mb: float
    packed: int


def judged(case: Case, file: Path, into: Path) -> tuple[str, str]:
    """(what came of bringing in the file, what is wrong with that). Anything but a sentence of ours is wrong."""
    try:
        report = intake.import_files([file], into)
    except AppError as problem:
        return f"refused: {problem}", _wrongly_refused(case, str(problem), into)
    except BaseException:
        return "crashed", traceback.format_exc(limit=-4)
    entry = report["tables"].get(case.table, {})
    came = f"kept {entry.get('kept', 0)}, set aside {entry.get('set_aside', 0)}"
    return came, "; ".join(_wrongly_taken(case, report, into))


def _wrongly_refused(case: Case, sentence: str, into: Path) -> str:
    if into.exists():
        return "a shop was left behind"
    if case.verdict != "refused" or not re.search(case.said, sentence, re.DOTALL):
        return f"refused with {sentence!r}"
    return "" if case.file in sentence else "the sentence does not name the file"


def _wrongly_taken(case: Case, report: dict, into: Path) -> Iterator[str]:
    if case.verdict == "refused":
        yield "accepted"
        return
    entry = report["tables"][case.table]
    if entry["rows_in"] != entry["kept"] + entry["set_aside"]:
        yield f"{entry['rows_in']} rows in"
    if (entry["kept"], entry["set_aside_by_reason"]) != (case.kept, case.aside):
        yield f"kept {entry['kept']}, set aside {entry['set_aside_by_reason']}"
    if not re.search(case.said, " ".join(report.get("notes", []))):
        yield f"notes {report['notes']}"
    aside = intake.set_aside(store.open_shop(into)).get(case.table, pd.DataFrame())
    if len(aside) != entry["set_aside"]:
        yield f"{len(aside)} rows listed as set aside"
    yield from _other_values(case, into)


def _other_values(case: Case, into: Path) -> Iterator[str]:
    for name, wanted in case.values.items():
        found: Any = store.open_shop(into).table(case.table)[name]
        if pd.api.types.is_datetime64_any_dtype(found):
            wanted = [pd.Timestamp(one) for one in wanted]
        if found.tolist() != wanted:
            yield f"{name} holds {str(found.tolist())[:200]}"


def weighed(case: Case, full: bool) -> Weighed:
    """One case in a process of its own, forked from this one."""
    receive, send = FORK.Pipe(duplex=False)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / case.file
        file.write_bytes(case.bytes(full))
        child = FORK.Process(target=_child, args=(case, file, send))
        child.start()
        send.close()
        try:
            came, wrong, seconds, mb = receive.recv()
        except EOFError:
            came, wrong, seconds, mb = "died", f"exit code {child.exitcode}", 0.0, 0.0
        child.join()
        return Weighed(case.name, came, wrong, seconds, mb, file.stat().st_size)


def _child(case: Case, file: Path, send: Connection) -> None:
    _import_something(file.parent)
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    idle, begun = _status("VmRSS"), time.perf_counter()
    came, wrong = judged(case, file, file.parent / "shop")
    seconds = time.perf_counter() - begun
    send.send((came, wrong, seconds, (_status("VmHWM") - idle) / MB))


def _import_something(folder: Path) -> None:
    """What every import loads is loaded, and is no file's weight."""
    with tempfile.TemporaryDirectory(dir=folder) as other:
        path = Path(other) / "orders.csv"
        path.write_text(orders({}))
        intake.import_files([path], Path(other) / "shop")


def _status(name: str) -> int:
    """A line of /proc/self/status, in kB."""
    found = re.search(rf"{name}:\s+(\d+)", Path("/proc/self/status").read_text())
    return int(found[1]) if found else 0


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("names", nargs="*", help="only cases of these names")
    arguments.add_argument("--full", action="store_true", help="bombs in their full size")
    arguments.add_argument("--heavy", action="store_true", help="only the heavy ones")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["OFFERLAB_CONFIG"] = folder
        for case in CASES:
            if (case.heavy or not chosen.heavy) and (case.name in chosen.names or not chosen.names):
                print(json.dumps(asdict(weighed(case, chosen.full))), flush=True)


if __name__ == "__main__":
    main()
