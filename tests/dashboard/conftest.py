"""The app without a browser, opened on a shop folder."""

import errno
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from engine.shop import store

APP = Path(__file__).resolve().parents[2] / "dashboard" / "app.py"


@pytest.fixture
def open_app(monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """open_app(shop, page="today", language="en"): the page as a visitor sees it first."""

    def open_(shop: Path | None, page: str = "today", language: str = "en") -> AppTest:
        if shop is None:
            monkeypatch.delenv("OFFERLAB_SHOP", raising=False)
        else:
            monkeypatch.setenv("OFFERLAB_SHOP", str(shop))
        # The default of 3 s is too short for the first run, which loads every library.
        app = AppTest.from_file(str(APP), default_timeout=120)
        app.query_params["lang"] = language
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
