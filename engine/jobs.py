"""Long work in a process of its own: it goes on when the page is reloaded or the app is stopped.

`start` launches a runner (`python -m engine.jobs SHOP JOB_ID`) in a session of its own. The runner runs one command
of `python -m engine`, reads the progress it prints on stderr, and keeps everything in `jobs.db` of the shop folder.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Literal

from sqlite_utils import Database
from sqlite_utils.utils import OperationalError, sqlite3

from engine.errors import StoreProblem

State = Literal["queued", "running", "done", "failed", "cancelled", "lost"]

ROOT = Path(__file__).resolve().parents[1]
SECONDS_BETWEEN_WRITES = 0.125  # a draft streams hundreds of lines a second; a page reads about once a second
LOG_LINES = 60
LOST = (
    "This work stopped before its end, most likely because the computer was restarted or ran out of memory. "
    "Start it again; nothing that was saved before is lost."
)


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of long work as it stands now. `progress` is a fraction 0-1, None when the work does not say."""

    job_id: str
    kind: str
    state: State
    progress: float | None
    message: str
    detail: dict[str, Any]  # every key the work reported, latest value; drafts under "drafts" by number
    result: str  # what the command printed on stdout
    error: str  # a sentence for a marketer when state is failed or lost
    log: str  # the last lines of stderr that were not progress
    started_at: datetime
    ended_at: datetime | None  # None for a lost job: nobody saw it end

    @property
    def is_over(self) -> bool:
        return self.state not in ("queued", "running")


