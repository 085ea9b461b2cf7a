"""Runs one command of `python -m engine` for a job: `python -m engine.jobs.runner SHOP JOB_ID`."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from engine.errors import StoreProblem
from engine.jobs import processes
from engine.jobs.records import State, database, transaction

SECONDS_BETWEEN_WRITES = 0.125  # a draft streams hundreds of lines a second; a page reads about once a second
LOG_LINES = 60


@dataclass(slots=True)
class Report:
    """What a command has said so far on stderr: progress as JSON lines, anything else as log."""

    progress: float | None = None
    message: str = ""
    detail: dict[str, Any] = field(default_factory=dict)
    log: deque[str] = field(default_factory=lambda: deque(maxlen=LOG_LINES))
    last_words: deque[str] = field(default_factory=lambda: deque(maxlen=LOG_LINES))  # log since the last progress

    def add(self, line: str) -> None:
        """Takes one line in. Keys are merged; `{"draft": i, ...}` replaces what is known of draft i."""
        said = _json_object(line)
        if said is None:
            if line.strip():
                self.log.append(line)
                self.last_words.append(line)
            return
        self.last_words.clear()
        if "draft" in said:
            drafts = self.detail.get("drafts", {})
            self.detail = {**self.detail, "drafts": {**drafts, str(said["draft"]): said}}
            return
        if isinstance(said.get("progress"), int | float):
            self.progress = min(1.0, max(0.0, float(said["progress"])))
        self.message = str(said.get("message", self.message))
        self.detail = {**self.detail, **said}


def _json_object(line: str) -> dict[str, Any] | None:
    try:
        said = json.loads(line)
    except ValueError:
        return None
    return said if isinstance(said, dict) else None


def _ending(code: int, report: Report) -> tuple[State, str]:
    """State and sentence for an exit code: 2 is a refusal that explains itself, others are unexpected."""
    if code == 0:
        return "done", ""
    if code == 2:
        words = "\n".join(report.last_words) or "\n".join(report.log)
        return "failed", words.removeprefix("Error: ") or "The work was refused without saying why."
    if code < 0:
        return "failed", (
            f"The work was stopped by the system (signal {-code}), most often for lack of memory. "
            "Close other programs and start it again."
        )
    last = report.log[-1] if report.log else f"exit code {code}"
    return "failed", f"The work stopped on an error that was not foreseen: {last}"


def _save(shop_dir: Path, job_id: str, columns: dict[str, Any]) -> None:
    """Writes columns of a job that is running; a cancelled one is left alone."""
    names = ", ".join(f"{name} = ?" for name in columns)
    with database(shop_dir) as db:
        db.execute(f"UPDATE jobs SET {names} WHERE job_id = ? AND state = 'running'", [*columns.values(), job_id])


def _claim(shop_dir: Path, job_id: str) -> dict[str, Any] | None:
    """The record of a queued job that is now ours, or None when it was cancelled before we came."""
    with transaction(shop_dir) as db:
        claimed = db.execute(
            "UPDATE jobs SET state = 'running', pid = ? WHERE job_id = ? AND state = 'queued'", [os.getpid(), job_id]
        ).rowcount
        row = next(iter(db.query("SELECT * FROM jobs WHERE job_id = ?", [job_id])), None)
    return row if claimed else None


def run(shop_dir: Path, job_id: str) -> None:
    """Runs a queued job to its end, keeping its row up to date on the way."""
    job = _claim(shop_dir, job_id)
    if job is None:
        return
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "engine", *json.loads(job["arguments"])],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    assert process.stdout is not None and process.stderr is not None
    report, output, news = Report(), [], threading.Event()

    def listen(stream: IO[str]) -> None:
        for line in stream:
            report.add(line.rstrip("\n"))
            news.set()

    readers = [
        threading.Thread(target=listen, args=[process.stderr], daemon=True),
        threading.Thread(target=lambda stream: output.extend(stream), args=[process.stdout], daemon=True),
    ]
    for reader in readers:
        reader.start()
    while process.poll() is None:
        time.sleep(SECONDS_BETWEEN_WRITES)
        if news.is_set():
            news.clear()
            with contextlib.suppress(StoreProblem):  # a full disk must not end the work; the next write tells
                _save(shop_dir, job_id, _columns(report))
    for reader in readers:
        reader.join(timeout=2)  # a child of the command may hold the pipe open longer than the command lives
    processes.stop(job_id)
    if job["folder"]:
        shutil.rmtree(job["folder"], ignore_errors=True)
    state, error = _ending(process.returncode, report)
    ended = {"result": "".join(output), "error": error, "ended_at": datetime.now(UTC).isoformat()}
    finished = {"progress": 1.0} if state == "done" else {}
    _save(shop_dir, job_id, {**_columns(report), **ended, **finished, "state": state})


def _columns(report: Report) -> dict[str, Any]:
    return {
        "progress": report.progress,
        "message": report.message,
        "detail": json.dumps(report.detail, ensure_ascii=False),
        "log": "\n".join(list(report.log)),
    }


if __name__ == "__main__":
    run(Path(sys.argv[1]), sys.argv[2])
