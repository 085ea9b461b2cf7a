"""The processes of a job. Each carries the job's id in its environment: process ids are used again, ours are not."""

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

MARK = "OFFERLAB_JOB"
SECONDS_TO_END = 2.0  # between being asked to end and being ended


def launch(root: Path, arguments: list[str], job_id: str, environment: dict[str, str]) -> int:
    """The id of a new process `python ARGUMENTS` in a session of its own, with the code of `root`."""
    python_path = os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH")]))
    ours = {"PYTHONPATH": python_path, "PYTHONUNBUFFERED": "1", MARK: job_id}
    process = subprocess.Popen(
        # -P: a folder or file named "engine" where the app was started must not win over ours.
        [sys.executable, "-P", *arguments],
        env={**os.environ, **environment, **ours},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    # Someone must collect the exit status while this process lives, or ended runners pile up as zombies.
    threading.Thread(target=process.wait, daemon=True).start()
    return process.pid


def is_alive(pid: int, job_id: str) -> bool:
    """Whether this process runs and belongs to the job."""
    try:
        return _belongs(psutil.Process(pid), job_id)
    except psutil.NoSuchProcess:
        return False


def stop(job_id: str) -> None:
    """Asks every process of the job to end, and ends those that have not after two seconds. Ours is left out."""
    asked = list(_of(job_id))
    for process in asked:
        _quietly(process.terminate)
    psutil.wait_procs(asked, timeout=SECONDS_TO_END)
    for _ in range(5):  # a process may have started another one meanwhile
        left = list(_of(job_id))
        if not left:
            return
        for process in left:
            _quietly(process.kill)
        psutil.wait_procs(left, timeout=1.0)


def _of(job_id: str) -> Iterator[psutil.Process]:
    return (one for one in psutil.process_iter() if one.pid != os.getpid() and _belongs(one, job_id))


def _belongs(process: psutil.Process, job_id: str) -> bool:
    try:
        return process.environ().get(MARK) == job_id
    except (psutil.Error, OSError):  # gone, a zombie, or somebody else's
        return False


def _quietly(act: Callable[[], object]) -> None:
    with contextlib.suppress(psutil.Error):
        act()
