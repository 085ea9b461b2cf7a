"""A running app and a real Chromium. `running_app`, `chromium` and `wait_until_ready` also serve scripts."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "dashboard" / "app.py"
START_SECONDS = 90  # two cores that others use too

# Without a GPU, as root in a container, and without Chromium's own calls home.
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]


@dataclass(frozen=True, slots=True)
class App:
    """A running app. `log` holds what it printed."""

    url: str
    shop: Path | None
    log: Path
    pid: int


def free_port() -> int:
    """A port nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_healthy(url: str) -> bool:
    """True when the server says ok. Any other address answers 200 with a page, so the text is what counts."""
    # Never through a proxy: the app is on this machine.
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"{url}/_stcore/health", timeout=2) as answer:
            return answer.read().strip() == b"ok"
    except OSError:
        return False


@contextlib.contextmanager
def running_app(
    shop: Path | None,
    log: Path,
    environment: dict[str, str] | None = None,
    script: Path = APP,
    port: int | None = None,
) -> Iterator[App]:
    """The app on a free port, opened on a shop folder (None: as if it had never been told of one).

    `script` starts another Streamlit script the same way, to be measured beside the app.
    """
    kept = {name: value for name, value in os.environ.items() if name != "OFFERLAB_SHOP"}
    own = {"OFFERLAB_SHOP": str(shop)} if shop else {}
    port = port or free_port()
    url = f"http://127.0.0.1:{port}"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port)],
            cwd=ROOT,
            env={**kept, **own, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not is_healthy(url):
            assert process.poll() is None, f"the app ended while starting:\n{log.read_text()[-3000:]}"
            assert time.monotonic() < deadline, f"the app did not start:\n{log.read_text()[-3000:]}"
            time.sleep(0.1)
        yield App(url, shop, log, process.pid)
    finally:
        stop_group(process)


def stop_group(process: subprocess.Popen) -> None:
    """Ends a process and what it started, politely first."""
    for number, seconds in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)


def chromium_path() -> str | None:
    """The system's Chromium, or None."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium, without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


def wait_until_ready(page: Page, name: str | None = None, seconds: float = 60) -> None:
    """Returns when a run is over: of the page with this name, or of whichever page is open.

    The app ends each run with <span id="ready" data-page="NAME">; the old one stays on screen while the next run goes
    on, so the app must also have stopped running.
    """
    marker = f'#ready[data-page="{name}"]' if name else "#ready"
    expect(page.locator(marker)).to_be_attached(timeout=seconds * 1000)
    expect(page.get_by_test_id("stApp")).to_have_attribute(
        "data-test-script-state", re.compile("notRunning"), timeout=seconds * 1000
    )


# --- fixtures ---


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the whole run; skips where there is none."""
    if chromium_path() is None:
        pytest.skip("there is no Chromium on this machine: apt-get install chromium")
    with chromium() as opened:
        yield opened


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty tab in a context of its own. Fails the test if the app asked anything of another machine."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-US", accept_downloads=True)
    context.set_default_timeout(30_000)
    elsewhere: list[str] = []
    context.on("request", lambda request: elsewhere.append(request.url) if is_elsewhere(request.url) else None)
    yield context.new_page()
    context.close()
    assert elsewhere == [], "everything must come from the shop's own machine"


def is_elsewhere(url: str) -> bool:
    """True for an address on another machine."""
    return bool(re.match(r"(https?|wss?)://(?!127\.0\.0\.1[:/]|localhost[:/])", url))


@pytest.fixture
def start_app(tmp_path: Path) -> Iterator[Callable[..., App]]:
    """start_app(shop, environment): starts an app that ends with the test."""
    with contextlib.ExitStack() as apps:

        def start(shop: Path | None, environment: dict[str, str] | None = None) -> App:
            log = tmp_path.with_name(f"{tmp_path.name}-app-{free_port()}.log")
            return apps.enter_context(running_app(shop, log, environment))

        yield start


@pytest.fixture
def ready() -> Callable[..., None]:
    """ready(page, name=None, seconds=60): waits for the end of a run."""
    return wait_until_ready
