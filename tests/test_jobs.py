"""Long work runs outside the app, is seen from any process, and always ends in a state that explains itself."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine import jobs
from engine.errors import StoreProblem

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
"""


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """An empty shop folder, with `python -m engine` replaced by COMMANDS."""
    package = tmp_path / "code" / "engine"
    package.mkdir(parents=True)
    for name in ("__init__.py", "errors.py", "jobs.py"):
        (package / name).symlink_to(jobs.ROOT / "engine" / name)
    (package / "__main__.py").write_text(COMMANDS)
    monkeypatch.setattr(jobs, "ROOT", tmp_path / "code")
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
    """True once no process has this id, within five seconds."""
    for _ in range(100):
        if not jobs._identity(pid):
            return True
        time.sleep(0.05)
    return False


def pid_of(shop: Path, job_id: str) -> int:
    row = jobs._row(shop, "SELECT pid FROM jobs WHERE job_id = ?", [job_id])
    assert row is not None
    return row["pid"]


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
    row = jobs._row(shop, "SELECT * FROM jobs WHERE job_id = ?", [job_id])
    assert row is not None and "sk-for-the-test" not in str({**row, "result": ""})


def test_a_chatty_command_writes_at_most_eight_times_a_second(shop):
    with jobs._database(shop) as db:  # counts every change of progress, whoever writes it
        db.execute("CREATE TABLE changes (progress REAL)")
        db.execute(
            "CREATE TRIGGER count_changes AFTER UPDATE OF progress ON jobs "
            "BEGIN INSERT INTO changes VALUES (new.progress); END"
        )
    before = time.monotonic()
    wait(shop, begin(shop, "chatter", "1500"))
    seconds = time.monotonic() - before
    with jobs._database(shop) as db:
        changes = db.table("changes").count
    assert 2 <= changes <= seconds / jobs.SECONDS_BETWEEN_WRITES + 2


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
    assert (job.state, job.error) == ("lost", jobs.LOST)
    assert gone(command)


def test_a_process_id_used_again_by_a_stranger_is_not_taken_for_the_job_and_not_killed(shop):
    job_id = begin(shop, "wait")
    command = wait(shop, job_id, lambda job: "pid" in job.detail).detail["pid"]
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    try:
        os.killpg(pid_of(shop, job_id), signal.SIGKILL)
        with jobs._database(shop) as db:
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
        f"jobs.ROOT = Path({str(jobs.ROOT)!r}); "
        f"print(jobs.start(Path({str(shop)!r}), 'chatter', ['chatter', '500'], datetime.now(UTC)))"
    )
    job_id = subprocess.check_output([sys.executable, "-c", script], cwd=jobs.ROOT, text=True).strip()
    assert wait(shop, job_id).state == "done"


def test_a_child_that_keeps_the_pipe_open_does_not_keep_the_job_running(shop):
    began = time.monotonic()
    job_id = begin(shop, "orphan")
    job = wait(shop, job_id)
    jobs._signal_group(pid_of(shop, job_id), signal.SIGKILL)
    assert (job.state, job.result) == ("done", "done\n")
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
