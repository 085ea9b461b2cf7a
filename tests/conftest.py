"""What every test may use: folders of its own, and one demo shop built and trained once for the whole run."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from filelock import FileLock

from engine import settings
from engine.campaign.writer import files
from engine.errors import AppError
from engine.shop import samples

ROOT = Path(__file__).resolve().parents[1]

# Read before any test moves the folders: the real model is looked for where its user keeps it.
THE_USERS = settings.read(dict(os.environ))


def pytest_configure(config: pytest.Config) -> None:
    """No test, and no fixture shared by tests, sees the user's own shop, keys, model or server."""
    for name in ("OFFERLAB_SHOP", "OFFERLAB_MODEL", "OFFERLAB_LLM_URL", "OFFERLAB_LLM_KEY"):
        os.environ.pop(name, None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests with the promised counts run only when asked for."""
    if os.environ.get("OFFERLAB_FULL") == "1":
        return
    for item in items:
        if item.get_closest_marker("full"):
            item.add_marker(pytest.mark.skip(reason="full counts: run by make test-full"))


@pytest.fixture(scope="session", autouse=True)
def _shared_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Configuration and cache of fixtures that live for the whole run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OFFERLAB_CONFIG", str(tmp_path_factory.mktemp("config")))
        patch.setenv("OFFERLAB_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Configuration and cache of one test: empty, and gone after it. Without a model, drafts are template drafts."""
    # Beside tmp_path, not in it: tests compare what lies in tmp_path.
    monkeypatch.setenv("OFFERLAB_CONFIG", str(tmp_path.with_name(f"{tmp_path.name}-config")))
    monkeypatch.setenv("OFFERLAB_CACHE", str(tmp_path.with_name(f"{tmp_path.name}-cache")))


@pytest.fixture(autouse=True)
def _empty_caches() -> Iterator[None]:
    """Streamlit's caches outlive a test unless they are cleared."""
    yield
    if "streamlit" in sys.modules:
        import streamlit as st

        st.cache_data.clear()
        st.cache_resource.clear()


@pytest.fixture
def real_model(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The language model's file, with the user's cache folder in force; skips where there is none."""
    try:
        path = files.locate(THE_USERS)
    except AppError as problem:
        pytest.skip(str(problem))
    if path is None:
        pytest.skip("there is no language model on this machine: make model")
    monkeypatch.setenv("OFFERLAB_CACHE", str(THE_USERS.cache))
    if THE_USERS.model:
        monkeypatch.setenv("OFFERLAB_MODEL", THE_USERS.model)
    return path


@pytest.fixture
def now() -> datetime:
    """A fixed clock, inside the demo shop's last month."""
    return datetime(2026, 6, 1, 9, 0, tzinfo=UTC)


def engine(*arguments: str) -> str:
    """What `python -m engine ARGUMENTS` prints; fails the test with its own words when it is refused."""
    ended = subprocess.run([sys.executable, "-m", "engine", *arguments], cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 0, f"python -m engine {' '.join(arguments)}\n{ended.stderr[-3000:]}"
    return ended.stdout


def _made_once(tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder that one of the processes which run the tests makes, for all of them."""
    mine = tmp_path_factory.getbasetemp()
    shared = mine.parent if os.environ.get("PYTEST_XDIST_WORKER") else mine
    folder, done = shared / "shops" / name, shared / f"{name}.done"
    with FileLock(shared / f"{name}.lock"):
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)  # what was begun and never finished
            make(folder)
            done.touch()
    return folder


@pytest.fixture(scope="session")
def demo_shop_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo shop, shared: read it, never write to it."""
    return _made_once(tmp_path_factory, "demo", lambda folder: samples.build("demo", folder))


@pytest.fixture(scope="session")
def trained_shop_dir(demo_shop_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo shop with segments and response models, shared: read it, never write to it."""

    def train(folder: Path) -> None:
        shutil.copytree(demo_shop_dir, folder)
        engine("segments", "--shop", str(folder), "--out", str(folder.with_name("segments.csv")))
        engine("train", "--shop", str(folder))

    return _made_once(tmp_path_factory, "trained", train)


@pytest.fixture
def demo_shop(demo_shop_dir: Path, tmp_path: Path) -> Path:
    """A demo shop of this test's own, to be written to."""
    return Path(shutil.copytree(demo_shop_dir, tmp_path / "demo"))


@pytest.fixture
def trained_shop(trained_shop_dir: Path, tmp_path: Path) -> Path:
    """A trained demo shop of this test's own, to be written to."""
    return Path(shutil.copytree(trained_shop_dir, tmp_path / "trained"))
