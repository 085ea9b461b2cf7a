"""A shop folder on disk: settings, tables as Parquet, and what was set aside.

One writer at a time (a file lock); readers always see a complete set of tables, because new tables are written beside
the old ones and take their place by a rename.
"""

import hashlib
import json
import os
import re
import shutil
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import filelock
import pandas as pd
import pyarrow.parquet as pq
import tomlkit

from engine.access import acting
from engine.errors import DataProblem, NotEnoughData, StoreProblem
from engine.shop import shop_settings
from engine.shop.shop_settings import PROTECTED as PROTECTED
from engine.shop.shop_settings import QUESTIONS, Mistake, ShopSettings
from engine.shop.tables import TABLES, check


def stamp(files: Iterable[Path]) -> tuple[tuple[str, int, int], ...]:
    """Name, time (ns) and size (bytes) of files, in their order: changes with any. One that is gone is left out."""
    found = []
    for file in files:
        # SQLite takes its -wal file away whenever it likes, also right after one saw that it is there.
        with suppress(FileNotFoundError, NotADirectoryError):
            status = file.stat()
            found.append((file.name, status.st_mtime_ns, status.st_size))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Shop:
    """A readable shop folder."""

    path: Path
    settings: ShopSettings

    @property
    def shop_id(self) -> str:
        return self.settings.shop_id

    def file(self, table: str) -> Path:
        """Where a table lives, present or not."""
        return _tables_folder(self.path) / f"{table}.parquet"

    def has(self, table: str) -> bool:
        return self.file(table).exists()

    def rows(self, table: str) -> int:
        """Rows of a table, 0 where it is absent; reads only the file's footer."""
        return pq.read_metadata(self.file(table)).num_rows if self.has(table) else 0

    def columns(self, table: str) -> list[str]:
        """Names of a table's columns, none where it is absent; reads only the file's footer."""
        return list(pq.read_schema(self.file(table)).names) if self.has(table) else []

    def table(self, name: str, columns: list[str] | None = None) -> pd.DataFrame:
        """A table in its kinds (see engine.shop.tables). Raises NotEnoughData where the shop lacks it."""
        if not self.has(name):
            raise NotEnoughData(f"This shop has no {name} yet. Import a file of {name} and come back.")
        try:
            return pd.read_parquet(self.file(name), columns=columns)
        except (OSError, ValueError) as error:
            raise StoreProblem(f"{self.file(name)} cannot be read ({error}). Import it again.") from error

    def optional(self, name: str) -> pd.DataFrame:
        """A table, or an empty one with its columns where the shop lacks it."""
        return self.table(name) if self.has(name) else pd.DataFrame(columns=list(TABLES[name].columns))

    @property
    def version(self) -> str:
        """Changes whenever a table or setting does: a key for caches and model cards."""
        files = [*sorted(_tables_folder(self.path).glob("*.parquet")), self.path / "shop.toml"]
        return hashlib.blake2b(json.dumps(stamp(files)).encode(), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True)
class _ReadOnce(Shop):
    """See `read_once`."""

    read: dict[tuple, Any] = field(default_factory=dict)

    def table(self, name: str, columns: list[str] | None = None) -> pd.DataFrame:
        key = ("table", name, *(columns or ()))
        if key not in self.read:
            self.read[key] = Shop.table(self, name, columns)
        return self.read[key]

    def rows(self, table: str) -> int:
        if ("rows", table) not in self.read:
            self.read["rows", table] = Shop.rows(self, table)
        return self.read["rows", table]

    def columns(self, table: str) -> list[str]:
        if ("columns", table) not in self.read:
            self.read["columns", table] = Shop.columns(self, table)
        return list(self.read["columns", table])


def read_once(shop: Shop) -> Shop:
    """The shop as it is now, each table read once however often it is asked for: not to be changed in place.

    For many questions at one time, as which channel reaches whom of many audiences.
    """
    return _ReadOnce(shop.path, shop.settings)


def open_shop(path: Path) -> Shop:
    """The shop in a folder. Raises StoreProblem where there is none, DataProblem where shop.toml is wrong."""
    path = Path(path)
    if not (path / "shop.toml").exists() and not _tables_folder(path).exists():
        raise StoreProblem(f"There is no shop in {path}. Make one with: python -m engine sample demo --into {path}")
    if not (path / "shop.toml").exists():
        _make(path, {})
    if (path / _READY).exists():
        with _alone(path):  # finishes what a killed writer had made ready
            pass
    settings, mistakes = shop_settings.checked(_unwrapped(_stored(path), path))
    if settings is None:
        raise _problem(mistakes)
    return Shop(path, settings)


def _stored(path: Path) -> tomlkit.TOMLDocument:
    """shop.toml as it stands, with its comments. Raises DataProblem where it is no TOML."""
    try:
        # Windows' editor begins a file with a mark that TOML does not know.
        return tomlkit.parse((path / "shop.toml").read_bytes().decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomlkit.exceptions.TOMLKitError) as error:
        raise DataProblem(f"shop.toml cannot be read: {error}") from error


def _unwrapped(document: tomlkit.TOMLDocument, path: Path) -> dict[str, Any]:
    """The settings that a shop.toml states; a shop without a number of its own has one made from where it lies."""
    usual = hashlib.blake2b(str(path.resolve()).encode(), digest_size=6).hexdigest()
    return {"shop_id": usual, **document.unwrap()}


def _problem(mistakes: list[Mistake]) -> DataProblem:
    return DataProblem([f"shop.toml: {mistake.sentence}" for mistake in mistakes])


def create_shop(path: Path, settings: dict) -> Shop:
    """A shop folder with the given settings, kept where one exists already.

    Of what a new shop is asked, the settings that are not given are written down as assumed.
    """
    acting.require("import")
    _make(path, settings)
    return open_shop(path)


