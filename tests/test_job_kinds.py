"""Each kind of long work, with the real command: Cancel ends all of it, the shop is whole, and it can begin again."""

import contextlib
import hashlib
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import psutil
import pytest

from dashboard import state
from engine import jobs
from engine.campaign.plan import Brief
from engine.shop import incoming

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
ORDERS = "order_id,customer_id,ordered_at,product_id,quantity,unit_price\n" + "".join(
    f"n{i},c{i % 900},2026-02-03,p{i % 50},1,9.50\n" for i in range(100_000)
)


def train(shop: Path) -> str:
    return jobs.start(shop, "train", ["train", "--shop", str(shop)], NOW)


def sample(shop: Path) -> str:
    return jobs.start(shop, "sample", ["sample", "demo", "--into", str(shop)], NOW)


def import_(shop: Path) -> str:
    return incoming.start(shop, incoming.stage(shop, [("orders.csv", ORDERS.encode())]), NOW)


def draft(shop: Path) -> str:
    """Drafts from a server that takes the call and never answers."""
    brief = Brief(goal="win_back", channel="sms", starts_at=date(2026, 6, 8), ends_at=date(2026, 6, 15))
    path = shop.parent / "brief.json"
    path.write_text(brief.model_dump_json())
    address = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
    command = ["draft", "--brief", str(path), "-n", "3", "--shop", str(shop)]
    return jobs.start(shop, "draft-spring", command, NOW, {"OFFERLAB_LLM_URL": address})


@pytest.fixture(scope="module", autouse=True)
def _silent_server() -> Iterator[None]:
    global silent
    with socket.create_server(("127.0.0.1", 0)) as silent:
        yield


def content(shop: Path) -> dict[str, str]:
    """Every file of a shop but its list of work and its lock; settings without tables are no shop yet."""
    if not state.is_shop(shop):
        return {}
    files = [path for path in sorted(shop.rglob("*")) if path.is_file()]
    mine = [path for path in files if not path.name.startswith(("jobs.db", "."))]
    return {str(path.relative_to(shop)): hashlib.sha256(path.read_bytes()).hexdigest() for path in mine}


def processes_of(job_id: str) -> list[int]:
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get("OFFERLAB_JOB") == job_id:
                found.append(process.pid)
    return found


def in_the_middle(shop: Path, job_id: str) -> None:
    """Waits until the command itself is up and at work."""
    until = time.monotonic() + 120
    while True:
        job, ids = jobs.status(shop, job_id), processes_of(job_id)
        assert not job.is_over, job
        busy = [psutil.Process(one).cpu_times().user > 1.0 for one in ids if psutil.pid_exists(one)]
        if len(ids) > 1 and any(busy):
            return
        assert time.monotonic() < until, job
        time.sleep(0.05)


@pytest.fixture
def shop_for(demo_shop: Path, tmp_path: Path) -> Callable[[Callable], Path]:
    def folder(start: Callable) -> Path:
        if start is not sample:
            return demo_shop
        (tmp_path / "new").mkdir()
        return tmp_path / "new"

    return folder


@pytest.mark.parametrize("start", [train, sample, import_, draft])
def test_cancel_leaves_a_clear_state_no_process_and_the_shop_as_it_was(shop_for, start):
    shop = shop_for(start)
    before = content(shop)
    job_id = start(shop)
    in_the_middle(shop, job_id)
    job = jobs.cancel(shop, job_id)
    assert (job.state, job.seconds_left(datetime.now(UTC))) == ("cancelled", None)
    assert processes_of(job_id) == []
    assert content(shop) == before
    assert start is not sample or not state.is_shop(shop), "half a shop is none"
    again = start(shop)
    assert again != job_id and not jobs.status(shop, again).is_over
    jobs.cancel(shop, again)


@pytest.mark.parametrize("start", [train, sample, import_, draft])
def test_a_killed_runner_leaves_work_that_is_said_to_be_lost(shop_for, start):
    shop = shop_for(start)
    before = content(shop)
    job_id = start(shop)
    in_the_middle(shop, job_id)
    runner = next(one for one in processes_of(job_id) if "engine.jobs.runner" in psutil.Process(one).cmdline())
    os.kill(runner, signal.SIGKILL)
    while psutil.pid_exists(runner) and psutil.Process(runner).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    job = jobs.status(shop, job_id)
    assert job.state == "lost" and job.error.startswith("This work stopped before its end")
    assert processes_of(job_id) == []
    assert content(shop) == before
