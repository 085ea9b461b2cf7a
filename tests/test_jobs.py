"""Long work runs outside the app, is seen from any process, and always ends in a state that explains itself."""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from engine import jobs
from engine.errors import StoreProblem
from engine.jobs import records, runner

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)

# Stands in for `python -m engine`: every way a command can behave, and no imports to wait for.
COMMANDS = """
import json, os, signal, subprocess, sys, time

def tell(**keys):
    print(json.dumps(keys), file=sys.stderr, flush=True)

what = sys.argv[1]
if what == "train":
    tell(progress=0.4, message="Fitting click model", model="click")
    tell(progress=0.9, message="Checking ranges")
    print(json.dumps({"auc": 0.71}))
elif what == "draft":
    tell(draft=0, text="Come")
    tell(draft=1, text="Hello")
    tell(draft=0, text="Come back")
    tell(draft=0, done={"writer": "model"})
    print("{}")
elif what == "refuse":
    tell(progress=0.2, message="Reading")
    print("Error: The shop has no deliveries, so there is nothing to learn from.", file=sys.stderr)
    sys.exit(2)
elif what == "crash":
    raise ZeroDivisionError("division by zero")
elif what == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
elif what == "secret":
    print(os.environ["OFFERLAB_LLM_KEY"])
elif what == "chatter":
    for i in range(int(sys.argv[2])):
        tell(progress=i / int(sys.argv[2]), message=f"step {i}")
        time.sleep(0.001)
elif what == "orphan":
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(30)"])
    print("done")
elif what == "wait":
    tell(message="waiting", pid=os.getpid())
    time.sleep(60)
elif what == "family":  # a child in a group of its own, and deaf to a polite request
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('.', flush=True); time.sleep(60)"
    child = subprocess.Popen([sys.executable, "-c", deaf], start_new_session=True, stdout=subprocess.PIPE)
    child.stdout.readline()
    tell(progress=0.5, pid=os.getpid(), child=child.pid)
    time.sleep(60)
"""


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """An empty shop folder, with `python -m engine` replaced by COMMANDS."""
    package = tmp_path / "code" / "engine"
    package.mkdir(parents=True)
    for name in ("__init__.py", "access", "errors.py", "jobs", "privacy", "sentences.py", "settings.py"):
        (package / name).symlink_to(records.ROOT / "engine" / name)
    (package / "__main__.py").write_text(COMMANDS)
    monkeypatch.setattr(records, "ROOT", tmp_path / "code")
    folder = tmp_path / "shop"
    folder.mkdir()
    return folder


def begin(shop: Path, *arguments: str, environment: dict[str, str] | None = None) -> str:
    return jobs.start(shop, arguments[0], list(arguments), NOW, environment)


def wait(shop: Path, job_id: str, ready=lambda job: job.is_over, seconds: float = 30) -> jobs.Job:
    """The job once it is over (or `ready`)."""
    deadline = time.monotonic() + seconds
    while not ready(job := jobs.status(shop, job_id)):
        assert time.monotonic() < deadline, f"still {job}"
        time.sleep(0.05)
    return job


def gone(pid: int) -> bool:
    """True once no process has this id, within five seconds. A zombie is gone."""
    for _ in range(100):
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.05)
    return False


def nothing_runs(job_id: str) -> bool:
    """True once no process belongs to the job, within five seconds: its runner ends after it said so."""
    for _ in range(100):
        if not processes_of(job_id):
            return True
        time.sleep(0.05)
    return False