def _make(path: Path, settings: dict) -> None:
    path = Path(path)
    with _alone(path):
        if not (path / "shop.toml").exists():
            assumed = [name for name in QUESTIONS if name not in settings]
            content = {"shop_id": uuid.uuid4().hex[:12], "name": path.name, **settings}
            if assumed:
                content.setdefault("assumed", assumed)
            _replace(path / "shop.toml", tomlkit.dumps(content).encode())


def save_settings(shop: Shop, changes: dict[str, Any]) -> Shop:
    """The shop with these settings changed in shop.toml; people's comments and their order there stay.

    changes: value by setting, or by entry of one ("send_cost.email": 0.003); a table given whole replaces the whole
    table, None takes a setting or an entry out. What is changed counts as confirmed and leaves `assumed`, unless
    changes say what is `assumed`. What somebody else changed since `shop` was opened stays.
    Raises DataProblem, one sentence per setting that is wrong, before anything is written; NotAllowed for who may not
    administer.
    """
    acting.require("administer")
    with writing(shop.path):
        document = _stored(shop.path)
        after, mistakes = shop_settings.changed(_unwrapped(document, shop.path), changes)
        if after is None:
            raise DataProblem([mistake.sentence for mistake in mistakes])
        shop_settings.edit(document, after, changes)
        _replace(shop.path / "shop.toml", tomlkit.dumps(document).encode())
    return open_shop(shop.path)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """The right to change a shop folder; a second writer waits 30 s and is then told.

    Who has it may ask again, so that what reads and then writes tables holds it from the first to the last.
    Raises NotAllowed for who may only look.
    """
    acting.require("draft")
    with _alone(path):
        yield


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(Path(path).resolve() / ".lock", timeout=30, is_singleton=True) as lock:
            if lock.lock_counter == 1:
                _finish(Path(path))
                _forget_unfinished(Path(path))
            yield
    except filelock.Timeout as error:
        raise StoreProblem(
            f"Something else is changing the shop in {path}. Wait for it to end and try again."
        ) from error
    except OSError as error:
        raise StoreProblem(
            f"The shop in {path} cannot be written: {error.strerror or error}. {_advice(error)}"
        ) from error


def _advice(error: OSError) -> str:
    if error.errno == 28:
        return "The disk is full: free some space and try again; nothing was changed."
    return "Nothing was changed."


def write_tables(shop: Shop, tables: dict[str, pd.DataFrame], files: dict[str, bytes] | None = None) -> None:
    """Put these tables in place of those of the same name, and files in place of those of their path in the shop.

    All at once, the other tables and files stay: whoever is killed on the way leaves the shop as it was before, or as
    it is after (see `_finish`).
    """
    with writing(shop.path):
        following = shop.path / "tables.next"
        try:
            following.mkdir()
            for name, frame in tables.items():
                frame.to_parquet(following / f"{name}.parquet", index=False)
            for old in _tables_folder(shop.path).glob("*.parquet"):
                if not (following / old.name).exists():
                    _link_or_copy(old, following / old.name)
            for relative, content in (files or {}).items():
                path = shop.path / _FILES_NEXT / relative
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            (shop.path / _FILES_NEXT).mkdir(exist_ok=True)
        except OSError:
            _forget_unfinished(shop.path)
            raise
        os.rename(shop.path / _FILES_NEXT, shop.path / _READY)  # from here on it is done
        _finish(shop.path)


_FILES_NEXT, _READY = "files.next", "files.ready"


def _finish(path: Path) -> None:
    """Brings to its end what a writer had made ready before it was killed; nothing where there is no such thing."""
    ready, following, previous = path / _READY, path / "tables.next", path / "tables.previous"
    if not ready.exists():
        return
    if following.exists():
        # Without `tables`, a writer was killed between its renames and `previous` is all there is: keep it to the end.
        if (path / "tables").exists():
            shutil.rmtree(previous, ignore_errors=True)
            os.rename(path / "tables", previous)
        os.rename(following, path / "tables")
        shutil.rmtree(previous, ignore_errors=True)
    for file in sorted(one for one in ready.rglob("*") if one.is_file()):
        target = path / file.relative_to(ready)
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(file, target)
    shutil.rmtree(ready)


def _forget_unfinished(path: Path) -> None:
    """Takes away what a writer had begun and never made ready."""
    for name in ("tables.next", _FILES_NEXT):
        shutil.rmtree(path / name, ignore_errors=True)


def save_tables(shop: Shop, frames: dict[str, pd.DataFrame]) -> dict[str, int]:
    """Check frames against the schemas and store the rows kept. Returns rows set aside by table."""
    known = {name: set(frames[name][key].astype(str)) for key, name in _HOMES if name in frames}
    checked = {name: check(name, frame, shop.settings.time_zone, known) for name, frame in frames.items()}
    write_tables(shop, {name: result.kept for name, result in checked.items()})
    return {name: len(result.set_aside) for name, result in checked.items()}


_HOMES = (("customer_id", "customers"), ("product_id", "products"), ("campaign_id", "campaigns"))


def _tables_folder(path: Path) -> Path:
    """`tables`, or the set it is being exchanged with if a writer was killed between two renames."""
    folder = Path(path) / "tables"
    previous = Path(path) / "tables.previous"
    return previous if not folder.exists() and previous.exists() else folder


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _replace(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def replace_file(path: Path, content: bytes) -> None:
    """Write a file all at once: readers see the old or the new content. Raises StoreProblem when the disk refuses."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, content)
    except OSError as error:
        raise StoreProblem(f"{path} cannot be written: {error.strerror or error}. {_advice(error)}") from error


def safe_name(text: str) -> str:
    """Text reduced to what any file system takes as a name."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", text).strip("-")[:60] or "shop"
