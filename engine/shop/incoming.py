"""Files that somebody uploads, brought in by a job: they lie in the shop for as long as it takes, and then nowhere."""

import shutil
import uuid
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from engine import jobs
from engine.shop import store

KIND = "import"
FOLDER = "incoming"


def start(into: Path, files: Iterable[tuple[str, bytes]], table: str | None, now: datetime) -> str:
    """Id of the job that imports files (name, content) into the shop in `into`, made where absent.

    Its result is the report of `engine.shop.intake.import_files` as JSON. Raises StoreProblem when the disk refuses,
    and while another import into this shop runs.
    """
    with store.writing(into):
        _sweep(into)
        folder = into / FOLDER / uuid.uuid4().hex
        try:
            paths = [_put(folder / str(number), name, content) for number, (name, content) in enumerate(files)]
            arguments = ["import", *map(str, paths), "--into", str(into.resolve())]
            arguments += ["--table", table] if table else []
            return jobs.start(into, KIND, arguments, now, folder=folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise


def _put(folder: Path, name: str, content: bytes) -> Path:
    """A table is recognised by the file's stem; nothing else of the name given by the browser is used."""
    given = Path(name)
    path = folder.resolve() / f"{store.safe_name(given.stem)}{given.suffix.lower()}"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return path


def _sweep(into: Path) -> None:
    """Removes what was left behind by an app that was ended between bringing the files and starting the job."""
    if not any(job.kind == KIND for job in jobs.running(into)):
        shutil.rmtree(into / FOLDER, ignore_errors=True)