def processes_of(job_id: str) -> list[int]:
    """Ids of all processes that belong to a job."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get("OFFERLAB_JOB") == job_id:
                found.append(process.pid)
    return found


def pid_of(shop: Path, job_id: str) -> int:
    return row_of(shop, job_id)["pid"]


def row_of(shop: Path, job_id: str) -> dict:
    with records.database(shop) as db:
        return next(db.query("SELECT * FROM jobs WHERE job_id = ?", [job_id]))


def test_a_job_ends_done_with_its_result_and_every_key_it_reported(shop):
    job = wait(shop, begin(shop, "train"))
    assert (job.state, job.progress, job.message, job.error) == ("done", 1.0, "Checking ranges", "")
    assert json.loads(job.result) == {"auc": 0.71}
    assert job.detail["model"] == "click", "keys of earlier lines are kept"
    assert job.started_at == NOW
    assert job.ended_at is not None
    assert jobs.latest(shop, "train") == job
    assert jobs.latest(shop, "draft") is None


def test_each_draft_keeps_its_latest_words(shop):
    drafts = wait(shop, begin(shop, "draft")).detail["drafts"]
    assert drafts == {"0": {"draft": 0, "done": {"writer": "model"}}, "1": {"draft": 1, "text": "Hello"}}


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("refuse", "The shop has no deliveries, so there is nothing to learn from."),
        ("crash", "The work stopped on an error that was not foreseen: ZeroDivisionError: division by zero"),
        ("killed", "The work was stopped by the system (signal 9), most often for lack of memory."),
    ],
)
def test_a_failed_job_says_why_in_a_sentence(shop, command, sentence):
    job = wait(shop, begin(shop, command))
    assert job.state == "failed"
    assert job.error.startswith(sentence)


def test_a_secret_reaches_the_command_by_environment_and_is_not_stored(shop):
    job_id = begin(shop, "secret", environment={"OFFERLAB_LLM_KEY": "sk-for-the-test"})
    assert wait(shop, job_id).result == "sk-for-the-test\n"
    assert "sk-for-the-test" not in str({**row_of(shop, job_id), "result": ""})


def test_a_chatty_command_writes_at_most_eight_times_a_second(shop):
    with records.database(shop) as db:  # counts every change of progress, whoever writes it
        db.execute("CREATE TABLE changes (progress REAL)")
        db.execute(
            "CREATE TRIGGER count_changes AFTER UPDATE OF progress ON jobs "
            "BEGIN INSERT INTO changes VALUES (new.progress); END"
        )
    before = time.monotonic()
    wait(shop, begin(shop, "chatter", "1500"))
    seconds = time.monotonic() - before
    with records.database(shop) as db:
        changes = db.table("changes").count
    assert 2 <= changes <= seconds / runner.SECONDS_BETWEEN_WRITES + 2


def test_cancel_stops_the_command_and_says_cancelled(shop):
    job_id = begin(shop, "wait")
    running = wait(shop, job_id, lambda job: "pid" in job.detail)
    assert running.state == "running" and running.progress is None
    assert jobs.cancel(shop, job_id).state == "cancelled"
    assert gone(running.detail["pid"])
    assert jobs.status(shop, job_id).ended_at is not None


def test_cancel_leaves_a_finished_job_as_it_is(shop):
    job = wait(shop, begin(shop, "train"))
    assert jobs.cancel(shop, job.job_id) == job


def test_a_job_whose_runner_was_killed_is_lost_and_its_command_is_stopped(shop):
    job_id = begin(shop, "wait")
    command = wait(shop, job_id, lambda job: "pid" in job.detail).detail["pid"]
    os.kill(pid_of(shop, job_id), signal.SIGKILL)
    job = wait(shop, job_id)
    assert (job.state, job.error) == ("lost", records.LOST)
    assert gone(command)


def test_a_process_id_used_again_by_a_stranger_is_not_taken_for_the_job_and_not_killed(shop):
    job_id = begin(shop, "wait")
    command = wait(shop, job_id, lambda job: "pid" in job.detail).detail["pid"]
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    try:
        os.killpg(pid_of(shop, job_id), signal.SIGKILL)
        with records.database(shop) as db:
            db.execute("UPDATE jobs SET pid = ? WHERE job_id = ?", [stranger.pid, job_id])
        assert gone(command)
        assert jobs.status(shop, job_id).state == "lost"
        assert jobs.cancel(shop, job_id).state == "lost"
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_job_survives_the_process_that_started_it(shop):
    script = (
        "import sys; from pathlib import Path; from datetime import datetime, UTC; from engine import jobs; "
        f"jobs.records.ROOT = Path({str(records.ROOT)!r}); "
        f"print(jobs.start(Path({str(shop)!r}), 'chatter', ['chatter', '500'], datetime.now(UTC)))"
    )
    job_id = subprocess.check_output([sys.executable, "-c", script], cwd=records.ROOT, text=True).strip()
    assert wait(shop, job_id).state == "done"


def test_a_child_that_keeps_the_pipe_open_does_not_keep_the_job_running(shop):
    began = time.monotonic()
    job_id = begin(shop, "orphan")
    job = wait(shop, job_id)
    assert (job.state, job.result) == ("done", "done\n")
    assert nothing_runs(job_id), "nor does it live on"
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("call", [lambda shop: jobs.status(shop, "nothing"), lambda shop: jobs.cancel(shop, "nothing")])
def test_unknown_work_is_refused_with_a_sentence(shop, call):
    with pytest.raises(StoreProblem, match="There is no record of the work nothing"):
        call(shop)


def test_nothing_is_written_into_a_folder_that_is_no_shop(tmp_path):
    with pytest.raises(StoreProblem, match="There is no shop folder"):
        jobs.start(tmp_path / "missing", "train", ["train"], NOW)
    assert jobs.latest(tmp_path, "train") is None
    assert list(tmp_path.iterdir()) == []


def test_cancel_stops_what_the_command_itself_has_started(shop):
    job_id = begin(shop, "family")
    detail = wait(shop, job_id, lambda job: "child" in job.detail).detail
    assert len(processes_of(job_id)) == 3
    assert jobs.cancel(shop, job_id).state == "cancelled"
    assert gone(detail["pid"]) and gone(detail["child"])
    assert nothing_runs(job_id)


def test_a_command_that_was_killed_fails_with_a_sentence_and_leaves_nothing_running(shop):
    job_id = begin(shop, "family")
    detail = wait(shop, job_id, lambda job: "child" in job.detail).detail
    os.kill(detail["pid"], signal.SIGKILL)
    job = wait(shop, job_id)
    assert (job.state, job.error[:38]) == ("failed", "The work was stopped by the system (si")
    assert gone(detail["child"])


def test_a_double_click_starts_one_job(shop):
    first = begin(shop, "wait")
    assert begin(shop, "wait") == first
    with pytest.raises(StoreProblem, match="running already in this shop"):
        jobs.start(shop, "wait", ["wait", "for something else"], NOW)
    other = jobs.start(shop, "another kind", ["wait"], NOW)
    assert [job.job_id for job in jobs.running(shop)] == [other, first]
    for job_id in (first, other):
        jobs.cancel(shop, job_id)
    assert begin(shop, "train") != first


def test_many_who_start_the_same_at_once_start_one_job(shop):
    with ThreadPoolExecutor(8) as pool:
        started = set(pool.map(lambda _: begin(shop, "wait"), range(8)))
    assert len(started) == 1
    assert len(jobs.recent(shop)) == 1
    jobs.cancel(shop, started.pop())


def test_work_that_was_lost_does_not_stand_in_the_way(shop):
    job_id = begin(shop, "wait")
    wait(shop, job_id, lambda job: "pid" in job.detail)
    os.kill(pid_of(shop, job_id), signal.SIGKILL)
    gone(pid_of(shop, job_id))
    again = jobs.start(shop, "wait", ["train"], NOW)
    assert wait(shop, again).state == "done"
    assert jobs.status(shop, job_id).state == "lost"


def folder_of(shop: Path) -> Path:
    """A folder with something in it, as an import brings one."""
    folder = shop / "incoming" / "one"
    folder.mkdir(parents=True)
    (folder / "orders.csv").write_text("order_id")
    return folder


@pytest.mark.parametrize(("command", "state"), [("train", "done"), ("refuse", "failed"), ("killed", "failed")])
def test_the_folder_of_a_job_is_removed_when_it_is_over(shop, command, state):
    folder = folder_of(shop)
    assert wait(shop, jobs.start(shop, "import", [command], NOW, folder=folder)).state == state
    assert not folder.exists()


@pytest.mark.parametrize("ending", ["cancelled", "lost"])
def test_the_folder_of_a_job_that_was_ended_is_removed_too(shop, ending):
    folder = folder_of(shop)
    job_id = jobs.start(shop, "import", ["wait"], NOW, folder=folder)
    wait(shop, job_id, lambda job: "pid" in job.detail)
    assert folder.exists()
    if ending == "cancelled":
        jobs.cancel(shop, job_id)
    else:
        os.kill(pid_of(shop, job_id), signal.SIGKILL)
    assert wait(shop, job_id).state == ending
    assert not folder.exists()
    assert nothing_runs(job_id)


def test_recent_work_is_listed_with_the_newest_first(shop, tmp_path):
    assert jobs.recent(shop) == jobs.running(shop) == []
    assert not (shop / "jobs.db").exists(), "looking makes no file"
    started = [wait(shop, begin(shop, command)).job_id for command in ("train", "refuse", "draft")]
    assert [job.job_id for job in jobs.recent(shop)] == started[::-1]
    assert [job.kind for job in jobs.recent(shop, limit=2)] == ["draft", "refuse"]
    assert jobs.running(shop) == []


def a_job(progress: float | None, state: jobs.State = "running") -> jobs.Job:
    return jobs.Job("j", "train", state, progress, "", {}, "", "", "", NOW, None)


@pytest.mark.parametrize(
    ("progress", "after", "expected"),
    [
        (None, 60, None),  # it does not say how far it is
        (0.0, 60, None),
        (0.01, 60, None),  # too little to tell
        (0.5, 1, None),
        (0.25, 60, 180),
        (0.5, 60, 60),
        (0.9, 90, 10),
        (1.0, 60, 0),
        (0.5, -60, None),  # the clock was set back
    ],
)
def test_the_time_left_follows_from_the_pace_so_far(progress, after, expected):
    left = a_job(progress).seconds_left(NOW + timedelta(seconds=after))
    assert left == (None if expected is None else pytest.approx(expected))


def test_work_that_is_over_has_no_time_left():
    assert a_job(0.5, "cancelled").seconds_left(NOW + timedelta(minutes=1)) is None


def test_a_list_of_work_made_by_an_earlier_offerlab_is_kept(shop):
    raw = sqlite3.connect(str(shop / "jobs.db"))
    raw.execute(
        "CREATE TABLE jobs (job_id TEXT PRIMARY KEY, kind TEXT, arguments TEXT, state TEXT, progress REAL, "
        "message TEXT DEFAULT '', detail TEXT, result TEXT DEFAULT '', error TEXT DEFAULT '', log TEXT DEFAULT '', "
        "pid INTEGER, pid_identity TEXT, started_at TEXT, ended_at TEXT)"
    )
    raw.execute(
        "INSERT INTO jobs (job_id, kind, arguments, state, detail, pid, pid_identity, started_at) "
        "VALUES ('old', 'train', '[]', 'running', '{}', 1, 'x', '2026-01-01T00:00:00+00:00')"
    )
    raw.commit()
    raw.close()
    assert jobs.latest(shop, "train").state == "lost"
    assert wait(shop, begin(shop, "train")).state == "done"
