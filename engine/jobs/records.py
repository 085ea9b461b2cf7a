"""What work there is in a shop, how far it is and how it ended: `jobs.db`. Starting and cancelling it."""

import contextlib
import json
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from sqlite_utils import Database
from sqlite_utils.utils import OperationalError, sqlite3

from engine.access import acting
from engine.access.roles import Action
from engine.errors import StoreProblem
from engine.jobs import processes

State = Literal["queued", "running", "done", "failed", "cancelled", "lost"]

ROOT = Path(__file__).resolve().parents[2]
LOST = (
    "This work stopped before its end, most likely because the computer was restarted or ran out of memory. "
    "Start it again; nothing that was saved before is lost."
)
ALREADY = "Work of this kind is running already in this shop. Wait for its end, or cancel it and start again."
SECONDS_TO_TELL, SHARE_TO_TELL = 3.0, 0.05  # before that, how long it takes is a guess


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

    def seconds_left(self, now: datetime) -> float | None:
        """Until the end, at the pace since the start; None when it is over, and while too little is known to say.

        The pace of the last moments would jump with every step of the work.
        """
        took = (now - self.started_at).total_seconds()
        if self.is_over or self.progress is None or self.progress < SHARE_TO_TELL or took < SECONDS_TO_TELL:
            return None
        return took * (1 - self.progress) / self.progress


def start(
    shop_dir: Path,
    kind: str,
    arguments: list[str],
    now: datetime,
    environment: dict[str, str] | None = None,
    folder: Path | None = None,
    action: Action = "draft",
) -> str:
    """Id of a job that runs `python -m engine ARGUMENTS` in the background.

    Secrets go in `environment`, never in `arguments`: every user of the machine can list a process's arguments.
    `folder` holds what the work needs, and is removed when it is over, whatever the ending.
    Only one job of a kind runs in a shop: the same work asked for twice (a double click) is the one that runs, other
    work of that kind is refused with StoreProblem. `action` is what the work amounts to: NotAllowed for who may not do
    that. The job works for who started it.
    """
    by = acting.require(action)
    if not shop_dir.is_dir():
        raise StoreProblem(f"There is no shop folder at {shop_dir}, so no work can be started there.")
    with transaction(shop_dir) as db:
        for row in db.query("SELECT * FROM jobs WHERE kind = ? AND state IN ('queued', 'running')", [kind]):
            if not processes.is_alive(row["pid"], row["job_id"]):
                _put_down_as_lost(db, row)
            elif json.loads(row["arguments"]) == arguments:
                return row["job_id"]
            else:
                raise StoreProblem(ALREADY)
        job_id = uuid.uuid4().hex
        # The runner waits for the end of this transaction, so nobody sees a job without its process.
        runner = ["-m", "engine.jobs.runner", str(shop_dir.resolve()), job_id]
        db.table("jobs").insert(
            {
                "job_id": job_id,
                "kind": kind,
                "arguments": json.dumps(arguments),
                "state": "queued",
                "detail": "{}",
                "started_at": now.isoformat(),
                "pid": processes.launch(ROOT, runner, job_id, {**(environment or {}), **acting.handed_on(by)}),
                "folder": str(folder.resolve()) if folder else None,
            }
        )
    return job_id


def status(shop_dir: Path, job_id: str) -> Job:
    """The job as it stands. A job whose process is gone without an ending is recorded as lost."""
    found = _jobs(shop_dir, "WHERE job_id = ?", [job_id])
    if not found:
        raise StoreProblem(f"There is no record of the work {job_id} in {shop_dir}.")
    return found[0]


def latest(shop_dir: Path, kind: str) -> Job | None:
    """The job of this kind that was started last, or None."""
    found = _jobs(shop_dir, "WHERE kind = ? ORDER BY rowid DESC LIMIT 1", [kind])
    return found[0] if found else None


def recent(shop_dir: Path, limit: int = 10) -> list[Job]:
    """The jobs that were started last, the newest first."""
    return _jobs(shop_dir, "ORDER BY rowid DESC LIMIT ?", [limit])


def running(shop_dir: Path) -> list[Job]:
    """The jobs that are not over, the newest first."""
    found = _jobs(shop_dir, "WHERE state IN ('queued', 'running') ORDER BY rowid DESC", [])
    return [job for job in found if not job.is_over]