def start(
    shop_dir: Path, kind: str, arguments: list[str], now: datetime, environment: dict[str, str] | None = None
) -> str:
    """Id of a job that runs `python -m engine ARGUMENTS` in the background.

    Secrets go in `environment`, never in `arguments`: every user of the machine can list a process's arguments.
    """
    if not shop_dir.is_dir():
        raise StoreProblem(f"There is no shop folder at {shop_dir}, so no work can be started there.")
    job_id = uuid.uuid4().hex
    with _database(shop_dir) as db:
        db.table("jobs").insert(
            {
                "job_id": job_id,
                "kind": kind,
                "arguments": json.dumps(arguments),
                "state": "queued",
                "detail": "{}",
                "started_at": now.isoformat(),
                # Until the runner reports, the job stands and falls with the process that asked for it.
                "pid": os.getpid(),
                "pid_identity": _identity(os.getpid()),
            }
        )
    python_path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    runner = subprocess.Popen(
        # -P: a folder or file named "engine" where the app was started must not win over ours.
        [sys.executable, "-P", "-m", "engine.jobs", str(shop_dir.resolve()), job_id],
        env={**os.environ, **(environment or {}), "PYTHONPATH": python_path, "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    # Someone must collect the exit status while this process lives, or ended runners pile up as zombies.
    threading.Thread(target=runner.wait, daemon=True).start()
    with _database(shop_dir) as db:
        db.execute(
            "UPDATE jobs SET pid = ?, pid_identity = ? WHERE job_id = ? AND state = 'queued'",
            [runner.pid, _identity(runner.pid), job_id],
        )
    return job_id


def status(shop_dir: Path, job_id: str) -> Job:
    """The job as it stands. A job whose process is gone without an ending is recorded as lost."""
    row = _row(shop_dir, "SELECT * FROM jobs WHERE job_id = ?", [job_id])
    if row is None:
        raise StoreProblem(f"There is no record of the work {job_id} in {shop_dir}.")
    if row["state"] in ("queued", "running") and not _alive(row["pid"], row["pid_identity"]):
        return _lost(shop_dir, job_id)
    return _job(row)


def latest(shop_dir: Path, kind: str) -> Job | None:
    """The job of this kind that was started last, or None."""
    row = _row(shop_dir, "SELECT job_id FROM jobs WHERE kind = ? ORDER BY rowid DESC LIMIT 1", [kind])
    return status(shop_dir, row["job_id"]) if row else None


def cancel(shop_dir: Path, job_id: str) -> Job:
    """The job after its whole process group was stopped; a job that is already over stays as it is."""
    with _transaction(shop_dir) as db:
        row = next(db.query("SELECT * FROM jobs WHERE job_id = ?", [job_id]), None)
        # Written before the kill: from here on the runner's own writes no longer apply.
        db.execute(
            "UPDATE jobs SET state = 'cancelled', message = 'Cancelled', ended_at = ? "
            "WHERE job_id = ? AND state IN ('queued', 'running')",
            [_clock().isoformat(), job_id],
        )
    if row is not None and row["state"] in ("queued", "running"):
        runner_is_up = row["pid"] != os.getpid() and _alive(row["pid"], row["pid_identity"])
        if runner_is_up:
            _stop_group(row["pid"])
    return status(shop_dir, job_id)


def _clock() -> datetime:
    """Now. The runner is a command of its own, and an ending has no caller who could pass the time in."""
    return datetime.now(UTC)


# --- storage: a connection per call ---


@contextlib.contextmanager
def _database(shop_dir: Path) -> Iterator[Database]:
    """jobs.db of the shop, each statement its own transaction."""
    try:
        connection = sqlite3.connect(str(shop_dir / "jobs.db"), timeout=30, isolation_level=None)
    except OperationalError as problem:
        raise StoreProblem(f"The list of running work in {shop_dir} cannot be opened: {problem}.") from problem
    try:
        db = Database(connection)
        db.execute("PRAGMA journal_mode = WAL")
        # Not FULL as for approvals: after a power cut a job is lost in any case.
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute(
            "CREATE TABLE IF NOT EXISTS jobs (job_id TEXT PRIMARY KEY, kind TEXT, arguments TEXT, state TEXT, "
            "progress REAL, message TEXT DEFAULT '', detail TEXT, result TEXT DEFAULT '', error TEXT DEFAULT '', "
            "log TEXT DEFAULT '', pid INTEGER, pid_identity TEXT, started_at TEXT, ended_at TEXT)"
        )
        yield db
    except OperationalError as problem:
        raise StoreProblem(f"The list of running work in {shop_dir} cannot be used: {problem}.") from problem
    finally:
        connection.close()


@contextlib.contextmanager
def _transaction(shop_dir: Path) -> Iterator[Database]:
    """One BEGIN IMMEDIATE transaction: a deferred one that reads first fails when another writer comes between."""
    with _database(shop_dir) as db:
        db.execute("BEGIN IMMEDIATE")
        try:
            yield db
        except BaseException:
            db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")


def _row(shop_dir: Path, query: str, values: list[str]) -> dict[str, Any] | None:
    if not (shop_dir / "jobs.db").exists():
        return None
    with _database(shop_dir) as db:
        return next(iter(db.query(query, values)), None)


def _job(row: dict[str, Any]) -> Job:
    return Job(
        job_id=row["job_id"],
        kind=row["kind"],
        state=row["state"],
        progress=row["progress"],
        message=row["message"],
        detail=json.loads(row["detail"]),
        result=row["result"],
        error=row["error"],
        log=row["log"],
        started_at=datetime.fromisoformat(row["started_at"]),
        ended_at=datetime.fromisoformat(row["ended_at"]) if row["ended_at"] else None,
    )


def _lost(shop_dir: Path, job_id: str) -> Job:
    """The job after it was found without its process; one that ended in the meantime keeps its ending."""
    with _transaction(shop_dir) as db:
        row = next(db.query("SELECT * FROM jobs WHERE job_id = ?", [job_id]))
        if row["state"] in ("queued", "running") and not _alive(row["pid"], row["pid_identity"]):
            db.execute("UPDATE jobs SET state = 'lost', error = ? WHERE job_id = ?", [LOST, job_id])
            # The command may have outlived its runner. The group is ours only while nobody else has the runner's id.
            if _same_machine(row["pid_identity"]) and not _identity(row["pid"]):
                _signal_group(row["pid"], signal.SIGKILL)
            row = next(db.query("SELECT * FROM jobs WHERE job_id = ?", [job_id]))
    return _job(row)


# --- processes ---


def _machine() -> str:
    """What a process id is unique within: this start of the computer and, on Linux, this container."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""


def _identity(pid: int) -> str:
    """Machine and start time of a process; '' when it is gone. Process ids are used again, start times are not."""
    stat = Path(f"/proc/{pid}/stat")
    if stat.parent.parent.joinpath("self").exists():
        try:
            fields = stat.read_text().rpartition(")")[2].split()  # the name before it may hold spaces
        except OSError:
            return ""
        return "" if fields[0] in "ZX" else f"{_machine()}/{fields[19]}"
    shown = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True)
    state, _, started = shown.stdout.strip().partition(" ")
    return "" if not state or state.startswith("Z") else f"/{started.strip()}"


def _alive(pid: int, identity: str) -> bool:
    return bool(identity) and _identity(pid) == identity


def _same_machine(identity: str) -> bool:
    return bool(_machine()) and identity.startswith(_machine())


def _signal_group(group: int, number: int) -> bool:
    """True when the group was there to be signalled."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _stop_group(group: int) -> None:
    """Asks the group to end, and ends it after two seconds."""
    _signal_group(group, signal.SIGTERM)
    for _ in range(20):
        time.sleep(0.1)
        if not _identity(group):
            break
    _signal_group(group, signal.SIGKILL)


# --- the runner ---


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
    with _database(shop_dir) as db:
        db.execute(f"UPDATE jobs SET {names} WHERE job_id = ? AND state = 'running'", [*columns.values(), job_id])


def _claim(shop_dir: Path, job_id: str) -> list[str] | None:
    """Arguments of a queued job that is now ours, or None when it was cancelled before we came."""
    with _transaction(shop_dir) as db:
        claimed = db.execute(
            "UPDATE jobs SET state = 'running', pid = ?, pid_identity = ? WHERE job_id = ? AND state = 'queued'",
            [os.getpid(), _identity(os.getpid()), job_id],
        ).rowcount
        row = next(iter(db.query("SELECT arguments FROM jobs WHERE job_id = ?", [job_id])), None)
    return json.loads(row["arguments"]) if claimed and row else None


def run(shop_dir: Path, job_id: str) -> None:
    """Runs a queued job to its end, keeping its row up to date on the way."""
    arguments = _claim(shop_dir, job_id)
    if arguments is None:
        return
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "engine", *arguments],
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
            with contextlib.suppress(OperationalError):  # a full disk must not end the work; the next write tells
                _save(shop_dir, job_id, _columns(report))
    for reader in readers:
        reader.join(timeout=2)  # a child of the command may hold the pipe open longer than the command lives
    state, error = _ending(process.returncode, report)
    ended = {"result": "".join(output), "error": error, "ended_at": _clock().isoformat()}
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
