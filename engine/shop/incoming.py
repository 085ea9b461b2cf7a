"""Files that somebody uploads: looked at, then brought in by a job. They lie in the shop until then, and then nowhere.

`incoming/<id>/` holds the files under numbers and `staged.json`, which says what each was called and how it is to be
read. Nothing that a browser says ever becomes part of a path, but for an ending that we know.
"""

import io
import shutil
import uuid
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path, PurePosixPath
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from pydantic import BaseModel, ConfigDict, ValidationError

from engine import jobs
from engine.access import acting
from engine.errors import AppError, DataProblem, StoreProblem
from engine.shop import databases, gate, intake, mapping, store
from engine.shop.databases import Database
from engine.shop.mapping import TableMapping
from engine.shop.proposal import Known, Proposal

KIND = "import"
FOLDER = "incoming"
LIST = "staged.json"
HEAD = 20_000  # rows that a proposal is made from; the import reads all of them
NAME_LENGTH = 120
FORM = "postgresql://user@host:5432/database"
IN_FILES = ("sqlite", "duckdb")  # a page opens no file that lies on the machine: one of them is somebody's ledger


class StagedFile(BaseModel):
    """One uploaded file, and what was left out of it. The rest is what somebody said of it.

    mappings: which column is which in its sheets.
    """

    model_config = ConfigDict(frozen=True)

    file: str
    name: str
    notes: list[str] = []
    table: str = ""
    encoding: str = ""
    delimiter: str = ""
    mappings: list[TableMapping] = []

    @property
    def reading(self) -> gate.Reading | None:
        """How its text is written, where somebody said."""
        return gate.Reading(self.encoding, self.delimiter) if self.encoding or self.delimiter else None


class Staged(BaseModel):
    """What lies in a folder of uploads. begin_with: settings of a shop that they make."""

    model_config = ConfigDict(frozen=True)

    files: list[StagedFile]
    pseudonymise: bool = False
    begin_with: dict[str, str] = {}


def stage(into: Path, files: Iterable[tuple[str, bytes]], begin_with: dict[str, str] | None = None) -> Path:
    """The folder in which uploads (name, content) wait to be looked at; what waited before is gone.

    begin_with: name and currency of a shop that is not there yet.
    Raises StoreProblem when the disk refuses, and while another import into this shop runs.
    """
    acting.require("import")
    with store.writing(into):
        if any(job.kind == KIND for job in jobs.running(into)):
            raise StoreProblem("An import into this shop is running already. Wait for it to end, or cancel it.")
        _sweep(into)
        folder = into / FOLDER / uuid.uuid4().hex
        folder.mkdir(parents=True)
        try:
            staged = [_put(folder, number, name, content) for number, (name, content) in enumerate(files)]
            save(folder, Staged(files=staged, begin_with=begin_with or {}))
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
    return folder


def _put(folder: Path, number: int, name: str, content: bytes) -> StagedFile:
    known = PurePosixPath(name.replace("\\", "/")).name
    suffix = PurePosixPath(f"_{known.lower()}").suffix  # a file that is called ".csv" has that ending too
    stored = f"{number}{suffix if suffix in gate.FORMATS else '.unknown'}"
    (folder / stored).write_bytes(content)
    shown = "".join(letter for letter in known if letter.isprintable())[-NAME_LENGTH:] or stored
    return StagedFile(file=stored, name=shown)


def address(url: str, table: str, password: str = "") -> Database:
    """The database of an address, table and password typed apart. Raises DataProblem, which repeats none of them."""
    if not databases.is_url(url.strip()):
        raise DataProblem(f"An address of a database has the form {FORM}.")
    parts = urlsplit(url.strip())
    user, _, host = parts.netloc.rpartition("@")
    if password:
        user = f"{user.partition(':')[0]}:{quote(password, safe='')}"
    query = "&".join(filter(None, [parts.query, urlencode({"table": table.strip()}) if table.strip() else ""]))
    found = databases.at(urlunsplit(parts._replace(netloc=f"{user}@{host}" if user else host, query=query)))
    if found.kind in IN_FILES:
        raise DataProblem("A database in a file on this machine is brought in on the command line only.")
    return found


def stage_tables(into: Path, database: Database, begin_with: dict[str, str] | None = None) -> Path:
    """As `stage`, for the tables of a database as they are now. Neither address nor password is written down."""
    sheets = databases.sheets(database)
    folder = stage(into, ((f"{sheet.name}.parquet", _parquet(sheet)) for sheet in sheets), begin_with)
    staged = load(folder)
    named = [
        one.model_copy(update={"name": sheet.name, "notes": sheet.notes})
        for one, sheet in zip(staged.files, sheets, strict=True)
    ]
    save(folder, staged.model_copy(update={"files": named}))
    return folder


def _parquet(sheet: gate.Sheet) -> bytes:
    content = io.BytesIO()
    sheet.frame.to_parquet(content, index=False)
    return content.getvalue()


def waiting(into: Path) -> Path | None:
    """The folder of uploads that were brought and not yet taken in; None while a job takes them in."""
    home = into / FOLDER
    if not home.is_dir() or any(job.kind == KIND for job in jobs.running(into)):
        return None
    folders = [folder for folder in home.iterdir() if (folder / LIST).exists()]
    return max(folders, key=lambda folder: folder.stat().st_mtime, default=None)


def load(folder: Path) -> Staged:
    """What waits in a folder. Raises StoreProblem where that cannot be read."""
    try:
        return Staged.model_validate_json((folder / LIST).read_bytes())
    except (OSError, ValidationError) as error:
        raise DataProblem("The files brought last are not there any more. Bring them again.") from error


def save(folder: Path, staged: Staged) -> None:
    """Keep how the files are to be read."""
    acting.require("import")
    store.replace_file(folder / LIST, staged.model_dump_json(exclude_defaults=True).encode())


def files(folder: Path, staged: Staged) -> list[intake.File]:
    """What waits in a folder, as `engine.shop.intake.import_files` takes it."""
    return [
        intake.File(folder / one.file, one.name, one.table or None, one.reading, tuple(one.mappings))
        for one in staged.files
    ]


def proposals(into: Path, folder: Path, staged: Staged) -> list[list[Proposal] | AppError]:
    """For each file how its sheets would be read, from its first rows; or why it cannot be."""
    known = Known(saved=tuple(mapping.saved(into)))
    found: list[list[Proposal] | AppError] = []
    for file in files(folder, staged):
        try:
            found.append(intake.proposed(file, known, head=HEAD))
        except AppError as problem:
            found.append(problem)
    return found


def start(into: Path, folder: Path, now: datetime) -> str:
    """Id of the job that takes in what waits in a folder; its result is the report of `intake.import_files` as JSON."""
    acting.require("import")
    with store.writing(into):
        arguments = ["import", "--staged", str(folder.resolve()), "--into", str(into.resolve()), "--keep-map"]
        return jobs.start(into, KIND, arguments, now, folder=folder)


def discard(into: Path) -> None:
    """Uploads that wait are taken away; a job that runs keeps its own."""
    with store.writing(into):
        _sweep(into)


def _sweep(into: Path) -> None:
    """Removes what waits, and what an app left behind that was ended on the way."""
    if any(job.kind == KIND for job in jobs.running(into)):
        return
    shutil.rmtree(into / FOLDER, ignore_errors=True)