def cancel(shop_dir: Path, job_id: str) -> Job:
    """The job after all its processes were stopped; a job that is already over stays as it is."""
    acting.require("draft")
    with transaction(shop_dir) as db:
        # Written before the kill: from here on the runner's own writes no longer apply.
        cancelled = db.execute(
            "UPDATE jobs SET state = 'cancelled', message = 'Cancelled', ended_at = ? "
            "WHERE job_id = ? AND state IN ('queued', 'running')",
            [_clock().isoformat(), job_id],
        ).rowcount
        row = next(iter(db.query("SELECT * FROM jobs WHERE job_id = ?", [job_id])), None)
    if cancelled and row:
        _clear_away(row)
    return status(shop_dir, job_id)


def _clock() -> datetime:
    """Now. An ending has no caller who could pass the time in."""
    return datetime.now(UTC)


def _jobs(shop_dir: Path, which: str, values: list[Any]) -> list[Job]:
    """The jobs that the end of an SQL query selects, each as it stands."""
    if not (shop_dir / "jobs.db").exists():
        return []
    with database(shop_dir) as db:
        rows = list(db.query(f"SELECT * FROM jobs {which}", values))
    return [_job(_as_it_stands(shop_dir, row)) for row in rows]


def _as_it_stands(shop_dir: Path, row: dict[str, Any]) -> dict[str, Any]:
    """The row; put down as lost where its process is gone. One that ended in the meantime keeps its ending."""
    if row["state"] not in ("queued", "running") or processes.is_alive(row["pid"], row["job_id"]):
        return row
    with transaction(shop_dir) as db:
        row = next(db.query("SELECT * FROM jobs WHERE job_id = ?", [row["job_id"]]))
        if row["state"] in ("queued", "running"):
            _put_down_as_lost(db, row)
        return next(db.query("SELECT * FROM jobs WHERE job_id = ?", [row["job_id"]]))


def _put_down_as_lost(db: Database, row: dict[str, Any]) -> None:
    db.execute("UPDATE jobs SET state = 'lost', error = ? WHERE job_id = ?", [LOST, row["job_id"]])
    _clear_away(row)


def _clear_away(row: dict[str, Any]) -> None:
    """Stops what is left of a job, and removes its folder. The command may have outlived its runner."""
    processes.stop(row["job_id"])
    if row["folder"]:
        shutil.rmtree(row["folder"], ignore_errors=True)


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


# --- storage: a connection per call ---

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS jobs (job_id TEXT PRIMARY KEY, kind TEXT, arguments TEXT, state TEXT, progress REAL, "
    "message TEXT DEFAULT '', detail TEXT, result TEXT DEFAULT '', error TEXT DEFAULT '', log TEXT DEFAULT '', "
    "pid INTEGER, started_at TEXT, ended_at TEXT)",
    "ALTER TABLE jobs ADD COLUMN folder TEXT",
    "CREATE INDEX jobs_of_a_kind ON jobs (kind)",
    "CREATE INDEX jobs_not_over ON jobs (state) WHERE state IN ('queued', 'running')",
)


@contextlib.contextmanager
def database(shop_dir: Path) -> Iterator[Database]:
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
        _make(db)
        yield db
    except OperationalError as problem:
        raise StoreProblem(f"The list of running work in {shop_dir} cannot be used: {problem}.") from problem
    finally:
        connection.close()


def _make(db: Database) -> None:
    """The table in its newest form."""

    def is_made() -> bool:
        return db.execute("PRAGMA user_version").fetchone() != (0,)

    if is_made():
        return
    with _at_once(db):
        if not is_made():  # by another process, while we waited
            for statement in SCHEMA:
                db.execute(statement)
            db.execute("PRAGMA user_version = 1")


@contextlib.contextmanager
def transaction(shop_dir: Path) -> Iterator[Database]:
    """jobs.db inside one transaction."""
    with database(shop_dir) as db, _at_once(db):
        yield db


@contextlib.contextmanager
def _at_once(db: Database) -> Iterator[None]:
    """One BEGIN IMMEDIATE transaction: a deferred one that reads first fails when another writer comes between."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")
