"""Long work in a real browser: Cancel of each kind, a reload in its middle, and an app that ends while it runs."""

import os
import shutil
import signal
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Page, expect

from engine import jobs
from engine.audience import segments
from engine.campaign import planned
from engine.decision import plans
from engine.shop import store
from tests.browser.conftest import App, running_app, wait_until_ready
from tests.browser.test_campaign_page import WAIT, press, until
from tests.browser.test_journey import field
from tests.test_job_kinds import ORDERS, in_the_middle, processes_of

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def silent_server() -> Iterator[str]:
    """The address of a language model's server that takes every call and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        yield f"http://127.0.0.1:{silent.getsockname()[1]}/v1"


@pytest.fixture(scope="module")
def app(trained_shop_dir: Path, silent_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """An app on a trained shop, for all kinds of work that a shop has; nothing is left of them after it."""
    folder = tmp_path_factory.mktemp("jobs-in-browser")
    shop = Path(shutil.copytree(trained_shop_dir, folder / "shops" / "demo"))
    own = {"OFFERLAB_CONFIG": str(folder / "config"), "OFFERLAB_CACHE": str(folder / "cache")}
    with running_app(shop, folder / "app.log", own | {"OFFERLAB_LLM_URL": silent_server}) as running:
        yield running
    for job in jobs.running(shop):
        jobs.cancel(shop, job.job_id)


@pytest.fixture
def page(page: Page) -> Page:
    page.set_default_timeout(WAIT)
    expect.set_options(timeout=WAIT)
    return page


def is_cancelled(page: Page, shop: Path, kind: str, start: str, cancel: str, said: str) -> None:
    """Work that a button starts goes on through a reload; Cancel ends all of it, and it can be started again."""
    press(page, start)
    expect(field(page, cancel)).to_be_visible()
    page.reload()
    expect(field(page, cancel)).to_be_visible()
    first = jobs.latest(shop, kind)
    in_the_middle(shop, first.job_id)
    press(page, cancel)
    expect(page.get_by_text(said)).to_be_visible()
    assert jobs.status(shop, first.job_id).state == "cancelled"
    assert processes_of(first.job_id) == []


def starts_again(page: Page, shop: Path, kind: str, start: str, cancel: str) -> None:
    """The button is there again and starts new work, which is cancelled to leave the shop alone."""
    before = jobs.latest(shop, kind).job_id
    press(page, start)
    expect(field(page, cancel)).to_be_visible()
    again = jobs.latest(shop, kind)
    assert again.job_id != before and not again.is_over
    press(page, cancel)
    until(lambda: processes_of(again.job_id) == [])


@pytest.mark.full  # minutes in a browser; tests/test_jobs.py holds the same of the engine in every run
def test_training_is_cancelled_and_started_again(page, app):
    page.goto(f"{app.url}/model")
    said = "Learning from past campaigns: cancelled"
    is_cancelled(page, app.shop, "train", "common.learn", "common.cancel.train", said)
    starts_again(page, app.shop, "train", "common.learn", "common.cancel.train")


@pytest.mark.full  # tests/test_jobs.py holds the same of the engine in every run
def test_drafting_is_cancelled_and_started_again(page, app):
    shop, now = store.open_shop(app.shop), datetime.now(UTC)
    group = segments.current(shop).profiles["segment_id"].iloc[0]
    plan = planned.new_plan("unwritten", "Unwritten", [group], "Ana", now.date(), shop)
    plans.save(shop.path, plan, {}, None, now)
    page.goto(f"{app.url}/plan?plan=unwritten&tab=copy")
    is_cancelled(page, app.shop, "draft-unwritten", "copy.draft", "copy.stop", "Writing was stopped.")
    starts_again(page, app.shop, "draft-unwritten", "copy.draft", "copy.stop")


@pytest.mark.full
def test_an_import_is_cancelled_and_started_again(page, app):
    before = store.open_shop(app.shop).rows("orders")
    page.goto(f"{app.url}/data")
    bring(page)
    page.reload()  # what was brought waits
    expect(field(page, "data.import").get_by_role("button")).to_be_enabled()
    is_cancelled(page, app.shop, "import", "data.import", "common.cancel.import", "Importing files: cancelled")
    assert store.open_shop(app.shop).rows("orders") == before
    assert not list((app.shop / "incoming").glob("*")), "the files are gone with the work"
    bring(page)
    starts_again(page, app.shop, "import", "data.import", "common.cancel.import")


def bring(page: Page) -> None:
    """Hands the page a big file of orders."""
    wait_until_ready(page, "data", WAIT / 1000)
    file = {"name": "orders.csv", "mimeType": "text/csv", "buffer": ORDERS.encode()}
    field(page, "data.files").locator("input[type=file]").set_input_files(file)
    expect(field(page, "data.files").get_by_text("orders.csv")).to_be_visible()
    press(page, "data.look")
    expect(field(page, "data.import").get_by_role("button")).to_be_enabled()


@pytest.mark.full
def test_a_sample_shop_is_cancelled_and_made_after_all(page, start_app, tmp_path):
    app = start_app(tmp_path / "shops" / "none-yet")
    folder = tmp_path / "shops" / "demo"
    page.goto(app.url)
    is_cancelled(page, folder, "sample", "common.make.demo", "common.cancel.sample", "Making the shop: cancelled")
    press(page, "common.make.demo")
    expect(field(page, "common.cancel.sample")).to_be_visible()
    expect(page.get_by_text("Demo shop").first).to_be_visible()
    expect(field(page, "today.cards")).to_be_visible()  # it opens by itself when it is made


@pytest.mark.full  # minutes in a browser; tests/test_jobs.py holds the same of the engine in every run
def test_work_goes_on_when_the_app_is_killed_and_is_said_to_be_lost_when_it_is_killed_itself(
    page, trained_shop, tmp_path
):
    with running_app(trained_shop, tmp_path / "first.log") as app:
        page.goto(f"{app.url}/model")
        press(page, "common.learn")
        expect(field(page, "common.cancel.train")).to_be_visible()
        job = jobs.latest(trained_shop, "train")
        in_the_middle(trained_shop, job.job_id)
        os.kill(app.pid, signal.SIGKILL)
    assert not jobs.status(trained_shop, job.job_id).is_over
    with running_app(trained_shop, tmp_path / "second.log") as app:
        page.goto(f"{app.url}/model")
        expect(field(page, "common.cancel.train")).to_be_visible()
        for pid in processes_of(job.job_id):
            psutil.Process(pid).kill()
        expect(page.get_by_text("This work stopped before its end").first).to_be_visible()
        assert jobs.status(trained_shop, job.job_id).state == "lost"
        expect(field(page, "common.learn").get_by_role("button")).to_be_enabled()
