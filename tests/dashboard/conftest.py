"""The app without a browser, opened on a shop folder."""

import errno
import functools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from dashboard import cache
from engine.shop import store

APP = Path(__file__).resolve().parents[2] / "dashboard" / "app.py"


@pytest.fixture(scope="session", autouse=True)
def _installed_components_are_looked_for_once() -> Iterator[None]:
    """Streamlit reads what every installed package says of itself for each app under test: 0.3 s each time."""
    with pytest.MonkeyPatch.context() as patch:
        found = functools.cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", found)
        yield


@pytest.fixture(autouse=True)
def _without_warm_up(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server warms up once, an app under test would each time: only where a test is about that."""
    if not request.node.get_closest_marker("warm_up"):
        monkeypatch.setattr(cache.warm_up, "once", lambda: True)
        monkeypatch.setattr(cache.safety, "keep", lambda path: None)  # no thread that outlives the folder of a test


@pytest.fixture
def trained_shop(trained_shop_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained demo shop to be written to, as new for each test and always in the same place.

    What the pages keep of a shop they keep by its place and content: as in a server, what was worked out stands ready.
    """
    folder = tmp_path_factory.getbasetemp() / "shop" / "trained"
    shutil.rmtree(folder.parent, ignore_errors=True)
    return Path(shutil.copytree(trained_shop_dir, folder))


@pytest.fixture(autouse=True)
def _empty_caches() -> Iterator[None]:
    """Of what pages keep, a running model and entries in a ledger hang on more than a shop's place and content."""
    yield
    cache.writer._server.clear()
    cache.plans._exported.clear()


@pytest.fixture
def open_app(monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """open_app(shop, page="today", language="en", **query): the page as a visitor of that address sees it first."""

    def open_(shop: Path | None, page: str = "today", language: str = "en", **query: str) -> AppTest:
        if shop is None:
            monkeypatch.delenv("OFFERLAB_SHOP", raising=False)
        else:
            monkeypatch.setenv("OFFERLAB_SHOP", str(shop))
        # The default of 3 s is too short for the first run, which loads every library.
        app = AppTest.from_file(str(APP), default_timeout=120)
        for name, value in {"lang": language, **query}.items():
            app.query_params[name] = value
        return app.switch_page(f"views/{page}.py").run() if page != "today" else app.run()

    return open_


@pytest.fixture
def empty_shop(tmp_path: Path) -> Path:
    """A shop folder with settings and nothing else."""
    return store.create_shop(tmp_path / "empty", {"name": "Empty"}).path


@pytest.fixture
def shop_without_campaigns(demo_shop: Path) -> Path:
    """The demo shop as it was before its first campaign."""
    for name in ("campaigns", "campaign_products", "deliveries", "ads"):
        (demo_shop / "tables" / f"{name}.parquet").unlink()
    return demo_shop


@pytest.fixture
def words() -> Callable[[AppTest], str]:
    """words(app): everything the page says, in one text."""

    def said(app: AppTest) -> str:
        kinds = ("title", "subheader", "markdown", "caption", "info", "warning", "error", "success", "text", "code")
        return "\n".join(str(element.value) for kind in kinds for element in app.get(kind))

    return said


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """full_disk(): from now on no file can be written."""

    def fill() -> None:
        def refuse(*_: object, **__: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(Path, "write_bytes", refuse)

    return fill
